"""Daily closes of Gate spot. Not pure: it asks the venue.

Source: Gate API v4 "Market K-line chart", 2026: times are seconds, and a row tells its start, its
turnover, its close and more; a thousand at most.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Final

from trimtab.adapters.frame.daily_candles import candles_within, midnight
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.raw_history import PastQuestions, RawHistory
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import Unreadable, number
from trimtab.domain.history import Close
from trimtab.domain.instruments import Asset, Symbol
from trimtab.venues.profile import Desk

_CANDLES: Final = Endpoint(desk=Desk.SPOT, method="publicSpotGetCandlesticks")
_PAGE_DAYS: Final = 500
_START, _CLOSE = 0, 2


def gate_history(wire: Wire, markets: DeskMarkets, *, quote: Asset) -> RawHistory:
    """Return what reads the past of coins."""

    async def candles(market: Symbol, *, since: date, until: date) -> Mapping[date, Close]:
        """Read one stretch of days."""
        asked = {
            "currency_pair": markets.market_id(market),
            "interval": "1d",
            "from": int(midnight(since).timestamp()),
            "to": int(midnight(until).timestamp()),
        }
        return await wire.read(_CANDLES, asked, partial(closes_of, since=since, until=until))

    questions = PastQuestions(load=markets.load, candles=candles, days=_PAGE_DAYS, settlements=None)
    return RawHistory(wire, questions, quote=quote)


def closes_of(answer: object, *, since: date, until: date) -> Mapping[date, Close]:
    """Read the candles of the days asked for.

    Raises:
        Unreadable: they are none, or of other days.

    """
    if not isinstance(answer, list):
        raise Unreadable("candles are no list")
    return candles_within([_row(each) for each in answer], since=since, until=until)


def _row(told: object) -> list[object]:
    """Return a candle as the frame reads one: milliseconds first, the close fifth."""
    if not isinstance(told, list) or len(told) <= _CLOSE:
        raise Unreadable("a candle is no list of its parts")
    start_ms = number(told[_START], "an instant") * 1000
    return [start_ms, None, None, None, told[_CLOSE]]
