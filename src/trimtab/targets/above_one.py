"""Above one: what risk parity holds beyond the coins themselves, as a sleeve of long perpetuals.

Pure and exact; needs no estimate of its own. Source: strategy definitions 1.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from trimtab.domain.exact import ZERO
from trimtab.domain.instruments import Asset
from trimtab.domain.policy import Threshold
from trimtab.domain.readings import Reading
from trimtab.domain.sleeves import Direction, Sleeve, SleeveScale, reach_of

RULE: Final = "portfolio.risk_parity"
EXTRA: Final = "risk_parity"
"""Name of the sleeve that holds what is above 1 times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParityTargets:
    """What risk parity comes to."""

    weights: Mapping[Asset, Decimal]
    """In the policy's order with the quote last; they sum to 1."""
    shares: Mapping[Asset, Decimal]
    """Of the coins in their part; they sum to 1."""
    extra: Decimal
    """What is to be held above 1 times that part, fraction of NAV, >= 0."""
    readings: tuple[Reading, ...]
    """What it rests on."""


def extra_sleeve(
    found: ParityTargets, threshold: Threshold, *, most: Decimal
) -> tuple[Sleeve, tuple[Reading, ...]]:
    """Return what is held by futures above 1 times, at most *most* of NAV, and what cut it."""
    size = max(ZERO, min(found.extra, most))
    sleeve = Sleeve(
        name=EXTRA,
        scale=SleeveScale.EXTRA,
        size=size,
        direction=Direction.LONG,
        members=found.shares,
        band=reach_of(size, width=threshold.width, relative=threshold.relative),
    )
    if size == found.extra:
        return sleeve, ()
    cut = Reading(
        rule=RULE,
        subject="portfolio",
        name="extra",
        measured=found.extra,
        limit=size,
        holds=True,
        text="of NAV to be held by futures; risk.max_leverage allows less",
    )
    return sleeve, (cut,)
