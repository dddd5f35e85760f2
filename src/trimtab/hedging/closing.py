"""When a hedge closes, and for how long none is opened after it. Pure, exact.

Weights are fractions of NAV, distances fractions of the entry. A hedge of a correction closes when
what it stands for is no longer overweight; any hedge closes at its profit target, stop and age, as
far as the policy has them. After a close that left the overweight there, the asset rests: what was
given back on purpose is not shorted again at once. Source: strategy definitions 4.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from trimtab.domain.exact import ZERO, exact_arithmetic, plain, ratio
from trimtab.domain.firings import Firing, TriggerKind
from trimtab.domain.hedge_policy import HedgePolicy
from trimtab.domain.hedges import DriftBack, Hedge, HedgeBook, HedgeCause, HedgeOrigin
from trimtab.domain.instruments import Asset, Symbol

DAY: Final = timedelta(days=1)
GIVES_BACK: Final = frozenset(
    {HedgeCause.PROFIT_TARGET, HedgeCause.STOP, HedgeCause.AGE, HedgeCause.BASIS}
)
"""Closes that return an exposure which is not wanted by its target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overweight:
    """What a drift's hedge stands for, as it is now; fractions of NAV."""

    weight: Decimal
    """Of the holding, what is hedged by hand taken off."""
    target: Decimal
    """Effective target, fraction, 0 to 1."""
    band_high: Decimal
    """Upper edge of its band, fraction, 0 to 1, >= ``target``."""

    def back_in(self, place: DriftBack) -> Decimal:
        """Return the weight at and below which a hedge is no longer needed."""
        return self.band_high if place is DriftBack.BAND else self.target


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """That one hedge is to be bought back, and why."""

    hedge: Hedge
    cause: HedgeCause
    firing: Firing


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What the conditions are held against."""

    overweights: Mapping[Asset, Overweight]
    """Of every asset that has a target."""
    marks: Mapping[Symbol, Decimal]
    """Of every contract whose hedges may close by themselves, quote per base unit, > 0."""
    now: datetime
    discounts: Mapping[Symbol, Decimal] = field(default_factory=dict)
    """How far each of them that is far enough below its index for a close is, bps."""
    discount_limit: Decimal = ZERO
    """From where on that is so, bps, >= 0."""


def due(book: HedgeBook, policy: HedgePolicy, sight: Sight) -> tuple[Closing, ...]:
    """Return the hedges that are to close now, by first fill; a position must be there."""
    found = (_due(h, policy, sight) for h in book.open if h.symbol in sight.marks)
    return tuple(closing for closing in found if closing is not None)


def _due(hedge: Hedge, policy: HedgePolicy, sight: Sight) -> Closing | None:
    """Return why one hedge is to close, the most urgent reason, or None."""
    return next((c for c in _conditions(hedge, policy, sight) if c is not None), None)


def _conditions(hedge: Hedge, policy: HedgePolicy, sight: Sight) -> Iterator[Closing | None]:
    """Yield what each condition says, the most urgent first."""
    with exact_arithmetic():
        entry = hedge.entry_with_rolls
        gain = ratio(entry - sight.marks[hedge.symbol], entry)
        age = sight.now - hedge.opened_at
    yield _at(hedge, HedgeCause.STOP, measured=-gain, limit=policy.stop)
    yield _at(hedge, HedgeCause.PROFIT_TARGET, measured=gain, limit=policy.profit_target)
    days = Decimal(age // DAY)
    yield _at(hedge, HedgeCause.AGE, measured=days, limit=Decimal(policy.max_age_days))
    yield _discount(hedge, sight)
    yield _drift_back(hedge, sight.overweights.get(hedge.asset))


def _at(hedge: Hedge, cause: HedgeCause, *, measured: Decimal, limit: Decimal) -> Closing | None:
    """Return a close at a limit; one of 0 is off."""
    if not limit or measured < limit:
        return None
    firing = Firing(
        kind=TriggerKind.STOP,
        subject=hedge.hedge_id,
        measured=measured,
        limit=limit,
        reason=f"hedge is at its {cause.value.replace('_', ' ')}",
    )
    return Closing(hedge=hedge, cause=cause, firing=firing)


def _discount(hedge: Hedge, sight: Sight) -> Closing | None:
    """Return the close of a hedge whose contract trades far below its index."""
    below = sight.discounts.get(hedge.symbol)
    if below is None:
        return None
    firing = Firing(
        kind=TriggerKind.BASIS,
        subject=hedge.hedge_id,
        measured=below,
        limit=sight.discount_limit,
        reason=f"{hedge.symbol} trades so many bps below its index",
    )
    return Closing(hedge=hedge, cause=HedgeCause.BASIS, firing=firing)


def _drift_back(hedge: Hedge, stands_for: Overweight | None) -> Closing | None:
    """Return the close of a hedge whose overweight is gone."""
    if hedge.origin is not HedgeOrigin.DRIFT or stands_for is None:
        return None
    limit = stands_for.back_in(hedge.drift_back)
    if stands_for.weight > limit:
        return None
    firing = Firing(
        kind=TriggerKind.DRIFT,
        subject=hedge.hedge_id,
        measured=stands_for.weight,
        limit=limit,
        reason=f"{hedge.asset} is back at its {hedge.drift_back.value}, hedge is not needed",
    )
    return Closing(hedge=hedge, cause=HedgeCause.DRIFT_BACK, firing=firing)


def resting(book: HedgeBook, policy: HedgePolicy, *, now: datetime) -> frozenset[Asset]:
    """Return the assets on which a correction opens no hedge now."""
    since = now - policy.cooldown_days * DAY
    return frozenset(
        h.asset for h in book.hedges if h.closed_at is not None and h.closed_at > since and _left(h)
    )


def _left(hedge: Hedge) -> bool:
    """Whether a close left the overweight there on purpose."""
    by_hand = hedge.closed_by is HedgeCause.BY_HAND and hedge.origin is HedgeOrigin.DRIFT
    return by_hand or hedge.closed_by in GIVES_BACK


def ends(hedge: Hedge, policy: HedgePolicy) -> str:
    """Say what closes a hedge, one line for the operator."""
    told = []
    if hedge.origin is HedgeOrigin.DRIFT:
        told.append(f"{hedge.asset} back at its {hedge.drift_back.value}")
    with exact_arithmetic():
        gains = ((policy.profit_target, "profit"), (policy.stop, "loss"))
        told += [f"{plain(at * 100)} % {word}" for at, word in gains if at > ZERO]
    if policy.max_age_days:
        told.append(f"{policy.max_age_days} days")
    return ", ".join([*told, "by hand"])
