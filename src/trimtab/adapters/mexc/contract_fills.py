"""Executions of contracts of one MEXC account. Not pure: it asks the venue.

An answer that is full is asked again in halves, so that it matters neither in which order the venue
lists nor which rows it leaves out; a question spans a millisecond more at both ends, for it is not
said whether they are in it. Every instant that the venue's pages show is a whole second, in which
more may be executed than an answer holds: it is then read page by page, and only as long as no row
comes twice. Source: MEXC "Futures" API "Get Historical Order Deal Details", 2026.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desk_orders import DeskOrders
from trimtab.adapters.frame.halved_windows import whole_stretch
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.timed_fills import as_set, risen_trade_id
from trimtab.adapters.frame.units import base_units
from trimtab.adapters.mexc.contract_orders import PER_SECOND, number_in, side_in
from trimtab.adapters.mexc.contracts import SETTLED_IN, rows_told
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import (
    Unreadable,
    decimal_of,
    instant_of,
    integer_of,
    milliseconds,
    text_of,
)
from trimtab.adapters.wire.pace import Pace
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Instrument, Symbol
from trimtab.domain.orders import ClientOrderId, Fill, TradeId, VenueOrderId
from trimtab.venues.profile import Desk

_FILLS: Final = Endpoint(
    desk=Desk.LINEAR, method="contractPrivateGetOrderListOrderDealsV3", rank=Rank.LOOK_UP
)
WINDOW: Final = timedelta(days=7)
_PAGE: Final = 100
_PAGES_MAX: Final = 50
_TICK: Final = timedelta(milliseconds=1)

Names = Mapping[tuple[Symbol, VenueOrderId], ClientOrderId]


class MexcContractFills:
    """Reads executions of one contract in a stretch of time."""

    def __init__(self, wire: Wire, markets: DeskMarkets, orders: DeskOrders) -> None:
        self._wire = wire
        self._markets = markets
        self._orders = orders
        self._pace = Pace(wire.clock, per_second=PER_SECOND)

    async def between(self, symbol: Symbol, *, start: datetime, end: datetime) -> list[Fill]:
        """Return the executions of a window, both ends inclusive; one may come twice.

        Raises:
            NotDone: the venue does not answer, or not readably, or there is no end.
            Refused: the venue denies the read.

        """
        rows = await self.rows(symbol, start=start, end=end)
        return self._read(rows, symbol)

    async def rows(self, symbol: Symbol, *, start: datetime, end: datetime) -> tuple[Row, ...]:
        """Return the rows of a stretch, both ends inclusive, every one readable."""
        name = self._markets.market_id(symbol)

        def page(answer: object) -> tuple[Row, ...]:
            """Read every row, so that one that cannot be read makes the answer unreadable."""
            rows = rows_told(answer)
            as_set(self._read(rows, symbol))
            return rows

        async def ask(*, start: datetime, end: datetime) -> tuple[Row, ...] | None:
            """Read one stretch."""
            asked = {
                "symbol": name,
                "start_time": milliseconds(start - _TICK),
                "end_time": milliseconds(end + _TICK),
                "page_num": 1,
                "page_size": _PAGE,
            }
            await self._pace.turn()
            rows = await self._wire.read(_FILLS, asked, page)
            if len(rows) >= _PAGE and start < end:
                return None
            if len(rows) >= _PAGE:
                rows = await self._pages(asked, page, rows)
            return tuple(row for row in rows if start <= instant_of(row, "timestamp") <= end)

        first, last = (
            each - timedelta(microseconds=each.microsecond % 1000) for each in (start, end)
        )
        return await whole_stretch(ask, start=first, end=last, what=f"executions of {symbol}")

    async def _pages(
        self,
        asked: Mapping[str, object],
        page: Callable[[object], tuple[Row, ...]],
        first: tuple[Row, ...],
    ) -> tuple[Row, ...]:
        """Return the rows of all pages of a question, the *first* of which is full.

        Where a row comes twice another may not have come: the list moved, or has no fixed order.

        Raises:
            NotDone: the venue does not answer, a row comes twice, or there is no end.
            Refused: the venue denies the read.

        """
        found, told = {trade_of(row): row for row in first}, len(first)
        for number in range(2, _PAGES_MAX + 1):
            await self._pace.turn()
            rows = await self._wire.read(_FILLS, {**asked, "page_num": number}, page)
            found |= {trade_of(row): row for row in rows}
            told += len(rows)
            if len(found) != told:
                raise NotDone("executions of contracts: the list moved while it was read")
            if len(rows) < _PAGE:
                return tuple(found.values())
        raise NotDone("executions of contracts: the list has no end")

    def _read(self, rows: Iterable[Row], symbol: Symbol) -> list[Fill]:
        """Read rows of one market.

        Raises:
            Unreadable: one is of another market, or cannot be read.

        """
        name, instrument = self._markets.market_id(symbol), self._markets.instrument(symbol)
        return [fill_of(row, instrument, market_id=name, names=self._orders.names) for row in rows]


def trade_of(row: Row) -> TradeId:
    """Return the name of an execution, which rises with time.

    Raises:
        Unreadable: it has no number or no instant.

    """
    return risen_trade_id(integer_of(row, "timestamp"), number_in(row, "id"))


def fill_of(row: Row, instrument: Instrument, *, market_id: str, names: Names) -> Fill:
    """Read an execution; whose it is *names* says.

    Raises:
        Unreadable: a field is missing or wrong, it is of another market, or it is paid for in
            another coin than the contract settles in.

    """
    if text_of(row, "symbol") != market_id:
        raise Unreadable("an execution of another market")
    if text_of(row, "feeCurrency") != SETTLED_IN:
        raise Unreadable("the fee of an execution is in another coin")
    order, count = VenueOrderId(number_in(row, "orderId")), decimal_of(row, "vol")
    if count <= 0 or not order.isdigit():
        raise Unreadable("an execution of nothing, or of no order")
    return Fill(
        symbol=instrument.symbol,
        trade_id=trade_of(row),
        venue_order_id=order,
        client_order_id=names.get((instrument.symbol, order)),
        side=side_in(row),
        quantity=base_units(count, instrument),
        fill_price=decimal_of(row, "price"),
        fee=decimal_of(row, "fee"),
        fee_asset=SETTLED_IN,
        filled_at=instant_of(row, "timestamp"),
    )
