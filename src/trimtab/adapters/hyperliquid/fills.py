"""Executions of one Hyperliquid account, read in stretches of time. Not pure: it asks the venue.

One list has those of all markets. Pages say of it that an answer has 2000 rows at most, and of
every list by time that it has 500: either number may be a cut, and then what lies before its first
and behind its last is asked for, until nothing is cut. Only the 10,000 latest executions of an
account are told. Whether both ends of a stretch are in it is not said, so that a moment more is
asked for.
Source: Hyperliquid docs "Info endpoint", 2026.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.timed_fills import as_set
from trimtab.adapters.hyperliquid.answers import fill_of
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import (
    Unreadable,
    instant_of,
    integer_of,
    milliseconds,
    rows_of,
    text_of,
)
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import Fill
from trimtab.venues.profile import Desk

WINDOW: Final = timedelta(days=3650)
"""One question for all of the past: what is older than the latest is not told at all."""
_QUESTION: Final = Endpoint(desk=Desk.SPOT, method="publicPostInfo", rank=Rank.LOOK_UP)
_CUTS: Final = (500, 2000)
_ANSWERS_MAX: Final = 200
_TOLD_MAX: Final = 10_000
_MOMENT_MS: Final = 1
_SLACK: Final = timedelta(minutes=1)


class HyperliquidFills:
    """Reads executions of one market."""

    def __init__(self, wire: Wire, markets: DeskMarkets, *, user: str) -> None:
        self._wire = wire
        self._markets = markets
        self.user = user
        """Address of the account."""

    async def between(self, symbol: Symbol, *, start: datetime, end: datetime) -> tuple[Fill, ...]:
        """Return the executions of a market from *start* to *end*, both inclusive.

        *end* is the present or later: only then do as many rows as the venue tells at most say
        that older ones may be missing.

        Raises:
            NotDone: the venue does not answer, or not readably, or may have left some out.
            Refused: the venue denies the read.

        """
        name, instrument = self._markets.market_id(symbol), self._markets.instrument(symbol)
        rows = await self._whole(
            start=start, end=min(end, self._wire.clocks.now(Desk.SPOT) + _SLACK)
        )
        if len({(row["time"], row["tid"], row["coin"]) for row in rows}) >= _TOLD_MAX:
            raise NotDone(f"executions: more since {start} than the venue tells")
        try:
            found = as_set(fill_of(row, instrument) for row in rows if row["coin"] == name)
        except Unreadable as error:
            raise NotDone(f"the list of executions is unreadable: {error}") from error
        return tuple(fill for fill in found.values() if start <= fill.filled_at <= end)

    async def _whole(self, *, start: datetime, end: datetime) -> list[Row]:
        """Return every row of a stretch, of all markets; one may come twice."""
        found: list[Row] = []
        waiting = [(start, end)]
        for _ in range(_ANSWERS_MAX):
            if not waiting:
                return found
            first, last = waiting.pop()
            rows = await self._answer(start=first, end=last)
            found += rows
            if len(rows) not in _CUTS and len(rows) < max(_CUTS):
                continue
            times = sorted(instant_of(row, "time") for row in rows)
            if times[0] == times[-1]:
                raise NotDone("executions: more in one instant than one answer holds")
            waiting += [(first, times[0]), (times[-1], last)]
        raise NotDone("executions: the list has no end")

    async def _answer(self, *, start: datetime, end: datetime) -> tuple[Row, ...]:
        """Ask once."""
        asked = {
            "type": "userFillsByTime",
            "user": self.user,
            "startTime": milliseconds(start) - _MOMENT_MS,
            "endTime": milliseconds(end) + _MOMENT_MS,
        }
        return await self._wire.read(_QUESTION, asked, _executions_in)


def _executions_in(answer: object) -> tuple[Row, ...]:
    """Return the rows of an answer, each of a market and an instant.

    Raises:
        Unreadable: a row has none, or no number.

    """
    return tuple(
        {
            **row,
            "coin": text_of(row, "coin"),
            "time": integer_of(row, "time"),
            "tid": integer_of(row, "tid"),
        }
        for row in rows_of(answer)
    )
