"""Contracts of WEEX in process: perpetuals that settle in USDT, sizes in coins.

Written from the documentation of contract v3 (2026-07), not from an adapter: an order names the
position that it opens or closes, its answer says only that it was accepted, a question for one
takes the venue's number alone, long and short of a contract are two positions, no list tells
maintenance margin, and a liquidation price is 0 while none is near. What the documents leave open
is answered in the less welcome way: lists in no order, numbers as text in one and not in another.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.conformance.floors import Waiting
from tests.conformance.trading import (
    DAY_MS,
    FUNDING,
    INDEX,
    MARK,
    Declined,
    Execution,
    Order,
    Terms,
    Trading,
    between,
    closes_between,
    now_ms,
)

Row = dict[str, Any]

LOT = Decimal("0.0001")
LINEAR = Terms(
    is_contract=True,
    lot=LOT,
    tick=Decimal("0.1"),
    least_value=Decimal(0),
    fee=Decimal("0.0008"),
    bid=Decimal("59999.9"),
    ask=Decimal("60000.1"),
    depth=Decimal("0.2500"),
    names_repeat=True,
)
THIN = Decimal("0.0080")
"""What is asked at the touch: less than the account is short, which one order can close."""
_FIRST = 702_345_678_901_234_567
_WEEK_MS = 7 * DAY_MS
_SENT = {"BUY": True, "SELL": False}


class Refusal(Exception):
    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


class ContractDesk:
    """What the venue has of contracts, and how it answers."""

    def __init__(self, coins: dict[str, Decimal]) -> None:
        self.trading = Trading(LINEAR, coins)
        self.both_sides = True
        """Whether long and short are two positions."""
        self.kept_apart = "COMBINED"
        self.liquidated_at = Decimal(0)
        self.more_positions: list[Row] = []
        self.for_keys = ["ETHUSDT", "BTCUSDT"]
        self.late_s = 0
        """How long an order that ended is in no list."""
        self.says: Row = {}
        """What every order is said to be, whatever it is."""
        self._setting: Row = {"marginType": "ISOLATED", "crossLeverage": "20.00"}
        self.routes: dict[tuple[str, str], Callable[[Row], Any]] = {
            ("GET", "market/time"): lambda _: {"serverTime": now_ms()},
            ("GET", "market/exchangeInfo"): lambda _: self.markets(),
            ("GET", "market/apiTradingSymbols"): lambda _: self.for_keys,
            ("GET", "market/depth"): self.book,
            ("GET", "market/premiumIndex"): self.premium,
            ("GET", "market/historyKlines"): self.candles,
            ("GET", "market/fundingRate"): self.settlements,
            ("GET", "account/accountConfig"): lambda _: self.account(),
            ("GET", "account/symbolConfig"): self.setting,
            ("GET", "account/balance"): lambda _: self.balances(),
            ("GET", "account/commissionRate"): self.fees,
            ("GET", "account/position/allPosition"): lambda _: self.positions(),
            ("GET", "account/position/singlePosition"): self.position,
            ("POST", "account/income"): self.income,
            ("POST", "account/marginType"): self.set_mode,
            ("POST", "account/leverage"): self.set_leverage,
            ("POST", "order"): self.place,
            ("DELETE", "order"): self.cancel,
            ("GET", "order"): self.one,
            ("GET", "openOrders"): self.resting,
            ("GET", "order/history"): self.past,
            ("GET", "openAlgoOrders"): self.waits,
            ("GET", "userTrades"): self.trades,
        }

    def markets(self) -> Row:
        btc = {
            "symbol": "BTCUSDT",
            "displaySymbol": "BTCUSDT",
            "baseAsset": "BTC",
            "quoteAsset": "USDT",
            "marginAsset": "USDT",
            "pricePrecision": 1,
            "quantityPrecision": 4,
            "baseAssetPrecision": 4,
            "quotePrecision": 8,
            "contractVal": 0.0001,
            "delivery": ["00:00:00", "08:00:00", "16:00:00"],
            "forwardContractFlag": True,
            "minLeverage": 1,
            "maxLeverage": 400,
            "buyLimitPriceRatio": 0.01,
            "sellLimitPriceRatio": 0.01,
            "makerFeeRate": 0.0002,
            "takerFeeRate": 0.0008,
            "minOrderSize": 0.0001,
            "maxOrderSize": 1200,
            "maxPositionSize": 1000000,
            "marketOpenLimitSize": 100,
        }
        coin = {**btc, "symbol": "BTCUSD", "quoteAsset": "USD", "marginAsset": "BTC"}
        assets = [{"asset": "USDT", "marginAvailable": True}]
        return {"assets": assets, "rateLimits": [], "symbols": [btc, coin]}

    def book(self, given: Row) -> Row:
        _known(given)
        if given.get("limit") not in {"15", "200"}:
            raise Refusal(-1140, "Parameter validation failed.")
        return {
            "bids": [[str(LINEAR.bid), str(LINEAR.depth)], ["59999.0", "2.0000"]],
            "asks": [[str(LINEAR.ask), str(THIN)], ["60001.0", "2.0000"]],
            "lastUpdateId": 1_234_567_890_123,
        }

    def premium(self, given: Row) -> list[Row]:
        _known(given)
        return [
            {
                "symbol": "BTCUSDT",
                "markPrice": str(MARK),
                "indexPrice": str(INDEX),
                "lastFundingRate": "0.00025",
                "forecastFundingRate": str(FUNDING),
                "interestRate": "0.0001",
                "nextFundingTime": now_ms() + 3_600_000,
                "time": now_ms(),
                "collectCycle": 480,
            }
        ]

    def candles(self, given: Row) -> list[list[Any]]:
        _known(given)
        first, last = int(given["startTime"]), int(given["endTime"])
        if given["interval"] != "1d" or int(given["limit"]) > 100 or last > now_ms():
            raise Refusal(-1142, "Parameter is invalid.")
        return [
            [at, *("1", "2", "0.5", close, "9"), at + DAY_MS - 1, "540000", 12, "4", "240000"]
            for at, close in closes_between(first, last)
        ]

    def settlements(self, given: Row) -> list[Row]:
        _known(given)
        first, last, step = int(given["startTime"]), int(given["endTime"]), DAY_MS // 3
        if last - first > _WEEK_MS:
            raise Refusal(-1170, "Time range cannot exceed 7 days.")
        times = range(-(-first // step) * step, last + 1, step)
        rate = {"symbol": "BTCUSDT", "fundingRate": "0.0001", "markPrice": "60000"}
        return [{**rate, "fundingTime": at} for at in times][::-1]

    def account(self) -> Row:
        can = dict.fromkeys(("canTrade", "canDeposit", "canWithdraw"), True)
        return {**can, "dualSidePosition": self.both_sides, "updateTime": now_ms()}

    def setting(self, given: Row) -> list[Row]:
        _known(given)
        apart = dict.fromkeys(("isolatedLongLeverage", "isolatedShortLeverage"), "20.00")
        kept = {"separatedType": self.kept_apart}
        return [{"symbol": "BTCUSDT", **apart, **kept, **self._setting}]

    def balances(self) -> list[Row]:
        at = self.trading
        equity = at.wallet + at.pnl
        usdt = {
            "asset": "USDT",
            "balance": str(equity),
            "availableBalance": str(equity - at.margin),
            "frozen": "0",
            "unrealizePnl": str(at.pnl),
        }
        none = dict.fromkeys(("balance", "availableBalance", "frozen", "unrealizePnl"), "0")
        return [{"asset": "WXT", **none}, usdt]

    def fees(self, given: Row) -> Row:
        _known(given)
        return {
            "symbol": "BTCUSDT",
            "makerCommissionRate": "0.0002",
            "takerCommissionRate": str(LINEAR.fee),
        }

    def positions(self) -> list[Row]:
        at = self.trading
        if not at.units:
            return list(self.more_positions)
        row = {
            "id": 689_987_235_755_328_154,
            "asset": "USDT",
            "symbol": "BTCUSDT",
            "side": "LONG" if at.units > 0 else "SHORT",
            "marginType": "CROSSED",
            "separatedMode": "COMBINED",
            "separatedOpenOrderId": 0,
            "leverage": f"{at.leverage}.00",
            "size": str(abs(at.units)),
            "openValue": str(abs(at.units) * at.entry),
            "openFee": "0.7",
            "fundingFee": "0",
            "marginSize": str(at.margin),
            "isolatedMargin": "0",
            "isAutoAppendIsolatedMargin": False,
            "createdTime": now_ms(),
            "updatedTime": now_ms(),
            "unrealizePnl": str(at.pnl),
            "liquidatePrice": str(self.liquidated_at),
        }
        return [row, *self.more_positions]

    def position(self, given: Row) -> list[Row]:
        _known(given)
        return [row for row in self.positions() if row["symbol"] == given["symbol"]]

    def income(self, given: Row) -> Row:
        first, last = int(given["startTime"]), int(given["endTime"])
        if last - first > 100 * DAY_MS or int(given["limit"]) > 100:
            raise Refusal(-1170, "Time range cannot exceed 100 days.")
        words = {"funding": "position_funding", "transfer": "transfer_in"}
        rows = [
            {
                "billId": str(686_960_019_383_517_338 + bill.number),
                "asset": "USDT",
                "symbol": "BTCUSDT" if bill.kind == "funding" else None,
                "income": str(bill.amount),
                "incomeType": words[bill.kind],
                "balance": "0",
                "fillFee": "0",
                "time": str(bill.at_ms),
                "transferReason": "UNKNOWN_TRANSFER_REASON",
            }
            for bill in self.trading.bills
        ]
        rows += [
            {
                **(rows[0] if rows else {"asset": "USDT", "balance": "0", "fillFee": "0"}),
                "billId": str(986_960_019_383_517_338 + each.number),
                "symbol": "BTCUSDT",
                "income": str(each.quantity * each.price),
                "incomeType": "position_close_short",
                "time": str(each.at_ms),
            }
            for each in self.trading.executions
        ]
        kept = [row for row in rows if first <= int(row["time"]) <= last]
        start = int(given.get("nextKeyId", 0))
        page = kept[start : start + 2]
        more = start + 2 < len(kept)
        key = {"nextKeyId": start + 2, "nextKeyTime": now_ms()} if more else None
        return {"hasNextPage": more, "nextKey": key, "items": page}

    def set_mode(self, given: Row) -> Row:
        _known(given)
        self.kept_apart = given.get("separatedType", "SEPARATED")
        self._setting["marginType"] = given["marginType"]
        return {"code": "200", "msg": "success", "requestTime": now_ms()}

    def set_leverage(self, given: Row) -> Row:
        _known(given)
        if (given["marginType"], self._setting["marginType"]) != ("CROSSED", "CROSSED"):
            raise Refusal(-1128, "Combination of optional parameters invalid.")
        if int(given["crossLeverage"]) > 400:
            raise Refusal(-3313, "Leverage exceeds maximum limit.")
        self.trading.leverage = int(given["crossLeverage"])
        self._setting["crossLeverage"] = f"{self.trading.leverage}.00"
        return {**self.setting(given)[0], "crossLeverage": given["crossLeverage"]}

    def place(self, given: Row) -> Row:
        _known(given)
        if (given["type"], given["timeInForce"]) != ("LIMIT", "IOC"):
            raise Refusal(-1115, "Invalid timeInForce.")
        is_buy, at = _SENT[given["side"]], given["positionSide"]
        quantity, limit = Decimal(given["quantity"]), Decimal(given["price"])
        closes = (given["side"], at) in {("BUY", "SHORT"), ("SELL", "LONG")}
        held = self.trading.units * (1 if at == "LONG" else -1)
        if at not in {"LONG", "SHORT"} or (closes and quantity > held) or (not closes and held < 0):
            raise Refusal(-1142, "Parameter is invalid.")
        try:
            order = self._filled(given["newClientOrderId"], is_buy=is_buy, of=(quantity, limit))
        except Declined as declined:
            raise Refusal(-1160, "Decimal precision error.") from declined
        order.reduces = closes
        told = {"clientOrderId": order.name, "success": True, "errorCode": "", "errorMessage": ""}
        return {"orderId": str(_FIRST + order.number), **told}

    def _filled(self, name: str, *, is_buy: bool, of: tuple[Decimal, Decimal]) -> Order:
        """Take an order; the asks are thinner than the bids."""
        quantity, limit = of
        at_touch = min(quantity, THIN) if is_buy else quantity
        order = self.trading.place(name=name, is_buy=is_buy, quantity=at_touch, limit=limit)
        order.quantity = quantity
        return order

    def cancel(self, given: Row) -> Row:
        self._chosen(given)
        raise Refusal(-3200, "Order does not exist.")

    def one(self, given: Row) -> Row:
        if given.keys() != {"orderId"}:
            raise Refusal(-1141, "Parameter cannot be empty.")
        return self._shown(self._chosen(given))

    def _chosen(self, given: Row) -> Order:
        for order in self.trading.taken:
            if str(_FIRST + order.number) == given["orderId"]:
                return order
        raise Refusal(-3200, "Order does not exist.")

    def resting(self, given: Row) -> list[Row]:
        _page(given, most=100)
        return []  # Every order here ends at once.

    def past(self, given: Row) -> list[Row]:
        first, last = int(given["startTime"]), int(given["endTime"])
        if last - first > 90 * DAY_MS:
            raise Refusal(-1170, "Time range cannot exceed 90 days.")
        start, count = _page(given, most=1000)
        seen = now_ms() - self.late_s * 1000
        rows = [
            self._shown(order)
            for order in self.trading.taken
            if first <= order.at_ms <= min(last, seen)
        ]
        return (rows[1::2] + rows[::2])[start : start + count]

    def waits(self, given: Row) -> list[Row]:
        start, count = _page(given, most=100, first=1)
        return [_waiting(number, order) for number, order in enumerate(self.trading.waiting)][
            start : start + count
        ]

    def trades(self, given: Row) -> list[Row]:
        first, last = int(given["startTime"]), int(given["endTime"])
        if last - first > _WEEK_MS:
            raise Refusal(-1170, "Time range cannot exceed 7 days.")
        rows = [_trade(row) for row in between(self.trading.executions, first, last)]
        return (rows[1::2] + rows[::2])[: _page(given, most=100)[1]]

    def _shown(self, order: Order) -> Row:
        side = "LONG" if order.is_buy is not order.reduces else "SHORT"
        return {
            "avgPrice": "60000",
            "clientOrderId": order.name,
            "cumQuote": str(order.filled * order.limit),
            "executedQty": str(order.filled),
            "orderId": _FIRST + order.number,
            "origQty": str(order.quantity),
            "price": str(order.limit),
            "reduceOnly": order.reduces,
            "side": "BUY" if order.is_buy else "SELL",
            "positionSide": side,
            "status": "FILLED" if order.is_full else "CANCELED",
            "stopPrice": "0",
            "symbol": "BTCUSDT",
            "time": order.at_ms,
            "timeInForce": "IOC",
            "type": "LIMIT",
            "updateTime": order.at_ms,
            "workingType": "CONTRACT_PRICE",
            **self.says,
        }


def _known(given: Row) -> None:
    if given.get("symbol") != "BTCUSDT":
        raise Refusal(-1121, "Invalid symbol.")


def _page(given: Row, *, most: int, first: int = 0) -> tuple[int, int]:
    count, page = int(given.get("limit", most)), int(given.get("page", first))
    if not 1 <= count <= most or page < first:
        raise Refusal(-1140, f"Parameter validation failed. limit must be between 1 and {most}.")
    return (page - first) * count, count


def _trade(row: Execution) -> Row:
    return {
        "id": 801_234_567_890_123_456 + row.number,
        "orderId": _FIRST + row.order if row.order >= 0 else 1,
        "symbol": "BTCUSDT",
        "buyer": row.is_buy,
        "commission": str(row.fee),
        "commissionAsset": row.fee_coin,
        "maker": False,
        "price": str(row.price),
        "qty": str(row.quantity),
        "quoteQty": str(row.quantity * row.price),
        "realizedPnl": str(row.profit),
        "side": "BUY" if row.is_buy else "SELL",
        "positionSide": "SHORT",
        "time": row.at_ms,
    }


def _waiting(number: int, order: Waiting) -> Row:
    return {
        "algoId": 812_345_678_901_234_500 + number,
        "clientAlgoId": order.name,
        "algoType": "CONDITIONAL",
        "orderType": "STOP_MARKET",
        "symbol": "BTCUSDT",
        "side": "BUY" if order.is_buy else "SELL",
        "positionSide": "LONG" if order.is_buy is not order.reduces else "SHORT",
        "timeInForce": "IOC",
        "quantity": str(order.quantity),
        "algoStatus": "UNTRIGGERED",
        "actualOrderId": None,
        "triggerPrice": str(order.trigger),
        "price": "0",
        "workingType": "MARK_PRICE" if order.by_mark else "CONTRACT_PRICE",
        "closePosition": False,
        "reduceOnly": order.reduces,
        "createTime": now_ms(),
        "updateTime": now_ms(),
        "triggerTime": 0,
    }
