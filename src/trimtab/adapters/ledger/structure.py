"""What a database on SQLite says of its own tables, beside what this program makes them.

The schema lies in the file like everything else, and decides what every row means: a column of
another type reads its texts as numbers, a trigger that is gone protects nothing. Compared is
what SQLite makes of it, not its wording, which may be that of another version of a library.
Not pure: it reads the database.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.schema import CreateIndex, CreateTable

from trimtab.adapters.ledger import schema
from trimtab.adapters.ledger.kept import triggers
from trimtab.adapters.ledger.migrate import REVISIONS
from trimtab.adapters.ledger.rows import Fault

Query = Callable[[str], Sequence[Any]]
"""Runs one statement and returns its rows."""
_VERSION: Final = (
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,"
    " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
)


def structure_faults(connection: Connection) -> Iterator[Fault]:
    """Yield the first table, index or trigger that is not as this program makes it."""
    stored = _described(lambda text: connection.exec_driver_sql(text).all())
    wanted = _wanted()
    for name in sorted(stored.keys() | wanted.keys()):
        if stored.get(name) != wanted.get(name):
            yield Fault(
                table="schema",
                row=name,
                what=_told(is_stored=name in stored, is_wanted=name in wanted),
            )
            return
    found = [row[0] for row in connection.exec_driver_sql("SELECT * FROM alembic_version")]
    if found != [REVISIONS[-1]]:
        what = f"says {found!r}, this program's schema is {REVISIONS[-1]}"
        yield Fault(table="schema", row="alembic_version", what=what)


def _told(*, is_stored: bool, is_wanted: bool) -> str:
    """Say how an object differs."""
    if is_stored and is_wanted:
        return "is not as this program makes it"
    return "is missing" if is_wanted else "is nothing that this program makes"


@cache
def _wanted() -> Mapping[str, Any]:
    """Return the description of an empty ledger, made in memory."""
    connection = sqlite3.connect(":memory:")
    try:
        for table in schema.metadata.sorted_tables:
            connection.execute(str(CreateTable(table).compile(dialect=sqlite_dialect())))
            for index in table.indexes:
                connection.execute(str(CreateIndex(index).compile(dialect=sqlite_dialect())))
        connection.execute(_VERSION)
        for trigger in triggers():
            connection.execute(trigger)
        return _described(lambda text: connection.execute(text).fetchall())
    finally:
        connection.close()


def _described(query: Query) -> dict[str, Any]:
    """Return what SQLite makes of each object, by its name."""
    found: dict[str, Any] = {}
    for kind, name, sql in query("SELECT type, name, sql FROM sqlite_master"):
        if kind == "table":
            found[name] = _table(query, str(name).replace('"', '""'))
        elif kind == "index":
            quoted = str(name).replace('"', '""')
            found[name] = [_folded(row) for row in query(f'PRAGMA index_xinfo("{quoted}")')]
        else:
            found[name] = (kind, _folded(str(sql).split()))
    return found


def _table(query: Query, name: str) -> list[Any]:
    """Return columns, references and indexes of a table, whatever order they were declared in."""
    columns = [_folded(row) for row in query(f'PRAGMA table_xinfo("{name}")')]
    references: dict[int, list[Any]] = {}
    for number, *rest in query(f'PRAGMA foreign_key_list("{name}")'):
        references.setdefault(number, []).append(_folded(rest))
    indexes = [_folded(row[1:]) for row in query(f'PRAGMA index_list("{name}")')]
    return [columns, sorted(references.values()), sorted(indexes)]


def _folded(row: Any) -> tuple[Any, ...]:  # noqa: ANN401  a row of either driver
    """Return a row with its texts as SQL compares names: case means nothing."""
    return tuple(repr(v.lower() if isinstance(v, str) else v) for v in row)
