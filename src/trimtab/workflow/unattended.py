"""How a run that nobody watches comes to its yes: a standing approval that covers the plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from trimtab.approval import Occasion, idle, lapses, uncovered
from trimtab.domain.approved import Approval, ApprovalKind
from trimtab.domain.errors import ApprovalError, UnreadNotices
from trimtab.domain.findings import GateReport
from trimtab.domain.plan import Plan
from trimtab.domain.policy import Policy
from trimtab.domain.snapshot import AccountKey
from trimtab.domain.standing_approval import DAY, StandingRecord, StandingScope, Unproved
from trimtab.ports import Ledger
from trimtab.workflow.inquiry import Desk

TOLD_MAX: Final = 3
"""Standing approvals that a refusal speaks of, the newest; the rest is counted."""
SHOWN_DIGITS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One standing approval as it stands now, whatever a plan may be."""

    record: StandingRecord
    idle: tuple[str, ...]
    """Why it covers nothing now; empty while it is in force."""
    drawn: Decimal
    """What rested on it in the last 24 hours, quote units, >= 0."""

    @property
    def is_in_force(self) -> bool:
        """Whether some plan could be covered by it."""
        return not self.idle


async def look_at_standing(
    ledger: Ledger, policy: Policy, *, key: AccountKey, at: datetime
) -> tuple[Standing, ...]:
    """Return every standing approval as it stands at an instant, oldest first.

    Raises:
        LedgerError: the ledger cannot be read.

    """
    records, halted = await ledger.standing_approvals(), await ledger.halted()
    occasion = Occasion(key=key, policy=policy, halted=halted, at=at)
    return tuple(
        Standing(record=r, idle=idle(r, occasion), drawn=r.drawn_since(at - DAY)) for r in records
    )


async def standing_yes(desk: Desk, policy: Policy, plan: Plan, report: GateReport) -> Approval:
    """Record the yes of the oldest standing approval that covers *plan*, and return it.

    Raises:
        UnreadNotices: something critical was told that nobody has read; the plan stays pending.
        ApprovalError: none covers it, or another run took the last of its cap; it stays pending.

    """
    await _all_read(desk.ledger, plan)
    records = await desk.ledger.standing_approvals()
    halted, at = await desk.ledger.halted(), desk.clock.now()
    occasion = Occasion(key=plan.key, policy=policy, halted=halted, at=at)
    against = {record.digest: uncovered(plan, report, record, occasion) for record in records}
    for record in records:
        if not against[record.digest]:
            return await desk.ledger.approve_standing(
                plan.digest, standing=record.digest, policy=policy, at=at
            )
    raise ApprovalError(
        f"plan {plan.digest[:SHOWN_DIGITS]}: no standing approval covers it "
        f"({_told(against.items())}); nothing was sent, it stays pending",
        next_step=f"trimtab approve {plan.digest[:SHOWN_DIGITS]}, or trimtab standing list",
    )


async def _all_read(ledger: Ledger, plan: Plan) -> None:
    """Refuse to go on unwatched while a critical notice waits for somebody to read it.

    Raises:
        UnreadNotices: one does.

    """
    unread = [record.notice for record in await ledger.notices() if record.holds]
    if unread:
        last = unread[-1]
        more = f" and {len(unread) - 1} more" if len(unread) > 1 else ""
        raise UnreadNotices(
            f"plan {plan.digest[:SHOWN_DIGITS]}: nobody has read notice {last.id} ({last.kind})"
            f"{more}; nothing was sent, it stays pending",
            next_step=f"trimtab notify list, then trimtab notify ack {last.id}",
        )


def _told(against: Iterable[tuple[str, tuple[str, ...]]]) -> str:
    """Return what keeps each standing approval from covering a plan, the newest first."""
    told = [f"{digest[:SHOWN_DIGITS]}: {'; '.join(why)}" for digest, why in against][::-1]
    more = [f"and {len(told) - TOLD_MAX} more"] if len(told) > TOLD_MAX else []
    return " | ".join(told[:TOLD_MAX] + more) or "none was granted"


async def resting_on(desk: Desk, approval: Approval) -> StandingScope | None:
    """Return what the standing approval is for that *approval* rests on, None for a person's yes.

    Raises:
        ApprovalError: it is over, or cannot be proved.

    """
    if approval.kind is not ApprovalKind.STANDING:
        return None
    record = _named(await desk.ledger.standing_approvals(), approval.by)
    over, given = lapses(record, at=desk.clock.now()), record.approval
    if isinstance(given, Unproved) or over:
        raise ApprovalError(
            f"plan {approval.plan_digest[:SHOWN_DIGITS]}: its standing approval "
            f"{record.digest[:SHOWN_DIGITS]} {'; '.join(over)}; nothing was sent",
            next_step="trimtab standing list",
        )
    return given.scope


def _named(records: Iterable[StandingRecord], digest: str) -> StandingRecord:
    """Return the standing approval of that name; one that is not there is unproved."""
    why = Unproved(why="is not in the ledger")
    missing = StandingRecord(digest=digest, approval=why, revoked=None, uses=())
    return next((record for record in records if record.digest == digest), missing)
