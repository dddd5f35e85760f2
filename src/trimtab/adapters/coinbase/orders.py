"""Orders of one Coinbase portfolio, found in its lists. Not pure: it asks the venue.

No question takes our name; each order in the list tells it. So an order that was received is asked
for by the venue's id, and any other is looked for in the list, where its absence proves nothing:
first as far back as orders are looked for at all, then mostly in two days.
Lists are asked for status by status: whether one question may name several is not said. An order
that is told under two of them counts once, as it was told last. Sources: Coinbase Advanced Trade
API "List Orders", "Get Order", 2026.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from trimtab.adapters.coinbase.answers import page_in
from trimtab.adapters.coinbase.trading import (
    FIELDS,
    STATUSES,
    open_order_of,
    order_of,
    order_row,
    place_of,
    written,
)
from trimtab.adapters.frame.absence import one_or_none
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.listed_pages import Page, Row, whole_list
from trimtab.adapters.frame.look_back import LookBack
from trimtab.adapters.frame.order_rows import name_in, order_id_in
from trimtab.adapters.frame.waiting_orders import WaitingList, waiting_in
from trimtab.adapters.wire.calls import Endpoint, Wire, together
from trimtab.adapters.wire.exact import Unreadable
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import ClientOrderId, OrderIntent, VenueOrder, VenueOrderId
from trimtab.domain.snapshot import OpenOrder
from trimtab.venues.profile import Desk

_LONG_AGO: Final = timedelta(days=90)
"""How old an order may be that is still found."""
_ORDERS: Final = Endpoint(
    desk=Desk.SPOT, method="v3PrivateGetBrokerageOrdersHistoricalBatch", rank=Rank.LOOK_UP
)
_ORDER: Final = Endpoint(
    desk=Desk.SPOT, method="v3PrivateGetBrokerageOrdersHistoricalOrderId", rank=Rank.LOOK_UP
)
_PAGE: Final = 100
_PAGES_MAX: Final = 100


class CoinbaseOrders:
    """Reads orders."""

    def __init__(self, wire: Wire, markets: DeskMarkets) -> None:
        self._wire = wire
        self._markets = markets
        self._ids: dict[ClientOrderId, VenueOrderId] = {}
        self._back = LookBack(_LONG_AGO)

    def seen(self, order: VenueOrder) -> None:
        """Remember an order of ours: by the venue's id it is found without a list."""
        self._ids[order.client_order_id] = order.venue_order_id

    async def row(self, order_id: VenueOrderId) -> Row | None:
        """Ask for one order by the venue's id; None where the venue knows none under it.

        Raises:
            NotDone: the question was not answered, or with another order.
            Refused: the venue denies the read.

        """

        def read(answer: object) -> Row:
            """Read the order that was asked for."""
            row = order_row(answer)
            if order_id_in(row, FIELDS) != order_id:
                raise Unreadable("the answer is of another order")
            return row

        return await one_or_none(self._wire, _ORDER, {"order_id": order_id}, read)

    async def look_up(self, intent: OrderIntent) -> VenueOrder | None:
        """Return the order of *intent*; None when neither its id nor the list shows one now.

        Raises:
            NotDone: the question was not answered, or two orders bear the name.
            Refused: the venue denies the read.

        """
        name = intent.client_order_id
        market_id = await self._markets.require(intent.instrument.symbol)
        ended = self._wire.profile.ended_statuses
        order_id = self._ids.get(name)
        if order_id is None:
            row = await self._named(name, self._back.of(name))
        else:
            row = await self.row(order_id)
        if row is None:
            return None
        try:
            order = order_of(row, intent, market_id=market_id, ended=ended)
        except Unreadable as error:
            raise NotDone(f"{name}: unreadable order, {error}") from error
        self.seen(order)
        return order

    async def _named(self, name: ClientOrderId, back: timedelta) -> Row | None:
        """Return the one order under *name* of those that are no older; None where there is none.

        Statuses are asked for in the order in which an order has them, so that one which goes on
        meanwhile is not passed over; those of an end side by side, because a look has to end soon.
        """
        await self._wire.synchronised(Desk.SPOT)
        since = self._wire.clocks.now(Desk.SPOT) - back
        rows = [row for status in STATUSES for row in await self._listed(status, since)]
        ends = sorted(self._wire.profile.ended_statuses)
        for listed in await together(*(self._listed(status, since) for status in ends)):
            rows += listed
        mine = (row for row in rows if name_in(row, FIELDS) == name)
        found = {order_id_in(row, FIELDS): row for row in mine}
        if len(found) > 1:
            raise NotDone(f"{name}: two orders bear this name")
        return next(iter(found.values()), None)

    async def _listed(self, status: str, since: datetime) -> tuple[Row, ...]:
        """Return the orders of one status that are no older, of all pages."""
        asked = {**_of(status), "start_date": written(since)}
        return await whole_list(
            lambda further: self._wire.read(_ORDERS, {**asked, **further}, _page),
            lead="cursor",
            what=f"orders with status {status}",
            pages_max=_PAGES_MAX,
        )

    async def resting(self, symbols: Sequence[Symbol]) -> tuple[OpenOrder, ...]:
        """Return what rests in *symbols*, by symbol; raises like :meth:`all_resting`."""
        listed = await self._markets.load(symbols)
        found = [order for order in await self.all_resting() if order.symbol in listed]
        return tuple(sorted(found, key=lambda order: order.symbol))

    async def all_resting(self) -> tuple[OpenOrder, ...]:
        """Return all that rests or waits, each order once; the markets must be loaded.

        Raises:
            NotDone: the venue does not answer, not readably, or of an order that is not counted.
            Refused: the venue denies the read.

        """
        found: dict[VenueOrderId, OpenOrder] = {}
        for order in await waiting_in(self._wire, self._markets, map(_waiting, STATUSES)):
            found[order.venue_order_id] = order
        return tuple(found.values())

    async def sighting(self, intent: OrderIntent) -> str:
        """Return what the orders of ninety days show of the order of *intent*.

        One that is seen is remembered, so that a look-up finds it from then on.

        Raises:
            NotDone: the question was not answered, or the list has no end.
            Refused: the venue denies the read.

        """
        await self._markets.require(intent.instrument.symbol)
        row = await self._named(intent.client_order_id, _LONG_AGO)
        if row is None:
            return "none"
        self._ids[intent.client_order_id] = order_id_in(row, FIELDS)
        return f"order {self._ids[intent.client_order_id]}"

    async def client_ids(
        self, symbol: Symbol, orders: Collection[VenueOrderId]
    ) -> Mapping[VenueOrderId, ClientOrderId]:
        """Return who *orders* are by client order id; those without one are left out.

        Raises:
            NotDone: the question was not answered.
            Refused: the venue denies the read.

        """
        await self._markets.require(symbol)
        found: dict[VenueOrderId, ClientOrderId] = {}
        for order_id in sorted(orders):
            row = await self.row(order_id)
            name = None if row is None else name_in(row, FIELDS)
            if name:
                found[order_id] = name
        return found


def _of(status: str) -> Mapping[str, object]:
    """Return what asks for the orders of one status."""
    return {"order_status": status, "product_type": "SPOT", "limit": _PAGE}


def _page(answer: object) -> Page:
    """Read a page of orders, each with its two names; raises Unreadable."""
    rows, onward = page_in(answer, "orders")
    for row in rows:
        order_id_in(row, FIELDS)
        name_in(row, FIELDS)
    return rows, onward


def _waiting(status: str) -> WaitingList:
    """Return the list of the orders of one status that may still fill."""
    return WaitingList(
        endpoint=_ORDERS,
        asked=_of(status),
        page=partial(page_in, name="orders"),
        lead="cursor",
        of=place_of,
        read=open_order_of,
    )
