"""Daily closes of Coinbase. Not pure: it asks the venue.

Source: Coinbase Advanced Trade API "Get Product Candles", 2026: at most 350 rows, start in seconds;
whether the bounds of a time are in it is not said.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Final

from trimtab.adapters.coinbase.answers import listed_in
from trimtab.adapters.frame.daily_candles import candles_of, midnight
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.raw_history import PastQuestions, RawHistory
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import field, integer_of, milliseconds
from trimtab.domain.history import DAY, Close
from trimtab.domain.instruments import Asset, Symbol
from trimtab.venues.profile import Desk

_CANDLES: Final = Endpoint(desk=Desk.SPOT, method="v3PrivateGetBrokerageProductsProductIdCandles")
_PAGE_DAYS: Final = 340
"""With a day more on either side less than an answer holds."""


def coinbase_history(wire: Wire, markets: DeskMarkets, *, quote: Asset) -> RawHistory:
    """Return what reads the past of coins."""

    async def candles(market: Symbol, *, since: date, until: date) -> Mapping[date, Close]:
        """Read one page, a day more on either side."""
        asked = {
            "product_id": markets.market_id(market),
            "granularity": "ONE_DAY",
            "start": milliseconds(midnight(since - DAY)) // 1000,
            "end": milliseconds(midnight(until + DAY)) // 1000,
        }
        return await wire.read(_CANDLES, asked, partial(closes_of, since=since, until=until))

    questions = PastQuestions(load=markets.load, candles=candles, days=_PAGE_DAYS, settlements=None)
    return RawHistory(wire, questions, quote=quote)


def closes_of(answer: object, *, since: date, until: date) -> Mapping[date, Close]:
    """Read candles, and of them the days asked for; raises Unreadable when they are none."""
    rows = listed_in(answer, "candles")
    usual = [[integer_of(r, "start") * 1000, None, None, None, field(r, "close")] for r in rows]
    told = candles_of(usual)
    return {day: close for day, close in told.items() if since <= day <= until}
