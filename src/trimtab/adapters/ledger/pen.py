"""Writes entries and what they do to the tables, inside a transaction that somebody else ends.

Not pure: it executes SQL on the connection it is given, on the writer's thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Executable, bindparam, exists, insert, literal, select, update
from sqlalchemy.exc import IntegrityError

from trimtab.adapters.ledger import schema
from trimtab.adapters.ledger.chain import Entry, Head, next_entry
from trimtab.adapters.ledger.projection import Change, EntryKind, changes_of
from trimtab.domain.canonical import canonical_bytes
from trimtab.domain.errors import AccountHeld, LedgerError


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

    def append_fenced(self, body: Mapping[str, Any], hand: Hand) -> None:
        """Append the beginning of an order; its row is made only under the lease of *hand*.

        The lease is part of the very statement that makes the row, so that a process that was
        stopped while another took the account over cannot begin an order when it goes on.

        Raises:
            AccountHeld: the lease is no longer that of *hand*.
            LedgerError: the order is there already.

        """
        kind = EntryKind.ORDER_BEGUN
        entry = self._chain(kind, body)
        for change in changes_of(kind, entry.seq, body):
            if change.table != schema.orders.name or hand.dry_run != 0:
                self._apply(change)
                continue
            row = {**change.key, **change.values}
            lease = {"lease_account": hand.account, "lease_epoch": hand.epoch}
            if self._execute(_fenced_insert(), {**row, **lease}, change) != 1:
                raise AccountHeld(f"account {hand.account}: another run took it over")

    def _chain(self, kind: EntryKind, body: Mapping[str, Any]) -> Entry:
        """Append the entry alone."""
        text = canonical_bytes(body).decode("ascii")
        entry = next_entry(self.head, at=self._at, kind=kind, body=text)
        row = {name: getattr(entry, name) for name in Entry.__slots__}
        self.connection.execute(_insert("entries"), row)
        self.head = Head(seq=entry.seq, hash=entry.hash)
        return entry

    def _apply(self, change: Change) -> None:
        """Make or change one row.

        Raises:
            LedgerError: the row that is made is there, or the one to change is not.

        """
        if change.is_new:
            self._execute(_insert(change.table), {**change.key, **change.values}, change)
            return
        keys = {f"key_{name}": part for name, part in change.key.items()}
        statement = _update(change.table, tuple(change.key), columns=tuple(change.values))
        if self._execute(statement, {**keys, **change.values}, change) != 1:
            raise LedgerError(f"{_row_name(change)}: is not there")

    def _execute(self, statement: Executable, row: Mapping[str, Any], change: Change) -> int:
        """Execute for one row; return how many rows it met."""
        try:
            return self.connection.execute(statement, row).rowcount
        except IntegrityError as e:
            raise LedgerError(f"{_row_name(change)}: conflicts with the ledger: {e.orig}") from e


def _row_name(change: Change) -> str:
    """Return table and key of a row, for messages."""
    return " ".join([change.table, *(str(part) for part in change.key.values())])


@cache
def _insert(table: str) -> Executable:
    """Return the statement that makes a row of *table*, all columns bound."""
    return insert(schema.metadata.tables[table])


@cache
def _update(table: str, keys: tuple[str, ...], *, columns: tuple[str, ...]) -> Executable:
    """Return the statement that changes *columns* of one row of *table*."""
    target = schema.metadata.tables[table]
    where = [target.c[name] == bindparam(f"key_{name}") for name in keys]
    return update(target).where(*where).values({name: bindparam(name) for name in columns})


@cache
def _fenced_insert() -> Executable:
    """Return the statement that makes an order's row only while the bound lease is held."""
    lease = schema.leases.c
    ours = (
        (lease.account == bindparam("lease_account"))
        & (lease.epoch == bindparam("lease_epoch"))
        & (lease.held == literal(value=True))
    )
    columns = list(schema.orders.c)
    row = select(*(bindparam(c.name, type_=c.type) for c in columns))
    return insert(schema.orders).from_select(columns, row.where(exists().where(ours)))
