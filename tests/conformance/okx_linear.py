"""Contracts of OKX v5 in process: how they are written, in the wallet that they share with cash.

Written from the documentation: sizes count contracts, the venue's figure of maintenance is without
what closing costs, funding stands in the bills as profit, and what is frozen of a coin is what
positions bind of it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.conformance.trading import FUNDING, INDEX, MARK, Execution, Trading, now_ms

Row = dict[str, Any]

CONTRACT = Decimal("0.01")
"""Coins in one contract."""
_MAINTENANCE = Decimal("0.004")
_STEPS = (
    ("1", "0", "2500", "0.004", "0.01", "100"),
    ("2", "2500", "10000", "0.005", "0.0125", "80"),
    ("3", "10000", "20000", "0.01", "0.02", "50"),
)
_FAMILY = "BTC-USDT"
NAME = "BTC-USDT-SWAP"


class OkxLinear:
    """Answers about contracts of one account."""

    def __init__(self, trading: Trading, coins: dict[str, Decimal]) -> None:
        self._trading = trading
        self._coins = coins
        self.position: Row = {}
        """What is told of the position otherwise."""
        self.coins_bind = False
        """Whether the other coins are told to back contracts."""

    def settle(self) -> None:
        """Bring what contracts won or paid into the one wallet."""
        self._coins["USDT"] += self._trading.wallet
        self._trading.wallet = Decimal(0)

    def available(self) -> Decimal:
        """Return what may be spent or bound: profit that is not realised buys nothing."""
        at = self._trading
        return self._coins["USDT"] + min(Decimal(0), at.pnl) - at.margin

    def wallet(self, coin: str, units: Decimal) -> Row:
        """Return what futures mode tells of a coin besides."""
        at, is_cash = self._trading, coin == "USDT"
        margin, pnl = (at.margin, at.pnl) if is_cash else (Decimal(0), Decimal(0))
        maintained = abs(at.units) * MARK * _MAINTENANCE if is_cash else Decimal(0)
        told = {
            "liab": "",
            "interest": "",
            "isoEq": "0",
            "eq": str(units + pnl),
            "upl": str(pnl),
            "imr": str(margin),
            "mmr": str(maintained),
            "frozenBal": str(margin),
            "availBal": str(units - margin),
            "availEq": str(units + pnl - margin),
        }
        return told | ({"imr": "1"} if self.coins_bind and not is_cash else {})

    def lacks(self, given: Row) -> bool:
        """Say whether the account cannot bear an order."""
        at, sign = self._trading, 1 if given["side"] == "buy" else -1
        quantity, limit = Decimal(given["sz"]) * CONTRACT, Decimal(given["px"])
        after = abs(at.units + sign * quantity)
        grown = max(Decimal(0), after - abs(at.units))
        return grown * limit / at.leverage > self.available()

    def market(self) -> list[Row]:
        perpetual = {
            "instType": "SWAP",
            "instId": NAME,
            "instFamily": _FAMILY,
            "uly": _FAMILY,
            "baseCcy": "",
            "quoteCcy": "",
            "settleCcy": "USDT",
            "ctVal": str(CONTRACT),
            "ctMult": "1",
            "ctValCcy": "BTC",
            "ctType": "linear",
            "lever": "100",
            "lotSz": "0.1",
            "minSz": "0.1",
            "maxLmtSz": "100000000",
            "maxMktSz": "12000",
            "maxStopSz": "15000",
            "tickSz": "0.1",
            "state": "live",
            "expTime": "",
        }
        inverse = perpetual | {"instId": "BTC-USD-SWAP", "ctType": "inverse", "settleCcy": "BTC"}
        other = perpetual | {"instId": "BTC-USDC-SWAP", "settleCcy": "USDC", "uly": "BTC-USDC"}
        return [inverse, perpetual, other]

    def mark(self) -> list[Row]:
        told = {"instType": "SWAP", "instId": NAME, "markPx": str(MARK), "ts": str(now_ms())}
        return [told]

    def index(self) -> list[Row]:
        return [{"instId": _FAMILY, "idxPx": str(INDEX), "ts": str(now_ms())}]

    def rate(self) -> list[Row]:
        coming = {"fundingTime": str(now_ms() + 3_600_000), "nextFundingRate": ""}
        return [{"instType": "SWAP", "instId": NAME, "fundingRate": str(FUNDING), **coming}]

    def rates(self, given: Row) -> list[Row]:
        """Return past settlements, the newest first."""
        period, last = 8 * 3_600_000, int(given["after"])
        newest = (min(last - 1, now_ms())) // period * period
        times = [newest - k * period for k in range(int(given["limit"]))]
        return [
            {
                "instType": "SWAP",
                "instId": NAME,
                "fundingRate": "0.0002",
                "realizedRate": "0.0001",
                "fundingTime": str(at),
            }
            for at in times
        ]

    def tiers(self) -> list[Row]:
        return [
            {
                "uly": _FAMILY,
                "instFamily": _FAMILY,
                "instId": "",
                "tier": tier,
                "minSz": first,
                "maxSz": most,
                "mmr": maintenance,
                "imr": initial,
                "maxLever": leverage,
            }
            for tier, first, most, maintenance, initial, leverage in reversed(_STEPS)
        ]

    def positions(self) -> list[Row]:
        at = self._trading
        row = {
            "instType": "SWAP",
            "instId": NAME,
            "mgnMode": "cross",
            "posSide": "net",
            "ccy": "USDT",
            "pos": str(at.units / CONTRACT),
            "avgPx": str(at.entry) if at.units else "",
            "markPx": str(MARK),
            "upl": str(at.pnl),
            "lever": str(at.leverage),
            "liqPx": "",
            "imr": str(at.margin),
            "mmr": str(abs(at.units) * MARK * _MAINTENANCE),
        }
        return [row | self.position] if at.units else []

    def leverage(self) -> list[Row]:
        told = {"instId": NAME, "mgnMode": "cross", "posSide": "net"}
        return [told | {"lever": str(self._trading.leverage)}]

    def set_leverage(self, given: Row) -> list[Row]:
        self._trading.leverage = int(given["lever"])
        return self.leverage()

    def bills(self) -> list[Row]:
        """Return what contracts moved, oldest first."""
        trades = [
            _bill(row.number, "2", row.profit - row.fee, row.at_ms)
            | {"pnl": str(row.profit), "fee": str(-row.fee)}
            | {"tradeId": str(744_876_980 + row.number), "fillTime": str(row.at_ms)}
            for row in self._trading.executions
            if row.order >= 0
        ]
        settled = [
            _bill(1_000_000 + bill.number, "8", bill.amount, bill.at_ms)
            | {"pnl": str(bill.amount), "fee": "0"}
            for bill in self._trading.bills
        ]
        return trades + settled


def spot_bill(row: Execution) -> Row:
    """Return how the bills tell a trade of coins, in USDT."""
    value = row.quantity * row.price
    fee = row.fee if row.fee_coin == "USDT" else Decimal(0)
    told = _bill(2_000_000 + row.number, "2", (-value if row.is_buy else value) - fee, row.at_ms)
    return told | {"instType": "SPOT", "instId": "BTC-USDT", "pnl": "0", "fee": str(-fee)}


def _bill(number: int, word: str, change: Decimal, at_ms: int) -> Row:
    return {
        "billId": str(680_800_019_754_098_688 + number),
        "type": word,
        "subType": "1",
        "instType": "SWAP",
        "instId": NAME,
        "ccy": "USDT",
        "balChg": str(change),
        "bal": "1",
        "tradeId": "",
        "fillTime": "",
        "ts": str(at_ms),
    }
