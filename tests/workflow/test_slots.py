"""A run that is for a calendar slot takes it once, before its first order, and tells its end."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.builders import NOW, plan, report_on
from tests.fakes.memory_ledger import MemoryLedger
from tests.workflow.counter import Counter
from trimtab.domain.errors import AccountHeld, ApprovalError, ConfigError
from trimtab.domain.findings import GateReport
from trimtab.domain.firings import Firing, TriggerKind
from trimtab.domain.instruments import Asset
from trimtab.domain.plan import Plan, Untraded, UntradedReason
from trimtab.domain.slots import CatchUp, SlotState, SlotTerms
from trimtab.domain.snapshot import Snapshot
from trimtab.ports import Answer, PlanStatus, Portfolio
from trimtab.triggers.calendar import Calendar
from trimtab.triggers.due import Dueness
from trimtab.workflow.run import Consent, RunResult, run
from trimtab.workflow.slot_book import SlotBook
from trimtab.workflow.slots import Schedule, mark_missed, next_slots, present_slot, slot_asked_for

SLOT = "2026Q4"
AT_TARGET = "BTC 0.1 @ 60000, ETH 1.2 @ 3000, USDT 2400"


def states(counter: Counter) -> list[str]:
    return [move.state.value for move in counter.store.slots if move.slot == SLOT]


async def due_run(counter: Counter, consent: Consent = Consent.FLAG) -> RunResult:
    return await run(counter.runner(), consent=consent, slot_due=True, slot=SLOT)


async def test_a_slot_is_planned_taken_and_done() -> None:
    counter = Counter()
    result = await due_run(counter)
    assert result.status is PlanStatus.EXECUTED
    assert states(counter) == ["planned", "partial", "done"]
    assert [(f.kind, f.subject) for f in result.plan.firings][-1] == ("calendar", SLOT)
    assert counter.store.slots[-1].plan_digest == result.plan.digest


async def test_a_plain_run_moves_no_slot() -> None:
    counter = Counter()
    await counter.run(Consent.FLAG)
    assert counter.store.slots == []


async def test_where_nothing_is_to_be_traded_the_slot_is_done() -> None:
    counter = Counter(AT_TARGET)
    result = await due_run(counter)
    assert result.status is PlanStatus.NOTHING_TO_DO
    assert states(counter) == ["done"]


@pytest.mark.parametrize(
    ("reason", "state"),
    [
        (UntradedReason.NO_FREE_UNITS, "planned"),
        (UntradedReason.NOT_TRADABLE, "planned"),
        (UntradedReason.BELOW_ONE_LOT, "done"),
    ],
)
async def test_only_smallness_makes_a_slot_without_orders_done(
    reason: UntradedReason, state: str
) -> None:
    counter = Counter()
    fired = Firing(
        kind=TriggerKind.CALENDAR, subject=SLOT, measured=None, limit=None, reason="a test"
    )
    left = Untraded(asset=Asset("BTC"), reason=reason, value=Decimal(1000))
    made = plan(counter.opening, firings=(fired,), trigger="calendar", untraded=(left,))
    ledger = MemoryLedger(counter.store)
    await ledger.save_plan(made, report_on(made), PlanStatus.NOTHING_TO_DO)
    await SlotBook(ledger=ledger, clock=counter.clock, owner="a run").nothing_to_do(made)
    assert states(counter) == [state]


async def test_nothing_to_do_is_not_said_while_another_run_holds_the_account() -> None:
    counter = Counter(AT_TARGET)
    async with MemoryLedger(counter.store).holding_account(owner="another"):
        with pytest.raises(AccountHeld):
            await due_run(counter)
    assert states(counter) == []


async def test_a_slot_that_another_run_did_meanwhile_sends_nothing() -> None:
    counter = Counter()

    async def while_asked(_plan: Plan, _report: GateReport) -> Answer:
        other = MemoryLedger(counter.store)
        async with other.holding_account(owner="another"):
            last = counter.store.slots[-1]
            await other.settle_slot(dataclasses.replace(last, state=SlotState.DONE))
        return Answer.YES

    counter.person.saying = while_asked
    result = await due_run(counter, Consent.ASK)
    assert (result.status, result.execution) == (PlanStatus.NOTHING_TO_DO, None)
    assert counter.sent == 0
    assert states(counter) == ["planned", "awaiting_approval", "done"]


@pytest.mark.parametrize(
    ("answer", "state"), [(Answer.NO, "declined"), (Answer.NOBODY, "awaiting_approval")]
)
async def test_what_a_person_says_is_noted(answer: Answer, state: str) -> None:
    async def said(_plan: Plan, _report: GateReport) -> Answer:
        return answer

    counter = Counter(saying=said)
    await due_run(counter, Consent.ASK)
    assert (
        states(counter)
        == (["planned", "awaiting_approval", state])[: 3 if state == "declined" else 2]
    )


async def test_an_account_that_changed_before_the_first_order_leaves_the_slot_planned() -> None:
    counter = Counter()

    async def while_asked(plan: Plan, _report: GateReport) -> Answer:
        counter.venue.trade_by_hand(plan.legs[0].instrument, -200)
        return Answer.YES

    counter.person.saying = while_asked
    with pytest.raises(ApprovalError):
        await due_run(counter, Consent.ASK)
    assert states(counter) == ["planned", "awaiting_approval", "partial", "planned"]


async def test_a_no_before_the_first_order_leaves_the_slot_declined() -> None:
    counter = Counter()
    ledger, look = MemoryLedger(counter.store), counter.venue.snapshot

    async def declined_meanwhile(portfolio: Portfolio) -> Snapshot:
        if states(counter)[-1:] == ["partial"]:
            (saved,) = counter.store.plans.values()
            if saved.status is PlanStatus.APPROVED:
                await ledger.set_plan_status(saved.plan.digest, PlanStatus.DECLINED)
        return await look(portfolio)

    counter.venue.snapshot = declined_meanwhile  # type: ignore[method-assign]  # A no elsewhere.
    with pytest.raises(ApprovalError, match="is declined, cannot become executing"):
        await due_run(counter)
    assert (states(counter), counter.sent) == (["planned", "partial", "declined"], 0)


async def test_a_no_from_elsewhere_is_noted_once() -> None:
    """A reply decides the plan alone; ``reject`` notes the slot itself."""
    counter = Counter()

    async def declined_elsewhere(plan: Plan, _report: GateReport) -> Answer:
        await MemoryLedger(counter.store).set_plan_status(plan.digest, PlanStatus.DECLINED)
        await asyncio.Event().wait()
        return Answer.YES

    counter.person.saying = declined_elsewhere
    result = await due_run(counter, Consent.ASK)
    noted = ["planned", "awaiting_approval", "declined"]
    assert (result.status, states(counter)) == (PlanStatus.DECLINED, noted)
    book = SlotBook(ledger=MemoryLedger(counter.store), clock=counter.clock, owner="ada")
    await book.note(result.plan, PlanStatus.DECLINED)
    assert states(counter) == noted


async def test_a_no_to_an_older_plan_hides_nothing_that_another_one_did() -> None:
    counter = Counter()

    async def nobody(_plan: Plan, _report: GateReport) -> Answer:
        return Answer.NOBODY

    counter.person.saying = nobody
    older = await due_run(counter, Consent.ASK)

    async def stopped(_order: object) -> None:
        raise asyncio.CancelledError

    counter.venue.submit = stopped  # type: ignore[method-assign,assignment]  # Power is cut at the first order.
    counter.clock.move(1)
    with pytest.raises(asyncio.CancelledError):
        await due_run(counter)
    book = SlotBook(ledger=MemoryLedger(counter.store), clock=counter.clock, owner="ada")
    await book.note(older.plan, PlanStatus.DECLINED)
    assert states(counter)[-1] == "partial"


async def test_a_run_that_dies_on_its_way_leaves_the_slot_partial() -> None:
    counter = Counter()

    async def stopped(_order: object) -> None:
        raise asyncio.CancelledError

    counter.venue.submit = stopped  # type: ignore[method-assign,assignment]  # Power is cut at the first order.
    with pytest.raises(asyncio.CancelledError):
        await due_run(counter)
    assert states(counter) == ["planned", "partial"]


async def test_a_dry_run_moves_no_slot() -> None:
    counter = Counter()
    ledger = MemoryLedger(counter.store, dry_run=True)
    runner = counter.runner(ledger=ledger)
    await run(runner, consent=Consent.DRY_RUN, slot_due=True, slot=SLOT)
    assert counter.store.slots == []


# What is due


def schedule(*, activated: str | None = "2026-01-15", catch_up: CatchUp = CatchUp.ASK) -> Schedule:
    at = None if activated is None else datetime.fromisoformat(f"{activated}T00:00+00:00")
    terms = SlotTerms(activated_at=at, grace=timedelta(days=7), catch_up=catch_up)
    return Schedule(calendar=Calendar(rule="quarterly", zone=UTC), terms=terms)


def on(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T12:00+00:00")


async def test_a_slot_is_due_until_it_is_done() -> None:
    counter = Counter()
    ledger = MemoryLedger(counter.store)
    before = await present_slot(ledger, schedule(), now=on("2026-10-02"))
    assert (before.slot.name, before.dueness) == (SLOT, Dueness.DUE)
    await due_run(counter)
    after = await present_slot(ledger, schedule(), now=on("2026-10-02"))
    assert (after.state, after.dueness) == (SlotState.DONE, Dueness.DONE)
    named = await slot_asked_for(ledger, schedule(), SLOT, now=on("2026-10-02"))
    assert named.dueness is Dueness.DONE


async def test_without_a_configured_activation_the_first_order_is_one() -> None:
    counter = Counter()
    ledger, unset = MemoryLedger(counter.store), schedule(activated=None)
    view = await present_slot(ledger, unset, now=on("2026-10-02"))
    assert view.dueness is Dueness.BEFORE_ACTIVATION
    await counter.run(Consent.FLAG)
    later = NOW + timedelta(days=93)
    assert (await present_slot(ledger, unset, now=later)).dueness in (
        Dueness.DUE,
        Dueness.MISSED,
    )


async def test_what_was_missed_is_marked_once_back_to_the_activation() -> None:
    counter = Counter()
    ledger = MemoryLedger(counter.store)
    for _ in range(2):
        await mark_missed(ledger, schedule(), by="timer", now=on("2026-10-09"))
    told = [(move.slot, move.state.value) for move in counter.store.slots]
    assert told == [(SLOT, "missed"), ("2026Q3", "missed"), ("2026Q2", "missed")]
    late = await present_slot(ledger, schedule(catch_up=CatchUp.RUN), now=on("2026-10-09"))
    assert late.dueness is Dueness.LATE


async def test_within_its_grace_the_present_slot_is_not_missed() -> None:
    counter = Counter()
    await mark_missed(
        MemoryLedger(counter.store), schedule(activated="2026-09-15"), by="t", now=on("2026-10-02")
    )
    assert counter.store.slots == []


async def test_the_present_slot_and_the_next_ones_are_told_in_order() -> None:
    ledger = MemoryLedger(Counter().store)
    views = await next_slots(ledger, schedule(), now=on("2026-10-02"), count=3)
    assert [v.slot.name for v in views] == [SLOT, "2027Q1", "2027Q2"]
    assert [v.dueness for v in views] == [Dueness.DUE, None, None]
    assert views[1].grace_until == on("2027-01-08") - timedelta(hours=12)


@pytest.mark.parametrize("name", ["2027Q1", "2026-10", "x"])
async def test_what_has_not_begun_or_is_no_slot_cannot_be_asked_for(name: str) -> None:
    counter = Counter()
    with pytest.raises(ConfigError) as caught:
        await slot_asked_for(MemoryLedger(counter.store), schedule(), name, now=on("2026-10-02"))
    assert caught.value.next_step == "trimtab schedule show"


async def test_an_earlier_slot_may_be_asked_for_whatever_its_grace() -> None:
    counter = Counter()
    ledger, now = MemoryLedger(counter.store), on("2026-10-02")
    view = await slot_asked_for(ledger, schedule(activated=None), "2025Q1", now=now)
    assert view.dueness is Dueness.ASKED_FOR
