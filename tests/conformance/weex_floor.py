"""WEEX v3 in process: coins and contracts, one market each, prices that stand still.

Written from the documentation of v3: an order's answer says only that it was received, a name is
taken only while its order rests, executions carry no name and do not say in what the fee is, and
their list has no pages. What the documents leave open is answered in the less welcome way: lists
in no order, and an ended order that cannot be cancelled with a status of its own.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from tests.conformance.bitget_floor import PASSPHRASE
from tests.conformance.floors import Placed, Trouble, Truth, Waiting
from tests.conformance.spoken import Asked, Told
from tests.conformance.trading import closes_between, now_ms
from tests.conformance.weex_linear import THIN, ContractDesk
from tests.conformance.weex_linear import Refusal as ContractRefusal
from trimtab.venues.facts import Market

Row = dict[str, Any]

_KEY, _SECRET = "local-key", b"local-secret"
_WINDOW_MS = 30_000
_BID, _ASK = Decimal("59999.9"), Decimal("60000.1")
_DEPTH = Decimal("0.250000")
_FEE = Decimal("0.001")
_COINS = {"BTC": Decimal("0.12345678"), "USDT": Decimal("70000.00000001")}
_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
_DAY_MS = 86_400_000
_SPAN_MS = 7 * _DAY_MS
"""The venue bounds the time of a question without saying how; so much is taken here."""
_PAGES = {"/api/v3/allOrders": (100, 1000), "/api/v3/myTrades": (100, 100)}
"""Rows in an answer: usual and at most."""
_ORDER = "/api/v3/order"
_CAPI = "/capi/v3/"
_PUBLIC = ("/api/v3/time", "/api/v3/exchangeInfo", "/api/v3/market/")


class WeexFloor:
    """What a venue of v3 has, and how it answers."""

    page = 100

    def __init__(self, market: Market) -> None:
        self._is_linear = market is Market.LINEAR
        self._orders: list[Row] = []
        self._trades: list[Row] = []
        self._coins = dict(_COINS)
        self.linear = ContractDesk(self._coins)
        self._routes: dict[tuple[str, str], Callable[[Row], Any]] = {
            ("GET", "/api/v3/time"): lambda _: {"serverTime": now_ms()},
            ("GET", "/api/v3/exchangeInfo"): self._markets,
            ("GET", "/api/v3/market/depth"): self._book,
            ("GET", "/api/v3/market/klines"): self._klines,
            ("GET", "/api/v3/account/"): self._account,
            ("GET", _ORDER): self._order,
            ("GET", "/api/v3/openOrders"): self._resting,
            ("GET", "/api/v3/allOrders"): self._past,
            ("GET", "/api/v3/myTrades"): self._executions,
            ("POST", _ORDER): self._create,
            ("DELETE", _ORDER): self._cancel,
        }

    def answer(self, asked: Asked) -> Told:
        """Execute a request and answer it."""
        if asked.path.startswith(_CAPI):
            return self._contracts(asked)
        route = self._routes.get((asked.method, asked.path))
        if route is None:
            return _refused(-1150, "Request method not supported.", status=405)
        if not asked.path.startswith(_PUBLIC) and (fault := _unsigned(asked)):
            return fault
        given = json.loads(asked.body) if asked.method == "POST" else dict(parse_qsl(asked.query))
        try:
            return Told(body=json.dumps(route(given)).encode())
        except _Refusal as refusal:
            return _refused(refusal.code, refusal.text)

    def _contracts(self, asked: Asked) -> Told:
        """Execute a request about contracts and answer it."""
        path = asked.path.removeprefix(_CAPI)
        route = self.linear.routes.get((asked.method, path))
        if route is None or asked.host != "api-contract.weex.com":
            return _refused(-1150, "Request method not supported.", status=405)
        if not path.startswith("market/") and (fault := _unsigned(asked)):
            return fault
        given = json.loads(asked.body) if asked.method == "POST" else dict(parse_qsl(asked.query))
        try:
            return Told(body=json.dumps(route(given)).encode())
        except ContractRefusal as refusal:
            return _refused(refusal.code, refusal.text)

    def truth(self) -> Truth:
        """Return what the market and the account really are."""
        if self._is_linear:
            return replace(self.linear.trading.truth(), ask_quantity=THIN)
        return Truth(
            lot=Decimal("0.000001"),
            tick=Decimal("0.1"),
            contract_size=Decimal(1),
            least_value=Decimal(0),
            coins=dict(self._coins),
            bid=_BID,
            bid_quantity=_DEPTH,
            ask=_ASK,
            ask_quantity=_DEPTH,
            position=Decimal(0),
            entry=Decimal(0),
        )

    def orders(self) -> list[Placed]:
        """Return every order that was really taken, oldest first."""
        if self._is_linear:
            return self.linear.trading.placed()
        return [
            Placed(
                name=row["clientOrderId"],
                is_buy=row["side"] == "BUY",
                quantity=Decimal(row["origQty"]),
                limit=Decimal(row["price"]),
                filled=Decimal(row["executedQty"]),
            )
            for row in self._orders
        ]

    def trouble(self, kind: Trouble) -> Told:
        """Return how this venue says that something is wrong.

        No document says how it tells that too little is free; a refusal is one of a right.
        """
        match kind:
            case Trouble.DUPLICATE:
                raise AssertionError("the venue refuses no name: it answers as for the first")
            case Trouble.REFUSED:
                return _refused(-1052, "Insufficient permissions for this action.")
            case Trouble.TOO_FAST:
                return Told(status=429, body=b"")
            case Trouble.BAD_TIME:
                return _refused(-1046, "Request timestamp expired.")

    def trade_often(self, count: int) -> None:
        """Have *count* executions of an older order of ours in the list of executions."""
        if self._is_linear:
            self.linear.trading.trade_often(count)
            return
        began = now_ms() - count - 1000
        rows = [
            _trade(number, at_ms=began + number // 3, quantity=Decimal("0.001"), order=1, buys=True)
            for number in range(count)
        ]
        self._trades = rows[1::2] + rows[::2]

    def pay_funding(self) -> None:
        """Settle funding once; coins pay none."""
        self.linear.trading.pay_funding()

    def let_wait(self, order: Waiting) -> None:
        """Have *order* wait in contracts; no list is said to have one of coins."""
        self.linear.trading.waiting.append(order)

    def is_order(self, asked: Asked) -> bool:
        """Say whether a request places an order."""
        return (asked.method, asked.path) in {("POST", _ORDER), ("POST", f"{_CAPI}order")}

    def is_cancel(self, asked: Asked) -> bool:
        """Say whether a request cancels one."""
        return (asked.method, asked.path) in {("DELETE", _ORDER), ("DELETE", f"{_CAPI}order")}

    def is_account(self, asked: Asked) -> bool:
        """Say whether a request reads the account of the market of the case."""
        return asked.path == (f"{_CAPI}account/balance" if self._is_linear else "/api/v3/account/")

    def is_move(self, asked: Asked) -> bool:
        """Say that nothing moves: a key has no call for it."""
        return False

    def is_time(self, asked: Asked) -> bool:
        """Say whether a request asks for the venue's time."""
        return asked.path == (f"{_CAPI}market/time" if self._is_linear else "/api/v3/time")

    def _markets(self, _: Row) -> Row:
        row = {
            "symbol": "BTCUSDT",
            "status": "TRADING",
            "baseAsset": "BTC",
            "baseAssetPrecision": 8,
            "quoteAsset": "USDT",
            "quoteAssetPrecision": 8,
            "tickSize": "0.1",
            "stepSize": "0.000001",
            "minTradeAmount": "0.00001",
            "maxTradeAmount": "99999",
            "takerFeeRate": str(_FEE),
            "makerFeeRate": "0.001",
            "buyLimitPriceRatio": "0.1",
            "sellLimitPriceRatio": "0.1",
            "marketBuyLimitSize": "99999",
            "enableTrade": True,
            "enableDisplay": True,
        }
        return {"timezone": "UTC", "serverTime": now_ms(), "symbols": [row]}

    def _book(self, given: Row) -> Row:
        _market(given)
        if given.get("limit", "15") not in {"15", "200"}:
            raise _Refusal(-1140, "Parameter validation failed.")
        return {
            "lastUpdateId": 451_234_567_890,
            "bids": [[str(_BID), str(_DEPTH)], ["59999.0", "2.000000"]],
            "asks": [[str(_ASK), str(_DEPTH)], ["60001.0", "2.000000"]],
        }

    def _klines(self, given: Row) -> list[list[Any]]:
        _market(given)
        if given.keys() != {"symbol", "interval"}:
            raise _Refusal(-1142, "Parameter is invalid.")
        days = closes_between(now_ms() - 300 * _DAY_MS, now_ms())
        return [
            [
                at,
                *("1", "2", "0.5", close, "9"),
                at + _DAY_MS - 1,
                "540000",
                12,
                "4",
                "240000",
            ]
            for at, close in days
        ]

    def _account(self, _: Row) -> Row:
        return {
            "makerCommission": 10,
            "takerCommission": 10,
            "commissionRates": {"maker": "0.0010", "taker": "0.0010"},
            "canTrade": True,
            "canWithdraw": True,
            "canDeposit": True,
            "permissions": ["SPOT_TRADING"],
            "balances": [
                {"asset": coin, "free": str(units), "locked": "0"}
                for coin, units in {**self._coins, "ETH": Decimal(0)}.items()
            ],
            "uid": 1_002_003_004,
        }

    def _order(self, given: Row) -> Row:
        found = self._chosen(given)
        if found is None:
            raise _Refusal(-2200, "Order does not exist.")
        return found

    def _chosen(self, given: Row) -> Row | None:
        if "orderId" not in given and "origClientOrderId" not in given:
            raise _Refusal(-1140, "Either orderId or origClientOrderId must be sent.")
        for row in self._orders[::-1]:
            is_named = row["clientOrderId"] == given.get("origClientOrderId")
            if is_named or str(row["orderId"]) == given.get("orderId"):
                return row
        return None

    def _resting(self, given: Row) -> list[Row]:
        if "symbol" in given:
            _market(given)
        return []  # Every order here ends at once.

    def _past(self, given: Row) -> list[Row]:
        _market(given)
        found = self._within(given, self._orders)
        count = _count(given, "/api/v3/allOrders")
        start = (int(given.get("page", 1)) - 1) * count
        return found[start : start + count]

    def _executions(self, given: Row) -> list[Row]:
        _market(given)
        found = self._within(given, self._trades)
        if "orderId" in given:
            found = [row for row in found if str(row["orderId"]) == given["orderId"]]
        return found[: _count(given, "/api/v3/myTrades")]

    @staticmethod
    def _within(given: Row, rows: list[Row]) -> list[Row]:
        first, last = int(given.get("startTime", 0)), int(given.get("endTime", 2**53))
        if first > last:
            raise _Refusal(-1171, "startTime cannot be greater than endTime.")
        if "startTime" in given and last - first > _SPAN_MS:
            raise _Refusal(-1170, "Time range cannot exceed 7 days.")
        return [row for row in rows if first <= row["time"] <= last]

    def _create(self, given: Row) -> Row:
        _market(given)
        if given["type"] != "LIMIT" or given["timeInForce"] != "IOC":
            raise _Refusal(-1115, "Invalid timeInForce.")
        if not _NAME.fullmatch(given["newClientOrderId"]):
            raise _Refusal(-1180, "client_oid length must not exceed 40.")
        quantity, limit = Decimal(given["quantity"]), Decimal(given["price"])
        if quantity % Decimal("0.000001") or limit % Decimal("0.1"):
            raise _Refusal(-1160, "Decimal precision error.")
        is_buy = given["side"] == "BUY"
        if (quantity * limit if is_buy else quantity) > self._coins["USDT" if is_buy else "BTC"]:
            raise _Refusal(-1054, "FAILED_PRECONDITION: amount not enough")
        crosses = limit >= _ASK if is_buy else limit <= _BID
        filled = min(quantity, _DEPTH) if crosses else Decimal(0)
        number, at_ms = 702_345_678_901_234_567 + len(self._orders), now_ms()
        self._orders.append(
            {
                "symbol": given["symbol"],
                "orderId": number,
                "clientOrderId": given["newClientOrderId"],
                "price": given["price"],
                "origQty": given["quantity"],
                "executedQty": str(filled),
                "cummulativeQuoteQty": str(filled * (_ASK if is_buy else _BID)),
                "status": "FILLED" if filled == quantity else "CANCELED",
                "timeInForce": "IOC",
                "type": "LIMIT",
                "side": given["side"],
                "time": at_ms,
                "updateTime": at_ms,
                "isWorking": False,
            }
        )
        if filled:
            self._fill(number, is_buy=is_buy, filled=filled)
        return {
            "symbol": given["symbol"],
            "orderId": number,
            "clientOrderId": given["newClientOrderId"],
            "transactTime": at_ms,
        }

    def _fill(self, order: int, *, is_buy: bool, filled: Decimal) -> None:
        """Write down two executions of an order, and move what they move."""
        half = (filled / 2).quantize(Decimal("0.000001"))
        for part in (half, filled - half):
            row = _trade(len(self._trades), at_ms=now_ms(), quantity=part, order=order, buys=is_buy)
            sign = 1 if is_buy else -1
            self._coins["BTC"] += sign * part
            self._coins["USDT"] -= sign * Decimal(row["quoteQty"])
            self._coins["BTC" if is_buy else "USDT"] -= Decimal(row["commission"])
            self._trades.insert(0, row)

    def _cancel(self, given: Row) -> Row:
        found = self._chosen(given)
        if found is None:
            raise _Refusal(-2200, "Order does not exist.")
        number = found["orderId"]
        return {"orderId": number, "status": "FAILED", "errorMsg": "FAILED_ORDER_NOT_FOUND"}


class _Refusal(Exception):
    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


def _market(given: Row) -> None:
    if given.get("symbol") != "BTCUSDT":
        raise _Refusal(-2007, "Symbol does not exist.")


def _count(given: Row, path: str) -> int:
    usual, most = _PAGES[path]
    count = int(given.get("limit", usual))
    if not 1 <= count <= most:
        raise _Refusal(-1140, f"Parameter validation failed. limit must be between 1 and {most}.")
    return count


def _trade(number: int, *, at_ms: int, quantity: Decimal, order: int, buys: bool) -> Row:
    price = _ASK if buys else _BID
    value = quantity * price
    return {
        "symbol": "BTCUSDT",
        "id": 801_234_567_890_123_456 + number,
        "orderId": order,
        "price": str(price),
        "qty": str(quantity),
        "quoteQty": str(value),
        "commission": str(_FEE * (quantity if buys else value)),
        "time": at_ms,
        "isBuyer": buys,
    }


def _unsigned(asked: Asked) -> Told | None:
    """Return what is wrong with a private request, None when nothing is."""
    head = asked.headers
    if (head.get("access-key"), head.get("access-passphrase")) != (_KEY, PASSPHRASE):
        return _refused(-1049, "API key or passphrase incorrect.", status=401)
    stamp = head.get("access-timestamp", "")
    where = asked.path + (f"?{asked.query}" if asked.query else "")
    signed = f"{stamp}{asked.method}{where}{asked.body}".encode()
    wanted = base64.b64encode(hmac.new(_SECRET, signed, hashlib.sha256).digest()).decode()
    if head.get("access-sign") != wanted:
        return _refused(-1047, "API authentication failed.", status=401)
    if abs(int(stamp) - now_ms()) > _WINDOW_MS:
        return _refused(-1046, "Request timestamp expired.")
    return None


def _refused(code: int, text: str, *, status: int = 400) -> Told:
    return Told(status=status, body=json.dumps({"code": code, "msg": text}).encode())
