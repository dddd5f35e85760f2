"""Daily closes of Kraken spot. Not pure: it asks the venue.

Source: Kraken "Get OHLC Data", 2026: the latest 720 days are told, whatever is asked. Days before
are missing, as those before a listing are.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from trimtab.adapters.frame.daily_candles import candles_of
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.raw_history import PastQuestions, RawHistory
from trimtab.adapters.kraken.answers import Pairs
from trimtab.adapters.kraken.instruments import told_of
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import Unreadable, number
from trimtab.adapters.wire.pace import Pace
from trimtab.domain.history import Close
from trimtab.domain.instruments import Asset, Symbol
from trimtab.venues.profile import Desk

_CANDLES: Final = Endpoint(desk=Desk.SPOT, method="publicGetOHLC")
_DAY_MINUTES: Final = 1440
_DAYS: Final = 100_000
"""There is one answer, however many days are wanted."""


def kraken_history(wire: Wire, markets: DeskMarkets, pairs: Pairs, *, quote: Asset) -> RawHistory:
    """Return what reads the past of coins."""
    pace = Pace(wire.clock, per_second=1)

    async def candles(market: Symbol, *, since: date, until: date) -> Mapping[date, Close]:
        """Read the latest candles, and of them the days asked for."""
        name = markets.market_id(market)
        await pace.turn()
        asked = {"pair": name, "interval": _DAY_MINUTES}
        found = await wire.read(
            _CANDLES, asked, lambda told: candles_of(_in_milliseconds(told_of(told, name, pairs)))
        )
        return {day: close for day, close in found.items() if since <= day <= until}

    questions = PastQuestions(load=markets.load, candles=candles, days=_DAYS, settlements=None)
    return RawHistory(wire, questions, quote=quote)


def _in_milliseconds(rows: object) -> list[list[Any]]:
    """Return candles whose starts are milliseconds: the venue tells seconds.

    Raises:
        Unreadable: they are no lists.

    """
    if not isinstance(rows, list) or not all(isinstance(row, list) and row for row in rows):
        raise Unreadable("candles are no lists of their parts")
    return [[int(number(row[0], "an instant")) * 1000, *row[1:]] for row in rows]
