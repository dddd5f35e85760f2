"""Orders of one Kraken spot account, found by our name. Not pure: it asks the venue.

An order stands in the list of open orders or in that of closed ones, which both take our name; the
question for one order takes the venue's number alone. An order that closes between two questions
is in neither, so that the closed ones are asked for last. Sources: Kraken "Get Open Orders", "Get
Closed Orders", "Query Orders Info", 2026.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.offset_pages import read_whole
from trimtab.adapters.frame.order_rows import Names
from trimtab.adapters.frame.timed_fills import RECENT
from trimtab.adapters.kraken.answers import (
    Pairs,
    client_id_of,
    open_order_of,
    order_of,
    order_rows,
    result_of,
)
from trimtab.adapters.kraken.names import uuid_of
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import (
    Unreadable,
    Unserved,
    decimal_of,
    field,
    integer_of,
    mapping_of,
    milliseconds,
)
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import ClientOrderId, OrderIntent, VenueOrder, VenueOrderId
from trimtab.domain.snapshot import OpenOrder
from trimtab.venues.profile import Desk

_OPEN: Final = Endpoint(desk=Desk.SPOT, method="privatePostOpenOrders", rank=Rank.LOOK_UP)
_CLOSED: Final = Endpoint(desk=Desk.SPOT, method="privatePostClosedOrders", rank=Rank.LOOK_UP)
_QUERY: Final = Endpoint(desk=Desk.SPOT, method="privatePostQueryOrders", rank=Rank.LOOK_UP)
_AT_ONCE: Final = 50
_PAGES_MAX: Final = 40
_SECOND: Final = timedelta(seconds=1)


class KrakenOrders:
    """Reads orders. *pairs* has the markets that were read."""

    def __init__(self, wire: Wire, markets: DeskMarkets, pairs: Pairs) -> None:
        self._wire = wire
        self._markets = markets
        self._pairs = pairs
        self._names: dict[tuple[Symbol, VenueOrderId], ClientOrderId] = {}

    def known(self) -> Names:
        """Return the orders whose client id was seen; executions do not carry it."""
        return self._names

    def seen(self, order: VenueOrder) -> None:
        """Remember an order of ours."""
        self._names[order.symbol, order.venue_order_id] = order.client_order_id

    async def look_up(self, intent: OrderIntent) -> VenueOrder | None:
        """Return the order of *intent*; None when the venue shows none now.

        Raises:
            NotDone: the question was not answered, or two orders bear the name.
            Refused: the venue denies the read.

        """
        market_id = await self._markets.require(intent.instrument.symbol)
        asked = {"cl_ord_id": uuid_of(intent.client_order_id)}
        ended = self._wire.profile.ended_statuses
        for endpoint, name in ((_CLOSED, "closed"), (_OPEN, "open"), (_CLOSED, "closed")):
            rows = await self._wire.read(endpoint, asked, self._reading(name))
            try:
                found = [order_of(r, intent, market_id=market_id, ended=ended) for r in rows]
            except Unreadable as error:
                raise NotDone(f"{intent.client_order_id}: unreadable order, {error}") from error
            if len(found) > 1:
                raise NotDone(f"{intent.client_order_id}: two orders bear this name")
            if found:
                self.seen(found[0])
                return found[0]
        return None

    def _reading(self, name: str) -> Callable[[object], tuple[Row, ...]]:
        """Return what reads the orders that an answer has under *name*."""

        def read(answer: object) -> tuple[Row, ...]:
            """Read every row."""
            return order_rows(field(mapping_of(result_of(answer)), name), self._pairs)

        return read

    async def resting(self, symbols: Sequence[Symbol]) -> tuple[OpenOrder, ...]:
        """Return what rests in *symbols*, by symbol and age; raises like :meth:`look_up`."""
        listed = await self._markets.load(symbols)
        found = [order for order in await self.all_resting() if order.symbol in listed]
        return tuple(sorted(found, key=lambda order: order.symbol))

    async def all_resting(self) -> tuple[OpenOrder, ...]:
        """Return all that rests or waits for a trigger, oldest first; the markets must be loaded.

        Raises:
            NotDone: the venue does not answer, not readably, or with what cannot be counted.
            Refused: the venue denies the read.

        """
        return await self._wire.read(_OPEN, {}, self._resting)

    def _resting(self, answer: object) -> tuple[OpenOrder, ...]:
        """Read every open order."""
        rows = self._reading("open")(answer)
        return tuple(self._open_order(row) for row in sorted(rows, key=_opened_at))

    def _open_order(self, row: Row) -> OpenOrder:
        """Read one open order."""
        if row["symbol"] not in self._pairs:
            raise Unserved(
                f"an order in {row['symbol']} is open, no such market is traded here",
                mend="cancel it",
            )
        symbol = self._markets.symbol_of(Desk.SPOT, row["symbol"])
        return open_order_of(row, self._markets.instrument(symbol))

    async def sighting(self, intent: OrderIntent) -> str:
        """Return what the closed orders of two days, asked for by time alone, show of *intent*'s.

        Raises:
            NotDone: the question was not answered, or the list has no end.
            Refused: the venue denies the read.

        """
        await self._markets.require(intent.instrument.symbol)
        now = await self._wire.venue_now(Desk.SPOT)
        span = {
            "start": milliseconds(now - RECENT) // 1000,
            "end": milliseconds(now + _SECOND) // 1000 + 1,
        }

        async def page(begins_at: int) -> tuple[Mapping[str, Row], int]:
            """Read one page."""
            return await self._wire.read(_CLOSED, {**span, "ofs": begins_at}, self._page)

        rows = await read_whole(page, what="closed orders", pages_max=_PAGES_MAX)
        name = intent.client_order_id
        return next((f"order {o}" for o, row in rows.items() if row["name"] == name), "none")

    def _page(self, answer: object) -> tuple[Mapping[str, Row], int]:
        """Read a page of closed orders, and how many there are."""
        count = integer_of(mapping_of(result_of(answer)), "count")
        return {str(row["txid"]): row for row in self._reading("closed")(answer)}, count

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
        wanted = sorted(orders)
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            rows = await self._wire.read(_QUERY, {"txid": ",".join(some)}, self._queried)
            told = dict(map(client_id_of, rows))
            found |= {order: told[order] for order in some if told.get(order)}
        self._names.update({(symbol, order): name for order, name in found.items()})
        return found

    def _queried(self, answer: object) -> tuple[Row, ...]:
        """Read orders that were asked for by their numbers."""
        return order_rows(result_of(answer), self._pairs)


def _opened_at(row: Row) -> Any:  # noqa: ANN401 -- a number to sort by.
    """Return when an order was opened; raises Unreadable."""
    return decimal_of(row, "opentm")
