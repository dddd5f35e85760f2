"""Daily closes and funding of Bitget. Not pure: it asks the venue.

Sources: Bitget API v2 "Get History Candlestick Data" of spot and "Get Historical Candlestick" of
contracts (at most 200 rows, by UTC day where asked so, up to an end), "Get Historical Funding
Rates" (pages of 100, newest first), 2025-12. It keeps no list of past open interest.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from trimtab.adapters.bitget.answers import rows_in, told_of
from trimtab.adapters.bitget.markets import PRODUCT
from trimtab.adapters.frame.daily_candles import candles_of, midnight
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.frame.raw_history import PastQuestions, RawHistory
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import decimal_of, instant_of, milliseconds
from trimtab.domain.errors import NotDone
from trimtab.domain.history import DAY, Close, FundingSettlement
from trimtab.domain.instruments import Asset, Symbol
from trimtab.venues.profile import Desk

_CANDLES: Final[Mapping[Desk, tuple[Endpoint, Mapping[str, object]]]] = {
    Desk.SPOT: (
        Endpoint(desk=Desk.SPOT, method="publicSpotGetV2SpotMarketHistoryCandles"),
        {"granularity": "1Dutc"},
    ),
    Desk.LINEAR: (
        Endpoint(desk=Desk.LINEAR, method="publicMixGetV2MixMarketHistoryCandles"),
        {**PRODUCT, "granularity": "1Dutc"},
    ),
}
_FUNDING: Final = Endpoint(desk=Desk.LINEAR, method="publicMixGetV2MixMarketHistoryFundRate")
_DAYS: Final = 80
"""A question may span ninety."""
_PAGE: Final = 100
_PAGES_MAX: Final = 100


def bitget_history(wire: Wire, markets: DeskMarkets, *, quote: Asset) -> RawHistory:
    """Return what reads the past of coins and of contracts."""
    past = _Past(wire, markets)
    questions = PastQuestions(
        load=markets.load, candles=past.candles, days=_DAYS, settlements=past.settlements
    )
    return RawHistory(wire, questions, quote=quote)


class _Past:
    """What is asked."""

    def __init__(self, wire: Wire, markets: DeskMarkets) -> None:
        self._wire = wire
        self._markets = markets

    async def candles(self, market: Symbol, *, since: date, until: date) -> Mapping[date, Close]:
        """Read one stretch; it is not said whether a candle at the very end is in it."""
        endpoint, how = _CANDLES[desk_of(market)]
        asked = {
            **how,
            "symbol": self._markets.market_id(market),
            "endTime": milliseconds(midnight(until + DAY)),
            "limit": (until - since).days + 2,
        }
        if desk_of(market) is Desk.LINEAR:
            asked["startTime"] = milliseconds(midnight(since))
        found = await self._wire.read(endpoint, asked, lambda told: candles_of(told_of(told)))
        return {day: close for day, close in found.items() if since <= day <= until}

    async def settlements(
        self, perpetual: Symbol, *, since: datetime, until: datetime
    ) -> tuple[FundingSettlement, ...]:
        """Read pages, the newest first, until one is older than *since*."""
        asked = {**PRODUCT, "symbol": self._markets.market_id(perpetual), "pageSize": _PAGE}
        found: dict[datetime, FundingSettlement] = {}
        for page in range(1, _PAGES_MAX + 1):
            rows = await self._wire.read(_FUNDING, {**asked, "pageNo": page}, _settlements)
            for at, row in rows.items():
                if found.setdefault(at, row) != row:
                    raise NotDone(f"{perpetual}: the settlement of {at} comes with two contents")
            if len(rows) < _PAGE or min(rows) < since:
                return tuple(row for at, row in sorted(found.items()) if since <= at <= until)
        raise NotDone(f"{perpetual}: the list of settlements since {since} has no end")


def _settlements(answer: object) -> Mapping[datetime, FundingSettlement]:
    """Read funding settlements.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    return {
        (at := instant_of(row, "fundingTime")): FundingSettlement(
            settled_at=at, rate=decimal_of(row, "fundingRate")
        )
        for row in rows_in(answer)
    }
