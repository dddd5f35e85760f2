"""What must hold of the way a process ended: it says what is so, and says it in a known word."""

from __future__ import annotations

import json
from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.simulation.program import Ended, Errand
from tests.simulation.rest_law import open_orders, placed_orders
from tests.simulation.tape import Broken

if TYPE_CHECKING:
    from tests.simulation.world import World

_RECOVERED = {"recovered 0", "recovered 6", "recovered 7", "recovered 130"}
_NO_ORDERS = {"proposed", "approved", "declined", "expired", "nothing_to_do", "dry_run"}
"""Words for a plan of which nothing was sent."""


def check_end(world: World, errand: Errand, ended: Ended) -> None:
    """Hold what a process that worked alone said at its end against ledger and exchange.

    Raises:
        Broken: it says what is not so.

    """
    if not world.law.file.has_tables or world.law.witness.beyond:
        return
    left = open_orders(world)
    if ended.word.startswith("recovered"):
        if ended.word not in _RECOVERED:
            raise Broken(f"L2: recovery ends {ended.word}")
        # A stop that rests, and an order called absent, is asked about; perhaps nobody answers.
        doubtful = world.law.rows(
            "SELECT 1 FROM stops WHERE state = 'resting' UNION ALL"
            " SELECT 1 FROM orders WHERE state = 'absent' AND dry_run = 0"
        )
        is_excused = 0 < ended.unresolved <= len(doubtful)
        if ended.word == "recovered 0" if left else ended.word != "recovered 0" and not is_excused:
            raise Broken(f"L2: recovery ends {ended.word} and leaves {left}")
    if errand in {Errand.RUN, Errand.SAVED} and ended.plan:
        _check_run(world, ended)


def _check_run(world: World, ended: Ended) -> None:
    """Hold the word of a run against what became of every leg."""
    plan = world.law.plans[ended.plan]
    executed: dict[int, Decimal] = defaultdict(Decimal)
    placed, count = placed_orders(world), 0
    query = "SELECT client_order_id, line, instrument FROM orders WHERE plan_digest = ?"
    for name, line, instrument in world.law.rows(query + " AND dry_run = 0", ended.plan):
        count += 1
        units = sum((o.executed for o in placed.get(name, ())), Decimal(0))
        executed[line] += units / Decimal(json.loads(instrument)["lot_size"])
    is_open = any(digest == ended.plan for _, _, digest in open_orders(world))
    moved = dict(
        world.law.rows(
            "SELECT line, state FROM transfers WHERE plan_digest = ? AND dry_run = 0", ended.plan
        )
    )
    count += len(moved)
    is_whole = all(executed[leg.line] == abs(leg.lots) for leg in plan.legs)
    is_whole &= all(moved.get(each.line) == "done" for each in plan.transfers)
    if is_open and ended.word != "unknown":
        raise Broken(f"L5: a run ends {ended.word} with an order that is not closed")
    if ended.word == "executed" and not is_whole:
        raise Broken(f"L5: a run says executed, its lines have {dict(executed)}")
    if ended.word in _NO_ORDERS and count:
        raise Broken(f"L5: a run ends {ended.word} after {count} orders")
