"""Answers of Bitget, read whole or not at all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.wire.opened import intent
from trimtab.adapters.bitget.answers import (
    fee_of,
    fill_of,
    led_by,
    open_order_of,
    order_of,
    placed_order,
    rows_under,
    taker_fee_of,
    told_of,
)
from trimtab.adapters.bitget.instruments import (
    linear_instrument_of,
    linear_markets,
    price_band_of,
    spot_instrument_of,
    spot_markets,
)
from trimtab.adapters.bitget.payments import bill_payments, fill_payments
from trimtab.adapters.bitget.wallets import (
    balances_of,
    brackets_of,
    key_rights_of,
    pools_of,
    positions_of,
    prices_of,
    settings_of,
)
from trimtab.adapters.wire.exact import Unreadable
from trimtab.domain.instruments import Asset, Instrument
from trimtab.domain.orders import ClientOrderId, Side
from trimtab.domain.payments import PaymentKind
from trimtab.domain.rights import KeyUse
from trimtab.domain.snapshot import Balance, MarginMode, PositionMode

ENDED = frozenset({"filled", "cancelled", "canceled"})
USDT = Asset("USDT")


def answer(data: Any) -> dict[str, Any]:
    return {"code": "00000", "msg": "success", "requestTime": 1, "data": data}


def coin_row(**changed: Any) -> dict[str, Any]:
    return {
        "symbol": "BTCUSDT",
        "baseCoin": "BTC",
        "quoteCoin": "USDT",
        "minTradeAmount": "0",
        "maxTradeAmount": "900000000000000000000",
        "pricePrecision": "2",
        "quantityPrecision": "6",
        "status": "online",
        "minTradeUSDT": "1",
        "buyLimitPriceRatio": "0.05",
        "sellLimitPriceRatio": "0.04",
        **changed,
    }


def contract_row(**changed: Any) -> dict[str, Any]:
    return {
        "symbol": "BTCUSDT",
        "baseCoin": "BTC",
        "quoteCoin": "USDT",
        "buyLimitPriceRatio": "0.05",
        "sellLimitPriceRatio": "0.05",
        "supportMarginCoins": ["USDT"],
        "minTradeNum": "0.0001",
        "maxOrderQty": "1200",
        "priceEndStep": "1",
        "volumePlace": "4",
        "pricePlace": "1",
        "sizeMultiplier": "0.0001",
        "symbolType": "perpetual",
        "minTradeUSDT": "5",
        "symbolStatus": "normal",
        "offTime": "-1",
        **changed,
    }


def spot() -> Instrument:
    return spot_instrument_of(coin_row(), taker_fee=Decimal("0.001"))


def swap() -> Instrument:
    return linear_instrument_of(contract_row(), taker_fee=Decimal("0.0006"))


def order_row(**changed: Any) -> dict[str, Any]:
    ours = intent(spot(), 200, "60000")
    return {
        "symbol": "BTCUSDT",
        "orderId": "1111461743123927040",
        "clientOid": ours.client_order_id,
        "price": "60000.0000000000000000",
        "priceAvg": "60000.10",
        "size": "0.0002000000000000",
        "side": "buy",
        "status": "cancelled",
        "baseVolume": "0.0001500000000000",
        **changed,
    }


def spot_fill(**changed: Any) -> dict[str, Any]:
    return {
        "symbol": "BTCUSDT",
        "orderId": "15",
        "tradeId": "1098394344974925824",
        "side": "sell",
        "priceAvg": "28467.68",
        "size": "0.0002",
        "feeDetail": {
            "deduction": "no",
            "feeCoin": "USDT",
            "totalDeductionFee": "",
            "totalFee": "-0.005693536",
        },
        "cTime": "1697603539699",
        **changed,
    }


def swap_fill(**changed: Any) -> dict[str, Any]:
    return {
        "symbol": "BTCUSDT",
        "orderId": "15",
        "tradeId": "1111468664328269825",
        "price": "37271.4",
        "baseVolume": "0.0010",
        "feeDetail": [{"deduction": "no", "feeCoin": "USDT", "totalFee": "-0.02236284"}],
        "side": "buy",
        "profit": "-0.0007",
        "tradeSide": "buy_single",
        "cTime": "1700720700342",
        **changed,
    }


def wallet(**changed: Any) -> dict[str, Any]:
    row = {
        "marginCoin": "USDT",
        "locked": "0.3",
        "crossedMaxAvailable": "4900.5",
        "maxTransferOut": "4880.25",
        "accountEquity": "4990",
        "unrealizedPL": "-10",
        "crossedMargin": "30",
        "isolatedMargin": "0",
        "assetMode": "single",
        **changed,
    }
    return answer([row])


def position_row(**changed: Any) -> dict[str, Any]:
    return {
        "marginCoin": "USDT",
        "symbol": "BTCUSDT",
        "holdSide": "short",
        "total": "0.0100",
        "openPriceAvg": "59000",
        "marginMode": "crossed",
        "posMode": "one_way_mode",
        "unrealizedPL": "-10",
        "liquidationPrice": "0",
        "keepMarginRate": "0.004",
        "markPrice": "60000",
        **changed,
    }


def account(**changed: Any) -> dict[str, Any]:
    row = {
        "crossedMarginLeverage": 20,
        "isolatedLongLever": 10,
        "isolatedShortLever": 12,
        "marginMode": "crossed",
        "posMode": "one_way_mode",
        "assetMode": "single",
        **changed,
    }
    return answer(row)


@pytest.mark.parametrize(
    "told",
    [None, [], {}, {"code": "00000"}, {"code": 0, "data": []}, {"code": "40085", "data": []}],
)
def test_an_answer_that_is_no_success_is_not_read(told: Any) -> None:
    with pytest.raises(Unreadable):
        told_of(told)


def test_the_digits_of_a_market_of_coins_are_its_grid() -> None:
    found = spot()
    assert (found.lot_size, found.tick_size) == (Decimal("0.000001"), Decimal("0.01"))
    assert (found.lots_min, found.notional_min) == (1, 1)
    assert found.lots_max == 900_000_000_000_000_000_000_000_000
    assert spot_instrument_of(coin_row(quantityPrecision="0"), taker_fee=Decimal(0)).lot_size == 1
    assert not spot_instrument_of(coin_row(status="halt"), taker_fee=Decimal(0)).tradable


@pytest.mark.parametrize(
    ("changed", "lot", "tick"),
    [
        ({}, "0.0001", "0.1"),
        ({"pricePlace": "2", "priceEndStep": "5"}, "0.0001", "0.05"),
        ({"sizeMultiplier": "10", "volumePlace": "0"}, "10", "0.1"),
        ({"sizeMultiplier": "0.001", "volumePlace": "2"}, "0.01", "0.1"),
        ({"sizeMultiplier": "0.5", "volumePlace": "1"}, "0.5", "0.1"),
    ],
)
def test_a_contract_is_counted_on_the_coarser_of_its_two_grids(
    changed: dict[str, str], lot: str, tick: str
) -> None:
    found = linear_instrument_of(contract_row(**changed), taker_fee=Decimal(0))
    assert (found.lot_size, found.tick_size) == (Decimal(lot), Decimal(tick))
    assert found.contract_size == 1


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"sizeMultiplier": "0"}, "not positive"),
        ({"sizeMultiplier": "0.3", "volumePlace": "0"}, "common grid"),
        ({"volumePlace": "-1"}, "decimal places"),
        ({"volumePlace": "31"}, "decimal places"),
        ({"supportMarginCoins": ["BTC"]}, "settle"),
        ({"supportMarginCoins": "USDT"}, "words"),
    ],
)
def test_a_contract_without_a_grid_or_in_another_coin_is_not_read(
    changed: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Unreadable, match=reason):
        linear_instrument_of(contract_row(**changed), taker_fee=Decimal(0))


def test_a_perpetual_that_leaves_the_list_says_when_and_dated_ones_are_not_listed() -> None:
    leaves = linear_instrument_of(contract_row(offTime="1700720700342"), taker_fee=Decimal(0))
    assert swap().expires_at is None
    assert leaves.expires_at is not None
    dated = contract_row(symbol="BTCUSDT261225", symbolType="delivery")
    assert list(linear_markets(answer([contract_row(), dated]))) == ["BTC/USDT:USDT"]
    assert list(spot_markets(answer([coin_row()]))) == ["BTC/USDT"]


def test_limits_are_bounded_by_the_ratio_of_their_side() -> None:
    band = price_band_of(coin_row())
    assert (band.buy_low, band.buy_high) == (Decimal("0.95"), Decimal("1.05"))
    assert (band.sell_low, band.sell_high) == (Decimal("0.96"), Decimal("1.04"))
    assert price_band_of(coin_row(buyLimitPriceRatio="3")).buy_low == Decimal("0.01")
    for wrong in ("0", "-0.1"):
        with pytest.raises(Unreadable, match="not positive"):
            price_band_of(coin_row(sellLimitPriceRatio=wrong))


def test_an_order_says_how_much_of_it_was_executed() -> None:
    ours = intent(spot(), 200, "60000")
    found = order_of(order_row(), ours, market_id="BTCUSDT", ended=ENDED)
    assert (found.lots, found.filled_lots, found.ended) == (200, 150, True)
    live = order_of(order_row(status="live"), ours, market_id="BTCUSDT", ended=ENDED)
    assert not live.ended
    by_detail = {**order_row(), "state": "filled"}
    del by_detail["status"]
    assert order_of(by_detail, ours, market_id="BTCUSDT", ended=ENDED).status == "filled"


@pytest.mark.parametrize(
    "changed",
    [
        {"clientOid": "another"},
        {"symbol": "ETHUSDT"},
        {"side": "sell"},
        {"side": "buy_single"},
        {"orderId": ""},
        {"orderId": "x"},
        {"baseVolume": ""},
        {"size": "0.0000001"},
    ],
)
def test_another_order_is_none_of_ours(changed: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        order_of(
            order_row(**changed), intent(spot(), 200, "60000"), market_id="BTCUSDT", ended=ENDED
        )


def test_a_receipt_is_of_this_order_or_none() -> None:
    ours = intent(spot(), 200, "60000")
    told = answer({"orderId": "7", "clientOid": ours.client_order_id})
    assert placed_order(told, ours).venue_order_id == "7"
    for wrong in ({"orderId": "7", "clientOid": "x"}, {"clientOid": ours.client_order_id}):
        with pytest.raises(Unreadable):
            placed_order(answer(wrong), ours)


def test_a_resting_order_shows_its_rest_and_its_limit_or_trigger() -> None:
    coins = open_order_of(order_row(), spot())
    assert (coins.lots, coins.limit_price, coins.reduce_only) == (50, Decimal("60000.10"), False)
    waits = open_order_of(order_row(triggerPrice="70000"), spot())
    assert waits.limit_price == 70_000
    held = {**order_row(size="0.0002", baseVolume="0.0001"), "reduceOnly": "YES"}
    contract = open_order_of(held, swap())
    assert (contract.lots, contract.limit_price, contract.reduce_only) == (1, 60_000, True)
    for wrong in ({"reduceOnly": "maybe"}, {"reduceOnly": None}, {"clientOid": None}):
        with pytest.raises(Unreadable):
            open_order_of({**held, **wrong}, swap())


def test_executions_of_both_desks_are_read_with_fee_and_a_rising_name() -> None:
    coins, contract = fill_of(spot_fill(), spot(), {}), fill_of(swap_fill(), swap(), {})
    assert (coins.side, coins.quantity, coins.fill_price) == (
        Side.SELL,
        Decimal("0.0002"),
        Decimal("28467.68"),
    )
    assert (coins.fee, coins.fee_asset) == (Decimal("0.005693536"), USDT)
    assert (contract.quantity, contract.fee) == (Decimal("0.001"), Decimal("0.02236284"))
    assert coins.trade_id == "169760353969901098394344974925824"
    assert int(coins.trade_id) < int(contract.trade_id)
    names = {(spot().symbol, coins.venue_order_id): ClientOrderId("ours")}
    assert fill_of(spot_fill(), spot(), names).client_order_id == "ours"


@pytest.mark.parametrize(
    "detail",
    [
        [],
        {},
        "",
        None,
        [{"feeCoin": "USDT", "totalFee": ""}],
        [{"feeCoin": "USDT", "totalFee": "-1"}, {"feeCoin": "BGB", "totalFee": "-1"}],
    ],
)
def test_a_fee_in_no_coin_or_in_several_is_not_guessed(detail: Any) -> None:
    with pytest.raises(Unreadable):
        fee_of({"feeDetail": detail})


def test_a_fee_in_parts_of_one_coin_is_their_sum_and_a_rebate_is_negative() -> None:
    parts = [{"feeCoin": "bgb", "totalFee": "-0.1"}, {"feeCoin": "BGB", "totalFee": "0.3"}]
    assert fee_of({"feeDetail": parts}) == (Decimal("-0.2"), Asset("BGB"))
    assert taker_fee_of(answer({"makerFeeRate": "1", "takerFeeRate": "0.0006"})) == Decimal(
        "0.0006"
    )


def test_a_full_page_leads_to_what_is_older_and_another_to_nothing() -> None:
    rows = tuple({"tradeId": str(number)} for number in (9, 7, 8))
    assert led_by(rows, "tradeId", full=3) == (rows, "7")
    assert led_by(rows, "tradeId", full=4) == (rows, "")
    assert led_by((), "tradeId", full=4) == ((), "")
    with pytest.raises(Unreadable):
        led_by(({"tradeId": ""},), "tradeId", full=1)


def test_a_list_of_contracts_is_empty_only_when_it_says_so() -> None:
    assert rows_under("fillList", answer({"fillList": None, "endId": None})) == ()
    assert rows_under("fillList", answer({"fillList": [], "endId": ""})) == ()
    for wrong in ({"fillList": None, "endId": "7"}, {"fillList": None}, {"endId": None}, None, []):
        with pytest.raises(Unreadable):
            rows_under("fillList", answer(wrong))


def test_what_is_frozen_or_locked_is_bound_and_an_empty_coin_is_left_out() -> None:
    row = {"coin": "usdt", "available": "1", "frozen": "2", "locked": "3"}
    assert balances_of(answer([row])) == {USDT: Balance(free=Decimal(1), locked=Decimal(5))}
    nothing = {"coin": "ETH", "available": "0", "frozen": "0", "locked": "0.00"}
    assert balances_of(answer([nothing])) == {}
    for wrong in ([row, row], [{**row, "available": "-1"}], [{**row, "locked": "NaN"}]):
        with pytest.raises(Unreadable):
            balances_of(answer(wrong))


def test_a_futures_wallet_is_equity_without_what_is_not_realised() -> None:
    held = positions_of(answer([position_row()]))
    pool = pools_of(wallet(), held)[USDT]
    assert (pool.wallet_balance, pool.unrealised_pnl) == (5000, -10)
    assert (pool.free_margin, pool.initial_margin) == (Decimal("4880.25"), Decimal("30.3"))
    assert pool.maintenance_margin == Decimal("2.4")
    assert pools_of(wallet(maxTransferOut="-1"), held)[USDT].free_margin == 0


def test_a_profit_that_the_wallet_leaves_out_is_that_of_its_positions() -> None:
    held = positions_of(answer([position_row(unrealizedPL="-12")]))
    pool = pools_of(wallet(unrealizedPL=""), held)[USDT]
    assert (pool.unrealised_pnl, pool.wallet_balance) == (-12, 5002)
    assert pools_of(wallet(unrealizedPL=""), ())[USDT].unrealised_pnl == 0


@pytest.mark.parametrize("mode", ["union", "", None, "both"])
def test_several_coins_that_back_contracts_together_are_not_read(mode: Any) -> None:
    with pytest.raises(Unreadable):
        pools_of(wallet(assetMode=mode), ())
    with pytest.raises(Unreadable):
        settings_of(account(assetMode=mode))


def test_positions_are_signed_and_flat_ones_are_left_out() -> None:
    (short,) = positions_of(answer([position_row(), position_row(total="0.0000")]))
    assert (short.position.count, short.position.liquidation_price) == (Decimal("-0.0100"), None)
    (long,) = positions_of(answer([position_row(holdSide="long", liquidationPrice="1.5")]))
    assert (long.position.count, long.position.liquidation_price) == (
        Decimal("0.01"),
        Decimal("1.5"),
    )
    (hedged,) = positions_of(answer([position_row(posMode="hedge_mode", marginMode="isolated")]))
    assert (hedged.mode, hedged.margin_mode) == (PositionMode.HEDGE, MarginMode.ISOLATED)


@pytest.mark.parametrize(
    "changed",
    [
        {"holdSide": "net"},
        {"total": "-1"},
        {"marginMode": "fixed"},
        {"posMode": "single_hold"},
        {"markPrice": ""},
    ],
)
def test_a_position_that_cannot_be_read_is_never_left_out(changed: dict[str, str]) -> None:
    with pytest.raises(Unreadable):
        positions_of(answer([position_row(**changed)]))


def test_the_leverage_is_that_of_the_margin_mode_and_the_higher_one_of_two() -> None:
    crossed, isolated = settings_of(account()), settings_of(account(marginMode="isolated"))
    assert (crossed.contract.leverage, crossed.mode) == (20, PositionMode.ONE_WAY)
    assert (isolated.contract.leverage, isolated.contract.margin_mode) == (12, MarginMode.ISOLATED)
    assert settings_of(account(posMode="hedge_mode")).mode is PositionMode.HEDGE


def test_prices_and_tables_of_another_contract_are_not_taken() -> None:
    row = {"symbol": "BTCUSDT", "markPrice": "2", "indexPrice": "3", "fundingRate": "-0.1"}
    found = prices_of(answer([row]), market_id="BTCUSDT")
    assert found is not None
    assert (found.mark, found.index, found.funding_rate) == (2, 3, Decimal("-0.1"))
    assert prices_of(answer([{**row, "markPrice": "0"}]), market_id="BTCUSDT") is None
    step = {"symbol": "BTCUSDT", "startUnit": "0", "endUnit": "9", "leverage": "5"}
    steps = [{**step, "keepMarginRate": "0.1", "startUnit": start} for start in ("7", "0")]
    table = brackets_of(answer(steps), market_id="BTCUSDT")
    assert [each.notional_floor for each in table] == [0, 7]
    assert table[0].maintenance_deduction == 0
    for wrong in ([], [{**row, "symbol": "ETHUSDT"}]):
        with pytest.raises(Unreadable):
            prices_of(answer(wrong), market_id="BTCUSDT")
    with pytest.raises(Unreadable):
        brackets_of(answer(steps), market_id="ETHUSDT")


def rights(*words: str, ips: Any = "") -> dict[str, Any]:
    return answer({"authorities": list(words), "ips": ips})


def test_rights_are_told_by_the_venue_s_words_and_unknown_ones_are_not_guessed() -> None:
    told = key_rights_of(rights("stow", "coow", "wtow", ips="127.0.0.1"), use=KeyUse.SEND)
    assert (told.trades_spot, told.trades_futures, told.transfers_within) == (True, True, True)
    assert (told.withdraws, told.borrows, told.transfers_out) == (False, False, False)
    assert told.is_bound_to_ip
    more = key_rights_of(rights("wwow", "smow", "chow"), use=KeyUse.READ)
    assert (more.withdraws, more.borrows, more.transfers_out) == (True, True, True)
    assert not more.trades_spot
    assert not more.is_bound_to_ip
    assert not key_rights_of(rights(), use=KeyUse.READ).reads
    assert not key_rights_of(rights("stow", ips=None), use=KeyUse.SEND).is_bound_to_ip
    for wrong in (rights("trade"), rights(ips=[]), answer({"authorities": "stow", "ips": ""})):
        with pytest.raises(Unreadable):
            key_rights_of(wrong, use=KeyUse.SEND)


def bill(**changed: Any) -> dict[str, Any]:
    return {
        "billId": "1111499428100472833",
        "symbol": "BTCUSDT",
        "amount": "-0.004992",
        "fee": "0",
        "businessType": "contract_settle_fee",
        "coin": "USDT",
        "cTime": "1695715200654",
        **changed,
    }


@pytest.mark.parametrize(
    ("word", "kind", "number"),
    [
        ("contract_settle_fee", PaymentKind.FUNDING, "1111499428100472833"),
        ("trans_from_exchange", PaymentKind.TRANSFER, "1111499428100472833"),
        ("trans_to_otc", PaymentKind.TRANSFER, "1111499428100472833"),
        (
            "risk_captital_user_transfer",
            PaymentKind.LIQUIDATION_CLEARANCE,
            "1111499428100472833",
        ),
        ("bonus_issue", PaymentKind.OTHER, "bonus_issue-1111499428100472833"),
        ("never_heard", PaymentKind.OTHER, "never_heard-1111499428100472833"),
    ],
)
def test_a_bill_is_a_payment_of_its_kind(word: str, kind: PaymentKind, number: str) -> None:
    (paid,) = bill_payments(bill(businessType=word))
    assert (paid.kind, paid.payment_id, paid.word) == (kind, number, word)
    assert (paid.units, paid.asset, paid.symbol) == (Decimal("-0.004992"), USDT, "BTC/USDT:USDT")
    (bare,) = bill_payments(bill(businessType=word, symbol=""))
    assert bare.symbol is None


@pytest.mark.parametrize("word", ["buy", "open_long", "force_sell", "append_margin"])
def test_a_bill_that_is_told_elsewhere_or_moves_nothing_is_no_payment(word: str) -> None:
    assert bill_payments(bill(businessType=word)) == ()
    with pytest.raises(Unreadable):
        bill_payments(bill(businessType=word, billId=""))
    with pytest.raises(Unreadable):
        bill_payments(bill(businessType=word, symbol=None))


def test_an_execution_tells_its_commission_and_its_profit() -> None:
    commission, profit = fill_payments(swap_fill())
    assert (commission.kind, commission.units) == (PaymentKind.COMMISSION, Decimal("-0.02236284"))
    assert (profit.kind, profit.units) == (PaymentKind.REALISED_PROFIT, Decimal("-0.0007"))
    assert commission.trade_id == fill_of(swap_fill(), swap(), {}).trade_id
    assert [p.kind for p in fill_payments(swap_fill(profit="0"))] == [PaymentKind.COMMISSION]
