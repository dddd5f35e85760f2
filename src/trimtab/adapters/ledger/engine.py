"""The connection to the database; to SQLite with WAL, flushed at every commit, lock first.

A deferred transaction that turns into a writer fails at once with SQLITE_BUSY_SNAPSHOT when
somebody else wrote, whatever the busy timeout says; BEGIN IMMEDIATE waits instead.
"""

from __future__ import annotations

import sqlite3
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event

from trimtab.adapters.ledger import driver
from trimtab.adapters.ledger.server import Server
from trimtab.adapters.ledger.site import Site
from trimtab.domain.errors import ConfigError

BUSY_TIMEOUT_MS: Final = 5_000
"""How long a statement waits for another process's transaction."""


def engine_at(site: Site) -> Engine:
    """Return an engine on the database; nothing is opened yet.

    Raises:
        ConfigError: it is a server, and its driver is not installed.

    """
    if isinstance(site, Server):
        return _engine_on(site)
    url = URL.create("sqlite", database=str(site.database))
    timeout = {"timeout": BUSY_TIMEOUT_MS / 1000}
    engine = create_engine(url, poolclass=NullPool, connect_args=timeout)
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _engine_on(server: Server) -> Engine:
    """Return an engine on a server.

    Raises:
        ConfigError: its driver is not installed.

    """
    try:
        from trimtab.adapters.ledger import postgres  # noqa: PLC0415  a file does not pay for it
    except ImportError as e:
        raise ConfigError(
            "ledger.url: a PostgreSQL server needs psycopg, which is not installed",
            next_step="install trimtab[postgres]",
        ) from e
    return postgres.engine_on(server)


def _configure(connection: sqlite3.Connection, _record: Any) -> None:  # noqa: ANN401  SQLAlchemy's signature
    """Set what SQLite forgets between connections; transactions begin where we say."""
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "fullfsync=ON",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    """Begin as a reader or as a writer, by the connection's option."""
    driver.execute(connection, "BEGIN IMMEDIATE" if driver.writes(connection) else "BEGIN")
