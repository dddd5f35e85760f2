"""Proves a ledger from its entries: the chain, the tables it adds up to, and the head outside.

Six checks in this order: the file's own structure, the chain, every table against a replay of
the entries, the sums of fills against their orders, the anchor beside the database, and what
the schema means. Not pure: it reads the database and the anchor. Values are compared as stored,
so that a row which no longer parses is found like any other.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Table, text

from trimtab.adapters.ledger import schema, statements
from trimtab.adapters.ledger.chain import Entry, Head, chain_seed, fault_after
from trimtab.adapters.ledger.faults import is_of_the_place, located
from trimtab.adapters.ledger.files import read_anchor
from trimtab.adapters.ledger.projection import EntryKind, changes_of
from trimtab.adapters.ledger.rows import Fault, VerifyReport
from trimtab.adapters.ledger.server import Server, storable
from trimtab.adapters.ledger.site import Site
from trimtab.adapters.ledger.statements import row_or_none
from trimtab.adapters.ledger.structure import structure_faults
from trimtab.adapters.ledger.triggers import missing_triggers
from trimtab.domain.canonical import from_document
from trimtab.domain.errors import LedgerError
from trimtab.domain.exact import whole_times
from trimtab.domain.instruments import Instrument
from trimtab.domain.snapshot import AccountKey

Rows = dict[tuple[Any, ...], dict[str, Any]]
"""Stored rows of one table by primary key."""


def verify(connection: Connection, place: Site) -> VerifyReport:
    """Return everything that is wrong, at most one fault per check and table.

    Raises:
        LedgerError: disk, rights or another process keep it from being read.

    """
    head = Head(seq=0, hash="")
    expected: dict[str, Rows] = {table.name: {} for table in _projections()}
    faults: list[Fault] = []
    try:
        with located(place, "verifying"):
            faults += _structure(connection)
            head, broken = _replay(connection, expected)
            if broken is not None:
                faults.append(broken)
            else:
                faults += _compare(connection, expected)
                faults += _sums(expected)
            faults += _anchor(connection, place, head)
            faults += _meaning(connection)
    except LedgerError as e:
        if is_of_the_place(e):
            raise
        faults.append(Fault(table="database", row=f"after seq {head.seq}", what=str(e)))
    return VerifyReport(entries=head.seq, head=head.hash, faults=tuple(faults))


def _projections() -> Iterator[Table]:
    """Yield the tables that entries add up to, parents first."""
    return (t for t in schema.metadata.sorted_tables if t is not schema.entries)


def _structure(connection: Connection) -> Iterator[Fault]:
    """Ask SQLite whether its pages, indexes and references are whole; a server sees to its own."""
    if connection.dialect.name != "sqlite":
        return
    for (found,) in connection.exec_driver_sql("PRAGMA integrity_check(1)"):
        if found != "ok":
            yield Fault(table="database", row="", what=str(found))
    for table, row_id, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        what = f"names a row of {parent} that is not there"
        yield Fault(table=str(table), row=f"rowid {row_id}", what=what)
        return


def _meaning(connection: Connection) -> Iterator[Fault]:
    """Hold tables, indexes and triggers against what this program makes."""
    if connection.dialect.name == "sqlite":
        yield from structure_faults(connection)
    else:
        yield from missing_triggers(connection)


def _replay(connection: Connection, rows: dict[str, Rows]) -> tuple[Head, Fault | None]:
    """Walk the chain and add up its entries in *rows*; stop at the first that is wrong."""
    names = ", ".join(Entry.__slots__)
    head = Head(seq=0, hash="")
    for line in connection.execute(text(f"SELECT {names} FROM entries ORDER BY seq")):  # noqa: S608  our own column names
        entry = Entry(**dict(zip(Entry.__slots__, line, strict=True)))
        if head.seq == 0:
            head = Head(seq=0, hash=_seed_of(entry))
        fault = fault_after(head, entry) or _apply(entry, rows)
        if fault is not None:
            return head, Fault(table="entries", row=f"seq {entry.seq}", what=fault)
        head = Head(seq=entry.seq, hash=entry.hash)
    return head, None


def _seed_of(first: Entry) -> str:
    """Return what the first entry must be chained to: the digest of the stamp in its body."""
    try:
        body = json.loads(first.body)
        names = ("venue", "account", "environment")
        key = from_document(AccountKey, {name: body[name] for name in names})
        return chain_seed(key, created_at=datetime.fromisoformat(body["created_at"]))
    except (KeyError, TypeError, ValueError):
        return "unreadable"


def _apply(entry: Entry, rows: dict[str, Rows]) -> str | None:
    """Do to *rows* what an entry says; say what it lacks, or None."""
    try:
        changes = list(changes_of(EntryKind(entry.kind), entry.seq, json.loads(entry.body)))
    except (KeyError, TypeError, ValueError, AttributeError) as e:
        return f"is no {entry.kind} that this program can read: {e!r}"
    for change in changes:
        key = tuple(change.key.values())
        known = rows[change.table].get(key)
        if (known is None) != change.is_new:
            state = "makes again" if change.is_new else "changes without having made"
            return f"{state} {change.table} {_key_text(key)}"
        values = {name: _as_stored(value) for name, value in change.values.items()}
        start = dict(change.key) if known is None else known
        rows[change.table][key] = start | values
    return None


def _as_stored(value: object) -> object:
    """Return a value as SQLite stores it."""
    return int(value) if isinstance(value, bool) else value


def _compare(connection: Connection, expected: Mapping[str, Rows]) -> Iterator[Fault]:
    """Yield the first row of each table that is not what the entries add up to."""
    for table in _projections():
        stored, wanted = _stored_rows(connection, table), expected[table.name]
        if connection.dialect.name == "postgresql":
            stored, wanted = _as_kept(stored), _as_kept(wanted)
        for key in sorted(stored.keys() | wanted.keys(), key=repr):
            what = _difference(stored.get(key), wanted=wanted.get(key))
            if what is not None:
                yield Fault(table=table.name, row=_key_text(key), what=what)
                break


def _as_kept(rows: Rows) -> Rows:
    """Return rows as PostgreSQL keeps them, its booleans as numbers."""

    def kept(value: object) -> object:
        """Return one value."""
        return storable(value) if isinstance(value, str) else _as_stored(value)

    return {
        tuple(map(kept, key)): {name: kept(value) for name, value in row.items()}
        for key, row in rows.items()
    }


def _stored_rows(connection: Connection, table: Table) -> Rows:
    """Return a table's rows as they are stored, by primary key in the order of projection."""
    keys = [column.name for column in table.primary_key]
    cursor = connection.execute(text(f'SELECT * FROM "{table.name}"'))  # noqa: S608  our own table name
    return {tuple(row[k] for k in keys): dict(row) for row in cursor.mappings()}


def _difference(stored: dict[str, Any] | None, *, wanted: dict[str, Any] | None) -> str | None:
    """Say how a stored row differs from what the entries say, or None."""
    if stored is None:
        return "is missing, the entries have it"
    if wanted is None:
        return "is in no entry"
    for name in sorted(stored.keys() | wanted.keys()):
        have, want = stored.get(name), wanted.get(name)
        if (type(have), have) != (type(want), want):
            return f"{name} is {have!r}, the entries say {want!r}"
    return None


def _sums(rows: Mapping[str, Rows]) -> Iterator[Fault]:
    """Yield the first order whose fills do not add up to what it says."""
    booked: dict[tuple[Any, ...], int] = {}
    for fill in rows["fills"].values():
        owner = (fill["dry_run"], fill["client_order_id"])
        if owner in rows["orders"]:
            booked[owner] = booked.get(owner, 0) + _lots(fill, order=rows["orders"][owner])
    for key, order in rows["orders"].items():
        total = booked.get(key, 0)
        if total != order["filled_lots"]:
            what = f"filled_lots is {order['filled_lots']}, its fills add up to {total}"
            yield Fault(table="orders", row=_key_text(key), what=what)
            return


def _lots(fill: Mapping[str, Any], *, order: Mapping[str, Any]) -> int:
    """Return a stored fill as signed lots of its order's instrument."""
    instrument = from_document(Instrument, json.loads(order["instrument"]))
    sign = 1 if fill["side"] == "buy" else -1
    return sign * whole_times(instrument.lot_size, Decimal(fill["quantity"]))


def _anchor(connection: Connection, place: Site, head: Head) -> Iterator[Fault]:
    """Yield a fault when the head on this machine is not on the chain.

    A server's ledger may have been written from other machines alone: no anchor is no fault.
    """
    name = place.anchor.name
    if not place.anchor.exists():
        if head.seq and not isinstance(place, Server):
            yield Fault(table="anchor", row=name, what="is missing, the head cannot be confirmed")
        return
    anchor = read_anchor(place)
    if anchor is None:
        yield Fault(table="anchor", row=name, what="is unreadable, the head cannot be confirmed")
        return
    what = contradiction(connection, anchor)
    if what is not None:
        yield Fault(table="anchor", row=name, what=what)


def contradiction(connection: Connection, anchor: Head) -> str | None:
    """Say how the head beside the database contradicts its chain, or None; seq 0 is before it."""
    if anchor.seq == 0:
        return None
    row = row_or_none(connection, statements.HASH, {"seq": anchor.seq})
    if row is None:
        return f"names entry {anchor.seq}, which is not there: the end was cut off"
    if row["hash"] != anchor.hash:
        return f"has another hash for entry {anchor.seq}: the chain was written anew"
    return None


def confirm(connection: Connection, place: Site) -> None:
    """Refuse to write behind a chain that the head beside it contradicts.

    The next write would put its own head there, and the end that is missing would be forgotten.

    Raises:
        LedgerError: entries that were committed are missing, or are others.

    """
    anchor = read_anchor(place) if place.anchor.exists() else None
    what = None if anchor is None else contradiction(connection, anchor)
    if what is not None:
        raise LedgerError(
            f"ledger {place.name}: {place.anchor.name} {what}; nothing was sent",
            next_step=f"trimtab ledger verify; after putting a backup back: remove {place.anchor}",
        )


def _key_text(key: tuple[Any, ...]) -> str:
    """Return a primary key for reading."""
    return " ".join(map(str, key))
