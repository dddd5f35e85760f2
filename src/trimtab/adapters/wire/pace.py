"""Lets so many questions of one kind begin in a second; the others wait their turn. Not pure.

For questions that a venue takes less often than the rest; what an address may ask of all in a
minute is counted elsewhere (:mod:`trimtab.adapters.wire.weights`).
"""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import datetime, timedelta
from typing import Final

from trimtab.ports import Clock

_SECOND: Final = timedelta(seconds=1)
_GUARD: Final = timedelta(milliseconds=100)
"""The venue counts arrivals, and one may be a little longer under way than the next."""


class Pace:
    """The turns of one kind of question."""

    def __init__(self, clock: Clock, *, per_second: int) -> None:
        """Take how many may begin in a second, >= 1."""
        self._clock = clock
        self._begun: deque[datetime] = deque(maxlen=per_second)
        self._queue = asyncio.Lock()

    async def turn(self) -> None:
        """Wait until one more may begin."""
        async with self._queue:  # Who came first goes first.
            if len(self._begun) == self._begun.maxlen:
                left = self._begun[0] + _SECOND + _GUARD - self._clock.now()
                if left > timedelta():
                    await self._clock.sleep(left.total_seconds())
            self._begun.append(self._clock.now())
