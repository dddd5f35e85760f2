"""What time and prices do without an order: resting fills, funding, liquidation, delivery.

Changes the state. Everything happens at mark, in a fixed order. Orders that the
exchange places itself carry the client ids that Binance gives them: ``autoclose-``,
``adl_autoclose``, ``settlement_autoclose-``.
"""

from __future__ import annotations

from decimal import Decimal

from trimtab.testnet import spot_desk, usdm_desk, usdm_triggers
from trimtab.testnet.books import Level, crossing
from trimtab.testnet.catalogue import Market
from trimtab.testnet.exact import ZERO, booked
from trimtab.testnet.margin import Stake, pool, stakes
from trimtab.testnet.matching import take
from trimtab.testnet.orders import Order
from trimtab.testnet.state import Settlement, State

_HOUR_MS = 3_600_000


def advance(state: State) -> None:
    """Bring the account up to now: funding and deliveries that fell due, stops, liquidation."""
    now = state.now_ms
    state.list_quarters()
    for symbol in [s for s, ends_at in state.countdowns.items() if ends_at <= now]:
        del state.countdowns[symbol]
        for order in state.stores[Market.USDM].open_orders(symbol):
            usdm_desk.end(state, order, "CANCELED")
    for symbol, first_due in state.funding_due.items():
        step = state.funding_hours(symbol) * _HOUR_MS
        for due in range(first_due, now + 1, step):
            settle_funding(state, symbol, at_ms=due)
            state.funding_due[symbol] = due + step
    _deliver(state, now)
    usdm_triggers.trigger(state)
    liquidate(state)


def _deliver(state: State, now_ms: int) -> None:
    """Settle what has expired at its index; its orders expire with it."""
    for order in state.stores[Market.USDM].open_orders():
        if state.listing(Market.USDM, order.symbol).delivers_at <= now_ms:
            usdm_desk.end(state, order, "EXPIRED")
    for waiting in state.conditionals.resting():
        if state.listing(Market.USDM, waiting.symbol).delivers_at <= now_ms:
            usdm_triggers.end(state, waiting, "EXPIRED")
    for symbol, side, position in state.usdm.open_positions():
        listing = state.listing(Market.USDM, symbol)
        if listing.delivers_at <= now_ms:
            _close(
                state,
                (symbol, side),
                Level(limit_price=state.prices.index(listing), quantity=abs(position.quantity)),
                client_id=f"settlement_autoclose-{now_ms}",
            )


def match_resting(state: State) -> None:
    """Fill the resting orders that the books now reach, oldest first, at their own limits."""
    for market, desk in ((Market.SPOT, spot_desk), (Market.USDM, usdm_desk)):
        for order in state.stores[market].open_orders():
            current = state.stores[market].get(order.number)
            quantity = _reached(state, current) if current.is_open else ZERO
            if quantity > 0:
                desk.fill(
                    state,
                    current,
                    quantity=quantity,
                    fill_price=current.limit_price,
                    maker=True,
                )


def _reached(state: State, order: Order) -> Decimal:
    """Return how much of resting *order* the book can fill."""
    listing = state.listing(order.market, order.symbol)
    levels = state.books.levels(listing, order.side, state.mid(listing))
    wanted = order.remaining
    if order.reduce_only:
        held = state.usdm.position(order.symbol, side=order.position_side).quantity
        wanted = min(wanted, max(ZERO, -held if order.side == "BUY" else held))
    taken = take(crossing(levels, order.side, order.limit_price), wanted)
    state.books.consume(listing, order.side, taken)
    return sum((level.quantity for level in taken), ZERO)


def settle_funding(state: State, symbol: str, *, at_ms: int) -> None:
    """Settle one funding of *symbol* at the present rate and mark."""
    rate, mark = state.funding_rate(symbol), state.mark(symbol)
    state.usdm.settlements.append(Settlement(symbol=symbol, rate=rate, mark=mark, settled_at=at_ms))
    for name, _side, position in state.usdm.open_positions():
        if name == symbol:
            paid = booked(position.quantity * mark * rate)
            usdm_desk.earn(state, "FUNDING_FEE", -paid, symbol=symbol, trade_id=0)


def liquidate(state: State) -> None:
    """Close what no longer maintains its margin, the largest maintenance first.

    Open orders go first. A wallet that ends below zero is made good by the insurance fund.
    """
    for stake in stakes(state):
        backing = stake.position.isolated + stake.profit
        if stake.isolated and stake.position.quantity and backing < stake.maintained:
            liquidate_stake(state, stake)
    cross = pool(state)
    if cross.balance >= cross.maintained:
        return
    for order in state.stores[Market.USDM].open_orders():
        usdm_desk.end(state, order, "CANCELED")
    held = [s for s in stakes(state) if not s.isolated and s.position.quantity]
    for stake in sorted(held, key=lambda s: s.maintained, reverse=True):
        liquidate_stake(state, stake)
        left = pool(state)
        if left.balance >= left.maintained:
            break


def liquidate_stake(state: State, stake: Stake) -> None:
    """Close one stake at mark as the liquidation engine does."""
    symbol = stake.listing.symbol
    _close(
        state,
        (symbol, stake.side),
        Level(limit_price=stake.mark, quantity=abs(stake.position.quantity)),
        client_id=f"autoclose-{state.now_ms}",
    )
    if state.usdm.wallet < 0:
        made_good = -state.usdm.wallet
        usdm_desk.earn(state, "INSURANCE_CLEAR", made_good, symbol=symbol, trade_id=0)


def deleverage(state: State, symbol: str, *, side: str, quantity: Decimal) -> Order:
    """Close *quantity* of a position at mark, as automatic deleveraging does."""
    held = abs(state.usdm.position(symbol, side=side).quantity)
    return _close(
        state,
        (symbol, side),
        Level(limit_price=state.mark(symbol), quantity=min(quantity, held)),
        client_id="adl_autoclose",
    )


def _close(state: State, place: tuple[str, str], at: Level, *, client_id: str) -> Order:
    """Close part of the position at *place* by an order of the exchange's own."""
    symbol, side = place
    held = state.usdm.position(symbol, side=side).quantity
    store, now = state.stores[Market.USDM], state.now_ms
    order = store.put(
        Order(
            number=store.next_number(),
            market=Market.USDM,
            symbol=symbol,
            client_id=client_id,
            side="SELL" if held > 0 else "BUY",
            kind="LIMIT",
            time_in_force="IOC",
            quantity=at.quantity,
            limit_price=at.limit_price,
            reduce_only=True,
            position_side=side,
            created_at=now,
            updated_at=now,
        )
    )
    rule = state.listing(Market.USDM, symbol).rule
    settled = client_id.startswith("settlement")
    usdm_desk.book_fill(state, order, at, rate=ZERO if settled else rule.taker_fee, maker=False)
    return store.get(order.number)
