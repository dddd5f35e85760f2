"""What both databases are spoken to with: the option that tells writers, and the raw cursor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection

WRITES: Final = "trimtab_writes"
"""Execution option of a connection whose transactions take the writers' lock at once."""


def writes(connection: Connection) -> bool:
    """Whether the connection's transactions are those of a writer."""
    return bool(connection.get_execution_options().get(WRITES, False))


@contextmanager
def writing(connection: Connection) -> Iterator[None]:
    """Run the block in a transaction of a file that has the write lock; commit or undo all of it.

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


def execute(connection: Connection, text: str) -> None:
    """Hand a statement without parameters to the driver: SQLAlchemy's way costs three times it."""
    connection.connection.cursor().execute(text)
