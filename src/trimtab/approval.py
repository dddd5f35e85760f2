"""Binds a person or a standing rule to one digest, for a time. Pure.

Nothing else in the program can make an :class:`ApprovedPlan`, and the executor takes
nothing else.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from trimtab.domain.approved import SEAL, Approval, ApprovalKind, ApprovedPlan
from trimtab.domain.canonical import digest
from trimtab.domain.errors import ApprovalError
from trimtab.domain.exact import BPS, exact_arithmetic, plain
from trimtab.domain.exposure import traded_units
from trimtab.domain.findings import GateReport, Verdict
from trimtab.domain.plan import Plan
from trimtab.domain.policy import ApprovalPolicy
from trimtab.domain.snapshot import Environment, Snapshot


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
    return ApprovedPlan(plan=plan, report=report, approval=approval, seal=SEAL)


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
