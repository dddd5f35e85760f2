"""What must hold when nothing is under way: the ledger's file against the exchange's tape.

Reads the file with the driver alone and the tape as JSON; uses none of the program's own logic
but the name of an order. Sums are exact.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from tests.durability.exchange import ServedExchange
from trimtab.domain.orders import client_order_id

TERMINAL: Final = ("filled", "expired", "refused", "absent")
NEVER_REACHED: Final = ("refused", "absent")
_ORDERS: Final = (
    "SELECT client_order_id, plan_digest, line, attempt, lots, filled_lots, state, instrument"
    " FROM orders WHERE dry_run = 0"
)
_FILLS: Final = (
    "SELECT symbol, trade_id, venue_order_id, client_order_id, side, quantity, fill_price, fee,"
    " fee_asset FROM fills WHERE dry_run = 0"
)


class Broken(Exception):
    """An invariant does not hold."""


def rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    """Return what a query finds in the ledger's file; nothing before it has tables."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'leases'").fetchall():
            return []
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def check(database: Path, exchange: ServedExchange, *, whole: bool) -> None:
    """Hold the ledger against the exchange; *whole* once everything was recovered.

    Raises:
        Broken: an invariant does not hold.

    """
    if violations := exchange.violations():
        raise Broken(violations[0])
    if differences := exchange.audit():
        raise Broken(f"the exchange's own sums do not add up: {differences}")
    truth = exchange.truth()
    if not database.exists():
        if truth["orders"]:
            raise Broken(f"I3: no ledger, and the exchange has {len(truth['orders'])} orders")
        return
    _check_orders(database, truth, whole=whole)
    _check_fills(database, truth, whole=whole)


def _check_orders(database: Path, truth: Any, *, whole: bool) -> None:
    """Hold every order against what the exchange accepted and executed."""
    placed = defaultdict[str, list[Any]](list)
    for order in truth["orders"]:
        placed[order["client_id"]].append(order)
    executed = defaultdict[tuple[str, int], int](int)
    for name, digest, line, attempt, lots, filled, state, instrument in rows(database, _ORDERS):
        if client_order_id(plan_digest=digest, line=line, attempt=attempt) != name:
            raise Broken(f"I2: {name} is not the name of {line}.{attempt}")
        found = placed.pop(name, [])
        lot = Decimal(json.loads(instrument)["lot_size"])
        done = int(sum((Decimal(o["executed"]) for o in found), Decimal(0)) / lot)
        executed[digest, line] += done if lots > 0 else -done
        _check_order(name, state, len(found), lots=(abs(filled), done))
        if whole and state not in TERMINAL:
            raise Broken(f"L1: {name} is still {state}")
    if placed:
        raise Broken(f"I3: the exchange has {sorted(placed)}, the ledger has not")
    legs = _legs(database)
    for (digest, line), signed in executed.items():
        approved = legs[digest][line - 1]
        if abs(signed) > abs(approved) or signed * approved < 0:
            raise Broken(f"I1: line {line} executed {signed} of {approved} approved lots")


def _check_order(name: str, state: str, accepted: int, *, lots: tuple[int, int]) -> None:
    """Hold one order; *lots* are those booked and those executed, >= 0."""
    booked, executed = lots
    if accepted > 1:
        raise Broken(f"I1: {name} was accepted {accepted} times")
    if booked > executed:
        raise Broken(f"I6: {name} has {booked} lots booked, {executed} were executed")
    if state in TERMINAL and booked != executed:
        raise Broken(f"I7: {name} is {state} with {booked} lots, {executed} were executed")
    if state in NEVER_REACHED and accepted:
        raise Broken(f"I17: {name} is {state}, and the exchange has it")


def _legs(database: Path) -> dict[str, list[int]]:
    """Return the lots of each plan's legs, in line order."""
    bodies = rows(database, "SELECT body FROM entries WHERE kind = 'plan_saved'")
    plans = [json.loads(body) for (body,) in bodies]
    return {p["digest"]: [leg["lots"] for leg in p["plan"]["legs"]] for p in plans}


def _check_fills(database: Path, truth: Any, *, whole: bool) -> None:
    """Hold the ledger's fills against the exchange's, number by number."""
    happened = {_key(f): _told(f) for f in truth["fills"]}
    booked = {}
    for symbol, trade, order, ours, side, *numbers, fee_asset in rows(database, _FILLS):
        told = (order, side, *(Decimal(n) for n in numbers), fee_asset)
        booked[symbol, trade] = told
        if happened.get((symbol, trade)) != told:
            raise Broken(f"I6: booked {symbol} {trade} as {told}")
        if whole and ours is None:
            raise Broken(f"I5: fill {symbol} {trade} has no order, and all orders are ours")
    for symbol, last in rows(database, "SELECT symbol, after_trade_id FROM fill_cursors"):
        passed = {k for k in happened.keys() - booked.keys() if k[0] == symbol}
        if any(int(trade) <= int(last) for _, trade in passed):
            raise Broken(f"I16: the cursor of {symbol} is at {last}, beyond fills not booked")
    if whole and (lost := happened.keys() - booked.keys()):
        raise Broken(f"I5: never booked: {sorted(lost)}")


def _key(fill: Any) -> tuple[str, str]:
    """Return symbol and trade id of an exchange's fill, in the ledger's words."""
    base = fill["symbol"].removesuffix("USDT")
    is_spot = fill["market"] == "spot"
    return f"{base}/USDT" if is_spot else f"{base}/USDT:USDT", str(fill["trade_id"])


def _told(fill: Any) -> tuple[Any, ...]:
    """Return what an exchange's fill says."""
    numbers = (Decimal(fill[n]) for n in ("quantity", "fill_price", "commission"))
    return str(fill["order_id"]), fill["side"].lower(), *numbers, fill["commission_asset"]
