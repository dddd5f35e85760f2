"""Answers of Bybit, read whole or not at all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.wire.opened import intent, spot_btc
from trimtab.adapters.bybit.answers import (
    FIELDS,
    balances_of,
    fill_of,
    instrument_of,
    is_margin_on,
    key_rights_of,
    open_order_of,
    page_of,
    placed_order,
    price_band_of,
    taker_fee_of,
)
from trimtab.adapters.frame.order_rows import order_in
from trimtab.adapters.frame.timed_fills import stamp_of
from trimtab.adapters.wire.exact import Unreadable
from trimtab.domain.instruments import Asset
from trimtab.domain.orders import Side
from trimtab.domain.rights import KeyUse
from trimtab.domain.snapshot import Balance

ENDED = frozenset({"Filled", "Cancelled", "PartiallyFilledCanceled"})


def answer(result: Any) -> dict[str, Any]:
    return {"retCode": 0, "retMsg": "OK", "result": result}


def coin(**changed: Any) -> dict[str, Any]:
    row = {
        "coin": "BTC",
        "walletBalance": "0.5",
        "locked": "0.1",
        "borrowAmount": "0.0",
        "spotBorrow": "0",
        "equity": changed.get("walletBalance", "0.5"),
        "unrealisedPnl": "0",
        "totalOrderIM": "0",
        "totalPositionIM": "",
        **changed,
    }
    return answer({"list": [{"accountType": "UNIFIED", "coin": [row]}]})


def execution(**changed: Any) -> dict[str, Any]:
    return {
        "symbol": "BTCUSDT",
        "orderId": "15",
        "orderLinkId": "ours",
        "side": "Sell",
        "execId": "2290000000068683805",
        "execPrice": "60000.10",
        "execQty": "0.001",
        "execFee": "0.06",
        "feeCurrency": "USDT",
        "execType": "Trade",
        "execTime": "1672282722429",
        **changed,
    }


def order_row(**changed: Any) -> dict[str, Any]:
    ours = intent(spot_btc(), 200, "60000")
    return {
        "orderId": "15",
        "orderLinkId": ours.client_order_id,
        "symbol": "BTCUSDT",
        "side": "Buy",
        "price": "60000",
        "triggerPrice": "0",
        "qty": "0.002",
        "cumExecQty": "0.0015",
        "orderStatus": "PartiallyFilledCanceled",
        **changed,
    }


def market_row(**changed: Any) -> dict[str, Any]:
    return {
        "symbol": "BTCUSDT",
        "baseCoin": "BTC",
        "quoteCoin": "USDT",
        "status": "Trading",
        "lotSizeFilter": {
            "basePrecision": "0.000001",
            "minOrderQty": "0.000011",
            "maxOrderQty": "83",
            "minOrderAmt": "5",
        },
        "priceFilter": {"tickSize": "0.01"},
        **changed,
    }


def test_what_is_locked_is_not_free() -> None:
    found = balances_of(coin())
    assert found == {Asset("BTC"): Balance(free=Decimal("0.4"), locked=Decimal("0.1"))}
    assert balances_of(coin(walletBalance="0", locked="0")) == {}
    assert balances_of(coin(equity="0.500001")) == found


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"borrowAmount": "0.01"}, "borrowed"),
        ({"spotBorrow": "0.01"}, "borrowed"),
        ({"totalPositionIM": "3"}, "backs contracts"),
        ({"totalOrderIM": "3"}, "backs contracts"),
        ({"unrealisedPnl": "-3", "equity": "-2.5"}, "backs contracts"),
        ({"equity": "0.51"}, "0.01 BTC is worth of options"),
        ({"equity": "0.499"}, "-0.001 BTC is worth of options"),
        ({"equity": ""}, "equity"),
        ({"walletBalance": "-1"}, "negative"),
        ({"walletBalance": "0.05"}, "negative"),
        ({"locked": "NaN"}, "locked"),
        ({"coin": ""}, "coin"),
    ],
)
def test_an_account_that_is_not_of_coins_alone_is_not_read(
    changed: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Unreadable, match=reason):
        balances_of(coin(**changed))


@pytest.mark.parametrize(
    "told",
    [None, [], {}, {"retCode": 0}, answer({}), answer({"list": []}), {**coin(), "retCode": 1}],
)
def test_an_account_that_is_not_there_is_no_empty_one(told: Any) -> None:
    with pytest.raises(Unreadable):
        balances_of(told)


def test_an_execution_is_named_by_its_time_and_then_by_the_venue() -> None:
    early = fill_of(execution(), spot_btc()).trade_id
    later = execution(execTime="1672282722430", execId="1")
    late = fill_of(later, spot_btc()).trade_id
    assert early == "167228272242902290000000068683805"
    assert int(early) < int(late)
    assert stamp_of(early) == 1_672_282_722_429


@pytest.mark.parametrize(
    "changed",
    [
        {"execId": "e0cbe81d-0f18-5866-9415-cf319b5dab3b"},
        {"execId": "1" * 21},
        {"execTime": "0"},
        {"execTime": "now"},
        {"orderLinkId": None},
        {"orderId": ""},
        {"feeCurrency": ""},
        {"side": "None"},
    ],
)
def test_an_execution_that_cannot_be_read_is_never_left_out(changed: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        fill_of(execution(**changed), spot_btc())


def test_a_fill_has_its_fee_in_what_was_received() -> None:
    fill = fill_of(execution(), spot_btc())
    assert (fill.side, fill.quantity, fill.fee, fill.fee_asset) == (
        Side.SELL,
        Decimal("0.001"),
        Decimal("0.06"),
        "USDT",
    )
    assert fill.client_order_id == "ours"
    assert fill_of(execution(orderLinkId=""), spot_btc()).client_order_id is None


def test_an_order_says_what_was_executed_and_whether_it_has_ended() -> None:
    ours = intent(spot_btc(), 200, "60000")
    found = order_in(order_row(), FIELDS, ours, market_id="BTCUSDT", ended=ENDED)
    assert (found.lots, found.filled_lots, found.ended) == (200, 150, True)
    resting = order_in(order_row(orderStatus="New"), FIELDS, ours, market_id="BTCUSDT", ended=ENDED)
    assert not resting.ended


@pytest.mark.parametrize(
    "changed",
    [
        {"orderLinkId": "another"},
        {"symbol": "ETHUSDT"},
        {"side": "Sell"},
        {"orderId": "no id!"},
        {"cumExecQty": "0.0000001"},
        {"orderStatus": ""},
    ],
)
def test_another_order_is_not_taken_for_ours(changed: dict[str, Any]) -> None:
    ours = intent(spot_btc(), 200, "60000")
    with pytest.raises(Unreadable):
        order_in(order_row(**changed), FIELDS, ours, market_id="BTCUSDT", ended=ENDED)


def test_the_receipt_of_another_order_is_none_of_ours() -> None:
    ours = intent(spot_btc(), 200, "60000")
    told = answer({"orderId": "15", "orderLinkId": ours.client_order_id})
    order = placed_order(told, ours)
    assert (order.ended, order.filled_lots, order.venue_order_id) == (False, 0, "15")
    for result in ({"orderId": "15", "orderLinkId": "x"}, {"orderLinkId": ours.client_order_id}):
        with pytest.raises(Unreadable):
            placed_order(answer(result), ours)


def test_a_resting_order_shows_its_rest_and_its_limit_or_trigger() -> None:
    found = open_order_of(order_row(), spot_btc())
    assert (found.lots, found.limit_price) == (50, Decimal(60_000))
    waits = open_order_of(order_row(price="0", triggerPrice="70000"), spot_btc())
    assert waits.limit_price == Decimal(70_000)
    with pytest.raises(Unreadable, match="triggerPrice"):
        open_order_of(order_row(price="0", triggerPrice=""), spot_btc())
    assert open_order_of(order_row(triggerPrice=""), spot_btc()).limit_price == Decimal(60_000)


@pytest.mark.parametrize(
    ("side", "price", "trigger", "counts"),
    [
        ("Buy", "60000", "70000", "70000"),
        ("Buy", "71000", "70000", "71000"),
        ("Sell", "71000", "70000", "70000"),
        ("Sell", "60000", "70000", "60000"),
    ],
)
def test_an_order_that_waits_counts_at_the_dearer_of_its_trigger_and_its_limit(
    side: str, price: str, trigger: str, counts: str
) -> None:
    row = order_row(side=side, price=price, triggerPrice=trigger)
    assert open_order_of(row, spot_btc()).limit_price == Decimal(counts)


@pytest.mark.parametrize(
    ("changed", "units"),
    [
        ({"marketUnit": "baseCoin", "qty": "0.01"}, "0.01"),
        ({"qty": "700"}, "0.01"),
        ({"marketUnit": "", "qty": "700"}, "0.01"),
        ({"marketUnit": "quoteCoin", "side": "Sell", "qty": "700"}, "-0.01"),
        ({"side": "Sell", "qty": "0.01"}, "-0.01"),
        ({"orderType": "Limit", "qty": "0.01"}, "0.01"),
    ],
)
def test_coins_that_wait_to_be_bought_at_market_say_what_they_cost(
    changed: dict[str, str], units: str
) -> None:
    row = order_row(orderType="Market", price="0", triggerPrice="70000", cumExecQty="0") | changed
    assert spot_btc().units(open_order_of(row, spot_btc()).lots) == Decimal(units)
    with pytest.raises(Unreadable, match="marketUnit"):
        open_order_of(order_row(orderType="Market", marketUnit="usd"), spot_btc())


def test_a_market_is_read_with_its_grid_and_its_band_where_there_is_one() -> None:
    found = instrument_of(market_row(), taker_fee=Decimal("0.001"))
    assert (found.lot_size, found.lots_min, found.lots_max) == (Decimal("0.000001"), 11, 83_000_000)
    assert not instrument_of(market_row(status="PreLaunch"), taker_fee=Decimal(0)).tradable
    assert price_band_of(market_row()) is None
    band = price_band_of(market_row(riskParameters={"priceLimitRatioX": "0.01"}))
    assert band is not None
    assert (band.sell_low, band.buy_high) == (Decimal("0.99"), Decimal("1.01"))
    for wrong in ("0", "1", "x"):
        with pytest.raises(Unreadable):
            price_band_of(market_row(riskParameters={"priceLimitRatioX": wrong}))
    with pytest.raises(Unreadable):
        instrument_of(market_row(lotSizeFilter={"basePrecision": "0"}), taker_fee=Decimal(0))


def test_a_fee_is_of_the_market_that_was_asked_about() -> None:
    told = answer({"list": [{"symbol": "BTCUSDT", "takerFeeRate": "0.001"}]})
    assert taker_fee_of(told, "BTCUSDT") == Decimal("0.001")
    paid = answer({"list": [{"symbol": "BTCUSDT", "takerFeeRate": "-0.0001"}]})
    assert taker_fee_of(paid, "BTCUSDT") == 0  # A rebate is counted on by nobody.
    with pytest.raises(Unreadable):
        taker_fee_of(told, "ETHUSDT")


def test_a_page_without_its_cursor_is_not_the_last() -> None:
    assert page_of(answer({"list": [], "nextPageCursor": ""})) == ((), "")
    with pytest.raises(Unreadable):
        page_of(answer({"list": []}))
    with pytest.raises(Unreadable):
        page_of(answer({"list": [], "nextPageCursor": None}))


def rights(**changed: Any) -> Any:
    permissions = {"Spot": ["SpotTrade"], "Wallet": [], "ContractTrade": [], **changed}
    return answer({"readOnly": 0, "permissions": permissions, "ips": ["*"]})


@pytest.mark.parametrize(
    ("permissions", "right"),
    [
        ({"Wallet": ["Withdraw"]}, "withdraws"),
        ({"Wallet": ["SubMemberTransfer"]}, "transfers_out"),
        ({"Wallet": ["AccountTransfer"]}, "transfers_within"),
        ({"ContractTrade": ["Order"]}, "trades_futures"),
        ({"Derivatives": ["DerivativesTrade"]}, "trades_futures"),
        ({"Options": ["OptionsTrade"]}, "trades_options"),
    ],
)
def test_each_right_of_a_key_is_seen(permissions: dict[str, Any], right: str) -> None:
    plain = key_rights_of(rights(), use=KeyUse.SEND, borrows=False)
    more = key_rights_of(rights(**permissions), use=KeyUse.SEND, borrows=False)
    assert (getattr(plain, right), getattr(more, right)) == (False, True)
    assert plain.trades_spot


def test_a_key_that_only_reads_trades_nothing_and_margin_is_the_accounts() -> None:
    told = rights(ContractTrade=["Order"])
    told["result"] |= {"readOnly": 1, "ips": ["10.0.0.1"]}
    read = key_rights_of(told, use=KeyUse.READ, borrows=True)
    assert not (read.trades_spot)
    assert not (read.trades_futures)
    assert not (read.borrows)
    assert read.is_bound_to_ip
    assert read.wallet == ""
    told["result"]["userID"] = 24617703
    assert key_rights_of(told, use=KeyUse.READ, borrows=False).wallet == "bybit 24617703"
    assert key_rights_of(rights(), use=KeyUse.SEND, borrows=True).borrows
    assert is_margin_on(answer({"spotMarginMode": "1"}))
    assert not is_margin_on(answer({"spotMarginMode": "0"}))
    with pytest.raises(Unreadable):
        is_margin_on(answer({"spotMarginMode": ""}))
    with pytest.raises(Unreadable):
        key_rights_of(answer({"readOnly": 2, "permissions": {}}), use=KeyUse.SEND, borrows=False)
