"""What an order may still buy back of a hedge is left out of its stop, beside another hedge."""

from __future__ import annotations

import dataclasses

from tests.builders import dec
from tests.fakes.memory_venue import Fault
from tests.workflow.floor import Floor
from tests.workflow.stop_scenes import HEDGE, NONE, opening, then_buys_back, with_a_stop
from trimtab.domain.hedges import HedgeId
from trimtab.domain.instruments import Lots
from trimtab.domain.orders import OrderState
from trimtab.domain.stops import StopAct, StopId
from trimtab.execution.report import ExecutionReport, Outcome

OTHER = HedgeId("btc-77c0de")


async def beside_another(floor: Floor) -> None:
    """Let a plan open a second hedge of 0.05 BTC in the same contract, with its stop."""
    (stop,), (line,) = floor.plan.stops, floor.plan.hedging
    await floor.follow("sell 0.05 perp BTC")
    mine = dataclasses.replace(stop.hedge, hedge_id=OTHER)
    floor.plan = dataclasses.replace(
        floor.plan,
        hedging=(dataclasses.replace(line, hedge_id=OTHER),),
        stops=(dataclasses.replace(stop, hedge=mine, act=StopAct.PUT, withdraws=NONE),),
    )
    assert (await floor.execute()).outcome is Outcome.EXECUTED


def stop_of(floor: Floor, hedge: HedgeId = HEDGE) -> StopId:
    """Return the name of the stop that rests for a hedge."""
    (found,) = [r.intent.stop_id for r in floor.stops.rested if r.intent.hedge_id == hedge]
    return found


async def buys_back(floor: Floor, units: str, fault: Fault) -> ExecutionReport:
    """Run a plan that buys back *units* of the first hedge, by an order that goes wrong."""
    left = Lots(500 - int(dec(units) / dec("0.0001")))
    await then_buys_back(floor, units, left=left, withdraws=stop_of(floor))
    floor.venue.faults = {(1, attempt): fault for attempt in range(1, 9)}
    return await floor.execute()


async def shorts(floor: Floor) -> dict[HedgeId, int]:
    """Return how many lots the stops that may fill would buy back, by hedge."""
    _, ledger = floor.desk()
    return {r.intent.hedge_id: r.intent.lots for r in await ledger.open_stops()}


async def test_stops_and_an_open_order_together_never_buy_back_more_than_the_hedges() -> None:
    floor = opening()
    assert (await floor.execute()).outcome is Outcome.EXECUTED
    await beside_another(floor)
    outcome = await buys_back(floor, "0.02", Fault.RESTS_FOR_EVER)
    (told,) = outcome.stops
    _, ledger = floor.desk()
    (order,) = await ledger.unresolved()
    assert (order.state is OrderState.OPEN, order.filled_lots) == (True, 0)
    assert await shorts(floor) == {HEDGE: 300, OTHER: 500}
    assert (told.is_well, "without 0.02" in told.note) == (False, True)
    assert outcome.outcome is Outcome.UNKNOWN


async def test_a_hedge_alone_in_its_contract_keeps_its_whole_stop() -> None:
    floor = opening()
    assert (await floor.execute()).outcome is Outcome.EXECUTED
    outcome = await buys_back(floor, "0.02", Fault.RESTS_FOR_EVER)
    assert (outcome.outcome, await shorts(floor)) == (Outcome.UNKNOWN, {HEDGE: 500})


async def test_a_short_that_no_hedge_explains_is_not_bought_back_for_one() -> None:
    floor = Floor("BTC 0.2 @ 60000, USDT 1000, wallet 2000, perp BTC -0.03", "sell 0.05 perp BTC")
    with_a_stop(floor)
    hedging = tuple(dataclasses.replace(h, beside=dec("0.03")) for h in floor.plan.hedging)
    floor.plan = dataclasses.replace(floor.plan, hedging=hedging)
    assert (await floor.execute()).outcome is Outcome.EXECUTED
    outcome = await buys_back(floor, "0.02", Fault.RESTS_FOR_EVER)
    assert (outcome.outcome, await shorts(floor)) == (Outcome.UNKNOWN, {HEDGE: 300})


async def test_what_has_ended_and_is_booked_is_no_doubt() -> None:
    floor = opening()
    assert (await floor.execute()).outcome is Outcome.EXECUTED
    await beside_another(floor)
    await buys_back(floor, "0.02", Fault.PARTIAL)
    held = await shorts(floor)
    position = -sum(floor.venue.truth.positions.values())
    assert sum(held.values()) == position
    floor.check_the_promises()


async def test_a_hedge_that_may_be_bought_back_whole_has_no_stop_beside_another() -> None:
    floor = opening()
    assert (await floor.execute()).outcome is Outcome.EXECUTED
    await beside_another(floor)
    outcome = await buys_back(floor, "0.05", Fault.RESTS_FOR_EVER)
    (told,) = outcome.stops
    assert (await shorts(floor), told.is_well) == ({OTHER: 500}, False)
    assert "was not put" in told.note
