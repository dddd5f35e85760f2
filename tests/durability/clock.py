"""A clock that leaps over waits, shared by a process, its children and the exchange.

Waits of a run are for a venue that is slow or silent, up to the fence of a quarter of a minute.
Here they take a hundredth of a second of real time; then everybody's clock is moved to where
the wait ends. Requests, commits and flushes take the time that they take.
"""

from __future__ import annotations

import asyncio
import mmap
import time
from datetime import UTC, datetime, timedelta
from typing import Final

PAUSE_S: Final = 0.01
"""Real time that a wait takes, so that what is under way comes to its end."""
_US: Final = 1_000_000


class LeapingClock:
    """The wall clock and an offset in memory that forked processes share."""

    def __init__(self) -> None:
        self._ahead = memoryview(mmap.mmap(-1, mmap.PAGESIZE)).cast("q")
        """Microseconds, in the first place."""

    def now(self) -> datetime:
        """Return the present instant, aware UTC, microseconds."""
        return datetime.now(UTC) + timedelta(microseconds=self._ahead[0])

    def now_ms(self) -> int:
        """Return the same in whole milliseconds since 1970."""
        return (time.time_ns() // 1000 + self._ahead[0]) // 1000

    async def sleep(self, seconds: float) -> None:
        """Wait *seconds*, most of them by moving the clock."""
        until = self.now() + timedelta(seconds=seconds)
        await asyncio.sleep(min(seconds, PAUSE_S))
        short_us = (until - self.now()) // timedelta(microseconds=1)
        if short_us > 0:  # Of waits side by side only the longest moves it to its end.
            self._ahead[0] += short_us
