"""Coinbase in process: one portfolio, coins, prices that stand still.

Written from the documents of 2026: tokens are signed over method and path and end after two
minutes; lists lead on by a mark; orders that wait are told among those that rest; products may
share a book; a key says of which portfolio it is; a second order under a name is answered as the
first; executions have two times, no name, and do not say in what their fee is. What the documents
leave open is answered in the less welcome way: a list of executions leads on past its end, filters
by the earlier of the two times, and one status is asked for at a time.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization as wire
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

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

_CURVE = ec.derive_private_key(0xC0FFEE, ec.SECP256R1())
KEY = "organizations/11111111-2222/apiKeys/33333333-4444"
SECRET = _CURVE.private_bytes(
    wire.Encoding.PEM, wire.PrivateFormat.TraditionalOpenSSL, wire.NoEncryption()
).decode()
PORTFOLIO = "b87a2d3f-8a1e-49b3-a4ea-402d8c389aca"
_TERMS = Terms(
    is_contract=False,
    lot=Decimal("0.00000001"),
    tick=Decimal("0.01"),
    least_value=Decimal(1),
    fee=Decimal("0.012"),
    bid=Decimal("59999.9"),
    ask=Decimal("60000.1"),
    depth=Decimal("0.25"),
    fee_in_quote=True,
)
_COINS = {"BTC": Decimal("0.12345678"), "USDT": Decimal("70000.00000001")}
_ALIASES = {"BTC-USDT": ("", []), "BTC-USD": ("", ["BTC-USDC"]), "BTC-USDC": ("BTC-USD", [])}
"""Products, whose book each shares, and with whom it shares its own."""
_DECLINED = {"funds": "INSUFFICIENT_FUND", "grid": "INVALID_SIZE_PRECISION"}
_ENDED = ("FILLED", "CANCELLED", "EXPIRED", "FAILED")
_STATUSES = ("QUEUED", "PENDING", "OPEN", "EDIT_QUEUED", "CANCEL_QUEUED", *_ENDED)
_LATER_MS = 1
"""So much after it was completed an execution is posted."""
_OLDER = -1
_ACCOUNTS = 2
"""Accounts on one page, whatever is asked for: a page may be shorter than wanted."""


class _Refusal(Exception):
    def __init__(self, status: int, word: str, text: str) -> None:
        super().__init__(text)
        self.status, self.word, self.text = status, word, text


class CoinbaseFloor:
    """What the venue has, and how it answers."""

    page = 100

    def __init__(self, market: Market) -> None:
        assert market is Market.SPOT
        self._trading = Trading(_TERMS, dict(_COINS))
        self.accounts = [account_row(coin, units) for coin, units in _COINS.items()]
        self.accounts += [account_row("ETH", Decimal(0))]
        self.past: list[Row] = []
        """Orders that have ended, besides those that were taken here."""
        self.newest: list[Row] = []
        """Orders that lists tell before all others."""
        self.hides = False
        """Whether no list shows what was taken, nor its executions."""
        self.understated = False
        """Whether orders that were taken do not know yet of all their executions."""
        self.written: list[Row] = []
        """Executions as the venue writes them, besides those that were made here."""
        self.later_ms: dict[int, int] = {}
        """How long after it was made an execution is posted, where not at once."""
        self.changed: Row = {}
        """What is told otherwise of every execution."""
        self.twice: list[int] = []
        """Executions that come a second time, and as other ones."""
        self.permissions = {
            "can_view": True,
            "can_trade": True,
            "can_transfer": False,
            "portfolio_uuid": PORTFOLIO,
            "portfolio_type": "DEFAULT",
        }
        self.portfolios = [{"name": "Default", "uuid": PORTFOLIO, "type": "DEFAULT"}]
        self.open: list[Row] = []
        """Orders that have not ended, as the venue writes them."""
        self.ahead_ms = 0
        """How far the venue's clock is ahead of the test's."""
        self.tax: Row | None = None
        """A tax on fees."""
        self._routes: dict[str, Callable[[Row], Any]] = {
            "time": lambda _: {
                "iso": "2026-11-30T00:00:00Z",
                "epochSeconds": str((now_ms() + self.ahead_ms) // 1000),
                "epochMillis": str(now_ms() + self.ahead_ms),
            },
            "products": lambda _: {
                "products": [product_row(name) for name in _ALIASES],
                "num_products": len(_ALIASES),
            },
            "product_book": self._book,
            "accounts": self._accounts,
            "orders/historical/batch": self._orders,
            "orders/historical/fills": self._fills,
            "transaction_summary": self._summary,
            "key_permissions": lambda _: self.permissions,
            "portfolios": lambda _: {
                "portfolios": [{"deleted": False, **each} for each in self.portfolios]
            },
        }

    def answer(self, asked: Asked) -> Told:
        """Answer a question."""
        if not self.is_time(asked) and not _has_token(asked, now_ms() + self.ahead_ms):
            return Told(status=401, body=b"Unauthorized\n")
        try:
            return Told(body=json.dumps(self._answered(asked)).encode())
        except _Refusal as refusal:
            body = {"error": refusal.word, "error_details": "", "message": refusal.text}
            return Told(status=refusal.status, body=json.dumps(body).encode())

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
                raise AssertionError("the venue refuses no name: it answers as for the first")
            case Trouble.REFUSED:
                return Told(body=json.dumps(declined(_DECLINED["funds"])).encode())
            case Trouble.TOO_FAST:
                body = {"error": "rate_limit_exceeded", "message": "too many requests"}
                return Told(status=429, body=json.dumps(body).encode())
            case Trouble.BAD_TIME:
                return Told(status=401, body=b"Unauthorized\n")

    def trade_often(self, count: int) -> None:
        """Have *count* executions of an older order of ours in the list of executions."""
        self._trading.trade_often(count)

    def pay_funding(self) -> None:
        """Do nothing: coins pay none."""

    def let_wait(self, order: Waiting) -> None:
        """Have a person's *order* wait for its trigger, its limit a little nearer."""
        stop = {
            "base_size": str(order.quantity),
            "limit_price": str(order.trigger - 100 if order.is_buy else order.trigger + 100),
            "stop_price": str(order.trigger),
            "stop_direction": "STOP_DIRECTION_STOP_UP",
        }
        self.open.append(
            order_row(
                client_order_id=order.name,
                side="BUY" if order.is_buy else "SELL",
                order_configuration={"stop_limit_stop_limit_gtc": stop},
            )
        )

    def is_order(self, asked: Asked) -> bool:
        """Say whether a request places an order."""
        return (asked.method, asked.path) == ("POST", f"{_BASE}orders")

    def is_cancel(self, asked: Asked) -> bool:
        """Say whether a request cancels one."""
        return asked.path.endswith("batch_cancel")

    def is_account(self, asked: Asked) -> bool:
        """Say whether a request reads the account."""
        return asked.path == f"{_BASE}accounts"

    def is_move(self, asked: Asked) -> bool:
        """Say whether a request moves money."""
        return asked.path.endswith("move_funds")

    def is_time(self, asked: Asked) -> bool:
        """Say whether a request asks for the venue's time."""
        return asked.path == f"{_BASE}time"

    def _answered(self, asked: Asked) -> Any:
        place = asked.path.removeprefix(_BASE)
        if asked.method == "POST":
            made = {"orders": self._create, "orders/batch_cancel": self._cancel}
            return made[place](json.loads(asked.body))
        given = dict(parse_qsl(asked.query))
        if place.startswith("products/") and place.endswith("/candles"):
            return self._candles(place.split("/")[1], given)
        if place not in self._routes and place.startswith("orders/historical/"):
            return {"order": self._order(place.rsplit("/", 1)[1])}
        if place not in self._routes:
            raise _Refusal(404, "NOT_FOUND", "no such page")
        return self._routes[place](given)

    def _book(self, given: Row) -> Row:
        name = given["product_id"]
        if name not in _ALIASES:
            raise _Refusal(404, "NOT_FOUND", "valid product_id is required")
        sides = {
            side: [{"price": str(p), "size": str(s)} for p, s in levels]
            for side, levels in {
                "bids": [(_TERMS.bid, _TERMS.depth), (Decimal(59_999), Decimal(2))],
                "asks": [(_TERMS.ask, _TERMS.depth), (Decimal(60_001), Decimal(2))],
            }.items()
        }
        # Whose book it is: that of the product, or of the one whose book it shares.
        return {
            "pricebook": {"product_id": _ALIASES[name][0] or name, **sides},
            "last": "60000",
            "mid_market": "60000",
        }

    def _candles(self, name: str, given: Row) -> Row:
        if name not in _ALIASES or given["granularity"] != "ONE_DAY":
            raise _Refusal(400, "INVALID_ARGUMENT", "granularity is invalid")
        first, last = (int(given[end]) * 1000 for end in ("start", "end"))
        days = closes_between(first, last)
        if len(days) > 350:
            raise _Refusal(400, "INVALID_ARGUMENT", "number of candles requested should be less")
        rows = [
            {"start": str(at // 1000), "low": "1", "high": "9", "open": "2", "close": close}
            for at, close in days
        ]
        return {"candles": rows[::-1]}

    def _accounts(self, given: Row) -> Row:
        return _paged(self.accounts, given, name="accounts", most=_ACCOUNTS)

    def _orders(self, given: Row) -> Row:
        status = given["order_status"]
        if status not in _STATUSES:
            raise _Refusal(400, "INVALID_ARGUMENT", "order_status is invalid")
        rows = [row for row in self._all() if row["status"] == status]
        if status != "OPEN":
            since = given.get("start_date", "")
            rows = [row for row in rows if row["created_time"] >= since]
        return _paged(rows, given, name="orders", most=int(given["limit"])) | {"sequence": "0"}

    def _all(self) -> list[Row]:
        """Return every order, the newest of ours first."""
        taken = [] if self.hides else map(self._taken, self._trading.taken[::-1])
        return [*self.newest, *taken, *self.open, *self.past]

    def _order(self, order_id: str) -> Row:
        if order_id == _id(_OLDER):
            mine = [each for each in self._trading.executions if each.order == _OLDER]
            limit = {"base_size": str(sum(each.quantity for each in mine)), "limit_price": "61000"}
            told = {"sor_limit_ioc": limit}
            row = order_row(
                order_id=order_id, client_order_id="older", side="BUY", order_configuration=told
            )
            return row | totals(mine, is_buy=True) | {"status": "FILLED"}
        found = [row for row in self._all() if row["order_id"] == order_id]
        if not found:
            raise _Refusal(404, "NOT_FOUND", "order with this orderID was not found")
        return found[0]

    def _taken(self, order: Order) -> Row:
        mine = [each for each in self._trading.executions if each.order == order.number]
        told = {"base_size": str(order.quantity), "limit_price": str(order.limit)}
        row = order_row(
            order_id=_id(order.number),
            client_order_id=order.name,
            side="BUY" if order.is_buy else "SELL",
            status="FILLED" if order.is_full else "CANCELLED",
            time_in_force="IMMEDIATE_OR_CANCEL",
            created_time=_text(order.at_ms),
            order_configuration={"sor_limit_ioc": told},
        )
        row |= totals(mine, is_buy=order.is_buy)
        return row | ({"number_of_fills": "1"} if self.understated else {})

    def _create(self, given: Row) -> Row:
        if given["product_id"] != "BTC-USDT":
            return declined("INVALID_PRODUCT_ID")
        told, name = given["order_configuration"]["sor_limit_ioc"], given["client_order_id"]
        try:
            order = self._trading.place(
                name=name,
                is_buy=given["side"] == "BUY",
                quantity=Decimal(told["base_size"]),
                limit=Decimal(told["limit_price"]),
            )
        except Declined as no:
            if no.why != "duplicate":
                return declined(_DECLINED[no.why])
            order = next(each for each in self._trading.taken if each.name == name)
        for row in self.accounts:
            if row["uuid"] == account_row(row["currency"], Decimal(0))["uuid"]:
                held = self._trading.coins.get(row["currency"], Decimal(0))
                row["available_balance"]["value"] = str(held)
        row = self._taken(order)
        return {
            "success": True,
            "failure_reason": "UNKNOWN_FAILURE_REASON",
            "success_response": {
                key: row[key] for key in ("order_id", "product_id", "side", "client_order_id")
            },
            "order_configuration": row["order_configuration"],
        }

    def _cancel(self, given: Row) -> Row:
        (order_id,) = given["order_ids"]
        told = {"order_id": order_id, "success": False, "failure_reason": "UNKNOWN_CANCEL_ORDER"}
        for row in self._all():
            if row["order_id"] == order_id and row["status"] == "FILLED":
                told["failure_reason"] = "ORDER_IS_FULLY_FILLED"
        for row in self.open:
            if row["order_id"] == order_id:
                self.open.remove(row)
                told |= {"success": True, "failure_reason": "UNKNOWN_CANCEL_FAILURE_REASON"}
                break
        return {"results": [told]}

    def _fills(self, given: Row) -> Row:
        first = given.get("start_sequence_timestamp", "")
        last = given.get("end_sequence_timestamp", "9")
        rows = [*self.written, *map(self._fill, self._trading.executions[::-1])]
        if self.hides:
            rows = []
        rows = [row for row in rows if first < row["trade_time"] < last]
        rows = [row for row in rows if given.get("order_ids", row["order_id"]) == row["order_id"]]
        assert given.get("product_ids", "BTC-USDT") in _ALIASES
        if given.get("product_ids", "BTC-USDT") != "BTC-USDT":
            rows = []
        rows = [row | self.changed for row in rows]
        rows += [rows[number] | {"size": "0.02"} for number in self.twice]
        start, most = int(given.get("cursor", "0")), int(given["limit"])
        assert most <= self.page
        return {"fills": rows[start : start + most], "cursor": str(start + most)}

    def _fill(self, execution: Execution) -> Row:
        later_ms = self.later_ms.get(execution.number, _LATER_MS)
        return fill_row(execution, sequence_timestamp=_text(execution.at_ms + later_ms))

    def _summary(self, given: Row) -> Row:
        assert given["product_type"] == "SPOT"
        tier = {"pricing_tier": "Intro 1", "taker_fee_rate": "0.012", "maker_fee_rate": "0.006"}
        told: Row = {"total_fees": 25, "fee_tier": tier, "total_balance": "1000"}
        return told if self.tax is None else told | {"goods_and_services_tax": self.tax}


_BASE = "/api/v3/brokerage/"


def account_row(coin: str, units: Decimal, **changed: object) -> Row:
    """Return an account of one coin, as the venue writes it."""
    return {
        "uuid": f"8bfc20d7-f7c6-4422-bf07-{coin:0>12}",
        "name": f"{coin} Wallet",
        "currency": coin,
        "available_balance": {"value": str(units), "currency": coin},
        "default": True,
        "active": True,
        "created_at": "2021-05-31T09:59:59.000Z",
        "deleted_at": None,
        "type": "ACCOUNT_TYPE_CRYPTO",
        "ready": True,
        "hold": {"value": "0", "currency": coin},
        "retail_portfolio_id": PORTFOLIO,
        "platform": "ACCOUNT_PLATFORM_CONSUMER",
    } | changed


def product_row(name: str) -> Row:
    """Return a product, as the venue writes it."""
    base, quote = name.split("-")
    alias, shared = _ALIASES[name]
    return {
        "product_id": name,
        "price": "60000",
        "base_increment": f"{_TERMS.lot:f}",
        "quote_increment": "0.01",
        "price_increment": str(_TERMS.tick),
        "quote_min_size": str(_TERMS.least_value),
        "quote_max_size": "150000000",
        "base_min_size": "0.00000001",
        "base_max_size": "3400",
        "is_disabled": False,
        "status": "online",
        "cancel_only": False,
        "limit_only": False,
        "post_only": False,
        "trading_disabled": False,
        "auction_mode": False,
        "product_type": "SPOT",
        "quote_currency_id": quote,
        "base_currency_id": base,
        "alias": alias,
        "alias_to": shared,
        "view_only": False,
    }


def order_row(**changed: object) -> Row:
    """Return an order by hand that rests, as the venue writes it."""
    limit = {"base_size": "0.002", "limit_price": "65000", "post_only": False}
    return {
        "order_id": "0000-000000-000900",
        "product_id": "BTC-USDT",
        "order_configuration": {"limit_limit_gtc": limit},
        "side": "SELL",
        "client_order_id": "by-hand",
        "status": "OPEN",
        "time_in_force": "GOOD_UNTIL_CANCELLED",
        "created_time": "2026-11-30T09:59:59Z",
        "filled_size": "0",
        "filled_value": "0",
        "trigger_status": "INVALID_ORDER_TYPE",
        "product_type": "SPOT",
        "size_in_quote": False,
        "edit_history": [],
        "retail_portfolio_id": PORTFOLIO,
    } | changed


def declined(reason: str) -> Row:
    """Return how an order is told that was not made."""
    return {
        "success": False,
        "failure_reason": "UNKNOWN_FAILURE_REASON",
        "error_response": {
            "error": reason,
            "message": "The order was not made",
            "error_details": "",
            "new_order_failure_reason": reason,
        },
    }


def totals(executions: list[Execution], *, is_buy: bool) -> Row:
    """Return what an order says of its executions."""
    size = sum((each.quantity for each in executions), Decimal(0))
    value = sum((each.quantity * each.price for each in executions), Decimal(0))
    fees = sum((each.fee for each in executions), Decimal(0))
    return {
        "filled_size": str(size),
        "average_filled_price": str(executions[0].price if executions else 0),
        "number_of_fills": str(len(executions)),
        "filled_value": str(value),
        "total_fees": str(fees),
        "total_value_after_fees": str(value + fees if is_buy else value - fees),
        "size_in_quote": False,
    }


def fill_row(execution: Execution, **changed: object) -> Row:
    """Return an execution, as the venue writes it."""
    number = execution.number
    return {
        "entry_id": f"{number:064x}",
        "trade_id": f"cdc39e45-bbd3-44ec-bf02-{number:012x}",
        "order_id": _id(execution.order),
        "trade_time": _text(execution.at_ms, "077090"),
        "trade_type": "FILL",
        "price": str(execution.price),
        "size": str(execution.quantity),
        "commission": str(execution.fee),
        "product_id": "BTC-USDT",
        "sequence_timestamp": _text(execution.at_ms + _LATER_MS),
        "liquidity_indicator": "TAKER",
        "size_in_quote": False,
        "user_id": "1111111-1111-1111-1111-111111111111",
        "side": "BUY" if execution.is_buy else "SELL",
        "retail_portfolio_id": PORTFOLIO,
    } | changed


def _id(number: int) -> str:
    """Return the id of an order that was taken, or of the older one."""
    return f"813a53c5-3e39-47bb-863d-{number + 1:012x}"


def _text(at_ms: int, more: str = "") -> str:
    """Return an instant as the venue writes it, with *more* digits."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", f"{more}Z")


def _paged(rows: list[Row], given: Row, *, name: str, most: int) -> Row:
    """Return a page of a list that leads on by a mark."""
    start = int(given.get("cursor", "0"))
    end = start + most
    has_next = end < len(rows)
    return {name: rows[start:end], "has_next": has_next, "cursor": str(end) if has_next else ""}


def _opened(text: str) -> Row:
    told: Row = json.loads(base64.urlsafe_b64decode(text + "=="))
    return told


def _has_token(asked: Asked, at_ms: int) -> bool:
    """Say whether a request bears a token of the key, for its path and of this time."""
    word, _, token = asked.headers.get("authorization", "").partition(" ")
    if word != "Bearer" or token.count(".") != 2:
        return False
    head, claims, signature = token.split(".")
    told, raw = _opened(claims), base64.urlsafe_b64decode(signature + "==")
    numbers = (int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    rule = ec.ECDSA(hashes.SHA256())
    try:
        given = f"{head}.{claims}".encode()
        _CURVE.public_key().verify(encode_dss_signature(*numbers), given, rule)
    except InvalidSignature:
        return False
    is_ours = _opened(head)["kid"] == told["sub"] == KEY
    is_this = told["uri"] == f"{asked.method} {asked.host}{asked.path}"
    return is_ours and is_this and told["nbf"] * 1000 <= at_ms <= told["exp"] * 1000
