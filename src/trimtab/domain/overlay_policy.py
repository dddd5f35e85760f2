"""What the operator wishes to shift the targets by, and for how long: season, rotation, phase.

Weights are fractions of the basis, instants aware UTC. Built by the configuration from a valid
file; None is an overlay that is not wished for. Source: strategy definitions 1.7 to 1.9.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from trimtab.domain.instruments import Asset

MONTHS: Final = (
    *("jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
)
"""How months are written, in the order of the calendar."""


class Renormalise(StrEnum):
    """Whose weights make room for what a season favours."""

    RISKY = "risky"
    """Those of risky assets; stables keep their share."""
    ALL = "all"
    """Every weight, stables at a multiplier of 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonPolicy:
    """Multipliers of target weights by month."""

    multipliers: Mapping[str, Mapping[Asset, Decimal]]
    """By month, as in MONTHS, and asset, >= 0; 1 where nothing is written."""
    renormalise: Renormalise
    hedge_ratios: Mapping[str, Decimal]
    """Share of an overweight that is hedged, by month, 0 to 1; the usual one elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RotationPolicy:
    """Other weights for a time, by futures."""

    targets: Mapping[Asset, Decimal]
    """Weight of every targeted asset; empty where groups are given."""
    groups: Mapping[str, Decimal]
    """Weight of every group; empty where assets are given."""
    begins_at: datetime | None
    """None: at once."""
    ends_at: datetime | None
    """Exclusive. None: by hand, when the file no longer says it."""

    def is_on(self, now: datetime) -> bool:
        """Whether *now* lies in its box."""
        begun = self.begins_at is None or self.begins_at <= now
        return begun and (self.ends_at is None or now < self.ends_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class PhasePolicy:
    """Going to the targets in equal steps of the distance that remains."""

    phase_id: str
    """Names its steps in plans and ledger; another beginning is another phase."""
    steps: int
    """Number of steps, at least 2."""
    begins_at: datetime
    """When the first step is due."""
    days_between: int
    """From one step's due instant to the next one's, > 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayPolicy:
    """All of them."""

    zone: str
    """IANA name of the zone in which days and months begin."""
    season: SeasonPolicy | None
    rotation: RotationPolicy | None
    phase: PhasePolicy | None


NO_OVERLAYS: Final = OverlayPolicy(zone="UTC", season=None, rotation=None, phase=None)
"""Targets as they stand."""
