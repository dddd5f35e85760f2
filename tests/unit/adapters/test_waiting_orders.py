"""Orders that wait for a trigger, as OKX and Bitget write them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.conformance.floors import Waiting
from tests.conformance.okx_algos import algo_row
from tests.unit.adapters.test_bitget_answers import spot as bitget_spot
from tests.unit.adapters.test_bitget_answers import swap as bitget_swap
from tests.unit.adapters.test_okx_answers import market as okx_spot
from tests.unit.adapters.test_okx_contracts import contract_row
from trimtab.adapters.bitget.waiting import COIN_PLANS, coin_plan_of, coin_stop_of, contract_plan_of
from trimtab.adapters.frame.listed_pages import Page
from trimtab.adapters.frame.order_rows import dearest, lots_worth
from trimtab.adapters.okx.contracts import linear_instrument_of
from trimtab.adapters.okx.waiting import waiting_order_of
from trimtab.adapters.wire.exact import Unreadable
from trimtab.domain.instruments import Instrument
from trimtab.domain.orders import Side


def perpetual() -> Instrument:
    return linear_instrument_of(contract_row(), taker_fee=Decimal("0.0005"))


STOP = Waiting(
    name="by-hand",
    is_buy=True,
    quantity=Decimal("0.02"),
    trigger=Decimal(66_000),
    reduces=True,
    by_mark=True,
)


def algo(market: str = "BTC-USDT-SWAP", *, count: str = "2", **changed: Any) -> dict[str, Any]:
    return algo_row(market, STOP, 0, count=count) | changed


def coin(**changed: Any) -> dict[str, Any]:
    row = algo("BTC-USDT", count="0.02", reduceOnly="false")
    return row | changed


def test_the_dearest_price_is_the_highest_of_a_buy_and_the_lowest_of_a_sell() -> None:
    told = (Decimal(-1), Decimal(0), Decimal(7), Decimal(5))
    assert (dearest(told, Side.BUY), dearest(told, Side.SELL)) == (7, 5)
    with pytest.raises(Unreadable, match="no price"):
        dearest(told[:2], Side.BUY)


def test_a_value_comes_to_lots_that_are_not_fewer() -> None:
    market = okx_spot()
    price = Decimal(60_000)
    assert lots_worth(market, value=Decimal(6), price=price) == 1
    assert lots_worth(market, value=Decimal("6.01"), price=price) == 2


@pytest.mark.parametrize(
    ("changed", "price"),
    [
        ({}, "66000"),
        ({"ordPx": "66100"}, "66100"),
        ({"ordPx": "65900"}, "66000"),
        ({"ordType": "conditional", "slTriggerPx": "67000", "slOrdPx": "-1"}, "67000"),
        ({"ordType": "oco", "slTriggerPx": "67000", "tpTriggerPx": "58000"}, "67000"),
        ({"ordType": "oco", "side": "sell", "slTriggerPx": "58000", "tpTriggerPx": "9"}, "9"),
        ({"ordType": "move_order_stop", "moveTriggerPx": "63000"}, "63000"),
        ({"ordType": "move_order_stop", "activePx": "64000"}, "64000"),
        ({"ordType": "twap", "pxLimit": "61000"}, "61000"),
        ({"ordType": "iceberg", "pxLimit": "61500"}, "61500"),
    ],
)
def test_an_algo_order_of_each_kind_has_its_dearest_price_as_its_limit(
    changed: dict[str, Any], price: str
) -> None:
    order = waiting_order_of(algo(**changed), perpetual())
    assert order.limit_price == Decimal(price)
    sign = -1 if changed.get("side") == "sell" else 1
    assert perpetual().units(order.lots) == sign * Decimal("0.02")
    assert (order.client_order_id, order.venue_order_id) == ("by-hand", "431375349042380800")
    assert order.reduce_only


def test_an_algo_order_that_closes_all_has_no_size_and_only_reduces() -> None:
    closing = waiting_order_of(
        algo(closeFraction="1", sz="", reduceOnly="false"),
        perpetual(),
    )
    assert (closing.lots, closing.reduce_only) == (0, True)
    with pytest.raises(Unreadable, match="closes a part"):
        waiting_order_of(algo(closeFraction="0.5"), perpetual())


@pytest.mark.parametrize(
    ("changed", "units"),
    [
        ({}, "0.02"),
        ({"tgtCcy": ""}, "0.0004"),
        ({"tgtCcy": "quote_ccy"}, "0.0004"),
        ({"tgtCcy": "quote_ccy", "ordPx": "66000"}, "0.0004"),
        ({"tgtCcy": "", "ordPx": "66000"}, "20"),
        ({"tgtCcy": "", "side": "sell"}, "-20"),
    ],
)
def test_a_buy_of_coins_at_market_may_say_what_it_spends(
    changed: dict[str, Any], units: str
) -> None:
    size = "20" if changed else "0.02"
    order = waiting_order_of(coin(sz=size, **changed), okx_spot())
    assert okx_spot().units(order.lots) == Decimal(units)
    assert not order.reduce_only


@pytest.mark.parametrize(
    "changed",
    [
        {"ordType": "chase"},
        {"ordType": "new_kind"},
        {"side": "long"},
        {"sz": "0"},
        {"sz": ""},
        {"sz": "0.01"},
        {"triggerPx": ""},
        {"triggerPx": "-1", "ordPx": "-1"},
        {"reduceOnly": ""},
        {"reduceOnly": True},
        {"algoId": "a7"},
        {"algoClOrdId": None},
        {"closeFraction": None},
    ],
)
def test_an_algo_order_that_cannot_be_counted_makes_the_account_unreadable(
    changed: dict[str, Any],
) -> None:
    with pytest.raises(Unreadable):
        waiting_order_of(algo(**changed), perpetual())
    with pytest.raises(Unreadable, match="tgtCcy"):
        waiting_order_of(coin(tgtCcy="usd"), okx_spot())


def plan(**changed: Any) -> dict[str, Any]:
    return {
        "planType": "normal_plan",
        "symbol": "BTCUSDT",
        "size": "0.02",
        "orderId": "1111491399869075457",
        "clientOid": "by-hand",
        "price": "66100",
        "executePrice": "",
        "triggerPrice": "66000",
        "side": "buy",
        "posSide": "net",
        "tradeSide": "buy_single",
        **changed,
    }


@pytest.mark.parametrize(
    ("changed", "units", "price"),
    [
        ({}, "0.02", "66100"),
        ({"side": "sell"}, "-0.02", "66000"),
        ({"price": "", "executePrice": "0"}, "0.02", "66000"),
        ({"planType": "track_plan", "price": None}, "0.02", "66000"),
        ({"tradeSide": "close"}, "0", "66000"),
        ({"planType": "pos_loss", "size": "", "price": ""}, "0", "66000"),
        ({"planType": "pos_profit", "executePrice": "66200"}, "0", "66000"),
        *(({"planType": kind}, "0", "66000") for kind in ("loss_plan", "profit_plan")),
        ({"planType": "moving_plan", "triggerPrice": "0", "price": "65000"}, "0", "65000"),
    ],
)
def test_a_trigger_order_of_a_contract_opens_with_its_size_or_closes_all(
    changed: dict[str, Any], units: str, price: str
) -> None:
    order = contract_plan_of(plan(**changed), bitget_swap())
    assert bitget_swap().units(order.lots) == Decimal(units)
    assert order.limit_price == Decimal(price)
    assert order.reduce_only is (not order.lots)


@pytest.mark.parametrize(
    ("changed", "units", "price"),
    [
        ({"planType": "amount", "executePrice": "66100"}, "0.02", "66100"),
        ({"planType": "AMOUNT", "executePrice": "0"}, "0.02", "66000"),
        ({"planType": "total", "size": "660", "executePrice": ""}, "0.01", "66000"),
        ({"planType": "total", "size": "660", "side": "sell"}, "-0.01", "66000"),
    ],
)
def test_a_trigger_order_of_coins_has_a_size_or_a_value(
    changed: dict[str, Any], units: str, price: str
) -> None:
    order = coin_plan_of(plan(**changed), bitget_spot())
    assert (bitget_spot().units(order.lots), order.limit_price) == (Decimal(units), Decimal(price))
    assert not order.reduce_only


def test_a_list_of_trigger_orders_may_be_told_as_nothing_and_leads_on_where_it_says_so() -> None:
    def page(**told: Any) -> Page:
        return COIN_PLANS.page({"code": "00000", "data": told})

    assert page(nextFlag=False, idLessThan="", orderList=None) == ((), "")
    assert page(nextFlag=False, idLessThan=None, orderList=[]) == ((), "")
    assert page(nextFlag=True, idLessThan="7", orderList=[{"a": 1}]) == (({"a": 1},), "7")
    for wrong in (
        {"nextFlag": True, "idLessThan": "", "orderList": None},
        {"nextFlag": False, "idLessThan": "7", "orderList": None},
        {"nextFlag": True, "idLessThan": None, "orderList": [{}]},
        {"nextFlag": "no", "idLessThan": "7", "orderList": []},
        {"nextFlag": False, "orderList": None},
    ):
        with pytest.raises(Unreadable):
            page(**wrong)


def test_a_stop_of_coins_at_market_says_what_it_spends_when_it_buys() -> None:
    row = plan(orderType="market", priceAvg="0", size="660")
    assert bitget_spot().units(coin_stop_of(row, bitget_spot()).lots) == Decimal("0.01")
    sells = coin_stop_of(row | {"side": "sell", "size": "0.01"}, bitget_spot())
    assert bitget_spot().units(sells.lots) == Decimal("-0.01")
    limit = coin_stop_of(
        row | {"orderType": "limit", "priceAvg": "67000", "size": "1"}, bitget_spot()
    )
    assert (bitget_spot().units(limit.lots), limit.limit_price) == (1, 67_000)


@pytest.mark.parametrize(
    "changed",
    [
        {"planType": "another"},
        {"size": "0"},
        {"size": ""},
        {"size": "-0.02"},
        {"side": "long"},
        {"triggerPrice": ""},
        {"triggerPrice": "0", "price": "0"},
        {"price": "much"},
        {"orderId": ""},
        {"clientOid": 7},
    ],
)
def test_a_trigger_order_that_cannot_be_counted_makes_the_account_unreadable(
    changed: dict[str, Any],
) -> None:
    with pytest.raises(Unreadable):
        contract_plan_of(plan(**changed), bitget_swap())
    told = {"planType": "amount", "executePrice": changed.get("price", "")} | changed
    with pytest.raises(Unreadable):
        coin_plan_of(plan(**told), bitget_spot())
