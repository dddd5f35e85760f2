"""Daily closes of Bybit spot. Not pure: it asks the venue.

Source: Bybit API v5 "Get Kline", 2026: at most 1,000 rows a page, newest first; a row is a list, 0
its start in milliseconds, 4 its close. Coins pay no funding and have no open interest.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from trimtab.adapters.bybit_answers import result_of
from trimtab.adapters.bybit_markets import SPOT, BybitMarkets
from trimtab.adapters.ccxt_answers import Unreadable, field, instant, milliseconds, number, text_of
from trimtab.adapters.ccxt_history import Markets
from trimtab.adapters.ccxt_wire import Endpoint, Wire
from trimtab.domain.errors import NotDone
from trimtab.domain.history import DAY, Close, FundingSettlement, HistoryNeed, OpenInterest
from trimtab.domain.instruments import Asset, Symbol
from trimtab.venues.profile import Desk

_KLINES: Final = Endpoint(desk=Desk.SPOT, method="publicGetV5MarketKline")
_PAGE_DAYS: Final = 1000
_PAGES_MAX: Final = 20
_START, _CLOSE = 0, 4


class BybitHistory:
    """Reads the past of coins."""

    def __init__(self, wire: Wire, markets: BybitMarkets, *, quote: Asset) -> None:
        self._wire = wire
        self._markets = markets
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
        coins = {a: Symbol(f"{a}/{self._quote}") for a in need.assets}
        listed = await self._markets.load(coins.values())
        closes = {a: symbol for a, symbol in coins.items() if symbol in listed}
        return Markets(closes=closes, perpetuals={})

    async def closes(self, market: Symbol, *, first: date, last: date) -> tuple[Close, ...]:
        """Return the daily closes from *first* to *last*, both inclusive, by rising day.

        Raises:
            NotDone: no usable answer, or more days than are ever asked for.
            Refused: the venue denies the read.

        """
        found: dict[date, Close] = {}
        day = first
        for _ in range(_PAGES_MAX):
            if day > last:
                return tuple(found[each] for each in sorted(found))
            until = min(last, day + (_PAGE_DAYS - 1) * DAY)
            found |= await self._page(market, first=day, last=until)
            day = until + DAY
        raise NotDone(f"{market}: closes since {first} are more than are ever asked for")

    async def _page(self, market: Symbol, *, first: date, last: date) -> Mapping[date, Close]:
        """Return the closes of one question by their day."""
        name = self._markets.market_id(market)
        end = _midnight(last + DAY) - timedelta(milliseconds=1)
        asked = {
            **SPOT,
            "symbol": name,
            "interval": "D",
            "start": milliseconds(_midnight(first)),
            "end": milliseconds(end),
            "limit": _PAGE_DAYS,
        }

        def read(answer: object) -> Mapping[date, Close]:
            """Read the candles of this market."""
            result = result_of(answer)
            if text_of(result, "symbol") != name:
                raise Unreadable("candles of another market")
            return _candles(field(result, "list"), first=first, last=last)

        return await self._wire.read(_KLINES, asked, read)

    async def funding(
        self,
        perpetual: Symbol,  # noqa: ARG002 -- the shape of a port.
        *,
        since: datetime,  # noqa: ARG002 -- the shape of a port.
        until: datetime,  # noqa: ARG002 -- the shape of a port.
    ) -> tuple[FundingSettlement, ...]:
        """Return nothing: coins pay no funding."""
        return ()

    async def open_interest(
        self,
        perpetual: Symbol,  # noqa: ARG002 -- the shape of a port.
        *,
        until: date,  # noqa: ARG002 -- the shape of a port.
    ) -> tuple[OpenInterest, ...]:
        """Return nothing: coins have no open interest."""
        return ()


def _midnight(day: date) -> datetime:
    """Return when a UTC day begins."""
    return datetime.combine(day, time(), tzinfo=UTC)


def _candles(rows: Any, *, first: date, last: date) -> Mapping[date, Close]:  # noqa: ANN401 -- JSON is what it is until it is read.
    """Read candles of one day each.

    Raises:
        Unreadable: a row is short, no day of UTC, outside of what was asked for, or told twice.

    """
    if not isinstance(rows, list):
        raise Unreadable("candles are no list")
    found: dict[date, Close] = {}
    for row in rows:
        if not isinstance(row, list) or len(row) <= _CLOSE:
            raise Unreadable("a candle is no list of its parts")
        opens = instant(int(number(row[_START], "an instant")))
        day = opens.date()
        if opens != _midnight(day) or not first <= day <= last or day in found:
            raise Unreadable(f"the candle of {opens} is not one of the days asked for")
        found[day] = Close(day=day, close=number(row[_CLOSE], "a close"))
    return found
