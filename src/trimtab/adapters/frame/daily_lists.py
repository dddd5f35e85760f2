"""Lists of the past, whichever venue has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from trimtab.domain.history import Close, FundingSettlement, HistoryNeed, OpenInterest
from trimtab.domain.instruments import Asset, Symbol


@dataclass(frozen=True, slots=True, kw_only=True)
class Markets:
    """Where to ask."""

    closes: Mapping[Asset, Symbol]
    """The coin's market, or the perpetual's where there is no coin."""
    perpetuals: Mapping[Asset, Symbol]


class DailyLists(Protocol):
    """Lists of the past, whichever venue has them."""

    async def ended_day(self) -> date:
        """Return the last UTC day that has ended, by the venue's clock.

        Raises:
            NotDone: the venue does not answer.

        """
        ...

    async def markets(self, need: HistoryNeed) -> Markets:
        """Return where to ask for what *need* names; what is not listed is left out.

        Raises:
            NotDone: the venue does not answer.
            Refused: the venue denies the read.

        """
        ...

    async def closes(self, market: Symbol, *, first: date, last: date) -> tuple[Close, ...]:
        """Return the daily closes from *first* to *last*, both inclusive, by rising day.

        Raises:
            NotDone: no usable answer.
            Refused: the venue denies the read.

        """
        ...

    async def funding(
        self, perpetual: Symbol, *, since: datetime, until: datetime
    ) -> tuple[FundingSettlement, ...]:
        """Return the settlements from *since* to *until*, both inclusive, oldest first.

        Raises:
            NotDone: no usable answer.
            Refused: the venue denies the read.

        """
        ...

    async def open_interest(self, perpetual: Symbol, *, until: date) -> tuple[OpenInterest, ...]:
        """Return what the venue keeps of the daily open interest to *until*, oldest first.

        Nothing where it keeps no such list, as sandboxes do not.

        Raises:
            NotDone: no usable answer.

        """
        ...
