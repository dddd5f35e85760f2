"""The buy-dip rule: three signs, any of them or all."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tests.builders import dec
from tests.fakes.told_history import history_of
from trimtab.domain.dips import Dip, DipRule, DipSign
from trimtab.domain.errors import HistoryGap, NoHistory
from trimtab.domain.instruments import Asset
from trimtab.triggers.dip import dip

BTC = Asset("BTC")
RULE = DipRule(
    signs=tuple(DipSign),
    all_of_them=False,
    average_days=10,
    support=dec(0),
    support_within=dec("0.03"),
    fall_min=dec("0.15"),
    fall_max=dec("0.20"),
    recent_days=40,
)
LEVEL = [100] * 39


def found(closes: list[Any], **changed: Any) -> Dip:
    return dip(BTC, dataclasses.replace(RULE, **changed), history_of({"BTC": closes}))


def signs(closes: list[Any], **changed: Any) -> dict[str, bool]:
    return {f.name: f.holds for f in found(closes, **changed).figures}


@pytest.mark.parametrize(
    ("closes", "expected"),
    [
        ([*LEVEL[:34], 95, 94, 93, 94, 95, 103], True),
        ([*LEVEL[:34], 95, 94, 93, 94, 95, 95], False),
        ([*LEVEL[:33], 95, 101, 102, 103, 104, 105, 106], False),
        ([*LEVEL[:34], *[101, 102, 103, 104, 105, 106]], False),
    ],
)
def test_a_close_back_above_its_average_was_below_within_the_days_before(
    closes: list[int], *, expected: bool
) -> None:
    assert signs(closes)[DipSign.AVERAGE] is expected


@pytest.mark.parametrize(
    ("last", "support", "expected"),
    [
        (92, 90, True),
        (93, 90, False),
        (88, 90, True),
        (87, 90, False),
        (103, 0, True),
        (104, 0, False),
    ],
)
def test_a_close_near_the_support_is_within_its_distance_on_either_side(
    last: int, support: int, *, expected: bool
) -> None:
    assert signs([*LEVEL, last], support=dec(support))[DipSign.SUPPORT] is expected


@pytest.mark.parametrize(
    ("last", "expected"), [(86, False), (85, True), (82, True), (80, True), (79, False)]
)
def test_a_fall_is_deep_enough_and_not_too_deep(last: int, *, expected: bool) -> None:
    assert signs([*LEVEL, last])[DipSign.FALL] is expected


def test_any_sign_is_enough_or_all_must_hold() -> None:
    fallen = [*LEVEL, 82]
    assert found(fallen).holds
    assert not found(fallen, all_of_them=True).holds
    both = {"signs": (DipSign.FALL, DipSign.SUPPORT), "support": dec(82)}
    assert found(fallen, all_of_them=True, **both).holds
    assert not found([*LEVEL, 99], signs=(DipSign.FALL,)).holds


def test_every_figure_says_what_was_measured_and_against_what() -> None:
    fall = found([*LEVEL, 82], signs=(DipSign.FALL,)).figures[0]
    assert (fall.measured, fall.limit, fall.subject) == (dec("0.18"), dec("0.15"), "BTC")


def test_a_dip_needs_its_closes() -> None:
    with pytest.raises(NoHistory, match="buy-dip"):
        dip(BTC, RULE, None)
    with pytest.raises(HistoryGap):
        found([*LEVEL[:-2], None, 100, 82])
