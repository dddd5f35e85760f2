"""What contracts bring the hedges that are open, what is told of it, and when they are moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from tests.builders import (
    LIMITS,
    NOW,
    URGENCY,
    account,
    book,
    contract,
    dated,
    dec,
    occasion,
    paced,
    policy,
)
from tests.hedge_cases import FAR, PERP, hedges
from trimtab.domain.contracts import NO_CARRY, CarryPolicy, Contract, GainAction
from trimtab.domain.exact import shown
from trimtab.domain.firings import TriggerKind
from trimtab.domain.hedges import HedgeCause
from trimtab.domain.history import FundingSettlement, History
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.plan import LegReason, Plan, Role
from trimtab.domain.policy import Route
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.urgency import BasisAction, Tempo
from trimtab.planning.compose import make_plan

BTC = Asset("BTC")
NEXT = Symbol("BTC/USDT:USDT-270326")
TOLD = replace(NO_CARRY, on_gain=GainAction.ALERT, negative_days=7)
SWAPS = replace(TOLD, on_gain=GainAction.SWAP)
WIDE = replace(LIMITS, max_order_notional=dec(1_000_000), max_unhedged_notional=dec(1_000_000))
HEDGED = "BTC 0.08 @ 100000, perp BTC -0.02, dated BTC at {}, wallet 4000"
"""2000 of 8000 are hedged; the contract of December has 34.8 days."""
OWN = hedges("open btc 0.02 @ 100000 at band")


def funded(*rates: str) -> History:
    """A past of settlements eight hours apart, the last at noon less eight hours."""
    last = len(rates)
    past = tuple(
        FundingSettlement(settled_at=NOW - timedelta(hours=8 * (last - n)), rate=dec(rate))
        for n, rate in enumerate(rates)
    )
    return History(until=date(2026, 11, 19), closes={}, funding={BTC: past})


def planned(
    snapshot: Snapshot,
    *,
    carry: CarryPolicy = SWAPS,
    hedge: Mapping[str, Any] | None = None,
    **more: Any,
) -> Plan:
    rules = policy(
        "BTC 0.5, USDT 0.5",
        route=Route.FUTURES,
        hedge={"carry": carry, "contracts": {}} | dict(hedge or {}),
        limits=WIDE,
        urgency=more.pop("urgency", URGENCY),
    )
    return make_plan(snapshot, rules, occasion(**{"hedges": OWN} | more))


def rich(at: str = "102000") -> Snapshot:
    """The dated contract stands so far above the coin; its book as well."""
    return account(HEDGED.format(at))


def told(plan: Plan) -> dict[tuple[str, str], str]:
    return {
        (r.subject, r.name): "none" if r.measured is None else shown(r.measured, 4)
        for r in plan.readings
        if r.rule == "hedge.carry"
    }


def test_a_hedge_moves_to_the_contract_that_brings_more_as_one_plan_of_both_sides() -> None:
    plan = planned(rich(), history=funded(*["0.0001"] * 30))
    assert [(leg.symbol, leg.side, leg.role, leg.stage) for leg in plan.legs] == [
        (PERP, "buy", Role.ROLL, 1),
        (FAR, "sell", Role.ROLL, 2),
    ]
    assert {leg.reason for leg in plan.legs} == {LegReason.CARRY}
    assert {line.cause for line in plan.hedging} == {HedgeCause.CARRY}
    [firing] = plan.firings
    # 200 bps against 104 settlements of 1 bp, two orders of 6 bps and a roll of 12.
    assert (firing.kind, firing.subject, shown(firing.measured or dec(0), 0)) == (
        TriggerKind.CARRY,
        PERP,
        "72",
    )
    assert plan.alerts == ()


def test_what_contracts_bring_is_shown_a_year() -> None:
    plan = planned(rich(), carry=TOLD, history=funded(*["0.0001"] * 30))
    seen = told(plan)
    assert seen[PERP, "income_a_year"] == "0.1095"
    assert seen[FAR, "income_a_year"] == "0.2096"  # 0.02 x 365 / 34.83
    assert seen[PERP, "days_paid"] == "0.0000"


def test_a_gain_that_is_only_told_moves_nothing() -> None:
    plan = planned(rich(), carry=TOLD, history=funded(*["0.0001"] * 30))
    assert (plan.legs, [f.subject for f in plan.alerts]) == ((), [PERP])


def test_no_more_than_the_least_gain_is_no_reason() -> None:
    exactly = next(
        r.measured
        for r in planned(rich(), history=funded("0.0001")).readings
        if r.name == "gain_bps"
    )
    assert exactly is not None
    level = replace(SWAPS, min_gain_bps=exactly)
    assert planned(rich(), carry=level, history=funded("0.0001")).legs == ()
    below = replace(SWAPS, min_gain_bps=exactly - dec("0.01"))
    assert len(planned(rich(), carry=below, history=funded("0.0001")).legs) == 2


def test_funding_that_pays_well_keeps_a_hedge_where_it_is() -> None:
    plan = planned(rich(), history=funded(*["0.0003"] * 30))
    assert (plan.legs, plan.alerts) == ((), ())
    assert told(plan)[PERP, "gain_bps"].startswith("-")


def test_a_dated_hedge_moves_back_to_a_perpetual_that_pays_better() -> None:
    own = hedges("open btc 0.02 @ 100000 at band in far")
    snapshot = account("BTC 0.08 @ 100000, dated BTC -0.02 at 100010, wallet 4000")
    plan = planned(snapshot, hedges=own, history=funded(*["0.0003"] * 30))
    assert [(leg.symbol, leg.lots > 0) for leg in plan.legs] == [(FAR, True), (PERP, False)]


def test_of_several_contracts_the_best_is_taken() -> None:
    near = rich("100100")
    later = dated("BTC", symbol=NEXT, expires_at=NOW + timedelta(days=126))
    state = near.contracts[FAR]
    best = replace(
        near,
        instruments={**near.instruments, NEXT: later},
        books={**near.books, NEXT: book(105_000)},
        contracts={**near.contracts, NEXT: replace(state, mark=dec(105_000))},
    )
    plan = planned(best, history=funded(*["0.00001"] * 30))
    assert [leg.symbol for leg in plan.legs] == [PERP, NEXT]


def test_settlements_before_the_look_back_do_not_count() -> None:
    before = funded(*["0.01"] * 30, *["0.0001"] * 30)
    ten = replace(TOLD, funding_days=10)
    assert told(planned(rich(), carry=ten, history=before))[PERP, "income_a_year"] == "0.1095"


def test_days_of_paying_are_told_from_their_limit_on() -> None:
    seven = funded("0.0001", *["-0.0001"] * 20)
    [alert] = planned(rich("99000"), carry=TOLD, history=seven).alerts
    assert (alert.kind, alert.subject, alert.measured) == (TriggerKind.CARRY, PERP, dec(7))
    six = funded("0.0001", *["-0.0001"] * 19)
    assert planned(rich("99000"), carry=TOLD, history=six).alerts == ()
    off = replace(TOLD, negative_days=0)
    assert planned(rich("99000"), carry=off, history=seven).alerts == ()


def test_a_perpetual_without_another_contract_is_shown_and_stays() -> None:
    alone = account("BTC 0.08 @ 100000, perp BTC -0.02, wallet 4000")
    plan = planned(alone, history=funded("0.0001"))
    assert (plan.legs, set(told(plan))) == (
        (),
        {(PERP, "income_a_year"), (PERP, "days_paid")},
    )


def test_nothing_is_compared_where_nobody_asks() -> None:
    assert told(planned(rich(), carry=NO_CARRY)) == {}
    auto = planned(rich(), carry=NO_CARRY, hedge={"contract": Contract.AUTO})
    assert (PERP, "gain_bps") in told(auto)
    assert (auto.legs, auto.alerts) == ((), ())


def test_a_hedge_without_its_position_or_without_a_book_is_not_compared() -> None:
    gone = account("BTC 0.05 @ 100000, USDT 3000, dated BTC at 102000, wallet 2000")
    assert told(planned(gone)) == {}
    unread = rich()
    unread = replace(unread, books={s: b for s, b in unread.books.items() if s != PERP})
    assert told(planned(unread)) == {}


def test_a_drift_goes_before_a_gain_which_is_told_beside_it() -> None:
    drifted = account("BTC 0.12 @ 100000, perp BTC -0.02, dated BTC at 102000, wallet 4000")
    plan = planned(drifted, history=funded(*["0.0001"] * 30))
    assert {leg.role for leg in plan.legs} == {Role.HEDGE}
    assert [f.kind for f in plan.alerts] == [TriggerKind.CARRY]


def test_a_gain_rests_while_it_cools_down() -> None:
    cooling = frozenset({TriggerKind.CARRY})
    plan = planned(rich(), history=funded(*["0.0001"] * 30), cooling=cooling)
    assert (plan.legs, [f.kind for f in plan.alerts]) == ((), [TriggerKind.CARRY])


def test_a_hedge_too_small_for_the_other_contract_stays() -> None:
    snapshot = rich()
    coarse = replace(snapshot.instruments[FAR], notional_min=dec(5_000))
    snapshot = replace(snapshot, instruments={**snapshot.instruments, FAR: coarse})
    plan = planned(snapshot, history=funded(*["0.0001"] * 30))
    assert (plan.legs, [f.kind for f in plan.alerts]) == ((), [TriggerKind.CARRY])


def test_the_premium_is_that_of_the_book_over_the_coin() -> None:
    snapshot = rich("100500")
    snapshot = replace(snapshot, books={**snapshot.books, FAR: book(102_000)})
    assert told(planned(snapshot, carry=TOLD))[FAR, "income_a_year"] == "0.2096"


def test_a_hedge_that_was_moved_for_carry_moves_again_for_more_alone() -> None:
    once = hedges(
        "open btc 0.02 @ 100000 at band in far",
        "close btc 0.02 @ 100000 for carry in far",
        "open btc 0.02 @ 100000 at band for carry",
    )
    limit = 60
    close = replace(SWAPS, min_gain_bps=dec(limit))
    gain = told(planned(rich(), carry=close, hedges=once, history=funded("0.0001")))
    assert limit < float(gain[PERP, "gain_bps"]) < 1.5 * limit
    moves = planned(rich(), carry=close, hedges=once, history=funded("0.0001"))
    assert len(moves.legs) == 2, "without a hysteresis"
    pace = paced(hysteresis="0.5")
    stays = planned(rich(), carry=close, hedges=once, history=funded("0.0001"), urgency=pace)
    assert (stays.legs, stays.alerts) == ((), ())
    first = planned(rich(), carry=close, history=funded("0.0001"), urgency=pace)
    assert len(first.legs) == 2, "it was never moved"


def test_no_hedge_is_moved_into_a_contract_that_would_be_left_for_its_discount() -> None:
    once = hedges(
        "open old 0.02 @ 100000 at band in far",
        "close old 0.02 @ 99000 for basis in far",
        "open btc 0.02 @ 100000 at band",
    )
    below = {"basis": BasisAction.CLOSE, "basis_bps": dec(100)}
    paces = {
        part: replace(
            URGENCY,
            tempos={TriggerKind.BASIS: Tempo(hysteresis=dec(part), cooldown_s=0)},
            **below,
        )
        for part in ("0", "0.5")
    }
    state = contract("99300", index=dec(100_000))
    snapshot = replace(rich(), contracts={**rich().contracts, FAR: state})
    past = funded("0.0001")
    moves = planned(snapshot, hedges=once, history=past, urgency=paces["0"])
    assert [leg.symbol for leg in moves.legs] == [PERP, FAR]
    stays = planned(snapshot, hedges=once, history=past, urgency=paces["0.5"])
    assert (stays.legs, stays.alerts) == ((), ())
    assert (FAR, "income_a_year") in told(stays)
    assert (PERP, "gain_bps") not in told(stays)
