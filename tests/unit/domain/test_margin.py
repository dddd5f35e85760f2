"""Maintenance and liquidation, by hand-worked cases."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.builders import BRACKETS
from trimtab.domain.margin import (
    bracket_of,
    liquidation_distance,
    liquidation_price,
    maintenance,
    margin_ratio,
    reachable,
)

INFINITY = Decimal("Infinity")
WHOLE = tuple(replace(bracket, maintenance_deduction=Decimal(0)) for bracket in BRACKETS)
"""The same steps at a venue where the rate of a step holds for the whole position."""


@pytest.mark.parametrize(
    ("notional", "expected"),
    [("0", "0"), ("49999", "199.996"), ("50000", "200"), ("100000", "450"), ("600000", "3450")],
)
def test_maintenance_follows_the_brackets_and_their_deductions(
    notional: str, expected: str
) -> None:
    assert maintenance(Decimal(notional), BRACKETS) == Decimal(expected)


def test_a_notional_at_the_cap_belongs_to_the_next_bracket() -> None:
    assert bracket_of(Decimal(49_999), BRACKETS) == BRACKETS[0]
    assert bracket_of(Decimal(50_000), BRACKETS) == BRACKETS[1]
    assert bracket_of(Decimal(100_000_000), BRACKETS) is None


def test_reachable_brackets_are_never_none() -> None:
    assert reachable(Decimal(0), BRACKETS) == BRACKETS[:1]
    assert reachable(Decimal(50_000), BRACKETS) == BRACKETS[:2]
    assert reachable(Decimal(10), BRACKETS[1:]) == BRACKETS[1:2]


def test_the_margin_ratio_of_a_flat_pool_is_infinite() -> None:
    assert margin_ratio(balance=Decimal(9), maintenance_margin=Decimal(3)) == 3
    assert margin_ratio(balance=Decimal(9), maintenance_margin=Decimal(0)) == INFINITY


@pytest.mark.parametrize("units", ["-0.5", "0.5", "-0.9", "0.9"])
def test_at_the_liquidation_price_the_balance_equals_the_maintenance(units: str) -> None:
    size, mark, cushion = Decimal(units), Decimal(60_000), Decimal(9_000)
    price = liquidation_price(units=size, mark=mark, cushion=cushion, brackets=BRACKETS)
    assert price is not None
    balance = cushion + size * (price - mark)
    assert abs(balance - maintenance(abs(size) * price, BRACKETS)) < Decimal("1e-9")
    assert liquidation_distance(units=size, mark=mark, price=price) > 0


def test_a_long_with_more_cushion_than_notional_is_never_liquidated() -> None:
    price = liquidation_price(
        units=Decimal("0.1"), mark=Decimal(60_000), cushion=Decimal(6_001), brackets=BRACKETS
    )
    assert price is None
    assert liquidation_distance(units=Decimal("0.1"), mark=Decimal(60_000), price=price) == INFINITY


def test_a_price_that_has_been_passed_is_a_negative_distance() -> None:
    short = liquidation_distance(units=Decimal(-1), mark=Decimal(100), price=Decimal(90))
    assert short == Decimal("-0.1")


def test_a_rate_that_holds_for_the_whole_position_is_that_of_its_own_step() -> None:
    assert maintenance(Decimal(49_999), WHOLE) == Decimal("199.996")
    assert maintenance(Decimal(50_000), WHOLE) == 250
    assert maintenance(Decimal(600_000), WHOLE) == 6000


@pytest.mark.parametrize("units", ["-0.5", "0.5", "-0.8", "0.8", "-0.83"])
@pytest.mark.parametrize("cushion", ["300", "420", "2000", "9000"])
def test_no_price_before_that_of_liquidation_liquidates(units: str, cushion: str) -> None:
    size, mark, backing = Decimal(units), Decimal(60_000), Decimal(cushion)
    price = liquidation_price(units=size, mark=mark, cushion=backing, brackets=WHOLE)
    assert price is not None
    steps = [mark + (price - mark) * part / 1000 for part in range(1001)]
    spare = [backing + size * (at - mark) - maintenance(abs(size) * at, WHOLE) for at in steps]
    assert min(spare[:-1]) > 0
    assert spare[-1] < Decimal("1e-9")


def test_steps_above_a_long_do_not_bring_its_liquidation_nearer() -> None:
    of_first = liquidation_price(
        units=Decimal("0.01"), mark=Decimal(60_000), cushion=Decimal(100), brackets=WHOLE[:1]
    )
    of_all = liquidation_price(
        units=Decimal("0.01"), mark=Decimal(60_000), cushion=Decimal(100), brackets=WHOLE
    )
    assert of_first == of_all


ENDS = (
    replace(WHOLE[0], notional_cap=Decimal(50_000)),
    replace(WHOLE[0], notional_floor=Decimal(50_000), maintenance_ratio=Decimal(1)),
)
"""A table that ends: beyond it all of the value is maintained."""


@pytest.mark.parametrize("rate", ["0.9", "1"])
def test_a_step_that_a_long_would_have_to_rise_into_does_not_liquidate_it(rate: str) -> None:
    of_whole = replace(ENDS[1], maintenance_ratio=Decimal(rate))
    ask = {"units": Decimal("0.8"), "mark": Decimal(60_000), "cushion": Decimal(9_000)}
    price = liquidation_price(**ask, brackets=(ENDS[0], of_whole))
    assert price == liquidation_price(**ask, brackets=ENDS[:1])
    assert price is not None
    assert 0 < price < 60_000


def test_a_long_beyond_the_table_is_safe_only_where_all_of_it_is_backed() -> None:
    ask = {"units": Decimal(1), "mark": Decimal(60_000), "brackets": ENDS}
    assert liquidation_price(**ask, cushion=Decimal(59_999)) == 60_000
    assert liquidation_price(**ask, cushion=Decimal(60_000)) is None
    short = {**ask, "units": Decimal(-1)}
    assert liquidation_price(**short, cushion=Decimal(30_000)) == 45_000
