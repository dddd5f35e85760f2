"""Linear perpetuals of Deribit v2 in process: one contract, and a wallet that is cash and margin.

Written from the documentation: a trade moves the balance by its fee; profit and funding stand
beside it until the settlement, which brings them in and lets profit count from its own price.
Margins are a rate of the value, and grow with each coin. A position has its coins in
``size_currency``.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.conformance.trading import FUNDING, INDEX, MARK, Execution, Terms, Trading, now_ms

Row = dict[str, Any]

PERPETUAL = "BTC_USDT-PERPETUAL"
LINEAR_TERMS = Terms(
    is_contract=True,
    lot=Decimal("0.001"),
    tick=Decimal("0.5"),
    least_value=Decimal(0),
    fee=Decimal("0.0005"),
    bid=Decimal("59999.5"),
    ask=Decimal("60000.5"),
    depth=Decimal("0.25"),
    names_repeat=True,
)
_GROWTH = Decimal("0.00005")
_HOUR_MS = 3_600_000
_LOG_MAX = 250


class DeribitLinear:
    """Answers about contracts of one account."""

    def __init__(self, trading: Trading, coins: dict[str, Decimal]) -> None:
        self._trading = trading
        self._coins = coins
        self._session = Decimal(0)
        """Profit that was realised since the last settlement, funding with it."""
        self._booked = 0
        self._settled: list[Row] = []
        self.initial, self.maintenance = Decimal("0.02"), Decimal("0.01")
        self.leverage = 50
        self.margin_model = "segregated_sm"
        self.other_position: Row | None = None

    def grow(self, units: Decimal) -> None:
        """Add to the position at its entry."""
        self._trading.units += units

    def book(self) -> None:
        """Take fees of new executions from the cash; what they won stands beside it."""
        fresh = self._trading.executions[self._booked :]
        self._booked += len(fresh)
        fees = sum((row.fee for row in fresh), Decimal(0))
        self._coins["USDT"] -= fees
        self._session += self._trading.wallet + fees
        self._trading.wallet = Decimal(0)

    def settle(self) -> None:
        """Pay funding, and bring all that the session won or lost into the cash."""
        at = self._trading
        at.pay_funding()
        funding = at.bills[-1].amount
        self.book()
        floating, realised = at.pnl, self._session
        self._coins["USDT"] += floating + realised
        self._session, at.entry = Decimal(0), MARK
        row = self._logged("settlement", at_ms=now_ms(), change=floating + realised, fee=None)
        self._settled.append(
            row
            | {
                "instrument_name": PERPETUAL,
                "side": "short" if at.units < 0 else "long",
                "session_upl": floating,
                "session_rpl": realised,
                "total_interest_pl": funding,
                "interest_pl": funding,
                "position": at.units * MARK,
                "price": MARK,
                "info": {"settlement_price": MARK, "floating_pl": floating},
            }
        )

    def _bound(self, rate: Decimal) -> Decimal:
        size = abs(self._trading.units)
        return size * MARK * (rate + _GROWTH * size)

    def available(self) -> Decimal:
        """Return what may be spent or bound."""
        margin = self._coins["USDT"] + self._session + self._trading.pnl
        return max(Decimal(0), margin - self._bound(self.initial))

    def wallet(self) -> Row:
        """Return what contracts add to the summary of USDT."""
        margin = self._coins["USDT"] + self._session + self._trading.pnl
        return {
            "margin_model": self.margin_model,
            "equity": margin,
            "margin_balance": margin,
            "available_funds": self.available(),
            "session_rpl": self._session,
            "session_upl": self._trading.pnl,
            "futures_session_rpl": self._session,
            "futures_session_upl": self._trading.pnl,
            "initial_margin": self._bound(self.initial),
            "maintenance_margin": self._bound(self.maintenance),
        }

    def reduces(self, given: Row, *, is_buy: bool) -> bool:
        """Say whether an order only reduces, and whether it may."""
        if given.get("reduce_only") != "true":
            return False
        held = self._trading.units
        after = held + (1 if is_buy else -1) * Decimal(given["amount"])
        if abs(after) > abs(held):
            raise Refusal(11030, "other_reject not_reducing")
        return True

    def require(self, given: Row, *, is_buy: bool) -> None:
        """Refuse an opening that the account cannot bear."""
        held, quantity = self._trading.units, Decimal(given["amount"])
        after = abs(held + (1 if is_buy else -1) * quantity)
        grown = max(Decimal(0), after - abs(held))
        if grown * Decimal(given["price"]) * self.initial > self.available():
            raise Refusal(10009, "not_enough_funds")

    def market(self) -> Row:
        """Return how the contract is listed."""
        return {
            "instrument_name": PERPETUAL,
            "instrument_type": "linear",
            "kind": "future",
            "settlement_period": "perpetual",
            "base_currency": "BTC",
            "quote_currency": "USDT",
            "counter_currency": "USDT",
            "settlement_currency": "USDT",
            "price_index": "btc_usdt",
            "tick_size": LINEAR_TERMS.tick,
            "tick_size_steps": [],
            "min_trade_amount": LINEAR_TERMS.lot,
            "contract_size": LINEAR_TERMS.lot,
            "max_leverage": self.leverage,
            "max_liquidation_commission": Decimal("0.0075"),
            "taker_commission": LINEAR_TERMS.fee,
            "maker_commission": Decimal("0.0"),
            "is_active": True,
            "state": "open",
            "expiration_timestamp": 32_503_708_800_000,
        }

    def markets(self) -> list[Row]:
        """Return all futures, of which one is a perpetual that is known."""
        perpetual = self.market()
        dated = {"instrument_name": "BTC_USDC-26DEC26", "settlement_period": "month"}
        inverse = {"instrument_name": "BTC-PERPETUAL", "instrument_type": "reversed"}
        other = {"instrument_name": "XRP_USDT-PERPETUAL", "base_currency": "XRP"}
        return [perpetual | more for more in (dated, inverse, other)] + [perpetual]

    def ticker(self, _: Row) -> Row:
        """Return prices and funding."""
        return {
            "instrument_name": PERPETUAL,
            "mark_price": MARK,
            "index_price": INDEX,
            "last_price": MARK,
            "current_funding": FUNDING * 8,
            "funding_8h": FUNDING * 8,
            "state": "open",
            "timestamp": now_ms(),
        }

    def positions(self, given: Row) -> list[Row]:
        """Return what is open in a settlement coin."""
        if given["currency"] != "USDT":
            return []
        at = self._trading
        row = {
            "instrument_name": PERPETUAL,
            "kind": "future",
            "direction": "buy" if at.units > 0 else "sell" if at.units else "zero",
            "size": at.units * MARK,
            "size_currency": at.units,
            "average_price": Decimal("58000.0"),
            "mark_price": MARK,
            "index_price": INDEX,
            "settlement_price": at.entry,
            "floating_profit_loss": at.pnl,
            "total_profit_loss": at.units * (MARK - Decimal(58_000)),
            "realized_profit_loss": Decimal(0),
            "initial_margin": self._bound(self.initial),
            "maintenance_margin": self._bound(self.maintenance),
            "leverage": self.leverage,
            "estimated_liquidation_price": Decimal("81000.5"),
        }
        return [row] + ([self.other_position] if self.other_position else [])

    def funding(self, given: Row) -> list[Row]:
        """Return what was paid hour by hour."""
        first, last = int(given["start_timestamp"]), int(given["end_timestamp"])
        return [
            {"timestamp": at, "interest_1h": Decimal("0.0000125"), "interest_8h": FUNDING}
            for at in range(-(-first // _HOUR_MS) * _HOUR_MS, last + 1, _HOUR_MS)
        ]

    def log(self, given: Row, coins: list[Execution], trade_id: Callable[[int], str]) -> Row:
        """Return what moved USDT, trades of coins too, newest first, in pages."""
        if given["currency"] != "USDT" or not 1 <= int(given["count"]) <= _LOG_MAX:
            raise Refusal(-32602, "Invalid params")
        of_contracts = [
            self._logged("trade", at_ms=row.at_ms, change=-row.fee, fee=row.fee)
            | {
                "id": 900_000 + row.number,
                "instrument_name": PERPETUAL,
                "trade_id": trade_id(row.number),
                "side": "close buy" if row.is_buy else "open sell",
                "cashflow": row.profit,
                "profit_as_cashflow": False,
                "interest_pl": Decimal(0),
            }
            for row in self._trading.executions
            if row.order >= 0
        ]
        of_coins = [
            self._logged("trade", at_ms=row.at_ms, change=_spent(row), fee=_fee(row))
            | {"id": 800_000 + row.number, "instrument_name": "BTC_USDT", "trade_id": "1"}
            for row in coins
        ]
        first, last = int(given["start_timestamp"]), int(given["end_timestamp"])
        rows = sorted((*of_contracts, *of_coins, *self._settled), key=lambda row: -row["timestamp"])
        found = [row for row in rows if first <= row["timestamp"] <= last]
        start = int(given.get("continuation", 0))
        end = start + int(given["count"])
        return {"logs": found[start:end], "continuation": end if end < len(found) else None}

    def _logged(self, word: str, *, at_ms: int, change: Decimal, fee: Decimal | None) -> Row:
        return {
            "id": 700_000 + len(self._settled),
            "type": word,
            "currency": "USDT",
            "timestamp": at_ms,
            "user_id": 7,
            "user_seq": 6000,
            "change": change,
            "cashflow": change,
            "commission": fee,
            "balance": self._coins["USDT"],
            "equity": self._coins["USDT"],
        }


class Refusal(Exception):
    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


def _fee(row: Execution) -> Decimal:
    return row.fee if row.fee_coin == "USDT" else Decimal(0)


def _spent(row: Execution) -> Decimal:
    value = row.quantity * row.price
    return (-value if row.is_buy else value) - _fee(row)
