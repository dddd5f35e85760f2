"""Stops that rest on the venue, and each step of their lives."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_WHOLE: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEXT: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_KEPT: Final = (
    ("stops", "DELETE", "ROW"),
    ("stops", "TRUNCATE", "STATEMENT"),
    ("stop_events", "UPDATE", "ROW"),
    ("stop_events", "DELETE", "ROW"),
    ("stop_events", "TRUNCATE", "STATEMENT"),
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
        "stops",
        _text("stop_id"),
        _whole("seq"),
        _text("plan_digest"),
        _whole("line"),
        _text("hedge_id"),
        _text("symbol"),
        _text("instrument"),
        _whole("lots"),
        _whole("trigger_ticks"),
        _text("trigger_price"),
        _whole("epoch"),
        _text("begun_at"),
        _text("state"),
        _text("venue_stop_id", nullable=True),
        _text("venue_order_id", nullable=True),
        _whole("executed_lots"),
        _made_by("stops"),
        sa.ForeignKeyConstraint(
            ["plan_digest"], ["plans.digest"], name=op.f("fk_stops_plan_digest")
        ),
        sa.PrimaryKeyConstraint("stop_id", name=op.f("pk_stops")),
    )
    op.create_table(
        "stop_events",
        _whole("seq"),
        _text("stop_id"),
        _text("at"),
        _text("state"),
        _text("told", nullable=True),
        _text("evidence", nullable=True),
        _text("note"),
        _made_by("stop_events"),
        sa.ForeignKeyConstraint(
            ["stop_id"], ["stops.stop_id"], name=op.f("fk_stop_events_stop_id")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_stop_events")),
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
