"""What WEEX writes is read whole and strictly, or not at all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from trimtab.adapters.weex.answers import (
    balances_of,
    cancelled_id,
    client_id_of,
    fill_of,
    instrument_of,
    markets_of,
    order_row,
    price_band_of,
)
from trimtab.adapters.wire.exact import Unreadable
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.orders import ClientOrderId, Side, VenueOrderId

MARKET: dict[str, Any] = {
    "symbol": "ETHUSDT",
    "status": "TRADING",
    "baseAsset": "ETH",
    "quoteAsset": "USDT",
    "tickSize": "0.01",
    "stepSize": "0.00001",
    "minTradeAmount": "0.0001",
    "maxTradeAmount": "99999",
    "takerFeeRate": "0.001",
    "buyLimitPriceRatio": "0.1",
    "sellLimitPriceRatio": "0.2",
    "enableTrade": True,
}
TRADE: dict[str, Any] = {
    "symbol": "ETHUSDT",
    "id": 736825748291060702,
    "orderId": 736825748215563230,
    "price": "2000.00",
    "qty": "0.5",
    "quoteQty": "1000.00",
    "commission": "1.00",
    "time": 1775672947953,
    "isBuyer": False,
}
ETH = instrument_of(MARKET, taker_fee=Decimal(0))


def test_a_market_is_read_to_its_last_digit() -> None:
    assert (ETH.symbol, ETH.lot_size, ETH.tick_size) == (
        Symbol("ETH/USDT"),
        Decimal("0.00001"),
        Decimal("0.01"),
    )
    assert (ETH.lots_min, ETH.lots_max) == (10, 9_999_900_000)
    assert (ETH.taker_fee, ETH.tradable) == (Decimal("0.001"), True)
    assert instrument_of(MARKET, taker_fee=Decimal("0.002")).taker_fee == Decimal("0.002")
    band = price_band_of(MARKET)
    assert (band.buy_low, band.buy_high) == (Decimal("0.9"), Decimal("1.1"))
    assert (band.sell_low, band.sell_high) == (Decimal("0.8"), Decimal("1.2"))


@pytest.mark.parametrize("changed", [{"status": "HALT"}, {"enableTrade": False}])
def test_a_market_that_is_closed_is_not_traded(changed: dict[str, Any]) -> None:
    assert not instrument_of({**MARKET, **changed}, taker_fee=Decimal(0)).tradable


@pytest.mark.parametrize(
    "changed",
    [
        {"stepSize": "0"},
        {"stepSize": "-1"},
        {"enableTrade": "true"},
        {"enableTrade": None},
        {"takerFeeRate": ""},
        {"tickSize": None},
    ],
)
def test_a_market_that_is_spoilt_is_not_read(changed: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        instrument_of({**MARKET, **changed}, taker_fee=Decimal(0))


def test_a_band_that_is_no_ratio_is_not_read_and_one_that_reaches_to_nothing_is_cut() -> None:
    for wrong in ("0", "-0.1"):
        with pytest.raises(Unreadable):
            price_band_of({**MARKET, "sellLimitPriceRatio": wrong})
    wide = price_band_of({**MARKET, "buyLimitPriceRatio": "5", "sellLimitPriceRatio": "1"})
    assert wide.buy_low == wide.sell_low == Decimal("0.01")


@pytest.mark.parametrize(
    ("buys", "commission", "asset"), [(False, "1.00", "USDT"), (True, "0.0005", "ETH")]
)
def test_a_fee_is_in_what_is_received(buys: bool, commission: str, asset: str) -> None:
    fill = fill_of({**TRADE, "isBuyer": buys, "commission": commission}, ETH, {})
    assert (fill.fee, fill.fee_asset) == (Decimal(commission), Asset(asset))
    assert fill.side is (Side.BUY if buys else Side.SELL)
    assert fill.trade_id == "1775672947953" + "00736825748291060702"
    assert (fill.venue_order_id, fill.client_order_id) == ("736825748215563230", None)


def test_an_execution_bears_our_name_where_its_order_is_known() -> None:
    names = {(ETH.symbol, VenueOrderId("736825748215563230")): ClientOrderId("ours")}
    assert fill_of(TRADE, ETH, names).client_order_id == "ours"


@pytest.mark.parametrize(
    "changed",
    [
        {"isBuyer": "false"},
        {"isBuyer": None},
        {"commission": "-0.01"},
        {"commission": "10.01"},
        {"isBuyer": True, "commission": "0.00501"},
        {"id": "a1"},
        {"time": 12},
        {"orderId": None},
    ],
)
def test_an_execution_that_is_spoilt_is_not_read(changed: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        fill_of({**TRADE, **changed}, ETH, {})


def test_a_wallet_is_what_is_held() -> None:
    rows = [
        {"asset": "BTC", "free": "0.12345678", "locked": "0.1"},
        {"asset": "ETH", "free": "0", "locked": "0"},
    ]
    (held,) = balances_of({"balances": rows}).values()
    assert (held.free, held.locked) == (Decimal("0.12345678"), Decimal("0.1"))


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        {"balances": None},
        {"balances": [{"asset": "BTC", "free": "1"}]},
        {"balances": [{"asset": "BTC", "free": "-1", "locked": "0"}]},
        {"balances": [{"asset": "BTC", "free": "1", "locked": "-1"}]},
        {"balances": [{"asset": "", "free": "1", "locked": "0"}]},
    ],
)
def test_a_wallet_that_is_spoilt_is_no_smaller_wallet(answer: object) -> None:
    with pytest.raises(Unreadable):
        balances_of(answer)


def test_orders_have_their_number_as_text() -> None:
    row = order_row({"orderId": 736557215397183592, "clientOrderId": "ours"})
    assert client_id_of(row) == ("736557215397183592", "ours")
    for wrong in ({"orderId": None}, {"orderId": 1.5}, {}, [], {"orderId": "x"}):
        with pytest.raises(Unreadable):
            order_row(wrong)
    with pytest.raises(Unreadable):
        client_id_of(order_row({"orderId": -1, "clientOrderId": "ours"}))


def test_only_what_rests_no_more_is_cancelled() -> None:
    assert cancelled_id({"orderId": 7, "status": "CANCELED"}) == "7"
    gone = {"orderId": 7, "status": "FAILED", "errorMsg": "FAILED_ORDER_NOT_FOUND"}
    assert cancelled_id(gone) == "7"
    for wrong in ({"orderId": 7, "status": "FAILED"}, {"orderId": 7}, {"status": "CANCELED"}):
        with pytest.raises(Unreadable):
            cancelled_id(wrong)


def test_markets_are_listed_by_symbol() -> None:
    assert list(markets_of({"symbols": [MARKET]})) == ["ETH/USDT"]
    for wrong in ({}, {"symbols": [{}]}, {"symbols": [{**MARKET, "symbol": ""}]}):
        with pytest.raises(Unreadable):
            markets_of(wrong)
