"""The latch that allows only reductions, and what the account was worth at each look."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_WHOLE: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEXT: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_APPEND_ONLY: Final = ("restraints", "nav_marks")
_ACTS: Final = (("UPDATE", "ROW"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT"))


def _seq() -> sa.Column[int]:
    """Return the column that names the entry a row was made by."""
    return sa.Column("seq", _WHOLE, autoincrement=False, nullable=False)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    """Return a column of text."""
    return sa.Column(name, _TEXT, nullable=nullable)


def _made_by(table: str) -> sa.ForeignKeyConstraint:
    """Return the reference to the entry that made a row."""
    return sa.ForeignKeyConstraint(["seq"], ["entries.seq"], name=op.f(f"fk_{table}_seq"))


def upgrade() -> None:
    """Make the new tables; what older entries say has no rows in them."""
    op.create_table(
        "restraints",
        _seq(),
        _text("reason", nullable=True),
        _text("by"),
        _text("at"),
        _made_by("restraints"),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_restraints")),
    )
    op.create_table(
        "nav_marks",
        _seq(),
        *map(_text, ("taken_at", "nav", "level", "high", "held")),
        _made_by("nav_marks"),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_nav_marks")),
    )
    op.create_index("ix_nav_marks_taken_at", "nav_marks", ["taken_at"], unique=False)
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
