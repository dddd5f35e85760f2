"""Overlays of a valid document in the domain's values: days become instants of the zone.

Pure but for reading the zone database.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from types import MappingProxyType
from zoneinfo import ZoneInfo

from trimtab.config.models import Document
from trimtab.config.models_overlays import Phase, Rotation, Season
from trimtab.domain.instruments import Asset
from trimtab.domain.overlay_policy import OverlayPolicy, PhasePolicy, RotationPolicy, SeasonPolicy


def overlays_of(document: Document) -> OverlayPolicy:
    """Return what the operator wishes to shift the targets by."""
    wished, zone = document.overlays, document.rebalance.timezone
    return OverlayPolicy(
        zone=zone,
        season=None if wished.season is None else _season(wished.season),
        rotation=None if wished.rotation is None else _rotation(wished.rotation, zone),
        phase=None if wished.phase is None else _phase(wished.phase, zone),
    )


def _season(season: Season) -> SeasonPolicy:
    """Return multipliers and ratios by month."""
    months = {
        month: MappingProxyType({Asset(a): factor for a, factor in factors.items()})
        for month, factors in season.months.items()
    }
    return SeasonPolicy(
        multipliers=MappingProxyType(months),
        renormalise=season.renormalise,
        hedge_ratios=MappingProxyType(dict(season.hedge_ratio)),
    )


def _rotation(rotation: Rotation, zone: str) -> RotationPolicy:
    """Return the weights of the box and its two instants."""
    begins, ends = rotation.from_, rotation.until
    return RotationPolicy(
        targets=MappingProxyType({Asset(a): weight for a, weight in rotation.targets.items()}),
        groups=MappingProxyType(dict(rotation.groups)),
        begins_at=None if begins is None else _start(begins, zone),
        ends_at=None if ends is None else _start(ends, zone),
    )


def _phase(phase: Phase, zone: str) -> PhasePolicy:
    """Return the steps; the day of the first one names them."""
    return PhasePolicy(
        phase_id=f"phase {phase.from_.isoformat()}",
        steps=phase.steps,
        begins_at=_start(phase.from_, zone),
        days_between=phase.every_days,
    )


def _start(day: date, zone: str) -> datetime:
    """Return the instant at which *day* begins in *zone*."""
    if zone == "UTC":
        return datetime.combine(day, time(), tzinfo=UTC)  # Also without a zone database.
    return datetime.combine(day, time(), tzinfo=ZoneInfo(zone)).astimezone(UTC)
