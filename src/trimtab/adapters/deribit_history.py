"""Daily closes of Deribit spot. Not pure: it asks the venue.

Source: docs.deribit.com "public/get_tradingview_chart_data", 2026. Its days are not those of UTC,
so that hours are asked for: a day closes with its last hour.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import partial
from typing import Final

from trimtab.adapters.ccxt_answers import (
    Unreadable,
    field,
    instant,
    mapping_of,
    milliseconds,
    number,
    text_of,
)
from trimtab.adapters.ccxt_wire import Endpoint, Wire
from trimtab.adapters.daily_candles import midnight
from trimtab.adapters.deribit_answers import result_of
from trimtab.adapters.desk_markets import DeskMarkets
from trimtab.adapters.raw_history import PastQuestions, RawHistory
from trimtab.domain.history import DAY, Close
from trimtab.domain.instruments import Asset, Symbol
from trimtab.venues.profile import Desk

_CHART: Final = Endpoint(desk=Desk.SPOT, method="publicGetGetTradingviewChartData")
_HOUR: Final = timedelta(hours=1)
_DAYS: Final = 40
"""About a thousand hours."""


def deribit_history(wire: Wire, markets: DeskMarkets, *, quote: Asset) -> RawHistory:
    """Return what reads the past of coins."""

    async def candles(market: Symbol, *, since: date, until: date) -> Mapping[date, Close]:
        """Read the hours of some days."""
        asked = {
            "instrument_name": markets.market_id(market),
            "start_timestamp": milliseconds(midnight(since)),
            "end_timestamp": milliseconds(midnight(until + DAY) - _HOUR),
            "resolution": "60",
        }
        return await wire.read(_CHART, asked, partial(closes_of, since=since, until=until))

    questions = PastQuestions(load=markets.load, candles=candles, days=_DAYS, settlements=None)
    return RawHistory(wire, questions, quote=quote)


def closes_of(answer: object, *, since: date, until: date) -> Mapping[date, Close]:
    """Read the close of each last hour of a day, from *since* to *until*, both inclusive.

    Raises:
        Unreadable: hours and closes do not match, an hour is none, or a day is told twice.

    """
    told = mapping_of(result_of(answer))
    if text_of(told, "status") == "no_data":
        return {}
    hours, closes = field(told, "ticks"), field(told, "close")
    if not isinstance(hours, list) or not isinstance(closes, list) or len(hours) != len(closes):
        raise Unreadable("hours and closes do not match")
    found: dict[date, Close] = {}
    for hour, close in zip(hours, closes, strict=True):
        ends = instant(int(number(hour, "an hour"))) + _HOUR
        day = (ends - _HOUR).date()
        if ends != midnight(day + DAY) or not since <= day <= until:
            continue
        if day in found:
            raise Unreadable(f"the close of {day} is told twice")
        found[day] = Close(day=day, close=number(close, "a close"))
    return found
