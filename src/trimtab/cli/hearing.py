"""Has replies heard while a person is asked, where any channel is read for them.

Whoever is asked here and whoever replies elsewhere may both decide: the ledger takes one of them,
and the waiting run finds it there.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from trimtab.bootstrap.replies import open_ear
from trimtab.cli import session
from trimtab.config import Config
from trimtab.domain.errors import TrimtabError
from trimtab.domain.findings import GateReport
from trimtab.domain.plan import Plan
from trimtab.ports import Answer, Approver, Clock, Ledger
from trimtab.workflow.replies import listen


@dataclass(frozen=True, slots=True, kw_only=True)
class HearingApprover:
    """Asks, and has replies heard for as long as it asks; what goes wrong there is only told."""

    approver: Approver
    heard: Callable[[], Awaitable[None]]
    """Hears until it is cancelled."""

    async def ask(self, plan: Plan, report: GateReport) -> Answer:
        """Return what was answered here."""
        hearing = asyncio.ensure_future(self.heard())
        try:
            return await self.approver.ask(plan, report)
        finally:
            hearing.cancel()
            (ended,) = await asyncio.gather(hearing, return_exceptions=True)
            if isinstance(ended, TrimtabError):
                session.note(f"replies: {ended}; next: {ended.next_step}")
            elif isinstance(ended, Exception):
                session.note(f"replies: a bug ({type(ended).__name__}); next: trimtab approve")


def hearing(
    approver: Approver,
    config: Config,
    ledger: Ledger,
    clock: Clock,
    *,
    told: Callable[[], Awaitable[None]],
) -> Approver:
    """Return who is asked, with replies heard meanwhile; *told* tells what became of them."""
    if not config.notify.replies:
        return approver

    async def heard() -> None:
        """Hear until cancelled; the channels are opened only now."""
        async with open_ear(config, os.environ, ledger, clock, session.note) as ear:
            await listen(ear, told)

    return HearingApprover(approver=approver, heard=heard)
