"""Perpetuals, the one wallet and its log as Deribit writes them, read whole or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from trimtab.adapters.deribit.answers import market_name, open_order_of
from trimtab.adapters.deribit.contracts import (
    contract_symbol,
    leverages_in,
    linear_instrument_of,
    linear_markets,
    positions_of,
    prices_of,
    settlements_of,
    steps_of,
    terms_at,
)
from trimtab.adapters.deribit.payments import payments_of
from trimtab.adapters.deribit.wallet import held_in
from trimtab.adapters.frame.contract_values import ContractPrices
from trimtab.adapters.frame.timed_fills import number_of, risen_trade_id
from trimtab.adapters.wire.exact import Unreadable
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.payments import PaymentKind
from trimtab.venues.deribit_margins import MARGINS

USDC = Asset("USDC")
NAME = "BTC_USDC-PERPETUAL"
SYMBOL = Symbol("BTC/USDC:USDC")
AT = 1775672947953
MARKET: dict[str, Any] = {
    "instrument_name": NAME,
    "instrument_type": "linear",
    "kind": "future",
    "settlement_period": "perpetual",
    "base_currency": "BTC",
    "quote_currency": "USDC",
    "settlement_currency": "USDC",
    "contract_size": Decimal("0.0001"),
    "min_trade_amount": Decimal("0.001"),
    "tick_size": Decimal("0.5"),
    "max_leverage": 50,
    "taker_commission": Decimal("0.0005"),
    "is_active": True,
    "state": "open",
}
POSITION: dict[str, Any] = {
    "instrument_name": NAME,
    "kind": "future",
    "direction": "sell",
    "size": Decimal("-30.015878"),
    "size_currency": Decimal("-0.001"),
    "average_price": Decimal(29000),
    "mark_price": Decimal(30016),
    "floating_profit_loss": Decimal("-0.516"),
    "maintenance_margin": Decimal("0.3"),
}
CASH: dict[str, Any] = {
    "currency": "USDC",
    "cross_collateral_enabled": False,
    "margin_model": "segregated_sm",
    "options_value": 0,
    "balance": Decimal(1000),
    "spot_reserve": Decimal(0),
    "margin_balance": Decimal(1000),
    "session_rpl": Decimal(0),
    "session_upl": Decimal(0),
    "initial_margin": Decimal(40),
    "maintenance_margin": Decimal(20),
    "available_funds": Decimal(960),
}
COIN: dict[str, Any] = {
    "currency": "BTC",
    "cross_collateral_enabled": False,
    "maintenance_margin": 0,
    "options_value": 0,
    "balance": Decimal("0.5"),
    "available_funds": Decimal("0.5"),
}
ROW: dict[str, Any] = {
    "id": 61311,
    "type": "settlement",
    "currency": "USDC",
    "timestamp": AT,
    "instrument_name": NAME,
    "change": Decimal("2.5"),
    "commission": None,
    "total_interest_pl": Decimal("-0.25"),
}
TRADE = ROW | {
    "type": "trade",
    "trade_id": "USDC-6607633",
    "change": Decimal("-0.03"),
    "commission": Decimal("0.03"),
}
NAMES = {(SYMBOL, 6607633): risen_trade_id(AT, "6607633")}


def told(result: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "result": result}


# Markets


def test_a_symbol_is_made_of_a_name_alone() -> None:
    assert contract_symbol(NAME) == SYMBOL
    assert market_name(linear_instrument_of(MARKET, taker_fee=Decimal(0))) == NAME


@pytest.mark.parametrize("name", ["BTC-PERPETUAL", "BTC_USDC", "_USDC-PERPETUAL", "BTC_-PERPETUAL"])
def test_the_name_of_something_else_is_no_perpetual(name: str) -> None:
    with pytest.raises(Unreadable):
        contract_symbol(name)


def test_only_what_settles_in_the_quote_and_is_known_is_listed() -> None:
    others = [
        MARKET | {"instrument_name": name}
        for name in ("BTC-PERPETUAL", "XRP_USDC-PERPETUAL", "BTC_USDT-PERPETUAL", "BTC_USDC-9JAN27")
    ]
    assert list(linear_markets(told([*others, MARKET]), quote=USDC)) == [SYMBOL]


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": "option"},
        {"instrument_type": "reversed"},
        {"settlement_period": "month"},
        {"settlement_currency": "USDT"},
        {"quote_currency": "USD"},
    ],
)
def test_a_market_that_is_not_what_its_name_says_is_unreadable(changed: dict[str, str]) -> None:
    with pytest.raises(Unreadable, match="no linear perpetual"):
        linear_markets(told([MARKET | changed]), quote=USDC)


def test_sizes_lie_on_the_grid_of_the_contract_and_begin_at_the_least() -> None:
    market = linear_instrument_of(MARKET, taker_fee=Decimal(0))
    assert (market.lot_size, market.lots_min, market.contract_size) == (Decimal("0.0001"), 10, 1)
    assert (market.taker_fee, market.settle, market.tradable) == (Decimal("0.0005"), USDC, True)
    for name in ("contract_size", "min_trade_amount"):
        with pytest.raises(Unreadable):
            linear_instrument_of(MARKET | {name: 0}, taker_fee=Decimal(0))


def test_a_leverage_below_one_is_none() -> None:
    assert leverages_in([MARKET | {"symbol": NAME}]) == {NAME: 50}
    with pytest.raises(Unreadable):
        leverages_in([MARKET | {"symbol": NAME, "max_leverage": 0}])


# Margins


@pytest.mark.parametrize("name", MARGINS)
def test_one_rate_is_never_below_the_formula_and_at_most_a_twenty_fifth_above(name: str) -> None:
    terms = MARGINS[name]
    assert terms.growth * terms.units_max == terms.maintenance / 25
    assert terms.initial * terms.leverage_max == 1
    assert terms.initial == 2 * terms.maintenance


def test_the_formula_gives_what_was_shown_in_public_of_a_position() -> None:
    terms, size, mark = MARGINS["BTC_USDT-PERPETUAL"], Decimal("0.003"), Decimal("40823.7167")
    shown = {terms.initial: "2.449441373", terms.maintenance: "1.224729872"}
    for rate, margin in shown.items():
        assert round(size * mark * (rate + terms.growth * size), 9) == Decimal(margin)


def test_a_step_ends_at_the_largest_size_and_counts_an_index_that_is_higher() -> None:
    prices = ContractPrices(mark=Decimal(50000), index=Decimal(50500), funding_rate=Decimal(0))
    (step,) = steps_of(MARGINS[NAME], prices)
    assert (step.notional_cap, step.leverage_max) == (400000, 50)
    assert step.maintenance_ratio == Decimal("0.010504")
    lower = ContractPrices(mark=Decimal(50000), index=Decimal(49000), funding_rate=Decimal(0))
    assert steps_of(MARGINS[NAME], lower)[0].maintenance_ratio == Decimal("0.0104")


def test_less_leverage_raises_all_rates_alike_and_more_lowers_none() -> None:
    terms = MARGINS[NAME]
    assert terms_at(terms, 50) == terms
    less, more = terms_at(terms, 25), terms_at(terms, 100)
    assert (less.initial, less.maintenance) == (2 * terms.initial, 2 * terms.maintenance)
    assert (less.growth, less.leverage_max) == (2 * terms.growth, 25)
    assert (more.initial, more.maintenance, more.leverage_max) == (
        terms.initial,
        terms.maintenance,
        100,
    )


# Positions and prices


def test_a_position_has_its_coins_and_the_price_since_which_nothing_was_settled() -> None:
    (row,) = positions_of(told([POSITION]), listed=[NAME])
    assert (row.position.count, row.position.entry_price) == (Decimal("-0.001"), 29500)
    assert (row.profit, row.maintenance) == (Decimal("-0.516"), Decimal("0.3"))
    (long,) = positions_of(told([POSITION | {"direction": "buy"}]), listed=[NAME])
    assert long.position.count == Decimal("0.001")
    assert positions_of(told([POSITION | {"direction": "zero", "size": 0}]), listed=[NAME]) == ()


@pytest.mark.parametrize(
    "changed",
    [
        {"direction": "zero"},
        {"instrument_name": "ETH_USDC-PERPETUAL"},
        {"size_currency": Decimal("-8.0001")},
        {"mark_price": 0},
        {"average_price": 0},
        {"maintenance_margin": Decimal(-1)},
        {"floating_profit_loss": Decimal(-31)},
    ],
)
def test_a_position_that_cannot_be_measured_is_unreadable(changed: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        positions_of(told([POSITION | changed]), listed=[NAME])


def test_funding_is_that_of_an_hour_and_a_contract_without_a_price_has_none() -> None:
    row = {"instrument_name": NAME, "mark_price": 2, "index_price": 3, "current_funding": "0.0008"}
    prices = prices_of(told(row), market_id=NAME)
    assert prices is not None
    assert (prices.mark, prices.index, prices.funding_rate) == (2, 3, Decimal("0.0001"))
    for name in ("mark_price", "index_price"):
        assert prices_of(told(row | {name: 0}), market_id=NAME) is None
    with pytest.raises(Unreadable):
        prices_of(told(row), market_id="SOL_USDC-PERPETUAL")


def test_an_hour_of_funding_is_told_once() -> None:
    row = {"timestamp": AT, "interest_1h": "0.00001"}
    (settled,) = settlements_of(told([row])).values()
    assert settled.rate == Decimal("0.00001")
    with pytest.raises(Unreadable):
        settlements_of(told([row, row]))


def test_an_order_says_whether_it_only_reduces() -> None:
    market = linear_instrument_of(MARKET, taker_fee=Decimal(0))
    row = {
        "order_id": "USDC-1",
        "label": "",
        "direction": "sell",
        "side": "sell",
        "amount": Decimal("0.001"),
        "filled_amount": Decimal(0),
        "order_state": "open",
        "price": Decimal(30000),
    }
    assert [
        open_order_of(row | {"reduce_only": reduces}, market).reduce_only
        for reduces in (True, False)
    ] == [True, False]
    with pytest.raises(Unreadable):
        open_order_of(row | {"reduce_only": "true"}, market)


# The wallet


def free(**changed: Any) -> Decimal:
    held = held_in(told({"summaries": [COIN, CASH | changed]}), settle=USDC, profits=())
    assert held.balances[USDC].held + held.pools[USDC].wallet_balance == CASH["balance"]
    return held.balances[USDC].free


def test_cash_is_free_but_for_what_is_bound_reserved_lost_or_withheld() -> None:
    assert free() == 960
    assert free(spot_reserve=Decimal(10), available_funds=Decimal(990)) == 960
    assert free(available_funds=Decimal(900)) == 900
    assert free(available_funds=Decimal(-5)) == 0
    lost = {"margin_balance": Decimal(970), "session_rpl": Decimal(-30)}
    assert free(**lost) == 930
    offset = {"session_rpl": Decimal(-30), "session_upl": Decimal(30)}
    assert free(**offset) == 930
    won = {"margin_balance": Decimal(1030), "session_upl": Decimal(30)}
    assert free(**won, available_funds=Decimal(990)) == 960


def test_the_pool_settles_later_and_has_what_stands_beside_the_balance() -> None:
    row = CASH | {"margin_balance": Decimal(1007), "session_rpl": 3, "session_upl": 4}
    held = held_in(told({"summaries": [row, COIN]}), settle=USDC, profits=[Decimal(4)])
    pool = held.pools[USDC]
    assert (pool.unrealised_pnl, pool.settles_later, pool.shares_cash) == (7, True, True)
    assert (pool.initial_margin, pool.maintenance_margin) == (40, 20)
    assert held.balances[Asset("BTC")].free == Decimal("0.5")


@pytest.mark.parametrize(
    "changed",
    [
        {"cross_collateral_enabled": True},
        {"margin_model": "segregated_pm"},
        {"options_value": Decimal(1)},
        {"balance": Decimal(-1)},
        {"spot_reserve": Decimal(-1)},
        {"initial_margin": Decimal(-1)},
        {"maintenance_margin": Decimal(-1)},
        {"margin_balance": Decimal(1001)},
        {"currency": "USDT"},
    ],
)
def test_a_wallet_of_another_kind_is_unreadable(changed: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        held_in(told({"summaries": [CASH | changed, COIN]}), settle=USDC, profits=())


# The log


def test_a_settlement_is_funding_and_profit_and_both_make_the_change() -> None:
    paid = {p.kind: p for p in payments_of(ROW, {})}
    assert {kind: p.units for kind, p in paid.items()} == {
        PaymentKind.FUNDING: Decimal("-0.25"),
        PaymentKind.REALISED_PROFIT: Decimal("2.75"),
    }
    assert {(p.symbol, p.trade_id, p.asset) for p in paid.values()} == {(SYMBOL, None, USDC)}


def test_a_trade_pays_its_fee_under_the_name_of_its_execution() -> None:
    (paid,) = payments_of(TRADE, NAMES)
    assert (paid.kind, paid.units) == (PaymentKind.COMMISSION, Decimal("-0.03"))
    assert paid.trade_id == NAMES[SYMBOL, 6607633]
    assert number_of(NAMES[SYMBOL, 6607633]) == 6607633
    both = {p.kind: p.units for p in payments_of(TRADE | {"change": Decimal("0.97")}, NAMES)}
    assert both[PaymentKind.REALISED_PROFIT] == 1
    with pytest.raises(Unreadable, match="is not listed"):
        payments_of(TRADE, {})


def test_trades_of_coins_are_left_out_and_what_else_comes_is_told() -> None:
    assert payments_of(TRADE | {"instrument_name": "BTC_USDC"}, {}) == ()
    bare = ROW | {"instrument_name": None, "commission": 0}
    kinds = {"deposit": "transfer", "withdrawal": "transfer", "transfer": "transfer"}
    for word, kind in {**kinds, "correction": "other"}.items():
        (paid,) = payments_of(bare | {"type": word}, {})
        assert (paid.kind, paid.units, paid.symbol) == (kind, Decimal("2.5"), None)
    dated = ROW | {"instrument_name": "BTC_USDC-9JAN27"}
    (paid,) = payments_of(dated, {})
    assert (paid.symbol, paid.units) == (None, Decimal("2.5"))
    assert paid.paid_at == datetime.fromtimestamp(AT // 1000, UTC).replace(microsecond=953000)
