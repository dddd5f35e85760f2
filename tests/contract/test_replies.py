"""What every ledger makes of replies: in memory, on disk and on a server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.builders import KEY, NOW, dec, plan, policy, report_on
from tests.contract.ledger_cases import SNAPSHOT, StandingClock
from tests.contract.server_cases import needs_server, own_schema
from tests.fakes.memory_ledger import MemoryStore, open_memory_ledger
from trimtab.adapters.ledger.sql_ledger import SqlLedger, open_ledger
from trimtab.domain.approved import ApprovalKind
from trimtab.domain.canonical import digest
from trimtab.domain.errors import LedgerError
from trimtab.domain.one_time import step_of
from trimtab.domain.plan import Plan
from trimtab.domain.replies import (
    PER_PLAN_MAX,
    WRONG_MAX,
    WRONG_OF_DAY_MAX,
    Heard,
    Reply,
    ReplyOutcome,
    Word,
    spoken,
    words_of,
)
from trimtab.ports import Ledger, PlanStatus

Opening = Callable[[bool], AbstractAsyncContextManager[Ledger]]
"""Opens the ledger as another process would; True: for a dry run."""
RULES = policy()
STEP = step_of(NOW)


def plan_at(second: int = 0) -> Plan:
    """Return a plan under RULES that was made some seconds later."""
    return plan(
        SNAPSHOT,
        "sell 0.01 BTC @ 59900",
        made_at=NOW + timedelta(seconds=second),
        expires_at=NOW + timedelta(seconds=second + 300),
        policy_digest=digest(RULES),
    )


PLAN = plan_at()
AT = NOW + timedelta(seconds=5)


def said(
    word: Word = Word.APPROVE,
    number: int = 1,
    *,
    to: Plan = PLAN,
    step: int | None = STEP,
    notional: str = "",
) -> Heard:
    """Return a reply to a plan, the *number*-th message of its channel."""
    words = f"{word} {to.digest[:8]} {notional}" if notional else words_of(to, word)
    read = spoken(f"{words} 123456")
    assert read is not None
    reply = Reply(channel="telegram", message_id=str(number), sender="42", text="", sent_at=AT)
    return Heard(reply=reply, spoken=read, plan_digest=to.digest, step=step)


@pytest.fixture(params=["memory", "disk", pytest.param("server", marks=needs_server)])
def opening(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opening]:
    clock, store = StandingClock(), MemoryStore(key=KEY, began_at=NOW)

    def at(url: str) -> Opening:
        return lambda dry: open_ledger(url, KEY, dry_run=dry, clock=clock)

    match request.param:
        case "memory":
            yield lambda dry: open_memory_ledger(store, KEY, dry_run=dry, clock=clock)
        case "disk":
            yield at(f"sqlite:///{tmp_path / 'ledger.db'}")
        case _:
            with own_schema() as url:
                yield at(url)


async def proposed(ledger: Ledger, *plans: Plan) -> None:
    for each in plans:
        await ledger.save_plan(each, report_on(each), PlanStatus.PROPOSED)


@pytest.fixture
async def ledger(opening: Opening) -> AsyncIterator[Ledger]:
    async with opening(False) as opened:
        await proposed(opened, PLAN)
        yield opened


async def outcome(ledger: Ledger, heard: Heard, *, seconds: int = 5) -> ReplyOutcome | None:
    """Take a reply; return what became of it, None when it was not looked at."""
    at = NOW + timedelta(seconds=seconds)
    record = await ledger.take_reply(heard, policy=RULES, at=at)
    return None if record is None else record.outcome


async def test_a_yes_is_recorded_with_who_said_it_and_approves_the_plan(ledger: Ledger) -> None:
    assert await outcome(ledger, said()) is ReplyOutcome.APPROVED
    saved = await ledger.plan(PLAN.digest)
    assert (saved.status, saved.approval is None) == (PlanStatus.APPROVED, False)
    assert saved.approval is not None
    assert (saved.approval.kind, saved.approval.by) == (ApprovalKind.REPLY, "telegram 42")
    assert saved.approval.expires_at == AT + timedelta(seconds=RULES.approval.ttl_s)
    (record,) = await ledger.replies()
    assert (record.message_id, record.sender, record.code_step, record.at) == ("1", "42", STEP, AT)


async def test_a_no_declines_the_plan(ledger: Ledger) -> None:
    assert await outcome(ledger, said(Word.REJECT)) is ReplyOutcome.REJECTED
    assert (await ledger.plan(PLAN.digest)).status is PlanStatus.DECLINED


async def test_a_message_is_taken_once_by_whoever_reads_it(opening: Opening) -> None:
    async with opening(False) as ledger:
        await proposed(ledger, PLAN)
        wrong = said(step=None)
        assert await outcome(ledger, wrong) is ReplyOutcome.WRONG_CODE
        assert await outcome(ledger, wrong) is None
    async with opening(False) as ledger:  # After a restart too.
        assert await outcome(ledger, replace(wrong, step=STEP)) is None
        assert len(await ledger.replies()) == 1


async def test_a_code_decides_once_after_a_restart_too(opening: Opening) -> None:
    async with opening(False) as ledger:
        await proposed(ledger, PLAN)
        assert await outcome(ledger, said(Word.REJECT)) is ReplyOutcome.REJECTED
    async with opening(False) as ledger:
        later = plan_at(second=1)
        await proposed(ledger, later)
        assert await outcome(ledger, said(to=later, number=2)) is ReplyOutcome.OLD_CODE
        assert (await ledger.plan(later.digest)).status is PlanStatus.PROPOSED
        fresh = said(to=later, number=3, step=STEP + 1)
        assert await outcome(ledger, fresh, seconds=31) is ReplyOutcome.APPROVED


async def test_a_right_code_with_a_wrong_notional_is_used_up(ledger: Ledger) -> None:
    assert await outcome(ledger, said(notional="1")) is ReplyOutcome.WRONG_NOTIONAL
    assert await outcome(ledger, said(number=2)) is ReplyOutcome.OLD_CODE


async def test_three_wrong_replies_lock_the_plan_and_no_other(ledger: Ledger) -> None:
    for number in range(WRONG_MAX):
        wrong = said(step=None, number=number)
        assert await outcome(ledger, wrong) is ReplyOutcome.WRONG_CODE
    assert await outcome(ledger, said(number=9)) is ReplyOutcome.LOCKED
    assert (await ledger.plan(PLAN.digest)).status is PlanStatus.PROPOSED
    later = plan_at(second=1)
    await proposed(ledger, later)
    fresh = said(to=later, number=10, step=STEP + 1)
    assert await outcome(ledger, fresh) is ReplyOutcome.APPROVED


async def test_ten_wrong_replies_within_a_day_lock_every_plan(ledger: Ledger) -> None:
    plans = [plan_at(second=10 * each) for each in range(1, 6)]
    number = 0
    for each in plans[:4]:
        await proposed(ledger, each)
        for _ in range(WRONG_MAX):
            number += 1
            await outcome(ledger, said(to=each, number=number, step=None))
    wrong = [r for r in await ledger.replies() if r.outcome.is_wrong]
    assert len(wrong) == WRONG_OF_DAY_MAX
    await proposed(ledger, plans[4])
    right = said(to=plans[4], number=50, step=STEP + 9)
    assert await outcome(ledger, right) is ReplyOutcome.LOCKED


async def test_what_was_wrong_a_day_ago_counts_no_more(ledger: Ledger) -> None:
    number, day = 0, 86_400
    for second in range(1, 5):
        each = plan_at(second=second)
        await proposed(ledger, each)
        for _ in range(WRONG_MAX):
            number += 1
            await outcome(ledger, said(to=each, number=number, step=None))
    tomorrow = plan_at(second=day)
    await proposed(ledger, tomorrow)
    steps = day // 30
    early = said(to=tomorrow, number=90, step=STEP + steps)
    assert await outcome(ledger, early, seconds=day + 4) is ReplyOutcome.LOCKED
    late = said(to=tomorrow, number=91, step=STEP + steps + 1)
    assert await outcome(ledger, late, seconds=day + 5) is ReplyOutcome.APPROVED


async def test_a_plan_takes_so_many_replies_and_then_none_is_recorded(ledger: Ledger) -> None:
    for number in range(PER_PLAN_MAX):
        assert await outcome(ledger, said(step=None, number=number)) is not None
    assert await outcome(ledger, said(number=99)) is None
    assert len(await ledger.replies()) == PER_PLAN_MAX


async def test_only_the_newest_pending_plan_is_decided(ledger: Ledger) -> None:
    later = plan_at(second=1)
    await proposed(ledger, later)
    assert await outcome(ledger, said()) is ReplyOutcome.NOT_NEWEST
    await ledger.set_plan_status(later.digest, PlanStatus.DECLINED)
    assert await outcome(ledger, said(number=2, step=STEP + 1)) is ReplyOutcome.APPROVED


async def test_a_plan_whose_time_is_over_is_not_pending(ledger: Ledger) -> None:
    seconds = int((PLAN.expires_at - NOW).total_seconds())
    late = said(step=STEP + seconds // 30)
    assert await outcome(ledger, late, seconds=seconds) is ReplyOutcome.NOT_PENDING
    assert (await ledger.plan(PLAN.digest)).status is PlanStatus.PROPOSED


async def test_a_plan_of_other_rules_is_not_pending(ledger: Ledger) -> None:
    rules = replace(RULES, limits=replace(RULES.limits, max_leverage=dec("0.1")))
    record = await ledger.take_reply(said(), policy=rules, at=AT)
    assert record is not None
    assert record.outcome is ReplyOutcome.NOT_PENDING


async def test_a_plan_above_the_second_question_is_not_approved_by_a_reply(
    ledger: Ledger,
) -> None:
    rules = replace(RULES, approval=replace(RULES.approval, two_step_above=dec(1)))
    large = replace(plan_at(second=1), policy_digest=digest(rules))
    await proposed(ledger, large)
    record = await ledger.take_reply(said(to=large), policy=rules, at=AT)
    assert record is not None
    assert record.outcome is ReplyOutcome.AT_THE_MACHINE
    assert (await ledger.plan(large.digest)).status is PlanStatus.PROPOSED


async def test_of_two_replies_at_once_one_decides(ledger: Ledger) -> None:
    ended = await asyncio.gather(
        outcome(ledger, said()), outcome(ledger, said(Word.REJECT, number=2))
    )
    assert sorted(str(each) for each in ended) == ["approved", "not_pending"]


async def test_a_dry_run_takes_no_reply_and_a_plan_of_nobody_has_none(opening: Opening) -> None:
    async with opening(True) as ledger:
        with pytest.raises(LedgerError, match="a dry run takes no reply"):
            await outcome(ledger, said())
        assert await ledger.replies() == ()
    async with opening(False) as ledger:
        with pytest.raises(LedgerError):
            await outcome(ledger, said())
        assert await ledger.replies() == ()


async def test_the_ledger_proves_replies_and_keeps_no_code(opening: Opening) -> None:
    async with opening(False) as ledger:
        await proposed(ledger, PLAN)
        await outcome(ledger, said())
        if isinstance(ledger, SqlLedger):
            report = await ledger.audit.verify()
            assert report.faults == ()
            text = str(await ledger.audit.events())
            assert "reply_taken" in text
            assert "123456" not in text
