"""Orders of one WEEX spot account, found by our name. Not pure: it asks the venue.

A question by our name finds an order wherever it stands; the lists of resting and of past orders
are asked besides when its absence is to be proved. Sources: WEEX API v3 "Get Order Details", "Get
Current Open Orders", "Get All Orders", 2026-03. The documents bound the time that a question for a
list may span, and do not say by how much.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from trimtab.adapters.frame.absence import one_or_none
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.halved_windows import whole_stretch
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.timed_fills import RECENT
from trimtab.adapters.weex.answers import (
    Names,
    client_id_of,
    open_order_of,
    order_of,
    order_row,
    order_rows,
)
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import Unreadable, milliseconds, text_of
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.errors import NotDone, Refused
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import ClientOrderId, OrderIntent, VenueOrder, VenueOrderId
from trimtab.domain.snapshot import OpenOrder
from trimtab.venues.profile import Desk

T = TypeVar("T")

_ORDER: Final = Endpoint(desk=Desk.SPOT, method="privateGetApiV3Order", rank=Rank.LOOK_UP)
_OPEN: Final = Endpoint(desk=Desk.SPOT, method="privateGetApiV3OpenOrders", rank=Rank.LOOK_UP)
_PAST: Final = Endpoint(desk=Desk.SPOT, method="privateGetApiV3AllOrders", rank=Rank.LOOK_UP)
_PAST_PAGE: Final = 1000
_TOO_LONG: Final = "-1170"
_SPAN_MIN: Final = timedelta(days=1)
"""A question that spans no more is not shortened because the venue finds it too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedList:
    """A list of the venue that is asked by time."""

    wire: Wire
    endpoint: Endpoint
    rows_max: int
    """Rows in one answer at most; so many may be a part of what there is."""

    async def between(
        self,
        which: Mapping[str, str],
        *,
        start: datetime,
        end: datetime,
        read: Callable[[Any], tuple[T, ...]],
    ) -> tuple[T, ...]:
        """Return what *read* finds of *which* from *start* to *end*, both inclusive.

        Raises:
            NotDone: the venue does not answer, or not readably, or there is no end.
            Refused: the venue denies the read.

        """

        async def ask(*, start: datetime, end: datetime) -> tuple[T, ...] | None:
            """Read one stretch, but for a full answer and for a stretch that is too long."""
            times = {"startTime": milliseconds(start), "endTime": milliseconds(end)}
            asked = {**which, **times, "limit": self.rows_max}
            try:
                rows = await self.wire.read(self.endpoint, asked, read)
            except Refused as refusal:
                code = "" if refusal.evidence is None else refusal.evidence.code
                if code != _TOO_LONG or end - start <= _SPAN_MIN:
                    raise
                return None
            return None if len(rows) >= self.rows_max else rows

        what = f"{self.endpoint.method} of {which.get('symbol', 'all')}"
        return await whole_stretch(ask, start=start, end=end, what=what)


class WeexOrders:
    """Reads orders."""

    def __init__(self, wire: Wire, markets: DeskMarkets) -> None:
        self._wire = wire
        self._markets = markets
        self._names: dict[tuple[Symbol, VenueOrderId], ClientOrderId] = {}

    def known(self) -> Names:
        """Return the orders whose client id was seen; executions do not carry it."""
        return self._names

    def seen(self, order: VenueOrder) -> None:
        """Remember an order of ours."""
        self._names[order.symbol, order.venue_order_id] = order.client_order_id

    async def look_up(self, intent: OrderIntent) -> VenueOrder | None:
        """Return the order of *intent*; None when the venue shows none now.

        Raises:
            NotDone: the question was not answered.
            Refused: the venue denies the read.

        """
        market_id = await self._markets.require(intent.instrument.symbol)
        row = await self._row({"origClientOrderId": intent.client_order_id})
        if row is None:
            return None
        ended = self._wire.profile.ended_statuses
        try:
            order = order_of(row, intent, market_id=market_id, ended=ended)
        except Unreadable as error:
            raise NotDone(f"{intent.client_order_id}: unreadable order, {error}") from error
        self.seen(order)
        return order

    async def _row(self, named: Mapping[str, str]) -> Row | None:
        """Ask for one order; None where the venue knows none under that name."""
        return await one_or_none(self._wire, _ORDER, named, order_row)

    async def resting(self, symbols: Sequence[Symbol]) -> tuple[OpenOrder, ...]:
        """Return what rests in *symbols*, by symbol and age; raises like :meth:`look_up`."""
        listed = sorted(await self._markets.load(symbols))
        found = [await self._listed({"symbol": self._markets.market_id(s)}) for s in listed]
        return tuple(order for orders in found for order in orders)

    async def all_resting(self) -> tuple[OpenOrder, ...]:
        """Return all that rests, oldest first; the markets must be loaded.

        Raises:
            NotDone: the venue does not answer, or not readably.
            Refused: the venue denies the read.

        """
        return await self._listed({})

    async def _listed(self, which: Mapping[str, str]) -> tuple[OpenOrder, ...]:
        """Return a list of resting orders, oldest first, each once; it has no pages."""
        by_id: dict[int, OpenOrder] = {}
        for row in await self._wire.read(_OPEN, which, order_rows):
            try:
                symbol = self._markets.symbol_of(Desk.SPOT, text_of(row, "symbol"))
                order = open_order_of(row, self._markets.instrument(symbol))
            except Unreadable as error:
                raise NotDone(f"an open order is unreadable: {error}") from error
            by_id[int(order.venue_order_id)] = order
        return tuple(by_id[number] for number in sorted(by_id))

    async def sighting(self, intent: OrderIntent) -> str:
        """Return what the orders of two days, asked for by market alone, show of *intent*'s.

        Raises:
            NotDone: the question was not answered.
            Refused: the venue denies the read.

        """
        name = await self._markets.require(intent.instrument.symbol)
        now = await self._wire.venue_now(Desk.SPOT)
        past = TimedList(wire=self._wire, endpoint=_PAST, rows_max=_PAST_PAGE)
        rows = await past.between({"symbol": name}, start=now - RECENT, end=now, read=order_rows)
        ours = [row for row in rows if row.get("clientOrderId") == intent.client_order_id]
        return f"order {ours[0]['orderId']}" if ours else "none"

    async def client_ids(
        self, symbol: Symbol, orders: Collection[VenueOrderId]
    ) -> Mapping[VenueOrderId, ClientOrderId]:
        """Return who *orders* are by client order id; those without one are left out.

        Raises:
            NotDone: the question was not answered.
            Refused: the venue denies the read.

        """
        found: dict[VenueOrderId, ClientOrderId] = {}
        for order_id in sorted(orders):
            row = await self._row({"orderId": order_id})
            if row is not None and row.get("clientOrderId"):
                told, name = client_id_of(row)
                if told == order_id:
                    found[order_id] = name
        self._names.update({(symbol, order): name for order, name in found.items()})
        return found
