"""Recovery finds out what became of the orders that a process left behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.fakes.memory_venue import Fault
from tests.fakes.mortal import Death, Mortal
from tests.workflow.floor import Floor
from tests.workflow.test_kill_points import run_mortal
from trimtab.domain.orders import OrderState
from trimtab.domain.policy import RECEIVE_WINDOW_MS_MAX
from trimtab.execution.retry import SUBMIT_WITHIN_S
from trimtab.execution.tracking import Outlook

HOLDINGS = "BTC 0.2 @ 60000, ETH 1 @ 3000, USDT 1000"


async def died(fault: Fault | None = None, *, at_submit: Death = Death.AFTER) -> Floor:
    """Return a floor whose run died at the sending of its only order."""
    floor = Floor(HOLDINGS, "sell 0.1 BTC", faults={(1, 1): fault} if fault else {})
    for at in range(1, 30):
        floor = Floor(HOLDINGS, "sell 0.1 BTC", faults={(1, 1): fault} if fault else {})
        await run_mortal(floor, Mortal(at_submit, at))
        if floor.states == {"1.1": OrderState.SUBMITTING} and (
            at_submit is Death.BEFORE or "submit" in floor.venue.requests
        ):
            return floor
    raise AssertionError("the order was never sent")


async def test_with_nothing_left_behind_there_is_nothing_to_do() -> None:
    floor = Floor(HOLDINGS, "sell 0.1 BTC")
    recovery = await floor.recover()
    assert (recovery.exit_code, recovery.orders) == (0, ())
    assert floor.venue.requests == []


async def test_an_order_that_reached_the_venue_is_adopted_with_its_fills() -> None:
    floor = await died()
    recovery = await floor.recover()
    [found] = recovery.resolved
    assert (found.before, found.after) == (OrderState.SUBMITTING, OrderState.FILLED)
    assert found.filled_lots == -1000
    floor.check_the_promises()


async def test_an_order_that_never_left_is_proved_absent_after_the_fence() -> None:
    floor = await died(at_submit=Death.BEFORE)
    began = floor.clock.now()
    recovery = await floor.recover()
    assert [r.after for r in recovery.resolved] == [OrderState.ABSENT]
    waited = (floor.clock.now() - began).total_seconds()
    assert 15 <= waited <= 30
    assert "waiting" in floor.watcher.told


async def test_a_clock_that_was_set_back_and_is_mended_meanwhile_passes_no_fence() -> None:
    """A machine may begin with an old time and be told the right one moments later."""
    floor = await died(at_submit=Death.BEFORE)
    left_at = floor.clock.now()
    floor.clock.move(-3_600)
    mended = iter([3_600])
    floor.venue.on_request["look_up"] = lambda: floor.clock.move(next(mended, 0))
    recovery = await floor.recover()
    assert [r.after for r in recovery.resolved] == [OrderState.ABSENT]
    assert floor.clock.now() >= left_at + timedelta(seconds=SUBMIT_WITHIN_S + 17)


async def test_a_clock_that_is_set_back_for_hours_is_told_and_not_waited_for() -> None:
    floor = await died(at_submit=Death.BEFORE)
    floor.clock.move(-36_000)
    began = floor.clock.now()
    recovery = await floor.recover()
    assert (recovery.exit_code, recovery.unresolved[0].outlook) == (6, Outlook.UNPROVED)
    assert "clock was set back" in recovery.unresolved[0].note
    assert (floor.clock.now() - began).total_seconds() < 120
    floor.clock.move(36_000)
    assert (await floor.recover()).exit_code == 0


async def test_long_after_the_crash_the_fence_is_not_waited_for_again() -> None:
    floor = await died(at_submit=Death.BEFORE)
    floor.clock.move(3_600)
    began = floor.clock.now()
    await floor.recover()
    assert (floor.clock.now() - began).total_seconds() < 5


@pytest.mark.parametrize("is_readable", [True, False])
async def test_what_was_sent_under_other_rules_is_believed_to_be_taken_for_longer(
    *, is_readable: bool
) -> None:
    """The window may have been made shorter between the crash and the recovery."""
    floor = await died(at_submit=Death.BEFORE)
    execution = replace(
        floor.policy.execution, max_reprices=floor.policy.execution.max_reprices + 1
    )
    if is_readable:
        floor.policy = replace(floor.policy, execution=execution)
    else:
        del floor.store.plans[floor.plan.digest]
    began = floor.clock.now()
    recovery = await floor.recover()
    assert [r.after for r in recovery.resolved] == [OrderState.ABSENT]
    waited = (floor.clock.now() - began).total_seconds()
    assert RECEIVE_WINDOW_MS_MAX / 1000 + 10 <= waited <= RECEIVE_WINDOW_MS_MAX / 1000 + 25


async def test_without_an_answer_recovery_ends_and_the_order_stays_unknown() -> None:
    floor = await died()
    floor.venue.unreachable = {"look_up"}
    recovery = await floor.recover()
    assert recovery.exit_code == 7
    assert [(r.after, r.outlook) for r in recovery.unresolved] == [
        (OrderState.UNKNOWN, Outlook.UNANSWERED)
    ]
    floor.venue.unreachable = set()
    assert (await floor.recover()).exit_code == 0
    floor.check_the_promises()


@pytest.mark.parametrize("what", ["evidence_of_absence", "clock"])
async def test_evidence_that_is_not_whole_proves_nothing(what: str) -> None:
    floor = await died(at_submit=Death.BEFORE)
    floor.venue.unreachable = {what}
    floor.venue.behind_s = 0 if what != "clock" else 1_000
    recovery = await floor.recover()
    assert recovery.exit_code == 6
    assert floor.states == {"1.1": OrderState.UNKNOWN}
    assert [r.outlook for r in recovery.unresolved] == [Outlook.UNPROVED]


async def test_an_order_seen_in_one_list_only_is_not_absent() -> None:
    floor = await died(Fault.RESET_AFTER)
    placed = floor.venue.truth.placed[0]
    placed.fault, placed.at = Fault.INVISIBLE, floor.clock.now().replace(year=2100)
    recovery = await floor.recover()
    assert recovery.exit_code == 6
    assert "not absent from every list" in recovery.unresolved[0].note


async def test_a_second_order_under_one_client_id_is_a_contradiction() -> None:
    floor = await died(Fault.RESTS_FOR_EVER)
    await floor.recover()
    assert floor.states == {"1.1": OrderState.OPEN}
    floor.venue.truth.placed.append(floor.venue.truth.placed[0])
    floor.venue._place(floor.venue.truth.placed[0].intent, None)
    recovery = await floor.recover()
    assert (recovery.exit_code, recovery.unresolved[0].outlook) == (6, Outlook.CONTRADICTED)
    assert recovery.resolved == ()


async def test_a_stop_ends_recovery_early_and_loses_nothing() -> None:
    floor = await died(at_submit=Death.BEFORE)
    floor.stop.set()
    recovery = await floor.recover()
    assert (recovery.exit_code, recovery.interrupted) == (130, True)
    assert floor.states == {"1.1": OrderState.UNKNOWN}


async def test_recovering_twice_changes_nothing() -> None:
    floor = await died()
    await floor.recover()
    before = dict(floor.records)
    assert (await floor.recover()).orders == ()
    assert floor.records == before


async def test_fills_that_are_booked_already_close_the_order_without_a_question() -> None:
    for at in range(10, 40):
        floor = Floor(HOLDINGS, "sell 0.1 BTC")
        await run_mortal(floor, Mortal(Death.AFTER, at))
        if len(floor.fills) == 2 and floor.states == {"1.1": OrderState.SETTLING}:
            break
    floor.venue.unreachable = {"fills", "look_up"}
    assert (await floor.recover()).exit_code == 0
    floor.check_the_promises()
