"""The futures desk: takes, fills, rests and cancels USD-M orders.

Changes the state. Quantities are base units (contract size 1), money is the quote.
Commissions come out of the wallet. Reduce-only: a market order above the position
fills the position and expires the rest; a limit above it is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from trimtab.testnet.books import Level, crossing
from trimtab.testnet.brackets import notional_cap
from trimtab.testnet.catalogue import Market
from trimtab.testnet.conditionals import WHILE_HELD
from trimtab.testnet.exact import ZERO, booked, charged
from trimtab.testnet.filters import check_counter_price, check_usdm
from trimtab.testnet.margin import pool_of, stake_of, stakes
from trimtab.testnet.matching import in_the_way, quantity_of, take, value_of
from trimtab.testnet.orders import Fill, Order
from trimtab.testnet.positions import Position, enter
from trimtab.testnet.rejections import Rejection, insufficient_margin, reduce_only_rejected
from trimtab.testnet.state import Income, State
from trimtab.testnet.tickets import Ticket


def place(state: State, ticket: Ticket) -> tuple[Order, list[Fill]]:
    """Take *ticket* as an order; return it as it then stands, with its fills.

    Raises:
        Rejection: mode, filter, duplicate id, reduce-only, bracket, margin, FOK or GTX.

    """
    listing, store = ticket.listing, state.stores[Market.USDM]
    if listing.delivers_at <= state.now_ms:
        raise Rejection(
            -4108,
            "Symbol is on delivering or delivered or settling or closed or pre-trading.",
        )
    mark = state.mark(listing.symbol)
    open_orders = store.open_orders(listing.symbol)
    require_mode(state, position_side=ticket.position_side, reduce_only=ticket.reduce_only)
    check_usdm(ticket, mark=mark, open_orders=open_orders)
    if ticket.client_id and any(o.client_id == ticket.client_id for o in open_orders):
        raise Rejection(-4116, "ClientOrderId is duplicated.")
    taken = _taken(state, ticket, mark)
    order = _order(state, ticket)
    if not _only_reduces(state, ticket):
        _require_bracket(state, order, mark)
        _require_margin(state, order, taken)
    for own in in_the_way(store.open_orders(listing.symbol), ticket, taken):
        end(state, own, "EXPIRED_IN_MATCH")
    store.put(order)
    fills = [
        fill(state, order, quantity=lv.quantity, fill_price=lv.limit_price, maker=False)
        for lv in taken
    ]
    state.books.consume(listing, ticket.side, taken)
    after = store.get(order.number)
    if after.is_open and not (after.kind == "LIMIT" and after.time_in_force in {"GTC", "GTX"}):
        after = end(state, after, "EXPIRED")
    return after, fills


def require_mode(state: State, *, position_side: str, reduce_only: bool) -> None:
    """Refuse a position side that the account's mode does not know.

    Raises:
        Rejection: -4061, or -1106 for reduce-only where each side has a position of its own.

    """
    legal = {"LONG", "SHORT"} if state.usdm.dual_side else {"BOTH"}
    if position_side not in legal:
        raise Rejection(-4061, "Order's position side does not match user's setting.")
    if state.usdm.dual_side and reduce_only:
        raise Rejection(-1106, "Parameter 'reduceonly' sent when not required.")


def _closable(state: State, ticket: Ticket) -> Decimal:
    """Return how much of the position an order of the ticket's side could close."""
    held = state.usdm.position(ticket.listing.symbol, side=ticket.position_side).quantity
    return max(ZERO, -held if ticket.side == "BUY" else held)


def _only_reduces(state: State, ticket: Ticket) -> bool:
    """Say whether *ticket* cannot grow or open a position, whatever it fills.

    Raises:
        Rejection: -2022 when it may only reduce but there is too little to reduce.

    """
    closable = _closable(state, ticket)
    closes_side = (ticket.position_side, ticket.side) in {("LONG", "SELL"), ("SHORT", "BUY")}
    if ticket.reduce_only or closes_side:
        over = ticket.quantity > closable and (ticket.kind != "MARKET" or closes_side)
        if not closable or over:
            raise reduce_only_rejected()
        return True
    return ticket.quantity <= closable


def _taken(state: State, ticket: Ticket, mark: Decimal) -> tuple[Level, ...]:
    """Return the levels that *ticket* takes on arrival.

    Raises:
        Rejection: -4131, -5021 for an unfillable FOK, -5022 for a maker order that would take.

    """
    levels = list(
        crossing(
            state.books.levels(ticket.listing, ticket.side, state.mid(ticket.listing)),
            ticket.side,
            ticket.limit_price,
        )
    )
    if ticket.kind == "MARKET" and levels:
        check_counter_price(levels[0].limit_price, side=ticket.side, mark=mark)
    wanted = ticket.quantity
    if ticket.reduce_only:
        wanted = min(wanted, _closable(state, ticket))
    taken = take(levels, wanted)
    if ticket.time_in_force == "FOK" and quantity_of(taken) < ticket.quantity:
        raise Rejection(
            -5021,
            "Due to the order could not be filled immediately, the FOK order has been rejected. "
            "The order will not be recorded in the order history",
        )
    if ticket.time_in_force == "GTX" and taken:
        raise Rejection(
            -5022,
            "Due to the order could not be executed as maker, the Post Only order will be "
            "rejected. The order will not be recorded in the order history",
        )
    return taken


def _order(state: State, ticket: Ticket) -> Order:
    """Build the order that *ticket* becomes."""
    number = state.stores[Market.USDM].next_number()
    now = state.now_ms
    return Order(
        number=number,
        market=Market.USDM,
        symbol=ticket.listing.symbol,
        client_id=ticket.client_id or f"web{number:019d}",
        side=ticket.side,
        kind=ticket.kind,
        time_in_force=ticket.time_in_force,
        quantity=ticket.quantity,
        limit_price=ticket.limit_price,
        reduce_only=ticket.reduce_only,
        position_side=ticket.position_side,
        created_at=now,
        updated_at=now,
    )


def _signed(order: Order, quantity: Decimal) -> Decimal:
    """Return *quantity* with the sign of the order's side."""
    return quantity if order.side == "BUY" else -quantity


def _require_bracket(state: State, order: Order, mark: Decimal) -> None:
    """Refuse a position that the set leverage may not carry."""
    listing = state.listing(Market.USDM, order.symbol)
    held = state.usdm.position(order.symbol, side=order.position_side).quantity
    after = abs(held + _signed(order, order.quantity)) * (order.limit_price or mark)
    if after > notional_cap(listing.brackets, state.usdm.leverage(order.symbol)):
        raise Rejection(-2027, "Exceeded the maximum allowable position at current leverage.")


def _require_margin(state: State, order: Order, taken: Sequence[Level]) -> None:
    """Refuse an order after whose fills and rest the account would use more than it has."""
    store = state.stores[Market.USDM]
    listing = state.listing(Market.USDM, order.symbol)
    filled, quote = quantity_of(taken), value_of(taken)
    entered = enter(
        state.usdm.position(order.symbol, side=order.position_side),
        quantity=_signed(order, filled),
        quote=quote,
        at_ms=state.now_ms,
    )
    resting = replace(order, executed=filled)
    orders = [*store.open_orders(order.symbol), *([resting] if order.limit_price else [])]
    changed = stake_of(
        state,
        order.symbol,
        side=order.position_side,
        position=replace(entered.position, isolated=ZERO),
        orders=orders,
    )
    others = [
        s
        for s in stakes(state)
        if (s.listing.symbol, s.side) != (order.symbol, order.position_side)
    ]
    wallet = state.usdm.wallet + entered.realized - quote * listing.rule.taker_fee
    if pool_of(wallet, [*others, replace(changed, isolated=False)]).slack < 0:
        raise insufficient_margin()


def end(state: State, order: Order, status: str) -> Order:
    """Close *order* with *status*."""
    return state.stores[Market.USDM].put(replace(order, status=status, updated_at=state.now_ms))


def fill(
    state: State, order: Order, *, quantity: Decimal, fill_price: Decimal, maker: bool
) -> Fill:
    """Fill *quantity* of *order* at *fill_price*: position, wallet, tape."""
    rule = state.listing(Market.USDM, order.symbol).rule
    return book_fill(
        state,
        order,
        Level(limit_price=fill_price, quantity=quantity),
        rate=rule.maker_fee if maker else rule.taker_fee,
        maker=maker,
    )


def book_fill(state: State, order: Order, at: Level, *, rate: Decimal, maker: bool) -> Fill:
    """Fill *order* at one level with commission *rate*; a flat position ends its reducers."""
    store = state.stores[Market.USDM]
    quote = booked(at.quantity * at.limit_price)
    before = state.usdm.position(order.symbol, side=order.position_side)
    entered = enter(before, quantity=_signed(order, at.quantity), quote=quote, at_ms=state.now_ms)
    done = Fill(
        trade_id=store.next_trade_id(order.symbol),
        order_id=order.number,
        market=Market.USDM,
        symbol=order.symbol,
        client_id=order.client_id,
        side=order.side,
        position_side=order.position_side,
        quantity=at.quantity,
        fill_price=at.limit_price,
        quote=quote,
        commission=charged(quote * rate),
        commission_asset=state.scenario.quote,
        maker=maker,
        realized=entered.realized,
        filled_at=state.now_ms,
    )
    store.record(done)
    earn(state, "REALIZED_PNL", entered.realized, symbol=order.symbol, trade_id=done.trade_id)
    earn(state, "COMMISSION", -done.commission, symbol=order.symbol, trade_id=done.trade_id)
    after = _set_apart(state, order.symbol, before=before, after=entered.position)
    state.usdm.put(order.symbol, side=order.position_side, position=after)
    if not after.quantity:
        _end_reducers(state, order)
    return done


def _set_apart(state: State, symbol: str, *, before: Position, after: Position) -> Position:
    """Return *after* with the isolated wallet it should have; unchanged on cross margin."""
    if not state.usdm.is_isolated(symbol):
        return after
    leverage = state.usdm.leverage(symbol)
    if before.quantity * after.quantity <= 0:
        return replace(after, isolated=booked(abs(after.cost) / leverage))
    grown = abs(after.cost) - abs(before.cost)
    if grown >= 0:
        return replace(after, isolated=before.isolated + booked(grown / leverage))
    share = after.quantity / before.quantity
    return replace(after, isolated=booked(before.isolated * share))


def earn(state: State, kind: str, units: Decimal, *, symbol: str, trade_id: int) -> None:
    """Book an income of *kind*, unless it is nothing."""
    if units:
        state.usdm.credit(
            Income(
                number=state.next_number(),
                kind=kind,
                symbol=symbol,
                units=units,
                trade_id=trade_id,
                booked_at=state.now_ms,
            )
        )


def _end_reducers(state: State, closed_by: Order) -> None:
    """Expire the reduce-only orders of a position that is now flat, the closing one too.

    Of conditional orders only those that depend on the position: another would outlive it.
    """
    place = closed_by.position_side
    for order in state.stores[Market.USDM].open_orders(closed_by.symbol):
        if order.reduce_only and order.position_side == place:
            end(state, order, "EXPIRED")
    for waiting in state.conditionals.resting(closed_by.symbol):
        if waiting.time_in_force == WHILE_HELD and waiting.position_side == place:
            state.conditionals.put(replace(waiting, status="EXPIRED", updated_at=state.now_ms))
