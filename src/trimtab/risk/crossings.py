"""How far a price may move until a convex excess rises above zero. Pure and exact.

A move is a fraction of the price as read, counted in whole steps of :data:`STEP`: 0.2 is a rise
by a fifth, -1 a price of nothing. An excess at fixed fills is a sum of largest-of-affine functions
of the move, hence convex, and so is its worst case over fills: where it is not above zero is one
interval. Its ends are found from outside along chords of one step, which a convex function never
crosses twice, and certified: at the step returned the excess holds, at the next it does not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from trimtab.domain.exact import ZERO

STEP: Final = Decimal("0.000001")
"""One step of the grid of moves, a hundredth of a basis point of the price as read."""
RISE_STEPS: Final = 9_000_000
"""The farthest rise that is looked at, in steps: ten times the price."""
FALL_STEPS: Final = -1_000_000
"""The farthest fall, in steps: to nothing."""

Excess = Callable[[int], Decimal]
"""The excess at a move in steps, signed; above zero it is broken. Convex."""


def end_of(excess: Excess, *, sign: int) -> int | None:
    """Return the last step at which *excess* holds towards *sign* (1 up, -1 down), or None.

    It must hold somewhere between here and there. None when it holds at the farthest move.
    """
    outer = RISE_STEPS if sign > 0 else FALL_STEPS
    if excess(outer) <= ZERO:
        return None
    while True:
        inner = outer - sign
        value = excess(inner)
        if value <= ZERO:
            return inner
        # The chord's root: the excess lies above its extension, so it is still broken there.
        outer = inner - sign * int(value // (excess(outer) - value))
        if excess(outer) <= ZERO:
            return outer


def reach(alternatives: Sequence[Excess], *, sign: int) -> int | None:
    """Return the last step until which always one of *alternatives* holds, or None.

    One of them must hold at 0. None when that goes on to the farthest move.
    """
    left, place = list(alternatives), 0
    while going := [e for e in left if e(place) <= ZERO or e(place + sign) <= ZERO]:
        end = end_of(going[0], sign=sign)
        if end is None:
            return None
        left.remove(going[0])
        place = end
    return place
