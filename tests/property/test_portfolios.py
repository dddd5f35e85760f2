"""What must hold for portfolios of every kind: weights, groups, baskets and all overlays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import assume, event, given
from hypothesis import strategies as st

from tests.builders import LIMITS, NOW, account, book, dec, occasion, policy, spot, swap
from tests.property.test_planning import filled
from trimtab.domain.exact import ONE, ZERO, exact_arithmetic, ratio
from trimtab.domain.instruments import Asset
from trimtab.domain.occasion import Occasion
from trimtab.domain.overlay_policy import (
    NO_OVERLAYS,
    OverlayPolicy,
    PhasePolicy,
    Renormalise,
    RotationPolicy,
    SeasonPolicy,
)
from trimtab.domain.plan import LegReason, Plan, UntradedReason
from trimtab.domain.policy import AssetGroup, Inner, Policy, Route, Target, Threshold
from trimtab.domain.snapshot import Balance, Snapshot
from trimtab.planning.compose import make_plan
from trimtab.targets.groups import split

FREE = replace(
    LIMITS,
    max_slippage_bps=ZERO,
    fee_reserve=ZERO,
    max_leverage=dec(10**9),
    min_margin_ratio=dec(1),
    min_liquidation_distance=ZERO,
)
"""Limits under which the worst fill of a plan is its planned one, and nothing is urgent."""
LOT = dec("0.000001")
COINS = ("BTC", "ETH", "SOL", "ADA", "BNB")
QUOTE = Asset("USDT")
MONTH = "nov"
"""The month of NOW."""
OWN_ROUTES = tuple(route for route in Route if route is not Route.CROSS)
"""Those that need nothing but the asset itself; tests/property/test_cross.py has the other."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Case:
    """An account and what its owner wishes."""

    snapshot: Snapshot
    wishes: Policy

    def __repr__(self) -> str:
        """Return what is drawn; the whole of both is too long to be read."""
        rules, held = self.wishes.rebalance, self.snapshot.balances
        mids = {s: f"{b.mid:f}" for s, b in self.snapshot.books.items() if ":" not in s}
        owned = {a: f"{b.free:f}" for a, b in held.items()}
        bare = sorted(set(self.snapshot.books) - set(self.snapshot.instruments))
        wallet = [f"{p.balance:f}" for p in self.snapshot.pools.values()]
        told = (owned, wallet, mids, bare, rules.targets, rules.groups, rules.routes)
        return f"Case{told} {rules.threshold} {self.wishes.overlays}"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Show the same where hypothesis would show every field of every field."""
        del cycle
        printer.text(repr(self))

    def plan(self, *, due: bool = False, **fields: Any) -> Plan:
        return make_plan(self.snapshot, self.wishes, occasion(slot_due=due, **fields))


def parts(draw: st.DrawFn, count: int) -> list[Decimal]:
    """Return *count* weights of two decimals and more that sum to 1."""
    drawn = [draw(st.integers(0, 10)) for _ in range(count)]
    if not any(drawn):
        drawn[0] = 1
    shares = {Asset(str(place)): ONE * each for place, each in enumerate(drawn)}
    return list(split(ONE, shares).values())


@st.composite
def accounts(draw: st.DrawFn, coins: tuple[str, ...], bare: frozenset[str]) -> Snapshot:
    """Return an account of *coins* with ample quote, those of *bare* without contracts."""
    grid = {"lot_size": LOT, "tick_size": dec("0.01"), "notional_min": ZERO, "taker_fee": ZERO}
    listed = [spot(c, lots_max=10**15, **grid) for c in coins]
    listed += [swap(c, lots_max=10**15, **grid) for c in coins if c not in bare]
    texts, books = [], {}
    for coin in coins:
        mid = draw(st.integers(1, 10_000))
        value = draw(st.integers(0, 20_000))
        texts.append(f"{coin} {Decimal(round(value * 1000 / mid)) / 1000:f} @ {mid}")
        books |= {
            i.symbol: book(mid, half_spread_bps="0.0000001") for i in listed if i.base == coin
        }
    texts += [f"USDT {draw(st.integers(1, 20_000))}", f"wallet {draw(st.integers(2_000, 5_000))}"]
    found = account(", ".join(texts), instruments={i.symbol: i for i in listed}, books=books)
    kept = {s: i for s, i in found.instruments.items() if i.base not in bare or "/USDT:" not in s}
    return replace(found, instruments=kept)


@st.composite
def groups_of(
    draw: st.DrawFn, coins: tuple[str, ...], routes: Mapping[str, Route]
) -> tuple[AssetGroup, ...]:
    """Return *coins* in groups of every kind, and the quote in its own."""
    cuts = sorted(draw(st.sets(st.integers(1, len(coins) - 1), max_size=2)))
    edges = [0, *cuts, len(coins)]
    sets = [coins[a:b] for a, b in pairwise(edges)]
    weights = parts(draw, len(sets) + 1)
    found = []
    for number, (members, weight) in enumerate(zip(sets, weights, strict=False)):
        inner = draw(st.sampled_from((Inner.FIXED, Inner.EQUAL, Inner.KEEP)))
        shares = parts(draw, len(members)) if inner is Inner.FIXED else _equal(len(members))
        is_one = len(members) > 1 and (inner is Inner.KEEP or draw(st.booleans()))
        hedged = all(routes[m] is Route.FUTURES for m in members)
        pairs = zip(members, shares, strict=True)
        found.append(
            AssetGroup(
                name=f"group{number}",
                weight=weight,
                inner=inner,
                members=tuple(Target(asset=Asset(m), weight=w) for m, w in pairs),
                threshold=Threshold(width=dec("0.02"), relative=False) if is_one else None,
                basket=is_one and inner is Inner.KEEP and hedged,
                look_back_days=180,
            )
        )
    stable = Target(asset=QUOTE, weight=ONE)
    last = AssetGroup(
        name="stable",
        weight=weights[-1],
        inner=Inner.EQUAL,
        members=(stable,),
        threshold=None,
        basket=False,
        look_back_days=180,
    )
    return (*found, last)


def _equal(count: int) -> list[Decimal]:
    return list(split(ONE, {Asset(str(place)): ONE for place in range(count)}).values())


@st.composite
def overlays(
    draw: st.DrawFn, coins: tuple[str, ...], groups: tuple[AssetGroup, ...]
) -> OverlayPolicy:
    """Return a season, a rotation, both or neither."""
    season = rotation = None
    if draw(st.booleans()):
        kept = {a for g in groups if g.inner is Inner.KEEP for a in g.assets}
        free = [Asset(c) for c in coins if c not in kept]
        factors = {coin: dec(draw(st.sampled_from(("0.5", "1", "2")))) for coin in free}
        season = SeasonPolicy(
            multipliers={MONTH: factors},
            renormalise=draw(st.sampled_from(Renormalise)),
            hedge_ratios={},
        )
    if draw(st.booleans()):
        names = [g.name for g in groups] if groups else [*coins, str(QUOTE)]
        weights = dict(zip(names, parts(draw, len(names)), strict=True))
        rotation = RotationPolicy(
            targets={} if groups else {Asset(n): w for n, w in weights.items()},
            groups=weights if groups else {},
            begins_at=None,
            ends_at=None,
        )
    return replace(NO_OVERLAYS, season=season, rotation=rotation)


@st.composite
def cases(draw: st.DrawFn, *, shifted: bool = True) -> Case:
    """Return a portfolio of any kind."""
    coins = COINS[: draw(st.integers(2, 5))]
    routes = {c: draw(st.sampled_from(OWN_ROUTES)) for c in coins}
    groups = draw(groups_of(coins, routes)) if draw(st.booleans()) else ()
    wished = draw(overlays(coins, groups)) if shifted else NO_OVERLAYS
    baskets = [set(map(str, g.assets)) for g in groups if g.basket]
    bare = frozenset(
        c for b in baskets for c in b if wished.rotation is None and draw(st.booleans())
    )
    shares = [] if groups else parts(draw, len(coins) + 1)
    named = zip((*coins, QUOTE), shares, strict=False)
    wishes = policy(
        ", ".join(f"{asset} {share:f}" for asset, share in named),
        limits=FREE,
        overlays=wished,
        groups=groups,
        routes={Asset(c): route for c, route in routes.items()},
        threshold=Threshold(width=dec(draw(st.sampled_from(("0", "0.02")))), relative=False),
        dust_value=ZERO,
    )
    return Case(snapshot=draw(accounts(coins, bare)), wishes=wishes)


def hindered(plan: Plan) -> bool:
    """Whether something that was wanted could not be traded, but for less than a lot."""
    harmless = {UntradedReason.BELOW_ONE_LOT, UntradedReason.UNTARGETED}
    cut = {LegReason.CUT_TO_CASH, LegReason.FUNDS_ANOTHER}
    return any(u.reason not in harmless for u in plan.untraded) or any(
        leg.reason in cut for leg in plan.legs
    )


def lots(plan: Plan) -> dict[str, int]:
    found: dict[str, int] = {}
    for leg in plan.legs:
        found[leg.symbol] = found.get(leg.symbol, 0) + leg.lots
    return found


@given(cases())
def test_a_filled_plan_leaves_nothing_to_plan(case: Case) -> None:
    plan = case.plan(due=True)
    event(f"legs: {len(plan.legs)}, groups: {len(plan.groups)}, overlays: {len(plan.overlays)}")
    assume(not any(leg.reason is LegReason.CUT_TO_CASH for leg in plan.legs))
    after = replace(case, snapshot=filled(case.snapshot, plan))
    again = after.plan(due=True)
    worth = [abs(leg.notional) for leg in again.legs]
    assert sum(worth, ZERO) <= _lots_of(case) * 4, lots(again)


def _lots_of(case: Case) -> Decimal:
    """Return the value of one lot in every market together."""
    with exact_arithmetic():
        return sum((LOT * b.mid for b in case.snapshot.books.values()), ZERO)


@given(cases())
def test_every_asset_arrives_at_its_target_within_a_lot(case: Case) -> None:
    plan = case.plan(due=True)
    assume(not hindered(plan))
    after = replace(case, snapshot=filled(case.snapshot, plan)).plan()
    carried = {a for g in after.groups for a in g.members if _is_basket(case, g.group)}
    for drift in after.drift:
        if drift.asset != QUOTE and drift.asset not in carried:
            with exact_arithmetic():
                assert abs(drift.drift) * after.nav <= 2 * _lots_of(case)
    for group in after.groups:
        with exact_arithmetic():
            assert abs(group.drift) * after.nav <= 2 * _lots_of(case)


def _is_basket(case: Case, name: str) -> bool:
    return any(g.name == name and g.basket for g in case.wishes.rebalance.groups)


@given(cases(), st.sampled_from((2, 3, 7)))
def test_a_portfolio_that_is_larger_in_everything_is_planned_alike(case: Case, times: int) -> None:
    balances = {
        a: Balance(free=b.free * times, locked=b.locked * times)
        for a, b in case.snapshot.balances.items()
    }
    pools = {
        a: replace(
            p,
            wallet_balance=p.wallet_balance * times,
            free_margin=p.free_margin * times,
        )
        for a, p in case.snapshot.pools.items()
    }
    large = replace(case, snapshot=replace(case.snapshot, balances=balances, pools=pools))
    one, many = case.plan(due=True), large.plan(due=True)
    assert [(d.asset, d.breached) for d in one.drift] == [(d.asset, d.breached) for d in many.drift]
    for a, b in zip(one.drift, many.drift, strict=True):
        assert abs(a.net_weight - b.net_weight) < dec("1e-20")
        assert abs(a.target - b.target) < dec("1e-20")
    assume(not hindered(one) and not hindered(many))
    few, more = lots(one), lots(many)
    for symbol in few.keys() | more.keys():
        assert abs(few.get(symbol, 0) * times - more.get(symbol, 0)) <= times + 1


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_the_file_changes_nothing(case: Case, chance: Any) -> None:
    rules = case.wishes.rebalance

    def mixed(items: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(chance.sample(items, len(items)))

    groups = tuple(replace(g, members=mixed(g.members)) for g in mixed(rules.groups))
    other = replace(rules, targets=mixed(rules.targets), groups=groups)
    shuffled = replace(case, wishes=replace(case.wishes, rebalance=other))
    one, two = case.plan(due=True), shuffled.plan(due=True)
    assert lots(one) == lots(two)
    assert [leg.symbol for leg in one.legs] == [leg.symbol for leg in two.legs]
    targets = [{d.asset: d.target for d in p.drift} for p in (one, two)]
    for asset, weight in targets[0].items():
        # Equal parts that do not come out even leave the last digit to one of them.
        assert abs(weight - targets[1][asset]) < dec("1e-25")


# Phases

STEPS = PhasePolicy(phase_id="phase 2026-11-20", steps=2, begins_at=NOW, days_between=7)


@given(cases(shifted=False), st.integers(2, 9))
def test_a_phase_arrives_at_its_last_step_and_never_goes_too_far(case: Case, steps: int) -> None:
    phase = replace(STEPS, steps=steps)
    assume(not any(g.basket for g in case.wishes.rebalance.groups))
    wishes = replace(case.wishes, overlays=replace(NO_OVERLAYS, phase=phase))
    now = replace(case, wishes=wishes)
    start = {d.asset: d.drift for d in case.plan().drift}
    for taken in range(steps):
        at = occasion(now=NOW + timedelta(days=7 * taken), phase_steps=taken)
        plan = _at(now, at)
        assume(not hindered(plan))
        now = replace(now, snapshot=filled(now.snapshot, plan))
        waiting = replace(at, phase_steps=taken + 1)
        assert _at(now, waiting).legs == () or taken + 1 == steps
        _on_its_way(start, _drifts(now), case, part=ratio(ONE * (steps - taken - 1), ONE * steps))
    assert steps


def _at(case: Case, at: Occasion) -> Plan:
    return make_plan(case.snapshot, case.wishes, at)


def _drifts(case: Case) -> dict[Asset, Decimal]:
    """Return the distances from the strategic targets."""
    plain = replace(case, wishes=replace(case.wishes, overlays=NO_OVERLAYS))
    return {d.asset: d.drift for d in plain.plan().drift}


def _on_its_way(
    start: Mapping[Asset, Decimal], now: Mapping[Asset, Decimal], case: Case, *, part: Decimal
) -> None:
    """See that of every distance at the start the given part is left, but for lots."""
    keeps = {a for g in case.wishes.rebalance.groups if g.inner is Inner.KEEP for a in g.assets}
    nav = case.plan().nav
    for asset, drift in now.items():
        if asset != QUOTE and asset not in keeps:
            with exact_arithmetic():
                assert abs(drift - start[asset] * part) * nav <= 10 * _lots_of(case)
