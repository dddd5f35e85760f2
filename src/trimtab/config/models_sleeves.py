"""The tables of the configuration that say which contracts are kept at a size of their own.

Pure; written and read like :mod:`trimtab.config.models`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from trimtab.config.fields import (
    SECTION,
    AssetCode,
    DefaultText,
    Exact,
    Fraction,
    ThresholdText,
    Unit,
)
from trimtab.domain.sleeves import Direction

Times = Annotated[Exact, Field(ge=0, le=125), Unit(name="multiple")]
"""So many times something, 0 to 125."""


class Sleeve(BaseModel):
    """Perpetuals of one direction with one size: a weight or a multiple, members or shares."""

    model_config = SECTION

    weight: Annotated[Fraction | None, DefaultText(text="none")] = Field(
        default=None, examples=["0.10"]
    )
    """Their |notional| over NAV. The quote holds as much for it: targets and the weights of all
    sleeves sum to 1."""
    multiple: Annotated[Times | None, DefaultText(text="none")] = Field(
        default=None, examples=["2.0"]
    )
    """Their |notional| over the value outside futures wallets, long only, in the place of a
    weight. Nothing is held in the quote for it."""
    direction: Direction = Direction.LONG
    """Long or short."""
    members: tuple[AssetCode, ...] = Field(default=(), examples=["SOL", "AVAX"])
    """Their underlyings, in equal parts."""
    shares: dict[AssetCode, Fraction] = Field(default_factory=dict)
    """Their underlyings with fixed shares of the sleeve; the sum must be 1."""
    threshold: Annotated[
        ThresholdText | None, DefaultText(text="rebalance.threshold; 10% of a multiple")
    ] = None
    """How far its size may stray: "4pp" is points of its weight, "10%" a share of its size."""
