"""How far a leg may go beside the legs that oppose it: no half of a pair outruns the other. Pure.

Where legs of one asset oppose each other, one of them a contract, each is limited to the share of
its way that the other side has come in earlier stages. So what is really there always lies between
states that the plan passes through, and a prefix that is safe when earlier stages end as planned is
safe when they end short of it. Design: docs/design/0033-order-of-legs.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.plan import Leg


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One approved leg, and what of it is done."""

    leg: Leg
    done: int
    """Executed lots, signed like the leg."""


def reach(works: Sequence[Progress], *, stage: int) -> Mapping[int, int]:
    """Return the most lots, >= 0, that legs of *stage* may still go, by line; others are free."""
    room: dict[int, int] = {}
    for asset in dict.fromkeys(w.leg.instrument.base for w in works):
        mine = [w for w in works if w.leg.instrument.base == asset]
        if any(w.leg.instrument.is_contract for w in mine):
            for buys in (True, False):
                room |= _side(mine, stage=stage, buys=buys)
    return room


def _side(works: Sequence[Progress], *, stage: int, buys: bool) -> Mapping[int, int]:
    """Return the room of the legs of one side in a stage, in the order of their lines."""
    own = [w for w in works if (w.leg.lots > 0) == buys and w.leg.stage <= stage]
    other = [w for w in works if (w.leg.lots > 0) != buys and w.leg.stage < stage]
    here = [w for w in own if w.leg.stage == stage]
    if not other or not here:
        return {}
    room: dict[int, int] = {}
    with exact_arithmetic():
        came, whole = _units(other, planned=False), _units(other, planned=True)
        left = _units(own, planned=True) * came - _units(own, planned=False) * whole
        for work in here:
            lot = work.leg.instrument.lot_size * whole
            most = max(0, int(left // lot))
            room[work.leg.line] = most
            left -= min(most, abs(work.leg.lots - work.done)) * lot
    return room


def _units(works: Iterable[Progress], *, planned: bool) -> Decimal:
    """Return unsigned base units of legs together: planned, or done."""
    return sum(
        (abs(w.leg.instrument.units(w.leg.lots if planned else w.done)) for w in works), ZERO
    )
