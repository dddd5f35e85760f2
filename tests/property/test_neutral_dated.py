"""Dated neutral sleeves: filled they are exposed to nothing, and leave nothing to plan."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import dec
from tests.property.test_planning import filled
from tests.unit.planning.test_neutral import AT_MID, ETH
from tests.unit.planning.test_neutral_dated import CALM, DATED, ENDING, FAR, NEAR, planned, seen
from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.exposure import traded_units

MARKS = st.sampled_from(("3990", "4003", "4010", "4021", "4100"))
AT_ONCE = replace(AT_MID, max_unhedged_notional=dec(10**9))


@settings(max_examples=40)
@given(
    st.tuples(st.integers(0, 80_000), st.integers(-80_000, 80_000), st.integers(-9_000, 9_000)),
    st.tuples(MARKS, st.one_of(st.none(), MARKS)),
    st.sampled_from((CALM, ENDING)),
)
def test_filled_coins_and_shorts_are_equal_to_a_lot_and_nothing_is_left_to_plan(
    units: tuple[int, int, int], marks: tuple[str, str | None], rules: object
) -> None:
    coins, near, perpetual = (Decimal(each) / 10_000 for each in units)
    held = [f"dated ETH {near:f}"] if near else []
    held += [f"perp ETH {perpetual:f}"] if perpetual else []
    text = ", ".join([f"BTC 0.5 @ 100000, ETH {coins:f} @ 4000, USDT 60000", "wallet 20000", *held])
    snapshot = seen(text, near=marks[0], far=marks[1])
    steps = []
    for _ in range(3):  # A roll leaves drifts to the next plan.
        plan = planned(snapshot, DATED, urgency=rules, limits=AT_ONCE)
        if not plan.legs:
            break
        steps.append(plan.legs)
        snapshot = filled(snapshot, plan)
    assert planned(snapshot, DATED, urgency=rules, limits=AT_ONCE).legs == (), steps
    balance = snapshot.balances.get(ETH)
    worth = ZERO if balance is None else balance.held * 4_000
    with exact_arithmetic():
        off = abs(traded_units(snapshot, ETH)) * 4_000
        assert off <= max(Decimal(5), dec("0.002") * worth), steps
    short = {s for s, p in snapshot.positions.items() if s in (NEAR, FAR) and p.lots}
    assert len(short) <= 1, "in one contract"
