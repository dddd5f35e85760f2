"""When a fallen price may be bought: the rule, and what was found.

Pure values. Fractions are of 1. Source: strategy definitions 4.6.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from trimtab.domain.readings import Reading


class DipSign(StrEnum):
    """What may speak for buying."""

    AVERAGE = "average"
    """The close is back above its exponential average, after days below it."""
    SUPPORT = "support"
    """The close is near a level that held before."""
    FALL = "fall"
    """The close is so far below its recent high, and no farther."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DipRule:
    """Which signs are looked at, and how many must hold."""

    signs: tuple[DipSign, ...]
    """Never empty, each once."""
    all_of_them: bool
    """Whether every sign must hold; else one is enough."""
    average_days: int
    """Period of the average, >= 2; 50 is usual."""
    support: Decimal
    """The level, quote units per base unit; 0 takes the lowest close of ``recent_days``."""
    support_within: Decimal
    """How far from the level counts as near, fraction, 0 to 1."""
    fall_min: Decimal
    """Least distance below the recent high, fraction, 0 to 1."""
    fall_max: Decimal
    """Greatest distance, fraction, >= ``fall_min``."""
    recent_days: int
    """Closes of which the high, and the support, are taken, >= 10."""

    @property
    def days(self) -> int:
        """How many closes the rule looks at."""
        return max(self.recent_days, 4 * self.average_days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dip:
    """What the rule found."""

    holds: bool
    """Whether the asset may be bought."""
    figures: tuple[Reading, ...]
    """One for each sign that is looked at, in the rule's order."""
