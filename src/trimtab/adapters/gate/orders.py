"""Orders of one Gate account, found by our name. Not pure: it asks the venue.

A question by our name finds an order while it rests; for how long after its end one page says an
hour and another not at all, and orders that had just filled were seen not to be found (gateapi-go
issue 41). The list of past orders is asked then, and an order found there is read by its number.
Where nothing executed, an order is kept for a minute (gateapi-python issue 61). Lists have numbered
pages; they are read until one brings nothing new. Sources: Gate API v4 "Query single order
details", "List orders", "List all open orders", "Query running auto order list", 2026.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from trimtab.adapters.frame.absence import one_or_none
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desk_orders import DeskOrders, OrderQuestions
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.timed_fills import RECENT
from trimtab.adapters.gate.answers import (
    PREFIX,
    all_resting_rows,
    client_id_of,
    ended_rows,
    open_order_of,
    order_id_of,
    order_of,
    order_row,
    resting_rows,
)
from trimtab.adapters.gate.waiting import waiting_order_of, waiting_rows
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import Unreadable, text_of
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Symbol
from trimtab.domain.snapshot import OpenOrder
from trimtab.venues.profile import Desk

OURS: Final = "text"
THEIRS: Final = "id"
"""What a question by our name and by the venue's number is called here: both go into the path."""
Reads = Callable[[object], tuple[Row, ...]]
"""What reads the rows of a page."""
_PAGES_MAX: Final = 50


def _asking(method: str) -> Endpoint:
    """Return a question about orders."""
    return Endpoint(desk=Desk.SPOT, method=method, rank=Rank.LOOK_UP)


_ORDER: Final = _asking("privateSpotGetOrdersOrderId")
_ORDERS: Final = _asking("privateSpotGetOrders")
_OPEN: Final = _asking("privateSpotGetOpenOrders")
_WAITING: Final = _asking("privateSpotGetPriceOrders")
_PAGE: Final = 100


async def numbered_pages(
    wire: Wire, endpoint: Endpoint, asked: Mapping[str, object], read: Reads, *, by_offset: bool
) -> tuple[Row, ...]:
    """Return the rows of all pages, each number once, until a page brings nothing new.

    Raises:
        NotDone: the venue does not answer, not readably, or the list has no end.
        Refused: the venue denies the read.

    """
    found: dict[str, Row] = {}
    for page in range(1, _PAGES_MAX + 1):
        where = {"offset": len(found)} if by_offset else {"page": page}
        rows = await wire.read(endpoint, {**asked, **where, "limit": _PAGE}, read)
        new = {text_of(row, "id"): row for row in rows} | found
        if len(new) == len(found):
            return tuple(found.values())
        found = new
    raise NotDone(f"{endpoint.method}: the list has no end")


class GateQuestions:
    """Asks for orders."""

    def __init__(self, wire: Wire, markets: DeskMarkets) -> None:
        self._wire = wire
        self._markets = markets

    async def row(self, symbol: Symbol, named: Mapping[str, str]) -> Row | None:
        """Ask for one order; None where the venue shows none under that name.

        Raises:
            NotDone: the question was not answered.
            Refused: the venue denies the read.

        """
        if THEIRS in named:
            return await self._one(symbol, named[THEIRS])
        name = named[OURS]
        found = await self._one(symbol, f"{PREFIX}{name}")
        if found is not None:
            return found
        for past in await self.past(symbol):
            if past["name"] == name:
                return await self._one(symbol, text_of(past, "id"))
        return None

    async def _one(self, symbol: Symbol, which: str) -> Row | None:
        """Ask for one order by a name or a number."""
        asked = {"order_id": which, "currency_pair": self._markets.market_id(symbol)}
        return await one_or_none(self._wire, _ORDER, asked, order_row)

    async def resting(
        self,
        desk: Desk,  # noqa: ARG002 -- the frame's shape.
        which: Mapping[str, str],
    ) -> Sequence[Row]:
        """Return every row of a list of resting orders; raises like :meth:`row`."""
        if "symbol" in which:
            asked = {"currency_pair": which["symbol"], "status": "open"}
            return await numbered_pages(self._wire, _ORDERS, asked, resting_rows, by_offset=False)
        return await numbered_pages(self._wire, _OPEN, {}, all_resting_rows, by_offset=False)

    async def past(self, symbol: Symbol) -> Sequence[Row]:
        """Return the orders of a market that ended in the last two days; raises like :meth:`row`.

        A moment more is asked for on either side: times are whole seconds.
        """
        now = await self._wire.venue_now(Desk.SPOT)
        asked = {
            "currency_pair": self._markets.market_id(symbol),
            "status": "finished",
            "from": int((now - RECENT).timestamp()) - 1,
            "to": int(now.timestamp()) + 1,
        }
        return await numbered_pages(self._wire, _ORDERS, asked, ended_rows, by_offset=False)

    async def waiting(self) -> tuple[OpenOrder, ...]:
        """Return what waits for a trigger; the markets must be loaded. Raises like :meth:`row`."""
        asked = {"status": "open"}
        rows = await numbered_pages(self._wire, _WAITING, asked, waiting_rows, by_offset=True)
        try:
            return tuple(self._waiting(row) for row in rows)
        except Unreadable as error:
            raise NotDone(f"an order that waits is unreadable: {error}") from error

    def _waiting(self, row: Row) -> OpenOrder:
        """Read one that waits."""
        symbol = self._markets.symbol_of(Desk.SPOT, text_of(row, "market"))
        return waiting_order_of(row, self._markets.instrument(symbol))


def gate_orders(wire: Wire, markets: DeskMarkets, asks: GateQuestions) -> DeskOrders:
    """Return what reads orders."""
    questions = OrderQuestions(
        row=asks.row,
        resting=asks.resting,
        past=asks.past,
        ours={Desk.SPOT: OURS},
        theirs=THEIRS,
        market_of=lambda row: text_of(row, "symbol"),
        order_of=order_of,
        open_order_of=open_order_of,
        order_id_of=order_id_of,
        name_of=client_id_of,
        names_in=lambda row: (row["name"],),
    )
    return DeskOrders(wire, markets, questions)
