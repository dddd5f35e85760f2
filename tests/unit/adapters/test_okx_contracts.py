"""Contracts of OKX: counted in contracts there, in coins here, and read whole or not at all."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from trimtab.adapters.okx.contracts import (
    brackets_of,
    closing_fees,
    is_leverage_set,
    leverage_of,
    linear_instrument_of,
    linear_markets,
    marks_of,
    positions_of,
    price_in,
    tiers_of,
)
from trimtab.adapters.okx.payments import payments_of
from trimtab.adapters.wire.exact import Unreadable
from trimtab.domain.payments import PaymentKind

NAME = "BTC-USDT-SWAP"


def answer(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"code": "0", "msg": "", "data": list(rows)}


def contract_row(**changed: Any) -> dict[str, Any]:
    return {
        "instId": NAME,
        "instFamily": "BTC-USDT",
        "uly": "BTC-USDT",
        "settleCcy": "USDT",
        "ctVal": "0.01",
        "ctMult": "1",
        "ctValCcy": "BTC",
        "ctType": "linear",
        "lotSz": "0.1",
        "minSz": "0.15",
        "maxLmtSz": "1000.05",
        "tickSz": "0.1",
        "state": "live",
        **changed,
    }


def test_sizes_are_coins_and_a_contract_is_a_part_of_one() -> None:
    seen = linear_instrument_of(contract_row(), taker_fee=Decimal("0.0005"))
    assert (seen.contract_size, seen.lot_size) == (Decimal("0.01"), Decimal("0.001"))
    assert (seen.lots_min, seen.lots_max) == (2, 10000)
    assert seen.symbol == "BTC/USDT:USDT"
    doubled = linear_instrument_of(contract_row(ctMult="2"), taker_fee=Decimal(0))
    assert (doubled.contract_size, doubled.lot_size) == (Decimal("0.02"), Decimal("0.002"))
    assert not linear_instrument_of(contract_row(state="preopen"), taker_fee=Decimal(0)).tradable


@pytest.mark.parametrize(
    "changed", [{"ctVal": "0"}, {"lotSz": "0"}, {"uly": "ETH-USDT"}, {"ctValCcy": "USDT"}]
)
def test_a_contract_that_counts_something_else_is_unreadable(changed: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        linear_instrument_of(contract_row(**changed), taker_fee=Decimal(0))


def test_only_what_settles_in_the_dollar_coin_is_listed() -> None:
    others = [contract_row(ctType="inverse"), contract_row(settleCcy="USDC")]
    assert linear_markets(answer(*others, contract_row())) == {
        "BTC/USDT:USDT": contract_row(symbol=NAME)
    }


def tier(number: str, first: str, most: str, **changed: Any) -> dict[str, Any]:
    rates = {"mmr": "0.004", "imr": "0.01", "maxLever": "100"}
    names = {"instFamily": "BTC-USDT", "tier": number, "minSz": first, "maxSz": most}
    return {**names, **rates, **changed}


def test_steps_are_worth_half_of_what_they_are_at_mark_and_hold_for_all_of_a_position() -> None:
    last = tier("2", "50", "200", mmr="0.01", imr="0.02", maxLever="50.5")
    rows = tiers_of(answer(last, tier("1", "0", "50")), family="BTC-USDT")
    steps = brackets_of(
        rows, contract_size=Decimal("0.01"), mark=Decimal(60_000), fee=Decimal("0.0005")
    )
    assert [(s.notional_floor, s.notional_cap) for s in steps] == [(0, 15_000), (15_000, 60_000)]
    rates = [s.maintenance_ratio for s in steps]
    assert rates == [Decimal("0.0045"), Decimal("0.0105")]
    assert [s.leverage_max for s in steps] == [100, 50]
    assert {s.maintenance_deduction for s in steps} == {0}


@pytest.mark.parametrize(
    "rows",
    [
        [tier("1", "0", "50"), tier("2", "49", "200")],
        [tier("1", "0", "0")],
        [tier("1", "-1", "50")],
        [tier("1", "0", "50", instFamily="ETH-USDT")],
        [tier("1", "0", "50", mmr="0")],
        [tier("1", "0", "50", mmr="0.01")],
        [tier("1", "0", "50", imr="1.1")],
        [tier("1", "0", "50", maxLever="0.5")],
    ],
)
def test_a_table_that_is_none_is_unreadable(rows: list[dict[str, Any]]) -> None:
    with pytest.raises(Unreadable):
        tiers_of(answer(*rows), family="BTC-USDT")


def position(**changed: Any) -> dict[str, Any]:
    return {
        "instType": "SWAP",
        "instId": NAME,
        "mgnMode": "cross",
        "posSide": "net",
        "ccy": "USDT",
        "pos": "-2.5",
        "avgPx": "59000",
        "markPx": "60000",
        "upl": "-25",
        "mmr": "6",
        "liqPx": "",
        **changed,
    }


def test_a_position_counts_contracts_and_a_short_is_below_nothing() -> None:
    (row,) = positions_of(answer(position()))
    assert (row.position.count, row.profit, row.maintenance) == (Decimal("-2.5"), -25, 6)
    assert row.position.liquidation_price is None
    (short,) = positions_of(answer(position(posSide="short", pos="2.5", liqPx="70000")))
    assert (short.position.count, short.position.liquidation_price) == (Decimal("-2.5"), 70_000)
    assert positions_of(answer(position(pos="0", avgPx=""))) == ()
    with pytest.raises(Unreadable):
        positions_of(answer(position(pos="")))


def test_closing_costs_the_fee_of_what_the_position_is_worth() -> None:
    rows = positions_of(answer(position()))
    at = linear_instrument_of(contract_row(), taker_fee=Decimal("0.0005"))
    marks = marks_of(answer(position(), position(instId="ETH-USDT-SWAP", pos="0")))
    assert marks == {NAME: 60_000}
    assert closing_fees(rows, {NAME: at}, marks) == Decimal("0.75")


def leverage(**changed: Any) -> dict[str, Any]:
    return {"instId": NAME, "mgnMode": "cross", "posSide": "net", "lever": "3", **changed}


def test_leverage_between_two_counts_as_the_higher_and_of_two_sides_the_higher() -> None:
    assert leverage_of(answer(leverage(lever="2.01")), market_id=NAME) == 3
    both = answer(leverage(), leverage(lever="5"))
    assert leverage_of(both, market_id=NAME) == 5
    assert is_leverage_set(answer(leverage()), market_id=NAME, leverage=3)
    assert is_leverage_set(answer(leverage()), market_id=NAME, leverage=4) is None


@pytest.mark.parametrize(
    "row", [leverage(instId="ETH-USDT-SWAP"), leverage(mgnMode="isolated"), leverage(lever="0")]
)
def test_leverage_of_something_else_is_unreadable(row: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        leverage_of(answer(row), market_id=NAME)


def test_a_price_of_another_market_is_unreadable() -> None:
    told = answer({"instId": NAME, "markPx": "60000"})
    assert price_in(told, "markPx", market_id=NAME) == 60_000
    with pytest.raises(Unreadable, match="another market"):
        price_in(told, "markPx", market_id="ETH-USDT-SWAP")


def bill(**changed: Any) -> dict[str, Any]:
    return {
        "billId": "77",
        "type": "2",
        "instType": "SWAP",
        "instId": NAME,
        "ccy": "USDT",
        "balChg": "9.5",
        "pnl": "10",
        "fee": "-0.5",
        "tradeId": "5",
        "fillTime": "1708587373361",
        "ts": "1708587373362",
        **changed,
    }


def test_a_trade_of_a_contract_pays_a_fee_and_brings_what_was_won() -> None:
    fee, profit = payments_of(bill())
    assert (fee.kind, fee.units) == (PaymentKind.COMMISSION, Decimal("-0.5"))
    assert (profit.kind, profit.units) == (PaymentKind.REALISED_PROFIT, 10)
    assert {fee.trade_id, profit.trade_id} == {"1708587373361" + "5".zfill(20)}
    assert {fee.symbol, profit.symbol} == {"BTC/USDT:USDT"}
    (opening,) = payments_of(bill(pnl="0", balChg="-0.5"))
    assert opening.kind is PaymentKind.COMMISSION


@pytest.mark.parametrize(
    ("changed", "profit"),
    [
        ({"balChg": "9.499999995"}, "9.999999995"),
        ({"type": "5", "balChg": "-3"}, "-2.5"),
        ({"type": "9", "balChg": "9.4"}, "9.9"),
    ],
)
def test_a_bill_books_what_moved_the_wallet(changed: dict[str, Any], profit: str) -> None:
    fee, won = payments_of(bill(**changed))
    assert (fee.kind, fee.units) == (PaymentKind.COMMISSION, Decimal("-0.5"))
    assert (won.kind, won.units) == (PaymentKind.REALISED_PROFIT, Decimal(profit))


@pytest.mark.parametrize(
    ("changed", "kind", "symbol"),
    [
        ({"type": "8", "balChg": "-1"}, PaymentKind.FUNDING, "BTC/USDT:USDT"),
        ({"type": "1", "instType": "", "instId": ""}, PaymentKind.TRANSFER, None),
        ({"type": "7", "instType": "", "instId": ""}, PaymentKind.OTHER, None),
        ({"type": "2", "instType": "FUTURES"}, PaymentKind.OTHER, None),
    ],
)
def test_other_bills_move_what_they_say(
    changed: dict[str, Any], kind: PaymentKind, symbol: str | None
) -> None:
    (paid,) = payments_of(bill(**changed))
    assert (paid.kind, paid.symbol, paid.trade_id) == (kind, symbol, None)
    assert paid.units == Decimal(changed.get("balChg", "9.5"))


def test_trades_of_coins_are_told_by_their_executions() -> None:
    assert payments_of(bill(instType="SPOT", instId="BTC-USDT")) == ()
    assert payments_of(bill(type="8", balChg="0", pnl="0")) == ()


@pytest.mark.parametrize(
    "changed",
    [
        {"balChg": "9.4"},
        {"balChg": "9.49999998"},
        {"ccy": "BTC"},
        {"tradeId": ""},
        {"fillTime": ""},
        {"instId": "BTC-USD-SWAP"},
        {"type": "8", "instId": "BTC-USDT"},
        {"billId": "", "type": "8"},
        {"instType": None, "balChg": ""},
    ],
)
def test_a_bill_that_does_not_add_up_or_is_of_something_else_is_unreadable(
    changed: dict[str, Any],
) -> None:
    with pytest.raises(Unreadable):
        payments_of(bill(**changed))
