"""The foreground scheduler: at each poll, what is due is run like a run of its own.

A round opens what it works with anew and closes it again, as a process of its own would: a lost
network, a ledger that is busy or a clock that was set end one round and not the watch. What did not
come to its end is not tried again at once, nor is a person asked again, before :data:`AGAIN_S`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from trimtab.domain.errors import ConfigError, OutcomeUnknown, TrimtabError
from trimtab.ports import Clock, PlanStatus, StopSignal
from trimtab.workflow.propose import Planner, glance
from trimtab.workflow.run import Consent, Runner, resolved_first, run
from trimtab.workflow.slots import Schedule, mark_missed, present_slot
from trimtab.workflow.waiting import UntilItsTimeIsOver

AGAIN_S: Final = 3600.0
"""How long after a try that came to no end the same cause is left alone."""
TRIED_MAX: Final = 100
"""Causes that are remembered, the latest."""
_ENDED: Final = frozenset({PlanStatus.EXECUTED, PlanStatus.NOTHING_TO_DO})

Opener = Callable[[], AbstractAsyncContextManager[Runner]]
"""Opens what a round works with."""
Teller = Callable[[str], None]
"""Takes one line for whoever watches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What is watched, and how."""

    opened: Opener
    schedule: Schedule | None
    """None: the calendar is off, and thresholds alone are watched."""
    consent: Consent | None
    """None: nothing is run, and what would be is told."""
    clock: Clock
    stop: StopSignal
    poll_s: float
    """Wait between two rounds, > 0."""
    tell: Teller


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What a watch came to."""

    rounds: int
    """Rounds begun, >= 0."""
    runs: int
    """Runs that came to an end, executed or not, >= 0."""
    failed: int
    """Rounds that ended with an error, >= 0."""
    interrupted: bool
    """Whether a run was stopped on its way."""


async def keep_watch(watch: Watch) -> Watched:
    """Go round after round until somebody asks to stop; return what came of it.

    Raises:
        ConfigError: what is configured cannot be worked with; no later round could.

    """
    return await _Watchman(watch).watched()


class _Watchman:
    """One watch in progress: its counts, and when each cause was tried last without an end."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._rounds = self._runs = self._failed = 0
        self._interrupted = False
        self._tried: dict[str, datetime] = {}

    async def watched(self) -> Watched:
        """Go round after round until somebody asks to stop."""
        watch = self._watch
        while not watch.stop.is_set():
            self._rounds += 1
            try:
                async with watch.opened() as runner:
                    await self._round(runner)
            except ConfigError:
                raise
            except TrimtabError as error:
                self._failed += 1
                watch.tell(f"{error}; {error.true_now}; next: {error.next_step}")
            await _rest(watch)
        return Watched(
            rounds=self._rounds,
            runs=self._runs,
            failed=self._failed,
            interrupted=self._interrupted,
        )

    async def _round(self, runner: Runner) -> None:
        """Recover, then run the slot that is due, else what a threshold asks for."""
        watch = self._watch
        if watch.consent is not None:
            await _resolved(runner)
        slot = await _due_slot(watch, runner)
        if slot and self._rests(f"slot {slot}"):
            slot = ""  # What a threshold asks for is not kept waiting by it.
        cause = f"slot {slot}" if slot else await _threshold(runner.planner)
        if cause and not self._rests(cause) and not watch.stop.is_set():
            await self._run(runner, cause, slot=slot)

    async def _run(self, runner: Runner, cause: str, *, slot: str) -> None:
        """Run for one cause, and remember one that came to no end."""
        watch = self._watch
        self._remember(cause)
        if watch.consent is None:
            watch.tell(f"{cause}: would run; next: trimtab schedule run --execute")
            return
        approver = UntilItsTimeIsOver(approver=runner.approver, clock=watch.clock)
        asked = Runner(planner=runner.planner, desk=runner.desk, approver=approver)
        result = await run(asked, consent=watch.consent, slot_due=bool(slot), slot=slot)
        if result.status in _ENDED:
            del self._tried[cause]
        self._runs += 1
        self._interrupted = watch.stop.is_set() and result.status not in _ENDED
        watch.tell(f"{cause}: {result.status.value.replace('_', ' ')}")

    def _remember(self, cause: str) -> None:
        """Remember that a cause is tried now, whatever stops it; the newest last."""
        self._tried.pop(cause, None)
        self._tried[cause] = self._watch.clock.now()
        while len(self._tried) > TRIED_MAX:
            del self._tried[next(iter(self._tried))]

    def _rests(self, cause: str) -> bool:
        """Whether a cause was tried a short while ago; a clock that was set back forgets it."""
        at = self._tried.get(cause)
        if at is None:
            return False
        return 0 <= (self._watch.clock.now() - at).total_seconds() < AGAIN_S


async def _resolved(runner: Runner) -> None:
    """Resolve what an earlier run left open.

    Raises:
        OutcomeUnknown: the end of an order or a transfer is still not known.

    """
    report = await resolved_first(runner)
    if report is None:
        return
    left: list[str] = [o.client_order_id for o in report.orders if not o.is_resolved]
    left += [t.transfer_id for t in report.unresolved_transfers]
    left += [s.record.intent.stop_id for s in report.unresolved_stops]
    if left:
        raise OutcomeUnknown(f"the end of {', '.join(left)} is not known; nothing new is sent")


async def _due_slot(watch: Watch, runner: Runner) -> str:
    """Return the name of the slot that is to be run now; empty when none is."""
    if watch.schedule is None:
        return ""
    ledger, now = runner.desk.ledger, watch.clock.now()
    if watch.consent is not None:
        await mark_missed(ledger, watch.schedule, by=runner.planner.owner, now=now)
    view = await present_slot(ledger, watch.schedule, now=now)
    return view.slot.name if view.dueness is not None and view.dueness.runs else ""


async def _threshold(planner: Planner) -> str:
    """Return which condition asks for a plan with orders, the most urgent first; empty if none.

    The plan is made and not saved: a watch would write one each minute.
    """
    plan = await glance(planner)
    if not plan.legs and not plan.stops:
        return ""
    return ", ".join(dict.fromkeys(f"{f.kind.value} {f.subject}" for f in plan.firings))


async def _rest(watch: Watch) -> None:
    """Wait for the next round, or until somebody asks to stop."""
    sleeping = asyncio.ensure_future(watch.clock.sleep(watch.poll_s))
    stopping = asyncio.ensure_future(watch.stop.wait())
    try:
        await asyncio.wait({sleeping, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (sleeping, stopping):
            task.cancel()
        await asyncio.gather(sleeping, stopping, return_exceptions=True)
