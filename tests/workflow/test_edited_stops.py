"""A stop that a person moved on the exchange is left to them while it rests, and no dead end."""

from __future__ import annotations

import dataclasses

import pytest
from rich.console import Console

from tests.builders import dec
from tests.workflow.floor import PORTFOLIO, Floor
from tests.workflow.stop_scenes import then_mends
from tests.workflow.test_stops import book, opened, resting, stops
from trimtab.cli.hedge_views import hedges_view
from trimtab.domain.exact import plain
from trimtab.domain.hedges import HedgeCause
from trimtab.domain.instruments import Lots, Ticks
from trimtab.domain.stops import SeenStop, StopState
from trimtab.execution.reconcile import Actor
from trimtab.execution.report import Outcome
from trimtab.execution.tracking import Outlook
from trimtab.workflow.hedges import seen_hedges


def edited(floor: Floor, *, ticks: int = 0, lots: int = 0) -> None:
    """Let a person move the stop by *ticks* and *lots* on the exchange; it keeps its name."""
    (rested,) = floor.stops.rested
    intent = rested.intent
    rested.intent = dataclasses.replace(
        intent, lots=Lots(intent.lots + lots), trigger=Ticks(intent.trigger + ticks)
    )


async def test_a_stop_that_rests_elsewhere_than_it_was_put_is_left_to_a_person() -> None:
    floor, _, _ = await opened()
    edited(floor, ticks=5)
    report = await floor.recover()
    assert [s.outlook for s in report.unresolved_stops] == [Outlook.CONTRADICTED]
    assert report.exit_code == 6


async def shown(floor: Floor) -> str:
    """Return the open hedges as status tells them."""
    _, ledger = floor.desk()
    snapshot, known = await floor.market.snapshot(PORTFOLIO), await ledger.open_stops()
    seen = seen_hedges(
        await book(floor), snapshot, floor.policy.hedge, stops=known, now=floor.clock.now()
    )
    console = Console(width=250, color_system=None, highlight=False)
    with console.capture() as told:
        console.print(*hedges_view(seen, dec(0), "USDT"))
    return told.get()


@pytest.mark.parametrize("change", [{"ticks": 5}, {"lots": -20}])
async def test_a_stop_that_rests_elsewhere_than_it_was_put_is_a_difference(
    change: dict[str, int],
) -> None:
    floor, name, _ = await opened()
    assert (await floor.reconcile()).differences == ()
    edited(floor, **change)
    (told,) = (await floor.reconcile()).differences
    assert (told.name, told.expected, told.who) == (
        name,
        "BTC/USDT:USDT: 500 lots rest at 65993.4",
        Actor.PERSON,
    )
    intent = floor.stops.rested[0].intent
    assert told.actual.endswith(f"{intent.lots} lots rest at {plain(intent.trigger_price)}")


async def test_status_tells_a_stop_that_was_moved() -> None:
    floor, _, _ = await opened()
    assert "moved" not in await shown(floor)
    edited(floor, ticks=5)
    assert "moved: trimtab recover" in await shown(floor)


async def test_a_stop_that_was_moved_and_then_cancelled_rests_no_more() -> None:
    floor, _, lots = await opened()
    edited(floor, ticks=5, lots=-20)
    assert (await floor.recover()).exit_code == 6
    floor.stops.rested[0].state = SeenStop.WITHDRAWN
    assert (await floor.recover()).exit_code == 0
    assert [record.state for record in stops(floor)] == [StopState.WITHDRAWN]
    await then_mends(floor, lots=lots)
    assert (await floor.execute()).outcome is Outcome.EXECUTED
    ((_, again),) = resting(floor)
    assert again == lots
    floor.check_the_promises()


async def test_what_a_moved_stop_bought_back_is_booked_to_its_hedge() -> None:
    floor, name, _ = await opened()
    edited(floor, ticks=-5)
    floor.stops.fire(name, at=dec(65_900))
    assert (await floor.recover()).exit_code == 0
    (hedge,) = (await book(floor)).hedges
    assert (hedge.is_open, hedge.closed_by) == (False, HedgeCause.STOP)
    await floor.pay_up()
    assert (await floor.reconcile()).differences == ()
    floor.check_the_promises()


async def test_a_stop_that_was_made_smaller_closes_as_much_of_its_hedge_as_it_filled() -> None:
    floor, name, _ = await opened()
    edited(floor, lots=-20)
    floor.stops.fire(name, at=dec(66_050))
    assert (await floor.recover()).exit_code == 0
    (hedge,) = (await book(floor)).open
    assert hedge.units == stops(floor)[0].intent.instrument.units(20)
    await floor.pay_up()
    assert (await floor.reconcile()).differences == ()
