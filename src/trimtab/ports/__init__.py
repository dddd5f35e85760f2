"""What the shell needs from the outside world, in our words and our errors.

Adapters implement these; the workflow awaits them. Every method says which of our errors
it raises; an adapter lets nothing else out. Reads fail as NotDone or Refused, writes also
as OutcomeUnknown. Instants are aware UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from trimtab.domain.approved import Approval
from trimtab.domain.findings import GateReport
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.leverage import LeverageSetting
from trimtab.domain.orders import (
    ClientOrderId,
    Evidence,
    Fill,
    OrderIntent,
    OrderRecord,
    OrderState,
    TradeId,
    VenueOrder,
)
from trimtab.domain.payments import Payment
from trimtab.domain.plan import Plan
from trimtab.domain.snapshot import OpenOrder, Snapshot
from trimtab.ports.account import AccountLedger


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

    @property
    def is_absent(self) -> bool:
        """Whether no list showed anything."""
        return bool(self.sightings) and set(self.sightings.values()) == {"none"}


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

    async def evidence_of_absence(self, intent: OrderIntent) -> AbsenceEvidence:
        """Ask every list that would show the order had it ever reached the books."""
        ...

    async def set_leverage(self, symbol: Symbol, *, leverage: int) -> None:
        """Set a contract's leverage and cross margin; raises like :meth:`submit`."""
        ...


class PlanStatus(StrEnum):
    """Where a saved plan stands."""

    PROPOSED = "proposed"
    NOTHING_TO_DO = "nothing_to_do"
    REFUSED = "refused"
    DRY_RUN = "dry_run"
    APPROVED = "approved"
    DECLINED = "declined"
    EXPIRED = "expired"
    EXECUTING = "executing"
    EXECUTED = "executed"
    PARTIAL = "partial"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPlan:
    """A plan as the ledger has it."""

    plan: Plan
    report: GateReport
    status: PlanStatus
    approval: Approval | None
    """None while nobody has said yes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One step in the life of an order, with what it was concluded from."""

    client_order_id: ClientOrderId
    state: OrderState
    """The state that it enters."""
    order: VenueOrder | None
    """The venue's word, when it gave one."""
    evidence: Evidence | AbsenceEvidence | None
    note: str
    """One sentence for the operator; may be empty."""
    at: datetime


class PlanLedger(Protocol):
    """Plans, what was said to them, and the kill switch."""

    async def save_plan(self, plan: Plan, report: GateReport, status: PlanStatus) -> None:
        """Record a proposal with its findings."""
        ...

    async def plan(self, digest_prefix: str) -> SavedPlan:
        """Return the one plan whose digest starts with *digest_prefix* (8 digits or more)."""
        ...

    async def plans(self) -> tuple[SavedPlan, ...]:
        """Return all plans, oldest first."""
        ...

    async def set_plan_status(self, plan_digest: str, status: PlanStatus) -> None:
        """Record where a plan stands now."""
        ...

    async def save_approval(self, approval: Approval) -> None:
        """Record a yes; a plan takes one, once."""
        ...

    async def halted(self) -> str | None:
        """Return why the kill switch is latched, or None."""
        ...

    async def set_halt(self, reason: str | None, *, by: str, at: datetime) -> None:
        """Latch the kill switch with a reason, or release it with None."""
        ...


class OrderLedger(Protocol):
    """Who may send, and the life of every order."""

    def holding_account(self, *, owner: str) -> AbstractAsyncContextManager[None]:
        """Hold the account for this process: ``begin``, ``advance`` and ``book_fills`` need it.

        Never held while a person is waited for. *owner* is told to whoever is kept out.

        Raises:
            AccountHeld: another run holds it.

        """
        ...

    async def holder(self) -> str | None:
        """Say who holds the account now, or None; keeps nobody out of it, unlike holding it."""
        ...

    async def begin(self, intents: Sequence[OrderIntent], *, at: datetime) -> None:
        """Commit the intents as SUBMITTING, before a byte is sent.

        Raises:
            LedgerError: a client order id is there already.
            AccountHeld: the lease is no longer ours.

        """
        ...

    async def advance(self, transitions: Sequence[Transition]) -> None:
        """Record transitions of orders, refusing any that the life cycle does not know."""
        ...

    async def record_leverage(self, setting: LeverageSetting) -> None:
        """Record a step of setting a contract's leverage, before its bytes and after."""
        ...

    async def orders(self, *, plan_digest: str | None) -> tuple[OrderRecord, ...]:
        """Return orders, oldest first; of one plan, or all."""
        ...

    async def unresolved(self) -> tuple[OrderRecord, ...]:
        """Return orders that are not terminal, oldest first."""
        ...

    async def committed_notional(self, *, since: datetime) -> Mapping[Symbol, Decimal]:
        """Return quote value at limit of orders (filled, open or unknown) since an instant.

        Reduce-only orders and simulated ones do not count.
        """
        ...


class FillLedger(Protocol):
    """What was executed."""

    async def book_fills(self, symbol: Symbol, fills: Sequence[Fill]) -> tuple[Fill, ...]:
        """Insert fills and move the symbol's cursor, in one transaction; return the new ones.

        A fill that is there already is skipped when equal and a LedgerError when not.
        """
        ...

    async def fill_cursor(self, symbol: Symbol) -> FillCursor:
        """Return where to go on reading executions of *symbol*."""
        ...

    async def fills(self) -> tuple[Fill, ...]:
        """Return all fills, dry runs excluded, oldest first."""
        ...


class Ledger(PlanLedger, OrderLedger, FillLedger, AccountLedger, Protocol):
    """The truth about what we did. Every write is durable when it returns.

    All methods raise LedgerError when the ledger cannot be read or written, and AccountHeld
    when this process no longer owns the account.
    """


class Answer(StrEnum):
    """What a person said to a plan."""

    YES = "yes"
    NO = "no"
    NOBODY = "nobody"
    """End of input: the plan stays pending."""


class Approver(Protocol):
    """Whoever is asked before an order is sent."""

    async def ask(self, plan: Plan, report: GateReport) -> Answer:
        """Show what is asked for and wait for the typed words."""
        ...


class StopSignal(Protocol):
    """Somebody's wish that the run ends soon: an ``asyncio.Event`` set by SIGINT or SIGTERM."""

    def is_set(self) -> bool:
        """Whether it has been asked for."""
        ...

    async def wait(self) -> object:
        """Return once it has been asked for."""
        ...


class Progress(Protocol):
    """Whoever watches a run. Must not raise and must not block."""

    def proposed(self, plan: Plan, report: GateReport) -> None:
        """Tell what is proposed, before anybody is asked."""
        ...

    def leverage_set(self, symbol: Symbol, *, leverage: int) -> None:
        """Tell that a contract's leverage was set."""
        ...

    def order_sent(self, intent: OrderIntent) -> None:
        """Tell that an order left."""
        ...

    def order_moved(self, record: OrderRecord) -> None:
        """Tell that an order's state or fill changed."""
        ...

    def waiting(self, reason: str, *, seconds: float) -> None:
        """Tell that nothing happens for a while, and why."""
        ...

    def noted(self, text: str) -> None:
        """Tell what changes nothing, and is worth a look."""
        ...
