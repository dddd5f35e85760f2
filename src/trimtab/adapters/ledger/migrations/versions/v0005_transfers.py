"""Transfers between the account's own wallets, and each step of their lives."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_WHOLE: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEXT: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_KEPT: Final = (
    ("transfers", "DELETE", "ROW"),
    ("transfers", "TRUNCATE", "STATEMENT"),
    ("transfer_events", "UPDATE", "ROW"),
    ("transfer_events", "DELETE", "ROW"),
    ("transfer_events", "TRUNCATE", "STATEMENT"),
)


def _whole(name: str) -> sa.Column[int]:
    """Return a column of whole numbers."""
    return sa.Column(name, _WHOLE, autoincrement=False, nullable=False)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    """Return a column of text."""
    return sa.Column(name, _TEXT, nullable=nullable)


def _made_by(table: str) -> sa.ForeignKeyConstraint:
    """Return the reference to the entry that made a row."""
    return sa.ForeignKeyConstraint(["seq"], ["entries.seq"], name=op.f(f"fk_{table}_seq"))


def upgrade() -> None:
    """Make the new tables; what older entries say has no rows in them."""
    op.create_table(
        "transfers",
        _whole("dry_run"),
        _text("transfer_id"),
        _whole("seq"),
        _text("plan_digest"),
        _whole("line"),
        _text("asset"),
        _text("units"),
        _whole("epoch"),
        _text("begun_at"),
        _text("state"),
        _text("venue_transfer_id", nullable=True),
        _made_by("transfers"),
        sa.ForeignKeyConstraint(
            ["plan_digest"], ["plans.digest"], name=op.f("fk_transfers_plan_digest")
        ),
        sa.PrimaryKeyConstraint("dry_run", "transfer_id", name=op.f("pk_transfers")),
    )
    op.create_table(
        "transfer_events",
        _whole("seq"),
        _whole("dry_run"),
        _text("transfer_id"),
        _text("at"),
        _text("state"),
        _text("evidence", nullable=True),
        _text("note"),
        _made_by("transfer_events"),
        sa.ForeignKeyConstraint(
            ["dry_run", "transfer_id"],
            ["transfers.dry_run", "transfers.transfer_id"],
            name=op.f("fk_transfer_events_dry_run"),
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_transfer_events")),
    )
    on_server = op.get_bind().dialect.name == "postgresql"
    for table, act, each in _KEPT:
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
