"""Tickets: an order as the client asked for it, read and checked for form.

Pure. Form is what can be judged without prices, balances or other orders.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from trimtab.testnet.catalogue import Listing, Market
from trimtab.testnet.exact import ZERO, places
from trimtab.testnet.rejections import Rejection, illegal, missing
from trimtab.testnet.state import State
from trimtab.testnet.wire import Params

_LEGAL_ID: Final[Mapping[Market, str]] = {
    Market.SPOT: "^[a-zA-Z0-9-_]{1,36}$",
    Market.USDM: "^[\\.A-Z\\:/a-z0-9_-]{1,36}$",
}
_ID_LENGTH = 36
_KINDS: Final[Mapping[Market, frozenset[str]]] = {
    Market.SPOT: frozenset({"MARKET", "LIMIT", "LIMIT_MAKER"}),
    Market.USDM: frozenset({"MARKET", "LIMIT"}),
}
_CONDITIONAL = frozenset(
    {"STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"}
)
_FORCES: Final[Mapping[Market, frozenset[str]]] = {
    Market.SPOT: frozenset({"GTC", "IOC", "FOK"}),
    Market.USDM: frozenset({"GTC", "IOC", "FOK", "GTX"}),
}
_ASSET_PLACES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What a client asks for."""

    listing: Listing
    """The market."""
    side: str
    """``BUY`` or ``SELL``."""
    kind: str
    """``MARKET``, ``LIMIT`` or ``LIMIT_MAKER``."""
    time_in_force: str
    """``GTC``, ``IOC``, ``FOK`` or ``GTX``; ``GTC`` on market orders, as the exchange shows."""
    quantity: Decimal
    """Base units; 0 for an order by quote quantity."""
    quote_quantity: Decimal
    """Quote units of a spot market order; 0 otherwise."""
    limit_price: Decimal
    """Quote per base unit; 0 for a market order."""
    client_id: str
    """Empty when the exchange is to generate one."""
    response: str
    """``ACK``, ``RESULT`` or ``FULL``."""
    reduce_only: bool
    """USD-M: may only shrink a position."""
    position_side: str
    """USD-M: ``BOTH``, ``LONG`` or ``SHORT``."""


def _one_of(params: Params, name: str, legal: frozenset[str], code: int) -> str:
    """Return a required parameter that must be one of *legal*."""
    value = params.required(name)
    if value not in legal:
        wording = "orderType" if name == "type" else name
        raise Rejection(code, f"Invalid {wording}.")
    return value


def read_client_id(params: Params, market: Market) -> str:
    """Return ``newClientOrderId``, empty when absent.

    Raises:
        Rejection: -1100 for its characters, -4015 for its length on USD-M.

    """
    client_id = params.text("newClientOrderId")
    if market is Market.USDM and len(client_id) > _ID_LENGTH:
        raise Rejection(-4015, "Client order id length should be less than 36 chars")
    if client_id and not re.fullmatch(_LEGAL_ID[market], client_id):
        raise illegal("newClientOrderId", legal=_LEGAL_ID[market])
    return client_id


def read_ticket(state: State, market: Market, params: Params) -> Ticket:
    """Read the parameters of a new order.

    Raises:
        Rejection: a parameter is missing, malformed or superfluous.

    """
    listing = state.listing(market, params.required("symbol"))
    side = _one_of(params, "side", frozenset({"BUY", "SELL"}), -1117)
    if market is Market.USDM and params.text("type") in _CONDITIONAL:
        raise Rejection(
            -4120,
            "Order type not supported for this endpoint. "
            "Please use the Algo Order API endpoints instead.",
        )
    kind = _one_of(params, "type", _KINDS[market], -1116)
    quantity = _grid_quantity(params, "quantity", listing)
    quote_quantity = params.quantity("quoteOrderQty") if market is Market.SPOT else ZERO
    if not quantity and not (kind == "MARKET" and quote_quantity):
        _refuse_no_quantity(params, market)
    usual = "FULL" if market is Market.SPOT and kind != "LIMIT_MAKER" else "ACK"
    return Ticket(
        listing=listing,
        side=side,
        kind=kind,
        time_in_force=_force(params, market, kind),
        quantity=quantity,
        quote_quantity=quote_quantity if kind == "MARKET" else ZERO,
        limit_price=_limit_price(params, kind, listing),
        client_id=read_client_id(params, market),
        response=params.text("newOrderRespType") or usual,
        reduce_only=market is Market.USDM and params.flag("reduceOnly"),
        position_side=_position_side(params, market),
    )


def _position_side(params: Params, market: Market) -> str:
    """Return the position side; spot has none and does not know the parameter."""
    return (market is Market.USDM and params.text("positionSide")) or "BOTH"


def _refuse_no_quantity(params: Params, market: Market) -> None:
    """Refuse an order without a size, telling absent from zero."""
    if not params.has("quantity"):
        raise missing("quantity")
    if market is Market.SPOT:
        raise Rejection(-1013, "Invalid quantity.")
    raise Rejection(-4003, "Quantity less than or equal to zero.")


def _grid_quantity(params: Params, name: str, listing: Listing) -> Decimal:
    """Return a quantity whose decimals the market can carry at all."""
    quantity = params.quantity(name)
    _precise_enough(quantity, listing, name=name, step=listing.rule.lot_size)
    return quantity


def _limit_price(params: Params, kind: str, listing: Listing) -> Decimal:
    """Return the limit; zero for a market order."""
    if kind == "MARKET":
        if listing.market is Market.SPOT and params.has("price"):
            raise Rejection(-1106, "Parameter 'price' sent when not required.")
        params.text("price")
        return ZERO
    if not params.has("price"):
        raise missing("price")
    limit_price = params.quantity("price")
    if limit_price <= 0:
        if listing.market is Market.SPOT:
            raise Rejection(-1013, "Invalid price.")
        raise Rejection(-4001, "Price less than 0.")
    _precise_enough(limit_price, listing, name="price", step=listing.rule.tick_size)
    return limit_price


def _precise_enough(value: Decimal, listing: Listing, *, name: str, step: Decimal) -> None:
    """Refuse more decimals than the asset (spot) or the contract has."""
    if listing.market is Market.SPOT:
        if places(value) > max(_ASSET_PLACES, places(step)):
            raise Rejection(-1111, f"Parameter '{name}' has too much precision.")
    elif places(value) > places(step):
        raise Rejection(-1111, "Precision is over the maximum defined for this asset.")


def _force(params: Params, market: Market, kind: str) -> str:
    """Return the time in force, which only limit orders carry."""
    if kind == "LIMIT":
        return _one_of(params, "timeInForce", _FORCES[market], -1115)
    if params.has("timeInForce") and market is Market.SPOT:
        raise Rejection(-1106, "Parameter 'timeInForce' sent when not required.")
    params.text("timeInForce")
    return "GTC"
