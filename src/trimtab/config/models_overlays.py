"""The overlays' sections of the configuration file: what shifts the targets, and for how long.

Pure; written and read like :mod:`trimtab.config.models`. A table that is not there is an overlay
that is not wished for.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from trimtab.config.fields import (
    SECTION,
    AssetCode,
    Day,
    DefaultText,
    Fraction,
    GroupName,
    MonthName,
    Multiple,
    Unit,
    Whole,
)
from trimtab.config.models_history import MomentumOverlay, VolatilityOverlay
from trimtab.domain.overlay_policy import Renormalise


class Season(BaseModel):
    """Weights, or how much is hedged, by the month."""

    model_config = SECTION

    renormalise: Renormalise = Renormalise.RISKY
    """Whose weights make room: those of risky assets, stables keeping their share, or all."""
    months: Annotated[
        dict[MonthName, dict[AssetCode, Multiple]], Unit(name="table per month and asset")
    ] = Field(default_factory=dict)
    """Multiplier of a target weight by month (jan to dec) and asset; 1 where nothing is said."""
    hedge_ratio: Annotated[dict[MonthName, Fraction], Unit(name="table per month")] = Field(
        default_factory=dict
    )
    """In the place of hedge.ratio, by month."""


class Rotation(BaseModel):
    """Other weights for a time, reached by futures and left by closing them."""

    model_config = SECTION

    targets: dict[AssetCode, Fraction] = Field(default_factory=dict)
    """Weight of every targeted asset for that time; the sum must be 1."""
    groups: Annotated[dict[GroupName, Fraction], Unit(name="table per group")] = Field(
        default_factory=dict
    )
    """Weight of every group, where the portfolio is made of groups; the sum must be 1."""
    from_: Annotated[Day | None, DefaultText(text="at once")] = Field(default=None, alias="from")
    """First day."""
    until: Annotated[Day | None, DefaultText(text="by hand")] = None
    """The day on which it is over."""


class Phase(BaseModel):
    """The way to the targets in steps, each the same part of what remains at the time."""

    model_config = SECTION

    steps: Annotated[Whole, Field(ge=2, le=1000, examples=[4]), Unit(name="steps")]
    """Number of steps; step k of n trades 1/(n - k + 1) of the remaining distance."""
    from_: Day = Field(alias="from", examples=["2026-12-01"])
    """Day of the first step; another day begins another phase."""
    every_days: Annotated[Whole, Field(ge=1, le=366), Unit(name="days")] = 7
    """Days from one step to the next."""


class Overlays(BaseModel):
    """What shifts the effective targets, each with its end. None unless its table is there."""

    model_config = SECTION

    season: Season | None = None
    """By the month."""
    volatility: VolatilityOverlay | None = None
    """Takes risk off while prices move more than wanted."""
    rotation: Rotation | None = None
    """For a time, by futures."""
    momentum: MomentumOverlay | None = None
    """Trims what several signs together call overheated."""
    phase: Phase | None = None
    """Step by step."""
