"""A reply decides a plan only with its digest, its notional and a code that nobody has used."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import NOW, account, plan
from trimtab.domain.one_time import step_of
from trimtab.domain.plan import Plan
from trimtab.domain.replies import (
    TEXT_MAX,
    WRONG_MAX,
    WRONG_OF_DAY_MAX,
    Heard,
    Reply,
    ReplyOutcome,
    Spoken,
    Standing,
    Word,
    judged,
    spoken,
    words_of,
)

SNAPSHOT = account("BTC 0.1 @ 60000, ETH 1 @ 3000, USDT 1000, wallet 100")
PLAN: Plan = plan(SNAPSHOT, "sell 0.01 BTC", "then buy 0.1 perp ETH")
STEP = step_of(NOW)
OPEN = Standing(
    is_pending=True, is_newest=True, needs_terminal=False, wrong=0, wrong_of_day=0, last_step=0
)


def heard(text: str, step: int | None = STEP) -> Heard:
    """Return a reply to PLAN, whose code proves a step."""
    said = spoken(text)
    assert said is not None
    reply = Reply(channel="telegram", message_id="7", sender="42", text=text, sent_at=NOW)
    return Heard(reply=reply, spoken=said, plan_digest=PLAN.digest, step=step)


YES = heard(f"{words_of(PLAN, Word.APPROVE)} 123456")
NO = heard(f"{words_of(PLAN, Word.REJECT)} 123456")


def test_the_words_name_the_plan_and_its_whole_notional() -> None:
    assert words_of(PLAN, Word.APPROVE) == f"approve {PLAN.digest[:8]} 900"
    assert words_of(PLAN, Word.REJECT) == f"reject {PLAN.digest[:8]} 900"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("approve 1a2b3c4d 900 123456", (Word.APPROVE, "1a2b3c4d", "900", "123456")),
        ("  Approve 1A2B3C4D  900\n123 456 ", (Word.APPROVE, "1a2b3c4d", "900", "123456")),
        ("/reject 1a2b3c4d5e 0 000000", (Word.REJECT, "1a2b3c4d5e", "0", "000000")),
    ],
)
def test_a_reply_is_read_as_people_type_it(text: str, said: tuple[Word, str, str, str]) -> None:
    word, digest, notional, code = said
    assert spoken(text) == Spoken(word=word, digest=digest, notional=notional, code=code)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yes",
        "approve",
        "approve 123456",
        "approve 1a2b3c4d 123456",
        "approve 1a2b3c4 900 123456",
        "approve 1a2b3c4d 900 12345",
        "approve 1a2b3c4d 900 1234567",
        "approve 1a2b3c4d 900.5 123456",
        "approve 1a2b3c4d -900 123456",
        "approve 1a2b3c4d 900 123456 please",
        "approve 1a2b3c4d 900 ١٢٣٤٥٦",
        "Reply approve 1a2b3c4d 900 123456",
        f"approve 1a2b3c4d 900 {' ' * TEXT_MAX}123456",
    ],
)
def test_what_is_no_reply_says_nothing(text: str) -> None:
    assert spoken(text) is None


def test_a_yes_and_a_no_decide() -> None:
    assert judged(YES, PLAN, OPEN) is ReplyOutcome.APPROVED
    assert judged(NO, PLAN, OPEN) is ReplyOutcome.REJECTED


@pytest.mark.parametrize("reply", [YES, NO])
@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"wrong": WRONG_MAX}, ReplyOutcome.LOCKED),
        ({"wrong_of_day": WRONG_OF_DAY_MAX}, ReplyOutcome.LOCKED),
        ({"is_pending": False}, ReplyOutcome.NOT_PENDING),
        ({"is_newest": False}, ReplyOutcome.NOT_NEWEST),
        ({"last_step": STEP}, ReplyOutcome.OLD_CODE),
        ({"last_step": STEP + 1}, ReplyOutcome.OLD_CODE),
    ],
)
def test_what_a_reply_meets_keeps_it_out(
    reply: Heard, changes: dict[str, int], outcome: ReplyOutcome
) -> None:
    assert judged(reply, PLAN, replace(OPEN, **changes)) is outcome


@pytest.mark.parametrize(
    "changes",
    [
        {"wrong": WRONG_MAX - 1},
        {"wrong_of_day": WRONG_OF_DAY_MAX - 1},
        {"last_step": STEP - 1},
    ],
)
def test_what_is_just_inside_its_bound_does_not(changes: dict[str, int]) -> None:
    assert judged(YES, PLAN, replace(OPEN, **changes)) is ReplyOutcome.APPROVED


def test_a_plan_that_needs_the_terminal_is_rejected_but_not_approved_by_a_reply() -> None:
    large = replace(OPEN, needs_terminal=True)
    assert judged(YES, PLAN, large) is ReplyOutcome.AT_THE_MACHINE
    assert judged(NO, PLAN, large) is ReplyOutcome.REJECTED


def test_without_the_code_nothing_is_decided_not_even_a_no() -> None:
    for reply in (YES, NO):
        assert judged(replace(reply, step=None), PLAN, OPEN) is ReplyOutcome.WRONG_CODE


def test_a_code_that_began_before_the_plan_was_made_proves_nothing_about_it() -> None:
    assert judged(replace(YES, step=STEP - 1), PLAN, OPEN) is ReplyOutcome.OLD_CODE


def test_the_notional_of_another_plan_is_wrong_even_with_a_right_code() -> None:
    other = heard(f"approve {PLAN.digest[:8]} 901 123456")
    assert judged(other, PLAN, OPEN) is ReplyOutcome.WRONG_NOTIONAL


def test_what_proves_nothing_counts_as_wrong_and_what_comes_too_late_does_not() -> None:
    wrong = {outcome for outcome in ReplyOutcome if outcome.is_wrong}
    assert wrong == {ReplyOutcome.WRONG_CODE, ReplyOutcome.OLD_CODE, ReplyOutcome.WRONG_NOTIONAL}
