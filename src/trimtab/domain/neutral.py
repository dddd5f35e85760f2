"""A neutral yield sleeve: coins with an equal short in their perpetual, held for its funding.

Pure values. Carry is a fraction of the notional a year; positive is what a short receives. A member
is held while it pays, else its part of the weight is quote. Source: strategy definitions 1.11;
docs/design/0044-neutral-yield-sleeve.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from trimtab.domain.exact import exact_arithmetic, ratio
from trimtab.domain.history import HistoryNeed
from trimtab.domain.instruments import Asset
from trimtab.domain.readings import Reading

NEUTRAL: Final = "neutral"
"""Name of the sleeve, and of its overlay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NeutralPolicy:
    """Which coins may be held so, how much of them, and while what is paid."""

    weight: Decimal
    """Of all members together, fraction of NAV, above 0 to 1."""
    members: tuple[Asset, ...]
    """In file order, never empty, in equal parts; no target and no sleeve names them."""
    min_carry: Decimal
    """Above which a member is entered, four trades paid over ``horizon_days``, >= 0."""
    exit_carry: Decimal
    """Below which one that is held is left, without costs; not above ``min_carry``."""
    funding_days: int
    """Days back over which realised funding is averaged, >= 1."""
    horizon_days: int
    """For how long a member is reckoned to be held, >= 1."""
    band: Decimal
    """How far a member's weight may stray, share of it, 0 to 1."""
    entered: tuple[Asset, ...] = ()
    """Members that are to be held as one account and occasion have it; none in a configuration."""
    readings: tuple[Reading, ...] = ()
    """What that rests on, likewise."""

    @property
    def weights(self) -> Mapping[Asset, Decimal]:
        """The weight of each member while it is held; the last one takes what is left over."""
        part = ratio(self.weight, Decimal(len(self.members)))
        parts = dict.fromkeys(self.members, part)
        with exact_arithmetic():
            parts[self.members[-1]] = self.weight - part * (len(self.members) - 1)
        return parts

    @property
    def need(self) -> HistoryNeed:
        """What of the past it has to know."""
        return HistoryNeed(assets=(), days=self.funding_days, perpetuals=self.members)
