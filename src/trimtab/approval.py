"""Binds a person or a standing rule to one digest, for a time. Pure.

Nothing else in the program can make an :class:`ApprovedPlan`, and the executor takes
nothing else. Values are quote units, instants aware UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from trimtab.domain.approved import SEAL, Approval, ApprovalKind, ApprovedPlan
from trimtab.domain.canonical import digest
from trimtab.domain.errors import ApprovalError
from trimtab.domain.exact import BPS, exact_arithmetic, plain
from trimtab.domain.exposure import traded_units
from trimtab.domain.findings import GateReport, Verdict
from trimtab.domain.firings import TriggerKind
from trimtab.domain.plan import Plan
from trimtab.domain.policy import ApprovalPolicy, Policy, RiskLimits
from trimtab.domain.question import is_asked_twice
from trimtab.domain.snapshot import AccountKey, Environment, Snapshot
from trimtab.domain.standing_approval import (
    DAY,
    LIFE_MAX,
    RUNS_MAX,
    StandingApproval,
    StandingCaps,
    StandingRecord,
    StandingScope,
    Unproved,
    draw_of,
)

_LATCHES: Final = frozenset({"kill_switch", "reducing"})
"""Checks that pass only where the account is neither halted nor reducing."""
_ELSEWHERE: Final = frozenset({ApprovalKind.FLAG, ApprovalKind.STANDING, ApprovalKind.REPLY})
"""Yeses that nobody types at the terminal when the plan is there."""


def grant(report: GateReport, *, kind: ApprovalKind, by: str, at: datetime, ttl_s: int) -> Approval:
    """Return a yes to the reported plan that holds for *ttl_s* seconds from *at*."""
    return Approval(
        plan_digest=report.plan_digest,
        gate_digest=digest(report),
        kind=kind,
        by=by,
        at=at,
        expires_at=at + timedelta(seconds=ttl_s),
    )


def approve(plan: Plan, report: GateReport, approval: Approval, *, now: datetime) -> ApprovedPlan:
    """Return the plan as approved, if the yes is to exactly it and still holds.

    Raises:
        ApprovalError: the yes is to other bytes, has expired, the plan has expired, the gate
            refused, or the kind of yes is not enough for live trading.

    """
    name = plan.digest[:12]
    if not plan.digest == report.plan_digest == approval.plan_digest:
        raise ApprovalError(f"plan {name}: the approval is for another plan")
    if digest(report) != approval.gate_digest:
        raise ApprovalError(f"plan {name}: the gate's findings changed since approval")
    if report.verdict is Verdict.REFUSE:
        raise ApprovalError(f"plan {name}: the gate refused it", next_step="trimtab plan")
    if now >= min(approval.expires_at, plan.expires_at):
        raise ApprovalError(f"plan {name}: the approval expired")
    if plan.key.environment is Environment.LIVE and approval.kind is ApprovalKind.FLAG:
        raise ApprovalError(
            f"plan {name}: --yes approves nothing in live; type the words",
            next_step=f"trimtab approve {name}",
        )
    if _is_latched_rescue(plan, report) and approval.kind in _ELSEWHERE:
        raise ApprovalError(
            f"plan {name}: a margin rescue while halted or reducing needs its own typed words",
            next_step=f"trimtab approve {name}",
        )
    return ApprovedPlan(plan=plan, report=report, approval=approval, seal=SEAL)


def needs_terminal(plan: Plan, report: GateReport, policy: ApprovalPolicy) -> bool:
    """Whether a yes to *plan* is more than a reply from elsewhere may say."""
    return is_asked_twice(plan, policy) or _is_latched_rescue(plan, report)


def _is_latched_rescue(plan: Plan, report: GateReport) -> bool:
    """Whether *plan* raises exposure in an account that a latch keeps to reductions."""
    passed = {f.check for f in report.findings if f.verdict is Verdict.PASS}
    return plan.trigger == TriggerKind.MARGIN_RESCUE and not passed >= _LATCHES


def account_changed(plan: Plan, snapshot: Snapshot) -> str | None:
    """Say which asset of the plan is held otherwise than when it was made, or None.

    A plan is a difference: another run, a person or a deposit that came between makes it one
    to somewhere else. What is below a lot cannot be a trade. Money is bounded elsewhere: buys
    spend what is there.
    """
    for leg in plan.legs:
        asset = leg.instrument.base
        before, held = plan.units_before.get(asset), traded_units(snapshot, asset)
        with exact_arithmetic():
            if before is None or abs(held - before) >= leg.instrument.lot_size:
                told = "an unknown number" if before is None else plain(before)
                return f"{asset}: {plain(held)} units now, the plan was made from {told}"
    return None


def moved_too_far(plan: Plan, snapshot: Snapshot, policy: ApprovalPolicy) -> str | None:
    """Say which leg's mark moved against us by more than allowed since planning, or None.

    A move in our favour is no reason to ask again; a missing price is.
    """
    for leg in plan.legs:
        contract, book = snapshot.contracts.get(leg.symbol), snapshot.books.get(leg.symbol)
        if contract is None and book is None:
            return f"{leg.symbol}: no price any more"
        with exact_arithmetic():
            mark = contract.mark if contract is not None else book.mid if book else leg.mark
            against = (mark - leg.mark) * (1 if leg.lots > 0 else -1)
            if against * BPS > policy.max_move_bps * leg.mark:
                return f"{leg.symbol}: moved from {leg.mark} to {mark} since planning"
    return None


# Standing approvals


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """When, where and under which rules a standing approval is to say yes."""

    key: AccountKey
    policy: Policy
    """The rules in force now."""
    halted: str | None
    """Why the kill switch is latched; None when it is not."""
    at: datetime


def ungrantable(given: StandingApproval, limits: RiskLimits) -> tuple[str, ...]:
    """Say everything that keeps *given* from being granted; nothing when it may be."""
    found = list(_wider(given.caps, limits))
    if given.expires_at <= given.granted_at:
        found.append("it would expire before it is granted")
    if given.expires_at - given.granted_at > LIFE_MAX:
        found.append(f"it would hold longer than {LIFE_MAX.days} days")
    if given.caps.runs > RUNS_MAX:
        found.append(f"it would approve more than {RUNS_MAX} runs")
    return tuple(found)


def lapses(record: StandingRecord, *, at: datetime) -> tuple[str, ...]:
    """Say why a standing approval is over, whatever the plan; nothing when it is not.

    A run that rests on one asks this again before each round of orders.
    """
    given, found = record.approval, list[str]()
    if record.revoked is not None:
        found.append(f"was revoked by {record.revoked.by} at {_instant(record.revoked.at)}")
    if isinstance(given, Unproved):
        return (*found, given.why)
    if at >= given.expires_at:
        found.append(f"expired at {_instant(given.expires_at)}")
    if at < given.granted_at:
        found.append(f"was granted at {_instant(given.granted_at)}, which is not yet")
    return tuple(found)


def idle(record: StandingRecord, occasion: Occasion) -> tuple[str, ...]:
    """Say why a standing approval covers no plan at all on this occasion; nothing when it may."""
    found, given = list(lapses(record, at=occasion.at)), record.approval
    if isinstance(given, Unproved):
        return tuple(found)
    if occasion.halted is not None:
        found.append(f"the account is halted ({occasion.halted})")
    if given.scope.key != occasion.key:
        key = given.scope.key
        found.append(f"is for {key.venue} {key.account} {key.environment}")
    if given.scope.policy_digest != digest(occasion.policy):
        found.append("was granted under another configuration")
    found += _wider(given.caps, occasion.policy.limits)
    if len(record.uses) >= given.caps.runs:
        found.append(f"its {given.caps.runs} runs are used up")
    return tuple(found)


def uncovered(
    plan: Plan, report: GateReport, record: StandingRecord, occasion: Occasion
) -> tuple[str, ...]:
    """Say everything that keeps a standing approval from covering *plan*; nothing when it does."""
    found, given = list(idle(record, occasion)), record.approval
    if isinstance(given, Unproved):
        return tuple(found)
    if plan.key != occasion.key or plan.policy_digest != digest(occasion.policy):
        found.append("the plan is of another account or configuration")
    if report.plan_digest != plan.digest:
        found.append("the findings are on another plan")
    found += _beyond_scope(plan, given.scope)
    found += _forbidden(report, given.scope)
    found += _beyond_caps(plan, record, given.caps, occasion)
    return tuple(found)


def stops_unattended(
    scope: StandingScope, report: GateReport, *, halted: str | None
) -> tuple[str, ...]:
    """Say what in the gate's fresh look ends a run that nobody watches; nothing when it goes on."""
    found = [] if halted is None else [f"the account is halted ({halted})"]
    return (*found, *_forbidden(report, scope))


def rest_on(given: StandingApproval, report: GateReport, *, at: datetime, ttl_s: int) -> Approval:
    """Return the yes of a standing approval to the reported plan; it ends with it at the latest."""
    yes = grant(report, kind=ApprovalKind.STANDING, by=given.digest, at=at, ttl_s=ttl_s)
    return replace(yes, expires_at=min(yes.expires_at, given.expires_at))


def _wider(caps: StandingCaps, limits: RiskLimits) -> Iterator[str]:
    """Yield each cap that is wider than the hard limit above it."""
    for name, cap, limit in (
        ("max_order_notional", caps.order, limits.max_order_notional),
        ("max_run_notional", caps.run, limits.max_run_notional),
        ("max_day_notional", caps.day, limits.max_day_notional),
    ):
        if cap > limit:
            yield f"its {plain(cap)} is wider than risk.{name} {plain(limit)}"


def _beyond_scope(plan: Plan, scope: StandingScope) -> Iterator[str]:
    """Yield what of *plan* is not meant."""
    strange = dict.fromkeys(
        instrument.symbol
        for instrument in (*(g.instrument for g in plan.legs), *(s.instrument for s in plan.stops))
        if instrument.symbol not in scope.symbols or instrument.kind not in scope.kinds
    )
    if strange:
        yield f"does not name {', '.join(strange)}"
    if plan.transfers:
        yield "is not for plans that move money between the wallets"
    if reasons_of(plan).isdisjoint(scope.triggers):
        yield f"is not for plans of trigger {plan.trigger}"


def reasons_of(plan: Plan) -> frozenset[str]:
    """Return what a plan may be granted for: the most urgent of its reasons.

    A slot's plan goes to target wherever an asset drifted to, so what drifted adds nothing to it:
    it is the slot's plan as well.
    """
    fired = {firing.kind for firing in plan.firings}
    both = {TriggerKind.DRIFT, TriggerKind.CALENDAR}
    is_slots = plan.trigger == TriggerKind.DRIFT and both <= fired
    return frozenset(both) if is_slots else frozenset({plan.trigger})


def _forbidden(report: GateReport, scope: StandingScope) -> Iterator[str]:
    """Yield what the gate has against it."""
    if report.verdict is Verdict.REFUSE:
        yield "the gate refused the plan"
    elif report.verdict is Verdict.WARN and not scope.allow_warnings:
        warned = dict.fromkeys(f.check for f in report.findings if f.verdict is Verdict.WARN)
        yield f"the gate warns ({', '.join(warned)}), which it was not granted for"


def _beyond_caps(
    plan: Plan, record: StandingRecord, caps: StandingCaps, occasion: Occasion
) -> Iterator[str]:
    """Yield each cap that *plan* would break, with what was drawn before."""
    draw = draw_of(plan)
    with exact_arithmetic():
        day = draw.total + record.drawn_since(occasion.at - DAY)
    for what, drawn, cap in (
        ("its largest order", draw.largest, caps.order),
        ("the run", draw.total, caps.run),
        ("the day", day, caps.day),
    ):
        if drawn > cap:
            yield f"{what} would be {plain(drawn)}, above its {plain(cap)}"


def _instant(at: datetime) -> str:
    """Return an instant to the second."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
