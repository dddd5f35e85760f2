"""How far the venue's clock is ahead of ours. Not pure: it asks and waits.

Milliseconds. Of several round trips the shortest says most: its midpoint is nearest to the
moment at which the venue read its clock, and half of it bounds the error.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from trimtab.domain.snapshot import ClockReading
from trimtab.ports import Clock

_SAMPLES: Final = 4
_MS: Final = timedelta(milliseconds=1)


async def read_clock(clock: Clock, ask: Callable[[], Awaitable[datetime]]) -> ClockReading:
    """Compare our clock with the one that *ask* reads, by the shortest of four round trips.

    The first also opens the connection, so it seldom is the shortest.

    Raises:
        NotDone: the venue does not answer.

    """
    loop = asyncio.get_running_loop()
    best = (math.inf, 0.0)
    for _ in range(_SAMPLES):
        left_at, started = clock.now(), loop.time()
        venue_now = await ask()
        round_trip_ms = (loop.time() - started) * 1000
        offset_ms = (venue_now - left_at) / _MS - round_trip_ms / 2
        best = min(best, (round_trip_ms, offset_ms))
    return ClockReading(offset_ms=round(best[1]), uncertainty_ms=math.ceil(best[0] / 2))
