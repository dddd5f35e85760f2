"""The spot host: ``/api`` endpoints.

Each action reads its parameters, changes the state through the desk, and answers in
Binance's shape.
"""

from __future__ import annotations

from typing import Any

from trimtab.testnet import spot_desk, views_spot
from trimtab.testnet.catalogue import Market
from trimtab.testnet.rejections import no_such_order, unknown_order
from trimtab.testnet.routes import (
    DAY_MS,
    Placed,
    Route,
    Table,
    all_orders,
    fills,
    lookup,
    open_orders,
    symbols_of,
)
from trimtab.testnet.routes_market import (
    book_ticker,
    day_ticker,
    depth,
    klines,
    per_symbol,
    ping,
    price_ticker,
    server_time,
)
from trimtab.testnet.state import State
from trimtab.testnet.tickets import read_ticket
from trimtab.testnet.wire import Params

Json = dict[str, Any]
_ACCEPTED = ("strategyId", "strategyType", "selfTradePreventionMode", "recvWindow")
_SIGNED = ("timestamp", "signature")


def list_markets(state: State, params: Params) -> Json:
    """List the pairs asked for with their filters."""
    listed = state.listings[Market.SPOT]
    sets = params.text("showPermissionSets").lower() != "false"
    return {
        "timezone": "UTC",
        "serverTime": state.now_ms,
        "rateLimits": views_spot.rate_limits(state.scenario.limits),
        "exchangeFilters": [],
        "symbols": [
            views_spot.listing_row(listed[s], permission_sets=sets)
            for s in symbols_of(params, list(listed))
        ],
    }


def account(state: State, params: Params) -> Json:
    """Return balances and commission rates."""
    return views_spot.account(state, omit_zero=params.flag("omitZeroBalances"))


def new_order(state: State, params: Params) -> Placed:
    """Place an order."""
    ticket = read_ticket(state, Market.SPOT, params)
    _refuse_superfluous(params)
    order, done = spot_desk.place(state, ticket, test=False)
    return Placed(order=order, payload=views_spot.placed(order, done, ticket.response))


def test_order(state: State, params: Params) -> Json:
    """Check an order and place nothing."""
    ticket = read_ticket(state, Market.SPOT, params)
    params.text("computeCommissionRates")
    _refuse_superfluous(params)
    spot_desk.place(state, ticket, test=True)
    return {}


def _refuse_superfluous(params: Params) -> None:
    """Refuse parameters that spot order entry does not know, such as ``reduceOnly``."""
    for name in (*_ACCEPTED, *_SIGNED):
        params.text(name)
    params.refuse_unread()


def get_order(state: State, params: Params) -> Json:
    """Look an order up."""
    order = lookup(state, Market.SPOT, params)
    store = state.stores[Market.SPOT]
    if order is None or not store.veil.lifted(order.number, place="order", now_ms=state.now_ms):
        raise no_such_order()
    return views_spot.order_row(order)


def cancel_order(state: State, params: Params) -> Json:
    """Cancel an open order."""
    order = lookup(state, Market.SPOT, params)
    if order is None or not order.is_open:
        raise unknown_order()
    ended = spot_desk.end(state, order, "CANCELED")
    return views_spot.cancelled(ended, params.text("newClientOrderId"))


def cancel_open_orders(state: State, params: Params) -> list[Json]:
    """Cancel every open order of a symbol."""
    symbol = state.listing(Market.SPOT, params.required("symbol")).symbol
    if not (found := state.stores[Market.SPOT].open_orders(symbol)):
        raise unknown_order()
    ended = [spot_desk.end(state, order, "CANCELED") for order in found]
    return [views_spot.cancelled(order, "") for order in ended]


def list_open_orders(state: State, params: Params) -> list[Json]:
    """List open orders."""
    return [views_spot.order_row(o) for o in open_orders(state, Market.SPOT, params)]


def list_all_orders(state: State, params: Params) -> list[Json]:
    """List the orders of a symbol."""
    return [views_spot.order_row(o) for o in all_orders(state, Market.SPOT, params)]


def my_trades(state: State, params: Params) -> list[Json]:
    """List the fills of a symbol."""
    found = fills(state, Market.SPOT, params, window_ms=DAY_MS)
    return [views_spot.fill_row(f) for f in found]


def table() -> Table:
    """Return the endpoints of the spot host."""
    spot = Market.SPOT
    return {
        ("GET", "/api/v3/ping"): Route(action=ping),
        ("GET", "/api/v3/time"): Route(action=server_time),
        ("GET", "/api/v3/exchangeInfo"): Route(action=list_markets, weight=20),
        ("GET", "/api/v3/depth"): Route(action=depth(spot), weight=5),
        ("GET", "/api/v3/klines"): Route(action=klines(spot), weight=2),
        ("GET", "/api/v3/ticker/24hr"): Route(
            action=per_symbol(spot, day_ticker), weight=2, weight_all=80
        ),
        ("GET", "/api/v3/ticker/bookTicker"): Route(
            action=per_symbol(spot, book_ticker), weight=2, weight_all=4
        ),
        ("GET", "/api/v3/ticker/price"): Route(
            action=per_symbol(spot, price_ticker), weight=2, weight_all=4
        ),
        ("GET", "/api/v3/account"): Route(action=account, weight=20, right="read"),
        ("POST", "/api/v3/order"): Route(action=new_order, right="spot"),
        ("POST", "/api/v3/order/test"): Route(action=test_order, right="spot"),
        ("GET", "/api/v3/order"): Route(action=get_order, weight=4, right="read"),
        ("DELETE", "/api/v3/order"): Route(action=cancel_order, right="spot"),
        ("GET", "/api/v3/openOrders"): Route(
            action=list_open_orders, weight=6, weight_all=80, right="read"
        ),
        ("DELETE", "/api/v3/openOrders"): Route(action=cancel_open_orders, right="spot"),
        ("GET", "/api/v3/allOrders"): Route(action=list_all_orders, weight=20, right="read"),
        ("GET", "/api/v3/myTrades"): Route(action=my_trades, weight=20, right="read"),
    }
