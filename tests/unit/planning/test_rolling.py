"""Hedges in dated contracts: where they are opened, and how they move before delivery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.builders import (
    EXPIRY,
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
    swap,
)
from tests.hedge_cases import FAR, PERP, hedges
from trimtab.domain.contracts import NO_CARRY, Contract, GainAction
from trimtab.domain.errors import MissingInstrument
from trimtab.domain.exact import exact_arithmetic, shown
from trimtab.domain.firings import TriggerKind
from trimtab.domain.hedges import HedgeBook, HedgeCause, HedgeWish
from trimtab.domain.history import FundingSettlement, History
from trimtab.domain.instruments import Asset, Instrument, Lots, Symbol
from trimtab.domain.plan import LegReason, Plan, Role, UntradedReason
from trimtab.domain.policy import Route
from trimtab.domain.returns import returns_of
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.urgency import BasisAction, ExpiryAction
from trimtab.planning.compose import make_plan
from trimtab.planning.rolling import common_lot

BTC = Asset("BTC")
NEXT = Symbol("BTC/USDT:USDT-270326")
ROLLS = replace(URGENCY, expiry=ExpiryAction.ROLL, expiry_days=40)
"""The contract of December has 35 days left: it is to be left, that of March is to be taken."""
WIDE = replace(LIMITS, max_order_notional=dec(1_000_000), max_unhedged_notional=dec(1_000_000))
NEAR_HEDGE = hedges("open btc 0.02 @ 100000 at band in far")
"""A drift's hedge in the contract of December."""


def march(**overrides: Any) -> Instrument:
    expires_at = datetime(2027, 3, 26, 8, tzinfo=NOW.tzinfo)
    return dated("BTC", **{"symbol": NEXT, "expires_at": expires_at} | overrides)


def held(text: str, *, at: str = "101000", listed: bool = True, **overrides: Any) -> Snapshot:
    """An account with the markets of both quarters; that of March stands at *at*."""
    snapshot = account(text)
    if not listed:
        return snapshot
    far = march(**overrides)
    return replace(
        snapshot,
        instruments={**snapshot.instruments, NEXT: far},
        books={**snapshot.books, NEXT: book(at)},
        contracts={**snapshot.contracts, NEXT: contract(at, index=dec(100_000))},
    )


OVER = "BTC 0.08 @ 100000, dated BTC at 100500, wallet 4000"
SHORT = "BTC 0.08 @ 100000, dated BTC -0.02 at 100500, wallet 4000"


def planned(
    snapshot: Snapshot,
    own: HedgeBook | None = None,
    *,
    hedge: Mapping[str, Any] | None = None,
    urgency: Any = URGENCY,
    limits: Any = WIDE,
    **more: Any,
) -> Plan:
    rules = policy(
        "BTC 0.5, USDT 0.5",
        route=Route.FUTURES,
        hedge={"contract": Contract.DATED} | dict(hedge or {}),
        urgency=urgency,
        limits=limits,
    )
    occasions = {"hedges": own, **more} if own is not None else more
    return make_plan(snapshot, rules, occasion(**occasions))


def sides(plan: Plan) -> list[tuple[Symbol, Decimal, int, bool]]:
    return [(g.symbol, g.instrument.units(g.lots), g.stage, g.reduce_only) for g in plan.legs]


def test_a_hedge_is_opened_in_the_nearest_dated_contract() -> None:
    assert [leg.symbol for leg in planned(held(OVER)).legs] == [FAR]


def test_a_contract_that_would_be_rolled_at_once_is_not_opened() -> None:
    assert [leg.symbol for leg in planned(held(OVER), urgency=ROLLS).legs] == [NEXT]


def test_a_contract_that_the_gate_would_refuse_for_its_days_is_not_opened() -> None:
    limits = replace(WIDE, min_expiry_days=36)
    assert [leg.symbol for leg in planned(held(OVER), limits=limits).legs] == [NEXT]


def test_without_a_contract_that_lasts_the_plan_says_what_to_write() -> None:
    with pytest.raises(MissingInstrument, match=r'still has 40 days; write BTC = "perpetual"'):
        planned(held(OVER, listed=False), urgency=ROLLS)
    closed = held(OVER, tradable=False)
    with pytest.raises(MissingInstrument, match="no dated contract"):
        planned(closed, urgency=ROLLS)


def test_a_contract_that_says_no_delivery_is_not_opened() -> None:
    snapshot = held(OVER, expires_at=None)
    with pytest.raises(MissingInstrument, match="no dated contract"):
        planned(snapshot, urgency=ROLLS)


def test_an_exception_by_asset_goes_before_the_rule() -> None:
    plan = planned(held(OVER), hedge={"contracts": {BTC: Contract.PERPETUAL}})
    assert [leg.symbol for leg in plan.legs] == [PERP]


def test_what_is_bought_by_futures_is_bought_in_the_perpetual() -> None:
    plan = planned(held("BTC 0.02 @ 100000, dated BTC at 100500, USDT 4000, wallet 4000"))
    assert [(leg.symbol, leg.lots > 0) for leg in plan.legs] == [(PERP, True)]


def test_a_hedge_grows_where_it_is_while_that_contract_lasts() -> None:
    own = hedges("open btc 0.01 @ 100000 at band in far")
    text = "BTC 0.08 @ 100000, dated BTC -0.01 at 100500, wallet 4000"
    snapshot = held(text)
    auto = {"contract": Contract.AUTO}
    assert [leg.symbol for leg in planned(snapshot, own, hedge=auto).legs] == [FAR]


def test_a_hedge_in_a_later_contract_is_not_parted_by_a_nearer_one() -> None:
    own = hedges("open btc 0.01 @ 100000 at band in far")
    [hedge] = own.hedges
    later = replace(own, hedges=(replace(hedge, symbol=NEXT),))
    lots = Lots(-100)
    position = replace(account(SHORT).positions[FAR], symbol=NEXT, lots=lots)
    snapshot = replace(held(OVER), positions={NEXT: position})
    assert [leg.symbol for leg in planned(snapshot, later).legs] == [NEXT]


def test_a_hedge_by_hand_is_opened_in_the_contract_of_the_rule() -> None:
    wish = HedgeWish(asset=BTC, share=dec("0.1"), units=dec(0))
    plan = planned(held(OVER), wish=wish)
    assert [(leg.symbol, leg.quantity) for leg in plan.legs] == [(FAR, dec("0.008"))]


@pytest.mark.parametrize(
    ("rate", "symbol"),
    [("0.0001", PERP), ("0.00001", NEXT), ("-0.0001", NEXT)],
)
def test_auto_opens_in_what_brings_more_over_the_horizon(rate: str, symbol: Symbol) -> None:
    # March stands 1 % above the coin for 126 days, 2.9 % a year; December 0.5 % for 35, 5.2 %,
    # less a roll of 10 bps and the spread within 90 days.
    snapshot = held(OVER, at="102000")
    past = tuple(
        FundingSettlement(settled_at=NOW - timedelta(hours=8 * n), rate=dec(rate))
        for n in range(30, 0, -1)
    )
    history = History(until=date(2026, 11, 19), closes={}, funding={BTC: past})
    plan = planned(snapshot, hedge={"contract": Contract.AUTO}, history=history)
    assert [leg.symbol for leg in plan.legs] == [symbol]


def test_auto_takes_the_next_rate_where_no_past_was_read() -> None:
    snapshot = held(OVER)
    rich = replace(snapshot.contracts[PERP], funding_rate=dec("0.001"))
    snapshot = replace(snapshot, contracts={**snapshot.contracts, PERP: rich})
    plan = planned(snapshot, hedge={"contract": Contract.AUTO})
    assert [leg.symbol for leg in plan.legs] == [PERP]


def test_auto_without_any_book_opens_nothing_and_says_so() -> None:
    snapshot = held(OVER)
    spot_only = {s: b for s, b in snapshot.books.items() if ":" not in s}
    with pytest.raises(MissingInstrument, match="no dated contract"):
        planned(replace(snapshot, books=spot_only), hedge={"contract": Contract.AUTO})


def test_a_hedge_is_rolled_as_one_plan_of_both_sides_in_the_same_units() -> None:
    plan = planned(held(SHORT), NEAR_HEDGE, urgency=ROLLS)
    assert sides(plan) == [(FAR, dec("0.02"), 1, True), (NEXT, dec("-0.02"), 2, False)]
    assert {(leg.role, leg.reason) for leg in plan.legs} == {(Role.ROLL, LegReason.ROLL)}
    assert plan.trigger == TriggerKind.EXPIRY
    assert [(x.line, x.hedge_id, x.symbol, x.cause) for x in plan.hedging] == [
        (1, "btc", FAR, HedgeCause.ROLL),
        (2, "btc", NEXT, HedgeCause.ROLL),
    ]
    assert shown(plan.after.weights["BTC"], 3) == "0.500"
    assert returns_of(plan) == ()


def test_a_roll_keeps_each_open_stretch_within_its_limit() -> None:
    limits = replace(WIDE, max_unhedged_notional=dec(800))
    plan = planned(held(SHORT), NEAR_HEDGE, urgency=ROLLS, limits=limits)
    assert [stage for _, _, stage, _ in sides(plan)] == [1, 2, 3, 4, 5, 6]
    sizes = [units for _, units, _, _ in sides(plan)]
    assert sizes[::2] == [dec("0.0067"), dec("0.0067"), dec("0.0066")]
    assert sizes[1::2] == [-units for units in sizes[::2]]
    with exact_arithmetic():
        assert all(abs(u) * 101_000 * dec("1.003") <= 800 for u in sizes)


def test_a_slice_is_at_most_one_order() -> None:
    limits = replace(WIDE, max_order_notional=dec(1_100))
    plan = planned(held(SHORT), NEAR_HEDGE, urgency=ROLLS, limits=limits)
    assert [units for _, units, _, _ in sides(plan)][::2] == [dec("0.01"), dec("0.01")]


def test_a_roll_that_ended_half_way_goes_on_with_what_is_left() -> None:
    own = hedges(
        "open hand 0.02 @ 100000 by hand",
        "close hand 0.01 @ 100000 by hand for roll",
        "open hand 0.01 @ 100000 by hand for roll in far",
    )
    text = "BTC 0.08 @ 100000, perp BTC -0.01, dated BTC -0.01 at 100500, wallet 4000"
    soon = replace(swap("BTC"), expires_at=NOW + timedelta(days=20))  # It is delisted.
    snapshot = held(text, listed=False)
    snapshot = replace(snapshot, instruments={**snapshot.instruments, PERP: soon})
    urgency = replace(ROLLS, expiry_days=30)
    plan = planned(snapshot, own, urgency=urgency)
    assert sides(plan) == [(PERP, dec("0.01"), 1, True), (FAR, dec("-0.01"), 2, False)]
    assert [(x.line, x.hedge_id, x.symbol) for x in plan.hedging] == [
        (1, "hand", PERP),
        (2, "hand", FAR),
    ]


@pytest.mark.parametrize(
    ("share", "bought"),
    [
        ("0", {PERP: "0.02", FAR: "0.01"}),
        ("0.125", {PERP: "0.01", FAR: "0.01"}),
        ("0.25", {FAR: "0.01"}),
    ],
)
def test_a_hedge_by_hand_that_is_half_way_shrinks_in_both_contracts(
    share: str, bought: dict[Symbol, str]
) -> None:
    own = hedges(
        "open hand 0.03 @ 100000 by hand",
        "close hand 0.01 @ 100000 by hand for roll",
        "open hand 0.01 @ 100000 by hand for roll in far",
    )
    text = "BTC 0.08 @ 100000, perp BTC -0.02, dated BTC -0.01 at 100500, wallet 4000"
    wish = HedgeWish(asset=BTC, share=dec(share), units=dec(0))
    plan = planned(held(text, listed=False), own, wish=wish)
    assert {g.symbol: g.quantity for g in plan.legs} == {s: dec(u) for s, u in bought.items()}
    assert all(leg.role is Role.CLOSE and leg.reduce_only for leg in plan.legs)
    assert {(x.hedge_id, x.symbol) for x in plan.hedging} == {("hand", s) for s in bought}


def test_a_slice_is_never_below_what_the_venue_takes() -> None:
    limits = replace(WIDE, max_unhedged_notional=dec(1))
    plan = planned(held(SHORT, notional_min=dec(400)), NEAR_HEDGE, urgency=ROLLS, limits=limits)
    assert all(leg.quantity * 101_000 > 400 for leg in plan.legs)
    assert len(plan.legs) == 8


def test_a_hedge_below_what_the_next_contract_takes_stays_and_is_told() -> None:
    plan = planned(held(SHORT, notional_min=dec(5_000)), NEAR_HEDGE, urgency=ROLLS)
    assert plan.legs == ()
    assert [f.subject for f in plan.alerts] == [FAR]
    assert UntradedReason.BELOW_ONE_LOT in {u.reason for u in plan.untraded}


def test_what_a_coarser_grid_leaves_stays_and_is_told() -> None:
    own = hedges("open btc 0.0205 @ 100000 at band in far")
    text = "BTC 0.08 @ 100000, dated BTC -0.0205 at 100500, wallet 4000"
    plan = planned(held(text, lot_size=dec("0.001")), own, urgency=ROLLS)
    assert sides(plan)[0][1] == dec("0.02")
    assert {(u.reason, u.value) for u in plan.untraded} >= {(UntradedReason.BELOW_ONE_LOT, dec(50))}


def test_without_a_contract_to_go_to_the_end_is_only_told() -> None:
    plan = planned(held(SHORT, tradable=False), NEAR_HEDGE, urgency=ROLLS)
    assert plan.legs == ()
    assert [(f.kind, f.subject) for f in plan.alerts] == [(TriggerKind.EXPIRY, FAR)]
    assert (UntradedReason.NO_CONTRACT, dec(2_000)) in {(u.reason, u.value) for u in plan.untraded}


def test_what_no_hedge_explains_is_not_rolled() -> None:
    text = "BTC 0.08 @ 100000, dated BTC -0.03 at 100500, wallet 4000"
    plan = planned(held(text), NEAR_HEDGE, urgency=ROLLS)
    assert [units for _, units, _, _ in sides(plan)] == [dec("0.02"), dec("-0.02")]
    assert (UntradedReason.NO_HEDGE, dec(1_000)) in {(u.reason, u.value) for u in plan.untraded}


def test_a_hedge_that_somebody_else_reduced_is_not_rolled() -> None:
    text = "BTC 0.08 @ 100000, dated BTC -0.01 at 100500, wallet 4000"
    plan = planned(held(text), NEAR_HEDGE, urgency=ROLLS)
    assert not [leg for leg in plan.legs if leg.role is Role.ROLL]


def test_a_long_that_ends_is_told_and_left() -> None:
    text = "BTC 0.03 @ 100000, USDT 3000, dated BTC 0.02 at 100500, wallet 4000"
    plan = planned(held(text), urgency=ROLLS)
    assert not [leg for leg in plan.legs if leg.role is Role.ROLL]
    assert [f.subject for f in plan.alerts] == [FAR]


def test_a_dated_hedge_under_a_rule_of_perpetuals_rolls_into_the_perpetual() -> None:
    plan = planned(held(SHORT), NEAR_HEDGE, urgency=ROLLS, hedge={"contract": Contract.PERPETUAL})
    assert [symbol for symbol, _, _, _ in sides(plan)] == [FAR, PERP]


def test_a_hedge_by_hand_and_one_of_a_drift_are_rolled_together() -> None:
    own = hedges("open btc 0.01 @ 100000 at band in far", "open hand 0.01 @ 100000 by hand in far")
    plan = planned(held(SHORT), own, urgency=ROLLS)
    assert [(x.line, x.hedge_id, x.symbol) for x in plan.hedging] == [
        (1, "btc", FAR),
        (1, "hand", FAR),
        (2, "btc", NEXT),
        (2, "hand", NEXT),
    ]


def test_a_roll_goes_before_drifts_which_wait_and_say_so() -> None:
    text = "BTC 0.12 @ 100000, dated BTC -0.02 at 100500, wallet 4000"
    plan = planned(held(text), NEAR_HEDGE, urgency=ROLLS)
    assert {leg.role for leg in plan.legs} == {Role.ROLL}
    assert UntradedReason.REDUCTION_FIRST in {u.reason for u in plan.untraded}


def test_leverage_beyond_its_limit_goes_before_a_roll() -> None:
    text = "BTC 0.001 @ 100000, dated BTC -0.02 at 100500, perp BTC 0.02, wallet 4000"
    plan = planned(held(text), NEAR_HEDGE, urgency=ROLLS)
    assert {leg.reason for leg in plan.legs} == {LegReason.LEVERAGE}


def test_an_end_that_is_only_told_rolls_nothing() -> None:
    quiet = replace(ROLLS, expiry=ExpiryAction.ALERT)
    plan = planned(held(SHORT), NEAR_HEDGE, urgency=quiet)
    assert (plan.legs, [f.subject for f in plan.alerts]) == ((), [FAR])


def test_the_days_that_are_left_are_those_of_the_venue() -> None:
    just = replace(ROLLS, expiry_days=35)
    assert timedelta(days=35) > (EXPIRY - NOW)
    assert planned(held(SHORT), NEAR_HEDGE, urgency=just).trigger == TriggerKind.EXPIRY
    later = replace(ROLLS, expiry_days=34)
    assert planned(held(SHORT), NEAR_HEDGE, urgency=later).legs == ()


@pytest.mark.parametrize(
    ("near", "far", "both"),
    [
        ("0.001", "0.001", "0.001"),
        ("0.01", "0.001", "0.01"),
        ("0.15", "0.1", "0.3"),
        ("10", "4", "20"),
    ],
)
def test_a_common_lot_is_whole_lots_of_both(near: str, far: str, both: str) -> None:
    assert common_lot(dec(near), far=dec(far)) == dec(both)


def test_comparing_is_off_unless_it_is_asked_for() -> None:
    rules = policy(hedge={"carry": NO_CARRY}).hedge
    assert not rules.compares(BTC)
    assert policy(hedge={"contract": Contract.AUTO}).hedge.compares(BTC)
    told = replace(NO_CARRY, on_gain=GainAction.ALERT)
    assert policy(hedge={"carry": told}).hedge.may_use_dated(BTC)
    assert swap("BTC").symbol == PERP


def test_what_is_opened_has_so_much_more_than_the_days_of_a_roll_as_the_hysteresis_says() -> None:
    soon = replace(URGENCY, expiry=ExpiryAction.ROLL, expiry_days=30)
    assert [leg.symbol for leg in planned(held(OVER), urgency=soon).legs] == [FAR]
    wider = paced(soon, hysteresis="0.2")
    assert [leg.symbol for leg in planned(held(OVER), urgency=wider).legs] == [NEXT]


def test_what_is_rolled_goes_to_a_contract_that_no_discount_shuts_where_there_is_one() -> None:
    below = replace(ROLLS, basis=BasisAction.CLOSE, basis_bps=dec(80))
    for at, wanted, to in (
        ("99300", Contract.AUTO, NEXT),
        ("99200", Contract.AUTO, PERP),
        ("99200", Contract.DATED, NEXT),
    ):
        seen = held(SHORT)
        state = contract(at, index=dec(100_000))
        seen = replace(seen, contracts={**seen.contracts, NEXT: state})
        plan = planned(seen, NEAR_HEDGE, urgency=below, hedge={"contract": wanted})
        assert [leg.symbol for leg in plan.legs] == [FAR, to], (at, wanted)
