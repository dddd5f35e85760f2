"""A run that nobody watches: its yes rests on a standing approval until its last order."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.builders import KEY, account, dec, policy
from tests.fakes.memory_ledger import MemoryLedger
from tests.fakes.spoken_references import SpokenReferences
from tests.standing_cases import BTC, ETH, caps, scope, standing
from tests.unit.risk.cases import KEY_IN_ORDER
from tests.workflow.counter import RULES, Counter
from trimtab.domain.approved import ApprovalKind
from trimtab.domain.canonical import digest
from trimtab.domain.errors import AccountHeld, ApprovalError
from trimtab.domain.instruments import Asset
from trimtab.domain.orders import OrderIntent
from trimtab.domain.policy import ReferencePolicy
from trimtab.domain.references import ReferenceSource
from trimtab.domain.rights import KeyRights
from trimtab.domain.snapshot import Environment
from trimtab.domain.standing_approval import StandingApproval, StandingCaps
from trimtab.ports import PlanStatus, SavedPlan
from trimtab.workflow.run import Consent, Runner, run

WIDE = caps(order=3_000, run=3_000, day=9_000, runs=9)


async def granted(counter: Counter, limited: StandingCaps = WIDE, **named: Any) -> StandingApproval:
    """Grant what the counter's plans fit in, for a day."""
    given = standing(
        within=scope(symbols=(BTC, ETH), policy_digest=digest(RULES), **named),
        limited=limited,
        granted_at=counter.clock.now(),
        expires_at=counter.clock.now() + timedelta(days=1),
    )
    await MemoryLedger(counter.store).grant_standing(given)
    return given


async def revoked(counter: Counter, given: StandingApproval) -> None:
    """Take it back, as another terminal does."""
    at = counter.clock.now()
    await MemoryLedger(counter.store).revoke_standing(given.digest, by="bob", at=at)


class Meanwhile(MemoryLedger):
    """A ledger in which something happens just before the first call of a name."""

    def __init__(self, counter: Counter, name: str, happens: Callable[[], Awaitable[None]]) -> None:
        super().__init__(counter.store)
        self._name, self._happens = name, happens

    async def _now(self, name: str) -> None:
        if name == self._name:
            self._name = ""
            await self._happens()

    async def holder(self) -> str | None:
        await self._now("holder")
        return await super().holder()

    async def approve_standing(
        self, plan_digest: str, *, standing: str, policy: Any, at: datetime
    ) -> Any:
        await self._now("approve_standing")
        return await super().approve_standing(plan_digest, standing=standing, policy=policy, at=at)

    async def plan(self, digest_prefix: str) -> SavedPlan:
        await self._now("plan")
        return await super().plan(digest_prefix)

    async def statement(self) -> Any:
        if self.store.holder is not None:  # The gate looks at it too, before the yes.
            await self._now("statement")
        return await super().statement()

    async def begin(
        self, intents: Sequence[OrderIntent], *, at: datetime, halt_seen: str | None
    ) -> None:
        await self._now("begin")
        await super().begin(intents, at=at, halt_seen=halt_seen)


async def test_a_covered_plan_is_executed_and_nobody_is_asked() -> None:
    counter = Counter()
    given = await granted(counter)
    result = await counter.run(Consent.STANDING)
    assert (result.status, counter.sent, counter.person.asked) == (PlanStatus.EXECUTED, 1, 0)
    saved = await MemoryLedger(counter.store).plan(result.plan.digest)
    assert saved.approval is not None
    assert (saved.approval.kind, saved.approval.by) == (ApprovalKind.STANDING, given.digest)


async def test_the_oldest_that_covers_the_plan_is_used() -> None:
    counter = Counter()
    narrow = await granted(counter, caps(order=1, run=1, day=1))
    first, _ = (
        await granted(counter),
        await granted(counter, caps(order=3_000, run=3_000, day=3_001)),
    )
    await counter.run(Consent.STANDING)
    used = {name: len(record.uses) for name, record in counter.store.standings.items()}
    assert (used[narrow.digest], used[first.digest], sum(used.values())) == (0, 1, 1)


async def test_an_uncovered_plan_stays_pending_and_every_reason_is_told() -> None:
    counter = Counter()
    for cap in (900, 800, 700, 600):
        await granted(counter, caps(order=cap, run=cap, day=9_000))
    with pytest.raises(ApprovalError, match="no standing approval covers it") as refused:
        await counter.run(Consent.STANDING)
    told = str(refused.value)
    assert told.count("its largest order would be 1002, above its") == 3, told
    assert told.index("above its 600") < told.index("above its 700"), "The newest is told first."
    assert "and 1 more" in told
    (saved,) = counter.store.plans.values()
    assert (saved.status, counter.sent) == (PlanStatus.PROPOSED, 0)


async def test_a_plan_whose_time_is_over_is_not_covered_any_more() -> None:
    counter = Counter()
    await granted(counter)
    saved = await counter.proposed()
    counter.clock.move(RULES.approval.ttl_s)
    with pytest.raises(ApprovalError, match="its time is over"):
        await counter.run_saved(saved, Consent.STANDING)
    assert (counter.status_of(saved), counter.sent) == ("expired", 0)


@pytest.mark.parametrize("when", ["holder", "approve_standing", "plan"])
async def test_revoked_before_the_first_order_nothing_is_sent(when: str) -> None:
    counter = Counter()
    given = await granted(counter)
    ledger = Meanwhile(counter, when, lambda: revoked(counter, given))
    with pytest.raises(ApprovalError, match="was revoked by bob"):
        await counter.run(Consent.STANDING, ledger=ledger)
    assert counter.sent == 0


async def test_revoked_as_the_first_round_begins_nothing_is_sent() -> None:
    counter = Counter()
    given = await granted(counter)
    ledger = Meanwhile(counter, "begin", lambda: revoked(counter, given))
    result = await counter.run(Consent.STANDING, ledger=ledger)
    assert (counter.sent, counter.store.real.orders) == (0, {})
    assert result.execution is not None
    assert "was revoked by bob" in result.execution.note


async def test_expired_between_yes_and_first_order_nothing_is_sent() -> None:
    counter = Counter()
    await granted(counter)

    async def a_day_goes_by() -> None:
        counter.clock.move(86_400)

    ledger = Meanwhile(counter, "statement", a_day_goes_by)
    with pytest.raises(ApprovalError, match="expired"):
        await counter.run(Consent.STANDING, ledger=ledger)
    assert counter.sent == 0


async def test_an_approved_plan_whose_grant_is_over_is_not_executed_later() -> None:
    counter = Counter()
    given = await granted(counter)
    saved = await counter.proposed()
    ledger = MemoryLedger(counter.store)
    at = counter.clock.now()
    await ledger.approve_standing(saved.plan.digest, standing=given.digest, policy=RULES, at=at)
    await revoked(counter, given)
    with pytest.raises(ApprovalError, match=r"its standing approval .* was revoked"):
        await counter.run_saved(await ledger.plan(saved.plan.digest), Consent.ASK)
    del counter.store.standings[given.digest]
    with pytest.raises(ApprovalError, match="is not in the ledger"):
        await counter.run_saved(await ledger.plan(saved.plan.digest), Consent.ASK)
    assert (counter.sent, counter.person.asked) == (0, 0)


async def test_a_halt_on_the_way_ends_the_run_though_reductions_would_pass() -> None:
    counter = Counter()
    await granted(counter, allow_warnings=True)

    async def halted() -> None:
        await MemoryLedger(counter.store).set_halt("a storm", by="ada", at=counter.clock.now())

    ledger = Meanwhile(counter, "statement", halted)
    result = await counter.run(Consent.STANDING, ledger=ledger)
    assert counter.sent == 0
    assert result.execution is not None
    assert "the account is halted (a storm)" in result.execution.note


async def test_while_halted_a_pure_reduction_is_not_covered_either() -> None:
    counter = Counter()
    await granted(counter, allow_warnings=True)
    await MemoryLedger(counter.store).set_halt("a storm", by="ada", at=counter.clock.now())
    with pytest.raises(ApprovalError, match="the account is halted"):
        await counter.run(Consent.STANDING)
    assert counter.sent == 0


async def test_of_two_runs_at_once_one_has_the_last_run() -> None:
    counter = Counter()
    await granted(counter, caps(order=3_000, run=3_000, day=9_000, runs=1))
    plans = [await counter.proposed()]
    counter.clock.move(1)
    plans.append(await counter.proposed())
    ended = await asyncio.gather(
        *(counter.run_saved(saved, Consent.STANDING) for saved in plans), return_exceptions=True
    )
    refused = [each for each in ended if isinstance(each, ApprovalError | AccountHeld)]
    assert (len(refused), counter.sent) == (1, 1)
    (record,) = counter.store.standings.values()
    assert len(record.uses) == 1


class AllRights:
    """A key that may do what a run needs, and no more."""

    async def key_rights(self) -> KeyRights:
        return KEY_IN_ORDER


LIVE_KEY = dataclasses.replace(KEY, environment=Environment.LIVE)


@pytest.mark.parametrize("consent", [Consent.STANDING, Consent.FLAG])
async def test_in_live_a_run_goes_unasked_only_under_a_standing_approval(consent: Consent) -> None:
    rules = policy(
        references=ReferencePolicy(
            sources=tuple(ReferenceSource),
            required=True,
            max_age_s=dec(60),
            max_disagreement_bps=dec(50),
        )
    )
    counter = Counter()
    counter.opening = account("BTC 0.1 @ 60000, ETH 1 @ 3000, USDT 1000", key=LIVE_KEY)
    counter.venue.base = counter.opening
    counter.store.key = LIVE_KEY
    given = standing(
        within=scope(key=LIVE_KEY, policy_digest=digest(rules)),
        limited=WIDE,
        granted_at=counter.clock.now(),
    )
    await MemoryLedger(counter.store).grant_standing(given)
    prices = {"BTC": dec(60_000), "ETH": dec(3_000), "USDT": dec(1)}
    said = {(s, Asset(a)): p for s in ReferenceSource for a, p in prices.items()}
    runner = counter.runner(rules)
    told = dataclasses.replace(
        runner.planner,
        references=SpokenReferences(tuple(ReferenceSource), said, counter.clock),
        keys=AllRights(),
    )
    runner = Runner(planner=told, desk=runner.desk, approver=runner.approver)
    if consent is Consent.FLAG:
        with pytest.raises(ApprovalError, match="--yes approves nothing in live"):
            await run(runner, consent=consent, slot_due=False)
        assert counter.sent == 0
        return
    result = await run(runner, consent=consent, slot_due=False)
    assert (result.status, counter.sent, counter.person.asked) == (PlanStatus.EXECUTED, 1, 0)
