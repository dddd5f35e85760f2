"""Executions of one Coinbase portfolio, booked order by order. Not pure: it asks the venue.

A row names neither our order nor the coin of its fee, and has two times. So the order of each is
asked for, and nothing of an order is told before all its executions add up to what the order says
of them: sizes, value, fees, and what was paid after them. Source: Coinbase Advanced Trade API "List
Fills", 2026. For how long executions are listed is not said.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from trimtab.adapters.coinbase.orders import CoinbaseOrders
from trimtab.adapters.coinbase.trading import (
    FIELDS,
    fill_page_in,
    fills_of,
    posted_at,
    written,
)
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.listed_pages import Row, whole_list
from trimtab.adapters.frame.order_rows import order_id_in
from trimtab.adapters.frame.timed_fills import MarketFills
from trimtab.adapters.wire.calls import Endpoint, Wire, together
from trimtab.adapters.wire.exact import Unreadable
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import Fill, VenueOrderId
from trimtab.venues.profile import Desk

_FILLS: Final = Endpoint(
    desk=Desk.SPOT, method="v3PrivateGetBrokerageOrdersHistoricalFills", rank=Rank.LOOK_UP
)
_WINDOW: Final = timedelta(days=365)
_APART: Final = timedelta(hours=1)
"""So much more is asked for on either side: the list filters by one time of two, and names the
other."""
_AT_ONCE: Final = 10
"""Orders that are asked for side by side: a question to lists has a quarter of a minute."""
_PAGE: Final = 100
_PAGES_MAX: Final = 1000


def coinbase_fills(wire: Wire, markets: DeskMarkets, orders: CoinbaseOrders) -> MarketFills:
    """Return what reads executions of single markets; each tells whose it is."""
    ask = CoinbaseFills(wire, markets, orders).between
    return MarketFills(wire, markets, ask, window=_WINDOW, names=None)


class CoinbaseFills:
    """Reads executions of one market in a stretch of time."""

    def __init__(self, wire: Wire, markets: DeskMarkets, orders: CoinbaseOrders) -> None:
        self._wire = wire
        self._markets = markets
        self._orders = orders

    async def between(self, symbol: Symbol, *, start: datetime, end: datetime) -> list[Fill]:
        """Return the executions of a market from *start* to *end*, both inclusive.

        Raises:
            NotDone: the venue does not answer, not readably, or those of an order do not add up.
            Refused: the venue denies the read.

        """
        name = self._markets.market_id(symbol)
        span = {
            "start_sequence_timestamp": written(start - _APART),
            "end_sequence_timestamp": written(end + _APART),
        }
        listed: dict[VenueOrderId, list[Row]] = {}
        for row in await self._whole({"product_ids": name, **span}):
            listed.setdefault(order_id_in(row, FIELDS), []).append(row)
        asked = [
            (order_id, rows)
            for order_id, rows in listed.items()
            if any(start <= posted_at(row) <= end for row in rows)
        ]
        found: list[Fill] = []
        for first in range(0, len(asked), _AT_ONCE):
            some = asked[first : first + _AT_ONCE]
            for fills in await together(*(self._of_order(symbol, *each) for each in some)):
                found += fills
        return [fill for fill in found if start <= fill.filled_at <= end]

    async def _of_order(
        self, symbol: Symbol, order_id: VenueOrderId, rows: list[Row]
    ) -> tuple[Fill, ...]:
        """Return all executions of an order: *rows*, or what is listed of it in all."""
        read = partial(
            fills_of,
            instrument=self._markets.instrument(symbol),
            market_id=self._markets.market_id(symbol),
        )
        order = await self._orders.row(order_id)
        if order is None:
            raise NotDone(f"order {order_id} has executions, and the venue knows no such order")
        try:
            return read(order, rows)
        except Unreadable:
            rows = list(await self._whole({"order_ids": order_id}))
        try:
            return read(order, rows)
        except Unreadable as error:
            raise NotDone(
                f"executions of order {order_id} are not booked: {error}",
                next_step="trimtab recover; what never adds up has to be asked of the venue",
            ) from error

    async def _whole(self, asked: Mapping[str, object]) -> tuple[Row, ...]:
        """Return every row of a list of executions."""
        asked = {**asked, "limit": _PAGE}
        return await whole_list(
            lambda further: self._wire.read(_FILLS, {**asked, **further}, fill_page_in),
            lead="cursor",
            what="executions",
            pages_max=_PAGES_MAX,
        )
