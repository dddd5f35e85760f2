"""Contracts of MEXC in process: perpetuals that settle in USDT, counted in contracts.

Written from the documentation of contract v1 (2026): answers come with status 200 and say whether
they are a success, numbers are numbers of JSON, an order is answered with its number alone, side
says also what an order is for, and a cancel takes a list and answers with one.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

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

SIZE = Decimal("0.0001")
"""Coins in a contract."""
LINEAR = Terms(
    is_contract=True,
    lot=SIZE,
    tick=Decimal("0.1"),
    least_value=Decimal(0),
    fee=Decimal("0.0002"),
    bid=Decimal("59999.9"),
    ask=Decimal("60000.1"),
    depth=Decimal("0.2500"),
    contract_size=SIZE,
)
_FIRST = 739_113_577_038_255_616
_LISTED = 100
_STEPS = (
    (1, 50_000, 0.001, 0.002, 500),
    (2, 120_000, 0.004, 0.005, 200),
    (3, 320_000, 0.005, 0.01, 100),
    (4, 2_280_000, 0.01, 0.02, 50),
    (5, 15_500_000, 0.02, 0.05, 20),
    (6, 17_000_000, 0.05, 0.1, 10),
)


class Refusal(Exception):
    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


class LinearDesk:
    """What the venue has of contracts, and how it answers."""

    too_little = (2005, "Balance insufficient")

    def __init__(self, coins: dict[str, Decimal]) -> None:
        self.trading = Trading(LINEAR, coins)
        self.mode: Any = 2
        """What the question for the position mode is answered with."""
        self.more: dict[str, Row] = {}
        """Rows of the wallet that are otherwise, by coin."""
        self.waiting: dict[str, list[Row]] = {"plan": [], "stop": [], "track": []}
        """What waits for a trigger, by list."""
        self.rests = False
        """Whether what is left of an order stays on the book, whatever its type says."""
        self.oldest_first = False
        self._off = set[int]()
        self._settings = {1: {"leverage": 20, "openType": 1}, 2: {"leverage": 20, "openType": 2}}
        self.routes: dict[tuple[str, str], Callable[[Any], Any]] = {
            ("GET", "contract/ping"): lambda _: now_ms(),
            ("GET", "contract/detail"): lambda _: self.markets(),
            ("GET", "contract/depth/BTC_USDT"): self.book,
            ("GET", "contract/ticker"): self.ticker,
            ("GET", "contract/kline/BTC_USDT"): self.candles,
            ("GET", "contract/funding_rate/history"): self.settlements,
            ("GET", "private/account/assets"): lambda _: self.assets(),
            ("GET", "private/account/tiered_fee_rate/v2"): self.fees,
            ("GET", "private/account/transfer_record"): self.moves,
            ("GET", "private/position/open_positions"): self.positions,
            ("GET", "private/position/position_mode"): lambda _: self.mode,
            ("GET", "private/position/leverage"): self.leverage,
            ("GET", "private/position/funding_records"): self.funding,
            ("POST", "private/position/change_leverage"): self.set_leverage,
            ("POST", "private/order/create"): self.place,
            ("POST", "private/order/cancel"): self.cancel,
            ("GET", "private/planorder/list/orders"): self.plans,
            ("GET", "private/stoporder/open_orders"): lambda _: self.waiting["stop"],
            ("GET", "private/trackorder/list/orders"): self.trails,
            ("GET", "private/order/list/open_orders"): self.resting,
            ("GET", "private/order/list/history_orders"): self.past,
            ("GET", "private/order/list/order_deals/v3"): self.deals,
        }

    def route(self, method: str, path: str) -> Callable[[Any], Any] | None:
        """Return what answers a question; names and numbers of orders stand in the path."""
        for start, ask in (("external/BTC_USDT/", self._by_name), ("get/", self._by_number)):
            if path.startswith(f"private/order/{start}") and method == "GET":
                return lambda _: ask(path.rpartition("/")[2])
        return self.routes.get((method, path))

    def markets(self) -> list[Row]:
        btc = {
            "symbol": "BTC_USDT",
            "positionOpenType": 3,
            "baseCoin": "BTC",
            "quoteCoin": "USDT",
            "settleCoin": "USDT",
            "futureType": 1,
            "contractSize": 0.0001,
            "minLeverage": 1,
            "maxLeverage": 500,
            "countryConfigContractMaxLeverage": 0,
            "priceUnit": 0.1,
            "volUnit": 1,
            "minVol": 1,
            "maxVol": 400000,
            "limitMaxVol": 2500000,
            "bidLimitPriceRate": 0.1,
            "askLimitPriceRate": 0.1,
            "maintenanceMarginRate": 0.001,
            "initialMarginRate": 0.002,
            "riskBaseVol": 17000000,
            "riskIncrVol": 0,
            "riskIncrMmr": 0,
            "riskIncrImr": 0,
            "riskLevelLimit": 1,
            "state": 0,
            "riskLimitType": "BY_VOLUME",
            "riskLimitMode": "CUSTOM",
            "riskLimitCustom": [
                {"level": level, "maxVol": most, "mmr": mmr, "imr": imr, "maxLeverage": times}
                for level, most, mmr, imr, times in _STEPS
            ],
            "liquidationFeeRate": 0.0004,
            "apiAllowed": True,
        }
        coin = {**btc, "symbol": "BTC_USD", "quoteCoin": "USD", "settleCoin": "BTC"}
        return [btc, coin]

    def book(self, _: Row) -> Row:
        bids = [(LINEAR.bid, LINEAR.depth), (Decimal("59999.0"), Decimal(2))]
        asks = [(LINEAR.ask, LINEAR.depth), (Decimal("60001.0"), Decimal(2))]
        sides = {
            name: [[float(price), int(units / SIZE), 1] for price, units in side]
            for name, side in (("bids", bids), ("asks", asks))
        }
        return {**sides, "version": 96801927, "timestamp": now_ms()}

    def ticker(self, given: Row) -> Row:
        _known(given)
        return {
            "symbol": "BTC_USDT",
            "lastPrice": 60000.1,
            "bid1": float(LINEAR.bid),
            "ask1": float(LINEAR.ask),
            "indexPrice": float(INDEX),
            "fairPrice": float(MARK),
            "fundingRate": float(FUNDING),
            "timestamp": now_ms(),
        }

    def candles(self, given: Row) -> Row:
        days = closes_between(int(given["start"]) * 1000, int(given["end"]) * 1000)
        closes = [float(close) for _, close in days]
        opens = dict.fromkeys(("open", "high", "low"), [1.5] * len(days))
        return {"time": [at // 1000 for at, _ in days], **opens, "close": closes}

    def settlements(self, given: Row) -> Row:
        _known(given)
        step = DAY_MS // 3
        count, page = int(given["page_size"]), int(given["page_num"])
        newest = now_ms() // step * step
        times = [newest - step * number for number in range((page - 1) * count, page * count)]
        rows = [{"symbol": "BTC_USDT", "fundingRate": 0.0001, "settleTime": at} for at in times]
        return {"pageSize": count, "totalCount": 10_000, "currentPage": page, "resultList": rows}

    def assets(self) -> list[Row]:
        at = self.trading
        usdt = {
            "currency": "USDT",
            "positionMargin": float(at.margin),
            "availableBalance": float(at.wallet - at.margin),
            "cashBalance": float(at.wallet - at.margin),
            "frozenBalance": 0,
            "equity": float(at.wallet + at.pnl),
            "unrealized": float(at.pnl),
            "bonus": 0,
            "availableOpen": float(at.wallet - at.margin),
            "debtAmount": 0,
            "contributeMarginAmount": 0,
        }
        none = dict.fromkeys(usdt, 0)
        return [
            {**none, "currency": "MX", **self.more.get("MX", {})},
            usdt | self.more.get("USDT", {}),
        ]

    def fees(self, given: Row) -> Row:
        _known(given)
        return {
            "symbol": "BTC_USDT",
            "joinDeduct": False,
            "enjoyDeduct": False,
            "originalTakerFee": float(LINEAR.fee),
            "realTakerFee": float(LINEAR.fee),
            "feeRateMode": "NORMAL",
            "tieredFeeRates": [],
            "leverageFeeRates": [],
        }

    def moves(self, given: Row) -> Row:
        rows = [
            {
                "id": 165_230 + bill.number,
                "txid": f"db13d56ca887429a8f5fe1d1cbc45{bill.number:02d}",
                "currency": "USDT",
                "amount": float(abs(bill.amount)),
                "type": "IN" if bill.amount > 0 else "OUT",
                "state": "SUCCESS",
                "createTime": bill.at_ms,
                "updateTime": bill.at_ms,
            }
            for bill in self.trading.bills
            if bill.kind == "transfer"
        ]
        return _paged(rows, given)

    def positions(self, given: Row) -> list[Row]:
        at = self.trading
        if "symbol" in given:
            _known(given)
        if not at.units:
            return []
        side = 1 if at.units > 0 else 2
        return [
            {
                "positionId": 1_109_973_831,
                "symbol": "BTC_USDT",
                "positionType": side,
                "openType": self._settings[side]["openType"],
                "state": 1,
                "holdVol": int(abs(at.units) / SIZE),
                "frozenVol": 0,
                "holdAvgPrice": float(round(at.entry, 1)),
                "holdAvgPriceFullyScale": str(at.entry),
                "liquidatePrice": 540000.5,
                "im": float(at.margin),
                "leverage": at.leverage,
                "autoAddIm": False,
            }
        ]

    def leverage(self, given: Row) -> list[Row]:
        _known(given)
        return [
            {
                "level": 5,
                "maxVol": 15_500_000,
                "mmr": 0.02,
                "imr": 0.05,
                "positionType": side,
                "limitBySys": False,
                "currentMmr": 0.001,
                "maxLeverageView": 500,
                **setting,
            }
            for side, setting in self._settings.items()
        ]

    def set_leverage(self, given: Row) -> None:
        leverage = int(given["leverage"])
        if "positionId" in given:
            side = 1 if self.trading.units > 0 else 2
            if given["positionId"] != 1_109_973_831:
                raise Refusal(2009, "Position is not exists or closed.")
        else:
            side = given["positionType"]
            if given["symbol"] != "BTC_USDT" or given["openType"] != 2:
                raise Refusal(600, "Parameter error")
        self._settings[side] = {"leverage": leverage, "openType": 2}
        self.trading.leverage = max(each["leverage"] for each in self._settings.values())

    def funding(self, given: Row) -> Row:
        first, last = int(given["start_time"]), int(given["end_time"])
        side = 1 if self.trading.units > 0 else 2
        rows = [
            {
                "id": 328_033 + bill.number,
                "symbol": "BTC_USDT",
                "positionType": side,
                "positionValue": float(abs(self.trading.units) * MARK),
                "funding": float(bill.amount),
                "rate": float(FUNDING),
                "settleTime": bill.at_ms,
            }
            for bill in self.trading.bills
            if bill.kind == "funding" and first <= bill.at_ms <= last
        ]
        return _paged(rows if int(given["position_type"]) == side else [], given)

    def _by_name(self, name: str) -> Row | None:
        found = [order for order in self.trading.taken if order.name == name]
        return self._shown(found[0]) if found else None

    def _by_number(self, number: str) -> Row:
        for order in self.trading.taken:
            if str(_number(order.number)) == number:
                return self._shown(order)
        raise Refusal(2040, "order not exist")

    def resting(self, given: Row) -> list[Row]:
        rows = [self._shown(order) for order in self.trading.taken if self._is_open(order)]
        return _page(rows, given)

    def past(self, given: Row) -> list[Row]:
        if "symbol" in given:
            _known(given)
        rows = [self._shown(order) for order in self.trading.taken if not self._is_open(order)]
        return _page(rows[::-1], given)

    def plans(self, given: Row) -> list[Row]:
        if int(given["end_time"]) - int(given["start_time"]) > 90 * 86_400_000:
            raise Refusal(600, "Parameter error")
        return _page([row for row in self.waiting["plan"] if row["state"] == 1], given)

    def trails(self, given: Row) -> list[Row]:
        wanted = [int(state) for state in given["states"].split(",")]
        return [row for row in self.waiting["track"] if row["state"] in wanted]

    def deals(self, given: Row) -> list[Row]:
        _known(given)
        rows = between(self.trading.executions, int(given["start_time"]), int(given["end_time"]))
        return _page([_deal(row) for row in rows][:: 1 if self.oldest_first else -1], given)

    def place(self, given: Row) -> Row:
        _known(given)
        if (given["type"], given["openType"], given["positionMode"]) != (3, 2, 2):
            raise Refusal(2029, "Error order type")
        side, closes = given["side"], given["side"] in (2, 4)
        if closes is not given.get("reduceOnly", False):
            raise Refusal(600, "Parameter error")
        if not closes and given.get("leverage") != self.trading.leverage:
            raise Refusal(2006, "Leverage ratio error")
        units, is_buy = Decimal(given["vol"]) * SIZE, side in (1, 2)
        held = self.trading.units * (-1 if is_buy else 1)
        if closes and units > held:
            raise Refusal(2008, "The quantity is insufficient")
        try:
            order = self.trading.place(
                name=given["externalOid"],
                is_buy=is_buy,
                quantity=units,
                limit=Decimal(given["price"]),
                reduces=closes,
            )
        except Declined as declined:
            told = (2042, "duplicate") if declined.why == "duplicate" else (2015, "accuracy error")
            raise Refusal(*told) from declined
        return {"orderId": str(_number(order.number)), "ts": now_ms()}

    def cancel(self, given: list[int]) -> list[Row]:
        rows = []
        for number in given:
            found = [o for o in self.trading.taken if _number(o.number) == number]
            told = (
                (2040, "order not exist")
                if not found
                else (2041, "order state cannot be cancelled")
            )
            if found and self._is_open(found[0]):
                self._off.add(found[0].number)
                told = (0, "success")
            rows.append({"orderId": number, "errorCode": told[0], "errorMsg": told[1]})
        return rows

    def _is_open(self, order: Order) -> bool:
        return self.rests and not order.is_full and order.number not in self._off

    def _shown(self, order: Order) -> Row:
        state = 2 if self._is_open(order) else 3 if order.is_full else 4
        return {
            "orderId": str(_number(order.number)),
            "symbol": "BTC_USDT",
            "positionId": 1_109_973_831,
            "price": float(order.limit),
            "priceStr": f"{order.limit}00000000000000000",
            "vol": int(order.quantity / SIZE),
            "leverage": self.trading.leverage,
            "side": _side(order.is_buy, closes=order.reduces),
            "category": 1,
            "orderType": 3,
            "dealAvgPrice": float(order.limit),
            "dealVol": int(order.filled / SIZE),
            "feeCurrency": "USDT",
            "openType": 2,
            "state": state,
            "externalOid": order.name,
            "errorCode": 0,
            "createTime": order.at_ms,
            "updateTime": order.at_ms,
            "positionMode": 2,
            "reduceOnly": order.reduces,
        }


def _deal(row: Execution) -> Row:
    return {
        "id": 1_159_274_416 + row.number,
        "symbol": "BTC_USDT",
        "side": _side(row.is_buy, closes=False),
        "vol": int(row.quantity / SIZE),
        "price": float(row.price),
        "feeCurrency": "USDT",
        "fee": float(row.fee),
        "timestamp": row.at_ms,
        "profit": float(row.profit),
        "category": 1,
        "orderId": str(_number(row.order)),
        "positionMode": 2,
        "taker": True,
    }


def _side(is_buy: bool, *, closes: bool) -> int:
    return (2 if closes else 1) if is_buy else (4 if closes else 3)


def _number(order: int) -> int:
    return _FIRST + order


def _page(rows: list[Row], given: Row) -> list[Row]:
    count, page = int(given["page_size"]), int(given["page_num"])
    if count > 1000:
        raise Refusal(600, "Parameter error")
    return rows[(page - 1) * count : page * count]


def _paged(rows: list[Row], given: Row) -> Row:
    count = int(given["page_size"])
    total = {"pageSize": count, "totalCount": len(rows), "totalPage": -(-len(rows) // count)}
    return {**total, "currentPage": int(given["page_num"]), "resultList": _page(rows, given)}


def _known(given: Row) -> None:
    if given.get("symbol") != "BTC_USDT":
        raise Refusal(1001, "Contract does not exist!")
