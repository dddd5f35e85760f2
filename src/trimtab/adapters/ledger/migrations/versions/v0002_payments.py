"""Payments of futures wallets, and what a statement was held against when it was saved."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_WHOLE: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEXT: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_APPEND_ONLY: Final = ("statements", "statement_marks", "external_flows", "payments")
_NEVER_DELETED: Final = ("payment_cursors",)


def _whole(name: str) -> sa.Column[int]:
    """Return a column of whole numbers."""
    return sa.Column(name, _WHOLE, autoincrement=False, nullable=False)


def _text(name: str) -> sa.Column[str]:
    """Return a column of text."""
    return sa.Column(name, _TEXT, nullable=False)


def _made_by(table: str) -> sa.ForeignKeyConstraint:
    """Return the reference to the entry that made a row."""
    return sa.ForeignKeyConstraint(["seq"], ["entries.seq"], name=op.f(f"fk_{table}_seq"))


def upgrade() -> None:
    """Make the new tables; what older entries say has no rows in them."""
    _statements()
    _payments()
    if op.get_bind().dialect.name == "postgresql":
        _forbid_on_server()
    else:
        for table in _APPEND_ONLY:
            _forbid("UPDATE", on=table)
        for table in (*_APPEND_ONLY, *_NEVER_DELETED):
            _forbid("DELETE", on=table)


def _forbid(act: str, *, on: str) -> None:
    """Make *act* fail on every row of a table."""
    op.execute(
        f"CREATE TRIGGER {on}_no_{act.lower()} BEFORE {act} ON {on} "
        f"BEGIN SELECT RAISE(ABORT, '{on}: rows are never {act.lower()}d'); END"
    )


def _forbid_on_server() -> None:
    """Make changes fail on every row of PostgreSQL's tables, by the function of 0001."""
    kept = (*_APPEND_ONLY, *_NEVER_DELETED)
    acts = [("UPDATE", "ROW", table) for table in _APPEND_ONLY]
    acts += [("DELETE", "ROW", table) for table in kept]
    acts += [("TRUNCATE", "STATEMENT", table) for table in kept]
    for act, each, table in acts:
        name = f"{table}_no_{act.lower()}"
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {act} ON {table} "
            f"FOR EACH {each} EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")


def _statements() -> None:
    """Make what a statement says beside what was held."""
    op.create_table(
        "statements",
        _whole("seq"),
        _text("snapshot_id"),
        _text("taken_at"),
        sa.Column("is_bracketed", sa.Boolean(), nullable=False),
        _made_by("statements"),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_statements")),
    )
    op.create_table(
        "statement_marks",
        _whole("seq"),
        _text("symbol"),
        sa.Column("after_trade_id", _TEXT, nullable=True),
        _made_by("statement_marks"),
        sa.PrimaryKeyConstraint("seq", "symbol", name=op.f("pk_statement_marks")),
    )
    op.create_table(
        "external_flows",
        _whole("seq"),
        _text("asset"),
        _text("units"),
        _text("adopted_at"),
        _made_by("external_flows"),
        sa.PrimaryKeyConstraint("seq", "asset", name=op.f("pk_external_flows")),
    )


def _payments() -> None:
    """Make payments and the cursor of their reading."""
    op.create_table(
        "payments",
        _text("asset"),
        _text("kind"),
        _text("payment_id"),
        _whole("seq"),
        _whole("position"),
        _text("word"),
        sa.Column("symbol", _TEXT, nullable=True),
        sa.Column("trade_id", _TEXT, nullable=True),
        _text("units"),
        _text("paid_at"),
        _made_by("payments"),
        sa.PrimaryKeyConstraint("asset", "kind", "payment_id", name=op.f("pk_payments")),
    )
    op.create_index("ix_payments_seq", "payments", ["seq"], unique=False)
    op.create_table(
        "payment_cursors",
        _text("account"),
        _whole("seq"),
        _text("paid_at"),
        _made_by("payment_cursors"),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_payment_cursors")),
    )
