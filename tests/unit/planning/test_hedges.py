"""Plans with hedges: what a person asks for, what closes, and what lines declare."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.builders import NOW, account, dec, occasion, policy, swap
from tests.hedge_cases import PERP, hedges
from trimtab.domain.errors import MissingInstrument, PlanningError
from trimtab.domain.firings import slot_of
from trimtab.domain.hedges import (
    CloseWish,
    DriftBack,
    HedgeBook,
    HedgeCause,
    HedgeOrigin,
    HedgeWish,
    Wish,
)
from trimtab.domain.instruments import Asset
from trimtab.domain.plan import LegReason, Plan, Role
from trimtab.domain.policy import Basis, Route
from trimtab.domain.returns import returns_of
from trimtab.domain.snapshot import Snapshot
from trimtab.planning.compose import make_plan

BTC, ETH, USDT = Asset("BTC"), Asset("ETH"), Asset("USDT")
HELD = "BTC 1 @ 10000, USDT 5000, wallet 5000"
BY_FUTURES = {"route": Route.FUTURES}


def planned(
    text: str | Snapshot,
    book: HedgeBook,
    wish: Wish | None = None,
    *,
    targets: str = "BTC 0.5, USDT 0.5",
    hedge: dict[str, Any] | None = None,
    due: bool = False,
    **rules: Any,
) -> Plan:
    snapshot = text if isinstance(text, Snapshot) else account(text)
    given = occasion(hedges=book, wish=wish, slot_due=due)
    return make_plan(snapshot, policy(targets, hedge=hedge, **rules), given)


def share(part: str, asset: Asset = BTC) -> HedgeWish:
    return HedgeWish(asset=asset, share=dec(part), units=dec(0))


def legs_of(plan: Plan) -> list[tuple[str, Role, Decimal]]:
    return [
        (leg.symbol, leg.role, leg.quantity if leg.lots > 0 else -leg.quantity) for leg in plan.legs
    ]


def acts_of(plan: Plan) -> list[tuple[int, str, HedgeOrigin, HedgeCause]]:
    return [(h.line, h.hedge_id, h.origin, h.cause) for h in plan.hedging]


NOTHING = hedges()


def test_a_share_of_the_holding_is_shorted_and_declared_by_a_new_name() -> None:
    plan = planned(HELD, NOTHING, share("0.1"))
    assert legs_of(plan) == [(PERP, Role.HEDGE, dec("-0.1"))]
    [line] = plan.hedging
    assert line.hedge_id.startswith("btc-")
    assert (line.origin, line.cause) == (HedgeOrigin.BY_HAND, HedgeCause.BY_HAND)
    assert (line.drift_back, line.beside) == (DriftBack.NEVER, dec(0))
    [overlay] = plan.overlays
    assert overlay.shift == {BTC: dec("-0.05"), USDT: dec("0.05")}
    assert (overlay.overlay_id, overlay.until) == (line.hedge_id, "by hand")
    assert [leg.reason for leg in plan.legs] == [LegReason.BY_HAND]


def test_units_are_shorted_as_they_are_asked_for() -> None:
    plan = planned(HELD, NOTHING, HedgeWish(asset=BTC, share=None, units=dec("0.25")))
    assert legs_of(plan) == [(PERP, Role.HEDGE, dec("-0.25"))]


def test_a_hedge_by_hand_is_grown_and_shrunk_under_its_own_name() -> None:
    text = f"{HELD}, perp BTC -0.2"
    book = hedges("open mine 0.2 @ 10000 by hand")
    grown = planned(text, book, share("0.3"))
    assert legs_of(grown) == [(PERP, Role.HEDGE, dec("-0.1"))]
    assert acts_of(grown) == [(1, "mine", HedgeOrigin.BY_HAND, HedgeCause.BY_HAND)]
    shrunk = planned(text, book, share("0.05"))
    assert legs_of(shrunk) == [(PERP, Role.CLOSE, dec("0.15"))]
    assert acts_of(shrunk) == [(1, "mine", HedgeOrigin.BY_HAND, HedgeCause.BY_HAND)]
    assert [(r.asset, r.before, r.after) for r in returns_of(shrunk)] == [
        (BTC, dec("0.4"), pytest.approx(dec("0.475"), abs=dec("0.0001")))
    ]
    ended = planned(text, book, share("0"))
    assert (legs_of(ended), ended.overlays) == ([(PERP, Role.CLOSE, dec("0.2"))], ())


def test_the_same_wish_twice_does_nothing_the_second_time() -> None:
    text, book = f"{HELD}, perp BTC -0.2", hedges("open mine 0.2 @ 10000 by hand")
    plan = planned(text, book, share("0.2"))
    assert (plan.legs, plan.trigger) == ((), "by_hand")


def test_a_wish_leaves_the_hedge_of_a_drift_alone_and_counts_what_is_beside() -> None:
    text = f"{HELD}, perp BTC -0.5"
    plan = planned(text, hedges("open drift 0.2 @ 10000"), share("0.1"))
    assert legs_of(plan) == [(PERP, Role.HEDGE, dec("-0.1"))]
    assert plan.hedging[0].beside == dec("0.3")


@pytest.mark.parametrize(
    ("text", "wish", "says"),
    [
        ("USDT 5000, BTC @ 10000, wallet 5000", share("0.1"), "nothing is held"),
        (f"{HELD}, perp BTC 0.1", share("0.1"), "is long"),
        (HELD, HedgeWish(asset=BTC, share=None, units=dec("0.00001")), "less than one lot"),
        (HELD, CloseWish(hedge_ids=("btc",), sells=False), "no open hedge has this id"),
    ],
)
def test_a_wish_that_cannot_be_planned_is_an_error_that_says_so(
    text: str, wish: Wish, says: str
) -> None:
    with pytest.raises(PlanningError, match=says):
        planned(text, NOTHING, wish)


@pytest.mark.parametrize("left", ["", ", perp BTC -0.1"])
def test_a_hedge_is_not_made_smaller_by_more_than_is_short_of_it(left: str) -> None:
    book = hedges("open mine 0.2 @ 10000 by hand")
    with pytest.raises(PlanningError, match=r"0\.15 is to be bought back, only") as told:
        planned(f"{HELD}{left}", book, share("0.05"))
    assert told.value.next_step == "trimtab reconcile --adopt"


def test_an_asset_without_a_contract_cannot_be_hedged() -> None:
    snapshot = account(HELD)
    spot_only = {s: i for s, i in snapshot.instruments.items() if not i.is_contract}
    with pytest.raises(MissingInstrument, match="no contract in USDT"):
        planned(replace(snapshot, instruments=spot_only), NOTHING, share("0.1"))


TWO = hedges("open one 0.2 @ 10000", "open other 0.1 @ 10000 by hand")
BOTH_SHORT = f"{HELD}, perp BTC -0.3"


def test_hedges_are_closed_by_name_by_the_beginning_of_it_or_all() -> None:
    one = planned(BOTH_SHORT, TWO, CloseWish(hedge_ids=("on", "one"), sells=False))
    assert (legs_of(one), acts_of(one)) == (
        [(PERP, Role.CLOSE, dec("0.2"))],
        [(1, "one", HedgeOrigin.DRIFT, HedgeCause.BY_HAND)],
    )
    assert [o.overlay_id for o in one.overlays] == ["other"]
    everything = planned(BOTH_SHORT, TWO, CloseWish(hedge_ids=(), sells=False))
    assert legs_of(everything) == [(PERP, Role.CLOSE, dec("0.3"))]
    assert [h.hedge_id for h in everything.hedging] == ["one", "other"]
    assert [f.kind for f in everything.firings] == ["by_hand", "by_hand"]
    with pytest.raises(PlanningError, match="several"):
        planned(BOTH_SHORT, TWO, CloseWish(hedge_ids=("o",), sells=False))


def test_a_hedge_goes_with_the_coins_that_it_covers_and_no_exposure_comes_back() -> None:
    twice = hedges("open one 0.2 @ 10000", "open other 0.1 @ 10000")
    both = planned(BOTH_SHORT, twice, CloseWish(hedge_ids=(), sells=True))
    assert legs_of(both) == [("BTC/USDT", Role.SPOT, dec("-0.3")), (PERP, Role.CLOSE, dec("0.3"))]
    assert {leg.reason for leg in both.legs} == {LegReason.BY_HAND}
    assert {leg.stage for leg in both.legs} == {1}
    assert returns_of(both) == ()
    alone = planned(BOTH_SHORT, twice, CloseWish(hedge_ids=(), sells=False))
    assert [back.asset for back in returns_of(alone)] == ["BTC"]


def test_what_comes_back_is_told_where_fewer_coins_are_free_than_their_hedge_covers() -> None:
    twice = hedges("open one 0.2 @ 10000", "open other 0.1 @ 10000")
    locked = BOTH_SHORT.replace("BTC 1 ", "BTC 0.1 locked 0.9 ")
    some = planned(locked, twice, CloseWish(hedge_ids=(), sells=True))
    assert [lots for _, _, lots in legs_of(some)] == [dec("0.3"), dec("-0.1")]
    assert [back.asset for back in returns_of(some)] == ["BTC"]


def test_coins_that_a_target_still_wants_do_not_go_with_their_hedge() -> None:
    with pytest.raises(PlanningError, match="was opened by hand") as told:
        planned(BOTH_SHORT, TWO, CloseWish(hedge_ids=(), sells=True))
    assert told.value.next_step == "trimtab close-hedges other"


def test_a_hedge_whose_position_somebody_else_took_is_not_bought_back() -> None:
    for text in (HELD, f"{HELD}, perp BTC -0.1"):
        with pytest.raises(PlanningError, match="somebody else"):
            planned(text, TWO, CloseWish(hedge_ids=(), sells=False))


def test_what_somebody_else_took_of_a_hedge_moves_no_target_and_closes_nothing() -> None:
    book = hedges("open mine 0.2 @ 10000 by hand", "open drift 0.1 @ 10000 at target")
    gone = planned(HELD, book)
    assert (gone.overlays, gone.legs) == ((), ())
    part = planned(f"{HELD}, perp BTC -0.15", book)
    assert [o.shift[BTC] for o in part.overlays] == [dec("-0.075")]
    assert part.hedging == ()


def test_a_drift_opens_one_hedge_and_grows_the_same() -> None:
    opened = planned("BTC 0.6 @ 10000, wallet 4000", NOTHING, **BY_FUTURES)
    [line] = opened.hedging
    assert (line.origin, line.drift_back) == (HedgeOrigin.DRIFT, DriftBack.BAND)
    book = hedges("open one 0.1 @ 10000 at band")
    grown = planned("BTC 0.7 @ 10000, wallet 3000, perp BTC -0.1", book, **BY_FUTURES)
    assert acts_of(grown) == [(1, "one", HedgeOrigin.DRIFT, HedgeCause.DRIFT)]
    shrunk = planned(
        "BTC 0.6 @ 10000, wallet 4000, perp BTC -0.4", hedges("open one 0.4 @ 9000"), **BY_FUTURES
    )
    assert legs_of(shrunk) == [(PERP, Role.CLOSE, dec("0.3"))]
    assert acts_of(shrunk) == [(1, "one", HedgeOrigin.DRIFT, HedgeCause.DRIFT)]


def test_a_slot_inside_the_band_opens_a_hedge_that_closes_at_the_target() -> None:
    plan = planned("BTC 0.53 @ 10000, wallet 4700", NOTHING, due=True, **BY_FUTURES)
    assert [h.drift_back for h in plan.hedging] == [DriftBack.TARGET]


def test_futures_bought_for_exposure_are_no_hedges() -> None:
    plan = planned("BTC 0.3 @ 10000, wallet 7000", NOTHING, **BY_FUTURES)
    assert (legs_of(plan), plan.hedging) == ([(PERP, Role.HEDGE, dec("0.2"))], ())
    less = planned("BTC 0.3 @ 10000, wallet 7000, perp BTC 0.4", NOTHING, **BY_FUTURES)
    assert (legs_of(less), less.hedging) == ([(PERP, Role.CLOSE, dec("-0.2"))], ())


def test_a_hedge_that_is_due_goes_before_drifts_unless_a_slot_is_due() -> None:
    text = "BTC 0.5 @ 10000, ETH 1 @ 3000, wallet 2000, perp BTC -0.1"
    wants = {"targets": "BTC 0.5, ETH 0.2, USDT 0.3"} | BY_FUTURES
    book = hedges("open one 0.1 @ 10000 at target")
    closing = planned(text, book, **wants)
    assert legs_of(closing) == [(PERP, Role.CLOSE, dec("0.1"))]
    assert acts_of(closing) == [(1, "one", HedgeOrigin.DRIFT, HedgeCause.DRIFT_BACK)]
    assert [leg.reason for leg in closing.legs] == [LegReason.CLOSE_HEDGE]
    slot = planned(text, book, due=True, **wants)
    assert {leg.symbol for leg in slot.legs} == {PERP, swap("ETH").symbol}
    assert slot.trigger == "drift"


def test_a_close_that_cannot_be_ordered_holds_no_drift_up() -> None:
    closed = swap("BTC", tradable=False)
    snapshot = account(
        "BTC 0.5 @ 10000, ETH 1 @ 3000, USDT 2000, wallet 0, perp BTC -0.1",
    )
    snapshot = replace(snapshot, instruments=dict(snapshot.instruments) | {closed.symbol: closed})
    plan = planned(
        snapshot,
        hedges("open one 0.1 @ 10000 at target"),
        targets="BTC 0.5, ETH 0.2, USDT 0.3",
        routes={BTC: Route.FUTURES},
    )
    assert [leg.symbol for leg in plan.legs] == ["ETH/USDT"]


def test_no_correction_buys_back_what_is_short_by_hand() -> None:
    book = hedges("open mine 0.1 @ 10000 by hand beside 0.1")
    text = "BTC 0.4 @ 10000, USDT 6000, wallet 0, perp BTC -0.2"
    plan = planned(text, book)
    assert plan.hedging == ()
    assert legs_of(plan) == [
        (PERP, Role.CLOSE, dec("0.1")),
        ("BTC/USDT", Role.SPOT, dec("0.1")),
    ]


def test_a_position_that_is_all_by_hand_offsets_nothing() -> None:
    book = hedges("open mine 0.1 @ 10000 by hand")
    plan = planned("BTC 0.4 @ 10000, USDT 6000, wallet 0, perp BTC -0.1", book)
    assert legs_of(plan) == [("BTC/USDT", Role.SPOT, dec("0.1"))]


def test_the_hedge_ratio_does_not_apply_to_what_is_short_by_hand_and_the_ceiling_does() -> None:
    book = hedges("open mine 0.1 @ 10000 by hand")
    text = "BTC 0.8 @ 10000, wallet 2000, perp BTC -0.1"
    half = planned(text, book, hedge={"ratio": dec("0.5")}, **BY_FUTURES)
    assert legs_of(half) == [(PERP, Role.HEDGE, dec("-0.15"))]
    capped = planned(text, book, hedge={"max_ratio": dec("0.25")}, **BY_FUTURES)
    assert legs_of(capped) == [(PERP, Role.HEDGE, dec("-0.1"))]


def test_an_overweight_at_rest_keeps_what_is_short_and_is_shown_as_accepted() -> None:
    book = hedges("open one 0.2 @ 10000", "close one 0.2 @ 9000 for profit_target")
    plan = planned("BTC 0.7 @ 10000, wallet 3000", book, **BY_FUTURES)
    assert plan.legs == ()
    assert [(u.asset, u.reason, u.value) for u in plan.untraded] == [(BTC, "cool_down", dec(2000))]
    later = planned("BTC 0.7 @ 10000, wallet 3000, perp BTC -0.1", book, **BY_FUTURES)
    assert (later.legs, [u.value for u in later.untraded]) == ((), [dec(1000)])


def test_weights_of_holdings_and_assets_without_target_have_no_overlay() -> None:
    book = hedges("open mine 0.1 @ 10000 by hand")
    text, mine = f"{HELD}, perp BTC -0.1", share("0.1")
    assert planned(text, book, basis=Basis.SPOT).overlays == ()
    hedged = planned("BTC 0.5 @ 10000, USDT 5000, wallet 5000", NOTHING, mine, basis=Basis.SPOT)
    assert (len(hedged.legs), hedged.after.tracking_error) == (1, 0), "a hedge is in no weight"
    other = "BTC 1 @ 10000, ETH 1 @ 3000, USDT 5000, wallet 5000, perp BTC -0.1"
    assert planned(other, book, targets="ETH 0.5, USDT 0.5").overlays == ()


def test_a_hedge_by_hand_beyond_its_target_leaves_a_target_of_nothing() -> None:
    book = hedges("open mine 0.9 @ 10000 by hand")
    plan = planned(f"{HELD}, perp BTC -0.9", book, targets="BTC 0.3, USDT 0.7")
    assert plan.overlays[0].shift[BTC] == dec("-0.3")
    assert plan.drift[0].target == dec(0)


def test_what_is_by_hand_beyond_its_target_takes_the_place_of_what_corrections_hold() -> None:
    wants = {"targets": "BTC 0.1, USDT 0.9"} | BY_FUTURES
    book = hedges("open drift 0.4 @ 10000 at band", "open mine 0.3 @ 10000 by hand")
    plan = planned("BTC 0.5 @ 10000, wallet 5000, perp BTC -0.7", book, **wants)
    assert legs_of(plan) == [(PERP, Role.CLOSE, dec("0.2"))]
    assert [h.hedge_id for h in plan.hedging] == ["drift"]
    unhedged = hedges("open mine 0.3 @ 10000 by hand")
    text = "BTC 0.5 @ 10000, wallet 5000, perp BTC -0.3"
    left = planned(text, unhedged, hedge={"ratio": dec(0)}, **wants)
    assert (left.legs, [u.value for u in left.untraded]) == ((), [dec(2000)])


@pytest.mark.parametrize(("short", "where"), [("perp", ""), ("dated", " in far")])
def test_what_is_lacking_beside_a_hedge_by_hand_is_bought_in_coins(short: str, where: str) -> None:
    mine = hedges(f"open mine 0.04 @ 10000 by hand{where}")
    text = f"BTC 0.4 @ 10000, USDT 3000, wallet 3000, {short} BTC -0.04"
    plan = planned(text, mine, **BY_FUTURES)
    assert legs_of(plan) == [("BTC/USDT", Role.SPOT, dec("0.1"))]
    filled = f"BTC 0.5 @ 10000, USDT 2000, wallet 3000, {short} BTC -0.04"
    assert planned(filled, mine, due=True, **BY_FUTURES).legs == ()
    seen = account(text)
    contracts = {s: i for s, i in seen.instruments.items() if i.is_contract}
    no_coin = planned(replace(seen, instruments=contracts), mine, **BY_FUTURES)
    assert [leg.instrument.kind for leg in no_coin.legs] == ["swap"]
    bare = planned("BTC 0.4 @ 10000, USDT 3000, wallet 3000", NOTHING, **BY_FUTURES)
    assert legs_of(bare) == [(PERP, Role.HEDGE, dec("0.1"))]


def test_a_small_hedge_is_bought_back_beside_one_by_hand_and_no_more() -> None:
    book = hedges("open mine 0.1 @ 10000 by hand", "open drift 0.0004 @ 10000")
    text = "BTC 0.5 @ 10000, USDT 4000, wallet 1000, perp BTC -0.1004"
    plan = planned(text, book, due=True, **BY_FUTURES)
    assert legs_of(plan) == [(PERP, Role.CLOSE, dec("0.0004"))], "below the least of an opening"
    assert [h.hedge_id for h in plan.hedging] == ["drift"]


def test_a_new_name_is_longer_when_the_short_one_is_taken() -> None:
    first = planned(HELD, NOTHING, share("0.1")).hedging[0].hedge_id
    taken = replace(hedges("open x 1 @ 100", "close x 1 @ 90").hedges[0], hedge_id=first)
    second = planned(HELD, HedgeBook(hedges=(taken,), steps=()), share("0.1")).hedging[0].hedge_id
    assert second.startswith(first)
    assert len(second) == len(first) + 1


def test_the_instant_decides_whether_a_hedge_is_too_old() -> None:
    book = hedges("open one 0.1 @ 10000 at band")
    text = "BTC 0.6 @ 10000, wallet 4000, perp BTC -0.1"
    rules = policy("BTC 0.5, USDT 0.5", hedge={"max_age_days": 1}, **BY_FUTURES)
    young = make_plan(account(text), rules, occasion(hedges=book))
    assert young.legs == ()
    late = occasion(hedges=book, now=NOW.replace(day=22))
    old = make_plan(account(text), rules, late)
    assert acts_of(old) == [(1, "one", HedgeOrigin.DRIFT, HedgeCause.AGE)]
    assert old.trigger == "stop"
    slot = make_plan(account(text), rules, replace(late, slot_due=True))
    assert (acts_of(slot), slot.trigger) == (acts_of(old), "stop")
    assert slot_of(slot.firings) == ""
