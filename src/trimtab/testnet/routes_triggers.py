"""The futures host's service of conditional orders: ``/fapi/v1/algoOrder`` and its lists.

Each action reads its parameters, changes the state through the desk, and answers in Binance's
shape. Source: "New Algo Order", "Query Algo Order", "Cancel Algo Order", "Current All Algo Open
Orders" and "Query All Algo Orders" of the USD-M REST pages, 2026-11.
"""

from __future__ import annotations

from typing import Any, Final

from trimtab.testnet import usdm_triggers, views_triggers
from trimtab.testnet.catalogue import Market
from trimtab.testnet.conditionals import Conditional
from trimtab.testnet.rejections import Rejection, no_such_order, unknown_order
from trimtab.testnet.routes import DAY_MS, Placed, Route, Table, span
from trimtab.testnet.state import State
from trimtab.testnet.wire import Params

Json = dict[str, Any]
PATH: Final = "/fapi/v1/algoOrder"
"""Where one conditional order is placed, asked for and withdrawn."""
_UNFILLED_KEPT_MS: Final = 3 * DAY_MS
_KEPT_MS: Final = 90 * DAY_MS


def new_conditional(state: State, params: Params) -> Placed:
    """Place a conditional order."""
    order = usdm_triggers.place(state, usdm_triggers.read_conditional(state, params))
    return Placed(order=order, payload=views_triggers.placed(state, order))


def _named(state: State, params: Params) -> Conditional | None:
    """Return the order that ``algoId`` or ``clientAlgoId`` names.

    Raises:
        Rejection: -1102 without either.

    """
    number, client_id = params.integer("algoId", 0), params.text("clientAlgoId")
    if not number and not client_id:
        raise Rejection(
            -1102, "Param 'algoid' or 'clientalgoid' must be sent, but both were empty/null!"
        )
    return state.conditionals.find(number=number, client_id=client_id)


def _kept(state: State, order: Conditional) -> bool:
    """Say whether the exchange still tells of *order*: what came to nothing, three days.

    Anything else for ninety days from when it was placed, though it may rest for longer.
    """
    age = state.now_ms - order.created_at
    return age <= (_UNFILLED_KEPT_MS if order.status in {"CANCELED", "EXPIRED"} else _KEPT_MS)


def _lifted(state: State, order: Conditional, place: str) -> bool:
    """Say whether no fault hides *order* at *place*."""
    return state.conditionals.veil.lifted(order.number, place=place, now_ms=state.now_ms)


def _seen(state: State, order: Conditional, place: str) -> bool:
    """Say whether *order* is kept and no fault hides it at *place*."""
    return _lifted(state, order, place) and _kept(state, order)


def get_conditional(state: State, params: Params) -> Json:
    """Look a conditional order up."""
    order = _named(state, params)
    if order is None or not _seen(state, order, "order"):
        raise no_such_order()
    return views_triggers.row(state, order)


def cancel_conditional(state: State, params: Params) -> Json:
    """Withdraw a conditional order that rests."""
    order = _named(state, params)
    if order is None or not order.rests:
        raise unknown_order()
    return views_triggers.cancelled(usdm_triggers.end(state, order, "CANCELED"))


def cancel_all(state: State, params: Params) -> Json:
    """Withdraw every conditional order of a contract that rests."""
    symbol = state.listing(Market.USDM, params.required("symbol")).symbol
    for order in state.conditionals.resting(symbol):
        usdm_triggers.end(state, order, "CANCELED")
    return {"code": 200, "msg": "The operation of cancel all open order is done."}


def list_resting(state: State, params: Params) -> list[Json]:
    """List the conditional orders that rest."""
    if symbol := params.text("symbol"):
        state.listing(Market.USDM, symbol)
    resting = state.conditionals.resting(symbol)
    return [views_triggers.row(state, o) for o in resting if _lifted(state, o, "open_orders")]


def list_all(state: State, params: Params) -> list[Json]:
    """List the conditional orders of a contract, oldest first."""
    symbol = state.listing(Market.USDM, params.required("symbol")).symbol
    first, (since, until) = params.integer("algoId", 0), span(params)
    found = [
        order
        for order in state.conditionals.orders()
        if order.symbol == symbol
        and order.number >= first
        and since <= order.created_at <= until
        and _seen(state, order, "all_orders")
    ]
    limit = params.limit(default=500, most=1000)
    page = found[:limit] if first or since else found[-limit:]
    return [views_triggers.row(state, order) for order in page]


def table() -> Table:
    """Return the endpoints. A new one counts as an order, and weighs nothing."""
    read, trade = "read", "futures"
    return {
        ("POST", PATH): Route(action=new_conditional, weight=0, right=trade),
        ("GET", PATH): Route(action=get_conditional, right=read),
        ("DELETE", PATH): Route(action=cancel_conditional, right=trade),
        ("DELETE", "/fapi/v1/algoOpenOrders"): Route(action=cancel_all, right=trade),
        ("GET", "/fapi/v1/openAlgoOrders"): Route(action=list_resting, weight_all=40, right=read),
        ("GET", "/fapi/v1/allAlgoOrders"): Route(action=list_all, weight=5, right=read),
    }
