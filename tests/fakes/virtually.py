"""Runs a test in virtual time: waiting costs nothing, and two runs take the same instants."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import asyncio_throttle.throttler

from tests.simulation.loop import VirtualLoop

T = TypeVar("T")

BEGAN_AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
"""The wall clock at virtual second 0: a whole minute, so windows of the venue begin with it."""


class _LoopTime:
    """Stands for the module ``time`` where asyncio-throttle reads its monotonic clock."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.monotonic = loop.time


def virtually(work: Callable[[], Coroutine[Any, Any, T]], *, ends_at: float = 3_600) -> T:
    """Run *work* to its end on a loop of its own and return what it returns.

    Raises:
        NoEnd: it waits for what never comes, or beyond *ends_at* seconds.

    """
    loop = VirtualLoop(turns_max=1_000_000, ends_at=ends_at)
    throttler: Any = asyncio_throttle.throttler
    real, throttler.time = throttler.time, _LoopTime(loop)
    try:
        return loop.run_until_complete(work())
    finally:
        throttler.time = real
        for task in asyncio.all_tasks(loop):
            task.cancel()
            with suppress(asyncio.CancelledError):
                loop.run_until_complete(task)
        loop.close()


def now_s() -> float:
    """Return the running loop's time, seconds."""
    return asyncio.get_running_loop().time()


class LoopClock:
    """Implements the Clock port on the running loop; ``ahead_s`` is a wall clock that was set."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def now(self) -> datetime:
        return BEGAN_AT + timedelta(seconds=now_s() + self.ahead_s)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def all_of(*works: Awaitable[Any]) -> list[Any]:
    """Await all side by side; errors are returned, too."""
    return await asyncio.gather(*works, return_exceptions=True)
