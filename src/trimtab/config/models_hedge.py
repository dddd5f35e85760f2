"""The table of the configuration that says how what hedges brought is spent.

Pure. As in :mod:`trimtab.config.models`: the text under a key is its meaning. A table that is not
written is a rule that is not wanted. A look-back is a number of closed days.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from trimtab.config.fields import SECTION, AssetCode, Exact, Fraction, Switch, Unit, Whole
from trimtab.config.numerals import fault

Period = Annotated[Whole, Field(ge=0, le=500), Unit(name="days")]
"""Closed days; 0 is off."""
Level = Annotated[Exact, Field(gt=0), Unit(name="quote")]
"""A price, above 0."""


def read_candidates(assets: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse lists that name an asset twice."""
    if len(set(assets)) < len(assets):
        raise fault("names an asset twice", fix='write each once, such as ["BTC", "ETH"]')
    return assets


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
