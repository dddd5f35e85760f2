"""The ledger's file as anybody may read it: what is seen here is committed.

One read-only connection, kept while processes work: opening costs more than asking. It is let
go before a process closes its ledger, so that the last one out still takes the log in; one that
is killed does not, as with a real kill.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any


class LedgerFile:
    """Reads the database in *folder*."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "ledger.db"
        self._connection: sqlite3.Connection | None = None
        self._has_tables = False

    @property
    def has_tables(self) -> bool:
        """Whether its schema is made."""
        if not self._has_tables and self.path.exists():
            tables = "SELECT count(*) FROM sqlite_master WHERE name IN ('leases', 'entries')"
            self._has_tables = self.rows(tables) == [(2,)]
        return self._has_tables

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Return what is committed."""
        if self._connection is None:
            uri = f"file:{self.path}?mode=ro"
            self._connection = sqlite3.connect(uri, uri=True, isolation_level=None)
        return self._connection.execute(query, values).fetchall()

    def let_go(self) -> None:
        """Close the connection; the next question opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
