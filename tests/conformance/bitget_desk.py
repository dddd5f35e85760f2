"""One desk of Bitget in process: its market, its orders and executions, and what they moved."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

from tests.conformance.floors import Truth

Row = dict[str, Any]

DAY_MS = 86_400_000
FEES = {"spot": Decimal("0.001"), "mix": Decimal("0.0006")}
_BID, _ASK = Decimal("59999.9"), Decimal("60000.1")
_DEPTH = Decimal("0.2500")
_LOTS = {False: Decimal("0.000001"), True: Decimal("0.0001")}
_TICKS = {False: Decimal("0.01"), True: Decimal("0.1")}
_LEAST = {False: Decimal(1), True: Decimal(5)}
_ENTRY, _RATE = Decimal(59_000), Decimal("0.004")


class Refusal(Exception):
    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


class Desk:
    """Orders that end at once, at prices that stand still."""

    def __init__(self, *, is_contract: bool, coins: dict[str, Decimal]) -> None:
        self.taken: list[Row] = []
        self._is_contract = is_contract
        self._coins = coins
        self._fills: list[Row] = []
        self._bills: list[Row] = []
        self._wallet = Decimal(5000)
        self._units, self._entry = Decimal("-0.01"), _ENTRY
        self._leverage = "20"
        self.mode = "one_way_mode"
        """How positions are kept: ``one_way_mode`` or ``hedge_mode``."""

    def truth(self, coins: dict[str, Decimal]) -> Truth:
        """Return what the market and the account really are."""
        is_contract = self._is_contract
        return Truth(
            lot=_LOTS[is_contract],
            tick=_TICKS[is_contract],
            contract_size=Decimal(1),
            least_value=_LEAST[is_contract],
            coins=coins,
            bid=_BID,
            bid_quantity=_DEPTH,
            ask=_ASK,
            ask_quantity=_DEPTH,
            position=self._units if is_contract else Decimal(0),
            entry=self._entry if is_contract else Decimal(0),
        )

    def come(self, units: Decimal) -> None:
        """Let margin come into the wallet."""
        self._wallet += units
        word = "trans_from_exchange" if units > 0 else "trans_to_exchange"
        self._bill(word, amount=units, symbol="")

    def pay_funding(self) -> None:
        """Settle funding once: shorts are paid."""
        amount = -self._units * _ASK * Decimal("0.0001")
        self._wallet += amount
        self._bill("contract_settle_fee", amount=amount, symbol="BTCUSDT")

    def trade_often(self, count: int) -> None:
        """Have *count* executions of an older order in the list."""
        began = now_ms() - count - 1000
        self._fills = [
            self._execution(at_ms=began + number // 3, number=number, quantity=Decimal("0.001"))
            for number in range(count)
        ]

    def markets(self, _: Row) -> list[Row]:
        both: Row = {
            "symbol": "BTCUSDT",
            "baseCoin": "BTC",
            "quoteCoin": "USDT",
            "minTradeUSDT": str(_LEAST[self._is_contract]),
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
        prices = {"markPrice": "60000", "indexPrice": "60010", "lastPr": "60000"}
        return [{"symbol": "BTCUSDT", **prices, "fundingRate": "0.0001", "ts": str(now_ms())}]

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
        pnl = self._units * (Decimal(60_000) - self._entry)
        margin = abs(self._units) * Decimal(60_000) / Decimal(self._leverage)
        free = str(self._wallet + pnl - margin)
        return [
            {
                "marginCoin": "USDT",
                "locked": "0",
                "available": str(self._wallet),
                "crossedMaxAvailable": free,
                "isolatedMaxAvailable": free,
                "maxTransferOut": free,
                "accountEquity": str(self._wallet + pnl),
                "usdtEquity": str(self._wallet + pnl),
                "btcEquity": "0",
                "crossedRiskRate": "0",
                "unrealizedPL": str(pnl) if self._units else "",
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
            "crossedMarginLeverage": int(self._leverage),
            "isolatedLongLever": 10,
            "isolatedShortLever": 10,
            "marginMode": "crossed",
            "posMode": self.mode,
            "assetMode": "single",
        }

    def positions(self, _: Row) -> list[Row]:
        if not self._units:
            return []
        return [
            {
                "marginCoin": "USDT",
                "symbol": "BTCUSDT",
                "holdSide": "long" if self._units > 0 else "short",
                "available": str(abs(self._units)),
                "locked": "0",
                "total": str(abs(self._units)),
                "leverage": self._leverage,
                "openPriceAvg": str(self._entry),
                "marginMode": "crossed",
                "posMode": self.mode,
                "unrealizedPL": str(self._units * (Decimal(60_000) - self._entry)),
                "liquidationPrice": "540000.5",
                "keepMarginRate": str(_RATE),
                "markPrice": "60000",
                "assetMode": "single",
            }
        ]

    def set_leverage(self, given: Row) -> Row:
        _known(given)
        if given["leverage"] == self._leverage:
            raise Refusal("40814", "No change in leverage")
        self._leverage = given["leverage"]
        return {
            "symbol": "BTCUSDT",
            "marginCoin": "USDT",
            "longLeverage": self._leverage,
            "shortLeverage": self._leverage,
            "crossMarginLeverage": self._leverage,
            "marginMode": "crossed",
        }

    def set_margin_mode(self, _: Row) -> Row:
        raise Refusal("45117", "Currently holding positions or orders, it cannot be adjusted")

    def bills(self, given: Row) -> Row:
        first, last = int(given["startTime"]), int(given["endTime"])
        if last - first > 30 * DAY_MS:
            raise Refusal("40704", "Can only check the data of 30 days")
        found = [row for row in self._bills if first <= int(row["cTime"]) <= last]
        return _paged(found, given, number="billId", under="bills")

    def order(self, given: Row) -> Any:
        names = [name for name in ("orderId", "clientOid") if name in given]
        found = [o for o in self.taken if all(o[name] == given[name] for name in names)]
        if not self._is_contract:
            return [self._shown(order) for order in found]
        _known(given)
        if not found:
            raise Refusal("40109", "The data of the order cannot be found")
        shown = self._shown(found[0])
        return {"state" if name == "status" else name: value for name, value in shown.items()}

    def resting(self, given: Row) -> Any:
        return self._list([], given)  # Every order here ends at once.

    def past(self, given: Row) -> Any:
        _known(given)
        return self._list([self._shown(order) for order in self.taken], given)

    def fills(self, given: Row) -> Any:
        if "symbol" in given:
            _known(given)
        first, last = int(given["startTime"]), int(given["endTime"])
        if last - first > 90 * DAY_MS:
            raise Refusal("40705", "The start and end time cannot exceed 90 days")
        found = [row for row in self._fills if first <= int(row["cTime"]) <= last]
        under = "fillList" if self._is_contract else ""
        return _paged(found, given, number="tradeId", under=under)

    def _list(self, rows: list[Row], given: Row) -> Any:
        under = "entrustedList" if self._is_contract else ""
        return _paged(rows, given, number="orderId", under=under)

    def _shown(self, order: Row) -> Row:
        places = 16 if not self._is_contract else 4
        size, done = (f"{Decimal(order[name]):.{places}f}" for name in ("size", "baseVolume"))
        return {**order, "size": size, "baseVolume": done}

    def place(self, given: Row) -> Row:
        _known(given)
        if given["orderType"] != "limit" or given["force"] != "ioc":
            raise Refusal("40017", "Parameter verification failed")
        if self._is_contract and (given["marginMode"], given["marginCoin"]) != ("crossed", "USDT"):
            raise Refusal("40020", "Parameter marginMode error")
        if any(row["clientOid"] == given["clientOid"] for row in self.taken):
            raise Refusal("40786", "Duplicate clientOid")
        quantity, limit = Decimal(given["size"]), Decimal(given["price"])
        if quantity % _LOTS[self._is_contract] or limit % _TICKS[self._is_contract]:
            raise Refusal("45115", "The price you enter should be a multiple")
        is_buy = given["side"] == "buy"
        if not self._is_contract:
            needed = quantity * limit if is_buy else quantity
            if needed > self._coins["USDT" if is_buy else "BTC"]:
                raise Refusal("43012", "Insufficient balance")
        crosses = limit >= _ASK if is_buy else limit <= _BID
        filled = min(quantity, _DEPTH) if crosses else Decimal(0)
        cancelled = "canceled" if self._is_contract else "cancelled"
        number = str(1_111_461_743_123_927_040 + len(self.taken))
        self.taken.append(
            {
                "symbol": "BTCUSDT",
                "orderId": number,
                "clientOid": given["clientOid"],
                "price": given["price"],
                "size": given["size"],
                "orderType": "limit",
                "side": given["side"],
                "status": "filled" if filled == quantity else cancelled,
                "baseVolume": str(filled),
                "force": given["force"],
                "reduceOnly": given.get("reduceOnly", "NO"),
                "cTime": str(now_ms()),
            }
        )
        if filled:
            self._fill(number, is_buy=is_buy, filled=filled)
        return {"orderId": number, "clientOid": given["clientOid"]}

    def _fill(self, order: str, *, is_buy: bool, filled: Decimal) -> None:
        """Write down two executions of an order, and move what they move."""
        half = (filled / 2).quantize(_LOTS[self._is_contract])
        sign, price = (1, _ASK) if is_buy else (-1, _BID)
        for part in (half, filled - half):
            row = self._execution(
                at_ms=now_ms(), number=len(self._fills), quantity=part, order=order
            )
            fee = self._moved(row, sign * part, price)
            coin = "BTC" if is_buy and not self._is_contract else "USDT"
            detail = {
                "deduction": "no",
                "feeCoin": coin,
                "totalDeductionFee": "",
                "totalFee": str(-fee),
            }
            paid = {"side": "buy" if is_buy else "sell"}
            paid["price" if self._is_contract else "priceAvg"] = str(price)
            self._fills.append(
                row | paid | {"feeDetail": [detail] if self._is_contract else detail}
            )

    def _moved(self, row: Row, units: Decimal, price: Decimal) -> Decimal:
        """Move wallets by one execution, and return its fee."""
        if not self._is_contract:
            fee = FEES["spot"] * (units if units > 0 else -units * price)
            self._coins["BTC"] += units
            self._coins["USDT"] -= units * price
            self._coins["BTC" if units > 0 else "USDT"] -= fee
            return fee
        fee, profit = FEES["mix"] * abs(units) * price, Decimal(0)
        if self._units * units < 0:
            closed = min(abs(self._units), abs(units))
            profit = closed * (price - self._entry) * (1 if self._units > 0 else -1)
        elif units:
            held = self._units * self._entry + units * price
            self._entry = (held / (self._units + units)).quantize(Decimal("0.00000001"))
        self._units += units
        self._wallet += profit - fee
        row["profit"] = str(profit)
        word = "buy" if units > 0 else "sell"
        self._bill(word, amount=profit, symbol="BTCUSDT", fee=-fee)
        return fee

    def _bill(self, word: str, *, amount: Decimal, symbol: str, fee: Decimal = Decimal(0)) -> None:
        self._bills.append(
            {
                "billId": str(1_111_499_428_100_472_833 + len(self._bills)),
                "symbol": symbol,
                "amount": str(amount),
                "fee": str(fee),
                "feeByCoupon": "",
                "businessType": word,
                "coin": "USDT",
                "balance": str(self._wallet),
                "cTime": str(now_ms()),
            }
        )

    def _execution(self, *, at_ms: int, number: int, quantity: Decimal, order: str = "1") -> Row:
        both: Row = {
            "symbol": "BTCUSDT",
            "orderId": order,
            "tradeId": str(1_098_394_344_974_925_824 + number),
            "side": "buy",
            "tradeScope": "taker",
            "cTime": str(at_ms),
        }
        fee = {"deduction": "no", "totalDeductionFee": "", "totalFee": "-0.001"}
        if self._is_contract:
            more = {"price": str(_ASK), "baseVolume": str(quantity), "profit": "0"}
            side = {"tradeSide": "buy_single", "posMode": "one_way_mode"}
            return both | more | side | {"feeDetail": [{**fee, "feeCoin": "USDT"}]}
        more = {"priceAvg": str(_ASK), "size": str(quantity), "amount": str(quantity * _ASK)}
        return both | more | {"orderType": "limit", "feeDetail": {**fee, "feeCoin": "BTC"}}

    def cancel(self, given: Row) -> Row:
        _known(given)
        if not any(row["orderId"] == given.get("orderId") for row in self.taken):
            raise Refusal("43001", "The order does not exist")
        raise Refusal("45031" if self._is_contract else "43001", "The order is finalized")


def now_ms() -> int:
    return time.time_ns() // 1_000_000


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
