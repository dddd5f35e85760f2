"""Orders and executions of a venue whose desks speak unlike each other. Not pure: desks ask.

Each question goes to the desk of the market that it is about.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.frame.raw_venue import ListsFills, ListsOrders
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import ClientOrderId, Fill, OrderIntent, VenueOrder, VenueOrderId
from trimtab.domain.snapshot import OpenOrder
from trimtab.ports import FillCursor
from trimtab.venues.profile import Desk


class SplitOrders:
    """Lists of orders, by desk; see ``frame.raw_venue.ListsOrders``."""

    def __init__(self, desks: Mapping[Desk, ListsOrders]) -> None:
        self._desks = desks

    def seen(self, order: VenueOrder) -> None:
        """Remember an order of ours."""
        self._desks[desk_of(order.symbol)].seen(order)

    async def look_up(self, intent: OrderIntent) -> VenueOrder | None:
        """Return the order of *intent*; None when the venue shows none now."""
        return await self._desks[Desk.of(intent.instrument)].look_up(intent)

    async def resting(self, symbols: Sequence[Symbol]) -> tuple[OpenOrder, ...]:
        """Return what rests in *symbols*, by desk, symbol and age."""
        found: list[OpenOrder] = []
        for desk, orders in self._desks.items():
            if asked := [symbol for symbol in symbols if desk_of(symbol) is desk]:
                found += await orders.resting(asked)
        return tuple(found)

    async def sighting(self, intent: OrderIntent) -> str:
        """Return what the latest orders show of the order of *intent*."""
        return await self._desks[Desk.of(intent.instrument)].sighting(intent)

    async def client_ids(
        self, symbol: Symbol, orders: Collection[VenueOrderId]
    ) -> Mapping[VenueOrderId, ClientOrderId]:
        """Return who *orders* are by client order id; those without one are left out."""
        return await self._desks[desk_of(symbol)].client_ids(symbol, orders)


class SplitFills:
    """Lists of executions, by desk; see ``frame.raw_venue.ListsFills``."""

    def __init__(self, desks: Mapping[Desk, ListsFills]) -> None:
        self._desks = desks

    async def since(self, symbol: Symbol, cursor: FillCursor) -> tuple[Fill, ...]:
        """Return all executions after *cursor*, oldest first."""
        return await self._desks[desk_of(symbol)].since(symbol, cursor)

    async def sighting(self, intent: OrderIntent) -> str:
        """Return what the executions show of the order of *intent*."""
        return await self._desks[Desk.of(intent.instrument)].sighting(intent)
