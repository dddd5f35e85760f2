"""Notices: what people are told, its way over each channel, and who has read it."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_WHOLE: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEXT: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_APPEND_ONLY: Final = ("notices", "notice_steps", "notice_reads")
_ACTS: Final = (("UPDATE", "ROW"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT"))


def _seq() -> sa.Column[int]:
    """Return the column that names the entry a row was made by."""
    return sa.Column("seq", _WHOLE, autoincrement=False, nullable=False)


def _text(name: str) -> sa.Column[str]:
    """Return a column of text."""
    return sa.Column(name, _TEXT, nullable=False)


def _of(table: str, *, column: str, parent: str) -> sa.ForeignKeyConstraint:
    """Return a reference of a table's column."""
    return sa.ForeignKeyConstraint([column], [parent], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    """Make the new tables; what older entries say has no rows in them."""
    op.create_table(
        "notices",
        _text("id"),
        _seq(),
        _text("kind"),
        _text("at"),
        _of("notices", column="seq", parent="entries.seq"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_table(
        "notice_steps",
        _seq(),
        *map(_text, ("notice", "channel", "step", "note", "at")),
        _of("notice_steps", column="seq", parent="entries.seq"),
        _of("notice_steps", column="notice", parent="notices.id"),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_notice_steps")),
    )
    op.create_index("ix_notice_steps_notice", "notice_steps", ["notice"], unique=False)
    op.create_table(
        "notice_reads",
        _text("notice"),
        _seq(),
        _text("by"),
        _text("at"),
        _of("notice_reads", column="notice", parent="notices.id"),
        _of("notice_reads", column="seq", parent="entries.seq"),
        sa.PrimaryKeyConstraint("notice", name=op.f("pk_notice_reads")),
    )
    on_server = op.get_bind().dialect.name == "postgresql"
    for table in _APPEND_ONLY:
        for act, each in _ACTS:
            if on_server:
                _forbid_on_server(act, each=each, table=table)
            elif each == "ROW":
                _forbid(act, table=table)


def _forbid(act: str, *, table: str) -> None:
    """Make *act* fail on every row of a table."""
    op.execute(
        f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table}: rows are never {act.lower()}d'); END"
    )


def _forbid_on_server(act: str, *, each: str, table: str) -> None:
    """Make *act* fail on every row of PostgreSQL's table, by the function of 0001."""
    name = f"{table}_no_{act.lower()}"
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {act} ON {table} "
        f"FOR EACH {each} EXECUTE FUNCTION refuse_change()"
    )
    op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
