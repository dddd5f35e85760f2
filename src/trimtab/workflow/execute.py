"""Carries out an approved plan: the driver of the run machine.

It reads, sends, asks, waits and records; the machine decides. An intent is in the ledger
before a byte leaves, the machine's conclusions are in the ledger before the next command is
carried out, and nothing is sent after the driver has returned. However it ends (finished,
stopped, cancelled, killed), what was sent is in the ledger, and ``recover`` can go on.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import gc
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final, assert_never

from trimtab.domain.approved import ApprovalKind, ApprovedPlan
from trimtab.domain.errors import Halted, LedgerError, NotDone, Refused, VenueError
from trimtab.domain.orders import ClientOrderId, OrderIntent, OrderRecord
from trimtab.domain.plan import Plan
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.transfers import TransferId, TransferIntent
from trimtab.execution import machine
from trimtab.execution.events import (
    Finish,
    LookUp,
    NotBegun,
    ProveAbsence,
    ReadFills,
    Review,
    Reviewed,
    RunCommand,
    RunEvent,
    Shown,
    Stopped,
    Submit,
    SubmitTransfer,
    Survey,
    Surveyed,
    Unsurveyed,
    WasLost,
    WasNotSent,
    WasRefused,
)
from trimtab.execution.foresight import stops_left
from trimtab.execution.report import ExecutionReport, Outcome, report, stops_alone, unstarted
from trimtab.execution.rests import RestReason
from trimtab.execution.retry import SUBMIT_WITHIN_S
from trimtab.execution.state import Phase, RunState, Terms
from trimtab.execution.transfer_events import SeekTransfer
from trimtab.ports import PlanStatus, Transition
from trimtab.workflow import transfers
from trimtab.workflow.inquiry import Desk, Inquiry, OrderNews, pause, record_of, transition
from trimtab.workflow.kept_stops import placed_last, withdrawn_first
from trimtab.workflow.preflight import NotReady, Wiring, gated, prepare
from trimtab.workflow.transfers import TransferNews

_STATUS: Final[Mapping[Outcome, PlanStatus]] = MappingProxyType(
    {
        Outcome.EXECUTED: PlanStatus.EXECUTED,
        Outcome.REFUSED: PlanStatus.REFUSED,
        Outcome.PARTIAL: PlanStatus.PARTIAL,
        Outcome.UNKNOWN: PlanStatus.UNKNOWN,
    }
)
"""Where a plan stands afterwards. The other outcomes leave it partial when intents were
committed for it, and approved when none were."""

RunNews = OrderNews | TransferNews | RunEvent
"""What a task of the driver comes back with."""


async def execute(approved: ApprovedPlan, wiring: Wiring) -> ExecutionReport:
    """Carry out *approved* and return what came of it. The account must be held already.

    Raises:
        ApprovalError: the approval is over, or a price moved too far; nothing was sent.
        LedgerError: something could not be recorded; nothing more was sent.

    """
    terms = Terms.of(approved, wiring.policy)
    ready = await prepare(approved, wiring)
    if isinstance(ready, NotReady):
        outcome = unstarted(approved.plan, ready.reason, ready.review, ready.note)
        return await _concluded(outcome, approved, wiring.desk)
    if await wiring.desk.ledger.statement() is None:
        await wiring.desk.ledger.save_balances(ready.opening)
    outcome = await _carried_out(approved, wiring, terms, ready.opening)
    return await _concluded(outcome, approved, wiring.desk)


async def _carried_out(
    approved: ApprovedPlan, wiring: Wiring, terms: Terms, opening: Snapshot
) -> ExecutionReport:
    """Work the plan's orders, its stops withdrawn before them and placed after, in a dry run none.

    A kill before its stops are placed leaves hedges without one: the next plan puts them.
    """
    plan = approved.plan
    keeps_stops = plan.stops and approved.approval.kind is not ApprovalKind.DRY_RUN
    if keeps_stops:
        outcome = await _stops_withdrawn(approved, wiring, opening)
        if outcome is not None:
            return outcome
    if plan.legs or plan.transfers:
        if keeps_stops and any(line.withdraws for line in plan.stops):  # Which took its time.
            state, commands = machine.begin_later(plan.legs, plan.transfers, terms, opening)
        else:
            state, commands = machine.begin(plan.legs, plan.transfers, terms, opening)
        with _uncollected():
            outcome = await _Driver(approved, wiring, state).run(commands)
    else:
        outcome = stops_alone(approved.report)
    return await placed_last(approved, wiring, outcome) if keeps_stops else outcome


async def _stops_withdrawn(
    approved: ApprovedPlan, wiring: Wiring, opening: Snapshot
) -> ExecutionReport | None:
    """Withdraw what must not rest beside the plan's orders; return how the run ended, if by that.

    The gate looks first: what it refuses leaves every stop where it is.
    """
    plan, ledger = approved.plan, wiring.desk.ledger
    review, refusal = await gated(plan, opening, wiring, approved.report)
    if refusal:
        return unstarted(plan, RestReason.GATE_REFUSED, review, refusal)
    if wiring.desk.stop.is_set():
        return unstarted(plan, RestReason.INTERRUPTED, review, "")
    await ledger.set_plan_status(plan.digest, PlanStatus.EXECUTING)
    unready = await withdrawn_first(approved, wiring)
    if unready is None:
        return None
    outcome = unstarted(plan, unready.reason, review, unready.note)
    return await placed_last(approved, wiring, outcome)


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Collect no garbage in the block.

    To walk all that ccxt keeps takes more than a tenth of a second, in which no answer is heard and
    no order leaves. What a run leaves behind is bounded like its orders, and collected after it.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Driver:
    """One run in progress: the machine's state, and the tasks that bring it news."""

    def __init__(self, approved: ApprovedPlan, wiring: Wiring, state: RunState) -> None:
        self._approved = approved
        self._wiring = wiring
        self._desk = wiring.desk
        self._inquiry = Inquiry(desk=wiring.desk)
        self._state = state
        self._review = approved.report
        self._note = ""
        self._halt_seen: str | None = None
        self._is_dry = approved.approval.kind is ApprovalKind.DRY_RUN
        self._executing = bool(approved.plan.stops) and not self._is_dry
        self._begun: dict[ClientOrderId, datetime] = {}
        self._moving: dict[TransferId, datetime] = {}
        self._sends: dict[asyncio.Task[RunNews], None] = {}
        self._asks: dict[asyncio.Task[RunNews], None] = {}

    async def run(self, commands: Sequence[RunCommand]) -> ExecutionReport:
        """Carry out *commands* and what follows from them, to the end of the run."""
        stopping = asyncio.ensure_future(self._desk.stop.wait())
        try:
            await self._carry_out(commands)
            while self._state.phase is not Phase.FINISHED:
                await self._take_news(stopping)
        finally:
            stopping.cancel()
            await self._leave(stopping)
        return report(self._state, self._review, self._note)

    async def _take_news(self, stopping: asyncio.Future[object]) -> None:
        """Wait for the next news, and act on all there is, in the order of asking."""
        tasks = {*self._sends, *self._asks}
        told = self._state.stop is not RestReason.NONE
        await asyncio.wait(
            tasks if told else tasks | {stopping}, return_when=asyncio.FIRST_COMPLETED
        )
        news: list[RunNews] = []
        if not told and stopping.done():
            news.append(Stopped(reason=RestReason.INTERRUPTED, at=self._desk.clock.now()))
        news += [*_brought(self._sends), *_brought(self._asks)]
        await self._carry_out(await self._tell(news))

    async def _tell(self, news: Sequence[RunNews]) -> Sequence[RunCommand]:
        """Tell the machine, record what it concludes in one commit, and return what it asks for."""
        rows: list[Transition] = []
        moved: list[OrderRecord] = []
        commands: list[RunCommand] = []
        for each in news:
            before = self._state
            event = each.event if isinstance(each, OrderNews | TransferNews) else each
            self._state, asked = machine.step(before, event)
            commands += asked
            if isinstance(event, Unsurveyed):
                self._note = event.reason
            if isinstance(each, TransferNews):
                gone_on = machine.transfer_moved(self._state, before=before)
                await transfers.recorded(gone_on, each, self._desk, begun=self._moving)
            if isinstance(each, OrderNews):
                changed = machine.moved(self._state, before=before)
                steps = [o for o in changed if machine.is_transition(o, before=before)]
                rows += [transition(o, each, self._desk.clock.now()) for o in steps]
                moved += [record_of(o, begun=self._begun, simulated=self._is_dry) for o in changed]
        if rows:
            await self._desk.ledger.advance(rows)
        for record in moved:
            self._desk.progress.order_moved(record)
        return commands

    async def _carry_out(self, commands: Sequence[RunCommand]) -> None:
        """Start what the machine asks for; only the commit of intents is waited for."""
        for command in commands:
            match command:
                case Submit():
                    await self._submit(command.intents)
                case LookUp() | ProveAbsence() | ReadFills():
                    begun_at = self._begun[command.intent.client_order_id]
                    _start(self._asks, self._inquiry.ask(command, begun_at=begun_at))
                case SubmitTransfer():
                    await self._transfer(command.intent)
                case SeekTransfer():
                    _start(self._asks, transfers.sought(command, self._desk))
                case Survey():
                    _start(self._asks, _surveyed(command.after_s, self._wiring))
                case Review():
                    _start(self._asks, self._gate(command))
                case Finish():
                    pass
                case _:
                    assert_never(command)

    async def _gate(self, command: Review) -> RunNews:
        """Have the gate look, and look for a halt once more: nothing is awaited after that."""
        plan = _rest_of(self._approved.plan, command, self._state)
        before = await self._desk.ledger.halted()
        self._review, refusal = await gated(plan, command.snapshot, self._wiring, self._review)
        halted = self._halt_seen = await self._desk.ledger.halted()
        at = self._desk.clock.now()
        if halted is not None and halted != before:
            self._note = halted
            return Stopped(reason=RestReason.HALTED, at=at)
        if self._desk.stop.is_set():
            return Stopped(reason=RestReason.INTERRUPTED, at=at)
        self._note = refusal or self._note
        return Reviewed(refusal=refusal, at=at)

    async def _submit(self, intents: Sequence[OrderIntent]) -> None:
        """Commit the intents, then send them side by side; under a new halt do neither."""
        ledger, digest = self._desk.ledger, self._state.terms.plan_digest
        if not (self._begun or self._moving or self._executing):
            await ledger.set_plan_status(digest, PlanStatus.EXECUTING)
        at = self._desk.clock.now()
        try:
            await ledger.begin(intents, at=at, halt_seen=self._halt_seen)
        except Halted as latched:
            self._note = str(latched)
            await self._not_begun(RestReason.HALTED)
            return
        for intent in intents:
            self._begun[intent.client_order_id] = at
            self._desk.progress.order_sent(intent)
            _start(self._sends, _sent(intent, self._desk))

    async def _transfer(self, intent: TransferIntent) -> None:
        """Commit a transfer, then send it; not where it could be taken for another one."""
        first = not (self._begun or self._executing)
        begun = await transfers.begun(intent, self._desk, halt_seen=self._halt_seen, is_first=first)
        if isinstance(begun, transfers.NotStarted):
            self._note = begun.note or self._note
            await self._not_begun(begun.reason)
            return
        self._moving[intent.transfer_id] = begun
        _start(self._sends, transfers.sent(intent, self._desk))

    async def _not_begun(self, reason: RestReason) -> None:
        """Tell the machine that what it wanted sent was not even begun."""
        await self._tell([NotBegun(reason=reason, at=self._desk.clock.now())])

    async def _leave(self, stopping: asyncio.Future[object]) -> None:
        """Leave no task behind: questions are dropped, orders in flight heard out and recorded."""
        for task in self._asks:
            task.cancel()
        heard = await asyncio.gather(*self._sends, return_exceptions=True)
        await asyncio.gather(stopping, *self._asks, return_exceptions=True)
        for news in heard:
            if isinstance(news, OrderNews | TransferNews):
                with contextlib.suppress(LedgerError):  # It is why the run ends, if at all.
                    await self._tell([news])


def _start(
    running: dict[asyncio.Task[RunNews], None], work: Coroutine[object, object, RunNews]
) -> None:
    """Start a task that brings news."""
    running[asyncio.ensure_future(work)] = None


def _brought(running: dict[asyncio.Task[RunNews], None]) -> list[RunNews]:
    """Return what the tasks that are done bring, in the order of asking, and forget them."""
    done = [task for task in running if task.done()]
    for task in done:
        del running[task]
    return [task.result() for task in done]


async def _concluded(
    outcome: ExecutionReport, approved: ApprovedPlan, desk: Desk
) -> ExecutionReport:
    """Record where the plan stands after *outcome*, and return that."""
    plan, ledger = approved.plan, desk.ledger
    begun = bool(outcome.orders or outcome.transfers)
    if plan.stops and not begun:
        begun = (await ledger.plan(plan.digest)).status is PlanStatus.EXECUTING
    otherwise = PlanStatus.PARTIAL if begun else PlanStatus.APPROVED
    status = _STATUS.get(outcome.outcome, otherwise)
    await ledger.set_plan_status(plan.digest, status)
    return outcome


async def _surveyed(after_s: float, wiring: Wiring) -> RunNews:
    """Read account and prices afresh."""
    await pause(wiring.desk, after_s, "before the next attempt")
    try:
        snapshot = await wiring.market.snapshot(wiring.portfolio)
    except VenueError as error:
        return Unsurveyed(reason=str(error), at=wiring.desk.clock.now())
    return Surveyed(snapshot=snapshot, at=wiring.desk.clock.now())


def _rest_of(plan: Plan, command: Review, state: RunState) -> Plan:
    """Return what is left of *plan*; all of it keeps its digest."""
    if (command.legs, command.transfers) == (plan.legs, plan.transfers):
        return plan
    stops = stops_left(plan, state, command.legs)
    return dataclasses.replace(plan, legs=command.legs, transfers=command.transfers, stops=stops)


async def _sent(intent: OrderIntent, desk: Desk) -> RunNews:
    """Send one order once, and return the verdict by the class of what was raised."""
    name, now = intent.client_order_id, desk.clock.now
    try:
        async with asyncio.timeout(SUBMIT_WITHIN_S):
            order = await desk.venue.submit(intent)
    except NotDone as error:
        silence = error.retry_after_ms
        unsent = WasNotSent(
            client_order_id=name, reason=str(error), retry_after_ms=silence, at=now()
        )
        return OrderNews(event=unsent, evidence=error.evidence)
    except Refused as error:
        refused = WasRefused(client_order_id=name, reason=str(error), at=now())
        return OrderNews(event=refused, evidence=error.evidence)
    except VenueError as error:
        lost = WasLost(client_order_id=name, reason=str(error), at=now())
        return OrderNews(event=lost, evidence=error.evidence)
    except TimeoutError:
        lost = WasLost(client_order_id=name, reason="no answer in time", at=now())
        return OrderNews(event=lost, evidence=None)
    return OrderNews(event=Shown(client_order_id=name, order=order, at=now()), evidence=None)
