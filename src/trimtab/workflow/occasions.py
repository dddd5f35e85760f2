"""Where an occasion stands in the calendar of the configured zone, in a phase, and after plans."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from trimtab.domain.firings import TriggerKind
from trimtab.domain.occasion import Occasion
from trimtab.domain.policy import Policy
from trimtab.ports import Ledger, PlanStatus
from trimtab.targets.phase import steps_taken
from trimtab.workflow.past import executed_since


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


async def cooling_of(ledger: Ledger, policy: Policy, now: datetime) -> frozenset[TriggerKind]:
    """Return what acted so lately that it rests; the ledger is asked only where a rule says so.

    Raises:
        LedgerError: the ledger could not be read.

    """
    resting_s = policy.urgency.resting_s
    if not resting_s:
        return frozenset()
    since = now - timedelta(seconds=max(resting_s.values()))
    plans = await executed_since(ledger, since)
    acted = ((firing.kind, plan.made_at) for plan in plans for firing in plan.firings)
    return frozenset(
        kind for kind, at in acted if now < at + timedelta(seconds=resting_s.get(kind, 0))
    )
