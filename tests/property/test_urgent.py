"""Whatever is urgent is mended as far as it can be, and nothing gets worse by it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import event, given
from hypothesis import strategies as st

from tests.builders import LIMITS, URGENCY, account, dec, occasion, policy
from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.exposure import Exposure, exposure
from trimtab.domain.instruments import Asset, Lots
from trimtab.domain.plan import LegReason, Plan, UntradedReason
from trimtab.domain.policy import Policy
from trimtab.domain.snapshot import Snapshot
from trimtab.planning.compose import make_plan
from trimtab.triggers.strain import Futures, futures_of

URGENT = {LegReason.MARGIN, LegReason.LEVERAGE}
RULES = policy("BTC 0.5, USDT 0.5", limits=replace(LIMITS, max_order_notional=dec(10**9)))


@st.composite
def books(draw: st.DrawFn) -> Snapshot:
    """An account with holdings and positions of either sign in up to three coins."""
    items = [f"USDT {draw(st.integers(100, 50_000))}", f"wallet {draw(st.integers(50, 60_000))}"]
    for asset, mid in (("BTC", 100_000), ("ETH", 2_000), ("SOL", 100)):
        held = draw(st.integers(0, 40_000)) * 10 // mid
        items.append(f"{asset} {held / 10:.1f} @ {mid}")
        value = draw(st.integers(-80_000, 80_000))
        if units := round(value / mid, 3):
            items.append(f"perp {asset} {units:.3f}")
        if draw(st.booleans()) and (dated := round(draw(st.integers(-20_000, 20_000)) / mid, 3)):
            items.append(f"dated {asset} {dated:.3f} at {mid}")
    return account(", ".join(items))


def made(snapshot: Snapshot, rules: Policy) -> Plan:
    return make_plan(snapshot, rules, occasion())


def filled(snapshot: Snapshot, plan: Plan) -> Snapshot:
    """The account when all closings have filled at their limits, fees paid from the wallet."""
    positions, [pool] = dict(snapshot.positions), snapshot.pools.values()
    with exact_arithmetic():
        balance = pool.wallet_balance
        for leg in plan.legs:
            held = positions[leg.symbol]
            positions[leg.symbol] = replace(held, lots=Lots(held.lots + leg.lots))
            units, limit = leg.instrument.units(leg.lots), leg.limit_price
            balance += units * (leg.mark - limit) - abs(units) * limit * leg.instrument.taker_fee
    pools = {snapshot.quote: replace(pool, wallet_balance=balance)}
    open_ones = {s: p for s, p in positions.items() if p.lots}
    return replace(snapshot, positions=open_ones, pools=pools)


def _mended(held: Futures, exposed: Exposure) -> bool:
    """Whether margin ratio, liquidation distances and leverage are within their limits."""
    near = any(d < LIMITS.min_liquidation_distance for d in held.distances().values())
    leverage_ok = exposed.leverage() <= LIMITS.max_leverage
    return held.ratio() >= LIMITS.min_margin_ratio and not near and leverage_ok


@given(books())
def test_an_urgent_plan_mends_or_says_what_it_cannot_reach(snapshot: Snapshot) -> None:
    plan = made(snapshot, RULES)
    urgent = [leg for leg in plan.legs if leg.reason in URGENT]
    event(f"urgent: {bool(urgent)}")
    if not urgent:
        return
    after = filled(snapshot, plan)
    beyond = [u for u in plan.untraded if u.reason is UntradedReason.WOULD_RAISE_EXPOSURE]
    assert beyond or _mended(futures_of(after), exposure(after))


@given(books())
def test_an_urgent_plan_does_nothing_else_and_raises_nothing(snapshot: Snapshot) -> None:
    plan = made(snapshot, RULES)
    if not any(leg.reason in URGENT for leg in plan.legs):
        return
    assert {leg.reason for leg in plan.legs} <= URGENT
    assert all(leg.reduce_only for leg in plan.legs)
    before, after = exposure(snapshot), exposure(filled(snapshot, plan))
    with exact_arithmetic():
        for asset in map(Asset, ("BTC", "ETH", "SOL")):
            had = before.holding(asset) + before.futures.get(asset, ZERO)
            has = after.holding(asset) + after.futures.get(asset, ZERO)
            assert abs(has) <= abs(had)
            assert had * has >= 0
    assert after.gross_notional <= before.gross_notional


@given(books())
def test_a_leverage_cut_is_no_larger_than_it_must_be_by_a_lot_each(snapshot: Snapshot) -> None:
    only = replace(URGENCY, margin="off", liquidation="off")
    plan = made(snapshot, replace(RULES, urgency=only))
    cut = [leg for leg in plan.legs if leg.reason is LegReason.LEVERAGE]
    if not cut or any(u.reason is UntradedReason.WOULD_RAISE_EXPOSURE for u in plan.untraded):
        return
    after = exposure(filled(snapshot, plan))
    with exact_arithmetic():
        room = LIMITS.max_leverage * after.value_outside() - after.gross_notional
        assert 0 <= room <= sum((leg.instrument.lot_size * leg.mark for leg in cut), ZERO)
