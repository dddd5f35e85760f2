"""The connection to PostgreSQL: durable commits, one writer at a time, nothing waits for ever.

A writer's transaction takes an advisory lock of the schema before it reads the head, so that a
chain never forks; the primary key of ``entries`` is the second proof. A reader's transaction is
one snapshot. Importing this is what pays for psycopg. Not pure.
"""

from __future__ import annotations

from contextlib import ExitStack
from types import MappingProxyType
from typing import Any, Final, cast

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Dumper
from psycopg.types.json import Json
from sqlalchemy import Connection, Engine, NullPool, create_engine, event
from typing_extensions import override

from trimtab.adapters.ledger import driver
from trimtab.adapters.ledger.server import Server, storable
from trimtab.domain.errors import LedgerError

SETTINGS: Final = MappingProxyType(
    {
        "synchronous_commit": "on",
        "lock_timeout": "5s",  # How long another process's transaction is waited for.
        "statement_timeout": "60s",  # Only verification and export of years come near it.
        "idle_in_transaction_session_timeout": "10s",  # A stopped process keeps nobody waiting.
        "idle_session_timeout": "0",  # The connection that holds the account does nothing else.
        "tcp_keepalives_idle": "15",  # The server notices a machine that is gone, and lets go
        "tcp_keepalives_interval": "5",  # of the account that its connection held.
        "tcp_keepalives_count": "3",
        "timezone": "UTC",
    }
)
"""What every session is set to; what an old server does not know is left out."""
CLIENT: Final = MappingProxyType(
    {
        "connect_timeout": 10,
        "keepalives": 1,
        "keepalives_idle": 15,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,
        "client_encoding": "utf8",
        "application_name": "trimtab",
    }
)
"""What libpq is told, unless the URL says otherwise; seconds, the last timeout milliseconds."""
WRITERS: Final = "hashtextextended(current_schema(), 20261128)"
"""The advisory lock of everyone who appends, held by transactions."""

_BEGIN_READING: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_BEGIN_WRITING: Final = (
    f"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SELECT pg_advisory_xact_lock({WRITERS})"
)
_SET: Final = (
    "SELECT count(set_config(name, %(values)s::json ->> name, false))"
    " FROM pg_catalog.pg_settings WHERE name IN (SELECT json_object_keys(%(values)s::json))"
)
_PIN: Final = (
    "SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', false)"
    " WHERE current_schema() IS NOT NULL"
)
_DURABLE: Final = (
    "SELECT current_setting('synchronous_commit') IN ('on', 'remote_apply'),"
    " current_setting('fsync') = 'on', current_setting('server_encoding') = 'UTF8'"
)


class _StorableText(Dumper):
    """Hands text over as the server can store it."""

    oid = psycopg.adapters.types["text"].oid

    @override
    def dump(self, obj: str) -> Buffer:
        """Return the bytes of *obj*."""
        return storable(obj).encode()


def engine_on(server: Server) -> Engine:
    """Return an engine on the server; nothing is opened yet."""
    asked = {name: value for name, value in CLIENT.items() if name not in server.url.query}
    engine = create_engine(
        server.url, poolclass=NullPool, connect_args=asked, use_native_hstore=False
    )
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def session(connection: Connection) -> psycopg.Connection[tuple[Any, ...]]:
    """Return the driver's own connection."""
    return cast("psycopg.Connection[tuple[Any, ...]]", connection.connection.dbapi_connection)


def _configure(connection: psycopg.Connection[tuple[Any, ...]], _record: Any) -> None:  # noqa: ANN401  SQLAlchemy's signature
    """Set what a session needs; refuse a server that would not keep what it commits.

    Raises:
        LedgerError: there is no schema, or commits would not be durable.

    """
    with ExitStack() as stack:
        stack.callback(connection.close)
        connection.autocommit = True  # Transactions begin where we say.
        connection.adapters.register_dumper(str, _StorableText)
        values = Json(dict(SETTINGS))
        connection.execute(_SET, {"values": values})
        if connection.execute(_PIN).fetchone() is None:
            raise LedgerError(
                "ledger.url: the search path names no schema that is there",
                next_step="CREATE SCHEMA it, or correct the search_path in ledger.url",
            )
        flushed, kept, unicode = connection.execute(_DURABLE).fetchone() or (False,) * 3
        if not (flushed and kept):
            raise LedgerError(
                "ledger.url: the server does not flush what it commits",
                next_step="set fsync and synchronous_commit to on, in the URL's options too",
            )
        if not unicode:
            raise LedgerError(
                "ledger.url: the database is not in UTF8",
                next_step="create it with ENCODING 'UTF8'",
            )
        stack.pop_all()


def _begin(connection: Connection) -> None:
    """Begin as a reader, or as the only writer, by the connection's option.

    A session that was lost since the last transaction is opened again: nothing was begun in it.
    """
    text = _BEGIN_WRITING if driver.writes(connection) else _BEGIN_READING
    try:
        driver.execute(connection, text)
    except psycopg.OperationalError as lost:
        if not session(connection).closed:
            session(connection).rollback()  # Begun, but the lock was not to be had.
            raise
        connection.invalidate(lost)
        driver.execute(connection, text)
