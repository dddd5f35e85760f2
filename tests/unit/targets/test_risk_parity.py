"""Equal shares in the risk, exact weights, and refusals by name."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import USDT, account, dec, limits, occasion, policy
from tests.fakes.told_history import history_of, wandering
from trimtab.domain.errors import NoHistory, ShortHistory, SingularCovariance
from trimtab.domain.exposure import exposure
from trimtab.domain.history import Window
from trimtab.domain.history_policy import NO_HISTORY_NEEDED, RiskParityPolicy, parity_of
from trimtab.domain.instruments import Asset
from trimtab.domain.overlay_policy import NO_OVERLAYS, RotationPolicy
from trimtab.domain.policy import AssetGroup, Inner, Target
from trimtab.estimators.covariance import shrunk_covariance
from trimtab.estimators.series import columns, simple_returns
from trimtab.targets.portfolio import targets_of
from trimtab.targets.risk_parity import DEVIATION_MAX, group_risks, parity_targets, risk_parity

BTC, ETH, SOL = Asset("BTC"), Asset("ETH"), Asset("SOL")
SIZES = {"BTC": 0.02, "ETH": 0.03, "SOL": 0.05}
CLOSES = {a: wandering(i, 120, size=s) for i, (a, s) in enumerate(SIZES.items())}


def rules(**changed: object) -> RiskParityPolicy:
    fields = {
        "assets": (BTC, ETH, SOL),
        "stable": dec("0.2"),
        "look_back_days": 120,
        "volatility": dec(0),
    }
    return RiskParityPolicy(**fields | changed)  # type: ignore[arg-type]  # Each field has its kind.


def window(closes: dict[str, list[str]] = CLOSES, days: int = 120) -> Window:
    return history_of(closes).window([Asset(a) for a in closes], days=days)


@given(st.integers(1, 12), st.integers(0, 10_000), st.integers(30, 90))
def test_weights_are_exact_and_their_shares_in_the_risk_equal(
    count: int, seed: int, days: int
) -> None:
    sizes = [0.005 * (1 + i) for i in range(count)]
    closes = {f"A{i}": wandering(seed + i, days, size=s) for i, s in enumerate(sizes)}
    found = risk_parity(window(closes, days))
    assert sum(found.weights.values()) == Decimal(1)
    assert min(found.weights.values()) > 0
    assert found.deviation <= DEVIATION_MAX
    matrix = shrunk_covariance(simple_returns(columns([*map(tuple, _decimals(closes))]))).matrix
    held = np.array([float(w) for w in found.weights.values()])
    shares = held * (matrix @ held)
    assert shares == pytest.approx(np.full(count, shares.mean()), rel=1e-8)


def _decimals(closes: dict[str, list[str]]) -> list[list[Decimal]]:
    return [[Decimal(c) for c in row] for row in closes.values()]


def test_who_moves_more_weighs_less() -> None:
    weights = risk_parity(window()).weights
    assert weights[BTC] > weights[ETH] > weights[SOL]


def test_the_quote_has_its_share_first_and_all_weights_sum_to_one() -> None:
    found = parity_targets(rules(), history_of(CLOSES), quote=USDT)
    targets, readings = found.weights, found.readings
    assert list(targets) == [BTC, ETH, SOL, USDT]
    assert targets[USDT] == dec("0.2")
    assert sum(targets.values()) == 1
    assert [r.name for r in readings] == ["volatility", "share_deviation", "shrinkage"]
    assert not readings[0].holds


def test_a_part_that_moves_too_much_is_scaled_and_the_rest_is_quote() -> None:
    wild = risk_parity(window()).volatility
    found = parity_targets(rules(volatility=wild / 2), history_of(CLOSES), quote=USDT)
    targets, readings = found.weights, found.readings
    assert targets[USDT] == pytest.approx(dec("0.6"), abs=dec("0.000002"))
    assert sum(targets.values()) == 1
    assert readings[0].holds
    calm = parity_targets(rules(volatility=wild * 2), history_of(CLOSES), quote=USDT)
    assert (calm.weights[USDT], calm.extra) == (dec("0.2"), 0)


def test_what_moves_less_than_wanted_is_held_above_one_times_up_to_its_bound() -> None:
    calm = risk_parity(window()).volatility
    twice = parity_targets(
        rules(volatility=calm * 2, max_scale=dec(3)), history_of(CLOSES), quote=USDT
    )
    assert twice.weights[USDT] == dec("0.2"), "coins are held once"
    assert twice.extra == pytest.approx(dec("0.8"), abs=dec("0.000002"))
    assert "1 of it by futures" in twice.readings[0].text or "0.99" in twice.readings[0].text
    bound = parity_targets(
        rules(volatility=calm * 9, max_scale=dec("1.5")), history_of(CLOSES), quote=USDT
    )
    assert bound.extra == dec("0.4")


def test_the_part_above_one_is_a_sleeve_of_the_same_shares_within_leverage() -> None:
    calm = risk_parity(window()).volatility
    wanted = rules(volatility=calm * 9, max_scale=dec(3))
    held = exposure(account("BTC 1 @ 100, ETH 1 @ 100, SOL 1 @ 100, USDT 100, wallet 100"))
    at = occasion(history=history_of(CLOSES))
    loose = replace(policy(""), history=replace(NO_HISTORY_NEEDED, risk_parity=wanted))
    [sleeve] = targets_of(loose, held, at).sleeves
    assert (sleeve.name, sleeve.size) == ("risk_parity", dec("1.6"))
    assert dict(sleeve.members) == risk_parity(window()).weights
    assert targets_of(loose, held, at).effective[USDT] == dec("0.2")
    tight = replace(loose, limits=limits(max_leverage="0.5"))
    found = targets_of(tight, held, at)
    assert found.sleeves[0].size == dec("0.4"), "400 of 500 lie outside the futures wallet"
    assert found.readings[-1].name == "extra"
    assert loose.sleeved == (BTC, ETH, SOL)
    once = replace(loose, history=replace(NO_HISTORY_NEEDED, risk_parity=rules(volatility=calm)))
    assert targets_of(once, held, at).sleeves == once.sleeved == ()


def test_a_coin_that_stands_still_has_no_risk_to_share() -> None:
    closes = CLOSES | {"DAI": ["1"] * 120}
    with pytest.raises(SingularCovariance, match="DAI: did not move in 120 days"):
        risk_parity(window(closes))


def test_two_coins_that_move_as_one_cannot_be_told_apart() -> None:
    closes = {"BTC": CLOSES["BTC"], "WBTC": CLOSES["BTC"], "ETH": CLOSES["ETH"]}
    with pytest.raises(SingularCovariance, match="BTC, WBTC, ETH: moved as one for 120 days"):
        risk_parity(window(closes))


def test_risks_too_far_apart_for_the_digits_of_a_weight_are_refused() -> None:
    exact = [f"1.00000000000{i * 7919 % 101:03d}" for i in range(120)]
    closes = {"BTC": wandering(5, 120, size=0.3), "DAI": exact}
    with pytest.raises(SingularCovariance, match="shares in the risk differ by"):
        risk_parity(window(closes))


def test_more_assets_than_days_are_too_few_days() -> None:
    closes = {f"A{i}": wandering(i, 6) for i in range(5)}
    with pytest.raises(ShortHistory, match="6 days say too little of 5 assets; at least 7"):
        risk_parity(window(closes, 6))


def test_without_history_nothing_is_shared() -> None:
    with pytest.raises(NoHistory, match="risk_parity needs daily closes"):
        parity_targets(rules(), None, quote=USDT)
    with pytest.raises(ShortHistory):
        parity_targets(rules(look_back_days=121), history_of(CLOSES), quote=USDT)


def shared(name: str, *members: str, inner: Inner = Inner.RISK_PARITY) -> AssetGroup:
    """Return a group whose members share its risk."""
    part = Decimal(1) / len(members)
    return AssetGroup(
        name=name,
        weight=dec("0.5"),
        inner=inner,
        members=tuple(Target(asset=Asset(m), weight=part) for m in members),
        threshold=None,
        basket=False,
        look_back_days=120,
    )


def test_members_of_a_group_share_its_risk_and_other_groups_are_left_alone() -> None:
    groups = (shared("alts", "ETH", "SOL"), shared("core", "BTC", inner=Inner.EQUAL))
    shares, readings = group_risks(groups, history_of(CLOSES), quote=USDT)
    alone = risk_parity(window({a: CLOSES[a] for a in ("ETH", "SOL")}))
    assert shares == {"alts": alone.weights}
    assert {(r.rule, r.subject) for r in readings} == {("portfolio.groups.alts", "alts")}


def test_a_group_of_no_history_is_refused_by_name() -> None:
    with pytest.raises(NoHistory):
        group_risks((shared("alts", "ETH", "SOL"),), None, quote=USDT)


def test_the_weights_of_a_group_are_its_weight_shared_by_risk() -> None:
    groups = (shared("alts", "ETH", "SOL"), shared("stable", "USDT", inner=Inner.EQUAL))
    rules, held = policy("", groups=groups), exposure(account("ETH 1 @ 100, SOL 1 @ 100, USDT 200"))
    at = occasion(history=history_of(CLOSES))
    found = targets_of(rules, held, at)
    assert found.effective[ETH] + found.effective[SOL] == dec("0.5")
    assert found.effective[ETH] > found.effective[SOL]
    assert found.readings
    box = RotationPolicy(
        targets={},
        groups={"alts": dec("0.25"), "stable": dec("0.75")},
        begins_at=None,
        ends_at=None,
    )
    boxed = targets_of(replace(rules, overlays=replace(NO_OVERLAYS, rotation=box)), held, at)
    assert abs(boxed.effective[ETH] - found.effective[ETH] / 2) < dec("1e-20")


def test_the_past_of_groups_that_share_their_risk_is_read() -> None:
    wanted = replace(NO_HISTORY_NEEDED, groups=(parity_of((ETH, SOL), look_back_days=90),))
    need = wanted.need((BTC, ETH, SOL))
    assert (need.assets, need.days) == ((ETH, SOL), 90)
