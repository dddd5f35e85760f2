"""What the ledger keeps and answers. Every write is durable when it returns.

See :mod:`trimtab.ports`, which has all of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from trimtab.domain.approved import Approval
from trimtab.domain.findings import GateReport
from trimtab.domain.instruments import Symbol
from trimtab.domain.leverage import LeverageSetting
from trimtab.domain.orders import Fill, OrderIntent, OrderRecord, VenueOrderId
from trimtab.domain.plan import Plan
from trimtab.execution.outside import BookedSince
from trimtab.ports.account import AccountLedger
from trimtab.ports.hedges import HedgeLedger
from trimtab.ports.notices import NoticeLedger
from trimtab.ports.records import PlanStatus, SavedPlan, Transition
from trimtab.ports.replies import ReplyLedger
from trimtab.ports.restraint import RestraintLedger
from trimtab.ports.slots import SlotLedger
from trimtab.ports.standing_approvals import StandingApprovalLedger
from trimtab.ports.stops import StopLedger
from trimtab.ports.transfers import TransferLedger
from trimtab.ports.venue import FillCursor


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

    async def executing(self) -> tuple[SavedPlan, ...]:
        """Return plans whose run is under way, or ended without saying how, oldest first."""
        ...

    async def set_plan_status(self, plan_digest: str, status: PlanStatus) -> None:
        """Record where a plan stands now.

        Raises:
            ApprovalError: a run wants to begin it, or to leave it, and it was decided against.

        """
        ...

    async def save_approval(self, approval: Approval) -> None:
        """Record a yes; a plan takes one, once.

        Raises:
            ApprovalError: it was approved or decided meanwhile, by another run or a person.

        """
        ...

    async def halted(self) -> str | None:
        """Return why the kill switch is latched, or None."""
        ...

    async def set_halt(self, reason: str | None, *, by: str, at: datetime) -> None:
        """Latch the kill switch with a reason, or release it with None, and REDUCING with it."""
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

    async def begin(
        self, intents: Sequence[OrderIntent], *, at: datetime, halt_seen: str | None
    ) -> None:
        """Commit the intents as SUBMITTING, before a byte is sent; all of them or none.

        *halt_seen* is the kill switch as the gate saw it that passed them: latched otherwise
        by now, none of them begins.

        Raises:
            LedgerError: a client order id is there already.
            AccountHeld: the lease is no longer ours.
            Halted: the kill switch was latched since, or the plan rests on a standing approval
                that is over.

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

    async def absent_lately(self, *, since: datetime) -> tuple[OrderRecord, ...]:
        """Return real orders that were called absent since an instant, oldest first.

        It counts when that was first, not when they left: a person's word may come days later; nor
        when they were last asked about in vain. Those from before the last statement of the account
        are left out: a person has looked.
        """
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

    async def unknown_orders(
        self, symbol: Symbol, orders: Collection[VenueOrderId]
    ) -> frozenset[VenueOrderId]:
        """Return those of the venue's *orders* that no order of ours is known to be."""
        ...

    async def booked_since_statement(self) -> BookedSince | None:
        """Return what is booked since the last statement, or None before the first.

        A dry run sees its own orders among ours.
        """
        ...

    async def fill_cursor(self, symbol: Symbol) -> FillCursor:
        """Return where to go on reading executions of *symbol*."""
        ...

    async def fills(self) -> tuple[Fill, ...]:
        """Return all fills, dry runs excluded, oldest first."""
        ...


class Ledger(
    PlanLedger,
    OrderLedger,
    FillLedger,
    AccountLedger,
    RestraintLedger,
    StandingApprovalLedger,
    TransferLedger,
    StopLedger,
    HedgeLedger,
    SlotLedger,
    NoticeLedger,
    ReplyLedger,
    Protocol,
):
    """The truth about what we did. Every write is durable when it returns.

    All methods raise LedgerError when the ledger cannot be read or written, and AccountHeld
    when this process no longer owns the account.
    """
