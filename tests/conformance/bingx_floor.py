"""BingX in process: coins in one wallet and margin in another, signed queries, one envelope.

Written from the venue's documentation: refusals come with status 200 and a number, an order's
answer says only that it was received, ids are numbers of nineteen digits, a size that is finer
than the grid is cut and the order taken, and a list that is too long has only its latest rows.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from tests.conformance.bingx_desk import Desk, LinearDesk, Refusal, SpotDesk
from tests.conformance.floors import Placed, Trouble, Truth, Waiting
from tests.conformance.spoken import Asked, Told
from tests.conformance.trading import DAY_MS, closes_between, now_ms
from trimtab.venues.facts import Market

Row = dict[str, Any]

_KEY, _SECRET = "local-key", b"local-secret"
_WINDOW_MS = 5000
_COINS = {"BTC": Decimal("0.12345678"), "USDT": Decimal("70000.00000001")}
_ORDER = {
    Market.SPOT: ("POST", "/openApi/spot/v1/trade/order"),
    Market.LINEAR: ("POST", "/openApi/swap/v2/trade/order"),
}
_CANCEL = {
    Market.SPOT: ("POST", "/openApi/spot/v1/trade/cancel"),
    Market.LINEAR: ("DELETE", "/openApi/swap/v2/trade/order"),
}
_ACCOUNT = {
    Market.SPOT: "/openApi/spot/v1/account/balance",
    Market.LINEAR: "/openApi/swap/v3/user/balance",
}
_TIMES = frozenset({"/openApi/spot/v1/server/time", "/openApi/swap/v2/server/time"})
_PUBLIC = ("/market/", "/common/", "/quote/", "/server/")


class BingxFloor:
    """What the venue has, and how it answers."""

    page = 1000

    def __init__(self, market: Market) -> None:
        self._market = market
        self._coins = dict(_COINS)
        self._linear = LinearDesk(self._coins)
        self._moves: list[Row] = []
        self.coin_margined: list[Row] = []
        """Positions that no account of ours has."""
        spot, linear = SpotDesk(self._coins), self._linear
        self._desk: Desk = spot if market is Market.SPOT else linear
        self._routes: dict[tuple[str, str], Callable[[Row], Any]] = {
            ("GET", "/spot/v1/server/time"): _time,
            ("GET", "/spot/v1/common/symbols"): spot.markets,
            ("GET", "/spot/v1/market/depth"): spot.book,
            ("GET", "/spot/v1/market/kline"): _candles,
            ("GET", "/spot/v1/account/balance"): self._balances,
            ("GET", "/spot/v1/user/commissionRate"): spot.fees,
            ("GET", "/spot/v1/trade/query"): spot.order,
            ("GET", "/spot/v1/trade/openOrders"): spot.resting,
            ("GET", "/spot/v1/trade/historyOrders"): spot.past,
            ("GET", "/spot/v1/trade/myTrades"): spot.fills,
            ("POST", "/spot/v1/trade/order"): spot.place,
            ("POST", "/spot/v1/trade/cancel"): spot.cancel,
            ("POST", "/api/asset/v1/transfer"): self._move,
            ("GET", "/swap/v2/server/time"): _time,
            ("GET", "/swap/v2/quote/contracts"): linear.markets,
            ("GET", "/swap/v2/quote/depth"): linear.book,
            ("GET", "/swap/v2/quote/premiumIndex"): linear.prices,
            ("GET", "/swap/v2/quote/fundingRate"): linear.settlements,
            ("GET", "/swap/v3/quote/klines"): _contract_candles,
            ("GET", "/swap/v3/user/balance"): linear.balances,
            ("GET", "/swap/v2/user/positions"): linear.positions,
            ("GET", "/cswap/v1/user/positions"): lambda _: self.coin_margined,
            ("GET", "/swap/v2/user/income"): linear.income,
            ("GET", "/swap/v2/user/commissionRate"): linear.fees,
            ("GET", "/swap/v1/trade/assetMode"): linear.together,
            ("GET", "/swap/v1/positionSide/dual"): linear.mode,
            ("GET", "/swap/v1/maintMarginRatio"): linear.tiers,
            ("GET", "/swap/v2/trade/marginType"): linear.margin_type,
            ("POST", "/swap/v2/trade/marginType"): linear.set_margin_type,
            ("GET", "/swap/v2/trade/leverage"): linear.leverage,
            ("POST", "/swap/v2/trade/leverage"): linear.set_leverage,
            ("GET", "/swap/v2/trade/order"): linear.order,
            ("POST", "/swap/v2/trade/order"): linear.place,
            ("DELETE", "/swap/v2/trade/order"): linear.cancel,
            ("GET", "/swap/v2/trade/openOrders"): linear.resting,
            ("GET", "/swap/v2/trade/allOrders"): linear.past,
            ("GET", "/swap/v2/trade/fillHistory"): linear.fills,
        }

    def answer(self, asked: Asked) -> Told:
        """Execute a request and answer it."""
        path = asked.path.removeprefix("/openApi")
        is_open = any(part in path for part in _PUBLIC)
        if not is_open and (fault := _unsigned(asked)):
            return fault
        given = dict(parse_qsl(asked.query))
        if path == "/v1/account/apiPermissions":
            return _bare(_RIGHTS)
        if path == "/api/v3/asset/transferRecord":
            return _bare(self._moved(given))
        route = self._routes.get((asked.method, path))
        if route is None:
            return _refused(100404, "api is not exist")
        try:
            return _told(route(given))
        except Refusal as refusal:
            return _refused(refusal.code, refusal.text)

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
                return _refused(*self._desk.duplicate)
            case Trouble.REFUSED:
                return _refused(*self._desk.too_little)
            case Trouble.TOO_FAST:
                text = "The endpoint trigger frequency limit rule is currently in the disabled"
                until = now_ms() + 5000
                return _refused(100410, f"{text} period and will be unblocked after {until}")
            case Trouble.BAD_TIME:
                return _refused(100421, "Null timestamp or timestamp mismatch")

    def trade_often(self, count: int) -> None:
        """Have *count* executions of an older order of ours in the list of executions."""
        self._desk.trading.trade_often(count)

    def hedge(self) -> None:
        """Keep long and short side by side from now on."""
        self._linear.sides = "true"

    def pay_funding(self) -> None:
        """Settle funding once."""
        self._linear.trading.pay_funding()

    def let_wait(self, order: Waiting) -> None:
        """Have a person's *order* wait for its trigger."""
        self._desk.trading.waiting.append(order)

    def is_order(self, asked: Asked) -> bool:
        """Say whether a request places an order."""
        return (asked.method, asked.path) == _ORDER[self._market]

    def is_cancel(self, asked: Asked) -> bool:
        """Say whether a request cancels one."""
        return (asked.method, asked.path) == _CANCEL[self._market]

    def is_account(self, asked: Asked) -> bool:
        """Say whether a request reads the account of the market of the case."""
        return asked.path == _ACCOUNT[self._market]

    def is_move(self, asked: Asked) -> bool:
        """Say whether a request moves money between wallets."""
        return asked.path == "/openApi/api/asset/v1/transfer"

    def is_time(self, asked: Asked) -> bool:
        """Say whether a request asks for the venue's time."""
        return asked.path in _TIMES

    def _balances(self, _: Row) -> Row:
        held = {**self._coins, "VST": Decimal(0)}
        return {
            "balances": [
                {"asset": coin, "disPlayName": coin, "free": str(units), "locked": "0"}
                for coin, units in held.items()
            ]
        }

    def _move(self, given: Row) -> Row:
        units, coin = Decimal(given["amount"]), given["asset"]
        if {given["fromAccount"], given["toAccount"]} != {"spot", "USDTMPerp"}:
            raise Refusal(100400, "invalid account")
        moved = units if given["fromAccount"] == "spot" else -units
        if moved > self._coins[coin]:
            raise Refusal(100202, "insufficient assets")
        self._coins[coin] -= moved
        self._linear.trading.come(moved)
        number = str(1_051_461_075_875_997_081_703 + len(self._moves))
        self._moves.append(
            {
                "asset": coin,
                "amount": f"{units:.20f}",
                "status": "CONFIRMED",
                "transferId": number,
                "timestamp": now_ms(),
                "fromAccount": given["fromAccount"],
                "toAccount": given["toAccount"],
            }
        )
        return {"tranId": str(1_943_502_883_135_819_776), "transferId": number}

    def _moved(self, given: Row) -> Row:
        found = [
            row
            for row in self._moves
            if row["fromAccount"] == given["fromAccount"]
            and row["toAccount"] == given["toAccount"]
            and row["timestamp"] >= int(given["startTime"])
        ]
        start, count = int(given["pageIndex"]) - 1, int(given["pageSize"])
        rows = found[::-1][start * count : (start + 1) * count]
        return {"total": len(found), "rows": rows}


_RIGHTS = {
    "apiKey": _KEY,
    "permissions": [1, 2, 3, 4],
    "ipAddresses": ["127.0.0.1"],
    "note": "ours",
}


def _time(_: Row) -> Row:
    return {"serverTime": now_ms()}


def _candles(given: Row) -> list[list[Any]]:
    first, last = int(given["startTime"]), int(given["endTime"])
    if int(given["limit"]) > 1440 or given["interval"] != "1d":
        raise Refusal(100400, "invalid interval or limit")
    offset_ms = int(given.get("timeZone", 8)) * DAY_MS // 24
    days = closes_between(first + offset_ms, last + offset_ms)
    rows = [
        [at - offset_ms, 1.0, 2.0, 0.5, float(close), 9.0, at - offset_ms + DAY_MS - 1, 9.0]
        for at, close in days
    ]
    return rows[::-1][: int(given["limit"])]


def _contract_candles(given: Row) -> list[Row]:
    parts = ("time", "open", "high", "low", "close", "volume")
    rows = _candles({**given, "timeZone": "0"})
    return [dict(zip(parts, row, strict=False)) for row in rows]


def _unsigned(asked: Asked) -> Told | None:
    if asked.headers.get("x-bx-apikey") != _KEY:
        return _refused(100413, "Incorrect apiKey")
    said, _, signature = asked.query.rpartition("&signature=")
    parts = said.split("&")
    ordered = "&".join(sorted(parts, key=lambda part: part.partition("=")[0]))
    expected = hmac.new(_SECRET, ordered.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, signature):
        return _refused(100001, "Signature verification failed")
    given = dict(parse_qsl(said))
    window_ms = min(int(given.get("recvWindow", _WINDOW_MS)), _WINDOW_MS)
    if not -1000 < now_ms() - int(given.get("timestamp", "0")) <= window_ms:
        return _refused(100421, "Null timestamp or timestamp mismatch")
    return None


def _told(data: Any) -> Told:
    document = {"code": 0, "msg": "", "debugMsg": "", "data": data}
    return Told(body=json.dumps(document).encode())


def _bare(document: Row) -> Told:
    return Told(body=json.dumps(document).encode())


def _refused(code: int, text: str) -> Told:
    return Told(body=json.dumps({"code": code, "msg": text, "data": {}}).encode())
