"""OKX v5 in process: one trading account, one market, prices that stand still.

Written from the documentation of v5: what is refused about an order is told with code 1 and a code
of its own beside the order, lists come the newest first and lead to older ones by a number, a name
must be unique among resting orders only, fees are negative where they are charged, and an order
whose deadline in the header has passed is not taken.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from tests.conformance.bitget_floor import PASSPHRASE
from tests.conformance.floors import Placed, Trouble, Truth, Waiting
from tests.conformance.okx_algos import ALGO_KINDS, OkxAlgos, Refusal, algo_row
from tests.conformance.okx_linear import CONTRACT, NAME, OkxLinear, spot_bill
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

_KEY, _SECRET = "local-key", b"local-secret"
_TERMS = Terms(
    is_contract=False,
    lot=Decimal("0.00000001"),
    tick=Decimal("0.1"),
    least_value=Decimal(0),
    fee=Decimal("0.001"),
    bid=Decimal("59999.9"),
    ask=Decimal("60000.1"),
    depth=Decimal("0.25000000"),
    names_repeat=True,
)
_LINEAR_TERMS = Terms(
    is_contract=True,
    lot=Decimal("0.001"),
    tick=Decimal("0.1"),
    least_value=Decimal(0),
    fee=Decimal("0.0005"),
    bid=Decimal("59999.9"),
    ask=Decimal("60000.1"),
    depth=Decimal("0.250"),
    contract_size=CONTRACT,
    names_repeat=True,
)
_COINS = {"BTC": Decimal("0.12345678"), "USDT": Decimal("70000.00000001")}
_DECLINED = {
    "funds": ("51008", "Order failed. Insufficient USDT balance in account."),
    "grid": ("51121", "Order quantity must be a multiple of the lot size."),
}
_STAMP_S = 30


class OkxFloor:
    """What a venue of v5 has, and how it answers."""

    page = 100

    def __init__(self, market: Market) -> None:
        self._has_contracts = market is Market.LINEAR
        self._coins = dict(_COINS)
        spot, linear = Trading(_TERMS, self._coins), Trading(_LINEAR_TERMS, self._coins)
        linear.wallet = Decimal(0)  # What it wins and pays goes to the one wallet at once.
        self._desks = {"BTC-USDT": spot, NAME: linear}
        self._trading = linear if self._has_contracts else spot
        self.linear = OkxLinear(linear, self._coins)
        self.mode = "2" if self._has_contracts else "1"
        """Of the account: 1 spot, 2 futures, 3 several coins, 4 portfolio."""
        self.positions = "net_mode"
        self.borrows = False
        self.of_coin: Row = {}
        """What is told of every coin besides."""
        self.of_cash: Row = {}
        """What is told of USDT besides."""
        self.lists_late = False
        """Whether the long lists of executions and bills do not know those of today yet."""
        self.leaves_bounds_out = False
        """Whether what is exactly at a bound of a time is not in it."""
        self.pending: list[Row] = []
        """What rests, as the venue writes it."""
        self.stops = OkxAlgos(linear)
        self.algos: list[Row] = []
        """What waits in lists of its own, as the venue writes it, besides what waits in markets."""
        self._deadline_ms = 0
        self._routes: dict[tuple[str, str], Callable[[Row], list[Any]]] = {
            ("GET", "/public/time"): lambda _: [{"ts": str(now_ms())}],
            ("GET", "/public/instruments"): self._markets,
            ("GET", "/public/price-limit"): self._limits,
            ("GET", "/market/books"): self._book,
            ("GET", "/market/history-candles"): self._candles,
            ("GET", "/account/config"): self._config,
            ("GET", "/account/balance"): self._wallet,
            ("GET", "/account/trade-fee"): self._fees,
            ("GET", "/trade/order"): self._one,
            ("GET", "/trade/orders-pending"): self._pending,
            ("GET", "/trade/orders-algo-pending"): self._algos,
            ("GET", "/trade/order-algo"): self._algo,
            ("GET", "/trade/orders-algo-history"): self._past_algos,
            ("POST", "/trade/order-algo"): self.stops.create,
            ("GET", "/trade/orders-history"): lambda given: self._past(given, days=7),
            ("GET", "/trade/orders-history-archive"): lambda given: self._past(given, days=90),
            ("GET", "/trade/fills"): self._fills,
            ("GET", "/trade/fills-history"): self._old_fills,
            ("GET", "/public/mark-price"): lambda _: self.linear.mark(),
            ("GET", "/market/index-tickers"): lambda _: self.linear.index(),
            ("GET", "/public/funding-rate"): lambda _: self.linear.rate(),
            ("GET", "/public/funding-rate-history"): self.linear.rates,
            ("GET", "/public/position-tiers"): lambda _: self.linear.tiers(),
            ("GET", "/account/positions"): lambda _: self.linear.positions(),
            ("GET", "/account/leverage-info"): lambda _: self.linear.leverage(),
            ("GET", "/account/bills"): self._bills,
            ("GET", "/account/bills-archive"): self._old_bills,
            ("POST", "/account/set-leverage"): self.linear.set_leverage,
            ("POST", "/trade/order"): self._create,
            ("POST", "/trade/cancel-order"): self._cancel,
            ("POST", "/trade/cancel-algos"): lambda given: self.stops.cancel(list(given)),
        }

    def answer(self, asked: Asked) -> Told:
        """Execute a request and answer it."""
        path = asked.path.removeprefix("/api/v5")
        route = self._routes.get((asked.method, path))
        if route is None or path == asked.path:
            return Told(status=404, body=b"")
        given = json.loads(asked.body) if asked.method == "POST" else dict(parse_qsl(asked.query))
        self._deadline_ms = int(asked.headers.get("exptime", "0"))
        try:
            if not path.startswith(("/public/", "/market/")):
                _require_signed(asked)
            return _told("0", "", route(given))
        except Refusal as refusal:
            if refusal.of_order:
                name = given.get("clOrdId", "") if isinstance(given, dict) else ""
                row = {"clOrdId": name, "ordId": "", "tag": ""}
                row |= {"sCode": refusal.code, "sMsg": refusal.text}
                return _told("1", "All operations failed", [row])
            return _told(refusal.code, refusal.text, [], status=refusal.status)

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
                return of_order("51016", "Client order ID already exists.")
            case Trouble.REFUSED:
                return of_order("51008", "Order failed. Insufficient USDT balance in account.")
            case Trouble.TOO_FAST:
                return _told("50011", "Too Many Requests", [], status=429)
            case Trouble.BAD_TIME:
                return _told("50102", "Timestamp request expired.", [], status=401)

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

    def waiting(self) -> list[Waiting]:
        """Return every conditional order that was really taken, oldest first."""
        return [algo.waiting() for algo in self.stops.taken]

    def is_stop(self, asked: Asked) -> bool:
        """Say whether a request places a conditional order."""
        return asked.method == "POST" and asked.path == "/api/v5/trade/order-algo"

    def reach(self, mark: Decimal) -> None:
        """Have the mark of the contract come to *mark*."""
        self.stops.reach(mark)
        self.linear.settle()

    def resting_stops(self) -> list[str]:
        """Return the names of the conditional orders that wait, oldest first."""
        return [each.name for each in self.stops.open()]

    def vanish(self, name: str) -> None:
        """Have the venue take a conditional order off by itself."""
        self.stops.vanish(name)

    def is_order(self, asked: Asked) -> bool:
        """Say whether a request places an order."""
        return asked.method == "POST" and asked.path == "/api/v5/trade/order"

    def is_cancel(self, asked: Asked) -> bool:
        """Say whether a request cancels one."""
        return asked.path in ("/api/v5/trade/cancel-order", "/api/v5/trade/cancel-algos")

    def is_account(self, asked: Asked) -> bool:
        """Say whether a request reads the account."""
        return asked.path == "/api/v5/account/balance"

    def is_move(self, asked: Asked) -> bool:
        """Say that nothing moves: there is one wallet."""
        return False

    def is_time(self, asked: Asked) -> bool:
        """Say whether a request asks for the venue's time."""
        return asked.path == "/api/v5/public/time"

    def _desk(self, given: Row) -> Trading:
        """Return what a question is about."""
        name = given.get("instId", "")
        kind = "SWAP" if name == NAME else "SPOT"
        if name not in self._desks or given.get("instType", kind) != kind:
            raise Refusal("51001", "Instrument ID does not exist")
        return self._desks[name]

    def _markets(self, given: Row) -> list[Row]:
        if given.get("instType") == "SWAP":
            return self.linear.market()
        _require(given, instType="SPOT")
        row = {
            "instType": "SPOT",
            "instId": "BTC-USDT",
            "baseCcy": "BTC",
            "quoteCcy": "USDT",
            "settleCcy": "",
            "ctVal": "",
            "ctMult": "",
            "ctType": "",
            "lever": "10",
            "lotSz": "0.00000001",
            "minSz": "0.00001",
            "maxLmtSz": "9999999999",
            "maxMktSz": "1000000",
            "maxLmtAmt": "20000000",
            "tickSz": "0.1",
            "state": "live",
            "ruleType": "normal",
        }
        return [row | {"instId": "ETH-BTC", "baseCcy": "ETH", "quoteCcy": "BTC"}, row]

    def _limits(self, given: Row) -> list[Row]:
        self._desk(given)
        bounds = {"buyLmt": "61800.1", "sellLmt": "58200.1", "enabled": True, "ts": str(now_ms())}
        return [{"instType": "SPOT", "instId": given["instId"], **bounds}]

    def _book(self, given: Row) -> list[Row]:
        terms = self._desk(given).terms
        depth = str(terms.depth / terms.contract_size)
        return [
            {
                "bids": [[str(terms.bid), depth, "0", "3"], ["59999.0", "2", "0", "9"]],
                "asks": [[str(terms.ask), depth, "0", "2"], ["60001.0", "2", "0", "7"]],
                "ts": str(now_ms()),
                "seqId": 1,
            }
        ]

    def _candles(self, given: Row) -> list[list[str]]:
        self._desk(given)
        _require(given, bar="1Dutc")
        days = closes_between(int(given["before"]) + 1, int(given["after"]) - 1)
        ended = [(at, close) for at, close in days if at + DAY_MS <= now_ms()]
        rows = [[str(at), "1", "2", "0.5", close, "9", "9", "9", "1"] for at, close in ended]
        return rows[::-1][: int(given["limit"])]

    def _config(self, _: Row) -> list[Row]:
        return [
            {
                "uid": "44705892343619584",
                "mainUid": "44705892343619584",
                "acctLv": self.mode,
                "posMode": self.positions,
                "autoLoan": False,
                "enableSpotBorrow": self.borrows,
                "label": "local",
                "ip": "",
                "perm": "read_only,trade",
                "type": "0",
            }
        ]

    def _wallet(self, _: Row) -> list[Row]:
        rows = [self._coin(coin, units) for coin, units in self._coins.items() if units]
        return [{"uTime": str(now_ms()), "totalEq": "77407.4", "isoEq": "", "details": rows}]

    def _coin(self, coin: str, units: Decimal) -> Row:
        """Return how a coin is told in spot mode: what does not apply is empty."""
        nothing = dict.fromkeys(("isoEq", "availEq", "upl", "imr", "mmr", "isoUpl"), "")
        none = dict.fromkeys(("liab", "interest", "ordFrozen", "stgyEq", "rewardBal"), "0")
        others = dict.fromkeys(("spotIsoBal", "smtSyncEq", "fixedBal"), "0")
        told = {
            "ccy": coin,
            "eq": str(units),
            "cashBal": str(units),
            "availBal": str(units),
            "frozenBal": "0",
            "autoLendStatus": "off",
        }
        more = self.linear.wallet(coin, units) if self._has_contracts else {}
        cash = self.of_cash if coin == "USDT" else {}
        return nothing | none | others | told | more | self.of_coin | cash

    def _fees(self, given: Row) -> list[Row]:
        is_swap = given["instType"] == "SWAP"
        _require(given, **({"instFamily": "BTC-USDT"} if is_swap else {"instId": "BTC-USDT"}))
        fee = str(-self._desks[NAME if is_swap else "BTC-USDT"].terms.fee)
        group = [{"groupId": "1", "taker": fee, "maker": "-0.0002"}]
        return [
            {
                "instType": given["instType"],
                "level": "Lv1",
                "taker": "" if is_swap else fee,
                "maker": "-0.0002",
                "takerU": fee if is_swap else "",
                "takerUSDC": "",
                "feeGroup": group,
                "ts": str(now_ms()),
            }
        ]

    def _one(self, given: Row) -> list[Row]:
        trading = self._desk(given)
        name = "ordId" if "ordId" in given else "clOrdId"
        found = [row for row in self._orders(trading) if row[name] == given[name]]
        if not found:
            raise Refusal("51603", "Order does not exist")
        return found[-1:]

    def _pending(self, given: Row) -> list[Row]:
        wanted = {name: given[name] for name in ("instType", "instId") if name in given}
        return [row for row in self.pending if all(row[n] == v for n, v in wanted.items())]

    def _algos(self, given: Row) -> list[Row]:
        """Tell what waits of one kind, of all markets where none is named."""
        if given.get("ordType") not in ALGO_KINDS:
            raise Refusal("51000", "Parameter ordType error", status=400)
        waiting = [
            algo_row(name, order, number, count=str(order.quantity / trading.terms.contract_size))
            for name, trading in self._desks.items()
            for number, order in enumerate(trading.waiting)
        ]
        wanted = {name: given[name] for name in ("ordType", "instType", "instId") if name in given}
        told = waiting + self.algos + self.stops.waits(_order_id)
        found = [row for row in told if all(row[n] == v for n, v in wanted.items())]
        return _paged(sorted(found, key=lambda row: int(row["algoId"])), "algoId", given)

    def _algo(self, given: Row) -> list[Row]:
        return self.stops.named(given["algoClOrdId"], _order_id)

    def _past_algos(self, given: Row) -> list[Row]:
        return _paged(self.stops.past(given, _order_id), "algoId", given)

    def _orders(self, trading: Trading) -> list[Row]:
        """Return how orders of a market are told, oldest first."""
        of_stops = self.stops.of_order if trading.terms.is_contract else lambda _: {}
        told = [order for order in trading.taken if self.stops.is_told(order)]
        return [_order(order, trading.terms) | of_stops(order.number) for order in told]

    def _past(self, given: Row, *, days: int) -> list[Row]:
        first = max(int(given.get("begin", 0)), now_ms() - days * DAY_MS)
        rows = [row for row in self._orders(self._desk(given)) if int(row["cTime"]) >= first]
        return _paged(rows, "ordId", given)

    def _fills(self, given: Row) -> list[Row]:
        first = max(int(given.get("begin", 0)), now_ms() - 3 * DAY_MS)
        return self._executed(given, first)

    def _old_fills(self, given: Row) -> list[Row]:
        first = max(int(given.get("begin", 0)), now_ms() - 90 * DAY_MS)
        return [] if self.lists_late else self._executed(given, first)

    def _executed(self, given: Row, first: int) -> list[Row]:
        trading = self._desk(given)
        moment = 1 if self.leaves_bounds_out else 0
        last = int(given.get("end", now_ms() + 1))
        rows = between(trading.executions, first + moment, last - moment)
        told = [_execution(row, given["instId"], trading.terms) for row in rows]
        ours = [row for row in told if row["ordId"] == given.get("ordId", row["ordId"])]
        return _paged(ours, "billId", given)

    def _bills(self, given: Row) -> list[Row]:
        _require(given, ccy="USDT")
        coins = [spot_bill(row) for row in self._desks["BTC-USDT"].executions]
        first = int(given["begin"]) + (1 if self.leaves_bounds_out else 0)
        rows = [row for row in coins + self.linear.bills() if int(row["ts"]) >= first]
        return _paged(sorted(rows, key=lambda row: int(row["billId"])), "billId", given)

    def _old_bills(self, given: Row) -> list[Row]:
        return [] if self.lists_late else self._bills(given)

    def _create(self, given: Row) -> list[Row]:
        if self._deadline_ms and self._deadline_ms < now_ms():
            raise Refusal("50036", "The expTime can't be earlier than the current system time.")
        trading = self._desk(given)
        terms, words = trading.terms, (given["tdMode"], given["ordType"])
        if words != ("cross" if terms.is_contract else "cash", "ioc"):
            raise Refusal("51000", "Parameter tdMode error", of_order=True)
        if not all(isinstance(given[name], str) for name in ("sz", "px")):
            raise Refusal("51000", "Parameter sz error", of_order=True)
        if terms.is_contract and self.linear.lacks(given):
            raise Refusal(*_DECLINED["funds"], of_order=True)
        try:
            order = trading.place(
                name=given["clOrdId"],
                is_buy=given["side"] == "buy",
                quantity=Decimal(given["sz"]) * terms.contract_size,
                limit=Decimal(given["px"]),
                reduces=given.get("reduceOnly", False),
            )
        except Declined as declined:
            raise Refusal(*_DECLINED[declined.why], of_order=True) from declined
        self.linear.settle()
        return [_taken(order)]

    def _cancel(self, given: Row) -> list[Row]:
        self._desk(given)
        raise Refusal("51400", "Cancellation failed as the order has ended.", of_order=True)


def of_order(code: str, text: str) -> Told:
    """Return how it is told that an order was declined."""
    row = {"clOrdId": "", "ordId": "", "tag": "", "ts": "1", "sCode": code, "sMsg": text}
    return _told("1", "All operations failed", [row])


def _order_id(number: int) -> str:
    return "1" if number < 0 else str(680_800_019_749_904_384 + number)


def _taken(order: Order) -> Row:
    names = {"clOrdId": order.name, "ordId": _order_id(order.number), "tag": ""}
    return names | {"ts": str(order.at_ms), "sCode": "0", "sMsg": ""}


def _order(order: Order, terms: Terms) -> Row:
    return {
        "instType": "SWAP" if terms.is_contract else "SPOT",
        "instId": NAME if terms.is_contract else "BTC-USDT",
        "ordId": _order_id(order.number),
        "clOrdId": order.name,
        "side": "buy" if order.is_buy else "sell",
        "px": str(order.limit),
        "sz": str(order.quantity / terms.contract_size),
        "accFillSz": str(order.filled / terms.contract_size),
        "state": "filled" if order.is_full else "canceled",
        "ordType": "ioc",
        "tdMode": "cross" if terms.is_contract else "cash",
        "reduceOnly": "true" if order.reduces else "false",
        "cTime": str(order.at_ms),
    }


def _execution(row: Execution, market: str, terms: Terms) -> Row:
    return {
        "instType": "SWAP" if terms.is_contract else "SPOT",
        "instId": market,
        "ordId": _order_id(row.order),
        "clOrdId": row.name,
        "billId": str(680_800_019_754_098_688 + row.number),
        "tradeId": str(744_876_980 + row.number),
        "side": "buy" if row.is_buy else "sell",
        "fillPx": str(row.price),
        "fillSz": str(row.quantity / terms.contract_size),
        "fee": str(-row.fee),
        "feeCcy": row.fee_coin,
        "execType": "T",
        "subType": "1" if row.is_buy else "2",
        "fillTime": str(row.at_ms),
        "ts": str(row.at_ms),
    }


def _paged(rows: list[Row], name: str, given: Row) -> list[Row]:
    """Return a page, the newest first, of what is older than where it is led to."""
    newest = rows[::-1]
    if "after" in given:
        newest = [row for row in newest if int(row[name]) < int(given["after"])]
    count = int(given.get("limit", 100))
    if count > 100:
        raise Refusal("51000", "Parameter limit error", status=400)
    return newest[:count]


def _require(given: Row, **wanted: str) -> None:
    """Refuse a question about something else."""
    if any(given.get(name) != value for name, value in wanted.items()):
        raise Refusal("51001", "Instrument ID does not exist")


def _require_signed(asked: Asked) -> None:
    """Refuse what is not signed, or signed at another time."""
    head = asked.headers
    stamp = head.get("ok-access-timestamp", "")
    query = f"?{asked.query}" if asked.query else ""
    signed = f"{stamp}{asked.method}{asked.path}{query}{asked.body}"
    expected = base64.b64encode(hmac.new(_SECRET, signed.encode(), hashlib.sha256).digest())
    if head.get("ok-access-key") != _KEY:
        raise Refusal("50111", "Invalid OK-ACCESS-KEY", status=401)
    if head.get("ok-access-passphrase") != PASSPHRASE:
        raise Refusal("50105", "OK-ACCESS-PASSPHRASE incorrect", status=401)
    if not hmac.compare_digest(expected.decode(), head.get("ok-access-sign", "")):
        raise Refusal("50113", "Invalid Sign", status=401)
    at = datetime.fromisoformat(stamp)
    if abs(now_ms() - at.timestamp() * 1000) > _STAMP_S * 1000:
        raise Refusal("50102", "Timestamp request expired.", status=401)


def _told(code: str, text: str, rows: list[Any], *, status: int = 200) -> Told:
    document = {"code": code, "msg": text, "data": rows}
    return Told(status=status, body=json.dumps(document).encode())
