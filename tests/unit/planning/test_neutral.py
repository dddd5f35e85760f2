"""The neutral yield sleeve: what is entered and left, and a short as large as its coins."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.builders import NOW, account, dec, limits, occasion, policy, spot, swap
from tests.hedge_cases import hedges
from tests.unit.triggers.test_dip import rule, told
from trimtab.domain.errors import MissingMark, PlanningError
from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.hedges import HedgeWish
from trimtab.domain.history import FundingSettlement, History
from trimtab.domain.instruments import Asset, Instrument, Symbol
from trimtab.domain.neutral import NeutralPolicy
from trimtab.domain.overlays import OverlayKind
from trimtab.domain.plan import LegReason, Plan, Role, UntradedReason, targets_unhedged
from trimtab.domain.policy import Route, Scope
from trimtab.domain.redeploy import RedeployPolicy
from trimtab.domain.sleeves import SleeveScale
from trimtab.domain.snapshot import Snapshot
from trimtab.planning.compose import make_plan, make_plan_moving

FREE = {"taker_fee": dec(0), "notional_min": dec(0)}
CHEAP = {i.symbol: i for a in ("BTC", "ETH") for i in (spot(a, **FREE), swap(a, **FREE))}
AT_MID = limits(max_slippage_bps="0", fee_reserve="0", max_order_notional="1000000")
ETH = Asset("ETH")
RULE = NeutralPolicy(
    weight=dec("0.20"),
    members=(ETH,),
    min_carry=dec("0.05"),
    exit_carry=dec("0.01"),
    funding_days=14,
    horizon_days=73,
    band=dec("0.20"),
)
"""A horizon of a fifth of a year: four trades cost five times as much a year."""
EMPTY = "BTC 0.5 @ 100000, ETH 0 @ 4000, USDT 40000, wallet 10000"
HELD = "BTC 0.5 @ 100000, ETH 5 @ 4000, USDT 20000, wallet 10000, perp ETH -5"


def paying(rate: str, *, days: int = 14) -> History:
    """Return a past in which each settlement of 8 hours paid a short *rate*."""
    count = days * 3
    rows = tuple(
        FundingSettlement(settled_at=NOW - timedelta(hours=8 * (count - 1 - n)), rate=dec(rate))
        for n in range(count)
    )
    return History(until=(NOW - timedelta(days=1)).date(), closes={}, funding={ETH: rows})


def planned(
    text: str,
    rate: str = "0.0001",
    *,
    instruments: dict[Symbol, Instrument] | None = None,
    rule: NeutralPolicy = RULE,
    **fields: Any,
) -> Plan:
    """Return the plan of an account with a neutral sleeve of ETH."""
    history, wish = fields.pop("history", paying(rate)), fields.pop("wish", None)
    due = fields.pop("due", False)
    rules = replace(policy("BTC 0.50, USDT 0.30", **{"limits": AT_MID} | fields), neutral=rule)
    snapshot = account(text, instruments=CHEAP if instruments is None else instruments)
    return make_plan(snapshot, rules, occasion(history=history, wish=wish, slot_due=due))


def moved(plan: Plan) -> dict[str, str]:
    """Return signed base units by market."""
    with exact_arithmetic():
        return {g.symbol: f"{g.instrument.units(g.lots).normalize():f}" for g in plan.legs}


def test_a_member_that_pays_is_bought_and_as_much_of_it_is_short() -> None:
    plan = planned(EMPTY)
    assert moved(plan) == {"ETH/USDT": "5", "ETH/USDT:USDT": "-5"}
    short = next(g for g in plan.legs if g.instrument.is_contract)
    assert (short.role, short.reason) == (Role.HEDGE, LegReason.NEUTRAL)
    assert plan.hedging == (), "it hedges no drift"
    [net] = plan.nets
    assert (round(net.own_after, 4), net.in_sleeves_after) == (dec("0.2"), dec("-0.2"))
    assert abs(net.net_after) < dec("0.00001"), "but for what the spread costs"
    [sleeve] = plan.sleeves
    assert (sleeve.scale, sleeve.measured, sleeve.target) == (SleeveScale.NEUTRAL, 0, dec("0.2"))
    assert sleeve.after == dec("0.2")
    assert [f.subject for f in plan.firings] == ["USDT", "ETH", "neutral"]


def test_its_coins_are_an_overlay_with_a_reason_and_an_end() -> None:
    plan = planned(EMPTY)
    [overlay] = plan.overlays
    assert (overlay.kind, overlay.shift) == (
        OverlayKind.NEUTRAL,
        {"ETH": dec("0.20"), "USDT": dec("-0.20")},
    )
    assert overlay.until == "funding below 1 % a year"
    drift = {d.asset: (d.strategic_target, d.target) for d in plan.drift}
    assert drift[ETH] == (0, dec("0.20"))
    assert drift[Asset("USDT")] == (dec("0.50"), dec("0.30"))
    assert targets_unhedged(plan)[ETH] == 0, "what is exposed to nothing is no move of targets"


def test_a_filled_sleeve_leaves_nothing_to_plan() -> None:
    plan = planned(HELD)
    assert (plan.legs, plan.firings) == ((), ())
    [net] = plan.nets
    assert net.net == 0


def test_it_stays_in_the_quote_where_funding_does_not_beat_the_floor() -> None:
    # 0.004 % three times a day is 4.38 % a year, and four half spreads of 1 bps take 0.2 %.
    plan = planned(EMPTY, "0.00004")
    assert plan.legs == ()
    [reading] = plan.readings
    assert (reading.rule, reading.subject, reading.name) == (
        "portfolio.neutral",
        "ETH",
        "carry_after_costs",
    )
    assert (reading.measured, reading.limit) == (dec("0.0418"), dec("0.05"))
    assert not reading.holds
    assert {d.asset: d.target for d in plan.drift}[Asset("USDT")] == dec("0.50")


def test_four_trades_are_taken_off_what_is_entered_for() -> None:
    dear = {i.symbol: i for a in ("BTC", "ETH") for i in (spot(a), swap(a))}
    books_cost = planned(EMPTY, "0.0001", instruments=dear).readings[0]
    assert books_cost.measured is not None
    assert books_cost.measured == dec("0.1075") - 5 * 2 * (dec("0.001") + dec("0.0005"))
    assert "less" in books_cost.text
    assert "four trades within 73 days" in books_cost.text
    free = planned(EMPTY, "0.0001").readings[0]
    assert free.measured == dec("0.1075")


@pytest.mark.parametrize(
    ("rate", "stays"), [("0.00001", True), ("0.000009", False), ("-0.0001", False)]
)
def test_what_is_held_is_left_below_the_exit_alone(rate: str, *, stays: bool) -> None:
    # 0.001 % three times a day is 1.095 % a year: below the floor to enter, above the exit.
    plan = planned(HELD, rate)
    assert plan.readings[0].name == "carry_while_held"
    if stays:
        assert plan.legs == ()
        return
    assert moved(plan) == {"ETH/USDT": "-5", "ETH/USDT:USDT": "5"}
    close = next(g for g in plan.legs if g.instrument.is_contract)
    assert (close.role, close.reduce_only) == (Role.CLOSE, True)


@pytest.mark.parametrize(("text", "legs"), [(EMPTY, 0), (HELD, 0)])
def test_without_a_settlement_nothing_changes(text: str, legs: int) -> None:
    for history in (None, paying("0.0001", days=0), paying("0.001")):
        old = None if history is None else replace(history, funding={})
        plan = planned(text, history=old)
        assert len(plan.legs) == legs
        assert plan.readings[0].measured is None
        assert "it stays as it is" in plan.readings[0].text


def test_settlements_before_the_window_do_not_count() -> None:
    history = paying("0.001", days=28)
    old = tuple(
        replace(row, rate=ZERO) if row.settled_at > NOW - timedelta(days=14) else row
        for row in history.funding[ETH]
    )
    plan = planned(EMPTY, history=replace(history, funding={ETH: old}))
    assert plan.readings[0].measured == dec("-0.002")


def test_a_risen_price_moves_both_sides_and_trades_only_outside_the_band() -> None:
    risen = HELD.replace("@ 4000", "@ 4700").replace("wallet 10000", "wallet 6500")
    assert planned(risen).legs == ()
    out = planned(HELD.replace("@ 4000", "@ 5600").replace("wallet 10000", "wallet 2000"))
    assert moved(out).keys() == {"ETH/USDT", "ETH/USDT:USDT"}
    assert moved(out)["ETH/USDT"] == f"-{moved(out)['ETH/USDT:USDT']}"


@pytest.mark.parametrize(
    ("short", "expected"), [("-4", "-1"), ("-6", "1"), ("1", None)], ids=["less", "more", "long"]
)
def test_a_short_that_is_not_as_large_as_its_coins_is_made_so(
    short: str, expected: str | None
) -> None:
    plan = planned(HELD.replace("perp ETH -5", f"perp ETH {short}"))
    if expected is None:  # Nothing is short, so it enters: the long goes first.
        legs = [(g.role, f"{g.instrument.units(g.lots).normalize():f}") for g in plan.legs]
        assert legs == [(Role.CLOSE, "-1"), (Role.HEDGE, "-5")]
        return
    assert moved(plan) == {"ETH/USDT:USDT": expected}
    [firing] = plan.firings
    assert (firing.subject, firing.reason) == ("neutral", "is not as short as its coins")


def test_a_fee_in_coins_is_not_short_and_is_no_reason_to_trade() -> None:
    fees = {**CHEAP, Symbol("ETH/USDT"): spot("ETH", notional_min=dec(0), taker_fee=dec("0.001"))}
    plan = planned(EMPTY, instruments=fees)
    assert moved(plan) == {"ETH/USDT": "5", "ETH/USDT:USDT": "-4.995"}
    all_of_it = HELD.replace("perp ETH -5", "perp ETH -4.995")
    assert planned(all_of_it, instruments=fees).legs == ()


def test_coins_that_cash_cannot_buy_are_not_short_either() -> None:
    poor = "BTC 0.5 @ 100000, ETH 0 @ 4000, USDT 8000, wallet 42000"
    plan = planned(poor)
    assert moved(plan) == {"ETH/USDT": "2", "ETH/USDT:USDT": "-2"}


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"tradable": False}, UntradedReason.NOT_TRADABLE),
        ({"notional_min": dec(50_000)}, UntradedReason.BELOW_MIN_NOTIONAL),
        ({"lots_min": 10**6}, UntradedReason.BELOW_MIN_NOTIONAL),
        ({"lots_max": 10}, UntradedReason.AT_VENUE_MAXIMUM),
    ],
    ids=["closed", "minimum", "lots", "maximum"],
)
def test_no_coins_are_bought_where_their_short_cannot_be_ordered(
    changed: dict[str, Any], reason: UntradedReason
) -> None:
    markets = {**CHEAP, Symbol("ETH/USDT:USDT"): swap("ETH", **FREE | changed)}
    plan = planned(EMPTY, instruments=markets)
    assert plan.legs == ()
    [left] = [u for u in plan.untraded if u.asset == ETH]
    assert (left.reason, left.note) == (reason, "coins and short go together")
    assert left.value == 20_000


def test_the_coin_goes_by_spot_whatever_the_usual_route() -> None:
    plan = planned(EMPTY, route=Route.FUTURES)
    assert moved(plan) == {"ETH/USDT": "5", "ETH/USDT:USDT": "-5"}


def test_it_is_entered_where_only_what_left_its_band_is_traded() -> None:
    assert moved(planned(EMPTY, scope=Scope.BREACHED)) == {"ETH/USDT": "5", "ETH/USDT:USDT": "-5"}


def test_a_slot_trades_it_to_its_target_too() -> None:
    text = HELD.replace("ETH 5", "ETH 5.5").replace("perp ETH -5", "perp ETH -5.5")
    assert planned(text).legs == ()
    assert moved(planned(text, due=True)).keys() >= {"ETH/USDT", "ETH/USDT:USDT"}


def test_no_hedge_by_hand_is_opened_on_a_member() -> None:
    with pytest.raises(PlanningError, match="its perpetual is a sleeve's"):
        planned(HELD, wish=HedgeWish(asset=ETH, share=dec("0.1"), units=None))


@pytest.mark.parametrize("symbol", ["ETH/USDT", "ETH/USDT:USDT"])
def test_a_market_without_a_book_is_named(symbol: str) -> None:
    whole = account(EMPTY, instruments=CHEAP)
    bare: Snapshot = replace(whole, books={s: b for s, b in whole.books.items() if s != symbol})
    rules = replace(policy("BTC 0.50, USDT 0.30", limits=AT_MID), neutral=RULE)
    with pytest.raises(MissingMark, match="ETH"):
        make_plan(bare, rules, occasion(history=paying("0.0001")))


def test_at_its_exit_to_the_digit_it_stays() -> None:
    level = replace(RULE, exit_carry=dec("0.01095"))
    assert planned(HELD, "0.00001", rule=level).legs == ()
    above = replace(RULE, exit_carry=dec("0.01096"))
    assert len(planned(HELD, "0.00001", rule=above).legs) == 2


def test_what_mends_the_short_alone_may_be_funded_by_a_transfer() -> None:
    rules = replace(policy("BTC 0.50, USDT 0.30", limits=AT_MID), neutral=RULE)
    snapshot = account(HELD.replace("perp ETH -5", "perp ETH -4"), instruments=CHEAP)
    plan = make_plan_moving(dec(500), snapshot, rules, occasion(history=paying("0.0001")))
    assert [t.units for t in plan.transfers] == [500]
    assert moved(plan) == {"ETH/USDT:USDT": "-1"}


def test_the_pot_buys_no_member() -> None:
    redeploy = RedeployPolicy(candidates=(), dip=rule(high_days=3))
    rules = replace(
        policy("BTC 0.50, USDT 0.30", limits=AT_MID, hedge={"redeploy": redeploy}), neutral=RULE
    )
    text = HELD.replace("ETH 5", "ETH 4.5").replace("perp ETH -5", "perp ETH -4.5")
    closes = told(100, 100, 82)
    history = replace(
        paying("0.0001"),
        until=closes.until,
        closes=dict.fromkeys((Asset("BTC"), ETH), closes.closes[Asset("BTC")]),
    )
    won = hedges("open btc 1 @ 1000", "close btc 1 @ 700")
    plan = make_plan(account(text, instruments=CHEAP), rules, occasion(history=history, hedges=won))
    assert [leg for leg in plan.legs if leg.instrument.base == ETH] == []
