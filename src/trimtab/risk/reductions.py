"""Which legs provably reduce risk, at any fill. Pure and exact.

Reduce-only is not the same: buying back a hedge is reduce-only and raises exposure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.exact import exact_arithmetic
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
