"""What KuCoin writes is read whole and strictly, or not at all."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from trimtab.adapters.kucoin.answers import (
    balances_of,
    data_in,
    fill_of,
    name_of,
    order_row,
    page_in,
    symbols_in,
)
from trimtab.adapters.kucoin.history import closes_of
from trimtab.adapters.kucoin.instruments import (
    instrument_of,
    markets_of,
    price_band_of,
    taker_fee_of,
)
from trimtab.adapters.wire.exact import Unreadable, Unserved
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.orders import ClientOrderId, Side, VenueOrderId
from trimtab.domain.snapshot import Balance

MARKET: dict[str, Any] = {
    "symbol": "ETH-USDT",
    "baseCurrency": "ETH",
    "quoteCurrency": "USDT",
    "baseMinSize": "0.0001",
    "baseMaxSize": "10000000000",
    "baseIncrement": "0.0000001",
    "priceIncrement": "0.01",
    "priceLimitRate": "0.1",
    "minFunds": "0.1",
    "enableTrading": True,
    "callauctionIsEnabled": False,
}
FILL: dict[str, Any] = {
    "id": 19814995255305,
    "orderId": "6717422bd51c29000775ea03",
    "symbol": "ETH-USDT",
    "side": "buy",
    "price": "2000.00",
    "size": "0.5",
    "fee": "1",
    "feeCurrency": "USDT",
    "tax": "0",
    "createdAt": 1729577515473,
}
HELD = {"currency": "ETH", "type": "trade", "balance": "3", "available": "1", "holds": "2"}
ETH = instrument_of(MARKET, taker_fee=Decimal("0.001"))
ORDER = VenueOrderId("6717422bd51c29000775ea03")


def told(data: Any) -> dict[str, Any]:
    return {"code": "200000", "data": data}


def test_a_market_is_read_to_its_last_digit() -> None:
    assert (ETH.symbol, ETH.lot_size, ETH.tick_size) == (
        Symbol("ETH/USDT"),
        Decimal("0.0000001"),
        Decimal("0.01"),
    )
    assert (ETH.lots_min, ETH.lots_max) == (1000, 10**17)
    assert (ETH.notional_min, ETH.taker_fee, ETH.tradable) == (
        Decimal("0.1"),
        Decimal("0.001"),
        True,
    )
    assert markets_of(told([MARKET])) == {ETH.symbol: MARKET}


@pytest.mark.parametrize("changed", [{"enableTrading": False}, {"callauctionIsEnabled": True}])
def test_a_market_that_is_closed_or_in_its_auction_is_not_tradable(changed: dict[str, Any]) -> None:
    assert not instrument_of(MARKET | changed, taker_fee=Decimal(0)).tradable


@pytest.mark.parametrize(
    "changed",
    [
        {"baseIncrement": "0"},
        {"enableTrading": "true"},
        {"callauctionIsEnabled": None},
        {"minFunds": None},
        {"priceIncrement": "x"},
    ],
)
def test_a_market_that_cannot_be_read_is_none(changed: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        instrument_of(MARKET | changed, taker_fee=Decimal(0))


def test_limits_are_taken_around_the_price() -> None:
    band = price_band_of(MARKET)
    assert (band.buy_low, band.sell_high) == (Decimal("0.9"), Decimal("1.1"))
    assert price_band_of(MARKET | {"priceLimitRate": "5"}).buy_low == Decimal("0.01")
    with pytest.raises(Unreadable):
        price_band_of(MARKET | {"priceLimitRate": "0"})


def test_a_fee_is_of_the_market_that_was_asked_for() -> None:
    row = {"symbol": "ETH-USDT", "takerFeeRate": "0.001"}
    assert taker_fee_of(told([row]), market_id="ETH-USDT") == Decimal("0.001")
    assert taker_fee_of(told([row | {"takerFeeRate": "-1"}]), market_id="ETH-USDT") == 0
    for rows in ([], [row, row], [row | {"symbol": "BTC-USDT"}]):
        with pytest.raises(Unreadable):
            taker_fee_of(told(rows), market_id="ETH-USDT")
    assert taker_fee_of(told([row | {"buyTaxRate": "0"}]), market_id="ETH-USDT")
    with pytest.raises(Unserved, match="taxed"):
        taker_fee_of(told([row | {"buyTaxRate": "0.01"}]), market_id="ETH-USDT")


def test_an_execution_pays_its_fee_in_the_coin_that_it_names() -> None:
    ours = {(ETH.symbol, ORDER): ClientOrderId("ours")}
    fill = fill_of(FILL, ETH, ours)
    assert (fill.side, fill.quantity, fill.fill_price) == (Side.BUY, Decimal("0.5"), Decimal(2000))
    assert (fill.fee, fill.fee_asset, fill.client_order_id) == (1, Asset("USDT"), "ours")
    assert fill_of(FILL | {"feeCurrency": "KCS"}, ETH, {}).fee_asset == Asset("KCS")
    assert fill_of(FILL, ETH, {}).client_order_id is None
    later = fill_of(FILL | {"id": FILL["id"] + 1}, ETH, {})
    assert int(later.trade_id) == int(fill.trade_id) + 1


@pytest.mark.parametrize(
    "changed",
    [
        {"feeCurrency": ""},
        {"fee": None},
        {"side": "?"},
        {"createdAt": 1729577515},
        {"orderId": "XYZ"},
        {"tax": "0.01"},
        {"id": None},
    ],
)
def test_an_execution_that_cannot_be_read_is_none(changed: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        fill_of(FILL | changed, ETH, {})


def test_the_trade_account_is_read_and_nothing_else() -> None:
    none = HELD | {"currency": "BTC", "balance": "0", "available": "0", "holds": "0"}
    assert balances_of(told([HELD, none])) == {
        Asset("ETH"): Balance(free=Decimal(1), locked=Decimal(2))
    }


@pytest.mark.parametrize(
    "rows",
    [
        [HELD | {"type": "main"}],
        [HELD, HELD],
        [HELD | {"balance": "4"}],
        [HELD | {"available": "-1", "balance": "1"}],
        [HELD | {"holds": None}],
    ],
)
def test_a_wallet_that_cannot_be_read_is_no_empty_one(rows: list[dict[str, Any]]) -> None:
    with pytest.raises(Unreadable):
        balances_of(told(rows))


def test_an_answer_that_is_none_of_success_says_nothing() -> None:
    for answer in ({"code": 200000, "data": []}, {"code": "200", "data": []}, {"data": []}, []):
        with pytest.raises(Unreadable):
            data_in(answer)


def test_a_page_leads_on_where_it_is_full() -> None:
    rows = [{"id": 9}, {"id": 7}]
    assert page_in(told({"items": rows, "lastId": 7}), full=2) == (tuple(rows), "7")
    assert page_in(told({"items": rows, "lastId": 7}), full=3) == (tuple(rows), "")
    with pytest.raises(Unreadable, match="another number"):
        page_in(told({"items": rows, "lastId": 8}), full=2)


def test_markets_with_open_orders_are_names() -> None:
    assert symbols_in(told({"symbols": ["B", "A", "B"]})) == ("A", "B")
    assert symbols_in(told({"symbols": None})) == symbols_in(told({})) == ()
    for names in ("A", [""], [7]):
        with pytest.raises(Unreadable):
            symbols_in(told({"symbols": names}))


def test_an_order_that_has_no_name_is_nobodys() -> None:
    assert order_row(told(None)) is None
    assert name_of({"clientOid": None}) == name_of({"clientOid": ""}) == ""


def test_closes_are_of_the_days_asked_for() -> None:
    day = date(2026, 1, 2)
    rows = [
        [str(1767225600 + more), "1", str(7 + number), "9", "0.5", "3", "3"]
        for number, more in enumerate((172_800, 86_400, 0))
    ]
    assert {d: c.close for d, c in closes_of(told(rows), since=day, until=day).items()} == {
        day: Decimal(8)
    }
    for wrong in ({}, [["1767225600", "1"]], [["x", "1", "2", "3", "4"]], ["row"]):
        with pytest.raises(Unreadable):
            closes_of(told(wrong), since=day, until=day)
