"""Contracts of a fixed number of dollars, in coins and back; every figure can be had by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.builders import dec
from tests.coin_margined import MARK, brackets, inverse, position, wallet
from trimtab.domain.exact import exact_arithmetic
from trimtab.domain.inverse import (
    coin_maintenance,
    liquidation_distance,
    liquidation_multiple,
    marked_units,
    moved_wallet,
    multiple_of,
    notional_of,
    profit_of,
    quote_per_dollar,
    units_of,
    wallet_maintenance,
)

FLAT = (replace(brackets()[0], notional_cap=dec(10**9)),)
"""One step of 0.4 per cent."""


def test_a_contract_is_worth_its_dollars_at_every_price_and_fewer_coins_at_a_higher_one() -> None:
    assert notional_of(inverse(), -30) == dec(-3_000)
    assert units_of(inverse(), -30, price=dec(60_000)) == dec("-0.05")
    assert units_of(inverse(), -30, price=dec(75_000)) == dec("-0.04")
    assert marked_units(position(12)) == dec("0.02")


def test_a_long_earns_coins_as_the_price_rises_and_a_short_loses_them() -> None:
    long = profit_of(inverse(), 30, entry=dec(60_000), price=dec(75_000))
    assert long == dec("0.01")
    assert profit_of(inverse(), -30, entry=dec(60_000), price=dec(75_000)) == -long
    assert profit_of(inverse(), 30, entry=dec(60_000), price=dec(48_000)) == dec("-0.0125")


def test_a_dollar_is_in_quote_what_the_coin_costs_in_either() -> None:
    assert quote_per_dollar(inverse(index=dec(60_000)), mid=dec(60_600)) == dec("1.01")


def test_maintenance_is_that_of_the_bracket_of_the_coins() -> None:
    # 12 BTC: 12 x 1 per cent less 5 x 0.1 and 10 x 0.5 per cent.
    with exact_arithmetic():
        assert coin_maintenance(inverse(), -7_200) == dec("0.065")
    assert wallet_maintenance(wallet(dec(1), position(30), position(-30))) == dec("0.0004")


def test_a_long_is_liquidated_where_its_coins_no_longer_cover_what_they_grow_to() -> None:
    # 0.01 + 0.05 (1 - 1/x) = 0.0002 / x: x = 0.0502 / 0.06.
    found = liquidation_multiple(units=dec("0.05"), cushion=dec("0.01"), brackets=FLAT)
    assert found is not None
    assert round(found, 12) == round(Decimal("0.0502") / Decimal("0.06"), 12)
    distance = liquidation_distance(units=dec("0.05"), multiple=found)
    assert round(distance, 6) == dec("0.163333")


def test_a_short_is_liquidated_where_its_loss_in_coins_eats_the_wallet() -> None:
    # 0.01 - 0.05 (1 - 1/x) = 0.0002 / x: x = 0.0498 / 0.04.
    found = liquidation_multiple(units=dec("-0.05"), cushion=dec("0.01"), brackets=FLAT)
    assert found == dec("1.245")
    assert liquidation_distance(units=dec("-0.05"), multiple=found) == dec("0.245")


def test_a_short_that_its_own_coins_cover_is_never_liquidated() -> None:
    found = liquidation_multiple(units=dec("-0.05"), cushion=dec("0.05"), brackets=FLAT)
    assert found is None
    assert liquidation_distance(units=dec("-0.05"), multiple=found) == dec("Infinity")


def test_a_long_that_no_price_saves_is_past_every_distance() -> None:
    found = liquidation_multiple(units=dec("0.05"), cushion=dec("-0.06"), brackets=FLAT)
    assert found == dec("Infinity")
    assert liquidation_distance(units=dec("0.05"), multiple=found) == dec("-Infinity")


@pytest.mark.parametrize("contracts", [6_000, -6_000])
def test_brackets_count_only_where_the_coins_reach_them(contracts: int) -> None:
    """A step that deducts nothing asks for half of everything, from 20 BTC on."""
    upper = replace(
        FLAT[0],
        notional_floor=dec(20),
        maintenance_ratio=dec("0.5"),
        maintenance_deduction=dec(0),
    )
    alone, both = (
        liquidation_multiple(
            units=units_of(inverse(), contracts, price=MARK), cushion=dec(9), brackets=steps
        )
        for steps in (FLAT, (*FLAT, upper))
    )
    assert alone is not None
    # 10 BTC long are 20 at half the price: there the wallet of 9 - 10 has long gone.
    assert both == alone


def test_a_step_that_is_reached_first_ends_a_long_where_it_begins() -> None:
    upper = replace(
        FLAT[0],
        notional_floor=dec("12.5"),
        maintenance_ratio=dec("0.9"),
        maintenance_deduction=dec(0),
    )
    found = liquidation_multiple(units=dec(10), cushion=dec(9), brackets=(*FLAT, upper))
    # At 0.8 of the price 10 BTC are 12.5, which need 11.25; 9 - 2.5 are left.
    assert found == dec("0.8")


def test_what_other_positions_need_is_no_cushion() -> None:
    held, other = position(-30), position(-300)
    alone = multiple_of(wallet(dec("0.04"), held), held)
    beside = multiple_of(wallet(dec("0.04"), held, other), held)
    assert alone is not None
    assert beside is not None
    assert beside < alone


def test_a_moved_wallet_reads_as_the_exchange_has_it_there() -> None:
    held = wallet(dec("0.2"), position(-30, entry=dec(50_000)), position(12))
    moved = moved_wallet(held, dec("1.25"))
    there = wallet(
        dec("0.2"),
        *(
            replace(p, contract=inverse(mark=dec(75_000), index=dec(75_000)))
            for p in held.positions
        ),
    )
    assert moved.positions == there.positions
    for name in ("unrealised_pnl", "free_margin", "initial_margin", "maintenance_margin"):
        apart = getattr(moved.pool, name) - getattr(there.pool, name)
        assert abs(apart) < dec("1e-20"), name
