"""Margin rescue as a plan: when it acts, what it moves in, what it cuts, and what it leaves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import LIMITS, NOW, URGENCY, account, dec, occasion, paced, policy
from tests.hedge_cases import hedges
from tests.unit.risk.cases import KEY_IN_ORDER, context
from trimtab.domain.errors import PlanningError
from trimtab.domain.hedges import HedgeCause, RescueWish
from trimtab.domain.plan import LegReason, Plan, UntradedReason
from trimtab.domain.policy import Policy
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.transfers import TransferReason
from trimtab.planning.compose import make_plan, make_plan_moving
from trimtab.planning.rescue import FARTHEST, released, threatened
from trimtab.risk.case import Case
from trimtab.risk.rescue import rescued

THIN = account("USDT 5000, BTC 1 @ 60000, perp BTC -0.5, wallet 4000")
"""Half of a coin is hedged over 4,000: a fifth up costs 6,000."""
RULES = policy("BTC 0.5, USDT 0.5", limits=replace(LIMITS, max_order_notional=dec(100_000)))
ASKED = occasion(wish=RescueWish())


def topped(topup: int, rules: Policy = RULES) -> Policy:
    """Return the rules with so much that may be moved in."""
    return replace(rules, hedge=replace(rules.hedge, max_topup=dec(topup)))


def planned(snapshot: Snapshot, rules: Policy = RULES) -> Plan:
    """Return the rescue, money included."""
    case = Case(
        plan=make_plan(snapshot, rules, ASKED),
        snapshot=snapshot,
        policy=rules,
        context=context(key=replace(KEY_IN_ORDER, transfers_within=True)),
        now=NOW,
    )
    return rescued(case, lambda units: make_plan_moving(units, snapshot, rules, ASKED))


def test_money_comes_first_and_where_it_suffices_nothing_is_cut() -> None:
    plan = planned(THIN, topped(5_000))
    [moved] = plan.transfers
    assert (plan.legs, plan.trigger) == ((), "margin_rescue")
    assert (moved.stage, moved.reason) == (1, TransferReason.RESCUES_MARGIN)
    assert dec(2_144) <= moved.units < dec("2144.001")  # 6,000 lost and 144 bound, less 4,000


def test_what_money_leaves_missing_is_cut_after_it() -> None:
    plan = planned(THIN, topped(1_000))
    [moved], [leg] = plan.transfers, plan.legs
    assert (moved.stage, leg.stage) == (1, 2)
    assert (leg.reduce_only, leg.reason) == (True, LegReason.MARGIN_RESCUE)
    assert moved.units == 1_000
    assert 0 < leg.lots < planned(THIN).legs[0].lots


def test_no_more_is_moved_than_the_spot_wallet_has_beyond_its_reserve() -> None:
    poor = account("USDT 500, BTC 1 @ 60000, perp BTC -0.5, wallet 4000")
    [moved] = planned(poor, topped(5_000)).transfers
    assert moved.units == dec(500) * (1 - LIMITS.fee_reserve)


def test_without_money_the_hedge_is_cut_until_the_wallet_bears_the_shock() -> None:
    plan = planned(THIN)
    [leg] = plan.legs
    assert (plan.transfers, leg.symbol, leg.lots > 0) == ((), "BTC/USDT:USDT", True)
    left = (dec("0.5") - leg.quantity) * 60_000
    cost = leg.quantity * (leg.limit_price * (1 + dec("0.0005")) - 60_000)
    lacks = left * dec("0.2") + left * dec("1.2") * dec("0.004") + cost - 4_000
    assert -20 < lacks <= 0
    assert plan.untraded == ()


def test_in_no_danger_nothing_is_planned_and_it_says_so() -> None:
    calm = account("USDT 5000, BTC 1 @ 60000, perp BTC -0.5, wallet 20000")
    plan = planned(calm, topped(5_000))
    assert (plan.legs, plan.transfers) == ((), ())
    assert "no danger" in plan.firings[0].reason


def test_without_a_position_the_margin_ratio_is_not_measured() -> None:
    flat = account("USDT 5000, BTC 1 @ 60000, wallet 100")
    plan = planned(flat)
    assert (plan.legs, plan.firings[0].measured) == ((), None)


def test_danger_begins_at_the_threshold_that_is_drawn_in_and_a_rescue_ends_beyond_it() -> None:
    rules = replace(
        RULES,
        urgency=paced(replace(URGENCY, margin_early=dec("0.5")), hysteresis="0.1"),
        limits=replace(RULES.limits, min_margin_ratio=dec(40), shock=dec(0)),
    )
    near = account("USDT 5000, BTC 1 @ 60000, perp BTC -0.5, wallet 6600")  # a ratio of 55
    plan = planned(near, topped(5_000, rules))
    [moved] = plan.transfers
    assert plan.firings[0].limit == 60
    assert dec(1_320) <= moved.units < dec("1320.001")  # to 66
    calm = account("USDT 5000, BTC 1 @ 60000, perp BTC -0.5, wallet 7200")
    assert planned(calm, topped(5_000, rules)).transfers == ()


def test_a_liquidation_distance_is_never_drawn_in_to_where_no_price_is_left() -> None:
    wide = replace(LIMITS, min_liquidation_distance=dec("0.6"))
    rules = paced(replace(URGENCY, liquidation_early=dec(1)), hysteresis="0.5")
    assert threatened(wide, rules).min_liquidation_distance == FARTHEST
    assert released(wide, rules).min_liquidation_distance == FARTHEST


def test_only_the_side_that_endangers_the_wallet_is_cut() -> None:
    mixed = account(
        "USDT 5000, BTC 1 @ 60000, perp BTC -0.5, ETH 0 @ 3000, perp ETH 1, wallet 4000"
    )
    rules = policy("BTC 0.5, ETH 0.1, USDT 0.4", limits=RULES.limits)
    plan = planned(mixed, rules)
    assert {leg.symbol for leg in plan.legs} == {"BTC/USDT:USDT"}


def test_what_no_cut_brings_is_reported() -> None:
    sunk = account("USDT 0, BTC 1 @ 60000, perp BTC -0.5 from 50000, wallet 4900")
    plan = planned(sunk)
    [left] = plan.untraded
    assert (left.asset, left.reason) == ("USDT", UntradedReason.MARGIN_LACKING)
    assert left.value > 0
    assert sum(leg.lots for leg in plan.legs) == 5_000


def test_where_neither_money_nor_a_cut_helps_there_is_no_plan() -> None:
    dear = replace(RULES, limits=replace(RULES.limits, max_slippage_bps=dec(9_000)))
    with pytest.raises(PlanningError, match="no cut frees more than it costs"):
        planned(THIN, dear)


def test_between_two_venues_no_money_is_named_that_could_come_in() -> None:
    dear = replace(RULES, limits=replace(RULES.limits, max_slippage_bps=dec(9_000)))
    elsewhere = replace(THIN, key=replace(THIN.key, venue="bybit+bitget"))
    with pytest.raises(PlanningError, match="no money is moved between two venues") as told:
        planned(elsewhere, dear)
    assert "max_topup" not in str(told.value)


def test_a_hedge_of_the_book_that_is_cut_is_declared_as_rescued() -> None:
    asked = replace(ASKED, hedges=hedges("open btc 0.5 @ 60000"))
    plan = make_plan(THIN, RULES, asked)
    [line] = plan.hedging
    assert line.cause is HedgeCause.MARGIN_RESCUE
    assert line.line == plan.legs[0].line


def test_what_cannot_be_measured_is_left_to_the_gate_to_refuse() -> None:
    plan = make_plan(THIN, topped(5_000), ASKED)
    blind = replace(THIN, pools={})
    case = Case(plan=plan, snapshot=blind, policy=topped(5_000), context=context(), now=NOW)
    assert rescued(case, lambda _: plan) is plan
