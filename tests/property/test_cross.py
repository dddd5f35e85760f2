"""Cross-hedges of any size and beta: filled, scaled, to the lot, and counted once."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import LIMITS, account, dec, occasion, policy, spot, swap
from tests.property.test_planning import CALM, filled
from tests.unit.planning.test_cross import BY, crossed, past
from trimtab.domain.exact import ZERO, exact_arithmetic, ratio
from trimtab.domain.hedges import Hedge, HedgeBook
from trimtab.domain.instruments import Asset
from trimtab.domain.plan import Plan
from trimtab.domain.policy import Policy, Route, Threshold
from trimtab.domain.snapshot import Snapshot
from trimtab.planning.compose import make_plan

FREE = {"taker_fee": ZERO, "notional_min": ZERO, "lots_max": 10**12}
COIN = FREE | {"lot_size": dec("0.0000001")}
LISTED = {i.symbol: i for i in (spot("BTC", **COIN), swap("BTC", **FREE), spot("ALT", **COIN))}
AT_MID = replace(LIMITS, max_slippage_bps=ZERO, fee_reserve=ZERO, max_order_notional=dec(10**12))
ALT = Asset("ALT")
BETAS = ("0.25", "0.8", "1", "1.5", "3")
PASTS = {beta: past(beta) for beta in BETAS}


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, tuple[Hedge, ...], Policy, str]:
    """Return an account in text, what it has hedged already, a policy and today's beta."""
    coins = draw(st.integers(100, 5_000))
    shorts = [draw(st.integers(0, 200)) for _ in range(draw(st.integers(0, 2)))]
    hedges = tuple(
        crossed(f"{Decimal(n) / 10_000:f}", beta=draw(st.sampled_from(BETAS)), name=f"alt-{i}")
        for i, n in enumerate(shorts)
        if n
    )
    held = f"BTC 0.05 @ 100000, ALT {coins} @ 10, USDT 5000, wallet 10000"
    total = Decimal(sum(shorts)) / 10_000
    text = f"{held}, perp BTC {-total:f}" if total else held
    wishes = policy(
        "ALT 0.20, BTC 0.20, USDT 0.60",
        routes={ALT: Route.CROSS},
        limits=AT_MID,
        urgency=CALM,
        threshold=Threshold(width=dec("0.02"), relative=False),
        hedge={
            "cross": BY,
            "ratio": dec(draw(st.sampled_from(("1", "0.5")))),
            "max_ratio": dec(draw(st.sampled_from(("1", "0.5")))),
        },
    )
    return text, hedges, wishes, draw(st.sampled_from(BETAS))


Case = tuple[str, tuple[Hedge, ...], Policy, str]


def made(case: Case, snapshot: Snapshot, hedges: tuple[Hedge, ...], *, due: bool) -> Plan:
    book = HedgeBook(hedges=hedges, steps=())
    at = occasion(history=PASTS[case[3]], hedges=book, slot_due=due)
    return make_plan(snapshot, case[2], at)


def booked(hedges: tuple[Hedge, ...], plan: Plan) -> tuple[Hedge, ...]:
    """Return what a filled plan leaves of the hedges, by its own declarations."""
    held = {h.hedge_id: h for h in hedges}
    left = {leg.line: leg.instrument.units(leg.lots) for leg in plan.legs}
    with exact_arithmetic():
        for line in plan.hedging:
            known = held.get(line.hedge_id) or crossed("0", beta=str(line.beta), name=line.hedge_id)
            units = left[line.line]
            taken = min(known.units, units) if units > 0 else units
            left[line.line] -= taken
            rest = known.units - taken
            held[line.hedge_id] = replace(known, units=rest, proceeds=rest * 100_000)
    return tuple(h for h in held.values() if h.units)


@given(cases(), st.booleans())
def test_a_filled_plan_leaves_nothing_to_hedge(case: Case, due: bool) -> None:
    snapshot = account(case[0], instruments=LISTED)
    plan = made(case, snapshot, case[1], due=due)
    after, hedges = filled(snapshot, plan), booked(case[1], plan)
    again = made(case, after, hedges, due=due)
    assert [leg.lots for leg in again.legs if leg.protects is not None] == []


@given(cases())
def test_what_is_short_ends_within_a_lot_of_beta_times_what_is_to_be_covered(case: Case) -> None:
    snapshot = account(case[0], instruments=LISTED)
    plan = made(case, snapshot, case[1], due=True)
    hedge = case[2].hedge
    with exact_arithmetic():
        alt = next(d for d in plan.drift if d.asset == ALT)
        over = max(ZERO, (alt.spot_weight - alt.target) * plan.nav)
        wanted = min(hedge.ratio * over, hedge.max_ratio * alt.spot_weight * plan.nav)
    hedges = booked(case[1], plan)
    covered = sum(ratio(h.units * 100_000, h.beta) for h in hedges)
    with exact_arithmetic():
        # One lot of 10 at the smallest beta stands for 40; each close may leave one.
        assert abs(covered - wanted) <= 40 * (1 + len(case[1])) + dec("0.001")


@given(cases())
def test_weights_count_a_hedge_once(case: Case) -> None:
    snapshot = account(case[0], instruments=LISTED)
    plan = made(case, snapshot, case[1], due=False)
    with exact_arithmetic():
        assert abs(sum((d.net_weight for d in plan.drift), ZERO) - 1) < dec("1e-20")
        assert abs(sum(plan.after.weights.values(), ZERO) - 1) < dec("1e-20")
        btc = next(d for d in plan.drift if d.asset == "BTC")
        assert abs(btc.net_weight * plan.nav - 5_000) < dec("1e-15")


@given(cases())
def test_an_account_ten_times_as_large_is_hedged_ten_times_as_much(case: Case) -> None:
    text, hedges, _, _ = case
    large = text
    for part in text.split(", "):
        name, units, *rest = part.removeprefix("perp ").split()
        ten = [name, f"{Decimal(units) * 10:f}", *rest]
        prefix = "perp " if part.startswith("perp ") else ""
        large = large.replace(part, prefix + " ".join(ten))
    grown = tuple(replace(h, units=h.units * 10) for h in hedges)
    small_plan = made(case, account(text, instruments=LISTED), hedges, due=True)
    large_plan = made(case, account(large, instruments=LISTED), grown, due=True)

    def short(plan: Plan) -> int:
        return sum(leg.lots for leg in plan.legs if leg.protects is not None)

    assert abs(short(large_plan) - 10 * short(small_plan)) <= 10 * (1 + len(hedges))
