"""Waits for an answer for as long as the plan itself holds, whoever is here to give one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from trimtab.domain.findings import GateReport
from trimtab.domain.plan import Plan
from trimtab.ports import Answer, Approver, Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class UntilItsTimeIsOver:
    """Asks until the plan's own time is over, so that a watch goes on without an answer.

    Where nobody is here, as under a service, it waits all the same: the plan may be approved from
    another terminal meanwhile, and is then carried out.
    """

    approver: Approver
    clock: Clock

    async def ask(self, plan: Plan, report: GateReport) -> Answer:
        """Return what was answered; nobody's answer when the time is over."""
        asking = asyncio.ensure_future(self.approver.ask(plan, report))
        left_s = max(0.0, (plan.expires_at - self.clock.now()).total_seconds())
        over = asyncio.ensure_future(self.clock.sleep(left_s))
        try:
            await asyncio.wait({asking, over}, return_when=asyncio.FIRST_COMPLETED)
            if asking.done() and asking.result() is not Answer.NOBODY:
                return asking.result()
            await over
            return Answer.NOBODY
        finally:
            for task in (asking, over):
                task.cancel()
            await asyncio.gather(asking, over, return_exceptions=True)
