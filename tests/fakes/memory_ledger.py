"""A ledger in memory: passes ``tests/contract/test_ledger_*.py``, forgets when dropped.

``MemoryStore`` is what would be on disk, ``MemoryLedger`` one process that has it open. Two
ledgers on one store are two processes. ``store.fail_next`` makes the next write fail as a
full disk would.
"""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from tests.fakes.memory_notices import MemoryNotices, NoticeStore
from tests.fakes.statements import statement_of
from trimtab.adapters.ledger import rules, slot_rules, standing_rules, stop_rules, transfer_rules
from trimtab.approval import Occasion
from trimtab.domain.approved import Approval, ApprovalKind
from trimtab.domain.errors import AccountHeld, ConfigError, LedgerError
from trimtab.domain.findings import GateReport
from trimtab.domain.hedges import DeclaredLine, HedgeFill, HedgeRecord
from trimtab.domain.instruments import Lots, Symbol
from trimtab.domain.leverage import LeverageSetting
from trimtab.domain.orders import (
    ClientOrderId,
    Fill,
    OrderIntent,
    OrderRecord,
    OrderState,
    TradeId,
    VenueOrderId,
)
from trimtab.domain.payments import Payment, PaymentKind
from trimtab.domain.plan import Plan
from trimtab.domain.policy import Policy
from trimtab.domain.slots import SlotMove
from trimtab.domain.snapshot import AccountKey, Snapshot
from trimtab.domain.standing_approval import (
    Revocation,
    StandingApproval,
    StandingRecord,
    StandingUse,
    draw_of,
)
from trimtab.domain.statement import ExternalFlow, Statement
from trimtab.domain.stops import (
    StopId,
    StopIntent,
    StopRecord,
    StopState,
    order_of,
    venue_order_of,
)
from trimtab.domain.trading import NavMark, Restraint, TradingState
from trimtab.domain.transfers import (
    TransferId,
    TransferIntent,
    TransferRecord,
    TransferState,
)
from trimtab.execution.outside import BookedSince
from trimtab.execution.reconcile import later_fills
from trimtab.ports import (
    Clock,
    FillCursor,
    PlanStatus,
    SavedPlan,
    StopStep,
    TransferStep,
    Transition,
)


@dataclass
class Executions:
    """Orders and fills of the real run, or of one dry run."""

    orders: dict[ClientOrderId, OrderRecord] = field(default_factory=dict)
    fills: list[Fill] = field(default_factory=list)
    approvals: dict[str, Approval] = field(default_factory=dict)
    transitions: list[Transition] = field(default_factory=list)
    settings: list[LeverageSetting] = field(default_factory=list)
    transfers: dict[TransferId, TransferRecord] = field(default_factory=dict)
    transfer_steps: list[TransferStep] = field(default_factory=list)
    stops: dict[StopId, StopRecord] = field(default_factory=dict)


@dataclass
class MemoryStore:
    """What every process of one account shares."""

    key: AccountKey
    began_at: datetime
    plans: dict[str, SavedPlan] = field(default_factory=dict)
    real: Executions = field(default_factory=Executions)
    halts: list[tuple[str | None, str, datetime]] = field(default_factory=list)
    statements: list[tuple[Statement, int, int]] = field(default_factory=list)
    """Each with the number of fills and of payments that were booked before it."""
    begun_before: int = 0
    """Real orders that were begun before the last statement."""
    moved_before: int = 0
    """Real transfers that were begun before the last statement."""
    payments: list[Payment] = field(default_factory=list)
    flows: list[ExternalFlow] = field(default_factory=list)
    restraints: list[tuple[str | None, str, datetime]] = field(default_factory=list)
    marks: list[tuple[NavMark, int]] = field(default_factory=list)
    """Each with the number of releases before it."""
    standings: dict[str, StandingRecord] = field(default_factory=dict)
    slots: list[SlotMove] = field(default_factory=list)
    told: NoticeStore = field(default_factory=NoticeStore)
    epoch: int = 0
    holder: str | None = None
    fail_next: bool = False


class MemoryLedger(MemoryNotices):
    """One process's view of a store; ``dry_run`` gives a view of its own executions."""

    def __init__(self, store: MemoryStore, *, dry_run: bool = False) -> None:
        self.store = store
        self._dry_run = dry_run
        self._own = Executions() if dry_run else store.real
        self._epoch: int | None = None

    @asynccontextmanager
    async def holding_account(self, *, owner: str) -> AsyncIterator[None]:
        if self._dry_run:
            yield
            return
        if self.store.holder is not None:
            raise AccountHeld(f"account {self.store.key.account}: held by {self.store.holder}")
        self.store.holder = owner
        self.store.epoch += 1
        self._epoch = mine = self.store.epoch
        try:
            yield
        finally:
            self._epoch = None
            if self.store.epoch == mine:
                self.store.holder = None

    async def holder(self) -> str | None:
        return None if self._dry_run else self.store.holder

    def _about_to_write(self) -> None:
        if self.store.fail_next:
            self.store.fail_next = False
            raise LedgerError("ledger: the disk is full", next_step="free space")

    def _must_hold(self) -> None:
        if not self._dry_run and self._epoch != self.store.epoch:
            raise AccountHeld(f"account {self.store.key.account}: not held by this run")

    async def save_plan(self, plan: Plan, report: GateReport, status: PlanStatus) -> None:
        self._about_to_write()
        if plan.key != self.store.key:
            raise LedgerError("plan: is for another account")
        if report.plan_digest != plan.digest:
            raise LedgerError("plan: the findings are on another plan")
        if plan.digest in self.store.plans:
            raise LedgerError(f"plan {plan.digest[:12]}: is saved already")
        self.store.plans[plan.digest] = SavedPlan(
            plan=plan, report=report, status=status, approval=None
        )
        self.store.told.heads[plan.digest] = (plan.made_at, self._dry_run)

    async def plan(self, digest_prefix: str) -> SavedPlan:
        digest = rules.the_one_digest(digest_prefix, list(self.store.plans))
        return self._seen(self.store.plans[digest])

    async def plans(self) -> tuple[SavedPlan, ...]:
        return tuple(self._seen(saved) for saved in self.store.plans.values())

    def _seen(self, saved: SavedPlan) -> SavedPlan:
        return dataclasses.replace(saved, approval=self._own.approvals.get(saved.plan.digest))

    def _known(self, digest: str) -> SavedPlan:
        if digest not in self.store.plans:
            raise LedgerError(f"plan {digest[:12]}: is not in the ledger")
        return self.store.plans[digest]

    async def executing(self) -> tuple[SavedPlan, ...]:
        plans = self.store.plans.values()
        return tuple(self._seen(p) for p in plans if p.status is PlanStatus.EXECUTING)

    async def set_plan_status(self, plan_digest: str, status: PlanStatus) -> None:
        self._about_to_write()
        saved = self._known(plan_digest)
        if not self._dry_run:
            rules.refuse_move(plan_digest, saved.status, to=status)
            self.store.plans[plan_digest] = dataclasses.replace(saved, status=status)

    async def save_approval(self, approval: Approval) -> None:
        standing_rules.refuse_unfounded(approval, is_founded=False)
        self._save_approval(approval)

    def _save_approval(self, approval: Approval) -> None:
        self._about_to_write()
        digest = approval.plan_digest
        saved = self._known(digest)
        if digest in self._own.approvals:
            raise rules.approved_already(digest)
        if not self._dry_run:
            rules.refuse_approval(digest, saved.status)
            approved = dataclasses.replace(saved, status=PlanStatus.APPROVED)
            self.store.plans[digest] = approved
        self._own.approvals[digest] = approval

    async def begin(
        self, intents: Sequence[OrderIntent], *, at: datetime, halt_seen: str | None
    ) -> None:
        self._about_to_write()
        self._must_hold()
        rules.refuse_new_halt(await self.halted(), seen=halt_seen)
        self._refuse_lapsed(intents, at)
        self._begin(intents, at)

    def _begin(self, intents: Sequence[OrderIntent], at: datetime) -> None:
        begun = dict(self._own.orders)
        for intent in intents:
            self._known(intent.plan_digest)
            if intent.client_order_id in begun:
                raise LedgerError(f"order {intent.client_order_id}: is in the ledger already")
            begun[intent.client_order_id] = OrderRecord(
                intent=intent,
                state=OrderState.SUBMITTING,
                venue_order_id=None,
                filled_lots=Lots(0),
                executed_lots=Lots(0),
                submitted_at=at,
                simulated=self._dry_run,
            )
        self._own.orders = begun

    async def advance(self, transitions: Sequence[Transition]) -> None:
        self._about_to_write()
        self._must_hold()
        orders, fills = dict(self._own.orders), list(self._own.fills)
        for step in transitions:
            record = orders.get(step.client_order_id)
            if record is None:
                raise LedgerError(f"order {step.client_order_id}: is not in the ledger")
            if step.order is not None:
                named = dataclasses.replace(record, venue_order_id=step.order.venue_order_id)
                record = _claim(record, named, fills)
            orders[step.client_order_id] = rules.moved(record, step)
        self._own.orders, self._own.fills = orders, fills
        self._own.transitions.extend(transitions)

    async def book_fills(self, symbol: Symbol, fills: Sequence[Fill]) -> tuple[Fill, ...]:
        self._about_to_write()
        self._must_hold()
        known = {f.trade_id: f for f in self._own.fills if f.symbol == symbol}
        orders, booked = dict(self._own.orders), []
        for fill in rules.fresh_fills(symbol, fills, known):
            record = rules.whose(fill, orders.values())
            ours = record.intent.client_order_id if record else None
            booked.append(dataclasses.replace(fill, client_order_id=ours))
            if record is not None and ours is not None:
                orders[ours] = rules.filled_by(record, [fill])
        self._own.orders = orders
        self._own.fills.extend(booked)
        return tuple(booked)

    async def unknown_orders(
        self, symbol: Symbol, orders: Collection[VenueOrderId]
    ) -> frozenset[VenueOrderId]:
        ours = {
            r.venue_order_id
            for r in self._own.orders.values()
            if r.intent.instrument.symbol == symbol
        }
        return frozenset(orders) - ours

    async def booked_since_statement(self) -> BookedSince | None:
        if not self.store.statements:
            return None
        last, booked, _ = self.store.statements[-1]
        later = self._begun_since() + (list(self._own.orders.values()) if self._dry_run else [])
        filled: dict[Symbol, Lots] = {}
        for record in later:
            symbol = record.intent.instrument.symbol
            filled[symbol] = Lots(filled.get(symbol, 0) + record.filled_lots)
        summed = {r.intent.client_order_id for r in self._begun_since()}
        single = [f for f in self.store.real.fills[booked:] if f.client_order_id not in summed]
        others = sorted(later_fills(last, single), key=lambda f: f.filled_at)
        nothing = (OrderState.REFUSED, OrderState.ABSENT)
        return BookedSince(
            positions=last.positions,
            ours=filled,
            older=tuple(f for f in others if f.client_order_id is not None),
            external=tuple(f for f in others if f.client_order_id is None),
            late=tuple(r for r in self._begun_since() if r.state in nothing and r.filled_lots),
        )

    def _begun_since(self) -> list[OrderRecord]:
        """Return real orders that were begun since the last statement."""
        orders = list(self.store.real.orders.values())
        return orders[self.store.begun_before :]

    async def fill_cursor(self, symbol: Symbol) -> FillCursor:
        booked = [f for f in self._own.fills if f.symbol == symbol]
        return FillCursor(
            after=rules.newest(booked).trade_id if booked else None,
            not_before=rules.reading_begins(self.store.began_at),
        )

    async def save_balances(self, snapshot: Snapshot) -> None:
        self._about_to_write()
        statement = statement_of(snapshot, marks={}, is_bracketed=False)
        self._save(statement)

    async def save_statement(
        self,
        snapshot: Snapshot,
        *,
        marks: Mapping[Symbol, TradeId | None],
        flows: Sequence[ExternalFlow],
    ) -> None:
        self._about_to_write()
        self._save(statement_of(snapshot, marks=marks, is_bracketed=True))
        if not self._dry_run:
            self.store.flows.extend(flows)

    def _save(self, statement: Statement) -> None:
        if not self._dry_run:
            fills, payments = len(self.store.real.fills), len(self.store.payments)
            self.store.statements.append((statement, fills, payments))
            self.store.begun_before = len(self.store.real.orders)
            self.store.moved_before = len(self.store.real.transfers)

    async def statement(self) -> Statement | None:
        return self.store.statements[-1][0] if self.store.statements else None

    async def begins_at(self) -> datetime:
        return rules.reading_begins(self.store.began_at)

    async def fills_after_statement(self) -> tuple[Fill, ...]:
        before = self.store.statements[-1][1] if self.store.statements else 0
        return tuple(sorted(self._own.fills[before:], key=lambda f: f.filled_at))

    async def book_payments(self, payments: Sequence[Payment]) -> tuple[Payment, ...]:
        self._about_to_write()
        self._must_hold()
        if self._dry_run:
            return ()
        fresh = rules.fresh_payments(payments, {p.key: p for p in self.store.payments})
        self.store.payments.extend(fresh)
        return fresh

    async def payments_from(self) -> datetime:
        if not self.store.payments:
            return rules.reading_begins(self.store.began_at)
        return rules.payments_read_from(max(p.paid_at for p in self.store.payments))

    async def payments(self) -> tuple[Payment, ...]:
        return tuple(sorted(self.store.payments, key=lambda p: p.paid_at))

    async def payments_after_statement(self) -> tuple[Payment, ...]:
        before = self.store.statements[-1][2] if self.store.statements else 0
        return tuple(sorted(self.store.payments[before:], key=lambda p: p.paid_at))

    async def record_leverage(self, setting: LeverageSetting) -> None:
        self._about_to_write()
        self._must_hold()
        self._known(setting.plan_digest)
        self._own.settings.append(setting)

    async def begin_transfer(
        self, intent: TransferIntent, *, at: datetime, halt_seen: str | None
    ) -> None:
        self._about_to_write()
        self._must_hold()
        rules.refuse_new_halt(await self.halted(), seen=halt_seen)
        self._refuse_lapsed([intent], at)
        self._known(intent.plan_digest)
        open_now = () if self._dry_run else await self.unresolved_transfers()
        is_there = intent.transfer_id in self._own.transfers
        transfer_rules.refuse_transfer(intent, is_there=is_there, unresolved=open_now)
        self._own.transfers[intent.transfer_id] = TransferRecord(
            intent=intent,
            state=TransferState.SENDING,
            venue_transfer_id=None,
            begun_at=at,
            simulated=self._dry_run,
        )

    async def advance_transfer(self, step: TransferStep) -> None:
        self._about_to_write()
        self._must_hold()
        record = self._own.transfers.get(step.transfer_id)
        if record is None:
            raise LedgerError(f"transfer {step.transfer_id}: is not in the ledger")
        self._own.transfers[step.transfer_id] = transfer_rules.transfer_moved(record, step)
        self._own.transfer_steps.append(step)

    async def transfers(self, *, plan_digest: str | None) -> tuple[TransferRecord, ...]:
        records = self._own.transfers.values()
        return tuple(r for r in records if plan_digest in (None, r.intent.plan_digest))

    async def unresolved_transfers(self) -> tuple[TransferRecord, ...]:
        records = self.store.real.transfers.values()
        return tuple(r for r in records if not r.state.is_terminal)

    async def transfers_after_statement(self) -> tuple[TransferRecord, ...]:
        return tuple(self.store.real.transfers.values())[self.store.moved_before :]

    async def begin_stop(
        self, intent: StopIntent, *, at: datetime, halt_seen: str | None, puts_back: bool
    ) -> None:
        self._about_to_write()
        if self._dry_run:
            raise LedgerError("a dry run places no stop")
        self._must_hold()
        if not puts_back:
            rules.refuse_new_halt(await self.halted(), seen=halt_seen)
            self._refuse_lapsed([intent], at)
        self._known(intent.plan_digest)
        is_there = intent.stop_id in self._own.stops
        stop_rules.refuse_stop(intent, is_there=is_there, open_now=await self.open_stops())
        self._own.stops[intent.stop_id] = StopRecord(
            intent=intent,
            state=StopState.SENDING,
            venue_stop_id=None,
            venue_order_id=None,
            executed_lots=Lots(0),
            begun_at=at,
        )

    async def advance_stop(self, step: StopStep) -> None:
        self._about_to_write()
        if self._dry_run:
            raise LedgerError("a dry run places no stop")
        self._must_hold()
        record = self._own.stops.get(step.stop_id)
        if record is None:
            raise LedgerError(f"stop {step.stop_id}: is not in the ledger")
        self._own.stops[step.stop_id] = stop_rules.stop_moved(record, step)
        if step.state is StopState.DONE and step.order is not None:
            order = order_of(record.intent)
            self._begin([order], record.begun_at)
            ended = Transition(
                client_order_id=order.client_order_id,
                state=OrderState.SETTLING,
                order=venue_order_of(record.intent, step.order),
                evidence=None,
                note="its stop fired",
                at=step.at,
            )
            await self.advance([ended])

    async def stops(self) -> tuple[StopRecord, ...]:
        return tuple(self.store.real.stops.values())

    async def open_stops(self) -> tuple[StopRecord, ...]:
        return tuple(r for r in self.store.real.stops.values() if not r.state.is_terminal)

    async def orders(self, *, plan_digest: str | None) -> tuple[OrderRecord, ...]:
        records = self._own.orders.values()
        return tuple(r for r in records if plan_digest in (None, r.intent.plan_digest))

    async def unresolved(self) -> tuple[OrderRecord, ...]:
        return tuple(r for r in self.store.real.orders.values() if not r.state.is_terminal)

    async def absent_lately(self, *, since: datetime) -> tuple[OrderRecord, ...]:
        absent = [r for r in self._begun_since() if r.state is OrderState.ABSENT]
        steps = self.store.real.transitions
        called = [t for t in steps if t.state is OrderState.ABSENT]
        first = {t.client_order_id: t.at for t in reversed(called)}
        return tuple(r for r in absent if first[r.intent.client_order_id] >= since)

    async def fills(self) -> tuple[Fill, ...]:
        return tuple(sorted(self._own.fills, key=lambda f: f.filled_at))

    async def committed_notional(self, *, since: datetime) -> Mapping[Symbol, Decimal]:
        return rules.committed(self.store.real.orders.values(), since=since)

    def _refuse_lapsed(
        self, intents: Sequence[OrderIntent | TransferIntent | StopIntent], at: datetime
    ) -> None:
        for digest in {i.plan_digest for i in intents}:
            yes = None if self._dry_run else self._own.approvals.get(digest)
            if yes is not None and yes.kind is ApprovalKind.STANDING:
                standing_rules.refuse_lapsed(self._standing(yes.by), at=at)

    def _standing(self, digest: str) -> StandingRecord:
        return self.store.standings.get(digest) or standing_rules.missing(digest)

    def _refuse_dry(self) -> None:
        if self._dry_run:
            raise LedgerError("a dry run cannot grant, revoke or use a standing approval")

    async def grant_standing(self, given: StandingApproval) -> None:
        self._refuse_dry()
        self._about_to_write()
        name, known = given.digest, self.store.standings
        standing_rules.refuse_grant(given, of=self.store.key, is_there=name in known)
        known[name] = StandingRecord(digest=name, approval=given, revoked=None, uses=())

    async def revoke_standing(self, digest: str, *, by: str, at: datetime) -> None:
        self._refuse_dry()
        self._about_to_write()
        record = self.store.standings.get(digest)
        standing_rules.refuse_revocation(record, digest=digest)
        taken = Revocation(by=by, at=at)
        self.store.standings[digest] = dataclasses.replace(self._standing(digest), revoked=taken)

    async def standing_approvals(self) -> tuple[StandingRecord, ...]:
        return tuple(self.store.standings.values())

    async def approve_standing(
        self, plan_digest: str, *, standing: str, policy: Policy, at: datetime
    ) -> Approval:
        self._refuse_dry()
        saved, record = self._known(plan_digest), self._standing(standing)
        halted = await self.halted()
        occasion = Occasion(key=self.store.key, policy=policy, halted=halted, at=at)
        yes = standing_rules.standing_yes(saved, record, occasion)
        self._save_approval(yes)
        use = StandingUse(plan_digest=plan_digest, draw=draw_of(saved.plan).total, at=at)
        used = dataclasses.replace(record, uses=(*record.uses, use))
        self.store.standings[standing] = used
        return yes

    async def halted(self) -> str | None:
        return self.store.halts[-1][0] if self.store.halts else None

    async def set_halt(self, reason: str | None, *, by: str, at: datetime) -> None:
        self._about_to_write()
        if self._dry_run:
            raise LedgerError("a dry run cannot latch or release the kill switch")
        self.store.halts.append((reason, by, at))
        if reason is None and self._reducing() is not None:
            self.store.restraints.append((None, by, at))

    def _reducing(self) -> str | None:
        return self.store.restraints[-1][0] if self.store.restraints else None

    async def restraint(self) -> Restraint:
        released = [at for reason, _, at in self.store.halts if reason is None]
        return Restraint(
            halted=await self.halted(),
            reducing=self._reducing(),
            released_at=released[-1] if released else None,
        )

    async def latch(self, state: TradingState, reason: str, *, by: str, at: datetime) -> None:
        if state is TradingState.ACTIVE:
            raise LedgerError("only a person's release makes an account active: trimtab unhalt")
        if self._dry_run:
            return
        self._about_to_write()
        if state is TradingState.HALTED and await self.halted() is None:
            self.store.halts.append((reason, by, at))
        if state is TradingState.REDUCING and self._reducing() is None:
            self.store.restraints.append((reason, by, at))

    def _releases(self) -> int:
        return sum(reason is None for reason, _, _ in self.store.halts)

    async def mark_nav(self, mark: NavMark) -> None:
        if not self._dry_run:
            self._about_to_write()
            self.store.marks.append((mark, self._releases()))

    async def nav_marks(self, *, since: datetime) -> tuple[NavMark, ...]:
        marks = [mark for mark, releases in self.store.marks if releases == self._releases()]
        return tuple(m for m in marks if m.taken_at >= since) or tuple(marks[-1:])

    async def fills_since(self, since: datetime) -> tuple[Fill, ...]:
        own = self._own.fills if self._dry_run else []
        found = [f for f in (*self.store.real.fills, *own) if f.filled_at > since]
        return tuple(sorted(found, key=lambda f: f.filled_at))

    async def payments_since(self, since: datetime) -> tuple[Payment, ...]:
        return tuple(p for p in await self.payments() if p.paid_at > since)

    async def orders_since(self, since: datetime) -> tuple[OrderRecord, ...]:
        return tuple(r for r in self.store.real.orders.values() if r.submitted_at >= since)

    async def hedge_record(self) -> HedgeRecord:
        real = self.store.real
        declared = [
            DeclaredLine(plan_digest=s.plan.digest, line=line)
            for s in self.store.plans.values()
            for line in sorted(
                (*s.plan.hedging, *(stop.hedge for stop in s.plan.stops)),
                key=lambda each: each.line,
            )
        ]
        markets = {d.line.symbol for d in declared}
        fills = []
        for fill in sorted(real.fills, key=lambda f: f.filled_at):
            name = fill.client_order_id
            ours = None if name is None else real.orders[name].intent
            digest, line = ("", 0) if ours is None else (ours.plan_digest, ours.line)
            if fill.symbol in markets:
                fills.append(HedgeFill(fill=fill, plan_digest=digest, line=line))
        filled = {(f.plan_digest, f.line) for f in fills}
        return HedgeRecord(
            declared=tuple(d for d in declared if (d.plan_digest, d.line.line) in filled),
            fills=tuple(fills) if declared else (),
            funding=tuple(
                p
                for p in await self.payments()
                if p.kind is PaymentKind.FUNDING and p.symbol in markets
            ),
        )

    async def last_executed(self) -> Plan | None:
        ended = (PlanStatus.EXECUTED, PlanStatus.PARTIAL)
        found = [s.plan for s in self.store.plans.values() if s.status in ended]
        return found[-1] if found else None

    async def slot(self, name: str) -> SlotMove | None:
        return next((m for m in reversed(self.store.slots) if m.slot == name), None)

    async def first_order_at(self) -> datetime | None:
        return min((r.submitted_at for r in self.store.real.orders.values()), default=None)

    async def note_slot(self, move: SlotMove) -> bool:
        slot_rules.refuse_unheld(move)
        return self._dry_run or await self._move_slot(move)

    async def settle_slot(self, move: SlotMove) -> bool:
        self._must_hold()
        return self._dry_run or await self._move_slot(move)

    async def _move_slot(self, move: SlotMove) -> bool:
        self._about_to_write()
        if not slot_rules.is_open(await self.slot(move.slot)):
            return False
        if move.plan_digest:
            self._known(move.plan_digest)
        self.store.slots.append(move)
        return True


def _claim(record: OrderRecord, named: OrderRecord, fills: list[Fill]) -> OrderRecord:
    """Take over external fills that turn out to be of an order now that the venue named it."""
    for place, fill in enumerate(fills):
        if fill.client_order_id is None and rules.is_of(fill, named):
            fills[place] = dataclasses.replace(fill, client_order_id=named.intent.client_order_id)
            record = rules.filled_by(record, [fill])
    return record


@asynccontextmanager
async def open_memory_ledger(
    store: MemoryStore, key: AccountKey, *, dry_run: bool, clock: Clock
) -> AsyncIterator[MemoryLedger]:
    """Open *store* as ``open_ledger`` opens a database; *clock* stands for its parameter."""
    if store.key != key:
        raise ConfigError("the ledger is of another account")
    yield MemoryLedger(store, dry_run=dry_run)
