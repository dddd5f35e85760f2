"""Who saw it: what the exchange executed, what each process was shown, and when. No judgement
but on the exchange's side of an order.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.simulation.faults import ORDERS, PROCESSING_S
from tests.simulation.process import Process
from tests.simulation.tape import Broken
from trimtab.testnet import Answer, Request
from trimtab.testnet.catalogue import Market

if TYPE_CHECKING:
    from tests.simulation.world import World

_CLOCK = "/api/v3/time"
_ACCOUNT = frozenset(
    {"/api/v3/account", "/fapi/v2/account", "/fapi/v3/account", "/fapi/v2/positionRisk"}
    | {"/fapi/v3/positionRisk"}
)
_READS = 5
"""How many of a process's last reads count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """The account just before the exchange acts on an order."""

    net: Decimal
    """Of the order's asset, futures included, base units."""
    position: Decimal
    """Of the order's contract, base units."""


class Witness:
    """Keeps what the laws need to know of the past."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._accepted = Counter[tuple[str, str]]()
        self._offsets: dict[int, deque[int]] = defaultdict(lambda: deque(maxlen=_READS))
        self._units: dict[int, deque[dict[str, Decimal]]]
        self._units = defaultdict(lambda: deque(maxlen=_READS))
        self.deadlines_ms: dict[str, int] = {}
        """Until when the venue may accept each order, its clock, by client order id."""
        self.signatures: set[str] = set()
        """What no file may have."""
        self.beyond: set[str] = set()
        """Orders that the venue accepted after their fence."""

    def departs(self, request: Request) -> None:
        """Note what a request carries."""
        asked = request.params()
        if "signature" in asked:
            self.signatures.add(asked["signature"])
        if request.method == "POST" and request.path in ORDERS:
            window_ms = int(asked["timestamp"]) + int(asked.get("recvWindow", 0))
            self.deadlines_ms[asked["newClientOrderId"]] = window_ms + int(1000 * PROCESSING_S)

    def before(self, request: Request) -> Before | None:
        """Return the account before the exchange acts on an order; None for other requests."""
        if request.method != "POST" or request.path not in ORDERS:
            return None
        symbol = request.params()["symbol"]
        futures = request.path.startswith("/fapi")
        position = self._world.exchange.state.usdm.position(symbol, side="BOTH").quantity
        net = self.net(symbol.removesuffix("USDT"))
        return Before(net=net, position=position if futures else Decimal(0))

    def executed(
        self, process: Process, request: Request, answer: Answer, before: Before | None
    ) -> None:
        """Note a request on which the exchange has acted; judge what it made of an order.

        Raises:
            Broken: it took a second order of that name, or one that made things worse.

        """
        world = self._world
        if request.path == _CLOCK:
            ours_ms = world.clock.milliseconds()
            self._offsets[process.number].append(world.exchange.state.now_ms - ours_ms)
        elif request.path in _ACCOUNT and request.method == "GET":
            held = {asset: self.net(asset) for asset in world.setting.assets}
            self._units[process.number].append(held)
        if answer.order_id and before is not None:
            self._judge(request, before)

    def _judge(self, request: Request, before: Before) -> None:
        """Judge an order that the exchange took."""
        asked = request.params()
        name = (request.path.split("/")[1], asked["newClientOrderId"])
        self._accepted[name] += 1
        if self._accepted[name] > 1:
            raise self._broken(f"I1: {name[1]} was accepted {self._accepted[name]} times")
        after = self.before(request)
        assert after is not None
        if asked.get("reduceOnly") == "true" and abs(after.position) > abs(before.position):
            raise self._broken(f"I13: {name[1]} took the position to {after.position}")
        self._is_covered(asked["symbol"], before, after)

    def _is_covered(self, symbol: str, before: Before, after: Before) -> None:
        """Refuse a sale that leaves an asset short, unless somebody else may have sold too."""
        world = self._world
        if {"person", "deleverage"} & set(world.setting.bustles) or self.beyond:
            return
        lot = max(
            world.exchange.state.listing(market, symbol).rule.lot_size
            for market in (Market.SPOT, Market.USDM)
        )
        fees = abs(after.net) / 1000  # A buy's fee may be taken from what was bought.
        if after.net < before.net and after.net < -lot - fees:
            raise self._broken(f"I9: an order leaves {symbol} short by {after.net}")

    def net(self, asset: str) -> Decimal:
        """Return what the exchange has of an asset, futures included, base units."""
        state = self._world.exchange.state
        held = state.spot.free(asset) + state.spot.locked(asset)
        for symbol, _, position in state.usdm.open_positions():
            if state.listing(Market.USDM, symbol).base == asset:
                held += position.quantity
        return Decimal(held)

    def offsets(self, process: Process) -> list[int]:
        """Return how far the venue's clock was ahead of ours, ms, whenever a process read it."""
        return list(self._offsets[process.number])

    def units_seen(self, process: Process, asset: str) -> list[Decimal]:
        """Return what the account had of an asset whenever a process read it lately."""
        return [seen[asset] for seen in self._units[process.number]]

    def _broken(self, what: str) -> Broken:
        """Return a broken invariant; it also ends the seed."""
        broken = Broken(what)
        self._world.breach(broken)
        return broken
