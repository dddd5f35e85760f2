"""Where an occasion stands in the configured zone's calendar, and in a phase."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from trimtab.domain.occasion import Occasion
from trimtab.domain.policy import Policy
from trimtab.ports import Ledger, PlanStatus
from trimtab.targets.phase import steps_taken


async def on_calendar(occasion: Occasion, policy: Policy, ledger: Ledger) -> Occasion:
    """Return *occasion* with the zone's clock, and the steps that executed plans have taken.

    Raises:
        LedgerError: the ledger could not be read.

    """
    phase, taken = policy.overlays.phase, 0
    if phase is not None:
        plans = await ledger.plans()
        taken = steps_taken(phase, (p.plan for p in plans if p.status is PlanStatus.EXECUTED))
    ahead = timedelta(0)
    if policy.overlays.zone != "UTC":
        local = occasion.now.astimezone(ZoneInfo(policy.overlays.zone))
        ahead = local.utcoffset() or ahead
    return replace(occasion, ahead_of_utc=ahead, phase_steps=taken)
