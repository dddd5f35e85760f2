"""Daily closes and funding of Bybit. Not pure: it asks the venue.

Sources: Bybit API v5 "Get Kline" (at most 1,000 rows a page, newest first) and "Get Funding Rate
History" (at most 200, newest first), 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final

from trimtab.adapters.bybit.answers import result_of, rows_in
from trimtab.adapters.bybit.orders import LINEAR, OF_DESK, at_desks
from trimtab.adapters.frame.daily_candles import candles_within, midnight
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.frame.raw_history import PastQuestions, RawHistory
from trimtab.adapters.frame.settlements import SettlementFields, settlements_in
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import (
    Unreadable,
    field,
    milliseconds,
    text_of,
)
from trimtab.domain.errors import NotDone
from trimtab.domain.history import DAY, Close, FundingSettlement
from trimtab.domain.instruments import Asset, Symbol
from trimtab.venues.profile import Desk

_KLINES: Final = at_desks("publicGetV5MarketKline")
_FUNDING: Final = Endpoint(desk=Desk.LINEAR, method="publicGetV5MarketFundingHistory")
_PAGE_DAYS: Final = 1000
_SETTLEMENTS: Final = 200
_PAGES_MAX: Final = 100
_FIELDS: Final = SettlementFields(market="symbol", at="fundingRateTimestamp", rate="fundingRate")


def bybit_history(wire: Wire, markets: DeskMarkets, *, quote: Asset) -> RawHistory:
    """Return what reads the past of coins, and of contracts where they are used."""

    async def candles(market: Symbol, *, since: date, until: date) -> Mapping[date, Close]:
        """Read one page."""
        name, desk = markets.market_id(market), desk_of(market)
        end = midnight(until + DAY) - timedelta(milliseconds=1)
        asked = {
            **OF_DESK[desk],
            "symbol": name,
            "interval": "D",
            "start": milliseconds(midnight(since)),
            "end": milliseconds(end),
            "limit": _PAGE_DAYS,
        }
        read = partial(_page_of, name=name, since=since, until=until)
        return await wire.read(_KLINES[desk], asked, read)

    async def settlements(
        perpetual: Symbol, *, since: datetime, until: datetime
    ) -> tuple[FundingSettlement, ...]:
        """Read pages, the newest first, until one is not full."""
        name, found = markets.market_id(perpetual), dict[datetime, FundingSettlement]()
        last = until
        for _ in range(_PAGES_MAX):
            asked = {
                **LINEAR,
                "symbol": name,
                "startTime": milliseconds(since),
                "endTime": milliseconds(last),
                "limit": _SETTLEMENTS,
            }
            page = await wire.read(_FUNDING, asked, partial(_settlements, market_id=name))
            for at, settled in page.items():
                if found.setdefault(at, settled) != settled:
                    raise NotDone(f"{perpetual}: the settlement of {at} comes with two contents")
            if len(page) < _SETTLEMENTS:
                return tuple(s for at, s in sorted(found.items()) if since <= at <= until)
            last = min(page) - timedelta(milliseconds=1)
        raise NotDone(f"{perpetual}: the list of settlements since {since} has no end")

    has_futures = Desk.LINEAR in markets.desks
    questions = PastQuestions(
        load=markets.load,
        candles=candles,
        days=_PAGE_DAYS,
        settlements=settlements if has_futures else None,
    )
    return RawHistory(wire, questions, quote=quote)


def _page_of(answer: object, *, name: str, since: date, until: date) -> Mapping[date, Close]:
    """Read the candles of one market and of the days asked for.

    Raises:
        Unreadable: they are of another market or of other days.

    """
    result = result_of(answer)
    if text_of(result, "symbol") != name:
        raise Unreadable("candles of another market")
    return candles_within(field(result, "list"), since=since, until=until)


def _settlements(answer: object, *, market_id: str) -> Mapping[datetime, FundingSettlement]:
    """Read settlements of one contract; raises Unreadable."""
    return settlements_in(rows_in(answer), _FIELDS, market_id=market_id)
