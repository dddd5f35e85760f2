"""The connection to SQLite: WAL, flushed at every commit, writers take the lock first.

A deferred transaction that turns into a writer fails at once with SQLITE_BUSY_SNAPSHOT when
somebody else wrote, whatever the busy timeout says; BEGIN IMMEDIATE waits instead.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event

from trimtab.adapters.ledger.files import Place

BUSY_TIMEOUT_MS: Final = 5_000
"""How long a statement waits for another process's transaction."""
WRITES: Final = "trimtab_writes"
"""Execution option of a connection whose transactions take the write lock at once."""


def engine_at(place: Place) -> Engine:
    """Return an engine on the database; nothing is opened yet."""
    url = URL.create("sqlite", database=str(place.database))
    timeout = {"timeout": BUSY_TIMEOUT_MS / 1000}
    engine = create_engine(url, poolclass=NullPool, connect_args=timeout)
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _configure(connection: sqlite3.Connection, _record: Any) -> None:  # noqa: ANN401  SQLAlchemy's signature
    """Set what SQLite forgets between connections; transactions begin where we say."""
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "fullfsync=ON",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    """Begin as a reader or as a writer, by the connection's option."""
    writes = connection.get_execution_options().get(WRITES, False)
    execute(connection, "BEGIN IMMEDIATE" if writes else "BEGIN")


def execute(connection: Connection, text: str) -> None:
    """Hand a statement without parameters to the driver: SQLAlchemy's way costs three times it."""
    connection.connection.cursor().execute(text)


@contextmanager
def writing(connection: Connection) -> Iterator[None]:
    """Run the block in a transaction that has the write lock; commit it, or undo all of it.

    Beside SQLAlchemy's own bookkeeping, which costs as much as three statements: what the block
    executes goes to the driver.
    """
    driver = connection.connection
    execute(connection, "BEGIN IMMEDIATE")
    try:
        yield
        driver.commit()
    finally:
        driver.rollback()  # After the commit there is nothing left to undo.
