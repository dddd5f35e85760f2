"""One process of the program, and its death at a numbered point.

A killed process loses its tasks, its connections and its locks; what it had committed or sent
stays. Its code still unwinds, but nothing it touches has any effect: every door raises.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Coroutine
from contextlib import suppress
from contextvars import ContextVar
from typing import Any

UNWINDING_TURNS = 1_000


class Killed(BaseException):
    """The process is gone. Not an Exception: nothing in the program may live on through it."""


class Process:
    """Counts the points at which it could die, and dies at one of them; 0 means never.

    With *dies_of* only the points of that name count.
    """

    def __init__(self, number: int, *, dies_at: int, dies_of: str, dry_run: bool) -> None:
        self.number = number
        self.dry_run = dry_run
        self.dies_at, self._dies_of = dies_at, dies_of
        self.points = 0
        self.is_dead = False
        self.died_of = ""
        self.silent_until = 0.0
        """Until when a venue's answer asked it for silence, seconds of the loop."""
        self.requests = 0
        self.connections: list[sqlite3.Connection] = []
        self._tasks: dict[asyncio.Task[Any], None] = {}

    def reached(self, point: str) -> None:
        """Pass a point at which the process may die.

        Raises:
            Killed: it died here, or before.

        """
        self.points += self._dies_of in {"", point}
        if self.points == self.dies_at and self._dies_of in {"", point}:
            self.kill(point)
        if self.is_dead:
            raise Killed

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


POINTS = (
    "asking the ledger",
    "before the ledger's job",
    "a statement of the ledger",
    "a commit of the ledger",
    "after the ledger's job",
    "before a request",
    "a request is under way",
    "an answer is here",
    "before an order",
    "an order is under way",
    "the answer to an order is here",
)
"""Every kind of point at which a process can die."""
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
