"""The foreground scheduler: at each poll, what is due is run like a run of its own.

A round opens what it works with anew and closes it again, as a process of its own would: a lost
network, a ledger that is busy or a clock that was set end one round and not the watch. What did not
come to its end is not tried again at once, nor is a person asked again, before :data:`AGAIN_S`;
what is urgent and had nobody's no is, after :data:`URGENT_AGAIN_S`. A question that waits for its
answer is taken back when something more urgent comes meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from trimtab.domain.errors import ApprovalError, ConfigError, OutcomeUnknown, TrimtabError
from trimtab.domain.firings import TriggerKind, is_more_urgent, trigger_of
from trimtab.domain.plan import Plan
from trimtab.ports import Clock, Ledger, PlanStatus, StopSignal
from trimtab.workflow.propose import Planner, glance
from trimtab.workflow.run import Consent, Runner, RunResult, resolved_first, run
from trimtab.workflow.slots import Schedule, mark_missed, present_slot
from trimtab.workflow.waiting import UntilItsTimeIsOver, UntilOutranked

AGAIN_S: Final = 3600.0
"""How long after a try that came to no end the same cause is left alone."""
URGENT_AGAIN_S: Final = 300.0
"""The same of what is more urgent than drift, where nobody said no: a position may be at stake.

The gate refuses the same order for as long after it was sent.
"""
TRIED_MAX: Final = 100
"""Causes that are remembered, the latest."""
SHOWN_DIGITS: Final = 8
"""How much of a plan's digest is shown; as much names it to every command."""
_ENDED: Final = frozenset({PlanStatus.EXECUTED, PlanStatus.NOTHING_TO_DO})
_UNDECIDED: Final = frozenset({PlanStatus.PROPOSED, PlanStatus.EXPIRED})
"""Where nobody answered."""
_UNSAID: Final = _UNDECIDED | {PlanStatus.DECLINED}
"""Where somebody was asked, and no yes came."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cause:
    """What a round is about to run for."""

    name: str
    """As it is told; empty where nothing is to be run."""
    slot: str
    """Name of the slot that is due; empty where none is."""
    kind: TriggerKind
    """The most urgent of what it is."""

    @property
    def is_urgent(self) -> bool:
        """Whether it is more urgent than drift."""
        return is_more_urgent(self.kind, than=TriggerKind.DRIFT)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Try:
    """When a cause was tried without an end, and for how long it is left alone."""

    at: datetime
    rest_s: float


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
        self._tried: dict[str, _Try] = {}

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
        cause = _Cause(name=f"slot {slot}" if slot else "", slot=slot, kind=TriggerKind.CALENDAR)
        if not slot or self._rests(cause):  # A slot keeps no threshold waiting.
            cause = await _threshold(runner.planner)
        if cause.name and not self._rests(cause) and not watch.stop.is_set():
            await self._run(runner, cause)

    async def _run(self, runner: Runner, cause: _Cause) -> None:
        """Run for one cause, and remember one that came to no end."""
        watch = self._watch
        self._remember(cause, rest_s=AGAIN_S)
        if watch.consent is None:
            watch.tell(f"{cause.name}: would run; next: trimtab schedule run --execute")
            return
        before: list[_Cause] = []

        async def outranked(plan: Plan) -> None:
            """Wait for what comes before the plan."""
            before.append(await self._pressing(runner.planner, plan))

        patient = UntilItsTimeIsOver(approver=runner.approver, clock=watch.clock)
        approver = UntilOutranked(approver=patient, outranked=outranked)
        asked = Runner(planner=runner.planner, desk=runner.desk, approver=approver)
        soon_s = URGENT_AGAIN_S if cause.is_urgent else AGAIN_S
        began_at = watch.clock.now()
        try:
            result = await run(
                asked, consent=watch.consent, slot_due=bool(cause.slot), slot=cause.slot
            )
        except TrimtabError as error:
            said_no = isinstance(error, ApprovalError) and not await _has_its_yes(
                runner.desk.ledger, since=began_at
            )
            self._remember(cause, rest_s=AGAIN_S if said_no else soon_s)
            raise
        if result.status in _ENDED:
            del self._tried[cause.name]
        elif result.status not in _UNSAID:
            self._remember(cause, rest_s=soon_s)
        is_put_off = bool(before) and result.status in _UNDECIDED
        if is_put_off:
            self._remember(cause, rest_s=URGENT_AGAIN_S)
        self._runs += 1
        self._interrupted = watch.stop.is_set() and result.status not in _ENDED
        came = (
            f"put off for {before[0].name}; next: trimtab plan" if is_put_off else _came_to(result)
        )
        watch.tell(f"{cause.name}: {came}")

    async def _pressing(self, planner: Planner, plan: Plan) -> _Cause:
        """Return what is more urgent than *plan* and may be tried, once there is such a thing."""
        watch, told = self._watch, ""
        while True:
            await watch.clock.sleep(watch.poll_s)
            try:
                seen = await _threshold(planner)
            except TrimtabError as error:
                if str(error) != told:
                    told = str(error)
                    watch.tell(f"while an answer is waited for: {error}; next: {error.next_step}")
                continue
            is_before = is_more_urgent(seen.kind, than=trigger_of(plan.firings))
            if seen.is_urgent and is_before and not self._rests(seen):
                return seen

    def _remember(self, cause: _Cause, *, rest_s: float) -> None:
        """Remember that a cause is tried now, whatever stops it; the newest last."""
        self._tried.pop(cause.name, None)
        self._tried[cause.name] = _Try(at=self._watch.clock.now(), rest_s=rest_s)
        while len(self._tried) > TRIED_MAX:
            del self._tried[next(iter(self._tried))]

    def _rests(self, cause: _Cause) -> bool:
        """Whether a cause was tried a short while ago; a clock that was set back forgets it."""
        tried = self._tried.get(cause.name)
        if tried is None:
            return False
        return 0 <= (self._watch.clock.now() - tried.at).total_seconds() < tried.rest_s


async def _has_its_yes(ledger: Ledger, *, since: datetime) -> bool:
    """Whether a plan made since then has a yes and was not begun: price or account moved on."""
    heads = await ledger.plan_heads(since=since)
    return any(head.status is PlanStatus.APPROVED for head in heads)


def _came_to(result: RunResult) -> str:
    """Say what a run came to and, where that is no end, the command that gets further."""
    name, said = result.plan.digest[:SHOWN_DIGITS], result.status.value.replace("_", " ")
    if result.status in _ENDED:
        return said
    if result.interrupted:
        decide = f"trimtab approve {name}, then trimtab run --execute --plan {name}"
        return f"not decided; next: {decide}"
    if result.status is PlanStatus.REFUSED and result.execution is None:
        return f"{said}; next: trimtab explain {name}"
    said, next_step = {
        PlanStatus.PROPOSED: ("not decided in time", "trimtab plan"),
        PlanStatus.APPROVED: ("nothing was sent", "trimtab doctor"),
        PlanStatus.UNKNOWN: ("the end of what was sent is not known", "trimtab recover"),
    }.get(result.status, (said, "trimtab plan"))
    return f"{said}; next: {next_step}"


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


async def _threshold(planner: Planner) -> _Cause:
    """Return which conditions ask for a plan with orders, the most urgent first.

    The plan is made and not saved: a watch would write one each minute.
    """
    plan = await glance(planner)
    acts = plan.firings if plan.legs or plan.stops else ()
    return _Cause(
        name=", ".join(dict.fromkeys(f"{f.kind.value} {f.subject}" for f in acts)),
        slot="",
        kind=trigger_of(acts),
    )


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
