"""Split: what becomes of one overweight, sold in part and hedged in part.

Pure and exact but for divisions. What a short covers already at the hedge ratio stays; of the rest
a share is sold, and the remainder is hedged at the ratio. So a filled plan leaves nothing to plan,
whatever the share. Source: strategy definitions 3.3 and 4.2; docs/design/0031-routes.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.exact import ZERO, exact_arithmetic, ratio
from trimtab.domain.hedge_policy import HedgePolicy
from trimtab.domain.routing import Way


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """What becomes of one overweight, quote units."""

    sold: Decimal
    """By spot, >= 0."""
    hedged: Decimal
    """By which the short grows, signed."""
    accepted: Decimal
    """What stays on purpose, >= 0; less where whole orders hedged a little too much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """What stands against a holding, quote units, each >= 0; hedges by hand left out."""

    short: Decimal
    """What is short already."""
    most: Decimal
    """What may be short at most while the whole holding is there."""


def split_of(over: Decimal, cover: Cover, *, way: Way, hedge: HedgePolicy) -> Split:
    """Split an overweight of *over*, quote units, that *cover* stands against in part.

    Where the ceiling on hedges would cut the hedge, more is sold, so that the two still make up
    for each other.
    """
    if over <= 0:
        return Split(sold=ZERO, hedged=ZERO, accepted=ZERO)
    with exact_arithmetic():
        covered = ratio(cover.short, hedge.ratio) if hedge.ratio else ZERO
        if abs(over - covered) <= way.tolerance:
            return Split(sold=ZERO, hedged=ZERO, accepted=over - cover.short)
        open_part = max(ZERO, over - covered)
        least = max(way.spot.of(open_part), _forced(over, cover, hedge=hedge))
        sold = min(open_part, least)
        room = max(ZERO, cover.most - hedge.max_ratio * sold)
        wanted = min(hedge.ratio * (over - sold), room)
        return Split(sold=sold, hedged=wanted - cover.short, accepted=over - sold - wanted)


def _forced(over: Decimal, cover: Cover, *, hedge: HedgePolicy) -> Decimal:
    """Return what has to be sold for the rest to be hedged within its ceiling, signed."""
    if hedge.ratio <= hedge.max_ratio:
        return ZERO
    return ratio(hedge.ratio * over - cover.most, hedge.ratio - hedge.max_ratio)
