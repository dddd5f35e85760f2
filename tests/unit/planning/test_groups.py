"""Groups that drift as one: bands, members that follow, values kept, baskets."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.builders import account, dec, occasion, policy, spot, swap
from tests.hedge_cases import hedges
from trimtab.domain.exact import exact_arithmetic
from trimtab.domain.hedges import NO_HEDGES, HedgeBook
from trimtab.domain.instruments import Asset
from trimtab.domain.plan import Plan, UntradedReason
from trimtab.domain.policy import (
    AssetGroup,
    Basis,
    Destination,
    DriftSide,
    Inner,
    Route,
    Scope,
    Target,
    Threshold,
)
from trimtab.planning.compose import make_plan

COARSE = "0.0001"
"""The lot in which the notation counts positions."""
BAND = Threshold(width=dec("0.05"), relative=False)


def group(
    name: str, weight: str, members: str, *, inner: Inner = Inner.KEEP, **fields: Any
) -> AssetGroup:
    """Return a group of members in equal parts, or of ``BTC 0.7`` with their shares."""
    pairs = [item.split() for item in members.split(", ")]
    part = dec(1) / len(pairs)
    chosen: dict[str, Any] = {
        "threshold": BAND if len(pairs) > 1 else None,
        "basket": False,
        "look_back_days": 120,
    }
    return AssetGroup(
        name=name,
        weight=dec(weight),
        inner=inner,
        members=tuple(
            Target(asset=Asset(p[0]), weight=dec(p[1]) if p[1:] else part) for p in pairs
        ),
        **chosen | fields,
    )


STABLE = group("stable", "0.2", "USDT", inner=Inner.EQUAL)
KEPT = group("alts", "0.5", "ETH, SOL")
CORE = group("core", "0.3", "BTC", inner=Inner.EQUAL)


def planned(
    text: str,
    *groups: AssetGroup,
    due: bool = False,
    book: HedgeBook = NO_HEDGES,
    **wishes: Any,
) -> Plan:
    fine = {
        "lot_size": dec(wishes.pop("lot", "0.000001")),
        "notional_min": dec(0),
        "taker_fee": dec(0),
    }
    bare = wishes.pop("bare", ())
    assets = [a for g in groups for a in g.assets if a != "USDT"]
    listed = [spot(a, **fine) for a in assets]
    listed += [swap(a, **fine) for a in assets if a not in bare]
    snapshot = account(text, instruments={i.symbol: i for i in listed})
    gone = {f"{a}/USDT:USDT" for a in bare}
    there = {s: i for s, i in snapshot.instruments.items() if s not in gone}
    snapshot = replace(snapshot, instruments=there)
    wanted = policy("", groups=groups, **wishes)
    return make_plan(snapshot, wanted, occasion(slot_due=due, hedges=book))


def moves(plan: Plan) -> dict[str, int]:
    """Return whole signed values by asset."""
    with exact_arithmetic():
        return {
            leg.instrument.base: round((1 if leg.lots > 0 else -1) * leg.notional)
            for leg in plan.legs
        }


def test_a_group_outside_its_band_is_trimmed_pro_rata_to_present_values() -> None:
    plan = planned("BTC 3 @ 1000, ETH 45 @ 100, SOL 15 @ 100, USDT 1000", CORE, KEPT, STABLE)
    assert moves(plan) == {"ETH": -750, "SOL": -250}
    (alts,) = plan.groups
    assert (alts.weight, alts.target, alts.drift) == (dec("0.6"), dec("0.5"), dec("0.1"))
    assert {d.asset: d.breached for d in plan.drift} == {
        "BTC": False,
        "ETH": True,
        "SOL": True,
        "USDT": True,
    }
    assert [(f.subject, f.reason) for f in plan.firings] == [
        ("alts", "is above its band"),
        ("USDT", "is below its band"),
    ]


def test_members_have_their_part_of_the_band_and_prices_at_which_the_group_meets_it() -> None:
    plan = planned("BTC 3 @ 1000, ETH 30 @ 100, SOL 20 @ 100, USDT 2000", CORE, KEPT, STABLE)
    eth = next(d for d in plan.drift if d.asset == "ETH")
    assert (eth.target, eth.band_low, eth.band_high) == (dec("0.3"), dec("0.27"), dec("0.33"))
    # At 0.55 of the whole the group is worth 5000 + x of 10000 + x.
    assert eth.alert_high is not None
    assert eth.alert_low is not None
    assert round(eth.alert_high, 6) == round(dec(100) * (1 + dec(10000) / 27000), 6)
    assert round(eth.alert_low, 6) == round(dec(100) * (1 - dec(10000) / 33000), 6)


def test_an_alert_price_that_no_fall_reaches_is_none() -> None:
    plan = planned("BTC 3 @ 1000, ETH 49 @ 100, SOL 1 @ 100, USDT 2000", CORE, KEPT, STABLE)
    sol = next(d for d in plan.drift if d.asset == "SOL")
    assert sol.alert_low is None
    assert sol.alert_high is not None


def test_a_member_that_is_not_held_meets_no_price() -> None:
    plan = planned("BTC 3 @ 1000, ETH 50 @ 100, SOL @ 100, USDT 2000", CORE, KEPT, STABLE)
    sol = next(d for d in plan.drift if d.asset == "SOL")
    assert (sol.target, sol.alert_low, sol.alert_high) == (0, None, None)


def test_a_group_that_holds_nothing_yet_is_bought_in_equal_parts() -> None:
    plan = planned("BTC 3 @ 1000, ETH @ 100, SOL @ 100, USDT 7000", CORE, KEPT, STABLE)
    assert moves(plan) == {"ETH": 2500, "SOL": 2500}


def test_a_drift_of_one_member_inside_the_band_of_its_group_is_left_alone() -> None:
    fixed = group("alts", "0.5", "ETH 0.5, SOL 0.5", inner=Inner.FIXED)
    plan = planned("BTC 3 @ 1000, ETH 45 @ 100, SOL 5 @ 100, USDT 2000", CORE, fixed, STABLE)
    assert not plan.firings
    due = planned(
        "BTC 3 @ 1000, ETH 45 @ 100, SOL 5 @ 100, USDT 2000", CORE, fixed, STABLE, due=True
    )
    assert moves(due) == {"ETH": -2000, "SOL": 2000}


def test_members_without_one_band_have_their_own() -> None:
    own = group("alts", "0.5", "ETH 0.5, SOL 0.5", inner=Inner.FIXED, threshold=None)
    plan = planned("BTC 3 @ 1000, ETH 45 @ 100, SOL 5 @ 100, USDT 2000", CORE, own, STABLE)
    assert [f.subject for f in plan.firings] == ["ETH", "SOL"]
    assert plan.groups == ()


def test_only_members_of_a_breached_group_move_when_the_scope_is_breached() -> None:
    text = "BTC 3.3 @ 1000, ETH 42 @ 100, SOL 14 @ 100, USDT 1100"
    plan = planned(text, CORE, KEPT, STABLE, scope=Scope.BREACHED)
    assert moves(plan) == {"ETH": -450, "SOL": -150}


def test_the_overweight_side_sells_members_and_buys_nothing() -> None:
    text = "BTC 1 @ 1000, ETH 60 @ 100, SOL 10 @ 100, USDT 2000"
    plan = planned(text, CORE, KEPT, STABLE, side=DriftSide.OVERWEIGHT)
    assert moves(plan) == {"ETH": -1714, "SOL": -286}


def test_to_the_band_each_member_goes_its_part() -> None:
    text = "BTC 3 @ 1000, ETH 45 @ 100, SOL 15 @ 100, USDT 1000"
    band = Destination(to_band=True, fraction=dec(1))
    wide = Threshold(width=dec("0.2"), relative=False)
    plan = planned(text, CORE, KEPT, STABLE, destination=band, threshold=wide, scope=Scope.BREACHED)
    assert moves(plan) == {"ETH": -375, "SOL": -125}


def test_a_group_inside_its_band_gives_the_quote_its_part() -> None:
    text = "BTC 3.4 @ 1000, ETH 33 @ 100, SOL 16 @ 100, USDT 1700"
    band = Destination(to_band=True, fraction=dec(1))
    narrow = {Asset("USDT"): Threshold(width=dec("0.01"), relative=False)}
    plan = planned(text, CORE, KEPT, STABLE, destination=band, thresholds=narrow)
    assert moves(plan) == {"BTC": -138, "ETH": -41, "SOL": -20}


def test_a_group_of_no_weight_is_sold_and_gives_pro_rata_to_what_it_holds() -> None:
    gone = group("alts", "0", "ETH, SOL")
    rest = group("core", "0.8", "BTC", inner=Inner.EQUAL)
    band = Destination(to_band=True, fraction=dec(1))
    narrow = {Asset("USDT"): Threshold(width=dec("0.01"), relative=False)}
    text = "BTC 7.5 @ 1000, ETH 3 @ 100, SOL 1 @ 100, USDT 2100"
    assert moves(planned(text, rest, gone, STABLE, due=True)) == {
        "BTC": 500,
        "ETH": -300,
        "SOL": -100,
    }
    text = "BTC 7.6 @ 1000, ETH 0.75 @ 100, SOL 0.25 @ 100, USDT 2300"
    plan = planned(text, rest, gone, STABLE, destination=band, thresholds=narrow)
    assert moves(plan) == {"BTC": 138, "ETH": 46, "SOL": 15}


def test_what_a_written_weight_is_a_share_of_is_told_with_its_band() -> None:
    own = group("core", "0.3", "BTC 0.5, BNB 0.5", inner=Inner.FIXED, threshold=None)
    rules = policy("", groups=(own, KEPT, STABLE)).rebalance
    assert rules.assets == ("BTC", "BNB", "ETH", "SOL", "USDT")
    assert rules.banded(Asset("ETH")) == (dec("0.5"), BAND)
    assert rules.banded(Asset("BNB")) == (dec("0.15"), rules.threshold)
    assert policy().rebalance.banded(Asset("ETH")) == (dec("0.3"), rules.threshold)


def test_values_are_kept_by_coins_alone_where_the_basis_is_spot() -> None:
    text = "BTC 3 @ 1000, ETH 45 @ 100, SOL 15 @ 100, USDT 1000, perp ETH -45, wallet 1000"
    plan = planned(text, CORE, KEPT, STABLE, basis=Basis.SPOT)
    assert moves(plan) == {"ETH": -750, "SOL": -250}


BASKET = group("alts", "0.5", "ETH, SOL, ADA", basket=True)
FUTURES: dict[str, Any] = {"route": Route.FUTURES, "bare": ("ADA",)}
HELD = "BTC 3 @ 1000, ETH 30 @ 100, SOL 15 @ 100, ADA 1500 @ 1, USDT 500, wallet 500"


def test_the_excess_of_a_member_without_contract_goes_pro_rata_to_the_others() -> None:
    plan = planned(HELD, CORE, BASKET, STABLE, **FUTURES)
    assert moves(plan) == {"ETH": -667, "SOL": -333}
    assert plan.untraded == ()


def test_a_carrier_is_capped_by_what_its_holding_may_be_hedged_to() -> None:
    text = "BTC 3 @ 1000, ETH 2 @ 100, SOL 8 @ 100, ADA 5000 @ 1, USDT 500, wallet 500"
    plan = planned(text, CORE, BASKET, STABLE, hedge={"max_ratio": dec("0.9")}, **FUTURES)
    found = moves(plan)
    assert found == {"ETH": -180, "SOL": -720}
    reasons = {u.reason for u in plan.untraded}
    assert reasons == {UntradedReason.MAX_RATIO}
    with exact_arithmetic():
        assert round(sum(u.value for u in plan.untraded)) == 100


def held_for_others(*events: str) -> HedgeBook:
    """Return a book of hedges on ETH."""
    mine = (
        replace(h, asset=Asset("ETH"), symbol=swap("ETH").symbol) for h in hedges(*events).hedges
    )
    return HedgeBook(hedges=tuple(mine), steps=())


def test_a_carriers_hedge_stays_while_the_basket_is_overweight_and_rests_for_all() -> None:
    light = "BTC 3 @ 1000, ETH 10 @ 100, SOL 15 @ 100, ADA 3500 @ 1, USDT 500, wallet 500"
    book = held_for_others("open eth 1 @ 100 at band")
    # The lots of these cases are a hundredth of those that the notation counts in.
    kept = planned(f"{light}, perp ETH -100", CORE, BASKET, STABLE, book=book, **FUTURES)
    grown = moves(kept)
    assert (sum(grown.values()), max(grown.values()) < 0) == (-900, True)
    closed = held_for_others("open eth 1 @ 100", "close eth 1 @ 90 for stop")
    alone = {"route": Route.FUTURES, "bare": ("ADA", "SOL")}
    rests = planned(light, CORE, BASKET, STABLE, book=closed, **alone)
    assert rests.legs == ()
    assert {u.reason for u in rests.untraded} == {UntradedReason.COOL_DOWN}


def test_a_carrier_at_rest_is_not_shorted_and_the_others_carry_its_part() -> None:
    closed = held_for_others("open eth 1 @ 100", "close eth 1 @ 110 for stop")
    plan = planned(HELD, CORE, BASKET, STABLE, book=closed, **FUTURES)
    assert (moves(plan), plan.untraded) == ({"SOL": -1000}, ())
    filled = f"{HELD}, perp SOL -1000"  # Ten, in the lots of the notation.
    assert planned(filled, CORE, BASKET, STABLE, book=closed, due=True, **FUTURES).legs == ()


def test_what_the_others_of_a_carrier_at_rest_cannot_carry_is_left() -> None:
    closed = held_for_others("open eth 1 @ 100", "close eth 1 @ 110 for stop")
    text = "BTC 3 @ 1000, ETH 37 @ 100, SOL 8 @ 100, ADA 1500 @ 1, USDT 500, wallet 500"
    plan = planned(text, CORE, BASKET, STABLE, book=closed, **FUTURES)
    assert moves(plan) == {"SOL": -800}
    with exact_arithmetic():
        assert round(sum(u.value for u in plan.untraded)) == 200
    assert {u.reason for u in plan.untraded} == {UntradedReason.COOL_DOWN}


def test_a_carrier_at_rest_buys_as_ever() -> None:
    closed = held_for_others("open eth 1 @ 100", "close eth 1 @ 110 for stop")
    text = "BTC 3 @ 1000, ETH 20 @ 100, SOL 10 @ 100, ADA 1000 @ 1, USDT 2000, wallet 1000"
    plan = planned(text, CORE, BASKET, STABLE, book=closed, **FUTURES)
    assert moves(plan) == {"ETH": 667, "SOL": 333}


def test_the_hedge_ratio_of_a_basket_counts_for_the_whole() -> None:
    half = {"ratio": dec("0.5")}
    plan = planned(HELD, CORE, BASKET, STABLE, due=True, hedge=half, **FUTURES)
    assert moves(plan) == {"ETH": -333, "SOL": -167}
    assert {u.reason for u in plan.untraded} == {UntradedReason.HEDGE_RATIO}


def test_a_basket_that_is_too_small_buys_contracts_for_all() -> None:
    text = "BTC 3 @ 1000, ETH 20 @ 100, SOL 10 @ 100, ADA 1000 @ 1, USDT 2000, wallet 1000"
    plan = planned(text, CORE, BASKET, STABLE, **FUTURES)
    assert moves(plan) == {"ETH": 667, "SOL": 333}


def test_a_basket_without_contracts_that_is_too_small_says_so() -> None:
    text = "BTC 3 @ 1000, ETH 20 @ 100, SOL 10 @ 100, ADA 1000 @ 1, USDT 2000, wallet 1000"
    bare = {"route": Route.FUTURES, "bare": ("ETH", "SOL", "ADA")}
    plan = planned(text, CORE, BASKET, STABLE, **bare)
    assert moves(plan) == {}
    assert {u.reason for u in plan.untraded} == {UntradedReason.NO_CONTRACT}
    with exact_arithmetic():
        assert sum((u.value for u in plan.untraded), Decimal(0)) == 1000


def test_a_member_that_is_net_short_has_no_value_to_keep() -> None:
    text = "BTC 3 @ 1000, ETH 5 @ 100, SOL 55 @ 100, USDT 500, perp ETH -10, wallet 500"
    plan = planned(text, CORE, KEPT, STABLE, route=Route.FUTURES, lot=COARSE)
    targets = {d.asset: d.target for d in plan.drift}
    assert (targets[Asset("ETH")], targets[Asset("SOL")]) == (0, dec("0.5"))


def test_what_a_carrier_sells_for_itself_counts_towards_what_it_may_carry() -> None:
    small = group("alts", "0.25", "ETH, SOL, ADA", basket=True)
    much = group("stable", "0.45", "USDT", inner=Inner.EQUAL)
    text = (
        "BTC 2 @ 1000, ETH 30 @ 100, SOL 10 @ 100, ADA 1500 @ 1, USDT 1500,"
        " perp ETH -20, wallet 1000"
    )
    plan = planned(text, CORE, small, much, hedge={"max_ratio": dec("0.8")}, lot=COARSE, **FUTURES)
    assert moves(plan) == {"BTC": 1000, "ETH": -400, "SOL": -600}
