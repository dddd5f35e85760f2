"""The targets of a policy on an occasion: the portfolio's own rule, then its overlays.

Pure: the one entry to the room, for planning and for whoever only looks.
"""

from __future__ import annotations

from trimtab.domain.exposure import Exposure
from trimtab.domain.occasion import Occasion
from trimtab.domain.policy import Policy
from trimtab.targets.effective import Targets
from trimtab.targets.fixed import targets_from
from trimtab.targets.groups import group_weights


def targets_of(policy: Policy, exposed: Exposure, occasion: Occasion) -> Targets:
    """Return strategic and effective targets.

    Raises:
        PlanningError: they cannot be told; says what to mend.

    """
    del occasion  # Weights and groups hold on every occasion.
    rules = policy.rebalance
    if rules.groups:
        return targets_from(group_weights(rules, exposed), rules, exposed)
    weights = {target.asset: target.weight for target in rules.targets}
    return targets_from(weights, rules, exposed)
