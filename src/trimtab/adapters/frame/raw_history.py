"""Daily closes and funding of a venue that is spoken to by raw calls. Not pure: it asks.

A venue gives the reader of some days' candles, and for perpetuals the reader of settlements.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Protocol

from trimtab.adapters.frame.daily_candles import closes_between
from trimtab.adapters.frame.daily_lists import Markets
from trimtab.adapters.wire.calls import Wire
from trimtab.domain.history import DAY, Close, FundingSettlement, HistoryNeed, OpenInterest
from trimtab.domain.instruments import Asset, Symbol
from trimtab.venues.profile import Desk


class AsksCandles(Protocol):
    """What reads the closes of some days in a market that was read."""

    async def __call__(self, market: Symbol, *, since: date, until: date) -> Mapping[date, Close]:
        """Return the closes by day, from *since* to *until*, both inclusive."""
        ...


class AsksSettlements(Protocol):
    """What reads the funding of a perpetual that was read."""

    async def __call__(
        self, perpetual: Symbol, *, since: datetime, until: datetime
    ) -> tuple[FundingSettlement, ...]:
        """Return the settlements from *since* to *until*, both inclusive, oldest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PastQuestions:
    """How a venue is asked for its past."""

    load: Callable[[Collection[Symbol]], Awaitable[frozenset[Symbol]]]
    """What reads the lists of markets, and returns those of the symbols that they have."""
    candles: AsksCandles
    days: int
    """Days that one question for candles may span, >= 1."""
    settlements: AsksSettlements | None
    """None where only coins are traded."""


class RawHistory:
    """Reads the past of coins and of contracts. It knows no list of past open interest."""

    def __init__(self, wire: Wire, questions: PastQuestions, *, quote: Asset) -> None:
        self._wire = wire
        self._questions = questions
        self._quote = quote

    async def ended_day(self) -> date:
        """Return the last UTC day that has ended, by the venue's clock.

        Raises:
            NotDone: the venue does not answer.

        """
        return (await self._wire.venue_now(Desk.SPOT)).astimezone(UTC).date() - DAY

    async def markets(self, need: HistoryNeed) -> Markets:
        """Return where to ask for what *need* names; what is not listed is left out.

        Raises:
            NotDone: the venue does not answer.
            Refused: the venue denies the read.

        """
        quote = self._quote
        coins = {a: Symbol(f"{a}/{quote}") for a in need.assets}
        contracts = {a: Symbol(f"{a}/{quote}:{quote}") for a in (*need.perpetuals, *need.assets)}
        listed = await self._questions.load((*coins.values(), *contracts.values()))
        closes = {a: s for a in need.assets for s in (coins[a], contracts[a]) if s in listed}
        closes |= {a: symbol for a, symbol in coins.items() if symbol in listed}
        perpetuals = {a: contracts[a] for a in need.perpetuals if contracts[a] in listed}
        return Markets(closes=closes, perpetuals=perpetuals)

    async def closes(self, market: Symbol, *, first: date, last: date) -> tuple[Close, ...]:
        """Return the daily closes from *first* to *last*, both inclusive, by rising day.

        Raises:
            NotDone: no usable answer, or more days than are ever asked for.
            Refused: the venue denies the read.

        """
        ask = partial(self._questions.candles, market)
        return await closes_between(first=first, last=last, days=self._questions.days, ask=ask)

    async def funding(
        self, perpetual: Symbol, *, since: datetime, until: datetime
    ) -> tuple[FundingSettlement, ...]:
        """Return the settlements from *since* to *until*, both inclusive, oldest first.

        Raises:
            NotDone: no usable answer, or the list has no end.
            Refused: the venue denies the read.

        """
        if self._questions.settlements is None:
            return ()  # Coins pay no funding.
        return await self._questions.settlements(perpetual, since=since, until=until)

    async def open_interest(
        self,
        perpetual: Symbol,  # noqa: ARG002 -- the shape of a port.
        *,
        until: date,  # noqa: ARG002 -- the shape of a port.
    ) -> tuple[OpenInterest, ...]:
        """Return nothing: no venue that is read here tells a past one."""
        return ()
