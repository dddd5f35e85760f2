"""Executions of one WEEX spot account, read in stretches of time that come whole.

Not pure: it asks the venue. The list has no pages and no order is said of it, and an execution
does not carry our name. Source: WEEX API v3 "Get Trade History", 2026-03.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.timed_fills import MarketFills, as_set
from trimtab.adapters.weex.answers import fill_of
from trimtab.adapters.weex.orders import TimedList, WeexOrders
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import Unreadable, rows_of, text_of
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import Fill
from trimtab.venues.profile import Desk

_FILLS: Final = Endpoint(desk=Desk.SPOT, method="privateGetApiV3MyTrades", rank=Rank.LOOK_UP)
_PAGE: Final = 100
_WINDOW: Final = timedelta(days=7)


def weex_fills(wire: Wire, markets: DeskMarkets, orders: WeexOrders) -> MarketFills:
    """Return what reads executions of single markets."""
    ask = WeexWindows(wire, markets, orders).between
    return MarketFills(wire, markets, ask, window=_WINDOW, names=orders.client_ids)


class WeexWindows:
    """Reads executions of one market in a stretch of time."""

    def __init__(self, wire: Wire, markets: DeskMarkets, orders: WeexOrders) -> None:
        self._wire = wire
        self._markets = markets
        self._orders = orders

    async def between(self, symbol: Symbol, *, start: datetime, end: datetime) -> tuple[Fill, ...]:
        """Return the executions of a market from *start* to *end*, both inclusive."""
        told = TimedList(wire=self._wire, endpoint=_FILLS, rows_max=_PAGE)
        name, read = self._markets.market_id(symbol), self._reader(symbol)
        return await told.between({"symbol": name}, start=start, end=end, read=read)

    def _reader(self, symbol: Symbol) -> Callable[[object], tuple[Fill, ...]]:
        """Return what reads an answer, every row of it."""
        instrument, name = self._markets.instrument(symbol), self._markets.market_id(symbol)

        def read(answer: object) -> tuple[Fill, ...]:
            """Read every row, so that one that cannot be read makes the answer unreadable."""
            found = []
            for row in rows_of(answer):
                if text_of(row, "symbol") != name:
                    raise Unreadable("an execution of another market")
                found.append(fill_of(row, instrument, self._orders.known()))
            as_set(found)
            return tuple(found)

        return read
