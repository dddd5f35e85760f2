"""Rules of one asset: no naked short, no hedge beyond its ratio, no detour. Pure and exact.

Values are quote units at mid. A lot is the coarsest grid among the markets that move.
"""

from __future__ import annotations

from decimal import Decimal

from trimtab.domain.exact import ONE, ZERO
from trimtab.domain.instruments import Asset
from trimtab.domain.sleeves import short_of
from trimtab.risk.case import Case
from trimtab.risk.convex import Affine, Excess, MoveIndex, Term, magnitude, positive_part
from trimtab.risk.moves import Move
from trimtab.risk.rule import Rule, Settled, above, above_ratio, below
from trimtab.risk.scenarios import AS_READ
from trimtab.risk.state import AccountState


def naked_short(state: AccountState, case: Case) -> tuple[Rule, ...]:
    """Guard that no asset is net short by more than one lot.

    But for what a sleeve is to be, and for what is short for other assets.
    """
    return tuple(_naked_short_of(asset, state, case) for asset in state.risky)


def _naked_short_of(asset: Asset, state: AccountState, case: Case) -> Rule:
    tolerated = -_lot_value(asset, state) - _short_in_sleeves(asset, state, case)
    tolerated -= _short_for_others(asset, state, case)
    net = _owned(asset, state, futures=True)
    return Rule(
        code="naked_short",
        what=f"net exposure to {asset}",
        scenario=AS_READ,
        worst_of=(_linear(net.scaled(Decimal(-1)), tolerated),),
        capped_by=(),
        settled=_settled(asset, state),
        limit=tolerated,
        gauge=below(tolerated),
        guarded=_legs(asset, state),
        advice=f"sell or short less {asset}, or close its short first",
    )


def max_ratio(state: AccountState, case: Case) -> tuple[Rule, ...]:
    """Guard the short futures of an asset over the units that they protect.

    What a sleeve is to be short hedges nothing and is left out. What is short for another asset
    is held against the units of that. All coins of a neutral sleeve are protected.
    """
    rules: list[Rule] = []
    crossed = {short.asset for short in case.plan.crosses}
    based = {i.base for i in state.instruments.values()}
    for asset in sorted({*based, *crossed, *state.coins}):
        protected = _owned(asset, state, futures=False)
        short = _futures(asset, state).scaled(Decimal(-1))
        is_neutral = asset in case.policy.neutral_members
        limit = ONE if is_neutral else case.policy.hedge.max_ratio
        excess = Excess(terms=(positive_part(_less(short, asset, state, case)),))
        if asset in crossed:
            excess = excess.plus(_stands_for(asset, state, case))
        excess = excess.plus(protected.scaled(-limit))
        rules.append(
            Rule(
                code="max_ratio",
                what=f"short futures over holdings of {asset}",
                scenario=AS_READ,
                worst_of=(excess,),
                capped_by=(),
                settled=_settled(asset, state),
                limit=limit,
                gauge=above_ratio(limit, protected),
                guarded=_legs(asset, state) | _crossing(asset, case),
                advice=f"short less {asset}, or raise hedge.max_ratio",
            )
        )
    return tuple(rules)


def _less(short: Affine, asset: Asset, state: AccountState, case: Case) -> Affine:
    """Return what is *short* beyond what sleeves are to be, and what stands for other assets."""
    by_target = _short_in_sleeves(asset, state, case) + _short_for_others(asset, state, case)
    return Affine(constant=short.constant - by_target, slopes=short.slopes)


def _short_in_sleeves(asset: Asset, state: AccountState, case: Case) -> Decimal:
    """Return how much of *asset* sleeves may be short inside their bands, at mid, >= 0.

    A lot more where there is any, since sizes are whole lots.
    """
    outside = state.outside
    may = short_of(case.policy.sleeves, asset, nav=state.nav, outside=outside)
    return may + _lot_value(asset, state) if may else ZERO


def _short_for_others(asset: Asset, state: AccountState, case: Case) -> Decimal:
    """Return how much of *asset* is short for other assets at most on the way, at mid, >= 0."""
    units = (
        short.most for short in case.plan.crosses if case.instrument(short.symbol).base == asset
    )
    return sum(units, ZERO) * state.mids[asset]


def _crossing(asset: Asset, case: Case) -> frozenset[MoveIndex]:
    """Return the legs in contracts of others that are for *asset*, by their place in the plan."""
    legs = enumerate(case.plan.legs)
    return frozenset(i for i, leg in legs if leg.protects and leg.protects.asset == asset)


def _stands_for(asset: Asset, state: AccountState, case: Case) -> Affine:
    """Return the value of *asset* that is short by contracts of others, at their betas."""
    held = sum((s.stands_for for s in case.plan.crosses if s.asset == asset), ZERO)
    slopes = dict[MoveIndex, Decimal]()
    for index in _crossing(asset, case):
        leg = case.plan.legs[index]
        assert leg.protects is not None, "Invariant: it crosses."
        value = leg.instrument.units(leg.lots) * state.mids[leg.instrument.base]
        slopes[index] = leg.protects.of(value).copy_negate()
    return Affine(constant=held, slopes=slopes)


def net_overshoot(state: AccountState, case: Case) -> tuple[Rule, ...]:
    """Guard that no asset's |net exposure| passes both its start and its end by over a lot."""
    pairs = paired_assets(state) | _begun_pairs(case)
    plain = (a for a in state.risky if _legs(a, state) and a not in pairs)
    return tuple(_detour(a, state, case, code="net_overshoot") for a in plain)


def max_unhedged_notional(state: AccountState, case: Case) -> tuple[Rule, ...]:
    """Guard the detour of assets whose legs oppose each other, a hedge among them.

    Between the halves of a pair the exposure is open; slices keep it small. What is left of one
    half is of a pair too, once the other is there: to it the limit of the pair applies.
    """
    pairs = paired_assets(state) | _begun_pairs(case)
    paired = (a for a in state.risky if _legs(a, state) and a in pairs)
    return tuple(_detour(a, state, case, code="max_unhedged_notional") for a in paired)


def _detour(asset: Asset, state: AccountState, case: Case, *, code: str) -> Rule:
    """Return the rule |net| <= larger of start and end, plus a lot, plus what a pair may."""
    pair = code == "max_unhedged_notional"
    mid, lot_value = state.mids[asset], _lot_value(asset, state)
    start = state.net(asset)
    end = start + sum((m.units for m in state.on_asset(asset) if m.is_leg), ZERO)
    bound = case.context.net_bounds.get(asset, max(abs(start), abs(end)))
    limit = case.limits.max_unhedged_notional if pair else lot_value
    allowed = bound * mid + (limit + lot_value if pair else limit)
    slopes = {m.index: m.units * mid for m in state.on_asset(asset) if not m.is_stop}
    way = Affine(constant=start * mid, slopes=slopes)
    return Rule(
        code=code,
        what=f"detour of the net exposure to {asset}",
        scenario=AS_READ,
        worst_of=(Excess(terms=(magnitude(way),)).plus(Affine(constant=-allowed, slopes={})),),
        capped_by=(),
        settled=Settled.AS_PLANNED if pair else Settled.ANY_FILL,
        limit=limit,
        gauge=above(limit),
        guarded=_legs(asset, state),
        advice="pair the legs in smaller slices, or cancel the open orders first",
    )


def paired_assets(state: AccountState) -> frozenset[Asset]:
    """Return the assets whose legs are a pair."""
    return frozenset(a for a in state.risky if _paired(a, state))


def _begun_pairs(case: Case) -> frozenset[Asset]:
    """Return the assets whose legs were a pair in the whole of the plan under way."""
    begun = case.context.begun
    return frozenset() if begun is None else begun.pairs


def _paired(asset: Asset, state: AccountState) -> bool:
    """Whether legs on *asset* oppose each other and at least one is a contract.

    The last side of a roll, or of a neutral pair, is so too, though nothing is left to oppose it.
    """
    legs = [m for m in state.on_asset(asset) if m.is_leg]
    if any(m.is_roll or m.is_neutral for m in legs):
        return True
    opposed = any(m.units > 0 for m in legs) and any(m.units < 0 for m in legs)
    return opposed and any(m.instrument.is_contract for m in legs)


def _settled(asset: Asset, state: AccountState) -> Settled:
    """Return what is known of earlier legs on *asset*: no half of a pair outruns the other.

    Execution holds sums of units together. Where coins and contracts stand on one side, they
    weigh differently here, and a sum says nothing of which of them came.
    """
    legs = [m for m in state.on_asset(asset) if m.is_leg]
    kinds = (
        {m.instrument.is_contract for m in legs if (m.units > 0) is up} for up in (True, False)
    )
    two_halves = _paired(asset, state) and all(len(each) == 1 for each in kinds)
    return Settled.AS_PLANNED if two_halves else Settled.ANY_FILL


def _legs(asset: Asset, state: AccountState) -> frozenset[MoveIndex]:
    return frozenset(m.index for m in state.on_asset(asset) if m.is_leg)


def _lot_value(asset: Asset, state: AccountState) -> Decimal:
    """Return the value of the coarsest lot among the markets of *asset*, zero without one."""
    grids = [m.instrument.lot_size for m in state.on_asset(asset)]
    grids += [i.lot_size for i in state.instruments.values() if i.base == asset]
    return max(grids, default=ZERO) * state.mids[asset]


def _futures(asset: Asset, state: AccountState) -> Affine:
    """Return signed futures units on *asset*, at mid."""
    moves = (m for m in state.on_asset(asset) if m.instrument.is_contract)
    slopes = {m.index: m.units for m in moves}
    return Affine(constant=state.futures(asset), slopes=slopes).scaled(state.mids[asset])


def _owned(asset: Asset, state: AccountState, *, futures: bool) -> Affine:
    """Return what is owned of *asset* at mid, bought coins less their fee; with futures if told."""

    def change(move: Move) -> Decimal:
        contract = move.units if futures else ZERO
        return contract if move.instrument.is_contract else move.gained

    start = state.net(asset) if futures else state.holdings.get(asset, ZERO)
    slopes = {m.index: change(m) for m in state.on_asset(asset)}
    return Affine(constant=start, slopes=slopes).scaled(state.mids[asset])


def _linear(affine: Affine, constant: Decimal) -> Excess:
    start = Affine(constant=affine.constant + constant, slopes=affine.slopes)
    return Excess(terms=(Term(branches=(start,)),))
