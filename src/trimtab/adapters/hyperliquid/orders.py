"""Orders of one Hyperliquid account, found by our name. Not pure: it asks the venue.

A question by our name finds an order wherever it stands, for how long is not said. What an order's
row says of its size is not what was executed: that is the sum of its executions. They are believed
to be all when they make the order whole, when its answer or its row tells the same sum, or half a
minute after its end. Sources: Hyperliquid docs "Info endpoint", 2026.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Final

from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desk_orders import DeskOrders, OrderQuestions
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.hyperliquid.answers import (
    name_of,
    open_order_of,
    open_rows,
    order_id_of,
    order_of,
    past_rows,
    status_row,
)
from trimtab.adapters.hyperliquid.fills import HyperliquidFills
from trimtab.adapters.hyperliquid.names import cloid_of
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import Unreadable, decimal_of, instant
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.errors import NotDone
from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import ClientOrderId, VenueOrder
from trimtab.venues.profile import Desk

_QUESTION: Final = Endpoint(desk=Desk.SPOT, method="publicPostInfo", rank=Rank.LOOK_UP)
_OURS: Final = "cloid"
_THEIRS: Final = "oid"
_SETTLED: Final = timedelta(seconds=30)
"""After its end a node that tells of an order tells all of its executions."""
_BEFORE: Final = timedelta(seconds=1)
"""Executions of an order are read from so much before it."""


class HyperliquidQuestions:
    """Asks for orders of one account."""

    def __init__(self, wire: Wire, markets: DeskMarkets, fills: HyperliquidFills) -> None:
        self._wire = wire
        self._markets = markets
        self.fills = fills
        self._answered: dict[str, Decimal] = {}

    def answered(self, order: VenueOrder, executed: Decimal) -> None:
        """Remember what the answer to an order said that was executed, base units."""
        self._answered[order.venue_order_id] = executed

    async def row(self, symbol: Symbol, named: Mapping[str, str]) -> Row | None:
        """Ask for one order, by our name with what was executed; None where there is none.

        Raises:
            NotDone: a question was not answered, or not readably.
            Refused: the venue denies the read, or no such name can be.

        """
        is_ours = _OURS in named
        who = cloid_of(ClientOrderId(named[_OURS])) if is_ours else int(named[_THEIRS])
        asked = {"type": "orderStatus", "user": self.fills.user, "oid": who}
        found = await self._wire.read(_QUESTION, asked, status_row)
        if found is None or not is_ours or found["symbol"] != self._markets.market_id(symbol):
            return found
        return await self._with_executions(symbol, found)

    async def _with_executions(self, symbol: Symbol, row: Row) -> Row:
        """Return the row of an order with the sum of its executions, and whether that is all."""
        try:
            began, ended = (instant(int(row[at])) for at in ("timestamp", "statusTimestamp"))
            ordered, rest = decimal_of(row, "origSz"), decimal_of(row, "sz")
        except (Unreadable, KeyError, TypeError, ValueError) as error:
            raise NotDone(f"an order is unreadable: {error}") from error
        now = await self._wire.venue_now(Desk.SPOT)
        fills = await self.fills.between(symbol, start=began - _BEFORE, end=now)
        with exact_arithmetic():
            executed = sum((f.quantity for f in fills if f.venue_order_id == row["oid"]), ZERO)
            told = {ordered, ordered - rest if rest != ordered else ordered}
        told |= {self._answered[row["oid"]]} if row["oid"] in self._answered else set()
        never = str(row["status"]).endswith("Rejected")
        if executed > ordered or (never and executed):
            raise NotDone("an order was executed more than it says that it could be")
        settled = never or executed in told or now - ended >= _SETTLED
        return {**row, "executed": executed, "is_settled": settled}

    async def resting(self, desk: Desk, which: Mapping[str, str]) -> Sequence[Row]:  # noqa: ARG002 -- the frame's shape.
        """Return what rests or waits in a market of coins, or in all.

        Raises:
            NotDone: the venue does not answer, or not readably.
            Refused: the venue denies the read.

        """
        asked = {"type": "frontendOpenOrders", "user": self.fills.user}
        rows = await self._wire.read(_QUESTION, asked, open_rows)
        return [row for row in rows if which.get("symbol", row["symbol"]) == row["symbol"]]

    async def past(self, symbol: Symbol) -> Sequence[Row]:  # noqa: ARG002 -- the frame's shape.
        """Return the latest orders of all markets.

        Raises:
            NotDone: the question was not answered.
            Refused: the venue denies the read.

        """
        asked = {"type": "historicalOrders", "user": self.fills.user}
        return await self._wire.read(_QUESTION, asked, past_rows)


def hyperliquid_orders(wire: Wire, markets: DeskMarkets, asks: HyperliquidQuestions) -> DeskOrders:
    """Return what reads orders of coins."""
    questions = OrderQuestions(
        row=asks.row,
        resting=asks.resting,
        past=asks.past,
        ours={Desk.SPOT: _OURS},
        theirs=_THEIRS,
        market_of=lambda row: str(row["symbol"]),
        order_of=order_of,
        open_order_of=open_order_of,
        order_id_of=order_id_of,
        name_of=name_of,
        names_in=lambda row: (row.get("name"),),
    )
    return DeskOrders(wire, markets, questions)
