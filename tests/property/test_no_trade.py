"""The no-trade zone over random drifts, risks and costs, against plain sums."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from trimtab.domain.exact import exact_arithmetic, rounded
from trimtab.domain.history_policy import NoTradePolicy
from trimtab.domain.instruments import Asset
from trimtab.domain.plan import LegReason
from trimtab.planning.decision import Correction
from trimtab.planning.no_trade import Covariances, Ground, Weighed, weighed

WHOLE = Decimal(10_000)
NAMES = ("A", "B", "C", "D")
Costs = dict[Asset, Decimal]


@st.composite
def grounds(draw: st.DrawFn) -> Ground:
    """Draw drifts, and a covariance that is one: loadings on two factors and a rest of its own."""
    few = st.integers(-30, 30)
    loads = {n: (draw(few), draw(few), draw(st.integers(1, 30))) for n in NAMES}
    rows: Covariances = {
        Asset(a): {Asset(b): _shared(loads[a], loads[b], alike=a == b) for b in NAMES}
        for a in NAMES
    }
    return Ground(
        drifts={Asset(n): Decimal(draw(st.integers(-2_000, 2_000))) for n in NAMES},
        covariances=rows,
        whole=WHOLE,
        policy=NoTradePolicy(
            risk_aversion=Decimal(draw(st.integers(1, 400))) / 10,
            horizon_days=draw(st.integers(1, 200)),
            look_back_days=60,
        ),
    )


def _shared(one: tuple[int, int, int], two: tuple[int, int, int], *, alike: bool) -> Decimal:
    """Return how two assets move together, per day."""
    own = one[2] ** 2 if alike else 0
    return Decimal(one[0] * two[0] + one[1] * two[1] + own) / 1_000_000


def to_target(ground: Ground) -> tuple[Correction, ...]:
    """Return what brings every drift to nothing."""
    return tuple(
        Correction(
            asset=asset,
            value=-off,
            slack=Decimal(0),
            reason=LegReason.TO_TARGET,
            by_spot=Decimal(1),
        )
        for asset, off in ground.drifts.items()
        if off
    )


prices = st.lists(st.integers(0, 3_000), min_size=4, max_size=4).map(
    lambda cents: {Asset(n): Decimal(c) / 100 for n, c in zip(NAMES, cents, strict=True)}
)


def value(ground: Ground, costs: Costs, found: Weighed) -> Decimal:
    """Return what is traded gains, less its cost, summed up by hand."""
    moves = {c.asset: c.value for c in found.kept}
    variance = [Decimal(0), Decimal(0)]
    for a, x in ground.drifts.items():
        for b, y in ground.drifts.items():
            shared = ground.covariances[a][b]
            variance[0] += x * y * shared
            variance[1] += (x + moves.get(a, 0)) * (y + moves.get(b, 0)) * shared
    rules = ground.policy
    off = (variance[0] - variance[1]) / WHOLE**2
    gain = rules.risk_aversion / 2 * rules.horizon_days * off * WHOLE
    return gain - sum((costs[a] for a in moves), Decimal(0))


SLACK = Decimal("0.000001")


@given(grounds(), prices)
def test_what_is_traded_gains_more_than_it_costs_and_no_less_than_all_of_it_would(
    ground: Ground, costs: Costs
) -> None:
    moves = to_target(ground)
    found = weighed(moves, costs, ground, forced=())
    everything = weighed(moves, costs, ground, forced=costs.keys())
    worth = value(ground, costs, found)
    assert worth >= value(ground, costs, everything) - SLACK
    if found.kept:
        assert worth > -SLACK
    assert {c.asset for c in found.kept} | {u.asset for u in found.untraded} == {
        c.asset for c in moves
    }
    assert everything.kept == moves


@given(grounds(), prices)
def test_the_zone_never_blocks_all_where_the_whole_gains_more_than_it_costs(
    ground: Ground, costs: Costs
) -> None:
    moves = to_target(ground)
    if value(ground, costs, weighed(moves, costs, ground, forced=costs.keys())) > SLACK:
        assert weighed(moves, costs, ground, forced=()).kept


@given(grounds(), prices, st.integers(1, 50))
def test_whoever_fears_risk_more_holds_back_nothing_that_all_would_do(
    ground: Ground, costs: Costs, times: int
) -> None:
    rules = ground.policy
    fearful = Ground(
        drifts=ground.drifts,
        covariances=ground.covariances,
        whole=ground.whole,
        policy=NoTradePolicy(
            risk_aversion=rules.risk_aversion * times,
            horizon_days=rules.horizon_days,
            look_back_days=rules.look_back_days,
        ),
    )
    moves = to_target(ground)
    assert fearful.gain({c.asset: c.value for c in moves}) >= ground.gain(
        {c.asset: c.value for c in moves}
    )
    if weighed(moves, costs, ground, forced=()).kept == moves:
        assert weighed(moves, costs, fearful, forced=()).kept == moves


@given(grounds(), prices, prices)
def test_what_would_all_be_traded_is_so_at_a_lower_cost(
    ground: Ground, costs: Costs, less: Costs
) -> None:
    moves = to_target(ground)
    cheaper = {a: min(costs[a], less[a]) for a in costs}
    if weighed(moves, costs, ground, forced=()).kept == moves:
        assert weighed(moves, cheaper, ground, forced=()).kept == moves


@given(grounds())
def test_a_drift_of_one_asset_alone_is_traded_exactly_where_its_gain_is_above_its_cost(
    ground: Ground,
) -> None:
    asset, off = next(iter(ground.drifts.items()))
    alone = Ground(
        drifts={asset: off},
        covariances=ground.covariances,
        whole=ground.whole,
        policy=ground.policy,
    )
    gain = alone.gain({asset: -off})
    assert gain >= 0
    for cost in (gain - SLACK, gain, gain + SLACK):
        traded = weighed(to_target(alone), {asset: cost}, alone, forced=()).kept
        assert bool(traded) == (bool(off) and gain > cost)


def by_hand(
    moves: tuple[Correction, ...], costs: Costs, ground: Ground
) -> tuple[list[Asset], list[Decimal]]:
    """Return what is kept and what each gains beside it, each asked of the whole variance anew."""
    sizes = {c.asset: c.value for c in moves}

    def gain(asset: Asset, among: Collection[Asset]) -> Decimal:
        others = {a: sizes[a] for a in among if a != asset}
        return ground.gain({**others, asset: sizes[asset]}) - ground.gain(others)

    with exact_arithmetic():
        kept = list(sizes)
        while kept:
            worth, _, least = min((gain(a, kept) - costs[a], n, a) for n, a in enumerate(kept))
            if worth > 0:
                break
            kept.remove(least)
        all_in = ground.gain({a: sizes[a] for a in kept}) - sum(costs[a] for a in kept)
        kept = kept if all_in > 0 else []
        return kept, [rounded(gain(a, kept), Decimal("0.01"), up=False) for a in sizes]


@given(grounds(), prices)
def test_each_figure_and_what_is_kept_are_those_of_the_whole_variance_asked_anew(
    ground: Ground, costs: Costs
) -> None:
    moves = to_target(ground)
    found = weighed(moves, costs, ground, forced=())
    kept, gains = by_hand(moves, costs, ground)
    assert [c.asset for c in found.kept] == kept
    assert [r.measured for r in found.readings[:-1]] == gains
