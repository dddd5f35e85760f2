"""One run per account on a server: an advisory lock of a session that does nothing else.

The server gives it back when the session ends, however it ends, so a dead run's account is
taken over at once; a machine that is gone is noticed by keepalives within half a minute. When
the session breaks while its run goes on, the lease epoch keeps that run from beginning orders
as soon as another has taken over. Not pure.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any, Final

import psycopg
from sqlalchemy import Connection, text

from trimtab.adapters.ledger.faults import located
from trimtab.adapters.ledger.postgres import engine_on
from trimtab.adapters.ledger.server import Server
from trimtab.domain.errors import AccountHeld

HOLDERS: Final = "hashtextextended(current_schema(), 20261129)"
"""The advisory lock of the run that holds the account, held by a session."""
PATIENCE: Final = "500ms"
"""How long the lock of a run that has just died is waited for."""
NAME_CHARACTERS_MAX: Final = 40
"""What of an owner's name fits the 63 bytes that the server keeps, the process beside it."""
_HOLDER: Final = f"""
SELECT coalesce(min(a.application_name), 'another run') FROM pg_locks l
LEFT JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND l.classid::bigint = ({HOLDERS} >> 32) & 4294967295
AND l.objid::bigint = {HOLDERS} & 4294967295
HAVING count(*) > 0
"""  # noqa: S608  our own constants


@contextmanager
def locked_on(server: Server, owner: str) -> Iterator[None]:
    """Hold the account while the block runs, and leave our name with the session.

    Raises:
        AccountHeld: another run has it.
        LedgerError: the server cannot be asked.

    """
    with located(server, "locking the account"):
        pooled = engine_on(server).raw_connection()
    with closing(pooled):
        session: psycopg.Connection[tuple[Any, ...]] = pooled.driver_connection  # type: ignore[assignment]  # What the engine's driver made.
        with located(server, "locking the account"):
            _lock(session, server, owner)
        try:
            yield
        finally:
            with suppress(psycopg.Error):  # A session that broke has let go of it already.
                session.execute(f"SELECT pg_advisory_unlock({HOLDERS})")


def _lock(session: psycopg.Connection[tuple[Any, ...]], server: Server, owner: str) -> None:
    """Take the lock.

    Raises:
        AccountHeld: another run has it.

    """
    name = f"{owner[:NAME_CHARACTERS_MAX]}, process {os.getpid()}"
    session.execute("SELECT set_config('lock_timeout', %s, false)", (PATIENCE,))
    try:
        session.execute(f"SELECT pg_advisory_lock({HOLDERS})")
    except psycopg.errors.LockNotAvailable as e:
        found = session.execute(_HOLDER).fetchone()
        held = "another run" if found is None else found[0]
        raise AccountHeld(f"ledger {server.name}: the account is held by {held}") from e
    session.execute("SELECT set_config('application_name', %s, false)", (name,))


def holder(connection: Connection) -> str | None:
    """Say who holds the account, or None."""
    name: str | None = connection.execute(text(_HOLDER)).scalar_one_or_none()
    return name
