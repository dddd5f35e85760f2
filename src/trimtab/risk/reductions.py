"""Which legs provably reduce risk, at any fill. Pure and exact.

Reduce-only is not the same: buying back a hedge is reduce-only and raises exposure. A paired
unwind sells coins and buys back their hedge side by side: each leg alone may raise exposure, the
pair leaves it, and what stands open between them is bounded by ``max_unhedged_notional``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.risk.convex import MoveIndex
from trimtab.risk.moves import Move
from trimtab.risk.state import AccountState


@dataclass(frozen=True, slots=True, kw_only=True)
class Raising:
    """The legs that raise something when they fill, alone or together with others."""

    net: frozenset[MoveIndex]
    """Those that raise the |net exposure| of their asset, or turn its sign."""
    notional: frozenset[MoveIndex]
    """Those that raise the |position| in their contract, or turn its sign."""

    @property
    def any(self) -> frozenset[MoveIndex]:
        """Those that raise either; all other legs are provable reductions."""
        return self.net | self.notional


def raising(state: AccountState) -> Raising:
    """Sort the legs of *state* by what they raise.

    A leg reduces only within what is there, less what earlier legs and orders that are out
    already may take off beside it.
    """
    with exact_arithmetic():
        net: set[MoveIndex] = set()
        for asset in {m.instrument.base for m in state.moves}:
            net |= _beyond(state.net(asset), state.on_asset(asset))
        notional: set[MoveIndex] = set()
        for symbol, units in state.positions.items():
            notional |= _beyond(units, state.on_symbol(symbol))
        return Raising(net=frozenset(net), notional=frozenset(notional))


def paired_unwinds(state: AccountState, raised: Raising) -> frozenset[MoveIndex]:
    """Return the legs that are part of a paired unwind.

    Of one asset and one stage: sells of coins that are there, beside buys that only reduce a
    short, together as much as the other to within a lot.
    """
    places = [(a, moves, n) for a, moves in state.moves_by_asset.items() for n in state.stages]
    found: set[MoveIndex] = set()
    with exact_arithmetic():
        for asset, moves, stage in places:
            pair = [m for m in moves if m.stage == stage]
            if _is_unwind(pair, raised, coins=state.free.get(asset, ZERO)):
                found |= {m.index for m in pair}
    return frozenset(found)


def _is_unwind(pair: Sequence[Move], raised: Raising, *, coins: Decimal) -> bool:
    """Say whether the legs of one asset in one stage take off holding and hedge alike."""
    sold = [m for m in pair if not m.instrument.is_contract]
    bought = [m for m in pair if m.instrument.is_contract]
    if not sold or not bought or any(m.index in raised.notional for m in bought):
        return False
    off = -sum((m.units for m in sold), ZERO)
    back = sum((m.units for m in bought), ZERO)
    one_way = all(m.units < 0 for m in sold) and all(m.units > 0 for m in bought)
    return one_way and off <= coins and abs(off - back) <= max(m.instrument.lot_size for m in pair)


def _beyond(start: Decimal, moves: Iterable[Move]) -> set[MoveIndex]:
    """Return the legs that do not bring *start* nearer to zero, or bring it past zero."""
    room, found = abs(start), set[MoveIndex]()
    for move in sorted(moves, key=lambda m: (m.is_leg, m.index)):
        if move.units * start >= 0:
            if move.is_leg:
                found.add(move.index)
        elif abs(move.units) <= room:
            room -= abs(move.units)
        elif move.is_leg:
            found.add(move.index)
        else:
            room = Decimal(0)
    return found
