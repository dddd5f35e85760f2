"""Executions of one MEXC account, read in windows of time. Not pure: it asks the venue.

An answer holds a hundred executions and leads nowhere: when it is full, what lies before its first
and behind its last is asked for, until nothing is full. Executions older than a month are not told.
Source: MEXC "Spot V3" Account Trade List, 2026.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from trimtab.adapters.ccxt_answers import milliseconds, rows_of
from trimtab.adapters.ccxt_wire import Endpoint, Wire
from trimtab.adapters.desk_markets import DeskMarkets
from trimtab.adapters.mexc_answers import fill_of
from trimtab.adapters.mexc_orders import RECENT, MexcOrders
from trimtab.adapters.timed_fills import as_set, fills_since
from trimtab.adapters.weights import Rank
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import Fill, OrderIntent
from trimtab.ports import FillCursor
from trimtab.venues.profile import Desk

_FILLS: Final = Endpoint(desk=Desk.SPOT, method="spotPrivateGetMyTrades", rank=Rank.LOOK_UP)
_WINDOW: Final = timedelta(days=30)
_PAGE: Final = 100
_PAGES_MAX: Final = 1000


class MexcFills:
    """Reads executions of single markets."""

    def __init__(self, wire: Wire, markets: DeskMarkets, orders: MexcOrders) -> None:
        self._wire = wire
        self._markets = markets
        self._orders = orders

    async def since(self, symbol: Symbol, cursor: FillCursor) -> tuple[Fill, ...]:
        """Return all executions after *cursor* that the venue still tells, oldest first.

        Raises:
            NotDone: the venue does not answer, or not readably, or there is no end.
            Refused: the venue denies the read, or does not list the market.

        """
        await self._markets.require(symbol)
        now = await self._wire.venue_now(Desk.SPOT)

        async def ask(*, start: datetime, end: datetime) -> list[Fill]:
            """Read one window."""
            return await self._within(symbol, start=start, end=end)

        return await fills_since(cursor, now=now, window=_WINDOW, ask=ask)

    async def _within(self, symbol: Symbol, *, start: datetime, end: datetime) -> list[Fill]:
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

    async def sighting(self, intent: OrderIntent) -> str:
        """Return what the executions of two days show of the order of *intent*.

        An execution whose order has no name that can be found counts too: it may be ours.

        Raises:
            NotDone: the venue does not answer, or not readably, or there is no end.
            Refused: the venue denies the read.

        """
        symbol = intent.instrument.symbol
        await self._markets.require(symbol)
        now = await self._wire.venue_now(Desk.SPOT)
        fills = await self._within(symbol, start=now - RECENT, end=now)
        strange = {fill.venue_order_id for fill in fills if fill.client_order_id is None}
        named = await self._orders.client_ids(symbol, strange)
        for fill in fills:
            whose = fill.client_order_id or named.get(fill.venue_order_id)
            if whose is None or whose == intent.client_order_id:
                return f"trade {fill.trade_id}"
        return "none"
