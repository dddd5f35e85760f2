"""A trading floor in memory: exchange, ledger, virtual clock, and a run on them."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.builders import NOW, account, plan, policy
from tests.fakes.memory_ledger import MemoryLedger, MemoryStore
from tests.fakes.memory_stops import MemoryStops
from tests.fakes.memory_venue import Fault, MemoryVenue
from tests.fakes.virtual_clock import VirtualClock
from trimtab.approval import approve, grant
from trimtab.domain.approved import ApprovalKind, ApprovedPlan
from trimtab.domain.canonical import digest
from trimtab.domain.findings import Finding, GateReport, Tag, Verdict
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import ClientOrderId, Fill, OrderIntent, OrderRecord, OrderState, TradeId
from trimtab.domain.plan import Leg, Plan
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.stops import SeenStop, StopRecord, StopState
from trimtab.domain.transfers import TransferIntent, TransferRecord, TransferState
from trimtab.execution.report import ExecutionReport
from trimtab.ports import MarketData, PlanStatus, Portfolio, Venue
from trimtab.workflow.execute import execute
from trimtab.workflow.inquiry import Desk
from trimtab.workflow.preflight import Wiring
from trimtab.workflow.reconcile import Reconciliation, reconcile
from trimtab.workflow.recover import NOTHING_SAID, RecoveryReport
from trimtab.workflow.statements import Books
from trimtab.workflow.windows import recovered

PORTFOLIO = Portfolio(assets=(), with_contracts=())
POLICY = policy()
WINDOW_MS = POLICY.execution.receive_window_ms


@dataclass
class Watcher:
    """Writes down what a run tells whoever watches."""

    told: list[str] = field(default_factory=list)
    moves: list[OrderRecord] = field(default_factory=list)

    def leverage_set(self, symbol: Symbol, *, leverage: int) -> None:
        self.told.append(f"leverage {symbol} {leverage}")

    def order_sent(self, intent: OrderIntent) -> None:
        self.told.append(f"sent {intent.line}.{intent.attempt}")

    def order_moved(self, record: OrderRecord) -> None:
        self.moves.append(record)
        self.told.append(f"{record.state} {record.intent.line}.{record.intent.attempt}")

    def transfer_sent(self, intent: TransferIntent) -> None:
        self.told.append(f"sent {intent.line}")

    def transfer_moved(self, record: TransferRecord) -> None:
        self.told.append(f"{record.state} {record.intent.line}")

    def stop_moved(self, record: StopRecord) -> None:
        self.told.append(f"stop {record.state} {record.intent.line}")

    def waiting(self, reason: str, *, seconds: float) -> None:
        self.told.append("waiting")

    def noted(self, text: str) -> None:
        self.told.append(f"noted {text}")


@dataclass
class Gate:
    """A gate that passes until told otherwise, and keeps what it was shown."""

    refuse_from: int = 1_000
    """The number of the review, from 1, that it refuses first."""
    on_review: Callable[[int], None] = lambda _: None
    checks: str = "max_leverage"
    seen: list[tuple[Plan, Snapshot]] = field(default_factory=list)

    async def __call__(self, reviewed: Plan, snapshot: Snapshot) -> GateReport:
        self.seen.append((reviewed, snapshot))
        self.on_review(len(self.seen))
        refused = len(self.seen) >= self.refuse_from
        return findings(reviewed, Verdict.REFUSE if refused else Verdict.PASS, check=self.checks)


def findings(reviewed: Plan, verdict: Verdict, *, check: str = "max_leverage") -> GateReport:
    """Return a report of one finding."""
    finding = Finding(
        check=check,
        verdict=verdict,
        subject="plan",
        measured="3",
        limit="2.5",
        unit="ratio",
        reason=None if verdict is Verdict.PASS else "too much",
        tag=Tag.EXPOSURE,
        source="account",
        at=NOW,
    )
    return GateReport(
        plan_digest=reviewed.digest,
        snapshot_id=reviewed.snapshot_id,
        findings=(finding,),
        reviewed_at=NOW,
    )


def _name(fill: Fill) -> tuple[Symbol, TradeId]:
    """Return what tells an execution from all others."""
    return fill.symbol, fill.trade_id


class Floor:
    """One account on the exchange in memory, with its ledger."""

    def __init__(
        self,
        holdings: str,
        *legs: str | Leg,
        faults: Mapping[tuple[int, int], Fault] | None = None,
        kind: ApprovalKind = ApprovalKind.TYPED,
        **changes: Any,
    ) -> None:
        self.clock = VirtualClock()
        self.opening = account(holdings, **changes)
        self.venue = MemoryVenue(self.opening, self.clock, faults)
        self.stops = MemoryStops(self.venue)
        self.store = MemoryStore(key=self.opening.key, began_at=NOW)
        self.plan = dataclasses.replace(plan(self.opening, *legs), policy_digest=digest(POLICY))
        self.gate, self.watcher, self.stop = Gate(), Watcher(), asyncio.Event()
        self.kind = kind
        self.policy = POLICY
        self.past: list[Plan] = []
        """Plans that were carried out before the present one."""

    @property
    def venues(self) -> tuple[MemoryVenue, ...]:
        """Every exchange that the account is on."""
        return (self.venue,)

    @property
    def orders(self) -> Venue:
        """Where orders go."""
        return self.venue

    @property
    def market(self) -> MarketData:
        """What the account is read from."""
        return self.venue

    def desk(self, wrap: Callable[[Any], Any] = lambda port: port) -> tuple[Desk, MemoryLedger]:
        """Return what a process works with, its ports wrapped, and its ledger."""
        ledger = MemoryLedger(self.store, dry_run=self.kind is ApprovalKind.DRY_RUN)
        desk = Desk(
            venue=wrap(self.orders),
            wallets=wrap(self.venue),
            stops=wrap(self.stops),
            ledger=wrap(ledger),
            clock=self.clock,
            progress=self.watcher,
            stop=self.stop,
        )
        return desk, ledger

    def approved(self) -> ApprovedPlan:
        """Return the plan with everybody's yes."""
        report = findings(self.plan, Verdict.PASS)
        at = self.plan.made_at
        yes = grant(report, kind=self.kind, by="a test", at=at, ttl_s=300)
        return approve(self.plan, report, yes, now=at)

    async def follow(self, *legs: str, **overrides: Any) -> None:
        """Make another plan from what is there now."""
        self.past.append(self.plan)
        snapshot = await self.market.snapshot(PORTFOLIO)
        self.plan = plan(snapshot, *legs, **overrides)

    async def save(self, ledger: MemoryLedger) -> None:
        """Put the approved plan into the ledger, once."""
        if self.plan.digest not in self.store.plans:
            await ledger.save_plan(
                self.plan, findings(self.plan, Verdict.PASS), PlanStatus.PROPOSED
            )
            await ledger.save_approval(self.approved().approval)

    async def execute(self, wrap: Callable[[Any], Any] = lambda port: port) -> ExecutionReport:
        """Run the plan in a process of its own."""
        desk, ledger = self.desk(wrap)
        await self.save(ledger)
        wiring = Wiring(
            desk=desk,
            market=wrap(self.market),
            portfolio=PORTFOLIO,
            policy=self.policy,
            regate=self.gate,
            rests_on=None,
        )
        async with ledger.holding_account(owner="a run"):
            return await execute(self.approved(), wiring)

    async def recover(
        self,
        wrap: Callable[[Any], Any] = lambda port: port,
        *,
        said: Mapping[ClientOrderId, str] = NOTHING_SAID,
    ) -> RecoveryReport:
        """Recover in a process of its own."""
        desk, ledger = self.desk(wrap)
        async with ledger.holding_account(owner="a recovery"):
            return await recovered(desk, self.policy, said=said)

    async def reconcile(self, *, adopt: bool = False) -> Reconciliation:
        """Reconcile in a process of its own."""
        _, ledger = self.desk()
        books = Books(venue=self.orders, market=self.market, ledger=ledger, portfolio=PORTFOLIO)
        async with ledger.holding_account(owner="a reconciliation"):
            return await reconcile(books, self.clock, adopt=adopt)

    @property
    def records(self) -> dict[str, OrderRecord]:
        """The ledger's orders by ``line.attempt``; those of the present plan win."""
        return {f"{r.intent.line}.{r.intent.attempt}": r for r in self.store.real.orders.values()}

    @property
    def states(self) -> dict[str, OrderState]:
        """The ledger's order states by ``line.attempt``."""
        return {name: record.state for name, record in self.records.items()}

    def check_the_promises(self) -> None:
        """Nothing was sent twice, nothing was lost, nothing went beyond what was approved."""
        booked = {_name(f): dataclasses.replace(f, client_order_id=None) for f in self.fills}
        assert booked == {_name(f): f for v in self.venues for f in v.truth.fills}
        plans = (*self.past, self.plan)
        lines = {(p.digest, leg.line): leg for p in plans for leg in p.legs}
        self._check_stops()
        for record in self.store.real.orders.values():
            if record.intent.client_order_id in self.store.real.stops:
                continue
            name, leg = (
                record.intent.client_order_id,
                lines[record.intent.plan_digest, record.intent.line],
            )
            accepted = [p for v in self.venues for p in v.truth.accepted(name)]
            assert len(accepted) <= 1
            assert record.state.is_terminal
            assert record.filled_lots == sum(p.filled for p in accepted)
            worst = record.intent.limit - leg.limit
            assert worst <= 0 if leg.lots > 0 else worst >= 0
        known = {p.intent.client_order_id for v in self.venues for p in v.truth.placed}
        assert known <= self.store.real.orders.keys()
        for (of_plan, number), leg in lines.items():
            filled = sum(
                r.filled_lots
                for r in self.store.real.orders.values()
                if (r.intent.plan_digest, r.intent.line) == (of_plan, number)
            )
            assert 0 <= filled * (1 if leg.lots > 0 else -1) <= abs(leg.lots)

        self._check_transfers()

    def _check_stops(self) -> None:
        """What rested is in the ledger, each name once at most, and never larger than a hedge."""
        names = [each.intent.stop_id for each in self.stops.rested]
        assert len(names) == len(set(names))
        assert set(names) <= self.store.real.stops.keys()
        for record in self.store.real.stops.values():
            assert record.state.is_terminal or record.state is StopState.RESTING
        positions = [held for v in self.venues for held in v.truth.positions.items()]
        for symbol, lots in positions:
            resting = [
                r.intent.lots
                for r in self.stops.rested
                if r.state is SeenStop.RESTING and r.intent.instrument.symbol == symbol
            ]
            assert sum(resting) <= abs(lots)

    def _check_transfers(self) -> None:
        """What the exchange moved is what the ledger says, each line once at most."""
        records = self.store.real.transfers.values()
        assert all(record.state.is_terminal for record in records)
        done = [r.intent.units for r in records if r.state is TransferState.DONE]
        moved = [m for v in self.venues for m in v.truth.moved]
        made = [m for m in moved if m.fault is not Fault.FAILED]
        assert done == [m.listed.units for m in made]
        planned = {(t.line, t.units) for t in self.plan.transfers}
        assert {(r.intent.line, r.intent.units) for r in records} <= planned

    async def pay_up(self) -> None:
        """Book what moved the futures wallet, as the end of a run does."""
        _, ledger = self.desk()
        async with ledger.holding_account(owner="a booking"):
            await ledger.book_payments(await self.orders.payments(await ledger.payments_from()))

    @property
    def transfer_states(self) -> dict[int, TransferState]:
        """The ledger's transfers by line."""
        return {r.intent.line: r.state for r in self.store.real.transfers.values()}

    @property
    def fills(self) -> list[Any]:
        """The ledger's fills."""
        return self.store.real.fills
