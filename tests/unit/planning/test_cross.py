"""Cross-hedges: at which beta, how large, what they count for, and when they are refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.builders import (
    NOW,
    URGENCY,
    account,
    contract,
    dec,
    limits,
    occasion,
    policy,
    spot,
    swap,
)
from tests.fakes.told_history import history_of
from trimtab.domain.cross import CrossPolicy
from trimtab.domain.errors import NoHistory, PlanningError
from trimtab.domain.hedges import (
    CloseWish,
    DriftBack,
    Hedge,
    HedgeBook,
    HedgeId,
    HedgeOrigin,
)
from trimtab.domain.history import History
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.plan import Plan, Role, UntradedReason
from trimtab.domain.policy import Route, Threshold
from trimtab.domain.untold import Untold
from trimtab.domain.urgency import BasisAction
from trimtab.planning.compose import make_plan

ALT, BTC = Asset("ALT"), Asset("BTC")
PERP = Symbol("BTC/USDT:USDT")
FREE = {"taker_fee": dec(0), "notional_min": dec(0), "lot_size": dec("0.000001")}
SWAP = FREE | {"lot_size": dec("0.0001")}
LISTED = {i.symbol: i for i in (spot("BTC", **FREE), swap("BTC", **SWAP), spot("ALT", **FREE))}
BY = CrossPolicy(by={ALT: BTC}, look_back_days=40, min_r2=dec("0.6"))
HELD = "BTC 0.03 @ 100000, ALT 500 @ 10, USDT 2000, wallet 5000"
"""NAV 15,000: BTC 20 %, ALT a third."""


def past(beta: str = "1.5", *, noise: str = "0", days: int = 40) -> History:
    """Return closes in which ALT moves *beta* times what BTC does, and *noise* beside it."""
    moves = [Decimal(step) / 100 for step in (1, -2, 3, -1, 2, -3, 1, -1)]
    odd = [Decimal(step) for step in (1, 1, -1, -1)]
    btc, alt = [Decimal(100)], [Decimal(10)]
    for day in range(days - 1):
        move = moves[day % len(moves)]
        btc.append(btc[-1] * (1 + move))
        alt.append(alt[-1] * (1 + move * Decimal(beta) + odd[day % 4] * Decimal(noise)))
    rows = {"BTC": btc, "ALT": alt}
    return history_of({a: [f"{c:.12f}" for c in closes] for a, closes in rows.items()})


def crossed(units: str, *, beta: str = "1.5", name: str = "alt-1") -> Hedge:
    """Return an open cross-hedge."""
    return Hedge(
        hedge_id=HedgeId(name),
        asset=ALT,
        symbol=PERP,
        origin=HedgeOrigin.DRIFT,
        drift_back=DriftBack.TARGET,
        opened_at=NOW - timedelta(days=1),
        units=dec(units),
        proceeds=dec(units) * 100_000,
        carried=dec(0),
        realised=dec(0),
        fees={},
        funding=dec(0),
        closed_at=None,
        closed_by=None,
        beta=dec(beta),
    )


def planned(text: str = HELD, *hedges: Hedge, history: History | None = None, **more: Any) -> Plan:
    """Return the plan for an account whose ALT goes by BTC's perpetual."""
    hedge = {"max_ratio": dec(1), "cross": more.pop("cross", BY)} | more.pop("hedge", {})
    due, wish, seen = more.pop("due", False), more.pop("wish", None), more.pop("snapshot", None)
    chosen = {
        "routes": {ALT: Route.CROSS},
        "threshold": Threshold(width=dec("0.04"), relative=False),
        "limits": limits(max_slippage_bps="0", fee_reserve="0"),
    }
    rules = policy("ALT 0.20, BTC 0.20, USDT 0.60", hedge=hedge, **chosen | more)
    book = HedgeBook(hedges=hedges, steps=())
    at = occasion(history=history or past(), hedges=book, slot_due=due, wish=wish)
    return make_plan(seen or account(text, instruments=LISTED), rules, at)


def moved(plan: Plan) -> dict[str, int]:
    """Return signed whole quote units by market."""
    found: dict[str, int] = {}
    for leg in plan.legs:
        value = round(leg.notional) * (1 if leg.lots > 0 else -1)
        found[leg.symbol] = found.get(leg.symbol, 0) + value
    return found


def test_an_overweight_is_hedged_by_beta_times_its_value() -> None:
    plan = planned()
    assert moved(plan) == {"BTC/USDT:USDT": -3_000}, "2,000 of ALT at a beta of 1.5"
    [leg] = plan.legs
    assert leg.protects is not None
    assert (leg.protects.asset, leg.protects.beta, leg.role) == (ALT, dec("1.5"), Role.HEDGE)
    [line] = plan.hedging
    assert (line.asset, line.symbol, line.beta) == (ALT, PERP, dec("1.5"))
    assert line.hedge_id.startswith("alt-")
    [choice] = plan.routes
    assert (choice.asset, round(choice.value), choice.route) == (ALT, -2_000, "cross")
    assert {(r.name, r.holds) for r in plan.readings} == {("beta", True), ("r_squared", True)}
    assert round(plan.after.weights[ALT], 4) == dec("0.2")
    assert round(plan.after.weights[BTC], 4) == dec("0.2"), "nothing counts for BTC"


def test_what_is_short_counts_for_alt_and_for_nothing_else() -> None:
    plan = planned(f"{HELD}, perp BTC -0.03", crossed("0.03"))
    assert plan.legs == ()
    weights = {d.asset: round(d.net_weight, 4) for d in plan.drift}
    assert weights == {ALT: dec("0.2"), BTC: dec("0.2"), "USDT": dec("0.6")}
    [short] = plan.crosses
    assert (short.before, short.after, short.most) == (dec("0.03"), dec("0.03"), dec("0.03"))
    assert short.stands_for == 2_000
    assert (plan.drift[0].trigger_low, plan.drift[0].trigger_high) == (None, None)
    assert plan.drift[0].untold is Untold.CROSS_HEDGE


def test_it_grows_at_its_own_beta_and_begins_another_at_a_new_one() -> None:
    text = f"{HELD}, perp BTC -0.015"
    same = planned(text, crossed("0.015"))
    assert moved(same) == {"BTC/USDT:USDT": -1_500}
    assert same.hedging[0].hedge_id == "alt-1"
    other = planned(text, crossed("0.0075", beta="0.75"), history=past("1.5"))
    assert other.hedging[0].hedge_id != "alt-1"
    assert other.hedging[0].beta == dec("1.5")


def test_what_falls_back_buys_the_hedge_back_and_then_the_coin() -> None:
    lower = "BTC 0.03 @ 100000, ALT 200 @ 10, USDT 5000, wallet 5000, perp BTC -0.03"
    stops = {"max_age_days": 0}
    closes = planned(lower, crossed("0.03"), hedge=stops)
    assert moved(closes) == {"BTC/USDT:USDT": 3_000}
    assert closes.trigger == "drift"
    due = planned(lower, crossed("0.03"), due=True)
    assert moved(due) == {"BTC/USDT:USDT": 3_000, "ALT/USDT": 1_000}
    assert due.hedging[0].hedge_id == "alt-1"


def test_a_part_is_bought_back_where_a_part_is_lacking() -> None:
    higher = f"{HELD.replace('500 @', '400 @')}, perp BTC -0.03"
    plan = planned(higher, crossed("0.02"), crossed("0.01", beta="3", name="alt-2"), due=True)
    # 1,333 + 333 stand against 1,200 of overweight: 467 of them are bought back, oldest first.
    assert moved(plan)["BTC/USDT:USDT"] == 700
    assert {line.hedge_id for line in plan.hedging} == {"alt-1", "alt-2"}


def test_no_history_of_a_leader_that_stands_still_divides_by_nothing() -> None:
    still = history_of({"BTC": ["1"] * 40, "ALT": [str(i) for i in range(1, 41)]})
    assert planned(history=still).untraded[0].reason is UntradedReason.NO_CROSS_HEDGE


@pytest.mark.parametrize(
    ("history", "words"),
    [
        (past("-1"), "its beta to BTC is -1, and must be above 0"),
        (past("1.5", noise="0.05"), "of its variance, and must explain 0.6"),
        (past(days=20), "40 daily closes are needed"),
        (history_of({"BTC": ["1"] * 40, "ALT": ["2"] * 40}), "its beta to BTC is 0"),
    ],
)
def test_a_beta_that_is_not_to_be_relied_on_opens_nothing(history: History, words: str) -> None:
    plan = planned(history=history)
    assert plan.legs == ()
    [left] = [u for u in plan.untraded if u.asset == ALT]
    assert (left.reason, left.value) == (UntradedReason.NO_CROSS_HEDGE, 2_000)
    assert words in left.note
    kept = planned(f"{HELD}, perp BTC -0.015", crossed("0.015"), history=history)
    assert kept.legs == (), "what is short already is let be"
    assert kept.untraded[0].value == 1_000


def test_without_a_past_nothing_is_planned() -> None:
    rules = policy("ALT 0.2, USDT 0.8", routes={ALT: Route.CROSS}, hedge={"cross": BY})
    with pytest.raises(NoHistory, match=r"hedge\.cross needs daily closes"):
        make_plan(account("ALT 500 @ 10, USDT 500"), rules, occasion())
    need = rules.past_needed
    assert (need.assets, need.days) == ((ALT, BTC), 40)
    assert (rules.hedges(BTC), rules.hedges(ALT)) == (True, False)


def test_what_somebody_took_of_it_stands_for_nothing() -> None:
    plan = planned(f"{HELD}, perp BTC -0.015", crossed("0.03"))
    assert moved(plan) == {"BTC/USDT:USDT": -1_500}
    gone = planned(HELD, crossed("0.03"))
    assert gone.crosses[0].before == 0
    both = planned(f"{HELD}, perp BTC -0.015", crossed("0.02"), crossed("0.02", name="alt-2"))
    assert sum(short.before for short in both.crosses) == dec("0.015")


def test_who_names_no_other_is_hedged_by_nobody() -> None:
    nobody = replace(BY, by={BTC: ALT})
    assert [leg for leg in planned(cross=nobody).legs if leg.protects is not None] == []


def test_less_than_a_lot_is_let_be() -> None:
    coarse = LISTED | {PERP: swap("BTC", **FREE | {"lot_size": dec("0.1")})}
    rules = policy(
        "ALT 0.20, BTC 0.20, USDT 0.60",
        routes={ALT: Route.CROSS},
        hedge={"cross": BY},
        threshold=Threshold(width=dec("0.04"), relative=False),
    )
    plan = make_plan(account(HELD, instruments=coarse), rules, occasion(history=past()))
    assert plan.legs == ()


def test_the_hedges_ratio_and_its_ceiling_hold_for_the_value_that_is_protected() -> None:
    half = planned(hedge={"ratio": dec("0.5")})
    assert moved(half) == {"BTC/USDT:USDT": -1_500}
    capped = planned(hedge={"max_ratio": dec("0.2")})
    assert moved(capped) == {"BTC/USDT:USDT": -1_500}, "a fifth of 5,000 at 1.5"


def test_a_plain_short_beside_it_is_no_part_of_it() -> None:
    plan = planned(f"{HELD.replace('0.03 @', '0.02 @')}, perp BTC -0.04", crossed("0.03"), due=True)
    # BTC is worth 2,000 less 1,000 that nothing explains, and is to be 2,800 of 14,000.
    own = [leg for leg in plan.legs if leg.symbol == PERP and leg.protects is None]
    assert [round(leg.notional) for leg in own] == [1_000]
    assert not [line for line in plan.hedging if line.line == own[0].line]


def test_a_hedge_by_hand_in_its_own_contract_is_not_bought_back_for_what_is_lacking() -> None:
    own = Symbol("ALT/USDT:USDT")
    mine = replace(crossed("50", beta="1"), symbol=own, proceeds=dec(500))
    mine = replace(mine, origin=HedgeOrigin.BY_HAND, drift_back=DriftBack.NEVER)
    text = "BTC 0.03 @ 100000, ALT 200 @ 10, USDT 5000, wallet 5000, perp ALT -50"
    # ALT is to be 3,000 less the 500 by hand, and is worth 1,500.
    lacks = account(text, instruments=LISTED)
    assert moved(planned(text, mine, due=True, snapshot=lacks)) == {"ALT/USDT": 1_000}
    unexplained = planned(text, due=True, snapshot=lacks)
    assert moved(unexplained) == {own: 500, "ALT/USDT": 1_000}


def test_the_same_hedge_is_told_apart_by_its_contract() -> None:
    assert crossed("0.03").is_cross
    assert not replace(crossed("0.03"), asset=BTC).is_cross


def test_a_cross_hedge_is_closed_by_hand_and_no_coin_is_sold_with_it() -> None:
    text = f"{HELD}, perp BTC -0.03"
    closed = planned(text, crossed("0.03"), wish=CloseWish(hedge_ids=(), sells=False))
    assert moved(closed) == {"BTC/USDT:USDT": 3_000}
    with pytest.raises(PlanningError, match="a contract of another coin") as told:
        planned(text, crossed("0.03"), wish=CloseWish(hedge_ids=(), sells=True))
    assert told.value.next_step == "trimtab close-hedges alt-1"


OTHER = Asset("OTHER")
TEAM = CrossPolicy(
    by={ALT: BTC, OTHER: BTC},
    look_back_days=40,
    min_r2=dec("0.6"),
    groups={"alts": (ALT, OTHER)},
)
BOTH = "BTC 0.03 @ 100000, ALT 250 @ 10, OTHER 250 @ 10, USDT 2000, wallet 5000"
"""NAV 15,000: both together are a third, where a group of a tenth each has them."""


def apart(swing: str) -> History:
    """Return closes in which two coins swing against each other about what BTC does."""
    rows = past("1").closes
    btc = [close.close for close in rows[BTC]]
    part = [dec(swing) * (1 if day % 4 < 2 else -1) for day in range(len(btc))]
    alt = [b / 10 * (1 + p) for b, p in zip(btc, part, strict=True)]
    other = [b / 10 * (1 - p) for b, p in zip(btc, part, strict=True)]
    told = {"BTC": btc, "ALT": alt, "OTHER": other}
    return history_of({a: [f"{c:.12f}" for c in closes] for a, closes in told.items()})


def teamed(text: str = BOTH, cross: CrossPolicy = TEAM, swing: str = "0.2") -> Plan:
    """Return the plan of two coins that one contract hedges."""
    names = {**LISTED, **{i.symbol: i for i in (spot("OTHER", **FREE),)}}
    rules = policy(
        "BTC 0.2, ALT 0.1, OTHER 0.1, USDT 0.6",
        routes={ALT: Route.CROSS, OTHER: Route.CROSS},
        hedge={"cross": cross},
        limits=limits(max_slippage_bps="0", fee_reserve="0", max_order_notional="1000000"),
    )
    return make_plan(account(text, instruments=names), rules, occasion(history=apart(swing)))


def test_a_group_follows_together_where_none_of_its_members_does() -> None:
    alone = teamed(cross=replace(TEAM, groups={}))
    assert alone.legs == ()
    assert {u.asset for u in alone.untraded} == {ALT, OTHER}
    plan = teamed()
    readings = {(r.subject, r.name): r.measured for r in plan.readings}
    beta, fit = readings["alts", "beta"], readings["alts", "r_squared"]
    assert beta is not None
    assert fit is not None
    assert abs(beta - 1) < dec("0.001")
    assert fit > dec("0.999")
    assert {(leg.symbol, leg.protects and leg.protects.asset) for leg in plan.legs} == {
        (PERP, ALT),
        (PERP, OTHER),
    }
    assert {leg.protects and leg.protects.beta for leg in plan.legs} == {beta}
    assert abs(sum(leg.notional for leg in plan.legs) - 2_000) < 25
    weights = {a: round(plan.after.weights[a], 2) for a in (ALT, OTHER, BTC)}
    assert weights == {ALT: dec("0.10"), OTHER: dec("0.10"), BTC: dec("0.20")}


def test_what_is_held_says_how_much_of_a_group_each_member_is() -> None:
    lone = teamed("BTC 0.03 @ 100000, ALT 500 @ 10, OTHER 0 @ 10, USDT 2000, wallet 5000")
    assert [leg for leg in lone.legs if leg.instrument.is_contract] == []
    [left] = [u for u in lone.untraded if u.reason is UntradedReason.NO_CROSS_HEDGE]
    assert left.asset == ALT
    assert "of alts's variance" in left.note


def test_a_group_of_which_nothing_is_held_counts_its_members_alike() -> None:
    text = "BTC 0.03 @ 100000, ALT 0 @ 10, OTHER 0 @ 10, USDT 7000, wallet 5000"
    plan = teamed(text, swing="0.02")
    fit = {(r.subject, r.name): r.measured for r in plan.readings}["alts", "r_squared"]
    assert fit is not None
    assert fit > dec("0.9")


def test_a_group_without_the_closes_of_a_member_is_left_with_the_reason() -> None:
    plan = teamed(cross=replace(TEAM, look_back_days=41))
    assert {u.asset for u in plan.untraded if u.note} == {ALT, OTHER}
    assert plan.legs == ()


def test_no_cross_hedge_is_opened_in_a_contract_that_would_be_left_for_its_discount() -> None:
    rules = replace(URGENCY, basis=BasisAction.CLOSE, basis_bps=dec(80))
    seen = account(HELD, instruments=LISTED)
    for mark, legs, reasons in (("99300", 1, []), ("99200", 0, ["discount"])):
        below = {PERP: contract(mark, index=dec(100_000))}
        plan = planned(urgency=rules, snapshot=replace(seen, contracts=below))
        assert len(plan.legs) == legs
        assert [u.reason for u in plan.untraded] == reasons
