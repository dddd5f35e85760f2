"""The loop of these tests: waiting costs nothing, and is waiting all the same."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from tests.conformance.stage import staged
from tests.conformance.trading import now_ms
from tests.fakes.leaping import LEAPT_MAX_S, LeapingClock, LeapingLoop, leapt_s, now
from tests.simulation.loop import NoEnd
from trimtab.adapters.ledger import writer
from trimtab.venues.facts import Market

SLOW_S = 0.1
"""What a thread takes in these tests."""


def work() -> None:
    time.sleep(SLOW_S)


async def by_the_ledgers_thread() -> None:
    thread, done = writer.OneThread("ledger"), asyncio.Event()
    set_there = asyncio.get_running_loop().call_soon_threadsafe

    def told() -> None:
        work()
        set_there(done.set)

    thread.submit(told)
    await done.wait()
    thread.shutdown()


async def by_another_thread() -> None:
    await asyncio.to_thread(work)


async def test_whoever_waits_long_has_waited_by_every_clock_and_costs_no_time() -> None:
    clock, loop, began = LeapingClock(), asyncio.get_running_loop(), time.monotonic()
    clocks: list[Callable[[], float]] = [
        loop.time,
        lambda: clock.now().timestamp(),
        lambda: now().timestamp(),
        lambda: now_ms() / 1000,
    ]
    before = [tell() for tell in clocks]
    await clock.sleep(1000)
    passed = [tell() - at for tell, at in zip(clocks, before, strict=True)]
    assert all(999.9 < seconds < 1060 for seconds in passed), passed
    assert time.monotonic() - began < 60


async def test_who_waits_less_wakes_first() -> None:
    woke: list[int] = []

    async def sleeper(seconds: int) -> None:
        await asyncio.sleep(seconds)
        woke.append(seconds)

    await asyncio.gather(*(sleeper(seconds) for seconds in (30, 10, 20)))
    assert woke == [10, 20, 30]
    assert 29 < leapt_s() <= 30


@pytest.mark.parametrize("slowly", [by_another_thread, by_the_ledgers_thread])
async def test_what_a_thread_does_is_waited_for_and_not_leapt_over(
    slowly: Callable[[], Awaitable[None]],
) -> None:
    async with asyncio.timeout(100):
        await slowly()
    assert leapt_s() < SLOW_S


async def test_who_waits_for_what_never_comes_is_ended() -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, LeapingLoop)
    with pytest.raises(NoEnd):
        loop.leap(LEAPT_MAX_S + 1)


async def test_a_window_that_is_spent_is_waited_out_by_the_venues_time() -> None:
    async with staged("kraken", Market.SPOT) as stage:
        window_s = stage.profile.weight_window_s
        room = 2 * stage.profile.weight_limits[next(iter(stage.profile.weight_limits))]
        began = now_ms()
        for _ in range(room + 1):
            await stage.opened.venue.open_orders([stage.symbol])
        passed_s = (now_ms() - began) / 1000
    assert passed_s > window_s
