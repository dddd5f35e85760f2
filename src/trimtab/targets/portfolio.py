"""The targets of a policy on an occasion: the portfolio's own rule, then its overlays.

Pure: the one entry to the room, for planning and for whoever only looks.
"""

from __future__ import annotations

from trimtab.domain.exposure import Exposure
from trimtab.domain.occasion import Occasion
from trimtab.domain.policy import Policy
from trimtab.targets.effective import Targets
from trimtab.targets.fixed import fixed_targets


def targets_of(policy: Policy, exposed: Exposure, occasion: Occasion) -> Targets:
    """Return strategic and effective targets.

    Raises:
        PlanningError: they cannot be told; says what to mend.

    """
    del occasion  # Fixed weights hold on every occasion.
    return fixed_targets(policy.rebalance, exposed)
