"""What must hold at the moment a request leaves, and when the exchange takes an order.

Reads the ledger's file over a connection of its own: what it sees there is committed. The
exchange is asked directly. Nothing here uses the program's own logic.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.simulation.faults import ORDERS
from tests.simulation.process import Process
from tests.simulation.tape import Broken
from trimtab.domain.plan import Plan
from trimtab.testnet import Answer, Request
from trimtab.testnet.catalogue import Market

if TYPE_CHECKING:
    from tests.simulation.world import World

OFFSET_MS_MAX = 500
"""The operator's limit for the difference of clocks."""
TERMINAL = frozenset({"filled", "expired", "refused", "absent"})
_ORDER = (
    "SELECT seq, plan_digest, line, attempt, symbol, lots, quantity, limit_price, reduce_only,"
    " submitted_at, state, epoch FROM orders WHERE dry_run = 0 AND client_order_id = ?"
)
_APPROVED = (
    "SELECT count(*) FROM approvals JOIN plans ON plans.digest = approvals.plan_digest"
    " WHERE approvals.dry_run = 0 AND approvals.plan_digest = ?"
    " AND approvals.expires_at > ? AND plans.expires_at > ?"
)
_OTHERS = (
    "SELECT client_order_id, state FROM orders WHERE dry_run = 0 AND state IN"
    " ('unknown', 'open', 'settling') AND client_order_id <> ? AND seq < ?"
)
_TWINS = (
    "SELECT count(*) FROM orders WHERE dry_run = 0 AND plan_digest = ? AND line = ?"
    " AND attempt < ? AND state NOT IN ('filled', 'expired', 'refused', 'absent')"
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
        self._accepted: dict[tuple[str, str], int] = {}
        self.plans: dict[str, Plan] = {}
        """Every plan that was proposed, by digest."""
        self.orders_sent = 0

    def begins(self, process: Process, request: Request) -> None:
        """Hold a request that is about to leave against bans and dry runs."""
        world = self._world
        if world.now_s < process.silent_until - 1e-6:
            left = process.silent_until - world.now_s
            raise self._broken(f"I15: {request.path} leaves {left:.1f} s before the ban ends")
        if process.dry_run and request.method != "GET":
            raise self._broken(f"I12: a dry run sends {request.method} {request.path}")

    def departs(self, process: Process, request: Request) -> None:
        """Hold an order that leaves against what is on disk."""
        if request.method != "POST" or request.path not in ORDERS:
            return
        try:
            self._judge(process, request)
        except (sqlite3.Error, LookupError, TypeError, ValueError) as error:
            raise self._broken(f"harness: the law cannot be applied: {error!r}") from error

    def _judge(self, process: Process, request: Request) -> None:
        """Apply every law to one order."""
        self.orders_sent += 1
        asked = request.params()
        row = self._row(asked["newClientOrderId"])
        self._is_what_was_committed(asked, row, futures=request.path.startswith("/fapi"))
        self._was_approved(row)
        self._is_alone(asked["newClientOrderId"], row)
        self._is_safe(asked, row, futures=request.path.startswith("/fapi"))
        self._world.tape.say(
            self._world.now_s, f"p{process.number}", "order", row.line, row.attempt
        )

    def executed(self, request: Request, answer: Answer) -> None:
        """Count the orders that the exchange took under each client order id."""
        if not answer.order_id:
            return
        name = (request.path.split("/")[1], request.params()["newClientOrderId"])
        self._accepted[name] = self._accepted.get(name, 0) + 1
        if self._accepted[name] > 1:
            raise self._broken(f"I1: {name[1]} was accepted {self._accepted[name]} times")

    def statements(self) -> int:
        """Return how many statements of the account the ledger has."""
        try:
            ((count,),) = self.rows("SELECT count(*) FROM entries WHERE kind = 'balances_saved'")
        except sqlite3.OperationalError:  # It has no tables yet.
            return 0
        return int(count)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Return what is committed in the ledger."""
        database = self._world.folder / "ledger.db"
        connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()

    def _row(self, name: str) -> Row:
        """Return the committed row of an order that leaves."""
        found = self.rows(_ORDER, name)
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
        leg = self.plans[row.plan_digest].legs[row.line - 1]
        beyond = (Decimal(row.limit_price) - leg.limit_price) * (1 if leg.lots > 0 else -1)
        if row.lots * leg.lots <= 0 or abs(row.lots) > abs(leg.lots) or beyond > 0:
            raise self._broken(f"I22: {row} goes beyond its leg {leg.lots} at {leg.limit_price}")

    def _was_approved(self, row: Row) -> None:
        """Hold the order against approvals and against the lease."""
        begun = row.submitted_at
        ((approvals,),) = self.rows(_APPROVED, row.plan_digest, begun, begun)
        if not approvals:
            raise self._broken(f"I11: line {row.line} was begun without a valid approval")
        ((epoch, held),) = self.rows("SELECT epoch, held FROM leases")
        if epoch != row.epoch or not held:
            raise self._broken(f"I19: line {row.line} leaves under lease {row.epoch}, now {epoch}")

    def _is_alone(self, name: str, row: Row) -> None:
        """Refuse a new attempt while an older one is open, and new orders beside unknown ones."""
        ((twins,),) = self.rows(_TWINS, row.plan_digest, row.line, row.attempt)
        if twins:
            raise self._broken(f"I4: attempt {row.attempt} leaves while an older one is not closed")
        for other, state in self.rows(_OTHERS, name, row.seq):
            begun = self.rows("SELECT plan_digest FROM orders WHERE client_order_id = ?", other)
            if begun != [(row.plan_digest,)]:
                raise self._broken(f"I27: {name} leaves while {other} is {state}")

    def _is_safe(self, asked: dict[str, str], row: Row, *, futures: bool) -> None:
        """Refuse orders under a halt that raise exposure, and orders under clocks that differ."""
        world = self._world
        ahead_ms = abs(world.setting.venue_ahead_ms)
        if ahead_ms > OFFSET_MS_MAX and not world.clock.ahead_s:
            raise self._broken(f"I23: an order leaves with clocks {ahead_ms} ms apart")
        halts = self.rows("SELECT seq, reason FROM halts ORDER BY seq DESC LIMIT 1")
        if halts and halts[0][1] is not None and row.seq > halts[0][0]:
            net = self._net(asked["symbol"].removesuffix("USDT"))
            signed = Decimal(asked["quantity"]) * (1 if asked["side"] == "BUY" else -1)
            if abs(net + signed) > abs(net) and not (row.reduce_only and futures):
                raise self._broken(f"I14: {row} was begun after the halt and raises {net}")

    def _net(self, asset: str) -> Decimal:
        """Return what the exchange has of an asset, futures included, base units."""
        state = self._world.exchange.state
        held = state.spot.free(asset) + state.spot.locked(asset)
        for symbol, _, position in state.usdm.open_positions():
            if state.listing(Market.USDM, symbol).base == asset:
                held += position.quantity
        return Decimal(held)

    def _broken(self, what: str) -> Broken:
        """Return a broken invariant; it also ends the seed when code in between swallows it."""
        broken = Broken(what)
        self._world.breach(broken)
        return broken
