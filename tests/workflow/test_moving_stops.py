"""A hedge that stands in two contracts, half way through a roll, has a stop in each of them."""

from __future__ import annotations

import dataclasses

from tests.builders import dec
from tests.fakes.memory_venue import Fault
from tests.workflow.floor import Floor
from tests.workflow.stop_scenes import HEDGE, NONE, PERP, RULES, declared
from tests.workflow.test_stops import book, resting, stops
from trimtab.domain.hedges import HedgeCause, HedgeLine
from trimtab.domain.instruments import Instrument, Lots, Symbol, Ticks
from trimtab.domain.stops import FIRST_STOP_LINE, StopAct, StopId, StopLine
from trimtab.execution.report import Outcome

FAR = Symbol("BTC/USDT:USDT-261225")


def line(number: int, cause: HedgeCause, symbol: Symbol) -> HedgeLine:
    """Return that a line changes the hedge in one contract."""
    return dataclasses.replace(declared(number, cause), symbol=symbol)


def stop(floor: Floor, place: int, symbol: Symbol, lots: int, withdraws: StopId) -> StopLine:
    """Return what a plan does about the stop of the hedge in one contract."""
    instrument: Instrument = floor.opening.instruments[symbol]
    number = FIRST_STOP_LINE + place
    act = StopAct.WITHDRAW if not lots else StopAct.CHANGE if withdraws else StopAct.PUT
    return StopLine(
        hedge=line(number, HedgeCause.STOP, symbol),
        instrument=instrument,
        act=act,
        lots=Lots(lots),
        trigger=Ticks(int(dec(66_000) / instrument.tick_size) if lots else 0),
        withdraws=withdraws,
    )


async def half_rolled() -> Floor:
    """Return a floor whose hedge of 0.05 BTC was rolled in part, and has a stop where it was."""
    floor = Floor(
        "BTC 0.2 @ 60000, USDT 1000, wallet 4000, dated BTC at 60300", "sell 0.05 perp BTC"
    )
    floor.policy = RULES
    floor.plan = dataclasses.replace(
        floor.plan,
        hedging=(line(1, HedgeCause.BY_HAND, PERP),),
        stops=(stop(floor, 0, PERP, 500, NONE),),
    )
    assert (await floor.execute()).outcome is Outcome.EXECUTED
    ((name, _),) = resting(floor)
    await floor.follow("buy 0.05 perp BTC reduce roll", "then sell 0.05 dated BTC roll")
    floor.venue.faults = {(1, attempt): Fault.PARTIAL for attempt in range(1, 9)}
    floor.plan = dataclasses.replace(
        floor.plan,
        hedging=(line(1, HedgeCause.ROLL, PERP), line(2, HedgeCause.ROLL, FAR)),
        stops=(stop(floor, 0, PERP, 0, name), stop(floor, 1, FAR, 500, NONE)),
    )
    return floor


async def test_a_hedge_that_is_half_way_has_a_stop_in_each_of_its_contracts() -> None:
    floor = await half_rolled()
    outcome = await floor.execute()
    held = {h.symbol: h.units for h in (await book(floor)).open}
    assert held.keys() == {PERP, FAR}
    rests = {
        r.intent.instrument.symbol: r.intent.quantity for r in stops(floor) if r.state.may_fill
    }
    assert rests == held
    assert all(each.is_well for each in outcome.stops), outcome.stops
    assert {r.intent.hedge_id for r in stops(floor)} == {HEDGE}
    floor.check_the_promises()
