"""Kraken spot in process: coins, one market, prices that stand still.

Written from its documentation: every private request is a POST whose number has to rise, every
refusal comes with status 200 and a list of sentences, names of orders are unique among open ones
only and are UUIDs or short texts, lists come fifty at a time with a count, times are seconds, and
executions carry no name of ours. What the documents leave open is answered in the less welcome way:
the clock tells whole seconds, a market bears another name in the lists of orders, and staked coins
stand among the others.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from tests.conformance.floors import Placed, Trouble, Truth, Waiting
from tests.conformance.spoken import Asked, Told
from tests.conformance.trading import (
    Declined,
    Execution,
    Order,
    Terms,
    Trading,
    closes_between,
    now_ms,
)
from tests.fakes.leaping import now
from trimtab.domain.orders import order_name
from trimtab.venues.facts import Market

Row = dict[str, Any]

KEY, SECRET = "local-key", base64.b64encode(b"local-secret").decode()
_PAIR, _ALIAS = "XXBTZUSDT", "XBTUSDT"
_TERMS = Terms(
    is_contract=False,
    lot=Decimal("0.00000001"),
    tick=Decimal("0.1"),
    least_value=Decimal("0.5"),
    fee=Decimal("0.004"),
    bid=Decimal("59999.9"),
    ask=Decimal("60000.1"),
    depth=Decimal("0.25000000"),
    names_repeat=True,
    fee_in_quote=True,
)
_COINS = {"BTC": Decimal("0.1234567800"), "USDT": Decimal("70000.00000001")}
_CODES = {"BTC": "XXBT", "USDT": "USDT"}
_LISTED = 50
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_NAME = re.compile(r"[ -~]{1,18}|[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DECLINED = {
    "funds": "EOrder:Insufficient funds",
    "grid": "EOrder:Tick size check failed",
    "duplicate": "EGeneral:Invalid arguments:cl_ord_id",
}


class Refusal(Exception):
    """A sentence that is told instead of an answer."""


class KrakenFloor:
    """What the venue has, and how it answers."""

    page = _LISTED

    def __init__(self, market: Market) -> None:
        assert market is Market.SPOT
        self.trading = Trading(terms=_TERMS, coins=dict(_COINS))
        self.positions: Row = {}
        self.more: Row = {"DOT.S": _held("12.5"), "BABY.B": _held("3"), "XETH": _held("0")}
        """What the wallet lists besides."""
        self.rests = False
        """Whether orders stay open, whatever they say."""
        self._number = 0
        self._routes: dict[tuple[str, str], Callable[[Row], Any]] = {
            ("GET", "/0/public/Time"): lambda _: {"unixtime": now_ms() // 1000, "rfc1123": "now"},
            ("GET", "/0/public/AssetPairs"): self._markets,
            ("GET", "/0/public/Depth"): self._book,
            ("GET", "/0/public/OHLC"): self._candles,
            ("POST", "/0/private/BalanceEx"): self._wallet,
            ("POST", "/0/private/OpenPositions"): lambda _: self.positions,
            ("POST", "/0/private/TradeVolume"): self._fees,
            ("POST", "/0/private/GetApiKeyInfo"): self._rights,
            ("POST", "/0/private/OpenOrders"): self._open,
            ("POST", "/0/private/ClosedOrders"): self._closed,
            ("POST", "/0/private/QueryOrders"): self._query,
            ("POST", "/0/private/TradesHistory"): self._executions,
            ("POST", "/0/private/AddOrder"): self._place,
            ("POST", "/0/private/CancelOrder"): self._cancel,
        }

    def answer(self, asked: Asked) -> Told:
        """Execute a request and answer it."""
        route = self._routes.get((asked.method, asked.path))
        if route is None:
            return told("EGeneral:Unknown method")
        given = dict(parse_qsl(asked.body if asked.method == "POST" else asked.query))
        try:
            if "/private/" in asked.path:
                self._require_signed(asked, given)
            return Told(body=json.dumps({"error": [], "result": route(given)}).encode())
        except Refusal as refusal:
            return told(str(refusal))

    def again(self, asked: Asked) -> Told:
        """Answer a request that was answered before, whose number is used up."""
        self._number = min(self._number, 0)
        return self.answer(asked)

    def truth(self) -> Truth:
        """Return what the market and the account really are."""
        return self.trading.truth()

    def orders(self) -> list[Placed]:
        """Return every order that was really taken, oldest first."""
        return self.trading.placed()

    def trouble(self, kind: Trouble) -> Told:
        """Return how this venue says that something is wrong."""
        match kind:
            case Trouble.DUPLICATE:
                return told(_DECLINED["duplicate"])
            case Trouble.REFUSED:
                return told(_DECLINED["funds"])
            case Trouble.TOO_FAST:
                return told("EOrder:Rate limit exceeded")
            case Trouble.BAD_TIME:
                return told("EAPI:Invalid nonce")

    def trade_often(self, count: int) -> None:
        """Have *count* executions of an older order of ours in the list of executions."""
        self.trading.trade_often(count)

    def pay_funding(self) -> None:
        """Do nothing: coins pay none."""

    def let_wait(self, order: Waiting) -> None:
        """Have a person's *order* wait for its trigger."""
        self.trading.waiting.append(order)

    def is_order(self, asked: Asked) -> bool:
        """Say whether a request places an order."""
        return asked.path == "/0/private/AddOrder"

    def is_cancel(self, asked: Asked) -> bool:
        """Say whether a request cancels one."""
        return asked.path == "/0/private/CancelOrder"

    def is_account(self, asked: Asked) -> bool:
        """Say whether a request reads the account."""
        return asked.path == "/0/private/BalanceEx"

    def is_move(self, asked: Asked) -> bool:
        """Say that nothing moves: there is one wallet."""
        return False

    def is_time(self, asked: Asked) -> bool:
        """Say whether a request asks for the venue's time."""
        return asked.path == "/0/public/Time"

    def _require_signed(self, asked: Asked, given: Row) -> None:
        """Hold a request against its key, its signature and the number before."""
        if asked.headers.get("api-key") != KEY:
            raise Refusal("EAPI:Invalid key")
        said = hashlib.sha256(f"{given.get('nonce')}{asked.body}".encode()).digest()
        signed = hmac.new(base64.b64decode(SECRET), asked.path.encode() + said, hashlib.sha512)
        if asked.headers.get("api-sign") != base64.b64encode(signed.digest()).decode():
            raise Refusal("EAPI:Invalid signature")
        if int(given["nonce"]) <= self._number:
            raise Refusal("EAPI:Invalid nonce")
        self._number = int(given["nonce"])

    def _markets(self, _: Row) -> Row:
        row = {
            "altname": _ALIAS,
            "wsname": "XBT/USDT",
            "aclass_base": "currency",
            "base": "XXBT",
            "aclass_quote": "currency",
            "quote": "USDT",
            "lot": "unit",
            "cost_decimals": 5,
            "pair_decimals": 1,
            "lot_decimals": 8,
            "lot_multiplier": 1,
            "leverage_buy": [2, 3],
            "leverage_sell": [2, 3],
            "fees": [[0, 0.4], [10000, 0.35]],
            "fees_maker": [[0, 0.25], [10000, 0.2]],
            "fee_volume_currency": "ZUSD",
            "margin_call": 80,
            "margin_stop": 40,
            "ordermin": "0.00005",
            "costmin": str(_TERMS.least_value),
            "tick_size": str(_TERMS.tick),
            "status": "online",
        }
        token = {**row, "aclass_base": "tokenized_asset", "base": "AAPLx", "altname": "AAPLxUSDT"}
        return {_PAIR: row, "AAPLxUSDT": token}

    def _book(self, given: Row) -> Row:
        _known(given)
        at, depth = now_ms() // 1000, str(_TERMS.depth)
        return {
            _PAIR: {
                "asks": [[str(_TERMS.ask), depth, at], ["60001.0", "2.00000000", at]],
                "bids": [[str(_TERMS.bid), depth, at], ["59999.0", "2.00000000", at]],
            }
        }

    def _candles(self, given: Row) -> Row:
        _known(given)
        assert given["interval"] == "1440"
        days = closes_between(now_ms() - 719 * 86_400_000, now_ms())
        rows = [[at // 1000, "1", "2", "0.5", close, "1", "9", 7] for at, close in days]
        return {_PAIR: rows, "last": rows[-2][0]}

    def _wallet(self, _: Row) -> Row:
        coins = self.trading.coins.items()
        return {_CODES[coin]: _held(str(units)) for coin, units in coins} | self.more

    def _fees(self, given: Row) -> Row:
        names = given["pair"].split(",")
        if set(names) - {_PAIR, _ALIAS}:
            raise Refusal("EQuery:Unknown asset pair")
        rate = {"fee": "0.4000", "minfee": "0.0800", "maxfee": "0.4000", "nextfee": "0.3500"}
        return {
            "currency": "ZUSD",
            "volume": "200.1234",
            "fees": {_PAIR: rate},
            "fees_maker": {_PAIR: {**rate, "fee": "0.2500"}},
        }

    def _rights(self, _: Row) -> Row:
        return {
            "apiKeyName": "trimtab",
            "apiKey": KEY,
            "nonce": str(self._number),
            "nonceWindow": 0,
            "permissions": [
                *("query-funds", "query-open-trades", "query-closed-trades"),
                *("modify-trades", "close-trades"),
            ],
            "iban": "AA00 N00G 0000 0000",
            "validUntil": "0",
            "queryFrom": "0",
            "queryTo": "0",
            "createdTime": "1772542900",
            "modifiedTime": "1772543095",
            "ipAllowlist": ["192.0.2.7"],
            "lastUsed": "1772627060",
        }

    def _place(self, given: Row) -> Row:
        _known(given)
        if given["ordertype"] != "limit" or given.get("oflags") != "fciq" or "leverage" in given:
            raise Refusal("EGeneral:Invalid arguments")
        if not _NAME.fullmatch(given["cl_ord_id"]):
            raise Refusal(_DECLINED["duplicate"])
        ahead = datetime.fromisoformat(given["deadline"]) - now()
        if not timedelta(seconds=2) <= ahead <= timedelta(seconds=60):
            raise Refusal("EGeneral:Invalid arguments:deadline")
        if given["timeinforce"] != "IOC":
            raise Refusal("EGeneral:Invalid arguments:timeinforce")
        try:
            order = self.trading.place(
                name=_ours(given["cl_ord_id"]),
                is_buy=given["type"] == "buy",
                quantity=Decimal(given["volume"]),
                limit=Decimal(given["price"]),
            )
        except Declined as no:
            raise Refusal(_DECLINED[no.why]) from no
        sentence = f"{given['type']} {order.quantity:.8f} {_ALIAS} @ limit {order.limit}"
        return {"descr": {"order": sentence}, "txid": [_txid("O", order.number)]}

    def shown(self, order: Order) -> Row:
        ended = {"closetm": order.at_ms / 1000, "reason": None if order.is_full else "IOC"}
        status = "open" if self.rests else "closed" if order.is_full else "canceled"
        side = "buy" if order.is_buy else "sell"
        return {
            "refid": None,
            "userref": None,
            "cl_ord_id": _theirs(order.name),
            "status": status,
            "opentm": order.at_ms / 1000,
            "starttm": 0,
            "expiretm": 0,
            "descr": {
                "pair": _ALIAS,
                "type": side,
                "ordertype": "limit",
                "price": str(order.limit),
                "price2": "0",
                "leverage": "none",
                "order": f"{side} {order.quantity:.8f} {_ALIAS} @ limit {order.limit}",
                "close": "",
            },
            "vol": f"{order.quantity:.8f}",
            "vol_exec": f"{order.filled:.8f}",
            "cost": "0",
            "fee": "0",
            "price": str(order.limit),
            "stopprice": "0.00000",
            "limitprice": "0.00000",
            "misc": "",
            "oflags": "fciq",
            **({} if self.rests else ended),
        }

    def waits(self, number: int, order: Waiting) -> tuple[str, Row]:
        side = "buy" if order.is_buy else "sell"
        size, price = f"{order.quantity:.8f}", str(order.trigger)
        about = {"pair": _ALIAS, "type": side, "ordertype": "stop-loss", "price": price}
        about |= {"price2": "0", "leverage": "none", "close": ""}
        about["order"] = f"{side} {size} {_ALIAS} @ stop loss {price}"
        row = {"cl_ord_id": order.name, "status": "open", "opentm": now_ms() / 1000, "vol": size}
        row |= {"vol_exec": "0.00000000", "stopprice": "0.00000", "limitprice": "0.00000"}
        return _txid("W", number), {**row, "descr": about, "oflags": "", "misc": "", "refid": None}

    def _open(self, given: Row) -> Row:
        found = dict(self.waits(n, order) for n, order in enumerate(self.trading.waiting))
        if self.rests:
            found |= {_txid("O", o.number): self.shown(o) for o in self.trading.taken}
        return {"open": _named(found, given)}

    def _closed(self, given: Row) -> Row:
        taken = [] if self.rests else self.trading.taken[::-1]
        found = _named({_txid("O", o.number): self.shown(o) for o in taken}, given)
        first, last = int(given.get("start", 0)), int(given.get("end", 10**12))
        found = {i: row for i, row in found.items() if first < row["opentm"] <= last}
        return {"closed": _page(found, given), "count": len(found)}

    def _query(self, given: Row) -> Row:
        wanted = given["txid"].split(",")
        assert len(wanted) <= _LISTED
        found = {_txid("O", o.number): self.shown(o) for o in self.trading.taken}
        return {i: found[i] for i in wanted if i in found}

    def _executions(self, given: Row) -> Row:
        first, last = int(given["start"]), int(given["end"])
        assert given["consolidate_taker"] == "false"
        found = {
            _txid("T", row.number): trade_row(row)
            for row in self.trading.executions[::-1]
            if first < row.at_ms / 1000 <= last
        }
        return {"trades": _page(found, given), "count": len(found)}

    def _cancel(self, given: Row) -> Row:
        if self.rests and given["txid"] in {_txid("O", o.number) for o in self.trading.taken}:
            self.rests = False
            return {"count": 1}
        raise Refusal("EOrder:Unknown order")


def told(*sentences: str) -> Told:
    """Return an answer that tells errors."""
    return Told(body=json.dumps({"error": list(sentences)}).encode())


def _held(units: str) -> Row:
    return {"balance": units, "hold_trade": "0.0000000000"}


def _known(given: Row) -> None:
    if given.get("pair") not in {_PAIR, _ALIAS}:
        raise Refusal("EQuery:Unknown asset pair")


def _txid(kind: str, number: int) -> str:
    drawn = hashlib.sha256(f"{kind}{number}".encode()).hexdigest().upper()
    return f"{kind}{drawn[:5]}-{drawn[5:10]}-{drawn[10:16]}"


def _named(found: Row, given: Row) -> Row:
    wanted = given.get("cl_ord_id")
    return {i: row for i, row in found.items() if wanted in (None, row["cl_ord_id"])}


def _page(found: Row, given: Row) -> Row:
    start = int(given.get("ofs", 0))
    return dict(list(found.items())[start : start + _LISTED])


def _ours(name: str) -> str:
    """Return the name of an order whose UUID is told: five bits are a letter."""
    bits = f"{UUID(name).int:0128b}"[3:]
    return order_name("".join(_LETTERS[int(bits[at : at + 5], 2)] for at in range(0, 125, 5)))


def _theirs(name: str) -> str:
    """Return the UUID of a name."""
    bits = "".join(f"{_LETTERS.index(letter):05b}" for letter in name[1:26])
    return str(UUID(int=int(bits, 2)))


def trade_row(row: Execution) -> Row:
    """Return an execution."""
    return {
        "ordertxid": _txid("O", row.order),
        "postxid": _txid("P", row.number),
        "pair": _PAIR,
        "time": row.at_ms / 1000,
        "type": "buy" if row.is_buy else "sell",
        "ordertype": "limit",
        "price": str(row.price),
        "cost": str(row.price * row.quantity),
        "fee": str(row.fee),
        "vol": str(row.quantity),
        "margin": "0.00000",
        "leverage": "0",
        "misc": "",
        "trade_id": 68_230_000 + row.number,
        "maker": False,
    }
