"""What must hold when nothing is under way: ledger, exchange and plans, held side by side.

Everything is read from the ledger's file and from the exchange's own tape; sums are exact.
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Any

from tests.simulation.tape import Broken
from trimtab.domain.orders import client_order_id
from trimtab.testnet.catalogue import Market
from trimtab.testnet.state import State

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
_FILLS = (
    "SELECT symbol, trade_id, venue_order_id, side, quantity, fill_price, fee, fee_asset"
    " FROM fills WHERE dry_run = 0"
)
_PLACES = Decimal("0.00000001")
"""On which the exchange books what changes hands."""
Known = dict[tuple[str, str], tuple[Any, ...]]
"""What is told of each fill, by market and trade id."""


def check_orders(world: World) -> None:
    """Hold every order of the ledger against the exchange; holds at every instant.

    Raises:
        Broken: an invariant does not hold.

    """
    if not (world.folder / "ledger.db").exists() or not _has_tables(world):
        return
    placed = _placed(world)
    sums: dict[tuple[str, int], int] = defaultdict(int)
    columns = (
        "client_order_id, plan_digest, line, attempt, symbol, lots, filled_lots, instrument, state"
    )
    known = world.law.rows(f"SELECT {columns} FROM orders WHERE dry_run = 0")
    for name, digest, line, attempt, symbol, lots, filled, instrument, state in known:
        if client_order_id(plan_digest=digest, line=line, attempt=attempt) != name:
            raise Broken(f"I2: {name} is not the name of {line}.{attempt}")
        found = placed.pop(name, [])
        if len(found) > 1:
            raise Broken(f"I1: {name} was accepted {len(found)} times")
        lot = Decimal(json.loads(instrument)["lot_size"])
        executed = sum((o.executed for o in found), Decimal(0)) / lot * (1 if lots > 0 else -1)
        sums[digest, line] += int(executed)
        _check_lots(name, state, filled=filled, executed=executed)
        if found and state in ("refused", "absent"):
            raise Broken(f"I17: {name} is {state}, and {symbol} has it as {found[0].status}")
    ours = [name for name in placed if len(name) == 28]
    if ours:
        raise Broken(f"I2: the exchange has {ours}, the ledger has not")
    for (digest, line), executed_lots in sums.items():
        leg = world.law.plans[digest].legs[line - 1]
        if abs(executed_lots) > abs(leg.lots) or executed_lots * leg.lots < 0:
            raise Broken(f"I1: line {line} executed {executed_lots} of {leg.lots} approved lots")
    _check_steps(world)
    _check_fills(world, whole=False)


def _check_lots(name: str, state: str, *, filled: int, executed: Decimal) -> None:
    """Hold the booked lots of one order against those that were executed."""
    if abs(filled) > abs(executed):
        raise Broken(f"I6: {name} has {filled} lots booked, {executed} were executed")
    if state in ("filled", "expired", "refused", "absent") and filled != executed:
        raise Broken(f"I7: {name} is {state} with {filled} lots, {executed} were executed")


def check_rest(world: World) -> None:
    """Hold everything against everything, once nothing goes on any more.

    Raises:
        Broken: an invariant does not hold.

    """
    check_orders(world)
    if not (world.folder / "ledger.db").exists():
        return
    left = world.law.rows(
        "SELECT client_order_id, state FROM orders WHERE dry_run = 0 AND"
        " state NOT IN ('filled', 'expired', 'refused', 'absent')"
    )
    if left:
        raise Broken(f"L1: not resolved: {left}")
    if differences := world.exchange.audit():
        raise Broken(f"the exchange's own sums do not add up: {differences}")


def check_books(world: World) -> None:
    """Hold the sets of fills against each other, and the balances against their sums.

    Raises:
        Broken: an invariant does not hold.

    """
    _check_fills(world, whole=True)
    _check_balances(world)
    _check_wallet(world)


def _has_tables(world: World) -> bool:
    return world.law.rows("SELECT count(*) FROM sqlite_master WHERE name = 'leases'") == [(1,)]


def _placed(world: World) -> dict[str, list[Any]]:
    """Return the exchange's orders by client order id."""
    placed: dict[str, list[Any]] = defaultdict(list)
    for store in world.exchange.state.stores.values():
        for order in store.orders():
            placed[order.client_id].append(order)
    return placed


def _check_steps(world: World) -> None:
    """Hold every recorded step against the table of steps."""
    before: dict[str, str] = {}
    query = "SELECT client_order_id, state FROM order_events WHERE dry_run = 0 ORDER BY seq"
    for name, state in world.law.rows(query):
        if state not in _STEPS[before.get(name, "submitting")]:
            raise Broken(f"I10: {name} went from {before.get(name)} to {state}")
        before[name] = state


def _booked(world: World) -> Known:
    """Return the ledger's fills."""
    return {(row[0], row[1]): row[2:8] for row in world.law.rows(_FILLS)}


def _happened(world: World) -> Known:
    """Return the exchange's fills, in the ledger's words."""
    known: Known = {}
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
            )
            known[symbol, str(fill.trade_id)] = told
    return known


def _history(world: World) -> Known:
    """Return the fills from before the ledger's first statement that it does not have."""
    happened, booked = _happened(world), _booked(world)
    early: Known = {}
    for market, name, number in world.history:
        base = world.exchange.state.listing(market, name).base
        symbol = f"{base}/USDT" if market is Market.SPOT else f"{base}/USDT:USDT"
        if (symbol, str(number)) not in booked:
            early[symbol, str(number)] = happened[symbol, str(number)]
    return early


def _check_fills(world: World, *, whole: bool) -> None:
    """Hold the ledger's fills against the exchange's; *whole* also asks for completeness."""
    booked, happened = _booked(world), _happened(world)
    for key, (order_id, side, *numbers, fee_asset) in booked.items():
        told = (order_id, side, *(Decimal(n) for n in numbers), fee_asset)
        if key not in happened or told != happened[key]:
            raise Broken(f"I6: booked {key} as {told}, happened {happened.get(key)}")
    lost = happened.keys() - booked.keys() - _history(world).keys() if whole else ()
    if lost:
        raise Broken(f"I5: never booked: {sorted(lost)}")


def _brought(state: State) -> dict[str, Decimal]:
    """Return what was in the spot wallet at the beginning, and what was deposited since."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for asset, held in state.scenario.spot.items():
        sums[asset] += held.free + held.locked
    for moved in state.transfers:
        if moved.kind == "DEPOSIT_SPOT":
            sums[moved.asset] += moved.units
    return sums


def _check_wallet(world: World) -> None:
    """Hold the ledger's payments against the exchange's; the futures wallet is their sum."""
    account = world.exchange.state.usdm
    happened = {income.number: income for income in account.incomes}
    booked: dict[int, Decimal] = {}
    for name, units in world.law.rows("SELECT payment_id, units FROM payments"):
        number = int(name.partition("-")[0])
        if number in booked or happened[number].units != Decimal(units):
            raise Broken(f"I8: payment {name} of {units}, happened {happened.get(number)}")
        booked[number] = Decimal(units)
    ((first,),) = world.law.rows("SELECT min(taken_at) FROM statements")
    lost = [i for n, i in happened.items() if n not in booked and i.booked_at >= _ms(first)]
    if lost:
        raise Broken(f"I8: payments never booked: {lost}")
    early = sum((i.units for n, i in happened.items() if n not in booked), Decimal(0))
    if world.exchange.state.scenario.wallet + early + sum(booked.values()) != account.wallet:
        raise Broken(f"I8: payments do not make the futures wallet {account.wallet}")
    query = "SELECT quantity FROM balances WHERE wallet = 'margin' ORDER BY seq DESC LIMIT 1"
    if world.law.rows(query) != [(f"{account.wallet.normalize():f}",)]:
        raise Broken(f"I8: the statement has another futures wallet than {account.wallet}")


def _ms(instant: str) -> int:
    """Return an instant of the ledger as milliseconds."""
    return int(datetime.fromisoformat(instant).timestamp() * 1000)


def _check_balances(world: World) -> None:
    """Add up the ledger's fills on what was there at the beginning; nothing may be left over."""
    state = world.exchange.state
    sums, positions = _brought(state), defaultdict[str, Decimal](Decimal)
    for given in state.scenario.positions:
        positions[given.symbol] += given.quantity
    for (symbol, _), told in (_booked(world) | _history(world)).items():
        _, side, quantity, fill_price, fee, fee_asset = told
        base, _, rest = symbol.partition("/")
        signed = Decimal(quantity) * (1 if side == "buy" else -1)
        if ":" in rest:
            positions[base + "USDT"] += signed
            continue
        sums[base] += signed
        worth = (Decimal(quantity) * Decimal(fill_price)).quantize(_PLACES, ROUND_HALF_EVEN)
        sums["USDT"] -= worth if signed > 0 else -worth
        sums[fee_asset] -= Decimal(fee)
    for asset, units in sums.items():
        held_now = state.spot.free(asset) + state.spot.locked(asset)
        if held_now != units:
            raise Broken(f"I8: {asset}: fills add up to {units}, the exchange has {held_now}")
    for name, units in positions.items():
        if state.usdm.position(name, side="BOTH").quantity != units:
            raise Broken(f"I9: {name}: fills add up to {units}")
