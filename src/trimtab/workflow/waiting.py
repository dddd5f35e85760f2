"""Waits for an answer while the plan itself holds, and while nothing more urgent comes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
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


@dataclass(frozen=True, slots=True, kw_only=True)
class UntilOutranked:
    """Asks until something more urgent than the plan is seen, and takes the question back then.

    A plan may hold for a day, and who watches an account looks at nothing else while it asks.
    """

    approver: Approver
    outranked: Callable[[Plan], Awaitable[None]]
    """Returns once something more urgent than the plan asks to be done."""

    async def ask(self, plan: Plan, report: GateReport) -> Answer:
        """Return what was answered; nobody's answer when something more urgent came first."""
        asking = asyncio.ensure_future(self.approver.ask(plan, report))
        coming = asyncio.ensure_future(self.outranked(plan))
        try:
            await asyncio.wait({asking, coming}, return_when=asyncio.FIRST_COMPLETED)
            if asking.done():
                return asking.result()
            coming.result()
            return Answer.NOBODY
        finally:
            for task in (asking, coming):
                task.cancel()
            await asyncio.gather(asking, coming, return_exceptions=True)
