"""The triggers that keep rows on a server, as the migrations made them; verification proves them.

Not pure: it reads the database's catalogue.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from sqlalchemy import Connection, text

from trimtab.adapters.ledger.kept import APPEND_ONLY, NEVER_DELETED
from trimtab.adapters.ledger.rows import Fault

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
_ON_POSTGRES: Final = """
SELECT c.relname, t.tgname, concat_ws(' ', t.tgtype, t.tgenabled, t.tgqual, p.prosrc)
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
WHERE NOT t.tgisinternal AND c.relnamespace = quote_ident(current_schema())::regnamespace
"""
_ALWAYS: Final = "A"
"""What PostgreSQL calls a trigger that fires whatever a session sets."""


def missing_triggers(connection: Connection) -> Iterator[Fault]:
    """Yield a fault for the first trigger that is gone or was changed."""
    query = text(_ON_POSTGRES)
    found = {(table, name): made for table, name, made in connection.execute(query)}
    for table, act in _kept():
        name = f"{table}_no_{act}"
        made = found.get((table, name))
        if made != _on_server(act):
            state = "is missing" if made is None else "was changed"
            what = f"{state}: rows could be {act}d unseen"
            yield Fault(table=table, row=f"trigger {name}", what=what)
            return


def _kept() -> Iterator[tuple[str, str]]:
    """Yield each table with each act that a trigger forbids on it."""
    for table in APPEND_ONLY:
        yield table, "update"
    for table in (*APPEND_ONLY, *NEVER_DELETED):
        yield table, "delete"
        yield table, "truncate"


def _on_server(act: str) -> str:
    """Return what PostgreSQL's catalogue says of a trigger."""
    return f"{_EVENTS[act]} {_ALWAYS} {_BODY}"
