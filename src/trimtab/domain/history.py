"""What prices did: daily closes, funding settlements, open interest, as a venue listed them.

Pure. Closes are quote units per base unit at the end of a UTC day; a day that has not ended is
never among them. Funding rates are ratios per settlement, positive when longs pay. A history is
taken as it was listed: what is wrong with it is an error by name for whoever needs that part,
and nothing to anybody else. Source: docs/design/0019-price-history.md.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from trimtab.domain.errors import BadClose, HistoryGap, NoHistory, ShortHistory
from trimtab.domain.instruments import Asset

DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """One day that has ended."""

    day: date
    """The UTC day."""
    close: Decimal
    """Its last price, quote units per base unit; as listed, so it may be unusable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingSettlement:
    """One settlement between the longs and the shorts of a perpetual."""

    settled_at: datetime
    rate: Decimal
    """Fraction of the notional, signed: positive means that longs paid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenInterest:
    """How much of a perpetual was open at one instant."""

    at: datetime
    units: Decimal
    """Base units, >= 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryNeed:
    """What of the past a policy, or a report, has to know; nothing else is asked for."""

    assets: tuple[Asset, ...]
    """Whose closes are wanted, the quote never among them."""
    days: int
    """Closed days back from now, >= 0."""
    perpetuals: tuple[Asset, ...] = ()
    """Whose funding and open interest are wanted."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to read."""
        return not self.assets and not self.perpetuals

    def joined(self, other: HistoryNeed) -> HistoryNeed:
        """Return what serves both."""
        return HistoryNeed(
            assets=tuple(dict.fromkeys(self.assets + other.assets)),
            days=max(self.days, other.days),
            perpetuals=tuple(dict.fromkeys(self.perpetuals + other.perpetuals)),
        )


NOTHING_NEEDED: Final = HistoryNeed(assets=(), days=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The closes of some assets over the same days, without a gap."""

    until: date
    """The last day."""
    closes: Mapping[Asset, tuple[Decimal, ...]]
    """Oldest first, equally many of each, every one > 0."""

    @property
    def days(self) -> int:
        """How many days, >= 1."""
        return len(next(iter(self.closes.values())))


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The past as it was read at one instant."""

    until: date
    """The last UTC day that had ended, by the venue's clock."""
    closes: Mapping[Asset, tuple[Close, ...]]
    """By rising day, each day once; an asset without a market is left out."""
    funding: Mapping[Asset, tuple[FundingSettlement, ...]] = field(default_factory=dict)
    """Of the asset's perpetual, oldest first; one without a perpetual is left out."""
    open_interest: Mapping[Asset, tuple[OpenInterest, ...]] = field(default_factory=dict)
    """Likewise; left out where the venue does not tell."""
    remarks: tuple[str, ...] = ()
    """What has to be said of where it came from."""

    def window(self, assets: Collection[Asset], *, days: int) -> Window:
        """Return the last *days* closes of each of *assets*, which is not empty.

        Raises:
            NoHistory: one of them has no close at all.
            ShortHistory: one of them was first listed later.
            HistoryGap: a day is missing.
            BadClose: a close is not above 0.

        """
        assert days >= 1, "A window has a day."
        return Window(until=self.until, closes={a: self._closes(a, days=days) for a in assets})

    def _closes(self, asset: Asset, *, days: int) -> tuple[Decimal, ...]:
        """Return the last *days* closes of one asset, oldest first."""
        rows = self.closes.get(asset, ())
        if not rows:
            raise NoHistory(f"{asset}: the venue lists no daily close")
        first = self.until - (days - 1) * DAY
        if rows[0].day > first:
            have = (self.until - rows[0].day).days + 1
            raise ShortHistory(
                f"{asset}: {days} daily closes are needed and there are {max(0, have)}, "
                f"the first of {rows[0].day}"
            )
        by_day = {row.day: row.close for row in rows}
        found = []
        for step in range(days):
            day = first + step * DAY
            if day not in by_day:
                raise HistoryGap(f"{asset}: no close of {day}, within the {days} days needed")
            if not by_day[day] > 0:
                raise BadClose(f"{asset}: the close of {day} is {by_day[day]}, and must be above 0")
            found.append(by_day[day])
        return tuple(found)


def read_history(history: History | None, *, for_what: str) -> History:
    """Return *history*, which must have been read.

    Raises:
        NoHistory: it was not.

    """
    if history is None:
        raise NoHistory(f"{for_what} needs daily closes, and none were read")
    return history
