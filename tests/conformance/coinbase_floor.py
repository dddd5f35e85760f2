"""Coinbase in process: one portfolio, prices that stand still, and nothing that takes an order.

Written from the documents of 2026: tokens are signed over method and path and end after two
minutes; lists lead on by a mark; orders that wait are told among those that rest; products may
share a book; a key says of which portfolio it is.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
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
from tests.conformance.trading import Terms, Trading, closes_between, now_ms
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
        self.tax: Row | None = None
        """A tax on fees."""
        self._routes: dict[str, Callable[[Row], Any]] = {
            "time": lambda _: {
                "iso": "2026-11-30T00:00:00Z",
                "epochSeconds": str(now_ms() // 1000),
                "epochMillis": str(now_ms()),
            },
            "products": lambda _: {
                "products": [product_row(name) for name in _ALIASES],
                "num_products": len(_ALIASES),
            },
            "product_book": self._book,
            "accounts": self._accounts,
            "orders/historical/batch": self._orders,
            "transaction_summary": self._summary,
            "key_permissions": lambda _: self.permissions,
            "portfolios": lambda _: {
                "portfolios": [{"deleted": False, **each} for each in self.portfolios]
            },
        }

    def answer(self, asked: Asked) -> Told:
        """Answer a question."""
        try:
            return Told(body=json.dumps(self._answered(asked)).encode())
        except _Refusal as refusal:
            body = {"error": refusal.word, "error_details": "", "message": refusal.text}
            return Told(status=refusal.status, body=json.dumps(body).encode())

    def truth(self) -> Truth:
        """Return what the market and the account really are."""
        return self._trading.truth()

    def orders(self) -> list[Placed]:
        """Return nothing: no order is taken here."""
        return []

    def trouble(self, kind: Trouble) -> Told:
        """Return how this venue says that something is wrong."""
        word = "rate_limit_exceeded" if kind is Trouble.TOO_FAST else "INVALID_ARGUMENT"
        status = 429 if kind is Trouble.TOO_FAST else 400
        return Told(status=status, body=json.dumps({"error": word, "message": "no"}).encode())

    def trade_often(self, count: int) -> None:
        """Do nothing: executions are not read."""

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
        """Say whether a request places an order, or does anything but ask."""
        return asked.method != "GET"

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
        assert asked.method == "GET", "nothing but questions may be asked here"
        if not self.is_time(asked):
            _require_token(asked)
        given, place = dict(parse_qsl(asked.query)), asked.path.removeprefix(_BASE)
        if place.startswith("products/") and place.endswith("/candles"):
            return self._candles(place.split("/")[1], given)
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
        rows = [row for row in self.open if row["status"] == given["order_status"]]
        return _paged(rows, given, name="orders", most=int(given["limit"])) | {"sequence": "0"}

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
        "edit_history": [],
        "retail_portfolio_id": PORTFOLIO,
    } | changed


def _paged(rows: list[Row], given: Row, *, name: str, most: int) -> Row:
    """Return a page of a list that leads on by a mark."""
    start = int(given.get("cursor", "0"))
    end = start + most
    has_next = end < len(rows)
    return {name: rows[start:end], "has_next": has_next, "cursor": str(end) if has_next else ""}


def _opened(text: str) -> Row:
    told: Row = json.loads(base64.urlsafe_b64decode(text + "=="))
    return told


def _require_token(asked: Asked) -> None:
    """Refuse what bears no token of the key, or one of another path or time."""
    word, _, token = asked.headers.get("authorization", "").partition(" ")
    if word != "Bearer" or token.count(".") != 2:
        raise _Refusal(401, "unauthorized", "Unauthorized")
    head, claims, signature = token.split(".")
    told, raw = _opened(claims), base64.urlsafe_b64decode(signature + "==")
    numbers = (int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    rule = ec.ECDSA(hashes.SHA256())
    try:
        given = f"{head}.{claims}".encode()
        _CURVE.public_key().verify(encode_dss_signature(*numbers), given, rule)
    except InvalidSignature:
        raise _Refusal(401, "unauthorized", "Unauthorized") from None
    is_ours = _opened(head)["kid"] == told["sub"] == KEY
    is_this = told["uri"] == f"{asked.method} {asked.host}{asked.path}"
    if not is_ours or not is_this or not told["nbf"] * 1000 <= now_ms() <= told["exp"] * 1000:
        raise _Refusal(401, "unauthorized", "Unauthorized")
