"""A venue that is spoken to by raw calls, as the port :class:`~trimtab.ports.Venue`.

Not pure: it orders. What is the same everywhere is here: an order is sent once, what became of
it is looked up by our name, a cancel that comes too late is no failure. A venue gives its words
(:class:`OrderWords`), its lists of orders and of executions, and for contracts what was paid and
how leverage is set. See docs/design/0027-bybit-spot.md and docs/design/0036-bitget.md.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from trimtab.adapters.frame.absence import OrderLists, asked_everywhere
from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.frame.order_sending import RawCall, order_sent, raw
from trimtab.adapters.frame.received_orders import followed
from trimtab.adapters.wire.calls import Wire
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.errors import Refused, VenueError
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import ClientOrderId, Fill, OrderIntent, VenueOrder, VenueOrderId
from trimtab.domain.payments import Payment
from trimtab.domain.snapshot import OpenOrder
from trimtab.ports import AbsenceEvidence, FillCursor
from trimtab.venues.profile import Desk


class NamesMarkets(Protocol):
    """What knows the venue's names of markets."""

    async def require(self, symbol: Symbol) -> str:
        """Return the venue's name of a market that it must list."""
        ...


class ListsOrders(Protocol):
    """A venue's lists of orders. All raise NotDone and Refused, as the port says."""

    def seen(self, order: VenueOrder) -> None:
        """Remember an order of ours, where executions do not carry our name."""
        ...

    async def look_up(self, intent: OrderIntent) -> VenueOrder | None:
        """Return the order of *intent*; None when the venue shows none now."""
        ...

    async def resting(self, symbols: Sequence[Symbol]) -> tuple[OpenOrder, ...]:
        """Return what rests in *symbols*, by symbol and age."""
        ...

    async def sighting(self, intent: OrderIntent) -> str:
        """Return what the latest orders, not asked for by name, show of the order of *intent*."""
        ...

    async def client_ids(
        self, symbol: Symbol, orders: Collection[VenueOrderId]
    ) -> Mapping[VenueOrderId, ClientOrderId]:
        """Return who *orders* are by client order id; those without one are left out."""
        ...


class ListsFills(Protocol):
    """A venue's list of executions. All raise NotDone and Refused, as the port says."""

    async def since(self, symbol: Symbol, cursor: FillCursor) -> tuple[Fill, ...]:
        """Return all executions after *cursor*, oldest first."""
        ...

    async def sighting(self, intent: OrderIntent) -> str:
        """Return what the executions show of the order of *intent*."""
        ...


class SetsLeverage(Protocol):
    """What sets leverage of a contract."""

    async def __call__(self, symbol: Symbol, *, leverage: int) -> None:
        """Set cross margin and leverage; what is already so is left so."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderWords:
    """How a venue is told to place and to cancel, and how its answers are read."""

    place: Callable[[OrderIntent, str], RawCall]
    """The call that places an order in a market of that name; raises Refused."""
    placed: Callable[[object, OrderIntent], VenueOrder]
    """What the answer says of the order of that intent; raises Unreadable."""
    cancel: Callable[[OpenOrder, str], RawCall]
    """The call that cancels an order in a market of that name."""
    cancelled: Callable[[object], VenueOrderId | None]
    """Of which order the answer says that it is cancelled, None where it says so and names none: a
    request is about one; raises Unreadable."""
    takes_off: bool = False
    """Whether an order that is not seen to have ended at once is cancelled, because the venue is
    not known to take it off by itself."""
    before: Callable[[OrderIntent], Awaitable[None]] | None = None
    """What is read just before an order goes out, where its words depend on it; raises NotDone and
    Refused, and nothing is sent then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueParts:
    """What a venue gives."""

    markets: NamesMarkets
    orders: ListsOrders
    fills: ListsFills
    words: OrderWords
    payments: Callable[[datetime], Awaitable[tuple[Payment, ...]]] | None
    """What moved the futures wallet since an instant; None for an account of coins alone."""
    leverage: SetsLeverage | None
    """None where only coins are traded."""
    inconclusive: str = ""
    """Why no absence of an order is proved by the lists; empty where it is."""
    unproved: frozenset[Desk] = frozenset(Desk)
    """The desks of which that is true."""


class RawVenue:
    """Orders on a venue. Opened and closed by ``open_venue.open_venue``."""

    def __init__(self, wire: Wire, parts: VenueParts) -> None:
        self._wire = wire
        self._parts = parts
        self._markets = parts.markets
        self._orders = parts.orders
        self._words = parts.words

    async def submit(self, intent: OrderIntent) -> VenueOrder:
        """Send *intent* once; see :meth:`trimtab.ports.Venue.submit`.

        Where the answer says only that the order was received, it is looked at for moments.
        """
        symbol = intent.instrument.symbol
        market_id = await self._markets.require(symbol)
        if self._words.before is not None:
            await self._words.before(intent)
        call = self._words.place(intent, market_id)
        judgement = await order_sent(
            self._wire,
            Desk.of(intent.instrument),
            raw(self._wire, call),
            read=lambda told: self._words.placed(told, intent),
        )
        order = judgement.told(f"{intent.client_order_id} {symbol}")
        self._orders.seen(order)
        if order.ended:
            return order
        seen = await followed(intent, order, look_up=self.look_up, clock=self._wire.clock)
        return seen if seen.ended or not self._words.takes_off else await self._off(intent, seen)

    async def _off(self, intent: OrderIntent, order: VenueOrder) -> VenueOrder:
        """Cancel what may still rest, and return the order as far as it shows then."""
        rest = OpenOrder(
            symbol=order.symbol,
            client_order_id=order.client_order_id,
            venue_order_id=order.venue_order_id,
            lots=order.lots,
            limit_price=intent.limit_price,
            reduce_only=intent.reduce_only,
        )
        try:
            await self.cancel(rest)
            return await self.look_up(intent) or order
        except VenueError:
            return order  # It was received; who asks later looks again.

    async def look_up(self, intent: OrderIntent) -> VenueOrder | None:
        """Find the order of *intent*; see :meth:`trimtab.ports.Venue.look_up`."""
        return await self._orders.look_up(intent)

    async def cancel(self, order: OpenOrder) -> None:
        """Cancel *order*; see :meth:`trimtab.ports.Venue.cancel`."""
        desk = desk_of(order.symbol)
        call = self._words.cancel(order, await self._markets.require(order.symbol))

        def cancelled(answer: object) -> bool | None:
            """Acknowledge the cancel of this very order."""
            return self._words.cancelled(answer) in {None, order.venue_order_id} or None

        judgement = await self._wire.write(
            desk, raw(self._wire, call), read=cancelled, rank=Rank.CANCEL
        )
        if judgement.evidence.code not in self._wire.profile.codes[desk].gone:
            judgement.told(f"cancel {order.venue_order_id} {order.symbol}")

    async def open_orders(self, symbols: Sequence[Symbol]) -> tuple[OpenOrder, ...]:
        """Return what rests in *symbols*, by symbol and age.

        Raises:
            NotDone: the venue does not answer.
            Refused: the venue denies the read.

        """
        return await self._orders.resting(symbols)

    async def fills(self, symbol: Symbol, *, since: FillCursor) -> tuple[Fill, ...]:
        """Return executions after *since*, oldest first; raises like :meth:`open_orders`."""
        return await self._parts.fills.since(symbol, since)

    async def client_ids(
        self, symbol: Symbol, orders: Collection[VenueOrderId]
    ) -> Mapping[VenueOrderId, ClientOrderId]:
        """Return who *orders* are by client order id; raises like :meth:`open_orders`."""
        return await self._orders.client_ids(symbol, orders)

    async def payments(self, since: datetime) -> tuple[Payment, ...]:
        """Return payments from *since* on, of an account that may use futures, oldest first."""
        return () if self._parts.payments is None else await self._parts.payments(since)

    async def evidence_of_absence(self, intent: OrderIntent) -> AbsenceEvidence:
        """Ask every list for the order of *intent*; raises like :meth:`open_orders`."""
        is_unproved = Desk.of(intent.instrument) in self._parts.unproved
        lists = OrderLists(
            named=self.look_up,
            resting=self.open_orders,
            others=self._others,
            inconclusive=self._parts.inconclusive if is_unproved else "",
        )
        return await asked_everywhere(self._wire, lists, intent)

    async def _others(self, intent: OrderIntent) -> Mapping[str, str]:
        """Return what the latest orders and the executions show of the order of *intent*."""
        return {
            "all_orders": await self._orders.sighting(intent),
            "fills": await self._parts.fills.sighting(intent),
        }

    async def set_leverage(self, symbol: Symbol, *, leverage: int) -> None:
        """Set cross margin and leverage; see :meth:`trimtab.ports.Venue.set_leverage`."""
        if desk_of(symbol) is Desk.SPOT or self._parts.leverage is None:
            raise Refused(f"{symbol}: no leverage is set here, {leverage} cannot be either")
        await self._parts.leverage(symbol, leverage=leverage)
