"""A clock that jumps: when everything waits, it moves to the earliest instant waited for."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from tests.builders import NOW

IDLE_TURNS = 30
"""Turns of the loop without which nothing that can run is left waiting for its turn."""


class VirtualClock:
    """Implements the Clock port; two sleepers that wait together wake at their own instants."""

    def __init__(self, now: datetime = NOW) -> None:
        self._now = now
        self._wake_at: list[datetime] = []

    def now(self) -> datetime:
        return self._now

    def move(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        deadline = self._now + timedelta(seconds=seconds)
        self._wake_at.append(deadline)
        try:
            while self._now < deadline:
                before = self._now
                for _ in range(IDLE_TURNS):
                    await asyncio.sleep(0)
                if self._now == before and deadline == min(self._wake_at):
                    self._now = deadline
        finally:
            self._wake_at.remove(deadline)
