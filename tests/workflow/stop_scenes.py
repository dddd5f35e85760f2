"""Scenes with stops: a floor whose plans open, shrink or only mend a hedge of BTC."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Final

from tests.builders import dec, policy
from tests.fakes.memory_venue import Fault
from tests.workflow.floor import Floor
from trimtab.domain.hedges import DriftBack, HedgeCause, HedgeId, HedgeLine, HedgeOrigin
from trimtab.domain.instruments import Asset, Lots, Symbol, Ticks
from trimtab.domain.stops import FIRST_STOP_LINE, StopAct, StopId, StopLine

PERP: Final = Symbol("BTC/USDT:USDT")
HEDGE: Final = HedgeId("btc-1f09ac")
RULES: Final = policy(hedge={"stop": dec("0.10"), "rests_stop": True})
NONE: Final = StopId("")


def declared(number: int, cause: HedgeCause) -> HedgeLine:
    """Return that a line changes the hedge."""
    return HedgeLine(
        line=number,
        hedge_id=HEDGE,
        asset=Asset("BTC"),
        symbol=PERP,
        origin=HedgeOrigin.BY_HAND,
        cause=cause,
        drift_back=DriftBack.NEVER,
        beside=dec(0),
    )


def opening(
    faults: Mapping[tuple[int, int], Fault] | None = None, *, stop_fault: Fault | None = None
) -> Floor:
    """Return a floor whose plan opens a hedge of 0.05 BTC and puts its stop."""
    floor = Floor("BTC 0.2 @ 60000, USDT 1000, wallet 2000", "sell 0.05 perp BTC", faults=faults)
    with_a_stop(floor, fault=stop_fault)
    return floor


def with_a_stop(floor: Floor, *, fault: Fault | None = None) -> None:
    """Let the contract that the plan sells open a hedge, and have it put its stop."""
    floor.policy = RULES
    (leg,) = [leg for leg in floor.plan.legs if leg.instrument.symbol == PERP]
    hedging = (declared(leg.line, HedgeCause.BY_HAND),)
    stops = (_line(floor, lots=-leg.lots, act=StopAct.PUT),)
    floor.plan = dataclasses.replace(floor.plan, hedging=hedging, stops=stops)
    if fault is not None:
        floor.stops.faults[FIRST_STOP_LINE] = fault


async def then_buys_back(floor: Floor, units: str, *, left: int, withdraws: StopId) -> None:
    """Let a plan follow that buys back *units* of the hedge, so that *left* lots stay."""
    await floor.follow(f"buy {units} perp BTC reduce")
    act = StopAct.CHANGE if left else StopAct.WITHDRAW
    hedging = (declared(1, HedgeCause.BY_HAND),)
    stops = (_line(floor, lots=left, act=act, withdraws=withdraws),)
    floor.plan = dataclasses.replace(floor.plan, hedging=hedging, stops=stops)


async def then_mends(floor: Floor, *, lots: int, withdraws: StopId = NONE) -> None:
    """Let a plan follow that only mends the stop of the hedge."""
    await floor.follow()
    act = StopAct.CHANGE if withdraws else StopAct.PUT
    line = _line(floor, lots=lots, act=act, withdraws=withdraws)
    floor.plan = dataclasses.replace(floor.plan, stops=(line,))


def _line(floor: Floor, *, lots: int, act: StopAct, withdraws: StopId = NONE) -> StopLine:
    """Return what a plan does about the stop of the hedge."""
    instrument = floor.opening.instruments[PERP]
    return StopLine(
        hedge=declared(FIRST_STOP_LINE, HedgeCause.STOP),
        instrument=instrument,
        act=act,
        lots=Lots(lots),
        trigger=Ticks(int(dec(66_000) / instrument.tick_size) if lots else 0),
        withdraws=withdraws,
    )
