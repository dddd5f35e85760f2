"""The table of the configuration that holds coins with an equal short, for what that brings.

Pure; written and read like :mod:`trimtab.config.models`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from trimtab.config.fields import (
    SECTION,
    AssetCode,
    Exact,
    Fraction,
    Unit,
    Whole,
    read_assets,
)
from trimtab.domain.contracts import Contract

Weight = Annotated[Exact, Field(gt=0, le=1), Unit(name="fraction")]
"""A share of 1, above 0."""
Yearly = Annotated[Exact, Field(ge=0, le=10), Unit(name="per year")]
"""A fraction of the notional a year, 0 to 10."""


class Neutral(BaseModel):
    """Coins with an equal short in a contract, held while its funding or basis pays enough."""

    model_config = SECTION

    weight: Weight = Field(examples=["0.20"])
    """Of all members together. Targets, weights of sleeves and this sum to 1; the quote holds the
    part of a member that does not pay."""
    members: Annotated[tuple[AssetCode, ...], AfterValidator(read_assets)] = Field(examples=["ETH"])
    """Its coins, in equal parts; they have no target and are in no sleeve."""
    contract: Literal[Contract.PERPETUAL, Contract.DATED] = Contract.PERPETUAL
    """Where the short stands: in the perpetual, for its realised funding, or in the nearest dated
    contract that may be opened, for its basis by the year; that one is rolled before delivery."""
    min_carry: Yearly = Decimal("0.05")
    """A member is entered when that, less four trades over the horizon or by the delivery, pays a
    short more."""
    exit_carry: Yearly = Decimal("0.01")
    """One that is held is left when that, without costs, pays a short less. What is to be rolled
    needs as much of the next contract."""
    funding_days: Annotated[Whole, Field(ge=1, le=365), Unit(name="days")] = 14
    """Days back over which realised funding is averaged; a dated contract has none."""
    horizon_days: Annotated[Whole, Field(ge=1, le=3650), Unit(name="days")] = 90
    """For how long a member is reckoned to be held, which its four trades are spread over; in a
    dated contract that is until its delivery."""
    band: Fraction = Decimal("0.20")
    """How far the weight of a member may stray before it is traded, a share of its weight."""
