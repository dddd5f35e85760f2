"""One process of the program, and its death at a numbered point.

A killed process loses its tasks, its connections and its locks; what it had committed or sent
stays. Its code still unwinds, but nothing it touches has any effect: every door raises.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

from tests.simulation.points import Point

UNWINDING_TURNS = 1_000


class Killed(BaseException):
    """The process is gone. Not an Exception: nothing in the program may live on through it."""


class Process:
    """Counts the points at which it could die, and dies at one of them; 0 means never.

    With *dies_of* only that point counts.
    """

    def __init__(
        self, number: int, *, dies_at: int = 0, dies_of: Point | None = None, dry_run: bool = False
    ) -> None:
        self.number = number
        self.dry_run = dry_run
        self.dies_at, self._dies_of = dies_at, dies_of
        self.points = 0
        self.passes: dict[Point, int] = {}
        """How often it passed each point."""
        self.is_dead = False
        self.died_of = ""
        self.on_closing: Callable[[], None] = lambda: None
        """What else happens when it closes its ledger."""
        self.silent_until = 0.0
        """Until when a venue's answer asked it for silence, seconds of the loop."""
        self.requests = 0
        self.ledger_failed_at: float | None = None
        """When the ledger first could not keep something; None while it could."""
        self.began_at = 0.0
        """When it last committed an intent, seconds of the loop."""
        self.began_after_fault = False
        """Whether it committed an intent after that."""
        self.kept: set[str] = set()
        """What the ledger's present job has committed, in words."""
        self.connections: list[sqlite3.Connection] = []
        self._tasks: dict[asyncio.Task[Any], None] = {}

    def reached(self, point: Point) -> None:
        """Pass a point at which the process may die.

        Raises:
            Killed: it died here, or before.

        """
        self.passed(point)
        if self.is_dead:
            raise Killed

    def passed(self, point: Point) -> None:
        """Pass a point outside the process's own code: it may die, and nothing unwinds."""
        self.passes[point] = self.passes.get(point, 0) + 1
        counts = self._dies_of in {None, point}
        self.points += counts
        if counts and self.points == self.dies_at:
            self.kill(point)

    def kill(self, point: str) -> None:
        """End it: take away its connections, and let its tasks unwind against closed doors."""
        if self.is_dead:
            return
        self.is_dead, self.died_of = True, point
        for connection in self.connections:
            with suppress(sqlite3.Error):
                connection.close()
        for task in self._tasks:
            task.cancel()

    def adopt(self, task: asyncio.Task[Any]) -> None:
        """Count *task* as the process's own."""
        self._tasks[task] = None
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        del self._tasks[task]
        if not task.cancelled():
            task.exception()

    async def unwound(self) -> None:
        """Wait until nothing of the dead process is left."""
        for _ in range(UNWINDING_TURNS):
            if not self._tasks:
                return
            for task in self._tasks:
                task.cancel()
            await asyncio.sleep(0)
        raise AssertionError(f"tasks outlive their process: {list(self._tasks)}")


PROCESS: ContextVar[Process] = ContextVar("process")
"""Whose code runs; empty for the world around."""


def adopting(
    loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, Any], **options: Any
) -> asyncio.Task[Any]:
    """Make a task, and count it as its process's own: a task factory."""
    task = asyncio.Task(work, loop=loop, **options)
    context = options.get("context")
    process = PROCESS.get(None) if context is None else context.get(PROCESS)
    if process is not None:
        process.adopt(task)
        if process.is_dead:
            task.cancel()
    return task
