"""Exposure, NAV and leverage, by the strategy definitions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import account, dec, swap
from tests.coin_margined import holding, position, wallet
from trimtab.domain.errors import MissingMark
from trimtab.domain.exposure import contract_symbols, exposure
from trimtab.domain.instruments import Asset

BTC, ETH, USDT = Asset("BTC"), Asset("ETH"), Asset("USDT")


def test_every_wallet_is_counted_once_and_profit_belongs_to_the_margin() -> None:
    held = exposure(
        account("BTC 0.1 locked 0.1 @ 60000, USDT 700, wallet 500, perp BTC -0.05 from 61000")
    )
    assert held.holding(BTC) == dec("0.2")
    assert held.holding(USDT) == dec(700 + 500 + 50)
    assert held.nav() == dec(12_000 + 1_250)


def test_a_short_lowers_the_exposure_of_its_asset_and_raises_that_of_the_quote() -> None:
    held = exposure(account("BTC 0.2 @ 60000, wallet 3000, perp BTC -0.05"))
    assert held.net(BTC) == dec(9_000)
    assert held.net(USDT) == dec(6_000)
    assert held.net(BTC) + held.net(USDT) == held.nav()


def test_exposure_uses_the_spot_mid_and_leverage_the_mark() -> None:
    held = exposure(account("BTC 0.2 @ 60000, wallet 3000, dated BTC -0.1 at 61000"))
    assert held.net(BTC) == dec(6_000)
    assert held.gross_notional == dec(6_100)


def test_leverage_is_notional_over_value_outside_margin() -> None:
    assert exposure(account("BTC 0.1 @ 60000, wallet 900")).leverage() == 0
    held = exposure(account("BTC 0.1 @ 60000, wallet 900, perp BTC -0.05"))
    assert held.leverage() == dec("0.5")
    all_in_margin = exposure(account("BTC @ 60000, wallet 900, perp BTC 0.01"))
    assert all_in_margin.leverage() == dec("Infinity")


def test_a_held_asset_without_a_market_is_named() -> None:
    held = exposure(account("BTC 0.1 @ 60000, ODD 5"))
    with pytest.raises(MissingMark, match="ODD"):
        held.nav()
    assert held.nav(frozenset({Asset("ODD")})) == dec(6_000)
    assert held.value_outside(frozenset({Asset("ODD")})) == dec(6_000)


def test_an_asset_that_only_has_a_contract_is_valued_at_its_index() -> None:
    snapshot = account("USDT 100, BTC @ 60000")
    only = {s: i for s, i in snapshot.instruments.items() if i.is_contract}
    held = exposure(account("USDT 100, BTC @ 60000", instruments={}))
    assert held.mid(BTC) == dec(60_000)
    assert list(only) == ["BTC/USDT:USDT"]


def test_markets_in_another_quote_do_not_price_an_asset() -> None:
    snapshot = account("ETH 1 @ 3000, USDC 100", quote="USDC")
    other = account("ETH @ 9999, USDT 5")
    mixed = account(
        "USDT 5, ETH 1",
        instruments={**snapshot.instruments},
        books={**snapshot.books},
    )
    assert ETH not in exposure(mixed).mids
    assert exposure(other).mid(ETH) == dec(9_999)


def test_contracts_are_listed_perpetual_first() -> None:
    snapshot = account("BTC 0.1 @ 60000, dated BTC at 60500, wallet 10")
    assert contract_symbols(snapshot, BTC) == ("BTC/USDT:USDT", "BTC/USDT:USDT-261225")
    assert contract_symbols(snapshot, ETH) == ()


def test_only_perpetuals_that_trade_and_have_a_book_carry_a_hedge() -> None:
    shut = swap("BTC", tradable=False)
    snapshot = account("BTC 1 @ 100, ETH 1 @ 10, USDT 5")
    assert exposure(snapshot).contracted == {"BTC", "ETH"}
    listed = {**snapshot.instruments, shut.symbol: shut}
    assert exposure(replace(snapshot, instruments=listed)).contracted == {"ETH"}


def test_what_is_not_held_is_worth_nothing_wherever_it_is_counted() -> None:
    held = exposure(account("BTC @ 100, USDT 5, wallet 7"))
    assert (held.value(BTC), held.value_outside_of(BTC), held.value(ETH)) == (0, 0, 0)
    assert held.value_outside_of(USDT) == dec(5)


def test_a_position_in_another_quote_is_priced_by_its_own_index_and_never_left_out() -> None:
    held = account("USDT 1000, USDC 100 @ 0.5, ETH 0 @ 3000, wallet 100, perp ETH -2")
    (symbol,) = held.positions
    other = replace(held.instruments[symbol], quote=Asset("USDC"), settle=Asset("USDC"))
    spot = {s: i for s, i in held.instruments.items() if i.base == "USDC"}
    seen = replace(held, instruments={**spot, symbol: other})
    assert exposure(seen).mid(ETH) == dec(1_500)
    assert exposure(seen).net(ETH) == dec(-3_000)
    with pytest.raises(MissingMark, match="a position, but nothing that was read prices it"):
        exposure(replace(seen, instruments={symbol: other}))


def test_a_coin_margined_short_is_coins_less_contracts_and_its_dollars_are_quote() -> None:
    held = exposure(
        holding("BTC 0.1 @ 60000, USDT 4000", wallet(dec("0.1"), position(-30, entry=dec(50_000))))
    )
    # Entered at 50,000 it has lost 3,000 / 50,000 - 3,000 / 60,000 = 0.01 BTC.
    assert held.holding(BTC) == dec("0.19")
    assert held.net(BTC) == dec(60_000) * dec("0.14")
    assert held.net(BTC) + held.net(USDT) == held.nav() == dec(15_400)
    assert held.gross_notional == held.inverse_notional == dec(3_000)
    assert held.leverage() == dec("0.3")


def test_coin_margined_contracts_on_what_nothing_prices_are_named() -> None:
    odd = replace(
        account("USDT 100"), coin_wallets={Asset("BTC"): wallet(dec("0.1"), position(-30))}
    )
    with pytest.raises(MissingMark, match="BTC/USD:BTC"):
        exposure(odd)
    without = replace(odd, coin_wallets={Asset("BTC"): wallet(dec("0.1"))})
    assert exposure(without).unpriced == {BTC}
