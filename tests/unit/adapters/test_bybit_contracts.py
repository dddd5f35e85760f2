"""Contracts, the one wallet and its log as Bybit writes them, read whole or not at all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from trimtab.adapters.bybit.answers import trade_id_of
from trimtab.adapters.bybit.contracts import (
    brackets_of,
    linear_markets,
    position_row,
    require_plain_margin,
    settings_of,
)
from trimtab.adapters.bybit.payments import payments_of
from trimtab.adapters.bybit.wallet import unified_of
from trimtab.adapters.wire.exact import Unreadable
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.payments import PaymentKind
from trimtab.domain.snapshot import Balance, PositionMode

FEE = Decimal("0.00055")
NAME = "e0cbe81d-0f18-5866-9415-cf319b5dab3b"


def answer(result: Any) -> dict[str, Any]:
    return {"retCode": 0, "retMsg": "OK", "result": result}


# Tables


def step(cap: str, **changed: Any) -> dict[str, Any]:
    return {
        "symbol": "BTCUSDT",
        "riskLimitValue": cap,
        "maintenanceMargin": "0.005",
        "initialMargin": "0.01",
        "maxLeverage": "100.00",
        "mmDeduction": "",
        **changed,
    }


def table(*rows: dict[str, Any], cursor: str = "") -> dict[str, Any]:
    return answer({"list": list(rows), "nextPageCursor": cursor})


@pytest.mark.parametrize(("rate", "initial"), [("0.005", "0.01"), ("0.5", "1"), ("0.50", "1.00")])
def test_a_rate_is_a_fraction_whether_it_is_written_as_one_or_in_per_cent(
    rate: str, initial: str
) -> None:
    told = table(step("2000000", maintenanceMargin=rate, initialMargin=initial))
    (only,) = brackets_of(told, market_id="BTCUSDT", fee=FEE)
    assert only.maintenance_ratio == Decimal("0.00555")
    assert (only.notional_floor, only.notional_cap) == (0, 2000000)


def test_steps_are_put_in_order_and_a_leverage_between_two_lets_less_be_set() -> None:
    higher = step("9", initialMargin="0.015", maxLeverage="66.67", mmDeduction="1.5")
    first, second = brackets_of(table(higher, step("5")), market_id="BTCUSDT", fee=FEE)
    assert (first.leverage_max, second.leverage_max) == (100, 66)
    assert (second.notional_floor, second.maintenance_deduction) == (5, Decimal("1.5"))


@pytest.mark.parametrize(
    "told",
    [
        table(step("5", symbol="ETHUSDT")),
        table(step("5"), cursor="more"),
        table(step("5"), step("5", mmDeduction="1")),
        table(step("5"), step("6", mmDeduction="")),
        table(step("5", initialMargin="0.5")),
        table(step("0")),
    ],
)
def test_a_table_that_does_not_fit_together_is_unreadable(told: Any) -> None:
    with pytest.raises(Unreadable):
        brackets_of(told, market_id="BTCUSDT", fee=FEE)


# Positions and settings


def position(**changed: Any) -> dict[str, Any]:
    return {
        "positionIdx": 0,
        "symbol": "BTCUSDT",
        "side": "Sell",
        "size": "0.5",
        "avgPrice": "50000",
        "leverage": "10",
        "markPrice": "50500",
        "liqPrice": "",
        "positionMM": "139.9",
        "unrealisedPnl": "-250",
        **changed,
    }


def test_a_position_is_signed_and_one_without_size_is_none() -> None:
    short, long = position_row(position()), position_row(position(side="Buy", liqPrice="45000.5"))
    assert short is not None
    assert long is not None
    assert (short.position.count, long.position.count) == (Decimal("-0.5"), Decimal("0.5"))
    assert (short.position.liquidation_price, short.mode) == (None, PositionMode.ONE_WAY)
    assert long.position.liquidation_price == Decimal("45000.5")
    assert position_row(position(size="0", side="")) is None
    other = position_row(position(positionIdx=2))
    assert other is not None
    assert other.mode is PositionMode.HEDGE


@pytest.mark.parametrize(
    "changed", [{"side": ""}, {"size": "-1"}, {"positionIdx": 3}, {"positionIdx": "0.5"}]
)
def test_a_position_that_is_neither_long_nor_short_is_unreadable(changed: Any) -> None:
    with pytest.raises(Unreadable):
        position_row(position(**changed))


def test_settings_are_the_loosest_of_both_sides() -> None:
    both = [position(positionIdx=1, leverage="3"), position(positionIdx=2, leverage="4.5")]
    told = settings_of(answer({"list": both}), market_id="BTCUSDT")
    assert (told.contract.leverage, told.mode) == (5, PositionMode.HEDGE)
    for rows in ([], [position(symbol="ETHUSDT")], [position(leverage="0")]):
        with pytest.raises(Unreadable):
            settings_of(answer({"list": rows}), market_id="BTCUSDT")


@pytest.mark.parametrize(
    ("mode", "hedging", "why"),
    [
        ("ISOLATED_MARGIN", "OFF", "in mode ISOLATED_MARGIN"),
        ("PORTFOLIO_MARGIN", "OFF", "in mode PORTFOLIO_MARGIN"),
        ("REGULAR_MARGIN", "ON", "spot hedging is on"),
    ],
)
def test_only_a_plain_account_is_read(mode: str, hedging: str, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        require_plain_margin(answer({"marginMode": mode, "spotHedgingStatus": hedging}))


def test_contracts_with_a_delivery_or_another_coin_are_not_listed() -> None:
    perpetual = {
        "symbol": "BTCUSDT",
        "contractType": "LinearPerpetual",
        "baseCoin": "BTC",
        "quoteCoin": "USDT",
        "settleCoin": "USDT",
    }
    dated = perpetual | {"symbol": "BTC-26DEC26", "contractType": "LinearFutures"}
    other = perpetual | {"symbol": "BTCPERP", "settleCoin": "USDC"}
    assert linear_markets((dated, perpetual, other)) == {Symbol("BTC/USDT:USDT"): perpetual}


# The wallet


def coin(name: str, **changed: Any) -> dict[str, Any]:
    return {
        "coin": name,
        "walletBalance": "1000",
        "locked": "50",
        "borrowAmount": "0",
        "spotBorrow": "0",
        "equity": changed.get("walletBalance", "1000"),
        "unrealisedPnl": "0",
        "totalOrderIM": "0",
        "totalPositionIM": "0",
        "marginCollateral": True,
        "collateralSwitch": False,
        **changed,
    }


def wallet(*coins: dict[str, Any]) -> dict[str, Any]:
    return answer({"list": [{"accountType": "UNIFIED", "coin": list(coins)}]})


def test_what_is_bound_is_margin_the_rest_cash_and_coins_are_coins() -> None:
    cash = coin("USDT", totalPositionIM="300", totalOrderIM="20", unrealisedPnl="-30", equity="970")
    told = unified_of(
        wallet(cash, coin("BTC"), coin("ETH", walletBalance="0", locked="0")),
        maintained=Decimal(7),
        losses=Decimal(45),
    )
    assert told.balances == {
        Asset("BTC"): Balance(free=Decimal(950), locked=Decimal(50)),
        Asset("USDT"): Balance(free=Decimal(585), locked=Decimal(50)),
    }
    (pool,) = told.pools.values()
    assert (pool.balance, pool.maintenance_margin, pool.shares_cash) == (335, 7, True)


@pytest.mark.parametrize(
    ("coins", "why"),
    [
        ((coin("BTC"),), "there is no USDT"),
        ((coin("USDT", spotBorrow="1"),), "USDT is borrowed"),
        ((coin("USDT", walletBalance="-1"),), "USDT is negative"),
        ((coin("USDT"), coin("BTC", borrowAmount="0.1")), "BTC is borrowed"),
        ((coin("USDT"), coin("USDC", totalPositionIM="3")), "USDC margins contracts"),
        ((coin("USDT"), coin("USDC", unrealisedPnl="3", equity="1003")), "USDC margins contracts"),
        ((coin("USDT", equity="1012.5"),), "12.5 USDT is worth of options"),
        ((coin("USDT"), coin("USDC", equity="990")), "-10 USDC is worth of options"),
        ((coin("USDT"), coin("BTC", collateralSwitch=True)), "BTC is collateral"),
        ((coin("USDT"), coin("BTC", collateralSwitch="true")), "not a truth value"),
        ((coin("USDT"), coin("BTC", locked="1001")), "BTC is negative"),
    ],
)
def test_what_could_not_be_counted_once_is_unreadable(coins: Any, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        unified_of(wallet(*coins), maintained=Decimal(0), losses=Decimal(0))


# The log


def logged(**changed: Any) -> dict[str, Any]:
    return {
        "id": "592324_BTCUSDT_1",
        "symbol": "BTCUSDT",
        "category": "linear",
        "type": "TRADE",
        "currency": "USDT",
        "transactionTime": "1672282722429",
        "tradeId": NAME,
        "cashFlow": "12.5",
        "funding": "",
        "fee": "0.3",
        "change": "12.2",
        **changed,
    }


def test_a_trade_of_a_contract_is_its_fee_and_its_profit_under_the_name_of_its_execution() -> None:
    trade = trade_id_of({"execId": NAME, "execTime": "1672282722430"}, is_contract=True)
    fee, profit = payments_of(logged(), {NAME: trade})
    assert (fee.kind, fee.units, fee.trade_id) == (
        PaymentKind.COMMISSION,
        Decimal("-0.3"),
        trade,
    )
    assert (profit.kind, profit.units) == (PaymentKind.REALISED_PROFIT, Decimal("12.5"))
    assert {p.payment_id for p in (fee, profit)} == {trade}


def test_funding_transfers_and_the_rest_are_told_by_their_change() -> None:
    funding = logged(type="SETTLEMENT", cashFlow="0", funding="-1.5", fee="", change="-1.5")
    moved = logged(type="TRANSFER_IN", category="", symbol="", cashFlow="9", fee="0", change="9")
    odd = moved | {"type": "AIRDROP"}
    told = [payments_of(row, {})[0] for row in (funding, moved, odd)]
    kinds = (PaymentKind.FUNDING, PaymentKind.TRANSFER, PaymentKind.OTHER)
    assert tuple(p.kind for p in told) == kinds
    assert [p.units for p in told] == [Decimal("-1.5"), 9, 9]
    assert [p.symbol for p in told] == ["BTC/USDT:USDT", None, None]


def test_a_trade_of_coins_is_told_by_its_executions() -> None:
    assert payments_of(logged(category="spot"), {}) == ()


@pytest.mark.parametrize(
    "changed",
    [
        {"change": "12.5"},
        {"currency": "USDC"},
        {"category": None},
        {"cashFlow": ""},
        {},
    ],
)
def test_a_row_that_does_not_add_up_or_speaks_of_an_unlisted_execution_is_unreadable(
    changed: Any,
) -> None:
    with pytest.raises(Unreadable):
        payments_of(logged(**changed), {})
