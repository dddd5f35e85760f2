"""Answers of BingX, read whole or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.wire.opened import intent
from trimtab.adapters.bingx.answers import (
    fill_of,
    filled_at,
    is_like,
    name_of,
    open_order_of,
    order_of,
    order_row,
    placed_order,
    taker_fee_of,
    told_of,
)
from trimtab.adapters.bingx.instruments import (
    linear_instrument_of,
    linear_markets,
    price_band_of,
    spot_instrument_of,
    spot_markets,
)
from trimtab.adapters.bingx.margin import (
    HeldPosition,
    brackets_of,
    leverage_of,
    maintained,
    margin_mode_of,
    pools_of,
    position_mode_of,
    positions_of,
    prices_of,
    require_single,
    sides_in_coins,
)
from trimtab.adapters.bingx.payments import income_payments
from trimtab.adapters.bingx.wallets import balances_of, key_rights_of
from trimtab.adapters.frame.contract_values import OpenPosition
from trimtab.adapters.wire.exact import Unreadable
from trimtab.domain.instruments import Asset, Instrument
from trimtab.domain.orders import ClientOrderId, Side
from trimtab.domain.payments import PaymentKind
from trimtab.domain.rights import KeyUse
from trimtab.domain.snapshot import Balance, MarginMode, PositionMode

ENDED = frozenset({"FILLED", "CANCELED"})
FEE = Decimal("0.001")
Row = dict[str, Any]


def answer(data: Any) -> Row:
    return {"code": 0, "msg": "", "data": data}


def coin(**changed: Any) -> Row:
    return {
        "symbol": "BTC-USDT",
        "minQty": Decimal("0.0001826"),
        "maxQty": Decimal("18.2663756"),
        "minNotional": 5,
        "maxNotional": Decimal("5260122.38270638"),
        "status": 1,
        "tickSize": Decimal("0.01"),
        "stepSize": Decimal("0.00001"),
        "apiStateSell": True,
        "apiStateBuy": True,
        **changed,
    }


def perpetual(**changed: Any) -> Row:
    return {
        "symbol": "BTC-USDT",
        "size": "0.0001",
        "quantityPrecision": 4,
        "pricePrecision": 1,
        "tradeMinQuantity": Decimal("0.0001"),
        "tradeMinUSDT": 2,
        "currency": "USDT",
        "asset": "BTC",
        "status": 1,
        "apiStateOpen": "true",
        "apiStateClose": "true",
        "offTime": 0,
        **changed,
    }


def spot() -> Instrument:
    return spot_instrument_of(coin(), taker_fee=FEE)


def swap() -> Instrument:
    return linear_instrument_of(perpetual(), taker_fee=FEE)


def order_of_coins(**changed: Any) -> Row:
    return {
        "symbol": "BTC-USDT",
        "orderId": 1735963671248581120,
        "price": "60000.1",
        "origQty": "0.004",
        "executedQty": "0.003",
        "status": "CANCELED",
        "side": "BUY",
        "clientOrderID": "ours",
        **changed,
    }


def test_what_is_no_success_or_about_nothing_is_unreadable() -> None:
    assert told_of(answer([])) == []
    for wrong in ({"code": 100400, "msg": "", "data": {}}, {"code": 0}, {"data": {}}, [], None):
        with pytest.raises(Unreadable):
            told_of(wrong)


def test_coins_are_read_on_their_own_grid_and_a_stale_least_quantity_does_not_count() -> None:
    seen = spot()
    assert (seen.symbol, seen.lot_size, seen.tick_size) == (
        "BTC/USDT",
        Decimal("0.00001"),
        Decimal("0.01"),
    )
    assert (seen.lots_min, seen.lots_max, seen.notional_min) == (1, 1826637, Decimal(5))
    assert spot_markets(answer({"symbols": [coin()]})) == {"BTC/USDT": coin()}
    for closed in ({"status": 0}, {"apiStateBuy": False}, {"apiStateSell": False}):
        assert not spot_instrument_of(coin(**closed), taker_fee=FEE).tradable
    for wrong in ({"stepSize": 0}, {"symbol": "BTCUSDT"}, {"symbol": "-USDT"}, {"status": "on"}):
        with pytest.raises(Unreadable):
            spot_instrument_of(coin(**wrong), taker_fee=FEE)


def test_perpetuals_are_counted_in_base_units_and_others_are_not_listed() -> None:
    seen = swap()
    assert (seen.symbol, seen.lot_size, seen.tick_size, seen.contract_size) == (
        "BTC/USDT:USDT",
        Decimal("0.0001"),
        Decimal("0.1"),
        1,
    )
    assert (seen.lots_min, seen.notional_min, seen.expires_at) == (1, Decimal(2), None)
    coarse = linear_instrument_of(perpetual(tradeMinQuantity=Decimal("0.0012")), taker_fee=FEE)
    assert coarse.lots_min == 12
    usdc = perpetual(symbol="BTC-USDC", currency="USDC")
    assert list(linear_markets(answer([perpetual(), usdc]))) == ["BTC/USDT:USDT"]
    for closed in ({"status": 25}, {"apiStateOpen": "false"}, {"apiStateClose": "false"}):
        assert not linear_instrument_of(perpetual(**closed), taker_fee=FEE).tradable
    off = linear_instrument_of(perpetual(offTime=1_800_000_000_000), taker_fee=FEE)
    assert off.expires_at == datetime.fromtimestamp(1_800_000_000, tz=UTC)
    for wrong in ({"currency": "USDC"}, {"quantityPrecision": 31}, {"apiStateOpen": "yes"}):
        with pytest.raises(Unreadable):
            linear_instrument_of(perpetual(**wrong), taker_fee=FEE)


def test_limits_are_kept_near() -> None:
    band = price_band_of(coin())
    assert (band.buy_low, band.sell_high) == (Decimal("0.95"), Decimal("1.05"))


def test_an_order_is_read_however_its_name_is_spelt() -> None:
    ours = intent(spot(), 400, "60000.1")
    row = order_of_coins(clientOrderID=ours.client_order_id)
    found = order_of(row, ours, market_id="BTC-USDT", ended=ENDED)
    assert (found.lots, found.filled_lots, found.ended) == (400, 300, True)
    assert found.venue_order_id == "1735963671248581120"
    other = {**row, "clientOrderID": "", "clientOrderId": ours.client_order_id}
    assert order_of(other, ours, market_id="BTC-USDT", ended=ENDED) == found
    pending = order_of({**row, "status": "PENDING"}, ours, market_id="BTC-USDT", ended=ENDED)
    assert not pending.ended
    for wrong in (
        {"clientOrderID": "another"},
        {"symbol": "ETH-USDT"},
        {"side": "SELL"},
        {"orderId": 0},
        {"orderId": None},
        {"origQty": "0.0000001"},
        {"executedQty": ""},
    ):
        with pytest.raises(Unreadable):
            order_of({**row, **wrong}, ours, market_id="BTC-USDT", ended=ENDED)


def test_an_order_that_is_received_has_our_name_and_the_venue_s_number() -> None:
    ours = intent(spot(), 400, "60000.1")
    told = answer({"orderId": 7, "clientOrderID": ours.client_order_id, "status": "PENDING"})
    assert placed_order(told, ours).venue_order_id == "7"
    assert placed_order(answer({"order": told["data"]}), ours).filled_lots == 0
    for wrong in ({"orderId": 7}, {"orderId": 7, "clientOrderID": "x"}, {"clientOrderID": "x"}):
        with pytest.raises(Unreadable):
            placed_order(answer(wrong), ours)


def test_an_order_without_a_name_is_like_ours_by_side_size_and_limit() -> None:
    ours = intent(spot(), 400, "60000.1")
    assert is_like(order_of_coins(), ours)
    for other in ({"side": "SELL"}, {"origQty": "0.005"}, {"price": "60000.2"}):
        assert not is_like(order_of_coins(**other), ours)
    assert name_of(order_of_coins(clientOrderID="")) == ""
    assert order_row(answer({"order": {"orderId": 1}})) == {"orderId": 1}
    nameless = order_of_coins()
    del nameless["clientOrderID"]
    with pytest.raises(Unreadable):
        name_of(nameless)


@pytest.mark.parametrize(
    ("side", "price", "trigger", "counts"),
    [
        ("BUY", "60000", "70000", "70000"),
        ("BUY", "71000", "70000", "71000"),
        ("SELL", "71000", "70000", "70000"),
        ("SELL", "60000", "70000", "60000"),
        ("SELL", "0", "70000", "70000"),
        ("SELL", "60000", "0", "60000"),
    ],
)
@pytest.mark.parametrize("spelt", ["stopPrice", "StopPrice"])
def test_an_order_that_waits_counts_at_the_dearer_of_its_trigger_and_its_limit(
    side: str, price: str, trigger: str, counts: str, spelt: str
) -> None:
    row = order_of_coins(side=side, price=price, **{spelt: trigger})
    assert open_order_of(row, spot()).limit_price == Decimal(counts)


def test_a_resting_order_has_its_trigger_as_its_limit_and_may_have_no_name() -> None:
    nameless = order_of_coins()
    del nameless["clientOrderID"]
    found = open_order_of(nameless, spot())
    assert (found.client_order_id, found.lots, found.limit_price) == ("", 100, Decimal("60000.1"))
    waits = open_order_of(order_of_coins(price="0", stopPrice="70000"), spot())
    assert waits.limit_price == 70000
    assert open_order_of(order_of_coins(price="0", StopPrice="71000"), spot()).limit_price == 71000
    assert open_order_of(order_of_coins(price="", stopPrice=""), spot()).limit_price == 0
    valued = order_of_coins(
        price="0", StopPrice="70000", origQty="0", executedQty="0", origQuoteOrderQty="700"
    )
    assert spot().units(open_order_of(valued, spot()).lots) == Decimal("0.01")
    del valued["origQuoteOrderQty"]
    with pytest.raises(Unreadable, match="origQuoteOrderQty"):
        open_order_of(valued, spot())
    assert open_order_of(order_of_coins(reduceOnly=True), swap()).reduce_only
    assert open_order_of(order_of_coins(reduceOnly="true"), swap()).reduce_only
    assert not open_order_of(order_of_coins(), swap()).reduce_only
    whole = order_of_coins(origQty="0", executedQty="0", closePosition="true", reduceOnly=False)
    assert (open_order_of(whole, swap()).lots, open_order_of(whole, swap()).reduce_only) == (
        0,
        True,
    )
    with pytest.raises(Unreadable):
        open_order_of(order_of_coins(reduceOnly="yes"), swap())
    with pytest.raises(Unreadable):
        open_order_of(order_of_coins(closePosition="all"), swap())


def test_an_execution_of_coins_pays_what_is_written_negative_to_the_last_digit() -> None:
    row = {
        "symbol": "BTC-USDT",
        "id": 36767057,
        "orderId": 1745362930595004400,
        "price": "46820.155",
        "qty": "0.1430254",
        "commission": Decimal("-0.00005820000000000001"),
        "commissionAsset": "BTC",
        "time": 1704961925000,
        "isBuyer": True,
    }
    found = fill_of(row, spot(), ClientOrderId("ours"))
    assert (found.fee, found.side) == (Decimal("0.00005820000000000001"), Side.BUY)
    assert found.trade_id == "170496192500000000000000036767057"
    assert fill_of({**row, "isBuyer": False}, spot(), None).side is Side.SELL
    for wrong in ({"isBuyer": "true"}, {"id": -1}, {"time": 17}, {"commission": ""}):
        with pytest.raises(Unreadable):
            fill_of({**row, **wrong}, spot(), None)


def contract_fill(**changed: Any) -> Row:
    return {
        "filledTime": "2026-03-26T16:53:55.123+0800",
        "orderId": "1736007768311123456",
        "tradeId": "97244554",
        "symbol": "BTC-USDT",
        "side": "SELL",
        "qty": "0.0040",
        "price": "60000.0",
        "quoteQty": "240.0000",
        "commission": "-0.1200",
        "commissionAsset": "USDT",
        **changed,
    }


def test_an_execution_of_a_contract_says_its_instant_with_an_offset() -> None:
    found = fill_of(contract_fill(), swap(), None)
    assert found.filled_at == datetime(2026, 3, 26, 8, 53, 55, 123_000, tzinfo=UTC)
    assert (found.side, found.quantity, found.fee) == (
        Side.SELL,
        Decimal("0.0040"),
        Decimal("0.1200"),
    )
    assert filled_at(contract_fill(filledTime="2026-03-26T08:53:55Z")).second == 55
    for wrong in ({"filledTime": "2026-03-26T16:53:55"}, {"filledTime": "soon"}, {"tradeId": "x"}):
        with pytest.raises(Unreadable):
            fill_of(contract_fill(**wrong), swap(), None)


@pytest.mark.parametrize("qty", ["40", "0.0041", "0.0039"])
def test_an_execution_whose_size_and_price_do_not_make_its_value_is_unreadable(qty: str) -> None:
    with pytest.raises(Unreadable, match="value"):
        fill_of(contract_fill(qty=qty), swap(), None)


def test_fees_are_read_of_both_desks() -> None:
    assert taker_fee_of(answer({"takerCommissionRate": Decimal("0.001")})) == FEE
    assert taker_fee_of(answer({"commission": {"takerCommissionRate": Decimal("0.0005")}})) > 0
    assert taker_fee_of(answer({"takerCommissionRate": Decimal("-0.001")})) == 0
    with pytest.raises(Unreadable):
        taker_fee_of(answer({}))


def test_balances_are_of_the_spot_wallet_and_none_is_told_twice() -> None:
    row = {"asset": "BTC", "free": "0.5", "locked": "0.1"}
    assert balances_of(
        answer({"balances": [row, {**row, "asset": "X", "free": 0, "locked": 0}]})
    ) == {Asset("BTC"): Balance(free=Decimal("0.5"), locked=Decimal("0.1"))}
    for wrong in ([row, row], [{**row, "free": "-1"}], [{**row, "locked": "-1"}], [{}], None):
        with pytest.raises(Unreadable):
            balances_of(answer({"balances": wrong}))


def test_rights_are_numbers_and_one_that_is_not_known_is_unreadable() -> None:
    row = {"permissions": [1, 2, 3, 4], "ipAddresses": ["127.0.0.1"]}
    seen = key_rights_of(row, use=KeyUse.SEND)
    assert seen == key_rights_of(answer(row), use=KeyUse.SEND)
    assert (seen.reads, seen.trades_spot, seen.trades_futures) == (True, True, True)
    assert (seen.withdraws, seen.transfers_out, seen.transfers_within) == (False, False, True)
    assert seen.is_bound_to_ip
    more = key_rights_of({**row, "permissions": [5, 7], "ipAddresses": [""]}, use=KeyUse.SEND)
    assert (more.withdraws, more.transfers_out, more.reads) == (True, True, False)
    assert not more.is_bound_to_ip
    for wrong in ([6], [True], ["1"], None, {}):
        with pytest.raises(Unreadable):
            key_rights_of({**row, "permissions": wrong}, use=KeyUse.SEND)


def wallet(**changed: Any) -> Row:
    return {
        "asset": "USDT",
        "balance": "194.8212",
        "unrealizedProfit": "1.9219",
        "availableMargin": "193.7609",
        "usedMargin": "1.0602",
        "freezedMargin": "0.5",
        **changed,
    }


def test_a_wallet_of_contracts_is_read_and_one_that_is_empty_left_out() -> None:
    empty = wallet(asset="USDC", balance="0")
    (pool,) = pools_of(answer([wallet(), empty]), ()).values()
    assert (pool.wallet_balance, pool.unrealised_pnl) == (Decimal("194.8212"), Decimal("1.9219"))
    assert (pool.free_margin, pool.initial_margin) == (Decimal("193.2610"), Decimal("1.5602"))
    (lost,) = pools_of(answer([wallet(availableMargin="150.5")]), ()).values()
    assert lost.free_margin == Decimal("150.5")
    assert pools_of(answer([wallet(availableMargin="-1")]), ())[Asset("USDT")].free_margin == 0
    for wrong in ([wallet(), wallet()], [], [empty], [{}]):
        with pytest.raises(Unreadable):
            pools_of(answer(wrong), ())


def position(**changed: Any) -> Row:
    return {
        "symbol": "BTC-USDT",
        "positionAmt": "0.2",
        "positionSide": "SHORT",
        "isolated": False,
        "avgPrice": "59000",
        "unrealizedProfit": "-200",
        "liquidationPrice": 0,
        "markPrice": "60000",
        **changed,
    }


def test_a_position_is_signed_by_its_side() -> None:
    def count(**changed: Any) -> Decimal:
        (held,) = positions_of(answer([position(**changed)]))
        return held.position.count

    assert count() == Decimal("-0.2")
    assert count(positionSide="LONG") == Decimal("0.2")
    assert positions_of(answer([position(positionAmt="0")])) == ()
    (held,) = positions_of(answer([position(isolated=True, liquidationPrice=7)]))
    assert (held.margin_mode, held.value) == (MarginMode.ISOLATED, 12000)
    assert held.position.liquidation_price == 7
    for wrong in (
        {"positionAmt": "-0.2"},
        {"positionSide": "BOTH"},
        {"isolated": "false"},
    ):
        with pytest.raises(Unreadable):
            positions_of(answer([position(**wrong)]))


def table() -> Any:
    row = {
        "symbol": "BTC-USDT",
        "minPositionVal": "0",
        "maxPositionVal": "150000",
        "maintMarginRatio": "0.003800",
        "maintAmount": "0.000000",
    }
    more = {"minPositionVal": "150000", "maxPositionVal": "900000", "maintMarginRatio": "0.004"}
    return answer([{**row, **more, "maintAmount": "30"}, row])


def test_what_a_position_maintains_is_its_step_s_share_less_its_amount() -> None:
    steps = brackets_of(table(), market_id="BTC-USDT")
    assert [step.leverage_max for step in steps] == [131, 125]

    def needed(value: str) -> Decimal:
        held = HeldPosition(
            position=OpenPosition(
                market_id="BTC-USDT",
                count=Decimal(1),
                entry_price=Decimal(1),
                liquidation_price=None,
            ),
            margin_mode=MarginMode.CROSS,
            value=Decimal(value),
            profit=Decimal(0),
        )
        return maintained(held, steps, PositionMode.ONE_WAY).maintenance

    assert needed("100000") == 380
    assert needed("150000") == 570
    assert needed("200000") == 770
    assert needed("9000000") == 35970
    (held,) = positions_of(answer([position()]))
    with pytest.raises(Unreadable, match="table"):
        maintained(held, (), PositionMode.ONE_WAY)
    with pytest.raises(Unreadable):
        brackets_of(table(), market_id="ETH-USDT")


def test_settings_are_read_or_unreadable() -> None:
    assert margin_mode_of(answer({"marginType": "CROSSED"})) is MarginMode.CROSS
    assert margin_mode_of(answer({"marginType": "SEPARATE_ISOLATED"})) is MarginMode.ISOLATED
    both = {"longLeverage": 5, "shortLeverage": 7, "maxLongLeverage": 125, "maxShortLeverage": 100}
    seen = leverage_of(answer(both))
    assert (seen.current, seen.most) == (7, 100)
    assert position_mode_of(answer({"dualSidePosition": "false"})) is PositionMode.ONE_WAY
    assert position_mode_of(answer({"dualSidePosition": "true"})) is PositionMode.HEDGE
    assert position_mode_of(answer({"dualSidePosition": True})) is PositionMode.HEDGE
    assert require_single(answer({"assetMode": "singleAssetMode"}))
    with pytest.raises(Unreadable, match="several coins"):
        require_single(answer({"assetMode": "multiAssetsMode"}))
    for read in (margin_mode_of, leverage_of, position_mode_of, require_single):
        with pytest.raises(Unreadable):
            read(answer({"marginType": "X", "dualSidePosition": "X"}))


def test_prices_are_of_the_contract_that_was_asked_for() -> None:
    row = {"symbol": "BTC-USDT", "markPrice": "2", "indexPrice": "3", "lastFundingRate": "0.0001"}
    seen = prices_of(answer(row), market_id="BTC-USDT")
    assert seen is not None
    assert (seen.mark, seen.index, seen.funding_rate) == (2, 3, Decimal("0.0001"))
    assert prices_of(answer([row]), market_id="BTC-USDT") == seen
    assert prices_of(answer({**row, "markPrice": "0"}), market_id="BTC-USDT") is None
    for wrong in ([row, row], [], {**row, "symbol": "ETH-USDT"}):
        with pytest.raises(Unreadable):
            prices_of(answer(wrong), market_id="BTC-USDT")


def test_the_book_of_a_contract_is_the_one_in_coins() -> None:
    both = {"bids": [["1", "10000"]], "asks": [["2", "10000"]]}
    coins = {"bidsCoin": [["1", "1"]], "asksCoin": [["2", "1"]]}
    assert sides_in_coins(answer({**both, **coins})) == {"bids": [["1", "1"]], "asks": [["2", "1"]]}
    with pytest.raises(Unreadable):
        sides_in_coins(answer(both))


def income(**changed: Any) -> Row:
    return {
        "symbol": "LDO-USDT",
        "incomeType": "FUNDING_FEE",
        "income": "-0.0292",
        "asset": "USDT",
        "time": 1702713615000,
        "tranId": "170_3_20",
        "tradeId": "170_3_20",
        **changed,
    }


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("FUNDING_FEE", PaymentKind.FUNDING),
        ("REALIZED_PNL", PaymentKind.REALISED_PROFIT),
        ("TRANSFER", PaymentKind.TRANSFER),
        ("INSURANCE_CLEAR", PaymentKind.LIQUIDATION_CLEARANCE),
        ("SYSTEM_DEDUCTION", PaymentKind.OTHER),
        ("A_WORD_OF_TOMORROW", PaymentKind.OTHER),
    ],
)
def test_income_is_a_payment_and_whatever_is_not_known_is_another_one(
    word: str, kind: PaymentKind
) -> None:
    (paid,) = income_payments(income(incomeType=word))
    assert (paid.kind, paid.units, paid.symbol) == (kind, Decimal("-0.0292"), "LDO/USDT:USDT")
    assert paid.payment_id == f"{word}-170_3_20"


def test_a_fee_is_told_by_its_execution_and_income_of_nothing_is_none() -> None:
    assert income_payments(income(incomeType="TRADING_FEE")) == ()
    assert income_payments(income(income="0")) == ()
    (paid,) = income_payments(income(symbol="", incomeType="TRANSFER"))
    assert paid.symbol is None
    for wrong in ({"symbol": None}, {"income": ""}, {"tranId": ""}, {"time": None}, {"asset": ""}):
        with pytest.raises(Unreadable):
            income_payments(income(**wrong))
