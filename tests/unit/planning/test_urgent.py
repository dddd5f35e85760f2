"""What is taken off first, when the account comes near a limit."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.builders import (
    LIMITS,
    URGENCY,
    account,
    contract,
    dec,
    limits,
    occasion,
    paced,
    policy,
    report_on,
)
from tests.coin_margined import position, wallet
from trimtab.cli.documents import plan_document
from trimtab.cli.tables import cost_line
from trimtab.domain.exact import exact_arithmetic
from trimtab.domain.exposure import exposure
from trimtab.domain.firings import TriggerKind
from trimtab.domain.instruments import Asset, Lots, Symbol
from trimtab.domain.plan import LegReason, Plan, UntradedReason
from trimtab.domain.policy import RiskLimits, Route
from trimtab.domain.question import second_question
from trimtab.domain.snapshot import Position, Snapshot
from trimtab.domain.urgency import ExpiryAction, UrgencyPolicy, UrgentAction
from trimtab.planning.compose import make_plan
from trimtab.ports import PlanStatus
from trimtab.triggers.strain import futures_of

BTC = Symbol("BTC/USDT:USDT")
ETH = Symbol("ETH/USDT:USDT")
DATED = Symbol("BTC/USDT:USDT-261225")
AT_MID = replace(LIMITS, max_slippage_bps=dec(0), max_order_notional=dec(1_000_000))
ONLY_LEVERAGE = replace(URGENCY, margin=UrgentAction.OFF, liquidation=UrgentAction.OFF)
ONLY_MARGIN = replace(URGENCY, leverage=UrgentAction.OFF, liquidation=UrgentAction.OFF)
ONLY_LIQUIDATION = replace(URGENCY, leverage=UrgentAction.OFF, margin=UrgentAction.OFF)


def planned(
    snapshot: Snapshot,
    *,
    urgency: UrgencyPolicy = URGENCY,
    risk: RiskLimits = AT_MID,
    cooling: frozenset[TriggerKind] = frozenset(),
    lost: str = "0",
) -> Plan:
    rules = policy("BTC 0.5, USDT 0.5", limits=risk, urgency=urgency)
    losses = (Decimal(lost),)
    return make_plan(snapshot, rules, occasion(cooling=cooling, losses=losses))


def test_where_nothing_is_outside_margin_the_leverage_after_a_plan_is_infinite() -> None:
    held = account("BTC @ 1000, wallet 10000, perp BTC 8")
    told = planned(held, urgency=replace(URGENCY, leverage=UrgentAction.ALERT))
    assert [leg.lots < 0 for leg in told.legs] == [True]
    assert told.after.leverage == dec("Infinity")
    document = plan_document(told, report_on(told), status=PlanStatus.PROPOSED, execution=None)
    assert document["plan"]["after"]["leverage"] is None
    assert "After it: leverage infinite, " in cost_line(told).plain
    assert "leverage infinite after it." in second_question(told, policy().approval)
    assert planned(account("BTC @ 1000, wallet 10000")).after.leverage == 0


def after(snapshot: Snapshot, plan: Plan) -> Snapshot:
    """The account when all closings have filled at mark, their fees left out."""
    positions = dict(snapshot.positions)
    for leg in plan.legs:
        left = positions[leg.symbol].lots + leg.lots
        positions[leg.symbol] = replace(positions[leg.symbol], lots=Lots(left))
    return replace(snapshot, positions={s: p for s, p in positions.items() if p.lots})


G9 = account("BTC 0.2 @ 100000, perp BTC 0.6, wallet 60000")
G10 = account("BTC 0.14 @ 100000, perp BTC 0.35, wallet 60000")


def test_leverage_above_its_limit_is_brought_down_to_it_and_nothing_else_is_done() -> None:
    plan = planned(G9)
    assert {(leg.symbol, leg.reduce_only, leg.reason) for leg in plan.legs} == {
        (BTC, True, LegReason.LEVERAGE)
    }
    assert sum(leg.lots for leg in plan.legs) == -1000  # 0.1 BTC, which are 10,000
    assert plan.trigger == "leverage"
    assert [f.kind for f in plan.firings][:1] == [TriggerKind.LEVERAGE]
    assert {u.reason for u in plan.untraded} == {UntradedReason.REDUCTION_FIRST}
    assert exposure(after(G9, plan)).leverage() == dec("2.5")


def test_leverage_within_its_limit_cuts_nothing() -> None:
    plan = planned(G10, risk=replace(AT_MID, max_leverage=dec(4)))
    assert (plan.alerts, TriggerKind.LEVERAGE in {f.kind for f in plan.firings}) == ((), False)


def test_a_leverage_of_exactly_the_limit_is_no_breach() -> None:
    even = account("BTC 0.2 @ 100000, perp BTC 0.5, wallet 60000")
    assert TriggerKind.LEVERAGE not in {f.kind for f in planned(even).firings}
    assert planned(even).alerts == ()


def test_a_cut_is_rounded_up_to_whole_lots() -> None:
    odd = account("BTC 0.2 @ 100000, perp BTC 0.5001, wallet 60000")
    assert [leg.lots for leg in planned(odd).legs] == [-1]
    uneven = account("BTC 0.20003 @ 100000, perp BTC 0.6, wallet 60000")
    assert [leg.lots for leg in planned(uneven).legs] == [-1000]  # 999.25 lots


def test_hysteresis_goes_beyond_the_threshold() -> None:
    plan = planned(G9, urgency=paced(ONLY_LEVERAGE, hysteresis="0.2"))
    assert sum(leg.lots for leg in plan.legs) == -2000  # to 2.0 of 20,000


def test_a_condition_that_acts_early_holds_before_the_limit() -> None:
    below = account("BTC 0.2 @ 100000, perp BTC 0.48, wallet 60000")
    early = replace(ONLY_LEVERAGE, leverage_early=dec("0.1"))
    assert planned(below, urgency=ONLY_LEVERAGE).alerts == ()
    assert sum(leg.lots for leg in planned(below, urgency=early).legs) == -300  # to 2.25


def test_the_leverage_cut_is_shared_by_notional() -> None:
    two = account("USDT 10000, BTC @ 100000, ETH @ 2000, perp BTC 0.2, perp ETH 10, wallet 60000")
    plan = planned(two, risk=replace(AT_MID, max_leverage=dec(3)))
    assert {leg.symbol: leg.lots for leg in plan.legs} == {BTC: -500, "ETH/USDT:USDT": -25_000}


def test_a_hedge_is_not_taken_off_since_that_would_raise_exposure() -> None:
    hedged = account("BTC 0.5 @ 100000, perp BTC -0.15, wallet 20000")
    tight = replace(AT_MID, max_leverage=dec("0.2"))
    plan = planned(hedged, urgency=ONLY_LEVERAGE, risk=tight)
    assert plan.legs == ()
    assert [f.kind for f in plan.alerts] == [TriggerKind.LEVERAGE]
    left = [u for u in plan.untraded if u.reason is UntradedReason.WOULD_RAISE_EXPOSURE]
    assert [(u.asset, u.value) for u in left] == [("USDT", dec(5_000))]


def test_a_position_is_cut_no_further_than_its_assets_net_exposure() -> None:
    mixed = account(
        "USDT 10000, BTC @ 100000, perp BTC 0.4, dated BTC -0.3 at 100000, wallet 60000"
    )
    plan = planned(mixed, urgency=ONLY_LEVERAGE)
    assert [(leg.symbol, leg.lots) for leg in plan.legs] == [(BTC, -1000)]
    left = [u.value for u in plan.untraded if u.reason is UntradedReason.WOULD_RAISE_EXPOSURE]
    assert left == [dec(35_000)]


def test_a_thin_wallet_is_relieved_until_its_margin_ratio_is_back() -> None:
    thin = account("USDT 100000, BTC @ 100000, perp BTC 1, wallet 1000")
    plan = planned(thin, urgency=ONLY_MARGIN)
    assert {leg.reason for leg in plan.legs} == {LegReason.MARGIN}
    done = after(thin, plan)
    assert futures_of(done).ratio() >= dec(3)
    [leg] = plan.legs
    one_less = replace(plan, legs=(replace(leg, lots=Lots(leg.lots + 100)),))
    assert futures_of(after(thin, one_less)).ratio() < dec(3)  # 80 lots pay for the fees


def test_the_highest_maintenance_rate_goes_first() -> None:
    both = account("USDT 400000, BTC @ 100000, ETH @ 2000, perp BTC 1, perp ETH 10, wallet 1500")
    plan = planned(both, urgency=ONLY_MARGIN)
    assert [leg.symbol for leg in plan.legs] == [BTC]  # 0.5 % above 50,000; all of ETH 0.4 %


def test_liquidation_that_is_too_near_is_moved_away_by_its_own_contract() -> None:
    near = account("USDT 100000, BTC @ 100000, perp BTC 1, ETH @ 2000, perp ETH 10, wallet 9000")
    plan = planned(near, urgency=ONLY_LIQUIDATION)
    assert [leg.symbol for leg in plan.legs] == [BTC]
    assert futures_of(after(near, plan)).distances()[BTC] >= dec("0.10")
    assert plan.firings[0].subject == BTC


def test_margin_and_leverage_are_cut_together_and_an_expiry_waits() -> None:
    far = replace(URGENCY, expiry=ExpiryAction.CLOSE, expiry_days=60)
    held = account("BTC 0.2 @ 100000, perp BTC 0.6, dated BTC 0.01 at 100000, wallet 60000")
    plan = planned(held, urgency=far)
    assert {leg.reason for leg in plan.legs} == {LegReason.LEVERAGE}
    assert [f.kind for f in plan.alerts] == [TriggerKind.EXPIRY]


def test_a_dated_contract_near_its_delivery_is_closed_or_told_of() -> None:
    held = account("BTC 0.2 @ 100000, dated BTC -0.1 at 100000, wallet 60000")
    told = planned(held, urgency=replace(URGENCY, expiry_days=60))
    assert [f.kind for f in told.alerts] == [TriggerKind.EXPIRY]
    close = replace(URGENCY, expiry=ExpiryAction.CLOSE, expiry_days=60)
    plan = planned(held, urgency=close)
    assert [(leg.symbol, leg.lots, leg.reason) for leg in plan.legs] == [
        (DATED, 1000, LegReason.EXPIRY)
    ]
    off = planned(held, urgency=replace(URGENCY, expiry=ExpiryAction.OFF, expiry_days=60))
    assert off.alerts == ()


@pytest.mark.parametrize("name", ["leverage", "margin", "liquidation"])
def test_a_condition_that_is_told_or_off_changes_no_plan(name: str) -> None:
    strained = account("USDT 10000, BTC @ 100000, perp BTC 1, wallet 1000")
    off = dict.fromkeys(("leverage", "margin", "liquidation"), UrgentAction.OFF)
    alert = replace(URGENCY, **{**off, name: UrgentAction.ALERT})
    told = planned(strained, urgency=alert)
    assert len(told.alerts) == 1
    assert LegReason.LEVERAGE not in {leg.reason for leg in told.legs}
    assert planned(strained, urgency=replace(URGENCY, **off)).alerts == ()


def test_a_kind_that_acted_lately_is_only_told() -> None:
    plan = planned(G9, cooling=frozenset({TriggerKind.LEVERAGE}))
    assert [f.kind for f in plan.alerts] == [TriggerKind.LEVERAGE]
    assert LegReason.LEVERAGE not in {leg.reason for leg in plan.legs}


def test_a_short_wallet_whose_only_position_costs_more_than_it_frees_is_left() -> None:
    dear = contract(100_000)
    held = account("BTC 1 @ 100000, perp BTC -1, wallet 900", contracts={BTC: dear})
    plan = planned(held, urgency=ONLY_MARGIN, risk=limits(max_slippage_bps="30"))
    assert plan.legs == () or all(leg.reason is not LegReason.MARGIN for leg in plan.legs)
    assert any(u.reason is UntradedReason.WOULD_RAISE_EXPOSURE for u in plan.untraded)


def test_a_wallet_without_positions_strains_nothing() -> None:
    assert planned(account("BTC 0.5 @ 100, USDT 50")).alerts == ()
    flat = futures_of(account("BTC 0.5 @ 100, USDT 50"))
    assert (flat.balance, flat.ratio()) == (0, Decimal("Infinity"))


def test_a_position_in_a_bracket_of_its_own_is_cut_bracket_by_bracket() -> None:
    huge = account("USDT 9000000, BTC @ 100000, perp BTC 6, wallet 7000")
    plan = planned(huge, urgency=ONLY_MARGIN)
    assert futures_of(after(huge, plan)).ratio() >= dec(3)
    with exact_arithmetic():
        left = futures_of(after(huge, plan)).notional(BTC)
    assert left < 500_000  # past the edge of the third bracket


def test_a_short_without_a_holding_is_taken_off_like_a_long() -> None:
    bare = account("USDT 10000, BTC @ 100000, perp BTC -0.4, wallet 60000")
    plan = planned(bare, urgency=ONLY_LEVERAGE)
    assert [leg.lots for leg in plan.legs] == [1500]


def test_an_order_of_a_cut_is_no_smaller_than_the_venue_takes() -> None:
    snapshot = account("BTC 0.2 @ 100000, perp BTC 0.5001, wallet 60000")
    coarse = replace(snapshot.instruments[BTC], lots_min=10)
    listed = replace(snapshot, instruments={**snapshot.instruments, BTC: coarse})
    assert [leg.lots for leg in planned(listed).legs] == [-10]


def test_a_cut_is_no_less_than_the_venue_takes_of_a_reduction() -> None:
    snapshot = account("BTC 0.2 @ 100000, perp BTC 0.5001, wallet 60000")
    least = replace(snapshot.instruments[BTC], notional_min_reduce_only=dec(35))
    listed = replace(snapshot, instruments={**snapshot.instruments, BTC: least})
    assert [leg.lots for leg in planned(listed).legs] == [-4]  # Of 10 each.
    risk = replace(AT_MID, max_slippage_bps=dec(2_000))
    assert [leg.lots for leg in planned(listed, risk=risk).legs] == [-5], "at the limit, 8 each"
    any_price = replace(AT_MID, max_slippage_bps=dec(10_000))
    assert planned(listed, risk=any_price).legs == (), "nothing is enough at a cent"


def test_what_is_too_small_to_be_reduced_is_left_and_told() -> None:
    snapshot = account("BTC @ 100000, ETH @ 100, perp BTC 0.5, perp ETH 0.02, wallet 60000")
    tiny = snapshot.instruments[ETH]
    tiny = replace(tiny, notional_min_reduce_only=dec(5))
    listed = replace(snapshot, instruments={**snapshot.instruments, ETH: tiny})
    plan = planned(listed, urgency=ONLY_LEVERAGE)
    assert [(leg.symbol, leg.lots) for leg in plan.legs] == [(BTC, -5_000)]
    [left] = [u for u in plan.untraded if u.reason is UntradedReason.WOULD_RAISE_EXPOSURE]
    assert left.value == 2


def test_a_position_that_settles_elsewhere_is_no_part_of_the_wallet() -> None:
    snapshot = account("BTC 0.2 @ 100000, perp BTC 0.1, wallet 60000")
    other = replace(snapshot.instruments[BTC], settle="USDC")
    listed = replace(snapshot, instruments={**snapshot.instruments, BTC: other})
    assert futures_of(listed).units == {}
    assert Position in {type(p) for p in listed.positions.values()}


FALLEN = replace(AT_MID, max_drawdown=dec("0.2"))
DROPPED = replace(
    URGENCY,
    leverage=UrgentAction.OFF,
    drawdown=UrgentAction.REDUCE,
    drawdown_leverage=dec(1),
)
"""Futures go down to the value outside their wallet when the loss passes risk.max_drawdown."""


def test_a_drawdown_takes_futures_off_to_its_leverage_and_drifts_wait() -> None:
    plan = planned(G10, urgency=DROPPED, risk=FALLEN, lost="0.3")
    assert plan.trigger == "drawdown"
    assert {(leg.symbol, leg.reduce_only, leg.reason) for leg in plan.legs} == {
        (BTC, True, LegReason.DRAWDOWN)
    }
    assert sum(leg.lots for leg in plan.legs) == -2100  # 35,000 to 14,000
    assert TriggerKind.DRAWDOWN not in {
        f.kind for f in planned(G10, urgency=DROPPED, risk=FALLEN).firings
    }


def test_a_hedge_stays_in_a_drawdown() -> None:
    hedged = account("BTC 0.2 @ 100000, perp BTC -0.1, wallet 60000")
    plan = planned(
        hedged, urgency=replace(DROPPED, drawdown_leverage=dec(0)), risk=FALLEN, lost="0.3"
    )
    assert not any(leg.reason is LegReason.DRAWDOWN for leg in plan.legs)
    assert [f.kind for f in plan.alerts] == [TriggerKind.DRAWDOWN]


def test_no_long_is_opened_in_a_drawdown_and_it_says_what_waits() -> None:
    poor = account("USDT 50000, BTC @ 100000, wallet 50000")
    futures = policy("BTC 0.5, USDT 0.5", limits=FALLEN, urgency=DROPPED, route=Route.FUTURES)
    calm = make_plan(poor, futures, occasion(losses=(dec(0),)))
    assert [leg.lots > 0 for leg in calm.legs] == [True]
    plan = make_plan(poor, futures, occasion(losses=(dec("0.3"),)))
    assert plan.legs == ()
    assert [(u.asset, u.reason) for u in plan.untraded] == [("BTC", UntradedReason.REDUCTION_FIRST)]
    told = replace(futures, urgency=replace(DROPPED, drawdown=UrgentAction.ALERT))
    assert len(make_plan(poor, told, occasion(losses=(dec("0.3"),))).legs) == 1


def test_what_is_coin_margined_counts_in_leverage_and_is_not_cut() -> None:
    short = replace(G9, coin_wallets={Asset("BTC"): wallet(dec("0.1"), position(-100))})
    plan = planned(short)
    # 10,000 dollars at an index of 60,000 are 16,666.67 where a coin costs 100,000.
    assert sum(leg.lots for leg in plan.legs) == -2667
    assert {leg.symbol for leg in plan.legs} == {BTC}
    left = exposure(after(short, plan)).leverage()
    assert dec("2.499") < left <= dec("2.5")
    assert plan.after is not None
    assert abs(plan.after.leverage - left) < dec("0.01")
