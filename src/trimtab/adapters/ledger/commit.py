"""A write's transaction, and what became of it when the answer to COMMIT is lost.

A file commits in this process, and says so. A server can commit and lose the connection before
it answers. Then nobody may say "done" or "not done" before the chain was looked at: under the
writers' lock, which the lost session keeps until its transaction has ended one way or the
other. Not pure.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from trimtab.adapters.ledger.chain import Head
from trimtab.adapters.ledger.driver import writing
from trimtab.adapters.ledger.schema import entries
from trimtab.domain.errors import LedgerError

SETTLE_S: Final = 60.0
"""How long a server is asked what became of a commit; one that starts again needs seconds."""
PAUSE_S: Final = 0.25
"""Between two attempts to reach it."""
_STATUS_BEGUN: Final = "INTRANS"
"""What psycopg calls a transaction in which no statement failed."""


class Ending:
    """What a transaction makes the head of the chain."""

    def __init__(self) -> None:
        self.head: Head | None = None
        """Set by the transaction's block, last; None: there is nothing to look for."""


@contextmanager
def committing(connection: Connection, *, settle_s: float) -> Iterator[Ending]:
    """Run the block in a transaction; the end without an error means that it is committed.

    A server that was lost is asked what became of the commit for up to *settle_s* seconds.

    Raises:
        LedgerError: nothing was written; or nobody can say, and the connection is closed for good.

    """
    ending, is_asked = Ending(), False
    if connection.dialect.name == "sqlite":
        with writing(connection):
            yield ending
        return
    try:
        with connection.begin():
            yield ending
            _refuse_undone(connection)
            is_asked = True
    except DBAPIError as lost:
        if not (is_asked and lost.connection_invalidated):
            raise
        if ending.head is not None and not _is_kept(connection, ending.head, settle_s):
            raise LedgerError(
                "ledger: the connection was lost before the server committed; nothing was written",
                next_step="see that the server runs, then trimtab recover",
            ) from lost


def _refuse_undone(connection: Connection) -> None:
    """Refuse to commit what PostgreSQL has undone: it would answer COMMIT with success.

    Raises:
        LedgerError: a statement failed in the transaction, and nothing took it back.

    """
    session: Any = connection.connection.dbapi_connection
    if session.info.transaction_status.name != _STATUS_BEGUN:
        raise LedgerError("ledger: a statement failed in the transaction; nothing was written")


def _is_kept(connection: Connection, head: Head, settle_s: float) -> bool:
    """Whether the chain has *head*; asked over a new session, for as long as that takes.

    Beginning takes the writers' lock. The lost session keeps it until its transaction is
    committed or undone, so what is read here is final.

    Raises:
        LedgerError: the server did not answer in time.

    """
    until = time.monotonic() + settle_s
    failures = (SQLAlchemyError, connection.dialect.loaded_dbapi.Error, LedgerError)
    query = select(entries.c.hash).where(entries.c.seq == head.seq)
    while True:
        try:
            with connection.begin():
                kept: bool = connection.execute(query).scalar_one_or_none() == head.hash
                return kept
        except failures as e:
            if time.monotonic() > until:
                connection.close()  # What follows must not be built on what nobody knows.
                raise LedgerError(
                    "ledger: the connection was lost during a commit, and the server does not say"
                    f" what became of it: entry {head.seq} may be written",
                    next_step="see that the server runs, then trimtab recover",
                ) from e
        time.sleep(PAUSE_S)
