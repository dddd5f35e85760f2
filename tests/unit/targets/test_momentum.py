"""Momentum: two signs or more trim, one alone never does, and a trim has an end."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import USDT, account, dec, occasion, policy
from tests.fakes.told_history import UNTIL, history_of, wandering
from trimtab.domain.errors import NoHistory, ShortHistory
from trimtab.domain.history import History
from trimtab.domain.history_policy import NO_HISTORY_NEEDED, MomentumPolicy
from trimtab.domain.instruments import Asset
from trimtab.domain.policy import Destination, Scope, Threshold
from trimtab.planning.compose import make_plan
from trimtab.targets.effective import Targets, overlaid
from trimtab.targets.momentum import momentum_overlay, trims_of

BTC, ETH = Asset("BTC"), Asset("ETH")
RULES = MomentumPolicy(
    assets=(),
    trim=dec("0.2"),
    votes=2,
    hold_days=5,
    look_back_days=60,
    rsi=dec(70),
    rsi_period=14,
    divergence_days=30,
    funding_days=60,
    interest_rise=dec("0.2"),
    interest_days=7,
)
CALM = [str(101 - i % 2) for i in range(70)]
RISING = [*CALM[:50], *[f"{float(CALM[49]) * 1.02 ** (i + 1):.6f}" for i in range(20)]]
"""The strength index is near 100 at the end, and every close a new high."""
EVEN = ["0.0001"] * 190
HIGH = [*EVEN, "0.0009"]
FLAT, GROWN = [100] * 20, [*[100] * 13, *[125] * 7]


def told(btc: list[str], **facts: Any) -> History:
    by_asset = {name: {"BTC": row} for name, row in facts.items()}
    return history_of({"BTC": btc, "ETH": CALM}, **by_asset)


FIXED = {BTC: dec("0.5"), ETH: dec("0.3"), USDT: dec("0.2")}
TARGETS = Targets(
    strategic=FIXED,
    effective=FIXED,
    overlays=(),
    strays=frozenset(),
    ignored=frozenset(),
    groups=(),
)


def votes(history: History, rules: MomentumPolicy = RULES) -> dict[str, bool]:
    _, readings = momentum_overlay(rules, TARGETS, history, quote=USDT)
    return {r.name: r.holds for r in readings if r.subject == BTC}


@pytest.mark.parametrize(
    ("history", "sign"),
    [
        (told(RISING, funding=EVEN, open_interest=FLAT), "rsi"),
        (told(CALM, funding=HIGH, open_interest=FLAT), "funding"),
        (told(CALM, funding=EVEN, open_interest=GROWN), "open_interest"),
    ],
)
def test_one_sign_alone_never_trims(history: History, sign: str) -> None:
    overlays, readings = momentum_overlay(RULES, TARGETS, history, quote=USDT)
    assert overlays == ()
    assert [name for name, holds in votes(history).items() if holds] == [sign]
    assert len(readings) == 8  # Four signs of two coins, whatever they say.


def test_two_signs_trim_a_fraction_of_the_target_and_the_quote_takes_it() -> None:
    history = told(RISING, funding=HIGH, open_interest=FLAT)
    (overlay,), _ = momentum_overlay(RULES, TARGETS, history, quote=USDT)
    effective = overlaid(TARGETS, [overlay]).effective
    assert effective == {BTC: dec("0.4"), ETH: dec("0.3"), USDT: dec("0.3")}
    assert overlay.until == f"BTC to {UNTIL + timedelta(days=5)}"
    assert trims_of(overlaid(TARGETS, [overlay])) == {BTC: dec("0.1")}


def test_a_price_that_rises_to_a_new_high_on_less_strength_diverges() -> None:
    surge = [f"{100 * 1.05**i:.4f}" for i in range(10)]
    peak = float(surge[-1])
    fall = [f"{peak * 0.99 ** (i + 1):.4f}" for i in range(12)]
    slow = [f"{float(fall[-1]) * 1.012 ** (i + 1):.4f}" for i in range(11)]
    closes = [*CALM[: 70 - 33], *surge, *fall, *slow]
    assert float(slow[-1]) > peak
    assert votes(told(closes, funding=EVEN, open_interest=FLAT))["divergence"]
    lower = [*closes[:-1], f"{peak * 0.999:.4f}"]
    assert not votes(told(lower, funding=EVEN, open_interest=FLAT))["divergence"]


def test_a_trim_holds_for_its_days_after_the_signs_fell_silent_and_then_ends() -> None:
    hot = [*RISING[6:], *RISING[-1:] * 4]  # Four days since without a move.
    silent = told(hot, funding=[*HIGH, *EVEN[:12]], open_interest=FLAT)
    assert not votes(silent)["funding"]
    (overlay,), _ = momentum_overlay(RULES, TARGETS, silent, quote=USDT)
    ends = UNTIL - timedelta(days=4) + timedelta(days=5)
    assert overlay.until == f"BTC to {ends}"
    over = dataclasses.replace(RULES, hold_days=4)
    assert momentum_overlay(over, TARGETS, silent, quote=USDT)[0] == ()


def test_more_votes_may_be_asked_for() -> None:
    history = told(RISING, funding=HIGH, open_interest=FLAT)
    three = dataclasses.replace(RULES, votes=3)
    assert momentum_overlay(three, TARGETS, history, quote=USDT)[0] == ()
    grown = told(RISING, funding=HIGH, open_interest=GROWN)
    assert momentum_overlay(three, TARGETS, grown, quote=USDT)[0]


def test_only_named_coins_are_looked_at() -> None:
    eth = dataclasses.replace(RULES, assets=(ETH,))
    history = told(RISING, funding=HIGH)
    overlays, readings = momentum_overlay(eth, TARGETS, history, quote=USDT)
    assert overlays == ()
    assert {r.subject for r in readings} == {ETH}
    nobody = dataclasses.replace(RULES, assets=(Asset("SOL"),))
    assert momentum_overlay(nobody, TARGETS, None, quote=USDT) == ((), ())


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"funding": EVEN[:29], "open_interest": FLAT[:6]},
        {"open_interest": [0, *[5] * 7]},
    ],
)
def test_what_the_venue_does_not_tell_is_no_vote_and_says_so(facts: dict[str, Any]) -> None:
    _, readings = momentum_overlay(RULES, TARGETS, told(RISING, **facts), quote=USDT)
    unknown = {r.name: r for r in readings if r.subject == BTC and r.measured is None}
    assert set(unknown) == {"funding", "open_interest"}
    assert not any(r.holds for r in unknown.values())
    assert all("too few" in r.text or "does not tell" in r.text for r in unknown.values())


def test_without_closes_momentum_refuses_by_name() -> None:
    with pytest.raises(NoHistory, match="momentum needs"):
        momentum_overlay(RULES, TARGETS, None, quote=USDT)
    with pytest.raises(ShortHistory):
        momentum_overlay(RULES, TARGETS, told(RISING[-50:]), quote=USDT)


@given(st.integers(0, 5000), st.integers(0, 5000), st.integers(0, 19))
def test_every_trim_has_two_votes_on_some_day_within_its_time(
    seed: int, rates: int, day: int
) -> None:
    closes = wandering(seed, 70, size=0.04)
    funding = [f"{float(r) / 1e6:.8f}" for r in wandering(rates, 210, size=0.2)]
    interest = [100 + 3 * abs(day - i) for i in range(20)]
    history = told(closes, funding=funding, open_interest=interest)
    overlays, _ = momentum_overlay(RULES, TARGETS, history, quote=USDT)
    found = []
    for back in range(RULES.hold_days):
        cut = history_of(
            {"BTC": closes[: 70 - back], "ETH": CALM[: 70 - back]},
            until=UNTIL - timedelta(days=back),
            funding={"BTC": funding[: len(funding) - 3 * back]},
            open_interest={"BTC": interest[: len(interest) - back]},
        )
        once = dataclasses.replace(RULES, hold_days=1)
        found.append(bool(momentum_overlay(once, TARGETS, cut, quote=USDT)[0]))
    assert bool(overlays) == any(found)


HOT = told(RISING, funding=HIGH, open_interest=FLAT)
AT_TARGET = "BTC 0.1 @ 50000, ETH 1 @ 3000, USDT 2000"


def planned(holdings: str = AT_TARGET, **wishes: Any) -> Any:
    wanted = policy("BTC 0.5, ETH 0.3, USDT 0.2", **wishes)
    rules = dataclasses.replace(
        wanted, history=dataclasses.replace(NO_HISTORY_NEEDED, momentum=RULES)
    )
    return make_plan(account(holdings), rules, occasion(history=HOT))


@pytest.mark.parametrize("to_band", [False, True])
@pytest.mark.parametrize("scope", list(Scope))
def test_a_trim_sells_even_inside_the_band_and_nothing_else_moves(
    scope: Scope, *, to_band: bool
) -> None:
    plan = planned(
        threshold=Threshold(width=dec("0.15"), relative=False),
        scope=scope,
        destination=Destination(to_band=to_band, fraction=dec(1)),
    )
    assert plan.trigger == "momentum"
    (leg,) = plan.legs
    assert (leg.symbol, leg.side.value, leg.notional) == ("BTC/USDT", "sell", Decimal(1000))
    assert [f.subject for f in plan.firings] == ["BTC"]


def test_a_trim_is_sold_once_and_what_follows_is_drift() -> None:
    after = planned("BTC 0.08 @ 50000, ETH 1 @ 3000, USDT 3000")
    assert (after.trigger, after.legs) == ("none", ())
    risen = planned("BTC 0.08 @ 55000, ETH 1 @ 3000, USDT 3000")
    assert risen.legs == ()


def test_a_trim_beside_a_drift_goes_to_its_target_whatever_the_scope() -> None:
    plan = planned("BTC 0.12 @ 50000, ETH 1.6 @ 3000, USDT 2000", scope=Scope.BREACHED)
    assert plan.trigger == "drift"
    assert {f.kind.value for f in plan.firings} == {"drift", "momentum"}
    assert {leg.instrument.base for leg in plan.legs} == {BTC, ETH}
