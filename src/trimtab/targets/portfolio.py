"""The targets of a policy on an occasion: the portfolio's own rule, then its overlays.

Pure: the one entry to the room, for planning and for whoever only looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from trimtab.domain.exposure import Exposure
from trimtab.domain.instruments import Asset
from trimtab.domain.occasion import Occasion
from trimtab.domain.policy import Policy
from trimtab.domain.readings import Reading
from trimtab.targets.effective import Targets, overlaid
from trimtab.targets.fixed import targets_from
from trimtab.targets.groups import group_weights
from trimtab.targets.momentum import momentum_overlay
from trimtab.targets.risk_parity import parity_targets
from trimtab.targets.volatility import volatility_overlay


def targets_of(policy: Policy, exposed: Exposure, occasion: Occasion) -> Targets:
    """Return strategic and effective targets.

    Raises:
        PlanningError: they cannot be told; says what to mend.

    """
    weights, readings = _weights(policy, exposed, occasion)
    targets = targets_from(weights, policy.rebalance, exposed)
    history, quote = occasion.history, exposed.quote
    if (volatility := policy.history.volatility) is not None:
        overlays, seen = volatility_overlay(volatility, targets, history, quote=quote)
        targets, readings = overlaid(targets, overlays), readings + seen
    if (momentum := policy.history.momentum) is not None:
        overlays, seen = momentum_overlay(momentum, targets, history, quote=quote)
        targets, readings = overlaid(targets, overlays), readings + seen
    return replace(targets, readings=readings)


def _weights(
    policy: Policy, exposed: Exposure, occasion: Occasion
) -> tuple[Mapping[Asset, Decimal], tuple[Reading, ...]]:
    """Return the strategic weights of what is named, and what of the past they rest on."""
    rules = policy.rebalance
    if policy.history.risk_parity is not None:
        parity, history = policy.history.risk_parity, occasion.history
        return parity_targets(parity, history, quote=exposed.quote)
    if rules.groups:
        return group_weights(rules, exposed), ()
    return {target.asset: target.weight for target in rules.targets}, ()
