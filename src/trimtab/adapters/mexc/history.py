"""Daily closes and funding of MEXC. Not pure: it asks the venue.

Sources: MEXC "Spot V3" Kline/Candlestick Data (at most 1,000 rows), "Futures" API "Get Candlestick
Data" (at most 2,000 rows, in columns, instants in seconds) and "Get Funding Rate History" (pages of
1,000 at most, the newest first), 2026. A candle that does not begin at midnight UTC is no day of
ours, and unreadable.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final

from trimtab.adapters.frame.daily_candles import candles_of, midnight
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.frame.raw_history import PastQuestions, RawHistory
from trimtab.adapters.mexc.contracts import rows_told, told_of
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import (
    Unreadable,
    decimal_of,
    field,
    instant_of,
    mapping_of,
    milliseconds,
    number,
    text_of,
)
from trimtab.domain.errors import NotDone
from trimtab.domain.history import DAY, Close, FundingSettlement
from trimtab.domain.instruments import Asset, Symbol
from trimtab.venues.profile import Desk

_KLINES: Final = Endpoint(desk=Desk.SPOT, method="spotPublicGetKlines")
_COLUMNS: Final = Endpoint(desk=Desk.LINEAR, method="contractPublicGetKlineSymbol")
_FUNDING: Final = Endpoint(desk=Desk.LINEAR, method="contractPublicGetFundingRateHistory")
_PAGE_DAYS: Final = 1000
_SETTLEMENTS: Final = 100
_PAGES_MAX: Final = 300


def mexc_history(wire: Wire, markets: DeskMarkets, *, quote: Asset) -> RawHistory:
    """Return what reads the past of coins, and of contracts where they are used."""
    past = _Past(wire, markets)
    has_futures = Desk.LINEAR in markets.desks
    questions = PastQuestions(
        load=markets.load,
        candles=past.candles,
        days=_PAGE_DAYS,
        settlements=past.settlements if has_futures else None,
    )
    return RawHistory(wire, questions, quote=quote)


class _Past:
    """What is asked."""

    def __init__(self, wire: Wire, markets: DeskMarkets) -> None:
        self._wire = wire
        self._markets = markets

    async def candles(self, market: Symbol, *, since: date, until: date) -> Mapping[date, Close]:
        """Read one page; the answer does not say of which market."""
        name = self._markets.market_id(market)
        start, end = midnight(since), midnight(until + DAY) - timedelta(milliseconds=1)
        if desk_of(market) is Desk.SPOT:
            read = partial(_days_of, since=since, until=until)
            asked = {
                "symbol": name,
                "interval": "1d",
                "startTime": milliseconds(start),
                "endTime": milliseconds(end),
                "limit": _PAGE_DAYS,
            }
            return await self._wire.read(_KLINES, asked, read)
        asked = {
            "symbol": name,
            "interval": "Day1",
            "start": milliseconds(start) // 1000,
            "end": milliseconds(end) // 1000,
        }
        columns = partial(_columns_of, since=since, until=until)
        return await self._wire.read(_COLUMNS, asked, columns)

    async def settlements(
        self, perpetual: Symbol, *, since: datetime, until: datetime
    ) -> tuple[FundingSettlement, ...]:
        """Read pages, the newest first, until one is not full or begins before *since*."""
        name, found = self._markets.market_id(perpetual), dict[datetime, FundingSettlement]()
        for page in range(1, _PAGES_MAX + 1):
            asked = {"symbol": name, "page_num": page, "page_size": _SETTLEMENTS}
            told = await self._wire.read(_FUNDING, asked, partial(_settlements, name=name))
            found |= told
            if len(told) < _SETTLEMENTS or min(told) < since:
                return tuple(s for at, s in sorted(found.items()) if since <= at <= until)
        raise NotDone(f"{perpetual}: the list of settlements since {since} has no end")


def _days_of(answer: object, *, since: date, until: date) -> Mapping[date, Close]:
    """Read the candles of the days asked for.

    Raises:
        Unreadable: they are none, or of other days.

    """
    found = candles_of(answer)
    if strange := [day for day in found if not since <= day <= until]:
        raise Unreadable(f"the candle of {strange[0]} is not one of the days asked for")
    return found


def _columns_of(answer: object, *, since: date, until: date) -> Mapping[date, Close]:
    """Read candles that are told in columns.

    Raises:
        Unreadable: they are none, of other days, or the columns are not of one length.

    """
    told = mapping_of(told_of(answer))
    parts = [field(told, name) for name in ("time", "open", "high", "low", "close")]
    if not all(isinstance(part, list) and len(part) == len(parts[0]) for part in parts):
        raise Unreadable("the columns of candles are not of one length")
    rows = [[number(at, "an instant") * 1000, *rest] for at, *rest in zip(*parts, strict=True)]
    return _days_of(rows, since=since, until=until)


def _settlements(answer: object, *, name: str) -> Mapping[datetime, FundingSettlement]:
    """Read funding settlements of one contract.

    Raises:
        Unreadable: a field is missing or wrong, or it is of another contract.

    """
    rows = rows_told(answer)
    if any(text_of(row, "symbol") != name for row in rows):
        raise Unreadable("settlements of another contract")
    return {
        (at := instant_of(row, "settleTime")): FundingSettlement(
            settled_at=at, rate=decimal_of(row, "fundingRate")
        )
        for row in rows
    }
