"""Executions of one OKX account, read in windows of time until there are no more.

Not pure: it asks the venue. Those of the last three days stand in one list and those of a longer
time in another, of which it is not said how soon it knows one; both are asked, and merged as sets.
A page holds a hundred, and the least number of a full one leads to the older ones. Whether a time
has its bounds in it is not said, so that a moment more is asked for on either side. Sources: OKX
API v5 "Transaction details (last 3 days)", "Transaction details (last 3 months)", 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desk_orders import asking
from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.frame.listed_pages import Page, Row, whole_list
from trimtab.adapters.frame.timed_fills import as_set
from trimtab.adapters.okx.answers import fill_of, led_by, rows_in
from trimtab.adapters.okx.orders import OF_DESK
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import Unreadable, milliseconds, text_of
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import Fill, VenueOrderId

_RECENT: Final = asking(spot="privateGetTradeFills", linear="privateGetTradeFills")
_OLD: Final = asking(spot="privateGetTradeFillsHistory", linear="privateGetTradeFillsHistory")
_RECENT_FOR: Final = timedelta(days=3)
WINDOW: Final = timedelta(days=7)
"""How much is asked for at once."""
_PAGE: Final = 100
_PAGES_MAX: Final = 1000


class OkxFills:
    """Reads executions of both desks."""

    def __init__(self, wire: Wire, markets: DeskMarkets) -> None:
        self._wire = wire
        self._markets = markets

    async def between(self, symbol: Symbol, *, start: datetime, end: datetime) -> tuple[Fill, ...]:
        """Return the executions of one market in a window, both ends inclusive; many come twice.

        Some of a moment before and after may be among them.

        Raises:
            NotDone: the venue does not answer, or not readably, or there is no end.
            Refused: the venue denies the read.

        """
        desk, now = desk_of(symbol), await self._wire.venue_now(desk_of(symbol))
        asked = {
            **OF_DESK[desk],
            "instId": self._markets.market_id(symbol),
            "begin": milliseconds(start) - 1,
            "end": milliseconds(end) + 1,
            "limit": _PAGE,
        }
        found = await self._listed(_OLD[desk], symbol, asked)
        if end > now - _RECENT_FOR:
            found += await self._listed(_RECENT[desk], symbol, asked)
        return found

    async def of_order(self, symbol: Symbol, order_id: VenueOrderId) -> tuple[Fill, ...]:
        """Return the executions of one order that are still told, each once, oldest first.

        Raises:
            NotDone: the venue does not answer, or not readably, or there is no end.
            Refused: the venue denies the read.

        """
        desk, name = desk_of(symbol), self._markets.market_id(symbol)
        asked = {**OF_DESK[desk], "instId": name, "ordId": order_id, "limit": _PAGE}
        listed = await self._listed(_OLD[desk], symbol, asked)
        listed += await self._listed(_RECENT[desk], symbol, asked)
        try:
            found = as_set(listed)
        except Unreadable as error:
            raise NotDone(f"the list of executions is unreadable: {error}") from error
        return tuple(sorted(found.values(), key=lambda fill: int(fill.trade_id)))

    async def _listed(
        self, endpoint: Endpoint, symbol: Symbol, asked: Mapping[str, object]
    ) -> tuple[Fill, ...]:
        """Return the executions of one list."""
        read = partial(self._read, symbol)

        def page(answer: object) -> Page:
            """Read every row, so that one that cannot be read makes the answer unreadable."""
            rows = rows_in(answer)
            as_set(read(rows))
            return led_by(rows, "billId", full=_PAGE)

        rows = await whole_list(
            lambda further: self._wire.read(endpoint, {**asked, **further}, page),
            lead="after",
            what=f"executions of {symbol}",
            pages_max=_PAGES_MAX,
        )
        return read(rows)

    def _read(self, symbol: Symbol, rows: tuple[Row, ...]) -> tuple[Fill, ...]:
        """Read rows of one market.

        Raises:
            Unreadable: one is of another market, or cannot be read.

        """
        name, instrument = self._markets.market_id(symbol), self._markets.instrument(symbol)
        if any(text_of(row, "instId") != name for row in rows):
            raise Unreadable("an execution of another market")
        return tuple(fill_of(row, instrument) for row in rows)
