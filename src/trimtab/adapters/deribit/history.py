"""Daily closes and funding of Deribit. Not pure: it asks the venue.

Sources: docs.deribit.com "public/get_tradingview_chart_data" and "public/get_funding_rate_history",
2026. Its days are not those of UTC, so that hours are asked for: a day closes with its last hour.
Funding is paid all the time; what is told of an hour stands for a settlement at its end.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final

from trimtab.adapters.deribit.answers import result_of
from trimtab.adapters.deribit.contracts import settlements_of
from trimtab.adapters.frame.daily_candles import midnight
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.raw_history import PastQuestions, RawHistory
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import (
    Unreadable,
    field,
    instant,
    mapping_of,
    milliseconds,
    number,
    text_of,
)
from trimtab.domain.history import DAY, Close, FundingSettlement
from trimtab.domain.instruments import Asset, Symbol
from trimtab.venues.profile import Desk

_CHART: Final = Endpoint(desk=Desk.SPOT, method="publicGetGetTradingviewChartData")
_FUNDING: Final = Endpoint(desk=Desk.LINEAR, method="publicGetGetFundingRateHistory")
_HOUR: Final = timedelta(hours=1)
_DAYS: Final = 40
"""About a thousand hours."""
_WEEK: Final = timedelta(days=7)
"""How much funding is asked for at once: how many hours an answer holds is not said."""


def deribit_history(wire: Wire, markets: DeskMarkets, *, quote: Asset) -> RawHistory:
    """Return what reads the past of coins, and of contracts where they are used."""

    async def candles(market: Symbol, *, since: date, until: date) -> Mapping[date, Close]:
        """Read the hours of some days."""
        asked = {
            "instrument_name": markets.market_id(market),
            "start_timestamp": milliseconds(midnight(since)),
            "end_timestamp": milliseconds(midnight(until + DAY) - _HOUR),
            "resolution": "60",
        }
        return await wire.read(_CHART, asked, partial(closes_of, since=since, until=until))

    async def settlements(
        perpetual: Symbol, *, since: datetime, until: datetime
    ) -> tuple[FundingSettlement, ...]:
        """Read week by week, the oldest first."""
        found: dict[datetime, FundingSettlement] = {}
        first = since
        while first <= until:
            last = min(until, first + _WEEK)
            asked = {
                "instrument_name": markets.market_id(perpetual),
                "start_timestamp": milliseconds(first),
                "end_timestamp": milliseconds(last),
            }
            found |= await wire.read(_FUNDING, asked, settlements_of)
            first = last + timedelta(milliseconds=1)
        return tuple(row for at, row in sorted(found.items()) if since <= at <= until)

    has_contracts = Desk.LINEAR in markets.desks
    questions = PastQuestions(
        load=markets.load,
        candles=candles,
        days=_DAYS,
        settlements=settlements if has_contracts else None,
    )
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
