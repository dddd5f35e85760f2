"""Maintenance and liquidation, by hand-worked cases."""

from __future__ import annotations

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
