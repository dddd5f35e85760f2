"""Replies are heard while a plan waits: what names it is taken, what fails is said once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from tests.builders import KEY, NOW, account, plan, policy, report_on
from tests.fakes.memory_ledger import MemoryLedger, MemoryStore
from tests.fakes.virtual_clock import VirtualClock
from trimtab.domain.canonical import digest
from trimtab.domain.errors import ChannelError
from trimtab.domain.one_time import code_of, step_of
from trimtab.domain.replies import Reply, ReplyOutcome, Word, words_of
from trimtab.ports import PlanStatus
from trimtab.workflow.replies import AHEAD, Ear, hear, listen

SECRET = b"12345678901234567890"
RULES = policy()
PLAN = plan(
    account("USDT 700, BTC 0.1 @ 60000"),
    "sell 0.01 BTC @ 59900",
    policy_digest=digest(RULES),
    expires_at=NOW + timedelta(seconds=300),
)


@dataclass
class Messages:
    """A channel whose messages a test writes."""

    channel: str = "telegram"
    fault: str = ""
    kept: list[Reply] = field(default_factory=list)
    asked: list[datetime] = field(default_factory=list)

    async def read(self, *, since: datetime) -> Sequence[Reply]:
        self.asked.append(since)
        if self.fault:
            raise ChannelError(self.fault)
        return tuple(self.kept)

    def say(self, text: str, *, seconds: float = 1) -> None:
        sent_at = NOW + timedelta(seconds=seconds)
        named = str(len(self.kept))
        self.kept.append(
            Reply(channel=self.channel, message_id=named, sender="42", text=text, sent_at=sent_at)
        )


@dataclass
class Stage:
    """An ear, and everything around it."""

    clock: VirtualClock = field(default_factory=VirtualClock)
    ledger: MemoryLedger = field(
        default_factory=lambda: MemoryLedger(MemoryStore(key=KEY, began_at=NOW))
    )
    messages: Messages = field(default_factory=Messages)
    notes: list[str] = field(default_factory=list)

    def ear(self, *more: Messages) -> Ear:
        return Ear(
            ledger=self.ledger,
            clock=self.clock,
            policy=RULES,
            owner="ada",
            channels=(self.messages, *more),
            secret=SECRET,
            note=self.notes.append,
        )

    async def heard(self) -> list[ReplyOutcome]:
        return [record.outcome for record in await hear(self.ear())]


@pytest.fixture
async def stage() -> Stage:
    made = Stage()
    made.clock.move((NOW - made.clock.now()).total_seconds() + 2)
    await made.ledger.save_plan(PLAN, report_on(PLAN), PlanStatus.PROPOSED)
    return made


def code(seconds: float = 1) -> str:
    """Return what the app shows some seconds after the plan was made."""
    return code_of(SECRET, step_of(NOW + timedelta(seconds=seconds)))


async def status(stage: Stage) -> PlanStatus:
    return (await stage.ledger.plan(PLAN.digest)).status


async def test_a_reply_that_names_the_plan_is_taken_once(stage: Stage) -> None:
    stage.messages.say("good morning")
    stage.messages.say(f"{words_of(PLAN, Word.APPROVE)} {code()}")
    assert await stage.heard() == [ReplyOutcome.APPROVED]
    assert await status(stage) is PlanStatus.APPROVED
    assert stage.messages.asked == [PLAN.made_at]


async def test_nothing_is_read_while_no_plan_waits(stage: Stage) -> None:
    await stage.ledger.set_plan_status(PLAN.digest, PlanStatus.DECLINED)
    stage.messages.say(f"{words_of(PLAN, Word.APPROVE)} {code()}")
    assert await stage.heard() == []
    assert stage.messages.asked == []


async def test_what_names_a_plan_of_another_account_is_not_ours_to_judge(stage: Stage) -> None:
    other = "0" * 8 if not PLAN.digest.startswith("0" * 8) else "1" * 8
    stage.messages.say(f"approve {other} 599 000000")
    assert await stage.heard() == []
    assert await stage.ledger.replies() == ()


async def test_a_code_is_proved_by_the_time_its_message_was_sent(stage: Stage) -> None:
    stage.clock.move(200)
    stage.messages.say(f"{words_of(PLAN, Word.APPROVE)} {code(40)}", seconds=40)
    assert await stage.heard() == [ReplyOutcome.APPROVED]


async def test_a_code_of_now_in_a_message_of_long_ago_is_wrong(stage: Stage) -> None:
    stage.clock.move(200)
    stage.messages.say(f"{words_of(PLAN, Word.APPROVE)} {code(200)}", seconds=40)
    assert await stage.heard() == [ReplyOutcome.WRONG_CODE]


async def test_a_channel_whose_clock_is_far_ahead_proves_nothing_of_the_future(
    stage: Stage,
) -> None:
    ahead = AHEAD.total_seconds() + 120
    stage.messages.say(f"{words_of(PLAN, Word.APPROVE)} {code(ahead)}", seconds=ahead)
    at_bound = AHEAD.total_seconds() + 2 + 30
    stage.messages.say(f"{words_of(PLAN, Word.APPROVE)} {code(at_bound)}", seconds=ahead)
    assert await stage.heard() == [ReplyOutcome.WRONG_CODE] * 2
    assert await status(stage) is PlanStatus.PROPOSED


async def test_one_channel_that_is_away_keeps_no_other_back_and_is_noted(stage: Stage) -> None:
    away = Messages(channel="ntfy", fault="no answer (ReadTimeout)")
    stage.messages.say(f"{words_of(PLAN, Word.REJECT)} {code()}")
    (record,) = await hear(stage.ear(away))
    assert record.outcome is ReplyOutcome.REJECTED
    assert stage.notes == ["replies: ntfy: no answer (ReadTimeout); next: trimtab notify replies"]


async def test_all_channels_away_is_an_error(stage: Stage) -> None:
    stage.messages.fault = "answered 401"
    with pytest.raises(ChannelError, match="telegram: answered 401"):
        await stage.heard()


async def test_who_listens_goes_on_after_a_fault_says_it_once_and_tells_what_was_taken(
    stage: Stage,
) -> None:
    told: list[int] = []

    async def tell() -> None:
        told.append(len(await stage.ledger.replies()))

    stage.messages.fault = "answered 500"
    listening = asyncio.ensure_future(listen(stage.ear(), tell))
    await _turns()
    assert len(stage.messages.asked) > 2
    stage.messages.fault = ""
    stage.messages.say(f"{words_of(PLAN, Word.APPROVE)} {code()}")
    await _turns()
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    assert told == [1]
    assert stage.notes == [
        "no replies were read: telegram: answered 500; next: trimtab notify replies"
    ]


async def _turns() -> None:
    """Let whoever listens take some turns."""
    for _ in range(120):
        await asyncio.sleep(0)
