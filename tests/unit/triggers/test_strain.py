"""When a loss from the highest look holds, and when it has come back."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import LIMITS, URGENCY, account, dec, paced
from trimtab.domain.exposure import exposure
from trimtab.domain.urgency import UrgencyPolicy, UrgentAction
from trimtab.triggers.strain import Strain, is_held, strains

FLAT = account("USDT 1000, BTC 1 @ 60000")
DROP = replace(LIMITS, max_drawdown=dec("0.2"))
EARLY = replace(URGENCY, drawdown=UrgentAction.REDUCE, drawdown_early=dec("0.5"))
"""Acts beyond a loss of a tenth."""


def found(*losses: str, rules: UrgencyPolicy = EARLY) -> tuple[Strain, ...]:
    """Return what holds after looks with these losses."""
    told = tuple(map(Decimal, losses))
    return strains(FLAT, exposure(FLAT), told, limits=DROP, rules=rules)


@pytest.mark.parametrize(("loss", "holds"), [("0.1", False), ("0.1001", True), ("0", False)])
def test_a_loss_strictly_beyond_its_threshold_holds(loss: str, holds: bool) -> None:
    assert bool(found(loss)) is holds


def test_it_is_told_with_its_figures_and_acts_where_it_is_to_reduce() -> None:
    [strain] = found("0.15")
    assert (strain.firing.kind, strain.firing.subject) == ("drawdown", "account")
    assert (strain.firing.measured, strain.firing.limit) == (dec("0.15"), dec("0.1"))
    assert (strain.acts, strain.release) == (True, 1)
    [told] = found("0.15", rules=replace(EARLY, drawdown=UrgentAction.ALERT))
    assert told.acts is False


def test_what_is_off_or_was_not_measured_holds_nothing() -> None:
    assert found("0.15", rules=replace(EARLY, drawdown=UrgentAction.OFF)) == ()
    assert found() == ()


def test_a_loss_that_came_back_by_its_hysteresis_is_over_and_stays_so() -> None:
    slow = paced(EARLY, hysteresis="0.5")
    assert found("0.15", "0.06", rules=slow)
    assert not found("0.15", "0.05", rules=slow)
    assert not found("0.15", "0.05", "0.09", rules=slow)
    assert found("0.15", "0.05", "0.11", rules=slow)
    assert not found("0.15", "0.09")  # Without one, the threshold itself ends it.


@given(st.lists(st.integers(0, 100), min_size=1), st.integers(0, 100), st.integers(0, 100))
def test_it_holds_exactly_when_the_last_look_outside_the_gap_was_above_it(
    values: list[int], first: int, second: int
) -> None:
    low, high = sorted((first, second))
    outside = [v for v in values if v > high or v <= low]
    expected = bool(outside) and outside[-1] > high
    seen = is_held(map(Decimal, values), threshold=Decimal(high), release=Decimal(low))
    assert seen is expected
