"""Orders of one Bybit spot account, found by our name. Not pure: it asks the venue.

The venue has three lists, and each shows another part of an order's life. They are asked in the
order in which an order passes through them, so that it cannot slip by between two questions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from trimtab.adapters.bybit_answers import open_order_of, order_of, page_of
from trimtab.adapters.ccxt_answers import Unreadable, text_of
from trimtab.adapters.ccxt_wire import Endpoint, Wire
from trimtab.adapters.listed_pages import Row, whole_list
from trimtab.adapters.market_list import MarketList
from trimtab.adapters.weights import Rank
from trimtab.domain.errors import NotDone
from trimtab.domain.exact import ZERO
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import ClientOrderId, OrderIntent, VenueOrder, VenueOrderId
from trimtab.domain.snapshot import OpenOrder
from trimtab.venues.profile import Desk

SPOT: Final[Mapping[str, str]] = {"category": "spot"}
_REALTIME: Final = Endpoint(desk=Desk.SPOT, method="privateGetV5OrderRealtime", rank=Rank.LOOK_UP)
_HISTORY: Final = Endpoint(desk=Desk.SPOT, method="privateGetV5OrderHistory", rank=Rank.LOOK_UP)
_LISTS: Final[tuple[tuple[Endpoint, Mapping[str, int]], ...]] = (
    (_REALTIME, {"openOnly": 0}),
    (_REALTIME, {"openOnly": 1}),
    (_HISTORY, {}),
)
"""Open orders, the last five hundred that ended, all that ended."""
_LATEST: Final = 50
_PAGE: Final = 50
_PAGES_MAX: Final = 20


class BybitOrders:
    """Reads the lists of orders."""

    def __init__(self, wire: Wire, markets: MarketList) -> None:
        self._wire = wire
        self._markets = markets

    async def look_up(self, intent: OrderIntent) -> VenueOrder | None:
        """Return the order of *intent*; None when no list shows one now.

        Raises:
            NotDone: the question was not answered.
            Refused: the venue denies the read.

        """
        market_id = await self._markets.require(intent.instrument.symbol)
        named = {**SPOT, "symbol": market_id, "orderLinkId": intent.client_order_id}
        for endpoint, which in _LISTS:
            found = await self._wire.read(
                endpoint, {**named, **which}, lambda told: self._named(told, intent, market_id)
            )
            if found is not None:
                return found
        return None

    def _named(self, answer: object, intent: OrderIntent, market_id: str) -> VenueOrder | None:
        """Read the order of *intent* from a list that was asked for nothing else."""
        rows, _ = page_of(answer)
        orders = [
            order_of(row, intent, market_id=market_id, ended=self._wire.profile.ended_statuses)
            for row in rows
        ]
        if len({order.venue_order_id for order in orders}) > 1:
            raise Unreadable("two orders under one client order id")
        return orders[0] if orders else None

    async def resting(self, market_id: str | None) -> tuple[OpenOrder, ...]:
        """Return what rests in one market, or in all, oldest first; the list must be loaded.

        Raises:
            NotDone: the venue does not answer, or the list has no end.
            Refused: the venue denies the read.

        """
        asked: dict[str, object] = {**SPOT, "limit": _PAGE}
        if market_id is not None:
            asked["symbol"] = market_id
        rows = await whole_list(
            lambda further: self._wire.read(_REALTIME, {**asked, **further}, page_of),
            lead="cursor",
            what="open orders",
            pages_max=_PAGES_MAX,
        )
        return tuple(self._resting(row) for row in _oldest_first(rows))

    def _resting(self, row: Row) -> OpenOrder:
        """Read one resting order."""
        try:
            symbol = self._markets.symbol_of(text_of(row, "symbol"))
            return open_order_of(row, self._markets.instrument(symbol, taker_fee=ZERO))
        except Unreadable as error:
            raise NotDone(f"an open order is unreadable: {error}") from error

    async def sighting(self, intent: OrderIntent) -> str:
        """Return what the latest orders, asked for by market alone, show of the order of *intent*.

        Raises:
            NotDone: the question was not answered.
            Refused: the venue denies the read.

        """
        market_id = await self._markets.require(intent.instrument.symbol)
        asked = {**SPOT, "symbol": market_id, "limit": _LATEST}
        rows, _ = await self._wire.read(_HISTORY, asked, page_of)
        ours = [row for row in rows if row.get("orderLinkId") == intent.client_order_id]
        return f"order {ours[0].get('orderId')}" if ours else "none"

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
            asked = {**SPOT, "symbol": market_id, "orderId": order_id}
            rows, _ = await self._wire.read(_HISTORY, asked, page_of)
            for row in rows:
                if row.get("orderId") == order_id and row.get("orderLinkId"):
                    found[order_id] = ClientOrderId(str(row["orderLinkId"]))
        return found


def _oldest_first(rows: Iterable[Row]) -> list[Row]:
    """Return orders by age, each once."""
    by_id = {str(row.get("orderId")): row for row in rows}
    return sorted(
        by_id.values(), key=lambda row: (str(row.get("createdTime")), str(row["orderId"]))
    )
