"""The buy-dip rule on closes that are known."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.builders import dec
from trimtab.domain.errors import HistoryError
from trimtab.domain.history import Close, History
from trimtab.domain.instruments import Asset
from trimtab.domain.redeploy import DipRule, RedeployPolicy
from trimtab.triggers.dip import dip

BTC = Asset("BTC")
UNTIL = date(2026, 11, 19)


def told(*closes: str | int, days: int = 0) -> History:
    """Return a past that ends with *closes*, and begins with the first of them as often as told."""
    values = [closes[0]] * max(0, days - len(closes)) + list(closes)
    first = UNTIL - timedelta(days=len(values) - 1)
    rows = tuple(
        Close(day=first + timedelta(days=n), close=Decimal(value)) for n, value in enumerate(values)
    )
    return History(until=UNTIL, closes={BTC: rows})


def rule(**wishes: Any) -> DipRule:
    off: dict[str, Any] = {
        "every": True,
        "ema_days": 0,
        "high_days": 0,
        "fall_low": dec("0.15"),
        "fall_high": dec("0.20"),
        "support_within": dec("0.02"),
        "supports": {},
    }
    return DipRule(**off | wishes)


@pytest.mark.parametrize(
    ("closes", "holds"),
    [
        ((100, 100, 100, 100, 80, 80, 130), True),
        ((100, 100, 100, 100, 80, 80, 85), False),
        ((100, 101, 102, 103, 104, 105, 106), False),
        ((100, 80, *range(101, 113)), False),
    ],
    ids=["back above", "still below", "never below", "below too long ago"],
)
def test_a_close_is_back_above_its_average_when_one_lately_was_below(
    closes: tuple[int, ...], *, holds: bool
) -> None:
    past = told(*(99 - n for n in reversed(range(12 - min(12, len(closes))))), *closes)
    said = dip(BTC, past, rule(ema_days=4))
    assert said.holds is holds
    [reading] = said.readings
    assert (reading.name, reading.holds) == ("ema", holds)


@pytest.mark.parametrize(
    ("last", "holds"), [(86, False), (85, True), (80, True), (79, False), (100, False)]
)
def test_a_fall_is_measured_from_the_highest_close_of_the_days(last: int, *, holds: bool) -> None:
    said = dip(BTC, told(90, 100, 95, last, days=10), rule(high_days=5))
    assert said.holds is holds
    assert said.readings[0].measured == dec(100 - last) / 100


def test_a_high_before_the_days_is_forgotten() -> None:
    assert not dip(BTC, told(200, 100, 100, 98), rule(high_days=3)).holds


@pytest.mark.parametrize(("last", "holds"), [("102", True), ("98", True), ("102.01", False)])
def test_a_support_level_holds_within_its_distance(last: str, *, holds: bool) -> None:
    assert dip(BTC, told(last), rule(supports={BTC: dec(100)})).holds is holds


def test_every_condition_must_hold_or_any_does_as_wished() -> None:
    both = {"high_days": 5, "supports": {BTC: dec(50)}}
    past = told(100, 100, 100, 100, 82)
    assert not dip(BTC, past, rule(**both)).holds
    assert dip(BTC, past, rule(every=False, **both)).holds
    assert [r.name for r in dip(BTC, past, rule(**both)).readings] == ["fall", "support"]


def test_a_coin_without_any_condition_is_never_in_a_dip() -> None:
    assert not dip(BTC, told(100), rule(supports={Asset("ETH"): dec(100)})).holds


def test_a_past_that_is_too_short_is_an_error_by_name() -> None:
    with pytest.raises(HistoryError, match="BTC"):
        dip(BTC, told(100, 99), rule(high_days=5))


def test_what_is_read_are_the_candidates_or_all_risky_targets() -> None:
    policy = RedeployPolicy(candidates=(), dip=rule(ema_days=50, high_days=90))
    need = policy.need([BTC, Asset("USDT")])
    assert (need.assets, need.days) == ((BTC,), 150)
    named = RedeployPolicy(candidates=(Asset("ETH"),), dip=rule())
    assert (named.need([BTC]).assets, named.need([BTC]).days) == ((Asset("ETH"),), 1)
