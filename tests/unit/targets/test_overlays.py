"""Season, rotation and phase: what they do to targets, when, and how they end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests import builders
from tests.builders import account, dec, plan, policy
from tests.hedge_cases import hedges
from tests.unit.planning.test_groups import KEPT, STABLE, group
from trimtab.domain.errors import PlanningError
from trimtab.domain.exposure import exposure
from trimtab.domain.firings import Firing, TriggerKind
from trimtab.domain.instruments import Asset
from trimtab.domain.occasion import Occasion
from trimtab.domain.overlay_policy import (
    NO_OVERLAYS,
    OverlayPolicy,
    PhasePolicy,
    Renormalise,
    RotationPolicy,
    SeasonPolicy,
)
from trimtab.domain.policy import Basis, Inner, Policy, Route
from trimtab.planning.compose import make_plan
from trimtab.targets.effective import Targets
from trimtab.targets.phase import step_due, steps_taken
from trimtab.targets.portfolio import rules_of, targets_of

DECEMBER = datetime(2026, 12, 10, 12, tzinfo=UTC)
DRIFTED = "BTC 6 @ 1000, ETH 20 @ 100, USDT 2000"
BTC, ETH, USDT = Asset("BTC"), Asset("ETH"), Asset("USDT")


def wishes(**fields: Any) -> OverlayPolicy:
    chosen: dict[str, Any] = {"zone": "UTC", "season": None, "rotation": None, "phase": None}
    return OverlayPolicy(**chosen | fields)


def occasion(now: datetime = DECEMBER, **fields: Any) -> Occasion:
    return builders.occasion(now=now, **fields)


def targets(
    overlays: OverlayPolicy, at: Occasion | None = None, text: str = DRIFTED, **rebalance: Any
) -> Targets:
    wanted = rebalance.pop("wanted", "BTC 0.5, ETH 0.3, USDT 0.2")
    rules = policy(wanted, overlays=overlays, **rebalance)
    return targets_of(rules, exposure(account(text)), at or occasion())


def rounded(weights: Mapping[Asset, Decimal]) -> dict[str, str]:
    return {asset: f"{weight:.4f}" for asset, weight in weights.items()}


# Season


def season(
    months: Mapping[str, Mapping[str, str]],
    *,
    of: Renormalise = Renormalise.RISKY,
    ratios: Mapping[str, str] | None = None,
) -> SeasonPolicy:
    return SeasonPolicy(
        multipliers={m: {Asset(a): dec(f) for a, f in fs.items()} for m, fs in months.items()},
        renormalise=of,
        hedge_ratios={m: dec(r) for m, r in (ratios or {}).items()},
    )


def test_a_month_multiplies_risky_weights_and_stables_keep_their_share() -> None:
    found = targets(wishes(season=season({"dec": {"BTC": "2"}})))
    # 0.8 is shared as 0.5 x 2 to 0.3.
    assert rounded(found.effective) == {"BTC": "0.6154", "ETH": "0.1846", "USDT": "0.2000"}
    assert sum(found.effective.values()) == 1
    assert found.strategic == {BTC: dec("0.5"), ETH: dec("0.3"), USDT: dec("0.2")}
    (overlay,) = found.overlays
    assert (overlay.overlay_id, overlay.reason, overlay.until) == (
        "season",
        "dec: BTC x 2",
        "the end of dec",
    )


def test_all_weights_make_room_where_all_are_renormalised() -> None:
    found = targets(wishes(season=season({"dec": {"BTC": "2"}}, of=Renormalise.ALL)))
    assert rounded(found.effective) == {"BTC": "0.6667", "ETH": "0.2000", "USDT": "0.1333"}


def test_another_stable_than_the_quote_keeps_its_share_too() -> None:
    found = targets(
        wishes(season=season({"dec": {"BTC": "3"}})), wanted="BTC 0.4, USDC 0.3, ETH 0.3"
    )
    assert rounded(found.effective) == {
        "BTC": "0.5600",
        "USDC": "0.3000",
        "ETH": "0.1400",
        "USDT": "0.0000",
    }


def test_other_months_change_nothing() -> None:
    found = targets(wishes(season=season({"jan": {"BTC": "2"}}, ratios={"feb": "0.5"})))
    assert found.overlays == ()
    assert found.effective == found.strategic


def test_the_month_is_that_of_the_zone() -> None:
    late = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    january = wishes(season=season({"jan": {"BTC": "2"}}))
    assert targets(january, occasion(late)).overlays == ()
    assert targets(january, occasion(late, ahead_of_utc=timedelta(hours=1))).overlays


def test_a_month_that_leaves_no_weight_is_named() -> None:
    nothing = season({"dec": {"BTC": "0", "ETH": "0"}})
    with pytest.raises(PlanningError, match="dec leaves every weight at 0"):
        targets(wishes(season=nothing))


def test_a_portfolio_of_stables_has_no_seasons() -> None:
    found = targets(wishes(season=season({"dec": {"BTC": "2"}})), wanted="USDC 0.5, USDT 0.5")
    assert found.effective == found.strategic


def test_a_month_may_hedge_less() -> None:
    rules = policy(overlays=wishes(season=season({}, ratios={"dec": "0.5"})))
    found = targets_of(rules, exposure(account(DRIFTED)), occasion())
    assert [o.reason for o in found.overlays] == ["dec: hedge ratio 0.5"]
    assert rules_of(rules, found, occasion()).hedge.ratio == dec("0.5")
    november = occasion(DECEMBER - timedelta(days=30))
    assert rules_of(rules, found, november).hedge.ratio == 1


# Rotation


def rotation(weights: Mapping[str, str], **fields: Any) -> RotationPolicy:
    chosen: dict[str, Any] = {"groups": {}, "begins_at": None, "ends_at": None}
    by_asset = {Asset(a): dec(w) for a, w in weights.items()}
    return RotationPolicy(**{"targets": by_asset} | chosen | fields)


ROTATED = {"BTC": "0.3", "ETH": "0.5", "USDT": "0.2"}


def ruled(found: Targets, rules: Policy | None = None) -> dict[str, Route]:
    wanted = rules_of(rules or policy(), found, occasion()).rebalance
    return {asset: wanted.route_of(asset) for asset in found.effective}


def test_a_rotation_sets_other_weights_that_go_by_futures() -> None:
    found = targets(wishes(rotation=rotation(ROTATED)))
    assert found.effective == {BTC: dec("0.3"), ETH: dec("0.5"), USDT: dec("0.2")}
    (overlay,) = found.overlays
    assert (overlay.overlay_id, overlay.until) == ("rotation", "by hand")
    assert ruled(found) == {"BTC": Route.FUTURES, "ETH": Route.FUTURES, "USDT": Route.SPOT}


def test_a_rotation_holds_from_its_first_day_until_its_last_has_come() -> None:
    day = timedelta(days=1)
    box = rotation(ROTATED, begins_at=DECEMBER, ends_at=DECEMBER + day)
    seen = {
        at: bool(targets(wishes(rotation=box), occasion(at)).overlays)
        for at in (
            DECEMBER - timedelta(seconds=1),
            DECEMBER,
            DECEMBER + day - timedelta(seconds=1),
            DECEMBER + day,
        )
    }
    assert list(seen.values()) == [False, True, True, False]
    (overlay,) = targets(wishes(rotation=box)).overlays
    assert overlay.until == "2026-12-11 12:00 UTC"


def test_a_rotation_of_groups_keeps_the_values_in_them() -> None:
    core = group("core", "0.3", "BTC", inner=Inner.EQUAL)
    by_group = rotation({}, groups={"core": dec("0.5"), "alts": dec("0.3"), "stable": dec("0.2")})
    text = "BTC 3 @ 1000, ETH 30 @ 100, SOL 20 @ 100, USDT 2000"
    found = targets(wishes(rotation=by_group), text=text, wanted="", groups=(core, KEPT, STABLE))
    assert rounded(found.effective) == {
        "BTC": "0.5000",
        "ETH": "0.1800",
        "SOL": "0.1200",
        "USDT": "0.2000",
    }


def test_written_weights_that_miss_one_by_a_billionth_rotate_all_the_same() -> None:
    found = targets(wishes(rotation=rotation(ROTATED | {"BTC": "0.3000000001"})))
    assert found.effective[USDT] == dec("0.1999999999")


def test_a_rotation_wins_over_the_season() -> None:
    both = wishes(season=season({"dec": {"BTC": "2"}}), rotation=rotation(ROTATED))
    found = targets(both)
    assert [o.overlay_id for o in found.overlays] == ["season", "rotation"]
    assert rounded(found.effective) == {"BTC": "0.3000", "ETH": "0.5000", "USDT": "0.2000"}


# Phase

PHASE = PhasePolicy(phase_id="phase 2026-12-10", steps=4, begins_at=DECEMBER, days_between=7)


def at_step(taken: int, *, days: int | None = None) -> Occasion:
    at = DECEMBER + timedelta(days=7 * taken if days is None else days)
    return occasion(at, phase_steps=taken)


def test_step_k_of_n_aims_at_its_part_of_the_remaining_distance() -> None:
    wished = wishes(phase=PHASE)
    # BTC is at 0.6 and wanted at 0.5, ETH at 0.2 and wanted at 0.3.
    found = [targets(wished, at_step(taken)).effective for taken in range(4)]
    assert [rounded(f)["BTC"] for f in found] == ["0.5750", "0.5667", "0.5500", "0.5000"]
    assert [rounded(f)["ETH"] for f in found] == ["0.2250", "0.2333", "0.2500", "0.3000"]
    assert all(sum(f.values()) == 1 for f in found)
    assert found[3] == {BTC: dec("0.5"), ETH: dec("0.3"), USDT: dec("0.2")}


def test_between_steps_the_targets_are_where_the_account_stands() -> None:
    found = targets(wishes(phase=PHASE), at_step(1, days=3))
    assert rounded(found.effective) == {"BTC": "0.6000", "ETH": "0.2000", "USDT": "0.2000"}
    (overlay,) = found.overlays
    assert overlay.reason == "step 2 of 4 is due at 2026-12-17 12:00 UTC"
    assert step_due(PHASE, at_step(1, days=3)) is None


def test_a_step_that_is_due_calls_for_a_plan() -> None:
    due = step_due(PHASE, at_step(1))
    assert due is not None
    assert (due.kind, due.subject, due.reason) == (
        TriggerKind.CALENDAR,
        "phase 2026-12-10 step 2",
        "step 2 of 4 is due",
    )
    assert step_due(None, at_step(1)) is None


def test_before_its_day_and_after_its_last_step_a_phase_is_nothing() -> None:
    early = occasion(DECEMBER - timedelta(seconds=1))
    for at in (early, at_step(4)):
        assert targets(wishes(phase=PHASE), at).overlays == ()
        assert step_due(PHASE, at) is None


def test_steps_are_counted_by_the_plans_that_were_executed_for_them() -> None:
    snapshot = account("BTC 1 @ 1000, USDT 1000")
    firings = [step_due(PHASE, at_step(taken)) for taken in range(2)]
    other = Firing(
        kind=TriggerKind.DRIFT, subject="BTC", measured=None, limit=None, reason="is above"
    )
    plans = [plan(snapshot, firings=(f, other)) for f in firings if f is not None]
    assert steps_taken(PHASE, []) == 0
    assert steps_taken(PHASE, plans) == 2
    assert steps_taken(PHASE, [*plans, plans[0]]) == 2
    assert steps_taken(PHASE, [plan(snapshot, firings=(other,))]) == 0


def test_a_phase_counts_coins_alone_where_the_basis_is_spot() -> None:
    text = "BTC 6 @ 1000, ETH 20 @ 100, USDT 2000, perp BTC -6, wallet 500"
    found = targets(wishes(phase=PHASE), at_step(1, days=3), text, basis=Basis.SPOT)
    assert rounded(found.effective)["BTC"] == "0.6000"


def test_a_phase_from_more_than_there_is_counts_in_proportion() -> None:
    text = "BTC 6 @ 1000, ETH 20 @ 100, USDT 1000, perp ETH 40, wallet 1000"
    found = targets(wishes(phase=PHASE), at_step(1, days=3), text)
    assert rounded(found.effective) == {"BTC": "0.5000", "ETH": "0.5000", "USDT": "0.0000"}


def test_no_overlay_leaves_targets_and_rules_as_they_are() -> None:
    rules = policy()
    found = targets(NO_OVERLAYS)
    assert found.overlays == ()
    assert rules_of(rules, found, occasion()) == rules


def test_between_steps_a_hedge_by_hand_is_counted_by_its_own_overlay() -> None:
    text = "BTC 6 @ 1000, ETH 20 @ 100, USDT 1000, perp BTC -1, wallet 1000"
    by_hand = hedges("open two 1 @ 1000 by hand")
    waiting = at_step(1, days=3)
    at = builders.occasion(now=waiting.now, phase_steps=1, hedges=by_hand)
    found = make_plan(account(text), policy(overlays=wishes(phase=PHASE)), at)
    assert [(d.asset, f"{d.target:.4f}", f"{d.drift:.4f}") for d in found.drift] == [
        ("BTC", "0.5000", "0.0000"),
        ("ETH", "0.2000", "0.0000"),
        ("USDT", "0.3000", "0.0000"),
    ]
    assert found.legs == ()


def test_a_hedge_by_hand_on_what_has_no_target_is_no_part_of_a_phase() -> None:
    text = "ETH 20 @ 100, USDT 1000, BTC @ 1000, perp BTC -1, wallet 1000"
    by_hand = hedges("open two 1 @ 1000 by hand")
    at = builders.occasion(now=at_step(1, days=3).now, phase_steps=1, hedges=by_hand)
    rules = policy("ETH 0.5, USDT 0.5", overlays=wishes(phase=PHASE))
    found = make_plan(account(text), rules, at)
    assert rounded({d.asset: d.target for d in found.drift}) == {"ETH": "0.5000", "USDT": "0.5000"}


def test_contracts_of_everything_are_read_while_a_rotation_is_wished_for() -> None:
    assert policy(overlays=wishes(rotation=rotation(ROTATED))).hedges(BTC)
    assert not policy().hedges(BTC)
    assert policy(routes={BTC: Route.FUTURES}).hedges(BTC)
