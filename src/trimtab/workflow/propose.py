"""Makes a proposal: read the account, plan, ask the gate, write it down. Sends nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from trimtab.domain.errors import LedgerError
from trimtab.domain.exposure import exposure
from trimtab.domain.findings import GateReport, Verdict
from trimtab.domain.hedges import HedgeWish, RescueWish, Wish
from trimtab.domain.history import History
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.occasion import Occasion
from trimtab.domain.orders import OrderRecord
from trimtab.domain.plan import Plan
from trimtab.domain.policy import Policy
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.stops import StopRecord
from trimtab.domain.transfers import TransferRecord
from trimtab.domain.urgency import UrgentAction
from trimtab.execution.outside import BookedSince, outside_of_plans
from trimtab.hedging.book import book_of
from trimtab.planning.compose import make_plan, make_plan_moving
from trimtab.ports import (
    Clock,
    KeyWitness,
    Ledger,
    MarketData,
    PaymentList,
    PlanStatus,
    Portfolio,
    PriceHistory,
    ReferencePrice,
)
from trimtab.risk.case import Case
from trimtab.risk.certificate import Flips
from trimtab.risk.context import GateContext
from trimtab.risk.flips import flips
from trimtab.risk.funding import funded
from trimtab.risk.gate import review
from trimtab.risk.ordering import ordered
from trimtab.risk.record import Record
from trimtab.risk.references import Bench
from trimtab.risk.rescue import rescued
from trimtab.workflow.bearings import Bearing, Chart
from trimtab.workflow.occasions import cooling_of, on_calendar
from trimtab.workflow.passage import Passage, with_sent
from trimtab.workflow.past import (
    Watch,
    losses_of,
    paid_since,
    past_of,
    remember,
    with_transfers,
)
from trimtab.workflow.portfolio import portfolio_of, with_contracts_of

DAY = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planner:
    """What a proposal is made with."""

    market: MarketData
    payments: PaymentList
    """Of the venue itself, in a dry run too."""
    references: ReferencePrice
    history: PriceHistory
    ledger: Ledger
    keys: KeyWitness
    clock: Clock
    policy: Policy
    owner: str
    """Who asks, as told to others who want the account."""
    wish: Wish | None
    """What a person asks of hedges instead of a plan for drifts; None when nobody does."""

    @property
    def portfolio(self) -> Portfolio:
        """What the policy, and a wish, need to be read."""
        hedged = (self.wish.asset,) if isinstance(self.wish, HedgeWish) else ()
        return with_contracts_of(portfolio_of(self.policy), hedged, self.policy)

    @property
    def watch(self) -> Watch:
        """What the account's past is looked at with."""
        return Watch(
            ledger=self.ledger,
            payments=self.payments,
            clock=self.clock,
            limits=self.policy.limits,
            owner=self.owner,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A plan, what the gate says of it, and what it was made from."""

    plan: Plan
    report: GateReport
    snapshot: Snapshot
    occasion: Occasion
    bearings: tuple[Bearing, ...]
    """How the venue stands to independent prices, in what the plan trades; may be empty."""
    status: PlanStatus
    case: Case
    """What the gate was asked, so that more can be asked of the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """What the ledger knows that the gate must know, or why it could not be read."""

    unresolved: tuple[OrderRecord, ...]
    transfers: tuple[TransferRecord, ...]
    """Those that are not terminal."""
    stops: tuple[StopRecord, ...]
    used: Mapping[Symbol, Decimal]
    booked: BookedSince | None
    past: Record
    fault: str | None


async def propose(planner: Planner, *, slot_due: bool, slot: str = "") -> Proposal:
    """Plan from a fresh snapshot and record the proposal; *slot* is the name of one that is due.

    Raises:
        PlanningError: the inputs cannot be planned from.
        VenueError: the account could not be read.
        LedgerError: the proposal could not be recorded.

    """
    snapshot, occasion = await _seen(planner, slot_due=slot_due, slot=slot)
    policy = planner.policy
    bare = make_plan(snapshot, policy, occasion)
    holder = await planner.ledger.holder()
    context = await gate_context(planner, snapshot, bare, holder=holder)
    now = planner.clock.now()
    case = Case(plan=bare, snapshot=snapshot, policy=policy, context=context, now=now)
    plan = _funded(case, occasion)
    if priced_in(plan) != priced_in(bare):
        context = await gate_context(planner, snapshot, plan, holder=holder)
        now = planner.clock.now()
    case = Case(plan=plan, snapshot=snapshot, policy=policy, context=context, now=now)
    plan, report = ordered(case, review(plan, snapshot, policy=policy, context=context, now=now))
    if context.ledger_fault is None:
        await remember(planner.watch, context.record)
    status = _status(plan, report)
    bench = Bench(references=context.references, rules=policy.references, now=now)
    await planner.ledger.save_plan(plan, report, status)
    return Proposal(
        plan=plan,
        report=report,
        snapshot=snapshot,
        occasion=occasion,
        bearings=_bearings(plan, snapshot, bench),
        status=status,
        case=replace(case, plan=plan),
    )


async def _seen(planner: Planner, *, slot_due: bool, slot: str) -> tuple[Snapshot, Occasion]:
    """Read what a plan is made from."""
    need = planner.policy.past_needed
    history = None if need.is_empty else await planner.history.read(need)
    snapshot = await planner.market.snapshot(planner.portfolio)  # Last, so that it is fresh.
    occasion = await occasion_of(
        planner, snapshot.quote, slot_due=slot_due, slot=slot, history=history
    )
    if planner.policy.urgency.drawdown is not UrgentAction.OFF:
        occasion = replace(occasion, losses=await losses_of(planner.watch, snapshot))
    return snapshot, occasion


async def glance(planner: Planner) -> Plan:
    """Return the plan that drifts call for, with no gate asked and nothing recorded.

    Raises:
        PlanningError: the inputs cannot be planned from.
        VenueError: the account could not be read.
        LedgerError: the ledger could not be read.

    """
    snapshot, occasion = await _seen(planner, slot_due=False, slot="")
    return make_plan(snapshot, planner.policy, occasion)


def _funded(case: Case, occasion: Occasion) -> Plan:
    """Return the plan of *case*, which has no transfer, with the one that it needs, if any."""

    def moving(units: Decimal) -> Plan:
        """Make the same plan with a transfer."""
        return make_plan_moving(units, case.snapshot, case.policy, occasion)

    return (rescued if isinstance(occasion.wish, RescueWish) else funded)(case, moving)


async def occasion_of(
    planner: Planner,
    quote: Asset,
    *,
    slot_due: bool,
    slot: str = "",
    history: History | None = None,
) -> Occasion:
    """Gather what may change a plan beside snapshot and policy; hedges settle in *quote*.

    Raises:
        LedgerError: the ledger could not be read.

    """
    record = await planner.ledger.hedge_record()
    occasion = Occasion(
        now=planner.clock.now(),
        slot_due=slot_due,
        hedges=book_of(record, quote),
        wish=planner.wish,
        history=history,
        slot=slot,
        stops=await planner.ledger.open_stops(),
        cooling=await cooling_of(planner.ledger, planner.policy, planner.clock.now()),
    )
    return await on_calendar(occasion, planner.policy, planner.ledger)


def flips_of(proposal: Proposal) -> Flips:
    """Return the single changes that would turn the answer to a proposal made by the same rule."""

    def again(snapshot: Snapshot, policy: Policy) -> Plan:
        """Plan from another account or under other rules, on the same occasion."""
        bare = make_plan(snapshot, policy, proposal.occasion)
        case = replace(proposal.case, plan=bare, snapshot=snapshot, policy=policy)
        return _funded(case, proposal.occasion)

    return flips(proposal.case, proposal.report, again)


def _bearings(plan: Plan, snapshot: Snapshot, bench: Bench) -> tuple[Bearing, ...]:
    """Return how the venue stands to independent prices, in what a plan trades."""
    if not plan.legs:
        return ()  # Nobody was asked.
    chart = Chart(bench=bench, quote=plan.quote, mids=exposure(snapshot).mids)
    return chart.bearings(priced_in(plan))


async def review_rest(
    rest: Plan, snapshot: Snapshot, planner: Planner, *, of: Passage
) -> GateReport:
    """Ask the gate about what is left of an approved plan, which this run holds the account for."""
    context, sent = await asyncio.gather(
        gate_context(planner, snapshot, rest, holder=None, of=of),
        planner.ledger.orders(plan_digest=of.plan_digest),
    )
    context, now = with_sent(context, of, sent, rest=rest), planner.clock.now()
    return review(rest, snapshot, policy=planner.policy, context=context, now=now)


def _status(plan: Plan, report: GateReport) -> PlanStatus:
    """Return where a new proposal stands; without a line there is nothing to refuse."""
    if plan.is_empty:
        return PlanStatus.NOTHING_TO_DO
    return PlanStatus.REFUSED if report.verdict is Verdict.REFUSE else PlanStatus.PROPOSED


def priced_in(plan: Plan) -> tuple[Asset, ...]:
    """Return the assets whose independent prices a plan is held against, the quote first.

    None where nothing is traded: nothing would be held against them.
    """
    bases = dict.fromkeys(leg.instrument.base for leg in plan.legs)
    return (plan.quote, *bases) if bases else ()


async def gate_context(
    planner: Planner,
    snapshot: Snapshot,
    plan: Plan,
    *,
    holder: str | None,
    of: Passage | None = None,
) -> GateContext:
    """Collect what the gate must know of *plan* beside the snapshot.

    *of* is the plan on its way that *plan* is the rest of, None before anything is sent.
    """
    ledger = planner.ledger
    key = await planner.keys.key_rights()
    written, references = await asyncio.gather(
        _written(planner, snapshot, of), planner.references.read(priced_in(plan))
    )
    booked, unresolved = written.booked, written.unresolved
    return GateContext(
        halt_reason=await ledger.halted(),
        unresolved=unresolved,
        unresolved_transfers=written.transfers,
        stops=written.stops,
        concurrent_holder=holder,
        key=key,
        ledger_fault=written.fault,
        run_notional={},
        run_orders=0,
        day_notional=written.used,
        references=references,
        outside={} if booked is None else _outside(booked, snapshot, unresolved),
        late=() if booked is None else booked.late,
        record=written.past,
        net_bounds={},
        begun=None,
    )


async def _written(planner: Planner, snapshot: Snapshot, of: Passage | None) -> _Written:
    """Read what the ledger knows; a ledger that cannot be read is a fault for the gate."""
    ledger, since = planner.ledger, planner.clock.now() - DAY
    try:
        unresolved, transfers, stops, used, booked = await asyncio.gather(
            ledger.unresolved(),
            ledger.unresolved_transfers(),
            ledger.open_stops(),
            ledger.committed_notional(since=since),
            ledger.booked_since_statement(),
        )
        own = "" if of is None else of.plan_digest
        if of is None:
            paid = await paid_since(planner.watch, snapshot)
        else:
            paid = with_transfers(of.paid, await ledger.transfers(plan_digest=own), snapshot)
        past = await past_of(planner.watch, snapshot, paid, own_plan=own)
    except LedgerError as error:
        fault = str(error)
        return _Written(
            unresolved=(),
            transfers=(),
            stops=(),
            used={},
            booked=None,
            past=_no_past(fault),
            fault=fault,
        )
    return _Written(
        unresolved=unresolved,
        transfers=transfers,
        stops=stops,
        used=used,
        booked=booked,
        past=past,
        fault=None,
    )


def _no_past(fault: str) -> Record:
    """Return that the ledger tells nothing, and why: no limit on losses can be measured then."""
    return Record(
        reducing=None,
        released_at=None,
        own_plan="",
        sent=(),
        marks=(),
        mark=None,
        mark_fault=fault,
        statement_at=None,
        targets=None,
    )


def _outside(
    booked: BookedSince, snapshot: Snapshot, unresolved: Iterable[OrderRecord]
) -> Mapping[Symbol, str]:
    """Return what somebody else did in contracts, by what is booked and what is held."""
    open_in = {record.intent.instrument.symbol for record in unresolved}
    return outside_of_plans(booked, snapshot.positions, snapshot.instruments, open_in=open_in)
