"""Orders of one MEXC account, found by our name. Not pure: it asks the venue.

An order that was just sent may not be found for moments (ccxt issue 21614): not found is not
absent, and what rests and what was lately ordered is asked besides when absence is to be proved.
Sources: MEXC "Spot V3" Query Order, Current Open Orders, All Orders, 2026.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Final

from trimtab.adapters.frame.absence import one_or_none
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.timed_fills import RECENT
from trimtab.adapters.mexc.answers import (
    Names,
    client_id_of,
    open_order_of,
    order_of,
    venue_order_id,
)
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import (
    Unreadable,
    integer_of,
    mapping_of,
    milliseconds,
    rows_of,
    text_of,
)
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import ClientOrderId, OrderIntent, VenueOrder, VenueOrderId
from trimtab.domain.snapshot import OpenOrder
from trimtab.venues.profile import Desk

_ORDER: Final = Endpoint(desk=Desk.SPOT, method="spotPrivateGetOrder", rank=Rank.LOOK_UP)
_OPEN: Final = Endpoint(desk=Desk.SPOT, method="spotPrivateGetOpenOrders", rank=Rank.LOOK_UP)
_ALL: Final = Endpoint(desk=Desk.SPOT, method="spotPrivateGetAllOrders", rank=Rank.LOOK_UP)
_LISTED: Final = 1000


class MexcOrders:
    """Reads orders of coins."""

    def __init__(self, wire: Wire, markets: DeskMarkets) -> None:
        self._wire = wire
        self._markets = markets
        self._names: dict[tuple[str, str], ClientOrderId] = {}

    @property
    def names(self) -> Names:
        """The orders whose client id was seen; executions do not carry it."""
        return self._names

    def seen(self, order: VenueOrder) -> None:
        """Remember an order of ours."""
        market_id = self._markets.market_id(order.symbol)
        self._names[market_id, order.venue_order_id] = order.client_order_id

    async def look_up(self, intent: OrderIntent) -> VenueOrder | None:
        """Return the order of *intent*; None when the venue shows none now.

        Raises:
            NotDone: the question was not answered.
            Refused: the venue denies the read.

        """
        market_id = await self._markets.require(intent.instrument.symbol)
        ended = self._wire.profile.ended_statuses
        order = await one_or_none(
            self._wire,
            _ORDER,
            {"symbol": market_id, "origClientOrderId": intent.client_order_id},
            lambda told: order_of(mapping_of(told), intent, market_id=market_id, ended=ended),
        )
        if order is not None:
            self.seen(order)
        return order

    async def resting(self, symbols: Sequence[Symbol]) -> tuple[OpenOrder, ...]:
        """Return what rests in *symbols*, by symbol and age; raises like :meth:`look_up`."""
        listed = sorted(await self._markets.load(symbols))
        found = [await self._listed({"symbol": self._markets.market_id(s)}) for s in listed]
        return tuple(order for orders in found for order in orders)

    async def all_resting(self) -> tuple[OpenOrder, ...]:
        """Return all that rests, oldest first; the markets must be loaded.

        Raises:
            NotDone: the venue does not answer.
            Refused: the venue denies the read.

        """
        return await self._listed({})

    async def _listed(self, which: Mapping[str, str]) -> tuple[OpenOrder, ...]:
        """Return a list of resting orders, oldest first; it comes whole."""
        rows = await self._wire.read(_OPEN, which, _by_age)
        return tuple(self._resting(row) for row in rows)

    def _resting(self, row: Row) -> OpenOrder:
        """Read one resting order."""
        try:
            symbol = self._markets.symbol_of(Desk.SPOT, text_of(row, "symbol"))
            return open_order_of(row, self._markets.instrument(symbol))
        except Unreadable as error:
            raise NotDone(f"an open order is unreadable: {error}") from error

    async def sighting(self, intent: OrderIntent) -> str:
        """Return what the orders of two days, asked for by market, show of the order of *intent*.

        Raises:
            NotDone: the question was not answered, or there are more than one answer holds.
            Refused: the venue denies the read.

        """
        market_id = await self._markets.require(intent.instrument.symbol)
        now = await self._wire.venue_now(Desk.SPOT)
        asked = {
            "symbol": market_id,
            "startTime": milliseconds(now - RECENT),
            "endTime": milliseconds(now),
            "limit": _LISTED,
        }
        rows = await self._wire.read(_ALL, asked, rows_of)
        ours = [row for row in rows if row.get("clientOrderId") == intent.client_order_id]
        if ours:
            return f"order {ours[0].get('orderId')}"
        if len(rows) >= _LISTED:
            raise NotDone(f"{market_id}: the orders of two days are more than one answer holds")
        return "none"

    async def client_ids(
        self, symbol: Symbol, orders: Collection[VenueOrderId]
    ) -> Mapping[VenueOrderId, ClientOrderId]:
        """Return who *orders* are by client order id; those without one are left out.

        Raises:
            NotDone: the question was not answered.
            Refused: the venue denies the read.

        """
        market_id = await self._markets.require(symbol)
        found: dict[VenueOrderId, ClientOrderId] = {}
        for order_id in sorted(orders):
            asked = {"symbol": market_id, "orderId": order_id}
            read = partial(_named, order_id=order_id)
            name = await one_or_none(self._wire, _ORDER, asked, read)
            if name:
                found[order_id] = name
                self._names[market_id, order_id] = name
        return found


def _named(answer: object, *, order_id: VenueOrderId) -> ClientOrderId:
    """Read the name of an order, empty where it was given none.

    Raises:
        Unreadable: it is another order.

    """
    row = mapping_of(answer)
    if venue_order_id(row) != order_id:
        raise Unreadable("the answer is of another order")
    return client_id_of(row) or ClientOrderId("")


def _by_age(answer: object) -> list[Row]:
    """Return resting orders by age, each once.

    Raises:
        Unreadable: one has no number or no instant.

    """
    by_id = {venue_order_id(row): row for row in rows_of(answer)}
    return sorted(by_id.values(), key=lambda row: (integer_of(row, "time"), row["orderId"]))
