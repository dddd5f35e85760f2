"""No order at the exchange without a yes of the gate and of a person to the same plan.

Asked after every acceptance test of the exchange and of the ledger's file, past the program.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

BY_THE_EXCHANGE: Final = ("autoclose-", "adl_autoclose", "settlement_autoclose-")
"""How the client ids of orders begin that the exchange places itself."""
ALLOWED: Final = """
SELECT orders.client_order_id FROM orders
JOIN plans ON plans.digest = orders.plan_digest AND plans.dry_run = 0
JOIN approvals ON approvals.plan_digest = plans.digest AND approvals.dry_run = 0
WHERE orders.dry_run = 0 AND plans.verdict IN ('pass', 'warn') AND EXISTS (
    SELECT 1 FROM findings WHERE findings.plan_digest = plans.digest
) AND NOT EXISTS (
    SELECT 1 FROM findings WHERE findings.plan_digest = plans.digest AND findings.verdict = 'refuse'
)
"""
"""Intents under a plan whose stored findings refuse nothing and that was approved by its digest."""
STOPS: Final = """
SELECT stops.venue_order_id FROM stops
JOIN plans ON plans.digest = stops.plan_digest AND plans.dry_run = 0
JOIN approvals ON approvals.plan_digest = plans.digest AND approvals.dry_run = 0
WHERE plans.verdict IN ('pass', 'warn') AND stops.venue_order_id IS NOT NULL
"""
"""Orders that stops became, under an approved plan: the exchange names them itself."""


def unruled(
    orders: Iterable[Mapping[str, Any]], ledger: Path, *, by_others: Collection[str]
) -> list[str]:
    """Return the client ids of accepted orders that neither gate nor person said yes to."""
    ours = [o for o in orders if not o["client_id"].startswith(BY_THE_EXCHANGE)]
    left = [order for order in ours if order["client_id"] not in by_others]
    if not left:
        return []
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as database:
        allowed = {name for (name,) in database.execute(ALLOWED)}
        fired = {number for (number,) in database.execute(STOPS)}
    return [
        order["client_id"]
        for order in left
        if order["client_id"] not in allowed and str(order.get("number")) not in fired
    ]
