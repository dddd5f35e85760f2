"""MEXC in process: coins by the spot API v3, contracts by v1, prices that stand still.

Written from the documentation of v3 (2026-04): refusals come with 400 and a code, the answer to an
order repeats no name of ours, an order that nobody knows is told by -2013, executions name no
order of ours and have numbers that do not rise, and a list of them holds a hundred at most.
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
from tests.conformance.mexc_linear import LinearDesk
from tests.conformance.mexc_linear import Refusal as ContractRefusal
from tests.conformance.spoken import Asked, Told
from tests.conformance.trading import (
    DAY_MS,
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

KEY, SECRET = "local-key", b"local-secret"
_TERMS = Terms(
    is_contract=False,
    lot=Decimal("0.000001"),
    tick=Decimal("0.01"),
    least_value=Decimal(1),
    fee=Decimal("0.0005"),
    bid=Decimal("59999.90"),
    ask=Decimal("60000.10"),
    depth=Decimal("0.250000"),
)
_DECLINED = {
    "duplicate": (30999, "duplicate order"),
    "funds": (30004, "Insufficient position"),
    "grid": (10096, "amount decimal places is too long"),
}
"""What a second order under a name is told is written nowhere: here, a code of no table."""
_V1 = "/api/v1"
_CONTRACT_TROUBLES = {
    Trouble.DUPLICATE: (2042, "External order ID is repeated"),
    Trouble.REFUSED: LinearDesk.too_little,
    Trouble.TOO_FAST: (510, "Requests are too frequent, please try again later"),
    Trouble.BAD_TIME: (513, "Invalid request"),
}
COINS = {"BTC": Decimal("0.12345678"), "USDT": Decimal("70000.00000001")}
_LISTED = 100


class MexcFloor:
    """What a venue of v3 has, and how it answers."""

    page = _LISTED

    def __init__(self, market: Market) -> None:
        self._is_linear = market is Market.LINEAR
        self.rests = False
        """Whether what is left of an order stays on the book, whatever its type says."""
        self.oldest_first = False
        """Which end of a list of executions a full answer holds: it is not documented."""
        self._trading = Trading(_TERMS, dict(COINS))
        self.linear = LinearDesk(self._trading.coins)
        self._off = set[int]()
        """Orders that were taken off by hand."""
        self._routes: dict[tuple[str, str], Callable[[Row], Any]] = {
            ("GET", "/api/v3/time"): lambda _: {"serverTime": now_ms()},
            ("GET", "/api/v3/exchangeInfo"): self._markets,
            ("GET", "/api/v3/depth"): self._book,
            ("GET", "/api/v3/klines"): self._klines,
            ("GET", "/api/v3/account"): self._account,
            ("GET", "/api/v3/tradeFee"): self._fee,
            ("GET", "/api/v3/apiKeyInfo"): self._rights,
            ("GET", "/api/v3/order"): self._order,
            ("GET", "/api/v3/openOrders"): self._open,
            ("GET", "/api/v3/allOrders"): self._all,
            ("GET", "/api/v3/myTrades"): self._fills,
            ("POST", "/api/v3/order"): self._place,
            ("DELETE", "/api/v3/order"): self._cancel,
        }

    def answer(self, asked: Asked) -> Told:
        """Execute a request and answer it."""
        if asked.path.startswith(_V1):
            return self._contracts(asked)
        route = self._routes.get((asked.method, asked.path))
        if route is None:
            return Told(status=404, body=b"")
        given = dict(parse_qsl(asked.query))
        try:
            if asked.path not in _PUBLIC:
                _require_signed(asked, given)
            return _told(route(given))
        except Refusal as refusal:
            return _refused(refusal.code, refusal.text)

    def _contracts(self, asked: Asked) -> Told:
        """Execute a request about contracts and answer it."""
        route = self.linear.route(asked.method, asked.path.removeprefix(f"{_V1}/"))
        if route is None:
            return Told(status=404, body=b"")
        said = asked.body if asked.method == "POST" else asked.query
        given: Any = dict(parse_qsl(asked.query))
        if asked.method == "POST":
            given = json.loads(asked.body, parse_float=Decimal)
        try:
            if "/private/" in asked.path:
                _require_stamped(asked, said)
            return _told({"success": True, "code": 0, "data": route(given)})
        except ContractRefusal as refusal:
            return _declined(refusal.code, refusal.text)

    def truth(self) -> Truth:
        """Return what the market of the case and the account really are."""
        return self._traded.truth()

    @property
    def _traded(self) -> Trading:
        """The market of the case."""
        return self.linear.trading if self._is_linear else self._trading

    def orders(self) -> list[Placed]:
        """Return every order that was really taken, oldest first."""
        return self._traded.placed()

    def trouble(self, kind: Trouble) -> Told:
        """Return how this venue says that something is wrong."""
        if self._is_linear:
            return _declined(*_CONTRACT_TROUBLES[kind])
        match kind:
            case Trouble.DUPLICATE:
                return _refused(*_DECLINED["duplicate"])
            case Trouble.REFUSED:
                return _refused(*_DECLINED["funds"])
            case Trouble.TOO_FAST:
                body = _refused(429, "Too Many Requests").body
                return Told(status=429, body=body, headers={"Retry-After": "5"})
            case Trouble.BAD_TIME:
                return _refused(700003, "Timestamp for this request is outside of the recvWindow.")

    def trade_often(self, count: int) -> None:
        """Have *count* executions of an older order of ours in the list of executions."""
        self._traded.trade_often(count)

    def pay_funding(self) -> None:
        """Settle funding once; coins pay none."""
        self.linear.trading.pay_funding()

    def let_wait(self, order: Waiting) -> None:
        """Do nothing: no list of its API is said to have *order*."""

    def is_order(self, asked: Asked) -> bool:
        """Say whether a request places an order."""
        at = f"{_V1}/private/order/create" if self._is_linear else "/api/v3/order"
        return (asked.method, asked.path) == ("POST", at)

    def is_cancel(self, asked: Asked) -> bool:
        """Say whether a request cancels one."""
        cancels = {("DELETE", "/api/v3/order"), ("POST", f"{_V1}/private/order/cancel")}
        return (asked.method, asked.path) in cancels

    def is_account(self, asked: Asked) -> bool:
        """Say whether a request reads the account of the market of the case."""
        at = f"{_V1}/private/account/assets" if self._is_linear else "/api/v3/account"
        return asked.path == at

    def is_move(self, asked: Asked) -> bool:
        """Say that nothing moves: we move nothing here."""
        return False

    def is_time(self, asked: Asked) -> bool:
        """Say whether a request asks for the venue's time."""
        return asked.path == (f"{_V1}/contract/ping" if self._is_linear else "/api/v3/time")

    def _markets(self, given: Row) -> Row:
        row = {
            "symbol": "BTCUSDT",
            "status": "1",
            "baseAsset": "BTC",
            "baseAssetPrecision": 6,
            "quoteAsset": "USDT",
            "quotePrecision": 2,
            "quoteAssetPrecision": 2,
            "baseCommissionPrecision": 6,
            "quoteCommissionPrecision": 2,
            "orderTypes": ["LIMIT", "MARKET", "LIMIT_MAKER"],
            "isSpotTradingAllowed": True,
            "isMarginTradingAllowed": False,
            "quoteAmountPrecision": "1.000000000000000000000000000000",
            "baseSizePrecision": "0.000001",
            "permissions": ["SPOT"],
            "filters": [
                {
                    "filterType": "PERCENT_PRICE_BY_SIDE",
                    "bidMultiplierUp": "0.005",
                    "askMultiplierDown": "0.004",
                }
            ],
            "maxQuoteAmount": "2000000.000000000000000000000000000000",
            "makerCommission": "0",
            "takerCommission": "0.0005",
            "tradeSideType": "1",
        }
        return {
            "timezone": "CST",
            "serverTime": now_ms(),
            "rateLimits": [],
            "exchangeFilters": [],
            "symbols": [row],
        }

    def _book(self, given: Row) -> Row:
        _known(given)
        return {
            "lastUpdateId": 20453289489,
            "bids": [[str(_TERMS.bid), str(_TERMS.depth)], ["59999.00", "2.000000"]],
            "asks": [[str(_TERMS.ask), str(_TERMS.depth)], ["60001.00", "2.000000"]],
            "timestamp": now_ms(),
        }

    def _klines(self, given: Row) -> list[list[Any]]:
        _known(given)
        if given["interval"] != "1d" or int(given["limit"]) > 1000:
            raise Refusal(-1121, "Invalid interval.")
        days = closes_between(int(given["startTime"]), int(given["endTime"]))
        return [
            [at, "1", "2", "0.5", close, "9", at + DAY_MS, "9"]
            for at, close in days[: int(given["limit"])]
        ]

    def _account(self, _: Row) -> Row:
        balances = [
            {"asset": coin, "free": str(units), "locked": "0", "available": str(units)}
            for coin, units in {**self._trading.coins, "ETH": Decimal(0)}.items()
        ]
        return {
            "makerCommission": None,
            "takerCommission": None,
            "canTrade": True,
            "canWithdraw": True,
            "canDeposit": True,
            "updateTime": None,
            "accountType": "SPOT",
            "balances": balances,
            "permissions": ["SPOT"],
        }

    def _fee(self, given: Row) -> Row:
        _known(given)
        return wrapped({"makerCommission": 0, "takerCommission": float(_TERMS.fee)})

    def _rights(self, given: Row) -> Row:
        if given.get("accessKey") != KEY:
            raise Refusal(730706, "API KEY information does not exist")
        return {
            "note": "trimtab",
            "accessKey": KEY,
            "createTime": "2026-09-14T18:53:36.000+00:00",
            "permissions": "SPOT_ACCOUNT_READ,SPOT_DEAL_READ,SPOT_DEAL_WRITE,"
            "CONTRACT_ACCOUNT_READ,CONTRACT_DEAL_READ,CONTRACT_DEAL_WRITE",
            "remainingValidity": 82,
            "ipWhiteList": "",
            "status": "VALID",
        }

    def _order(self, given: Row) -> Row:
        _known(given)
        asks = {"clientOrderId": "origClientOrderId", "orderId": "orderId"}
        wanted = {field: given[name] for field, name in asks.items() if name in given}
        if not wanted:
            raise Refusal(700004, "Param 'origClientOrderId' or 'orderId' must be sent")
        for row in self._listed():
            if all(row[field] == value for field, value in wanted.items()):
                return row
        raise Refusal(-2013, "Order does not exist.")

    def _open(self, given: Row) -> list[Row]:
        if "symbol" in given:
            _known(given)
        return [row for row in self._listed() if row["isWorking"]]

    def _all(self, given: Row) -> list[Row]:
        _known(given)
        first = int(given.get("startTime", now_ms() - DAY_MS))
        last = int(given.get("endTime", now_ms()))
        found = [row for row in self._listed() if first <= row["time"] <= last]
        return found[::-1][: int(given.get("limit", 500))]

    def _listed(self) -> list[Row]:
        return [self._shown(order) for order in self._trading.taken]

    def _fills(self, given: Row) -> list[Row]:
        _known(given)
        if int(given.get("limit", _LISTED)) > _LISTED:
            raise Refusal(730002, "Parameter error")
        first = max(int(given.get("startTime", 0)), now_ms() - 30 * DAY_MS)
        rows = between(self._trading.executions, first, int(given.get("endTime", now_ms())))
        found = [_trade(row) for row in rows]
        return found[:: 1 if self.oldest_first else -1][: int(given.get("limit", _LISTED))]

    def _place(self, given: Row) -> Row:
        _known(given)
        if given["type"] != "IMMEDIATE_OR_CANCEL":
            raise Refusal(30041, "current order type can not place order")
        quantity, limit = Decimal(given["quantity"]), Decimal(given["price"])
        if quantity * limit < _TERMS.least_value:
            raise Refusal(30002, "The minimum transaction volume cannot be less than:1USDT")
        try:
            order = self._trading.place(
                name=given["newClientOrderId"],
                is_buy=given["side"] == "BUY",
                quantity=quantity,
                limit=limit,
            )
        except Declined as no:
            raise Refusal(*_DECLINED[no.why]) from no
        told = ("symbol", "orderId", "orderListId", "price", "origQty", "type", "side")
        shown = self._shown(order)
        return {name: shown[name] for name in told} | {"transactTime": order.at_ms}

    def _shown(self, order: Order) -> Row:
        rests = self.rests and not order.is_full and order.number not in self._off
        part = "PARTIALLY_" if order.filled else ""
        left = ("PARTIALLY_FILLED" if part else "NEW") if rests else f"{part}CANCELED"
        return {
            "symbol": "BTCUSDT",
            "orderId": _order_id(order.number),
            "orderListId": -1,
            "clientOrderId": order.name,
            "price": str(order.limit),
            "origQty": str(order.quantity),
            "executedQty": str(order.filled),
            "cummulativeQuoteQty": str(order.filled * order.limit),
            "status": "FILLED" if order.is_full else left,
            "timeInForce": None,
            "type": "IMMEDIATE_OR_CANCEL",
            "side": "BUY" if order.is_buy else "SELL",
            "stopPrice": None,
            "time": order.at_ms,
            "updateTime": order.at_ms,
            "isWorking": rests,
            "origQuoteOrderQty": str(order.quantity * order.limit),
        }

    def _cancel(self, given: Row) -> Row:
        _known(given)
        for order in self._trading.taken:
            shown = self._shown(order)
            if shown["orderId"] == given.get("orderId") and shown["isWorking"]:
                self._off.add(order.number)
                return {**self._shown(order), "origClientOrderId": order.name}
        raise Refusal(-2011, "Unknown order sent.")


_PUBLIC = frozenset(f"/api/v3/{name}" for name in ("time", "exchangeInfo", "depth", "klines"))


class Refusal(Exception):
    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


def wrapped(result: Row) -> Row:
    """Return an answer of the kind that carries its code also when all is well."""
    return {"data": result, "code": 0, "msg": "success", "timestamp": now_ms()}


def _known(given: Row) -> None:
    if given.get("symbol") != "BTCUSDT":
        raise Refusal(-1121, "Invalid symbol.")


def _order_id(number: int) -> str:
    return f"C02__{510_861_197_621_391_376_028 + number}"


def _trade(row: Execution) -> Row:
    """Return an execution; its number is as good as drawn by lot, and it names no order of ours."""
    return {
        "symbol": "BTCUSDT",
        "id": hashlib.md5(str(row.number).encode(), usedforsecurity=False).hexdigest(),
        "orderId": _order_id(row.order),
        "orderListId": -1,
        "price": str(row.price),
        "qty": str(row.quantity),
        "quoteQty": str(row.quantity * row.price),
        "commission": str(row.fee),
        "commissionAsset": row.fee_coin,
        "time": row.at_ms,
        "isBuyer": row.is_buy,
        "isMaker": False,
        "isBestMatch": True,
        "isSelfTrade": False,
        "clientOrderId": None,
    }


def _require_signed(asked: Asked, given: Row) -> None:
    if asked.headers.get("x-mexc-apikey") != KEY.lower():
        raise Refusal(10072, "invalid access key")
    said, _, signature = asked.query.rpartition("&signature=")
    if not hmac.compare_digest(
        hmac.new(SECRET, said.encode(), hashlib.sha256).hexdigest(), signature
    ):
        raise Refusal(700002, "Signature for this request is not valid.")
    late_ms, window_ms = now_ms() - int(given["timestamp"]), int(given.get("recvWindow", 5000))
    if window_ms > 60_000:
        raise Refusal(700005, "recvWindow must less than 60000")
    if late_ms <= -1000 or late_ms > window_ms:
        raise Refusal(700003, "Timestamp for this request is outside of the recvWindow.")


def _require_stamped(asked: Asked, said: str) -> None:
    """Hold a request about contracts against its headers."""
    key, at = asked.headers.get("apikey", ""), asked.headers.get("request-time", "0")
    signed = hmac.new(SECRET, f"{key}{at}{said}".encode(), hashlib.sha256).hexdigest()
    if key != KEY or not hmac.compare_digest(signed, asked.headers.get("signature", "")):
        raise ContractRefusal(602, "Signature verification failed!")
    if not -2000 <= now_ms() - int(at) <= 10_000:
        raise ContractRefusal(513, "Invalid request")


def _declined(code: int, text: str) -> Told:
    document = {"success": False, "code": code, "message": text}
    return Told(body=json.dumps(document).encode())


def _told(document: Any) -> Told:
    return Told(body=json.dumps(document).encode())


def _refused(code: int, text: str) -> Told:
    document = {"code": code, "msg": text, "_extend": None}
    return Told(status=400, body=json.dumps(document).encode())
