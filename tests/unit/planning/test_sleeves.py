"""Sleeves: whose contracts they are, when they act, and in which lots."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.builders import account, dec, limits, occasion, policy, sleeve, spot, swap
from trimtab.domain.errors import PlanningError
from trimtab.domain.hedges import HedgeWish
from trimtab.domain.instruments import Asset
from trimtab.domain.plan import LegReason, Plan
from trimtab.domain.policy import (
    AssetGroup,
    Destination,
    DriftSide,
    Inner,
    Scope,
    Target,
    Threshold,
    Untargeted,
)
from trimtab.domain.sleeves import Sleeve, SleeveScale
from trimtab.domain.untold import Untold
from trimtab.planning.compose import make_plan

FREE = {"taker_fee": dec(0), "notional_min": dec(0)}
LISTED = {i.symbol: i for a in ("BTC", "ETH", "SOL") for i in (spot(a, **FREE), swap(a, **FREE))}
AT_MID = limits(max_slippage_bps="0", fee_reserve="0", max_order_notional="1000000")
CORE = "BTC 0.60, ETH 0.20"
ALTS = sleeve("alts 0.05 long SOL")
SHORT = sleeve("hedging 0.15 short BTC")
BAND = Threshold(width=dec("0.04"), relative=False)
G12 = (
    "BTC 0.5 @ 100000, ETH 5 @ 4000, SOL 0 @ 200, USDT 20000, wallet 10000, "
    "perp SOL 50, perp BTC -0.2"
)


def planned(text: str, *sleeves: Sleeve, targets: str = CORE, **fields: Any) -> Plan:
    """Return the plan for an account that has these sleeves."""
    due, wish = fields.pop("due", False), fields.pop("wish", None)
    chosen = {"threshold": BAND, "limits": AT_MID} | fields
    rules = policy(targets, sleeves=sleeves, **chosen)
    return make_plan(account(text, instruments=LISTED), rules, occasion(slot_due=due, wish=wish))


def moved(plan: Plan) -> dict[str, int]:
    """Return signed whole quote units by market."""
    found: dict[str, int] = {}
    for leg in plan.legs:
        value = round(leg.notional) * (1 if leg.lots > 0 else -1)
        found[leg.symbol] = found.get(leg.symbol, 0) + value
    return found


def test_g12_trades_coins_and_both_sleeves_and_tells_net_btc() -> None:
    plan = planned(G12, ALTS, SHORT)
    assert moved(plan) == {"BTC/USDT": 10_000, "SOL/USDT:USDT": -5_000, "BTC/USDT:USDT": 5_000}
    btc, sol = plan.nets
    assert (btc.own, btc.in_sleeves, btc.net) == (dec("0.5"), dec("-0.2"), dec("0.3"))
    assert round(btc.net_after, 4) == dec("0.45")
    assert (sol.asset, sol.own, sol.net) == (Asset("SOL"), 0, dec("0.1"))
    assert [(s.measured, s.after) for s in plan.sleeves] == [
        (dec("0.1"), dec("0.05")),
        (dec("0.2"), dec("0.15")),
    ]
    assert {f.subject for f in plan.firings} == {"BTC", "USDT", "alts", "hedging"}
    assert plan.hedging == (), "a sleeve stands for no coin"
    assert [c.asset for c in plan.routes] == ["BTC"]
    assert all(leg.reduce_only for leg in plan.legs if leg.instrument.is_contract)


def test_the_quote_holds_what_sleeves_are_worth() -> None:
    quote = planned(G12, ALTS, SHORT).drift[-1]
    assert (quote.asset, quote.target, quote.net_weight) == ("USDT", dec("0.20"), dec("0.3"))
    assert quote.in_sleeves == dec("0.1"), "20 % short less 10 % long"


def test_a_price_edge_allows_for_what_the_sleeve_does_to_nav() -> None:
    btc = planned(G12, ALTS, SHORT).drift[0]
    assert btc.alert_high is not None
    price = btc.alert_high
    own, net, nav = Decimal("0.5"), Decimal("0.3"), Decimal(100_000)
    value = own * price
    total = nav + net * (price - 100_000)
    assert abs(value / total - dec("0.56")) < dec("1e-9")
    assert (btc.trigger_low, btc.trigger_high) == (None, None)
    assert btc.untold is Untold.SLEEVES


INSIDE = "BTC 0.6 @ 100000, ETH 5 @ 4000, SOL 0 @ 200, USDT 10000, wallet 10000"


def test_a_sleeve_by_itself_makes_everything_trade_to_target() -> None:
    plan = planned(f"{INSIDE}, perp SOL 50, perp BTC -0.16", ALTS, SHORT)
    assert moved(plan) == {"SOL/USDT:USDT": -5_000, "BTC/USDT:USDT": 1_000}
    assert [f.subject for f in plan.firings] == ["alts"]
    only = planned(f"{INSIDE}, perp SOL 50, perp BTC -0.16", ALTS, SHORT, scope=Scope.BREACHED)
    assert moved(only) == {"SOL/USDT:USDT": -5_000}


def test_inside_all_bands_nothing_moves_but_for_a_slot() -> None:
    text = f"{INSIDE}, perp SOL 30, perp BTC -0.16"
    assert planned(text, ALTS, SHORT).legs == ()
    assert planned(text, ALTS, SHORT).firings == ()
    due = planned(text, ALTS, SHORT, due=True)
    assert moved(due) == {"SOL/USDT:USDT": -1_000, "BTC/USDT:USDT": 1_000}


def test_only_what_is_too_large_is_cut_where_no_more_is_bought() -> None:
    text = f"{INSIDE}, perp SOL 50, perp BTC -0.05"
    plan = planned(text, ALTS, SHORT, side=DriftSide.OVERWEIGHT)
    assert moved(plan) == {"SOL/USDT:USDT": -5_000}


def test_a_sleeve_goes_to_the_edge_of_its_band_or_a_part_of_the_way() -> None:
    text = f"{INSIDE}, perp SOL 60, perp BTC -0.05"
    edge = planned(text, ALTS, SHORT, destination=Destination(to_band=True, fraction=dec(1)))
    assert moved(edge) == {"SOL/USDT:USDT": -3_000, "BTC/USDT:USDT": -6_000}
    assert {leg.reason for leg in edge.legs} == {LegReason.TO_BAND}
    half = planned(text, ALTS, SHORT, destination=Destination(to_band=False, fraction=dec("0.5")))
    assert moved(half) == {"SOL/USDT:USDT": -3_500, "BTC/USDT:USDT": -5_000}
    assert {leg.reason for leg in half.legs} == {LegReason.PART_OF_THE_WAY}


def test_an_edge_that_falls_inside_a_lot_is_passed_when_raised_to() -> None:
    coarse = LISTED | {"SOL/USDT:USDT": swap("SOL", **FREE, lot_size=dec(7))}
    rules = policy(
        CORE,
        sleeves=(sleeve("alts 0.20 long SOL"),),
        threshold=BAND,
        limits=AT_MID,
        destination=Destination(to_band=True, fraction=dec(1)),
    )
    plan = make_plan(account(INSIDE, instruments=coarse), rules, occasion())
    assert moved(plan) == {"SOL/USDT:USDT": 16_800}, "16,000 is eleven lots and a half"


@pytest.mark.parametrize(
    ("lots", "expected"),
    [(12, {"SOL": 8_400}), (15, {"SOL": 7_600, "ETH": -1_600}), (11, {"SOL": 8_400, "ETH": 800})],
)
def test_what_whole_lots_leave_of_one_members_way_to_the_edge_the_other_takes(
    lots: int, expected: dict[str, int]
) -> None:
    coarse = LISTED | {"ETH/USDT:USDT": swap("ETH", **FREE, lot_size=dec("0.2"))}
    rules = policy(
        CORE,
        sleeves=(sleeve("alts 0.20 long SOL 0.5 ETH 0.5", band=dec("0.02")),),
        limits=AT_MID,
        destination=Destination(to_band=True, fraction=dec(1)),
    )
    held = dec(lots) / 10_000  # The notation is in units of the usual lots.
    text = f"BTC 0.5 @ 100000, ETH 5 @ 4000, SOL 0 @ 200, USDT 20000, wallet 10000, perp ETH {held}"
    plan = make_plan(account(text, instruments=coarse), rules, occasion())
    traded = {s: value for s, value in moved(plan).items() if s.endswith(":USDT")}
    assert traded == {f"{a}/USDT:USDT": value for a, value in expected.items()}
    assert dec("0.18") <= plan.sleeves[0].after < dec("0.180001")


@pytest.mark.parametrize(
    ("side", "expected"),
    [(DriftSide.BOTH, {"SOL": -5_200, "ETH": 4_000}), (DriftSide.OVERWEIGHT, {"SOL": -1_200})],
)
def test_what_lots_leave_of_a_member_that_moves_is_taken_by_the_other_and_of_no_one_else(
    side: DriftSide, expected: dict[str, int]
) -> None:
    coarse = LISTED | {"ETH/USDT:USDT": swap("ETH", **FREE, lot_size=dec("0.2"))}
    rules = policy(
        CORE,
        sleeves=(sleeve("alts 0.20 long SOL 0.5 ETH 0.5", band=dec("0.02")),),
        limits=AT_MID,
        destination=Destination(to_band=True, fraction=dec(1)),
        side=side,
    )
    text = (  # Short one lot of 0.2 ETH; 3/8 of both ways lead to the edge, 4,050 and -5,250.
        "BTC 0.5 @ 100000, ETH 5 @ 4000, SOL 0 @ 200, USDT 20000, wallet 10000, "
        "perp ETH -0.0001, perp SOL 120"
    )
    plan = make_plan(account(text, instruments=coarse), rules, occasion())
    traded = {s: value for s, value in moved(plan).items() if s.endswith(":USDT")}
    assert traded == {f"{a}/USDT:USDT": value for a, value in expected.items()}


@pytest.mark.parametrize(
    ("sol", "eth", "left"),
    [(120, "-0.2", "0.22"), (100, "-0.5", "0.18"), (60, "1", "0.16"), (110, "-1", "0.18")],
)
def test_where_no_more_is_bought_a_cut_ends_at_the_band_and_below_it_nothing_is_cut(
    sol: int, eth: str, left: str
) -> None:
    plan = planned(
        f"BTC 0.5 @ 100000, ETH 5 @ 4000, SOL 0 @ 200, USDT 20000, wallet 10000, "
        f"perp SOL {sol}, perp ETH {eth}",
        sleeve("alts 0.20 long SOL 0.5 ETH 0.5", band=dec("0.02")),
        destination=Destination(to_band=True, fraction=dec(1)),
        side=DriftSide.OVERWEIGHT,
    )
    assert dec(left) - dec("0.000001") < plan.sleeves[0].after <= dec(left), "to a lot"


def test_what_is_the_wrong_way_is_closed_before_it_is_opened() -> None:
    plan = planned(f"{INSIDE}, perp BTC 0.02", sleeve("hedging 0.20 short BTC"))
    assert [(leg.role, round(leg.notional), leg.reduce_only) for leg in plan.legs] == [
        ("close", 2_000, True),
        ("hedge", 20_000, False),
    ]
    assert plan.sleeves[0].measured == dec("-0.02")


def test_members_keep_their_shares() -> None:
    plan = planned(INSIDE, sleeve("alts 0.20 long SOL 0.75 BTC 0.25"))
    assert moved(plan) == {"SOL/USDT:USDT": 15_000, "BTC/USDT:USDT": 5_000}


def multiple(size: str) -> Sleeve:
    """Return a sleeve of BTC of so many times what lies outside the futures wallet."""
    return sleeve(f"leverage {size} long BTC", scale=SleeveScale.MULTIPLE, band=dec(size) / 10)


@pytest.mark.parametrize(
    ("held", "expected"), [("0.61", -21_000), ("0.3", 10_000), ("0.44", None), ("0.36", None)]
)
def test_a_multiple_is_of_what_lies_outside_the_futures_wallet(
    held: str, expected: int | None
) -> None:
    text = f"BTC 0.15 @ 100000, USDT 5000, wallet 10000, perp BTC {held}"
    plan = planned(
        text,
        multiple("2.0"),
        targets="BTC 0.5, USDT 0.5",
        limits=limits(max_leverage="4", min_liquidation_distance="0"),
    )
    assert moved(plan) == ({} if expected is None else {"BTC/USDT:USDT": expected})
    assert plan.drift[0].target == dec("0.5"), "the quote holds nothing for it"


def test_a_cut_is_rounded_up_and_an_opening_down() -> None:
    coarse = LISTED | {"BTC/USDT:USDT": swap("BTC", **FREE, lot_size=dec("0.07"))}
    rules = policy(
        "BTC 0.5, USDT 0.5",
        sleeves=(multiple("2.0"),),
        threshold=Threshold(width=dec(1), relative=False),
        limits=limits(max_leverage="4", min_liquidation_distance="0"),
    )
    opened = make_plan(
        account("BTC 0.15 @ 100000, USDT 5000, wallet 10000", instruments=coarse),
        rules,
        occasion(),
    )
    assert moved(opened) == {"BTC/USDT:USDT": 35_000}


def test_sleeves_are_neither_strays_nor_hedges_of_a_coin() -> None:
    text = f"{INSIDE}, perp SOL 25, perp BTC -0.15"
    plan = planned(text, ALTS, SHORT, untargeted=Untargeted.ERROR)
    assert plan.legs == ()
    assert [d.asset for d in plan.drift] == ["BTC", "ETH", "USDT"]
    assert plan.untraded == ()


def test_a_hedge_by_hand_has_no_room_in_a_sleeves_contract() -> None:
    wish = HedgeWish(asset=Asset("BTC"), share=dec("0.1"), units=dec(0))
    with pytest.raises(PlanningError, match="its perpetual is a sleeve's"):
        planned(INSIDE, SHORT, wish=wish)


def test_urgent_reductions_take_sleeves_too() -> None:
    plan = planned(
        "BTC 0.1 @ 100000, wallet 10000, perp BTC 0.5",
        multiple("2.0"),
        targets="BTC 1",
        limits=limits(max_leverage="2.5", max_order_notional="1000000", min_margin_ratio="1"),
    )
    assert plan.trigger == "leverage"
    assert moved(plan) == {"BTC/USDT:USDT": -25_000}
    assert {u.asset for u in plan.untraded if u.reason == "reduction_first"} >= {Asset("BTC")}


def test_an_account_without_a_wallet_outside_has_a_multiple_of_nothing() -> None:
    rules = policy(
        "USDT 1", sleeves=(multiple("2.0"),), limits=AT_MID, untargeted=Untargeted.IGNORE
    )
    plan = make_plan(account("BTC @ 100000, wallet 10000", instruments=LISTED), rules, occasion())
    assert plan.legs == ()
    assert (plan.sleeves[0].measured, plan.sleeves[0].after) == (0, 0)


def test_a_member_of_a_group_that_a_sleeve_touches_has_no_price_at_its_edge() -> None:
    both = AssetGroup(
        name="core",
        weight=dec("0.8"),
        inner=Inner.FIXED,
        members=(
            Target(asset=Asset("BTC"), weight=dec("0.75")),
            Target(asset=Asset("ETH"), weight=dec("0.25")),
        ),
        threshold=BAND,
        basket=False,
        look_back_days=90,
    )
    btc, eth, _ = planned(f"{INSIDE}, perp BTC -0.2", SHORT, targets="", groups=(both,)).drift
    assert (btc.alert_low, btc.alert_high) == (None, None)
    assert eth.alert_high is not None
