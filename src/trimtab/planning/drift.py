"""Measure: how far each asset is from its target, and how much would move it back.

Pure and exact. Values are quote units; a correction is positive when exposure must be
bought. What a hedge ratio below 1 leaves overweight is *accepted*: it is shown as drift,
but it is neither a breach nor corrected, so a filled plan leaves nothing to plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from trimtab.domain.errors import PlanningError
from trimtab.domain.exact import ONE, ZERO, exact_arithmetic, ratio
from trimtab.domain.exposure import Exposure
from trimtab.domain.instruments import Asset
from trimtab.domain.plan import Drift
from trimtab.domain.policy import Basis, HedgePolicy, RebalancePolicy, Route, Threshold
from trimtab.targets.effective import Targets
from trimtab.triggers.bands import Band, alert_prices, band

SOLD_OUT: Final = Threshold(width=ZERO, relative=False)
"""What an untargeted holding that is to be sold may keep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One asset's distance from its target, in values."""

    asset: Asset
    value: Decimal
    """What the basis counts: net exposure, or holding value; accepted rest taken off."""
    wanted: Decimal
    """Target weight times the whole."""
    edges: Band
    breached: bool
    accepted: Decimal
    """Overweight that the hedge ratio leaves on purpose, >= 0; <= 0 for the quote."""

    @property
    def correction(self) -> Decimal:
        """Value to move to arrive at the target; positive buys."""
        with exact_arithmetic():
            return self.wanted - self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """All assets measured against one whole."""

    quote: Asset
    nav: Decimal
    """Net asset value without what is ignored, quote units, > 0."""
    whole: Decimal
    """What weights are a share of: NAV, or all holdings outside futures wallets."""
    measures: tuple[Measure, ...]
    """In target order; the quote is one of them."""
    drifts: tuple[Drift, ...]
    """The same, as shown."""


def measure(
    exposed: Exposure, targets: Targets, *, policy: RebalancePolicy, hedge: HedgePolicy
) -> Measurement:
    """Measure every targeted asset.

    Raises:
        MissingMark: a targeted or held asset has no price.
        PlanningError: there is nothing to measure against, or the policy contradicts itself.

    """
    nav = exposed.nav(targets.ignored)
    whole = nav if policy.basis is Basis.NET else exposed.value_outside(targets.ignored)
    if whole <= 0:
        raise PlanningError(f"net asset value must be > 0 {exposed.quote}, was {whole}")
    accepted = _accepted(exposed, targets, policy=policy, hedge=hedge, whole=whole)
    measures = []
    for asset, weight in targets.effective.items():
        edges = band(weight, SOLD_OUT if asset in targets.strays else policy.threshold_of(asset))
        with exact_arithmetic():
            rest = accepted.get(asset, ZERO)
            value = _counted(exposed, targets, asset, policy=policy) - rest
            wanted = weight * whole
            matters = abs(value - wanted) >= policy.dust_value and _has_band(edges, asset, exposed)
        measures.append(
            Measure(
                asset=asset,
                value=value,
                wanted=wanted,
                edges=edges,
                breached=matters and edges.breached_by(value, whole=whole),
                accepted=rest,
            )
        )
    drifts = tuple(_drift(m, exposed, targets, nav=nav, whole=whole) for m in measures)
    return Measurement(
        quote=exposed.quote, nav=nav, whole=whole, measures=tuple(measures), drifts=drifts
    )


def _has_band(edges: Band, asset: Asset, exposed: Exposure) -> bool:
    """Whether an asset can breach: a quote that is a mere residual of 0 cannot."""
    return not (asset == exposed.quote and edges.high == ZERO)


def _counted(
    exposed: Exposure, targets: Targets, asset: Asset, *, policy: RebalancePolicy
) -> Decimal:
    """Return the value that the basis counts for *asset*; the quote is the net residual."""
    with exact_arithmetic():
        if policy.basis is Basis.SPOT:
            return exposed.outside.get(asset, ZERO) * exposed.mid(asset)
        if asset == exposed.quote:
            others = (a for a in targets.effective if a != asset)
            return exposed.nav(targets.ignored) - sum((exposed.net(a) for a in others), ZERO)
        return exposed.net(asset)


def _accepted(
    exposed: Exposure,
    targets: Targets,
    *,
    policy: RebalancePolicy,
    hedge: HedgePolicy,
    whole: Decimal,
) -> Mapping[Asset, Decimal]:
    """Return the overweight that stays on purpose, by asset; the quote bears the opposite.

    H* = min(ratio × max(0, holding − target), max_ratio × holding), from holdings alone.
    """
    routed = [a for a in targets.effective if policy.route_of(a) is Route.FUTURES]
    if policy.basis is Basis.SPOT and routed:
        names = ", ".join(routed)
        raise PlanningError(
            f'basis = "spot" counts holdings, which futures never change: {names} '
            'must have route = "spot", or basis be "net"',
            next_step="trimtab config check",
        )
    left: dict[Asset, Decimal] = {}
    with exact_arithmetic():
        for asset in routed:
            if asset == exposed.quote:
                continue
            held = exposed.value(asset)
            over = max(ZERO, held - targets.effective[asset] * whole)
            left[asset] = over - min(hedge.ratio * over, hedge.max_ratio * held)
        return left | {exposed.quote: -sum(left.values(), ZERO)}


def _drift(
    m: Measure, exposed: Exposure, targets: Targets, *, nav: Decimal, whole: Decimal
) -> Drift:
    """Return the measure as it is shown, in weights and alert prices."""
    with exact_arithmetic():
        others = (exposed.net(a) for a in targets.effective if a != exposed.quote)
        net = nav - sum(others, ZERO) if m.asset == exposed.quote else exposed.net(m.asset)
        counted = m.value + m.accepted
        held = exposed.value(m.asset)
    target = targets.effective[m.asset]
    net_weight = ratio(net, nav)
    is_quote = m.asset == exposed.quote
    alerts = alert_prices(
        net_weight=ZERO if is_quote else net_weight,
        price=ONE if is_quote else exposed.mid(m.asset),
        edges=m.edges,
    )
    with exact_arithmetic():
        return Drift(
            asset=m.asset,
            spot_weight=ratio(held, nav),
            net_weight=net_weight,
            strategic_target=targets.strategic[m.asset],
            target=target,
            drift=ratio(counted - target * whole, whole),
            band_low=m.edges.low,
            band_high=m.edges.high,
            breached=m.breached,
            alert_low=alerts.low,
            alert_high=alerts.high,
        )
