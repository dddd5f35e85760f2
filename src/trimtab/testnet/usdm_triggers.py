"""The conditional desk: takes, withdraws and triggers conditional orders on contracts.

Changes the state. Nothing is checked against position or margin before the trigger, as on the
exchange, but that ``GTE_GTC`` needs a position to depend on. What is triggered is a market order
through the futures desk, with all its checks: one that it refuses is ``REJECTED``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import Final

from trimtab.testnet import usdm_desk
from trimtab.testnet.catalogue import Listing, Market
from trimtab.testnet.conditionals import WHILE_HELD, Conditional
from trimtab.testnet.exact import ZERO, is_multiple, places
from trimtab.testnet.rejections import Rejection, illegal, missing
from trimtab.testnet.state import State
from trimtab.testnet.tickets import Ticket
from trimtab.testnet.wire import Params

_LEGAL_ID: Final = "^[\\.A-Z\\:/a-z0-9_-]{1,36}$"
_WORKING: Final = frozenset({"MARK_PRICE", "CONTRACT_PRICE"})


def read_conditional(state: State, params: Params) -> Conditional:
    """Read the parameters of a new conditional order, a stop at market.

    Raises:
        Rejection: a parameter is missing, malformed, or of a kind that is not served here.

    """
    if params.required("algoType") != "CONDITIONAL":
        raise Rejection(-1128, "Combination of optional parameters invalid.")
    listing = state.listing(Market.USDM, params.required("symbol"))
    if params.required("side") not in {"BUY", "SELL"}:
        raise Rejection(-1117, "Invalid side.")
    if params.required("type") != "STOP_MARKET":
        raise Rejection(-1116, "Invalid orderType.")
    store, now = state.conditionals, state.now_ms
    number = store.next_number()
    return Conditional(
        number=number,
        symbol=listing.symbol,
        client_id=_client_id(params) or f"algo{number:018d}",
        side=params.text("side"),
        position_side=params.text("positionSide") or "BOTH",
        quantity=_quantity(params, listing),
        trigger_price=_trigger_price(params, listing),
        working_type=_choice(params, "workingType", _WORKING, usual="CONTRACT_PRICE"),
        time_in_force=_choice(
            params, "timeInForce", frozenset({"GTC", WHILE_HELD}), usual="GTC", code=-1115
        ),
        reduce_only=params.flag("reduceOnly"),
        price_protect=params.flag("priceProtect"),
        created_at=now,
        updated_at=now,
    )


def _client_id(params: Params) -> str:
    """Return ``clientAlgoId``, empty when absent."""
    client_id = params.text("clientAlgoId")
    if client_id and not re.fullmatch(_LEGAL_ID, client_id):
        raise illegal("clientAlgoId", legal=_LEGAL_ID)
    return client_id


def _choice(
    params: Params, name: str, legal: frozenset[str], *, usual: str, code: int = -1128
) -> str:
    """Return one of a few words, or what is usual when none was sent."""
    value = params.text(name) or usual
    if value not in legal:
        raise Rejection(code, f"Invalid {name}.")
    return value


def _quantity(params: Params, listing: Listing) -> Decimal:
    """Return the size, which a market order of this contract must be allowed to have."""
    if params.flag("closePosition"):
        raise Rejection(-4136, "Target strategy invalid for orderType STOP_MARKET,closePosition")
    if not params.has("quantity"):
        raise missing("quantity")
    quantity, rule = params.quantity("quantity"), listing.rule
    if places(quantity) > places(rule.lot_size):
        raise Rejection(-1111, "Precision is over the maximum defined for this asset.")
    if quantity < rule.lot_size:
        raise Rejection(-4004, "Quantity less than min quantity.")
    if quantity > rule.market_max_quantity:
        raise Rejection(-4005, "Quantity greater than max quantity.")
    if not is_multiple(quantity, rule.lot_size):
        raise Rejection(-4023, "Qty not increased by step size.")
    return quantity


def _trigger_price(params: Params, listing: Listing) -> Decimal:
    """Return the trigger, which lies on the grid of prices."""
    if not params.has("triggerPrice"):
        raise missing("triggerPrice")
    price, tick = params.quantity("triggerPrice"), listing.rule.tick_size
    if price <= 0:
        raise Rejection(-4006, "Stop price less than zero.")
    if places(price) > places(tick):
        raise Rejection(-1111, "Precision is over the maximum defined for this asset.")
    if not is_multiple(price, tick):
        raise Rejection(-4014, "Price not increased by tick size.")
    return price


def place(state: State, order: Conditional) -> Conditional:
    """Take *order*.

    Raises:
        Rejection: contract over, mode, client id twice, too many, no position, at its trigger.

    """
    store = state.conditionals
    resting = store.resting()
    if state.listing(Market.USDM, order.symbol).delivers_at <= state.now_ms:
        raise Rejection(
            -4108,
            "Symbol is on delivering or delivered or settling or closed or pre-trading.",
        )
    usdm_desk.require_mode(state, position_side=order.position_side, reduce_only=order.reduce_only)
    if any(other.client_id == order.client_id for other in resting):
        raise Rejection(-4116, "ClientOrderId is duplicated.")
    if len(resting) >= state.scenario.limits.usdm_conditionals:
        raise Rejection(-4045, "Reach max stop order limit.")
    if order.time_in_force == WHILE_HELD and not _held(state, order):
        raise Rejection(
            -4509,
            "Time in Force (TIF) GTE can only be used with open positions. "
            "Please ensure that positions are available.",
        )
    if order.reached(state.mark(order.symbol)):
        raise Rejection(-2021, "Order would immediately trigger.")
    return store.put(order)


def _held(state: State, order: Conditional) -> Decimal:
    """Return the position that *order* would act on, signed base units."""
    return state.usdm.position(order.symbol, side=order.position_side).quantity


def end(state: State, order: Conditional, status: str) -> Conditional:
    """Close *order* with *status*."""
    return state.conditionals.put(replace(order, status=status, updated_at=state.now_ms))


def trigger(state: State) -> None:
    """Turn every conditional order whose trigger the mark has reached into a market order.

    Oldest first. Of a gap over both, a stop comes before a liquidation.
    """
    for order in state.conditionals.resting():
        current = state.conditionals.get(order.number)
        if current.rests and current.reached(state.mark(current.symbol)):
            _fire(state, current)


def _fire(state: State, order: Conditional) -> None:
    """Send *order* to the desk as a market order, and keep what became of it."""
    now = state.now_ms
    under_way = replace(order, status="TRIGGERED", triggered_at=now, updated_at=now)
    state.conditionals.put(under_way)
    try:
        became, _fills = usdm_desk.place(state, _ticket(state, order))
    except Rejection:
        end(state, under_way, "REJECTED")
        return
    end(state, replace(under_way, order_number=became.number), "FINISHED")


def _ticket(state: State, order: Conditional) -> Ticket:
    """Return the market order that *order* becomes; the exchange names it."""
    return Ticket(
        listing=state.listing(Market.USDM, order.symbol),
        side=order.side,
        kind="MARKET",
        time_in_force="GTC",
        quantity=order.quantity,
        quote_quantity=ZERO,
        limit_price=ZERO,
        client_id="",
        response="ACK",
        reduce_only=order.reduce_only,
        position_side=order.position_side,
    )
