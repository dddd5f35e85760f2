"""Writes entries and what they do to the tables, inside a transaction that somebody else ends.

Not pure: it executes SQL on the connection it is given, on the writer's thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ClauseElement, Connection

from trimtab.adapters.ledger import schema
from trimtab.adapters.ledger.chain import Entry, Head, next_entry
from trimtab.adapters.ledger.changes import Change, stored
from trimtab.adapters.ledger.projection import EntryKind, changes_of
from trimtab.adapters.ledger.statements import alteration, fenced_insertion, insertion, rows_met
from trimtab.domain.errors import AccountHeld, LedgerError

_FENCED: Final = frozenset({schema.orders.name, schema.transfers.name, schema.stops.name})
"""Tables whose rows say that something is about to be sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """For whom is written: the real run, or one dry run."""

    account: str
    dry_run: int
    """0 for the real run, else the number of the dry run."""
    epoch: int
    """The lease that is held, 0 when none is; a dry run holds none and needs none."""


class Pen:
    """Appends to the chain within one transaction; knows the head as it moves."""

    def __init__(self, connection: Connection, head: Head, *, at: str) -> None:
        self.connection = connection
        self.head = head
        """The last entry, with what this pen appended."""
        self._at = at

    def append(self, kind: EntryKind, body: Mapping[str, Any]) -> Entry:
        """Append one entry and do to the tables what it says.

        Raises:
            LedgerError: a row that it makes is there already.

        """
        entry = self._chain(kind, body)
        for change in changes_of(kind, entry.seq, body):
            self._apply(change)
        return entry

    def append_fenced(self, body: Mapping[str, Any], hand: Hand, *, kind: EntryKind) -> None:
        """Append the beginning of an order, transfer or stop, made only under the lease of *hand*.

        The lease is part of the very statement that makes the row, so that a process that was
        stopped while another took the account over cannot begin anything when it goes on.

        Raises:
            AccountHeld: the lease is no longer that of *hand*.
            LedgerError: it is there already.

        """
        entry = self._chain(kind, body)
        for change in changes_of(kind, entry.seq, body):
            if change.table not in _FENCED or hand.dry_run != 0:
                self._apply(change)
                continue
            row = {**change.key, **change.values}
            lease = {"lease_account": hand.account, "lease_epoch": hand.epoch, "lease_held": True}
            if self._execute(fenced_insertion(change.table), {**row, **lease}, change) != 1:
                raise AccountHeld(f"account {hand.account}: is not held by this run")

    def _chain(self, kind: EntryKind, body: Mapping[str, Any]) -> Entry:
        """Append the entry alone."""
        text = stored(body)
        entry = next_entry(self.head, at=self._at, kind=kind, body=text)
        row = {name: getattr(entry, name) for name in Entry.__slots__}
        rows_met(self.connection, insertion("entries"), row)
        self.head = Head(seq=entry.seq, hash=entry.hash)
        return entry

    def _apply(self, change: Change) -> None:
        """Make or change one row.

        Raises:
            LedgerError: the row that is made is there, or the one to change is not.

        """
        if change.is_new:
            self._execute(insertion(change.table), {**change.key, **change.values}, change)
            return
        keys = {f"key_{name}": part for name, part in change.key.items()}
        statement = alteration(change.table, tuple(change.key), columns=tuple(change.values))
        if self._execute(statement, {**keys, **change.values}, change) != 1:
            raise LedgerError(f"{_row_name(change)}: is not there")

    def _execute(self, statement: ClauseElement, row: Mapping[str, Any], change: Change) -> int:
        """Execute for one row; return how many rows it met."""
        try:
            return rows_met(self.connection, statement, row)
        except LedgerError as e:
            raise LedgerError(f"{_row_name(change)}: {e}") from e


def _row_name(change: Change) -> str:
    """Return table and key of a row, for messages."""
    return " ".join([change.table, *(str(part) for part in change.key.values())])
