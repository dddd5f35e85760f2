"""Measure: how far each asset is from its target, and how much would move it back.

Pure and exact. Values are quote units; a correction is positive when exposure must be
bought. What a hedge ratio below 1 leaves overweight is *accepted*: it is shown as drift,
but it is neither a breach nor corrected, so a filled plan leaves nothing to plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from trimtab.domain.errors import PlanningError
from trimtab.domain.exact import ONE, ZERO, exact_arithmetic, ratio
from trimtab.domain.exposure import Exposure
from trimtab.domain.instruments import Asset
from trimtab.domain.plan import Drift, GroupDrift
from trimtab.domain.policy import AssetGroup, Basis, RebalancePolicy, Threshold
from trimtab.planning.accepted import NOTHING, Hedging, Rest, Terms, accepted_rests
from trimtab.planning.trigger_prices import Scene, with_trigger_prices
from trimtab.planning.units import Measure, Unit
from trimtab.targets.by_hand import shifts_by_hand
from trimtab.targets.effective import Targets
from trimtab.targets.groups import split
from trimtab.targets.momentum import trims_of
from trimtab.triggers.bands import AlertPrices, Band, alert_prices, band, member_alert_prices

SOLD_OUT: Final = Threshold(width=ZERO, relative=False)
"""What an untargeted holding that is to be sold may keep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """All assets measured against one whole."""

    quote: Asset
    basis: Basis
    """What weights count."""
    nav: Decimal
    """Net asset value without what is ignored, quote units, > 0."""
    whole: Decimal
    """What weights are a share of: NAV, or all holdings outside futures wallets."""
    measures: tuple[Measure, ...]
    """In target order; the quote is one of them."""
    units: tuple[Unit, ...]
    """The same by what has one band, in the order of their first members."""
    drifts: tuple[Drift, ...]
    """The measures as shown."""
    groups: tuple[GroupDrift, ...]
    """The units that are groups, as shown."""
    trims: Mapping[Asset, Decimal]
    """What momentum takes off each target, fractions, > 0; empty where nothing is trimmed."""
    resting: frozenset[Asset]
    """Where no hedge is opened or grown now."""


def measure(
    exposed: Exposure,
    targets: Targets,
    *,
    policy: RebalancePolicy,
    hedging: Hedging,
) -> Measurement:
    """Measure every targeted asset; on those that rest no hedge is opened or grown.

    Raises:
        MissingMark: a targeted or held asset has no price.
        PlanningError: there is nothing to measure against, or the policy contradicts itself.

    """
    nav = exposed.nav(targets.ignored)
    whole = nav if policy.basis is Basis.NET else exposed.value_outside(targets.ignored)
    if whole <= 0:
        raise PlanningError(f"net asset value must be > 0 {exposed.quote}, was {whole}")
    terms = Terms(
        hedge=hedging.policy,
        by_hand=shifts_by_hand(targets),
        beyond=hedging.beyond,
        resting=hedging.resting,
        whole=whole,
    )
    rests = accepted_rests(exposed, targets, policy=policy, terms=terms)
    scale = _Scale(exposed=exposed, targets=targets, policy=policy, rests=rests, whole=whole)
    grouped = {asset: group for group in targets.groups for asset in group.assets}
    units = list[Unit]()
    for asset in targets.effective:
        group = grouped.get(asset)
        if group is None:
            units.append(_asset_unit(asset, scale))
        elif asset == group.assets[0]:
            units.append(_group_unit(group, scale))
    by_asset = {m.asset: m for unit in units for m in unit.members}
    measures = tuple(by_asset[asset] for asset in targets.effective)
    shown = {m.asset: unit for unit in units for m in unit.members}
    drifts = tuple(_drift(m, shown[m.asset], scale, nav=nav) for m in measures)
    scene = Scene(exposed=exposed, targets=targets, policy=policy, terms=terms, units=units)
    return Measurement(
        quote=exposed.quote,
        basis=policy.basis,
        nav=nav,
        whole=whole,
        measures=measures,
        units=tuple(units),
        drifts=with_trigger_prices(drifts, scene),
        groups=tuple(_group_drift(unit, scale) for unit in units if unit.name in _names(targets)),
        trims=trims_of(targets),
        resting=hedging.resting,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    """What every asset is measured with."""

    exposed: Exposure
    targets: Targets
    policy: RebalancePolicy
    rests: Mapping[Asset, Rest]
    whole: Decimal


def _names(targets: Targets) -> frozenset[str]:
    """Return the names of the groups that have one band."""
    return frozenset(group.name for group in targets.groups)


def _asset_unit(asset: Asset, scale: _Scale) -> Unit:
    """Return an asset that has a band of its own, measured."""
    targets, policy = scale.targets, scale.policy
    threshold = SOLD_OUT if asset in targets.strays else policy.threshold_of(asset)
    edges = band(targets.effective[asset], threshold)
    found = _measured(asset, scale, edges)
    with exact_arithmetic():
        off = abs(found.correction) >= policy.dust_value
    matters = off and _has_band(edges, asset, scale.exposed)
    breached = matters and edges.breached_by(found.value, whole=scale.whole)
    if asset in policy.flags and found.correction > 0:
        breached = False  # It is never bought, so that nothing else is traded for its sake.
    return Unit(
        name=asset, members=(replace(found, breached=breached),), edges=edges, breached=breached
    )


def _group_unit(group: AssetGroup, scale: _Scale) -> Unit:
    """Return a group that has one band, measured, every member with its part of the band."""
    assert group.threshold is not None, "Invariant: targets keep groups with one band only."
    aims = {asset: scale.targets.effective[asset] for asset in group.assets}
    with exact_arithmetic():
        edges = band(sum(aims.values(), ZERO), group.threshold)
    shares = aims if any(aims.values()) else dict.fromkeys(aims, ONE)
    low, high = split(edges.low, shares), split(edges.high, shares)
    found = [_measured(a, scale, Band(low=low[a], high=high[a])) for a in aims]
    unit = Unit(name=group.name, members=tuple(found), edges=edges, breached=False)
    with exact_arithmetic():
        matters = abs(unit.correction) >= scale.policy.dust_value
    breached = matters and edges.breached_by(unit.value, whole=scale.whole)
    members = tuple(replace(m, breached=breached) for m in found)
    return replace(unit, members=members, breached=breached)


def _measured(asset: Asset, scale: _Scale, edges: Band) -> Measure:
    """Return one asset's values; whether it is outside its band is told by its unit."""
    rest = scale.rests.get(asset, NOTHING)
    with exact_arithmetic():
        counted = _counted(scale.exposed, scale.targets, asset, policy=scale.policy)
        return Measure(
            asset=asset,
            value=counted - rest.value,
            wanted=scale.targets.effective[asset] * scale.whole,
            edges=edges,
            breached=False,
            accepted=rest.value,
            accepted_as=rest.reason,
            by_spot=rest.by_spot,
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
            return exposed.value_outside_of(asset)
        if asset == exposed.quote:
            others = (a for a in targets.effective if a != asset)
            return exposed.nav(targets.ignored) - sum((exposed.net(a) for a in others), ZERO)
        return exposed.net(asset)


def _drift(m: Measure, unit: Unit, scale: _Scale, *, nav: Decimal) -> Drift:
    """Return the measure as it is shown, in weights and alert prices."""
    exposed, targets = scale.exposed, scale.targets
    with exact_arithmetic():
        others = (exposed.net(a) for a in targets.effective if a != exposed.quote)
        net = nav - sum(others, ZERO) if m.asset == exposed.quote else exposed.net(m.asset)
        counted = m.value + m.accepted
        held = exposed.value(m.asset)
    target = targets.effective[m.asset]
    net_weight = ratio(net, nav)
    is_net = scale.policy.basis is Basis.NET
    weight = net_weight if is_net else ratio(counted, scale.whole)
    alerts = _alerts(m, unit, scale, weight=weight)
    with exact_arithmetic():
        return Drift(
            asset=m.asset,
            spot_weight=ratio(held, nav),
            net_weight=net_weight,
            strategic_target=targets.strategic[m.asset],
            target=target,
            drift=ratio(counted - target * scale.whole, scale.whole),
            band_low=m.edges.low,
            band_high=m.edges.high,
            breached=m.breached,
            alert_low=alerts.low,
            alert_high=alerts.high,
            trigger_low=None,
            trigger_high=None,
        )


def _alerts(m: Measure, unit: Unit, scale: _Scale, *, weight: Decimal) -> AlertPrices:
    """Return the prices of an asset at which its band's edge, or its group's, is reached.

    *weight* is by how much what weights are a share of moves with the price: its own share of it.
    """
    if m.asset == scale.exposed.quote:
        return AlertPrices(low=None, high=None)
    price = scale.exposed.mid(m.asset)
    if len(unit.members) == 1:
        return alert_prices(net_weight=weight, price=price, edges=m.edges)
    with exact_arithmetic():
        of_group = ratio(unit.value + unit.accepted, scale.whole)
    return member_alert_prices(net_weight=weight, of_group=of_group, price=price, edges=unit.edges)


def _group_drift(unit: Unit, scale: _Scale) -> GroupDrift:
    """Return a group as it is shown."""
    assets = tuple(m.asset for m in unit.members)
    with exact_arithmetic():
        counted = unit.value + unit.accepted
        return GroupDrift(
            group=unit.name,
            members=assets,
            weight=ratio(counted, scale.whole),
            strategic_target=sum((scale.targets.strategic[a] for a in assets), ZERO),
            target=sum((scale.targets.effective[a] for a in assets), ZERO),
            drift=ratio(counted - unit.wanted, scale.whole),
            band_low=unit.edges.low,
            band_high=unit.edges.high,
            breached=unit.breached,
        )
