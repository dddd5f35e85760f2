"""The first schema: the chain, and the tables that it adds up to."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_WHOLE: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEXT: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_APPEND_ONLY: Final = (
    "stamp",
    "entries",
    "findings",
    "approvals",
    "order_events",
    "balances",
    "leverage_settings",
    "halts",
)
_NEVER_DELETED: Final = ("plans", "orders", "fills", "fill_cursors", "leases")


def _whole(name: str) -> sa.Column[int]:
    """Return a column of whole numbers."""
    return sa.Column(name, _WHOLE, autoincrement=False, nullable=False)


def _text(name: str) -> sa.Column[str]:
    """Return a column of text."""
    return sa.Column(name, _TEXT, nullable=False)


def _text_or_none(name: str) -> sa.Column[str]:
    """Return a column of text that may be missing."""
    return sa.Column(name, _TEXT, nullable=True)


def upgrade() -> None:
    """Make every table, then the triggers that keep its rows."""
    _account()
    _plans()
    _orders()
    _fills()
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
    """Make changes fail on every row of PostgreSQL's tables, whatever a session sets."""
    op.execute(
        """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%: rows are never %d', TG_TABLE_NAME, lower(TG_OP)
        USING ERRCODE = 'integrity_constraint_violation';
END
$$
"""
    )
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


def _account() -> None:
    """Make the chain, the stamp, the lease, the halts and the balances."""
    op.create_table(
        "entries",
        _whole("seq"),
        _text("at"),
        _text("kind"),
        _text("body"),
        _text("prev_hash"),
        _text("hash"),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_entries")),
    )
    op.create_table(
        "stamp",
        _whole("id"),
        _text("venue"),
        _text("account"),
        _text("environment"),
        _text("schema_version"),
        _text("created_at"),
        _text("chain_seed"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stamp")),
    )
    op.create_table(
        "leases",
        _text("account"),
        _whole("seq"),
        _whole("epoch"),
        _text("owner"),
        _text("host"),
        _whole("pid"),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["entries.seq"], name=op.f("fk_leases_seq")),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_leases")),
    )
    op.create_table(
        "halts",
        _whole("seq"),
        _text_or_none("reason"),
        _text("by"),
        _text("at"),
        sa.ForeignKeyConstraint(["seq"], ["entries.seq"], name=op.f("fk_halts_seq")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_halts")),
    )
    op.create_table(
        "balances",
        _whole("seq"),
        _text("wallet"),
        _text("name"),
        _text("snapshot_id"),
        _text("taken_at"),
        _text("quantity"),
        _text("bound"),
        _whole("lots"),
        sa.ForeignKeyConstraint(["seq"], ["entries.seq"], name=op.f("fk_balances_seq")),
        sa.PrimaryKeyConstraint("seq", "wallet", "name", name=op.f("pk_balances")),
    )


def _plans() -> None:
    """Make plans with their findings, approvals and leverage."""
    op.create_table(
        "plans",
        _text("digest"),
        _whole("seq"),
        _whole("dry_run"),
        _text("status"),
        _text("verdict"),
        _text("made_at"),
        _text("expires_at"),
        sa.ForeignKeyConstraint(["seq"], ["entries.seq"], name=op.f("fk_plans_seq")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_plans")),
    )
    op.create_table(
        "findings",
        _text("plan_digest"),
        _whole("position"),
        _whole("seq"),
        _text("check"),
        _text("verdict"),
        _text("subject"),
        _text_or_none("measured"),
        _text_or_none("limit"),
        _text("unit"),
        _text_or_none("reason"),
        _text("tag"),
        sa.ForeignKeyConstraint(
            ["plan_digest"], ["plans.digest"], name=op.f("fk_findings_plan_digest")
        ),
        sa.ForeignKeyConstraint(["seq"], ["entries.seq"], name=op.f("fk_findings_seq")),
        sa.PrimaryKeyConstraint("plan_digest", "position", name=op.f("pk_findings")),
    )
    op.create_table(
        "approvals",
        _whole("dry_run"),
        _text("plan_digest"),
        _whole("seq"),
        _text("gate_digest"),
        _text("kind"),
        _text("by"),
        _text("at"),
        _text("expires_at"),
        sa.ForeignKeyConstraint(
            ["plan_digest"], ["plans.digest"], name=op.f("fk_approvals_plan_digest")
        ),
        sa.ForeignKeyConstraint(["seq"], ["entries.seq"], name=op.f("fk_approvals_seq")),
        sa.PrimaryKeyConstraint("dry_run", "plan_digest", name=op.f("pk_approvals")),
    )
    op.create_table(
        "leverage_settings",
        _whole("seq"),
        _whole("dry_run"),
        _text("plan_digest"),
        _text("symbol"),
        _whole("leverage"),
        _text("outcome"),
        _text("note"),
        _text("at"),
        sa.ForeignKeyConstraint(
            ["plan_digest"], ["plans.digest"], name=op.f("fk_leverage_settings_plan_digest")
        ),
        sa.ForeignKeyConstraint(["seq"], ["entries.seq"], name=op.f("fk_leverage_settings_seq")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_leverage_settings")),
    )


def _orders() -> None:
    """Make orders and their events."""
    op.create_table(
        "orders",
        _whole("dry_run"),
        _text("client_order_id"),
        _whole("seq"),
        _text("plan_digest"),
        _whole("line"),
        _whole("attempt"),
        _text("symbol"),
        _text("instrument"),
        _whole("lots"),
        _text("quantity"),
        _whole("limit_ticks"),
        _text("limit_price"),
        sa.Column("reduce_only", sa.Boolean(), nullable=False),
        _whole("epoch"),
        _text("submitted_at"),
        _text("state"),
        _text_or_none("venue_order_id"),
        _whole("filled_lots"),
        _whole("executed_lots"),
        sa.ForeignKeyConstraint(
            ["plan_digest"], ["plans.digest"], name=op.f("fk_orders_plan_digest")
        ),
        sa.ForeignKeyConstraint(["seq"], ["entries.seq"], name=op.f("fk_orders_seq")),
        sa.PrimaryKeyConstraint("dry_run", "client_order_id", name=op.f("pk_orders")),
    )
    op.create_index("ix_orders_state", "orders", ["dry_run", "state"], unique=False)
    op.create_index("ix_orders_submitted_at", "orders", ["dry_run", "submitted_at"], unique=False)
    op.create_index(
        "ix_orders_venue_order_id", "orders", ["dry_run", "symbol", "venue_order_id"], unique=False
    )
    op.create_table(
        "order_events",
        _whole("seq"),
        _whole("dry_run"),
        _text("client_order_id"),
        _text("at"),
        _text("state"),
        _text_or_none("told"),
        _text_or_none("evidence"),
        _text("note"),
        sa.ForeignKeyConstraint(
            ["dry_run", "client_order_id"],
            ["orders.dry_run", "orders.client_order_id"],
            name=op.f("fk_order_events_dry_run"),
        ),
        sa.ForeignKeyConstraint(["seq"], ["entries.seq"], name=op.f("fk_order_events_seq")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_order_events")),
    )
    op.create_index(
        "ix_order_events_client_order_id",
        "order_events",
        ["dry_run", "client_order_id"],
        unique=False,
    )


def _fills() -> None:
    """Make fills and the cursors of their reading."""
    op.create_table(
        "fills",
        _whole("dry_run"),
        _text("symbol"),
        _text("trade_id"),
        _whole("seq"),
        _whole("position"),
        _text("venue_order_id"),
        _text_or_none("client_order_id"),
        _text("side"),
        _text("quantity"),
        _text("fill_price"),
        _text("fee"),
        _text("fee_asset"),
        _text("filled_at"),
        sa.ForeignKeyConstraint(
            ["dry_run", "client_order_id"],
            ["orders.dry_run", "orders.client_order_id"],
            name=op.f("fk_fills_dry_run"),
        ),
        sa.ForeignKeyConstraint(["seq"], ["entries.seq"], name=op.f("fk_fills_seq")),
        sa.PrimaryKeyConstraint("dry_run", "symbol", "trade_id", name=op.f("pk_fills")),
    )
    op.create_index(
        "ix_fills_venue_order_id", "fills", ["dry_run", "symbol", "venue_order_id"], unique=False
    )
    op.create_table(
        "fill_cursors",
        _whole("dry_run"),
        _text("symbol"),
        _whole("seq"),
        _text("after_trade_id"),
        _text("filled_at"),
        sa.ForeignKeyConstraint(["seq"], ["entries.seq"], name=op.f("fk_fill_cursors_seq")),
        sa.PrimaryKeyConstraint("dry_run", "symbol", name=op.f("pk_fill_cursors")),
    )
