"""Measuring the venue's clock."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from trimtab.adapters.system_clock import SystemClock
from trimtab.adapters.venue_clock import read_clock

CLOCK = SystemClock()


async def measured(ahead_ms: int, delays: list[tuple[float, float]]) -> tuple[int, int]:
    """Read a clock that is ahead, over roads of (there, back) seconds."""
    roads = iter(delays)

    async def ask() -> datetime:
        there, back = next(roads)
        await asyncio.sleep(there)
        told = CLOCK.now() + timedelta(milliseconds=ahead_ms)
        await asyncio.sleep(back)
        return told

    reading = await read_clock(CLOCK, ask)
    return reading.offset_ms, reading.uncertainty_ms


async def test_the_shortest_round_trip_decides() -> None:
    crooked = (0.0, 0.2)
    offset_ms, uncertainty_ms = await measured(5000, [crooked, crooked, (0.01, 0.01), crooked])
    assert abs(offset_ms - 5000) <= uncertainty_ms
    assert 10 <= uncertainty_ms < 60


async def test_the_error_is_within_the_uncertainty_on_a_crooked_road() -> None:
    offset_ms, uncertainty_ms = await measured(-3000, [(0.0, 0.05)] * 4)
    assert abs(offset_ms + 3000) <= uncertainty_ms


async def test_equal_clocks_have_no_offset() -> None:
    offset_ms, uncertainty_ms = await measured(0, [(0.0, 0.0)] * 4)
    assert abs(offset_ms) <= uncertainty_ms + 1
