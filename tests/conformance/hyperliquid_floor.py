"""Hyperliquid in process: coins of one account, one market, prices that stand still.

Written from its documentation: reads need no signature, writes are taken from whoever signed them,
a refusal comes with status 200 and a sentence. The signer is found by hashing and recovering here,
without the library that signed. What the documents leave open is answered in the less welcome way:
a row of an order repeats the size that it began with, the ends of a stretch of time are not in it,
lists are cut at the lower of two numbers, and two coins bear one name.

The coins bear the names of the suite; the venue's own are UBTC and USDC.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import coincurve
from ccxt.static_dependencies import keccak

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
from trimtab.venues.facts import Market

Row = dict[str, Any]

AGENT_KEY = "0x" + "1f" * 32
ACCOUNT = "0x" + "ac" * 20
_LIVE = "api.hyperliquid.xyz"
_COIN, _INDEX = "@142", 142
_TERMS = Terms(
    is_contract=False,
    lot=Decimal("0.00001"),
    tick=Decimal(1),
    least_value=Decimal(10),
    fee=Decimal("0.0007"),
    bid=Decimal(59_999),
    ask=Decimal(60_001),
    depth=Decimal("0.25"),
)
_COINS = {"BTC": Decimal("0.1234567891"), "USDT": Decimal("70000.00000001")}
_TOKENS = {"USDC": 0, "PURR": 1, "USDT": 268, "BTC": 197}
_FIRST_OID = 91_490_942_000
_NO_MATCH = f"Order could not immediately match against any resting orders. asset={10_000 + _INDEX}"
_GONE = f"Order was never placed, already canceled, or filled. asset={10_000 + _INDEX}"
_CUT = 500


class HyperliquidFloor:
    """What the venue has, and how it answers."""

    page = _CUT

    def __init__(self, market: Market) -> None:
        assert market is Market.SPOT
        self.trading = Trading(terms=_TERMS, coins=dict(_COINS))
        self.mode = "default"
        self.roles: dict[str, Row] = {
            ACCOUNT: {"role": "user"},
            address_of(AGENT_KEY): {"role": "agent", "data": {"user": ACCOUNT}},
        }
        self._nonces: set[int] = set()
        self._asked_for: dict[str, Callable[[Row], Any]] = {
            "exchangeStatus": lambda _: {"specialStatuses": None, "time": now_ms()},
            "spotMetaAndAssetCtxs": lambda _: self._markets(),
            "l2Book": self._book,
            "candleSnapshot": self._candles,
            "userRole": lambda given: self.roles.get(given["user"], {"role": "missing"}),
            "userAbstraction": lambda _: self.mode,
            "userFees": lambda _: {"userCrossRate": "0.00045", "userSpotCrossRate": "0.0007"},
            "spotClearinghouseState": lambda _: self._wallet(),
            "clearinghouseState": lambda _: {"marginSummary": {"accountValue": "120.5"}},
            "delegatorSummary": lambda _: {
                "delegated": "12.0",
                "undelegated": "0.5",
                "totalPendingWithdrawal": "0.0",
                "nPendingWithdrawals": 0,
            },
            "userVaultEquities": lambda _: [],
            "frontendOpenOrders": lambda _: self._resting(),
            "orderStatus": self._status,
            "historicalOrders": lambda _: [_told(order) for order in self.trading.taken[::-1]],
            "userFillsByTime": self._fills,
        }

    def answer(self, asked: Asked) -> Told:
        """Execute a request and answer it."""
        given = json.loads(asked.body)
        if (asked.method, asked.path) == ("POST", "/exchange"):
            return _json(self._exchange(given, is_live=asked.host == _LIVE))
        if (asked.method, asked.path) != ("POST", "/info") or given["type"] not in self._asked_for:
            return Told(
                status=422, body=b"Failed to deserialize the JSON body into the target type"
            )
        if given.get("user", ACCOUNT) != ACCOUNT and given["type"] != "userRole":
            return _json([])
        return _json(self._asked_for[given["type"]](given))

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
                raise AssertionError("what a second order under a name is told is written nowhere")
            case Trouble.REFUSED:
                return _statuses({"error": "Insufficient spot balance asset=10142"})
            case Trouble.TOO_FAST:
                return err(
                    "Too many cumulative requests sent (10001 > 10000) for cumulative volume traded"
                    " $0.00. Place taker orders to free up 1 request per USDC traded."
                )
            case Trouble.BAD_TIME:
                return err("Invalid nonce: nonce too low 1700000000000 < 1700172800000")

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
        return asked.path == "/exchange" and '"type":"order"' in asked.body

    def is_cancel(self, asked: Asked) -> bool:
        """Say whether a request cancels one."""
        return asked.path == "/exchange" and '"type":"cancel"' in asked.body

    def is_account(self, asked: Asked) -> bool:
        """Say whether a request reads the account."""
        return '"type":"spotClearinghouseState"' in asked.body

    def is_move(self, asked: Asked) -> bool:
        """Say that nothing moves."""
        return False

    def is_time(self, asked: Asked) -> bool:
        """Say whether a request asks for the venue's time."""
        return '"type":"exchangeStatus"' in asked.body

    def _markets(self) -> list[Any]:
        tokens = [
            {
                "name": name,
                "szDecimals": 5 if name == "BTC" else 2,
                "weiDecimals": 10,
                "index": number,
                "tokenId": f"0x{number:032x}",
                "isCanonical": number < 2,
                "evmContract": None,
                "fullName": None,
            }
            for name, number in _TOKENS.items()
        ]
        strangers = [
            dict(tokens[1], name=name, index=number, isCanonical=False)
            for number, name in ((300, "DUP"), (301, "DUP"), (302, "PURR"))
        ]
        universe = [
            {"name": "PURR/USDC", "tokens": [1, 0], "index": 0, "isCanonical": True},
            {"name": _COIN, "tokens": [197, 268], "index": _INDEX, "isCanonical": False},
            {"name": "@200", "tokens": [300, 268], "index": 200, "isCanonical": False},
            {"name": "@201", "tokens": [301, 268], "index": 201, "isCanonical": False},
            {"name": "@202", "tokens": [302, 0], "index": 202, "isCanonical": False},
        ]
        prices = [
            {"coin": "@1", "markPx": "3.0", "midPx": None, "prevDayPx": "3.0", "dayNtlVlm": "0.0"},
            {"coin": _COIN, "markPx": "60000.0", "midPx": "60000.0", "prevDayPx": "59000.0"},
            {"coin": "PURR/USDC", "markPx": "0.20955", "midPx": "0.2", "prevDayPx": "0.2"},
        ]
        return [{"universe": universe, "tokens": tokens + strangers}, prices]

    def _book(self, given: Row) -> Row | None:
        if given["coin"] != _COIN:
            return None
        depth = str(_TERMS.depth)
        sides = [(str(_TERMS.bid), "59990.0"), (str(_TERMS.ask), "60010.0")]
        levels = [[{"px": px, "sz": depth, "n": 2} for px in side] for side in sides]
        return {"coin": _COIN, "time": now_ms(), "levels": levels}

    def _candles(self, given: Row) -> list[Row]:
        of = given["req"]
        return [
            {
                "t": at,
                "T": at + 86_399_999,
                "s": of["coin"],
                "i": of["interval"],
                "o": "1",
                "h": "2",
                "l": "0.5",
                "c": close,
                "v": "9",
                "n": 3,
            }
            for at, close in closes_between(of["startTime"], of["endTime"])
        ]

    def _wallet(self) -> Row:
        coins = {**self.trading.coins, "PURR": Decimal(0)}
        rows = [
            {"coin": coin, "token": _TOKENS[coin], "total": str(n), "hold": "0.0", "entryNtl": "0"}
            for coin, n in coins.items()
        ]
        return {"balances": rows}

    def _resting(self) -> list[Row]:
        """Return what waits; everything else here ends at once. An order of contracts is beside."""
        rows = [
            _row(
                oid=_FIRST_OID - 2,
                is_buy=order.is_buy,
                size=order.quantity,
                limit=order.trigger,
                cloid=order.name if order.name.startswith("0x") else "0x" + "ab" * 16,
                at_ms=now_ms(),
            )
            | {"isTrigger": True, "triggerPx": str(order.trigger), "orderType": "Stop Limit"}
            for order in self.trading.waiting
        ]
        contract = _row(
            oid=_FIRST_OID - 1,
            is_buy=True,
            size=Decimal("0.5"),
            limit=Decimal(1800),
            cloid=None,
            at_ms=now_ms(),
        )
        return [contract | {"coin": "ETH"}, *rows]

    def _status(self, given: Row) -> Row:
        for order in self.trading.taken[::-1]:
            told = _told(order)
            if given["oid"] in (told["order"]["oid"], told["order"]["cloid"]):
                return {"status": "order", "order": told}
        return {"status": "unknownOid"}

    def _fills(self, given: Row) -> list[Row]:
        first, last = given["startTime"], given["endTime"]
        found = [each for each in self.trading.executions if first < each.at_ms < last]
        beside = [_fill(each) | {"coin": "ETH", "feeToken": "USDC"} for each in found[:1]]
        return [*beside, *(_fill(each) for each in found)][:_CUT]

    def _exchange(self, given: Row, *, is_live: bool) -> Row:
        signer = signer_of(given, is_live=is_live)
        role = self.roles.get(signer, {"role": "missing"})
        if role.get("data", {}).get("user") != ACCOUNT and signer != ACCOUNT:
            return _err(f"User or API Wallet {signer} does not exist.")
        if given["nonce"] in self._nonces:
            return _err(f"Invalid nonce: duplicate nonce {given['nonce']}")
        self._nonces.add(given["nonce"])
        if given["expiresAfter"] < now_ms():
            return _err("The action has expired.")
        action = given["action"]
        if action["type"] == "cancel":
            assert action["cancels"][0].keys() == {"a", "o"}
            return _ok("cancel", {"error": _GONE})
        assert (action["type"], action["grouping"], len(action["orders"])) == ("order", "na", 1)
        assert action.keys() == {"type", "orders", "grouping"}, "no builder is named"
        return _ok("order", self._create(action["orders"][0]))

    def _create(self, order: Row) -> Row:
        assert list(order) == ["a", "b", "p", "s", "r", "t", "c"]
        assert (order["a"], order["r"], order["t"]) == (10_142, False, {"limit": {"tif": "Ioc"}})
        for digits in (order["p"], order["s"]):
            assert digits == digits.strip("0") or not digits.endswith("0") or "." not in digits
        size, limit = Decimal(order["s"]), Decimal(order["p"])
        if size * limit < _TERMS.least_value:
            return {"error": "Order must have minimum value of 10 USDT. asset=10142"}
        try:
            placed = self.trading.place(
                name=name_of(order["c"]), is_buy=order["b"], quantity=size, limit=limit
            )
        except Declined as declined:
            told = {
                "grid": "Price must be divisible by tick size. asset=10142",
                "funds": "Insufficient spot balance asset=10142",
            }
            return {"error": told[declined.why]}
        if not placed.filled:
            return {"error": _NO_MATCH}
        price = _TERMS.ask if placed.is_buy else _TERMS.bid
        told_filled = {"totalSz": str(placed.filled), "avgPx": str(price)}
        return {"filled": told_filled | {"oid": _FIRST_OID + placed.number}}


def name_of(cloid: str) -> str:
    """Return the name that 128 bits stand for: 25 characters, and two drawn from them."""
    held, digits = int(cloid, 16), b""
    for _ in range(25):
        digits = b"abcdefghijklmnopqrstuvwxyz234567"[held % 32 : held % 32 + 1] + digits
        held //= 32
    drawn = base64.b32encode(hashlib.sha256(digits).digest())[:2].lower()
    return "b" + (digits + drawn).decode()


def cloid_of(name: str) -> str | None:
    """Return the 128 bits of a name, none for one of another form."""
    held = 0
    for digit in name[1:26]:
        if digit not in "abcdefghijklmnopqrstuvwxyz234567":
            return None
        held = held * 32 + "abcdefghijklmnopqrstuvwxyz234567".index(digit)
    return f"0x{held:032x}" if len(name) == 28 else None


def _row(
    *, oid: int, is_buy: bool, size: Decimal, limit: Decimal, cloid: str | None, at_ms: int
) -> Row:
    return {
        "coin": _COIN,
        "side": "B" if is_buy else "A",
        "limitPx": str(limit),
        "sz": str(size),
        "oid": oid,
        "timestamp": at_ms,
        "triggerCondition": "N/A",
        "isTrigger": False,
        "triggerPx": "0.0",
        "children": [],
        "isPositionTpsl": False,
        "reduceOnly": False,
        "orderType": "Limit",
        "origSz": str(size),
        "tif": "Ioc",
        "cloid": cloid,
    }


def _told(order: Order) -> Row:
    """Return an order as it is told after its end: the size in it is the one it began with."""
    row = _row(
        oid=_FIRST_OID + order.number,
        is_buy=order.is_buy,
        size=order.quantity,
        limit=order.limit,
        cloid=cloid_of(order.name),
        at_ms=order.at_ms,
    )
    status = "filled" if order.filled else "iocCancelRejected"
    return {"order": row, "status": status, "statusTimestamp": order.at_ms}


def _fill(each: Execution) -> Row:
    row = {
        "coin": _COIN,
        "px": str(each.price),
        "sz": str(each.quantity),
        "side": "B" if each.is_buy else "A",
        "time": each.at_ms,
        "startPosition": "0.0",
        "dir": "Buy" if each.is_buy else "Sell",
        "closedPnl": "0.0",
        "hash": "0x" + "0" * 64,
        "oid": _FIRST_OID + each.order,
        "crossed": True,
        "fee": str(each.fee),
        "tid": 118_906_512_037_719 - each.number * 7,
        "feeToken": each.fee_coin,
        "twapId": None,
    }
    cloid = cloid_of(each.name)
    return row | ({"cloid": cloid} if cloid else {})


def signer_of(given: Row, *, is_live: bool) -> str:
    """Return the address that signed a request."""
    told = _packed(given["action"]) + given["nonce"].to_bytes(8, "big") + b"\x00"
    told += b"\x00" + given["expiresAfter"].to_bytes(8, "big")
    domain = keccak.SHA3(
        keccak.SHA3(
            b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
        )
        + keccak.SHA3(b"Exchange")
        + keccak.SHA3(b"1")
        + (1337).to_bytes(32, "big")
        + bytes(32)
    )
    agent = keccak.SHA3(
        keccak.SHA3(b"Agent(string source,bytes32 connectionId)")
        + keccak.SHA3(b"a" if is_live else b"b")
        + keccak.SHA3(told)
    )
    signature = given["signature"]
    r, s = (int(signature[part], 16).to_bytes(32, "big") for part in "rs")
    signed = bytes(keccak.SHA3(b"\x19\x01" + domain + agent))
    key = coincurve.PublicKey.from_signature_and_message(
        r + s + bytes([signature["v"] - 27]), signed, hasher=None
    )
    return _address(key)


def address_of(private_key: str) -> str:
    """Return the address of a private key."""
    return _address(coincurve.PrivateKey(bytes.fromhex(private_key[2:])).public_key)


def _address(key: coincurve.PublicKey) -> str:
    return "0x" + keccak.SHA3(key.format(compressed=False)[1:])[-20:].hex()


def _packed(value: Any) -> bytes:
    """Return a value as MessagePack."""
    match value:
        case bool():
            return b"\xc3" if value else b"\xc2"
        case int():
            return _packed_number(value)
        case str():
            text = value.encode()
            head = bytes([0xA0 | len(text)]) if len(text) < 32 else b"\xd9" + bytes([len(text)])
            return head + text
        case list():
            return bytes([0x90 | len(value)]) + b"".join(map(_packed, value))
        case dict():
            parts = (_packed(key) + _packed(each) for key, each in value.items())
            return bytes([0x80 | len(value)]) + b"".join(parts)
    raise AssertionError(value)


def _packed_number(value: int) -> bytes:
    if value < 128:
        return bytes([value])
    for mark, size in ((b"\xcc", 1), (b"\xcd", 2), (b"\xce", 4), (b"\xcf", 8)):
        if value < 256**size:
            return mark + value.to_bytes(size, "big")
    raise AssertionError(value)


def err(text: str) -> Told:
    """Return an answer that refuses a whole request."""
    return _json(_err(text))


def _err(text: str) -> Row:
    return {"status": "err", "response": text}


def _ok(kind: str, status: Any) -> Row:
    return {"status": "ok", "response": {"type": kind, "data": {"statuses": [status]}}}


def _statuses(status: Any) -> Told:
    return _json(_ok("order", status))


def _json(told: Any) -> Told:
    return Told(body=json.dumps(told).encode())
