"""What both databases are spoken to with: the option that tells writers, and the raw cursor."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

WRITES: Final = "trimtab_writes"
"""Execution option of a connection whose transactions take the writers' lock at once."""


def writes(connection: Connection) -> bool:
    """Whether the connection's transactions are those of a writer."""
    return bool(connection.get_execution_options().get(WRITES, False))


def execute(connection: Connection, text: str) -> None:
    """Hand a statement without parameters to the driver: SQLAlchemy's way costs three times it."""
    connection.connection.cursor().execute(text)
