"""Orders of one Bitget account, found by our name. Not pure: it asks the venue.

A question by our name finds an order wherever it stands; the lists of resting and of past orders
are asked besides when its absence is to be proved. Sources: Bitget API v2 "Get Order Info", "Get
Order Detail", "Get Current Orders", "Get Pending Orders", "Get History Orders", 2025-12.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Final

from trimtab.adapters.absence import one_or_none
from trimtab.adapters.bitget_answers import (
    Names,
    client_id_of,
    led_by,
    open_order_of,
    order_of,
    row_in,
    rows_in,
    rows_under,
)
from trimtab.adapters.bitget_markets import OF_DESK
from trimtab.adapters.ccxt_answers import Unreadable, text_of
from trimtab.adapters.ccxt_instruments import desk_of
from trimtab.adapters.ccxt_wire import Endpoint, Wire
from trimtab.adapters.desk_markets import DeskMarkets
from trimtab.adapters.listed_pages import Page, Row, whole_list
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


_ORDER: Final = _asking(
    spot="privateSpotGetV2SpotTradeOrderInfo", linear="privateMixGetV2MixOrderDetail"
)
_OPEN: Final = _asking(
    spot="privateSpotGetV2SpotTradeUnfilledOrders", linear="privateMixGetV2MixOrderOrdersPending"
)
_PAST: Final = _asking(
    spot="privateSpotGetV2SpotTradeHistoryOrders", linear="privateMixGetV2MixOrderOrdersHistory"
)
_ROWS: Final[Mapping[Desk, Callable[[object], tuple[Row, ...]]]] = {
    Desk.SPOT: rows_in,
    Desk.LINEAR: partial(rows_under, "entrustedList"),
}
_PAGE: Final = 100
_PAGES_MAX: Final = 20


class BitgetOrders:
    """Reads orders of both desks."""

    def __init__(self, wire: Wire, markets: DeskMarkets) -> None:
        self._wire = wire
        self._markets = markets
        self.names: dict[tuple[Symbol, VenueOrderId], ClientOrderId] = {}
        """Orders whose client id was seen; executions do not carry it."""

    def known(self) -> Names:
        """Return the orders whose client id was seen."""
        return self.names

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
        row = await self._row(symbol, {"clientOid": intent.client_order_id})
        if row is None:
            return None
        try:
            order = order_of(row, intent, market_id=market_id, ended=ended)
        except Unreadable as error:
            raise NotDone(f"{intent.client_order_id}: unreadable order, {error}") from error
        self.seen(order)
        return order

    async def _row(self, symbol: Symbol, named: Mapping[str, str]) -> Row | None:
        """Ask for one order; None where the venue knows none under that name."""
        desk, market_id = desk_of(symbol), self._markets.market_id(symbol)
        asked = {**OF_DESK[desk], **named}
        if desk is Desk.LINEAR:
            asked["symbol"] = market_id
        return await one_or_none(self._wire, _ORDER[desk], asked, _ONE[desk])

    async def resting(self, symbols: Sequence[Symbol]) -> tuple[OpenOrder, ...]:
        """Return what rests in *symbols*, by symbol and age; raises like :meth:`look_up`."""
        found: list[OpenOrder] = []
        for symbol in sorted(await self._markets.load(symbols)):
            rows = await self._listed(desk_of(symbol), {"symbol": self._markets.market_id(symbol)})
            found += self._read(desk_of(symbol), rows)
        return tuple(found)

    async def all_resting(self, desk: Desk) -> tuple[OpenOrder, ...]:
        """Return what rests at a desk, oldest first; its markets must be loaded.

        Raises:
            NotDone: the venue does not answer, or the list has no end.
            Refused: the venue denies the read.

        """
        return tuple(self._read(desk, await self._listed(desk, {})))

    async def _listed(self, desk: Desk, which: Mapping[str, str]) -> tuple[Row, ...]:
        """Return every row of a list of resting orders."""
        asked = {**OF_DESK[desk], **which, "limit": _PAGE}

        def page(answer: object) -> Page:
            """Read one page."""
            return led_by(_ROWS[desk](answer), "orderId", full=_PAGE)

        return await whole_list(
            lambda further: self._wire.read(_OPEN[desk], {**asked, **further}, page),
            lead="idLessThan",
            what="open orders",
            pages_max=_PAGES_MAX,
        )

    def _read(self, desk: Desk, rows: Sequence[Row]) -> list[OpenOrder]:
        """Read resting orders, oldest first, each once."""
        by_id: dict[int, OpenOrder] = {}
        try:
            for row in rows:
                symbol = self._markets.symbol_of(desk, text_of(row, "symbol").upper())
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
        desk, market_id = desk_of(symbol), await self._markets.require(symbol)
        asked = {**OF_DESK[desk], "symbol": market_id, "limit": _PAGE}
        rows = await self._wire.read(_PAST[desk], asked, _ROWS[desk])
        ours = [row for row in rows if row.get("clientOid") == intent.client_order_id]
        return f"order {ours[0].get('orderId')}" if ours else "none"

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
            row = await self._row(symbol, {"orderId": order_id})
            if row is not None and row.get("clientOid"):
                told, name = client_id_of(row)
                if told == order_id:
                    found[order_id] = name
        self.names.update({(symbol, order): name for order, name in found.items()})
        return found


def _first(answer: object) -> Row | None:
    """Read the one order of a list that was asked for nothing else.

    Raises:
        Unreadable: there are several.

    """
    rows = rows_in(answer)
    if len(rows) > 1:
        raise Unreadable("two orders under one name")
    return rows[0] if rows else None


_ONE: Final[Mapping[Desk, Callable[[object], Row | None]]] = {
    Desk.SPOT: _first,
    Desk.LINEAR: row_in,
}
"""What reads one order: spot answers a list, a contract's desk the order itself."""
