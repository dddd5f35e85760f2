"""What must hold of the books when nothing is under way: sums, chain, head, and no secret."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING

from tests.simulation.rest_law import booked_fills, check_fills, happened_fills, history
from tests.simulation.tape import Broken
from tests.simulation.transfers_law import moved_out
from trimtab.testnet.state import State

if TYPE_CHECKING:
    from tests.simulation.world import World

SECRET = "local-secret"
"""What requests are signed with; must never be seen again."""
_PLACES = Decimal("0.00000001")
"""On which the exchange books what changes hands."""
_ONLY_HEX = bytes(code if chr(code) in "0123456789abcdef" else ord(" ") for code in range(256))
"""Leaves runs of hexadecimal digits, with blanks between them."""


def check_books(world: World) -> None:
    """Hold the sets of fills against each other, and the balances against their sums.

    Raises:
        Broken: an invariant does not hold.

    """
    check_fills(world, booked_fills(world), whole=True)
    _check_balances(world)
    _check_wallet(world)
    if differences := world.exchange.audit():
        raise Broken(f"harness: the exchange's own sums do not add up: {differences}")


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


def check_files(world: World) -> None:
    """Hold chain, head and contents of the ledger's files against what they must be.

    Raises:
        Broken: an invariant does not hold.

    """
    _check_chain(world)
    told = "\n".join(world.tape.lines).encode()
    files = [path.read_bytes() for path in sorted(world.folder.iterdir())]
    signatures = {signature.encode() for signature in world.law.witness.signatures}
    for text in (told, *files):
        if SECRET.encode() in text:
            raise Broken("I21: the secret is written down")
        if not signatures.isdisjoint(text.translate(_ONLY_HEX).split()):
            raise Broken("I21: a signature is written down")


def _check_chain(world: World) -> None:
    """Compute every hash anew, and hold the last one against the head beside the database."""
    query = "SELECT seq, at, kind, body, prev_hash, hash FROM entries ORDER BY seq"
    number, before = 0, None
    for seq, at, kind, body, prev_hash, told in world.law.rows(query):
        text = f"{prev_hash}\n{seq}\n{at}\n{kind}\n{body}"
        if seq != number + 1 or before not in (None, prev_hash):
            raise Broken(f"I20: entry {seq} does not follow entry {number}")
        if hashlib.sha256(text.encode()).hexdigest() != told:
            raise Broken(f"I20: entry {seq} has another hash than its content")
        number, before = seq, told
    anchor = world.folder / "ledger.db.head"
    head = anchor.read_text().split() if anchor.exists() else ["0", ""]
    if [int(head[0]), head[1]] != [number, before]:
        raise Broken(f"I20: the head beside the database is {head}, the last entry {number}")


def _brought(state: State) -> dict[str, Decimal]:
    """Return what was in the spot wallet at the beginning, and what was deposited since."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for asset, held in state.scenario.spot.items():
        sums[asset] += held.free + held.locked
    for moved in state.transfers:
        if moved.kind == "DEPOSIT_SPOT":
            sums[moved.asset] += moved.units
    return sums


def _check_balances(world: World) -> None:
    """Add up the ledger's fills on what was there at the beginning; nothing may be left over."""
    state = world.exchange.state
    booked = booked_fills(world)
    sums, positions = _brought(state), defaultdict[str, Decimal](Decimal)
    for asset, units in moved_out(world).items():
        sums[asset] -= units
    for given in state.scenario.positions:
        positions[given.symbol] += given.quantity
    for (symbol, _), told in (booked | history(world, booked, happened_fills(world))).items():
        _, side, quantity, fill_price, fee, fee_asset, _ = told
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
