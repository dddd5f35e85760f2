"""What was read of the past, kept beside the ledger, so that it is read once.

Not pure: a file. It holds nothing that the venue would not tell again: it is no part of the
ledger, is not chained, and may be deleted at any time. Days that have ended and settlements that
were made never change, so nothing in it grows old. A file that cannot be used is left alone, and
why is said; then everything is read from the venue.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final, TypeVar

from trimtab.adapters.ledger.site import site_of
from trimtab.domain.history import Close, FundingSettlement
from trimtab.domain.instruments import Symbol

T = TypeVar("T")

_WAIT_S: Final = 2.0
"""For another process that writes; longer, and the venue is asked instead."""
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS closes (market TEXT NOT NULL, day TEXT NOT NULL, close TEXT NOT NULL,
                                   PRIMARY KEY (market, day)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS funding (market TEXT NOT NULL, settled_at TEXT NOT NULL,
                                    rate TEXT NOT NULL,
                                    PRIMARY KEY (market, settled_at)) WITHOUT ROWID;
"""
_BROKEN: Final = (sqlite3.Error, OSError, ValueError, TypeError, InvalidOperation)
"""What a file that is locked, damaged or another's makes of an attempt to use it."""


def shelf_of(ledger_url: str) -> Path:
    """Return the file beside the ledger that keeps the past; of a server's, beside its anchor.

    Raises:
        ConfigError: the URL names no ledger.

    """
    anchor = site_of(ledger_url).anchor
    return anchor.with_name(f"{anchor.name.removesuffix('.head').removesuffix('.db')}-history.db")


class HistoryShelf:
    """One file. After the first fault it is not asked again; ``fault`` says which it was."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.fault = ""

    def closes(self, market: Symbol, *, first: date, last: date) -> tuple[Close, ...]:
        """Return what is kept of the closes from *first* to *last*, by rising day."""
        query = "SELECT day, close FROM closes WHERE market = ? AND day BETWEEN ? AND ? ORDER BY 1"
        asked = (market, first.isoformat(), last.isoformat())

        def read(shelf: sqlite3.Connection) -> tuple[Close, ...]:
            """Read every row whole."""
            return tuple(
                Close(day=date.fromisoformat(day), close=_decimal(close))
                for day, close in shelf.execute(query, asked)
            )

        return self._with_file(read, otherwise=())

    def keep_closes(self, market: Symbol, rows: Iterable[Close]) -> None:
        """Keep closes of days that have ended."""
        told = [(market, row.day.isoformat(), str(row.close)) for row in rows]
        self._insert("INSERT OR REPLACE INTO closes VALUES (?, ?, ?)", told)

    def funding(
        self, perpetual: Symbol, *, since: datetime, until: datetime
    ) -> tuple[FundingSettlement, ...]:
        """Return what is kept of the settlements from *since* to *until*, oldest first."""
        query = (
            "SELECT settled_at, rate FROM funding WHERE market = ? AND settled_at BETWEEN ? AND ?"
            " ORDER BY 1"
        )
        asked = (perpetual, _instant(since), _instant(until))

        def read(shelf: sqlite3.Connection) -> tuple[FundingSettlement, ...]:
            """Read every row whole."""
            return tuple(
                FundingSettlement(settled_at=datetime.fromisoformat(at), rate=_decimal(rate))
                for at, rate in shelf.execute(query, asked)
            )

        return self._with_file(read, otherwise=())

    def keep_funding(self, perpetual: Symbol, rows: Iterable[FundingSettlement]) -> None:
        """Keep settlements that were made."""
        told = [(perpetual, _instant(row.settled_at), str(row.rate)) for row in rows]
        self._insert("INSERT OR REPLACE INTO funding VALUES (?, ?, ?)", told)

    def _insert(self, statement: str, rows: Sequence[tuple[str, str, str]]) -> None:
        """Write rows in one transaction."""

        def write(shelf: sqlite3.Connection) -> None:
            """Write all or none."""
            with shelf:
                shelf.executemany(statement, rows)

        if rows:
            self._with_file(write, otherwise=None)

    def _with_file(self, act: Callable[[sqlite3.Connection], T], *, otherwise: T) -> T:
        """Open the file for one act; return *otherwise* when it cannot be used."""
        if self.fault:
            return otherwise
        try:
            self._make()
            with closing(sqlite3.connect(self._path, timeout=_WAIT_S)) as shelf:
                shelf.executescript(_TABLES)
                return act(shelf)
        except _BROKEN as error:
            self.fault = (
                f"the kept history {self._path} cannot be used ({type(error).__name__}: {error});"
                " it was read from the venue, and the file may be deleted"
            )
            return otherwise

    def _make(self) -> None:
        """Make the file, which only its owner may read, and the folder it is in."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        os.close(os.open(self._path, flags, 0o600))


def _decimal(text: object) -> Decimal:
    """Return what was kept as a finite number.

    Raises:
        ValueError: it is none.

    """
    exact = Decimal(text) if isinstance(text, str) else None
    if exact is None or not exact.is_finite():
        raise ValueError(f"{text!r} is no number")
    return exact


def _instant(at: datetime) -> str:
    """Return an instant as text that sorts by time, to the millisecond."""
    return at.isoformat(timespec="milliseconds")
