"""Daily closes of WEEX, and the funding of its contracts. Not pure: it asks.

Sources: WEEX API v3 "Get Kline Data", 2026-03: that of coins takes no time and tells the latest
candles, how many is not said. Days before the first of them are missing, as those before a listing
are. "Contract" v3 "Get Historical Klines" (100 rows) and "Get Funding Rate History" (seven days,
1,000 rows), 2026-07.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final

from trimtab.adapters.frame.daily_candles import candles_of, candles_within, midnight
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.frame.raw_history import PastQuestions, RawHistory
from trimtab.adapters.frame.settlements import SettlementFields, settlements_in
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import Unreadable, milliseconds, rows_of
from trimtab.domain.history import DAY, Close, FundingSettlement
from trimtab.domain.instruments import Asset, Symbol
from trimtab.venues.profile import Desk

_KLINES: Final = Endpoint(desk=Desk.SPOT, method="publicGetApiV3MarketKlines")
_PAST: Final = Endpoint(desk=Desk.LINEAR, method="contractGetCapiV3MarketHistoryKlines")
_FUNDING: Final = Endpoint(desk=Desk.LINEAR, method="contractGetCapiV3MarketFundingRate")
_DAYS: Final = 100_000
"""Of coins there is one answer, however many days are wanted."""
_PAGE_DAYS: Final = 100
_TICK: Final = timedelta(milliseconds=1)
_WINDOW: Final = timedelta(days=7)
_FULL: Final = 1000
_FIELDS: Final = SettlementFields(market="symbol", at="fundingTime", rate="fundingRate")


def weex_history(wire: Wire, markets: DeskMarkets, *, quote: Asset) -> RawHistory:
    """Return what reads the past of coins, and of contracts where they are used."""
    past = _Past(wire, markets)
    has_futures = Desk.LINEAR in markets.desks
    questions = PastQuestions(
        load=markets.load,
        candles=past.candles,
        days=_DAYS,
        settlements=past.settlements if has_futures else None,
    )
    return RawHistory(wire, questions, quote=quote)


class _Past:
    """What is asked."""

    def __init__(self, wire: Wire, markets: DeskMarkets) -> None:
        self._wire = wire
        self._markets = markets

    async def candles(self, market: Symbol, *, since: date, until: date) -> Mapping[date, Close]:
        """Read the days asked for; of coins the latest candles, and of them these days."""
        asked = {"symbol": self._markets.market_id(market), "interval": "1d"}
        if desk_of(market) is Desk.SPOT:
            told = await self._wire.read(_KLINES, asked, candles_of)
            return {day: close for day, close in told.items() if since <= day <= until}
        found: dict[date, Close] = {}
        first = since
        while first <= until:
            last = min(until, first + (_PAGE_DAYS - 1) * DAY)
            span = {
                "startTime": milliseconds(midnight(first)),
                "endTime": milliseconds(midnight(last + DAY) - _TICK),
                "limit": _PAGE_DAYS,
            }
            read = partial(candles_within, since=first, until=last)
            found |= await self._wire.read(_PAST, {**asked, **span}, read)
            first = last + DAY
        return found

    async def settlements(
        self, perpetual: Symbol, *, since: datetime, until: datetime
    ) -> tuple[FundingSettlement, ...]:
        """Read all settlements, oldest first, a week at a time."""
        name = self._markets.market_id(perpetual)
        found: dict[datetime, FundingSettlement] = {}
        start = since
        while start <= until:
            end = min(until, start + _WINDOW - _TICK)
            span = {"startTime": milliseconds(start), "endTime": milliseconds(end)}
            read = partial(_settlements, market_id=name)
            found |= await self._wire.read(_FUNDING, {"symbol": name, **span, "limit": _FULL}, read)
            start += _WINDOW
        return tuple(told for at, told in sorted(found.items()) if since <= at <= until)


def _settlements(answer: object, *, market_id: str) -> Mapping[datetime, FundingSettlement]:
    """Read the settlements of a week; raises Unreadable."""
    rows = rows_of(answer)
    if len(rows) >= _FULL:
        raise Unreadable("there may be more settlements than are told")
    return settlements_in(rows, _FIELDS, market_id=market_id)
