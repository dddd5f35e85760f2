"""Gate v4 in process: coins, one market, prices that stand still.

Written from the documentation of v4 (2026): an order that was made comes with 201, a refusal is a
label beside a status, names begin with ``t-`` and may repeat, times of questions are seconds, lists
have numbered pages. What the documents leave open is answered in the less welcome way: an order
that has ended is not found by its name, one that executed nothing is forgotten, and a page holds
fewer rows than were asked for.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from tests.conformance.floors import Placed, Trouble, Truth, Waiting
from tests.conformance.spoken import Asked, Told
from tests.conformance.trading import (
    Declined,
    Execution,
    Order,
    Terms,
    Trading,
    closes_between,
    now_ms,
)
from trimtab.venues.facts import Market

Row = dict[str, Any]

KEY, SECRET = "local-key", b"local-secret"
_TERMS = Terms(
    is_contract=False,
    lot=Decimal("0.00001"),
    tick=Decimal("0.1"),
    least_value=Decimal(3),
    fee=Decimal("0.001"),
    bid=Decimal("59999.9"),
    ask=Decimal("60000.1"),
    depth=Decimal("0.25000"),
    names_repeat=True,
)
_COINS = {"BTC": Decimal("0.12345678"), "USDT": Decimal("70000.00000001")}
_DECLINED = {
    "funds": ("BALANCE_NOT_ENOUGH", "Not enough balance"),
    "grid": ("INVALID_PRECISION", "Invalid precision"),
}
_LISTED = 100
_FIRST_ORDER = 58_314_910_021
_STAMP_S = 60
_V4 = "/api/v4"
_PUBLIC = ("/spot/time", "/spot/currency_pairs", "/spot/order_book", "/spot/candlesticks")


class GateFloor:
    """What a venue of v4 has, and how it answers."""

    page = _LISTED

    def __init__(self, market: Market) -> None:
        assert market is Market.SPOT
        self._trading = Trading(_TERMS, dict(_COINS))
        self.mode = "classic"
        """Of the account."""
        self.keys: Any = [
            _key_row("9f31aa*****", "wallet"),
            _key_row("local-*****", "spot", wallet=True, account=True, unified=True),
        ]
        """What the list of keys has."""
        self.finds_ended = False
        """Whether an order that has ended is found by its name."""
        self.pending: list[Row] = []
        """What rests, as the venue writes it."""
        self.waits: list[Row] = []
        """What waits for a trigger, as the venue writes it, besides what was let wait."""
        self.totals: Row = {"spot": {"amount": "77407.4", "currency": "USDT"}}
        """What each account of the owner is worth."""
        self.says_little = False
        """Whether the answer to an order has its number and its name alone."""
        self.of_trade: Row = {}
        """What is told of every execution besides."""
        self._routes: dict[tuple[str, str], Callable[[Row], Any]] = {
            ("GET", "/spot/time"): lambda _: {"server_time": now_ms()},
            ("GET", "/spot/currency_pairs"): self._markets,
            ("GET", "/spot/order_book"): self._book,
            ("GET", "/spot/candlesticks"): self._candles,
            ("GET", "/unified/unified_mode"): lambda _: {"mode": self.mode, "settings": {}},
            ("GET", "/account/main_keys"): lambda _: self.keys,
            ("GET", "/wallet/fee"): self._fee,
            ("GET", "/wallet/total_balance"): lambda _: {"details": self.totals, "total": {}},
            ("GET", "/spot/accounts"): self._wallet,
            ("GET", "/spot/orders"): self._orders,
            ("GET", "/spot/open_orders"): self._open,
            ("GET", "/spot/price_orders"): self._waiting,
            ("GET", "/spot/my_trades"): self._trades,
            ("POST", "/spot/orders"): self._create,
        }

    def answer(self, asked: Asked) -> Told:
        """Execute a request and answer it."""
        path = asked.path.removeprefix(_V4)
        given = json.loads(asked.body) if asked.method == "POST" else dict(parse_qsl(asked.query))
        try:
            if path not in _PUBLIC:
                _require_signed(asked)
            if asked.method == "POST":
                _require_in_time(asked)
            return _told(self._routed(asked.method, path, given), made=asked.method == "POST")
        except Refusal as refusal:
            return refused(refusal.label, refusal.text, status=refusal.status)

    def _routed(self, method: str, path: str, given: Row) -> Any:
        of_one = path.removeprefix("/spot/orders/")
        if of_one != path:
            return {"GET": self._one, "DELETE": self._cancel}[method](of_one, given)
        route = self._routes.get((method, path))
        if route is None:
            raise Refusal("NOT_FOUND", "not found", status=404)
        return route(given)

    def truth(self) -> Truth:
        """Return what the market and the account really are."""
        return self._trading.truth()

    def orders(self) -> list[Placed]:
        """Return every order that was really taken, oldest first."""
        return self._trading.placed()

    def trouble(self, kind: Trouble) -> Told:
        """Return how this venue says that something is wrong."""
        match kind:
            case Trouble.DUPLICATE:
                raise AssertionError("the venue refuses no name")
            case Trouble.REFUSED:
                return refused(*_DECLINED["funds"])
            case Trouble.TOO_FAST:
                return refused("TOO_MANY_REQUESTS", "Request Rate limit Exceeded", status=429)
            case Trouble.BAD_TIME:
                text = "gap between request Timestamp and server time exceeds 60"
                return refused("REQUEST_EXPIRED", text, status=403)

    def trade_often(self, count: int) -> None:
        """Have *count* executions of an older order of ours in the list of executions."""
        self._trading.trade_often(count)

    def pay_funding(self) -> None:
        """Do nothing: coins pay none."""

    def let_wait(self, order: Waiting) -> None:
        """Have a person's *order* wait for its trigger."""
        self._trading.waiting.append(order)

    def is_order(self, asked: Asked) -> bool:
        """Say whether a request places an order."""
        return (asked.method, asked.path) == ("POST", f"{_V4}/spot/orders")

    def is_cancel(self, asked: Asked) -> bool:
        """Say whether a request cancels one."""
        return asked.method == "DELETE"

    def is_account(self, asked: Asked) -> bool:
        """Say whether a request reads the account."""
        return asked.path == f"{_V4}/spot/accounts"

    def is_move(self, asked: Asked) -> bool:
        """Say that nothing moves: we move nothing here."""
        return False

    def is_time(self, asked: Asked) -> bool:
        """Say whether a request asks for the venue's time."""
        return asked.path == f"{_V4}/spot/time"

    def _markets(self, _: Row) -> list[Row]:
        row = {
            "id": "BTC_USDT",
            "base": "BTC",
            "base_name": "Bitcoin",
            "quote": "USDT",
            "quote_name": "Tether",
            "fee": "0.2",
            "min_quote_amount": "3",
            "max_quote_amount": "5000000",
            "amount_precision": 5,
            "precision": 1,
            "trade_status": "tradable",
            "sell_start": 1_516_378_650,
            "buy_start": 1_516_378_650,
            "delisting_time": 0,
            "type": "normal",
            "st_tag": False,
            "up_rate": "0.02",
            "down_rate": "0.03",
        }
        other = {"id": "ETH_BTC", "base": "ETH", "quote": "BTC", "min_base_amount": "0.001"}
        return [row | other, row]

    def _book(self, given: Row) -> Row:
        _known(given)
        return {
            "current": now_ms(),
            "update": now_ms(),
            "bids": [[str(_TERMS.bid), str(_TERMS.depth)], ["59999", "2"]],
            "asks": [[str(_TERMS.ask), str(_TERMS.depth)], ["60001", "2"]],
        }

    def _candles(self, given: Row) -> list[list[str]]:
        _known(given)
        if given["interval"] != "1d" or "limit" in given:
            raise Refusal("INVALID_PARAM_VALUE", "limit conflicts with from and to")
        days = closes_between(int(given["from"]) * 1000, int(given["to"]) * 1000)
        return [
            [str(at // 1000), "540000", close, "2", "0.5", "1", "9", "true"] for at, close in days
        ]

    def _fee(self, given: Row) -> Row:
        _known(given)
        return {
            "user_id": 10001,
            "taker_fee": str(_TERMS.fee),
            "maker_fee": "0.0009",
            "gt_discount": False,
            "gt_taker_fee": "0",
            "gt_maker_fee": "0",
            "futures_taker_fee": "0.0005",
        }

    def _wallet(self, _: Row) -> list[Row]:
        return [
            {"currency": coin, "available": str(units), "locked": "0", "update_id": 98}
            for coin, units in {**self._trading.coins, "ETH": Decimal(0)}.items()
        ]

    def _one(self, which: str, given: Row) -> Row:
        _known(given)
        for order in self._trading.taken[::-1]:
            is_named = self.finds_ended and f"t-{order.name}" == which
            if is_named or str(_FIRST_ORDER + order.number) == which:
                return _shown(order)
        if which.startswith("t-"):
            text = f"Order with client ID {which} not found"
            raise Refusal("CLIENT_ID_NOT_FOUND", text, status=404)
        raise Refusal("ORDER_NOT_FOUND", f"Order with ID {which} not found", status=404)

    def _orders(self, given: Row) -> list[Row]:
        _known(given)
        if given["status"] == "open":
            return _paged(self.pending, given)
        first, last = int(given["from"]), int(given["to"])
        if last - first > 30 * 86_400:
            raise Refusal("INVALID_PARAM_VALUE", "time range exceeds 30 days")
        rows = [_shown(order) for order in self._trading.taken if order.filled]
        found = [row for row in rows if first <= int(row["update_time"]) <= last]
        return _paged(found[::-1], given)

    def _open(self, given: Row) -> list[Row]:
        names = sorted({row["currency_pair"] for row in self.pending})
        pages = [
            (name, _paged([r for r in self.pending if r["currency_pair"] == name], given))
            for name in names
        ]
        return [{"currency_pair": n, "total": len(rows), "orders": rows} for n, rows in pages]

    def _waiting(self, given: Row) -> list[Row]:
        if given["status"] != "open":
            raise Refusal("INVALID_PARAM_VALUE", "invalid argument: status")
        waiting = [_waiting_row(order, n) for n, order in enumerate(self._trading.waiting)]
        start = int(given["offset"])
        return (waiting + self.waits)[start : start + min(int(given["limit"]), _LISTED)]

    def _trades(self, given: Row) -> list[Row]:
        _known(given)
        first, last = int(given["from"]), int(given["to"])
        if last - first > 30 * 86_400:
            raise Refusal("INVALID_PARAM_VALUE", "time range exceeds 30 days")
        rows = [
            _trade(row) | self.of_trade
            for row in self._trading.executions
            if first <= row.at_ms // 1000 <= last
        ]
        return _paged(rows[::-1], given)

    def _create(self, given: Row) -> Row:
        _known(given)
        name = given["text"]
        if not name.startswith("t-") or len(name) > 30:
            raise Refusal("INVALID_PARAM_VALUE", "invalid argument: text")
        if (given["type"], given["time_in_force"], given["account"]) != ("limit", "ioc", "spot"):
            raise Refusal("INVALID_PARAM_VALUE", "invalid argument: time_in_force")
        quantity, limit = Decimal(given["amount"]), Decimal(given["price"])
        if quantity * limit < _TERMS.least_value:
            raise Refusal("INVALID_PARAM_VALUE", "Your order size is too small")
        try:
            order = self._trading.place(
                name=name.removeprefix("t-"),
                is_buy=given["side"] == "buy",
                quantity=quantity,
                limit=limit,
            )
        except Declined as no:
            raise Refusal(*_DECLINED[no.why]) from no
        shown = _shown(order)
        return {n: shown[n] for n in ("id", "text", "amend_text")} if self.says_little else shown

    def _cancel(self, which: str, given: Row) -> Row:
        self._one(which, given)
        raise Refusal("ORDER_CLOSED", "Order already closed")


class Refusal(Exception):
    """What is told instead of an answer."""

    def __init__(self, label: str, text: str, *, status: int = 400) -> None:
        super().__init__(text)
        self.label, self.text, self.status = label, text, status


def _known(given: Row) -> None:
    if given.get("currency_pair") != "BTC_USDT":
        raise Refusal("INVALID_CURRENCY_PAIR", "Invalid currency pair")


def _paged(rows: list[Any], given: Row) -> list[Any]:
    page, limit = int(given.get("page", 1)), min(int(given.get("limit", _LISTED)), _LISTED)
    return rows[(page - 1) * limit : page * limit]


def _key_row(key: str, *writes: str, **reads: bool) -> Row:
    perms = [{"name": name, "read_only": False} for name in writes]
    perms += [{"name": name, "read_only": only} for name, only in reads.items()]
    return {
        "state": 1,
        "mode": 1,
        "name": "trimtab",
        "user_id": 10001,
        "perms": perms,
        "ip_whitelist": [],
        "currency_pairs": [],
        "key": key,
    }


def resting_row(number: int, **changed: object) -> Row:
    """Return an order of a person that rests."""
    row: Row = {
        "id": str(number),
        "text": "web",
        "amend_text": "-",
        "create_time": "1775672947",
        "update_time": "1775672947",
        "status": "open",
        "currency_pair": "BTC_USDT",
        "type": "limit",
        "account": "spot",
        "side": "sell",
        "amount": "0.003",
        "price": "61000.5",
        "time_in_force": "gtc",
        "left": "0.002",
        "filled_amount": "0.001",
    }
    return row | changed


def _shown(order: Order) -> Row:
    at_s = str(order.at_ms // 1000)
    return {
        "id": str(_FIRST_ORDER + order.number),
        "text": f"t-{order.name}",
        "amend_text": "-",
        "create_time": at_s,
        "update_time": at_s,
        "create_time_ms": order.at_ms,
        "update_time_ms": order.at_ms,
        "status": "closed" if order.is_full else "cancelled",
        "currency_pair": "BTC_USDT",
        "type": "limit",
        "account": "spot",
        "side": "buy" if order.is_buy else "sell",
        "amount": str(order.quantity),
        "price": str(order.limit),
        "time_in_force": "ioc",
        "iceberg": "0",
        "left": str(order.quantity - order.filled),
        "filled_amount": str(order.filled),
        "filled_total": str(order.filled * order.limit),
        "fee": "0",
        "fee_currency": "BTC" if order.is_buy else "USDT",
        "finish_as": "filled" if order.is_full else "ioc",
    }


def _trade(row: Execution) -> Row:
    return {
        "id": str(row.number + 1),
        "create_time": str(row.at_ms // 1000),
        "create_time_ms": f"{row.at_ms}.348000",
        "currency_pair": "BTC_USDT",
        "side": "buy" if row.is_buy else "sell",
        "role": "taker",
        "amount": str(row.quantity),
        "price": str(row.price),
        "order_id": str(_FIRST_ORDER + row.order),
        "fee": str(row.fee),
        "fee_currency": row.fee_coin,
        "point_fee": "0",
        "gt_fee": "0",
        "amend_text": "-",
        "sequence_id": str(row.number),
        "text": f"t-{row.name}",
        "deal": str(row.quantity * row.price),
    }


def _waiting_row(order: Waiting, number: int) -> Row:
    return waiting_row(
        number,
        text=f"t-{order.name}",
        side="buy" if order.is_buy else "sell",
        amount=str(order.quantity),
        trigger=str(order.trigger),
    )


def waiting_row(number: int, *, trigger: str = "66000", **put: object) -> Row:
    """Return an order that waits for its trigger."""
    ordered: Row = {
        "type": "limit",
        "side": "buy",
        "price": "65000",
        "amount": "0.01",
        "account": "normal",
        "time_in_force": "gtc",
        "text": "web",
    }
    return {
        "market": "BTC_USDT",
        "user": 10001,
        "trigger": {"price": trigger, "rule": ">=", "expiration": 86_400},
        "put": ordered | put,
        "id": 1_283_293 + number,
        "ctime": 1_616_397_800,
        "status": "open",
    }


def _require_signed(asked: Asked) -> None:
    head = asked.headers
    if head.get("key") != KEY:
        raise Refusal("INVALID_KEY", "Invalid key provided", status=401)
    stamp, body = head.get("timestamp", "0"), hashlib.sha512(asked.body.encode()).hexdigest()
    said = f"{asked.method}\n{asked.path}\n{asked.query}\n{body}\n{stamp}"
    if not hmac.compare_digest(
        hmac.new(SECRET, said.encode(), hashlib.sha512).hexdigest(), head.get("sign", "")
    ):
        raise Refusal("INVALID_SIGNATURE", "Signature mismatch", status=401)
    if abs(int(stamp) * 1000 - now_ms()) > _STAMP_S * 1000:
        text = "gap between request Timestamp and server time exceeds 60"
        raise Refusal("REQUEST_EXPIRED", text, status=403)


def _require_in_time(asked: Asked) -> None:
    """Take no order after its deadline; what the refusal is called is not documented."""
    if now_ms() > int(asked.headers.get("x-gate-exptime", "0")):
        raise Refusal("EXPTIME_PASSED", "the request came after x-gate-exptime")


def _told(document: Any, *, made: bool) -> Told:
    return Told(status=201 if made else 200, body=json.dumps(document).encode())


def refused(label: str, text: str, *, status: int = 400) -> Told:
    """Return a refusal."""
    return Told(status=status, body=json.dumps({"label": label, "message": text}).encode())
