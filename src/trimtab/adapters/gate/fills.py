"""Executions of one Gate account, read in windows of time until there are no more.

Not pure: it asks the venue. Times are whole seconds, and are those at which an order ended: an
execution of an order that still rests may come into the list later than others. Ours end at once. A
question spans thirty days at most. Pages are numbered; they are read until one brings nothing new.
Source: Gate API v4 "Query personal trading records", 2026.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.timed_fills import as_set
from trimtab.adapters.gate.answers import fill_of
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import rows_of
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import Fill, TradeId
from trimtab.venues.profile import Desk

_FILLS: Final = Endpoint(desk=Desk.SPOT, method="privateSpotGetMyTrades", rank=Rank.LOOK_UP)
WINDOW: Final = timedelta(days=20)
"""How much is asked for at once."""
_PAGE: Final = 1000
_PAGES_MAX: Final = 100
"""The venue tells a hundred thousand rows of one question."""


class GateFills:
    """Reads executions of one market in a stretch of time."""

    def __init__(self, wire: Wire, markets: DeskMarkets) -> None:
        self._wire = wire
        self._markets = markets

    async def between(self, symbol: Symbol, *, start: datetime, end: datetime) -> list[Fill]:
        """Return the executions of a market from *start* to *end*, and a second more.

        Raises:
            NotDone: the venue does not answer, or not readably, or there is no end.
            Refused: the venue denies the read.

        """
        name, instrument = self._markets.market_id(symbol), self._markets.instrument(symbol)
        asked = {
            "currency_pair": name,
            "from": int(start.timestamp()) - 1,
            "to": int(end.timestamp()) + 1,
            "limit": _PAGE,
        }

        def read(answer: object) -> dict[TradeId, Fill]:
            """Read every row, so that one that cannot be read makes the answer unreadable."""
            return as_set(fill_of(row, instrument, market_id=name) for row in rows_of(answer))

        found: list[Fill] = []
        seen = set[TradeId]()
        for page in range(1, _PAGES_MAX + 1):
            told = await self._wire.read(_FILLS, {**asked, "page": page}, read)
            found += told.values()
            if told.keys() <= seen:
                return found
            seen |= told.keys()
        raise NotDone(f"executions of {symbol}: the list has no end")
