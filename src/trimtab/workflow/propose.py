"""Makes a proposal: read the account, plan, ask the gate, write it down. Sends nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from trimtab.domain.errors import AccountHeld, LedgerError
from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.findings import GateReport, Verdict
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import OrderRecord
from trimtab.domain.plan import Plan
from trimtab.domain.policy import Policy, Route
from trimtab.domain.snapshot import Snapshot
from trimtab.planning.compose import make_plan
from trimtab.ports import Clock, Ledger, MarketData, PlanStatus, Portfolio
from trimtab.risk.context import GateContext
from trimtab.risk.gate import review

DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner:
    """What a proposal is made with."""

    market: MarketData
    ledger: Ledger
    clock: Clock
    policy: Policy
    owner: str
    """Who asks, as told to others who want the account."""

    @property
    def portfolio(self) -> Portfolio:
        """What the policy needs to be read."""
        return portfolio_of(self.policy)


def portfolio_of(policy: Policy) -> Portfolio:
    """Return what *policy* needs to be read."""
    wanted = policy.rebalance
    assets = tuple(t.asset for t in wanted.targets)
    hedged = tuple(a for a in assets if wanted.route_of(a) is Route.FUTURES)
    return Portfolio(assets=assets, with_contracts=hedged)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A plan, what the gate says of it, and what it was made from."""

    plan: Plan
    report: GateReport
    snapshot: Snapshot
    status: PlanStatus


async def propose(planner: Planner, *, slot_due: bool) -> Proposal:
    """Plan from a fresh snapshot and record the proposal.

    Raises:
        PlanningError: the inputs cannot be planned from.
        VenueError: the account could not be read.
        LedgerError: the proposal could not be recorded.

    """
    snapshot = await planner.market.snapshot(planner.portfolio)
    plan = make_plan(snapshot, planner.policy, now=planner.clock.now(), slot_due=slot_due)
    report = await reviewed(plan, snapshot, planner, holder=await _holder(planner))
    status = _status(plan, report)
    await planner.ledger.save_plan(plan, report, status)
    return Proposal(plan=plan, report=report, snapshot=snapshot, status=status)


async def reviewed(
    plan: Plan, snapshot: Snapshot, planner: Planner, *, holder: str | None
) -> GateReport:
    """Ask the gate about *plan*, with what the ledger knows now."""
    context = await _context(plan, planner, holder=holder, now=planner.clock.now())
    return review(plan, snapshot, policy=planner.policy, context=context, now=planner.clock.now())


def _status(plan: Plan, report: GateReport) -> PlanStatus:
    """Return where a new proposal stands; without legs there is nothing to refuse."""
    if not plan.legs:
        return PlanStatus.NOTHING_TO_DO
    return PlanStatus.REFUSED if report.verdict is Verdict.REFUSE else PlanStatus.PROPOSED


async def _holder(planner: Planner) -> str | None:
    """Say who else holds the account now, or None."""
    try:
        async with planner.ledger.holding_account(owner=planner.owner):
            return None
    except AccountHeld as held:
        return str(held)


async def _context(
    plan: Plan, planner: Planner, *, holder: str | None, now: datetime
) -> GateContext:
    """Collect what the gate must know beside the snapshot."""
    ledger, fault = planner.ledger, None
    try:
        sent = await ledger.orders(plan_digest=plan.digest)
    except LedgerError as error:
        sent, fault = (), str(error)
    return GateContext(
        halt_reason=await ledger.halted(),
        unresolved=await ledger.unresolved(),
        concurrent_holder=holder,
        ledger_fault=fault,
        run_notional=_notional(sent),
        run_orders=len(sent),
        day_notional=await ledger.committed_notional(since=now - DAY),
        references={},
        net_bounds={},
    )


def _notional(sent: Iterable[OrderRecord]) -> Mapping[Symbol, Decimal]:
    """Return the value at limit that a run's orders have used up, reductions left out."""
    used: dict[Symbol, Decimal] = {}
    with exact_arithmetic():
        for record in sent:
            intent = record.intent
            if intent.reduce_only:
                continue
            lots = record.filled_lots if record.state.is_terminal else intent.lots
            value = intent.instrument.units(lots).copy_abs() * intent.limit_price
            used[intent.instrument.symbol] = used.get(intent.instrument.symbol, ZERO) + value
    return used
