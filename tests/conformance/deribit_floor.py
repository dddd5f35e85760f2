"""Deribit v2 in process: a wallet for each currency, one market of each kind, still prices.

Written from docs.deribit.com: everything is a GET, errors stand in ``error``, numbers are JSON
numbers, labels may repeat, the answer to an order says what was executed, an order that comes after
``valid_until`` is not begun. Ended orders and executions stand in two lists: what the recent one
has, the historical one does not have yet, but for executions of an hour before, which both have.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

from tests.conformance.deribit_linear import LINEAR_TERMS, PERPETUAL, DeribitLinear, Refusal
from tests.conformance.floors import Placed, Trouble, Truth, Waiting
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
    lot=Decimal("0.0001"),
    tick=Decimal("0.1"),
    least_value=Decimal(0),
    fee=Decimal("0.0005"),
    bid=Decimal("59999.9"),
    ask=Decimal("60000.1"),
    depth=Decimal("0.25"),
    names_repeat=True,
)
_DECLINED = {
    "funds": (10009, "not_enough_funds"),
    "grid": (10043, "price_wrong_tick"),
}
_COINS = {"BTC": Decimal("0.12345678"), "USDT": Decimal("70000.000001")}
_HEAD = re.compile(r"deri-hmac-sha256 id=(.+),ts=(\d{13}),sig=([0-9a-f]{64}),nonce=(.+)")
_STAMP_MS = 60_000
_HOUR_MS = 3_600_000
_RECENT_MS = {"orders": 30 * 60_000, "trades": 24 * _HOUR_MS}
_PAGE_MAX = 1000


class DeribitFloor:
    """What a venue of v2 has, and how it answers."""

    page = 1000
    counts_under = "USDT"
    """Of which currency of the pair an order counts: it is not said."""

    def __init__(self, market: Market) -> None:
        self._has_contracts = market is Market.LINEAR
        self._coins = dict(_COINS)
        spot, linear = Trading(_TERMS, self._coins), Trading(LINEAR_TERMS, self._coins)
        linear.wallet = Decimal(0)
        self._markets_of = {"BTC_USDT": spot}
        if self._has_contracts:
            self._markets_of[PERPETUAL] = linear
        self._trading = linear if self._has_contracts else spot
        self.linear = DeribitLinear(linear, self._coins)
        self._routes: dict[str, Callable[[Row], Any]] = {
            "public/get_time": lambda _: now_ms(),
            "public/get_instruments": self._markets,
            "public/get_order_book": self._book,
            "public/get_tradingview_chart_data": self._chart,
            "private/get_account_summaries": self._wallets,
            "private/get_open_orders": lambda _: self._waiting(),
            "private/get_open_orders_by_instrument": self._resting,
            "private/get_order_state": self._state,
            "private/get_order_state_by_label": self._labelled,
            "private/get_order_history_by_instrument": self._past,
            "private/get_user_trades_by_instrument_and_time": self._trades,
            "private/list_api_keys": self._keys,
            "private/buy": lambda given: self._create(given, is_buy=True),
            "private/sell": lambda given: self._create(given, is_buy=False),
            "private/cancel": self._cancel,
            "public/ticker": self.linear.ticker,
            "public/get_funding_rate_history": self.linear.funding,
            "private/get_positions": self.linear.positions,
            "private/get_transaction_log": self._log,
        }

    def answer(self, asked: Asked) -> Told:
        """Execute a request and answer it."""
        name = asked.path.removeprefix("/api/v2/")
        if asked.method != "GET" or name not in self._routes:
            return _failed(-32601, "Method not found")
        if name.startswith("private/") and (fault := _unsigned(asked)):
            return fault
        try:
            return _told(self._routes[name](dict(parse_qsl(asked.query))))
        except Refusal as refusal:
            return _failed(refusal.code, refusal.text)

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
                raise AssertionError("labels may repeat: no order is refused for its own")
            case Trouble.REFUSED:
                return _failed(10009, "not_enough_funds")
            case Trouble.TOO_FAST:
                return _failed(10028, "too_many_requests", status=429)
            case Trouble.BAD_TIME:
                return _failed(13009, "unauthorized")

    def trade_often(self, count: int) -> None:
        """Have *count* executions of an older order of ours in the list of executions."""
        self._trading.trade_often(count)

    def pay_funding(self) -> None:
        """Settle once, where there are contracts."""
        if self._has_contracts:
            self.linear.settle()

    def let_wait(self, order: Waiting) -> None:
        """Have a person's *order* wait for its trigger."""
        self._trading.waiting.append(order)

    def is_order(self, asked: Asked) -> bool:
        """Say whether a request places an order."""
        return asked.path in {"/api/v2/private/buy", "/api/v2/private/sell"}

    def is_cancel(self, asked: Asked) -> bool:
        """Say whether a request cancels one."""
        return asked.path == "/api/v2/private/cancel"

    def is_account(self, asked: Asked) -> bool:
        """Say whether a request reads the account."""
        return asked.path == "/api/v2/private/get_account_summaries"

    def is_move(self, asked: Asked) -> bool:
        """Say that nothing moves: there is one wallet for each currency."""
        return False

    def is_time(self, asked: Asked) -> bool:
        """Say whether a request asks for the venue's time."""
        return asked.path == "/api/v2/public/get_time"

    def _market(self, given: Row) -> Trading:
        """Return what a question is about."""
        if given.get("instrument_name") not in self._markets_of:
            raise Refusal(13020, "not_found")
        return self._markets_of[given["instrument_name"]]

    def _taken(self) -> list[tuple[str, Order]]:
        """Return every order with its market, oldest first."""
        return [(name, order) for name, at in self._markets_of.items() for order in at.taken]

    def _log(self, given: Row) -> Row:
        coins = self._markets_of["BTC_USDT"].executions
        return self.linear.log(given, coins, lambda number: _trade_id(PERPETUAL, number))

    def _markets(self, given: Row) -> list[Row]:
        if given["currency"] != "any" or given["kind"] not in {"spot", "future"}:
            raise Refusal(-32602, "Invalid params")
        if given["kind"] == "future":
            return self.linear.markets()
        return [_instrument("BTC", "USDT"), _instrument("SOL", "USDT", is_cbe_routed=True)]

    def _book(self, given: Row) -> Row:
        terms = self._market(given).terms
        if given["depth"] not in {"1", "5", "10", "20", "50", "100"}:
            raise Refusal(-32602, "Invalid params")
        return {
            "instrument_name": given["instrument_name"],
            "bids": [[terms.bid, terms.depth], [Decimal("59999.0"), Decimal("2.0")]],
            "asks": [[terms.ask, terms.depth], [Decimal("60001.0"), Decimal("2.0")]],
            "min_price": Decimal("58800.0"),
            "max_price": Decimal("61200.5"),
            "state": "open",
            "timestamp": now_ms(),
        }

    def _chart(self, given: Row) -> Row:
        self._market(given)
        if given["resolution"] != "60":
            raise Refusal(-32602, "Invalid params")
        first, last = int(given["start_timestamp"]), int(given["end_timestamp"])
        hours = list(range(-(-first // _HOUR_MS) * _HOUR_MS, last + 1, _HOUR_MS))
        price = [_close_of_hour(at) for at in hours]
        return {"status": "ok", "ticks": hours, "close": price, "open": price, "high": price}

    def _wallets(self, _: Row) -> Row:
        rows = [
            {
                "currency": coin,
                "balance": units,
                "available_funds": units,
                "spot_reserve": 0,
                "maintenance_margin": 0,
                "options_value": 0,
                "cross_collateral_enabled": False,
                "margin_model": "segregated_sm",
            }
            for coin, units in {**self._coins, "ETH": Decimal(0)}.items()
        ]
        if self._has_contracts:
            bound = self.linear.wallet()
            rows = [row | bound if row["currency"] == "USDT" else row for row in rows]
        return {"summaries": rows}

    def _resting(self, given: Row) -> list[Row]:
        self._market(given)
        return self._waiting(given.get("instrument_name", ""))  # All others end at once.

    def _waiting(self, market: str = "") -> list[Row]:
        return [
            _waits(name, order, number)
            for name, trading in self._markets_of.items()
            for number, order in enumerate(trading.waiting)
            if market in {"", name}
        ]

    def _state(self, given: Row) -> Row:
        for name, order in self._taken():
            if _order_id(name, order.number) == given["order_id"]:
                return _order(name, order)
        raise Refusal(10004, "order_not_found")

    def _labelled(self, given: Row) -> list[Row]:
        if given["currency"] not in {"BTC", "ETH", "USDC", "USDT", "EURR"}:
            raise Refusal(-32602, "Invalid params")
        since = now_ms() - _RECENT_MS["orders"]
        under = {"BTC_USDT": self.counts_under, PERPETUAL: "USDT"}
        return [
            _order(name, o)
            for name, o in self._taken()
            if under[name] == given["currency"] and o.name == given["label"] and o.at_ms >= since
        ]

    def _past(self, given: Row) -> list[Row]:
        name, trading = given.get("instrument_name", ""), self._market(given)
        count, offset = _count(given, 20), int(given.get("offset", 0))
        since = now_ms() - _RECENT_MS["orders"]
        is_old = given.get("historical") == "true"
        with_unfilled = given.get("include_unfilled") == "true"
        found = [
            _order(name, order)
            for order in trading.taken
            if (order.at_ms < since) is is_old and (order.filled or with_unfilled)
        ]
        return found[offset : offset + count]

    def _trades(self, given: Row) -> Row:
        name, trading = given.get("instrument_name", ""), self._market(given)
        first, last = int(given["start_timestamp"]), int(given["end_timestamp"])
        since, now = now_ms() - _RECENT_MS["trades"], now_ms()
        is_old = given.get("historical") == "true"
        found = [
            row
            for row in between(trading.executions, first, last)
            if (row.at_ms < now - _HOUR_MS if is_old else row.at_ms >= since)
        ]
        count = _count(given, 10)
        rows = [_trade(name, row) for row in found[:count]]
        return {"trades": rows, "has_more": len(found) > count}

    def _keys(self, _: Row) -> list[Row]:
        scopes = "account:read block_trade:none trade:read_write wallet:read"
        mine = {"id": 2, "client_id": _KEY, "enabled": True, "max_scope": scopes}
        other = {"id": 1, "client_id": "other", "enabled": True, "max_scope": "wallet:read_write"}
        return [{"timestamp": 1, "client_secret": "***", **key} for key in (other, mine)]

    def _create(self, given: Row, *, is_buy: bool) -> Row:
        name, trading = given.get("instrument_name", ""), self._market(given)
        if (given["type"], given["time_in_force"]) != ("limit", "immediate_or_cancel"):
            raise Refusal(-32602, "Invalid params")
        if int(given["valid_until"]) <= now_ms():
            raise Refusal(13888, "timed_out")
        reduces = False
        if trading.terms.is_contract:
            reduces = self.linear.reduces(given, is_buy=is_buy)
            self.linear.require(given, is_buy=is_buy)
        elif is_buy and self._has_contracts:
            self._require_free(Decimal(given["amount"]) * Decimal(given["price"]))
        try:
            order = trading.place(
                name=given["label"],
                is_buy=is_buy,
                quantity=Decimal(given["amount"]),
                limit=Decimal(given["price"]),
                reduces=reduces,
            )
        except Declined as declined:
            raise Refusal(*_DECLINED[declined.why]) from declined
        self.linear.book()
        fills = [e for e in trading.executions if e.order == order.number]
        return {"order": _order(name, order), "trades": [_trade(name, each) for each in fills]}

    def _require_free(self, value: Decimal) -> None:
        if value > self.linear.available():
            raise Refusal(*_DECLINED["funds"])

    def _cancel(self, given: Row) -> Row:
        if not any(_order_id(n, o.number) == given["order_id"] for n, o in self._taken()):
            raise Refusal(10004, "order_not_found")
        raise Refusal(11044, "not_open_order")


def _instrument(base: str, quote: str, **more: Any) -> Row:
    return {
        "instrument_name": f"{base}_{quote}",
        "kind": "spot",
        "base_currency": base,
        "quote_currency": quote,
        "counter_currency": quote,
        "tick_size": Decimal("0.1"),
        "tick_size_steps": [],
        "min_trade_amount": _TERMS.lot,
        "contract_size": _TERMS.lot,
        "taker_commission": _TERMS.fee,
        "maker_commission": Decimal("0.0"),
        "is_active": True,
        "state": "open",
        "expiration_timestamp": 32_503_708_800_000,
        **more,
    }


def _count(given: Row, usual: int) -> int:
    count = int(given.get("count", usual))
    if not 1 <= count <= _PAGE_MAX:
        raise Refusal(-32602, "Invalid params")
    return count


def _close_of_hour(start: int) -> Decimal:
    """Return at what an hour closed: its day's close in the last one, else some cents less."""
    ((_, close),) = closes_between(start // DAY_MS * DAY_MS, start // DAY_MS * DAY_MS)
    return Decimal(close) - Decimal(23 - start % DAY_MS // _HOUR_MS) / 100


def _order_id(market: str, number: int) -> str:
    return f"{_numbered(market)}-{331_562 + number}"


def _trade_id(market: str, number: int) -> str:
    return f"{_numbered(market)}-{48_078_936 + number}"


def _numbered(market: str) -> str:
    """Return under what orders and executions of a market are numbered: contracts by their coin."""
    return "USDT" if market == PERPETUAL else market


def _order(market: str, order: Order) -> Row:
    of_contracts = {"reduce_only": order.reduces} if market == PERPETUAL else {}
    return of_contracts | {
        "order_id": _order_id(market, order.number),
        "label": order.name,
        "instrument_name": market,
        "direction": "buy" if order.is_buy else "sell",
        "price": order.limit,
        "amount": order.quantity,
        "filled_amount": order.filled,
        "order_state": "filled" if order.is_full else "cancelled",
        "order_type": "limit",
        "time_in_force": "immediate_or_cancel",
        "creation_timestamp": order.at_ms,
        "last_update_timestamp": order.at_ms,
        "post_only": False,
        "api": True,
    }


def _waits(market: str, order: Waiting, number: int) -> Row:
    """Return how an order is told that waits: nothing is said of what was executed."""
    of_contracts = {"reduce_only": order.reduces} if market == PERPETUAL else {}
    return of_contracts | {
        "order_id": f"{_numbered(market)}-SLMS-{12 + number}",
        "label": order.name,
        "instrument_name": market,
        "direction": "buy" if order.is_buy else "sell",
        "price": "market_price",
        "amount": order.quantity,
        "order_state": "untriggered",
        "order_type": "stop_market",
        "trigger": "mark_price" if order.by_mark else "last_price",
        "trigger_price": order.trigger,
        "triggered": False,
        "time_in_force": "good_til_cancelled",
        "creation_timestamp": now_ms(),
        "last_update_timestamp": now_ms(),
        "post_only": False,
        "api": False,
    }


def _trade(market: str, row: Execution) -> Row:
    return {
        "trade_id": _trade_id(market, row.number),
        "trade_seq": row.number + 1,
        "order_id": _order_id(market, row.order),
        "label": row.name,
        "instrument_name": market,
        "direction": "buy" if row.is_buy else "sell",
        "price": row.price,
        "amount": row.quantity,
        "fee": row.fee,
        "fee_currency": row.fee_coin,
        "timestamp": row.at_ms,
        "state": "filled",
        "liquidity": "T",
    }


def _unsigned(asked: Asked) -> Told | None:
    """Return what is wrong with a private request, None when nothing is."""
    found = _HEAD.fullmatch(asked.headers.get("authorization", ""))
    if found is None or found[1] != _KEY:
        return _failed(13004, "invalid_credentials")
    where = asked.path + (f"?{asked.query}" if asked.query else "")
    signed = f"{found[2]}\n{found[4]}\n{asked.method}\n{where}\n{asked.body}\n".encode()
    if found[3] != hmac.new(_SECRET, signed, hashlib.sha256).hexdigest():
        return _failed(13009, "unauthorized")
    if abs(int(found[2]) - now_ms()) > _STAMP_MS:
        return _failed(13009, "unauthorized")
    return None


def _told(result: Any) -> Told:
    """Return an answer whose numbers are written by their digits, small ones with an exponent."""
    envelope = {"jsonrpc": "2.0", "result": result, "testnet": False, "usDiff": 5}
    text = json.dumps(envelope, default=_digits)
    return Told(body=re.sub(r'"exactly ([0-9.e+-]+)"', r"\1", text).encode())


def _digits(exact: Decimal) -> str:
    """Return a number as the venue writes it: 0.25, and 5e-4 for a small one."""
    small = exact != 0 and exact.adjusted() < -3
    return f"exactly {exact.normalize():e}" if small else f"exactly {exact:f}"


def _failed(code: int, text: str, *, status: int = 400) -> Told:
    envelope = {"jsonrpc": "2.0", "error": {"code": code, "message": text}, "testnet": False}
    return Told(status=status, body=json.dumps(envelope).encode())
