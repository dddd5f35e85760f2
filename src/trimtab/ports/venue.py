"""What is asked of a venue, of its markets, and of the clock.

See :mod:`trimtab.ports`, which has all of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.orders import (
    ClientOrderId,
    Fill,
    OrderIntent,
    TradeId,
    VenueOrder,
    VenueOrderId,
)
from trimtab.domain.payments import Payment
from trimtab.domain.snapshot import OpenOrder, Snapshot


class Clock(Protocol):
    """Time, and waiting."""

    def now(self) -> datetime:
        """Return the present instant."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait; durations are monotonic."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """What a snapshot must cover, beside everything that is held, open or in a position."""

    assets: tuple[Asset, ...]
    """Targeted assets, the quote among them."""
    with_contracts: tuple[Asset, ...]
    """Assets whose perpetual contract may be traded."""
    with_dated: tuple[Asset, ...] = ()
    """Assets of which every dated contract in the quote may be traded."""
    markets: tuple[Symbol, ...] = ()
    """Markets to be covered besides, as far as the venue lists them."""


class MarketData(Protocol):
    """Reads of account and markets. Changes nothing on the venue."""

    async def snapshot(self, portfolio: Portfolio) -> Snapshot:
        """Read everything a plan is made from.

        Raises:
            NotDone: unreachable or unreadable after bounded retries.
            Refused: the venue denies the read (key, region).

        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FillCursor:
    """Where the reading of one symbol's executions stands."""

    after: TradeId | None
    """The last trade that is booked; None before the first."""
    not_before: datetime
    """Where to begin when no trade is booked yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceEvidence:
    """What a look at every list showed, for the ledger."""

    asked_at: datetime
    venue_now: datetime
    """The venue's clock, when asked."""
    sightings: Mapping[str, str]
    """By list (``by_client_id``, ``open_orders``, ``all_orders``, ``fills``): ``none`` or what
    was seen."""
    inconclusive: str = ""
    """Why the silence of every list proves nothing at this venue; empty where it proves."""

    @property
    def shows_nothing(self) -> bool:
        """Whether no list showed anything."""
        return bool(self.sightings) and set(self.sightings.values()) == {"none"}

    @property
    def is_absent(self) -> bool:
        """Whether no list showed anything, where that is a proof."""
        return self.shows_nothing and not self.inconclusive


class PaymentList(Protocol):
    """Whoever lists what moved the futures wallets, a venue or whatever stands before it."""

    async def payments(self, since: datetime) -> tuple[Payment, ...]:
        """Return what :meth:`Venue.payments` does; changes nothing, in a dry run neither."""
        ...


class Venue(Protocol):
    """A place that accepts orders: the exchange through ccxt, or the paper venue."""

    async def submit(self, intent: OrderIntent) -> VenueOrder:
        """Send *intent* once; the answer echoes our client order id.

        Raises:
            NotDone: certainly no order exists.
            Refused: the venue said no.
            OutcomeUnknown: an order may exist; look it up.

        """
        ...

    async def look_up(self, intent: OrderIntent) -> VenueOrder | None:
        """Return the order with the intent's client order id, or None when none is visible now.

        Raises:
            NotDone: the question was not answered.
            Refused: the venue denies the read.

        """
        ...

    async def cancel(self, order: OpenOrder) -> None:
        """Cancel a resting order; one that is gone already is no error.

        Raises:
            NotDone: certainly not cancelled.
            Refused: the venue said no.
            OutcomeUnknown: it may be cancelled; look it up.

        """
        ...

    async def open_orders(self, symbols: Sequence[Symbol]) -> tuple[OpenOrder, ...]:
        """Return what rests on the venue in *symbols*, whoever placed it."""
        ...

    async def fills(self, symbol: Symbol, *, since: FillCursor) -> tuple[Fill, ...]:
        """Return every execution in *symbol* after *since*, oldest first, all pages."""
        ...

    async def payments(self, since: datetime) -> tuple[Payment, ...]:
        """Return every change of a futures wallet from *since* on, oldest first, all pages.

        *since* is the venue's clock. What lies further back than the venue keeps (Binance: three
        months) is not among them. Wallet plus payments is the wallet later, exactly.
        """
        ...

    async def client_ids(
        self, symbol: Symbol, orders: Collection[VenueOrderId]
    ) -> Mapping[VenueOrderId, ClientOrderId]:
        """Return under which client order ids *orders* were placed, whoever placed them.

        One that the venue lists no more is left out. Raises like :meth:`look_up`.
        """
        ...

    async def evidence_of_absence(self, intent: OrderIntent) -> AbsenceEvidence:
        """Ask every list that would show the order had it ever reached the books."""
        ...

    async def set_leverage(self, symbol: Symbol, *, leverage: int) -> None:
        """Set a contract's leverage and cross margin; raises like :meth:`submit`."""
        ...
