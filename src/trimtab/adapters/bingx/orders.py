"""Orders of one BingX account, found by our name. Not pure: it asks the venue.

A question by our name finds an order of coins for two hours after it was placed, wherever it
stands, and one of a contract for a time that is not said; the lists of resting and of past orders
are asked besides when its absence is to be proved. Sources: BingX API spot and USDT-M "Query
Order details", "Current Open Orders", "Query Order history" (pages of 100, and of 1,000 for
contracts), 2026.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Final

from trimtab.adapters.bingx.answers import (
    is_like,
    name_of,
    open_order_of,
    order_id_of,
    order_of,
    order_row,
    rows_under,
)
from trimtab.adapters.frame.absence import one_or_none
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desk_orders import DeskOrders, OrderQuestions, asking
from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.wire.calls import Wire
from trimtab.adapters.wire.exact import Unreadable, text_of
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import OrderIntent, VenueOrderId
from trimtab.venues.profile import Desk

_ORDER: Final = asking(spot="spotV1PrivateGetTradeQuery", linear="swapV2PrivateGetTradeOrder")
_OPEN: Final = asking(
    spot="spotV1PrivateGetTradeOpenOrders", linear="swapV2PrivateGetTradeOpenOrders"
)
_PAST: Final = asking(
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


class BingxQuestions:
    """Asks for orders."""

    def __init__(self, wire: Wire, markets: DeskMarkets) -> None:
        self._wire = wire
        self._markets = markets

    async def row(self, symbol: Symbol, named: Mapping[str, str]) -> Row | None:
        """Ask for one order; None where the venue knows none under that name.

        Raises:
            NotDone: the question was not answered.
            Refused: the venue denies the read.

        """
        asked = {"symbol": self._markets.market_id(symbol), **named}
        return await one_or_none(self._wire, _ORDER[desk_of(symbol)], asked, order_row)

    async def resting(self, desk: Desk, which: Mapping[str, str]) -> Sequence[Row]:
        """Return a list of resting orders.

        Raises:
            NotDone: the venue does not answer, or more rests than it tells.
            Refused: the venue denies the read.

        """
        rows = await self._wire.read(_OPEN[desk], which, _orders_in)
        if len(rows) >= _OPEN_MAX:
            raise NotDone("more orders rest than the venue tells")
        return rows

    async def past(self, symbol: Symbol) -> Sequence[Row]:
        """Return the latest orders of a market.

        Raises:
            NotDone: the question was not answered.
            Refused: the venue denies the read.

        """
        desk = desk_of(symbol)
        asked = {"symbol": self._markets.market_id(symbol), **_LATEST[desk]}
        return await self._wire.read(_PAST[desk], asked, _orders_in)

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


def bingx_orders(wire: Wire, markets: DeskMarkets) -> DeskOrders:
    """Return what reads orders of both desks."""
    asks = BingxQuestions(wire, markets)
    questions = OrderQuestions(
        row=asks.row,
        resting=asks.resting,
        past=asks.past,
        ours=_NAME,
        theirs="orderId",
        market_of=lambda row: text_of(row, "symbol"),
        order_of=order_of,
        open_order_of=open_order_of,
        order_id_of=order_id_of,
        name_of=name_of,
        names_in=lambda row: (row.get("clientOrderID"), row.get("clientOrderId")),
    )
    return DeskOrders(wire, markets, questions)
