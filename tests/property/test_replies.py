"""Whatever is replied, in whatever order: only a fresh code of the person's decides a plan."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import KEY, NOW, account, plan, policy, report_on
from tests.fakes.memory_ledger import MemoryLedger, MemoryStore
from trimtab.domain.canonical import digest
from trimtab.domain.one_time import step_of
from trimtab.domain.plan import Plan
from trimtab.domain.replies import (
    WRONG_MAX,
    Heard,
    Reply,
    ReplyOutcome,
    ReplyRecord,
    Word,
    notional_of,
    spoken,
)
from trimtab.ports import PlanStatus

RULES: Final = policy()
SNAPSHOT: Final = account("USDT 700, BTC 0.1 @ 60000, ETH 1 @ 3000")
LIFE_S: Final = 300
FIRST_STEP: Final = step_of(NOW)


def plan_at(second: int) -> Plan:
    """Return a plan that was made some seconds after the beginning."""
    made_at = NOW + timedelta(seconds=second)
    return plan(
        SNAPSHOT,
        "sell 0.01 BTC @ 59900",
        made_at=made_at,
        expires_at=made_at + timedelta(seconds=LIFE_S),
        policy_digest=digest(RULES),
    )


PLANS: Final = tuple(plan_at(40 * number) for number in range(2))
"""Each is made while those before it may be pending."""


@dataclass(frozen=True, kw_only=True)
class Said:
    """One message: to which plan, what, with what code, and how long after the one before."""

    number: int
    """The message's own; some come twice."""
    plan: int
    word: Word
    is_right: bool
    """Whether the notional is the plan's."""
    step: int | None
    """Steps after the beginning whose code it carries; None for a wrong one."""
    after_s: int


MESSAGES: Final = st.lists(
    st.builds(
        Said,
        number=st.integers(0, 60),
        plan=st.integers(0, len(PLANS) - 1),
        word=st.sampled_from(Word),
        is_right=st.sampled_from((True, True, True, False)),
        step=st.none() | st.integers(-1, 14),
        after_s=st.integers(0, 40),
    ),
    max_size=25,
)


def heard(said: Said) -> Heard:
    """Return a message as it was heard."""
    to = PLANS[said.plan]
    notional = notional_of(to) if said.is_right else "1"
    read = spoken(f"{said.word} {to.digest[:8]} {notional} 000000")
    assert read is not None
    named = str(said.number)
    reply = Reply(channel="ntfy", message_id=named, sender="unnamed", text="", sent_at=NOW)
    step = None if said.step is None else FIRST_STEP + said.step
    return Heard(reply=reply, spoken=read, plan_digest=to.digest, step=step)


async def lived(messages: list[Said]) -> list[tuple[Said, ReplyRecord, PlanStatus]]:
    """Live through messages; return what was taken, with how its plan stood before."""
    ledger, at, made = MemoryLedger(MemoryStore(key=KEY, began_at=NOW)), NOW, 0
    taken = []
    for said in messages:
        at += timedelta(seconds=said.after_s)
        while made < len(PLANS) and (PLANS[made].made_at <= at or made <= said.plan):
            await ledger.save_plan(PLANS[made], report_on(PLANS[made]), PlanStatus.PROPOSED)
            made += 1
        before = (await ledger.plan(PLANS[said.plan].digest)).status
        record = await ledger.take_reply(heard(said), policy=RULES, at=at)
        if record is not None:
            taken.append((said, record, before))
            await _agrees(ledger, record, before)
    return taken


async def _agrees(ledger: MemoryLedger, record: ReplyRecord, before: PlanStatus) -> None:
    """Hold that a plan moved only where a reply decided it."""
    after = (await ledger.plan(record.plan_digest)).status
    moved = {ReplyOutcome.APPROVED: PlanStatus.APPROVED, ReplyOutcome.REJECTED: PlanStatus.DECLINED}
    assert after is moved.get(record.outcome, before)


@given(MESSAGES)
def test_a_plan_is_decided_once_by_a_code_that_is_fresh_and_decides_nothing_else(
    messages: list[Said],
) -> None:
    taken = asyncio.run(lived(messages))
    assert len({record.message_id for _, record, _ in taken}) == len(taken)
    used: list[int] = []
    wrong: dict[str, int] = {}
    for said, record, before in taken:
        if record.outcome in (ReplyOutcome.APPROVED, ReplyOutcome.REJECTED):
            made = PLANS[said.plan]
            assert before is PlanStatus.PROPOSED
            assert record.at < made.expires_at
            assert said.is_right
            assert record.code_step >= step_of(made.made_at)
            assert record.code_step > max(used, default=0)
            assert wrong.get(record.plan_digest, 0) < WRONG_MAX
        if record.outcome.is_wrong:
            wrong[record.plan_digest] = wrong.get(record.plan_digest, 0) + 1
        if record.code_step:
            used.append(record.code_step)


@given(MESSAGES)
def test_without_the_secret_nothing_is_ever_decided(messages: list[Said]) -> None:
    guesses = [replace(each, step=None) for each in messages]
    for _, record, _ in asyncio.run(lived(guesses)):
        assert record.outcome not in (ReplyOutcome.APPROVED, ReplyOutcome.REJECTED)
