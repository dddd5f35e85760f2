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

from trimtab.adapters.frame.daily_candles import candles_within, midnight
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.frame.raw_history import PastQuestions, RawHistory
from trimtab.adapters.frame.settlements import SettlementFields, settlements_in
from trimtab.adapters.mexc.contracts import rows_told, told_of
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import (
    Unreadable,
    field,
    mapping_of,
    milliseconds,
    number,
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
_FIELDS: Final = SettlementFields(market="symbol", at="settleTime", rate="fundingRate")


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
            read = partial(candles_within, since=since, until=until)
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
            told = await self._wire.read(_FUNDING, asked, partial(_settlements, market_id=name))
            found |= told
            if len(told) < _SETTLEMENTS or min(told) < since:
                return tuple(s for at, s in sorted(found.items()) if since <= at <= until)
        raise NotDone(f"{perpetual}: the list of settlements since {since} has no end")


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
    return candles_within(rows, since=since, until=until)


def _settlements(answer: object, *, market_id: str) -> Mapping[datetime, FundingSettlement]:
    """Read settlements of one contract; raises Unreadable."""
    return settlements_in(rows_told(answer), _FIELDS, market_id=market_id)
