"""Daily closes of Bybit spot. Not pure: it asks the venue.

Source: Bybit API v5 "Get Kline", 2026: at most 1,000 rows a page, newest first.
Coins pay no funding and have no open interest.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import partial
from typing import Final

from trimtab.adapters.bybit_answers import result_of
from trimtab.adapters.bybit_orders import SPOT
from trimtab.adapters.ccxt_answers import Unreadable, field, milliseconds, text_of
from trimtab.adapters.ccxt_wire import Endpoint, Wire
from trimtab.adapters.daily_candles import candles_of, midnight
from trimtab.adapters.desk_markets import DeskMarkets
from trimtab.adapters.raw_history import PastQuestions, RawHistory
from trimtab.domain.history import DAY, Close
from trimtab.domain.instruments import Asset, Symbol
from trimtab.venues.profile import Desk

_KLINES: Final = Endpoint(desk=Desk.SPOT, method="publicGetV5MarketKline")
_PAGE_DAYS: Final = 1000


def bybit_history(wire: Wire, markets: DeskMarkets, *, quote: Asset) -> RawHistory:
    """Return what reads the past of coins."""

    async def candles(market: Symbol, *, since: date, until: date) -> Mapping[date, Close]:
        """Read one page."""
        name = markets.market_id(market)
        end = midnight(until + DAY) - timedelta(milliseconds=1)
        asked = {
            **SPOT,
            "symbol": name,
            "interval": "D",
            "start": milliseconds(midnight(since)),
            "end": milliseconds(end),
            "limit": _PAGE_DAYS,
        }
        read = partial(_page_of, name=name, since=since, until=until)
        return await wire.read(_KLINES, asked, read)

    questions = PastQuestions(load=markets.load, candles=candles, days=_PAGE_DAYS, settlements=None)
    return RawHistory(wire, questions, quote=quote)


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
