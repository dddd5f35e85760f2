"""The ledger's thread, inside the loop: jobs run one after the other, each after its latency.

Stands for ``OneThread`` where the ledger's writer makes one. What is
asked for while a job waits still shares its transaction, as with the real thread.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy
from sqlalchemy import event

from tests.simulation.process import PROCESS, Killed, Process
from trimtab.adapters.ledger import writer

COMMIT_S = 0.0008
"""How long a job takes: a durable commit on a good disk."""
CHANGES = ("INSERT", "UPDATE", "CREATE")
"""How statements begin before which a process may die."""


class LoopThread:
    """One thread; a dead process's jobs are never run, nor answered."""

    def __init__(self, name: str) -> None:
        assert name == "ledger"
        self._process = PROCESS.get()
        self._waiting: deque[Callable[[], object]] = deque()

    def submit(self, work: Callable[[], object]) -> None:
        self._process.reached("asking the ledger")
        self._waiting.append(work)
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_later(COMMIT_S, self._work)

    def shutdown(self) -> None:
        assert not self._waiting

    def _work(self) -> None:
        """Do the oldest thing; the next one follows after its own latency."""
        if self._process.is_dead:
            return
        try:
            self._process.reached("before the ledger's job")
            self._waiting[0]()
            self._process.reached("after the ledger's job")
        except Killed:
            return  # Its tasks are cancelled: an answer that is under way finds nobody.
        self._waiting.popleft()
        if self._waiting:
            asyncio.get_running_loop().call_later(COMMIT_S, self._work)


class DyingCursor(sqlite3.Cursor):
    """Where the driver is handed a statement: a process may die before it changes anything."""

    def execute(self, sql: str, parameters: Any = (), /) -> DyingCursor:
        assert isinstance(self.connection, DyingConnection)
        if sql.startswith(CHANGES):
            self.connection.reached("a statement of the ledger")
        if sql.startswith("INSERT") and self.connection.is_out_of_room():
            full = sqlite3.OperationalError("database or disk is full")
            full.sqlite_errorname = "SQLITE_FULL"  # type: ignore[misc]  # As the driver sets it.
            raise full
        return super().execute(sql, parameters)


class DyingConnection(sqlite3.Connection):
    """A connection of one process, whose disk may be full and which may die at a commit."""

    process: Process | None = None
    full_disk: Callable[[], bool]

    def reached(self, point: str) -> None:
        """Pass a point of death, if a process of the simulation has the connection."""
        if self.process is not None:
            self.process.reached(point)

    def is_out_of_room(self) -> bool:
        """Say whether the present insertion finds no room; there is always some outside."""
        return self.process is not None and self.full_disk()

    def cursor(self, factory: Any = DyingCursor) -> Any:
        return super().cursor(factory)

    def commit(self) -> None:
        self.reached("a commit of the ledger")
        super().commit()


@contextmanager
def ledgers_in_the_loop(full_disk: Callable[[], bool]) -> Iterator[None]:
    """Run ledgers in the loop, with a point of death, or a full disk, at what the driver does."""

    def connecting(_dialect: object, _record: object, _args: object, options: Any) -> None:
        options["factory"] = DyingConnection

    def connected(connection: DyingConnection, _record: object) -> None:
        connection.full_disk = full_disk
        if (process := PROCESS.get(None)) is not None:
            connection.process = process
            process.connections.append(connection)

    hooks = (("do_connect", connecting), ("connect", connected))
    for name, hook in hooks:
        event.listen(sqlalchemy.Engine, name, hook)
    real = writer.OneThread
    writer.OneThread = LoopThread  # type: ignore[assignment,misc]  # The ledger's thread.
    try:
        yield
    finally:
        writer.OneThread = real  # type: ignore[misc]  # As above.
        for name, hook in hooks:
            event.remove(sqlalchemy.Engine, name, hook)
