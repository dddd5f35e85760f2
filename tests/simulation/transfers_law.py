"""What must hold of transfers: the moment one leaves, and whenever no process works.

Read from the ledger's file and from the exchange's own list. The exchange takes no id of ours: a
transfer is known by its direction and its exact units, which no two in a seed share.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.simulation.tape import Broken
from trimtab.testnet import Request

if TYPE_CHECKING:
    from tests.simulation.world import World

_WAYS = {"MAIN_UMFUTURE": 1, "UMFUTURE_MAIN": -1}
"""The exchange's words, and which way they count."""
_NOTHING = frozenset({"refused", "absent"})
_ROWS = (
    "SELECT transfer_id, plan_digest, line, asset, units, state, epoch FROM transfers"
    " WHERE dry_run = 0"
)
_STEPS = "SELECT transfer_id, state, evidence FROM transfer_events WHERE dry_run = 0 ORDER BY seq"
_NEXT = {
    "sending": {"sending", "unknown", "done", "refused", "absent"},
    "unknown": {"unknown", "done", "refused", "absent"},
}
"""Which state may follow which, written down a second time; out of all others none."""


class TransfersLaw:
    """Judges every transfer that leaves."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sent: set[str] = set()

    def departs(self, request: Request) -> None:
        """Hold a transfer that leaves against what is on disk.

        Raises:
            Broken: it is not what was committed, or leaves a second time.

        """
        asked, found = request.params(), self._rows(" AND state IN ('sending', 'unknown')")
        if len(found) != 1:
            raise self._broken(f"I30: a transfer leaves beside {len(found)} that are not closed")
        name, digest, line, asset, units, state, epoch = found[0]
        sent = _WAYS.get(asked["type"], 0) * Decimal(asked["amount"])
        if state != "sending" or (asked["asset"], sent) != (asset, Decimal(units)):
            raise self._broken(f"I30: sent {asked}, committed {found[0]}")
        if name in self._sent:
            raise self._broken(f"I30: {name} leaves a second time")
        self._sent.add(name)
        planned = {(t.line, t.asset, t.units) for t in self._world.law.plans[digest].transfers}
        if (line, asset, sent) not in planned:
            raise self._broken(f"I30: line {line} of its plan is no transfer of {sent} {asset}")
        ((now, held),) = self._world.law.rows("SELECT epoch, held FROM leases")
        if now != epoch or not held:
            raise self._broken(f"I30: it leaves under lease {epoch}, now {now}")
        orders = "SELECT count(*) FROM orders WHERE dry_run = 0 AND plan_digest = ?"
        ended = " AND state NOT IN ('filled', 'expired', 'refused', 'absent')"
        ((beside,),) = self._world.law.rows(orders + ended, digest)
        if beside:
            raise self._broken(f"I30: it leaves beside {beside} orders that are not closed")
        self._world.tape.say(self._world.now_s, "transfer", line, sent)

    def _rows(self, condition: str) -> list[tuple[Any, ...]]:
        return self._world.law.rows(_ROWS + condition) if self._world.law.file.has_tables else []

    def _broken(self, what: str) -> Broken:
        """Return a broken invariant; it also ends the seed."""
        broken = Broken(what)
        self._world.breach(broken)
        return broken


def check_transfers(world: World) -> None:
    """Hold the ledger's transfers against the exchange's, each made once; at every instant.

    Raises:
        Broken: an invariant does not hold.

    """
    made = Counter(
        (t.asset, _WAYS[t.kind] * t.units)
        for t in world.exchange.state.transfers
        if t.kind in _WAYS
    )
    for name, _, _, asset, units, state, _ in world.law.rows(_ROWS):
        count = made.pop((asset, Decimal(units)), 0)
        if count > 1 or (count and state in _NOTHING) or (not count and state == "done"):
            raise Broken(f"I30: {name} is {state}, the exchange made {count}")
    if made:
        raise Broken(f"I30: the exchange made {dict(made)}, the ledger has none of them")
    last: dict[str, str] = {}
    for name, state, evidence in world.law.rows(_STEPS):
        if state not in _NEXT.get(last.get(name, "sending"), set()):
            raise Broken(f"I30: {name} goes from {last[name]} to {state}")
        if state == "absent" and last[name] == "unknown" and '"payments":"none"' not in evidence:
            raise Broken(f"I30: {name} is called absent on {evidence}")
        last[name] = state


def moved_out(world: World) -> Counter[str]:
    """Return what transfers of ours took out of the spot wallet, by asset, signed."""
    sums: Counter[str] = Counter()
    for _, _, _, asset, units, state, _ in world.law.rows(_ROWS):
        if state == "done":
            sums[asset] += Decimal(units)  # type: ignore[assignment]  # A sum, and exact.
    return sums
