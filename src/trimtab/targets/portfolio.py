"""The targets of a policy on an occasion: the portfolio's own rule, then its overlays.

Pure: the one entry to the room, for planning and for whoever only looks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from trimtab.domain.exact import ZERO, exact_arithmetic, ratio
from trimtab.domain.exposure import Exposure
from trimtab.domain.instruments import Asset
from trimtab.domain.occasion import Occasion
from trimtab.domain.overlays import Overlay, OverlayKind
from trimtab.domain.policy import Policy, Route
from trimtab.domain.readings import Reading
from trimtab.domain.sleeves import Sleeve, funded_by_quote
from trimtab.targets.above_one import ParityTargets, extra_sleeve
from trimtab.targets.by_hand import Aim
from trimtab.targets.effective import Targets, overlaid
from trimtab.targets.fixed import targets_from
from trimtab.targets.groups import group_weights
from trimtab.targets.momentum import momentum_overlay
from trimtab.targets.neutral import beside_neutral, with_neutral
from trimtab.targets.phase import phase_overlay, present_weights
from trimtab.targets.rotation import rotation_overlay
from trimtab.targets.season import season_overlay, season_ratio
from trimtab.targets.volatility import volatility_overlay


def targets_of(
    policy: Policy, exposed: Exposure, occasion: Occasion, aims: Sequence[Aim] = ()
) -> Targets:
    """Return strategic and effective targets; each overlay sees what those before it left.

    *aims* is what is short by hand: an overlay of its own, which the others must not count again.

    Raises:
        PlanningError: they cannot be told; says what to mend.

    """
    found = _weights(policy, exposed, occasion)
    readings = found.readings
    rules, wished, quote = policy.rebalance, policy.overlays, exposed.quote
    named = beside_neutral(_beside_sleeves(found.weights, policy, quote), policy.neutral, quote)
    targets = targets_from(named, rules, exposed)
    if wished.season is not None:
        season = season_overlay(wished.season, targets, occasion, quote=quote)
        targets = _with(targets, season)
    if (volatility := policy.history.volatility) is not None:
        overlays, seen = volatility_overlay(volatility, targets, occasion.history, quote=quote)
        targets, readings = overlaid(targets, overlays), readings + seen
    if wished.rotation is not None:
        rotation = rotation_overlay(
            wished.rotation, targets, occasion, rules=rules, exposed=exposed
        )
        targets = _with(targets, rotation)
    if (momentum := policy.history.momentum) is not None:
        overlays, seen = momentum_overlay(momentum, targets, occasion.history, quote=quote)
        targets, readings = overlaid(targets, overlays), readings + seen
    if wished.phase is not None:
        present = present_weights(targets, exposed, rules.basis, aims=aims)
        targets = _with(targets, phase_overlay(wished.phase, targets, occasion, present))
    sleeves: tuple[Sleeve, ...] = policy.sleeves
    cut: tuple[Reading, ...] = ()
    if found.scaled is not None:
        most = _most_by_futures(policy, exposed, nav=exposed.nav(targets.ignored))
        extra, cut = extra_sleeve(found.scaled, rules.threshold, most=most)
        sleeves += (extra,)
    targets = replace(targets, readings=readings + cut, sleeves=sleeves)
    return with_neutral(targets, policy.neutral, quote=quote)


def rules_of(policy: Policy, targets: Targets, occasion: Occasion) -> Policy:
    """Return *policy* as it holds on the occasion.

    What is rotated goes by futures, and how much is hedged may follow the season.
    """
    rotated = _rotated(targets)
    part = season_ratio(policy.overlays.season, occasion)
    hedge = policy.hedge if part is None else replace(policy.hedge, ratio=part)
    routes = {**policy.rebalance.routes, **dict.fromkeys(rotated, Route.FUTURES)}
    return replace(policy, rebalance=replace(policy.rebalance, routes=routes), hedge=hedge)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """Strategic weights of what is named, and what of the past they rest on."""

    weights: Mapping[Asset, Decimal]
    readings: tuple[Reading, ...] = ()
    scaled: ParityTargets | None = None
    """What may hold a part above 1 times; None where nothing may."""


def _most_by_futures(policy: Policy, exposed: Exposure, *, nav: Decimal) -> Decimal:
    """Return the fraction of NAV that futures may be within risk.max_leverage."""
    with exact_arithmetic():
        most = policy.limits.max_leverage * exposed.value_outside(exposed.unpriced)
    return ratio(most, nav) if nav > ZERO else ZERO


def _weights(policy: Policy, exposed: Exposure, occasion: Occasion) -> _Wanted:
    """Return the strategic weights of what is named."""
    rules = policy.rebalance
    if policy.history.risk_parity is None and not rules.groups:
        return _Wanted(weights={target.asset: target.weight for target in rules.targets})
    from trimtab.targets.risk_parity import (  # noqa: PLC0415 -- only who asks for it pays for numpy.
        group_risks,
        parity_targets,
    )

    if policy.history.risk_parity is not None:
        parity, history = policy.history.risk_parity, occasion.history
        found = parity_targets(parity, history, quote=exposed.quote)
        scaled = found if parity.uses_futures else None
        return _Wanted(weights=found.weights, readings=found.readings, scaled=scaled)
    risks, readings = group_risks(rules.groups, occasion.history, quote=exposed.quote)
    return _Wanted(weights=group_weights(rules, exposed, risks), readings=readings)


def _beside_sleeves(
    weights: Mapping[Asset, Decimal], policy: Policy, quote: Asset
) -> Mapping[Asset, Decimal]:
    """Return *weights* with what the quote holds for sleeves, so that they sum to 1."""
    if not (funded := funded_by_quote(policy.sleeves)):
        return weights
    with exact_arithmetic():
        return {**weights, quote: weights.get(quote, ZERO) + funded}


def _with(targets: Targets, overlay: Overlay | None) -> Targets:
    """Return *targets* with an overlay, where there is one."""
    return targets if overlay is None else overlaid(targets, (overlay,))


def _rotated(targets: Targets) -> tuple[Asset, ...]:
    """Return the assets whose targets a rotation has moved."""
    return tuple(a for o in targets.overlays if o.kind is OverlayKind.ROTATION for a in o.shift)
