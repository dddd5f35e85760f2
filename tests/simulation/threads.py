"""The ledger's thread, inside the loop: jobs run one after the other, each after its latency.

Stands for ``OneThread`` where the ledger's writer makes one. What is
asked for while a job waits still shares its transaction, as with the real thread. The ledger's
connections are SQLite's own, with a point of death before each statement and each commit, and
with a disk that can be full.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy
from sqlalchemy import event

from tests.simulation.points import Point
from tests.simulation.process import PROCESS, Killed, Process
from trimtab.adapters.ledger import writer

COMMIT_S = 0.0008
"""How long a job takes: a durable commit on a good disk."""
_CHANGE = re.compile(r"(INSERT INTO|UPDATE|CREATE) +(\w+)")
_KEPT = {
    "orders begun": Point.INTENT_KEPT,
    "stops begun": Point.INTENT_KEPT,
    "orders moved": Point.STEP_KEPT,
    "orders unknown": Point.UNKNOWN_KEPT,
    "fills": Point.FILLS_KEPT,
    "approvals": Point.APPROVED,
}
"""Points that are passed once what was written is committed, by what was written."""
_BEGUN = {"orders begun", "stops begun"}


class LoopThread:
    """One thread; a dead process's jobs are never run, nor answered."""

    def __init__(self, name: str) -> None:
        assert name == "ledger"
        self._process = PROCESS.get()
        self._waiting: deque[Callable[[], object]] = deque()

    def submit(self, work: Callable[[], object]) -> None:
        self._process.reached(Point.ASKING)
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
            self._do(self._waiting[0])
        except Killed:
            return  # Its tasks are cancelled: an answer that is under way finds nobody.
        self._waiting.popleft()
        if self._waiting:
            asyncio.get_running_loop().call_later(COMMIT_S, self._work)

    def _do(self, work: Callable[[], object]) -> None:
        """Do one thing, and pass the points before and behind it."""
        self._process.reached(Point.BEFORE_JOB)
        self._process.kept.clear()
        work()
        for written, point in _KEPT.items():
            if written in self._process.kept:
                self._process.reached(point)
        self._process.reached(Point.AFTER_JOB)


class _Cursor(sqlite3.Cursor):
    """Passes the points that lie before a statement."""

    def execute(self, statement: str, values: Any = (), /) -> _Cursor:
        if isinstance(self.connection, _Connection):
            self.connection.about_to(statement, values)
        super().execute(statement, values)
        return self


class _Connection(sqlite3.Connection):
    """A connection of one process's ledger."""

    process: Process
    full_disk: Callable[[], bool]
    written: set[str]
    """What the present transaction has written."""

    def cursor(self, factory: Any = _Cursor) -> Any:
        return super().cursor(factory)

    def about_to(self, statement: str, values: Any) -> None:
        """Pass the points before *statement*, which may find no room."""
        self.process.reached(Point.STATEMENT)
        found = _CHANGE.match(statement)
        if found is None:
            if statement.startswith("BEGIN"):
                self.written = set()
            return
        verb, table = found.groups()
        for point in self._points(verb, table):
            self.process.reached(point)
        if verb == "INSERT INTO" and "anything" not in self.written and self.full_disk():
            self._fail()
        self.written |= {"anything", _written(verb, table, values)}

    def _points(self, verb: str, table: str) -> Iterator[Point]:
        """Name the points that lie before a change."""
        if verb == "CREATE":
            yield Point.MIGRATING
        elif (verb, table) in {("INSERT INTO", "orders"), ("INSERT INTO", "stops")}:
            yield Point.BEFORE_INTENT
        elif verb == "UPDATE" and (
            table == "stops" or (table == "orders" and "fills" not in self.written)
        ):
            yield Point.BEFORE_STEP
        elif table == "fills" and "fills" not in self.written:
            yield Point.BEFORE_FILLS
        elif table == "fill_cursors":
            yield Point.FILLS_OPEN

    def commit(self) -> None:
        if self.written & _BEGUN:
            self.process.reached(Point.INTENT_OPEN)
        self.process.reached(Point.COMMIT)
        if "anything" in self.written and self.full_disk():
            self._fail()
        super().commit()
        if self.written & _BEGUN:
            self.process.began_at = asyncio.get_running_loop().time()
            self.process.began_after_fault = self.process.ledger_failed_at is not None
        self.process.kept |= self.written
        self.written = set()

    def close(self) -> None:
        """Close; whoever else looks into the file lets it go first, as another process would."""
        if not self.process.is_dead:
            self.process.reached(Point.CLOSING)
            self.process.on_closing()
        super().close()

    def _fail(self) -> None:
        """Find no room.

        Raises:
            OperationalError: always; nothing of the transaction is kept.

        """
        self.process.ledger_failed_at = asyncio.get_running_loop().time()
        full = sqlite3.OperationalError("database or disk is full")
        full.sqlite_errorname = "SQLITE_FULL"
        raise full


def _written(verb: str, table: str, values: Any) -> str:
    """Say what a change writes, in the words of _KEPT."""
    if table == "orders":
        return "orders begun" if verb == "INSERT INTO" else "orders moved"
    if table == "stops":
        return "stops begun" if verb == "INSERT INTO" else "orders moved"
    if table in {"order_events", "stop_events"} and "unknown" in tuple(values):
        return "orders unknown"
    return table


@contextmanager
def ledgers_in_the_loop(full_disk: Callable[[], bool]) -> Iterator[None]:
    """Run ledgers in the loop, with a point of death, or a full disk, at each change."""

    def connecting(_dialect: object, _record: object, _args: object, options: Any) -> None:
        if PROCESS.get(None) is not None:
            options["factory"] = _Connection

    def connected(connection: sqlite3.Connection, _record: object) -> None:
        if (process := PROCESS.get(None)) is not None:
            assert isinstance(connection, _Connection)
            connection.process, connection.full_disk = process, full_disk
            connection.written = set()
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
