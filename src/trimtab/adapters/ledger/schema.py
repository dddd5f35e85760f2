"""The tables. ``entries`` is the ledger; every other table is what the entries add up to.

Decimals and instants are TEXT (RFC 3339 UTC with microseconds, so that text order is time
order); sizes are whole lots and decimal text side by side. ``dry_run`` is 0 for what really
happened, else the number of the dry run that a row belongs to. ``seq`` is the entry that made
the row. Source: docs/design/0004-ledger.md.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, ForeignKey, ForeignKeyConstraint, Index, Table

from trimtab.adapters.ledger import schema_notices
from trimtab.adapters.ledger.columns import TEXT
from trimtab.adapters.ledger.columns import entry as _entry
from trimtab.adapters.ledger.columns import text as _text
from trimtab.adapters.ledger.columns import text_or_none as _text_or_none
from trimtab.adapters.ledger.columns import whole as _whole

metadata: Final = schema_notices.notices.metadata
"""Of all tables; those of notices are among them once their module is imported, as here."""

stamp: Final = Table(
    "stamp",
    metadata,
    _whole("id", primary_key=True),
    _text("venue"),
    _text("account"),
    _text("environment"),
    _text("schema_version"),
    _text("created_at"),
    _text("chain_seed"),
)
entries: Final = Table(
    "entries",
    metadata,
    _whole("seq", primary_key=True),
    _text("at"),
    _text("kind"),
    _text("body"),
    _text("prev_hash"),
    _text("hash"),
)
plans: Final = Table(
    "plans",
    metadata,
    _text("digest", primary_key=True),
    _entry(),
    _whole("dry_run"),
    _text("status"),
    _text("verdict"),
    _text("made_at"),
    _text("expires_at"),
)
findings: Final = Table(
    "findings",
    metadata,
    Column("plan_digest", TEXT, ForeignKey("plans.digest"), primary_key=True, nullable=False),
    _whole("position", primary_key=True),
    _entry(),
    _text("check"),
    _text("verdict"),
    _text("subject"),
    _text_or_none("measured"),
    _text_or_none("limit"),
    _text("unit"),
    _text_or_none("reason"),
    _text("tag"),
)
approvals: Final = Table(
    "approvals",
    metadata,
    _whole("dry_run", primary_key=True),
    Column("plan_digest", TEXT, ForeignKey("plans.digest"), primary_key=True, nullable=False),
    _entry(),
    _text("gate_digest"),
    _text("kind"),
    _text("by"),
    _text("at"),
    _text("expires_at"),
)
orders: Final = Table(
    "orders",
    metadata,
    _whole("dry_run", primary_key=True),
    _text("client_order_id", primary_key=True),
    _entry(),
    Column("plan_digest", TEXT, ForeignKey("plans.digest"), nullable=False),
    _whole("line"),
    _whole("attempt"),
    _text("symbol"),
    _text("instrument"),
    _whole("lots"),
    _text("quantity"),
    _whole("limit_ticks"),
    _text("limit_price"),
    Column("reduce_only", Boolean, nullable=False),
    _whole("epoch"),
    _text("submitted_at"),
    _text("state"),
    _text_or_none("venue_order_id"),
    _whole("filled_lots"),
    _whole("executed_lots"),
    Index("ix_orders_state", "dry_run", "state"),
    Index("ix_orders_submitted_at", "dry_run", "submitted_at"),
    Index("ix_orders_venue_order_id", "dry_run", "symbol", "venue_order_id"),
)
order_events: Final = Table(
    "order_events",
    metadata,
    _entry(primary_key=True),
    _whole("dry_run"),
    _text("client_order_id"),
    _text("at"),
    _text("state"),
    _text_or_none("told"),
    _text_or_none("evidence"),
    _text("note"),
    ForeignKeyConstraint(
        ["dry_run", "client_order_id"], ["orders.dry_run", "orders.client_order_id"]
    ),
    Index("ix_order_events_client_order_id", "dry_run", "client_order_id"),
)
fills: Final = Table(
    "fills",
    metadata,
    _whole("dry_run", primary_key=True),
    _text("symbol", primary_key=True),
    _text("trade_id", primary_key=True),
    _entry(),
    _whole("position"),
    _text("venue_order_id"),
    _text_or_none("client_order_id"),
    _text("side"),
    _text("quantity"),
    _text("fill_price"),
    _text("fee"),
    _text("fee_asset"),
    _text("filled_at"),
    ForeignKeyConstraint(
        ["dry_run", "client_order_id"], ["orders.dry_run", "orders.client_order_id"]
    ),
    Index("ix_fills_venue_order_id", "dry_run", "symbol", "venue_order_id"),
)
fill_cursors: Final = Table(
    "fill_cursors",
    metadata,
    _whole("dry_run", primary_key=True),
    _text("symbol", primary_key=True),
    _entry(),
    _text("after_trade_id"),
    _text("filled_at"),
)
balances: Final = Table(
    "balances",
    metadata,
    _entry(primary_key=True),
    _text("wallet", primary_key=True),
    _text("name", primary_key=True),
    _text("snapshot_id"),
    _text("taken_at"),
    _text("quantity"),
    _text("bound"),
    _whole("lots"),
)
statements: Final = Table(
    "statements",
    metadata,
    _entry(primary_key=True),
    _text("snapshot_id"),
    _text("taken_at"),
    Column("is_bracketed", Boolean, nullable=False),
)
statement_marks: Final = Table(
    "statement_marks",
    metadata,
    _entry(primary_key=True),
    _text("symbol", primary_key=True),
    _text_or_none("after_trade_id"),
)
external_flows: Final = Table(
    "external_flows",
    metadata,
    _entry(primary_key=True),
    _text("asset", primary_key=True),
    _text("units"),
    _text("adopted_at"),
)
payments: Final = Table(
    "payments",
    metadata,
    _text("asset", primary_key=True),
    _text("kind", primary_key=True),
    _text("payment_id", primary_key=True),
    _entry(),
    _whole("position"),
    _text("word"),
    _text_or_none("symbol"),
    _text_or_none("trade_id"),
    _text("units"),
    _text("paid_at"),
    Index("ix_payments_seq", "seq"),
)
payment_cursors: Final = Table(
    "payment_cursors",
    metadata,
    _text("account", primary_key=True),
    _entry(),
    _text("paid_at"),
)
leverage_settings: Final = Table(
    "leverage_settings",
    metadata,
    _entry(primary_key=True),
    _whole("dry_run"),
    Column("plan_digest", TEXT, ForeignKey("plans.digest"), nullable=False),
    _text("symbol"),
    _whole("leverage"),
    _text("outcome"),
    _text("note"),
    _text("at"),
)
transfers: Final = Table(
    "transfers",
    metadata,
    _whole("dry_run", primary_key=True),
    _text("transfer_id", primary_key=True),
    _entry(),
    Column("plan_digest", TEXT, ForeignKey("plans.digest"), nullable=False),
    _whole("line"),
    _text("asset"),
    _text("units"),
    _whole("epoch"),
    _text("begun_at"),
    _text("state"),
    _text_or_none("venue_transfer_id"),
)
transfer_events: Final = Table(
    "transfer_events",
    metadata,
    _entry(primary_key=True),
    _whole("dry_run"),
    _text("transfer_id"),
    _text("at"),
    _text("state"),
    _text_or_none("evidence"),
    _text("note"),
    ForeignKeyConstraint(
        ["dry_run", "transfer_id"], ["transfers.dry_run", "transfers.transfer_id"]
    ),
)
stops: Final = Table(
    "stops",
    metadata,
    _text("stop_id", primary_key=True),
    _entry(),
    Column("plan_digest", TEXT, ForeignKey("plans.digest"), nullable=False),
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
    _text_or_none("venue_stop_id"),
    _text_or_none("venue_order_id"),
    _whole("executed_lots"),
)
stop_events: Final = Table(
    "stop_events",
    metadata,
    _entry(primary_key=True),
    Column("stop_id", TEXT, ForeignKey("stops.stop_id"), nullable=False),
    _text("at"),
    _text("state"),
    _text_or_none("told"),
    _text_or_none("evidence"),
    _text("note"),
)
halts: Final = Table(
    "halts",
    metadata,
    _entry(primary_key=True),
    _text_or_none("reason"),
    _text("by"),
    _text("at"),
)
restraints: Final = Table(
    "restraints",
    metadata,
    _entry(primary_key=True),
    _text_or_none("reason"),
    _text("by"),
    _text("at"),
)
nav_marks: Final = Table(
    "nav_marks",
    metadata,
    _entry(primary_key=True),
    _text("taken_at"),
    _text("nav"),
    _text("level"),
    _text("high"),
    _text("held"),
    Index("ix_nav_marks_taken_at", "taken_at"),
)
standings: Final = Table(
    "standings",
    metadata,
    _text("digest", primary_key=True),
    _entry(),
    _text("granted_at"),
    _text("expires_at"),
)
standing_revocations: Final = Table(
    "standing_revocations",
    metadata,
    Column("standing", TEXT, ForeignKey("standings.digest"), primary_key=True, nullable=False),
    _entry(),
    _text("by"),
    _text("at"),
)
standing_uses: Final = Table(
    "standing_uses",
    metadata,
    Column("plan_digest", TEXT, ForeignKey("plans.digest"), primary_key=True, nullable=False),
    _entry(),
    Column("standing", TEXT, ForeignKey("standings.digest"), nullable=False),
    _text("draw"),
    _text("at"),
    Index("ix_standing_uses_standing", "standing"),
)
hedge_lines: Final = Table(
    "hedge_lines",
    metadata,
    Column("plan_digest", TEXT, ForeignKey("plans.digest"), primary_key=True, nullable=False),
    _whole("line", primary_key=True),
    _whole("position", primary_key=True),
    _entry(),
    _text("hedge_id"),
    _text("asset"),
    _text("symbol"),
    _text("origin"),
    _text("cause"),
    _text("drift_back"),
    _text("beside"),
    Column("beta", TEXT, nullable=False, server_default="1"),
)
slot_moves: Final = Table(
    "slot_moves",
    metadata,
    _entry(primary_key=True),
    _text("slot"),
    _text("state"),
    Column("plan_digest", TEXT, ForeignKey("plans.digest"), nullable=True),
    _text("by"),
    _text("at"),
    Index("ix_slot_moves_slot", "slot"),
)
leases: Final = Table(
    "leases",
    metadata,
    _text("account", primary_key=True),
    _entry(),
    _whole("epoch"),
    _text("owner"),
    _text("host"),
    _whole("pid"),
    Column("held", Boolean, nullable=False),
)
