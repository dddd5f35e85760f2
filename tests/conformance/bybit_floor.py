"""Bybit v5 spot in process: one unified account, one market, prices that stand still.

Written from the documentation of v5: answers carry retCode also when they refuse, an order's
answer says only that it was received, ended orders leave the list of open ones at once.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from tests.conformance.floors import Placed, Trouble, Truth
from tests.conformance.spoken import Asked, Told
from trimtab.venues.facts import Market

Row = dict[str, Any]

_KEY, _SECRET = "local-key", b"local-secret"
_BID, _ASK = Decimal("59999.90"), Decimal("60000.10")
_DEPTH = Decimal("0.25000")
_FEE = Decimal("0.001")
_COINS = {"BTC": Decimal("0.12345678"), "USDT": Decimal("70000.00000001")}


class BybitFloor:
    """What a venue of v5 has, and how it answers."""

    page = 100

    def __init__(self, market: Market) -> None:
        assert market is Market.SPOT
        self._orders: list[Row] = []
        self._executions: list[Row] = []
        self._coins = dict(_COINS)
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
        return Truth(
            lot=Decimal("0.000001"),
            tick=Decimal("0.01"),
            contract_size=Decimal(1),
            least_value=Decimal(5),
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
        return [
            Placed(
                name=row["orderLinkId"],
                is_buy=row["side"] == "Buy",
                quantity=Decimal(row["qty"]),
                limit=Decimal(row["price"]),
                filled=Decimal(row["cumExecQty"]),
            )
            for row in self._orders
        ]

    def trouble(self, kind: Trouble) -> Told:
        """Return how this venue says that something is wrong."""
        match kind:
            case Trouble.DUPLICATE:
                return _told(170141, "Duplicate clientOrderId.")
            case Trouble.REFUSED:
                return _told(170131, "Balance insufficient.")
            case Trouble.TOO_FAST:
                until = {"X-Bapi-Limit-Reset-Timestamp": str(_now_ms() + 5000)}
                return _told(10006, "Too many visits!", headers=until)
            case Trouble.BAD_TIME:
                return _told(10002, "invalid request, please check your server timestamp")

    def trade_often(self, count: int) -> None:
        """Have *count* executions of an older order of ours in the list of executions."""
        began = _now_ms() - count - 1000
        self._executions = [
            _execution(number, at_ms=began + number // 3, quantity="0.001", order="1", name="older")
            for number in range(count)
        ]

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
        now_ms = _now_ms()
        return {"timeSecond": str(now_ms // 1000), "timeNano": str(now_ms * 1_000_000)}

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
            "b": [[str(_BID), str(_DEPTH)], ["59999.00", "2.000000"]],
            "a": [[str(_ASK), str(_DEPTH)], ["60001.00", "2.000000"]],
            "ts": _now_ms(),
            "u": 1,
        }

    def _klines(self, given: Row) -> Row:
        day = 86_400_000
        first, last = int(given["start"]), int(given["end"])
        starts = range(-(-first // day) * day, last + 1, day)
        rows = [[str(at), "1", "2", "0.5", str(60_000 + at // day % 7), "9", "9"] for at in starts]
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
            for coin, units in {**self._coins, "ETH": Decimal(0)}.items()
        ]
        return {"list": [{"accountType": "UNIFIED", "totalEquity": "77407.4", "coin": coins}]}

    def _fees(self, given: Row) -> Row:
        _spot_only(given)
        row = {"symbol": given["symbol"], "takerFeeRate": str(_FEE), "makerFeeRate": "0.0008"}
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
        return [o for o in self._orders if all(o[n] == v for n, v in wanted.items())][::-1]

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
            for row in self._executions
            if first <= int(row["execTime"]) <= last
            and all(row[name] == value for name, value in wanted.items())
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
        if any(row["orderLinkId"] == given["orderLinkId"] for row in self._orders):
            raise _Refusal(170141, "Duplicate clientOrderId.")
        quantity, limit = Decimal(given["qty"]), Decimal(given["price"])
        is_buy = given["side"] == "Buy"
        if (quantity * limit if is_buy else quantity) > self._coins["USDT" if is_buy else "BTC"]:
            raise _Refusal(170131, "Balance insufficient.")
        crosses = limit >= _ASK if is_buy else limit <= _BID
        filled = min(quantity, _DEPTH) if crosses else Decimal(0)
        status = "PartiallyFilledCanceled" if filled else "Cancelled"
        number = str(1_500_000_000_000_000_000 + len(self._orders))
        self._orders.append(
            {
                "orderId": number,
                "orderLinkId": given["orderLinkId"],
                "symbol": given["symbol"],
                "side": given["side"],
                "price": given["price"],
                "qty": given["qty"],
                "cumExecQty": str(filled),
                "leavesQty": "0.000000",
                "orderStatus": "Filled" if filled == quantity else status,
                "timeInForce": given["timeInForce"],
                "createdTime": str(_now_ms()),
            }
        )
        if filled:
            self._fill(number, given, filled)
        return {"orderId": number, "orderLinkId": given["orderLinkId"]}

    def _fill(self, order: str, given: Row, filled: Decimal) -> None:
        """Write down two executions of an order, and move what they move."""
        half, side = (filled / 2).quantize(Decimal("0.000001")), given["side"]
        sign, price = (1, _ASK) if side == "Buy" else (-1, _BID)
        received = "BTC" if side == "Buy" else "USDT"
        for part in (half, filled - half):
            fee = _FEE * (part if side == "Buy" else part * price)
            self._coins["BTC"] += sign * part
            self._coins["USDT"] -= sign * part * price
            self._coins[received] -= fee
            row = _execution(
                len(self._executions),
                at_ms=_now_ms(),
                quantity=str(part),
                order=order,
                name=given["orderLinkId"],
            )
            paid = {"side": side, "execPrice": str(price), "execFee": str(fee)}
            self._executions.append(row | paid | {"feeCurrency": received})

    def _cancel(self, given: Row) -> Row:
        _spot_only(given)
        if not any(row["orderId"] == given.get("orderId") for row in self._orders):
            raise _Refusal(170213, "Order does not exist.")
        raise _Refusal(170139, "Order has been filled.")


class _Refusal(Exception):
    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


def _spot_only(given: Row) -> None:
    if given.get("category") != "spot":
        raise _Refusal(10001, "Illegal category")


def _execution(number: int, *, at_ms: int, quantity: str, order: str, name: str) -> Row:
    return {
        "symbol": "BTCUSDT",
        "orderId": order,
        "orderLinkId": name,
        "side": "Buy",
        "execId": str(2_290_000_000_000_000_000 + number),
        "execPrice": str(_ASK),
        "execQty": quantity,
        "execFee": str(Decimal(quantity) * _FEE),
        "feeCurrency": "BTC",
        "execType": "Trade",
        "execTime": str(at_ms),
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


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _told(code: int, text: str, result: Row | None = None, *, headers: Any = None) -> Told:
    document = {
        "retCode": code,
        "retMsg": text,
        "result": result or {},
        "retExtInfo": {},
        "time": _now_ms(),
    }
    return Told(body=json.dumps(document).encode(), headers=dict(headers or {}))
