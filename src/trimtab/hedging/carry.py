"""What contracts bring whoever is short in them, and whether another is worth two trades. Pure.

Income is a fraction of the notional, signed: positive is received. Over h' = min(horizon, days to
delivery) a perpetual brings a short the sum of its rates, a dated contract (F/S - 1) x h'/T; a long
gets the negatives. A year of it is rate x 24/interval x 365, and (F/S - 1) x 365/T. Source:
strategy definitions 4.8; docs/design/0038-dated-contracts.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from trimtab.domain.contracts import DAY_S, days_between
from trimtab.domain.exact import BPS, ZERO, exact_arithmetic, ratio
from trimtab.domain.history import FundingSettlement
from trimtab.domain.instruments import Symbol

DAYS_A_YEAR: Final = 365
HOURS_A_DAY: Final = 24
SHORT: Final = 1
LONG: Final = -1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TRADES: Final = 2
"""To leave one contract and to enter another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One contract as a position in it would stand."""

    symbol: Symbol
    expires_at: datetime | None
    """None for a perpetual."""
    premium: Decimal
    """F/S - 1, fraction, signed; of a perpetual it brings nothing."""
    rate: Decimal
    """Expected at each settlement of a perpetual, fraction, signed: positive pays shorts."""
    hours: int
    """Between settlements, >= 1."""
    cost: Decimal
    """Fee and half spread of one order, fraction, >= 0."""

    def days(self, now: datetime) -> Decimal | None:
        """Return the days to delivery, signed; None for a perpetual."""
        return None if self.expires_at is None else days_between(now, until=self.expires_at)

    def year(self, now: datetime, *, side: int = SHORT) -> Decimal:
        """Return what it brings *side* in a year, fraction; 0 once it is delivered."""
        days = self.days(now)
        with exact_arithmetic():
            if days is None:
                return ratio(side * self.rate * HOURS_A_DAY * DAYS_A_YEAR, Decimal(self.hours))
            return ratio(side * self.premium * DAYS_A_YEAR, days) if days > 0 else ZERO

    def income(self, now: datetime, *, over: Decimal, side: int = SHORT) -> Decimal:
        """Return what it brings *side* within *over* days, fraction; not beyond its delivery."""
        days = self.days(now)
        with exact_arithmetic():
            if days is None:
                span = timedelta(seconds=int(over * DAY_S))
                return side * self.rate * settlements(now, span=span, hours=self.hours)
            return ratio(side * self.premium * min(over, days), days) if days > 0 else ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What leaving one contract for another comes to."""

    other: Offer
    over: Decimal
    """h', days, >= 0."""
    stays: Decimal
    """Income of the present contract over h', fraction, signed."""
    moves: Decimal
    """Income of the other one over h', fraction, signed."""
    costs: Decimal
    """Two trades, and a roll where the horizon is longer than the other, fraction, >= 0."""

    @property
    def gain_bps(self) -> Decimal:
        """What moving brings more than staying, bps of the notional, signed."""
        with exact_arithmetic():
            return (self.moves - self.stays - self.costs) * BPS


def compared(
    present: Offer, *, other: Offer, now: datetime, horizon_days: int, side: int = SHORT
) -> Comparison:
    """Return what moving a position from *present* to *other* comes to."""
    ends = [days for days in (present.days(now), other.days(now)) if days is not None]
    over = max(ZERO, min([Decimal(horizon_days), *ends]))
    return Comparison(
        other=other,
        over=over,
        stays=present.income(now, over=over, side=side),
        moves=other.income(now, over=over, side=side),
        costs=present.cost + other.cost + roll_cost(other, now=now, horizon_days=horizon_days),
    )


def roll_cost(offer: Offer, *, now: datetime, horizon_days: int) -> Decimal:
    """Return what one roll costs where the horizon outlasts *offer*, fraction, >= 0."""
    days = offer.days(now)
    with exact_arithmetic():
        return _TRADES * offer.cost if days is not None and horizon_days > days else ZERO


def best_to_open(
    offers: Sequence[Offer], *, now: datetime, horizon_days: int, side: int = SHORT
) -> Offer:
    """Return which of *offers*, not empty, brings most over the horizon; the first of equals.

    Each is carried on to the horizon at what it brings a year, less its roll.
    """

    def worth(offer: Offer) -> Decimal:
        with exact_arithmetic():
            held = offer.year(now, side=side) * ratio(Decimal(horizon_days), Decimal(DAYS_A_YEAR))
            return held - roll_cost(offer, now=now, horizon_days=horizon_days)

    return max(offers, key=worth)


def settlements(now: datetime, *, span: timedelta, hours: int) -> int:
    """Return how many settlements lie after *now* and within *span*; they count from midnight."""
    step = timedelta(hours=hours)
    return (now - _EPOCH + span) // step - (now - _EPOCH) // step


def interval_of(past: Sequence[FundingSettlement]) -> int | None:
    """Return the hours between the last two settlements, whole and at least one, or None."""
    if len(past) < _TRADES:
        return None
    apart = past[-1].settled_at - past[-2].settled_at
    return max(1, round(apart / timedelta(hours=1)))


def mean_rate(past: Sequence[FundingSettlement]) -> Decimal | None:
    """Return the mean of what was settled, fraction, signed; None where nothing was."""
    with exact_arithmetic():
        total = sum((settled.rate for settled in past), ZERO)
    return ratio(total, Decimal(len(past))) if past else None


def days_paid(past: Sequence[FundingSettlement], *, now: datetime) -> Decimal:
    """Return for how long shorts have paid at every settlement, days, 0 when the last paid them.

    Counted from the last settlement that did not cost them, else from the first that was read.
    """
    since = None
    for settled in reversed(past):
        if settled.rate >= 0:
            return days_between(settled.settled_at, until=now) if since else ZERO
        since = settled.settled_at
    return days_between(since, until=now) if since else ZERO
