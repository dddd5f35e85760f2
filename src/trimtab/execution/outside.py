"""What happened on the account that no order of ours explains, since its last statement. Pure.

A liquidation, a deleveraging or a person's own trade in a contract changes what our hedges
stand for; an order that turns up after its absence was proved breaks the venue's own promise.
Either stops new exposure until a person has looked (``trimtab reconcile``). Sizes are signed
lots, long positive.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from trimtab.domain.exact import plain
from trimtab.domain.instruments import Instrument, Lots, Symbol
from trimtab.domain.orders import Fill, OrderRecord
from trimtab.domain.snapshot import Position
from trimtab.execution.tracking import lots_of


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedSince:
    """What the ledger has of the time since its last statement of the account."""

    positions: Mapping[Symbol, Lots]
    """Open positions of the statement; a flat one is not listed."""
    ours: Mapping[Symbol, Lots]
    """Sum of the booked fills of our own orders that were begun since, by market."""
    older: tuple[Fill, ...]
    """Booked fills of our own orders that were begun before, oldest first."""
    external: tuple[Fill, ...]
    """Booked fills that no order of ours has, oldest first."""
    late: tuple[OrderRecord, ...]
    """Orders that were concluded never to have reached the venue, and have fills all the same."""


def outside_of_plans(
    since: BookedSince,
    positions: Mapping[Symbol, Position],
    instruments: Mapping[Symbol, Instrument],
    *,
    open_in: Collection[Symbol],
) -> Mapping[Symbol, str]:
    """Return what somebody else did, in one phrase by contract, by symbol.

    Markets in *open_in* have orders of ours whose end is not known; their positions prove
    nothing yet. Spot is left out: coins move in and out of an account, and a plan is made
    from what is there.
    """
    contracts = {symbol: i for symbol, i in instruments.items() if i.is_contract}
    external = [fill for fill in since.external if fill.symbol in contracts]
    told = {symbol: _told([f for f in external if f.symbol == symbol]) for symbol in contracts}
    for symbol, instrument in contracts.items():
        single = [f for f in (*since.older, *external) if f.symbol == symbol]
        moved = since.ours.get(symbol, 0) + sum(lots_of(f, instrument) for f in single)
        expected = since.positions.get(symbol, 0) + moved
        position = positions.get(symbol)
        held = 0 if position is None else position.lots
        if held != expected and symbol not in open_in:
            told[symbol] = f"a position of {held} lots, booked are {expected}"
    return {symbol: told[symbol] for symbol in sorted(told) if told[symbol]}


def _told(fills: Iterable[Fill]) -> str:
    """Return the last of somebody else's executions in words; nothing without one."""
    last = max(fills, key=lambda f: f.filled_at, default=None)
    if last is None:
        return ""
    return f"{last.side} {plain(last.quantity)} at {plain(last.fill_price)} by no order of ours"
