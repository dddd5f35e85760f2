"""What a ledger refuses of standing approvals, and the yes that it gives for one. Pure.

Every ledger (on disk or in memory) applies these, so that they cannot differ.
"""

from __future__ import annotations

from datetime import datetime

from trimtab.approval import Occasion, approve, lapses, rest_on, uncovered
from trimtab.domain.approved import Approval, ApprovalKind
from trimtab.domain.errors import ApprovalError, Halted, LedgerError
from trimtab.domain.snapshot import AccountKey
from trimtab.domain.standing_approval import StandingApproval, StandingRecord, Unproved
from trimtab.ports import SavedPlan

SHOWN_DIGITS = 12
"""How much of a digest is shown."""


def missing(digest: str) -> StandingRecord:
    """Return what stands for a grant that is not in the ledger; it covers nothing."""
    why = Unproved(why="is not in the ledger")
    return StandingRecord(digest=digest, approval=why, revoked=None, uses=())


def refuse_grant(given: StandingApproval, *, of: AccountKey | None, is_there: bool) -> None:
    """Refuse a grant for another account than the ledger's, or a second one of a name.

    Raises:
        LedgerError: it is either.

    """
    name = given.digest[:SHOWN_DIGITS]
    if given.scope.key != of:
        raise LedgerError(f"standing approval {name}: is for another account")
    if is_there:
        raise LedgerError(f"standing approval {name}: is granted already")


def refuse_revocation(record: StandingRecord | None, *, digest: str) -> None:
    """Refuse to take back what is not there, or not in force any more.

    Raises:
        LedgerError: it is not there, or was revoked already.

    """
    fault = "is not in the ledger" if record is None else ""
    if record is not None and record.revoked is not None:
        fault = "is revoked already"
    if fault:
        raise LedgerError(
            f"standing approval {digest[:SHOWN_DIGITS]}: {fault}",
            next_step="trimtab standing list",
        )


def refuse_lapsed(record: StandingRecord, *, at: datetime) -> None:
    """Refuse to begin orders under a standing approval that is over by now.

    Raises:
        Halted: it was revoked, has expired, or cannot be proved.

    """
    if over := lapses(record, at=at):
        raise Halted(
            f"standing approval {record.digest[:SHOWN_DIGITS]} {'; '.join(over)}; "
            "nothing of this round was sent",
            next_step="trimtab standing list",
        )


def refuse_unfounded(approval: Approval, *, is_founded: bool) -> None:
    """Refuse a standing yes that nothing counts, and a count for any other.

    Raises:
        LedgerError: the kind of the yes and what it rests on do not fit.

    """
    if (approval.kind is ApprovalKind.STANDING) != is_founded:
        raise LedgerError(
            f"plan {approval.plan_digest[:12]}: a standing approval, and nothing else, says yes "
            "through approve_standing"
        )


def standing_yes(saved: SavedPlan, record: StandingRecord, occasion: Occasion) -> Approval:
    """Return the yes of a standing approval to a plan, if it covers it now.

    Raises:
        ApprovalError: it does not, or does no longer, or the plan's time is over.

    """
    given, reasons = record.approval, uncovered(saved.plan, saved.report, record, occasion)
    if isinstance(given, Unproved) or reasons:
        name = saved.plan.digest[:SHOWN_DIGITS]
        raise ApprovalError(
            f"plan {name}: standing approval {record.digest[:SHOWN_DIGITS]} does not cover it: "
            f"{'; '.join(reasons)}",
            next_step=f"trimtab approve {name}",
        )
    ttl_s = occasion.policy.approval.ttl_s
    yes = rest_on(given, saved.report, at=occasion.at, ttl_s=ttl_s)
    approve(saved.plan, saved.report, yes, now=occasion.at)
    return yes
