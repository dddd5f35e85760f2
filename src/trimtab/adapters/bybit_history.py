"""Daily closes of Bybit spot. Not pure: it asks the venue.

Source: Bybit API v5 "Get Kline", 2026: at most 1,000 rows a page, newest first.
Coins pay no funding and have no open interest.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Final

from trimtab.adapters.bybit_answers import result_of
from trimtab.adapters.bybit_orders import SPOT
from trimtab.adapters.ccxt_answers import Unreadable, field, milliseconds, text_of
from trimtab.adapters.ccxt_history import Markets
from trimtab.adapters.ccxt_wire import Endpoint, Wire
from trimtab.adapters.daily_candles import candles_of, closes_between, midnight
from trimtab.adapters.market_list import MarketList
from trimtab.domain.history import DAY, Close, FundingSettlement, HistoryNeed, OpenInterest
from trimtab.domain.instruments import Asset, Symbol
from trimtab.venues.profile import Desk

_KLINES: Final = Endpoint(desk=Desk.SPOT, method="publicGetV5MarketKline")
_PAGE_DAYS: Final = 1000


class BybitHistory:
    """Reads the past of coins."""

    def __init__(self, wire: Wire, markets: MarketList, *, quote: Asset) -> None:
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
        name = self._markets.market_id(market)

        async def ask(*, since: date, until: date) -> Mapping[date, Close]:
            """Read one page."""
            end = midnight(until + DAY) - timedelta(milliseconds=1)
            asked = {
                **SPOT,
                "symbol": name,
                "interval": "D",
                "start": milliseconds(midnight(since)),
                "end": milliseconds(end),
                "limit": _PAGE_DAYS,
            }
            return await self._wire.read(
                _KLINES, asked, partial(_page_of, name=name, since=since, until=until)
            )

        return await closes_between(first=first, last=last, days=_PAGE_DAYS, ask=ask)

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


def _page_of(answer: object, *, name: str, since: date, until: date) -> Mapping[date, Close]:
    """Read the candles of one market and of the days asked for.

    Raises:
        Unreadable: they are of another market or of other days.

    """
    result = result_of(answer)
    if text_of(result, "symbol") != name:
        raise Unreadable("candles of another market")
    found = candles_of(field(result, "list"))
    if strange := [day for day in found if not since <= day <= until]:
        raise Unreadable(f"the candle of {strange[0]} is not one of the days asked for")
    return found
