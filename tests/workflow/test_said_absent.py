"""Where a venue can prove no absence, an order that no list shows waits for a person's word."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.fakes.memory_venue import Fault
from tests.fakes.mortal import Death, Mortal
from tests.workflow.floor import Floor
from tests.workflow.test_kill_points import (
    an_order_never_arrives,
    calls_of,
    everything_goes_well,
    much_goes_wrong,
    run_mortal,
)
from tests.workflow.test_recover import HOLDINGS, died
from trimtab.domain.orders import ClientOrderId, OrderState
from trimtab.execution import retry
from trimtab.execution.report import Outcome
from trimtab.execution.retry import SAID_AFTER_S, SUBMIT_WITHIN_S
from trimtab.execution.tracking import Outlook
from trimtab.workflow.recover import Recovered

WHY = "an order may stand in no list for a while"
WHO = "ann@desk"


async def left_unknown(fault: Fault | None = None) -> tuple[Floor, ClientOrderId]:
    """Return a floor with one order that its run did not hear of, and its name."""
    floor = await died(fault, at_submit=Death.BEFORE if fault is None else Death.AFTER)
    floor.venue.inconclusive = WHY
    (name,) = (record.intent.client_order_id for record in floor.records.values())
    return floor, name


def only(recovered: tuple[Recovered, ...]) -> Recovered:
    (found,) = recovered
    return found


async def test_an_order_that_no_list_shows_is_left_to_a_person_and_nothing_is_sent() -> None:
    floor, _ = await left_unknown()
    recovery = await floor.recover()
    found = only(recovery.unresolved)
    assert (recovery.exit_code, found.outlook, found.note) == (6, Outlook.UNPROVABLE, WHY)
    assert floor.states == {"1.1": OrderState.UNKNOWN}
    assert "submit" not in floor.venue.requests


async def test_a_word_closes_it_with_who_said_it_and_what_the_lists_showed() -> None:
    floor, name = await left_unknown()
    await floor.recover()
    floor.clock.move(SAID_AFTER_S + SUBMIT_WITHIN_S)
    recovery = await floor.recover(said={name: WHO})
    assert (recovery.exit_code, only(recovery.resolved).after) == (0, OrderState.ABSENT)
    assert only(recovery.resolved).note == f"absent by the word of {WHO}"
    last = floor.store.real.transitions[-1]
    assert (last.state, last.evidence.shows_nothing, last.evidence.inconclusive) == (
        OrderState.ABSENT,
        True,
        WHY,
    )
    floor.check_the_promises()


async def test_a_word_that_comes_too_early_closes_nothing() -> None:
    floor, name = await left_unknown()
    recovery = await floor.recover(said={name: WHO})
    assert (recovery.exit_code, only(recovery.unresolved).outlook) == (6, Outlook.UNPROVABLE)
    assert "too early" in only(recovery.unresolved).note


async def test_a_word_that_is_too_early_by_the_venues_clock_closes_nothing() -> None:
    """A clock of ours that is set ahead makes no five minutes pass at the venue."""
    floor, name = await left_unknown()
    await floor.recover()
    floor.clock.move(SUBMIT_WITHIN_S + 3_600)  # The last instant that it may have left, and more.
    floor.venue.behind_s = 3_600
    recovery = await floor.recover(said={name: WHO})
    assert (recovery.exit_code, only(recovery.unresolved).outlook) == (6, Outlook.UNPROVABLE)
    assert "too early" in only(recovery.unresolved).note
    floor.venue.behind_s = 0
    assert (await floor.recover(said={name: WHO})).exit_code == 0


async def test_a_word_about_another_order_closes_nothing() -> None:
    floor, _ = await left_unknown()
    floor.clock.move(3_600)
    recovery = await floor.recover(said={ClientOrderId("another"): WHO})
    assert only(recovery.unresolved).outlook is Outlook.UNPROVABLE


async def test_what_the_venue_shows_outweighs_the_word() -> None:
    floor, name = await left_unknown(Fault.RESET_AFTER)
    floor.clock.move(3_600)
    recovery = await floor.recover(said={name: WHO})
    assert (recovery.exit_code, only(recovery.resolved).after) == (0, OrderState.FILLED)
    floor.check_the_promises()


async def test_what_one_list_shows_outweighs_the_word() -> None:
    floor, name = await left_unknown(Fault.RESET_AFTER)
    placed = floor.venue.truth.placed[0]
    placed.fault, placed.at = Fault.INVISIBLE, floor.clock.now().replace(year=2100)
    floor.clock.move(3_600)
    recovery = await floor.recover(said={name: WHO})
    assert (recovery.exit_code, only(recovery.unresolved).outlook) == (6, Outlook.UNPROVED)
    assert floor.states == {"1.1": OrderState.UNKNOWN}


async def test_a_word_is_not_needed_where_absence_is_proved() -> None:
    floor, name = await left_unknown()
    floor.venue.inconclusive = ""
    recovery = await floor.recover(said={name: WHO})
    assert only(recovery.resolved).note == "proved absent"


@pytest.mark.parametrize("days", [0, 5])
async def test_an_order_that_was_said_to_be_absent_is_looked_for_again_for_a_day(days: int) -> None:
    floor, name = await left_unknown(Fault.RESET_AFTER)
    floor.clock.move(days * 86_400)
    placed = floor.venue.truth.placed[0]
    truth, floor.venue.truth.placed = floor.venue.truth.placed, []
    floor.clock.move(3_600)
    assert (await floor.recover(said={name: WHO})).exit_code == 0
    floor.venue.truth.placed = truth
    recovery = await floor.recover()
    assert placed.intent.client_order_id == only(recovery.unresolved).client_order_id == name
    assert (recovery.exit_code, only(recovery.unresolved).outlook) == (6, Outlook.CONTRADICTED)


async def test_who_gets_no_answer_when_it_is_looked_for_again_does_not_take_it_for_absent() -> None:
    floor, name = await left_unknown()
    floor.clock.move(3_600)
    assert (await floor.recover(said={name: WHO})).exit_code == 0
    floor.venue.unreachable = {"look_up"}
    recovery = await floor.recover()
    found = only(recovery.unresolved)
    assert (recovery.exit_code, found.outlook, found.after) == (
        7,
        Outlook.UNANSWERED,
        OrderState.ABSENT,
    )
    assert floor.venue.requests.count("look_up") > 1 + retry.UNANSWERED_MIN
    floor.venue.unreachable = set()
    assert (await floor.recover()).is_nothing


async def test_an_absent_order_that_nobody_answers_about_any_more_ends_runs_for_a_day() -> None:
    """Its market may be gone from the venue: no run could ever begin again."""
    floor, name = await left_unknown()
    floor.clock.move(3_600)
    assert (await floor.recover(said={name: WHO})).exit_code == 0
    floor.venue.unreachable = {"look_up"}
    for _ in range(2):
        floor.clock.move(11 * 3_600)
        assert (await floor.recover()).exit_code == 7
    floor.clock.move(2 * 3_600)
    assert (await floor.recover()).is_nothing


@pytest.mark.parametrize("fault", [Fault.RESET_BEFORE, Fault.RESET_AFTER, Fault.LATE])
async def test_a_run_there_sends_nothing_anew_in_place_of_what_it_lost(fault: Fault) -> None:
    floor = Floor(HOLDINGS, "sell 0.1 BTC", faults={(1, 1): fault})
    floor.venue.inconclusive = WHY
    ended = await floor.execute()
    arrived = fault is not Fault.RESET_BEFORE
    assert ended.outcome is (Outcome.EXECUTED if arrived else Outcome.UNKNOWN)
    assert floor.venue.requests.count("submit") == 1
    state = OrderState.FILLED if arrived else OrderState.UNKNOWN
    assert floor.states == {"1.1": state}
    assert len(floor.venue.truth.placed) == arrived


@pytest.mark.parametrize("death", Death)
@pytest.mark.parametrize("scene", [everything_goes_well, much_goes_wrong, an_order_never_arrives])
async def test_a_run_that_dies_anywhere_is_recovered_whole_with_the_word_of_who_looked(
    scene: Callable[[], Floor], death: Death
) -> None:
    def silent() -> Floor:
        """Return the scene at a venue whose lists prove nothing."""
        floor = scene()
        floor.venue.inconclusive = WHY
        return floor

    left = 0
    for at in range(1, await calls_of(silent) + 1):
        floor = silent()
        await run_mortal(floor, Mortal(death, at))
        first = await floor.recover()
        assert {each.outlook for each in first.unresolved} <= {Outlook.UNPROVABLE}, (at, first)
        names = [each.client_order_id for each in first.unresolved]
        assert not any(floor.venue.truth.accepted(name) for name in names), at
        floor.clock.move(3_600)
        recovery = await floor.recover(said=dict.fromkeys(names, WHO))
        assert recovery.exit_code == 0, (at, recovery)
        assert {each.note for each in recovery.resolved} <= {f"absent by the word of {WHO}"}
        floor.check_the_promises()
        assert (await floor.reconcile()).differences == (), at
        left += len(names)
    assert left > 0 or death is Death.CANCELLED  # What is cancelled was not on its way.
