"""Orders of one Bitget account, found by our name. Not pure: it asks the venue.

A question by our name finds an order wherever it stands; the lists of resting and of past orders
are asked besides when its absence is to be proved. Sources: Bitget API v2 "Get Order Info", "Get
Order Detail", "Get Current Orders", "Get Pending Orders", "Get History Orders", 2025-12.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from trimtab.adapters.bitget.answers import (
    led_by,
    name_of,
    open_order_of,
    order_id_of,
    order_of,
    row_in,
    rows_in,
    rows_under,
)
from trimtab.adapters.bitget.markets import OF_DESK
from trimtab.adapters.frame.absence import one_or_none
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desk_orders import DeskOrders, OrderQuestions, asking
from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.frame.listed_pages import Page, Row, whole_list
from trimtab.adapters.wire.calls import Wire
from trimtab.adapters.wire.exact import Unreadable, text_of
from trimtab.domain.instruments import Symbol
from trimtab.venues.profile import Desk

_ORDER: Final = asking(
    spot="privateSpotGetV2SpotTradeOrderInfo", linear="privateMixGetV2MixOrderDetail"
)
_OPEN: Final = asking(
    spot="privateSpotGetV2SpotTradeUnfilledOrders", linear="privateMixGetV2MixOrderOrdersPending"
)
_PAST: Final = asking(
    spot="privateSpotGetV2SpotTradeHistoryOrders", linear="privateMixGetV2MixOrderOrdersHistory"
)
_ROWS: Final[Mapping[Desk, Callable[[object], tuple[Row, ...]]]] = {
    Desk.SPOT: rows_in,
    Desk.LINEAR: partial(rows_under, "entrustedList"),
}
_PAGE: Final = 100
_PAGES_MAX: Final = 20


class BitgetQuestions:
    """Asks for orders of both desks."""

    def __init__(self, wire: Wire, markets: DeskMarkets) -> None:
        self._wire = wire
        self._markets = markets

    async def row(self, symbol: Symbol, named: Mapping[str, str]) -> Row | None:
        """Ask for one order; None where the venue knows none under that name.

        Raises:
            NotDone: the question was not answered.
            Refused: the venue denies the read.

        """
        desk, market_id = desk_of(symbol), self._markets.market_id(symbol)
        asked = {**OF_DESK[desk], **named}
        if desk is Desk.LINEAR:
            asked["symbol"] = market_id
        return await one_or_none(self._wire, _ORDER[desk], asked, _ONE[desk])

    async def resting(self, desk: Desk, which: Mapping[str, str]) -> Sequence[Row]:
        """Return every row of a list of resting orders.

        Raises:
            NotDone: the venue does not answer, or the list has no end.
            Refused: the venue denies the read.

        """
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

    async def past(self, symbol: Symbol) -> Sequence[Row]:
        """Return the latest orders of a market.

        Raises:
            NotDone: the question was not answered.
            Refused: the venue denies the read.

        """
        desk, market_id = desk_of(symbol), self._markets.market_id(symbol)
        asked = {**OF_DESK[desk], "symbol": market_id, "limit": _PAGE}
        return await self._wire.read(_PAST[desk], asked, _ROWS[desk])


def bitget_orders(wire: Wire, markets: DeskMarkets) -> DeskOrders:
    """Return what reads orders of both desks."""
    asks = BitgetQuestions(wire, markets)
    questions = OrderQuestions(
        row=asks.row,
        resting=asks.resting,
        past=asks.past,
        ours=dict.fromkeys(Desk, "clientOid"),
        theirs="orderId",
        market_of=lambda row: text_of(row, "symbol").upper(),
        order_of=order_of,
        open_order_of=open_order_of,
        order_id_of=order_id_of,
        name_of=name_of,
        names_in=lambda row: (row.get("clientOid"),),
    )
    return DeskOrders(wire, markets, questions)


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
