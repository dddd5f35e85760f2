"""What must hold of orders and fills when no process works: ledger and exchange side by side.

Everything is read from the ledger's file and from the exchange's own tape; sums are exact.
Orders that the venue accepted after their fence are left out where "never twice" is asked:
nobody can keep that on a venue that breaks its promise.
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.simulation.orders_law import TERMINAL, by_line, evidence_of
from tests.simulation.stops_law import (
    FIRST_LINE,
    check_fired,
    check_stops,
    is_our_stop,
    names_of_fired,
    uncertain_stops,
)
from tests.simulation.tape import Broken
from tests.simulation.transfers_law import check_transfers
from trimtab.testnet.catalogue import Market

if TYPE_CHECKING:
    from tests.simulation.world import World

_STEPS = {
    "submitting": {
        "submitting",
        "open",
        "unknown",
        "settling",
        "filled",
        "expired",
        "refused",
        "absent",
    },
    "unknown": {"unknown", "open", "settling", "filled", "expired", "absent"},
    "open": {"open", "settling", "filled", "expired"},
    "settling": {"settling", "filled", "expired"},
    "filled": {"filled"},
    "expired": {"expired"},
    "refused": {"refused"},
    "absent": {"absent"},
}
"""Which state may follow which, written down a second time."""
_LISTS = {"by_client_id", "open_orders", "all_orders", "fills"}
"""Where a proof of absence must have looked."""
_NOTHINGS_MAX = 2
"""New attempts at a line in place of those that came to nothing."""
_MARGIN_MS = 1_000
"""How far behind the venue's promise a proof must lie, where our clock never jumped."""
_ORDERS = (
    "SELECT client_order_id, plan_digest, line, attempt, symbol, lots, filled_lots, instrument,"
    " state, venue_order_id FROM orders WHERE dry_run = 0"
)
_EVENTS = "SELECT client_order_id, state, evidence FROM order_events WHERE dry_run = 0 ORDER BY seq"
_FILLS = (
    "SELECT symbol, trade_id, venue_order_id, side, quantity, fill_price, fee, fee_asset,"
    " client_order_id FROM fills WHERE dry_run = 0"
)
_AHEAD = (
    "SELECT symbol, after_trade_id FROM fill_cursors WHERE dry_run = 0 AND NOT EXISTS (SELECT 1"
    " FROM fills WHERE fills.symbol = fill_cursors.symbol AND fills.dry_run = 0"
    " AND fills.trade_id = fill_cursors.after_trade_id)"
)
Known = dict[tuple[str, str], tuple[Any, ...]]
"""What is told of each fill, by market and trade id; last whose order it was."""


def check_orders(world: World) -> None:
    """Hold every order of the ledger against the exchange; holds at every instant.

    Raises:
        Broken: an invariant does not hold.

    """
    if not world.law.file.has_tables:
        return
    _check_steps(world)
    beyond = world.law.witness.beyond
    placed, booked = placed_orders(world), booked_fills(world)
    filled_by: dict[str, Decimal] = defaultdict(Decimal)
    for *_, quantity, _, _, _, name in booked.values():
        filled_by[name] += Decimal(quantity)
    sums: dict[tuple[str, int], int] = defaultdict(int)
    for row in world.law.rows(_ORDERS):
        name, digest, line, _, symbol, lots, filled, instrument, state, number = row
        found = placed.pop(name, [])
        if len(found) > 1:
            raise Broken(f"I1: {name} was accepted {len(found)} times")
        lot = Decimal(json.loads(instrument)["lot_size"])
        executed = sum((o.executed for o in found), Decimal(0)) / lot * (1 if lots > 0 else -1)
        if filled_by[name] != abs(filled) * lot:
            raise Broken(f"I7: {name} has {filled} lots, its fills are {filled_by[name]} units")
        if name not in beyond:
            sums[digest, line] += int(executed)
            _check_lots(name, state, filled=filled, executed=executed)
            _check_state(name, state, number, [str(o.number) for o in found], symbol)
    _check_names(world, placed)
    _check_sums(world, {} if beyond else sums)
    check_transfers(world)
    check_stops(world)
    check_fills(world, booked, whole=False)


def _check_names(world: World, others: dict[str, list[Any]]) -> None:
    """Hold the names of orders against each other, and against those of the exchange."""
    named: dict[tuple[str, int, int], str] = {}
    attempts_max = 1 + world.setting.policy.execution.max_reprices + _NOTHINGS_MAX
    for name, digest, line, attempt, *_ in world.law.rows(_ORDERS):
        if attempt > attempts_max:
            raise Broken(f"L3: attempt {attempt} of line {line}")
        if named.setdefault((digest, line, attempt), name) != name:
            raise Broken(f"I2: attempt {line}.{attempt} has two names")
    if ours := [name for name in others if len(name) == 28 and not is_our_stop(name)]:
        raise Broken(f"I2: the exchange has {ours}, the ledger has not")


def _check_sums(world: World, sums: dict[tuple[str, int], int]) -> None:
    """Hold what all orders of a line executed against what was approved."""
    for (digest, line), executed in sums.items():
        if line >= FIRST_LINE:
            continue  # A stop is as large as its hedge, which its own law sees to.
        leg = by_line(world.law.plans[digest])[line]
        if abs(executed) > abs(leg.lots) or executed * leg.lots < 0:
            raise Broken(f"I1: line {line} executed {executed} of {leg.lots} approved lots")


def _check_lots(name: str, state: str, *, filled: int, executed: Decimal) -> None:
    """Hold the booked lots of one order against those that were executed."""
    if abs(filled) > abs(executed):
        raise Broken(f"I6: {name} has {filled} lots booked, {executed} were executed")
    if state in TERMINAL and filled != executed:
        raise Broken(f"I7: {name} is {state} with {filled} lots, {executed} were executed")


def _check_state(name: str, state: str, number: str | None, found: list[str], symbol: str) -> None:
    """Hold the state of one order against what the exchange has of it."""
    if found and state in ("refused", "absent"):
        raise Broken(f"I17: {name} is {state}, and the exchange has it in {symbol}")
    if state in ("open", "settling", "filled", "expired") and [number] != found:
        raise Broken(f"I17: {name} is {state} as order {number}, the exchange has {found}")


def check_rest(world: World) -> None:
    """Hold everything against everything, once nothing goes on any more.

    Raises:
        Broken: an invariant does not hold.

    """
    check_orders(world)
    if not world.law.file.has_tables:
        return
    left = [row for row in open_orders(world) if row[0] not in world.law.witness.beyond]
    if left:
        raise Broken(f"L1: not resolved: {left}")
    _check_growth(world)
    check_fired(world)


def open_orders(world: World) -> list[tuple[Any, ...]]:
    """Return name, state and plan of every order and transfer that the ledger has not closed.

    Of every stop, too, of which it is not known where it stands.
    """
    return uncertain_stops(world) + world.law.rows(
        "SELECT client_order_id, state, plan_digest FROM orders WHERE dry_run = 0 AND"
        " state NOT IN ('filled', 'expired', 'refused', 'absent') UNION ALL"
        " SELECT transfer_id, state, plan_digest FROM transfers WHERE dry_run = 0 AND"
        " state NOT IN ('done', 'refused', 'absent')"
    )


def placed_orders(world: World) -> dict[str, list[Any]]:
    """Return the exchange's orders by client order id."""
    placed: dict[str, list[Any]] = defaultdict(list)
    fired = names_of_fired(world)
    for market, store in world.exchange.state.stores.items():
        names = fired if market is Market.USDM else {}
        for order in store.orders():
            placed[names.get(order.number, order.client_id)].append(order)
    return placed


def _check_steps(world: World) -> None:
    """Hold every recorded step against the table of steps, and what it was concluded from."""
    before: dict[str, str] = {}
    for name, state, evidence in world.law.rows(_EVENTS):
        was = before.get(name)
        if state not in _STEPS[was or "submitting"]:
            raise Broken(f"I10: {name} went from {was} to {state}")
        if was == "submitting" and state != "unknown" and name in world.law.lost:
            kind = world.law.lost[name].kind
            raise Broken(f"I18: {name} is {state} after {kind}, which tells nothing")
        if was == "unknown" and state == "absent":
            _check_proof(world, name, evidence_of(evidence))
        before[name] = state


def _check_proof(world: World, name: str, evidence: dict[str, Any]) -> None:
    """Hold the proof of an order's absence against when it could still have been accepted."""
    seen = evidence.get("sightings", {})
    if not seen.keys() >= _LISTS or set(seen.values()) != {"none"}:
        raise Broken(f"I4: {name} is absent, and its proof shows {seen}")
    deadline_ms = world.law.witness.deadlines_ms.get(name, 0)
    if not any(done.endswith("-clock") for done in world.chance.happened):
        deadline_ms += _MARGIN_MS if deadline_ms else 0
    proved_ms = int(datetime.fromisoformat(evidence["venue_now"]).timestamp() * 1000)
    if proved_ms < deadline_ms:
        early_s = (deadline_ms - proved_ms) / 1000
        raise Broken(f"I4: {name} was called absent {early_s:.1f} s before its fence")


def _check_growth(world: World) -> None:
    """Hold every order's fills, as each entry left them, against those before."""
    filled: dict[str, int] = defaultdict(int)
    query = "SELECT body FROM entries WHERE kind IN ('order_moved', 'fills_booked') ORDER BY seq"
    for (text,) in world.law.rows(query):
        body = json.loads(text)
        if body["dry_run"]:
            continue
        step = body.get("step")
        after = {step["client_order_id"]: body["after"]} if step else body["orders"]
        for name, told in after.items():
            if abs(told["filled_lots"]) < filled[name]:
                raise Broken(f"I10: {name} had {filled[name]} lots, then {told['filled_lots']}")
            filled[name] = abs(told["filled_lots"])


def booked_fills(world: World) -> Known:
    """Return the ledger's fills."""
    return {(row[0], row[1]): row[2:] for row in world.law.rows(_FILLS)}


def happened_fills(world: World) -> Known:
    """Return the exchange's fills, in the ledger's words."""
    known: Known = {}
    fired = names_of_fired(world)
    for market, store in world.exchange.state.stores.items():
        for fill in store.fills():
            base = world.exchange.state.listing(market, fill.symbol).base
            symbol = f"{base}/USDT" if market is Market.SPOT else f"{base}/USDT:USDT"
            told = (
                str(fill.order_id),
                fill.side.lower(),
                fill.quantity,
                fill.fill_price,
                fill.commission,
                fill.commission_asset,
                fired.get(fill.order_id, fill.client_id) if ":" in symbol else fill.client_id,
            )
            known[symbol, str(fill.trade_id)] = told
    return known


def history(world: World, booked: Known, happened: Known) -> Known:
    """Return the fills from before the ledger's first statement that it does not have."""
    early: Known = {}
    for market, name, number in world.history:
        base = world.exchange.state.listing(market, name).base
        symbol = f"{base}/USDT" if market is Market.SPOT else f"{base}/USDT:USDT"
        if (symbol, str(number)) not in booked:
            early[symbol, str(number)] = happened[symbol, str(number)]
    return early


def check_fills(world: World, booked: Known, *, whole: bool) -> None:
    """Hold the ledger's fills against the exchange's; *whole* also asks for completeness.

    Raises:
        Broken: an invariant does not hold.

    """
    happened, beyond = happened_fills(world), world.law.witness.beyond
    for key, (order_id, side, *numbers, fee_asset, owner) in booked.items():
        told = (order_id, side, *(Decimal(n) for n in numbers), fee_asset)
        if key not in happened or told != happened[key][:-1]:
            raise Broken(f"I6: booked {key} as {told}, happened {happened.get(key)}")
        theirs = happened[key][-1]
        ours = len(theirs) == 28 and theirs.startswith(("b", "s")) and theirs not in beyond
        if owner not in (({theirs} if whole else {theirs, None}) if ours else {theirs, None}):
            raise Broken(f"I6: {key} is of order {theirs!r}, booked for {owner!r}")
        if not ours and owner is not None and theirs not in beyond:
            raise Broken(f"I6: {key} is of order {theirs!r}, booked for {owner!r}")
    if ahead := world.law.rows(_AHEAD):
        raise Broken(f"I16: the cursor stands behind fills that are not booked: {ahead}")
    early = history(world, booked, happened) if whole else {}
    lost = happened.keys() - booked.keys() - early.keys() if whole else set()
    named = {key for key in lost if happened[key][-1] in beyond}
    if named:
        raise Broken(f"I28: accepted after the fence and never booked: {sorted(named)}")
    if lost:
        raise Broken(f"I5: never booked: {sorted(lost)}")
