"""One run: recover, propose, ask, execute. The only code that knows the whole way.

Nobody's account is held while a person is waited for; what the person said yes to is held
against a fresh look just before the first order.
"""

from __future__ import annotations

import asyncio
import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from trimtab.approval import approve, grant
from trimtab.domain.approved import Approval, ApprovalKind
from trimtab.domain.canonical import digest
from trimtab.domain.errors import AccountHeld, ApprovalError, LedgerError
from trimtab.domain.findings import GateReport, Verdict
from trimtab.domain.instruments import Asset
from trimtab.domain.plan import Plan
from trimtab.domain.slots import SlotState
from trimtab.domain.snapshot import Snapshot
from trimtab.execution.report import ExecutionReport
from trimtab.ports import Answer, Approver, PlanStatus, SavedPlan
from trimtab.workflow.execute import execute
from trimtab.workflow.inquiry import Desk
from trimtab.workflow.passage import Passage, passage_of
from trimtab.workflow.past import paid_since
from trimtab.workflow.payments import book_payments
from trimtab.workflow.portfolio import with_contracts_of
from trimtab.workflow.preflight import Wiring
from trimtab.workflow.propose import Planner, propose, review_rest
from trimtab.workflow.recover import RecoveryReport, leftovers
from trimtab.workflow.slot_book import SlotBook
from trimtab.workflow.statements import Books, first_statement
from trimtab.workflow.unattended import resting_on, standing_yes
from trimtab.workflow.windows import recovered

DECISION_POLL_S = 1.0
"""How often a waiting run looks whether somebody decided from another terminal."""
_DECIDED_AGAINST: Final = frozenset({PlanStatus.DECLINED, PlanStatus.EXPIRED})


class Consent(StrEnum):
    """How a run comes to its yes."""

    ASK = "ask"
    FLAG = "flag"
    """``--yes``: never in live."""
    STANDING = "standing"
    """``--yes`` where a standing approval says it; no other yes is taken."""
    DRY_RUN = "dry_run"
    """Nothing can be sent, so nobody is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """What a run works with."""

    planner: Planner
    desk: Desk
    approver: Approver

    @property
    def slots(self) -> SlotBook:
        """Where is written what becomes of a slot."""
        desk = self.desk
        return SlotBook(ledger=desk.ledger, clock=desk.clock, owner=self.planner.owner)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """Where a run ended."""

    plan: Plan
    report: GateReport
    status: PlanStatus
    execution: ExecutionReport | None
    """None when nothing was executed."""
    interrupted: bool
    """Whether somebody asked to stop while a yes was waited for; the plan stays pending."""


async def resolved_first(runner: Runner) -> RecoveryReport | None:
    """Resolve what an earlier run left open; None when it left nothing.

    Raises:
        AccountHeld: another run holds the account.

    """
    ledger = runner.desk.ledger
    if (await leftovers(ledger, now=runner.desk.clock.now())).is_nothing:
        return None
    async with ledger.holding_account(owner=runner.planner.owner):
        return await recovered(runner.desk, runner.planner.policy)


async def run(runner: Runner, *, consent: Consent, slot_due: bool, slot: str = "") -> RunResult:
    """Propose, get a yes, execute; *slot* is the name of one that is due and is taken.

    Raises:
        TrimtabError: what stopped it; nothing was sent unless the message says so.

    """
    proposal = await propose(runner.planner, slot_due=slot_due, slot=slot)
    runner.desk.progress.proposed(proposal.plan, proposal.report)
    if consent is not Consent.DRY_RUN and (held := _only_held(proposal.report)):
        raise AccountHeld(held)
    await runner.slots.note(proposal.plan, proposal.status)
    if proposal.status is PlanStatus.NOTHING_TO_DO:
        await runner.slots.nothing_to_do(proposal.plan)
    if proposal.status is not PlanStatus.PROPOSED:
        return _ended(proposal.plan, proposal.report, proposal.status)
    return await _decided(runner, proposal.plan, proposal.report, consent=consent)


def _only_held(report: GateReport) -> str:
    """Return who holds the account when that is all that the gate has against a plan."""
    refused = [f for f in report.findings if f.verdict is Verdict.REFUSE]
    if not refused or any(f.check != "concurrent_run" for f in refused):
        return ""
    return refused[0].reason or "another run holds the account"


async def run_saved(runner: Runner, saved: SavedPlan, *, consent: Consent) -> RunResult:
    """Execute exactly the plan that was saved, if its time is not over.

    Raises:
        ApprovalError: the plan was decided against, used already, its time is over, or it was
            made under other rules.

    """
    plan, name = saved.plan, saved.plan.digest[:12]
    if plan.policy_digest != digest(runner.planner.policy):
        raise ApprovalError(
            f"plan {name}: the configuration changed since, or the program; nothing was sent",
            next_step="trimtab plan",
        )
    if saved.status is PlanStatus.APPROVED and saved.approval is not None:
        return await _executed(runner, plan, saved.report, saved.approval)
    if saved.status is not PlanStatus.PROPOSED:
        raise _used(saved)
    if runner.desk.clock.now() >= plan.expires_at:
        raise await _expired(runner, plan)
    runner.desk.progress.proposed(plan, saved.report)
    return await _decided(runner, plan, saved.report, consent=consent)


def _used(saved: SavedPlan) -> ApprovalError:
    """Return that a plan can no longer be executed, and what gets further."""
    recover_first = saved.status in (PlanStatus.EXECUTING, PlanStatus.UNKNOWN)
    return ApprovalError(
        f"plan {saved.plan.digest[:12]}: is {saved.status} already, "
        "only a pending plan can be run; nothing was sent",
        next_step="trimtab recover" if recover_first else "trimtab plan",
    )


async def _expired(runner: Runner, plan: Plan) -> ApprovalError:
    """Record that a plan's time is over, and return that."""
    ledger = runner.desk.ledger
    try:
        await ledger.set_plan_status(plan.digest, PlanStatus.EXPIRED)
    except LedgerError:  # Another run saw it in the same moment.
        if (await ledger.plan(plan.digest)).status is not PlanStatus.EXPIRED:
            raise
    return ApprovalError(
        f"plan {plan.digest[:12]}: its time is over; nothing was sent", next_step="trimtab plan"
    )


async def _decided(
    runner: Runner, plan: Plan, report: GateReport, *, consent: Consent
) -> RunResult:
    """Get a yes or a no to a pending proposal, and act on it."""
    ledger = runner.desk.ledger
    if consent in (Consent.ASK, Consent.STANDING):
        await runner.slots.awaits(plan)
    if consent is not Consent.ASK:
        return await _unasked(runner, plan, report, consent)
    answer = await _asked(runner, plan, report)
    if answer is Answer.NOBODY:
        ended = _ended(plan, report, PlanStatus.PROPOSED)
        return dataclasses.replace(ended, interrupted=runner.desk.stop.is_set())
    if answer is Answer.NO:
        await ledger.set_plan_status(plan.digest, PlanStatus.DECLINED)
        await runner.slots.note(plan, PlanStatus.DECLINED)
        return _ended(plan, report, PlanStatus.DECLINED)
    saved = answer if isinstance(answer, SavedPlan) else await ledger.plan(plan.digest)
    if saved.status is PlanStatus.PROPOSED:
        return await _approved(runner, plan, report, ApprovalKind.TYPED)
    if saved.status is PlanStatus.APPROVED and saved.approval is not None:
        return await _executed(runner, plan, report, saved.approval)
    if saved.status in _DECIDED_AGAINST:
        await runner.slots.note(plan, saved.status)  # A reply says no to the plan alone.
        return _ended(plan, report, saved.status)
    raise _used(saved)


async def _unasked(runner: Runner, plan: Plan, report: GateReport, consent: Consent) -> RunResult:
    """Get a yes with nobody asked, and act on it."""
    if consent is not Consent.STANDING:
        kind = ApprovalKind.FLAG if consent is Consent.FLAG else ApprovalKind.DRY_RUN
        return await _approved(runner, plan, report, kind)
    yes = await standing_yes(runner.desk, runner.planner.policy, plan, report)
    return await _executed(runner, plan, report, yes)


async def _approved(
    runner: Runner, plan: Plan, report: GateReport, kind: ApprovalKind
) -> RunResult:
    """Record this run's yes, if it approves anything, and execute."""
    if runner.desk.clock.now() >= plan.expires_at:
        raise await _expired(runner, plan)
    approval = _granted(runner, report, kind)
    approve(plan, report, approval, now=runner.desk.clock.now())  # Before it is recorded.
    await runner.desk.ledger.save_approval(approval)
    return await _executed(runner, plan, report, approval)


def _granted(runner: Runner, report: GateReport, kind: ApprovalKind) -> Approval:
    """Return a yes of this run's owner."""
    return grant(
        report,
        kind=kind,
        by=runner.planner.owner,
        at=runner.desk.clock.now(),
        ttl_s=runner.planner.policy.approval.ttl_s,
    )


async def _asked(runner: Runner, plan: Plan, report: GateReport) -> Answer | SavedPlan:
    """Ask whoever is here, and look whether somebody decides elsewhere meanwhile."""
    asking = asyncio.ensure_future(runner.approver.ask(plan, report))
    elsewhere = asyncio.ensure_future(_decided_elsewhere(runner, plan))
    stopping = asyncio.ensure_future(runner.desk.stop.wait())
    waiting = {asking, elsewhere, stopping}
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if asking.done():
            return asking.result()
        if elsewhere.done():
            return elsewhere.result()
        return Answer.NOBODY
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def _decided_elsewhere(runner: Runner, plan: Plan) -> SavedPlan:
    """Return the plan once it is no longer pending."""
    while True:
        await runner.desk.clock.sleep(DECISION_POLL_S)
        saved = await runner.desk.ledger.plan(plan.digest)
        if saved.status is not PlanStatus.PROPOSED:
            return saved


async def _executed(
    runner: Runner, plan: Plan, report: GateReport, approval: Approval
) -> RunResult:
    """Execute an approved plan while holding the account."""
    ledger, planner = runner.desk.ledger, runner.planner
    approved = approve(plan, report, approval, now=runner.desk.clock.now())

    passage: Passage | None = None

    async def regate(rest: Plan, snapshot: Snapshot) -> GateReport:
        """Review what is left of the plan, against the way that the whole of it may go."""
        nonlocal passage
        if passage is None:  # Nothing was sent yet: this snapshot is what the plan begins from.
            paid = await paid_since(planner.watch, snapshot)
            now = runner.desk.clock.now()
            passage = passage_of(plan, snapshot, planner.policy, paid=paid, now=now)
        return await review_rest(rest, snapshot, planner, of=passage)

    wiring = Wiring(
        desk=runner.desk,
        market=planner.market,
        portfolio=with_contracts_of(planner.portfolio, _contract_bases(plan), planner.policy),
        policy=planner.policy,
        regate=regate,
        rests_on=await resting_on(runner.desk, approval),
    )
    async with ledger.holding_account(owner=planner.owner):
        if approval.kind is not ApprovalKind.DRY_RUN:
            await _not_used_yet(runner, plan, approval)
            await first_statement(_books(runner))
        if not await runner.slots.take(plan):
            return await _slot_is_done(runner, plan, report)
        try:
            execution = await execute(approved, wiring)
        except ApprovalError:  # Nothing was sent.
            is_no = (await ledger.plan(plan.digest)).status is PlanStatus.DECLINED
            await runner.slots.settle(plan, SlotState.DECLINED if is_no else SlotState.PLANNED)
            raise
        await runner.slots.end(plan, execution)
        await book_payments(runner.desk, plan, planner.portfolio)
    if approval.kind is ApprovalKind.DRY_RUN:
        status = PlanStatus.DRY_RUN  # The plan itself stays pending: it may still be approved.
    else:
        status = (await ledger.plan(plan.digest)).status
    return RunResult(
        plan=plan, report=report, status=status, execution=execution, interrupted=False
    )


def _contract_bases(plan: Plan) -> tuple[Asset, ...]:
    """Return the assets whose contracts a plan trades: one by hand may be in no policy."""
    return tuple(leg.instrument.base for leg in plan.legs if leg.instrument.is_contract)


async def _slot_is_done(runner: Runner, plan: Plan, report: GateReport) -> RunResult:
    """End a run whose slot another run did meanwhile; its plan is of no use any more."""
    await runner.desk.ledger.set_plan_status(plan.digest, PlanStatus.NOTHING_TO_DO)
    return _ended(plan, report, PlanStatus.NOTHING_TO_DO)


async def _not_used_yet(runner: Runner, plan: Plan, approval: Approval) -> None:
    """Refuse a plan that another run took while this one was on its way. The account is held.

    Raises:
        ApprovalError: it was begun, declined or decided anew meanwhile, or rests on a standing
            approval that is over.
        LedgerError: what is written of it was changed.

    """
    saved = await runner.desk.ledger.plan(plan.digest)
    if saved.status is not PlanStatus.APPROVED or saved.approval != approval:
        raise _used(saved)
    await resting_on(runner.desk, approval)  # Again: it may have been revoked meanwhile.


def _books(runner: Runner) -> Books:
    """Return whose word is held against whose."""
    planner, desk = runner.planner, runner.desk
    return Books(
        venue=desk.venue, market=planner.market, ledger=desk.ledger, portfolio=planner.portfolio
    )


def _ended(plan: Plan, report: GateReport, status: PlanStatus) -> RunResult:
    """Return a run that executed nothing."""
    return RunResult(plan=plan, report=report, status=status, execution=None, interrupted=False)
