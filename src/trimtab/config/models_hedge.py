"""The tables of the configuration under hedge: what the pot buys, and what contracts bring.

Pure. As in :mod:`trimtab.config.models`: the text under a key is its meaning. A table that is not
written is a rule that is not wanted. A look-back is a number of closed days.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from trimtab.config.fields import (
    SECTION,
    AssetCode,
    Bps,
    Exact,
    Fraction,
    GroupName,
    Switch,
    Unit,
    Whole,
)
from trimtab.config.numerals import fault
from trimtab.config.tiers import TiersText
from trimtab.config.words import read_address, read_venue
from trimtab.domain.contracts import GainAction

Period = Annotated[Whole, Field(ge=0, le=500), Unit(name="days")]
"""Closed days; 0 is off."""
Level = Annotated[Exact, Field(gt=0), Unit(name="quote")]
"""A price, above 0."""


def read_candidates(assets: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse lists that name an asset twice."""
    if len(set(assets)) < len(assets):
        raise fault("names an asset twice", fix='write each once, such as ["BTC", "ETH"]')
    return assets


class HedgeVenue(BaseModel):
    """Where contracts are held, when the coins are elsewhere. Keys are never written here."""

    model_config = SECTION

    id: Annotated[str, BeforeValidator(read_venue)] = Field(examples=["bitget"])
    """The exchange's ccxt id; its environment is that of venue."""
    url: Annotated[str, BeforeValidator(read_address)] = ""
    """Where its local exchange listens; loopback only, and only in local, where it is needed."""
    maintenance: dict[AssetCode, TiersText] = Field(
        default_factory=dict, examples=['BTC = [{ up_to = 50000, rate = "0.005" }]']
    )
    """What a position has to maintain there, where the venue does not tell it; as in venue."""


class Cross(BaseModel):
    """Hedges an asset by the perpetual of another, at its beta; for the route "cross"."""

    model_config = SECTION

    by: dict[AssetCode, AssetCode] = Field(default_factory=dict, examples=['ALT = "BTC"'])
    """Whose perpetual is short for an overweight of an asset."""
    groups: Annotated[dict[GroupName, AssetCode], Unit(name="table per group")] = Field(
        default_factory=dict, examples=['alts = "DEFI"']
    )
    """Whose perpetual, such as one on an index, is short for an overweight of any member of a
    group, at the beta of what is held of them together; its members need no route of their own."""
    look_back_days: Annotated[Whole, Field(ge=30, le=1500), Unit(name="days")] = 90
    """Common daily closes that the beta is estimated from; with fewer none is opened."""
    min_r2: Fraction = Decimal("0.6")
    """Least share of the asset's variance that the other must explain."""


class Redeploy(BaseModel):
    """Spends a positive pot on underweight coins, where the buy-dip rule holds."""

    model_config = SECTION

    candidates: Annotated[tuple[AssetCode, ...], AfterValidator(read_candidates)] = ()
    """What may be bought, in this order; empty for all targets, most underweight first."""
    every: Switch = True
    """Whether every condition must hold; with false any one does."""
    ema_days: Period = 50
    """A close is back above its exponential average of so many days; 0 is off."""
    high_days: Period = 90
    """Days within which the recent high is looked for; 0 is off."""
    fall_low: Fraction = Decimal("0.15")
    """Least fall from the recent high."""
    fall_high: Fraction = Decimal("0.20")
    """Greatest fall from it."""
    support_within: Fraction = Decimal("0.02")
    """Distance from a support level, either way."""
    supports: dict[AssetCode, Level] = Field(default_factory=dict, examples=['BTC = "60000"'])
    """Support level per asset; an asset without one has no such condition."""


class Carry(BaseModel):
    """What contracts bring a hedge, and when another one is worth two trades."""

    model_config = SECTION

    on_gain: GainAction = GainAction.OFF
    """When another contract would bring more: the hedge is moved to it, or it is told."""
    horizon_days: Annotated[Whole, Field(ge=1, le=3650), Unit(name="days")] = 90
    """For how long a hedge is reckoned to be held; a dated contract counts to its delivery."""
    funding_days: Annotated[Whole, Field(ge=0, le=365), Unit(name="days")] = 30
    """Days back over which realised funding is averaged; 0 takes the next rate."""
    min_gain_bps: Bps = Decimal(20)
    """What the other must bring more than the present one, trades paid, of the notional."""
    negative_days: Annotated[Whole, Field(ge=0, le=365), Unit(name="days")] = 7
    """Days in a row in which shorts paid at every settlement after which that is told; 0 is off."""
