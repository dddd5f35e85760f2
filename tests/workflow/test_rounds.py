"""The foreground scheduler: runs what is due, round after round, and outlives what goes wrong."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.builders import account
from tests.fakes.memory_ledger import MemoryLedger
from tests.fakes.memory_venue import MemoryVenue
from tests.fakes.mortal import Killed
from tests.workflow.counter import RULES, Counter, yes
from trimtab.domain.errors import ConfigError, NotDone
from trimtab.domain.findings import GateReport
from trimtab.domain.firings import TriggerKind
from trimtab.domain.orders import OrderIntent, VenueOrder
from trimtab.domain.plan import Plan
from trimtab.domain.policy import Policy
from trimtab.domain.slots import CatchUp, SlotTerms
from trimtab.domain.snapshot import Snapshot
from trimtab.ports import Answer, PlanStatus, Portfolio
from trimtab.triggers.calendar import Calendar
from trimtab.workflow.rounds import AGAIN_S, URGENT_AGAIN_S, Watch, Watched, keep_watch
from trimtab.workflow.run import Consent, Runner, run
from trimtab.workflow.slots import Schedule

CALM = "BTC 0.085 @ 60000, ETH 1 @ 3000, USDT 1900"
"""Inside every band, and not at the target."""
WEEKLY = Schedule(
    calendar=Calendar(rule="0 0 * * MON", zone=UTC),
    terms=SlotTerms(
        activated_at=datetime(2026, 1, 1, tzinfo=UTC), grace=timedelta(days=7), catch_up=CatchUp.ASK
    ),
)
"""2026-11-16 00:00 began the slot that it is when a counter opens."""
SLOT = "2026-11-16T00:00"
POLL_S = 60
PATIENT = dataclasses.replace(
    RULES, limits=dataclasses.replace(RULES.limits, max_snapshot_age_s=Decimal(10_000_000))
)
"""The account in memory keeps the prices that it was opened with."""


class Bench:
    """A counter that is watched for a number of rounds."""

    def __init__(
        self,
        holdings: str = CALM,
        schedule: Schedule | None = WEEKLY,
        rules: Policy = PATIENT,
    ) -> None:
        self.counter = Counter(holdings)
        self.rules = rules
        self.schedule = schedule
        self.told: list[str] = []
        self.before: dict[int, Callable[[], None]] = {}
        """What happens just before a round opens, by its number from 1."""
        self._round = 0
        self._last = 0

    async def watched(self, rounds: int, consent: Consent | None = Consent.FLAG) -> Watched:
        """Watch for so many rounds."""
        self._last += rounds
        self.counter.stop.clear()
        return await keep_watch(
            Watch(
                opened=self._opened,
                schedule=self.schedule,
                consent=consent,
                clock=self.counter.clock,
                stop=self.counter.stop,
                poll_s=POLL_S,
                tell=self.told.append,
            )
        )

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[Runner]:
        self._round += 1
        self.before.get(self._round, lambda: None)()
        try:
            yield self.counter.runner(self.rules)
        finally:
            if self._round == self._last:
                self.counter.stop.set()

    def states(self, slot: str = SLOT) -> list[str]:
        return [m.state.value for m in self.counter.store.slots if m.slot == slot]


async def test_a_due_slot_is_run_once_and_a_calm_account_is_left_alone() -> None:
    bench = Bench()
    seen = await bench.watched(4)
    assert seen == Watched(rounds=4, runs=1, failed=0, interrupted=False)
    assert bench.states() == ["planned", "partial", "done"]
    assert bench.told == [f"slot {SLOT}: executed"]
    plans = len(bench.counter.store.plans)
    await bench.watched(3)
    assert len(bench.counter.store.plans) == plans, "A look is not written down."


async def test_the_next_slot_is_run_when_it_begins() -> None:
    bench = Bench()
    bench.before[3] = lambda: bench.counter.clock.move(3 * 86_400)
    seen = await bench.watched(4)
    assert seen.runs == 2
    assert bench.states("2026-11-23T00:00")[-1] == "done"


async def test_a_drift_beyond_its_band_is_run_without_any_slot() -> None:
    bench = Bench("BTC 0.1 @ 60000, ETH 1 @ 3000, USDT 1000", schedule=None)
    seen = await bench.watched(3)
    assert (seen.runs, bench.counter.sent) == (1, 1)
    assert bench.told[0].startswith("drift BTC")


async def test_without_a_consent_nothing_is_sent_or_written_and_it_is_told_once() -> None:
    bench = Bench()
    seen = await bench.watched(3, None)
    assert (seen.runs, bench.counter.sent) == (0, 0)
    assert bench.told == [f"slot {SLOT}: would run; next: trimtab schedule run --execute"]
    assert (bench.counter.store.slots, bench.counter.store.plans) == ([], {})


async def test_a_lost_network_ends_a_round_and_not_the_watch() -> None:
    bench = Bench()

    def lost() -> None:
        raise NotDone("the network is away", evidence=None)

    bench.before |= {1: lost, 2: lost}
    seen = await bench.watched(3)
    assert (seen.failed, seen.runs) == (2, 1)
    assert "the network is away" in bench.told[0]
    assert bench.states()[-1] == "done"


async def test_what_is_declined_is_not_asked_again_at_once_but_later() -> None:
    bench = Bench()

    async def no(_plan: Plan, _report: GateReport) -> Answer:
        return Answer.NO

    bench.counter.person.saying = no
    asked: list[int] = []
    bench.before[5] = lambda: asked.append(bench.counter.person.asked)
    bench.before[6] = lambda: bench.counter.clock.move(AGAIN_S)
    await bench.watched(8, Consent.ASK)
    assert (asked, bench.counter.person.asked) == ([1], 2)


STRAINED = "BTC 0.1 @ 60000, ETH 1 @ 3000, USDT 1000, perp BTC 0.6, wallet 60000"
"""Beyond its leverage, so that something has to be reduced before anything else."""


@pytest.mark.parametrize(
    ("holdings", "afterwards"),
    [(STRAINED, [3, 3]), ("BTC 0.1 @ 60000, ETH 1 @ 3000, USDT 1000", [0, 1])],
    ids=["urgent", "drift"],
)
async def test_what_is_urgent_and_met_a_lost_network_is_tried_again_within_minutes(
    holdings: str, afterwards: list[int]
) -> None:
    bench = Bench(holdings, schedule=None)
    look, looks = bench.counter.venue.snapshot, 0

    async def lost_once(portfolio: Portfolio) -> Snapshot:
        nonlocal looks
        looks += 1
        if looks == 2:  # The first asks whether anything is to be done, the second begins the run.
            raise NotDone("the network is away", evidence=None)
        return await look(portfolio)

    bench.counter.venue.snapshot = lost_once  # type: ignore[method-assign]  # It is away once.
    sent: list[int] = []

    def later(seconds: float) -> Callable[[], None]:
        """Return what notes the orders so far, and lets time go by."""

        def moved() -> None:
            sent.append(bench.counter.sent)
            bench.counter.clock.move(seconds)

        return moved

    bench.before |= {2: later(0), 3: later(URGENT_AGAIN_S), 4: later(AGAIN_S), 5: later(0)}
    seen = await bench.watched(5)
    assert (seen.failed, sent) == (1, [0, 0, *afterwards])


@pytest.mark.parametrize("met", ["another run", "a price that moved on"])
async def test_what_is_urgent_and_had_nobodys_no_is_tried_again_within_minutes(met: str) -> None:
    bench = Bench(STRAINED, schedule=None)
    look, looks, sent = bench.counter.venue.snapshot, 0, list[int]()

    async def hindered(portfolio: Portfolio) -> Snapshot:
        nonlocal looks
        looks += 1
        seen = await look(portfolio)
        if met == "another run" and looks == 2:  # It took the account after the round had looked.
            bench.counter.store.holder = "another"
        if met == "a price that moved on" and looks == 4:  # The yes was given: just before it goes.
            cheaper = {
                symbol: dataclasses.replace(each, mark=each.mark * Decimal("0.9"))
                for symbol, each in seen.contracts.items()
            }
            return dataclasses.replace(seen, contracts=cheaper)
        return seen

    def later() -> None:
        bench.counter.store.holder = None
        sent.append(bench.counter.sent)
        bench.counter.clock.move(URGENT_AGAIN_S)

    bench.counter.venue.snapshot = hindered  # type: ignore[method-assign]  # It happens once.
    bench.before[2] = later
    seen = await bench.watched(2)
    assert (seen.failed, sent, bench.counter.sent) == (1, [0], 3), bench.told


async def test_what_is_urgent_and_no_standing_approval_covers_is_left_alone_for_an_hour() -> None:
    bench = Bench(STRAINED, schedule=None)
    bench.before[2] = lambda: bench.counter.clock.move(URGENT_AGAIN_S)
    seen = await bench.watched(2, Consent.STANDING)
    assert (seen.failed, len(bench.counter.store.plans)) == (1, 1), bench.told


async def test_what_is_urgent_and_declined_is_left_alone_for_an_hour() -> None:
    bench = Bench(STRAINED, schedule=None)

    async def no(_plan: Plan, _report: GateReport) -> Answer:
        return Answer.NO

    bench.counter.person.saying = no
    bench.before[2] = lambda: bench.counter.clock.move(URGENT_AGAIN_S)
    await bench.watched(3, Consent.ASK)
    assert bench.counter.person.asked == 1


async def test_where_nobody_is_here_a_watch_waits_for_a_yes_from_elsewhere() -> None:
    bench = Bench()

    async def approved_elsewhere() -> None:
        await bench.counter.clock.sleep(30)
        (saved,) = bench.counter.store.plans.values()
        await bench.counter.approve_elsewhere(saved.plan, saved.report)

    deciding: list[asyncio.Future[None]] = []

    async def nobody(_plan: Plan, _report: GateReport) -> Answer:
        deciding.append(asyncio.ensure_future(approved_elsewhere()))
        return Answer.NOBODY

    bench.counter.person.saying = nobody
    seen = await bench.watched(2, Consent.ASK)
    assert (seen.runs, bench.states()[-1]) == (1, "done")
    assert len(deciding) == 1


async def test_where_nobody_ever_answers_a_watch_goes_on_when_the_plan_is_over() -> None:
    bench = Bench()

    async def nobody(_plan: Plan, _report: GateReport) -> Answer:
        return Answer.NOBODY

    bench.counter.person.saying = nobody
    before = bench.counter.clock.now()
    await bench.watched(1, Consent.ASK)
    waited = (bench.counter.clock.now() - before).total_seconds()
    assert (waited >= PATIENT.approval.ttl_s, bench.counter.sent) == (True, 0)


async def test_a_declined_slot_keeps_no_threshold_waiting() -> None:
    bench = Bench("BTC 0.1 @ 60000, ETH 1 @ 3000, USDT 1000")

    async def only_without_a_slot(plan: Plan, _report: GateReport) -> Answer:
        return Answer.NO if plan.firings[-1].kind == "calendar" else Answer.YES

    bench.counter.person.saying = only_without_a_slot
    seen = await bench.watched(3, Consent.ASK)
    assert (bench.states()[-1], seen.runs, bench.counter.sent) == ("declined", 2, 1)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer.NO, "declined; next: trimtab plan"),
        (Answer.NOBODY, "not decided in time; next: trimtab plan"),
    ],
)
async def test_what_came_to_no_end_is_told_with_what_comes_next(answer: Answer, told: str) -> None:
    bench = Bench()

    async def said(_plan: Plan, _report: GateReport) -> Answer:
        return answer

    bench.counter.person.saying = said
    await bench.watched(1, Consent.ASK)
    assert bench.told == [f"slot {SLOT}: {told}"]


async def test_a_refused_plan_is_told_with_the_command_that_says_why() -> None:
    bench = Bench(STRAINED, schedule=None)
    await bench.watched(2)  # What drifted would be beyond its leverage again.
    (saved,) = [p for p in bench.counter.store.plans.values() if p.status is PlanStatus.REFUSED]
    assert bench.told[1].endswith(f": refused; next: trimtab explain {saved.plan.digest[:8]}")


async def test_nobody_answering_ends_with_the_plan_and_not_with_the_watch() -> None:
    bench = Bench()

    async def never(_plan: Plan, _report: GateReport) -> Answer:
        await asyncio.Event().wait()
        raise AssertionError

    bench.counter.person.saying = never
    before = bench.counter.clock.now()
    seen = await bench.watched(2, Consent.ASK)
    assert (seen.rounds, bench.states()[-1]) == (2, "awaiting_approval")
    assert bench.counter.clock.now() - before >= timedelta(seconds=300)


LONG = dataclasses.replace(PATIENT, approval=dataclasses.replace(PATIENT.approval, ttl_s=1_800))
"""A plan waits half an hour for its yes."""


async def test_a_question_is_taken_back_when_something_more_urgent_comes() -> None:
    bench = Bench(STRAINED.replace("perp BTC 0.6, ", ""), rules=LONG)
    counter, asked = bench.counter, []
    calm = counter.venue.snapshot

    async def nobody(plan: Plan, _report: GateReport) -> Answer:
        asked.append((plan.firings[0].kind.value, counter.clock.now()))
        if plan.firings[0].kind is TriggerKind.LEVERAGE:
            return Answer.NO
        await counter.clock.sleep(600)
        counter.venue.snapshot = strained.snapshot  # type: ignore[method-assign]  # Seen by then.
        await asyncio.Event().wait()
        raise AssertionError

    strained = MemoryVenue(account(STRAINED), counter.clock, None)

    def calmed() -> None:
        """Let it be as before, some minutes later, with somebody here."""
        counter.venue.snapshot = calm  # type: ignore[method-assign]  # And back.
        counter.clock.move(URGENT_AGAIN_S)
        counter.person.saying = yes

    counter.person.saying = nobody
    bench.before[3] = calmed
    seen = await bench.watched(3, Consent.ASK)
    (slot, began), (urgent, then) = asked
    assert (slot, urgent, seen.runs, seen.failed) == ("drift", "leverage", 3, 0)
    assert then - began < timedelta(seconds=600 + 4 * POLL_S)
    put_off = "put off for leverage account, drift BTC, drift ETH, drift USDT; next: trimtab plan"
    assert bench.told[0] == f"slot {SLOT}: {put_off}"
    # What was put off is asked again within minutes, though what was declined rests for an hour.
    assert (bench.told[2], bench.states()[-1]) == (f"slot {SLOT}: executed", "done")


@pytest.mark.parametrize(
    ("holdings", "schedule", "then"),
    [
        (STRAINED, None, STRAINED.replace("ETH 1 ", "ETH 9 ").replace("BTC 0.6", "BTC 2")),
        (CALM, WEEKLY, "BTC 0.1 @ 60000, ETH 1 @ 3000, USDT 1000"),
    ],
    ids=["as urgent", "drift beside a slot"],
)
async def test_what_is_not_more_urgent_leaves_a_question_standing(
    holdings: str, schedule: Schedule | None, then: str
) -> None:
    bench = Bench(holdings, schedule=schedule, rules=LONG)
    counter = bench.counter
    moved = MemoryVenue(account(then), counter.clock, None)

    async def never(_plan: Plan, _report: GateReport) -> Answer:
        counter.venue.snapshot = moved.snapshot  # type: ignore[method-assign]  # Prices go on.
        await asyncio.Event().wait()
        raise AssertionError

    counter.person.saying = never
    before = counter.clock.now()
    await bench.watched(1, Consent.ASK)
    assert counter.clock.now() - before >= timedelta(seconds=LONG.approval.ttl_s)


async def test_a_question_stands_while_what_is_urgent_was_declined_or_cannot_be_seen() -> None:
    bench = Bench(STRAINED, schedule=None, rules=LONG)
    counter, kinds, looks = bench.counter, [], 0
    strained = counter.venue.snapshot
    eased = MemoryVenue(account(STRAINED.replace("perp BTC 0.6, ", "")), counter.clock, None)

    async def no_then_nobody(plan: Plan, _report: GateReport) -> Answer:
        kinds.append(plan.firings[0].kind.value)
        if kinds == ["leverage"]:
            counter.venue.snapshot = eased.snapshot  # type: ignore[method-assign]  # By itself.
            return Answer.NO
        counter.venue.snapshot = lost  # type: ignore[method-assign]  # It is away for a while.
        await counter.clock.sleep(900)
        return Answer.YES

    async def lost(portfolio: Portfolio) -> Snapshot:
        nonlocal looks
        looks += 1
        if looks < 5:
            raise NotDone("the network is away", evidence=None)
        return await strained(portfolio)

    counter.person.saying = no_then_nobody
    await bench.watched(2, Consent.ASK)
    assert (kinds, looks > 5) == (["leverage", "drift"], True)
    told = "while an answer is waited for: the network is away; next: "
    assert len([line for line in bench.told if line.startswith(told)]) == 1
    assert not any("put off" in line for line in bench.told)


async def test_a_clock_that_is_set_back_runs_no_slot_twice() -> None:
    bench = Bench()
    bench.before |= {
        2: lambda: bench.counter.clock.move(-2 * 86_400),
        3: lambda: bench.counter.clock.move(-20 * 86_400),
        4: lambda: bench.counter.clock.move(22 * 86_400),
    }
    await bench.watched(5)
    assert bench.states().count("done") == 1


async def test_a_restart_goes_on_where_the_ledger_says() -> None:
    bench = Bench()
    for _ in range(3):
        await bench.watched(1)
    assert bench.states().count("done") == 1
    assert bench.counter.sent == 1


async def test_what_a_dead_run_left_open_is_resolved_before_its_slot_goes_on() -> None:
    bench = Bench()
    venue = bench.counter.venue
    real = venue.submit

    async def cut_off(intent: OrderIntent) -> VenueOrder:
        await real(intent)
        raise Killed

    venue.submit = cut_off  # type: ignore[method-assign]  # Power is cut behind the first order.
    runner = bench.counter.runner(PATIENT)
    with pytest.raises(Killed):
        await run(runner, consent=Consent.FLAG, slot_due=True, slot=SLOT)
    venue.submit = real  # type: ignore[method-assign]  # It is back.
    assert bench.states()[-1] == "partial"
    await bench.watched(3)
    assert bench.states()[-1] == "done"
    assert await MemoryLedger(bench.counter.store).unresolved() == ()


async def test_a_wrong_configuration_ends_the_watch() -> None:
    bench = Bench()

    def wrong() -> None:
        raise ConfigError("no key")

    bench.before[1] = wrong
    with pytest.raises(ConfigError):
        await bench.watched(3)


async def test_a_stop_on_the_way_of_a_run_is_told() -> None:
    bench = Bench()

    async def stopped(_plan: Plan, _report: GateReport) -> Answer:
        bench.counter.stop.set()
        await asyncio.Event().wait()
        raise AssertionError

    bench.counter.person.saying = stopped
    seen = await bench.watched(9, Consent.ASK)
    assert (seen.rounds, seen.interrupted, bench.counter.sent) == (1, True, 0)
    (saved,) = bench.counter.store.plans.values()
    name = saved.plan.digest[:8]
    way = f"trimtab approve {name}, then trimtab run --execute --plan {name}"
    assert bench.told == [f"slot {SLOT}: not decided; next: {way}"]


async def test_while_another_run_holds_the_account_the_watch_waits() -> None:
    bench = Bench()
    async with MemoryLedger(bench.counter.store).holding_account(owner="another"):
        seen = await bench.watched(2)
    assert (seen.runs, bench.counter.sent) == (0, 0)
    assert "another" in bench.told[0]
