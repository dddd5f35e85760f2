"""Ten years of quarters with crashes, double starts, declines and outages: each is done once.

One seed, one history. At every quarter timers start runs at random, some of them two at once;
processes die at a random call, people say no or nothing, the network is away. In the end each
quarter was done exactly once, and the account went to its target and never beyond.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from tests.builders import policy
from tests.fakes.memory_ledger import MemoryLedger
from tests.fakes.mortal import Death, Killed, Mortal
from tests.workflow.counter import Counter
from trimtab.domain.errors import NotDone, TrimtabError
from trimtab.domain.findings import GateReport
from trimtab.domain.firings import slot_of
from trimtab.domain.plan import Plan
from trimtab.domain.policy import Policy
from trimtab.domain.slots import CatchUp, SlotState, SlotTerms
from trimtab.ports import Answer, PlanStatus
from trimtab.triggers.calendar import Calendar, slot_after, slot_at
from trimtab.workflow.run import Consent, Runner, resolved_first, run
from trimtab.workflow.slots import Schedule, mark_missed, present_slot

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC")
QUARTERS = 40
FIRST = datetime(2026, 12, 1, tzinfo=UTC)
GRACE = timedelta(days=7)
DEATHS = (Death.BEFORE, Death.AFTER, Death.CANCELLED)


def wishes(text: str) -> Policy:
    """Return targets with limits that ten years with the same prices keep."""
    rules = policy(text)
    limits = dataclasses.replace(
        rules.limits, max_snapshot_age_s=Decimal(10**9), max_statement_age_days=3650
    )
    return dataclasses.replace(rules, limits=limits)


WISHES = (wishes("BTC 0.5, ETH 0.3, USDT 0.2"), wishes("BTC 0.45, ETH 0.3, USDT 0.25"))
"""Each quarter wants the other one, so that there is something to do in every quarter."""


class Years:
    """An account, and everything that befalls it."""

    def __init__(self, zone: str, seed: int) -> None:
        self.counter = Counter()
        self.chance = random.Random(seed)
        terms = SlotTerms(activated_at=FIRST, grace=GRACE, catch_up=CatchUp.ASK)
        calendar = Calendar(rule="quarterly", zone=ZoneInfo(zone))
        self.schedule = Schedule(calendar=calendar, terms=terms)
        self.rules = WISHES[0]

    def until(self, at: datetime) -> None:
        """Let time pass."""
        self.counter.clock.move(max(0.0, (at - self.counter.clock.now()).total_seconds()))

    async def attempt(self, runner: Runner, consent: Consent) -> None:
        """Do what ``run --if-due --execute`` does."""
        ledger, now = runner.desk.ledger, self.counter.clock.now()
        await mark_missed(ledger, self.schedule, by="timer", now=now)
        view = await present_slot(ledger, self.schedule, now=now)
        if view.dueness is None or not view.dueness.runs:
            return
        await resolved_first(runner)
        await run(runner, consent=consent, slot_due=True, slot=view.slot.name)

    async def go_wrong(self) -> None:
        """Start a run to which something happens."""
        match self.chance.choice(["dies", "dies", "two", "late", "no", "nobody", "away"]):
            case "dies":
                await self._dies()
            case "two":
                runs = [self._quietly(Consent.FLAG) for _ in range(2)]
                await asyncio.gather(*runs)
            case "late":
                await self._overtaken()
            case "no":
                await self._answered(Answer.NO)
            case "nobody":
                await self._answered(Answer.NOBODY)
            case _:
                await self._away()

    async def _quietly(self, consent: Consent) -> None:
        """Run in a process of its own, whatever it ends with."""
        with contextlib.suppress(TrimtabError):
            await self.attempt(self.counter.runner(self.rules), consent)

    async def _answered(self, answer: Answer) -> None:
        async def say(_plan: Plan, _report: GateReport) -> Answer:
            return answer

        self.counter.person.saying = say
        await self._quietly(Consent.ASK)

    async def _overtaken(self) -> None:
        """Let a second run go its whole way while somebody is asked by the first."""

        async def late_yes(_plan: Plan, _report: GateReport) -> Answer:
            await self._quietly(Consent.FLAG)
            return Answer.YES

        self.counter.person.saying = late_yes
        await self._quietly(Consent.ASK)

    async def _away(self) -> None:
        runner = self.counter.runner(self.rules)

        async def lost(_portfolio: object) -> object:
            raise NotDone("the network is away")

        market = type("Away", (), {"snapshot": staticmethod(lost)})()
        planner = dataclasses.replace(runner.planner, market=market)
        with contextlib.suppress(TrimtabError):
            await self.attempt(dataclasses.replace(runner, planner=planner), Consent.FLAG)

    async def _dies(self) -> None:
        process = Mortal(self.chance.choice(DEATHS), self.chance.randint(1, 60))
        ledger = process.wrap(MemoryLedger(self.counter.store))
        runner = self.counter.runner(self.rules, ledger=ledger)
        desk = dataclasses.replace(runner.desk, venue=process.wrap(self.counter.venue))
        runner = dataclasses.replace(runner, desk=desk)
        process.task = asyncio.ensure_future(self.attempt(runner, Consent.FLAG))
        with contextlib.suppress(Killed, asyncio.CancelledError, TrimtabError):
            await process.task
        assert self.counter.store.holder is None

    async def quarter(self, number: int) -> str:
        """Live through one quarter; return its name."""
        slot = slot_after(
            self.schedule.calendar, slot_at(self.schedule.calendar, self.counter.clock.now())
        )
        self.until(slot.begins_at - timedelta(seconds=1))
        before = len(self.counter.store.slots)
        await self._quietly(Consent.FLAG)
        assert [m for m in self.counter.store.slots[before:] if m.slot == slot.name] == []
        self.rules = WISHES[(number + 1) % 2]
        self.until(slot.begins_at)
        for _ in range(self.chance.randint(0, 4)):
            await self.go_wrong()
            self.counter.clock.move(self.chance.randint(60, 86_400))
        for _ in range(4):  # A recovery may need one start, and what is partial another.
            self.counter.clock.move(3600)
            await self._quietly(Consent.FLAG)
        plans = len(self.counter.store.plans)
        await self._quietly(Consent.FLAG)
        assert len(self.counter.store.plans) == plans, "What is done is not even planned again."
        return slot.name

    def plans_of(self, slot: str) -> list[tuple[Plan, PlanStatus]]:
        """Return what was planned for a slot."""
        saved = self.counter.store.plans.values()
        return [(s.plan, s.status) for s in saved if slot_of(s.plan.firings) == slot]

    async def check(self, slot: str) -> None:
        """Hold one quarter to its law: done once, at the target, and silent from then on."""
        moves = [m for m in self.counter.store.slots if m.slot == slot]
        done = [m for m in moves if m.state is SlotState.DONE]
        assert len(done) == 1, (slot, [m.state for m in moves])
        assert moves[-1] is done[0], "Done is final."
        whole = [p for p, status in self.plans_of(slot) if status is PlanStatus.EXECUTED]
        assert len(whole) <= 1 or self._is_rest(slot), slot
        orders = self.counter.store.real.orders.values()
        digests = {plan.digest for plan, _ in self.plans_of(slot)}
        late = [
            o for o in orders if o.intent.plan_digest in digests and o.submitted_at > done[0].at
        ]
        assert late == []
        snapshot = await self.counter.venue.snapshot(
            self.counter.runner(self.rules).planner.portfolio
        )
        wanted = {t.asset: t.weight for t in self.rules.rebalance.targets}
        nav = sum(
            (b.held * (Decimal(1) if a == "USDT" else snapshot.books[_market(a)].mid))
            for a, b in snapshot.balances.items()
        )
        btc = snapshot.balances["BTC"].held * snapshot.books[_market("BTC")].mid / nav
        assert abs(btc - wanted["BTC"]) < Decimal("0.002"), (slot, btc)

    def _is_rest(self, slot: str) -> bool:
        """Whether a second execution of a slot came after a crash had left the first partial."""
        return [m.state for m in self.counter.store.slots if m.slot == slot].count(
            SlotState.PARTIAL
        ) > 1


def _market(asset: str) -> str:
    return f"{asset}/USDT"


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.timeout(600)
async def test_every_quarter_of_ten_years_is_done_exactly_once(zone: str) -> None:
    years = Years(zone, seed=ZONES.index(zone))
    years.until(FIRST)
    names = []
    for number in range(QUARTERS):
        names.append(await years.quarter(number))
        await years.check(names[-1])
    assert len(set(names)) == QUARTERS
    missed = [m for m in years.counter.store.slots if m.state is SlotState.MISSED]
    assert missed == []
