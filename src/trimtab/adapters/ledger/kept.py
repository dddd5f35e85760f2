"""Which tables keep their rows as they were made, and SQLite's triggers that see to it. Pure."""

from __future__ import annotations

from typing import Final

APPEND_ONLY: Final = (
    "stamp",
    "entries",
    "findings",
    "approvals",
    "order_events",
    "balances",
    "statements",
    "statement_marks",
    "external_flows",
    "payments",
    "leverage_settings",
    "transfer_events",
    "stop_events",
    "halts",
    "restraints",
    "nav_marks",
    "standings",
    "standing_revocations",
    "standing_uses",
    "slot_moves",
    "hedge_lines",
    "notices",
    "notice_steps",
    "notice_reads",
    "replies",
)
"""Tables whose rows triggers keep from being changed or deleted."""
NEVER_DELETED: Final = (
    "plans",
    "orders",
    "fills",
    "fill_cursors",
    "payment_cursors",
    "transfers",
    "stops",
    "leases",
)
"""Tables whose rows change, but are kept by triggers from being deleted."""


def triggers() -> tuple[str, ...]:
    """Return the statements that make SQLite keep the rows, in no order that matters."""
    kept = [("DELETE", table) for table in (*APPEND_ONLY, *NEVER_DELETED)]
    return tuple(
        f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table}: rows are never {act.lower()}d'); END"
        for act, table in [*(("UPDATE", table) for table in APPEND_ONLY), *kept]
    )
