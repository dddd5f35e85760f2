"""A past that a test tells: the port PriceHistory, without a socket."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from trimtab.domain.history import (
    DAY,
    Close,
    FundingSettlement,
    History,
    HistoryNeed,
    OpenInterest,
)
from trimtab.domain.instruments import Asset

Told = Mapping[Asset, Sequence[Decimal | None]]
"""Daily values by asset, oldest first, to *until*; None is a day without one."""
UNTIL = date(2026, 11, 19)


def history_of(
    closes: Mapping[str, Sequence[Decimal | str | int | None]],
    *,
    until: date = UNTIL,
    funding: Mapping[str, Sequence[Decimal | str]] | None = None,
    open_interest: Mapping[str, Sequence[Decimal | str | int]] | None = None,
) -> History:
    """Return the history that lists of values tell; settlements are eight hours apart."""
    end = datetime.combine(until, time(16), tzinfo=UTC)
    step = timedelta(hours=8)
    return History(
        until=until,
        closes={
            Asset(a): tuple(
                Close(day=until - (len(row) - 1 - i) * DAY, close=Decimal(value))
                for i, value in enumerate(row)
                if value is not None
            )
            for a, row in closes.items()
        },
        funding={
            Asset(a): tuple(
                FundingSettlement(settled_at=end - (len(row) - 1 - i) * step, rate=Decimal(rate))
                for i, rate in enumerate(row)
            )
            for a, row in (funding or {}).items()
        },
        open_interest={
            Asset(a): tuple(
                OpenInterest(
                    at=datetime.combine(until + DAY, time(), tzinfo=UTC) - (len(row) - 1 - i) * DAY,
                    units=Decimal(units),
                )
                for i, units in enumerate(row)
            )
            for a, row in (open_interest or {}).items()
        },
    )


class ToldHistory:
    """Tells what it was given, cut to what is asked for."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.asked: list[HistoryNeed] = []

    async def read(self, need: HistoryNeed) -> History:
        self.asked.append(need)
        if need.is_empty:
            return History(until=date.min, closes={})
        told, first = self.history, self.history.until - (need.days - 1) * DAY
        since = datetime.combine(first, time(), tzinfo=UTC)
        return History(
            until=told.until,
            closes={
                a: kept
                for a in need.assets
                if (kept := tuple(c for c in told.closes.get(a, ()) if c.day >= first))
            },
            funding={
                a: kept
                for a in need.perpetuals
                if (kept := tuple(f for f in told.funding.get(a, ()) if f.settled_at >= since))
            },
            open_interest={
                a: told.open_interest[a] for a in need.perpetuals if a in told.open_interest
            },
        )


NOTHING_TOLD = ToldHistory(history_of({}))
"""For whoever needs nothing of the past."""


def wandering(seed: int, days: int, *, size: float = 0.03, start: float = 100.0) -> list[str]:
    """Return made-up daily closes, the same for a seed: a walk with steps of about *size*."""
    walk = random.Random(seed)
    closes, at = [], start
    for _ in range(days):
        at *= 1.0 + walk.gauss(0.0, size)
        closes.append(f"{at:.6f}")
    return closes
