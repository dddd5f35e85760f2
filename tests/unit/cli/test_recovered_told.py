"""What a run says of stops that an earlier one left: what could not be found out is said so."""

from __future__ import annotations

import dataclasses

import pytest

from tests.builders import dec
from tests.fakes.memory_venue import Fault
from tests.fakes.mortal import Death
from tests.workflow.floor import Floor
from tests.workflow.stop_scenes import opening, with_a_stop
from tests.workflow.test_recover import died
from tests.workflow.test_stops import opened
from trimtab.cli.commands.trading import told_of
from trimtab.cli.views_upkeep import MEND_CLOCK, recover_result
from trimtab.domain.instruments import Lots, Ticks
from trimtab.domain.stops import SeenStop


async def test_a_stop_that_nobody_could_ask_about_is_not_told_as_resting_now() -> None:
    floor, _, _ = await opened()
    floor.venue.unreachable.add("look_up_stop")
    (found,) = (await floor.recover()).stops
    told = told_of(found)
    assert "is not known (unanswered" in told
    assert told.endswith("the ledger has it as resting")
    assert "resting now" not in told


async def test_a_stop_that_was_found_elsewhere_is_told_as_it_is() -> None:
    floor, _, _ = await opened()
    floor.stops.rested[0].state = SeenStop.WITHDRAWN
    (found,) = (await floor.recover()).stops
    assert told_of(found) == f"the stop of {found.record.intent.hedge_id} is withdrawn now"


async def test_a_stop_that_a_person_moved_is_told_with_the_way_out() -> None:
    floor, name, _ = await opened()
    (rested,) = floor.stops.rested
    moved = Ticks(rested.intent.trigger + 5)
    rested.intent = dataclasses.replace(rested.intent, trigger=moved)
    result = recover_result(await floor.recover(), (), ())
    told = str(result.document["next"])
    assert f"cancel {name}" in told
    assert told.endswith("then trimtab recover")


async def test_a_stop_that_fired_is_not_said_to_be_cancelled() -> None:
    floor, name, _ = await opened()
    floor.stops.fire(name, at=dec(66_050))
    (rested,) = floor.stops.rested
    assert rested.order is not None
    rested.order.ended = False
    await floor.recover()
    rested.order, rested.state = None, SeenStop.WITHDRAWN
    result = recover_result(await floor.recover(), (), ())
    assert str(result.document["next"]).startswith("trimtab reconcile, and look")


async def test_a_stop_that_was_made_larger_and_fired_is_not_said_to_be_cancelled() -> None:
    """It filled more than was put: there is nothing to cancel, and a person has to look."""
    floor = Floor("BTC 0.2 @ 60000, USDT 1000, wallet 4000, perp BTC -0.05", "sell 0.05 perp BTC")
    with_a_stop(floor)
    _, name, _ = await opened(floor)
    (rested,) = floor.stops.rested
    rested.intent = dataclasses.replace(rested.intent, lots=Lots(rested.intent.lots + 20))
    floor.stops.fire(name, at=dec(66_050))
    result = recover_result(await floor.recover(), (), ())
    assert result.code == 6
    assert str(result.document["next"]).startswith("trimtab reconcile, and look")


async def left_in_doubt(what: str) -> Floor:
    """Return a floor with an order or a stop of which nobody knows whether it arrived."""
    if what == "order":
        return await died(at_submit=Death.BEFORE)
    floor = opening(stop_fault=Fault.RESET_BEFORE)
    floor.venue.unreachable.add("look_up_stop")
    await floor.execute()
    floor.venue.unreachable.clear()
    return floor


@pytest.mark.parametrize("what", ["order", "stop"])
async def test_a_clock_that_was_set_back_is_told_as_what_is_to_be_mended(what: str) -> None:
    floor = await left_in_doubt(what)
    floor.clock.move(-36_000)
    before = tuple(floor.store.real.orders.values())
    result = recover_result(await floor.recover(), before, ())
    assert result.code == 6
    assert result.document["next"] == MEND_CLOCK
    floor.clock.move(36_000)
    assert recover_result(await floor.recover(), before, ()).code == 0
