"""How a plan is decided by a reply, and what became of one, as text. Pure; no secrets."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from trimtab.approval import needs_terminal
from trimtab.domain.findings import GateReport
from trimtab.domain.notices import Notice, NoticeKind
from trimtab.domain.plan import Plan
from trimtab.domain.policy import ApprovalPolicy
from trimtab.domain.replies import (
    WRONG_MAX,
    WRONG_OF_DAY_MAX,
    ReplyOutcome,
    ReplyRecord,
    Word,
    words_of,
)
from trimtab.notices import SHOWN_DIGITS, Telling

_BY_OUTCOME: Final[Mapping[ReplyOutcome, tuple[str, str]]] = MappingProxyType(
    {
        ReplyOutcome.APPROVED: ("a reply approved", "Whoever waits for it carries it out."),
        ReplyOutcome.REJECTED: ("a reply rejected", "Nothing of it is sent."),
        ReplyOutcome.WRONG_CODE: ("a reply has a wrong code for", "Nothing was decided."),
        ReplyOutcome.OLD_CODE: (
            "a reply has a used or old code for",
            "Nothing was decided; wait for the next code.",
        ),
        ReplyOutcome.WRONG_NOTIONAL: (
            "a reply names another value for",
            "Nothing was decided, and its code is used up; wait for the next one.",
        ),
        ReplyOutcome.LOCKED: (
            "no more replies are taken for",
            f"{WRONG_MAX} were wrong, or {WRONG_OF_DAY_MAX} within a day; decide at the machine.",
        ),
        ReplyOutcome.NOT_PENDING: (
            "a reply came too late for",
            "It was decided already, its time is over, or the configuration changed.",
        ),
        ReplyOutcome.NOT_NEWEST: (
            "a reply is not for the newest plan:",
            "A later one waits, and only that is decided by a reply.",
        ),
        ReplyOutcome.AT_THE_MACHINE: (
            "a reply cannot approve",
            "A plan like this is approved at the machine.",
        ),
    }
)
"""What is told of a reply, before the plan's name and behind it."""


def how_to_reply(plan: Plan, report: GateReport, rules: ApprovalPolicy) -> tuple[str, ...]:
    """Return the words that decide *plan* from elsewhere."""
    said = f"Reply: {words_of(plan, Word.APPROVE)} CODE"
    if needs_terminal(plan, report, rules):
        said = "A reply does not approve it: a plan like this is approved at the machine."
    last = "CODE is what your authenticator app shows now."
    return (said, f"or: {words_of(plan, Word.REJECT)} CODE", last)


def replied(telling: Telling, record: ReplyRecord) -> Notice:
    """Return what became of a reply; one of each message."""
    name, who = record.plan_digest[:SHOWN_DIGITS], f"{record.channel} {record.sender}"
    what, so = _BY_OUTCOME[record.outcome]
    next_step = f"trimtab approve {name}"
    if record.outcome is ReplyOutcome.APPROVED:
        next_step = f"trimtab run --execute --plan {name}, unless a run waits for it"
    elif record.outcome in (ReplyOutcome.REJECTED, ReplyOutcome.NOT_PENDING):
        next_step = "trimtab plan"
    return telling.notice(
        NoticeKind.REPLIED,
        event=f"{record.channel} {record.message_id}",
        lines=(
            f"{what} plan {name}",
            f"It came from {who} at {record.at:%H:%M:%S} UTC. {so}",
            "If it was not you: trimtab halt, then trimtab notify enrol",
        ),
        next_step=next_step,
    )
