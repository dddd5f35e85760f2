"""Questions of one kind begin no faster than a venue takes them, first come first."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.adapters.wire.pace import Pace

START = datetime(2026, 1, 1, tzinfo=UTC)


class Still:
    """A clock that goes on only while somebody sleeps."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


async def begun(clock: Still, pace: Pace) -> datetime:
    await pace.turn()
    return clock.now()


@pytest.mark.parametrize("per_second", [1, 2, 5])
async def test_those_that_come_together_begin_in_turns(per_second: int) -> None:
    clock = Still()
    pace = Pace(clock, per_second=per_second)
    times = await asyncio.gather(*(begun(clock, pace) for _ in range(4 * per_second)))
    for first, later in zip(times, times[per_second:], strict=False):
        assert later - first > timedelta(seconds=1)
    assert times[per_second - 1] == START


@given(pauses=st.lists(st.integers(0, 1500), min_size=1, max_size=30), per_second=st.integers(1, 4))
async def test_no_second_has_more_than_are_taken(pauses: list[int], per_second: int) -> None:
    clock = Still()
    pace, times = Pace(clock, per_second=per_second), []
    for pause_ms in pauses:
        clock.at += timedelta(milliseconds=pause_ms)
        times.append(await begun(clock, pace))
    for first, later in zip(times, times[per_second:], strict=False):
        assert later - first > timedelta(seconds=1)


async def test_one_that_comes_late_does_not_wait() -> None:
    clock = Still()
    pace = Pace(clock, per_second=1)
    await pace.turn()
    clock.at += timedelta(seconds=2)
    assert await begun(clock, pace) == START + timedelta(seconds=2)
