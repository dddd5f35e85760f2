"""What a ledger concludes of a reply, as functions of values. Pure.

Every ledger (on disk or in memory) applies these, so that they cannot differ.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from trimtab.approval import approve, grant, needs_terminal
from trimtab.domain.approved import Approval, ApprovalKind
from trimtab.domain.canonical import digest
from trimtab.domain.policy import Policy
from trimtab.domain.replies import (
    PER_PLAN_MAX,
    Heard,
    ReplyRecord,
    Standing,
    judged,
)
from trimtab.ports import PlanHead, PlanStatus, SavedPlan

DAY: Final = timedelta(days=1)
"""How long a wrong reply counts against the others; and no plan is pending for longer."""


def is_taken(heard: Heard, past: Collection[ReplyRecord]) -> bool:
    """Whether a message was taken already, or its plan has had too many to look at one more."""
    reply = heard.reply
    of_plan = sum(each.plan_digest == heard.plan_digest for each in past)
    named = (reply.channel, reply.message_id)
    return of_plan >= PER_PLAN_MAX or any((r.channel, r.message_id) == named for r in past)


def record_of(heard: Heard, saved: SavedPlan, standing: Standing, *, at: datetime) -> ReplyRecord:
    """Return what becomes of a reply."""
    return ReplyRecord(
        channel=heard.reply.channel,
        message_id=heard.reply.message_id,
        sender=heard.reply.sender,
        plan_digest=heard.plan_digest,
        outcome=judged(heard, saved.plan, standing),
        code_step=heard.step or 0,
        at=at,
    )


def standing_of(
    saved: SavedPlan,
    past: Sequence[ReplyRecord],
    heads: Sequence[PlanHead],
    *,
    policy: Policy,
    at: datetime,
) -> Standing:
    """Return what a reply to a plan meets; *heads* are the plans of a day."""
    plan = saved.plan
    is_open = saved.status is PlanStatus.PROPOSED and at < plan.expires_at
    wrong = [each for each in past if each.outcome.is_wrong]
    later = [h for h in heads if h.made_at > plan.made_at and h.status is PlanStatus.PROPOSED]
    return Standing(
        is_pending=is_open and plan.policy_digest == digest(policy),
        is_newest=not later,
        needs_terminal=needs_terminal(plan, saved.report, policy.approval),
        wrong=sum(each.plan_digest == plan.digest for each in wrong),
        wrong_of_day=sum(at - each.at < DAY for each in wrong),
        last_step=max((each.code_step for each in past), default=0),
    )


def yes_of(heard: Heard, saved: SavedPlan, *, ttl_s: int, at: datetime) -> Approval:
    """Return the yes that a reply says, with who said it over which channel.

    Raises:
        ApprovalError: it would approve nothing.

    """
    by = f"{heard.reply.channel} {heard.reply.sender}"
    yes = grant(saved.report, kind=ApprovalKind.REPLY, by=by, at=at, ttl_s=ttl_s)
    approve(saved.plan, saved.report, yes, now=at)
    return yes
