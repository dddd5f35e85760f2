"""Routes: what an endpoint is, and the queries that both hosts share.

Pure over the state. Weights and orders per endpoint are Binance's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from trimtab.testnet.catalogue import Market
from trimtab.testnet.conditionals import Conditional
from trimtab.testnet.orders import Fill, Order
from trimtab.testnet.rejections import Rejection, missing
from trimtab.testnet.state import State
from trimtab.testnet.wire import Params

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What an endpoint that creates an order returns."""

    order: Order | Conditional
    """What it created."""
    payload: Any
    """What goes out."""


Action = Callable[[State, Params], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One endpoint."""

    action: Action
    """Computes the payload, or a :class:`Placed`."""
    weight: int = 1
    """Request weight with a symbol."""
    weight_all: int = 0
    """Request weight without one; 0 is the same."""
    right: str = ""
    """The right that the key needs; empty for unsigned endpoints."""
    switch: str = ""
    """The member of ``Scenario.serves`` that it needs; empty for always served."""

    def cost(self, *, with_symbol: bool) -> int:
        """Return the request weight of one call."""
        return self.weight if with_symbol or not self.weight_all else self.weight_all


Table = dict[tuple[str, str], Route]


def lookup(state: State, market: Market, params: Params) -> Order | None:
    """Return the order that ``orderId`` or ``origClientOrderId`` names.

    Raises:
        Rejection: -1102 without either, -1121.

    """
    listing = state.listing(market, params.required("symbol"))
    number = params.integer("orderId", 0)
    client_id = params.text("origClientOrderId")
    if not number and not client_id:
        raise Rejection(
            -1102,
            "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!",
        )
    return state.stores[market].find(symbol=listing.symbol, number=number, client_id=client_id)


def open_orders(state: State, market: Market, params: Params) -> list[Order]:
    """Return the open orders that can be seen, oldest first."""
    symbol = params.text("symbol")
    if symbol:
        state.listing(market, symbol)
    store, now = state.stores[market], state.now_ms
    found = store.open_orders(symbol)
    return [o for o in found if store.veil.lifted(o.number, place="open_orders", now_ms=now)]


def all_orders(state: State, market: Market, params: Params) -> list[Order]:
    """Return the orders of a symbol that can be seen, oldest first."""
    symbol = state.listing(market, params.required("symbol")).symbol
    store, now = state.stores[market], state.now_ms
    first, (since, until) = params.integer("orderId", 0), span(params)
    found = [
        o
        for o in store.orders()
        if o.symbol == symbol
        and o.number >= first
        and since <= o.created_at <= until
        and store.veil.lifted(o.number, place="all_orders", now_ms=now)
    ]
    limit = params.limit(default=500, most=1000)
    return found[:limit] if first or since else found[-limit:]


def span(params: Params) -> tuple[int, int]:
    """Return ``startTime`` and ``endTime``, both inclusive; 0 and for ever when absent."""
    return params.integer("startTime", 0), params.integer("endTime", 1 << 62)


def fills(state: State, market: Market, params: Params, *, window_ms: int) -> list[Fill]:
    """Return the fills of a symbol that can be seen, oldest first.

    With ``fromId`` or ``startTime`` the page begins there; else it is the latest one.

    Raises:
        Rejection: -1127 or -4165 when start and end lie too far apart.

    """
    symbol = state.listing(market, params.required("symbol")).symbol
    store, now = state.stores[market], state.now_ms
    (since, until), first = span(params), params.integer("fromId", -1)
    order_id = params.integer("orderId", 0)
    if since and params.has("endTime") and until - since > window_ms:
        raise _too_wide(market)
    if since and not params.has("endTime"):
        until = since + window_ms
    found = [
        f
        for f in store.fills()
        if f.symbol == symbol
        and f.trade_id >= first
        and since <= f.filled_at <= until
        and order_id in {0, f.order_id}
        and store.veil.lifted(f.order_id, place="trades", now_ms=now)
    ]
    limit = params.limit(default=500, most=1000)
    return found[:limit] if first >= 0 or since else found[-limit:]


def _too_wide(market: Market) -> Rejection:
    """Return the refusal of a window that is too wide."""
    if market is Market.SPOT:
        return Rejection(-1127, "More than 24 hours between startTime and endTime.")
    return Rejection(-4165, "Invalid time interval, maximum time interval is 7 days")


def symbols_of(params: Params, listed: Sequence[str]) -> list[str]:
    """Return the symbols asked for by ``symbol`` or ``symbols``, all when neither is sent.

    Raises:
        Rejection: -1121 for one that is not listed, -1102 for an empty list.

    """
    one, many = params.text("symbol"), params.text("symbols")
    if not one and not many:
        return list(listed)
    asked = [one] if one else [s.strip(' "') for s in many.strip("[] ").split(",")]
    if not any(asked):
        raise missing("symbols")
    unknown = [s for s in asked if s not in listed]
    if unknown:
        raise Rejection(-1121, "Invalid symbol.")
    return asked
