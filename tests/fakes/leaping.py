"""An event loop that leaps over waiting, for venues in process: pace is kept, and costs nothing.

Time goes on as the computer's does. As soon as nothing is left but to wait for a timer, it is at
once as late as that timer: whoever waits for the next window of a venue, or for a second to end,
has waited as long by every clock here. While a thread works nothing is leapt over, and what
comes from outside the process must not be waited for here: it would come too late.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncio_throttle.throttler

from tests.simulation.loop import NoEnd
from trimtab.adapters.ledger import writer
from trimtab.adapters.ledger.thread import OneThread
from trimtab.adapters.system_clock import SystemClock

LEAPT_MAX_S: Final = 3_600.0
"""Whoever waits for longer in one test waits for what never comes."""


class _Leap(selectors.DefaultSelector):
    """Stands where the loop waits: what would be waited for is leapt over."""

    loop: LeapingLoop

    def select(self, timeout: float | None = None) -> Any:
        """Return what has come; when nothing has and nobody works, be later by *timeout*."""
        if timeout is None or timeout <= 0 or self.loop.works:
            return super().select(timeout)
        come = super().select(0)
        if not come:
            self.loop.leap(timeout)
        return come


class LeapingLoop(asyncio.SelectorEventLoop):
    """A loop of its own time, seconds."""

    def __init__(self) -> None:
        self.leapt_s = 0.0
        """By how much every clock here is ahead of the computer's."""
        self.works = 0
        """What other threads were given and have not ended."""
        selector = _Leap()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return super().time() + self.leapt_s

    def leap(self, seconds: float) -> None:
        """Be later by so much.

        Raises:
            NoEnd: too much was leapt over already.

        """
        self.leapt_s += seconds
        if self.leapt_s > LEAPT_MAX_S:
            raise NoEnd(f"still waiting after {self.leapt_s:.0f} s")

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> asyncio.Future[Any]:
        """Give work to another thread, and wait for it in earnest."""
        given = super().run_in_executor(executor, func, *args)
        self.works += 1
        given.add_done_callback(lambda _: self.ended())
        return given

    def ended(self) -> None:
        """Have one thing less that another thread does."""
        self.works -= 1


class LeapingClock(SystemClock):
    """The system clock of the loop that it was made in, to be read from any thread."""

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=_leapt_s(self._loop))


class _WatchedThread(OneThread):
    """The ledger's thread; the loop leaps over nothing while it works."""

    def submit(self, work: Callable[[], object]) -> None:
        loop = asyncio.get_running_loop()
        if not isinstance(loop, LeapingLoop):
            super().submit(work)
            return
        loop.works += 1

        def watched() -> None:
            work()
            with suppress(RuntimeError):  # The loop was closed meanwhile; nobody waits.
                loop.call_soon_threadsafe(loop.ended)

        super().submit(watched)


class _LoopTime:
    """Stands for the module ``time`` where asyncio-throttle reads its monotonic clock."""

    @staticmethod
    def monotonic() -> float:
        return asyncio.get_running_loop().time()


@contextmanager
def one_time() -> Iterator[None]:
    """Have all go by the loop's time: the slots of orders, and the threads of ledgers."""
    throttler: Any = asyncio_throttle.throttler
    thread, time = writer.OneThread, throttler.time
    writer.OneThread = _WatchedThread  # type: ignore[misc]  # The same thread, and counted.
    throttler.time = _LoopTime
    try:
        yield
    finally:
        writer.OneThread = thread  # type: ignore[misc]  # As above.
        throttler.time = time


def now() -> datetime:
    """Return the present instant by the clocks of the running loop."""
    return datetime.now(UTC) + timedelta(seconds=leapt_s())


def leapt_s() -> float:
    """Return by how much the running loop is ahead of the computer's clock; 0 without one."""
    try:
        return _leapt_s(asyncio.get_running_loop())
    except RuntimeError:
        return 0.0


def _leapt_s(loop: asyncio.AbstractEventLoop) -> float:
    return loop.leapt_s if isinstance(loop, LeapingLoop) else 0.0
