"""Momentum trim: less of an asset that several signs together call overheated, with an end.

Pure. Four signs may vote: the strength index stands high; the price makes a new high and the
strength does not; funding stands above the ninetieth percentile of its own past; open interest
rose. One sign alone never trims. A trim holds for so many days after the last day on which enough
voted, so that it neither flickers nor needs a memory: the same past gives the same overlay.
Source: strategy definitions 2.5.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Final

from trimtab.domain.exact import ONE, ZERO, exact_arithmetic, plain, ratio
from trimtab.domain.history import DAY, History, OpenInterest, read_history
from trimtab.domain.history_policy import VOTES_MIN, MomentumPolicy, risky_of
from trimtab.domain.instruments import Asset
from trimtab.domain.overlays import Overlay, OverlayKind
from trimtab.domain.readings import Reading
from trimtab.targets.effective import Targets

RULE: Final = "overlays.momentum"
PEAK_APART_DAYS: Final = 5
"""A high of the last days is no earlier high."""
RATES_MIN: Final = 30
"""Settlements of which a percentile says something."""
_RANK: Final = (9, 10)
"""The ninetieth percentile, by nearest rank."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Vote:
    """What one sign says on one day."""

    name: str
    measured: Decimal | None
    limit: Decimal | None
    holds: bool
    text: str


def momentum_overlay(
    policy: MomentumPolicy, targets: Targets, history: History | None, *, quote: Asset
) -> tuple[tuple[Overlay, ...], tuple[Reading, ...]]:
    """Return the trim, none where nothing is overheated, and every vote of the last day.

    Raises:
        HistoryError: the closes are not there, or not to be decided from.

    """
    assert policy.votes >= VOTES_MIN, "One sign alone never trims."
    weighed = [a for a, w in targets.effective.items() if w and a != quote]
    risky = [a for a in risky_of(weighed) if not policy.assets or a in policy.assets]
    if not risky:
        return (), ()
    told = read_history(history, for_what=RULE)
    readings: list[Reading] = []
    ends: dict[Asset, date] = {}
    for asset in risky:
        today = _votes(policy, told, asset, back=0)
        readings += (_reading(asset, vote) for vote in today)
        if (last := _last_day(policy, told, asset)) is not None:
            ends[asset] = last + policy.hold_days * DAY
    if not ends:
        return (), tuple(readings)
    return (_overlay(policy, targets, ends, quote=quote),), tuple(readings)


def _overlay(
    policy: MomentumPolicy, targets: Targets, ends: Mapping[Asset, date], *, quote: Asset
) -> Overlay:
    """Return the shift that trims every asset in *ends*."""
    with exact_arithmetic():
        shift = {a: -policy.trim * targets.effective[a] for a in ends}
        shift[quote] = -sum(shift.values(), ZERO)
    spans = ", ".join(f"{asset} to {end}" for asset, end in ends.items())
    return Overlay(
        overlay_id="momentum",
        kind=OverlayKind.MOMENTUM,
        reason=f"{policy.votes} signs or more agreed within {policy.hold_days} days:"
        f" {plain(policy.trim)} of the target is trimmed",
        until=spans,
        shift=shift,
    )


def _last_day(policy: MomentumPolicy, history: History, asset: Asset) -> date | None:
    """Return the last day within the holding time on which enough signs voted."""
    for back in range(policy.hold_days):
        votes = _votes(policy, history, asset, back=back)
        if sum(vote.holds for vote in votes) >= policy.votes:
            return history.until - back * DAY
    return None


def _votes(
    policy: MomentumPolicy, history: History, asset: Asset, *, back: int
) -> tuple[_Vote, ...]:
    """Return what the signs say at the end of the day that lies *back* days before the last.

    Each day is looked at over a window of its own, so that it says the same whenever it is asked.
    """
    from trimtab.estimators.indicators import strengths  # noqa: PLC0415 -- only who asks for it pays for numpy.

    days = policy.look_back_days
    closes = history.window([asset], days=days + back).closes[asset][:days]
    strong = strengths(closes, policy.rsi_period)
    ends_at = datetime.combine(history.until - (back - 1) * DAY, time(), tzinfo=UTC)
    return (
        _strength(policy, strong),
        _divergence(policy, closes=closes, strong=strong),
        _funding(policy, history, asset, ends_at=ends_at),
        _interest(policy, history.open_interest.get(asset, ()), ends_at=ends_at),
    )


def _strength(policy: MomentumPolicy, strong: Sequence[Decimal]) -> _Vote:
    """Whether the strength index stands at its level or above."""
    return _Vote(
        name="rsi",
        measured=strong[-1],
        limit=policy.rsi,
        holds=strong[-1] >= policy.rsi,
        text=f"strength over {policy.rsi_period} days, votes at the level or above",
    )


def _divergence(
    policy: MomentumPolicy, *, closes: Sequence[Decimal], strong: Sequence[Decimal]
) -> _Vote:
    """Whether the last close is the highest and its strength below that of the high before."""
    span = closes[-policy.divergence_days :]
    earlier = span[:-PEAK_APART_DAYS]
    peak = max(earlier)
    at = len(strong) - len(span) + earlier.index(peak)
    is_high = closes[-1] > max(span[:-1])
    return _Vote(
        name="divergence",
        measured=strong[-1],
        limit=strong[at],
        holds=is_high and strong[-1] < strong[at],
        text=f"strength now against that of the high before, {policy.divergence_days} days;"
        f" the close is {'a' if is_high else 'no'} new high",
    )


def _funding(policy: MomentumPolicy, history: History, asset: Asset, *, ends_at: datetime) -> _Vote:
    """Whether the last funding rate stands above the ninetieth percentile of its past."""
    since = ends_at - policy.funding_days * DAY
    settled = history.funding.get(asset, ())
    rates = [f.rate for f in settled if since <= f.settled_at < ends_at]
    if len(rates) < RATES_MIN:
        text = f"{len(rates)} settlements in {policy.funding_days} days are too few to say"
        return _Vote(name="funding", measured=None, limit=None, holds=False, text=text)
    above, whole = _RANK
    high = sorted(rates)[-(-len(rates) * above // whole) - 1]
    return _Vote(
        name="funding",
        measured=rates[-1],
        limit=high,
        holds=rates[-1] > high,
        text=f"rate per settlement against its 90th percentile of {policy.funding_days} days",
    )


def _interest(
    policy: MomentumPolicy, listed: Sequence[OpenInterest], *, ends_at: datetime
) -> _Vote:
    """Whether open interest rose by its limit or more."""
    now = _at_most(listed, ends_at)
    then = _at_most(listed, ends_at - policy.interest_days * DAY)
    if now is None or then is None or not then.units or now.at < ends_at - DAY:
        text = f"the venue does not tell it for {policy.interest_days} days"
        return _Vote(name="open_interest", measured=None, limit=None, holds=False, text=text)
    with exact_arithmetic():
        rise = ratio(now.units, then.units) - ONE
    return _Vote(
        name="open_interest",
        measured=rise,
        limit=policy.interest_rise,
        holds=rise >= policy.interest_rise,
        text=f"rise over {policy.interest_days} days",
    )


def _at_most(listed: Sequence[OpenInterest], at: datetime) -> OpenInterest | None:
    """Return the last figure that is not later than an instant."""
    earlier: Iterator[OpenInterest] = (each for each in reversed(listed) if each.at <= at)
    return next(earlier, None)


def _reading(asset: Asset, vote: _Vote) -> Reading:
    """Return a vote as it is shown."""
    return Reading(
        rule=RULE,
        subject=asset,
        name=vote.name,
        measured=vote.measured,
        limit=vote.limit,
        holds=vote.holds,
        text=vote.text,
    )


def trims_of(targets: Targets) -> Mapping[Asset, Decimal]:
    """Return what momentum takes off each target, fractions, > 0; the quote is not among them."""
    laid = (o for o in targets.overlays if o.kind is OverlayKind.MOMENTUM)
    return {a: -shift for overlay in laid for a, shift in overlay.shift.items() if shift < ZERO}
