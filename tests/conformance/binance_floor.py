"""Binance in process: the local exchange, which shares nothing with what it tests."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

from tests.conformance.floors import Placed, Trouble, Truth, Waiting
from tests.conformance.spoken import Asked, Told
from tests.conformance.trading import DAY_MS, closes_between, now_ms
from trimtab.testnet import (
    Credential,
    Exchange,
    Holding,
    OpeningPosition,
    Request,
    Scenario,
    usdm_triggers,
)
from trimtab.testnet.conditionals import Conditional
from trimtab.testnet.interventions import fund, set_prices
from trimtab.testnet.past import Past
from trimtab.venues.facts import Market

_ORDERS = {Market.SPOT: "/api/v3/order", Market.LINEAR: "/fapi/v1/order"}
_TRADES = {Market.SPOT: "/api/v3/myTrades", Market.LINEAR: "/fapi/v1/userTrades"}
_ACCOUNTS = {Market.SPOT: "/api/v3/account", Market.LINEAR: "/fapi/v3/account"}
_TIMES = frozenset({"/api/v3/time", "/fapi/v1/time"})
_DEPTHS = {Market.SPOT: "/api/v3/depth", Market.LINEAR: "/fapi/v1/depth"}
_COINS = ("BTC", "USDT")
_OLD_ORDER = 7_000_001


class BinanceFloor:
    """One account on the local exchange, with prices that stand still."""

    page = 1000

    def __init__(self, market: Market) -> None:
        self._market = market
        self._often: list[dict[str, Any]] = []
        self._coins_wait: list[Waiting] = []
        self._exchange = Exchange(_scenario(), now_ms=now_ms)

    def answer(self, asked: Asked) -> Told:
        """Execute a request and answer it."""
        if self._often and asked.path == _TRADES[self._market]:
            return _told(200, self._page(asked))
        if self._coins_wait and asked.path == "/api/v3/openOrders":
            waiting = enumerate(self._coins_wait)
            return _told(200, [_stop_limit(order, number) for number, order in waiting])
        request = Request(
            method=asked.method,
            path=asked.path,
            query=asked.query,
            body=asked.body,
            headers=asked.headers,
        )
        answer = self._exchange.respond(request)
        return _told(answer.status, answer.payload, answer.headers)

    def _page(self, asked: Asked) -> list[dict[str, Any]]:
        """Return a page of executions by Binance's rules: from an id on, in a time, or the last."""
        given = {name: values[0] for name, values in parse_qs(asked.query).items()}
        count = int(given["limit"])
        if "fromId" in given:
            return [r for r in self._often if r["id"] >= int(given["fromId"])][:count]
        if "startTime" in given:
            first, last = int(given["startTime"]), int(given["endTime"])
            return [r for r in self._often if first <= r["time"] <= last][:count]
        return self._often[-count:]

    def truth(self) -> Truth:
        """Return what the market of the case and the account really are."""
        depth = self._exchange.respond(
            Request(method="GET", path=_DEPTHS[self._market], query="symbol=BTCUSDT&limit=5")
        ).payload
        is_spot, balances = self._market is Market.SPOT, self._exchange.truth()["balances"]
        bid, ask = depth["bids"][0], depth["asks"][0]
        return Truth(
            lot=Decimal("0.00001" if is_spot else "0.001"),
            tick=Decimal("0.01" if is_spot else "0.1"),
            contract_size=Decimal(1),
            least_value=Decimal(5 if is_spot else 50),
            coins={c: Decimal(told["free"]) for c, told in balances.items() if c in _COINS},
            bid=Decimal(bid[0]),
            bid_quantity=Decimal(bid[1]),
            ask=Decimal(ask[0]),
            ask_quantity=Decimal(ask[1]),
            position=Decimal(0 if is_spot else "-0.01"),
            entry=Decimal(0 if is_spot else 59_000),
        )

    def orders(self) -> list[Placed]:
        """Return every order that was really taken, oldest first."""
        desk = "spot" if self._market is Market.SPOT else "usdm"
        return [
            Placed(
                name=order["client_id"],
                is_buy=order["side"] == "BUY",
                quantity=Decimal(order["quantity"]),
                limit=Decimal(order["limit_price"]),
                filled=Decimal(order["executed"]),
            )
            for order in self._exchange.truth()["orders"]
            if order["market"] == desk
        ]

    def trouble(self, kind: Trouble) -> Told:
        """Return how this venue says that something is wrong."""
        duplicate = (-2010, "Duplicate order sent.")
        if self._market is Market.LINEAR:
            duplicate = (-4116, "ClientOrderId is duplicated.")
        status, code, text, headers = {
            Trouble.DUPLICATE: (400, *duplicate, {}),
            Trouble.REFUSED: (400, -2019, "Margin is insufficient.", {}),
            Trouble.TOO_FAST: (429, -1003, "Too many requests.", {"Retry-After": "7"}),
            Trouble.BAD_TIME: (400, -1021, "Timestamp is outside of the recvWindow.", {}),
        }[kind]
        if kind is Trouble.REFUSED and self._market is Market.SPOT:
            code, text = -2010, "Account has insufficient balance for requested action."
        return _told(status, {"code": code, "msg": text}, headers)

    def trade_often(self, count: int) -> None:
        """Have *count* executions of an older order of ours in the list of executions."""
        at_ms = now_ms()
        self._often = [
            {
                "symbol": "BTCUSDT",
                "id": number,
                "orderId": _OLD_ORDER,
                "price": "60000.10",
                "qty": "0.001",
                "commission": "0.00000100",
                "commissionAsset": "USDT",
                "time": at_ms - 1000,
                "isBuyer": True,
                "buyer": True,
            }
            for number in range(1, count + 1)
        ]

    def pay_funding(self) -> None:
        """Settle funding once."""
        fund(self._exchange.state, {"BTCUSDT": "0.0001"})

    def let_wait(self, order: Waiting) -> None:
        """Have a person's *order* wait for its trigger."""
        if self._market is Market.SPOT:
            self._coins_wait.append(order)
            return
        state = self._exchange.state
        usdm_triggers.place(
            state,
            Conditional(
                number=state.conditionals.next_number(),
                symbol="BTCUSDT",
                client_id=order.name,
                side="BUY" if order.is_buy else "SELL",
                position_side="BOTH",
                quantity=order.quantity,
                trigger_price=order.trigger,
                working_type="MARK_PRICE" if order.by_mark else "CONTRACT_PRICE",
                time_in_force="GTC",
                reduce_only=order.reduces,
                price_protect=False,
            ),
        )

    def is_order(self, asked: Asked) -> bool:
        """Say whether a request places an order."""
        return asked.method == "POST" and asked.path == _ORDERS[self._market]

    def is_cancel(self, asked: Asked) -> bool:
        """Say whether a request cancels one."""
        return asked.method == "DELETE" and asked.path == _ORDERS[self._market]

    def is_account(self, asked: Asked) -> bool:
        """Say whether a request reads the account of the market of the case."""
        return asked.path == _ACCOUNTS[self._market]

    def is_move(self, asked: Asked) -> bool:
        """Say whether a request moves money between wallets."""
        return asked.method == "POST" and asked.path == "/sapi/v1/asset/transfer"

    def waiting(self) -> list[Waiting]:
        """Return every conditional order that was really taken, oldest first."""
        return [
            Waiting(
                name=order["client_id"],
                is_buy=order["side"] == "BUY",
                quantity=Decimal(order["quantity"]),
                trigger=Decimal(order["trigger_price"]),
                reduces=order["reduce_only"],
                by_mark=order["working_type"] == "MARK_PRICE",
            )
            for order in self._exchange.truth()["conditionals"]
        ]

    def is_stop(self, asked: Asked) -> bool:
        """Say whether a request places a conditional order."""
        return asked.method == "POST" and asked.path == "/fapi/v1/algoOrder"

    def reach(self, mark: Decimal) -> None:
        """Have the mark of the contract come to *mark*."""
        set_prices(self._exchange.state, mid={}, mark={"BTCUSDT": str(mark)}, index={})

    def is_time(self, asked: Asked) -> bool:
        """Say whether a request asks for the venue's time."""
        return asked.path in _TIMES


def _stop_limit(order: Waiting, number: int) -> dict[str, Any]:
    """Return how an order of coins is listed that waits: it is a limit then, at its trigger."""
    return {
        "symbol": "BTCUSDT",
        "orderId": 9_000_001 + number,
        "clientOrderId": order.name,
        "price": str(order.trigger),
        "stopPrice": str(order.trigger),
        "origQty": str(order.quantity),
        "executedQty": "0.00000000",
        "status": "NEW",
        "timeInForce": "GTC",
        "type": "STOP_LOSS_LIMIT",
        "side": "BUY" if order.is_buy else "SELL",
        "isWorking": False,
    }


def _scenario() -> Scenario:
    return Scenario(
        prices={"BTC": Decimal(60_000), "ETH": Decimal(2_500)},
        spot={
            "BTC": Holding(free=Decimal("0.12345678")),
            "USDT": Holding(free=Decimal("70000.00000001")),
        },
        wallet=Decimal(5000),
        positions=(
            OpeningPosition(symbol="BTCUSDT", quantity=Decimal("-0.01"), entry=Decimal(59_000)),
        ),
        serves=frozenset({"api_restrictions"}),
        credentials=(Credential(key="local-key", secret="local-secret"),),
        past=Past(closes={"BTC": _closes(400)}),
    )


def _closes(days: int) -> tuple[Decimal, ...]:
    """Return the closes of the days before today, oldest first."""
    today = now_ms() // DAY_MS * DAY_MS
    return tuple(Decimal(c) for _, c in closes_between(today - days * DAY_MS, today - 1))


def _told(status: int, payload: Any, headers: Any = None) -> Told:
    body = payload if isinstance(payload, str) else json.dumps(payload)
    return Told(status=status, body=body.encode(), headers=dict(headers or {}))
