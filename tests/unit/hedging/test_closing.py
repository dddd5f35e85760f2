"""When a hedge closes, and when none is opened after it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.builders import NOW, dec, policy
from tests.hedge_cases import PERP, hedges
from trimtab.domain.firings import TriggerKind
from trimtab.domain.hedge_policy import HedgePolicy
from trimtab.domain.hedges import HedgeBook, HedgeCause
from trimtab.domain.instruments import Asset
from trimtab.hedging.closing import Overweight, Sight, due, ends, resting

BTC = Asset("BTC")


def terms(**wishes: object) -> HedgePolicy:
    return policy(hedge=wishes).hedge


def seen(
    book: HedgeBook,
    rules: HedgePolicy,
    *,
    mark: str = "100",
    weight: str = "0.60",
    days: int = 0,
) -> list[HedgeCause]:
    overweight = Overweight(weight=dec(weight), target=dec("0.50"), band_high=dec("0.55"))
    sight = Sight(
        overweights={BTC: overweight},
        marks={PERP: Decimal(mark)},
        now=NOW + timedelta(days=days, seconds=1),
    )
    return [c.cause for c in due(book, rules, sight)]


@pytest.mark.parametrize(
    ("weight", "back", "closes"),
    [
        ("0.5501", "band", False),
        ("0.55", "band", True),
        ("0.5001", "target", False),
        ("0.50", "target", True),
    ],
)
def test_a_drifts_hedge_closes_where_it_is_to_return_to(
    weight: str, back: str, *, closes: bool
) -> None:
    book = hedges(f"open btc 1 @ 100 at {back}")
    assert seen(book, terms(), weight=weight) == ([HedgeCause.DRIFT_BACK] if closes else [])


def test_a_hedge_by_hand_stays_whatever_the_weight_is() -> None:
    assert seen(hedges("open btc 1 @ 100 by hand"), terms(), weight="0.1") == []


def test_an_asset_without_a_target_keeps_its_hedge() -> None:
    sight = Sight(overweights={}, marks={PERP: dec(100)}, now=NOW)
    assert due(hedges("open btc 1 @ 100"), terms(), sight) == ()


def test_a_hedge_without_a_position_behind_it_is_left_to_a_person() -> None:
    sight = Sight(overweights={}, marks={}, now=NOW)
    assert due(hedges("open btc 1 @ 100"), terms(max_age_days=1), sight) == ()


@pytest.mark.parametrize(
    ("mark", "expected"),
    [
        ("95.01", []),
        ("95", [HedgeCause.PROFIT_TARGET]),
        ("109.9", []),
        ("110", [HedgeCause.STOP]),
    ],
)
def test_profit_target_and_stop_are_measured_from_the_entry(
    mark: str, expected: list[HedgeCause]
) -> None:
    rules = terms(profit_target=dec("0.05"), stop=dec("0.10"))
    assert seen(hedges("open btc 1 @ 100 by hand"), rules, mark=mark) == expected


def test_profit_target_and_stop_count_what_was_gained_before_a_roll() -> None:
    book = hedges(
        "open btc 1 @ 100 by hand",
        "close btc 1 @ 90 by hand for roll",
        "open btc 1 @ 92 by hand for roll in far",
        "close btc 1 @ 92 by hand for roll in far",
        "open btc 1 @ 90 by hand for roll",
    )
    rules = terms(profit_target=dec("0.2"))
    assert seen(book, rules, mark="81") == []
    assert seen(book, rules, mark="80") == ["profit_target"]


def test_limits_of_zero_are_off() -> None:
    assert seen(hedges("open btc 1 @ 100"), terms(), mark="100", days=900) == []


def test_a_hedge_closes_at_its_age_in_whole_days() -> None:
    book = hedges("open btc 1 @ 100")
    rules = terms(max_age_days=3)
    assert seen(book, rules, days=2) == []
    assert seen(book, rules, days=3) == [HedgeCause.AGE]


def test_the_most_urgent_reason_is_told() -> None:
    rules = terms(stop=dec("0.1"), max_age_days=1)
    book = hedges("open btc 1 @ 100")
    assert seen(book, rules, mark="120", weight="0.4", days=9) == [HedgeCause.STOP]
    sight = Sight(overweights={}, marks={PERP: dec(120)}, now=NOW)
    [closing] = due(book, rules, sight)
    assert (closing.firing.kind, closing.firing.subject) == (TriggerKind.STOP, "btc")
    assert (closing.firing.measured, closing.firing.limit) == (dec("0.2"), dec("0.1"))


@pytest.mark.parametrize(
    ("event", "rests"),
    [
        ("close btc 1 @ 90 for stop", True),
        ("close btc 1 @ 90 for profit_target", True),
        ("close btc 1 @ 90 for age", True),
        ("close btc 1 @ 90 for by_hand", True),
        ("close btc 1 @ 90 for drift_back", False),
        ("close btc 0.5 @ 90 for stop", False),
    ],
)
def test_an_asset_rests_after_a_close_that_left_it_overweight(event: str, *, rests: bool) -> None:
    book = hedges("open btc 1 @ 100", event)
    wanted = frozenset({BTC}) if rests else frozenset()
    assert resting(book, terms(), now=NOW + timedelta(days=6)) == wanted
    assert resting(book, terms(), now=NOW + timedelta(days=8)) == frozenset()
    assert resting(book, terms(cooldown_days=0), now=NOW + timedelta(days=1)) == frozenset()


def test_a_hedge_by_hand_that_is_closed_by_hand_leaves_nothing_to_rest() -> None:
    book = hedges("open btc 1 @ 100 by hand", "close btc 1 @ 90 by hand")
    assert resting(book, terms(), now=NOW) == frozenset()


def test_what_closes_a_hedge_is_told_in_one_line() -> None:
    [drift] = hedges("open btc 1 @ 100 at band").hedges
    rules = terms(profit_target=dec("0.05"), stop=dec("0.1"), max_age_days=30)
    assert ends(drift, rules) == "BTC back at its band, 5 % profit, 10 % loss, 30 days, by hand"
    [hand] = hedges("open btc 1 @ 100 by hand").hedges
    assert ends(hand, terms()) == "by hand"
