"""Bybit v5 spot in process: one unified account, one market, prices that stand still.

Written from the documentation of v5: answers carry retCode also when they refuse, an order's
answer says only that it was received, ended orders leave the list of open ones at once.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from tests.conformance.floors import Placed, Trouble, Truth
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
    lot=Decimal("0.000001"),
    tick=Decimal("0.01"),
    least_value=Decimal(5),
    fee=Decimal("0.001"),
    bid=Decimal("59999.90"),
    ask=Decimal("60000.10"),
    depth=Decimal("0.25000"),
)
_DECLINED = {
    "duplicate": (170141, "Duplicate clientOrderId."),
    "funds": (170131, "Balance insufficient."),
    "grid": (170137, "Order quantity or price has too many decimals."),
}
_COINS = {"BTC": Decimal("0.12345678"), "USDT": Decimal("70000.00000001")}


class BybitFloor:
    """What a venue of v5 has, and how it answers."""

    page = 100

    def __init__(self, market: Market) -> None:
        assert market is Market.SPOT
        self._trading = Trading(_TERMS, dict(_COINS))
        self._routes: dict[tuple[str, str], Callable[[Row], Row]] = {
            ("GET", "/v5/market/time"): self._time,
            ("GET", "/v5/market/instruments-info"): self._markets,
            ("GET", "/v5/market/orderbook"): self._book,
            ("GET", "/v5/market/kline"): self._klines,
            ("GET", "/v5/account/wallet-balance"): self._wallet,
            ("GET", "/v5/account/fee-rate"): self._fees,
            ("GET", "/v5/order/realtime"): self._realtime,
            ("GET", "/v5/order/history"): self._history,
            ("GET", "/v5/execution/list"): self._trades,
            ("GET", "/v5/user/query-api"): self._rights,
            ("GET", "/v5/spot-margin-trade/state"): self._margin,
            ("POST", "/v5/order/create"): self._create,
            ("POST", "/v5/order/cancel"): self._cancel,
        }

    def answer(self, asked: Asked) -> Told:
        """Execute a request and answer it."""
        route = self._routes.get((asked.method, asked.path))
        if route is None:
            return Told(status=404, body=b"")
        if "/market/" not in asked.path and not _is_signed(asked):
            return _told(10004, "Error sign, please check your signature generation algorithm.")
        given = json.loads(asked.body) if asked.method == "POST" else dict(parse_qsl(asked.query))
        try:
            return _told(0, "OK", route(given))
        except _Refusal as refusal:
            return _told(refusal.code, refusal.text)

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
                return _told(170141, "Duplicate clientOrderId.")
            case Trouble.REFUSED:
                return _told(170131, "Balance insufficient.")
            case Trouble.TOO_FAST:
                until = {"X-Bapi-Limit-Reset-Timestamp": str(now_ms() + 5000)}
                return _told(10006, "Too many visits!", headers=until)
            case Trouble.BAD_TIME:
                return _told(10002, "invalid request, please check your server timestamp")

    def trade_often(self, count: int) -> None:
        """Have *count* executions of an older order of ours in the list of executions."""
        self._trading.trade_often(count)

    def pay_funding(self) -> None:
        """Do nothing: coins pay none."""

    def is_order(self, asked: Asked) -> bool:
        """Say whether a request places an order."""
        return asked.path == "/v5/order/create"

    def is_cancel(self, asked: Asked) -> bool:
        """Say whether a request cancels one."""
        return asked.path == "/v5/order/cancel"

    def is_account(self, asked: Asked) -> bool:
        """Say whether a request reads the account."""
        return asked.path == "/v5/account/wallet-balance"

    def is_move(self, asked: Asked) -> bool:
        """Say that nothing moves: there is one wallet."""
        return False

    def is_time(self, asked: Asked) -> bool:
        """Say whether a request asks for the venue's time."""
        return asked.path == "/v5/market/time"

    def _time(self, _: Row) -> Row:
        at = now_ms()
        return {"timeSecond": str(at // 1000), "timeNano": str(at * 1_000_000)}

    def _markets(self, given: Row) -> Row:
        _spot_only(given)
        row = {
            "symbol": "BTCUSDT",
            "baseCoin": "BTC",
            "quoteCoin": "USDT",
            "innovation": "0",
            "status": "Trading",
            "marginTrading": "utaOnly",
            "lotSizeFilter": {
                "basePrecision": "0.000001",
                "quotePrecision": "0.0000001",
                "minOrderQty": "0.000011",
                "maxOrderQty": "83",
                "minOrderAmt": "5",
                "maxOrderAmt": "8000000",
            },
            "priceFilter": {"tickSize": "0.01"},
            "riskParameters": {"priceLimitRatioX": "0.01", "priceLimitRatioY": "0.02"},
        }
        return {"category": "spot", "list": [row], "nextPageCursor": ""}

    def _book(self, given: Row) -> Row:
        _spot_only(given)
        return {
            "s": "BTCUSDT",
            "b": [[str(_TERMS.bid), str(_TERMS.depth)], ["59999.00", "2.000000"]],
            "a": [[str(_TERMS.ask), str(_TERMS.depth)], ["60001.00", "2.000000"]],
            "ts": now_ms(),
            "u": 1,
        }

    def _klines(self, given: Row) -> Row:
        days = closes_between(int(given["start"]), int(given["end"]))
        rows = [[str(at), "1", "2", "0.5", close, "9", "9"] for at, close in days]
        return {"category": "spot", "symbol": "BTCUSDT", "list": rows[::-1]}

    def _wallet(self, given: Row) -> Row:
        if given["accountType"] != "UNIFIED":
            raise _Refusal(10001, "accountType only support UNIFIED.")
        coins = [
            {
                "coin": coin,
                "walletBalance": str(units),
                "equity": str(units),
                "locked": "0",
                "borrowAmount": "0.000000000000000000",
                "spotBorrow": "0",
                "totalOrderIM": "0",
                "totalPositionIM": "0",
                "availableToWithdraw": "",
            }
            for coin, units in {**self._trading.coins, "ETH": Decimal(0)}.items()
        ]
        return {"list": [{"accountType": "UNIFIED", "totalEquity": "77407.4", "coin": coins}]}

    def _fees(self, given: Row) -> Row:
        _spot_only(given)
        row = {"symbol": given["symbol"], "takerFeeRate": str(_TERMS.fee), "makerFeeRate": "0.0008"}
        return {"category": "spot", "list": [row]}

    def _realtime(self, given: Row) -> Row:
        _spot_only(given)
        is_open = given.get("openOnly", "0") == "0"  # Every order here ends at once.
        return self._page([] if is_open else self._chosen(given), given)

    def _history(self, given: Row) -> Row:
        _spot_only(given)
        return self._page(self._chosen(given), given)

    def _chosen(self, given: Row) -> list[Row]:
        names = ("orderLinkId", "orderId", "symbol")
        wanted = {name: given[name] for name in names if name in given}
        orders = [_order(order) for order in self._trading.taken]
        return [o for o in orders if all(o[n] == v for n, v in wanted.items())][::-1]

    def _trades(self, given: Row) -> Row:
        _spot_only(given)
        first = int(given.get("startTime", 0))
        last = int(given.get("endTime", 2**53))
        if "startTime" in given and last - first > 7 * 86_400_000:
            raise _Refusal(10001, "The time range between startTime and endTime is over 7 days.")
        names = ("orderLinkId", "symbol")
        wanted = {name: given[name] for name in names if name in given}
        found = [
            row
            for row in map(_execution, between(self._trading.executions, first, last))
            if all(row[name] == value for name, value in wanted.items())
        ]
        return self._page(found[::-1], given)

    @staticmethod
    def _page(rows: list[Row], given: Row) -> Row:
        count, start = int(given.get("limit", 20)), int(given.get("cursor", 0) or 0)
        if count > 100:
            raise _Refusal(10001, "limit is too large")
        end = start + count
        cursor = str(end) if end < len(rows) else ""
        return {"category": "spot", "list": rows[start:end], "nextPageCursor": cursor}

    def _rights(self, _: Row) -> Row:
        return {
            "apiKey": _KEY,
            "readOnly": 0,
            "permissions": {
                "ContractTrade": [],
                "Spot": ["SpotTrade"],
                "Wallet": ["AccountTransfer"],
                "Options": [],
                "Derivatives": [],
            },
            "ips": ["*"],
        }

    def _margin(self, _: Row) -> Row:
        return {"spotLeverage": "", "spotMarginMode": "0", "effectiveLeverage": "0"}

    def _create(self, given: Row) -> Row:
        _spot_only(given)
        if given["isLeverage"] != 0 or given["orderType"] != "Limit":
            raise _Refusal(10001, "params error")
        try:
            order = self._trading.place(
                name=given["orderLinkId"],
                is_buy=given["side"] == "Buy",
                quantity=Decimal(given["qty"]),
                limit=Decimal(given["price"]),
            )
        except Declined as declined:
            raise _Refusal(*_DECLINED[declined.why]) from declined
        return {"orderId": _order_id(order.number), "orderLinkId": order.name}

    def _cancel(self, given: Row) -> Row:
        _spot_only(given)
        if not any(_order_id(o.number) == given.get("orderId") for o in self._trading.taken):
            raise _Refusal(170213, "Order does not exist.")
        raise _Refusal(170139, "Order has been filled.")


class _Refusal(Exception):
    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


def _spot_only(given: Row) -> None:
    if given.get("category") != "spot":
        raise _Refusal(10001, "Illegal category")


def _order_id(number: int) -> str:
    return "1" if number < 0 else str(1_500_000_000_000_000_000 + number)


def _order(order: Order) -> Row:
    status = "PartiallyFilledCanceled" if order.filled else "Cancelled"
    return {
        "orderId": _order_id(order.number),
        "orderLinkId": order.name,
        "symbol": "BTCUSDT",
        "side": "Buy" if order.is_buy else "Sell",
        "price": str(order.limit),
        "qty": str(order.quantity),
        "cumExecQty": str(order.filled),
        "leavesQty": "0.000000",
        "orderStatus": "Filled" if order.is_full else status,
        "timeInForce": "IOC",
        "createdTime": str(order.at_ms),
    }


def _execution(row: Execution) -> Row:
    return {
        "symbol": "BTCUSDT",
        "orderId": _order_id(row.order),
        "orderLinkId": row.name,
        "side": "Buy" if row.is_buy else "Sell",
        "execId": str(2_290_000_000_000_000_000 + row.number),
        "execPrice": str(row.price),
        "execQty": str(row.quantity),
        "execFee": str(row.fee),
        "feeCurrency": row.fee_coin,
        "execType": "Trade",
        "execTime": str(row.at_ms),
        "isMaker": False,
    }


def _is_signed(asked: Asked) -> bool:
    head = asked.headers
    if head.get("x-bapi-api-key") != _KEY:
        return False
    stamp, window = head.get("x-bapi-timestamp", ""), head.get("x-bapi-recv-window", "")
    signed = f"{stamp}{_KEY}{window}{asked.body if asked.method == 'POST' else asked.query}"
    expected = hmac.new(_SECRET, signed.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, head.get("x-bapi-sign", ""))


def _told(code: int, text: str, result: Row | None = None, *, headers: Any = None) -> Told:
    document = {
        "retCode": code,
        "retMsg": text,
        "result": result or {},
        "retExtInfo": {},
        "time": now_ms(),
    }
    return Told(body=json.dumps(document).encode(), headers=dict(headers or {}))
