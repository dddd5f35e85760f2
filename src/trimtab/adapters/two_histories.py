"""The past of an account whose coins are on one venue and whose contracts are on another.

Not pure: it asks both. See :mod:`trimtab.adapters.two_venues`.
"""

from __future__ import annotations

import dataclasses
from datetime import date, datetime

from trimtab.adapters.frame.daily_lists import DailyLists, Markets
from trimtab.adapters.frame.desks import desk_of
from trimtab.domain.history import Close, FundingSettlement, HistoryNeed, OpenInterest
from trimtab.domain.instruments import Symbol
from trimtab.venues.profile import Desk


class TwoHistories:
    """The past of coins from one venue, of contracts from the other."""

    def __init__(self, *, coins: DailyLists, hedges: DailyLists) -> None:
        self._coins = coins
        self._hedges = hedges

    async def ended_day(self) -> date:
        """Return the last UTC day that has ended by both clocks.

        Raises:
            NotDone: a venue does not answer.

        """
        return min(await self._coins.ended_day(), await self._hedges.ended_day())

    async def markets(self, need: HistoryNeed) -> Markets:
        """Return where to ask: the coin's market, and the perpetual where there is no coin.

        Raises:
            NotDone: a venue does not answer.
            Refused: a venue denies the read.

        """
        coins = await self._coins.markets(dataclasses.replace(need, perpetuals=()))
        coinless = tuple(a for a in need.assets if a not in coins.closes)
        wanted = dataclasses.replace(
            need, assets=(), perpetuals=tuple(dict.fromkeys((*need.perpetuals, *coinless)))
        )
        known = (await self._hedges.markets(wanted)).perpetuals
        return Markets(
            closes={**coins.closes, **{a: known[a] for a in coinless if a in known}},
            perpetuals={a: known[a] for a in need.perpetuals if a in known},
        )

    async def closes(self, market: Symbol, *, first: date, last: date) -> tuple[Close, ...]:
        """Return daily closes of a market, from its own venue; raises like :meth:`markets`."""
        reader = self._hedges if desk_of(market) is Desk.LINEAR else self._coins
        return await reader.closes(market, first=first, last=last)

    async def funding(
        self, perpetual: Symbol, *, since: datetime, until: datetime
    ) -> tuple[FundingSettlement, ...]:
        """Return settlements; raises like :meth:`markets`."""
        return await self._hedges.funding(perpetual, since=since, until=until)

    async def open_interest(self, perpetual: Symbol, *, until: date) -> tuple[OpenInterest, ...]:
        """Return what is kept of the open interest; raises like :meth:`markets`."""
        return await self._hedges.open_interest(perpetual, until=until)
