"""Contracts of WEEX as the venue writes them, and tiers by a person's word."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.builders import swap
from trimtab.adapters.weex.contract_fills import fill_of, income_payments, trade_payments
from trimtab.adapters.weex.contract_orders import (
    cancelled_number,
    only_reduces,
    open_order_of,
    position_side,
    waiting_order_of,
)
from trimtab.adapters.weex.contracts import (
    FOR_KEYS,
    leverage_most,
    linear_instrument_of,
    linear_markets,
    prices_of,
    require_both_sides,
    settings_of,
    taker_fee_of,
    traded_by_keys,
)
from trimtab.adapters.weex.margin import (
    Measured,
    brackets_of,
    hold_against,
    maintained,
    pools_of,
    positions_of,
)
from trimtab.adapters.wire.exact import Unreadable, Unserved
from trimtab.domain.declared import MaintenanceTier
from trimtab.domain.exact import exact_arithmetic
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.margin import bracket_of, maintenance
from trimtab.domain.orders import ClientOrderId, Side, VenueOrderId
from trimtab.domain.payments import PaymentKind
from trimtab.domain.snapshot import MarginMode

USDT, SYMBOL, NAME = Asset("USDT"), Symbol("BTC/USDT:USDT"), "BTCUSDT"
BTC = swap("BTC", lot_size=Decimal("0.0001"), tick_size=Decimal("0.1"))
TIERS = (
    MaintenanceTier(up_to=Decimal(50_000), rate=Decimal("0.005")),
    MaintenanceTier(up_to=Decimal(100_000), rate=Decimal("0.01")),
    MaintenanceTier(up_to=Decimal(2_000_000), rate=Decimal("0.5")),
)


def contract(**changed: Any) -> dict[str, Any]:
    row = {
        "symbol": NAME,
        "baseAsset": "BTC",
        "quoteAsset": "USDT",
        "marginAsset": "USDT",
        "pricePrecision": "1",
        "quantityPrecision": "4",
        "contractVal": "0.0001",
        "forwardContractFlag": True,
        "maxLeverage": "400",
        "takerFeeRate": "0.0008",
        "minOrderSize": "0.0001",
        "maxOrderSize": "1200",
        FOR_KEYS: True,
    }
    return row | changed


def position(**changed: Any) -> dict[str, Any]:
    row = {
        "symbol": NAME,
        "side": "SHORT",
        "marginType": "CROSSED",
        "separatedMode": "COMBINED",
        "size": "0.02",
        "openValue": "1200",
        "unrealizePnl": "-5",
        "liquidatePrice": "0",
    }
    return row | changed


def one_order(**changed: Any) -> dict[str, Any]:
    row = {
        "orderId": "7",
        "clientOrderId": "by-hand",
        "symbol": NAME,
        "side": "BUY",
        "positionSide": "SHORT",
        "reduceOnly": True,
        "origQty": "0.01",
        "executedQty": "0",
        "price": "59000",
        "stopPrice": "0",
    }
    return row | changed


# Markets


def test_a_market_is_read_with_its_grid_and_the_dearer_fee() -> None:
    seen = linear_instrument_of(contract(), taker_fee=Decimal("0.001"))
    assert (seen.symbol, seen.base, seen.settle) == (SYMBOL, "BTC", "USDT")
    assert (seen.lot_size, seen.tick_size) == (Decimal("0.0001"), Decimal("0.1"))
    assert (seen.lots_min, seen.lots_max, seen.contract_size) == (1, 12_000_000, 1)
    assert seen.taker_fee == Decimal("0.001")
    assert linear_instrument_of(contract(), taker_fee=Decimal(0)).taker_fee == Decimal("0.0008")
    assert seen.tradable
    assert not linear_instrument_of(contract(**{FOR_KEYS: False}), taker_fee=Decimal(0)).tradable


@pytest.mark.parametrize(
    ("places", "size", "lot"),
    [("4", "0.0001", "0.0001"), ("0", "100", "100"), ("3", "0.01", "0.01"), ("2", "0.001", "0.01")],
)
def test_the_coarser_of_two_grids_counts(places: str, size: str, lot: str) -> None:
    row = contract(quantityPrecision=places, contractVal=size)
    assert linear_instrument_of(row, taker_fee=Decimal(0)).lot_size == Decimal(lot)


@pytest.mark.parametrize(
    "changed",
    [
        {"contractVal": "0.0003", "quantityPrecision": "1"},
        {"contractVal": "0"},
        {"quantityPrecision": "-1"},
        {"pricePrecision": "1.5"},
        {FOR_KEYS: None},
    ],
)
def test_a_market_without_a_grid_is_unreadable(changed: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        linear_instrument_of(contract(**changed), taker_fee=Decimal(0))


def test_only_perpetuals_that_settle_in_dollars_are_listed() -> None:
    coin = contract(symbol="BTCUSD", quoteAsset="USD", marginAsset="BTC")
    other = contract(symbol="ETHUSDT", baseAsset="ETH", forwardContractFlag=False)
    assert list(linear_markets({"symbols": [contract(), coin, other]})) == [SYMBOL]
    with pytest.raises(Unreadable, match="listed twice"):
        linear_markets({"symbols": [contract(), contract()]})
    with pytest.raises(Unreadable, match="forwardContractFlag"):
        linear_markets({"symbols": [contract(forwardContractFlag="yes")]})
    assert traded_by_keys(["BTCUSDT"]) == {"BTCUSDT"}
    with pytest.raises(Unreadable):
        traded_by_keys([{"symbol": "BTCUSDT"}])


def test_prices_fees_and_settings_are_of_the_contract_that_was_asked_for() -> None:
    told = {"symbol": NAME, "markPrice": "6", "indexPrice": "7", "forecastFundingRate": "-0.001"}
    seen = prices_of([told], market_id=NAME)
    assert seen is not None
    assert (seen.mark, seen.index, seen.funding_rate) == (6, 7, Decimal("-0.001"))
    assert prices_of([{**told, "markPrice": "0"}], market_id=NAME) is None
    for wrong in ([], [told, told], [{**told, "symbol": "ETHUSDT"}]):
        with pytest.raises(Unreadable):
            prices_of(wrong, market_id=NAME)
    assert taker_fee_of({"symbol": NAME, "takerCommissionRate": "-1"}, market_id=NAME) == 0
    with pytest.raises(Unreadable):
        taker_fee_of({"symbol": "ETHUSDT", "takerCommissionRate": "0"}, market_id=NAME)


@pytest.mark.parametrize(
    ("changed", "leverage", "mode"),
    [
        ({}, 20, MarginMode.CROSS),
        ({"marginType": "ISOLATED"}, 30, MarginMode.ISOLATED),
    ],
)
def test_of_isolated_margin_the_higher_leverage_counts(
    changed: dict[str, Any], leverage: int, mode: MarginMode
) -> None:
    told = {
        "symbol": NAME,
        "marginType": "CROSSED",
        "separatedType": "COMBINED",
        "crossLeverage": "20.00",
        "isolatedLongLeverage": "30.00",
        "isolatedShortLeverage": "10.00",
    }
    seen = settings_of([told | changed], market_id=NAME)
    assert (seen.leverage, seen.margin_mode) == (leverage, mode)
    for wrong in ({"crossLeverage": "20.5"}, {"crossLeverage": "0"}, {"marginType": "SHARED"}):
        with pytest.raises(Unreadable):
            settings_of([told | wrong], market_id=NAME)
    with pytest.raises(Unserved, match="kept apart"):
        settings_of([told | {"separatedType": "SEPARATED"}], market_id=NAME)


def test_only_an_account_with_two_sides_is_served() -> None:
    assert require_both_sides({"dualSidePosition": True})
    with pytest.raises(Unserved, match="one-way mode"):
        require_both_sides({"dualSidePosition": False})
    with pytest.raises(Unreadable):
        require_both_sides({"dualSidePosition": "true"})


# Tiers


def test_declared_tiers_are_a_table_that_ends_where_they_end() -> None:
    steps = brackets_of(TIERS, most=80)
    assert [(s.notional_floor, s.notional_cap) for s in steps[:3]] == [
        (0, 50_000),
        (50_000, 100_000),
        (100_000, 2_000_000),
    ]
    assert [s.leverage_max for s in steps] == [80, 50, 1, 1]
    assert bracket_of(Decimal(1_999_999), steps) == steps[2]
    assert bracket_of(Decimal(2_000_001), steps) is None
    with exact_arithmetic():
        assert maintenance(Decimal(49_999), steps) == Decimal("249.995")
        assert maintenance(Decimal(60_000), steps) == 600
        assert maintenance(Decimal(3_000_000), steps) == 3_000_000
    assert leverage_most(contract()) == 400
    with pytest.raises(Unreadable):
        leverage_most(contract(maxLeverage="0"))


def test_a_position_is_read_with_side_entry_and_what_it_maintains() -> None:
    (held,) = positions_of([position(), position(symbol="ETHUSDT", size="0")])
    assert (held.position.count, held.position.entry_price) == (Decimal("-0.02"), 60_000)
    assert held.position.liquidation_price is None
    row = maintained(held, TIERS, mark=Decimal(60_000), most=400)
    assert (row.maintenance, row.profit) == (6, -5)
    (long,) = positions_of([position(side="LONG", liquidatePrice="1000.5")])
    assert (long.position.count, long.position.liquidation_price) == (
        Decimal("0.02"),
        Decimal("1000.5"),
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"side": "BOTH"},
        {"size": "-0.02"},
        {"marginType": "SHARED"},
        {"openValue": "0"},
        {"liquidatePrice": "-1"},
        {"separatedMode": None},
    ],
)
def test_a_position_that_says_something_else_is_unreadable(changed: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        positions_of([position(**changed)])


def wallet(**changed: Any) -> dict[str, Any]:
    row = {
        "asset": "USDT",
        "balance": "995",
        "availableBalance": "935",
        "frozen": "10",
        "unrealizePnl": "-5",
    }
    return row | changed


def test_a_wallet_is_its_total_without_what_is_not_realised() -> None:
    (held,) = positions_of([position()])
    row = maintained(held, TIERS, mark=Decimal(60_000), most=400)
    pool = pools_of([wallet()], (row,))[USDT]
    assert (pool.wallet_balance, pool.balance, pool.initial_margin) == (1000, 995, 60)
    assert (pool.free_margin, pool.maintenance_margin) == (935, 6)
    won = pools_of([wallet(unrealizePnl="100", availableBalance="935")], ())[USDT]
    assert (won.wallet_balance, won.free_margin) == (895, 835)
    frozen = pools_of([wallet(availableBalance="2000", frozen="10")], ())[USDT]
    assert (frozen.initial_margin, frozen.free_margin) == (10, 990)
    for wrong in ([], [wallet(), wallet()], [wallet(frozen="-1")], [wallet(asset="BTC")]):
        with pytest.raises(Unreadable):
            pools_of(wrong, ())


@pytest.mark.parametrize(
    ("at", "is_held"),
    [
        (None, True),
        ("105000", True),  # About the declared rate is left.
        ("104300", True),  # About a half more and 0.2 % is left.
        ("104200", False),
        ("70000", False),
    ],
)
def test_a_liquidation_price_is_held_against_the_tier_at_that_price(
    at: str | None, is_held: bool
) -> None:
    # A short of 0.9 at 60,000 that has 41,000 behind it: at 105,000 the tier up to 100,000 holds.
    (held,) = positions_of(
        [position(size="0.9", openValue="54000", unrealizePnl="0", liquidatePrice=at or "0")]
    )
    row = maintained(held, TIERS, mark=Decimal(60_000), most=400)
    told = {"balance": "41450", "availableBalance": "41450", "unrealizePnl": "0", "frozen": "0"}
    pool = pools_of([wallet(**told)], (row,))[USDT]
    measured = Measured(row=row, tiers=TIERS, mark=Decimal(60_000))
    if is_held:
        hold_against([measured], pool)
        return
    with pytest.raises(Unserved, match=f"liquidates at {at}, .* the tier up to 100000 says 0.01"):
        hold_against([measured], pool)


def test_a_liquidation_beyond_the_last_tier_is_told_as_one_that_lacks_a_tier() -> None:
    (held,) = positions_of([position(size="0.9", openValue="54000", liquidatePrice="120000")])
    few = TIERS[:2]
    row = maintained(held, few, mark=Decimal(60_000), most=400)
    told = {"balance": "56160", "availableBalance": "100", "unrealizePnl": "0", "frozen": "0"}
    pool = pools_of([wallet(**told)], (row,))[USDT]
    measured = Measured(row=row, tiers=few, mark=Decimal(60_000))
    with pytest.raises(Unserved, match="a value of 108000, beyond the last tier") as refused:
        hold_against([measured], pool)
    assert "next tiers of BTCUSDT" in refused.value.next_step
    more = (*few, MaintenanceTier(up_to=Decimal(200_000), rate=Decimal("0.02")))
    hold_against([replace(measured, tiers=more)], pool)


def test_what_other_positions_maintain_is_not_left_for_one() -> None:
    (held,) = positions_of([position(size="0.9", openValue="54000", liquidatePrice="104300")])
    (other,) = positions_of([position(symbol="ETHUSDT", size="2", openValue="90000")])
    row, beside = (
        maintained(each, TIERS, mark=Decimal(60_000), most=400) for each in (held, other)
    )
    told = {"balance": "101450", "availableBalance": "100", "unrealizePnl": "0", "frozen": "0"}
    measured = Measured(row=row, tiers=TIERS, mark=Decimal(60_000))
    both = pools_of([wallet(**told)], (row, beside))[USDT]
    alone = pools_of([wallet(**told)], (row,))[USDT]
    assert both.maintenance_margin - alone.maintenance_margin == beside.maintenance
    hold_against([measured], both)
    with pytest.raises(Unserved, match="liquidates at 104300"):
        hold_against([measured], alone)


# Orders


def test_an_order_names_its_position_by_its_side_and_what_it_is_for() -> None:
    words = {(s, c): position_side(s, closes=c) for s in Side for c in (True, False)}
    assert words == {
        (Side.BUY, False): "LONG",
        (Side.BUY, True): "SHORT",
        (Side.SELL, False): "SHORT",
        (Side.SELL, True): "LONG",
    }


@pytest.mark.parametrize(
    ("changed", "reduces"),
    [
        ({}, True),
        ({"reduceOnly": False}, False),
        ({"positionSide": "LONG"}, False),
        ({"side": "SELL", "positionSide": "LONG"}, True),
    ],
)
def test_an_order_that_rests_reduces_when_all_of_it_says_so(
    changed: dict[str, Any], reduces: bool
) -> None:
    seen = open_order_of(one_order(**changed), BTC)
    assert (seen.reduce_only, abs(seen.lots), seen.limit_price) == (reduces, 100, 59_000)


def test_an_order_whose_flag_is_not_told_is_known_by_its_position() -> None:
    untold = one_order()
    del untold["reduceOnly"]
    assert only_reduces(untold)
    assert not only_reduces({**untold, "positionSide": "LONG"})


def test_an_order_of_no_position_is_unreadable() -> None:
    for wrong in ({"positionSide": "BOTH"}, {"reduceOnly": "true"}, {"side": "HOLD"}):
        with pytest.raises(Unreadable):
            open_order_of(one_order(**wrong), BTC)


def waits(**changed: Any) -> dict[str, Any]:
    row = {
        "algoId": 8,
        "clientAlgoId": "mine",
        "side": "BUY",
        "positionSide": "SHORT",
        "reduceOnly": True,
        "closePosition": False,
        "quantity": "0.01",
        "triggerPrice": "66000",
        "price": "0",
    }
    return row | changed


def test_an_order_that_waits_counts_at_the_dearer_of_its_trigger_and_its_limit() -> None:
    seen = waiting_order_of(waits(), BTC)
    assert (seen.lots, seen.limit_price, seen.reduce_only) == (100, 66_000, True)
    assert (seen.client_order_id, seen.venue_order_id) == ("mine", "8")
    assert waiting_order_of(waits(price="67000"), BTC).limit_price == 67_000
    assert waiting_order_of(waits(clientAlgoId=None), BTC).client_order_id == ""
    assert waiting_order_of(waits(quantity="0", closePosition=True), BTC).lots == 0
    for wrong in (
        {"quantity": "0"},
        {"quantity": "0", "closePosition": True, "reduceOnly": False},
        {"triggerPrice": "0"},
        {"algoId": None},
        {"algoId": True},
    ):
        with pytest.raises(Unreadable):
            waiting_order_of(waits(**wrong), BTC)


def test_a_cancel_is_of_the_order_that_it_names() -> None:
    assert cancelled_number({"orderId": "7", "success": True}) == "7"
    for wrong in ({"orderId": "7"}, {"orderId": "7", "success": False}, {"success": True}):
        with pytest.raises(Unreadable):
            cancelled_number(wrong)


# Executions and payments


def trade(**changed: Any) -> dict[str, Any]:
    row = {
        "id": 801234567890123456,
        "orderId": 702345678901234567,
        "symbol": NAME,
        "side": "SELL",
        "positionSide": "SHORT",
        "commission": "0.48",
        "commissionAsset": "USDT",
        "price": "60000",
        "qty": "0.01",
        "quoteQty": "600",
        "realizedPnl": "-1.5",
        "time": 1764505701456,
    }
    return row | changed


def test_an_execution_is_whose_order_it_is_of() -> None:
    number, name = VenueOrderId("702345678901234567"), ClientOrderId("ours")
    fill = fill_of(trade(), BTC, market_id=NAME, names={(BTC.symbol, number): name})
    assert (fill.client_order_id, fill.side, fill.quantity) == (name, Side.SELL, Decimal("0.01"))
    assert (fill.fee, fill.fee_asset) == (Decimal("0.48"), "USDT")
    assert fill_of(trade(), BTC, market_id=NAME, names={}).client_order_id is None


@pytest.mark.parametrize(
    "changed",
    [
        {"symbol": "ETHUSDT"},
        {"qty": "0"},
        {"qty": "1"},
        {"quoteQty": "6"},
        {"orderId": "a"},
        {"side": "LONG"},
    ],
)
def test_an_execution_that_does_not_add_up_is_unreadable(changed: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        fill_of(trade(**changed), BTC, market_id=NAME, names={})


def test_an_execution_costs_its_commission_and_brings_its_profit() -> None:
    paid = [(p.kind, p.units, p.asset, p.symbol) for p in trade_payments(trade())]
    assert paid == [
        (PaymentKind.COMMISSION, Decimal("-0.48"), "USDT", SYMBOL),
        (PaymentKind.REALISED_PROFIT, Decimal("-1.5"), "USDT", SYMBOL),
    ]
    odd = [(p.kind, p.asset) for p in trade_payments(trade(commissionAsset="WXT"))]
    assert odd == [(PaymentKind.COMMISSION, "WXT"), (PaymentKind.REALISED_PROFIT, "USDT")]
    assert list(trade_payments(trade(commission="0", realizedPnl="0"))) == []


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("position_funding", PaymentKind.FUNDING),
        ("withdraw", PaymentKind.TRANSFER),
        ("transfer_in", PaymentKind.TRANSFER),
        ("order_fix_margin_amount", PaymentKind.LIQUIDATION_CLEARANCE),
        ("tracking_follow_pay", PaymentKind.OTHER),
        ("something_new", PaymentKind.OTHER),
        ("position_open_long", None),
        ("position_close_short", None),
        ("margin_move_in", None),
    ],
)
def test_income_is_what_executions_do_not_tell(word: str, kind: PaymentKind | None) -> None:
    row = {
        "billId": "9",
        "asset": "USDT",
        "symbol": NAME,
        "income": "-0.25",
        "incomeType": word,
        "time": "1764505701456",
    }
    paid = list(income_payments(row))
    assert [(p.kind, p.units, p.symbol) for p in paid] == (
        [] if kind is None else [(kind, Decimal("-0.25"), SYMBOL)]
    )
    assert [p.symbol for p in income_payments({**row, "symbol": None})] == [None] * len(paid)
    assert list(income_payments({**row, "income": "0"})) == []
    for wrong in ({"symbol": 5}, {"billId": None}, {"time": "soon"}):
        with pytest.raises(Unreadable):
            list(income_payments({**row, **wrong}))
