"""Targets, bands and distances together, on an occasion with a past."""

from __future__ import annotations

import dataclasses
from decimal import Decimal

import pytest

from tests.builders import USDT, account, dec, occasion, policy
from tests.fakes.told_history import history_of, wandering
from tests.hedge_cases import hedges
from trimtab.domain.errors import NoHistory, ShortHistory
from trimtab.domain.exposure import exposure
from trimtab.domain.history import NOTHING_NEEDED, History, HistoryNeed
from trimtab.domain.history_policy import (
    NO_HISTORY_NEEDED,
    AdaptivePolicy,
    HistoryPolicy,
    MomentumPolicy,
    RiskParityPolicy,
    VolatilityPolicy,
)
from trimtab.domain.instruments import Asset
from trimtab.domain.plan import Plan
from trimtab.domain.policy import Basis, Policy, Route, Threshold
from trimtab.domain.untold import Untold
from trimtab.planning.compose import make_plan
from trimtab.planning.stance import Stance, stance_of

BTC, ETH = Asset("BTC"), Asset("ETH")
TOLD = history_of({"BTC": wandering(1, 60), "ETH": wandering(2, 60, size=0.05)})
PARITY = RiskParityPolicy(
    assets=(BTC, ETH), stable=dec("0.2"), look_back_days=60, volatility=dec(0)
)
VOLATILITY = VolatilityPolicy(target=dec("0.1"), look_back_days=30)
ADAPTIVE = AdaptivePolicy(
    reference=dec("0.1"),
    look_back_days=40,
    calm_step=dec(1),
    usual_step=dec(1),
    wild_step=dec("0.5"),
)
ACCOUNT = account("BTC 0.1 @ 50000, ETH 1 @ 3000, USDT 2000")


def rules(**changed: object) -> Policy:
    history = dataclasses.replace(NO_HISTORY_NEEDED, **changed)  # type: ignore[arg-type]  # By name.
    return dataclasses.replace(policy("BTC 0.5, ETH 0.3, USDT 0.2"), history=history)


def stance(wanted: Policy, history: History | None = TOLD) -> Stance:
    return stance_of(wanted, ACCOUNT, exposure(ACCOUNT), occasion(history=history), ())


def test_a_plain_policy_needs_nothing_and_reads_nothing() -> None:
    assert rules().past_needed == NOTHING_NEEDED
    seen = stance(rules(), None)
    assert seen.readings == ()
    assert seen.targets.strategic == seen.targets.effective


def test_what_is_needed_is_the_most_that_any_rule_asks_for() -> None:
    everything = HistoryPolicy(
        risk_parity=PARITY,
        volatility=VOLATILITY,
        adaptive=ADAPTIVE,
        momentum=None,
        chance_days=20,
        review_days=90,
    )
    assert everything.need([BTC, USDT]) == HistoryNeed(assets=(BTC, ETH), days=60)
    assert rules(volatility=VOLATILITY).past_needed == HistoryNeed(assets=(BTC, ETH), days=30)
    assert rules(chance_days=20).past_needed == HistoryNeed(assets=(BTC, ETH), days=20)
    assert rules(chance_days=20).history.need([USDT]) == NOTHING_NEEDED


def test_momentum_needs_closes_and_the_past_of_perpetuals_of_the_coins_it_looks_at() -> None:
    hot = MomentumPolicy(
        assets=(ETH,),
        trim=dec("0.2"),
        votes=2,
        hold_days=7,
        look_back_days=60,
        rsi=dec(70),
        rsi_period=14,
        divergence_days=30,
        funding_days=90,
        interest_rise=dec("0.2"),
        interest_days=7,
    )
    need = rules(momentum=hot).past_needed
    assert need == HistoryNeed(assets=(ETH,), days=97, perpetuals=(ETH,))
    everyone = rules(momentum=dataclasses.replace(hot, assets=())).past_needed
    assert everyone.perpetuals == (BTC, ETH)


def test_shared_risk_takes_the_place_of_written_weights() -> None:
    seen = stance(rules(risk_parity=PARITY))
    assert seen.targets.strategic[USDT] == dec("0.2")
    assert seen.targets.strategic[BTC] > seen.targets.strategic[ETH] > 0
    assert seen.readings[0].rule == "portfolio.risk_parity"


def test_an_overlay_lies_on_whatever_the_targets_are() -> None:
    seen = stance(rules(risk_parity=PARITY, volatility=VOLATILITY))
    assert [o.overlay_id for o in seen.targets.overlays] == ["volatility"]
    assert seen.targets.effective[BTC] < seen.targets.strategic[BTC]
    assert sum(seen.targets.effective.values()) == 1
    assert {r.rule for r in seen.readings} == {"portfolio.risk_parity", "overlays.volatility"}


def test_bands_and_steps_follow_the_volatility_in_the_plan_too() -> None:
    wanted = rules(adaptive=ADAPTIVE)
    seen = stance(wanted)
    assert seen.rules.rebalance.threshold.width == dec("0.1")
    assert seen.found.drifts[0].band_high == dec("0.6")
    heavy = account("BTC 0.2 @ 50000, ETH 1 @ 3000, USDT 2000")
    plan = make_plan(heavy, wanted, occasion(history=TOLD))
    assert plan.legs[0].reason == "part_of_the_way"
    assert plan.readings == seen.readings


def test_chances_are_told_of_what_has_a_past_and_a_trigger_price() -> None:
    wanted = rules(chance_days=30)
    btc, eth, usdt = stance(wanted).found.drifts
    for drift in (btc, eth):
        for chances in (drift.chances_low, drift.chances_high):
            assert [c.days for c in chances] == [7, 30]
            assert Decimal(0) < chances[0].chance < chances[1].chance < Decimal(1)
    assert (usdt.trigger_low, usdt.chances_low) == (None, ())
    without = stance(wanted, history_of({"BTC": wandering(1, 60)})).found.drifts
    assert without[0].chances_low
    assert without[1].chances_low == ()


def test_a_price_that_no_band_stops_has_no_trigger_and_no_chance() -> None:
    wide = policy("BTC 0.3, USDT 0.7", threshold=Threshold(width=dec("0.35"), relative=False))
    history = dataclasses.replace(NO_HISTORY_NEEDED, chance_days=30)
    held, wanted = (
        account("BTC 0.06 @ 50000, USDT 7000"),
        dataclasses.replace(wide, history=history),
    )
    seen = stance_of(wanted, held, exposure(held), occasion(history=TOLD), ())
    btc = seen.found.drifts[0]
    assert (btc.trigger_low, btc.chances_low) == (None, ())
    assert btc.trigger_high == dec(65) / 35 * 7000 / dec("0.06")
    assert btc.chances_high


def test_where_only_coins_are_weighed_a_contract_moves_no_trigger_price() -> None:
    coins = policy("BTC 0.5, USDT 0.5", basis=Basis.SPOT)
    seen = account("BTC 0.1 @ 50000, perp BTC -0.05, USDT 5000, wallet 3000")
    btc = stance_of(coins, seen, exposure(seen), occasion(), ()).found.drifts[0]
    # 0.1 P is 45 and 55 percent of 0.1 P + 5000; the contract and its wallet are in neither.
    assert [round(p or dec(0), 6) for p in (btc.trigger_low, btc.trigger_high)] == [
        dec("40909.090909"),
        dec("61111.111111"),
    ]


@pytest.mark.parametrize("wallet", ["wallet 3000", "wallet 3000, perp BTC -0.1 from 10000"])
def test_where_only_coins_are_weighed_alert_prices_are_where_their_weight_meets_the_band(
    wallet: str,
) -> None:
    coins = policy("BTC 0.5, USDT 0.5", basis=Basis.SPOT)

    def at(price: Decimal) -> Plan:
        held = account(f"BTC 0.5 @ {price:.4f}, USDT 4800, {wallet}")
        return make_plan(held, coins, occasion())

    [found, _] = at(dec(10_000)).drift
    edges = [(found.alert_low, "0.999"), (found.alert_high, "1.001")]
    for price, beyond in edges:
        assert price is not None
        assert [d.breached for d in at(price).drift] == [False, False]
        assert [d.breached for d in at(price * dec(beyond)).drift] == [True, True]


def test_what_a_capped_hedge_leaves_on_purpose_moves_with_the_price() -> None:
    capped = policy(
        "BTC 0.3, USDT 0.7",
        route=Route.FUTURES,
        hedge={"ratio": dec(1), "max_ratio": dec("0.25")},
        dust_value=dec(0),
    )
    seen = account("BTC 0.1 @ 50000, perp BTC -0.025, USDT 2000, wallet 3000")
    btc = stance_of(capped, seen, exposure(seen), occasion(), ()).found.drifts[0]
    assert not btc.breached
    # Counted is 0.075 P − (0.1 P − 0.3 W − 0.025 P) = 0.3 W, its target, whatever the price.
    assert (btc.trigger_low, btc.trigger_high) == (None, None)


@pytest.mark.parametrize(
    ("coins", "route", "ratio"),
    [("0.12", Route.SPOT, "1"), ("0.12", Route.FUTURES, "1"), ("0.13", Route.FUTURES, "0.2")],
)
def test_a_target_that_a_hedge_by_hand_moved_to_nothing_stays_there_whatever_the_price(
    coins: str, route: Route, ratio: str
) -> None:
    mine = hedges("open mine 0.1 @ 10000 by hand")
    rules = policy("BTC 0.05, USDT 0.95", route=route, hedge={"ratio": dec(ratio)})
    rest = "USDT 8200, wallet 600, perp BTC -0.1 from 10000"

    def at(price: Decimal) -> Plan:
        held = account(f"BTC {coins} @ {price:.2f}, {rest}")
        return make_plan(held, rules, occasion(hedges=mine))

    [found, _] = at(dec(10_000)).drift
    assert (found.target, found.trigger_low) == (dec(0), None)
    assert found.trigger_high is not None
    near = [at(found.trigger_high * dec(part)).drift for part in ("0.999", "1.001")]
    assert [any(d.breached for d in drifts) for drifts in near] == [False, True]


def test_a_rule_that_lacks_its_past_refuses() -> None:
    for wanted in (rules(risk_parity=PARITY), rules(adaptive=ADAPTIVE)):
        with pytest.raises(NoHistory):
            stance(wanted, None)
    with pytest.raises(ShortHistory):
        stance(rules(chance_days=61))


def test_a_route_that_splits_a_drift_and_a_band_that_is_left_say_why_no_price_is_told() -> None:
    inside = account("BTC 0.06 @ 50000, USDT 7000")
    split = policy("BTC 0.3, USDT 0.7", route=Route.MIXED)
    drifts = stance_of(split, inside, exposure(inside), occasion(), ()).found.drifts
    assert {d.untold for d in drifts} == {Untold.SPLIT_ROUTE}
    outside = account("BTC 0.16 @ 50000, USDT 2000")
    left = stance_of(
        policy("BTC 0.3, USDT 0.7"), outside, exposure(outside), occasion(), ()
    ).found.drifts
    assert {d.untold for d in left} == {Untold.BAND_LEFT}
    told = stance_of(
        policy("BTC 0.3, USDT 0.7"), inside, exposure(inside), occasion(), ()
    ).found.drifts
    assert {d.untold for d in told} == {None}
