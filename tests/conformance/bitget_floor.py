"""Bitget v2 in process: a classic account, coins in one wallet and USDT margin in another.

Written from the documentation of v2: refusals come with status 400 and a code, an order's answer
says only that it was received, spot answers a list where it is asked for one order and contracts
the order itself, and a transfer is answered with another number than it is listed with.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from tests.conformance.bitget_desk import FEES, Desk, Refusal
from tests.conformance.floors import Placed, Trouble, Truth, Waiting
from tests.conformance.spoken import Asked, Told
from tests.conformance.trading import DAY_MS, closes_between, now_ms
from trimtab.venues.facts import Market

Row = dict[str, Any]

KEY, SECRET, PASSPHRASE = "local-key", b"local-secret", "local-pass"
_WINDOW_MS = 30_000
_COINS = {"BTC": Decimal("0.12345678"), "USDT": Decimal("70000.00000001")}
_ORDER = {
    Market.SPOT: "/api/v2/spot/trade/place-order",
    Market.LINEAR: "/api/v2/mix/order/place-order",
}
_CANCEL = {
    Market.SPOT: "/api/v2/spot/trade/cancel-order",
    Market.LINEAR: "/api/v2/mix/order/cancel-order",
}
_ACCOUNT = {
    Market.SPOT: "/api/v2/spot/account/assets",
    Market.LINEAR: "/api/v2/mix/account/accounts",
}
_TIMES = frozenset({"/api/v2/spot/market/tickers", "/api/v2/mix/market/symbol-price"})
_PUBLIC = ("/market/", "/public/")


class BitgetFloor:
    """What a venue of v2 has, and how it answers."""

    page = 100

    def __init__(self, market: Market) -> None:
        self._market = market
        self._coins = dict(_COINS)
        self._spot = Desk(is_contract=False, coins=self._coins)
        self._linear = Desk(is_contract=True, coins=self._coins)
        self._desk = self._spot if market is Market.SPOT else self._linear
        self._transfers: list[Row] = []
        self.others: dict[str, list[Row]] = {"COIN-FUTURES": [], "USDC-FUTURES": []}
        """Positions in products that no account of ours has."""
        spot, linear = self._spot, self._linear
        self._routes: dict[tuple[str, str], Callable[[Row], Any]] = {
            ("GET", "/spot/market/tickers"): lambda given: [{"symbol": given["symbol"]}],
            ("GET", "/spot/public/symbols"): spot.markets,
            ("GET", "/spot/market/orderbook"): spot.book,
            ("GET", "/spot/market/history-candles"): _candles,
            ("GET", "/spot/account/assets"): self._assets,
            ("GET", "/spot/account/info"): self._rights,
            ("GET", "/spot/account/transferRecords"): self._moves,
            ("POST", "/spot/wallet/transfer"): self._move,
            ("GET", "/spot/trade/orderInfo"): spot.order,
            ("GET", "/spot/trade/unfilled-orders"): spot.resting,
            ("GET", "/spot/trade/current-plan-order"): spot.plans,
            ("GET", "/spot/trade/history-orders"): spot.past,
            ("GET", "/spot/trade/fills"): spot.fills,
            ("POST", "/spot/trade/place-order"): spot.place,
            ("POST", "/spot/trade/cancel-order"): spot.cancel,
            ("GET", "/common/trade-rate"): _fees,
            ("GET", "/mix/market/contracts"): linear.markets,
            ("GET", "/mix/market/symbol-price"): linear.ticker,
            ("GET", "/mix/market/ticker"): linear.ticker,
            ("GET", "/mix/market/merge-depth"): linear.book,
            ("GET", "/mix/market/query-position-lever"): linear.tiers,
            ("GET", "/mix/market/history-candles"): _candles,
            ("GET", "/mix/market/history-fund-rate"): _funding,
            ("GET", "/mix/account/accounts"): linear.accounts,
            ("GET", "/mix/account/account"): linear.settings,
            ("GET", "/mix/account/bill"): linear.bills,
            ("POST", "/mix/account/set-leverage"): linear.set_leverage,
            ("POST", "/mix/account/set-margin-mode"): linear.set_margin_mode,
            ("GET", "/mix/position/all-position"): linear.positions,
            ("GET", "/mix/order/detail"): linear.order,
            ("GET", "/mix/order/orders-pending"): linear.resting,
            ("GET", "/mix/order/orders-plan-pending"): linear.plans,
            ("GET", "/mix/order/orders-history"): linear.past,
            ("GET", "/mix/order/fills"): linear.fills,
            ("POST", "/mix/order/place-order"): linear.place,
            ("POST", "/mix/order/cancel-order"): linear.cancel,
        }

    def answer(self, asked: Asked) -> Told:
        """Execute a request and answer it."""
        route = self._routes.get((asked.method, asked.path.removeprefix("/api/v2")))
        if route is None:
            return _refused("40404", "Request URL NOT FOUND", status=404)
        if not any(part in asked.path for part in _PUBLIC) and (fault := _unsigned(asked)):
            return fault
        given = json.loads(asked.body) if asked.method == "POST" else dict(parse_qsl(asked.query))
        product = given.get("productType")
        if "all-position" in asked.path and product in self.others:
            return _told(self.others[product])
        if "/mix/" in asked.path and product != "USDT-FUTURES":
            return _refused("400172", "Parameter verification failed productType")
        try:
            return _told(route(given))
        except Refusal as refusal:
            return _refused(refusal.code, refusal.text)

    def wants_symbol(self) -> None:
        """Tell trigger orders of coins of one market at a time from now on."""
        self._spot.wants_symbol = True

    def rest(self, *rows: Row, market: Market) -> None:
        """Have *rows* wait among those of a market besides, as the venue writes them."""
        (self._spot if market is Market.SPOT else self._linear).waits += rows

    def hedge(self) -> None:
        """Keep long and short side by side from now on."""
        self._linear.mode = "hedge_mode"

    def truth(self) -> Truth:
        """Return what the market of the case and the account really are."""
        return self._desk.trading.truth()

    def orders(self) -> list[Placed]:
        """Return every order that was really taken, oldest first."""
        return self._desk.trading.placed()

    def trouble(self, kind: Trouble) -> Told:
        """Return how this venue says that something is wrong."""
        match kind:
            case Trouble.DUPLICATE:
                return _refused("40786", "Duplicate clientOid")
            case Trouble.REFUSED:
                return _refused("43012", "Insufficient balance")
            case Trouble.TOO_FAST:
                return _refused("429", "Too Many Requests", status=429)
            case Trouble.BAD_TIME:
                return _refused("40008", "Request timestamp expired")

    def trade_often(self, count: int) -> None:
        """Have *count* executions of an older order of ours in the list of executions."""
        self._desk.trading.trade_often(count)

    def pay_funding(self) -> None:
        """Settle funding once."""
        self._linear.trading.pay_funding()

    def let_wait(self, order: Waiting) -> None:
        """Have a person's *order* wait for its trigger."""
        self._desk.trading.waiting.append(order)

    def is_order(self, asked: Asked) -> bool:
        """Say whether a request places an order."""
        return asked.path == _ORDER[self._market]

    def is_cancel(self, asked: Asked) -> bool:
        """Say whether a request cancels one."""
        return asked.path == _CANCEL[self._market]

    def is_account(self, asked: Asked) -> bool:
        """Say whether a request reads the account of the market of the case."""
        return asked.path == _ACCOUNT[self._market]

    def is_move(self, asked: Asked) -> bool:
        """Say whether a request moves money between wallets."""
        return asked.path == "/api/v2/spot/wallet/transfer"

    def is_time(self, asked: Asked) -> bool:
        """Say whether a request asks for the venue's time."""
        return asked.path in _TIMES

    def _assets(self, given: Row) -> list[Row]:
        if given.get("assetType") != "hold_only":
            raise Refusal("40017", "Parameter verification failed assetType")
        return [
            {
                "coin": coin,
                "available": str(units),
                "frozen": "0.00000000",
                "locked": "0.00000000",
                "limitAvailable": "0",
                "uTime": str(now_ms()),
            }
            for coin, units in {**self._coins, "ETH": Decimal(0)}.items()
        ]

    def _rights(self, _: Row) -> Row:
        return {
            "userId": "1",
            "inviterId": "",
            "ips": "127.0.0.1",
            "authorities": ["stor", "stow", "coor", "coow", "cpor", "wtow", "wtor"],
            "parentId": 1,
            "traderType": "not_trader",
            "channelCode": "",
            "channel": "",
            "regisTime": "1690196141868",
        }

    def _move(self, given: Row) -> Row:
        for made in self._transfers:
            if made["clientOid"] == given["clientOid"]:
                return {"transferId": "1" + made["transferId"], "clientOid": made["clientOid"]}
        units, coin = Decimal(given["amount"]), given["coin"]
        if {given["fromType"], given["toType"]} != {"spot", "usdt_futures"}:
            raise Refusal("40020", "Parameter fromType error")
        moved = units if given["fromType"] == "spot" else -units
        if moved > self._coins[coin]:
            raise Refusal("43117", "Exceeds the maximum amount that can be transferred")
        self._coins[coin] -= moved
        self._linear.trading.come(moved)
        number = str(24_930_940 + len(self._transfers))
        self._transfers.append(
            {
                "coin": coin,
                "status": "Successful",
                "toType": given["toType"],
                "toSymbol": "",
                "fromType": given["fromType"],
                "fromSymbol": "",
                "size": str(units),
                "ts": str(now_ms()),
                "clientOid": given["clientOid"],
                "transferId": number,
            }
        )
        return {"transferId": "1" + number, "clientOid": given["clientOid"]}

    def _moves(self, given: Row) -> list[Row]:
        found = [
            row
            for row in self._transfers
            if row["coin"] == given["coin"]
            and row["fromType"] == given["fromType"]
            and int(row["ts"]) >= int(given["startTime"])
        ]
        start = (int(given["pageNum"]) - 1) * int(given["limit"])
        return found[::-1][start : start + int(given["limit"])]


def _fees(given: Row) -> Row:
    return {"makerFeeRate": "0.0002", "takerFeeRate": str(FEES[given["businessType"]])}


def _candles(given: Row) -> list[list[str]]:
    end, count = int(given["endTime"]), int(given["limit"])
    if count > 200 or given["granularity"] != "1Dutc":
        raise Refusal("40017", "Parameter verification failed")
    last = end // DAY_MS * DAY_MS  # It is not said whether the end is in it; here it is.
    days = closes_between(last - (count - 1) * DAY_MS, last)
    return [[str(at), "1", "2", "0.5", close, "9", "9"] for at, close in days]


def _funding(given: Row) -> list[Row]:
    newest = now_ms() // (DAY_MS // 3) * (DAY_MS // 3)
    first, count = (int(given["pageNo"]) - 1) * int(given["pageSize"]), int(given["pageSize"])
    return [
        {
            "symbol": given["symbol"],
            "fundingRate": "0.0001",
            "fundingTime": str(newest - number * DAY_MS // 3),
        }
        for number in range(first, min(first + count, 250))
    ]


def _unsigned(asked: Asked) -> Told | None:
    head = asked.headers
    if head.get("access-key") != KEY or head.get("access-passphrase") != PASSPHRASE:
        return _refused("40012", "apikey/password is incorrect")
    stamp = head.get("access-timestamp", "0")
    if abs(int(stamp) - now_ms()) > _WINDOW_MS:
        return _refused("40008", "Request timestamp expired")
    query = f"?{asked.query}" if asked.query else ""
    signed = f"{stamp}{asked.method}{asked.path}{query}{asked.body}"
    digest = hmac.new(SECRET, signed.encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(base64.b64encode(digest).decode(), head.get("access-sign", "")):
        return _refused("40009", "sign signature error")
    return None


def _told(data: Any) -> Told:
    document = {"code": "00000", "msg": "success", "requestTime": now_ms(), "data": data}
    return Told(body=json.dumps(document).encode())


def _refused(code: str, text: str, *, status: int = 400) -> Told:
    document = {"code": code, "msg": text, "requestTime": now_ms(), "data": None}
    return Told(status=status, body=json.dumps(document).encode())
