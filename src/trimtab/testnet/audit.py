"""The audit: balances and positions again, from the raw tape, by another path.

Pure over the state. Everything is recomputed in fractions from the opening holdings,
the fills, the commissions, the transfers and the funding; open orders give what is
locked. It shares no arithmetic with the accounts. Nothing may differ.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction

from trimtab.testnet.catalogue import Market
from trimtab.testnet.orders import Fill, Order
from trimtab.testnet.state import State

_GRID = 10**8
Sums = defaultdict[str, Fraction]


def audit(state: State) -> tuple[str, ...]:
    """Return every difference between the accounts and the tape; nothing when they agree."""
    differences = [
        *_spot(state),
        *_futures(state),
        *_orders(state),
    ]
    return tuple(differences)


def _differs(name: str, live: Decimal, again: Fraction) -> Iterator[str]:
    """Yield a line when a live figure is not what the tape gives."""
    if Fraction(live) != again:
        yield f"{name}: account {live}, tape {float(again):.10f}"


def _spot(state: State) -> Iterator[str]:
    """Compare free and locked balances with the tape; nothing free may be negative."""
    totals: Sums = defaultdict(Fraction)
    frozen: Sums = defaultdict(Fraction)
    for asset, held in state.scenario.spot.items():
        totals[asset] += Fraction(held.free) + Fraction(held.locked)
        frozen[asset] += Fraction(held.locked)
    pairs = {s: pair.base for s, pair in state.listings[Market.SPOT].items()}
    quote = state.scenario.quote
    for fill in state.stores[Market.SPOT].fills():
        sign = 1 if fill.side == "BUY" else -1
        totals[pairs[fill.symbol]] += sign * Fraction(fill.quantity)
        totals[quote] -= sign * Fraction(fill.quote)
        totals[fill.commission_asset] -= Fraction(fill.commission)
    for moved in state.transfers:
        direction = {"DEPOSIT_SPOT": 1, "UMFUTURE_MAIN": 1, "MAIN_UMFUTURE": -1}
        totals[moved.asset] += direction.get(moved.kind, 0) * Fraction(moved.units)
    for order in state.stores[Market.SPOT].orders():
        asset, units = _locked(order, pairs[order.symbol], quote=quote)
        frozen[asset] += units
    for asset in {*totals, *state.spot.assets()}:
        yield from _differs(f"spot {asset} locked", state.spot.locked(asset), frozen[asset])
        yield from _differs(
            f"spot {asset} free", state.spot.free(asset), totals[asset] - frozen[asset]
        )
        if state.spot.free(asset) < 0:
            yield f"spot {asset} free: {state.spot.free(asset)} is negative"


def _locked(order: Order, base: str, *, quote: str) -> tuple[str, Fraction]:
    """Return what an order holds back: base when selling, quote rounded up when buying."""
    left = Fraction(order.quantity) - Fraction(order.executed)
    if order.status not in {"NEW", "PARTIALLY_FILLED"}:
        left = Fraction(0)
    if order.side == "SELL":
        return base, left
    value = left * Fraction(order.limit_price) * _GRID
    return quote, Fraction(-(-value.numerator // value.denominator), _GRID)


def _futures(state: State) -> Iterator[str]:
    """Compare positions and wallet with the tape.

    The wallet is the opening wallet plus all cash that fills moved, plus what the open
    positions cost, less commissions, plus funding, transfers and what insurance paid.
    """
    wallet = Fraction(state.scenario.wallet)
    places: dict[tuple[str, str], list[Fill]] = defaultdict(list)
    opening: dict[tuple[str, str], tuple[Fraction, Fraction]] = {}
    for given in state.scenario.positions:
        units = Fraction(given.quantity)
        cost = Fraction(round(units * Fraction(given.entry) * _GRID), _GRID)
        opening[(given.symbol, given.side)] = (units, cost)
        wallet -= cost
    for fill in state.stores[Market.USDM].fills():
        places[(fill.symbol, fill.position_side)].append(fill)
        sign = 1 if fill.side == "BUY" else -1
        wallet -= sign * Fraction(fill.quote) + Fraction(fill.commission)
    for symbol, side in {**opening, **places}:
        start = opening.get((symbol, side), (Fraction(0), Fraction(0)))
        units, cost = _replayed(start, places.get((symbol, side), []))
        live = state.usdm.position(symbol, side=side)
        yield from _differs(f"position {symbol} {side} quantity", live.quantity, units)
        yield from _differs(f"position {symbol} {side} cost", live.cost, cost)
        wallet += cost
    for moved in state.transfers:
        direction = {"DEPOSIT_USDM": 1, "UMFUTURE_MAIN": -1, "MAIN_UMFUTURE": 1}
        wallet += direction.get(moved.kind, 0) * Fraction(moved.units)
    outside = {"FUNDING_FEE", "INSURANCE_CLEAR"}
    wallet += sum(Fraction(i.units) for i in state.usdm.incomes if i.kind in outside)
    yield from _differs("futures wallet", state.usdm.wallet, wallet)


def _replayed(start: tuple[Fraction, Fraction], fills: Iterable[Fill]) -> tuple[Fraction, Fraction]:
    """Return quantity and cost after *fills* at average cost, released cost on the 1e-8 grid."""
    units, cost = start
    for fill in fills:
        sign = 1 if fill.side == "BUY" else -1
        change, cash = sign * Fraction(fill.quantity), sign * Fraction(fill.quote)
        if units * change >= 0:
            units, cost = units + change, cost + cash
            continue
        if abs(change) < abs(units):
            kept = cost - Fraction(round(cost * abs(change) / abs(units) * _GRID), _GRID)
            units, cost = units + change, kept
            continue
        closing = Fraction(round(cash * abs(units) / abs(change) * _GRID), _GRID)
        units, cost = units + change, cash - closing
    return units, cost


def _orders(state: State) -> Iterator[str]:
    """Compare what each order says it filled with the sum of its fills."""
    for market, store in state.stores.items():
        filled: dict[int, Fraction] = defaultdict(Fraction)
        for fill in store.fills():
            filled[fill.order_id] += Fraction(fill.quantity)
        for order in store.orders():
            name = f"{market.value} order {order.number} executed"
            yield from _differs(name, order.executed, filled[order.number])
            if order.executed > order.quantity:
                yield f"{name}: {order.executed} of {order.quantity}"
