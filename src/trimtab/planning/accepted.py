"""Accepted: the overweight that hedging leaves on purpose.

Pure and exact. H* = min(ratio × max(0, holding − target), max_ratio × holding), from holdings
alone, so that a second run adds nothing. A basket is reckoned as a whole: those of its members
that have a contract carry the hedge of all. Source: strategy definitions 3.5 and 4.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.errors import PlanningError
from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.exposure import Exposure
from trimtab.domain.instruments import Asset
from trimtab.domain.plan import UntradedReason
from trimtab.domain.policy import AssetGroup, Basis, HedgePolicy, RebalancePolicy, Route
from trimtab.targets.effective import Targets
from trimtab.targets.groups import split


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What of one asset's overweight stays."""

    value: Decimal
    """Quote units, >= 0; of the quote, which bears all others', <= 0."""
    reason: UntradedReason


NOTHING = Rest(value=ZERO, reason=UntradedReason.HEDGE_RATIO)


def accepted_rests(
    exposed: Exposure,
    targets: Targets,
    *,
    policy: RebalancePolicy,
    hedge: HedgePolicy,
    whole: Decimal,
) -> Mapping[Asset, Rest]:
    """Return the overweight that stays on purpose, by asset; the quote bears the opposite.

    Raises:
        PlanningError: futures are to correct what counts only holdings.

    """
    routed = [a for a in targets.effective if policy.route_of(a) is Route.FUTURES]
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
            held = exposed.value(asset)
            over = max(ZERO, held - targets.effective[asset] * whole)
            left = over - min(hedge.ratio * over, hedge.max_ratio * held)
            rests[asset] = Rest(value=left, reason=UntradedReason.HEDGE_RATIO)
        for group in targets.groups:
            if group.basket:
                rests |= _basket(group, exposed, targets, hedge=hedge, whole=whole)
        left = -sum((rest.value for rest in rests.values()), ZERO)
        return rests | {exposed.quote: Rest(value=left, reason=UntradedReason.HEDGE_RATIO)}


def _basket(
    group: AssetGroup, exposed: Exposure, targets: Targets, *, hedge: HedgePolicy, whole: Decimal
) -> Mapping[Asset, Rest]:
    """Return what stays of the overweight of a basket, spread as its targets are."""
    held = {asset: exposed.value(asset) for asset in group.assets}
    aims = {asset: targets.effective[asset] for asset in group.assets}
    over = max(ZERO, sum(held.values(), ZERO) - sum(aims.values(), ZERO) * whole)
    wanted = hedge.ratio * over
    carriers = [asset for asset in group.assets if asset in exposed.contracted]
    capacity = sum((hedge.max_ratio * held[asset] for asset in carriers), ZERO)
    reason = UntradedReason.HEDGE_RATIO
    if capacity < wanted:
        reason = UntradedReason.MAX_RATIO if carriers else UntradedReason.NO_CONTRACT
    left = over - min(wanted, capacity)
    if not left:
        return dict.fromkeys(group.assets, NOTHING)
    parts = split(left, aims if any(aims.values()) else held)
    return {asset: Rest(value=part, reason=reason) for asset, part in parts.items()}
