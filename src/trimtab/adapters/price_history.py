"""The past of prices as the port :class:`~trimtab.ports.PriceHistory`. Not pure.

Asks the venue for what is not kept already: the days between the last that is kept and the last
that has ended, or all of them where a day is missing. Assets are read side by side, each list
within the venue's budget.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Final

from trimtab.adapters.frame.daily_lists import DailyLists
from trimtab.adapters.history_shelf import HistoryShelf
from trimtab.adapters.wire.calls import together
from trimtab.domain.history import (
    DAY,
    Close,
    FundingSettlement,
    History,
    HistoryNeed,
)
from trimtab.domain.instruments import Symbol

_APART_MAX: Final = timedelta(hours=9)
"""Settlements are eight hours apart at most; farther apart, one is missing between them."""
_TICK: Final = timedelta(milliseconds=1)
"""What instants of the venue are counted in."""


class KeptHistory:
    """Reads what is not on the shelf, and puts it there."""

    def __init__(self, reader: DailyLists, shelf: HistoryShelf) -> None:
        self._reader = reader
        self._shelf = shelf

    async def read(self, need: HistoryNeed) -> History:
        """Read; see :meth:`trimtab.ports.PriceHistory.read`."""
        if need.is_empty:
            return History(until=date.min, closes={})
        until = await self._reader.ended_day()
        first = until - (need.days - 1) * DAY
        markets = await self._reader.markets(need)
        listed, perpetuals = markets.closes, markets.perpetuals
        closes = await together(
            *(self._closes(m, first=first, last=until) for m in listed.values())
        )
        funding = await together(
            *(self._funding(m, first=first, last=until) for m in perpetuals.values())
        )
        interest = await together(
            *(self._reader.open_interest(m, until=until) for m in perpetuals.values())
        )
        return History(
            until=until,
            closes={a: c for a, c in zip(listed, closes, strict=True) if c},
            funding={a: f for a, f in zip(perpetuals, funding, strict=True) if f},
            open_interest={a: i for a, i in zip(perpetuals, interest, strict=True) if i},
            remarks=(self._shelf.fault,) if self._shelf.fault else (),
        )

    async def _closes(self, market: Symbol, *, first: date, last: date) -> tuple[Close, ...]:
        """Return the closes of one market, asking only for what is not kept."""
        kept = await asyncio.to_thread(self._shelf.closes, market, first=first, last=last)
        missing = first + len(kept) * DAY
        if not kept or kept[0].day != first or kept[-1].day != missing - DAY:
            kept, missing = (), first  # A day is missing among them: all are asked for again.
        if missing > last:
            return kept
        found = await self._reader.closes(market, first=missing, last=last)
        await asyncio.to_thread(self._shelf.keep_closes, market, found)
        return kept + found

    async def _funding(
        self, perpetual: Symbol, *, first: date, last: date
    ) -> tuple[FundingSettlement, ...]:
        """Return the settlements of one perpetual, asking only for what is not kept."""
        since, until = _begin(first), _begin(last + DAY) - _TICK
        kept = await asyncio.to_thread(self._shelf.funding, perpetual, since=since, until=until)
        if not _is_whole(kept, since):
            kept = ()
        start = kept[-1].settled_at + _TICK if kept else since
        found = await self._reader.funding(perpetual, since=start, until=until)
        await asyncio.to_thread(self._shelf.keep_funding, perpetual, found)
        return kept + found


def _is_whole(kept: Sequence[FundingSettlement], since: datetime) -> bool:
    """Whether none is missing from *since* to the last that is kept."""
    instants = [since, *(row.settled_at for row in kept)]
    return all(later - earlier <= _APART_MAX for earlier, later in pairwise(instants))


def _begin(day: date) -> datetime:
    """Return when a UTC day begins."""
    return datetime.combine(day, time(), tzinfo=UTC)
