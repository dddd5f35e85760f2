"""Which stops a plan puts, changes and withdraws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.builders import NOW, account, dated, dec, legs_of, occasion, policy
from tests.hedge_cases import FAR, PERP, hedges
from trimtab.domain.firings import TriggerKind
from trimtab.domain.hedges import (
    DriftBack,
    HedgeBook,
    HedgeCause,
    HedgeId,
    HedgeLine,
    HedgeOrigin,
    StopsWish,
)
from trimtab.domain.instruments import Asset, Lots, Symbol, Ticks
from trimtab.domain.plan import Leg
from trimtab.domain.policy import Route
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.stops import (
    FIRST_STOP_LINE,
    StopId,
    StopIntent,
    StopRecord,
    StopState,
    VenueStopId,
)
from trimtab.planning.compose import make_plan
from trimtab.planning.stops import (
    NOTHING_WANTED,
    Account,
    stop_firings,
    stop_lines,
    wanted,
)

RULES = policy(hedge={"stop": dec("0.10"), "rests_stop": True}).hedge
HELD = account("BTC 1 @ 100, wallet 100, perp BTC -0.5 from 100 at 100")
BOOK = hedges("open btc 0.5 @ 100")
TICK = HELD.instruments[PERP].tick_size
LOT = HELD.instruments[PERP].lot_size


def rests(units: str = "0.5", at: str = "110", *, of: str = "btc", on: Symbol = PERP) -> StopRecord:
    """Return a stop that rests for a hedge."""
    instrument = HELD.instruments[PERP] if on == PERP else dated("BTC")
    intent = StopIntent(
        stop_id=StopId(f"s-{of}"),
        plan_digest="0" * 64,
        line=FIRST_STOP_LINE,
        hedge_id=HedgeId(of),
        instrument=instrument,
        lots=Lots(int(dec(units) / instrument.lot_size)),
        trigger=Ticks(int(dec(at) / instrument.tick_size)),
    )
    return StopRecord(
        intent=intent,
        state=StopState.RESTING,
        venue_stop_id=VenueStopId("1"),
        venue_order_id=None,
        executed_lots=Lots(0),
        begun_at=NOW,
    )


def declared(line: int, *, of: str = "btc", cause: str = "drift", on: Symbol = PERP) -> HedgeLine:
    return HedgeLine(
        line=line,
        hedge_id=HedgeId(of),
        asset=Asset("BTC"),
        symbol=on,
        origin=HedgeOrigin.DRIFT,
        cause=HedgeCause(cause),
        drift_back=DriftBack.TARGET,
        beside=dec(0),
    )


def told(
    *legs: str | Leg,
    lines: Sequence[HedgeLine] = (),
    stops: Sequence[StopRecord] = (),
    book: HedgeBook = BOOK,
    snapshot: Snapshot = HELD,
    **rules: Any,
) -> list[tuple[str, str, str, str]]:
    """Return what is done as (act, hedge, units, trigger)."""
    ready = tuple(each for each in legs if isinstance(each, Leg))
    planned = ready or legs_of(snapshot, *(each for each in legs if isinstance(each, str)))
    seen = Account(
        book=book, resting=tuple(stops), snapshot=snapshot, policy=replace(RULES, **rules)
    )
    return [
        (
            s.act.value,
            s.hedge.hedge_id,
            f"{s.quantity.normalize():f}",
            f"{s.trigger_price.normalize():f}",
        )
        for s in stop_lines(planned, lines, seen)
    ]


def test_a_hedge_with_the_stop_that_it_should_have_is_left_alone() -> None:
    assert told(stops=[rests()]) == []


def test_a_hedge_without_a_stop_gets_one_of_its_size_above_its_entry() -> None:
    assert told() == [("put", "btc", "0.5", "110")]


@pytest.mark.parametrize("wrong", [rests("0.6"), rests("0.4"), rests(at="111")])
def test_a_stop_of_another_size_or_price_is_changed(wrong: StopRecord) -> None:
    assert told(stops=[wrong]) == [("change", "btc", "0.5", "110")]


def test_a_stop_of_a_hedge_that_is_no_more_is_withdrawn() -> None:
    closed = hedges("open btc 0.5 @ 100", "close btc 0.5 @ 90")
    assert told(book=closed, stops=[rests()]) == [("withdraw", "btc", "0", "0")]
    assert told(book=hedges(), stops=[rests(of="gone")]) == [("withdraw", "gone", "0", "0")]


def test_a_stop_in_a_contract_that_the_hedge_has_left_is_withdrawn() -> None:
    assert told(stops=[rests(on=FAR, of="btc"), rests()])[0][:2] == ("withdraw", "btc")


@pytest.mark.parametrize("rules", [{"rests_stop": False}, {"stop": dec(0)}])
def test_where_the_rules_have_no_stop_one_that_rests_is_withdrawn(rules: dict[str, Any]) -> None:
    assert told(**rules) == []
    assert told(stops=[rests()], **rules) == [("withdraw", "btc", "0", "0")]


def test_where_the_mark_is_past_it_the_hedge_is_due_and_no_stop_is_put() -> None:
    at = account("BTC 1 @ 100, wallet 100, perp BTC -0.5 from 100 at 110")
    below = account("BTC 1 @ 100, wallet 100, perp BTC -0.5 from 100 at 109.9")
    assert told(snapshot=at) == []
    assert told(snapshot=below) == [("put", "btc", "0.5", "110")]


def test_where_somebody_took_a_part_of_the_position_a_person_looks_first() -> None:
    smaller = account("BTC 1 @ 100, wallet 100, perp BTC -0.4 from 100 at 100")
    assert told(snapshot=smaller) == []
    flat = account("BTC 1 @ 100, wallet 100, perp BTC 0 at 100")
    assert told(snapshot=flat) == []
    assert told(snapshot=replace(flat, positions={})) == []
    unlisted = replace(flat, instruments={})
    assert told(snapshot=unlisted) == told(snapshot=unlisted, stops=[rests()]) == []


def test_a_hedge_smaller_than_a_lot_has_no_stop() -> None:
    book = hedges(f"open btc {LOT / 2} @ 100")
    assert told(book=book) == []


def test_the_trigger_is_rounded_away_from_the_market() -> None:
    hedge = hedges(f"open btc 0.5 @ {100 + TICK / 3}").open[0]
    should = wanted(hedge, HELD.instruments[PERP], RULES)
    price = HELD.instruments[PERP].limit_price(should.trigger)
    assert 0 <= price - hedge.entry * dec("1.1") < TICK
    assert wanted(hedge, HELD.instruments[PERP], replace(RULES, stop=dec(0))) == NOTHING_WANTED


def test_a_plan_that_opens_a_hedge_puts_its_stop_at_the_mark_plus_the_rule() -> None:
    line = declared(1, of="new")
    assert told("sell 0.2 perp BTC", lines=[line], book=hedges()) == [("put", "new", "0.2", "110")]


def test_a_plan_that_grows_a_hedge_changes_its_stop_to_the_new_average() -> None:
    dear = account("BTC 1 @ 104, wallet 100, perp BTC -0.5 from 100 at 104")
    grown = told("sell 0.5 perp BTC", lines=[declared(1)], stops=[rests()], snapshot=dear)
    assert grown == [("change", "btc", "1", "112.2")]


def test_a_plan_that_shrinks_a_hedge_changes_its_stop_at_the_same_price() -> None:
    cut = told("buy 0.2 perp BTC reduce", lines=[declared(1)], stops=[rests()])
    assert cut == [("change", "btc", "0.3", "110")]


def test_a_plan_that_closes_a_hedge_withdraws_its_stop() -> None:
    closed = told("buy 0.5 perp BTC reduce", lines=[declared(1)], stops=[rests()])
    assert closed == [("withdraw", "btc", "0", "0")]


def test_a_plan_that_closes_a_hedge_without_a_stop_says_nothing_of_one() -> None:
    assert told("buy 0.5 perp BTC reduce", lines=[declared(1)]) == []


def test_a_buy_for_two_hedges_comes_off_them_in_the_order_declared() -> None:
    book = hedges("open btc 0.2 @ 100", "open two 0.3 @ 120")
    lines = [declared(1), declared(1, of="two")]
    cut = told(
        "buy 0.3 perp BTC reduce",
        lines=lines,
        book=book,
        stops=[rests("0.2"), rests("0.3", "132", of="two")],
    )
    assert cut == [("withdraw", "btc", "0", "0"), ("change", "two", "0.2", "132")]


def test_a_buy_declared_for_a_hedge_that_is_not_there_changes_no_stop() -> None:
    assert told("buy 0.1 perp BTC reduce", lines=[declared(1, of="gone")], stops=[rests()]) == []


def test_lines_of_coins_and_of_no_hedge_change_no_stop() -> None:
    assert told("buy 0.1 BTC", lines=[declared(1)], stops=[rests()]) == []
    assert told("sell 0.1 perp BTC", stops=[rests()]) == []


def test_a_roll_takes_the_stop_along_at_the_entry_with_what_was_gained() -> None:
    both = account(
        "BTC 1 @ 90, wallet 100, perp BTC -0.5 from 100 at 90, dated BTC 0 at 91",
    )
    lines = [declared(1, cause="roll"), declared(2, cause="roll", on=FAR)]
    legs = legs_of(both, "buy 0.5 perp BTC reduce roll", "then sell 0.5 dated BTC roll")
    rolled = told(*legs, lines=lines, stops=[rests()], snapshot=both)
    assert rolled == [("withdraw", "btc", "0", "0"), ("put", "btc", "0.5", "111.1")]


@pytest.mark.parametrize(
    "texts",
    [
        ("buy 0.25 perp", "sell 0.25 dated", "buy 0.25 perp", "sell 0.25 dated"),
        ("buy 0.5 perp", "sell 0.2 dated", "sell 0.3 dated"),
    ],
)
def test_what_a_roll_in_slices_gained_is_brought_along_once(texts: tuple[str, ...]) -> None:
    both = account("BTC 1 @ 90, wallet 100, perp BTC -0.5 from 100 at 90, dated BTC 0 at 91")
    slices = [f"{t} BTC reduce roll" if "perp" in t else f"{t} BTC roll" for t in texts]
    sides = [PERP if "perp" in t else FAR for t in texts]
    lines = [declared(n, cause="roll", on=on) for n, on in enumerate(sides, start=1)]
    rolled = told(*legs_of(both, *slices), lines=lines, stops=[rests()], snapshot=both)
    assert rolled == [("withdraw", "btc", "0", "0"), ("put", "btc", "0.5", "111.1")]


def test_two_hedges_that_are_rolled_in_slices_keep_their_sizes() -> None:
    book = hedges("open btc 0.2 @ 100", "open two 0.3 @ 120")
    both = account("BTC 1 @ 90, wallet 100, perp BTC -0.5 from 100 at 90, dated BTC 0 at 91")
    legs = legs_of(
        both,
        *("buy 0.25 perp BTC reduce roll", "then sell 0.25 dated BTC roll"),
        *("then buy 0.25 perp BTC reduce roll", "then sell 0.25 dated BTC roll"),
    )
    sides = enumerate((PERP, FAR, PERP, FAR), start=1)
    lines = [declared(n, of=of, cause="roll", on=on) for n, on in sides for of in ("btc", "two")]
    rolled = told(*legs, lines=lines, book=book, snapshot=both)
    assert rolled == [("put", "btc", "0.2", "111.1"), ("put", "two", "0.3", "133.1")]


def test_lines_are_numbered_apart_from_legs_and_transfers() -> None:
    book = hedges("open btc 0.2 @ 100", "open two 0.3 @ 100")
    seen = Account(book=book, resting=(), snapshot=HELD, policy=RULES)
    assert [line.line for line in stop_lines((), (), seen)] == [1001, 1002]


def test_a_plan_that_only_mends_stops_acts_because_of_them() -> None:
    target = policy("BTC 0.5, USDT 0.5", hedge={"stop": dec("0.10"), "rests_stop": True})
    calm = account("BTC 1 @ 100, USDT 90, wallet 10, perp BTC -0.5 from 100 at 100")
    by_hand = hedges("open btc 0.5 @ 100 by hand")
    plan = make_plan(calm, target, occasion(hedges=by_hand))
    assert (plan.legs, plan.is_empty, plan.trigger) == ((), False, TriggerKind.STOP)
    [firing] = plan.firings
    assert (firing.subject, firing.reason) == ("btc", "has no stop on the venue")
    mended = make_plan(calm, target, occasion(hedges=by_hand, stops=(rests(),)))
    assert (mended.is_empty, mended.trigger) == (True, TriggerKind.NONE)
    assert len({f.reason for f in stop_firings(plan.stops)}) == 1


def test_stops_alone_are_mended_as_hedges_are_now_though_drifts_and_transfers_are_due() -> None:
    target = policy(
        "BTC 0.2, USDT 0.8",
        route=Route.FUTURES,
        hedge={"stop": dec("0.10"), "rests_stop": True, "max_topup": dec(1000)},
    )
    drifted = account("BTC 1 @ 100, USDT 90, wallet 10, perp BTC -0.2 from 100 at 100")
    book, stop = hedges("open btc 0.2 @ 100"), rests("0.2")
    full = make_plan(drifted, target, occasion(hedges=book))
    assert [leg.symbol for leg in full.legs] == [PERP]
    assert full.stops[0].lots > stop.intent.lots, "it follows what the plan opens"
    alone = make_plan(drifted, target, occasion(hedges=book, wish=StopsWish()))
    assert (alone.legs, alone.transfers, alone.trigger) == ((), (), TriggerKind.STOP)
    [line] = alone.stops
    assert (line.act, line.lots, line.trigger) == ("put", stop.intent.lots, stop.intent.trigger)
    right = occasion(hedges=book, stops=(stop,), wish=StopsWish())
    assert make_plan(drifted, target, right).is_empty
    withdrawn = make_plan(drifted, policy("BTC 0.2, USDT 0.8"), right)
    assert [(s.act, s.withdraws) for s in withdrawn.stops] == [("withdraw", stop.intent.stop_id)]
