"""Reference prices: what independent public sources say a coin is worth. Pure.

Sources quote in dollars, an account counts in a stable. The stable's own peg, dollars per
unit of it, is measured like any other value; it is never taken to be 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final

from trimtab.domain.instruments import Asset

REFERENCES_MIN: Final = 2
"""Independent quotations that it takes to measure anything."""
DOLLAR_STABLES: Final = frozenset(
    {"DAI", "FDUSD", "PYUSD", "TUSD", "USD1", "USDC", "USDE", "USDP", "USDT"}
)
"""Coins that are meant to be worth one dollar, beside the account's own quote."""


class ReferenceSource(StrEnum):
    """Who says what a coin is worth."""

    COINBASE = "coinbase"
    KRAKEN = "kraken"
    BITSTAMP = "bitstamp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotation:
    """What one source said of one asset."""

    source: ReferenceSource
    asset: Asset
    value: Decimal
    """Dollars per unit, > 0: half way between its best bid and ask."""
    quoted_at: datetime
    """By the source's own stamp, the oldest where it gives several; never after it was read."""

    def __post_init__(self) -> None:
        if not self.value.is_finite() or self.value <= 0:
            raise ValueError(f"{self.asset}: a quotation must be > 0, was {self.value}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Why one source said nothing usable of one asset."""

    source: ReferenceSource
    asset: Asset
    why: str
    """A few words: ``answered HTTP 503``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """What all sources said, asset by asset; of an asset that was not asked about, nothing."""

    quotations: tuple[Quotation, ...]
    silences: tuple[Silence, ...]


NO_REFERENCES: Final = References(quotations=(), silences=())
"""Nobody was asked."""
