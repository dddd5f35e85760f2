"""Daily closes of OKX. Not pure: it asks the venue.

Source: OKX API v5 "Get candlesticks history" (at most 100 rows, the newest first; days of UTC have
a name of their own; both bounds are left out), 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import partial
from typing import Final

from trimtab.adapters.ccxt_answers import Unreadable, field, mapping_of, milliseconds
from trimtab.adapters.ccxt_wire import Endpoint, Wire
from trimtab.adapters.daily_candles import candles_of, midnight
from trimtab.adapters.desk_markets import DeskMarkets
from trimtab.adapters.raw_history import PastQuestions, RawHistory
from trimtab.domain.history import DAY, Close
from trimtab.domain.instruments import Asset, Symbol
from trimtab.venues.profile import Desk

_CANDLES: Final = Endpoint(desk=Desk.SPOT, method="publicGetMarketHistoryCandles")
_PAGE_DAYS: Final = 100
_TICK: Final = timedelta(milliseconds=1)


def okx_history(wire: Wire, markets: DeskMarkets, *, quote: Asset) -> RawHistory:
    """Return what reads the past of coins."""

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

    questions = PastQuestions(load=markets.load, candles=candles, days=_PAGE_DAYS, settlements=None)
    return RawHistory(wire, questions, quote=quote)


def _closes(answer: object, *, since: date, until: date) -> Mapping[date, Close]:
    """Read the candles of the days asked for.

    Raises:
        Unreadable: they are none, or of other days.

    """
    told = mapping_of(answer)
    if field(told, "code") != "0":
        raise Unreadable("code is not 0")
    found = candles_of(field(told, "data"))
    if strange := [day for day in found if not since <= day <= until]:
        raise Unreadable(f"the candle of {strange[0]} is not one of the days asked for")
    return found
