"""The ledger on a SQL database: :func:`open_ledger` gives a :class:`~trimtab.ports.Ledger`.

Importing this module is what pays for SQLAlchemy. The parts, and why they are cut so, are in
:mod:`trimtab.adapters.ledger` and docs/design/0004-ledger.md. Sizes are lots and base units,
instants aware UTC.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import partial

from typing_extensions import override

from trimtab.adapters.ledger import (
    holding,
    lease,
    outside,
    reads,
    verification,
    writes,
)
from trimtab.adapters.ledger.account_role import SqlAccount, View
from trimtab.adapters.ledger.beginning import refuse_begun
from trimtab.adapters.ledger.chain import Head, chain_seed
from trimtab.adapters.ledger.engine import engine_at
from trimtab.adapters.ledger.faults import is_of_the_place, located
from trimtab.adapters.ledger.files import refuse_others
from trimtab.adapters.ledger.hedge_record import SqlHedges
from trimtab.adapters.ledger.migrate import REVISIONS, revision_of
from trimtab.adapters.ledger.notices import SqlNotices
from trimtab.adapters.ledger.pen import Hand, Pen
from trimtab.adapters.ledger.projection import EntryKind
from trimtab.adapters.ledger.replies import SqlReplies
from trimtab.adapters.ledger.restraint import SqlRestraint
from trimtab.adapters.ledger.rows import Fault, LedgerEvent, VerifyReport
from trimtab.adapters.ledger.server import Server
from trimtab.adapters.ledger.site import Site, site_of
from trimtab.adapters.ledger.slots import SqlSlots
from trimtab.adapters.ledger.standing_approvals import SqlStandingApprovals
from trimtab.adapters.ledger.stops import SqlStops
from trimtab.adapters.ledger.transfers import SqlTransfers
from trimtab.adapters.ledger.writer import Writer, open_writer
from trimtab.domain.approved import Approval
from trimtab.domain.canonical import instant_text
from trimtab.domain.errors import ConfigError, LedgerError
from trimtab.domain.findings import GateReport
from trimtab.domain.instruments import Symbol
from trimtab.domain.leverage import LeverageSetting
from trimtab.domain.orders import Fill, OrderIntent, OrderRecord, VenueOrderId
from trimtab.domain.plan import Plan
from trimtab.domain.snapshot import AccountKey
from trimtab.execution.outside import BookedSince
from trimtab.ports import (
    Clock,
    FillCursor,
    FillLedger,
    OrderLedger,
    PlanLedger,
    PlanStatus,
    SavedPlan,
    Transition,
)


class LedgerAudit:
    """What the ledger shows of itself: its entries, and whether they hold together."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def events(self) -> tuple[LedgerEvent, ...]:
        """Return every entry, oldest first, those of dry runs among them."""
        return await self._writer.read(reads.events)

    async def verify(self) -> VerifyReport:
        """Prove chain, tables, sums and anchor, and name what is wrong."""
        place = self._writer.place
        return await self._writer.read(lambda c: verification.verify(c, place))


class SqlPlans(PlanLedger, View):
    """Plans, approvals, and what the kill switch says."""

    @override
    async def save_plan(self, plan: Plan, report: GateReport, status: PlanStatus) -> None:
        """Append a proposal with its findings."""
        hand = self._hand
        await self._writer.write(lambda pen: writes.save_plan(pen, hand, plan, report, status))

    @override
    async def plan(self, digest_prefix: str) -> SavedPlan:
        """Return the one plan whose digest starts with *digest_prefix*."""
        run = self._hand.dry_run
        (saved,) = await self._writer.read(
            partial(reads.saved_plans, prefix=digest_prefix, dry_run=run)
        )
        return saved

    @override
    async def plans(self) -> tuple[SavedPlan, ...]:
        """Return all plans, oldest first."""
        run = self._hand.dry_run
        return await self._writer.read(partial(reads.saved_plans, prefix=None, dry_run=run))

    @override
    async def executing(self) -> tuple[SavedPlan, ...]:
        """Return plans whose run has not said how it ended, oldest first."""
        return await self._writer.read(reads.executing)

    @override
    async def set_plan_status(self, plan_digest: str, status: PlanStatus) -> None:
        """Append where a plan stands now."""
        hand = self._hand
        await self._writer.write(lambda pen: writes.set_plan_status(pen, hand, plan_digest, status))

    @override
    async def save_approval(self, approval: Approval) -> None:
        """Append a yes; a plan takes one, once."""
        hand = self._hand
        await self._writer.write(lambda pen: writes.save_approval(pen, hand, approval, None))

    @override
    async def halted(self) -> str | None:
        """Return why the kill switch is latched, or None."""
        return await self._writer.read(reads.halted)


class SqlOrders(OrderLedger, View):
    """The life of orders."""

    @override
    async def begin(
        self, intents: Sequence[OrderIntent], *, at: datetime, halt_seen: str | None
    ) -> None:
        """Commit the intents as SUBMITTING, under the lease and the kill switch as it was seen."""
        hand = self._hand

        def begun(pen: Pen) -> None:
            plans = [i.plan_digest for i in intents]
            refuse_begun(pen, hand, plans, at=at, halt_seen=halt_seen)
            writes.begin(pen, hand, intents, at)

        await self._writer.write(begun)

    @override
    async def advance(self, transitions: Sequence[Transition]) -> None:
        """Append transitions of orders."""
        hand = self._hand
        await self._writer.write(lambda pen: writes.advance(pen, hand, transitions))

    @override
    async def record_leverage(self, setting: LeverageSetting) -> None:
        """Append a step of setting a contract's leverage."""
        hand = self._hand
        await self._writer.write(lambda pen: writes.record_leverage(pen, hand, setting))

    @override
    async def orders(self, *, plan_digest: str | None) -> tuple[OrderRecord, ...]:
        """Return orders of this view, oldest first."""
        run = self._hand.dry_run
        return await self._writer.read(
            partial(reads.order_records, plan_digest=plan_digest, dry_run=run)
        )

    @override
    async def unresolved(self) -> tuple[OrderRecord, ...]:
        """Return real orders that are not terminal, oldest first, in a dry run too."""
        return await self._writer.read(reads.unresolved)

    @override
    async def absent_lately(self, *, since: datetime) -> tuple[OrderRecord, ...]:
        """Return real orders that are absent since an instant, in a dry run too."""
        return await self._writer.read(partial(outside.absent_lately, since=since))

    @override
    async def committed_notional(self, *, since: datetime) -> Mapping[Symbol, Decimal]:
        """Return quote value at limit of real orders since an instant, in a dry run too."""
        return await self._writer.read(partial(reads.committed, since=since))


class SqlFills(FillLedger, View):
    """Fills, the last statement, and where reading stands."""

    @override
    async def book_fills(self, symbol: Symbol, fills: Sequence[Fill]) -> tuple[Fill, ...]:
        """Append executions and the cursor behind them; return the new ones."""
        hand = self._hand
        return await self._writer.write(lambda pen: writes.book_fills(pen, hand, symbol, fills))

    @override
    async def unknown_orders(
        self, symbol: Symbol, orders: Collection[VenueOrderId]
    ) -> frozenset[VenueOrderId]:
        """Return those of the venue's *orders* that no order of ours is known to be."""
        run = self._hand.dry_run
        return await self._writer.read(
            lambda c: outside.unknown_orders(c, symbol, orders, dry_run=run)
        )

    @override
    async def booked_since_statement(self) -> BookedSince | None:
        """Return what is booked since the last statement, or None before the first."""
        run = self._hand.dry_run
        return await self._writer.read(partial(outside.booked_since_statement, dry_run=run))

    @override
    async def fill_cursor(self, symbol: Symbol) -> FillCursor:
        """Return where to go on reading executions of *symbol*."""
        run = self._hand.dry_run
        return await self._writer.read(lambda c: reads.fill_cursor(c, symbol, dry_run=run))

    @override
    async def fills(self) -> tuple[Fill, ...]:
        """Return fills of this view, oldest first."""
        return await self._writer.read(partial(reads.fill_rows, dry_run=self._hand.dry_run))


class SqlLedger(
    SqlPlans,
    SqlOrders,
    SqlFills,
    SqlTransfers,
    SqlStops,
    SqlAccount,
    SqlRestraint,
    SqlStandingApprovals,
    SqlHedges,
    SqlSlots,
    SqlNotices,
    SqlReplies,
):
    """One process's view of the ledger: the real one, or that of one dry run."""

    def __init__(self, writer: Writer, hand: Hand) -> None:
        self._writer = writer
        self._hand = hand

    @property
    def audit(self) -> LedgerAudit:
        """What the ledger shows of itself, beside the port."""
        return LedgerAudit(self._writer)

    @override
    async def set_halt(self, reason: str | None, *, by: str, at: datetime) -> None:
        """Append that the kill switch is latched or released; never in a dry run."""
        if self._hand.dry_run != 0:
            raise LedgerError("a dry run cannot latch or release the kill switch")
        await self._writer.write(lambda pen: writes.set_halt(pen, reason, by, at))

    @override
    async def holder(self) -> str | None:
        """Say who holds the account; nobody keeps a dry run out."""
        return None if self._hand.dry_run != 0 else await holding.holder(self._writer)

    @override
    @asynccontextmanager
    async def holding_account(self, *, owner: str) -> AsyncIterator[None]:
        """Hold the account; a dry run, which can send nothing, holds nothing."""
        if self._hand.dry_run != 0:
            yield
            return
        name, free = self._hand.account, self._hand
        async with holding.held(self._writer, owner):
            epoch = await self._writer.write(lambda pen: lease.take(pen, name, owner=owner))
            self._hand = replace(free, epoch=epoch)
            try:
                yield
            finally:
                self._hand = free
                await self._writer.write(lambda pen: lease.give_back(pen, name, epoch))


@asynccontextmanager
async def open_ledger(
    url: str, key: AccountKey, *, dry_run: bool, clock: Clock
) -> AsyncIterator[SqlLedger]:
    """Open the ledger at *url* for one account, making and stamping it at first use.

    Raises:
        ConfigError: the URL names neither file nor database, or the ledger is of another account.
        LedgerError: it cannot be opened, or a newer program wrote it.

    """
    site = site_of(url)
    async with open_writer(site, clock) as writer:
        stamp = await writer.read(reads.stamp)
        if stamp is None:
            stamp = await writer.write(lambda pen: _stamp(pen, key, clock.now()))
        if stamp != key:
            raise ConfigError(
                f"ledger {site.name}: is of {_name(stamp)}, the configuration says "
                f"{_name(key)}; give each its own ledger.url"
            )
        run = 0
        if dry_run:
            run = await writer.write(lambda pen: pen.append(EntryKind.DRY_RUN_BEGAN, {}).seq)
        yield SqlLedger(writer, Hand(account=key.account, dry_run=run, epoch=0))


async def verify_ledger(url: str) -> VerifyReport:
    """Verify a ledger that may be too damaged to open; changes nothing in it.

    Raises:
        ConfigError: the URL names neither file nor database.
        LedgerError: there is no ledger at *url*.

    """
    site = site_of(url)
    if not isinstance(site, Server) and not site.database.exists():
        raise _not_there(site)
    return await asyncio.to_thread(_verified, site)


def _not_there(site: Site) -> LedgerError:
    """Return that there is no ledger."""
    return LedgerError(f"ledger {site.name}: is not there", next_step="trimtab config show")


def _verified(site: Site) -> VerifyReport:
    """Verify over a connection of its own; a file that is no ledger is a fault.

    Raises:
        LedgerError: it cannot be asked: a server that is not there or has no ledger, a file that
            disk, rights or another process keep from being read.

    """
    if isinstance(site, Server):
        with located(site, "opening it"), engine_at(site).connect() as connection:
            if revision_of(connection) is None:
                raise _not_there(site)
            return verification.verify(connection, site)
    try:
        with located(site, "opening it"):
            refuse_others(site)
            with engine_at(site).connect() as connection:
                return verification.verify(connection, site)
    except LedgerError as e:
        if is_of_the_place(e):
            raise
        fault = Fault(table="database", row="", what=str(e))
        return VerifyReport(entries=0, head="", faults=(fault,))


def _stamp(pen: Pen, key: AccountKey, created_at: datetime) -> AccountKey:
    """Return the stamp, written now unless another process was quicker."""
    written = reads.stamp(pen.connection)
    if written is not None:
        return written
    seed = chain_seed(key, created_at=created_at)
    pen.head = Head(seq=0, hash=seed)
    body = {
        "venue": key.venue,
        "account": key.account,
        "environment": key.environment.value,
        "schema_version": REVISIONS[-1],
        "created_at": instant_text(created_at),
        "chain_seed": seed,
    }
    pen.append(EntryKind.STAMPED, body)
    return key


def _name(key: AccountKey) -> str:
    """Return an account for reading."""
    return f"{key.venue} {key.account} {key.environment}"
