"""Daily closes of WEEX spot. Not pure: it asks the venue.

Source: WEEX API v3 "Get Kline Data", 2026-03: it takes no time and tells the latest candles, how
many is not said. Days before the first of them are missing, as those before a listing are.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from trimtab.adapters.frame.daily_candles import candles_of
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.raw_history import PastQuestions, RawHistory
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.domain.history import Close
from trimtab.domain.instruments import Asset, Symbol
from trimtab.venues.profile import Desk

_KLINES: Final = Endpoint(desk=Desk.SPOT, method="publicGetApiV3MarketKlines")
_DAYS: Final = 100_000
"""There is one answer, however many days are wanted."""


def weex_history(wire: Wire, markets: DeskMarkets, *, quote: Asset) -> RawHistory:
    """Return what reads the past of coins."""

    async def candles(market: Symbol, *, since: date, until: date) -> Mapping[date, Close]:
        """Read the latest candles, and of them the days asked for."""
        asked = {"symbol": markets.market_id(market), "interval": "1d"}
        found = await wire.read(_KLINES, asked, candles_of)
        return {day: close for day, close in found.items() if since <= day <= until}

    questions = PastQuestions(load=markets.load, candles=candles, days=_DAYS, settlements=None)
    return RawHistory(wire, questions, quote=quote)
