"""One desk of Bitget in process: how v2 writes a market, its orders and executions, and bills."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.conformance.floors import Waiting
from tests.conformance.trading import (
    DAY_MS,
    FUNDING,
    INDEX,
    MARK,
    Bill,
    Declined,
    Execution,
    Order,
    Terms,
    Trading,
    between,
    now_ms,
)

Row = dict[str, Any]

FEES = {"spot": Decimal("0.001"), "mix": Decimal("0.0006")}
_BID, _ASK, _DEPTH = Decimal("59999.9"), Decimal("60000.1"), Decimal("0.2500")
TERMS = {
    False: Terms(
        is_contract=False,
        lot=Decimal("0.000001"),
        tick=Decimal("0.01"),
        least_value=Decimal(1),
        fee=FEES["spot"],
        bid=_BID,
        ask=_ASK,
        depth=_DEPTH,
    ),
    True: Terms(
        is_contract=True,
        lot=Decimal("0.0001"),
        tick=Decimal("0.1"),
        least_value=Decimal(5),
        fee=FEES["mix"],
        bid=_BID,
        ask=_ASK,
        depth=_DEPTH,
    ),
}
PLAN_KINDS = {
    "normal_plan": ("normal_plan",),
    "track_plan": ("track_plan",),
    "profit_loss": ("profit_plan", "loss_plan", "moving_plan", "pos_profit", "pos_loss"),
}
"""Trigger orders of contracts: what they are asked for as, and how they are told."""
_RATE = Decimal("0.004")
_OLDER = "1"
_DECLINED = {
    "duplicate": ("40786", "Duplicate clientOid"),
    "grid": ("45115", "The price you enter should be a multiple"),
    "funds": ("43012", "Insufficient balance"),
}


class Refusal(Exception):
    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


class Desk:
    """Answers of one desk."""

    def __init__(self, *, is_contract: bool, coins: dict[str, Decimal]) -> None:
        self._is_contract = is_contract
        self.trading = Trading(TERMS[is_contract], coins)
        self.mode = "one_way_mode"
        """How positions are kept: ``one_way_mode`` or ``hedge_mode``."""
        self.waits: list[Row] = []
        """What waits besides, as the venue writes it; a kind of coins' is ``tpslType``."""
        self.wants_symbol = False

    def markets(self, _: Row) -> list[Row]:
        both: Row = {
            "symbol": "BTCUSDT",
            "baseCoin": "BTC",
            "quoteCoin": "USDT",
            "minTradeUSDT": str(self.trading.terms.least_value),
            "takerFeeRate": "0.002",
            "makerFeeRate": "0.002",
            "buyLimitPriceRatio": "0.05",
            "sellLimitPriceRatio": "0.04",
        }
        if not self._is_contract:
            coin = {
                "minTradeAmount": "0",
                "maxTradeAmount": "900000000000000000000",
                "pricePrecision": "2",
                "quantityPrecision": "6",
                "quotePrecision": "8",
                "status": "online",
                "orderQuantity": "200",
                "offTime": "",
            }
            return [both | coin]
        contract = {
            "supportMarginCoins": ["USDT"],
            "minTradeNum": "0.0001",
            "maxOrderQty": "1200",
            "priceEndStep": "1",
            "volumePlace": "4",
            "pricePlace": "1",
            "sizeMultiplier": "0.0001",
            "symbolType": "perpetual",
            "symbolStatus": "normal",
            "offTime": "-1",
            "deliveryTime": "",
            "fundInterval": "8",
            "minLever": "1",
            "maxLever": "125",
        }
        return [both | contract]

    def book(self, given: Row) -> Row:
        _known(given)
        return {
            "asks": [[str(_ASK), str(_DEPTH)], ["60001.0", "2.0000"]],
            "bids": [[str(_BID), str(_DEPTH)], ["59999.0", "2.0000"]],
            "ts": str(now_ms()),
        }

    def ticker(self, given: Row) -> list[Row]:
        _known(given)
        prices = {"markPrice": str(MARK), "indexPrice": str(INDEX), "lastPr": "60000"}
        return [{"symbol": "BTCUSDT", **prices, "fundingRate": str(FUNDING), "ts": str(now_ms())}]

    def tiers(self, given: Row) -> list[Row]:
        _known(given)
        steps = (("150000", "125", "0.004"), ("900000", "100", "0.005"), ("5000000", "50", "0.01"))
        found, floor = [], "0"
        for level, (cap, leverage, rate) in enumerate(steps, start=1):
            found.append(
                {
                    "symbol": "BTCUSDT",
                    "level": str(level),
                    "startUnit": floor,
                    "endUnit": cap,
                    "leverage": leverage,
                    "keepMarginRate": rate,
                }
            )
            floor = cap
        return found

    def accounts(self, _: Row) -> list[Row]:
        at = self.trading
        pnl, margin = at.pnl, at.margin
        free = str(at.wallet + pnl - margin)
        return [
            {
                "marginCoin": "USDT",
                "locked": "0",
                "available": str(at.wallet),
                "crossedMaxAvailable": free,
                "isolatedMaxAvailable": free,
                "maxTransferOut": free,
                "accountEquity": str(at.wallet + pnl),
                "usdtEquity": str(at.wallet + pnl),
                "btcEquity": "0",
                "crossedRiskRate": "0",
                "unrealizedPL": str(pnl) if at.units else "",
                "coupon": "0",
                "isolatedMargin": "0",
                "crossedMargin": str(margin),
                "crossedUnrealizedPL": str(pnl),
                "isolatedUnrealizedPL": None,
                "assetMode": "single",
            }
        ]

    def settings(self, given: Row) -> Row:
        _known(given)
        return {
            "marginCoin": "USDT",
            "crossedMarginLeverage": self.trading.leverage,
            "isolatedLongLever": 10,
            "isolatedShortLever": 10,
            "marginMode": "crossed",
            "posMode": self.mode,
            "assetMode": "single",
        }

    def positions(self, _: Row) -> list[Row]:
        at = self.trading
        if not at.units:
            return []
        return [
            {
                "marginCoin": "USDT",
                "symbol": "BTCUSDT",
                "holdSide": "long" if at.units > 0 else "short",
                "available": str(abs(at.units)),
                "locked": "0",
                "total": str(abs(at.units)),
                "leverage": str(at.leverage),
                "openPriceAvg": str(at.entry),
                "marginMode": "crossed",
                "posMode": self.mode,
                "unrealizedPL": str(at.pnl),
                "liquidationPrice": "540000.5",
                "keepMarginRate": str(_RATE),
                "markPrice": str(MARK),
                "assetMode": "single",
            }
        ]

    def set_leverage(self, given: Row) -> Row:
        _known(given)
        if int(given["leverage"]) == self.trading.leverage:
            raise Refusal("40814", "No change in leverage")
        self.trading.leverage = int(given["leverage"])
        return {
            "symbol": "BTCUSDT",
            "marginCoin": "USDT",
            "longLeverage": given["leverage"],
            "shortLeverage": given["leverage"],
            "crossMarginLeverage": given["leverage"],
            "marginMode": "crossed",
        }

    def set_margin_mode(self, _: Row) -> Row:
        raise Refusal("45117", "Currently holding positions or orders, it cannot be adjusted")

    def bills(self, given: Row) -> Row:
        first, last = int(given["startTime"]), int(given["endTime"])
        if last - first > 30 * DAY_MS:
            raise Refusal("40704", "Can only check the data of 30 days")
        found = [row for row in self._bills() if first <= int(row["cTime"]) <= last]
        return _paged(found, given, number="billId", under="bills")

    def _bills(self) -> list[Row]:
        """Return bills of payments and of executions, oldest first."""
        parts: list[Bill | Execution] = [*self.trading.bills, *self.trading.executions]
        rows = []
        for number, part in enumerate(sorted(parts, key=lambda each: each.at_ms)):
            word, amount, fee = _billed(part)
            rows.append(
                {
                    "billId": str(1_111_499_428_100_472_833 + number),
                    "symbol": "" if word.startswith("trans_") else "BTCUSDT",
                    "amount": str(amount),
                    "fee": str(-fee),
                    "feeByCoupon": "",
                    "businessType": word,
                    "coin": "USDT",
                    "balance": str(self.trading.wallet),
                    "cTime": str(part.at_ms),
                }
            )
        return rows

    def order(self, given: Row) -> Any:
        names = [name for name in ("orderId", "clientOid") if name in given]
        orders = [self._shown(order) for order in self.trading.taken]
        found = [o for o in orders if all(o[name] == given[name] for name in names)]
        if not self._is_contract:
            return found
        _known(given)
        if not found:
            raise Refusal("40109", "The data of the order cannot be found")
        return {"state" if name == "status" else name: value for name, value in found[0].items()}

    def resting(self, given: Row) -> Any:
        kind = given.get("tpslType", "normal")  # Every order of the usual kind ends at once.
        stops = [row for row in self.waits if row.get("tpslType") == "tpsl"]
        return self._list(stops if kind == "tpsl" else [], given)

    def plans(self, given: Row) -> Any:
        """Tell trigger orders: of contracts by kind, of coins all but those that stop a loss."""
        rows = [self._waits(order, number) for number, order in enumerate(self.trading.waiting)]
        if self._is_contract:
            asked = PLAN_KINDS.get(given.get("planType", ""))
            if asked is None:
                raise Refusal("40017", "Parameter verification failed planType")
            return self._list([row for row in rows + self.waits if row["planType"] in asked], given)
        if self.wants_symbol and "symbol" not in given:
            raise Refusal("40019", "Parameter symbol cannot be empty")
        found = rows + [row for row in self.waits if row.get("tpslType") != "tpsl"]
        named = [row for row in found if row["symbol"] == given.get("symbol", row["symbol"])]
        page = _paged(named, given, number="orderId", under="")
        last = page[-1]["orderId"] if page else "0"
        more = bool(page) and page[-1] != named[0]
        return {"nextFlag": more, "idLessThan": last, "orderList": page}

    def _waits(self, order: Waiting, number: int) -> Row:
        """Return how a trigger order is told, which goes to the market then."""
        told: Row = {
            "orderId": str(1_111_503_385_931_620_352 + number),
            "clientOid": order.name,
            "symbol": "BTCUSDT",
            "size": str(order.quantity),
            "triggerPrice": str(order.trigger),
            "triggerType": "mark_price" if order.by_mark else "fill_price",
            "orderType": "market",
            "side": "buy" if order.is_buy else "sell",
            "enterPointSource": "WEB",
            "cTime": str(now_ms()),
            "uTime": str(now_ms()),
        }
        if not self._is_contract:
            return told | {"planType": "amount", "executePrice": "0", "status": "live"}
        return told | {
            "planType": "loss_plan" if order.reduces else "normal_plan",
            "price": "",
            "executePrice": "0",
            "callbackRatio": "",
            "planStatus": "live",
            "posSide": "net",
            "posMode": self.mode,
            "tradeSide": "buy_single" if order.is_buy else "sell_single",
            "marginCoin": "USDT",
            "marginMode": "crossed",
        }

    def past(self, given: Row) -> Any:
        _known(given)
        return self._list([self._shown(order) for order in self.trading.taken], given)

    def fills(self, given: Row) -> Any:
        if "symbol" in given:
            _known(given)
        first, last = int(given["startTime"]), int(given["endTime"])
        if last - first > 90 * DAY_MS:
            raise Refusal("40705", "The start and end time cannot exceed 90 days")
        executed = between(self.trading.executions, first, last)
        under = "fillList" if self._is_contract else ""
        found = [self._execution(row) for row in executed]
        return _paged(found, given, number="tradeId", under=under)

    def _list(self, rows: list[Row], given: Row) -> Any:
        under = "entrustedList" if self._is_contract else ""
        return _paged(rows, given, number="orderId", under=under)

    def _shown(self, order: Order) -> Row:
        places = 4 if self._is_contract else 16
        cancelled = "canceled" if self._is_contract else "cancelled"
        return {
            "symbol": "BTCUSDT",
            "orderId": _order_id(order.number),
            "clientOid": order.name,
            "price": str(order.limit),
            "size": f"{order.quantity:.{places}f}",
            "orderType": "limit",
            "side": "buy" if order.is_buy else "sell",
            "status": "filled" if order.is_full else cancelled,
            "baseVolume": f"{order.filled:.{places}f}",
            "force": "ioc",
            "reduceOnly": "YES" if order.reduces else "NO",
            "cTime": str(order.at_ms),
        }

    def place(self, given: Row) -> Row:
        _known(given)
        if given["orderType"] != "limit" or given["force"] != "ioc":
            raise Refusal("40017", "Parameter verification failed")
        if self._is_contract and (given["marginMode"], given["marginCoin"]) != ("crossed", "USDT"):
            raise Refusal("40020", "Parameter marginMode error")
        try:
            order = self.trading.place(
                name=given["clientOid"],
                is_buy=given["side"] == "buy",
                quantity=Decimal(given["size"]),
                limit=Decimal(given["price"]),
                reduces=given.get("reduceOnly") == "YES",
            )
        except Declined as declined:
            raise Refusal(*_DECLINED[declined.why]) from declined
        return {"orderId": _order_id(order.number), "clientOid": order.name}

    def _execution(self, row: Execution) -> Row:
        both: Row = {
            "symbol": "BTCUSDT",
            "orderId": _order_id(row.order),
            "tradeId": str(1_098_394_344_974_925_824 + row.number),
            "side": "buy" if row.is_buy else "sell",
            "tradeScope": "taker",
            "cTime": str(row.at_ms),
        }
        fee = {
            "deduction": "no",
            "feeCoin": row.fee_coin,
            "totalDeductionFee": "",
            "totalFee": str(-row.fee),
        }
        price, quantity = str(row.price), str(row.quantity)
        if self._is_contract:
            more = {"price": price, "baseVolume": quantity, "profit": str(row.profit)}
            side = {"tradeSide": "buy_single", "posMode": "one_way_mode"}
            return both | more | side | {"feeDetail": [fee]}
        more = {"priceAvg": price, "size": quantity, "amount": str(row.quantity * row.price)}
        return both | more | {"orderType": "limit", "feeDetail": fee}

    def cancel(self, given: Row) -> Row:
        _known(given)
        if not any(_order_id(o.number) == given.get("orderId") for o in self.trading.taken):
            raise Refusal("43001", "The order does not exist")
        raise Refusal("45031" if self._is_contract else "43001", "The order is finalized")


def _order_id(number: int) -> str:
    return _OLDER if number < 0 else str(1_111_461_743_123_927_040 + number)


def _billed(part: Bill | Execution) -> tuple[str, Decimal, Decimal]:
    """Return word, amount and fee of what moved the wallet."""
    if isinstance(part, Execution):
        return "buy" if part.is_buy else "sell", part.profit, part.fee
    if part.kind == "funding":
        return "contract_settle_fee", part.amount, Decimal(0)
    word = "trans_from_exchange" if part.amount > 0 else "trans_to_exchange"
    return word, part.amount, Decimal(0)


def _known(given: Row) -> None:
    if given.get("symbol") != "BTCUSDT":
        raise Refusal("40034", "Parameter symbol does not exist")


def _paged(rows: list[Row], given: Row, *, number: str, under: str) -> Any:
    count = int(given.get("limit", 100))
    if count > 100:
        raise Refusal("40020", "Parameter limit error")
    below = int(given.get("idLessThan", 2**63))
    older = [row for row in rows[::-1] if int(row[number]) < below][:count]
    if not under:
        return older
    return {under: older or None, "endId": older[-1][number] if older else None}
