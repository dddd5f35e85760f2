"""What a stop filled that fired while a run was there is booked before the run says its end."""

from __future__ import annotations

from tests.builders import dec
from tests.fakes.memory_venue import Fault
from tests.workflow.floor import Floor
from tests.workflow.stop_scenes import PERP, opening, then_buys_back
from trimtab.domain.hedges import HedgeCause
from trimtab.domain.instruments import Asset
from trimtab.domain.stops import StopId, StopState
from trimtab.execution.report import ExecutionReport, Outcome
from trimtab.hedging.book import book_of


async def fires_while_it_is_placed(floor: Floor) -> ExecutionReport:
    """Run a plan whose stop fires before its lost answer is looked for."""
    floor.venue.on_request["look_up_stop"] = lambda: fires_once(floor, "look_up_stop")
    return await floor.execute()


async def fires_while_it_is_withdrawn(floor: Floor) -> tuple[StopId, ExecutionReport]:
    """Run a plan that withdraws a stop at the moment in which it fires; return its name too."""
    assert (await floor.execute()).outcome is Outcome.EXECUTED
    (rested,) = floor.stops.rested
    await then_buys_back(
        floor, "0.02", left=rested.intent.lots - 20, withdraws=rested.intent.stop_id
    )
    floor.venue.on_request["withdraw_stop"] = lambda: fires_once(floor, "withdraw_stop")
    return rested.intent.stop_id, await floor.execute()


def fires_once(floor: Floor, request: str) -> None:
    """Let the only stop fire, this once."""
    del floor.venue.on_request[request]
    (rested,) = floor.stops.rested
    floor.stops.fire(rested.intent.stop_id, at=dec(66_050))


async def closed_by(floor: Floor) -> list[HedgeCause | None]:
    """Return what closed each hedge of the ledger; None for one that is open."""
    _, ledger = floor.desk()
    return [h.closed_by for h in book_of(await ledger.hedge_record(), Asset("USDT")).hedges]


async def left_open(floor: Floor) -> int:
    """Return how many orders the ledger has not closed."""
    _, ledger = floor.desk()
    return len(await ledger.unresolved())


async def test_a_stop_that_fires_while_its_answer_is_looked_for_is_booked_by_the_run() -> None:
    floor = opening(stop_fault=Fault.RESET_AFTER)
    outcome = await fires_while_it_is_placed(floor)
    (told,) = outcome.stops
    assert (outcome.outcome, outcome.unknown) == (Outcome.PARTIAL, ())
    assert (told.state, told.is_well, "has fired" in told.note) == (StopState.DONE, False, True)
    assert (await left_open(floor), await closed_by(floor)) == (0, [HedgeCause.STOP])
    assert floor.venue.truth.positions.get(PERP, 0) == 0
    floor.check_the_promises()


async def test_a_stop_that_fires_while_it_is_placed_and_cannot_be_booked_ends_unknown() -> None:
    floor = opening(stop_fault=Fault.RESET_AFTER)
    floor.venue.on_request["look_up_stop"] = lambda: (
        fires_once(floor, "look_up_stop"),
        floor.venue.unreachable.add("fills"),
    )
    outcome = await floor.execute()
    (told,) = outcome.stops
    assert (outcome.outcome, outcome.unknown) == (Outcome.UNKNOWN, (told.stop_id,))
    assert "has fired" in told.note
    floor.venue.unreachable.clear()
    assert (await floor.recover()).exit_code == 0
    assert (await left_open(floor), await closed_by(floor)) == (0, [HedgeCause.STOP])
    floor.check_the_promises()


async def test_a_hedge_whose_stop_fired_as_it_was_withdrawn_gets_no_other_one() -> None:
    floor = opening()
    _, outcome = await fires_while_it_is_withdrawn(floor)
    assert (outcome.outcome, "has fired" in outcome.note) == (Outcome.PARTIAL, True)
    assert (outcome.stops, floor.venue.requests.count("place_stop")) == ((), 1)
    assert (await left_open(floor), await closed_by(floor)) == (0, [HedgeCause.STOP])
    floor.check_the_promises()


async def test_a_fired_stop_that_cannot_be_booked_keeps_another_from_being_put() -> None:
    floor = opening()
    assert (await floor.execute()).outcome is Outcome.EXECUTED
    (rested,) = floor.stops.rested
    await then_buys_back(
        floor, "0.02", left=rested.intent.lots - 20, withdraws=rested.intent.stop_id
    )
    floor.venue.unreachable.add("fills")
    floor.venue.on_request["withdraw_stop"] = lambda: fires_once(floor, "withdraw_stop")
    outcome = await floor.execute()
    assert (outcome.outcome, outcome.unknown) == (Outcome.UNKNOWN, (rested.intent.stop_id,))
    assert floor.venue.requests.count("place_stop") == 1
    floor.venue.unreachable.clear()
    assert (await floor.recover()).exit_code == 0
    assert (await left_open(floor), await closed_by(floor)) == (0, [HedgeCause.STOP])
    floor.check_the_promises()
