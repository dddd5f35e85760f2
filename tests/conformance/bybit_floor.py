"""Bybit v5 in process: one unified account, one market, prices that stand still.

Written from the documentation of v5: answers carry retCode also when they refuse, an order's
answer says only that it was received, ended orders leave the list of open ones at once. Where
contracts are traded, USDT is cash and margin: what a position binds cannot be spent on coins.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from tests.conformance.bybit_conditionals import BybitConditionals
from tests.conformance.bybit_linear import (
    LINEAR_DECLINED,
    BybitLinear,
    Refusal,
    execution_id,
    paged,
    spot_log,
)
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
    lot=Decimal("0.000001"),
    tick=Decimal("0.01"),
    least_value=Decimal(5),
    fee=Decimal("0.001"),
    bid=Decimal("59999.90"),
    ask=Decimal("60000.10"),
    depth=Decimal("0.25000"),
)
_LINEAR_TERMS = Terms(
    is_contract=True,
    lot=Decimal("0.001"),
    tick=Decimal("0.10"),
    least_value=Decimal(5),
    fee=Decimal("0.00055"),
    bid=Decimal("59999.90"),
    ask=Decimal("60000.10"),
    depth=Decimal("0.250"),
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
        self._has_contracts = market is Market.LINEAR
        self._coins = dict(_COINS)
        spot, linear = Trading(_TERMS, self._coins), Trading(_LINEAR_TERMS, self._coins)
        linear.wallet = Decimal(0)  # What it wins and pays goes to the one wallet at once.
        self._desks = {"spot": spot, "linear": linear}
        self._trading = linear if self._has_contracts else spot
        self.linear = BybitLinear(linear, self._coins)
        self.conditionals = BybitConditionals(linear)
        self.collateral = False
        """Whether the coins are collateral."""
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
            ("GET", "/v5/account/info"): self.linear.mode,
            ("GET", "/v5/position/list"): self.linear.positions,
            ("GET", "/v5/market/tickers"): self.linear.ticker,
            ("GET", "/v5/market/risk-limit"): self.linear.tiers,
            ("GET", "/v5/market/funding/history"): self.linear.funding,
            ("GET", "/v5/account/transaction-log"): self._log,
            ("POST", "/v5/position/set-leverage"): self.linear.set_leverage,
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
        except Refusal as refusal:
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
            case Trouble.DUPLICATE if self._has_contracts:
                return _told(110072, "OrderLinkedID is duplicate")
            case Trouble.DUPLICATE:
                return _told(170141, "Duplicate clientOrderId.")
            case Trouble.REFUSED if self._has_contracts:
                return _told(110007, "ab not enough for new order")
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
        """Settle funding once, where there are contracts."""
        if self._has_contracts:
            self._trading.pay_funding()
            self.linear.settle()

    def let_wait(self, order: Waiting) -> None:
        """Have a person's *order* wait for its trigger."""
        self._trading.waiting.append(order)

    def is_order(self, asked: Asked) -> bool:
        """Say whether a request places an order."""
        return asked.path == "/v5/order/create" and '"triggerPrice"' not in asked.body

    def is_stop(self, asked: Asked) -> bool:
        """Say whether a request places a conditional order."""
        return asked.path == "/v5/order/create" and '"triggerPrice"' in asked.body

    def waiting(self) -> list[Waiting]:
        """Return every conditional order that was really taken, oldest first."""
        return self.conditionals.waiting()

    def reach(self, mark: Decimal) -> None:
        """Have the mark of the contract come to *mark*."""
        self.conditionals.reach(mark)
        self.linear.settle()

    def resting_stops(self) -> list[str]:
        """Return the names of the conditional orders that wait, oldest first."""
        return [each.name for each in self.conditionals.open()]

    def vanish(self, name: str) -> None:
        """Have the venue take a conditional order off by itself."""
        self.conditionals.vanish(name)

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

    def _desk(self, given: Row) -> Trading:
        """Return what a question is about."""
        wanted = given.get("category")
        if wanted not in self._desks or (wanted == "linear" and not self._has_contracts):
            raise Refusal(10001, "Illegal category")
        return self._desks[wanted]

    def _markets(self, given: Row) -> Row:
        if self._desk(given).terms.is_contract:
            return self.linear.markets(given)
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
        self._desk(given)
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
        return {"category": given["category"], "symbol": "BTCUSDT", "list": rows[::-1]}

    def _wallet(self, given: Row) -> Row:
        if given["accountType"] != "UNIFIED":
            raise Refusal(10001, "accountType only support UNIFIED.")
        coins = [
            {
                "coin": coin,
                "walletBalance": str(units),
                "equity": str(units),
                "locked": "0",
                "borrowAmount": "0.000000000000000000",
                "spotBorrow": "0",
                "unrealisedPnl": "0",
                "totalOrderIM": "0",
                "totalPositionIM": "0",
                "totalPositionMM": "0",
                "marginCollateral": True,
                "collateralSwitch": coin == "USDT" or self.collateral,
                "availableToWithdraw": "",
            }
            for coin, units in {**self._coins, "ETH": Decimal(0)}.items()
        ]
        if self._has_contracts:
            bound = self.linear.wallet()
            coins = [row | bound if row["coin"] == "USDT" else row for row in coins]
        return {"list": [{"accountType": "UNIFIED", "totalEquity": "77407.4", "coin": coins}]}

    def _fees(self, given: Row) -> Row:
        fee = str(self._desk(given).terms.fee)
        row = {"symbol": given["symbol"], "takerFeeRate": fee, "makerFeeRate": "0.0002"}
        return {"category": given["category"], "list": [row]}

    def _realtime(self, given: Row) -> Row:
        if self._desk(given).terms.is_contract and not {"symbol", "settleCoin"} & given.keys():
            raise Refusal(10001, "symbol, baseCoin or settleCoin is required")
        is_linear, ended = self._desk(given).terms.is_contract, given.get("openOnly", "0") != "0"
        if {"orderLinkId", "orderId"} & given.keys():  # Of these openOnly says nothing.
            stops = self.conditionals.named() if is_linear else []
            return self._page(
                _chosen([*(self._ended(given) if ended else []), *stops], given), given
            )
        if ended:
            stops = self.conditionals.ended(of_history=False) if is_linear else []
            return self._page(_chosen([*self._ended(given), *stops], given), given)
        waiting = self._desk(given).waiting  # Every other order here ends at once.
        rows = [_waits(order, number) for number, order in enumerate(waiting)]
        stops = [each.row() for each in self.conditionals.open()] if is_linear else []
        return self._page([*rows, *stops], given)

    def _history(self, given: Row) -> Row:
        is_linear = self._desk(given).terms.is_contract
        stops = self.conditionals.ended(of_history=True) if is_linear else []
        return self._page(_chosen([*self._ended(given), *stops], given), given)

    def _ended(self, given: Row) -> list[Row]:
        """Return the orders that never waited for a trigger."""
        taken = self._desk(given).taken
        return [_order(order) for order in taken if not self.conditionals.id_of(order.number)]

    def _trades(self, given: Row) -> Row:
        trading = self._desk(given)
        first = int(given.get("startTime", 0))
        last = int(given.get("endTime", 2**53))
        if "startTime" in given and last - first > 7 * 86_400_000:
            raise Refusal(10001, "The time range between startTime and endTime is over 7 days.")
        names = ("orderLinkId", "symbol")
        wanted = {name: given[name] for name in names if name in given}
        found = [
            row
            for row in map(self._execution_of(trading), between(trading.executions, first, last))
            if all(row[name] == value for name, value in wanted.items())
        ]
        return self._page(found[::-1], given)

    def _log(self, given: Row) -> Row:
        """Tell all that moved USDT, trades of coins too, newest first."""
        if int(given["endTime"]) - int(given["startTime"]) > 7 * 86_400_000:
            raise Refusal(10001, "The time range between startTime and endTime is over 7 days.")
        if int(given["limit"]) > 50:
            raise Refusal(10001, "limit is too large")
        coins = [spot_log(row) for row in self._desks["spot"].executions]
        rows = sorted((*coins, *self.linear.log()), key=lambda row: int(row["transactionTime"]))
        first, last = int(given["startTime"]), int(given["endTime"])
        found = [row for row in rows if first <= int(row["transactionTime"]) <= last]
        return self._page(found[::-1], given)

    @staticmethod
    def _page(rows: list[Row], given: Row) -> Row:
        return paged(rows, given)

    def _rights(self, _: Row) -> Row:
        return {
            "apiKey": _KEY,
            "readOnly": 0,
            "permissions": {
                "ContractTrade": ["Order", "Position"] if self._has_contracts else [],
                "Spot": ["SpotTrade"],
                "Wallet": ["AccountTransfer"],
                "Options": [],
                "Derivatives": [],
            },
            "ips": ["*"],
            "userID": 24617703,
        }

    def _margin(self, _: Row) -> Row:
        return {"spotLeverage": "", "spotMarginMode": "0", "effectiveLeverage": "0"}

    def _execution_of(self, trading: Trading) -> Callable[[Execution], Row]:
        """Return what writes an execution: those of contracts have another kind of id."""
        if not trading.terms.is_contract:
            return _execution

        def of_contract(row: Execution) -> Row:
            order_id = self.conditionals.id_of(row.order) or _order_id(row.order)
            kind = "Stop" if self.conditionals.id_of(row.order) else "UNKNOWN"
            more = {"execId": execution_id(row.number), "orderId": order_id, "stopOrderType": kind}
            return _execution(row) | more

        return of_contract

    def _create(self, given: Row) -> Row:
        trading, is_buy = self._desk(given), given["side"] == "Buy"
        if trading.terms.is_contract and "triggerPrice" in given:
            return self.conditionals.create(given)
        quantity, limit = Decimal(given["qty"]), Decimal(given["price"])
        if given["orderType"] != "Limit" or given["timeInForce"] != "IOC":
            raise Refusal(10001, "params error")
        if trading.terms.is_contract:
            self.linear.require(given, quantity, limit)
        elif given["isLeverage"] != 0:
            raise Refusal(10001, "params error")
        elif is_buy and self._has_contracts and quantity * limit > self.linear.available():
            raise Refusal(*_DECLINED["funds"])
        try:
            order = trading.place(
                name=given["orderLinkId"],
                is_buy=is_buy,
                quantity=quantity,
                limit=limit,
                reduces=given.get("reduceOnly", False),
            )
        except Declined as declined:
            told = LINEAR_DECLINED if trading.terms.is_contract else _DECLINED
            raise Refusal(*told[declined.why]) from declined
        self.linear.settle()
        return {"orderId": _order_id(order.number), "orderLinkId": order.name}

    def _cancel(self, given: Row) -> Row:
        trading = self._desk(given)
        if trading.terms.is_contract:
            return self.conditionals.cancel(given)
        if not any(_order_id(o.number) == given.get("orderId") for o in trading.taken):
            raise Refusal(170213, "Order does not exist.")
        raise Refusal(170139, "Order has been filled.")


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
        "reduceOnly": order.reduces,
        "createdTime": str(order.at_ms),
    }


def _waits(order: Waiting, number: int) -> Row:
    """Return how a conditional order is told, of whatever kind, among those that rest."""
    return {
        "orderId": _order_id(9_000_000 + number),
        "orderLinkId": order.name,
        "symbol": "BTCUSDT",
        "side": "Buy" if order.is_buy else "Sell",
        "price": "0",
        "triggerPrice": str(order.trigger),
        "triggerBy": "MarkPrice" if order.by_mark else "LastPrice",
        "orderType": "Market",
        "stopOrderType": "Stop",
        "marketUnit": "baseCoin",
        "qty": str(order.quantity),
        "cumExecQty": "0",
        "leavesQty": str(order.quantity),
        "orderStatus": "Untriggered",
        "reduceOnly": order.reduces,
        "closeOnTrigger": False,
        "createdTime": str(now_ms()),
    }


def _chosen(rows: list[Row], given: Row) -> list[Row]:
    """Return the rows that a question is about, newest first."""
    names = ("orderLinkId", "orderId", "symbol")
    wanted = {name: given[name] for name in names if name in given}
    return [row for row in rows if all(row[n] == v for n, v in wanted.items())][::-1]


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
