"""Coins on one exchange, a hedge on another, and one of the two is gone for a while."""

from __future__ import annotations

from typing import Final

import pytest

from tests.fakes.memory_venue import Fault, MemoryVenue
from tests.fakes.mortal import Death, Mortal
from tests.workflow.test_kill_points import run_mortal
from tests.workflow.two_floors import TwoFloors, two_floors
from trimtab.domain.errors import NotDone
from trimtab.domain.orders import OrderState
from trimtab.execution.report import Outcome

QUESTIONS: Final = frozenset(
    {"look_up", "open_orders", "fills", "client_ids", "payments", "evidence_of_absence"}
)
PLACES: Final = ("coins", "hedges")


def at(floor: TwoFloors, place: str) -> MemoryVenue:
    """Return the exchange of the coins, or that of the hedges."""
    return floor.venue if place == "coins" else floor.there


async def after_two_lost_answers() -> TwoFloors:
    """Return a floor whose run died when either exchange had taken an order, unanswered."""
    for call in range(1, 100):
        floor = two_floors({(1, 1): Fault.RESET_AFTER, (2, 1): Fault.RESET_AFTER})
        await run_mortal(floor, Mortal(Death.AFTER, call))
        if all(venue.truth.placed for venue in floor.venues):
            return floor
    raise AssertionError("no call after which both have an order")


@pytest.mark.parametrize("place", PLACES)
async def test_while_one_exchange_is_gone_the_order_on_the_other_is_resolved(place: str) -> None:
    floor = await after_two_lost_answers()
    venue = at(floor, place)
    venue.unreachable = set(QUESTIONS)
    its, others = ("1.1", "2.1") if place == "coins" else ("2.1", "1.1")
    first = await floor.recover()
    assert (first.exit_code, len(first.unresolved)) == (7, 1), first
    assert (floor.states[others], floor.states[its].is_terminal) == (OrderState.FILLED, False)
    venue.unreachable = set()
    assert (await floor.recover()).exit_code == 0
    assert {floor.states["1.1"], floor.states["2.1"]} == {OrderState.FILLED}
    floor.check_the_promises()
    assert (await floor.reconcile()).differences == ()


@pytest.mark.parametrize("place", PLACES)
async def test_no_phase_begins_while_one_of_both_cannot_be_read(place: str) -> None:
    floor = two_floors()

    def breaks() -> None:
        if all(venue.truth.placed for venue in floor.venues):
            raise NotDone("snapshot: no route")

    at(floor, place).on_request["snapshot"] = breaks
    report = await floor.execute()
    assert report.outcome is Outcome.PARTIAL
    assert {name: state for name, state in floor.states.items() if "stop" not in name} == {
        "1.1": OrderState.FILLED,
        "2.1": OrderState.FILLED,
    }
    assert [rest.line for rest in report.remainder] == [3]
    floor.check_the_promises()


@pytest.mark.parametrize("place", PLACES)
async def test_what_one_exchange_refuses_leaves_the_others_order_alone(place: str) -> None:
    line = 1 if place == "coins" else 2
    floor = two_floors({(line, 1): Fault.REFUSED})
    report = await floor.execute()
    assert report.outcome is Outcome.PARTIAL
    assert floor.states[f"{3 - line}.1"] is OrderState.FILLED
    assert floor.states[f"{line}.1"] is OrderState.REFUSED
    floor.check_the_promises()
    assert (await floor.reconcile()).differences == ()


@pytest.mark.parametrize("place", PLACES)
async def test_no_absence_is_proved_by_the_lists_of_the_other_exchange(place: str) -> None:
    line = 1 if place == "coins" else 2
    floor = two_floors({(line, 1): Fault.RESET_AFTER})
    at(floor, place).is_blind = True
    report = await floor.execute()
    assert report.outcome is Outcome.UNKNOWN
    assert floor.states[f"{line}.1"] is OrderState.UNKNOWN
    at(floor, place).is_blind = False
    assert (await floor.recover()).exit_code == 0
    floor.check_the_promises()
