"""The futures host: ``/fapi`` endpoints that touch the account.

Each action reads its parameters, changes the state through the desk, and answers in
Binance's shape. Market endpoints of this host are in ``routes_usdm_market``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from trimtab.testnet import usdm_desk, views_usdm
from trimtab.testnet.brackets import bracket_of, notional_cap
from trimtab.testnet.catalogue import Listing, Market
from trimtab.testnet.exact import plain
from trimtab.testnet.margin import stakes
from trimtab.testnet.orders import Order
from trimtab.testnet.rejections import Rejection, no_such_order, unknown_order
from trimtab.testnet.routes import (
    DAY_MS,
    Action,
    Placed,
    Route,
    Table,
    all_orders,
    fills,
    lookup,
    open_orders,
    span,
    symbols_of,
)
from trimtab.testnet.state import State
from trimtab.testnet.tickets import read_ticket
from trimtab.testnet.wire import Params

Json = dict[str, Any]
_INCOME_KEPT_DAYS: Final = 92
_DONE: Final[Mapping[str, Any]] = {"code": 200, "msg": "success"}


def _symbol(state: State, params: Params) -> Listing:
    """Return the contract that ``symbol`` names."""
    return state.listing(Market.USDM, params.required("symbol"))


def account(version: int) -> Action:
    """Return the account endpoint of *version*."""
    return lambda state, _params: views_usdm.account(state, version=version)


def balance(state: State, _params: Params) -> list[Json]:
    """Return the wallet."""
    return views_usdm.balance(state)


def position_risk(version: int) -> Action:
    """Return the position endpoint of *version*."""
    return lambda state, params: views_usdm.position_risk(
        state, version=version, symbol=params.text("symbol")
    )


def brackets(state: State, params: Params) -> list[Json]:
    """Return leverage tables."""
    listed = state.listings[Market.USDM]
    return [views_usdm.bracket_row(listed[s]) for s in symbols_of(params, list(listed))]


def set_leverage(state: State, params: Params) -> Json:
    """Set the leverage of a contract."""
    listing, leverage = _symbol(state, params), params.integer("leverage", 0)
    if not 1 <= leverage <= listing.brackets[0].leverage:
        raise Rejection(-4028, f"Leverage {leverage} is not valid")
    notional = max((abs(s.notional) for s in stakes(state, symbol=listing.symbol)), default=0)
    if leverage > bracket_of(listing.brackets, notional + listing.rule.lot_size * 0).leverage:
        raise Rejection(-2028, "Leverage is smaller than permitted: insufficient margin balance")
    state.usdm.set_leverage(listing.symbol, leverage)
    return {
        "symbol": listing.symbol,
        "leverage": leverage,
        "maxNotionalValue": plain(notional_cap(listing.brackets, leverage)),
    }


def set_margin_type(state: State, params: Params) -> Json:
    """Set cross or isolated margin of a contract that has no position and no orders."""
    listing, asked = _symbol(state, params), params.required("marginType")
    if asked not in {"CROSSED", "ISOLATED"}:
        raise Rejection(-1128, "Combination of optional parameters invalid.")
    if (asked == "ISOLATED") == state.usdm.is_isolated(listing.symbol):
        raise Rejection(-4046, "No need to change margin type.")
    if state.stores[Market.USDM].open_orders(listing.symbol):
        raise Rejection(-4047, "Margin type cannot be changed if there exists open orders.")
    if any(s.position.quantity for s in stakes(state, symbol=listing.symbol)):
        raise Rejection(-4048, "Margin type cannot be changed if there exists position.")
    state.usdm.set_isolated(listing.symbol, isolated=asked == "ISOLATED")
    return dict(_DONE)


def get_dual_side(state: State, _params: Params) -> Json:
    """Return the position mode."""
    return {"dualSidePosition": state.usdm.dual_side}


def set_dual_side(state: State, params: Params) -> Json:
    """Set the position mode of an account that has no position and no orders."""
    params.required("dualSidePosition")
    asked = params.flag("dualSidePosition")
    if asked == state.usdm.dual_side:
        raise Rejection(-4059, "No need to change position side.")
    if state.stores[Market.USDM].open_orders():
        raise Rejection(-4067, "Position side cannot be changed if there exists open orders.")
    if state.usdm.open_positions():
        raise Rejection(-4068, "Position side cannot be changed if there exists position.")
    state.usdm.dual_side = asked
    return dict(_DONE)


def account_config(state: State, _params: Params) -> Json:
    """Return the modes of the account."""
    modes = {
        "dualSidePosition": state.usdm.dual_side,
        "multiAssetsMargin": state.usdm.multi_assets,
    }
    rights = {"canTrade": True, "canDeposit": True, "canWithdraw": True}
    return {"feeTier": 0, **rights, **modes, "updateTime": 0, "tradeGroupId": -1}


def symbol_config(state: State, params: Params) -> list[Json]:
    """Return leverage and margin type per contract."""
    listed = state.listings[Market.USDM]
    return [
        {
            "symbol": s,
            "marginType": "ISOLATED" if state.usdm.is_isolated(s) else "CROSSED",
            "isAutoAddMargin": False,
            "leverage": state.usdm.leverage(s),
            "maxNotionalValue": plain(notional_cap(listed[s].brackets, state.usdm.leverage(s))),
        }
        for s in symbols_of(params, list(listed))
    ]


def commission_rate(state: State, params: Params) -> Json:
    """Return the commission rates of a contract."""
    listing = _symbol(state, params)
    return {
        "symbol": listing.symbol,
        "makerCommissionRate": format(listing.rule.maker_fee, "f"),
        "takerCommissionRate": format(listing.rule.taker_fee, "f"),
    }


def new_order(state: State, params: Params) -> Placed:
    """Place an order."""
    ticket = read_ticket(state, Market.USDM, params)
    order, _fills = usdm_desk.place(state, ticket)
    return Placed(order=order, payload=views_usdm.placed(state, order, ticket.response))


def _found(state: State, params: Params) -> Order | None:
    """Return the order that is asked for, unless it is hidden from lookups."""
    order = lookup(state, Market.USDM, params)
    store = state.stores[Market.USDM]
    if order is None or not store.veil.lifted(order.number, place="order", now_ms=state.now_ms):
        return None
    return order


def get_order(state: State, params: Params) -> Json:
    """Look an order up."""
    if (order := _found(state, params)) is None:
        raise no_such_order()
    return views_usdm.order_row(state, order)


def get_open_order(state: State, params: Params) -> Json:
    """Look an open order up."""
    order = _found(state, params)
    if order is None or not order.is_open:
        raise no_such_order()
    return views_usdm.order_row(state, order)


def cancel_order(state: State, params: Params) -> Json:
    """Cancel an open order."""
    order = lookup(state, Market.USDM, params)
    if order is None or not order.is_open:
        raise unknown_order()
    return views_usdm.order_row(state, usdm_desk.end(state, order, "CANCELED"))


def cancel_all(state: State, params: Params) -> Json:
    """Cancel every open order of a contract."""
    for order in state.stores[Market.USDM].open_orders(_symbol(state, params).symbol):
        usdm_desk.end(state, order, "CANCELED")
    return {"code": 200, "msg": "The operation of cancel all open order is done."}


def list_open_orders(state: State, params: Params) -> list[Json]:
    """List open orders."""
    found = open_orders(state, Market.USDM, params)
    return [views_usdm.order_row(state, order) for order in found]


def list_all_orders(state: State, params: Params) -> list[Json]:
    """List the orders of a contract."""
    found = all_orders(state, Market.USDM, params)
    return [views_usdm.order_row(state, order) for order in found]


def user_trades(state: State, params: Params) -> list[Json]:
    """List the fills of a contract."""
    found = fills(state, Market.USDM, params, window_ms=7 * DAY_MS)
    return [views_usdm.fill_row(state, f) for f in found]


def income(state: State, params: Params) -> list[Json]:
    """List changes of the wallet, oldest first: of three months, or of a week without bounds."""
    symbol, kind = params.text("symbol"), params.text("incomeType")
    since, until = span(params)
    bounded = params.has("startTime") or params.has("endTime")
    since = max(since, state.now_ms - (_INCOME_KEPT_DAYS if bounded else 7) * DAY_MS)
    found = [
        i
        for i in state.usdm.incomes
        if symbol in {"", i.symbol} and kind in {"", i.kind} and since <= i.booked_at <= until
    ]
    limit = params.limit(default=100, most=1000)
    page = found[:limit] if params.has("startTime") else found[-limit:]
    return [views_usdm.income_row(i, quote=state.scenario.quote) for i in page]


def countdown(state: State, params: Params) -> Json:
    """Cancel the open orders of a contract after a countdown; 0 calls it off."""
    symbol, countdown_ms = _symbol(state, params).symbol, params.integer("countdownTime", 0)
    state.countdowns.pop(symbol, None)
    if countdown_ms:
        state.countdowns[symbol] = state.now_ms + countdown_ms
    return {"symbol": symbol, "countdownTime": str(countdown_ms)}


def fee_burn(_state: State, _params: Params) -> Json:
    """Say that fees of contracts are paid in the quote: there is no BNB in this futures wallet."""
    return {"feeBurn": False}


def table() -> Table:
    """Return the account endpoints of the futures host."""
    read, trade = "read", "futures"
    signed = {
        ("GET", "v2/account"): Route(action=account(2), weight=5, right=read),
        ("GET", "v3/account"): Route(action=account(3), weight=5, right=read),
        ("GET", "v2/balance"): Route(action=balance, weight=5, right=read),
        ("GET", "v3/balance"): Route(action=balance, weight=5, right=read),
        ("GET", "v2/positionRisk"): Route(action=position_risk(2), weight=5, right=read),
        ("GET", "v3/positionRisk"): Route(action=position_risk(3), weight=5, right=read),
        ("GET", "v1/leverageBracket"): Route(action=brackets, right=read),
        ("POST", "v1/leverage"): Route(action=set_leverage, right=trade),
        ("POST", "v1/marginType"): Route(action=set_margin_type, right=trade),
        ("GET", "v1/positionSide/dual"): Route(action=get_dual_side, weight=30, right=read),
        ("POST", "v1/positionSide/dual"): Route(action=set_dual_side, right=trade),
        ("GET", "v1/accountConfig"): Route(action=account_config, weight=5, right=read),
        ("GET", "v1/symbolConfig"): Route(action=symbol_config, weight=5, right=read),
        ("GET", "v1/commissionRate"): Route(action=commission_rate, weight=20, right=read),
        ("POST", "v1/order"): Route(action=new_order, right=trade),
        ("GET", "v1/order"): Route(action=get_order, right=read),
        ("DELETE", "v1/order"): Route(action=cancel_order, right=trade),
        ("GET", "v1/openOrder"): Route(action=get_open_order, right=read),
        ("GET", "v1/openOrders"): Route(action=list_open_orders, weight_all=40, right=read),
        ("DELETE", "v1/allOpenOrders"): Route(action=cancel_all, right=trade),
        ("GET", "v1/allOrders"): Route(action=list_all_orders, weight=5, right=read),
        ("GET", "v1/userTrades"): Route(action=user_trades, weight=5, right=read),
        ("GET", "v1/income"): Route(action=income, weight=30, right=read),
        ("GET", "v1/feeBurn"): Route(action=fee_burn, weight=30, right=read),
        ("POST", "v1/countdownCancelAll"): Route(action=countdown, weight=10, right=trade),
    }
    return {(method, f"/fapi/{path}"): route for (method, path), route in signed.items()}
