"""Executions of one MEXC account, read in windows of time. Not pure: it asks the venue.

An answer holds a hundred executions and leads nowhere: when it is full, what lies before its first
and behind its last is asked for, until nothing is full. Executions older than a month are not told.
Source: MEXC "Spot V3" Account Trade List, 2026.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.timed_fills import MarketFills, as_set
from trimtab.adapters.mexc.answers import fill_of
from trimtab.adapters.mexc.orders import MexcOrders
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import milliseconds, rows_of
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import Fill
from trimtab.venues.profile import Desk

_FILLS: Final = Endpoint(desk=Desk.SPOT, method="spotPrivateGetMyTrades", rank=Rank.LOOK_UP)
_WINDOW: Final = timedelta(days=30)
_PAGE: Final = 100
_PAGES_MAX: Final = 1000


def mexc_fills(wire: Wire, markets: DeskMarkets, orders: MexcOrders) -> MarketFills:
    """Return what reads executions of single markets."""
    ask = MexcWindows(wire, markets, orders).between
    return MarketFills(wire, markets, ask, window=_WINDOW, names=orders.client_ids)


class MexcWindows:
    """Reads executions of one market in a stretch of time."""

    def __init__(self, wire: Wire, markets: DeskMarkets, orders: MexcOrders) -> None:
        self._wire = wire
        self._markets = markets
        self._orders = orders

    async def between(self, symbol: Symbol, *, start: datetime, end: datetime) -> list[Fill]:
        """Return the executions of a window, both ends inclusive; one may come twice.

        Raises:
            NotDone: the venue does not answer, or not readably, or there is no end.
            Refused: the venue denies the read.

        """
        found: list[Fill] = []
        waiting = [(start, end)]
        for _ in range(_PAGES_MAX):
            if not waiting:
                return found
            first, last = waiting.pop()
            fills = await self._answer(symbol, start=first, end=last)
            found += fills
            if len(fills) < _PAGE:
                continue
            earliest, latest = min(f.filled_at for f in fills), max(f.filled_at for f in fills)
            if earliest == latest:
                raise NotDone(f"{symbol}: more executions in one instant than one answer holds")
            waiting += [(first, earliest), (latest, last)]
        raise NotDone(f"executions of {symbol}: the list has no end")

    async def _answer(self, symbol: Symbol, *, start: datetime, end: datetime) -> list[Fill]:
        """Ask once."""
        asked = {
            "symbol": self._markets.market_id(symbol),
            "startTime": milliseconds(start),
            "endTime": milliseconds(end),
            "limit": _PAGE,
        }
        return await self._wire.read(_FILLS, asked, self._reading(symbol))

    def _reading(self, symbol: Symbol) -> Callable[[object], list[Fill]]:
        """Return what reads an answer, every row of it."""
        instrument, name = self._markets.instrument(symbol), self._markets.market_id(symbol)

        def read(answer: object) -> list[Fill]:
            """Read every row, so that one that cannot be read makes the answer unreadable."""
            names = self._orders.names
            fills = [fill_of(r, instrument, market_id=name, names=names) for r in rows_of(answer)]
            as_set(fills)
            return fills

        return read
