"""What must hold of stops on the venue: the moment one leaves, and whenever no process works.

Read from the ledger's file and from the exchange's own service of conditional orders. What a hedge
holds is added up here from the fills of the lines that were declared for it alone.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.simulation.faults import PROCESSING_S, STOPS, UNSURE, Strike
from tests.simulation.process import Process
from tests.simulation.tape import Broken
from trimtab.testnet import Answer, Request
from trimtab.testnet.catalogue import Market
from trimtab.testnet.conditionals import Conditional

if TYPE_CHECKING:
    from tests.simulation.world import World

FIRST_LINE = 1_001
"""Lines of stops are counted from here."""
MAY_FILL = frozenset({"sending", "unknown", "resting", "fired"})
NOTHING = frozenset({"withdrawn", "refused", "absent"})
"""States of a stop that became no order."""
_ENDED = frozenset({"filled", "expired"})
_ROWS = (
    "SELECT stop_id, plan_digest, line, hedge_id, symbol, lots, trigger_price, instrument, epoch,"
    " state FROM stops"
)
_STEPS = "SELECT stop_id, state, evidence FROM stop_events ORDER BY seq"
_NEXT = {
    "sending": {"unknown", "resting", "fired", "withdrawn", "done", "refused", "absent"},
    "unknown": {"unknown", "resting", "fired", "withdrawn", "done", "absent"},
    "resting": {"fired", "withdrawn", "done"},
    "fired": {"fired", "done"},
}
"""Which state may follow which, written down a second time; out of all others none."""
_LISTS = {"by_client_id", "open_orders", "all_orders"}
"""Where a proof of absence must have looked."""
_HELD = (
    "SELECT fills.side, fills.quantity FROM fills JOIN orders"
    " ON orders.dry_run = fills.dry_run AND orders.client_order_id = fills.client_order_id"
    " JOIN hedge_lines AS own ON own.plan_digest = orders.plan_digest AND own.line = orders.line"
    " WHERE fills.dry_run = 0 AND own.hedge_id = ? AND fills.symbol = ? AND (fills.side = 'sell' OR"
    " NOT EXISTS (SELECT 1 FROM hedge_lines AS other WHERE other.plan_digest = own.plan_digest"
    " AND other.line = own.line AND other.hedge_id <> own.hedge_id))"
)
"""Fills that opened a hedge, and those that closed it and no other."""
_DONE = "SELECT stop_id FROM stops WHERE hedge_id = ? AND symbol = ? AND state = 'done'"


class StopsLaw:
    """Judges every stop that leaves, and every one that the exchange takes."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sent: set[str] = set()
        self._taken = Counter[str]()
        self.lost: dict[str, Strike] = {}
        """Stops whose answer cannot tell what became of them, by name."""
        self.deadlines_ms: dict[str, int] = {}
        """Until when the venue may take each stop, its clock, by name."""

    def departs(self, process: Process, request: Request, strikes: Sequence[Strike]) -> None:
        """Hold a stop that leaves, or is withdrawn, against what is on disk.

        Raises:
            Broken: it is not what was committed, leaves a second time, beside another one of its
                hedge, or larger than its hedge.

        """
        asked = request.params()
        name = asked.get("clientAlgoId", "")
        rows = {row[0]: row for row in self._world.law.rows(_ROWS)}
        if name not in rows:
            raise self._broken(f"I31: {request.method} of stop {name} is not in the ledger")
        if request.method != "POST":
            return
        if name in self._sent:
            raise self._broken(f"I31: stop {name} leaves a second time")
        self._sent.add(name)
        window_ms = int(asked["timestamp"]) + int(asked["recvWindow"])
        self.deadlines_ms[name] = window_ms + int(1000 * PROCESSING_S)
        if process.began_after_fault:
            raise self._broken(f"I16: stop {name} was begun after the ledger had failed")
        self._is_what_was_committed(asked, rows[name])
        beside = [
            other[0]
            for other in rows.values()
            if other[0] != name and other[3:5] == rows[name][3:5] and other[-1] in MAY_FILL
        ]
        if beside:
            raise self._broken(f"I32: stop {name} leaves beside {beside} of the same hedge")
        self._is_held(rows[name])
        for strike in strikes:
            if strike.kind in UNSURE:
                self.lost[name] = strike
        self._world.tape.say(self._world.now_s, "stop", rows[name][2], asked["triggerPrice"])

    def _is_what_was_committed(self, asked: dict[str, str], row: tuple[Any, ...]) -> None:
        """Hold what is sent against the row, its lease and its plan."""
        name, digest, line, hedge, symbol, lots, trigger, instrument, epoch, state = row
        wanted = {
            "symbol": symbol.partition("/")[0] + "USDT",
            "side": "BUY" if lots > 0 else "SELL",
            "type": "STOP_MARKET",
            "reduceOnly": "true",
            "workingType": "MARK_PRICE",
        }
        size = abs(lots) * Decimal(json.loads(instrument)["lot_size"])
        numbers = (Decimal(asked["quantity"]), Decimal(asked["triggerPrice"]))
        sent = {key: asked.get(key, "") for key in wanted}
        if state != "sending" or sent != wanted or numbers != (size, Decimal(trigger)):
            raise self._broken(f"I31: sent {asked}, committed {row}")
        planned = {(s.line, s.hedge.hedge_id) for s in self._world.law.plans[digest].stops}
        if (line, hedge) not in planned:
            raise self._broken(f"I31: line {line} of its plan is no stop of {hedge}: {name}")
        ((now, held),) = self._world.law.rows("SELECT epoch, held FROM leases")
        if now != epoch or not held:
            raise self._broken(f"I31: stop {name} leaves under lease {epoch}, now {now}")

    def _is_held(self, row: tuple[Any, ...]) -> None:
        """Refuse a stop that is larger than what its hedge is short by its own fills."""
        name, _, _, hedge, symbol, lots, _, instrument, _, _ = row
        short = sum(
            (
                Decimal(quantity) * (1 if side == "sell" else -1)
                for side, quantity in self._world.law.rows(_HELD, hedge, symbol)
            ),
            Decimal(0),
        )
        short -= self._unbooked(hedge, symbol)
        size = lots * Decimal(json.loads(instrument)["lot_size"])
        if size > short:
            raise self._broken(f"I32: stop {name} buys {size}, hedge {hedge} is short {short}")

    def _unbooked(self, hedge: str, symbol: str) -> Decimal:
        """Return what ended stops of a hedge bought back on the exchange and the ledger lacks."""
        rows = self._world.law.rows(_DONE, hedge, symbol)
        booked = {name: Decimal(0) for (name,) in rows}
        for name, quantity in self._world.law.rows("SELECT client_order_id, quantity FROM fills"):
            if name in booked:
                booked[name] += Decimal(quantity)
        names = names_of_fired(self._world)
        orders = self._world.exchange.state.stores[Market.USDM].orders()
        fired = [o for o in orders if names.get(o.number) in booked]
        return sum((o.executed for o in fired), Decimal(0)) - sum(booked.values(), Decimal(0))

    def executed(self, request: Request, answer: Answer) -> None:
        """Judge a stop that the exchange took.

        Raises:
            Broken: it took a second one of that name.

        """
        if request.method == "POST" and request.path in STOPS and answer.order_id:
            name = request.params()["clientAlgoId"]
            self._taken[name] += 1
            if self._taken[name] > 1:
                raise self._broken(f"I31: stop {name} was taken {self._taken[name]} times")

    def _broken(self, what: str) -> Broken:
        """Return a broken invariant; it also ends the seed."""
        broken = Broken(what)
        self._world.breach(broken)
        return broken


def is_our_stop(name: str) -> bool:
    """Say whether a conditional order has a name as the program gives them to stops."""
    return len(name) == 28 and name.startswith("s")


def names_of_fired(world: World) -> dict[int, str]:
    """Return the names of our stops by the number of the order that each became."""
    return {
        stop.order_number: stop.client_id
        for stop in world.exchange.state.conditionals.orders()
        if stop.order_number and is_our_stop(stop.client_id)
    }


def uncertain_stops(world: World) -> list[tuple[Any, ...]]:
    """Return name, state and plan of every stop of which it is not known where it stands."""
    return world.law.rows(
        "SELECT stop_id, state, plan_digest FROM stops WHERE state IN"
        " ('sending', 'unknown', 'fired')"
    )


def check_stops(world: World) -> None:
    """Hold the ledger's stops against the exchange's; at every instant.

    Raises:
        Broken: an invariant does not hold.

    """
    taken = {s.client_id: s for s in world.exchange.state.conditionals.orders()}
    ours = {name: stop for name, stop in taken.items() if is_our_stop(name)}
    hedges = Counter[tuple[str, str]]()
    for name, _, _, hedge, symbol, _, _, _, _, state in world.law.rows(_ROWS):
        stop = ours.pop(name, None)
        hedges[hedge, symbol] += stop is not None and stop.rests
        if stop is not None and (stop.rests or stop.order_number) and state in NOTHING:
            raise Broken(f"I33: stop {name} is {state}, the exchange has it {stop.status}")
        if state in {"resting", "fired", "done"} and stop is None:
            raise Broken(f"I33: stop {name} is {state}, the exchange never had it")
    if ours:
        raise Broken(f"I33: the exchange has the stops {sorted(ours)}, the ledger has not")
    if twice := [hedge for hedge, count in hedges.items() if count > 1]:
        raise Broken(f"I32: two stops rest for {twice}")
    _check_steps(world)


def _check_steps(world: World) -> None:
    """Hold every recorded step against the table of steps, and what it was concluded from."""
    before: dict[str, str] = {}
    for name, state, evidence in world.law.rows(_STEPS):
        was = before.get(name)
        if was is not None and state not in _NEXT.get(was, set()):
            raise Broken(f"I33: stop {name} went from {was} to {state}")
        lost = world.law.stops.lost.get(name)
        if was == "sending" and state != "unknown" and lost is not None:
            raise Broken(f"I33: stop {name} is {state} after {lost.kind}, which tells nothing")
        if was == "unknown" and state == "absent":
            _check_proof(world, name, json.loads(evidence))
        before[name] = state


def _check_proof(world: World, name: str, evidence: dict[str, Any]) -> None:
    """Hold the proof of a stop's absence against when it could still have been taken."""
    seen = evidence.get("sightings", {})
    if not seen.keys() >= _LISTS or set(seen.values()) != {"none"}:
        raise Broken(f"I33: stop {name} is absent, and its proof shows {seen}")
    proved_ms = int(datetime.fromisoformat(evidence["venue_now"]).timestamp() * 1000)
    if proved_ms < world.law.stops.deadlines_ms.get(name, 0):
        raise Broken(f"I33: stop {name} was called absent before its fence")


def check_fired(world: World) -> None:
    """Hold every stop that fired against what is booked of it, once recoveries have run.

    Raises:
        Broken: what it filled is not booked, not once, or not to its hedge.

    """
    rows = {row[0]: row for row in world.law.rows(_ROWS)}
    orders = world.exchange.state.stores[Market.USDM]
    for stop in world.exchange.state.conditionals.orders():
        if not is_our_stop(stop.client_id):
            continue
        if stop.rests and rows[stop.client_id][-1] != "resting":
            raise Broken(f"I33: stop {stop.client_id} rests, and is {rows[stop.client_id][-1]}")
        if stop.order_number:
            _check_booked(world, stop, rows[stop.client_id], orders.get(stop.order_number).executed)


def _check_booked(world: World, stop: Conditional, row: tuple[Any, ...], executed: Decimal) -> None:
    """Hold one stop that fired against its order, fills and declared line in the ledger."""
    name, digest, line, hedge = row[:4]
    query = "SELECT state, plan_digest, line FROM orders WHERE dry_run = 0 AND client_order_id = ?"
    found = world.law.rows(query, name)
    booked = world.law.rows("SELECT quantity FROM fills WHERE client_order_id = ?", name)
    units = sum((Decimal(quantity) for (quantity,) in booked), Decimal(0))
    told = [(d, n) for state, d, n in found if state in _ENDED]
    if row[-1] != "done" or told != [(digest, line)] or units != executed:
        raise Broken(f"I34: stop {name} filled {executed}, is {row[-1]}, {found}, booked {units}")
    declared = "SELECT hedge_id FROM hedge_lines WHERE plan_digest = ? AND line = ?"
    if world.law.rows(declared, digest, line) != [(hedge,)]:
        raise Broken(f"I34: stop {stop.client_id} of {hedge} is not declared for it alone")
