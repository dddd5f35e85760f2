"""What must hold at the moment a request leaves, and when the exchange takes an order.

Reads the ledger's file over a connection of its own: what it sees there is committed. The
exchange is asked directly. Nothing here uses the program's own logic.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.simulation.faults import MOVES, ORDERS, STOPS, UNSURE, Strike
from tests.simulation.gate_checks import CHECKS
from tests.simulation.ledger_file import LedgerFile
from tests.simulation.process import Process
from tests.simulation.stops_law import FIRST_LINE, StopsLaw
from tests.simulation.tape import Broken
from tests.simulation.transfers_law import TransfersLaw
from tests.simulation.witness import Witness
from trimtab.domain.plan import Leg, Plan
from trimtab.testnet import Request

if TYPE_CHECKING:
    from tests.simulation.world import World

OFFSET_MS_MAX = 500
"""The operator's limit for the difference of clocks."""
LOOK_UPS_MAX = 64
"""Questions by one client order id in one process, repeats and proofs among them."""
STOP_S = 0.01
"""How long after it was asked to stop a run may still commit what it had decided."""
_ORDER = (
    "SELECT seq, plan_digest, line, attempt, symbol, lots, quantity, limit_price, reduce_only,"
    " submitted_at, state, epoch FROM orders WHERE dry_run = 0 AND client_order_id = ?"
)
_APPROVED = (
    "SELECT count(*) FROM approvals JOIN plans ON plans.digest = approvals.plan_digest"
    " WHERE approvals.dry_run = 0 AND approvals.plan_digest = ?"
    " AND approvals.expires_at > ? AND plans.expires_at > ?"
)
_FINDINGS = 'SELECT "check", verdict FROM findings WHERE plan_digest = ?'
_OTHERS = (
    "SELECT client_order_id, state FROM orders WHERE dry_run = 0 AND plan_digest <> ?"
    " AND state NOT IN ('filled', 'expired', 'refused', 'absent') AND seq < ?"
)
_TWINS = (
    "SELECT count(*) FROM orders WHERE dry_run = 0 AND plan_digest = ? AND line = ?"
    " AND attempt < ? AND state NOT IN ('filled', 'expired', 'refused', 'absent')"
)
_SETTINGS = (
    "SELECT seq, outcome FROM leverage_settings WHERE dry_run = 0 AND symbol = ?"
    " ORDER BY seq DESC LIMIT 1"
)
_BESIDE = (
    "SELECT line, lots, executed_lots, state, epoch FROM orders WHERE dry_run = 0"
    f" AND plan_digest = ? AND seq < ? AND line < {FIRST_LINE}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An order as the ledger has it on disk."""

    seq: int
    plan_digest: str
    line: int
    attempt: int
    symbol: str
    lots: int
    quantity: str
    limit_price: str
    reduce_only: int
    submitted_at: str
    state: str
    epoch: int


class OrdersLaw:
    """Judges every request of the program."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.file = LedgerFile(world.folder)
        self.rows = self.file.rows
        self.witness = Witness(world)
        self.transfers = TransfersLaw(world)
        self.stops = StopsLaw(world)
        self.plans: dict[str, Plan] = {}
        """Every plan that was proposed, by digest."""
        self.orders_sent = 0
        self._asked = Counter[tuple[int, str]]()
        self._sent: set[str] = set()
        self.lost: dict[str, Strike] = {}
        """Orders whose answer cannot tell what became of them, by client order id."""

    def begins(self, process: Process, request: Request) -> None:
        """Hold a request that is about to leave against bans, dry runs and bounds."""
        world = self._world
        if world.now_s < process.silent_until - 1e-6:
            left = process.silent_until - world.now_s
            raise self._broken(f"I15: {request.path} leaves {left:.1f} s before the ban ends")
        if process.dry_run and request.method != "GET":
            raise self._broken(f"I12: a dry run sends {request.method} {request.path}")
        if request.method == "GET" and request.path in ORDERS | STOPS:
            asked = request.params()
            names = ("origClientOrderId", "clientAlgoId", "orderId")
            name = (process.number, next(asked[each] for each in names if each in asked))
            self._asked[name] += 1
            if self._asked[name] > LOOK_UPS_MAX:
                raise self._broken(f"L3: {name[1]} is looked up {self._asked[name]} times")

    def departs(self, process: Process, request: Request, strikes: Sequence[Strike]) -> None:
        """Hold an order that leaves against what is on disk."""
        self.witness.departs(request)
        if request.method == "GET":
            return
        try:
            if request.path in MOVES:
                self.transfers.departs(request)
                return
            if request.path in STOPS:
                self.stops.departs(process, request, strikes)
                return
            if request.path not in ORDERS:
                self._judge_setting(request)
                return
            self._judge(process, request)
        except (sqlite3.Error, LookupError, TypeError, ValueError) as error:
            raise self._broken(f"harness: the law cannot be applied: {error!r}") from error
        name = request.params()["newClientOrderId"]
        for strike in strikes:
            if strike.kind in UNSURE:
                self.lost[name] = strike

    def _judge(self, process: Process, request: Request) -> None:
        """Apply every law to one order."""
        self.orders_sent += 1
        asked, futures = request.params(), request.path.startswith("/fapi")
        name = asked["newClientOrderId"]
        if name in self._sent:
            raise self._broken(f"I2: {name} leaves a second time")
        self._sent.add(name)
        row = self._row(name)
        self._is_what_was_committed(asked, row, futures=futures)
        self._was_approved(row)
        self._fits_the_account(process, row)
        self._is_alone(name, row)
        self._is_in_turn(row)
        self._is_safe(process, asked, row)
        self._world.tape.say(
            self._world.now_s, f"p{process.number}", "order", row.line, row.attempt
        )

    def _judge_setting(self, request: Request) -> None:
        """Hold a change of leverage or margin against its record: one record, one change."""
        symbol = request.params()["symbol"].removesuffix("USDT")
        found = self.rows(_SETTINGS, f"{symbol}/USDT:USDT") if self.file.has_tables else []
        if not found or found[0][1] != "sending":
            raise self._broken(f"I3: {request.path} leaves and is not in the ledger")
        once = f"{request.path} {found[0][0]}"
        if once in self._sent:
            raise self._broken(f"I2: {request.path} leaves a second time for one record")
        self._sent.add(once)

    def statements(self) -> int:
        """Return how many statements of the account the ledger has."""
        if not self.file.has_tables:
            return 0
        ((count,),) = self.rows("SELECT count(*) FROM entries WHERE kind = 'balances_saved'")
        return int(count)

    def _row(self, name: str) -> Row:
        """Return the committed row of an order that leaves."""
        found = self.rows(_ORDER, name) if self.file.has_tables else []
        if not found:
            raise self._broken(f"I3: {name} leaves and is not in the ledger")
        return Row(**dict(zip(Row.__slots__, found[0], strict=True)))

    def _is_what_was_committed(self, asked: dict[str, str], row: Row, *, futures: bool) -> None:
        """Hold quantity, limit, side and market against the row, and the row against its plan."""
        if row.state != "submitting":
            raise self._broken(f"I3: {asked['newClientOrderId']} leaves while it is {row.state}")
        base, _, rest = row.symbol.partition("/")
        wanted = {
            "symbol": base + "USDT",
            "side": "BUY" if row.lots > 0 else "SELL",
            "type": "LIMIT",
            "timeInForce": "IOC",
        }
        if row.reduce_only and futures:
            wanted["reduceOnly"] = "true"
        sent = {k: asked.get(k, "") for k in wanted}
        numbers = (Decimal(asked["quantity"]), Decimal(asked["price"]))
        if sent != wanted or numbers != (Decimal(row.quantity), Decimal(row.limit_price)):
            raise self._broken(f"I3: sent {asked}, committed {row}")
        if futures != (":" in rest):
            raise self._broken(f"I3: {row.symbol} goes to the wrong host")
        window_ms = self._world.setting.policy.execution.receive_window_ms
        if asked.get("recvWindow") != str(window_ms):
            raise self._broken(f"I3: an order leaves with the window {asked.get('recvWindow')}")
        leg = by_line(self.plans[row.plan_digest])[row.line]
        beyond = (Decimal(row.limit_price) - leg.limit_price) * (1 if leg.lots > 0 else -1)
        if row.lots * leg.lots <= 0 or abs(row.lots) > abs(leg.lots) or beyond > 0:
            raise self._broken(f"I22: {row} goes beyond its leg {leg.lots} at {leg.limit_price}")
        if leg.symbol != row.symbol:
            raise self._broken(f"I22: line {row.line} is {leg.symbol}, the order {row.symbol}")
        if bool(row.reduce_only) != leg.reduce_only:
            raise self._broken(f"I13: line {row.line} reduces, its order does not say so")

    def _was_approved(self, row: Row) -> None:
        """Hold the order against approvals, the gate's findings and the lease."""
        begun = row.submitted_at
        ((approvals,),) = self.rows(_APPROVED, row.plan_digest, begun, begun)
        if not approvals:
            raise self._broken(f"I11: line {row.line} was begun without a valid approval")
        findings = self.rows(_FINDINGS, row.plan_digest)
        missing = CHECKS - {check for check, _ in findings}
        refused = [check for check, verdict in findings if verdict == "refuse"]
        if missing or refused:
            raise self._broken(f"I11: the gate refused {refused} and left out {sorted(missing)}")
        ((epoch, held),) = self.rows("SELECT epoch, held FROM leases")
        if epoch != row.epoch or not held:
            raise self._broken(f"I19: line {row.line} leaves under lease {row.epoch}, now {epoch}")
        leases = {row.epoch, *(e for *_, e in self.rows(_BESIDE, row.plan_digest, row.seq))}
        if len(leases) > 1:
            raise self._broken(f"I11: one approval serves the leases {sorted(leases)}")

    def _fits_the_account(self, process: Process, row: Row) -> None:
        """Hold a plan's first orders against the account as it was last read."""
        plan = self.plans[row.plan_digest]
        first = self.rows("SELECT min(seq) FROM orders WHERE plan_digest = ?", row.plan_digest)
        if row.attempt > 1 or first != [(row.seq,)]:
            return
        for leg in plan.legs:
            told = plan.units_before[leg.instrument.base]
            seen = self.witness.units_seen(process, str(leg.instrument.base))
            if seen and all(abs(units - told) >= leg.instrument.lot_size for units in seen):
                raise self._broken(
                    f"I11: planned from {told} {leg.instrument.base}, read {seen[-1]} since"
                )

    def _is_alone(self, name: str, row: Row) -> None:
        """Refuse a new attempt while an older one is open, and new plans beside open orders."""
        ((twins,),) = self.rows(_TWINS, row.plan_digest, row.line, row.attempt)
        if twins:
            raise self._broken(f"I4: attempt {row.attempt} leaves while an older one is not closed")
        if others := self.rows(_OTHERS, row.plan_digest, row.seq):
            raise self._broken(f"I27: {name} leaves while {others[0][0]} is {others[0][1]}")

    def _is_in_turn(self, row: Row) -> None:
        """Refuse an order of a stage while an earlier one has open orders, or unsold lots."""
        legs = by_line(self.plans[row.plan_digest])
        stage = legs[row.line].stage
        begun = self.rows(_BESIDE, row.plan_digest, row.seq)
        for line, _, _, state, _ in begun:
            if legs[line].stage < stage and state not in TERMINAL:
                raise self._broken(f"I26: stage {stage} begins while line {line} is {state}")
        if any(legs[line].stage > stage for line, *_ in begun):
            raise self._broken(f"I26: stage {stage} follows a later one")
        spot = (leg for leg in legs.values() if not leg.instrument.is_contract)
        sells = [leg for leg in spot if leg.lots < 0]
        buys = legs[row.line].lots > 0 and not legs[row.line].reduce_only
        if buys and any(leg.stage >= stage for leg in sells):
            raise self._broken(f"I26: line {row.line} buys before the sells of its plan")

    def _is_safe(self, process: Process, asked: dict[str, str], row: Row) -> None:
        """Refuse orders after a halt, under clocks that differ, and on a ledger that failed."""
        if process.began_after_fault:
            raise self._broken(f"I16: line {row.line} was begun after the ledger had failed")
        stopped_at = self._world.stopped_at
        if stopped_at is not None and process.began_at > stopped_at + STOP_S:
            raise self._broken(f"I14: line {row.line} was begun after the run was asked to stop")
        offsets = self.witness.offsets(process)
        if offsets and min(map(abs, offsets)) > OFFSET_MS_MAX:
            raise self._broken(f"I23: an order leaves with clocks {offsets[-1]} ms apart")
        halts = self.rows("SELECT seq, reason FROM halts ORDER BY seq DESC LIMIT 1")
        if halts and halts[0][1] is not None and row.seq > halts[0][0]:
            net = self.witness.net(asked["symbol"].removesuffix("USDT"))
            signed = Decimal(asked["quantity"]) * (1 if asked["side"] == "BUY" else -1)
            if abs(net + signed) > abs(net) and not row.reduce_only:
                raise self._broken(f"I14: {row} was begun after the halt and raises {net}")

    def _broken(self, what: str) -> Broken:
        """Return a broken invariant; it also ends the seed when code in between swallows it."""
        broken = Broken(what)
        self._world.breach(broken)
        return broken


def by_line(plan: Plan) -> dict[int, Leg]:
    """Return the orders of a plan by their lines."""
    return {leg.line: leg for leg in plan.legs}


TERMINAL = frozenset({"filled", "expired", "refused", "absent"})


def evidence_of(text: str | None) -> dict[str, Any]:
    """Return the evidence that a step of an order was recorded with."""
    found: dict[str, Any] = json.loads(text) if text else {}
    return found
