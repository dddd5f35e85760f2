"""When what hedges brought is put into coins again, and into which.

Pure values. Look-backs are closed days, distances fractions of 1. Source: strategy definitions 4.5
and 4.6.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from trimtab.domain.history import HistoryNeed
from trimtab.domain.history_policy import risky_of
from trimtab.domain.instruments import Asset

EMA_TIMES: Final = 3
"""How many periods of closes an average is begun before it is believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DipRule:
    """What makes a coin one that is bought in a dip; a condition of 0 is off."""

    every: bool
    """Whether every condition must hold; else any one does."""
    ema_days: int
    """Period of the average that a close must be back above, days, >= 0."""
    high_days: int
    """Days within which the recent high is looked for, >= 0."""
    fall_low: Decimal
    """Least fall from it, fraction, 0 to 1."""
    fall_high: Decimal
    """Greatest fall from it, fraction, >= ``fall_low``."""
    support_within: Decimal
    """Distance from a support level, either way, fraction, >= 0."""
    supports: Mapping[Asset, Decimal]
    """Support levels by asset, quote per unit, > 0."""

    @property
    def days(self) -> int:
        """How many closes it is told from, >= 1."""
        return max(1, EMA_TIMES * self.ema_days, self.high_days)


@dataclass(frozen=True, slots=True, kw_only=True)
class RedeployPolicy:
    """How a positive pot is spent."""

    candidates: tuple[Asset, ...]
    """What may be bought, in this order; empty for all targets, most underweight first."""
    dip: DipRule

    def need(self, assets: Collection[Asset]) -> HistoryNeed:
        """Return what has to be read for targets in *assets*."""
        return HistoryNeed(assets=risky_of(self.candidates or assets), days=self.dip.days)
