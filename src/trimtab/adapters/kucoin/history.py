"""Daily closes of KuCoin spot. Not pure: it asks the venue.

Source: KuCoin API "Get Klines", 2025-11: at most 1500 rows, the newest first, each a list of start
in seconds, open, close, high and low; whether the bounds of a time are in it is not said.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Final

from trimtab.adapters.frame.daily_candles import candles_of, midnight
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.raw_history import PastQuestions, RawHistory
from trimtab.adapters.kucoin.answers import data_in
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import Unreadable, milliseconds, number
from trimtab.domain.history import DAY, Close
from trimtab.domain.instruments import Asset, Symbol
from trimtab.venues.profile import Desk

_CANDLES: Final = Endpoint(desk=Desk.SPOT, method="publicGetMarketCandles")
_PAGE_DAYS: Final = 1000
_START, _CLOSE = 0, 2


def kucoin_history(wire: Wire, markets: DeskMarkets, *, quote: Asset) -> RawHistory:
    """Return what reads the past of coins."""

    async def candles(market: Symbol, *, since: date, until: date) -> Mapping[date, Close]:
        """Read one page, a day more on either side."""
        asked = {
            "symbol": markets.market_id(market),
            "type": "1day",
            "startAt": milliseconds(midnight(since - DAY)) // 1000,
            "endAt": milliseconds(midnight(until + DAY)) // 1000,
        }
        return await wire.read(_CANDLES, asked, partial(closes_of, since=since, until=until))

    questions = PastQuestions(load=markets.load, candles=candles, days=_PAGE_DAYS, settlements=None)
    return RawHistory(wire, questions, quote=quote)


def closes_of(answer: object, *, since: date, until: date) -> Mapping[date, Close]:
    """Read candles, and of them the days asked for.

    Raises:
        Unreadable: they are none.

    """
    rows = data_in(answer)
    if not isinstance(rows, list):
        raise Unreadable("candles are no list")
    told = candles_of([_usual(row) for row in rows])
    return {day: close for day, close in told.items() if since <= day <= until}


def _usual(row: object) -> list[object]:
    """Return a candle as other venues write it: milliseconds, open, high, low, close.

    Raises:
        Unreadable: it is no list of its parts.

    """
    if not isinstance(row, list) or len(row) <= _CLOSE:
        raise Unreadable("a candle is no list of its parts")
    return [int(number(row[_START], "an instant")) * 1000, None, None, None, row[_CLOSE]]
