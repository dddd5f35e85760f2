"""What a plan does about scope, side, destination, dust, strays and missing markets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.builders import LIMITS, account, book, contract, dec, occasion, policy, spot, swap
from trimtab.domain.errors import (
    MissingInstrument,
    MissingMark,
    PlanningError,
    UntargetedHolding,
)
from trimtab.domain.exact import shown
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.plan import LegReason, Plan, Role, UntradedReason
from trimtab.domain.policy import Basis, Destination, Route, Scope, Threshold, Untargeted
from trimtab.domain.snapshot import Snapshot
from trimtab.planning.compose import make_plan

THREE = "BTC 0.40, ETH 0.30, SOL 0.10, USDT 0.20"
DRIFTED = account("BTC 0.050 @ 100000, ETH 0.9 @ 3000, SOL 5.5 @ 200, USDT 1200")
"""BTC 50, ETH 27, SOL 11, quote 12 percent of 10,000."""
BAND = Destination(to_band=True, fraction=dec(1))


def planned(
    snapshot: Snapshot, targets: str = THREE, *, due: bool = False, **wishes: object
) -> Plan:
    return make_plan(snapshot, policy(targets, **wishes), occasion(slot_due=due))


def traded(plan: Plan) -> dict[str, str]:
    return {leg.symbol: shown(leg.instrument.units(leg.lots) * leg.mark, 0) for leg in plan.legs}


def test_one_breach_sends_every_asset_to_its_target() -> None:
    assert traded(planned(DRIFTED)) == {"BTC/USDT": "-1000", "SOL/USDT": "-100", "ETH/USDT": "300"}


def test_scope_breached_moves_only_what_is_outside() -> None:
    assert traded(planned(DRIFTED, scope=Scope.BREACHED)) == {"BTC/USDT": "-1000"}


def test_part_of_the_way_moves_that_part() -> None:
    half = Destination(to_band=False, fraction=dec("0.5"))
    plan = planned(DRIFTED, destination=half)
    assert traded(plan)["BTC/USDT"] == "-500"
    assert {leg.reason for leg in plan.legs} == {LegReason.PART_OF_THE_WAY}


def test_to_the_band_is_the_smallest_turnover_that_ends_inside() -> None:
    plan = planned(DRIFTED, destination=BAND, scope=Scope.BREACHED)
    [leg] = plan.legs
    assert leg.reason is LegReason.TO_BAND
    assert dec(500) < leg.notional < dec(520)
    assert plan.after.weights[Asset("BTC")] <= dec("0.45")


def test_a_quote_below_its_band_is_refilled_from_what_has_room() -> None:
    poor = account("BTC 0.042 @ 100000, ETH 1.0 @ 3000, SOL 7 @ 200, USDT 1400")
    plan = planned(poor, destination=BAND)
    # Nothing but the quote (14 %, band 15 to 25) is outside.
    assert plan.after.weights[Asset("USDT")] >= dec("0.15")
    assert all(leg.lots < 0 for leg in plan.legs)
    assert sum(leg.notional for leg in plan.legs) < dec(130)


def test_whole_lots_do_not_carry_the_quote_past_its_edge() -> None:
    grid = {"lot_size": dec("0.00001"), "tick_size": dec(1), "notional_min": dec(0)}
    markets = [spot(name, taker_fee=dec(0), **grid) for name in ("BTC", "ETH", "SOL")]
    listed = {i.symbol: i for i in markets}
    books = {symbol: book(1, half_spread_bps="0.0000001") for symbol in listed}
    wishes = {"destination": BAND, "threshold": Threshold(width=dec("0.01"), relative=False)}
    limits = replace(LIMITS, max_slippage_bps=dec(0), fee_reserve=dec(0))
    # Every asset is aimed at its edge, and the sale of ETH is rounded up to whole lots.
    full = account("BTC 0 @ 1, ETH 12 @ 1, SOL 0 @ 1, USDT 488", instruments=listed, books=books)
    plan = planned(full, "BTC 0.5, ETH 0, SOL 0.5, USDT 0", limits=limits, **wishes)
    assert plan.legs
    assert plan.after.weights[Asset("USDT")] <= dec("0.01")


def test_a_quote_above_its_band_is_spent_on_what_has_room() -> None:
    rich = account("BTC 0.037 @ 100000, ETH 0.9 @ 3000, SOL 5 @ 200, USDT 2600")
    plan = planned(rich, destination=BAND)
    assert plan.after.weights[Asset("USDT")] <= dec("0.25")
    assert all(leg.lots > 0 for leg in plan.legs)


def test_inside_every_band_there_is_nothing_to_do_until_a_slot_is_due() -> None:
    calm = account("BTC 0.042 @ 100000, ETH 1.0 @ 3000, SOL 5 @ 200, USDT 1800")
    assert planned(calm).legs == ()
    assert planned(calm).trigger == "none"
    slot = planned(calm, due=True, destination=BAND, scope=Scope.BREACHED)
    assert slot.trigger == "calendar"
    assert traded(slot) == {"BTC/USDT": "-200"}


def test_a_breach_worth_less_than_dust_is_no_breach() -> None:
    tiny = account("BTC 0.04001 @ 100000, ETH 1 @ 3000, SOL 5 @ 200, USDT 2000")
    narrow = Threshold(width=dec(0), relative=False)
    assert not any(d.breached for d in planned(tiny, threshold=narrow).drift)
    assert any(d.breached for d in planned(tiny, threshold=narrow, dust_value=dec("0.5")).drift)


def test_a_residual_quote_has_no_band_of_its_own() -> None:
    full = account("BTC 0.05 @ 100000, ETH 1.6666 @ 3000, USDT 6")
    relative = Threshold(width=dec("0.10"), relative=True)
    plan = planned(full, "BTC 0.5, ETH 0.5", threshold=relative, dust_value=dec(1))
    assert not any(d.breached for d in plan.drift)


def test_strays_are_ignored_sold_or_an_error_as_asked() -> None:
    held = account(
        "BTC 0.04 @ 100000, ETH 1 @ 3000, SOL 5 @ 200, USDT 2000, ADA 500 @ 1, XRP 2 @ 1"
    )
    ignored = planned(held)
    assert ignored.nav == dec(10_000)
    left = {u.asset: (u.reason, u.value) for u in ignored.untraded}
    assert left == {
        Asset("ADA"): (UntradedReason.UNTARGETED, dec(500)),
        Asset("XRP"): (UntradedReason.UNTARGETED, dec(2)),
    }
    sold = planned(held, untargeted=Untargeted.SELL)
    assert traded(sold)["ADA/USDT"] == "-500"
    assert "XRP/USDT" not in traded(sold)
    with pytest.raises(UntargetedHolding, match="ADA"):
        planned(held, untargeted=Untargeted.ERROR)


def test_a_stray_without_a_market_can_only_be_left_alone() -> None:
    held = account("BTC 0.05 @ 100000, USDT 5000, ODD 7")
    for choice in Untargeted:
        plan = planned(held, "BTC 0.5, USDT 0.5", untargeted=choice)
        assert [u.value for u in plan.untraded] in ([dec(0)], [])


def test_a_stray_position_is_no_dust() -> None:
    held = account("BTC 0.05 @ 100000, USDT 4000, wallet 1000, ETH @ 3000, perp ETH 0.001")
    with pytest.raises(UntargetedHolding, match="ETH"):
        planned(held, "BTC 0.5, USDT 0.5", untargeted=Untargeted.ERROR)
    plan = planned(held, "BTC 0.5, USDT 0.5", untargeted=Untargeted.SELL, dust_value=dec(1))
    assert not any(leg.symbol == "ETH/USDT" for leg in plan.legs)


def test_an_empty_account_cannot_be_planned_from() -> None:
    with pytest.raises(PlanningError, match="net asset value must be > 0"):
        planned(account("BTC @ 100000"), "BTC 1")


def test_a_target_without_a_price_is_named() -> None:
    with pytest.raises(MissingMark, match="ETH"):
        planned(account("BTC 0.1 @ 100000, USDT 9"), "BTC 0.5, ETH 0.5")


def test_a_route_without_a_market_is_named() -> None:
    snapshot = account("BTC 0.08 @ 100000, USDT 2000")
    spot_only = replace(
        snapshot, instruments={s: i for s, i in snapshot.instruments.items() if not i.is_contract}
    )
    with pytest.raises(MissingInstrument, match="no swap market"):
        planned(spot_only, "BTC 0.5, USDT 0.5", route=Route.FUTURES)


def test_a_market_without_a_book_is_named() -> None:
    snapshot = account("BTC 0.08 @ 100000, USDT 2000")
    blind = replace(snapshot, books={Symbol("BTC/USDT"): book(100_000)})
    with pytest.raises(MissingMark, match="no order book"):
        planned(blind, "BTC 0.5, USDT 0.5", route=Route.FUTURES)


def test_spot_weights_count_holdings_and_refuse_a_futures_route() -> None:
    held = account("BTC 0.08 @ 100000, USDT 2000, wallet 5000")
    plan = planned(held, "BTC 0.5, USDT 0.5", basis=Basis.SPOT)
    assert traded(plan) == {"BTC/USDT": "-3000"}
    assert plan.after.tracking_error < dec("0.001"), "the wallet is in no weight"
    still = planned(held, "BTC 0.77, USDT 0.23", basis=Basis.SPOT)
    assert (still.legs, shown(still.after.tracking_error, 4)) == ((), "0.0424"), "√2 x 0.03"
    with pytest.raises(PlanningError, match="futures never change: BTC"):
        planned(held, "BTC 0.5, USDT 0.5", basis=Basis.SPOT, routes={Asset("BTC"): Route.FUTURES})


def test_a_closed_market_is_left_alone_with_its_reason() -> None:
    closed = {Symbol("BTC/USDT"): spot("BTC", tradable=False)}
    plan = planned(account("BTC 0.08 @ 100000, USDT 2000", instruments=closed), "BTC 0.5, USDT 0.5")
    assert plan.legs == ()
    assert [u.reason for u in plan.untraded] == [UntradedReason.NOT_TRADABLE]


def test_locked_units_count_and_cannot_be_sold() -> None:
    locked = account("BTC 0.01 locked 0.07 @ 100000, USDT 2000")
    assert traded(planned(locked, "BTC 0.5, USDT 0.5")) == {"BTC/USDT": "-1000"}
    none_free = account("BTC 0 locked 0.08 @ 100000, USDT 2000")
    plan = planned(none_free, "BTC 0.5, USDT 0.5")
    assert [u.reason for u in plan.untraded] == [UntradedReason.NO_FREE_UNITS]


def test_dust_below_the_minimum_is_left_with_its_reason() -> None:
    snapshot = account(
        "BTC 0.05008 @ 100000, ETH 1 @ 3000, USDT 1992",
        instruments={Symbol("BTC/USDT"): spot("BTC", notional_min=dec(20))},
    )
    plan = planned(snapshot, "BTC 0.5, ETH 0.3, USDT 0.2", due=True)
    assert {u.reason for u in plan.untraded} <= {
        UntradedReason.BELOW_MIN_NOTIONAL,
        UntradedReason.BELOW_ONE_LOT,
    }
    assert UntradedReason.BELOW_MIN_NOTIONAL in {u.reason for u in plan.untraded}


def test_the_worst_fill_of_a_plan_spends_no_more_than_there_is() -> None:
    short_of_cash = account("BTC 0.02 @ 100000, ETH 0.1 @ 3000, USDT 100")
    plan = planned(short_of_cash, "BTC 0.4, ETH 0.6")
    sells = sum(leg.quantity * leg.limit_price for leg in plan.legs if leg.lots < 0)
    buys = sum(leg.quantity * leg.limit_price for leg in plan.legs if leg.lots > 0)
    assert buys * dec("1.001") <= sells * dec("0.999") + dec(100)
    assert LegReason.CUT_TO_CASH in {leg.reason for leg in plan.legs}


def test_only_reductions_are_split_to_the_order_cap() -> None:
    capped = policy("BTC 0.5, USDT 0.5", limits=replace(LIMITS, max_order_notional=dec(1000)))
    long = account("BTC 0.01 @ 100000, USDT 3000, wallet 2000, perp BTC 0.05")
    plan = make_plan(long, capped, occasion())
    assert [leg.role for leg in plan.legs] == [Role.CLOSE] * 3
    assert all(leg.notional <= dec(1000) for leg in plan.legs)
    assert sum(leg.notional for leg in plan.legs) == dec(3000)
    spot_heavy = account("BTC 0.08 @ 100000, USDT 2000")
    assert [leg.notional for leg in make_plan(spot_heavy, capped, occasion()).legs] == [dec(3000)]


@pytest.mark.parametrize(
    ("least", "sizes"),
    [("0", [1000, 1000, 10]), ("25", [1000, 980, 30]), ("600", [1000, 400, 610])],
)
def test_the_last_order_of_a_split_close_is_no_less_than_the_venue_takes(
    least: str, sizes: list[int]
) -> None:
    rules = policy("BTC 0.5, USDT 0.5", limits=replace(LIMITS, max_order_notional=dec(1000)))
    perpetual = swap("BTC", notional_min_reduce_only=dec(least))
    text = "BTC 0.01 @ 100000, USDT 1010, wallet 2000, perp BTC 0.0302"
    long = account(text, instruments={perpetual.symbol: perpetual})
    plan = make_plan(long, rules, occasion())
    assert sorted(round(leg.notional) for leg in plan.legs) == sorted(sizes)


def test_a_close_by_the_full_position_goes_on_with_the_route() -> None:
    plan = planned(
        account("BTC 0.02 @ 100000, USDT 6000, wallet 2000, perp BTC -0.01"),
        "BTC 0.5, USDT 0.5",
        route=Route.FUTURES,
    )
    assert [(leg.role, leg.reduce_only, shown(leg.notional, 0)) for leg in plan.legs] == [
        (Role.CLOSE, True, "1000"),
        (Role.HEDGE, False, "3000"),
    ]


def test_two_positions_on_one_asset_are_offset_perpetual_first() -> None:
    held = account(
        "BTC 0.02 @ 100000, USDT 4000, wallet 4000, perp BTC -0.01, dated BTC -0.01 at 100000"
    )
    plan = planned(held, "BTC 0.15, USDT 0.85", threshold=Threshold(width=dec(0), relative=False))
    assert traded(plan) == {"BTC/USDT:USDT": "1000", "BTC/USDT:USDT-261225": "500"}


def test_a_leg_too_large_for_the_book_is_costed_at_its_last_level() -> None:
    thin = account(
        "BTC 0.08 @ 100000, USDT 2000", books={Symbol("BTC/USDT"): book(100_000, depth=10)}
    )
    deep = planned(account("BTC 0.08 @ 100000, USDT 2000"), "BTC 0.5, USDT 0.5")
    [leg] = planned(thin, "BTC 0.5, USDT 0.5").legs
    assert leg.expected_cost > deep.legs[0].expected_cost


def test_a_contract_is_sized_at_the_spot_mid_and_valued_at_its_mark() -> None:
    symbol = Symbol("BTC/USDT:USDT")
    premium = account(
        "BTC 0.08 @ 100000, wallet 2000",
        contracts={symbol: contract(101_000)},
        books={symbol: book(101_000)},
        instruments={symbol: swap("BTC")},
    )
    [leg] = planned(premium, "BTC 0.5, USDT 0.5", route=Route.FUTURES).legs
    assert leg.quantity == dec("0.03")
    assert leg.notional == dec(3030)


def test_what_max_ratio_forbids_stays_as_accepted_drift() -> None:
    plan = planned(
        account("BTC 0.08 @ 100000, wallet 2000"),
        "BTC 0.5, USDT 0.5",
        route=Route.FUTURES,
        hedge={"max_ratio": dec("0.25")},
    )
    assert traded(plan) == {"BTC/USDT:USDT": "-2000"}
    assert [(u.reason, u.value) for u in plan.untraded] == [(UntradedReason.HEDGE_RATIO, dec(1000))]
