"""A run that dies at any call of any port, and is recovered, sends nothing twice and loses nothing.

Exhaustive: for every n, the process dies before its n-th call takes effect, after it, or is
cancelled there; then the recovery itself may die likewise before a last one ends.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import pytest

from tests.fakes.memory_venue import Fault
from tests.fakes.mortal import Death, Killed, Mortal
from tests.workflow.floor import Floor
from tests.workflow.stop_scenes import opening, then_buys_back
from tests.workflow.two_floors import two_floors
from trimtab.ports import PlanStatus

NEVER = 1_000_000


def everything_goes_well() -> Floor:
    return Floor("BTC 0.2 @ 60000, ETH 1 @ 3000, USDT 1000", "sell 0.1 BTC", "then buy 1.5 ETH")


def much_goes_wrong() -> Floor:
    return Floor(
        "BTC 0.2 @ 60000, ETH 1 @ 3000, SOL 5 @ 150, USDT 1000, wallet 500",
        "sell 0.1 BTC",
        "sell 2 SOL",
        "then buy 1.5 ETH",
        "sell 0.01 perp BTC",
        faults={
            (1, 1): Fault.RESET_AFTER,
            (2, 1): Fault.PARTIAL,
            (3, 1): Fault.LATE,
            (4, 1): Fault.GAP,
        },
    )


def an_order_never_arrives() -> Floor:
    return Floor("BTC 0.2 @ 60000, USDT 1000", "sell 0.1 BTC", faults={(1, 1): Fault.RESET_BEFORE})


def a_hedge_gets_its_stop() -> Floor:
    return opening()


def the_answer_about_a_stop_is_lost() -> Floor:
    return opening({(1, 1): Fault.PARTIAL}, stop_fault=Fault.LATE)


def coins_here_and_a_hedge_there() -> Floor:
    return two_floors()


def both_exchanges_fail() -> Floor:
    faults = {
        (1, 1): Fault.RESET_AFTER,
        (2, 1): Fault.LATE,
        (3, 1): Fault.PARTIAL,
    }
    return two_floors(faults, stop_fault=Fault.INVISIBLE)


SCENES = [
    everything_goes_well,
    much_goes_wrong,
    an_order_never_arrives,
    a_hedge_gets_its_stop,
    the_answer_about_a_stop_is_lost,
    coins_here_and_a_hedge_there,
    both_exchanges_fail,
]


async def run_mortal(floor: Floor, process: Mortal, *, recovering: bool = False) -> None:
    """Run or recover in a process that dies as told."""
    work = floor.recover if recovering else floor.execute
    process.task = asyncio.ensure_future(work(process.wrap))
    with contextlib.suppress(Killed, asyncio.CancelledError):
        await process.task


async def calls_of(scene: Callable[[], Floor], first: Mortal | None = None) -> int:
    """Return how many calls the run makes, or the recovery after a *first* process died."""
    floor, process = scene(), Mortal(Death.BEFORE, NEVER)
    if first is not None:
        await run_mortal(floor, first)
    await run_mortal(floor, process, recovering=first is not None)
    return process.calls


@pytest.mark.parametrize("death", Death)
@pytest.mark.parametrize("scene", SCENES)
async def test_a_run_that_dies_anywhere_is_recovered_whole(
    scene: Callable[[], Floor], death: Death
) -> None:
    calls = await calls_of(scene)
    assert calls > 10
    for at in range(1, calls + 1):
        floor = scene()
        await run_mortal(floor, Mortal(death, at))
        assert floor.store.holder is None
        recovery = await floor.recover()
        assert recovery.exit_code == 0, (at, recovery)
        saved = floor.store.plans.get(floor.plan.digest)
        assert saved is None or saved.status is not PlanStatus.EXECUTING, at
        floor.check_the_promises()
        assert (await floor.reconcile()).differences == (), at


@pytest.mark.parametrize("death", [Death.BEFORE, Death.AFTER])
async def test_a_recovery_that_dies_anywhere_is_recovered_whole(death: Death) -> None:
    submits = 14  # In the midst of the first stage of the scene: some orders sent, none closed.
    calls = await calls_of(much_goes_wrong, Mortal(Death.AFTER, submits))
    assert calls > 5
    for at in range(1, calls + 1):
        floor = much_goes_wrong()
        await run_mortal(floor, Mortal(Death.AFTER, submits))
        assert any(not state.is_terminal for state in floor.states.values())
        await run_mortal(floor, Mortal(death, at), recovering=True)
        recovery = await floor.recover()
        assert recovery.exit_code == 0, (at, recovery)
        floor.check_the_promises()
        assert (await floor.reconcile()).differences == (), at


@pytest.mark.parametrize("death", Death)
async def test_a_change_of_a_stop_that_dies_anywhere_is_recovered_whole(death: Death) -> None:
    async def shrinking() -> Floor:
        """Return a floor with a hedge and its stop, and a plan that shrinks it."""
        floor = opening()
        await floor.execute()
        (rested,) = floor.stops.rested
        left = rested.intent.lots - 20
        await then_buys_back(floor, "0.02", left=left, withdraws=rested.intent.stop_id)
        return floor

    floor, process = await shrinking(), Mortal(Death.BEFORE, NEVER)
    await run_mortal(floor, process)
    assert process.calls > 15
    for at in range(1, process.calls + 1):
        floor = await shrinking()
        await run_mortal(floor, Mortal(death, at))
        recovery = await floor.recover()
        assert recovery.exit_code == 0, (at, recovery)
        saved = floor.store.plans.get(floor.plan.digest)
        if saved is not None and saved.status is PlanStatus.EXECUTED:
            _, ledger = floor.desk()
            assert len(await ledger.open_stops()) == 1, at
        floor.check_the_promises()
        assert (await floor.reconcile()).differences == (), at


async def test_nothing_is_sent_after_a_run_was_cancelled() -> None:
    floor = much_goes_wrong()
    process = Mortal(Death.CANCELLED, 9)
    await run_mortal(floor, process)
    asked = len(floor.venue.requests)
    await asyncio.sleep(0.01)
    assert len(floor.venue.requests) == asked
