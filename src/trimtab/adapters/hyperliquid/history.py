"""Daily closes of Hyperliquid's coins. Not pure: it asks the venue.

Source: Hyperliquid docs "Candle snapshot", 2026: the 5000 latest candles are told.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from trimtab.adapters.frame.daily_candles import candles_of, midnight
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.raw_history import PastQuestions, RawHistory
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import Unreadable, field, milliseconds, rows_of, text_of
from trimtab.domain.history import Close
from trimtab.domain.instruments import Asset, Symbol
from trimtab.venues.profile import Desk

_QUESTION: Final = Endpoint(desk=Desk.SPOT, method="publicPostInfo")
_DAYS: Final = 500


def hyperliquid_history(wire: Wire, markets: DeskMarkets, *, quote: Asset) -> RawHistory:
    """Return what reads the past of coins."""

    async def candles(market: Symbol, *, since: date, until: date) -> Mapping[date, Close]:
        """Read candles of some days."""
        name = markets.market_id(market)
        of = {
            "coin": name,
            "interval": "1d",
            "startTime": milliseconds(midnight(since)),
            "endTime": milliseconds(midnight(until)),
        }

        def read(answer: object) -> Mapping[date, Close]:
            """Read them as lists of their parts."""
            rows = rows_of(answer)
            if any(text_of(row, "s") != name for row in rows):
                raise Unreadable("a candle of another market")
            return candles_of([[field(row, part) for part in "tohlc"] for row in rows])

        found = await wire.read(_QUESTION, {"type": "candleSnapshot", "req": of}, read)
        return {day: close for day, close in found.items() if since <= day <= until}

    questions = PastQuestions(load=markets.load, candles=candles, days=_DAYS, settlements=None)
    return RawHistory(wire, questions, quote=quote)
