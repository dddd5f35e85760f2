"""Limits of successive IOC orders for one leg: from the touch to the approved bound. Pure.

The first limit stands two ticks beyond the best opposite price, each further one deeper,
the last at the bound that was approved; none beyond it. All in whole ticks, from the book
of the fresh read, and the same book gives the same limit.
"""

from __future__ import annotations

from typing import Final

from trimtab.domain.exact import ceil_times, floor_times
from trimtab.domain.instruments import Ticks
from trimtab.domain.plan import Leg
from trimtab.domain.snapshot import Book

FIRST_STEP_TICKS: Final = 2
"""How far beyond the best opposite price the first order may go, ticks."""


def limit_of(leg: Leg, book: Book, *, rung: int, rungs: int, last: Ticks | None) -> Ticks | None:
    """Return the limit of the order on *rung*, or None when the touch is beyond the bound.

    *rung* counts from 0; *rungs* is the last one, whose limit is the bound. *last* is the
    limit of the order before for the same leg, None for the first: the new one is deeper.
    """
    sign = 1 if leg.lots > 0 else -1
    tick = leg.instrument.tick_size
    if sign > 0:
        touch = ceil_times(tick, book.asks[0].price)
    else:
        touch = floor_times(tick, book.bids[0].price)
    room = (leg.limit - touch) * sign
    if room < 0:
        return None
    if rung >= rungs:
        return leg.limit
    first = min(FIRST_STEP_TICKS, room)
    depth = first + -(-(room - first) * rung // rungs)
    if last is not None:
        depth = max(depth, (last - touch) * sign + 1)
    return Ticks(touch + sign * min(depth, room))
