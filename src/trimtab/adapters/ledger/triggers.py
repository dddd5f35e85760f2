"""The triggers that keep rows, as the migrations made them; verification proves they are there.

Not pure: it reads the database's catalogue.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from sqlalchemy import Connection, text

from trimtab.adapters.ledger.rows import Fault
from trimtab.adapters.ledger.schema import APPEND_ONLY, NEVER_DELETED

_EVENTS: Final[Mapping[str, int]] = MappingProxyType(
    {"update": 1 + 2 + 16, "delete": 1 + 2 + 8, "truncate": 2 + 32}
)
"""What PostgreSQL notes of a trigger: for each row 1, before 2, then the act."""
_BODY: Final = """
BEGIN
    RAISE EXCEPTION '%: rows are never %d', TG_TABLE_NAME, lower(TG_OP)
        USING ERRCODE = 'integrity_constraint_violation';
END
"""
"""The function that every trigger on PostgreSQL calls."""
_ON_SQLITE: Final = "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger'"
_ON_POSTGRES: Final = """
SELECT c.relname, t.tgname, concat_ws(' ', t.tgtype, t.tgenabled, t.tgqual, p.prosrc)
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
WHERE NOT t.tgisinternal AND c.relnamespace = quote_ident(current_schema())::regnamespace
"""
_ALWAYS: Final = "A"
"""What PostgreSQL calls a trigger that fires whatever a session sets."""


def missing_triggers(connection: Connection) -> Iterator[Fault]:
    """Yield a fault for the first trigger that is gone or was changed."""
    is_server = connection.dialect.name == "postgresql"
    query = text(_ON_POSTGRES if is_server else _ON_SQLITE)
    found = {(table, name): made for table, name, made in connection.execute(query)}
    for table, act in _kept(with_truncate=is_server):
        name = f"{table}_no_{act}"
        made = found.get((table, name))
        expected = _on_server(act) if is_server else _in_file(table, act=act)
        if made != expected:
            state = "is missing" if made is None else "was changed"
            what = f"{state}: rows could be {act}d unseen"
            yield Fault(table=table, row=f"trigger {name}", what=what)
            return


def _kept(*, with_truncate: bool) -> Iterator[tuple[str, str]]:
    """Yield each table with each act that a trigger forbids on it."""
    for table in APPEND_ONLY:
        yield table, "update"
    for table in (*APPEND_ONLY, *NEVER_DELETED):
        yield table, "delete"
        if with_truncate:
            yield table, "truncate"


def _on_server(act: str) -> str:
    """Return what PostgreSQL's catalogue says of a trigger."""
    return f"{_EVENTS[act]} {_ALWAYS} {_BODY}"


def _in_file(table: str, *, act: str) -> str:
    """Return the statement that SQLite's catalogue has of a trigger."""
    return (
        f"CREATE TRIGGER {table}_no_{act} BEFORE {act.upper()} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table}: rows are never {act}d'); END"
    )
