"""A run's whole way over a counter: account, planner, gate, ledger and a person, all in memory."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

from tests.builders import NOW, account, policy
from tests.fakes.memory_ledger import MemoryLedger, MemoryStore
from tests.fakes.memory_stops import MemoryStops
from tests.fakes.memory_venue import MemoryVenue
from tests.fakes.told_history import NOTHING_TOLD
from tests.fakes.virtual_clock import VirtualClock
from tests.workflow.floor import Watcher
from trimtab.adapters.references.unread import UnreadReferences
from trimtab.approval import grant
from trimtab.domain.approved import ApprovalKind
from trimtab.domain.findings import GateReport
from trimtab.domain.plan import Plan
from trimtab.domain.policy import Policy
from trimtab.domain.snapshot import Snapshot
from trimtab.ports import Answer, SavedPlan
from trimtab.workflow.inquiry import Desk
from trimtab.workflow.propose import Planner, propose
from trimtab.workflow.run import Consent, Runner, RunResult, run, run_saved

HOLDINGS = "BTC 0.1 @ 60000, ETH 1 @ 3000, USDT 1000"
"""BTC 60, ETH 30, quote 10 percent of 10,000: one sale of BTC is due."""
RULES = policy("BTC 0.5, ETH 0.3, USDT 0.2")
Saying = Callable[[Plan, GateReport], Awaitable[Answer]]


class Proposing(Watcher):
    """Keeps what is proposed, too."""

    def proposed(self, plan: Plan, report: GateReport) -> None:
        self.told.append(f"proposed {len(plan.legs)}")


@dataclasses.dataclass
class Person:
    """Answers with whatever a test says."""

    saying: Saying
    asked: int = 0

    async def ask(self, plan: Plan, report: GateReport) -> Answer:
        self.asked += 1
        return await self.saying(plan, report)


async def yes(_plan: Plan, _report: GateReport) -> Answer:
    return Answer.YES


class Counter:
    """One account that a run can be asked for, again and again."""

    def __init__(self, holdings: str = HOLDINGS, saying: Saying = yes) -> None:
        self.clock = VirtualClock()
        self.opening: Snapshot = account(holdings)
        self.venue = MemoryVenue(self.opening, self.clock, None)
        self.stops = MemoryStops(self.venue)
        self.store = MemoryStore(key=self.opening.key, began_at=NOW)
        self.person, self.watcher = Person(saying), Proposing()
        self.stop = asyncio.Event()

    def runner(self, rules: Policy = RULES, ledger: Any = None) -> Runner:
        """Return what a process of its own works with."""
        books = ledger or MemoryLedger(self.store)
        planner = Planner(
            market=self.venue,
            payments=self.venue,
            references=UnreadReferences(),
            history=NOTHING_TOLD,
            ledger=books,
            keys=self.venue,
            clock=self.clock,
            policy=rules,
            owner="a run",
            wish=None,
        )
        desk = Desk(
            venue=self.venue,
            wallets=self.venue,
            stops=self.stops,
            ledger=books,
            clock=self.clock,
            progress=self.watcher,
            stop=self.stop,
        )
        return Runner(planner=planner, desk=desk, approver=self.person)

    async def run(self, consent: Consent, **given: Any) -> RunResult:
        """Plan, decide and execute."""
        return await run(self.runner(**given), consent=consent, slot_due=False)

    async def run_saved(self, saved: SavedPlan, consent: Consent, **given: Any) -> RunResult:
        """Execute a plan as it was read earlier."""
        return await run_saved(self.runner(**given), saved, consent=consent)

    async def proposed(self, rules: Policy = RULES) -> SavedPlan:
        """Plan, and read the plan back."""
        runner = self.runner(rules)
        proposal = await propose(runner.planner, slot_due=False)
        return await runner.desk.ledger.plan(proposal.plan.digest)

    async def approved(self, kind: ApprovalKind = ApprovalKind.TYPED) -> SavedPlan:
        """Plan, approve at once, and read the plan back."""
        saved = await self.proposed()
        await self.approve_elsewhere(saved.plan, saved.report, kind)
        return await MemoryLedger(self.store).plan(saved.plan.digest)

    async def approve_elsewhere(
        self, plan: Plan, report: GateReport, kind: ApprovalKind = ApprovalKind.TYPED
    ) -> None:
        """Record a yes as another terminal does."""
        assert plan.digest == report.plan_digest
        at, ttl_s = self.clock.now(), RULES.approval.ttl_s
        yes_to = grant(report, kind=kind, by="a person", at=at, ttl_s=ttl_s)
        await MemoryLedger(self.store).save_approval(yes_to)

    @property
    def sent(self) -> int:
        """How many orders the exchange was sent."""
        return self.venue.requests.count("submit")

    def status_of(self, saved: SavedPlan) -> str:
        """Return where a plan stands in the ledger."""
        return self.store.plans[saved.plan.digest].status.value
