"""Answers of MEXC, read whole or not at all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.wire.opened import intent, spot_btc
from trimtab.adapters.frame.timed_fills import stamp_of
from trimtab.adapters.mexc.answers import (
    balances_of,
    client_id_of,
    fill_of,
    key_rights_of,
    open_order_of,
    order_of,
    received_id,
    taker_fee_of,
)
from trimtab.adapters.mexc.instruments import (
    spot_instrument_of,
    spot_markets,
    spot_price_band_of,
)
from trimtab.adapters.wire.exact import Unreadable
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.orders import ClientOrderId, Side
from trimtab.domain.rights import KeyUse
from trimtab.domain.snapshot import Balance

ENDED = frozenset({"FILLED", "CANCELED", "PARTIALLY_CANCELED"})
OURS = intent(spot_btc(), 200, "60000")


def order_row(**changed: Any) -> dict[str, Any]:
    return {
        "symbol": "BTCUSDT",
        "orderId": "C02__15",
        "clientOrderId": OURS.client_order_id,
        "price": "60000",
        "origQty": "0.002",
        "executedQty": "0.0015",
        "status": "PARTIALLY_CANCELED",
        "side": "BUY",
        "time": 1_672_282_722_429,
        **changed,
    }


def execution(**changed: Any) -> dict[str, Any]:
    return {
        "symbol": "BTCUSDT",
        "id": "fad2af9e942049b6adbda1a271f990c6",
        "orderId": "C02__15",
        "price": "60000.10",
        "qty": "0.001",
        "commission": "0.03",
        "commissionAsset": "USDT",
        "time": 1_672_282_722_429,
        "isBuyer": False,
        "clientOrderId": None,
        **changed,
    }


def fill(row: dict[str, Any], names: Any = None) -> Any:
    return fill_of(row, spot_btc(), market_id="BTCUSDT", names=names or {})


def market(**changed: Any) -> dict[str, Any]:
    return {
        "symbol": "BTCUSDT",
        "status": "1",
        "baseAsset": "BTC",
        "baseAssetPrecision": 6,
        "quoteAsset": "USDT",
        "quoteAssetPrecision": 2,
        "isSpotTradingAllowed": True,
        "quoteAmountPrecision": "1.000000000000000000000000000000",
        "baseSizePrecision": "0.000001",
        "tradeSideType": "1",
        "filters": [],
        **changed,
    }


def rights(**changed: Any) -> dict[str, Any]:
    return {
        "accessKey": "mx0",
        "permissions": "SPOT_ACCOUNT_READ,SPOT_DEAL_READ,SPOT_DEAL_WRITE",
        "ipWhiteList": "",
        "status": "VALID",
        **changed,
    }


@pytest.mark.parametrize("size", ["origQty", "Qty"])
def test_an_order_says_how_much_of_it_was_executed(size: str) -> None:
    row = order_row()
    row[size] = row.pop("origQty")
    seen = order_of(row, OURS, market_id="BTCUSDT", ended=ENDED)
    assert (seen.lots, seen.filled_lots, seen.ended) == (200, 150, True)
    assert (seen.status, seen.venue_order_id) == ("PARTIALLY_CANCELED", "C02__15")


@pytest.mark.parametrize(
    "changed",
    [
        {"clientOrderId": "other"},
        {"clientOrderId": None},
        {"symbol": "ETHUSDT"},
        {"side": "SELL"},
        {"side": "LONG"},
        {"orderId": 15},
        {"orderId": "a b"},
        {"origQty": "0.0020001"},
        {"executedQty": None},
        {"status": ""},
    ],
)
def test_another_order_is_none_of_ours(changed: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        order_of(order_row(**changed), OURS, market_id="BTCUSDT", ended=ENDED)


def test_a_receipt_is_of_this_order_or_none() -> None:
    told = {"symbol": "BTCUSDT", "orderId": "C02__7", "side": "BUY", "origQty": "0.00200"}
    assert received_id(told, OURS, market_id="BTCUSDT") == "C02__7"
    short = {"symbol": "BTCUSDT", "orderId": "C02__7", "orderListId": -1}
    assert received_id(short, OURS, market_id="BTCUSDT") == "C02__7"
    for changed in ({"origQty": "0.02"}, {"symbol": "X"}, {"side": "SELL"}, {"orderId": ""}):
        with pytest.raises(Unreadable):
            received_id({**told, **changed}, OURS, market_id="BTCUSDT")


def test_a_resting_order_has_what_is_left_of_it() -> None:
    seen = open_order_of(order_row(status="PARTIALLY_FILLED", side="SELL"), spot_btc())
    assert (seen.lots, seen.limit_price, seen.reduce_only) == (-50, Decimal(60_000), False)
    assert open_order_of(order_row(clientOrderId=None), spot_btc()).client_order_id == ""


def test_an_execution_names_its_order_or_is_known_by_it() -> None:
    nobody = fill(execution())
    assert (nobody.side, nobody.quantity, nobody.fee) == (
        Side.SELL,
        Decimal("0.001"),
        Decimal("0.03"),
    )
    assert (nobody.client_order_id, nobody.fee_asset) == (None, Asset("USDT"))
    known = fill(execution(), {("BTCUSDT", "C02__15"): ClientOrderId("ours")})
    assert known.client_order_id == "ours"
    assert fill(execution(clientOrderId="told")).client_order_id == "told"
    assert fill(execution(isBuyer=True)).side is Side.BUY


def test_numbers_of_executions_rise_with_time_and_differ_within_an_instant() -> None:
    first, second = fill(execution()), fill(execution(id="dd44f79dda764c2e927a190ac5e7a1e5"))
    later = fill(execution(time=1_672_282_722_430))
    assert stamp_of(first.trade_id) == stamp_of(second.trade_id) == 1_672_282_722_429
    assert first.trade_id != second.trade_id
    assert max(int(first.trade_id), int(second.trade_id)) < int(later.trade_id)
    assert fill(execution()).trade_id == first.trade_id
    assert len(first.trade_id) == 33


@pytest.mark.parametrize(
    "changed",
    [
        {"symbol": "ETHUSDT"},
        {"isBuyer": "false"},
        {"id": ""},
        {"id": "a b"},
        {"time": 1},
        {"clientOrderId": 5},
        {"commissionAsset": None},
    ],
)
def test_an_execution_that_cannot_be_read_is_none(changed: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        fill(execution(**changed))


def test_a_name_is_text_or_none() -> None:
    assert client_id_of({"clientOrderId": ""}) is None
    with pytest.raises(Unreadable):
        client_id_of({"clientOrderId": 7})


def test_coins_that_are_held_are_read_and_none_is_told_twice() -> None:
    row = {"asset": "BTC", "free": "0.5", "locked": "0.1"}
    nothing = {"asset": "ETH", "free": "0", "locked": "0.0"}
    told = {"balances": [row, nothing]}
    assert balances_of(told) == {Asset("BTC"): Balance(free=Decimal("0.5"), locked=Decimal("0.1"))}
    for wrong in (
        [row, row],
        [nothing, nothing],
        [{**row, "free": "-1"}],
        [{**row, "locked": "-1"}],
    ):
        with pytest.raises(Unreadable):
            balances_of({"balances": wrong})


def test_a_fee_is_read_from_an_answer_that_is_well() -> None:
    told = {"code": 0, "msg": "success", "data": {"takerCommission": Decimal("0.0005")}}
    assert taker_fee_of(told) == Decimal("0.0005")
    for wrong in ({**told, "code": 7}, {**told, "data": None}, {**told, "data": {}}):
        with pytest.raises(Unreadable):
            taker_fee_of(wrong)


def test_a_market_has_the_grid_of_its_places_and_its_least_sizes() -> None:
    seen = spot_instrument_of(market(baseSizePrecision="0.0001"), taker_fee=Decimal("0.0005"))
    assert (seen.symbol, seen.lot_size, seen.tick_size) == (
        Symbol("BTC/USDT"),
        Decimal("0.000001"),
        Decimal("0.01"),
    )
    assert (seen.lots_min, seen.notional_min, seen.tradable) == (100, Decimal(1), True)
    assert spot_instrument_of(market(baseSizePrecision="0"), taker_fee=Decimal(0)).lots_min == 1


@pytest.mark.parametrize(
    "changed", [{"status": "2"}, {"isSpotTradingAllowed": False}, {"tradeSideType": "2"}]
)
def test_a_market_that_keys_may_not_trade_on_both_sides_is_not_traded(
    changed: dict[str, Any],
) -> None:
    assert not spot_instrument_of(market(**changed), taker_fee=Decimal(0)).tradable


@pytest.mark.parametrize(
    "changed",
    [
        {"baseAssetPrecision": -1},
        {"baseAssetPrecision": 31},
        {"quoteAssetPrecision": "x"},
        {"isSpotTradingAllowed": "true"},
        {"status": 1},
    ],
)
def test_a_market_that_cannot_be_read_is_none(changed: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        spot_instrument_of(market(**changed), taker_fee=Decimal(0))


def test_a_market_that_is_listed_twice_is_not_read() -> None:
    assert list(spot_markets({"symbols": [market()]})) == ["BTC/USDT"]
    with pytest.raises(Unreadable):
        spot_markets({"symbols": [market(), market()]})


def test_limits_are_bounded_by_shares_of_the_price() -> None:
    told = {"filterType": "PERCENT_PRICE_BY_SIDE", "bidMultiplierUp": "0.005"}
    band = spot_price_band_of(market(filters=[{**told, "askMultiplierDown": "0.004"}]))
    assert band is not None
    assert (band.buy_high, band.sell_low) == (Decimal("1.005"), Decimal("0.996"))
    wide = spot_price_band_of(market(filters=[{**told, "askMultiplierDown": "3"}]))
    assert wide is not None
    assert wide.sell_low == Decimal("0.01")
    assert spot_price_band_of(market()) is None
    for wrong in ("0", "-0.1", "x"):
        with pytest.raises(Unreadable):
            spot_price_band_of(market(filters=[{**told, "askMultiplierDown": wrong}]))


def test_rights_of_a_key_are_read_word_by_word() -> None:
    seen = key_rights_of(rights(), use=KeyUse.SEND, key="mx0", has_futures=False)
    assert (seen.reads, seen.trades_spot, seen.trades_futures) == (True, True, False)
    assert not seen.withdraws
    assert not seen.transfers_out
    assert not seen.borrows
    assert not seen.is_bound_to_ip
    words = "SPOT_WITHDRAW_WRITE,SPOT_TRANSFER_WRITE,ISOLATED_MARGIN_DEAL_WRITE,CONTRACT_DEAL_WRITE"
    more = key_rights_of(
        rights(permissions=words, ipWhiteList="192.0.2.1"),
        use=KeyUse.SEND,
        key="mx0",
        has_futures=False,
    )
    assert (more.withdraws, more.transfers_out, more.borrows) == (True, True, True)
    assert (more.transfers_within, more.trades_futures, more.is_bound_to_ip) == (True, True, True)
    assert (more.reads, more.trades_spot) == (False, False)


def test_a_key_that_reads_coins_alone_does_not_read_an_account_with_contracts() -> None:
    seen = key_rights_of(rights(), use=KeyUse.SEND, key="mx0", has_futures=True)
    assert not seen.reads


@pytest.mark.parametrize(
    "changed",
    [
        {"accessKey": "another"},
        {"status": "FROZEN"},
        {"permissions": "SPOT_ACCOUNT_READ,EVERYTHING"},
        {"permissions": ""},
        {"ipWhiteList": None},
    ],
)
def test_rights_that_are_not_surely_of_this_key_are_not_told(changed: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        key_rights_of(rights(**changed), use=KeyUse.SEND, key="mx0", has_futures=False)
