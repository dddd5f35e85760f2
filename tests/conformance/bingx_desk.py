"""The desks of BingX in process: how each writes a market, its orders and its executions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, Protocol

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
    now_ms,
)

Row = dict[str, Any]

_BID, _ASK, _DEPTH = Decimal("59999.90"), Decimal("60000.10"), Decimal("0.25000")
SPOT = Terms(
    is_contract=False,
    lot=Decimal("0.00001"),
    tick=Decimal("0.01"),
    least_value=Decimal(5),
    fee=Decimal("0.001"),
    bid=_BID,
    ask=_ASK,
    depth=_DEPTH,
)
LINEAR = Terms(
    is_contract=True,
    lot=Decimal("0.0001"),
    tick=Decimal("0.1"),
    least_value=Decimal(2),
    fee=Decimal("0.0005"),
    bid=Decimal("59999.9"),
    ask=Decimal("60000.1"),
    depth=Decimal("0.2500"),
)
_CONTRACT = Decimal("0.0001")
"""Coins in what the book of contracts counts."""
_CHINA = timezone(timedelta(hours=8))
_OLDER = 1


class Refusal(Exception):
    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


class Desk(Protocol):
    """What the floor wants of a desk, whichever it is."""

    trading: Trading
    duplicate: tuple[int, str]
    too_little: tuple[int, str]


class SpotDesk:
    """Coins."""

    duplicate = (100400, "clientOrderID has already been used")
    too_little = (100202, "insufficient balance")

    def __init__(self, coins: dict[str, Decimal]) -> None:
        self.trading = Trading(SPOT, coins)

    def markets(self, _: Row) -> Row:
        row = {
            "symbol": "BTC-USDT",
            "minQty": 0.0001826,
            "maxQty": 18.2663756,
            "minNotional": 5,
            "maxNotional": 5260122.38270638,
            "status": 1,
            "tickSize": 0.01,
            "stepSize": 0.00001,
            "apiStateSell": True,
            "apiStateBuy": True,
            "timeOnline": 0,
            "offTime": 0,
            "maintainTime": 0,
        }
        return {"symbols": [row]}

    def book(self, given: Row) -> Row:
        _known(given)
        return {
            "bids": [[str(_BID), str(_DEPTH)], ["59999.00", "2.00000"]],
            "asks": [["60001.00", "2.00000"], [str(_ASK), str(_DEPTH)]],  # The best is the last.
            "ts": now_ms(),
        }

    def fees(self, given: Row) -> Row:
        _known(given)
        return {"takerCommissionRate": float(SPOT.fee), "makerCommissionRate": 0.0008}

    def order(self, given: Row) -> Row:
        _known(given)
        found = _named(self.trading.taken, given, by="clientOrderID")
        if not found:
            raise Refusal(100404, "the order is not exist")
        return _shown(found[0])

    def resting(self, given: Row) -> Row:
        _known(given)  # Every order here ends at once but those that wait for a trigger.
        waiting = enumerate(self.trading.waiting)
        return {"orders": [_waits(order, number) for number, order in waiting]}

    def past(self, given: Row) -> Row:
        _known(given)
        start, count = int(given.get("pageIndex", 1)) - 1, int(given.get("pageSize", 100))
        if count > 100:
            raise Refusal(100400, "pageSize is too large")
        newest = self.trading.taken[::-1][start * count : (start + 1) * count]
        return {"orders": [_shown(order) for order in newest]}

    def fills(self, given: Row) -> Row:
        _known(given)
        count = int(given.get("limit", 500))
        if count > 1000:
            raise Refusal(100400, "limit is too large")
        first, last = int(given["startTime"]), int(given["endTime"])
        found = between(self.trading.executions, first, last)[-count:]
        return {"fills": [_fill(row) for row in found]}

    def place(self, given: Row) -> Row:
        _known(given)
        if given["type"] != "LIMIT" or given["timeInForce"] != "IOC":
            raise Refusal(100400, "invalid type")
        try:
            order = self.trading.place(
                name=given["newClientOrderId"],
                is_buy=given["side"] == "BUY",
                quantity=_cut(given["quantity"], SPOT.lot),
                limit=_cut(given["price"], SPOT.tick),
            )
        except Declined as declined:
            raise Refusal(*(self.too_little if declined.why == "funds" else self.duplicate)) from (
                declined
            )
        received = {"status": "PENDING", "executedQty": "0", "transactTime": order.at_ms}
        return {**_shown(order), **received}

    def cancel(self, given: Row) -> Row:
        _known(given)
        raise Refusal(100404, "the order is FILLED or CANCELLED already before, or doesn't exist")


class LinearDesk:
    """Perpetuals that settle in USDT."""

    duplicate = (101481, "The clientOrderID has already been used")
    too_little = (101204, "Insufficient margin")

    def __init__(self, coins: dict[str, Decimal]) -> None:
        self.trading = Trading(LINEAR, coins)
        self.sides = "false"
        """Whether long and short stand side by side, as text."""
        self._margin_type = "ISOLATED"

    def markets(self, _: Row) -> list[Row]:
        both = {
            "size": "0.0001",
            "feeRate": 0.0005,
            "makerFeeRate": 0.0002,
            "takerFeeRate": 0.0005,
            "tradeMinLimit": 0,
            "tradeMinUSDT": 2,
            "maxLongLeverage": 125,
            "maxShortLeverage": 125,
            "status": 1,
            "apiStateOpen": "true",
            "apiStateClose": "true",
            "ensureTrigger": True,
            "brokerState": False,
            "launchTime": 1586275200000,
            "maintainTime": 0,
            "offTime": 0,
        }
        grid = {"quantityPrecision": 4, "pricePrecision": 1, "tradeMinQuantity": 0.0001}
        other = {"quantityPrecision": 2, "pricePrecision": 2, "tradeMinQuantity": 0.01}
        named = {"contractId": "100", "symbol": "BTC-USDT", "currency": "USDT", "asset": "BTC"}
        usdc = {"contractId": "900", "symbol": "BTC-USDC", "currency": "USDC", "asset": "BTC"}
        return [{**named, **grid, **both}, {**usdc, **other, **both}]

    def book(self, given: Row) -> Row:
        _known(given)
        bids = [(LINEAR.bid, LINEAR.depth), (Decimal("59999.0"), Decimal(2))]
        asks = [(Decimal("60001.0"), Decimal(2)), (LINEAR.ask, LINEAR.depth)]
        return {
            "T": now_ms(),
            "bids": [[str(price), str(units / _CONTRACT)] for price, units in bids],
            "asks": [[str(price), str(units / _CONTRACT)] for price, units in asks],
            "bidsCoin": [[str(price), str(units)] for price, units in bids],
            "asksCoin": [[str(price), str(units)] for price, units in asks],
        }

    def prices(self, given: Row) -> Row:
        _known(given)
        return {
            "symbol": "BTC-USDT",
            "markPrice": str(MARK),
            "indexPrice": str(INDEX),
            "lastFundingRate": str(FUNDING),
            "nextFundingTime": now_ms() + 1000,
            "fundingIntervalHours": 8,
        }

    def settlements(self, given: Row) -> list[Row]:
        _known(given)
        first, last, step = int(given["startTime"]), int(given["endTime"]), DAY_MS // 3
        times = list(range(-(-first // step) * step, last + 1, step))[-int(given["limit"]) :]
        return [
            {"symbol": "BTC-USDT", "fundingRate": "0.00010000", "fundingTime": at}
            for at in times[::-1]
        ]

    def tiers(self, given: Row) -> list[Row]:
        _known(given)
        steps = (
            ("0", "150000", "0.003800", "0.000000"),
            ("150000", "900000", "0.004000", "30.000000"),
            ("900000", "3000000", "0.010000", "5430.000000"),
        )
        return [
            {
                "tier": f"Tier {number}",
                "symbol": "BTC-USDT",
                "minPositionVal": floor,
                "maxPositionVal": cap,
                "maintMarginRatio": rate,
                "maintAmount": amount,
            }
            for number, (floor, cap, rate, amount) in enumerate(steps, start=1)
        ]

    def fees(self, _: Row) -> Row:
        rates = {"takerCommissionRate": float(LINEAR.fee), "makerCommissionRate": 0.0002}
        return {"commission": rates}

    def balances(self, _: Row) -> list[Row]:
        at = self.trading
        both = {"userId": "1", "shortUid": "2", "realisedProfit": "0"}
        usdt = {
            "asset": "USDT",
            "balance": str(at.wallet),
            "equity": str(at.wallet + at.pnl),
            "unrealizedProfit": str(at.pnl),
            "availableMargin": str(at.wallet + at.pnl - at.margin),
            "usedMargin": str(at.margin),
            "freezedMargin": "0.0000",
        }
        none = dict.fromkeys(usdt, "0.0000") | {"asset": "USDC"}
        return [both | usdt, both | none]

    def positions(self, _: Row) -> list[Row]:
        at = self.trading
        if not at.units:
            return []
        return [
            {
                "positionId": "1735963671248581120",
                "symbol": "BTC-USDT",
                "currency": "USDT",
                "positionAmt": str(abs(at.units)),
                "availableAmt": str(abs(at.units)),
                "positionSide": "LONG" if at.units > 0 else "SHORT",
                "isolated": False,
                "avgPrice": str(at.entry),
                "initialMargin": str(at.margin),
                "margin": str(at.margin + at.pnl),
                "leverage": at.leverage,
                "unrealizedProfit": str(at.pnl),
                "realisedProfit": "0",
                "liquidationPrice": 540000.5,
                "pnlRatio": "-0.2",
                "maxMarginReduction": "0.0000",
                "riskRate": "0.0008",
                "markPrice": str(MARK),
                "positionValue": str(abs(at.units) * MARK),
                "onlyOnePosition": True,
                "updateTime": now_ms(),
            }
        ]

    def together(self, _: Row) -> Row:
        return {"assetMode": "singleAssetMode"}

    def mode(self, _: Row) -> Row:
        return {"dualSidePosition": self.sides}

    def margin_type(self, given: Row) -> Row:
        _known(given)
        return {"marginType": self._margin_type}

    def set_margin_type(self, given: Row) -> Row:
        _known(given)
        self._margin_type = given["marginType"]
        return {}

    def leverage(self, given: Row) -> Row:
        _known(given)
        return {
            "longLeverage": self.trading.leverage,
            "shortLeverage": self.trading.leverage,
            "maxLongLeverage": 125,
            "maxShortLeverage": 125,
            "availableLongVol": "1.0000",
            "availableShortVol": "1.0000",
        }

    def set_leverage(self, given: Row) -> Row:
        _known(given)
        if given["side"] != "BOTH":  # One-way mode takes nothing else.
            raise Refusal(109400, "side must be BOTH in one-way mode")
        self.trading.leverage = int(given["leverage"])
        return {"leverage": self.trading.leverage, "symbol": "BTC-USDT"}

    def income(self, given: Row) -> list[Row]:
        first, last, count = (int(given[name]) for name in ("startTime", "endTime", "limit"))
        if count > 1000:
            raise Refusal(109400, "limit is too large")
        rows = [row for row in self._income() if first <= row["time"] <= last]
        return rows[::-1][:count]

    def _income(self) -> list[Row]:
        """Return what moved the wallet, in some order."""
        rows = []
        for bill in self.trading.bills:
            word = "FUNDING_FEE" if bill.kind == "funding" else "TRANSFER"
            name = "BTC-USDT" if bill.kind == "funding" else ""
            rows.append(_flow(word, bill.amount, name, at_ms=bill.at_ms, number=bill.number))
        for row in self.trading.executions:
            number = 1000 + 2 * row.number
            fee = _flow("TRADING_FEE", -row.fee, "BTC-USDT", at_ms=row.at_ms, number=number)
            won = _flow("REALIZED_PNL", row.profit, "BTC-USDT", at_ms=row.at_ms, number=number + 1)
            rows += [fee, won] if row.profit else [fee]
        return rows

    def order(self, given: Row) -> Row:
        _known(given)
        found = _named(self.trading.taken, given, by="clientOrderId")
        if not found:
            raise Refusal(109421, "order not exist")
        return {"order": _shown_contract(found[0])}

    def resting(self, given: Row) -> Row:
        _known(given)  # Every order here ends at once but those that wait for a trigger.
        waiting = enumerate(self.trading.waiting)
        return {"orders": [_waits_of_contract(order, number) for number, order in waiting]}

    def past(self, given: Row) -> Row:
        _known(given)
        count = int(given["limit"])
        return {"orders": [_shown_contract(order) for order in self.trading.taken[-count:]]}

    def fills(self, given: Row) -> Row:
        _known(given)
        first, last, count = int(given["startTs"]), int(given["endTs"]), int(given["pageSize"])
        if count > 1000 or last - first > 7 * DAY_MS:
            raise Refusal(109400, "query time range exceeds limit")
        found = between(self.trading.executions, first, last)[::-1]
        start = (int(given["pageIndex"]) - 1) * count
        rows = [_fill_contract(row) for row in found[start : start + count]]
        return {"fill_history_orders": rows, "total": len(found)}

    def place(self, given: Row) -> Row:
        _known(given)
        if given["type"] != "LIMIT" or given["timeInForce"] != "IOC":
            raise Refusal(109400, "invalid type")
        if given["positionSide"] != "BOTH":
            raise Refusal(109400, "PositionSide must be BOTH in one-way mode")
        try:
            order = self.trading.place(
                name=given["clientOrderId"].lower(),
                is_buy=given["side"] == "BUY",
                quantity=Decimal(given["quantity"]),
                limit=Decimal(given["price"]),
                reduces=given["reduceOnly"] == "true",
            )
        except Declined as declined:
            told = self.duplicate if declined.why == "duplicate" else (110425, "step size")
            raise Refusal(*told) from declined
        return {
            "order": {
                "orderId": order_id(order.number),
                "orderID": str(order_id(order.number)),
                "symbol": "BTC-USDT",
                "positionSide": "BOTH",
                "side": given["side"],
                "type": "LIMIT",
                "price": float(given["price"]),
                "quantity": float(given["quantity"]),
                "stopPrice": 0,
                "workingType": "MARK_PRICE",
                "clientOrderID": order.name,
                "clientOrderId": order.name,
                "timeInForce": "IOC",
                "reduceOnly": order.reduces,
                "status": "NEW",
                "avgPrice": "0.0",
                "executedQty": "0.0000",
            }
        }

    def cancel(self, given: Row) -> Row:
        _known(given)
        raise Refusal(109421, "order not exist")


def _cut(text: str, step: Decimal) -> Decimal:
    """Return a number cut to its grid, as the venue does."""
    return Decimal(text) // step * step


def order_id(number: int) -> int:
    """Return the venue's id of an order."""
    return _OLDER if number < 0 else 1_735_963_671_248_581_120 + number


def _named(orders: Iterable[Order], given: Row, *, by: str) -> list[Order]:
    """Return the orders that are asked for, by our name or by the venue's id."""
    if by in given:
        return [order for order in orders if order.name == given[by]]
    return [order for order in orders if str(order_id(order.number)) == given["orderId"]]


def _status(order: Order) -> str:
    return "FILLED" if order.is_full else "CANCELED"


def _shown(order: Order) -> Row:
    return {
        "symbol": "BTC-USDT",
        "orderId": order_id(order.number),
        "price": str(order.limit),
        "StopPrice": "0",
        "origQty": str(order.quantity),
        "executedQty": str(order.filled),
        "cummulativeQuoteQty": str(order.filled * order.limit),
        "status": _status(order),
        "type": "LIMIT",
        "side": "BUY" if order.is_buy else "SELL",
        "time": order.at_ms,
        "updateTime": order.at_ms,
        "origQuoteOrderQty": "0",
        "fee": "0",
        "feeAsset": "BTC",
        "clientOrderID": order.name,
    }


def _waits(order: Waiting, number: int) -> Row:
    return {
        "symbol": "BTC-USDT",
        "orderId": order_id(9_000_000 + number),
        "price": "0",
        "StopPrice": str(order.trigger),
        "origQty": str(order.quantity),
        "executedQty": "0",
        "cummulativeQuoteQty": "0",
        "status": "PENDING",
        "type": "TAKE_STOP_MARKET",
        "side": "BUY" if order.is_buy else "SELL",
        "time": now_ms(),
        "updateTime": now_ms(),
        "origQuoteOrderQty": "0",
        "clientOrderID": order.name,
    }


def _waits_of_contract(order: Waiting, number: int) -> Row:
    return {
        "symbol": "BTC-USDT",
        "orderId": order_id(9_000_000 + number),
        "side": "BUY" if order.is_buy else "SELL",
        "positionSide": "BOTH",
        "type": "STOP_MARKET",
        "origQty": str(order.quantity),
        "price": "0.0",
        "executedQty": "0.0000",
        "avgPrice": "0.0",
        "stopPrice": str(order.trigger),
        "status": "NEW",
        "time": now_ms(),
        "updateTime": now_ms(),
        "clientOrderId": order.name,
        "workingType": "MARK_PRICE" if order.by_mark else "CONTRACT_PRICE",
        "onlyOnePosition": True,
        "reduceOnly": order.reduces,
        "closePosition": "false",
    }


def _fill(row: Execution) -> Row:
    return {
        "symbol": "BTC-USDT",
        "id": 36_767_057 + row.number,
        "orderId": order_id(row.order),
        "price": str(row.price),
        "qty": str(row.quantity),
        "quoteQty": str(row.quantity * row.price),
        "commission": float(-row.fee),
        "commissionAsset": row.fee_coin,
        "time": row.at_ms,
        "isBuyer": row.is_buy,
        "isMaker": False,
    }


def _flow(word: str, amount: Decimal, name: str, *, at_ms: int, number: int) -> Row:
    return {
        "symbol": name,
        "incomeType": word,
        "income": str(amount),
        "asset": "USDT",
        "info": word.title(),
        "time": at_ms,
        "tranId": f"170_3_{number}",
        "tradeId": f"170_3_{number}",
    }


def _shown_contract(order: Order) -> Row:
    return {
        "symbol": "BTC-USDT",
        "orderId": order_id(order.number),
        "side": "BUY" if order.is_buy else "SELL",
        "positionSide": "BOTH",
        "type": "LIMIT",
        "origQty": str(order.quantity),
        "price": str(order.limit),
        "executedQty": str(order.filled),
        "avgPrice": str(order.limit),
        "cumQuote": "0",
        "stopPrice": "",
        "profit": "0.0000",
        "commission": "0.000000",
        "status": _status(order),
        "time": order.at_ms,
        "updateTime": order.at_ms,
        "clientOrderId": order.name,
        "leverage": "20X",
        "advanceAttr": 0,
        "workingType": "MARK_PRICE",
        "onlyOnePosition": True,
        "reduceOnly": order.reduces,
    }


def _fill_contract(row: Execution) -> Row:
    at = datetime.fromtimestamp(row.at_ms / 1000, tz=_CHINA)
    return {
        "filledTime": at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{row.at_ms % 1000:03d}+0800",
        "orderId": str(order_id(row.order)),
        "tradeId": str(97_244_554 + row.number),
        "symbol": "BTC-USDT",
        "side": "BUY" if row.is_buy else "SELL",
        "positionSide": "BOTH",
        "qty": str(row.quantity),
        "price": str(row.price),
        "quoteQty": f"{row.quantity * row.price:.4f}",
        "commission": str(-row.fee),
        "commissionAsset": "USDT",
        "role": "taker",
    }


def _known(given: Row) -> None:
    if given.get("symbol", "BTC-USDT") != "BTC-USDT":
        raise Refusal(100400, "invalid symbol, send symbol like BTC-USDT")
