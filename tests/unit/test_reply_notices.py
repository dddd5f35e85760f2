"""What is told of replies names the plan, what became of it, and the command that comes next."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import KEY, NOW, account, dec, plan, policy, report_on
from trimtab import notices
from trimtab.domain.notices import NoticeKind
from trimtab.domain.replies import ReplyOutcome, ReplyRecord
from trimtab.notices import Telling
from trimtab.reply_notices import how_to_reply, replied

SNAPSHOT = account("BTC 0.1 @ 60000, ETH 1 @ 3000, USDT 1000, wallet 100")
PLAN = plan(SNAPSHOT, "sell 0.01 BTC")
TELLING = Telling(key=KEY, at=NOW)
NAME = PLAN.digest[:12]


def record(outcome: ReplyOutcome, message_id: str = "7") -> ReplyRecord:
    return ReplyRecord(
        channel="telegram",
        message_id=message_id,
        sender="42",
        plan_digest=PLAN.digest,
        outcome=outcome,
        code_step=0,
        at=NOW,
    )


def test_the_words_of_both_answers_are_spelt_out() -> None:
    yes, no, code = how_to_reply(PLAN, report_on(PLAN), policy().approval)
    assert yes == f"Reply: approve {PLAN.digest[:8]} 600 CODE"
    assert no == f"or: reject {PLAN.digest[:8]} 600 CODE"
    assert "authenticator" in code


def test_a_plan_that_needs_the_terminal_spells_out_the_no_alone() -> None:
    rules = replace(policy().approval, two_step_above=dec(1))
    first, *rest = how_to_reply(PLAN, report_on(PLAN), rules)
    assert "at the machine" in first
    assert not first.startswith("Reply: ")
    assert rest[0].startswith("or: reject ")


def test_how_to_reply_stands_in_the_notice_of_a_pending_plan() -> None:
    how = how_to_reply(PLAN, report_on(PLAN), policy().approval)
    told = notices.pending(TELLING, PLAN, report_on(PLAN), is_asked=True, how_to_reply=how)
    assert all(line in told.text.splitlines() for line in how)


@pytest.mark.parametrize(
    ("outcome", "words", "next_step"),
    [
        (ReplyOutcome.APPROVED, "a reply approved", "trimtab run --execute --plan"),
        (ReplyOutcome.REJECTED, "a reply rejected", "trimtab plan"),
        (ReplyOutcome.WRONG_CODE, "a reply has a wrong code for", "trimtab approve"),
        (ReplyOutcome.OLD_CODE, "a reply has a used or old code for", "trimtab approve"),
        (ReplyOutcome.WRONG_NOTIONAL, "a reply names another value for", "trimtab approve"),
        (ReplyOutcome.LOCKED, "no more replies are taken for", "trimtab approve"),
        (ReplyOutcome.NOT_PENDING, "a reply came too late for", "trimtab plan"),
        (ReplyOutcome.NOT_NEWEST, "a reply is not for the newest plan:", "trimtab approve"),
        (ReplyOutcome.AT_THE_MACHINE, "a reply cannot approve", "trimtab approve"),
    ],
)
def test_every_outcome_is_told_with_its_plan_and_what_comes_next(
    outcome: ReplyOutcome, words: str, next_step: str
) -> None:
    told = replied(TELLING, record(outcome))
    assert told.kind is NoticeKind.REPLIED
    assert f": {words} plan {NAME}" in told.subject
    assert "It came from telegram 42 at " in told.text
    assert told.next_step.startswith(next_step)


def test_each_message_is_an_event_of_its_own() -> None:
    one, other = record(ReplyOutcome.LOCKED), record(ReplyOutcome.LOCKED, "8")
    assert replied(TELLING, one).id == replied(TELLING, one).id != replied(TELLING, other).id


def test_a_plan_that_nobody_decided_is_told_with_its_end() -> None:
    told = notices.expired(TELLING, PLAN, None)
    assert told.kind is NoticeKind.EXPIRED
    assert f"plan {NAME} was not decided in time: 1 leg, 600.00 USDT" in told.subject
    assert f"{PLAN.expires_at:%H:%M:%S} UTC. Nothing of it was sent." in told.text
