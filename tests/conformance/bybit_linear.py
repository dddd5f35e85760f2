"""Contracts of Bybit v5 in process: how they are written, and the wallet that they share with cash.

Written from the documentation: fees are positive when paid, funding when received, change is cash
flow plus funding less fee; an execution of a contract has a name of 128 bits.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from tests.conformance.trading import FUNDING, INDEX, MARK, Execution, Trading, now_ms

Row = dict[str, Any]

LINEAR_DECLINED = {
    "duplicate": (110072, "OrderLinkedID is duplicate"),
    "grid": (10001, "Qty invalid"),
    "funds": (110007, "ab not enough for new order"),
}
_RATE = Decimal("0.005")
_STEPS = (
    ("2000000", "0.005", "0.01", "100.00", ""),
    ("2600000", "0.0056", "0.0111111", "90.00", "1200"),
    ("3200000", "0.0063", "0.0125", "80.00", "3020"),
)


class Refusal(Exception):
    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


class BybitLinear:
    """Answers about contracts of one account."""

    def __init__(self, trading: Trading, coins: dict[str, Decimal]) -> None:
        self._trading = trading
        self._coins = coins
        self.margin_mode = "REGULAR_MARGIN"
        self.hedging = "OFF"
        self.others: dict[str, list[Row]] = {"inverse": [], "option": []}
        """Positions of kinds that no account of ours has."""
        self.place = 0
        """0 for one way, 1 or 2 for a side of two."""
        self.counts_fee = True
        """Whether the venue's own figure of maintenance has the fee to close in it."""

    def settle(self) -> None:
        """Bring what contracts won or paid into the one wallet."""
        self._coins["USDT"] += self._trading.wallet
        self._trading.wallet = Decimal(0)

    def grow(self, units: Decimal) -> None:
        """Add to the position at its entry."""
        self._trading.units += units

    def available(self) -> Decimal:
        """Return what may be spent or bound: profit that is not realised buys nothing."""
        at = self._trading
        return self._coins["USDT"] + min(Decimal(0), at.pnl) - at.margin

    def wallet(self) -> Row:
        """Return what contracts add to the row of USDT."""
        at = self._trading
        return {
            "equity": str(self._coins["USDT"] + at.pnl),
            "unrealisedPnl": str(at.pnl),
            "totalPositionIM": str(at.margin),
            "totalPositionMM": str(self._maintained()),
        }

    def _maintained(self) -> Decimal:
        at = self._trading
        rate = _RATE + (at.terms.fee if self.counts_fee else Decimal(0))
        return abs(at.units) * MARK * rate

    def require(self, given: Row, quantity: Decimal, limit: Decimal) -> None:
        """Refuse an order that the account cannot bear, or that is not of its mode."""
        at, sign = self._trading, 1 if given["side"] == "Buy" else -1
        if given["positionIdx"] != self.place or not isinstance(given["reduceOnly"], bool):
            raise Refusal(10001, "position idx not match position mode")
        after = abs(at.units + sign * quantity)
        if given["reduceOnly"] and after > abs(at.units):
            raise Refusal(110017, "Reduce-only rule not satisfied")
        grown = max(Decimal(0), after - abs(at.units))
        if grown * limit / at.leverage > self.available():
            raise Refusal(*LINEAR_DECLINED["funds"])

    def mode(self, _: Row) -> Row:
        return {
            "marginMode": self.margin_mode,
            "updatedTime": "1697078946000",
            "unifiedMarginStatus": 5,
            "dcpStatus": "OFF",
            "timeWindow": 0,
            "smpGroup": 0,
            "isMasterTrader": False,
            "spotHedgingStatus": self.hedging,
        }

    def markets(self, given: Row) -> Row:
        perpetual = {
            "symbol": "BTCUSDT",
            "contractType": "LinearPerpetual",
            "status": "Trading",
            "baseCoin": "BTC",
            "quoteCoin": "USDT",
            "settleCoin": "USDT",
            "launchTime": "1585526400000",
            "deliveryTime": "0",
            "leverageFilter": {"minLeverage": "1", "maxLeverage": "100.00", "leverageStep": "0.01"},
            "priceFilter": {"minPrice": "0.10", "maxPrice": "1999999.80", "tickSize": "0.10"},
            "lotSizeFilter": {
                "minNotionalValue": "5",
                "maxOrderQty": "1190.000",
                "minOrderQty": "0.001",
                "qtyStep": "0.001",
                "maxMktOrderQty": "119.000",
            },
            "unifiedMarginTrade": True,
            "fundingInterval": 480,
            "riskParameters": {"priceLimitRatioX": "0.05", "priceLimitRatioY": "0.1"},
        }
        dated = perpetual | {"symbol": "BTC-26DEC26", "contractType": "LinearFutures"}
        other = perpetual | {"symbol": "BTCPERP", "quoteCoin": "USDC", "settleCoin": "USDC"}
        return paged([dated, perpetual, other], given | {"limit": "2"}, most=1000)

    def ticker(self, given: Row) -> Row:
        _known(given)
        row = {
            "symbol": "BTCUSDT",
            "lastPrice": "60000.00",
            "markPrice": str(MARK),
            "indexPrice": str(INDEX),
            "fundingRate": str(FUNDING),
            "nextFundingTime": str(now_ms() + 3_600_000),
        }
        return {"category": "linear", "list": [row]}

    def tiers(self, given: Row) -> Row:
        _known(given)
        rows = [
            {
                "id": number,
                "symbol": "BTCUSDT",
                "riskLimitValue": cap,
                "maintenanceMargin": rate,
                "initialMargin": initial,
                "isLowestRisk": int(number == 1),
                "maxLeverage": leverage,
                "mmDeduction": deduction,
            }
            for number, (cap, rate, initial, leverage, deduction) in enumerate(_STEPS, start=1)
        ]
        return {"category": "linear", "list": rows, "nextPageCursor": ""}

    def positions(self, given: Row) -> Row:
        if given.get("category") in self.others:
            return paged(self.others[given["category"]], given, most=200)
        if given.get("settleCoin") == "USDC":
            return paged([], given, most=200)
        if given.get("category") != "linear" or not {"symbol", "settleCoin"} & given.keys():
            raise Refusal(10001, "symbol or settleCoin is required")
        at = self._trading
        side = "Buy" if at.units > 0 else "Sell"
        row = {
            "positionIdx": self.place,
            "symbol": "BTCUSDT",
            "side": side if at.units else "",
            "size": str(abs(at.units)),
            "avgPrice": str(at.entry) if at.units else "0",
            "leverage": str(at.leverage),
            "markPrice": str(MARK),
            "liqPrice": "",
            "positionIM": str(at.margin),
            "positionMM": str(self._maintained()),
            "unrealisedPnl": str(at.pnl),
            "tradeMode": 0,
            "autoAddMargin": 0,
            "positionStatus": "Normal",
        }
        rows = [row] if at.units or "symbol" in given else []
        return paged(rows, given, most=200)

    def set_leverage(self, given: Row) -> Row:
        _known(given)
        if given["buyLeverage"] != given["sellLeverage"]:
            raise Refusal(10001, "buy leverage and sell leverage must be the same")
        if int(given["buyLeverage"]) == self._trading.leverage:
            raise Refusal(110043, "leverage not modified")
        self._trading.leverage = int(given["buyLeverage"])
        return {}

    def funding(self, given: Row) -> Row:
        _known(given)
        period = 8 * 3_600_000
        first, last = int(given["startTime"]), int(given["endTime"])
        times = range(-(-first // period) * period, last + 1, period)
        rows = [
            {"symbol": "BTCUSDT", "fundingRate": "0.0001", "fundingRateTimestamp": str(at)}
            for at in times
        ]
        return {"category": "linear", "list": rows[::-1][: int(given["limit"])]}

    def log(self) -> list[Row]:
        """Return what contracts moved, by trade and by settlement."""
        trades = [
            _logged(
                f"{row.number}_BTCUSDT_{row.at_ms}",
                "TRADE",
                at_ms=row.at_ms,
                flow=row.profit,
                fee=row.fee,
                about="linear",
            )
            | {"tradeId": execution_id(row.number), "symbol": "BTCUSDT"}
            for row in self._trading.executions
            if row.order >= 0
        ]
        settled = [
            _logged(
                f"s{bill.number}_BTCUSDT_{bill.at_ms}",
                "SETTLEMENT",
                at_ms=bill.at_ms,
                funding=bill.amount,
                about="linear",
            )
            | {"symbol": "BTCUSDT"}
            for bill in self._trading.bills
        ]
        return trades + settled


def spot_log(row: Execution) -> Row:
    """Return how the log tells a trade of coins, in USDT."""
    value = row.quantity * row.price
    fee = row.fee if row.fee_coin == "USDT" else Decimal(0)
    told = _logged(
        f"c{row.number}_{row.at_ms}",
        "TRADE",
        at_ms=row.at_ms,
        flow=-value if row.is_buy else value,
        fee=fee,
        about="spot",
    )
    return told | {"tradeId": str(2_290_000_000_000_000_000 + row.number), "symbol": "BTCUSDT"}


def _logged(
    name: str,
    word: str,
    *,
    at_ms: int,
    about: str,
    flow: Decimal = Decimal(0),
    funding: Decimal = Decimal(0),
    fee: Decimal = Decimal(0),
) -> Row:
    return {
        "id": name,
        "symbol": "",
        "category": about,
        "side": "None",
        "transactionTime": str(at_ms),
        "type": word,
        "currency": "USDT",
        "tradeId": "",
        "cashFlow": str(flow),
        "funding": str(funding) if funding else "",
        "fee": str(fee),
        "change": str(flow + funding - fee),
    }


def execution_id(number: int) -> str:
    """Return the venue's name of an execution of a contract."""
    return str(UUID(int=0x0CBE_81D0_F185_8661_5CF3_19B5_DAB3_B000 + 7919 * number))


def paged(rows: list[Row], given: Row, *, most: int = 100) -> Row:
    """Return a page of rows, and what leads to the next."""
    count, start = int(given.get("limit", 20)), int(given.get("cursor", 0) or 0)
    if count > most:
        raise Refusal(10001, "limit is too large")
    end = start + count
    cursor = str(end) if end < len(rows) else ""
    return {"category": given.get("category"), "list": rows[start:end], "nextPageCursor": cursor}


def _known(given: Row) -> None:
    if (given.get("category"), given.get("symbol")) != ("linear", "BTCUSDT"):
        raise Refusal(10001, "params error: symbol invalid")
