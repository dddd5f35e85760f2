"""Whether an account may trade, and what it was worth when it was looked at. Stored; never renamed.

Values are quote units, instants aware UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from trimtab.domain.exact import ZERO, exact_arithmetic, ratio
from trimtab.domain.instruments import Asset


class TradingState(StrEnum):
    """What an account may do, from everything to the least."""

    ACTIVE = "active"
    REDUCING = "reducing"
    """A limit on losses was passed: only reductions and paired unwinds, until a person releases."""
    HALTED = "halted"
    """The kill switch is latched: only reductions, until a person releases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restraint:
    """What is latched, and since when a person last released."""

    halted: str | None
    """Why the kill switch is latched; None when it is not."""
    reducing: str | None
    """Why only reductions are allowed; None when that is not latched."""
    released_at: datetime | None
    """When a person last released either, our clock; None before the first release."""

    @property
    def state(self) -> TradingState:
        """The stricter of what is latched."""
        if self.halted is not None:
            return TradingState.HALTED
        return TradingState.ACTIVE if self.reducing is None else TradingState.REDUCING


@dataclass(frozen=True, slots=True, kw_only=True)
class NavMark:
    """What the account was worth at one look, and what of that is no profit and no loss."""

    taken_at: datetime
    """When the account was read, by the venue's clock."""
    nav: Decimal
    """Value of everything that has a price, quote units, > 0."""
    level: Decimal
    """NAV without what came in or went out, as a multiple of the first look, > 0; that one is 1."""
    high: Decimal
    """The highest level since the last release, >= ``level``."""
    outside: Mapping[Asset, Decimal]
    """Units outside futures wallets, free and locked, of what has a price, >= 0."""
    wallets: Mapping[Asset, Decimal]
    """Units in futures wallets without unrealised profit, of what has a price, signed."""
    mids: Mapping[Asset, Decimal]
    """Quote per unit of every asset above, > 0."""

    @property
    def drawdown(self) -> Decimal:
        """Loss from the highest look since the last release, fraction, 0 to 1."""
        with exact_arithmetic():
            return max(ZERO, ratio(self.high - self.level, self.high))
