"""Executions of one Binance account, read by trade id until there are no more.

Not pure: it asks the venue. Pages are merged as sets: a row that comes twice counts once,
a row that comes twice with different contents makes the answer unreadable, and the order
inside a page does not matter. Limits: Binance gives 1,000 rows a page and, by time, at most
24 hours (spot) or 7 days (USD-M) at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from trimtab.adapters.binance.delivered import PastMarkets
from trimtab.adapters.binance.instruments import Catalogue
from trimtab.adapters.binance.orders import fill_of, venue_order_id
from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import Unreadable, integer_of, milliseconds, rows_of, text_of
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Instrument, Symbol
from trimtab.domain.orders import ClientOrderId, Fill, OrderIntent, VenueOrderId
from trimtab.ports import FillCursor
from trimtab.venues.profile import Desk

_TRADES: Final[Mapping[Desk, Endpoint]] = {
    Desk.SPOT: Endpoint(desk=Desk.SPOT, method="privateGetMyTrades", rank=Rank.LOOK_UP),
    Desk.LINEAR: Endpoint(desk=Desk.LINEAR, method="fapiPrivateGetUserTrades", rank=Rank.LOOK_UP),
}
_ALL_ORDERS: Final[Mapping[Desk, Endpoint]] = {
    Desk.SPOT: Endpoint(desk=Desk.SPOT, method="privateGetAllOrders", rank=Rank.LOOK_UP),
    Desk.LINEAR: Endpoint(desk=Desk.LINEAR, method="fapiPrivateGetAllOrders", rank=Rank.LOOK_UP),
}
_WINDOW: Final[Mapping[Desk, timedelta]] = {
    Desk.SPOT: timedelta(hours=24),
    Desk.LINEAR: timedelta(days=7),
}
_WINDOW_MIN: Final = timedelta(seconds=1)
_PAGE: Final = 1000
_PAGES_MAX: Final = 1000
_RECENT: Final = timedelta(days=6)
"""How far back both lists of the search for an order surely reach on USD-M."""

Rows = Mapping[int, Fill]
OrderKey = tuple[Symbol, VenueOrderId]
"""The venue numbers orders per market: the same number means another order elsewhere."""


class FillReader:
    """Reads trades and order lists of single markets."""

    def __init__(
        self, wire: Wire, catalogue: Catalogue, names: dict[OrderKey, ClientOrderId]
    ) -> None:
        self._wire = wire
        self._markets = PastMarkets(wire, catalogue)
        self._names = names
        """Orders whose client id was seen; shared with the venue, and both add to it."""

    async def since(self, symbol: Symbol, cursor: FillCursor) -> tuple[Fill, ...]:
        """Return all executions after *cursor*, oldest first.

        Raises:
            NotDone: the venue does not answer, or not readably, or there is no end.
            Refused: the venue denies the read, or does not list the market.

        """
        await self._markets.require(symbol)
        if cursor.after is None:
            found = dict(await self._first_page(symbol, cursor.not_before))
            if not found:
                return ()
            after = max(found)
        else:
            found, after = {}, int(cursor.after)
        for _ in range(_PAGES_MAX):
            count, page = await self._page(symbol, fromId=after + 1)
            found |= {number: fill for number, fill in page.items() if number > after}
            if count < _PAGE:
                return tuple(found[number] for number in sorted(found))
            after = max(after, *page)
        raise NotDone(f"{symbol}: the list of executions has no end")

    async def _first_page(self, symbol: Symbol, not_before: datetime) -> Rows:
        """Return the first executions from an instant on; windows that are too full are cut.

        On spot the latest page has no window: unless it is full, it is all there ever was.
        """
        desk = desk_of(symbol)
        if desk is Desk.SPOT:
            count, latest = await self._page(symbol)
            if count < _PAGE:
                return {n: fill for n, fill in latest.items() if fill.filled_at >= not_before}
        now = await self._wire.venue_now(desk)
        start, window = not_before, _WINDOW[desk]
        for _ in range(_PAGES_MAX):
            if start > now:
                return {}
            bounds = {
                "startTime": milliseconds(start),
                "endTime": milliseconds(start + window) - 1,
            }
            count, page = await self._page(symbol, **bounds)
            if count >= _PAGE and window > _WINDOW_MIN:
                window /= 2  # Which thousand of them came is not documented.
            elif page:
                return page
            else:
                start += window
        raise NotDone(f"{symbol}: no executions found since {not_before}, and no end of looking")

    async def _page(self, symbol: Symbol, **bounds: int) -> tuple[int, Rows]:
        """Return one page: how many rows came, and the executions in them by trade id."""
        instrument = self._markets.instrument(symbol)
        asked = {"symbol": self._markets.market_id(symbol), "limit": _PAGE, **bounds}

        def read(answer: object) -> tuple[int, Rows]:
            """Read every row."""
            rows = rows_of(answer)
            return len(rows), self._rows(rows, instrument)

        return await self._markets.read(symbol, _TRADES[desk_of(symbol)], asked, read)

    def _rows(self, rows: Iterable[Mapping[str, Any]], instrument: Instrument) -> Rows:
        """Read rows as a set."""
        found: dict[int, Fill] = {}
        for row in rows:
            number, fill = integer_of(row, "id"), fill_of(row, instrument, self._names)
            if found.setdefault(number, fill) != fill:
                raise Unreadable(f"trade {number} comes with two contents")
        return found

    async def client_ids(
        self, symbol: Symbol, orders: Collection[VenueOrderId]
    ) -> Mapping[VenueOrderId, ClientOrderId]:
        """Return the client ids of *orders*, from the list of all orders from the oldest on.

        Raises:
            NotDone: the venue does not answer, or not readably.
            Refused: the venue denies the read.

        """
        await self._markets.require(symbol)
        wanted = sorted(int(order) for order in orders)
        found: dict[VenueOrderId, ClientOrderId] = {}
        for _ in range(_PAGES_MAX):
            if not wanted:
                break
            page = await self._names_from(symbol, wanted[0])
            found |= {order: ClientOrderId(name) for order, name in page.items() if order in orders}
            last = max((int(order) for order in page), default=0)
            wanted = [n for n in wanted if n > last] if len(page) >= _PAGE else []
        self._names.update({(symbol, order): name for order, name in found.items()})
        return found

    async def _names_from(self, symbol: Symbol, oldest: int | None) -> Mapping[VenueOrderId, str]:
        """Return one page of client ids by the venue's ids: from *oldest* on, or the latest."""
        asked = {"symbol": self._markets.market_id(symbol), "limit": _PAGE}
        if oldest is not None:
            asked["orderId"] = oldest

        def read(answer: object) -> Mapping[VenueOrderId, str]:
            """Read the client ids of a list of orders."""
            return {venue_order_id(r): text_of(r, "clientOrderId") for r in rows_of(answer)}

        return await self._wire.read(_ALL_ORDERS[desk_of(symbol)], asked, read)

    async def sightings(self, intent: OrderIntent) -> Mapping[str, str]:
        """Return what the order list and the trade list show of the order of *intent*.

        A recent trade whose order the order list does not show counts as a sighting: it may
        be ours.

        Raises:
            NotDone: the venue does not answer, or not readably.
            Refused: the venue denies the read.

        """
        symbol = intent.instrument.symbol
        orders = await self._names_from(symbol, None)
        ours = [number for number, name in orders.items() if name == intent.client_order_id]
        oldest = min((int(number) for number in orders), default=0)
        _, trades = await self._page(symbol)
        recent = self._wire.clock.now() - _RECENT
        unexplained = [
            fill.trade_id
            for fill in trades.values()
            if fill.filled_at > recent
            and int(fill.venue_order_id) >= oldest
            and (fill.venue_order_id not in orders or fill.venue_order_id in ours)
        ]
        return {
            "all_orders": f"order {ours[0]}" if ours else "none",
            "fills": f"trade {unexplained[0]}" if unexplained else "none",
        }
