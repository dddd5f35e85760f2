"""The portfolio's sections of the configuration file: where it should be.

Pure; written and read like :mod:`trimtab.config.models`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field

from trimtab.config.fields import (
    SECTION,
    AssetCode,
    DefaultText,
    Exact,
    FlagText,
    Fraction,
    GroupName,
    Switch,
    Text,
    ThresholdText,
    Unit,
    Value,
    Whole,
)
from trimtab.config.models_history import RiskParity
from trimtab.config.models_neutral import Neutral
from trimtab.config.models_sleeves import Sleeve
from trimtab.config.numerals import fault
from trimtab.domain.policy import Basis, Inner, Untargeted

Units = Annotated[Exact, Field(gt=0, le=10**15), Unit(name="units")]
"""Units of an asset."""


def _not_nothing(value: Decimal) -> Decimal:
    """Refuse a position of nothing."""
    if value:
        return value
    raise fault("must not be 0", fix="remove it")


SignedUnits = Annotated[
    Exact, Field(ge=-(10**15), le=10**15), AfterValidator(_not_nothing), Unit(name="units")
]
"""Units of an asset, signed."""


def _inner(earlier: dict[str, Any]) -> Inner:
    """Return how members share when nothing says so: as the shares say, else equally."""
    return Inner.FIXED if earlier.get("shares") else Inner.EQUAL


class Group(BaseModel):
    """One group of assets. It names either members or shares."""

    model_config = SECTION

    weight: Fraction = Field(examples=["0.70"])
    """Weight of the group as a whole; the sum over all groups must be 1."""
    members: tuple[AssetCode, ...] = Field(default=(), examples=["BTC", "ETH"])
    """Its assets, where no shares are fixed."""
    shares: dict[AssetCode, Fraction] = Field(default_factory=dict)
    """Its assets with their fixed shares of the group; the sum must be 1."""
    inner: Annotated[Inner, DefaultText(text="fixed with shares, else equal")] = Field(
        default_factory=_inner
    )
    """How its weight is split: as shares say, equally, as present values stand, so that an excess
    is trimmed pro rata, or so that all have the same share in its risk."""
    look_back_days: Annotated[Whole, Field(ge=30, le=1500), Unit(name="days")] = 180
    """Closes that shares in its risk are estimated from; other groups do not read it."""
    threshold: Annotated[ThresholdText | None, DefaultText(text="each member's own")] = None
    """One band for the whole group, its members follow; always so where values are kept, by
    default with rebalance.threshold."""
    basket: Switch = False
    """Members without a contract are hedged by those that have one, pro rata within
    hedge.max_ratio; only where values are kept."""


class Tactical(BaseModel):
    """What is held apart for a time.

    It is no part of NAV, weights and orders, but of leverage and margin. Taking a line out of the
    file folds it in again.
    """

    model_config = SECTION

    holdings: dict[AssetCode, Units] = Field(default_factory=dict)
    """Units of a coin."""
    positions: dict[AssetCode, SignedUnits] = Field(default_factory=dict)
    """Base units of a perpetual in the quote, negative for a short."""


class Portfolio(BaseModel):
    """Where the portfolio should be, by exactly one of profile, targets, groups, risk_parity."""

    model_config = SECTION

    basis: Basis = Basis.NET
    """What a weight is a share of: net exposure (futures counted) or spot holdings."""
    profile: Text = ""
    """A ready portfolio: conservative, moderate or aggressive; its weights are in this page."""
    untargeted: Untargeted = Untargeted.IGNORE
    """What happens to an asset that is held but not named."""
    dust_value: Value = Decimal(5)
    """Untargeted holdings, and drifts, below it are left alone."""
    targets: dict[AssetCode, Fraction] = Field(default_factory=dict, examples=['BTC = "0.50"'])
    """Weight per asset, the quote included; the sum must be 1."""
    groups: dict[GroupName, Group] = Field(default_factory=dict)
    """Groups of assets, each a table of its own; no asset is in two of them."""
    flags: dict[AssetCode, FlagText] = Field(
        default_factory=dict, examples=['LUNA = "fundamentals changed"']
    )
    """Assets that are never bought, whatever their drift, each with the words that say why."""
    tactical: Tactical = Field(default_factory=Tactical)
    """What is held apart."""
    sleeves: dict[GroupName, Sleeve] = Field(default_factory=dict)
    """Perpetuals that are kept at a size of their own, each sleeve a table; beside the above."""
    neutral: Neutral | None = None
    """Coins with an equal short, held for its funding; beside targets or groups."""
    risk_parity: RiskParity | None = None
    """Targets whose shares in the risk are equal."""
