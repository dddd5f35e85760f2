"""Orders of one account at both desks of a venue, found by our name. Not pure: it asks the venue.

A question by our name finds an order wherever it stands; the lists of resting and of past orders
are asked besides when its absence is to be proved. A venue gives its questions and what reads
their rows (:class:`OrderQuestions`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import Unreadable
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Instrument, Symbol
from trimtab.domain.orders import ClientOrderId, OrderIntent, VenueOrder, VenueOrderId
from trimtab.domain.snapshot import OpenOrder
from trimtab.venues.profile import Desk


def asking(*, spot: str, linear: str) -> Mapping[Desk, Endpoint]:
    """Return one question about orders at both desks."""
    return {
        Desk.SPOT: Endpoint(desk=Desk.SPOT, method=spot, rank=Rank.LOOK_UP),
        Desk.LINEAR: Endpoint(desk=Desk.LINEAR, method=linear, rank=Rank.LOOK_UP),
    }


class ReadsOrder(Protocol):
    """What reads the row of an order that is known to be one of ours."""

    def __call__(
        self, row: Row, intent: OrderIntent, *, market_id: str, ended: frozenset[str]
    ) -> VenueOrder:
        """Return the order of *intent*; raises Unreadable."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderQuestions:
    """What a venue gives. Questions raise NotDone and Refused, readers Unreadable."""

    row: Callable[[Symbol, Mapping[str, str]], Awaitable[Row | None]]
    """One order of a market that was read, asked for by a name; None where it knows none."""
    resting: Callable[[Desk, Mapping[str, str]], Awaitable[Sequence[Row]]]
    """What rests at a desk, or in the market that is named ``symbol``, whole."""
    past: Callable[[Symbol], Awaitable[Sequence[Row]]]
    """The latest orders of a market that was read."""
    ours: Mapping[Desk, str]
    """What a question calls our name."""
    theirs: str
    """What a question calls the venue's number."""
    market_of: Callable[[Row], str]
    """The venue's name of the market that a row is of."""
    order_of: ReadsOrder
    open_order_of: Callable[[Row, Instrument], OpenOrder]
    order_id_of: Callable[[Row], VenueOrderId]
    name_of: Callable[[Row], ClientOrderId]
    """Our name in a row; empty where nobody gave it one."""
    names_in: Callable[[Row], tuple[object, ...]]
    """Whatever a row of the past has where our name would stand; reads nothing."""
    age_of: Callable[[VenueOrderId], int] = int
    """What is higher the later an order came, out of the venue's number."""


class DeskOrders:
    """Reads orders of both desks."""

    def __init__(self, wire: Wire, markets: DeskMarkets, questions: OrderQuestions) -> None:
        self._wire = wire
        self._markets = markets
        self._asks = questions
        self.names: dict[tuple[Symbol, VenueOrderId], ClientOrderId] = {}
        """Orders whose client id was seen; executions may not carry it."""

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
        row = await self._asks.row(
            symbol, {self._asks.ours[desk_of(symbol)]: intent.client_order_id}
        )
        if row is None:
            return None
        try:
            order = self._asks.order_of(row, intent, market_id=market_id, ended=ended)
        except Unreadable as error:
            raise NotDone(f"{intent.client_order_id}: unreadable order, {error}") from error
        self.seen(order)
        return order

    async def resting(self, symbols: Sequence[Symbol]) -> tuple[OpenOrder, ...]:
        """Return what rests in *symbols*, by symbol and age; raises like :meth:`look_up`."""
        found: list[OpenOrder] = []
        for symbol in sorted(await self._markets.load(symbols)):
            which = {"symbol": self._markets.market_id(symbol)}
            found += self._read(desk_of(symbol), await self._asks.resting(desk_of(symbol), which))
        return tuple(found)

    async def all_resting(self, desk: Desk) -> tuple[OpenOrder, ...]:
        """Return what rests at a desk, oldest first; its markets must be loaded.

        Raises:
            NotDone: the venue does not answer, or not readably, or the list has no end.
            Refused: the venue denies the read.

        """
        return tuple(self._read(desk, await self._asks.resting(desk, {})))

    def _read(self, desk: Desk, rows: Sequence[Row]) -> list[OpenOrder]:
        """Read resting orders, oldest first, each once."""
        by_id: dict[int, OpenOrder] = {}
        try:
            for row in rows:
                symbol = self._markets.symbol_of(desk, self._asks.market_of(row))
                order = self._asks.open_order_of(row, self._markets.instrument(symbol))
                by_id[self._asks.age_of(order.venue_order_id)] = order
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
        await self._markets.require(symbol)
        for row in await self._asks.past(symbol):
            if intent.client_order_id in self._asks.names_in(row):
                return f"order {row.get(self._asks.theirs)}"
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
            row = await self._asks.row(symbol, {self._asks.theirs: order_id})
            name = None if row is None else self._whose(row, order_id)
            if name:
                found[order_id] = name
        self.names.update({(symbol, order): name for order, name in found.items()})
        return found

    def _whose(self, row: Row, order_id: VenueOrderId) -> ClientOrderId | None:
        """Return our name in the row of an order; None in that of another."""
        try:
            return self._asks.name_of(row) if self._asks.order_id_of(row) == order_id else None
        except Unreadable as error:
            raise NotDone(f"order {order_id}: unreadable, {error}") from error
