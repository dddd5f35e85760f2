"""Conditional orders of Bybit v5 in process, from the documentation: one order from first to last.

An order with a trigger waits as ``Untriggered`` under the name and number that it keeps. When the
mark comes to it, it is cut to what is held, is matched at market, and what cannot be filled is
cancelled. Cancelled before that it is ``Deactivated``. By name the list of open orders tells of it
until the service is restarted; the history of orders tells what filled for seven days, counted
here from when it was created, which is the worse of two readings, and what did not for one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from tests.conformance.bybit_linear import LINEAR_DECLINED, Refusal
from tests.conformance.floors import Waiting
from tests.conformance.trading import DAY_MS, MARK, Order, Trading, now_ms

Row = dict[str, Any]

_AT_ONCE = 10
_RISES, _FALLS = 1, 2
_DIRECTIONS = {
    _RISES: (110092, "expect Rising, but trigger_price[%s] <= current[%s]??laste"),
    _FALLS: (110093, "expect Falling, but trigger_price[%s] >= current[%s]??last"),
}


@dataclass(slots=True, kw_only=True)
class Conditional:
    """One of them. Sizes are base units."""

    number: int
    name: str
    is_buy: bool
    quantity: Decimal
    trigger: Decimal
    rises: bool
    by: str
    reduces: bool
    closes: bool
    at_ms: int
    status: str = "Untriggered"
    cancelled: str = "UNKNOWN"
    ended_ms: int = 0
    order: Order | None = None
    """What was matched of it."""

    @property
    def order_id(self) -> str:
        """The venue's number, which it keeps."""
        return f"0a711b1d-1fe0-43c5-a19f-{self.number:012x}"

    @property
    def filled(self) -> Decimal:
        """What was executed."""
        return Decimal(0) if self.order is None else self.order.filled

    def row(self) -> Row:
        """Return how it is told in any list."""
        rests = self.status == "Untriggered"
        quantity = self.quantity if self.order is None else self.order.quantity
        return {
            "orderId": self.order_id,
            "orderLinkId": self.name,
            "symbol": "BTCUSDT",
            "side": "Buy" if self.is_buy else "Sell",
            "positionIdx": 0,
            "price": "0" if self.order is None else str(self.order.limit),
            "qty": str(quantity),
            "cumExecQty": str(self.filled),
            "leavesQty": str(quantity) if rests else "0",
            "orderStatus": self.status,
            "createType": "CreateByStopOrder",
            "cancelType": self.cancelled,
            "orderType": "Market",
            "stopOrderType": "Stop",
            "timeInForce": "IOC",
            "triggerPrice": str(self.trigger),
            "triggerDirection": _RISES if self.rises else _FALLS,
            "triggerBy": self.by,
            "reduceOnly": self.reduces,
            "closeOnTrigger": self.closes,
            "createdTime": str(self.at_ms),
            "updatedTime": str(self.ended_ms or self.at_ms),
        }


class BybitConditionals:
    """Conditional orders of one contract of one account."""

    def __init__(self, trading: Trading) -> None:
        self._trading = trading
        self.taken: list[Conditional] = []
        self.mark = MARK
        self.hides = 0
        """How many more questions by name do not show one that was just taken."""
        self._restarted_ms = 0

    def create(self, given: Row) -> Row:
        """Take one, or refuse it."""
        terms, is_buy = self._trading.terms, given["side"] == "Buy"
        quantity, trigger = Decimal(given["qty"]), Decimal(given["triggerPrice"])
        if given["orderType"] != "Market" or "price" in given or given["positionIdx"] != 0:
            raise Refusal(10001, "params error")
        if quantity <= 0 or quantity % terms.lot or trigger % terms.tick:
            raise Refusal(10001, "Qty invalid")
        names = {order.name for order in (*self._trading.taken, *self.taken)}
        if given["orderLinkId"] in names:
            raise Refusal(*LINEAR_DECLINED["duplicate"])
        if len(self.open()) + len(self._trading.waiting) >= _AT_ONCE:
            raise Refusal(110009, "The number of stop orders exceeds the maximum allowable limit")
        rises = given["triggerDirection"] == _RISES
        if trigger <= self.mark if rises else trigger >= self.mark:
            code, text = _DIRECTIONS[given["triggerDirection"]]
            raise Refusal(code, text % (trigger, self.mark))
        found = Conditional(
            number=len(self.taken) + 1,
            name=given["orderLinkId"],
            is_buy=is_buy,
            quantity=quantity,
            trigger=trigger,
            rises=rises,
            by=given.get("triggerBy", "LastPrice"),
            reduces=given.get("reduceOnly", False),
            closes=given.get("closeOnTrigger", False),
            at_ms=now_ms(),
        )
        self.taken.append(found)
        return {"orderId": found.order_id, "orderLinkId": found.name}

    def cancel(self, given: Row) -> Row:
        """Take one off by number or name, or say why not."""
        wanted = (given.get("orderId"), given.get("orderLinkId"))
        for each in self.taken:
            if each.order_id == wanted[0] or (not wanted[0] and each.name == wanted[1]):
                if each.status != "Untriggered":
                    raise Refusal(110008, "The order has been completed or cancelled.")
                self._end(each, "Deactivated", "CancelByUser")
                return {"orderId": each.order_id, "orderLinkId": each.name}
        raise Refusal(110001, "order not exists or too late to cancel")

    def reach(self, mark: Decimal) -> None:
        """Have the mark come to *mark*, and trigger what waits for it."""
        self.mark = mark
        for each in self.open():
            if mark >= each.trigger if each.rises else mark <= each.trigger:
                self._trigger(each)

    def _trigger(self, each: Conditional) -> None:
        at = self._trading
        held = max(Decimal(0), -at.units if each.is_buy else at.units)
        quantity = min(each.quantity, held) if each.reduces or each.closes else each.quantity
        if not quantity:
            self._end(each, "Cancelled", "CancelByReduceOnly")
            return
        limit = at.terms.ask if each.is_buy else at.terms.bid
        each.order = at.place(
            name=each.name, is_buy=each.is_buy, quantity=quantity, limit=limit, reduces=each.reduces
        )
        self._end(each, "Filled" if each.order.is_full else "Cancelled", "UNKNOWN")

    def vanish(self, name: str) -> None:
        """Have the venue take one off by itself."""
        (each,) = (c for c in self.open() if c.name == name)
        self._end(each, "Deactivated", "CancelByAdmin")

    @staticmethod
    def _end(each: Conditional, status: str, why: str) -> None:
        each.status, each.cancelled, each.ended_ms = status, why, now_ms()

    def restart(self) -> None:
        """Restart the service: what has ended is told by the history alone from then on."""
        self._restarted_ms = now_ms() + 1

    def grow_old(self, *, created: timedelta, ended: timedelta) -> None:
        """Have everything been created and ended so much earlier, its executions with it."""
        numbers = {each.order.number for each in self.taken if each.order is not None}
        for each in self.taken:
            each.at_ms -= created // timedelta(milliseconds=1)
            each.ended_ms -= ended // timedelta(milliseconds=1) if each.ended_ms else 0
        for row in self._trading.executions:
            if row.order in numbers:
                row.at_ms -= ended // timedelta(milliseconds=1)

    def open(self) -> list[Conditional]:
        """Return what waits, oldest first."""
        return [each for each in self.taken if each.status == "Untriggered"]

    def waiting(self) -> list[Waiting]:
        """Return all that were ever taken, oldest first."""
        return [
            Waiting(
                name=each.name,
                is_buy=each.is_buy,
                quantity=each.quantity,
                trigger=each.trigger,
                reduces=each.reduces,
                by_mark=each.by == "MarkPrice",
            )
            for each in self.taken
        ]

    def named(self) -> list[Row]:
        """Return what the list of open orders tells by name, of whatever state."""
        if self.hides:
            self.hides -= 1
            return []
        told = [c for c in self.taken if not c.ended_ms or c.ended_ms >= self._restarted_ms]
        return [each.row() for each in told]

    def ended(self, *, of_history: bool) -> list[Row]:
        """Return what has ended, as either list of such orders tells it."""
        now = now_ms()
        found = [each for each in self.taken if each.ended_ms]
        if not of_history:
            return [each.row() for each in found if each.ended_ms >= self._restarted_ms]
        return [
            each.row()
            for each in found
            if (now - each.at_ms < 7 * DAY_MS if each.filled else now - each.ended_ms < DAY_MS)
        ]

    def id_of(self, number: int) -> str:
        """Return the number that an order of the market was placed under; empty for others."""
        found = (c.order_id for c in self.taken if c.order and c.order.number == number)
        return next(found, "")
