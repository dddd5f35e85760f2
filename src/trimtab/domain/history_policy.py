"""What the operator wants to be decided from the past, rule by rule; None is not wanted.

Pure values. Volatilities are annual ratios (0.6 is 60 % a year), look-backs are closed days.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from trimtab.domain.history import NOTHING_NEEDED, HistoryNeed
from trimtab.domain.instruments import Asset
from trimtab.domain.references import DOLLAR_STABLES

VOTES_MIN: Final = 2
"""Signs of momentum that must agree: never one alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskParityPolicy:
    """Targets that share the risk equally."""

    assets: tuple[Asset, ...]
    """Risky assets, in file order, never empty."""
    stable: Decimal
    """Weight of the quote, fixed first, 0 to 1."""
    look_back_days: int
    """Closes that the covariance is estimated from, >= 30."""
    volatility: Decimal
    """Volatility that the risky part is scaled to, > 0; 0 leaves it as it is."""
    max_scale: Decimal = Decimal(1)
    """What it is multiplied by at most, >= 1; what is above 1 is held by futures."""

    @property
    def uses_futures(self) -> bool:
        """Whether a part of it may be held by futures."""
        return self.max_scale > 1


@dataclass(frozen=True, slots=True, kw_only=True)
class VolatilityPolicy:
    """An overlay that takes risk off while prices move more than wanted."""

    target: Decimal
    """Volatility of the whole portfolio, > 0."""
    look_back_days: int
    """Closes that it is measured over, >= 10."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdaptivePolicy:
    """Bands and steps that follow the volatility."""

    reference: Decimal
    """Volatility at which the bands are as configured, > 0."""
    look_back_days: int
    """Closes that it is measured over, >= 10."""
    calm_step: Decimal
    """Share of the way to the target while it is calm, in (0, 1]."""
    usual_step: Decimal
    """The same at a usual volatility."""
    wild_step: Decimal
    """The same while prices move much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoTradePolicy:
    """A zone in which a drift is left alone, because correcting it costs more than it gains."""

    risk_aversion: Decimal
    """The λ that variance is priced with, > 0."""
    horizon_days: int
    """For how long a drift would be there, >= 1."""
    look_back_days: int
    """Closes that the covariance is estimated from, >= 30."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentumPolicy:
    """An overlay that trims what several signs together call overheated."""

    assets: tuple[Asset, ...]
    """Whose signs are looked at; empty for every risky target."""
    trim: Decimal
    """Share of the target that is taken off, in (0, 1]."""
    votes: int
    """Signs that must agree, 2 to 4: never one alone."""
    hold_days: int
    """How long a trim holds after the last day on which they did, >= 1."""
    look_back_days: int
    """Closes that each day is looked at over, more than both periods together."""
    rsi: Decimal
    """Level of the strength index, 0 to 100."""
    rsi_period: int
    """Days, >= 2."""
    divergence_days: int
    """Closes among which an earlier high is looked for, >= 10."""
    funding_days: int
    """Days of settlements that the percentile is taken of, >= 10."""
    interest_rise: Decimal
    """Rise of open interest, fraction, > 0."""
    interest_days: int
    """Days over which it rose, >= 1; venues keep a month."""

    def need(self, risky: tuple[Asset, ...]) -> HistoryNeed:
        """Return what has to be read for targets in *risky*."""
        chosen = tuple(a for a in risky if not self.assets or a in self.assets)
        days = max(self.look_back_days, self.funding_days) + self.hold_days
        return HistoryNeed(assets=chosen, days=days, perpetuals=chosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPolicy:
    """All of it."""

    risk_parity: RiskParityPolicy | None
    volatility: VolatilityPolicy | None
    adaptive: AdaptivePolicy | None
    momentum: MomentumPolicy | None
    chance_days: int
    """Closes from which chances of trigger prices are told; 0 tells none."""
    review_days: int
    """Closes that a review looks at, >= 10."""
    groups: tuple[RiskParityPolicy, ...] = ()
    """Groups of targets that share their risk equally, without stable parts."""
    no_trade: NoTradePolicy | None = None
    """None corrects by the bands alone."""

    def need(self, assets: Collection[Asset]) -> HistoryNeed:
        """Return what has to be read for targets in *assets*; nothing when no rule asks."""
        risky = risky_of(assets)
        need = NOTHING_NEEDED
        rules = (self.volatility, self.adaptive, self.no_trade)
        for days in (self.chance_days, *(r.look_back_days for r in rules if r is not None)):
            if days and risky:
                need = need.joined(HistoryNeed(assets=risky, days=days))
        for shared in self.groups:
            need = need.joined(HistoryNeed(assets=shared.assets, days=shared.look_back_days))
        if (parity := self.risk_parity) is not None:
            need = need.joined(HistoryNeed(assets=parity.assets, days=parity.look_back_days))
        if self.momentum is not None:
            need = need.joined(self.momentum.need(risky))
        return need


NO_HISTORY_NEEDED: Final = HistoryPolicy(
    risk_parity=None, volatility=None, adaptive=None, momentum=None, chance_days=0, review_days=90
)
"""Nothing is decided from the past."""


def parity_of(assets: Iterable[Asset], *, look_back_days: int) -> RiskParityPolicy:
    """Return that *assets* alone share their risk, whatever it is."""
    return RiskParityPolicy(
        assets=tuple(assets),
        stable=Decimal(0),
        look_back_days=look_back_days,
        volatility=Decimal(0),
    )


def risky_of(assets: Collection[Asset]) -> tuple[Asset, ...]:
    """Return those of *assets* that are not stable, in their order."""
    return tuple(a for a in assets if a not in DOLLAR_STABLES)
