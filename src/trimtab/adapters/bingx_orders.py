"""Orders of one BingX account, found by our name. Not pure: it asks the venue.

A question by our name finds an order of coins for two hours after it was placed, wherever it
stands, and one of a contract for a time that is not said; the lists of resting and of past orders
are asked besides when its absence is to be proved. Sources: BingX API spot and USDT-M "Query
Order details", "Current Open Orders", "Query Order history" (pages of 100, and of 1,000 for
contracts), 2026.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Final

from trimtab.adapters.absence import one_or_none
from trimtab.adapters.bingx_answers import (
    is_like,
    name_of,
    open_order_of,
    order_id_of,
    order_of,
    order_row,
    rows_under,
)
from trimtab.adapters.ccxt_answers import Unreadable, text_of
from trimtab.adapters.ccxt_instruments import desk_of
from trimtab.adapters.ccxt_wire import Endpoint, Wire
from trimtab.adapters.desk_markets import DeskMarkets
from trimtab.adapters.listed_pages import Row
from trimtab.adapters.weights import Rank
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import ClientOrderId, OrderIntent, VenueOrder, VenueOrderId
from trimtab.domain.snapshot import OpenOrder
from trimtab.venues.profile import Desk


def _asking(*, spot: str, linear: str) -> Mapping[Desk, Endpoint]:
    """Return one question at both desks."""
    return {
        Desk.SPOT: Endpoint(desk=Desk.SPOT, method=spot, rank=Rank.LOOK_UP),
        Desk.LINEAR: Endpoint(desk=Desk.LINEAR, method=linear, rank=Rank.LOOK_UP),
    }


_ORDER: Final = _asking(spot="spotV1PrivateGetTradeQuery", linear="swapV2PrivateGetTradeOrder")
_OPEN: Final = _asking(
    spot="spotV1PrivateGetTradeOpenOrders", linear="swapV2PrivateGetTradeOpenOrders"
)
_PAST: Final = _asking(
    spot="spotV1PrivateGetTradeHistoryOrders", linear="swapV2PrivateGetTradeAllOrders"
)
_NAME: Final[Mapping[Desk, str]] = {Desk.SPOT: "clientOrderID", Desk.LINEAR: "clientOrderId"}
"""What a question calls our name."""
_LATEST: Final[Mapping[Desk, Mapping[str, int]]] = {
    Desk.SPOT: {"pageIndex": 1, "pageSize": 100},
    Desk.LINEAR: {"limit": 500},
}
_OPEN_MAX: Final = 2000
"""Resting orders in one answer, and there is no second."""

_orders_in: Final = partial(rows_under, "orders")


class BingxOrders:
    """Reads orders."""

    def __init__(self, wire: Wire, markets: DeskMarkets) -> None:
        self._wire = wire
        self._markets = markets
        self.names: dict[tuple[Symbol, VenueOrderId], ClientOrderId] = {}
        """Orders whose client id was seen; executions do not carry it."""

    def seen(self, order: VenueOrder) -> None:
        """Remember an order of ours."""
        self.names[order.symbol, order.venue_order_id] = order.client_order_id

    async def look_up(self, intent: OrderIntent) -> VenueOrder | None:
        """Return the order of *intent*; None when the venue shows none now.

        Raises:
            NotDone: the question was not answered.
            Refused: the venue denies the read.

        """
        symbol = intent.instrument.symbol
        market_id, ended = await self._markets.require(symbol), self._wire.profile.ended_statuses
        row = await self.row(symbol, {_NAME[desk_of(symbol)]: intent.client_order_id})
        if row is None:
            return None
        try:
            order = order_of(row, intent, market_id=market_id, ended=ended)
        except Unreadable as error:
            raise NotDone(f"{intent.client_order_id}: unreadable order, {error}") from error
        self.seen(order)
        return order

    async def row(self, symbol: Symbol, named: Mapping[str, str]) -> Row | None:
        """Ask for one order; None where the venue knows none under that name.

        Raises:
            NotDone: the question was not answered.
            Refused: the venue denies the read.

        """
        asked = {"symbol": self._markets.market_id(symbol), **named}
        return await one_or_none(self._wire, _ORDER[desk_of(symbol)], asked, order_row)

    async def resting(self, symbols: Sequence[Symbol]) -> tuple[OpenOrder, ...]:
        """Return what rests in *symbols*, by symbol and age; raises like :meth:`look_up`."""
        found: list[OpenOrder] = []
        for symbol in sorted(await self._markets.load(symbols)):
            which = {"symbol": self._markets.market_id(symbol)}
            found += await self._listed(desk_of(symbol), which)
        return tuple(found)

    async def all_resting(self, desk: Desk) -> tuple[OpenOrder, ...]:
        """Return what rests at a desk, oldest first; its markets must be loaded.

        Raises:
            NotDone: the venue does not answer, or more rests than it tells.
            Refused: the venue denies the read.

        """
        return tuple(await self._listed(desk, {}))

    async def _listed(self, desk: Desk, which: Mapping[str, str]) -> list[OpenOrder]:
        """Return resting orders, oldest first, each once."""
        rows = await self._wire.read(_OPEN[desk], which, _orders_in)
        if len(rows) >= _OPEN_MAX:
            raise NotDone("more orders rest than the venue tells")
        by_id: dict[int, OpenOrder] = {}
        try:
            for row in rows:
                symbol = self._markets.symbol_of(desk, text_of(row, "symbol"))
                order = open_order_of(row, self._markets.instrument(symbol))
                by_id[int(order.venue_order_id)] = order
        except Unreadable as error:
            raise NotDone(f"an open order is unreadable: {error}") from error
        return [by_id[number] for number in sorted(by_id)]

    async def sighting(self, intent: OrderIntent) -> str:
        """Return what the latest orders, asked for by market alone, show of the order of *intent*.

        Raises:
            NotDone: the question was not answered.
            Refused: the venue denies the read.

        """
        symbol = intent.instrument.symbol
        asked = {"symbol": await self._markets.require(symbol), **_LATEST[desk_of(symbol)]}
        rows = await self._wire.read(_PAST[desk_of(symbol)], asked, _orders_in)
        for row in rows:
            if intent.client_order_id in (row.get("clientOrderID"), row.get("clientOrderId")):
                return f"order {row.get('orderId')}"
        return "none"

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
            row = await self.row(symbol, {"orderId": order_id})
            try:
                if row is not None and order_id_of(row) == order_id and name_of(row):
                    found[order_id] = name_of(row)
            except Unreadable as error:
                raise NotDone(f"order {order_id}: unreadable, {error}") from error
        self.names.update({(symbol, order): name for order, name in found.items()})
        return found

    async def one_of(self, intent: OrderIntent, orders: Iterable[VenueOrderId]) -> bool:
        """Say whether one of *orders*, whose name is not known, may be the one of *intent*.

        One that the venue does not find may be; one without a name when it has our side, size
        and limit.

        Raises:
            NotDone: the question was not answered.
            Refused: the venue denies the read.

        """
        for order_id in sorted(orders):
            row = await self.row(intent.instrument.symbol, {"orderId": order_id})
            try:
                if row is None or name_of(row) == intent.client_order_id:
                    return True
                if not name_of(row) and is_like(row, intent):
                    return True
            except Unreadable as error:
                raise NotDone(f"order {order_id}: unreadable, {error}") from error
        return False
