"""Accepted: the overweight that hedging leaves on purpose.

Pure and exact. H* = min(ratio × max(0, holding − target), max_ratio × holding), from holdings
alone, so that a second run adds nothing. A basket is reckoned as a whole: those of its members
that have a contract carry the hedge of all. What is short by hand lies below the target and is no
part of the overweight, but counts towards the ceiling; on an asset at rest H* is at most what is
short already. Source: strategy definitions 3.5, 4.2 and 4.3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from trimtab.domain.errors import PlanningError
from trimtab.domain.exact import ONE, ZERO, exact_arithmetic, ratio
from trimtab.domain.exposure import Exposure
from trimtab.domain.hedge_policy import HedgePolicy
from trimtab.domain.instruments import Asset
from trimtab.domain.plan import UntradedReason
from trimtab.domain.policy import AssetGroup, Basis, RebalancePolicy, Route
from trimtab.domain.routing import Way
from trimtab.planning.splits import Cover, split_of
from trimtab.targets.effective import Targets
from trimtab.targets.groups import split


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What of one asset's overweight stays."""

    value: Decimal
    """Quote units, >= 0; of the quote, which bears all others', <= 0."""
    reason: UntradedReason
    by_spot: Decimal
    """Share of a correction that goes by spot after offsets, 0 to 1."""


NOTHING = Rest(value=ZERO, reason=UntradedReason.HEDGE_RATIO, by_spot=ONE)
"""Of what trades its coin alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hedging:
    """How hedges stand in for spot on an occasion."""

    policy: HedgePolicy
    beyond: Mapping[Asset, Decimal]
    """What is short by hand beyond the target that it moved to 0, fractions, > 0."""
    resting: frozenset[Asset]
    """Where no hedge is opened or grown now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is accepted by."""

    hedge: HedgePolicy
    by_hand: Mapping[Asset, Decimal]
    """How far hedges by hand move each target, fractions of ``whole``, signed."""
    beyond: Mapping[Asset, Decimal]
    """What is short by hand beyond the target that it moved to 0, fractions of ``whole``, > 0."""
    resting: frozenset[Asset]
    """Where no hedge is opened or grown now."""
    whole: Decimal
    """What weights are a share of, quote units, > 0."""


def accepted_rests(
    exposed: Exposure, targets: Targets, *, policy: RebalancePolicy, terms: Terms
) -> Mapping[Asset, Rest]:
    """Return the overweight that stays on purpose, by asset; the quote bears the opposite.

    Raises:
        PlanningError: futures are to correct what counts only holdings.

    """
    routed = [a for a in targets.effective if policy.route_of(a) is not Route.SPOT]
    if policy.basis is Basis.SPOT and routed:
        names = ", ".join(routed)
        raise PlanningError(
            f'basis = "spot" counts holdings, which futures never change: {names} '
            'must have route = "spot", or basis be "net"',
            next_step="trimtab config check",
        )
    rests: dict[Asset, Rest] = {}
    with exact_arithmetic():
        for asset in routed:
            if asset == exposed.quote:
                continue
            way = policy.way_of(asset)
            if way is None:
                rests[asset] = _hedged(asset, exposed, targets, terms=terms)
            else:
                rests[asset] = _divided(asset, exposed, targets, way=way, terms=terms)
        for group in targets.groups:
            if group.basket:
                rests |= _basket(group, exposed, targets, terms=terms)
        left = -sum((rest.value for rest in rests.values()), ZERO)
        return rests | {exposed.quote: replace(NOTHING, value=left)}


def _hedged(asset: Asset, exposed: Exposure, targets: Targets, *, terms: Terms) -> Rest:
    """Return what a hedge alone leaves of the overweight."""
    over = _over([asset], exposed, targets, terms)
    room = _room(asset, exposed, terms)
    left = over - min(terms.hedge.ratio * over, room)
    cool = asset in terms.resting and room < terms.hedge.ratio * over
    reason = UntradedReason.COOL_DOWN if cool else UntradedReason.HEDGE_RATIO
    return Rest(value=left, reason=reason, by_spot=ZERO)


def _divided(asset: Asset, exposed: Exposure, targets: Targets, *, way: Way, terms: Terms) -> Rest:
    """Return what a sale and a hedge together leave, and the share of the coin in a correction."""
    by_hand = _by_hand(asset, terms) * terms.whole
    units = exposed.futures.get(asset, ZERO)
    futures = units * exposed.mid(asset) if units else ZERO
    over = _over([asset], exposed, targets, terms)
    if not over:
        # A share is hedged of what is overweight; what is lacking is bought one way or the other.
        return replace(NOTHING, by_spot=ONE if way.spot.numerator else ZERO)
    cover = Cover(
        short=max(ZERO, max(ZERO, -futures) + by_hand),
        most=max(ZERO, terms.hedge.max_ratio * exposed.value(asset) + by_hand),
    )
    found = split_of(over, cover, way=way, hedge=terms.hedge)
    cools = asset in terms.resting and found.hedged > 0
    hedged = ZERO if cools else max(ZERO, found.hedged)
    both = found.sold + hedged
    return Rest(
        value=found.accepted + (found.hedged if cools else ZERO),
        reason=UntradedReason.COOL_DOWN if cools else UntradedReason.HEDGE_RATIO,
        by_spot=ratio(found.sold, both) if both else ONE,
    )


def _by_hand(asset: Asset, terms: Terms) -> Decimal:
    """Return what is short by hand, fraction of ``whole``, <= 0."""
    return terms.by_hand.get(asset, ZERO) - terms.beyond.get(asset, ZERO)


def _over(assets: Sequence[Asset], exposed: Exposure, targets: Targets, terms: Terms) -> Decimal:
    """Return the value of *assets* together beyond their targets without hedges by hand, >= 0."""
    held = sum((exposed.value(a) for a in assets), ZERO)
    by_hand = sum((_by_hand(a, terms) for a in assets), ZERO)
    aims = sum((targets.effective[a] for a in assets), ZERO)
    return max(ZERO, held - (aims - by_hand) * terms.whole)


def _room(asset: Asset, exposed: Exposure, terms: Terms) -> Decimal:
    """Return the most that hedges of corrections on *asset* may be, quote units, >= 0."""
    by_hand = _by_hand(asset, terms) * terms.whole
    most = max(ZERO, terms.hedge.max_ratio * exposed.value(asset) + by_hand)
    if asset not in terms.resting:
        return most
    short = max(ZERO, -exposed.futures.get(asset, ZERO)) * exposed.mid(asset)
    return min(most, max(ZERO, short + by_hand))


def _basket(
    group: AssetGroup, exposed: Exposure, targets: Targets, *, terms: Terms
) -> Mapping[Asset, Rest]:
    """Return what stays of the overweight of a basket, spread as its targets are."""
    held = {asset: exposed.value(asset) for asset in group.assets}
    aims = {asset: targets.effective[asset] for asset in group.assets}
    over = _over(group.assets, exposed, targets, terms)
    wanted = terms.hedge.ratio * over
    carriers = [asset for asset in group.assets if asset in exposed.contracted]
    capacity = sum((_room(asset, exposed, terms) for asset in carriers), ZERO)
    reason = UntradedReason.HEDGE_RATIO
    if capacity < wanted:
        rests = terms.resting.intersection(carriers)
        capped = UntradedReason.COOL_DOWN if rests else UntradedReason.MAX_RATIO
        reason = capped if carriers else UntradedReason.NO_CONTRACT
    left = over - min(wanted, capacity)
    if not left:
        return dict.fromkeys(group.assets, replace(NOTHING, by_spot=ZERO))
    parts = split(left, aims if any(aims.values()) else held)
    return {asset: Rest(value=part, reason=reason, by_spot=ZERO) for asset, part in parts.items()}
