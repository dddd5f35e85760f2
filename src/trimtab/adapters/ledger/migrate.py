"""Brings a database to the schema of this program, in one transaction.

Alembic is imported only when there is something to do. Not pure.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from trimtab.domain.errors import LedgerError

REVISIONS: Final = tuple(f"{number:04}" for number in range(1, 12))
"""Every schema that this program knows, oldest first; the last is its own."""
SCRIPTS: Final = Path(__file__).parent / "migrations"
"""The migration scripts, inside the package."""


def revision_of(connection: Connection) -> str | None:
    """Return the schema that the database has, or None when it is empty."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(
        text("SELECT version_num FROM alembic_version")
    ).scalar_one_or_none()
    return revision


def needs_migration(connection: Connection) -> bool:
    """Whether the database has an older schema than this program.

    Raises:
        LedgerError: its schema is one that this program does not know.

    """
    revision = revision_of(connection)
    if revision is not None and revision not in REVISIONS:
        raise LedgerError(
            f"ledger: has schema {revision}, this program knows up to {REVISIONS[-1]}",
            next_step="install the newer version of trimtab that wrote it",
        )
    return revision != REVISIONS[-1]


def migrate(connection: Connection) -> None:
    """Apply what is missing, inside the connection's transaction."""
    from alembic import command  # noqa: PLC0415  only a new or old ledger pays for it
    from alembic.config import Config  # noqa: PLC0415  as above

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
