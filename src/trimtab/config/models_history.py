"""The sections of the configuration that are decided from past prices.

Pure. As in :mod:`trimtab.config.models`: the text under a key is its meaning. A table that is not
written is a rule that is not wanted. Volatilities are yearly, from daily closes; a look-back is a
number of closed days.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from trimtab.config.fields import (
    SECTION,
    AssetCode,
    DefaultText,
    Exact,
    Fraction,
    Switch,
    Unit,
    Whole,
    read_assets,
    read_once,
)

LookBack = Annotated[Whole, Field(ge=10, le=1500), Unit(name="days")]
"""Closed days."""
Volatility = Annotated[Exact, Field(gt=0, le=10), Unit(name="per year")]
"""A yearly volatility, above 0."""
Step = Annotated[Exact, Field(gt=0, le=1), Unit(name="fraction")]
"""A share of the way, above 0."""


class RiskParity(BaseModel):
    """Targets whose shares in the risk are equal, computed anew for each plan."""

    model_config = SECTION

    assets: Annotated[tuple[AssetCode, ...], AfterValidator(read_assets)] = Field(
        examples=["BTC", "ETH"]
    )
    """The coins that share the risk."""
    stable: Fraction = Decimal("0.20")
    """Weight of the quote, fixed first."""
    look_back_days: Annotated[Whole, Field(ge=30, le=1500), Unit(name="days")] = 180
    """Closes that the covariance is estimated from; its correlations are shrunk."""
    volatility: Annotated[Exact, Field(ge=0, le=10), Unit(name="per year")] = Decimal(0)
    """Down to what the coins are scaled when they move more, the rest to the quote; 0 is off."""
    max_scale: Annotated[Exact, Field(ge=1, le=10), Unit(name="multiple")] = Decimal(1)
    """Up to how many times the coins are held when they move less than that; what is above 1 times
    is held by perpetuals, as a sleeve, within risk.max_leverage."""


class VolatilityOverlay(BaseModel):
    """Takes coins off, the rest to the quote, while the portfolio moves more than its target."""

    model_config = SECTION

    target: Volatility = Field(examples=["0.40"])
    """Volatility of the portfolio at its targets; coins are scaled by this over the realised."""
    look_back_days: LookBack = 30
    """Closes that it is measured over."""


class Adaptive(BaseModel):
    """Bands that widen and narrow with the volatility of the portfolio's targets."""

    model_config = SECTION

    reference: Volatility = Field(examples=["0.60"])
    """Volatility at which the bands are as written; else they are realised over this, ½ to 2."""
    look_back_days: LookBack = 30
    """Closes that it is measured over."""
    calm_step: Step = Decimal(1)
    """Share of the way to the target below 0.8 times the reference."""
    usual_step: Step = Decimal(1)
    """The same up to 1.25 times the reference."""
    wild_step: Step = Decimal(1)
    """The same above it."""


class NoTrade(BaseModel):
    """Leaves a drift alone where to correct it costs more than it gains."""

    model_config = SECTION

    risk_aversion: Annotated[Exact, Field(gt=0, le=1000), Unit(name="multiple")] = Field(
        examples=["4"]
    )
    """The λ of the gain, ½ λ (d'Σd before - after) x NAV, d being the drifts as weights."""
    horizon_days: Annotated[Whole, Field(ge=1, le=1500), Unit(name="days")] = 90
    """For how long a drift would be there; Σ is the covariance over so many days."""
    look_back_days: Annotated[Whole, Field(ge=30, le=1500), Unit(name="days")] = 90
    """Closes that the covariance is estimated from; its correlations are shrunk."""


class MomentumOverlay(BaseModel):
    """Trims what at least two of four signs call overheated, even inside the band."""

    model_config = SECTION

    assets: Annotated[
        tuple[AssetCode, ...], AfterValidator(read_once), DefaultText(text="all coins")
    ] = Field(default=(), examples=["BTC", "ETH"])
    """Whose signs are looked at."""
    trim: Step = Decimal("0.25")
    """Share of the target that is taken off, even inside the band."""
    votes: Annotated[Whole, Field(ge=2, le=4), Unit(name="signs")] = 2
    """Signs that must agree on one day; never one alone."""
    hold_days: Annotated[Whole, Field(ge=1, le=14), Unit(name="days")] = 7
    """How long a trim holds after the last day on which they agreed."""
    look_back_days: LookBack = 90
    """Closes that each day is looked at over; more than rsi_period and divergence_days."""
    rsi: Annotated[Exact, Field(ge=50, le=100), Unit(name="index")] = Decimal(70)
    """Strength index at which the first sign votes."""
    rsi_period: Annotated[Whole, Field(ge=2, le=100), Unit(name="days")] = 14
    """Period of the strength index."""
    divergence_days: Annotated[Whole, Field(ge=10, le=365), Unit(name="days")] = 30
    """A new high among so many closes votes, when its strength is below that of the high before."""
    funding_days: LookBack = 90
    """The last funding rate votes above the 90th percentile of so many days."""
    interest_rise: Annotated[Exact, Field(gt=0, le=10), Unit(name="fraction")] = Decimal("0.20")
    """Rise of open interest at which it votes."""
    interest_days: Annotated[Whole, Field(ge=1, le=14), Unit(name="days")] = 7
    """Over how many days it rose; the venue keeps a month."""


class History(BaseModel):
    """Daily closes, read from the venue and kept beside the ledger; only where something asks."""

    model_config = SECTION

    look_back_days: LookBack = 90
    """Closes that trigger chances and the monthly review are told from."""
    chances: Switch = False
    """Whether plan and status tell how likely each trigger price is within 7 and 30 days."""
