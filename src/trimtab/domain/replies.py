"""Replies to a message about a pending plan: what they say, and whether they are taken. Pure.

A reply names the plan, repeats its notional and carries a one-time code. The code alone would say
yes to anything, so only the newest pending plan can be decided, with a code that began after the
plan was made and that no reply has carried. Source: docs/design/0046-replies.md. Stored enums are
never renamed. Instants aware UTC, values quote units.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from trimtab.domain.exact import shown
from trimtab.domain.one_time import step_of
from trimtab.domain.plan import Plan
from trimtab.domain.question import DIGITS_TYPED, stake_of

WRONG_MAX: Final = 3
"""Wrong replies after which a plan takes none any more."""
WRONG_OF_DAY_MAX: Final = 10
"""Wrong replies within a day, to all plans, after which none is taken until they are past."""
PER_PLAN_MAX: Final = 20
"""Replies that are recorded of one plan; more are not looked at."""
TEXT_MAX: Final = 200
"""Characters of a message that can be a reply."""
_REPLY: Final = re.compile(
    r"\s*/?(approve|reject)\s+([0-9a-f]{8,64})\s+([0-9]{1,15})\s+([0-9]{3})\s?([0-9]{3})\s*",
    re.IGNORECASE | re.ASCII,
)


class Word(StrEnum):
    """What a reply wants."""

    APPROVE = "approve"
    REJECT = "reject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A message from the person who may decide, as a channel brought it."""

    channel: str
    message_id: str
    """The channel's own; no two of its messages share one."""
    sender: str
    """Who sent it, as the channel knows them."""
    text: str
    sent_at: datetime
    """The channel's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """What a reply says."""

    word: Word
    digest: str
    """First digits of the plan's digest, 8 to 64, lower case."""
    notional: str
    """The plan's whole notional as it was typed."""
    code: str
    """Six digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A reply that names a plan of ours, and what its code proved."""

    reply: Reply
    spoken: Spoken
    plan_digest: str
    step: int | None
    """The step of its code; None when it has no step's code."""


class ReplyOutcome(StrEnum):
    """What became of a reply."""

    APPROVED = "approved"
    REJECTED = "rejected"
    WRONG_CODE = "wrong_code"
    OLD_CODE = "old_code"
    """A reply carried it already, or it began before the plan was made."""
    WRONG_NOTIONAL = "wrong_notional"
    LOCKED = "locked"
    """Too many were wrong."""
    NOT_PENDING = "not_pending"
    """It was decided, its time is over, or it was made under other rules."""
    NOT_NEWEST = "not_newest"
    """A plan that was made later is pending."""
    AT_THE_MACHINE = "at_the_machine"
    """A plan like this is approved at the terminal alone."""

    @property
    def is_wrong(self) -> bool:
        """Whether it counts towards :data:`WRONG_MAX`."""
        return self in _WRONG


_WRONG: Final = frozenset(
    {ReplyOutcome.WRONG_CODE, ReplyOutcome.OLD_CODE, ReplyOutcome.WRONG_NOTIONAL}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyRecord:
    """A reply as the ledger has it; its text and code are not kept."""

    channel: str
    message_id: str
    sender: str
    plan_digest: str
    outcome: ReplyOutcome
    code_step: int
    """The step of its code, which no later reply may carry; 0 when it had none's."""
    at: datetime
    """When it was taken, our clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a reply to a plan meets."""

    is_pending: bool
    """Whether it can be decided now, under the rules in force."""
    is_newest: bool
    """Whether no plan that is pending was made later."""
    needs_terminal: bool
    """Whether a yes to it needs the terminal."""
    wrong: int
    """Wrong replies to this plan so far, >= 0."""
    wrong_of_day: int
    """Wrong replies to all plans within a day, >= 0."""
    last_step: int
    """Newest step whose code a reply has carried; 0 before the first."""


def spoken(text: str) -> Spoken | None:
    """Return what a message says, or None when it is no reply to a plan."""
    found = _REPLY.fullmatch(text) if len(text) <= TEXT_MAX else None
    if found is None:
        return None
    word, digest, notional, *code = found.groups()
    return Spoken(
        word=Word(word.lower()), digest=digest.lower(), notional=notional, code="".join(code)
    )


def notional_of(plan: Plan) -> str:
    """Return the notional of *plan* in whole quote units, as a reply repeats it."""
    return shown(stake_of(plan).gross, 0)


def words_of(plan: Plan, word: Word) -> str:
    """Return what is replied to decide exactly *plan*, but for the code."""
    return f"{word} {plan.digest[:DIGITS_TYPED]} {notional_of(plan)}"


def judged(heard: Heard, plan: Plan, standing: Standing) -> ReplyOutcome:
    """Say what becomes of a reply to *plan*."""
    said = heard.spoken
    outcome = _kept_out(said.word, standing)
    if outcome is not None:
        return outcome
    if heard.step is None:
        return ReplyOutcome.WRONG_CODE
    if heard.step <= standing.last_step or heard.step < step_of(plan.made_at):
        return ReplyOutcome.OLD_CODE
    if said.notional != notional_of(plan):
        return ReplyOutcome.WRONG_NOTIONAL
    return ReplyOutcome.APPROVED if said.word is Word.APPROVE else ReplyOutcome.REJECTED


def _kept_out(word: Word, standing: Standing) -> ReplyOutcome | None:
    """Say why no reply decides the plan, whatever its code; None when one may."""
    if standing.wrong >= WRONG_MAX or standing.wrong_of_day >= WRONG_OF_DAY_MAX:
        return ReplyOutcome.LOCKED
    if not standing.is_pending:
        return ReplyOutcome.NOT_PENDING
    if not standing.is_newest:
        return ReplyOutcome.NOT_NEWEST
    if standing.needs_terminal and word is Word.APPROVE:
        return ReplyOutcome.AT_THE_MACHINE
    return None
