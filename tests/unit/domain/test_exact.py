"""Exact arithmetic: no rounding but where it is asked for, whatever the ambient context."""

from __future__ import annotations

from decimal import ROUND_UP, Context, Decimal, Inexact, localcontext

import pytest

from tests.builders import dec
from trimtab.domain.exact import (
    ceil_times,
    exact_arithmetic,
    floor_times,
    grouped,
    plain,
    ratio,
    rounded,
    shown,
    trimmed,
    whole_times,
)


def test_a_result_that_would_need_rounding_raises() -> None:
    with exact_arithmetic(), pytest.raises(Inexact):
        Decimal(1) / Decimal(3)


def test_a_float_that_strays_in_raises() -> None:
    with exact_arithmetic(), pytest.raises(ArithmeticError):
        Decimal(0.5)  # noqa: RUF032  the float is what is tested


def test_a_ratio_does_not_read_the_ambient_context() -> None:
    with localcontext(Context(prec=3, rounding=ROUND_UP)):
        assert ratio(dec(1), dec(3)) == dec("0.3333333333333333333333333333")


@pytest.mark.parametrize(
    ("dividend", "whole", "floor", "ceil"),
    [("7", 3, 3, 4), ("6", 3, 3, 3), ("-7", -3, -4, -3), ("0", 0, 0, 0), ("-6", -3, -3, -3)],
)
def test_whole_times_of_two_round_to_zero_down_and_up(
    dividend: str, whole: int, floor: int, ceil: int
) -> None:
    two, number = dec(2), dec(dividend)
    assert (whole_times(two, number), floor_times(two, number), ceil_times(two, number)) == (
        whole,
        floor,
        ceil,
    )


def test_rounding_to_a_step_goes_the_asked_for_way() -> None:
    assert rounded(dec("10.07"), dec("0.05"), up=True) == dec("10.10")
    assert rounded(dec("10.07"), dec("0.05"), up=False) == dec("10.05")


@pytest.mark.parametrize(
    ("value", "text"),
    [("1E+3", "1000"), ("0.10", "0.1"), ("-0", "0"), ("1E-9", "0.000000001"), ("-2.50", "-2.5")],
)
def test_plain_text_has_no_exponent_and_no_needless_zero(value: str, text: str) -> None:
    assert plain(dec(value)) == text


def test_shown_text_has_exactly_the_asked_for_places() -> None:
    assert [shown(dec("2.345"), 2), shown(dec("2.355"), 2), shown(dec(7), 2)] == [
        "2.34",
        "2.36",
        "7.00",
    ]


def test_trimmed_text_has_at_most_the_asked_for_places_and_keeps_what_is_no_number() -> None:
    values = ["1.2345", "1.2000", "-0.001", "700", "Infinity"]
    assert [trimmed(dec(v), 2) for v in values] == ["1.23", "1.2", "0", "700", "Infinity"]


def test_grouped_text_has_commas_and_keeps_the_sign() -> None:
    values = ["1234567.891", "-1234.5", "0", "-0.5"]
    assert [grouped(dec(v), 2) for v in values] == ["1,234,567.89", "-1,234.50", "0.00", "-0.50"]
