"""Algo orders of OKX v5 in process, from the documentation: a service beside that of orders.

A conditional order waits as ``live`` under a name and a number of its own. When the mark comes to
it, it becomes an order at market that bears its name and number besides its own, is cut to what is
held, and is ``effective``; where it may not, ``order_failed``. By name the service tells of it, for
how long is not said; the list of the past tells three months, counted here from when it was placed,
which is the worse of two readings. A stop that is larger than an order may be becomes several.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from tests.conformance.floors import Waiting
from tests.conformance.okx_linear import NAME
from tests.conformance.trading import DAY_MS, MARK, Order, Trading, now_ms

Row = dict[str, Any]

ALGO_KINDS = ("conditional", "oco", "trigger", "move_order_stop", "iceberg", "twap", "chase")
"""What the list may be asked for, one at a time."""
_EMPTY = (
    *("activePx", "actualPx", "attachAlgoOrds", "callbackRatio", "callbackSpread", "ccy"),
    *("closeFraction", "failCode", "moveTriggerPx", "ordId", "ordPx", "pxLimit", "pxSpread"),
    *("pxVar", "slOrdPx", "slTriggerPx", "slTriggerPxType", "szLimit", "tag", "tgtCcy"),
    *("timeInterval", "tpOrdPx", "tpTriggerPx", "tpTriggerPxType", "triggerPx", "triggerTime"),
)
"""What is written empty where it does not apply."""
_FIRST = 431_375_349_042_380_800
_TOLD_MS = 90 * DAY_MS
_UNFILLED_TOLD_MS = 2 * DAY_MS // 24
_MOST = 100
"""How many may wait in one market."""


class Refusal(Exception):
    """What is told instead of an answer; *of_order* says that it is about one order."""

    def __init__(self, code: str, text: str, *, of_order: bool = False, status: int = 200) -> None:
        super().__init__(text)
        self.code, self.text, self.of_order, self.status = code, text, of_order, status


def algo_row(market: str, order: Waiting, number: int, *, count: str) -> dict[str, Any]:
    """Return how a stop at market is told; *count* is its size as the market counts it."""
    is_swap = market.endswith("-SWAP")
    return dict.fromkeys(_EMPTY, "") | {
        "algoId": str(_FIRST + number),
        "algoClOrdId": order.name,
        "clOrdId": "",
        "instId": market,
        "instType": "SWAP" if is_swap else "SPOT",
        "ordType": "trigger",
        "side": "buy" if order.is_buy else "sell",
        "posSide": "net" if is_swap else "",
        "tdMode": "cross" if is_swap else "cash",
        "sz": count,
        "tgtCcy": "" if is_swap else "base_ccy",
        "triggerPx": str(order.trigger),
        "triggerPxType": "mark" if order.by_mark else "last",
        "ordPx": "-1",
        "reduceOnly": "true" if order.reduces else "false",
        "actualSz": "0",
        "actualSide": "",
        "lever": "20" if is_swap else "",
        "last": "60000",
        "state": "live",
        "ordIdList": [],
        "cTime": str(now_ms()),
    }


@dataclass(slots=True, kw_only=True)
class Algo:
    """A conditional order. Sizes are base units."""

    number: int
    name: str
    is_buy: bool
    quantity: Decimal
    trigger: Decimal
    by: str
    reduces: bool
    at_ms: int
    state: str = "live"
    fail_code: str = ""
    triggered_ms: int = 0
    orders: list[Order] = field(default_factory=list)
    """What it became."""

    @property
    def algo_id(self) -> str:
        """The service's number of it."""
        return str(_FIRST + 1_000_000 + self.number)

    def waiting(self) -> Waiting:
        """Return it as what it is."""
        return Waiting(
            name=self.name,
            is_buy=self.is_buy,
            quantity=self.quantity,
            trigger=self.trigger,
            reduces=self.reduces,
            by_mark=self.by == "mark",
        )


class OkxAlgos:
    """Conditional orders in the perpetual of one account."""

    def __init__(self, trading: Trading) -> None:
        self._trading = trading
        self.taken: list[Algo] = []
        self.mark = MARK
        self.hides = 0
        """How many more questions by name do not show one that was just taken."""
        self.forgets_names = False
        """Whether one that waits no more is not told by its name."""
        self.splits_at = Decimal(120)
        """Base units that one order at market may be of."""

    def create(self, given: Row) -> list[Row]:
        """Take one, or refuse it."""
        terms, is_buy = self._trading.terms, given["side"] == "buy"
        if (given["instId"], given["tdMode"], given["ordType"]) != (NAME, "cross", "conditional"):
            raise Refusal("51000", "Parameter ordType error", of_order=True)
        if given.get("slOrdPx") != "-1" or "posSide" in given or "clOrdId" in given:
            raise Refusal("51000", "Parameter slOrdPx error", of_order=True)
        if not all(isinstance(given[name], str) for name in ("sz", "slTriggerPx")):
            raise Refusal("51000", "Parameter sz error", of_order=True)
        quantity, trigger = (
            Decimal(given["sz"]) * terms.contract_size,
            Decimal(given["slTriggerPx"]),
        )
        if quantity <= 0 or quantity % terms.lot or trigger % terms.tick:
            raise Refusal("51121", "Order quantity must be a multiple of lot size", of_order=True)
        if any(each.name == given["algoClOrdId"] for each in self.open()):
            raise Refusal("51065", "algoClOrdId already exists.", of_order=True)
        if len(self.open()) >= _MOST:
            raise Refusal(
                "51261", "Each user can hold up to 100 pending stop orders", of_order=True
            )
        if trigger <= self.mark if is_buy else trigger >= self.mark:
            code = "51302" if is_buy else "51304"
            word = "lower" if is_buy else "higher"
            text = f"SL trigger price cannot be {word} than the mark price"
            raise Refusal(code, text, of_order=True)
        algo = Algo(
            number=len(self.taken),
            name=given["algoClOrdId"],
            is_buy=is_buy,
            quantity=quantity,
            trigger=trigger,
            by=given.get("slTriggerPxType", "last"),
            reduces=given.get("reduceOnly", False),
            at_ms=now_ms(),
        )
        self.taken.append(algo)
        return [self._said(algo, name=algo.name)]

    def cancel(self, given: list[Row]) -> list[Row]:
        """Take one off by number or name, or say why not. The answer gives names up."""
        (one,) = given
        for algo in self.open():
            if one.get("algoId", algo.algo_id) == algo.algo_id and one["instId"] == NAME:
                if "algoId" not in one and one["algoClOrdId"] != algo.name:
                    continue
                algo.state = "canceled"
                return [self._said(algo, name="")]
        text = "Order cancellation failed as the order has been filled, canceled or does not exist."
        raise Refusal("51400", text, of_order=True)

    @staticmethod
    def _said(algo: Algo, *, name: str) -> Row:
        told = {"algoClOrdId": name, "algoId": algo.algo_id, "clOrdId": "", "tag": ""}
        return told | {"sCode": "0", "sMsg": ""}

    def reach(self, mark: Decimal) -> None:
        """Have the mark come to *mark*, and trigger what waits for it."""
        self.mark = mark
        for algo in self.open():
            if mark >= algo.trigger if algo.is_buy else mark <= algo.trigger:
                self._trigger(algo)

    def _trigger(self, algo: Algo) -> None:
        at = self._trading
        held = max(Decimal(0), -at.units if algo.is_buy else at.units)
        left = min(algo.quantity, held) if algo.reduces else algo.quantity
        algo.triggered_ms = now_ms()
        if not left:
            algo.state, algo.fail_code = "order_failed", "51169"
            return
        algo.state = "effective"
        while left:
            part = min(left, self.splits_at)
            limit = at.terms.ask if algo.is_buy else at.terms.bid
            order = at.place(
                name="", is_buy=algo.is_buy, quantity=part, limit=limit, reduces=algo.reduces
            )
            algo.orders.append(order)
            left -= part

    def vanish(self, name: str) -> None:
        """Have the venue take one off by itself."""
        (algo,) = (each for each in self.open() if each.name == name)
        algo.state = "canceled"

    def grow_old(self, *, placed: timedelta, ended: timedelta) -> None:
        """Have everything been placed and ended so much earlier, its executions with it."""
        numbers = {order.number for algo in self.taken for order in algo.orders}
        for algo in self.taken:
            algo.at_ms -= placed // timedelta(milliseconds=1)
            algo.triggered_ms -= ended // timedelta(milliseconds=1) if algo.triggered_ms else 0
            for order in algo.orders:
                order.at_ms -= ended // timedelta(milliseconds=1)
        for row in self._trading.executions:
            if row.order in numbers:
                row.at_ms -= ended // timedelta(milliseconds=1)

    def open(self) -> list[Algo]:
        """Return what waits, oldest first."""
        return [algo for algo in self.taken if algo.state == "live"]

    def named(self, name: str, order_id_of: Any) -> list[Row]:
        """Return what is told by a name, the latest."""
        found = [algo for algo in self.taken if algo.name == name]
        if self.hides or not found or (self.forgets_names and found[-1].state != "live"):
            self.hides = max(0, self.hides - 1)
            raise Refusal("51603", "Order does not exist.")
        return [self.row(found[-1], order_id_of)]

    def waits(self, order_id_of: Any) -> list[Row]:
        """Return the rows of what waits, oldest first."""
        return [self.row(algo, order_id_of) for algo in self.open()]

    def past(self, given: Row, order_id_of: Any) -> list[Row]:
        """Return the rows of what waited, oldest first, of one end."""
        if given.get("state") not in ("effective", "canceled", "order_failed"):
            raise Refusal("51000", "Parameter state error", status=400)
        wanted = given["ordType"] == "conditional" and given.get("instId", NAME) == NAME
        return [
            self.row(algo, order_id_of)
            for algo in self.taken
            if wanted and algo.state == given["state"] and now_ms() - algo.at_ms < _TOLD_MS
        ]

    def row(self, algo: Algo, order_id_of: Any) -> Row:
        """Return how one is told in any list."""
        count = str(algo.quantity / self._trading.terms.contract_size)
        ordered = sum((order.quantity for order in algo.orders), Decimal(0))
        ids = [order_id_of(order.number) for order in algo.orders]
        return algo_row(NAME, algo.waiting(), 1_000_000 + algo.number, count=count) | {
            "ordType": "conditional",
            "triggerPx": "",
            "triggerPxType": "",
            "ordPx": "",
            "slTriggerPx": str(algo.trigger),
            "slTriggerPxType": algo.by,
            "slOrdPx": "-1",
            "state": algo.state,
            "failCode": algo.fail_code,
            "ordId": ids[-1] if ids else "",
            "ordIdList": ids,
            "actualSz": str(ordered / self._trading.terms.contract_size),
            "actualSide": "sl" if ids else "",
            "triggerTime": str(algo.triggered_ms) if algo.triggered_ms else "",
            "cTime": str(algo.at_ms),
            "uTime": str(algo.triggered_ms or algo.at_ms),
        }

    def of_order(self, number: int) -> Row:
        """Return what an order says of the stop that it was."""
        for algo in self.taken:
            if any(order.number == number for order in algo.orders):
                words = {"algoId": algo.algo_id, "algoClOrdId": algo.name}
                return words | {"ordType": "market", "px": "", "source": "7"}
        return {"algoId": "", "algoClOrdId": "", "source": ""}

    def is_told(self, order: Order) -> bool:
        """Say whether an order of a stop is still told: without a fill, for two hours."""
        return bool(order.filled) or now_ms() - order.at_ms < _UNFILLED_TOLD_MS
