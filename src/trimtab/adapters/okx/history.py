"""Daily closes and funding of OKX. Not pure: it asks the venue.

Sources: OKX API v5 "Get candlesticks history" (at most 100 rows, the newest first; days of UTC have
a name of their own; both bounds are left out) and "Get funding rate history", 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final

from trimtab.adapters.frame.daily_candles import candles_within, midnight
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.raw_history import PastQuestions, RawHistory
from trimtab.adapters.frame.settlements import SettlementFields, settlements_in
from trimtab.adapters.okx.answers import rows_in
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import (
    Unreadable,
    field,
    mapping_of,
    milliseconds,
)
from trimtab.domain.errors import NotDone
from trimtab.domain.history import DAY, Close, FundingSettlement
from trimtab.domain.instruments import Asset, Symbol
from trimtab.venues.profile import Desk

_CANDLES: Final = Endpoint(desk=Desk.SPOT, method="publicGetMarketHistoryCandles")
_FUNDING: Final = Endpoint(desk=Desk.LINEAR, method="publicGetPublicFundingRateHistory")
_PAGE_DAYS: Final = 100
_SETTLEMENTS: Final = 100
_PAGES_MAX: Final = 100
_TICK: Final = timedelta(milliseconds=1)
_FIELDS: Final = SettlementFields(market="instId", at="fundingTime", rate="realizedRate")


def okx_history(wire: Wire, markets: DeskMarkets, *, quote: Asset) -> RawHistory:
    """Return what reads the past of coins, and of contracts where they are used."""

    async def candles(market: Symbol, *, since: date, until: date) -> Mapping[date, Close]:
        """Read one page."""
        asked = {
            "instId": markets.market_id(market),
            "bar": "1Dutc",
            "before": milliseconds(midnight(since) - _TICK),
            "after": milliseconds(midnight(until + DAY)),
            "limit": _PAGE_DAYS,
        }
        return await wire.read(_CANDLES, asked, partial(_closes, since=since, until=until))

    async def settlements(
        perpetual: Symbol, *, since: datetime, until: datetime
    ) -> tuple[FundingSettlement, ...]:
        """Read pages, the newest first, until one is not full or begins before *since*."""
        name, found = markets.market_id(perpetual), dict[datetime, FundingSettlement]()
        last = until + _TICK
        for _ in range(_PAGES_MAX):
            asked = {"instId": name, "after": milliseconds(last), "limit": _SETTLEMENTS}
            page = await wire.read(_FUNDING, asked, partial(_settlements, market_id=name))
            found |= page
            if len(page) < _SETTLEMENTS or min(page) < since:
                return tuple(s for at, s in sorted(found.items()) if since <= at <= until)
            last = min(page)
        raise NotDone(f"{perpetual}: the list of settlements since {since} has no end")

    has_futures = Desk.LINEAR in markets.desks
    questions = PastQuestions(
        load=markets.load,
        candles=candles,
        days=_PAGE_DAYS,
        settlements=settlements if has_futures else None,
    )
    return RawHistory(wire, questions, quote=quote)


def _closes(answer: object, *, since: date, until: date) -> Mapping[date, Close]:
    """Read the candles of the days asked for.

    Raises:
        Unreadable: they are none, or of other days.

    """
    told = mapping_of(answer)
    if field(told, "code") != "0":
        raise Unreadable("code is not 0")
    return candles_within(field(told, "data"), since=since, until=until)


def _settlements(answer: object, *, market_id: str) -> Mapping[datetime, FundingSettlement]:
    """Read settlements of one contract; raises Unreadable."""
    return settlements_in(rows_in(answer), _FIELDS, market_id=market_id)
