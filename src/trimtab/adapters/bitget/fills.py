"""Executions of one Bitget account, read in windows of time until there are no more.

Not pure: it asks the venue. Limits: a question may span ninety days, a page holds 100 rows, and
the least number of a full page leads to the older ones. Sources: Bitget API v2 "Get Fills", "Get
Order Fill Details", 2025-12.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from trimtab.adapters.bitget.answers import fill_of, led_by, rows_in, rows_under
from trimtab.adapters.bitget.markets import OF_DESK
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desk_orders import DeskOrders
from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.frame.listed_pages import Page, Row, whole_list
from trimtab.adapters.frame.timed_fills import as_set
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import Unreadable, milliseconds, text_of
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import Fill
from trimtab.venues.profile import Desk

_SPOT: Final = "privateSpotGetV2SpotTradeFills"
_LINEAR: Final = "privateMixGetV2MixOrderFills"
_FILLS: Final[Mapping[Desk, Endpoint]] = {
    Desk.SPOT: Endpoint(desk=Desk.SPOT, method=_SPOT, rank=Rank.LOOK_UP),
    Desk.LINEAR: Endpoint(desk=Desk.LINEAR, method=_LINEAR, rank=Rank.LOOK_UP),
}
_ROWS: Final[Mapping[Desk, Callable[[object], tuple[Row, ...]]]] = {
    Desk.SPOT: rows_in,
    Desk.LINEAR: partial(rows_under, "fillList"),
}
WINDOW: Final = timedelta(days=30)
"""How much is asked for at once."""
_PAGE: Final = 100
_PAGES_MAX: Final = 1000


class BitgetFills:
    """Reads executions of both desks."""

    def __init__(self, wire: Wire, markets: DeskMarkets, orders: DeskOrders) -> None:
        self._wire = wire
        self._markets = markets
        self._orders = orders

    async def between(self, symbol: Symbol, *, start: datetime, end: datetime) -> tuple[Fill, ...]:
        """Return the executions of one market in a window, both ends inclusive.

        Raises:
            NotDone: the venue does not answer, or not readably, or there is no end.
            Refused: the venue denies the read.

        """
        which = {"symbol": self._markets.market_id(symbol)}
        return self._read(await self.rows(desk_of(symbol), which, start=start, end=end), symbol)

    async def rows(
        self, desk: Desk, which: Mapping[str, str], *, start: datetime, end: datetime
    ) -> tuple[Row, ...]:
        """Return the rows of a window, both ends inclusive, every one readable.

        Raises:
            NotDone: the venue does not answer, or not readably, or there is no end.
            Refused: the venue denies the read.

        """
        asked = {
            **OF_DESK[desk],
            **which,
            "startTime": milliseconds(start),
            "endTime": milliseconds(end),
            "limit": _PAGE,
        }

        def page(answer: object) -> Page:
            """Read every row, so that one that cannot be read makes the answer unreadable."""
            rows = _ROWS[desk](answer)
            for name in {text_of(row, "symbol").upper() for row in rows}:
                mine = (row for row in rows if text_of(row, "symbol").upper() == name)
                as_set(self._read(mine, self._markets.symbol_of(desk, name)))
            return led_by(rows, "tradeId", full=_PAGE)

        return await whole_list(
            lambda further: self._wire.read(_FILLS[desk], {**asked, **further}, page),
            lead="idLessThan",
            what="executions",
            pages_max=_PAGES_MAX,
        )

    def _read(self, rows: Iterable[Row], symbol: Symbol) -> tuple[Fill, ...]:
        """Read rows of one market.

        Raises:
            Unreadable: one is of another market, or cannot be read.

        """
        name, instrument = self._markets.market_id(symbol), self._markets.instrument(symbol)
        found = []
        for row in rows:
            if text_of(row, "symbol").upper() != name:
                raise Unreadable("an execution of another market")
            found.append(fill_of(row, instrument, self._orders.names))
        return tuple(found)
