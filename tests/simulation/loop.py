"""An event loop whose time jumps to the next timer as soon as nothing can run.

No socket, no thread, no wall clock: the order of everything follows from the program alone.
Seconds since the loop was made.
"""

from __future__ import annotations

import asyncio
from typing import Any


class NoEnd(BaseException):
    """The program waits for what never comes, or never rests. Not an Exception: it must end all."""


class _Jump:
    """Stands where the loop expects its selector: waiting is moving the time."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[Any]:
        self._loop.pass_time(timeout)
        return []

    def close(self) -> None:
        pass


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs callbacks in asyncio's own order; at most *turns_max* turns, until *ends_at*."""

    def __init__(self, *, turns_max: int, ends_at: float) -> None:
        super().__init__()
        self._selector = _Jump(self)
        self._clock_resolution = 1e-9
        self._virtual_now = 0.0
        self._turns_max, self._ends_at = turns_max, ends_at
        self.turns = 0

    def time(self) -> float:
        return self._virtual_now

    def pass_time(self, timeout: float | None) -> None:
        """Jump *timeout* seconds ahead.

        Raises:
            NoEnd: nothing is left that could ever happen, or too much has.

        """
        self.turns += 1
        if timeout is None:
            raise NoEnd("everything waits and nothing will come")
        self._virtual_now += timeout
        if self.turns > self._turns_max or self._virtual_now > self._ends_at:
            raise NoEnd(f"no rest after {self._virtual_now:.0f} s and {self.turns} turns")

    def _process_events(self, events: Any) -> None:
        assert not events

    def _write_to_self(self) -> None:
        """Nobody else could wake us: there is one thread."""
