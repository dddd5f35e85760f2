"""KuCoin spot in process: one trade account, one market, prices that stand still.

Written from the documents of 2025-11: every answer has a code, 200000 for success; one code,
400100, stands for much and is told apart by its text; executions carry no name of ours and pay
their fee in the quote; lists come the newest first, executions lead on by the least number of a
page, what waits by the number of the page; what rests is told market by market; a name must be
unique among active orders only.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from tests.conformance.bitget_floor import PASSPHRASE
from tests.conformance.floors import Placed, Trouble, Truth, Waiting
from tests.conformance.spoken import Asked, Told
from tests.conformance.trading import (
    Declined,
    Execution,
    Order,
    Terms,
    Trading,
    between,
    closes_between,
    now_ms,
)
from trimtab.venues.facts import Market

Row = dict[str, Any]

_KEY, _SECRET = "local-key", b"local-secret"
_TERMS = Terms(
    is_contract=False,
    lot=Decimal("0.00000001"),
    tick=Decimal("0.1"),
    least_value=Decimal("0.1"),
    fee=Decimal("0.001"),
    bid=Decimal("59999.9"),
    ask=Decimal("60000.1"),
    depth=Decimal("0.25000000"),
    fee_in_quote=True,
    names_repeat=True,
)
_COINS = {"BTC": Decimal("0.12345678"), "USDT": Decimal("70000.00000001")}
_DECLINED = {
    "duplicate": ("400100", "validation.createOrder.clientOidDuplicated"),
    "funds": ("200004", "Balance insufficient!"),
    "grid": ("400100", "Order size increment invalid."),
}
_NOT_THERE = ("400100", "order_not_exist_or_not_allow_to_cancel")
_STAMP_MS = 5_000
_SPAN_MS = 7 * 86_400_000
_ORDERS = "/api/v1/hf/orders"
_ONE = re.compile(rf"{_ORDERS}/(?:client-order/(?P<name>[0-9A-Za-z_-]+)|(?P<number>[0-9a-f]+))")


class _Refusal(Exception):
    def __init__(self, code: str, text: str, *, status: int = 200) -> None:
        super().__init__(text)
        self.code, self.text, self.status = code, text, status


class KucoinFloor:
    """What the venue has, and how it answers."""

    page = 100

    def __init__(self, market: Market) -> None:
        assert market is Market.SPOT
        self._coins = dict(_COINS)
        self._trading = Trading(_TERMS, self._coins)
        self.main = {"USDT": Decimal("12.5")}
        """What lies in the main account."""
        self.permission = "General,Spot"
        self.pending: list[Row] = []
        """What rests, as the venue writes it."""
        self.stops: list[Row] = []
        """What waits for a trigger besides, as the venue writes it."""
        self.pairs: list[Row] = []
        """Pairs of orders, as the venue writes them."""
        self._routes: dict[tuple[str, str], Callable[[Row], Any]] = {
            ("GET", "/api/v1/timestamp"): lambda _: now_ms(),
            ("GET", "/api/v2/symbols"): self._markets,
            ("GET", "/api/v1/market/orderbook/level2_100"): self._book,
            ("GET", "/api/v1/market/candles"): self._candles,
            ("GET", "/api/v1/accounts"): self._accounts,
            ("GET", "/api/v1/user/api-key"): self._rights,
            ("GET", "/api/v1/trade-fees"): self._fees,
            ("GET", f"{_ORDERS}/active/symbols"): self._active,
            ("GET", f"{_ORDERS}/active"): self._resting,
            ("GET", f"{_ORDERS}/done"): self._past,
            ("GET", "/api/v1/hf/fills"): self._fills,
            ("GET", "/api/v1/stop-order"): self._waiting,
            ("GET", "/api/v3/oco/orders"): lambda given: _counted(self.pairs, given),
            ("POST", _ORDERS): self._create,
        }

    def answer(self, asked: Asked) -> Told:
        """Execute a request and answer it."""
        try:
            if asked.path not in _PUBLIC:
                _require_signed(asked)
            given = (
                json.loads(asked.body) if asked.method == "POST" else dict(parse_qsl(asked.query))
            )
            route = self._routes.get((asked.method, asked.path))
            told = self._of_one(asked, given) if route is None else route(given)
        except _Refusal as refusal:
            return told_no(refusal.code, refusal.text, status=refusal.status)
        return Told(body=json.dumps({"code": "200000", "data": told}).encode())

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
                return told_no(*_DECLINED["duplicate"])
            case Trouble.REFUSED:
                return told_no(*_DECLINED["funds"])
            case Trouble.TOO_FAST:
                body = json.dumps({"code": "429000", "msg": "Too many requests in a short period"})
                return Told(status=429, body=body.encode(), headers={"gw-ratelimit-reset": "12000"})
            case Trouble.BAD_TIME:
                return told_no("400002", "Invalid KC-API-TIMESTAMP", status=400)

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
        return (asked.method, asked.path) == ("POST", _ORDERS)

    def is_cancel(self, asked: Asked) -> bool:
        """Say whether a request cancels one."""
        return asked.method == "DELETE"

    def is_account(self, asked: Asked) -> bool:
        """Say whether a request reads the account."""
        return asked.path == "/api/v1/accounts"

    def is_move(self, asked: Asked) -> bool:
        """Say that nothing moves."""
        return False

    def is_time(self, asked: Asked) -> bool:
        """Say whether a request asks for the venue's time."""
        return asked.path == "/api/v1/timestamp"

    def _markets(self, _: Row) -> list[Row]:
        row = {
            "symbol": "BTC-USDT",
            "name": "BTC-USDT",
            "baseCurrency": "BTC",
            "quoteCurrency": "USDT",
            "feeCurrency": "USDT",
            "market": "USDS",
            "baseMinSize": "0.00001",
            "quoteMinSize": "0.1",
            "baseMaxSize": "10000000000",
            "quoteMaxSize": "99999999",
            "baseIncrement": str(_TERMS.lot),
            "quoteIncrement": "0.000001",
            "priceIncrement": str(_TERMS.tick),
            "priceLimitRate": "0.1",
            "minFunds": str(_TERMS.least_value),
            "isMarginEnabled": True,
            "enableTrading": True,
            "takerFeeCoefficient": "1.00",
            "st": False,
            "callauctionIsEnabled": False,
        }
        return [row]

    def _book(self, given: Row) -> Row:
        _market(given)
        return {
            "time": now_ms(),
            "sequence": "14610502970",
            "bids": [[str(_TERMS.bid), str(_TERMS.depth)], ["59999.0", "2"]],
            "asks": [[str(_TERMS.ask), str(_TERMS.depth)], ["60001.0", "2"]],
        }

    def _candles(self, given: Row) -> list[list[str]]:
        _market(given)
        if given["type"] != "1day":
            raise _Refusal("400100", "type is invalid")
        first, last = (int(given[name]) * 1000 for name in ("startAt", "endAt"))
        days = closes_between(first, last)
        return [[str(at // 1000), "1", close, "2", "0.5", "9", "9"] for at, close in days][::-1]

    def _accounts(self, given: Row) -> list[Row]:
        held = [("trade", self._coins | {"ETH": Decimal(0)}), ("main", self.main)]
        return [
            {
                "id": str(548_674_591_753 + number),
                "currency": coin,
                "type": kind,
                "balance": str(units),
                "available": str(units),
                "holds": "0",
            }
            for kind, coins in held
            for number, (coin, units) in enumerate(coins.items())
            if given.get("type", kind) == kind
        ]

    def _rights(self, _: Row) -> Row:
        return {
            "remark": "trimtab",
            "apiKey": _KEY,
            "apiVersion": 3,
            "permission": self.permission,
            "ipWhitelist": "203.0.113.7",
            "createdAt": 1_728_443_843_000,
            "uid": 165_111_215,
            "isMaster": True,
        }

    def _fees(self, given: Row) -> list[Row]:
        if given["symbols"] != "BTC-USDT":
            raise _Refusal("400100", "Unsupported trading pair.")
        return [{"symbol": "BTC-USDT", "takerFeeRate": str(_TERMS.fee), "makerFeeRate": "0.001"}]

    def _of_one(self, asked: Asked, given: Row) -> Any:
        found = _ONE.fullmatch(asked.path)
        if found is None or asked.method not in {"GET", "DELETE"}:
            raise _Refusal("404000", "Url Not Found", status=404)
        _market(given)
        for order in self._trading.taken[::-1]:
            if order.name == found["name"] or _order_id(order.number) == found["number"]:
                if asked.method == "GET":
                    return _order(order)
                break  # Every order here ends at once.
        raise _Refusal(*_NOT_THERE)

    def _active(self, _: Row) -> Row:
        return {"symbols": sorted({row["symbol"] for row in self.pending})}

    def _resting(self, given: Row) -> list[Row]:
        _market(given)
        return [row for row in self.pending if row["symbol"] == given["symbol"]]

    def _past(self, given: Row) -> Row:
        _market(given)
        rows = [_order(order) for order in self._trading.taken[::-1]]
        return {"lastId": len(rows), "items": rows[: _limit(given)]}

    def _fills(self, given: Row) -> Row:
        _market(given)
        first, last = int(given["startAt"]), int(given["endAt"])
        if last - first > _SPAN_MS:
            raise _Refusal("400100", "The time range cannot exceed 7 days")
        rows = [_execution(row) for row in between(self._trading.executions, first, last)][::-1]
        if "lastId" in given:
            rows = [row for row in rows if row["id"] < int(given["lastId"])]
        page = rows[: _limit(given)]
        return {"items": page, "lastId": page[-1]["id"] if page else 0}

    def _waiting(self, given: Row) -> Row:
        rows = [stop_row(order, number) for number, order in enumerate(self._trading.waiting)]
        return _counted(rows + self.stops, given)

    def _create(self, given: Row) -> Row:
        _market(given)
        if (given["type"], given["timeInForce"]) != ("limit", "IOC"):
            raise _Refusal("400100", "timeInForce is invalid")
        if not all(isinstance(given[name], str) for name in ("size", "price", "clientOid")):
            raise _Refusal("400100", "size is invalid")
        try:
            order = self._trading.place(
                name=given["clientOid"],
                is_buy=given["side"] == "buy",
                quantity=Decimal(given["size"]),
                limit=Decimal(given["price"]),
            )
        except Declined as declined:
            raise _Refusal(*_DECLINED[declined.why]) from declined
        return {"orderId": _order_id(order.number), "clientOid": order.name}


_PUBLIC = (
    "/api/v1/timestamp",
    "/api/v2/symbols",
    "/api/v1/market/orderbook/level2_100",
    "/api/v1/market/candles",
)


def told_no(code: str, text: str, *, status: int = 200) -> Told:
    """Return how it is told that something was declined."""
    return Told(status=status, body=json.dumps({"code": code, "msg": text}).encode())


def stop_row(order: Waiting, number: int) -> Row:
    """Return how a stop at market is told."""
    return {
        "id": f"vs93gptvr9t2fsql003l8k{number:02d}",
        "symbol": "BTC-USDT",
        "status": "NEW",
        "type": "market",
        "side": "buy" if order.is_buy else "sell",
        "price": None,
        "size": f"{order.quantity:.20f}",
        "funds": None,
        "timeInForce": "GTC",
        "clientOid": order.name,
        "tradeType": "TRADE",
        "createdAt": now_ms(),
        "stop": "loss",
        "stopPrice": f"{order.trigger:.20f}",
    }


def order_row(**changed: object) -> Row:
    """Return a sell by hand that rests, as the venue writes it."""
    order = Order(
        number=900,
        name="by-hand",
        is_buy=False,
        quantity=Decimal("0.002"),
        limit=Decimal(65_000),
        filled=Decimal(0),
        reduces=False,
        at_ms=now_ms(),
    )
    return _order(order) | {"timeInForce": "GTC", "active": True, "cancelledSize": "0"} | changed


def _order_id(number: int) -> str:
    return f"670fd33bf9406e00{0x07AB3945 + number:08x}"


def _order(order: Order) -> Row:
    return {
        "id": _order_id(order.number),
        "clientOid": order.name,
        "symbol": "BTC-USDT",
        "opType": "DEAL",
        "type": "limit",
        "side": "buy" if order.is_buy else "sell",
        "price": str(order.limit),
        "size": str(order.quantity),
        "funds": str(order.limit * order.quantity),
        "dealSize": str(order.filled),
        "remainSize": "0",
        "cancelledSize": str(order.quantity - order.filled),
        "feeCurrency": "USDT",
        "timeInForce": "IOC",
        "tradeType": "TRADE",
        "inOrderBook": False,
        "active": False,
        "createdAt": order.at_ms,
        "lastUpdatedAt": order.at_ms,
    }


def _execution(row: Execution) -> Row:
    return {
        "id": 19_814_995_255_305 + row.number,
        "orderId": _order_id(row.order),
        "counterOrderId": "67174228135f9e000709da8c",
        "tradeId": 11_029_373_945_659_392 + row.number,
        "symbol": "BTC-USDT",
        "side": "buy" if row.is_buy else "sell",
        "liquidity": "taker",
        "type": "limit",
        "forceTaker": False,
        "price": str(row.price),
        "size": str(row.quantity),
        "funds": str(row.price * row.quantity),
        "fee": str(row.fee),
        "feeRate": str(_TERMS.fee),
        "feeCurrency": row.fee_coin,
        "stop": "",
        "tradeType": "TRADE",
        "taxRate": "0",
        "tax": "0",
        "createdAt": row.at_ms,
    }


def _counted(rows: list[Row], given: Row) -> Row:
    """Return a page of a list that counts its pages."""
    size, page = int(given.get("pageSize", 50)), int(given.get("currentPage", 1))
    return {
        "currentPage": page,
        "pageSize": size,
        "totalNum": len(rows),
        "totalPage": -(-len(rows) // size),
        "items": rows[(page - 1) * size : page * size],
    }


def _limit(given: Row) -> int:
    count = int(given.get("limit", 20))
    if not 1 <= count <= 100:
        raise _Refusal("400100", "limit should not be greater than 100")
    return count


def _market(given: Row) -> None:
    if given.get("symbol") != "BTC-USDT":
        raise _Refusal("400100", "Unsupported trading pair.")


def _require_signed(asked: Asked) -> None:
    """Refuse what is not signed, or signed at another time."""
    head = asked.headers

    def signed(text: str) -> str:
        return base64.b64encode(hmac.new(_SECRET, text.encode(), hashlib.sha256).digest()).decode()

    stamp = head.get("kc-api-timestamp", "")
    query = f"?{asked.query}" if asked.query else ""
    if head.get("kc-api-key") != _KEY:
        raise _Refusal("400003", "KC-API-KEY not exists", status=401)
    if head.get("kc-api-passphrase") != signed(PASSPHRASE):
        raise _Refusal("400004", "Invalid KC-API-PASSPHRASE", status=401)
    if head.get("kc-api-sign") != signed(f"{stamp}{asked.method}{asked.path}{query}{asked.body}"):
        raise _Refusal("400005", "Invalid KC-API-SIGN", status=401)
    if "kc-api-partner" in head:
        raise _Refusal("400200", "Unknown partner.", status=400)
    if abs(int(stamp) - now_ms()) > _STAMP_MS:
        raise _Refusal("400002", "Invalid KC-API-TIMESTAMP", status=400)
