"""Daily closes of MEXC spot. Not pure: it asks the venue.

Source: MEXC "Spot V3" Kline/Candlestick Data, 2026: at most 1,000 rows a page. A candle that does
not begin at midnight UTC is no day of ours, and unreadable. Coins pay no funding.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from trimtab.adapters.ccxt_answers import Unreadable, milliseconds
from trimtab.adapters.ccxt_wire import Endpoint, Wire
from trimtab.adapters.daily_candles import candles_of, midnight
from trimtab.adapters.desk_markets import DeskMarkets
from trimtab.adapters.raw_history import PastQuestions, RawHistory
from trimtab.domain.history import DAY, Close
from trimtab.domain.instruments import Asset, Symbol
from trimtab.venues.profile import Desk

_KLINES: Final = Endpoint(desk=Desk.SPOT, method="spotPublicGetKlines")
_PAGE_DAYS: Final = 1000


def mexc_history(wire: Wire, markets: DeskMarkets, *, quote: Asset) -> RawHistory:
    """Return what reads the past of coins."""

    async def candles(market: Symbol, *, since: date, until: date) -> Mapping[date, Close]:
        """Read one page; the answer does not say of which market."""
        asked = {
            "symbol": markets.market_id(market),
            "interval": "1d",
            "startTime": milliseconds(midnight(since)),
            "endTime": milliseconds(midnight(until + DAY) - timedelta(milliseconds=1)),
            "limit": _PAGE_DAYS,
        }

        def read(answer: object) -> Mapping[date, Close]:
            """Read the candles of the days asked for."""
            found = candles_of(answer)
            if strange := [day for day in found if not since <= day <= until]:
                raise Unreadable(f"the candle of {strange[0]} is not one of the days asked for")
            return found

        return await wire.read(_KLINES, asked, read)

    questions = PastQuestions(load=markets.load, candles=candles, days=_PAGE_DAYS, settlements=None)
    return RawHistory(wire, questions, quote=quote)
