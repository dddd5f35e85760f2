"""Replies to notices: who sent which, and what became of it."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_WHOLE: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEXT: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_TABLE: Final = "replies"
_ACTS: Final = (("UPDATE", "ROW"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT"))


def _whole(name: str) -> sa.Column[int]:
    """Return a column of whole numbers."""
    return sa.Column(name, _WHOLE, autoincrement=False, nullable=False)


def _text(name: str) -> sa.Column[str]:
    """Return a column of text."""
    return sa.Column(name, _TEXT, nullable=False)


def _of(*, column: str, parent: str) -> sa.ForeignKeyConstraint:
    """Return a reference of a column."""
    return sa.ForeignKeyConstraint([column], [parent], name=op.f(f"fk_{_TABLE}_{column}"))


def upgrade() -> None:
    """Make the new table; what older entries say has no rows in it."""
    op.create_table(
        _TABLE,
        _text("channel"),
        _text("message_id"),
        _whole("seq"),
        _text("sender"),
        _text("plan_digest"),
        _text("outcome"),
        _whole("code_step"),
        _text("at"),
        _of(column="plan_digest", parent="plans.digest"),
        _of(column="seq", parent="entries.seq"),
        sa.PrimaryKeyConstraint("channel", "message_id", name=op.f("pk_replies")),
    )
    on_server = op.get_bind().dialect.name == "postgresql"
    for act, each in _ACTS:
        if on_server:
            _forbid_on_server(act, each=each)
        elif each == "ROW":
            _forbid(act)


def _forbid(act: str) -> None:
    """Make *act* fail on every row."""
    op.execute(
        f"CREATE TRIGGER {_TABLE}_no_{act.lower()} BEFORE {act} ON {_TABLE} "
        f"BEGIN SELECT RAISE(ABORT, '{_TABLE}: rows are never {act.lower()}d'); END"
    )


def _forbid_on_server(act: str, *, each: str) -> None:
    """Make *act* fail on every row of PostgreSQL's table, by the function of 0001."""
    name = f"{_TABLE}_no_{act.lower()}"
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {act} ON {_TABLE} "
        f"FOR EACH {each} EXECUTE FUNCTION refuse_change()"
    )
    op.execute(f"ALTER TABLE {_TABLE} ENABLE ALWAYS TRIGGER {name}")
