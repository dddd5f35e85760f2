"""Executions of one BingX account, read in stretches of time until there are no more.

Not pure: it asks the venue. Limits: an answer holds 1,000 rows, and it is not said in which order
nor whether a question may span more than a week. Executions carry no name of ours: it is asked
for by order. Sources: BingX API spot "Query transaction details", USDT-M "Query historical
transaction details" (at most seven days at once), 2026.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from trimtab.adapters.bingx.answers import fill_of, order_id_of, rows_under, told_of
from trimtab.adapters.bingx.orders import BingxQuestions
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desk_orders import DeskOrders
from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.frame.halved_windows import whole_stretch
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.timed_fills import as_set, fills_since
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import Unreadable, mapping_of, milliseconds, text_of
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import Fill, OrderIntent
from trimtab.ports import FillCursor
from trimtab.venues.profile import Desk

_FILLS: Final[Mapping[Desk, Endpoint]] = {
    Desk.SPOT: Endpoint(desk=Desk.SPOT, method="spotV1PrivateGetTradeMyTrades", rank=Rank.LOOK_UP),
    Desk.LINEAR: Endpoint(
        desk=Desk.LINEAR, method="swapV2PrivateGetTradeFillHistory", rank=Rank.LOOK_UP
    ),
}
_NAMES: Final = ("fill_orders", "fill_history_orders")
"""What the list of contracts' executions is called: the documents and clients disagree."""
_WINDOW: Final = timedelta(days=7)
_RECENT: Final = timedelta(days=2)
"""Longer than an order that was not found is searched for again."""
_FULL: Final = 1000


class BingxFills:
    """Reads executions."""

    def __init__(self, wire: Wire, markets: DeskMarkets, orders: DeskOrders) -> None:
        self._wire = wire
        self._markets = markets
        self._orders = orders
        self._questions = BingxQuestions(wire, markets)

    async def since(self, symbol: Symbol, cursor: FillCursor) -> tuple[Fill, ...]:
        """Return all executions after *cursor*, oldest first.

        Raises:
            NotDone: the venue does not answer, or not readably, or there is no end.
            Refused: the venue denies the read, or does not list the market.

        """
        await self._markets.require(symbol)
        now = await self._wire.venue_now(desk_of(symbol))

        async def ask(*, start: datetime, end: datetime) -> tuple[Fill, ...]:
            """Read one window."""
            return self._read(await self._rows(symbol, start=start, end=end), symbol)

        return await fills_since(cursor, now=now, window=_WINDOW, ask=ask)

    async def between(self, symbol: Symbol, *, start: datetime, end: datetime) -> tuple[Fill, ...]:
        """Return the executions of a stretch of at most seven days, both ends inclusive.

        Raises:
            NotDone: the venue does not answer, or not readably, or there is no end.
            Refused: the venue denies the read, or does not list the market.

        """
        await self._markets.require(symbol)
        return self._read(await self._rows(symbol, start=start, end=end), symbol)

    async def _rows(self, symbol: Symbol, *, start: datetime, end: datetime) -> tuple[Row, ...]:
        """Return the rows of a stretch, both ends inclusive, every one readable."""
        desk, name = desk_of(symbol), self._markets.market_id(symbol)

        def page(answer: object) -> tuple[Row, ...]:
            """Read every row, so that one that cannot be read makes the answer unreadable."""
            rows = rows_under("fills", answer) if desk is Desk.SPOT else _contract_rows(answer)
            as_set(self._read(rows, symbol))
            return rows

        async def ask(*, start: datetime, end: datetime) -> tuple[Row, ...] | None:
            """Read one stretch."""
            asked = {
                "symbol": name,
                **_span(desk, first_ms=milliseconds(start), last_ms=milliseconds(end)),
            }
            rows = await self._wire.read(_FILLS[desk], asked, page)
            return rows if len(rows) < _FULL else None

        return await whole_stretch(ask, start=start, end=end, what=f"executions of {symbol}")

    def _read(self, rows: Iterable[Row], symbol: Symbol) -> tuple[Fill, ...]:
        """Read rows of one market.

        Raises:
            Unreadable: one is of another market, or cannot be read.

        """
        name, instrument = self._markets.market_id(symbol), self._markets.instrument(symbol)
        found = []
        for row in rows:
            if text_of(row, "symbol") != name:
                raise Unreadable("an execution of another market")
            ours = self._orders.names.get((symbol, order_id_of(row)))
            found.append(fill_of(row, instrument, ours))
        return tuple(found)

    async def sighting(self, intent: OrderIntent) -> str:
        """Return what the executions of two days show of the order of *intent*.

        An execution of an order without a name counts too where it may be ours.

        Raises:
            NotDone: the venue does not answer, or not readably, or there is no end.
            Refused: the venue denies the read.

        """
        symbol = intent.instrument.symbol
        await self._markets.require(symbol)
        now = await self._wire.venue_now(desk_of(symbol))
        fills = self._read(await self._rows(symbol, start=now - _RECENT, end=now), symbol)
        ours = [fill for fill in fills if fill.client_order_id == intent.client_order_id]
        if ours:
            return f"trade {ours[0].trade_id}"
        strange = {fill.venue_order_id for fill in fills if fill.client_order_id is None}
        may_be_ours = await self._questions.one_of(intent, strange)
        return "a trade of an order without a name" if may_be_ours else "none"


def _span(desk: Desk, *, first_ms: int, last_ms: int) -> Mapping[str, object]:
    """Return how a stretch of time is asked for, whole."""
    if desk is Desk.SPOT:
        return {"startTime": first_ms, "endTime": last_ms, "limit": _FULL}
    return {"startTs": first_ms, "endTs": last_ms, "pageIndex": 1, "pageSize": _FULL}


def _contract_rows(answer: object) -> tuple[Row, ...]:
    """Return the list of contracts' executions.

    Raises:
        Unreadable: it is missing, or there are two.

    """
    names = [name for name in _NAMES if name in mapping_of(told_of(answer))]
    if len(names) != 1:
        raise Unreadable("a list of executions is missing, or told twice")
    return rows_under(names[0], answer)
