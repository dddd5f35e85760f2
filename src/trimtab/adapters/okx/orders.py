"""Orders of one OKX account, found by our name. Not pure: it asks the venue.

A question by our name finds an order wherever it stands: the latest, where the name was used again
after the first had ended, which is never done here. One that was cancelled without an execution is
found for two hours. The lists of resting and of past orders are asked besides when an absence is to
be proved. Sources: OKX API v5 "Order details", "Order List", "Order history (last 7 days)", 2026.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from trimtab.adapters.frame.absence import one_or_none
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desk_orders import DeskOrders, OrderQuestions, asking
from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.frame.listed_pages import Page, Row, whole_list
from trimtab.adapters.okx.answers import (
    led_by,
    name_of,
    open_order_of,
    order_id_of,
    order_of,
    row_in,
    rows_in,
)
from trimtab.adapters.wire.calls import Wire
from trimtab.adapters.wire.exact import Unserved, text_of
from trimtab.domain.instruments import Symbol
from trimtab.venues.profile import Desk

OF_DESK: Final[Mapping[Desk, Mapping[str, str]]] = {
    Desk.SPOT: {"instType": "SPOT"},
    Desk.LINEAR: {"instType": "SWAP"},
}
"""What every list of a desk is asked with."""


_DESKS: Final[Mapping[str, Desk]] = {"SPOT": Desk.SPOT, "SWAP": Desk.LINEAR}
_ORDER: Final = asking(spot="privateGetTradeOrder", linear="privateGetTradeOrder")
_OPEN: Final = asking(spot="privateGetTradeOrdersPending", linear="privateGetTradeOrdersPending")
_PAST: Final = asking(spot="privateGetTradeOrdersHistory", linear="privateGetTradeOrdersHistory")
_PAGE: Final = 100
_PAGES_MAX: Final = 20


def place_of(row: Row) -> tuple[Desk, str]:
    """Return where the market of an order is, and the venue's name of it.

    Raises:
        Unserved: it is of borrowed coins, of a dated contract or of an option.

    """
    name, kind = text_of(row, "instId"), text_of(row, "instType")
    if kind not in _DESKS:
        raise Unserved(
            f"an order in {name} ({kind}) is open, no such order is counted here", mend="cancel it"
        )
    return _DESKS[kind], name


class OkxQuestions:
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
        asked = {"instId": self._markets.market_id(symbol), **named}
        return await one_or_none(self._wire, _ORDER[desk_of(symbol)], asked, row_in)

    async def resting(self, desk: Desk, which: Mapping[str, str]) -> Sequence[Row]:
        """Return every row of a list of resting orders.

        All of an account are asked for whatever they are of, so that none is passed over that is
        of a kind which is not traded here.

        Raises:
            NotDone: the venue does not answer, the list has no end, or an order is of such a kind.
            Refused: the venue denies the read.

        """
        of_one = {**OF_DESK[desk], "instId": which["symbol"]} if "symbol" in which else {}
        asked = {**of_one, "limit": _PAGE}

        def page(answer: object) -> Page:
            """Read one page."""
            rows = rows_in(answer)
            for row in rows:
                self._require_used(*place_of(row))
            return led_by(rows, "ordId", full=_PAGE)

        rows = await whole_list(
            lambda further: self._wire.read(_OPEN[desk], {**asked, **further}, page),
            lead="after",
            what="open orders",
            pages_max=_PAGES_MAX,
        )
        return [row for row in rows if place_of(row)[0] is desk]

    def _require_used(self, desk: Desk, name: str) -> None:
        """Refuse an order of a contract where only coins are used.

        Raises:
            Unserved: it is one.

        """
        if desk not in self._markets.desks:
            raise Unserved(f"an order in {name} is open, and only coins are used", mend="cancel it")

    async def past(self, symbol: Symbol) -> Sequence[Row]:
        """Return the latest orders of a market.

        Raises:
            NotDone: the question was not answered.
            Refused: the venue denies the read.

        """
        desk = desk_of(symbol)
        asked = {**OF_DESK[desk], "instId": self._markets.market_id(symbol), "limit": _PAGE}
        return await self._wire.read(_PAST[desk], asked, rows_in)


def okx_orders(wire: Wire, markets: DeskMarkets) -> DeskOrders:
    """Return what reads orders of both desks."""
    asks = OkxQuestions(wire, markets)
    questions = OrderQuestions(
        row=asks.row,
        resting=asks.resting,
        past=asks.past,
        ours=dict.fromkeys(Desk, "clOrdId"),
        theirs="ordId",
        market_of=lambda row: text_of(row, "instId"),
        order_of=order_of,
        open_order_of=open_order_of,
        order_id_of=order_id_of,
        name_of=name_of,
        names_in=lambda row: (row.get("clOrdId"),),
    )
    return DeskOrders(wire, markets, questions)
