"""The spot desk: takes, fills, rests and cancels spot orders.

Changes the state. Commissions come out of what was received, or out of BNB at three
quarters when the scenario says so and there is enough. An order that would meet the
account's own resting order expires that one first (``EXPIRE_MAKER``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from trimtab.testnet.books import Level, crossing
from trimtab.testnet.catalogue import Market
from trimtab.testnet.exact import booked, charged, reserved
from trimtab.testnet.filters import check_spot
from trimtab.testnet.matching import in_the_way, quantity_of, take, take_for, value_of
from trimtab.testnet.orders import Fill, Order
from trimtab.testnet.rejections import Rejection, filter_failure, insufficient_balance
from trimtab.testnet.state import State
from trimtab.testnet.tickets import Ticket

_BNB = "BNB"
_BNB_DISCOUNT = Decimal("0.75")


def place(state: State, ticket: Ticket, *, test: bool) -> tuple[Order, list[Fill]]:
    """Take *ticket* as an order; return it as it then stands, with its fills.

    With *test* everything is checked and nothing is changed.

    Raises:
        Rejection: a filter, a duplicate id, funds, or a maker order that would take.

    """
    listing, store = ticket.listing, state.stores[Market.SPOT]
    mid = state.mid(listing)
    open_orders = store.open_orders(listing.symbol)
    check_spot(ticket, mid=mid, open_orders=open_orders)
    if ticket.client_id and any(o.client_id == ticket.client_id for o in open_orders):
        raise Rejection(-2010, "Duplicate order sent.")
    taken = _taken(state, ticket, mid)
    if ticket.kind == "LIMIT_MAKER" and taken:
        raise Rejection(-2010, "Order would immediately match and take.")
    if ticket.quote_quantity and not taken:
        raise filter_failure("LOT_SIZE")
    _require_funds(state, ticket, taken)
    order = _order(state, ticket, taken)
    if test:
        return order, []
    for own in in_the_way(store.open_orders(listing.symbol), ticket, taken):
        end(state, own, "EXPIRED_IN_MATCH")
    store.put(order)
    fills = [
        fill(state, order, quantity=lv.quantity, fill_price=lv.limit_price, maker=False)
        for lv in taken
    ]
    state.books.consume(listing, ticket.side, taken)
    return _settle_remainder(state, store.get(order.number)), fills


def _taken(state: State, ticket: Ticket, mid: Decimal) -> tuple[Level, ...]:
    """Return the levels that *ticket* takes on arrival; none for an unfillable FOK."""
    levels = state.books.levels(ticket.listing, ticket.side, mid)
    if ticket.quote_quantity:
        return take_for(levels, budget=ticket.quote_quantity, lot_size=ticket.listing.rule.lot_size)
    taken = take(crossing(levels, ticket.side, ticket.limit_price), ticket.quantity)
    if ticket.time_in_force == "FOK" and quantity_of(taken) < ticket.quantity:
        return ()
    return taken


def _require_funds(state: State, ticket: Ticket, taken: Sequence[Level]) -> None:
    """Refuse what the free balance cannot pay: limits at their limit, markets as they fill."""
    base = ticket.listing.base
    if ticket.side == "SELL":
        needed, free = ticket.quantity or quantity_of(taken), state.spot.free(base)
    else:
        limit_value = ticket.quantity * ticket.limit_price
        needed, free = (
            reserved(limit_value or value_of(taken)),
            state.spot.free(ticket.listing.quote),
        )
    if needed > free:
        raise insufficient_balance()


def _order(state: State, ticket: Ticket, taken: Sequence[Level]) -> Order:
    """Build the order that *ticket* becomes."""
    number = state.stores[Market.SPOT].next_number()
    now = state.now_ms
    return Order(
        number=number,
        market=Market.SPOT,
        symbol=ticket.listing.symbol,
        client_id=ticket.client_id or f"web{number:019d}",
        side=ticket.side,
        kind=ticket.kind,
        time_in_force=ticket.time_in_force,
        quantity=ticket.quantity or quantity_of(taken),
        limit_price=ticket.limit_price,
        quote_quantity=ticket.quote_quantity,
        created_at=now,
        updated_at=now,
    )


def _settle_remainder(state: State, order: Order) -> Order:
    """Rest what is left of *order*, or expire it."""
    if not order.is_open:
        return order
    rests = order.kind == "LIMIT_MAKER" or (order.kind == "LIMIT" and order.time_in_force == "GTC")
    if not rests:
        return end(state, order, "EXPIRED")
    _reserve(state, order)
    return order


def _reserve(state: State, order: Order) -> None:
    """Hold back what the rest of *order* needs; nothing once it is closed."""
    listing = state.listing(Market.SPOT, order.symbol)
    left = order.remaining if order.is_open else order.remaining * 0
    if order.side == "SELL":
        state.spot.reserve(order.number, listing.base, left)
    else:
        state.spot.reserve(order.number, listing.quote, reserved(left * order.limit_price))


def end(state: State, order: Order, status: str) -> Order:
    """Close *order* with *status* and free what it held back."""
    ended = replace(order, status=status, updated_at=state.now_ms)
    state.stores[Market.SPOT].put(ended)
    _reserve(state, ended)
    return ended


def _commission(
    state: State, received: tuple[str, Decimal], *, rate: Decimal, quote: Decimal
) -> tuple[str, Decimal]:
    """Return the asset and units that a fill worth *quote* is charged."""
    asset, units = received
    if state.scenario.bnb_fees:
        in_bnb = charged(quote * rate * _BNB_DISCOUNT / state.prices.mid(_BNB))
        if in_bnb <= state.spot.free(_BNB):
            return _BNB, in_bnb
    return asset, charged(units * rate)


def fill(
    state: State, order: Order, *, quantity: Decimal, fill_price: Decimal, maker: bool
) -> Fill:
    """Fill *quantity* of *order* at *fill_price*: move balances, charge, write the tape."""
    listing, store = state.listing(Market.SPOT, order.symbol), state.stores[Market.SPOT]
    if maker:
        state.spot.reserve(order.number, listing.quote, quantity * 0)
    quote = booked(quantity * fill_price)
    buys = order.side == "BUY"
    state.spot.move(listing.base, quantity if buys else -quantity)
    state.spot.move(listing.quote, -quote if buys else quote)
    received = (listing.base, quantity) if buys else (listing.quote, quote)
    rate = listing.rule.maker_fee if maker else listing.rule.taker_fee
    asset, commission = _commission(state, received, rate=rate, quote=quote)
    state.spot.move(asset, -commission)
    done = Fill(
        trade_id=store.next_trade_id(order.symbol),
        order_id=order.number,
        market=Market.SPOT,
        symbol=order.symbol,
        client_id=order.client_id,
        side=order.side,
        position_side="BOTH",
        quantity=quantity,
        fill_price=fill_price,
        quote=quote,
        commission=commission,
        commission_asset=asset,
        maker=maker,
        realized=quantity * 0,
        filled_at=state.now_ms,
    )
    after = store.record(done)
    if maker:
        _reserve(state, after)
    return done
