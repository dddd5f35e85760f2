"""Contracts of MEXC as the venue writes them, read whole or not at all."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from trimtab.adapters.mexc.contract_fills import fill_of, trade_of
from trimtab.adapters.mexc.contract_orders import (
    cancelled_number,
    open_order_of,
    order_row,
    order_rows,
    received_number,
)
from trimtab.adapters.mexc.contracts import (
    RiskStep,
    brackets_of,
    is_done,
    linear_instrument_of,
    linear_markets,
    prices_of,
    risk_steps,
    rows_told,
    taker_fee_of,
    told_of,
)
from trimtab.adapters.mexc.instruments import linear_price_band_of
from trimtab.adapters.mexc.margin import (
    maintained,
    pools_of,
    position_mode_of,
    positions_of,
    settings_of,
    tightest,
)
from trimtab.adapters.mexc.payments import funding_of, move_of, trade_payments
from trimtab.adapters.mexc.venue import json_number
from trimtab.adapters.wire.exact import SeveralMargins, Unreadable, Unserved
from trimtab.domain.errors import Refused
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.orders import ClientOrderId, Side, VenueOrderId
from trimtab.domain.payments import PaymentKind
from trimtab.domain.snapshot import MarginMode, PositionMode

NAME, SYMBOL = "BTC_USDT", Symbol("BTC/USDT:USDT")
USDT = Asset("USDT")


def answer(told: object, **changed: Any) -> dict[str, Any]:
    return {"success": True, "code": 0, "data": told, **changed}


def contract(**changed: Any) -> dict[str, Any]:
    steps = [
        {"level": 2, "maxVol": 120_000, "mmr": Decimal("0.004"), "maxLeverage": 200},
        {"level": 1, "maxVol": 50_000, "mmr": Decimal("0.001"), "maxLeverage": 500},
    ]
    return {
        "symbol": NAME,
        "baseCoin": "BTC",
        "quoteCoin": "USDT",
        "settleCoin": "USDT",
        "futureType": 1,
        "positionOpenType": 3,
        "contractSize": Decimal("0.0001"),
        "maxLeverage": 500,
        "countryConfigContractMaxLeverage": 0,
        "priceUnit": Decimal("0.1"),
        "volUnit": 1,
        "minVol": 1,
        "maxVol": 400_000,
        "limitMaxVol": 250_000,
        "bidLimitPriceRate": Decimal("0.1"),
        "askLimitPriceRate": Decimal("0.2"),
        "maintenanceMarginRate": Decimal("0.004"),
        "initialMarginRate": Decimal("0.008"),
        "riskBaseVol": 150_000,
        "riskIncrVol": 100_000,
        "riskIncrMmr": Decimal("0.004"),
        "riskIncrImr": Decimal("0.008"),
        "riskLevelLimit": 3,
        "state": 0,
        "riskLimitType": "BY_VOLUME",
        "riskLimitMode": "CUSTOM",
        "riskLimitCustom": steps,
        "liquidationFeeRate": Decimal("0.0004"),
        "apiAllowed": True,
        **changed,
    }


BTC = linear_instrument_of(contract(), taker_fee=Decimal("0.0002"))


@pytest.mark.parametrize(
    "document",
    [
        answer(None, success=False),
        answer(None, code=500),
        answer(None, code=None),
        {"success": True, "code": 0},
        {"code": 0, "data": 1},
        [],
    ],
)
def test_what_is_no_success_is_not_read(document: Any) -> None:
    with pytest.raises(Unreadable):
        told_of(document)


def test_a_setting_is_made_when_the_answer_says_so_and_not_otherwise() -> None:
    assert is_done({"success": True, "code": 0}) is True
    assert is_done({"success": True, "code": 600}) is None
    assert is_done({"success": False, "code": 0}) is None


def test_rows_come_as_a_list_or_as_a_page() -> None:
    assert rows_told(answer([{"id": 1}])) == rows_told(answer({"resultList": [{"id": 1}]}))
    with pytest.raises(Unreadable):
        rows_told(answer({"rows": []}))


def test_only_perpetuals_that_settle_in_the_dollar_coin_are_listed() -> None:
    others = [
        contract(symbol="BTC_USD", quoteCoin="USD", settleCoin="BTC"),
        contract(symbol="BTC_USDC", quoteCoin="USDC", settleCoin="USDC"),
        contract(symbol="BTC_USDT_261225", futureType=2),
    ]
    assert linear_markets(answer([*others, contract()])) == {SYMBOL: contract()}
    with pytest.raises(Unreadable, match="listed twice"):
        linear_markets(answer([contract(), contract()]))


def test_a_contract_is_a_part_of_a_coin_and_the_smaller_of_two_largest_sizes_counts() -> None:
    assert (BTC.lot_size, BTC.contract_size, BTC.tick_size) == (
        Decimal("0.0001"),
        Decimal("0.0001"),
        Decimal("0.1"),
    )
    assert (BTC.lots_min, BTC.lots_max, BTC.notional_min) == (1, 250_000, 0)
    assert BTC.tradable
    steps = linear_instrument_of(contract(volUnit=10, minVol=15), taker_fee=Decimal(0))
    assert (steps.lot_size, steps.lots_min, steps.lots_max) == (Decimal("0.001"), 2, 25_000)


@pytest.mark.parametrize("changed", [{"apiAllowed": False}, {"state": 4}, {"positionOpenType": 1}])
def test_a_contract_that_takes_no_order_of_ours_is_not_tradable(changed: dict[str, Any]) -> None:
    assert not linear_instrument_of(contract(**changed), taker_fee=Decimal(0)).tradable


@pytest.mark.parametrize(
    "changed",
    [{"contractSize": 0}, {"volUnit": 0}, {"volUnit": Decimal("0.5")}, {"apiAllowed": "true"}],
)
def test_a_contract_of_no_count_is_unreadable(changed: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        linear_instrument_of(contract(**changed), taker_fee=Decimal(0))


def test_limits_are_taken_within_shares_of_the_price() -> None:
    band = linear_price_band_of(contract())
    assert (band.buy_high, band.sell_low) == (Decimal("1.1"), Decimal("0.8"))


# The maintenance table


def test_steps_that_are_listed_are_read_by_their_level() -> None:
    assert risk_steps(contract()) == (
        RiskStep(ends_at=Decimal(50_000), rate=Decimal("0.001"), leverage_max=500),
        RiskStep(ends_at=Decimal(120_000), rate=Decimal("0.004"), leverage_max=200),
    )


def test_steps_that_grow_are_counted_out() -> None:
    steps = risk_steps(contract(riskLimitMode="INCREASE"))
    assert [step.ends_at for step in steps] == [150_000, 250_000, 350_000]
    assert [step.rate for step in steps] == [Decimal(n) / 1000 for n in (4, 8, 12)]
    assert [step.leverage_max for step in steps] == [125, 62, 41]


def row(level: int, most: int, rate: str) -> dict[str, Any]:
    return {"level": level, "maxVol": most, "mmr": Decimal(rate), "maxLeverage": 10}


@pytest.mark.parametrize(
    "changed",
    [
        {"riskLimitType": "BY_MOON"},
        {"riskLimitMode": "OTHER"},
        {"riskLimitCustom": []},
        {"riskLimitCustom": [row(1, 50, "0")]},
        {"riskLimitCustom": [row(1, 50, "1")]},
        {"riskLimitCustom": [row(1, 0, "0.01")]},
        {"riskLimitCustom": [row(1, 50, "0.01"), row(2, 50, "0.02")]},
        {"riskLimitCustom": [row(1, 50, "0.02"), row(2, 60, "0.01")]},
        {"riskLimitMode": "INCREASE", "riskLevelLimit": 0},
        {"riskLimitMode": "INCREASE", "riskLevelLimit": 201},
        {"riskLimitMode": "INCREASE", "riskIncrVol": 0},
        {"riskLimitMode": "INCREASE", "initialMarginRate": 0},
    ],
)
def test_a_table_that_is_none_is_unreadable(changed: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        risk_steps(contract(**changed))


def brackets(mark: int, told: str = "0", **changed: Any) -> list[tuple[Any, ...]]:
    steps = brackets_of(contract(**changed), mark=Decimal(mark), told_rate=Decimal(told))
    return [(s.notional_floor, s.notional_cap, s.leverage_max, s.maintenance_ratio) for s in steps]


def test_a_step_ends_where_the_first_of_two_readings_ends() -> None:
    """50,000 contracts at half of 60,000 are worth 150,000, which is more than 50,000."""
    assert brackets(60_000) == [
        (0, 50_000, 500, Decimal("0.0014")),
        (50_000, 120_000, 200, Decimal("0.0044")),
    ]
    # At 2,000 they are worth 5,000: contracts end first.
    assert [step[1] for step in brackets(2_000)] == [5_000, 12_000]


def test_no_rate_is_below_what_the_venue_tells_of_the_account() -> None:
    assert [step[3] for step in brackets(60_000, "0.002")] == [
        Decimal("0.0024"),
        Decimal("0.0044"),
    ]
    with pytest.raises(Unreadable):
        brackets(60_000, "0.9999")


def test_leverage_of_a_step_is_no_more_than_that_of_the_contract_or_of_the_country() -> None:
    assert [step[2] for step in brackets(60_000, maxLeverage=300)] == [300, 200]
    assert [step[2] for step in brackets(60_000, countryConfigContractMaxLeverage=50)] == [50, 50]


# Prices and fees


def ticker(**changed: Any) -> dict[str, Any]:
    prices = {"fairPrice": 60_000, "indexPrice": 60_010, "fundingRate": Decimal("0.0001")}
    return answer({"symbol": NAME, **prices, **changed})


def test_prices_are_those_of_the_contract_or_unreadable_and_zero_is_none() -> None:
    told = prices_of(ticker(), market_id=NAME)
    assert told is not None
    assert (told.mark, told.index, told.funding_rate) == (60_000, 60_010, Decimal("0.0001"))
    assert prices_of(ticker(indexPrice=0), market_id=NAME) is None
    with pytest.raises(Unreadable):
        prices_of(ticker(), market_id="ETH_USDT")


def fees(**changed: Any) -> dict[str, Any]:
    own = {"originalTakerFee": Decimal("0.0004"), "realTakerFee": Decimal("0.0002")}
    steps = {"tieredFeeRates": [], "leverageFeeRates": []}
    return answer({"symbol": NAME, "enjoyDeduct": False, **own, **steps, **changed})


def test_the_dearest_of_all_rates_is_what_a_taker_pays() -> None:
    assert taker_fee_of(fees(), market_id=NAME) == Decimal("0.0004")
    dear = {"takerFeeRate": Decimal("0.001")}
    assert taker_fee_of(fees(tieredFeeRates=[dear]), market_id=NAME) == Decimal("0.001")
    assert taker_fee_of(fees(leverageFeeRates=[dear]), market_id=NAME) == Decimal("0.001")


@pytest.mark.parametrize("left_out", [None, "absent"])
@pytest.mark.parametrize(
    ("mode", "needed"),
    [
        ("NORMAL", ()),
        ("TIERED", ("tieredFeeRates",)),
        ("LEVERAGE", ("leverageFeeRates",)),
        ("ELSE", ("tieredFeeRates", "leverageFeeRates")),
        (None, ("tieredFeeRates", "leverageFeeRates")),
    ],
)
def test_a_list_of_rates_may_be_left_out_where_it_does_not_count(
    left_out: str | None, mode: str | None, needed: tuple[str, ...]
) -> None:
    for name in ("tieredFeeRates", "leverageFeeRates"):
        told = fees(feeRateMode=mode, **{name: None})
        if left_out:
            del told["data"][name]
        if name in needed:
            with pytest.raises(Unreadable):
                taker_fee_of(told, market_id=NAME)
        else:
            assert taker_fee_of(told, market_id=NAME) == Decimal("0.0004")


def test_fees_in_another_coin_are_not_served_and_those_of_another_contract_unreadable() -> None:
    with pytest.raises(Unserved, match="another coin") as told:
        taker_fee_of(fees(enjoyDeduct=True), market_id=NAME)
    assert told.value.next_step.startswith("switch MX deduction for futures off")
    for document, name in ((fees(), "ETH_USDT"), (fees(enjoyDeduct="no"), NAME)):
        with pytest.raises(Unreadable):
            taker_fee_of(document, market_id=name)


# The wallet


def wallet(**changed: Any) -> dict[str, Any]:
    return {
        "currency": "USDT",
        "positionMargin": 30,
        "availableBalance": 4_970,
        "frozenBalance": 20,
        "equity": Decimal("4989.5"),
        "unrealized": Decimal("-10.5"),
        "bonus": 0,
        "debtAmount": 0,
        "contributeMarginAmount": 0,
        **changed,
    }


def nothing(coin: str, **changed: Any) -> dict[str, Any]:
    return {**dict.fromkeys(wallet(), 0), "currency": coin, **changed}


def test_the_wallet_is_equity_without_what_is_not_realised() -> None:
    pools = pools_of(answer([wallet(), nothing("MX"), nothing("BTC", equity=1)]), ())
    assert set(pools) == {USDT, Asset("BTC")}
    pool = pools[USDT]
    assert (pool.wallet_balance, pool.unrealised_pnl) == (5_000, Decimal("-10.5"))
    assert (pool.initial_margin, pool.free_margin) == (50, 4_950)
    least = pools_of(answer([wallet(availableBalance=7)]), ())[USDT]
    assert least.free_margin == 7
    assert pools_of(answer([wallet(availableBalance=-7)]), ())[USDT].free_margin == 0


@pytest.mark.parametrize(
    "rows",
    [[nothing("MX")], [wallet(), wallet()], [wallet(positionMargin=-30)], [wallet(currency="")]],
)
def test_a_wallet_that_is_none_is_unreadable(rows: list[dict[str, Any]]) -> None:
    with pytest.raises(Unreadable):
        pools_of(answer(rows), ())


def test_a_wallet_that_holds_what_is_not_its_owners_is_not_served() -> None:
    for changed, why in ({"bonus": 5}, "a bonus"), ({"debtAmount": 1}, "is owed"):
        with pytest.raises(Unserved, match=why):
            pools_of(answer([wallet(**changed)]), ())
    with pytest.raises(SeveralMargins):
        pools_of(answer([wallet(), nothing("BTC", contributeMarginAmount=1)]), ())


# Positions and settings


def position(**changed: Any) -> dict[str, Any]:
    return {
        "positionId": 1_109_973_831,
        "symbol": NAME,
        "positionType": 2,
        "openType": 2,
        "state": 1,
        "holdVol": 100,
        "holdAvgPrice": 59_000,
        "liquidatePrice": 70_000,
        **changed,
    }


def test_a_short_is_below_nothing_and_a_liquidation_price_is_of_isolated_margin_alone() -> None:
    (short,) = positions_of(answer([position(), position(holdVol=0, symbol="ETH_USD")]))
    assert (short.position.count, short.position.liquidation_price) == (-100, None)
    assert (short.margin_mode, short.position_id) == (MarginMode.CROSS, 1_109_973_831)
    told = answer([position(positionType=1, openType=1, holdAvgPriceFullyScale="59000.125")])
    (long,) = positions_of(told)
    assert (long.position.count, long.position.liquidation_price) == (100, 70_000)
    assert (long.margin_mode, long.position.entry_price) == (
        MarginMode.ISOLATED,
        Decimal("59000.125"),
    )


@pytest.mark.parametrize(
    "changed",
    [{"positionType": 3}, {"openType": 0}, {"state": 2}, {"holdVol": -1}, {"positionId": "a"}],
)
def test_a_position_that_is_none_is_unreadable(changed: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        positions_of(answer([position(**changed)]))


def test_a_position_in_a_contract_of_another_kind_is_not_served() -> None:
    with pytest.raises(Unserved, match="BTC_USD is no perpetual"):
        positions_of(answer([position(symbol="BTC_USD")]))


def test_what_a_position_maintains_is_the_rate_of_its_step_for_all_of_it() -> None:
    (held,) = positions_of(answer([position(holdVol=10_000)]))
    mark = Decimal(60_000)
    steps = brackets_of(contract(), mark=mark, told_rate=Decimal(0))
    size = BTC.contract_size
    told = maintained(held, steps, mode=PositionMode.ONE_WAY, mark=mark, contract_size=size)
    assert (told.maintenance, told.profit) == (60_000 * Decimal("0.0044"), -1_000)
    small = replace(held, position=replace(held.position, count=Decimal(100)))
    told = maintained(small, steps, mode=PositionMode.ONE_WAY, mark=mark, contract_size=size)
    assert (told.maintenance, told.profit) == (600 * Decimal("0.0014"), 10)


def test_the_position_mode_is_a_number_by_itself_or_by_its_name_and_nothing_else() -> None:
    assert position_mode_of(answer(2)) is PositionMode.ONE_WAY
    assert position_mode_of(answer({"positionMode": 1})) is PositionMode.HEDGE
    for told in (0, 3, True, "2", None, [{"positionType": 1, "leverage": 2}], {}):
        with pytest.raises(Unreadable):
            position_mode_of(answer(told))


def side(number: int, **changed: Any) -> dict[str, Any]:
    return {"positionType": number, "openType": 2, "leverage": 20, **changed}


def test_of_two_sides_the_higher_leverage_and_rate_count_and_shared_margin_is_of_both() -> None:
    sides = settings_of(answer([side(1, currentMmr=Decimal("0.001")), side(2, leverage=3)]))
    told = tightest(sides)
    assert (told.leverage, told.margin_mode, told.rate) == (
        20,
        MarginMode.CROSS,
        Decimal("0.001"),
    )
    mixed = tightest(settings_of(answer([side(1), side(2, openType=1)])))
    assert mixed.margin_mode is MarginMode.ISOLATED
    both = settings_of(answer([side(1), side(2), side(2, openType=1, leverage=100)]))
    assert (both[2].leverage, both[2].margin_mode) == (20, MarginMode.CROSS)
    other = settings_of(answer([side(1), side(2, openType=1, leverage=100), side(2)]))
    assert other == both


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [side(1)],
        [side(1), side(3)],
        [side(1), side(2, openType=3)],
        [side(1), side(2, leverage=0)],
        [side(1), side(2, currentMmr=1)],
    ],
)
def test_settings_that_leave_a_side_open_are_unreadable(rows: list[dict[str, Any]]) -> None:
    with pytest.raises(Unreadable):
        settings_of(answer(rows))


# Orders and executions


def order(**changed: Any) -> dict[str, Any]:
    return {
        "orderId": "739113577038255616",
        "symbol": NAME,
        "price": Decimal("60000.1"),
        "vol": 40,
        "dealVol": 15,
        "side": 1,
        "state": 2,
        "externalOid": "tt1",
        "errorCode": 0,
        **changed,
    }


def test_an_order_is_written_anew_and_an_empty_answer_is_none() -> None:
    told = order_row(answer(order(orderId=739, state=4, side=4)))
    assert told is not None
    assert (told["orderId"], told["state"], told["side"], told["closes"]) == (
        "739",
        "4",
        "sell",
        True,
    )
    assert order_row(answer(None)) is None


@pytest.mark.parametrize(
    "changed", [{"side": 5}, {"side": "buy"}, {"state": None}, {"orderId": None}, {"orderId": 1.5}]
)
def test_an_order_that_is_none_is_unreadable(changed: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        order_row(answer(order(**changed)))


def test_what_rests_of_an_order_is_what_was_not_executed() -> None:
    (row,) = order_rows(answer([order(externalOid=None)]))
    rest = open_order_of(row, BTC)
    assert (rest.lots, rest.client_order_id, rest.reduce_only) == (25, "", False)
    (closing,) = order_rows(answer([order(side=4)]))
    assert (open_order_of(closing, BTC).lots, open_order_of(closing, BTC).reduce_only) == (
        -25,
        True,
    )
    (flagged,) = order_rows(answer([order(side=3, reduceOnly=True)]))
    assert open_order_of(flagged, BTC).reduce_only


def test_an_order_is_received_under_a_number_and_nothing_else_is_a_receipt() -> None:
    assert received_number(answer({"orderId": "739", "ts": 1})) == "739"
    assert received_number(answer({"orderId": 739})) == "739"
    for told in (739, "739", None, {"orderId": "a b"}, {"orderId": "0"}, {"orderId": True}, {}):
        with pytest.raises(Unreadable):
            received_number(answer(told))


def test_a_cancel_is_of_one_order_without_a_fault() -> None:
    done = {"orderId": 739, "errorCode": 0, "errorMsg": "success"}
    assert cancelled_number(answer([done])) == "739"
    for rows in ([], [done, done], [{**done, "errorCode": 2041}]):
        with pytest.raises(Unreadable):
            cancelled_number(answer(rows))


def deal(**changed: Any) -> dict[str, Any]:
    return {
        "id": "9466823344",
        "symbol": NAME,
        "side": 4,
        "vol": 15,
        "price": Decimal("60000.1"),
        "fee": Decimal("0.018"),
        "feeCurrency": "USDT",
        "profit": Decimal("1.5"),
        "orderId": 739,
        "timestamp": 1_761_912_240_000,
        **changed,
    }


def test_an_execution_is_in_base_units_with_its_fee_and_our_name() -> None:
    names = {(SYMBOL, VenueOrderId("739")): ClientOrderId("tt1")}
    fill = fill_of(deal(), BTC, market_id=NAME, names=names)
    assert (fill.quantity, fill.side, fill.fee) == (Decimal("0.0015"), Side.SELL, Decimal("0.018"))
    assert (fill.client_order_id, fill.venue_order_id) == ("tt1", "739")
    assert fill.trade_id == trade_of(deal()) == "1761912240000" + "9466823344".zfill(20)
    assert fill_of(deal(), BTC, market_id=NAME, names={}).client_order_id is None


@pytest.mark.parametrize(
    "changed",
    [
        {"symbol": "ETH_USDT"},
        {"feeCurrency": "MX"},
        {"vol": 0},
        {"orderId": "a"},
        {"side": 0},
        {"id": None},
        {"timestamp": 1},
    ],
)
def test_an_execution_that_is_none_is_unreadable(changed: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        fill_of(deal(**changed), BTC, market_id=NAME, names={})


# Payments


def test_an_execution_costs_a_fee_and_brings_what_was_won() -> None:
    fee, profit = trade_payments(deal(), SYMBOL)
    assert (fee.kind, fee.units) == (PaymentKind.COMMISSION, Decimal("-0.018"))
    assert (profit.kind, profit.units) == (PaymentKind.REALISED_PROFIT, Decimal("1.5"))
    assert {fee.trade_id, profit.trade_id} == {trade_of(deal())}
    assert trade_payments(deal(fee=0, profit=0), SYMBOL) == ()


def test_a_settlement_that_is_positive_was_received() -> None:
    row = {"id": 328_033, "symbol": NAME, "funding": Decimal("0.08"), "settleTime": 10**12}
    paid = funding_of(row)
    assert paid is not None
    assert (paid.kind, paid.symbol, paid.units) == (PaymentKind.FUNDING, SYMBOL, Decimal("0.08"))
    assert funding_of({**row, "symbol": "BTC_USD"}) is None
    for wrong in ("BTC", "_USDT", "BTC_", ""):
        with pytest.raises(Unreadable):
            funding_of({**row, "symbol": wrong})


def move(**changed: Any) -> dict[str, Any]:
    times = {"createTime": 10**12, "updateTime": 10**12}
    made = {"id": 7, "currency": "USDT", "amount": 5, "type": "OUT", "state": "SUCCESS"}
    return {**made, **times, **changed}


def test_a_move_out_is_paid_and_one_that_was_not_made_is_none() -> None:
    out, into = move_of(move()), move_of(move(type="IN"))
    assert out is not None
    assert into is not None
    assert (out.units, into.units, out.kind) == (-5, 5, PaymentKind.TRANSFER)
    assert move_of(move(state="FAILED")) is None
    for changed in ({"type": "SIDEWAYS"}, {"state": "MAYBE"}, {"currency": "BTC"}):
        with pytest.raises(Unreadable):
            move_of(move(**changed))


# What goes out


@pytest.mark.parametrize("text", ["60000", "60000.1", "0.00001234", "0.1", "123456789.12345"])
def test_a_number_of_json_has_just_the_digits_of_a_limit(text: str) -> None:
    assert Decimal(repr(json_number(Decimal(text)))) == Decimal(text)


def test_a_limit_that_no_number_has_is_not_sent() -> None:
    with pytest.raises(Refused, match="nothing was sent"):
        json_number(Decimal("0.12345678901234567890"))
