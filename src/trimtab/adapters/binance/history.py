"""Daily closes, funding settlements and open interest of Binance, page by page.

Not pure: it asks the venue. Values are read from the raw answers as text. Every list is asked
for with both ends, oldest first, and a page that does not get further ends the reading.

Source: Binance, "Kline/Candlestick data", GET /api/v3/klines, 2026-01: weight 2, at most 1,000
rows, startTime and endTime inclusive by open time; a row is a list, 0 its open time, 4 its
close, 6 its close time. USD-M likewise, /fapi/v1/klines, weight 5 up to 1,000 rows. "Get
Funding Rate History", GET /fapi/v1/fundingRate, at most 1,000 rows, ascending, and "Open
Interest Statistics", GET /futures/data/openInterestHist, at most 500 rows of the last month.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, TypeVar

from trimtab.adapters.binance.instruments import Catalogue
from trimtab.adapters.frame.daily_lists import Markets
from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import (
    Unreadable,
    decimal_of,
    instant,
    instant_of,
    milliseconds,
    number,
    rows_of,
)
from trimtab.domain.errors import NotDone, Refused
from trimtab.domain.history import DAY, Close, FundingSettlement, HistoryNeed, OpenInterest
from trimtab.domain.instruments import Asset, MarketKind, Symbol
from trimtab.venues.profile import Desk

T = TypeVar("T")

_KLINES: Final[Mapping[Desk, Endpoint]] = {
    Desk.SPOT: Endpoint(desk=Desk.SPOT, method="publicGetKlines"),
    Desk.LINEAR: Endpoint(desk=Desk.LINEAR, method="fapiPublicGetKlines"),
}
_FUNDING: Final = Endpoint(desk=Desk.LINEAR, method="fapiPublicGetFundingRate")
_INTEREST: Final = Endpoint(desk=Desk.LINEAR, method="fapiDataGetOpenInterestHist")
_PAGE: Final = 1000
_INTEREST_DAYS: Final = 29
"""The venue keeps one month, and refuses what begins earlier."""
_PAGES_MAX: Final = 20
"""Of one list; more days or settlements than any look-back may ask for."""
_OPENS, _CLOSE, _CLOSES = 0, 4, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """What pages of one list are asked with."""

    endpoint: Endpoint
    asked: Mapping[str, Any]
    """Market, interval and size of a page."""
    until: datetime
    """Inclusive."""


class HistoryReader:
    """Reads lists of the past of one venue."""

    def __init__(
        self, wire: Wire, catalogue: Catalogue, *, quote: Asset, markets: frozenset[MarketKind]
    ) -> None:
        self._wire = wire
        self._catalogue = catalogue
        self._quote = quote
        self._has_futures = bool(markets - {MarketKind.SPOT})

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
        coins = {a: Symbol(f"{a}/{self._quote}") for a in need.assets}
        listed = await self._catalogue.load(coins.values())
        coinless = [a for a in need.assets if coins[a] not in listed]
        asked = (*need.perpetuals, *coinless) if self._has_futures else ()
        contracts = {a: Symbol(f"{a}/{self._quote}:{self._quote}") for a in asked}
        known = await self._catalogue.load(contracts.values())
        perpetuals = {a: s for a, s in contracts.items() if s in known}
        return Markets(
            closes={a: coins[a] for a in need.assets if coins[a] in listed}
            | {a: perpetuals[a] for a in coinless if a in perpetuals},
            perpetuals={a: perpetuals[a] for a in need.perpetuals if a in perpetuals},
        )

    async def closes(self, market: Symbol, *, first: date, last: date) -> tuple[Close, ...]:
        """Return the daily closes from *first* to *last*, both inclusive, by rising day.

        Raises:
            NotDone: no usable answer.
            Refused: the venue denies the read.

        """
        page = _Page(
            endpoint=_KLINES[desk_of(market)],
            asked={"symbol": self._catalogue.market_id(market), "interval": "1d", "limit": _PAGE},
            until=_midnight(last + DAY) - timedelta(milliseconds=1),
        )
        found = await self._pages(page, _midnight(first), read=_klines)
        return tuple(row for _, row in sorted(found.items()) if first <= row.day <= last)

    async def funding(
        self, perpetual: Symbol, *, since: datetime, until: datetime
    ) -> tuple[FundingSettlement, ...]:
        """Return the settlements from *since* to *until*, both inclusive, oldest first.

        Raises:
            NotDone: no usable answer.
            Refused: the venue denies the read.

        """
        name = self._catalogue.market_id(perpetual)
        page = _Page(endpoint=_FUNDING, asked={"symbol": name, "limit": _PAGE}, until=until)
        found = await self._pages(page, since, read=_settlements)
        return tuple(row for at, row in sorted(found.items()) if since <= at <= until)

    async def open_interest(self, perpetual: Symbol, *, until: date) -> tuple[OpenInterest, ...]:
        """Return what the venue keeps of the daily open interest to *until*, oldest first.

        Nothing where it keeps no such list, as sandboxes do not.

        Raises:
            NotDone: no usable answer.

        """
        name = self._catalogue.market_id(perpetual)
        start, end = _midnight(until - _INTEREST_DAYS * DAY), _midnight(until + DAY)
        asked = {"symbol": name, "period": "1d", "limit": 500}
        page = _Page(endpoint=_INTEREST, asked=asked, until=end)
        try:
            found = await self._pages(page, start, read=_interest)
        except Refused:
            return ()
        return tuple(row for _, row in sorted(found.items()))

    async def _pages(
        self,
        page: _Page,
        since: datetime,
        *,
        read: Callable[[Any], Mapping[datetime, T]],
    ) -> Mapping[datetime, T]:
        """Return all rows by their instant, from *since* on.

        Raises:
            NotDone: the list has no end, or one row comes with two contents.

        """
        found: dict[datetime, T] = {}
        start = since
        for _ in range(_PAGES_MAX):
            span = {"startTime": milliseconds(start), "endTime": milliseconds(page.until)}
            rows = await self._wire.read(page.endpoint, {**page.asked, **span}, read)
            for at, row in rows.items():
                if found.setdefault(at, row) != row:
                    raise NotDone(f"{page.endpoint.method}: {at} comes with two contents")
            newest = max(rows, default=start)
            if len(rows) < page.asked["limit"] or newest < start:
                return found
            start = newest + timedelta(milliseconds=1)
        raise NotDone(f"{page.endpoint.method}: the list since {since} has no end")


def _midnight(day: date) -> datetime:
    """Return when a UTC day begins."""
    return datetime.combine(day, time(), tzinfo=UTC)


def _klines(answer: object) -> Mapping[datetime, Close]:
    """Read candles of one day each.

    Raises:
        Unreadable: a row is short, no day of UTC, or its close is no number.

    """
    if not isinstance(answer, list):
        raise Unreadable(f"expected a list, got {type(answer).__name__}")
    found: dict[datetime, Close] = {}
    for row in answer:
        if not isinstance(row, list) or len(row) <= _CLOSES:
            raise Unreadable("a candle is no list of its parts")
        opens, closes = (instant(int(number(row[i], "an instant"))) for i in (_OPENS, _CLOSES))
        if opens != _midnight(opens.date()) or closes.date() != opens.date():
            raise Unreadable(f"the candle of {opens} is not one of a UTC day")
        close = Close(day=opens.date(), close=number(row[_CLOSE], "a close"))
        if found.setdefault(opens, close) != close:
            raise Unreadable(f"the day {opens.date()} comes with two closes")
    return found


def _settlements(answer: object) -> Mapping[datetime, FundingSettlement]:
    """Read funding settlements.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    found: dict[datetime, FundingSettlement] = {}
    for row in rows_of(answer):
        at = instant_of(row, "fundingTime")
        found[at] = FundingSettlement(settled_at=at, rate=decimal_of(row, "fundingRate"))
    return found


def _interest(answer: object) -> Mapping[datetime, OpenInterest]:
    """Read open interest by day.

    Raises:
        Unreadable: a field is missing, wrong or negative.

    """
    found: dict[datetime, OpenInterest] = {}
    for row in rows_of(answer):
        at, units = instant_of(row, "timestamp"), decimal_of(row, "sumOpenInterest")
        if units < 0:
            raise Unreadable(f"the open interest of {at} is negative")
        found[at] = OpenInterest(at=at, units=units)
    return found
