"""Places and withdraws one stop, once, and finds out what became of it.

Shared by execution and recovery. The intent is in the ledger before a byte leaves, each conclusion
before the next question. A stop whose outcome is not known is looked up by its name until it is
found or its absence is proved, never sent again; withdrawing is by name too, and may be repeated.
Durations are seconds.
"""

from __future__ import annotations

import asyncio
import dataclasses
from dataclasses import dataclass
from datetime import datetime

from trimtab.domain.errors import Halted, NotDone, Refused, VenueError
from trimtab.domain.instruments import Lots
from trimtab.domain.orders import Evidence
from trimtab.domain.stops import SeenStop, StopIntent, StopRecord, StopState, VenueStop
from trimtab.execution import retry
from trimtab.execution.stop_life import (
    StopEventKind,
    contradiction,
    event_of,
    next_state,
    unfired,
)
from trimtab.execution.tracking import Outlook
from trimtab.ports import AbsenceEvidence, StopStep
from trimtab.workflow.inquiry import Desk, pause

_QUIET = frozenset({StopState.RESTING})
"""States that nothing has to be asked about, though they are no end."""
_RESTED = frozenset({StopState.RESTING, StopState.FIRED})
"""States of one that is known to have rested."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedStop:
    """A stop as the ledger has it now, and whether more would have to be asked."""

    record: StopRecord
    outlook: Outlook
    """``ASKING`` where its state is certain, else why it is not."""
    note: str
    """The last word on it; may be empty."""
    is_moved: bool = False
    """Whether the venue shows it resting, otherwise than it was put, and it has not fired."""

    @property
    def is_certain(self) -> bool:
        """Whether it is known where the stop stands."""
        return self.outlook is Outlook.ASKING


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """How a stop is asked about."""

    desk: Desk
    fence_at: datetime
    """After it, a request to place it that was not taken can no longer be."""
    until_ended: bool
    """Whether it was withdrawn, so that to rest is no answer yet."""


async def placed(
    intent: StopIntent,
    desk: Desk,
    *,
    receive_window_ms: int,
    halt_seen: str | None,
    puts_back: bool,
) -> FollowedStop | str:
    """Commit a stop, place it once, and return what became of it; why it was not begun, if so.

    *halt_seen* and *puts_back* are told to the ledger, which says what they mean.

    Raises:
        LedgerError: something could not be recorded.

    """
    at = desk.clock.now()
    try:
        await desk.ledger.begin_stop(intent, at=at, halt_seen=halt_seen, puts_back=puts_back)
    except Halted as latched:
        return str(latched)
    sending = StopRecord(
        intent=intent,
        state=StopState.SENDING,
        venue_stop_id=None,
        venue_order_id=None,
        executed_lots=Lots(0),
        begun_at=at,
    )
    return await _sent(sending, desk, receive_window_ms)


async def _sent(sending: StopRecord, desk: Desk, receive_window_ms: int) -> FollowedStop:
    """Place a stop that is begun, once, and take the verdict by the class of what was raised."""
    intent = sending.intent
    try:
        async with asyncio.timeout(retry.SUBMIT_WITHIN_S):
            seen = await desk.stops.place(intent)
    except NotDone as error:
        return await _ended(sending, StopEventKind.NOT_SENT, error, desk)
    except Refused as error:
        return await _ended(sending, StopEventKind.REFUSED, error, desk)
    except (VenueError, TimeoutError) as error:
        lost = await _moved(sending, StopEventKind.LOST, desk, news=_failed(error))
        return await _asked(lost, _questions(desk, desk.clock.now(), receive_window_ms))
    if fault := contradiction(intent, seen):
        lost = await _moved(sending, StopEventKind.LOST, desk, news=_News(note=fault))
        return FollowedStop(record=lost, outlook=Outlook.CONTRADICTED, note=fault)
    known = await _moved(sending, event_of(seen), desk, news=_News(seen=seen))
    if known.state is not StopState.FIRED:
        return FollowedStop(record=known, outlook=Outlook.ASKING, note="")
    return await _asked(known, _questions(desk, desk.clock.now(), receive_window_ms))


async def withdrawn(record: StopRecord, desk: Desk, *, receive_window_ms: int) -> FollowedStop:
    """Withdraw a stop, and return what became of it: it may have fired before.

    Raises:
        LedgerError: something could not be recorded.

    """
    questions = _questions(desk, record.begun_at, receive_window_ms)
    try:
        async with asyncio.timeout(retry.SUBMIT_WITHIN_S):
            await desk.stops.withdraw(record.intent)
    except (NotDone, Refused) as error:
        followed = await _asked(record, dataclasses.replace(questions, until_ended=False))
        return dataclasses.replace(followed, note=followed.note or _told(error))
    except (VenueError, TimeoutError):
        pass  # Whatever became of it, the next look says.
    return await _asked(record, dataclasses.replace(questions, until_ended=True))


async def resolved_stop(record: StopRecord, desk: Desk, *, receive_window_ms: int) -> FollowedStop:
    """Find out where a stop stands that an earlier run placed.

    Raises:
        LedgerError: something could not be recorded.

    """
    fence = retry.recovery_fence_at(
        record.begun_at, recovered_at=desk.clock.now(), receive_window_ms=receive_window_ms
    )
    if record.state is StopState.SENDING:
        left = "left behind by a run that ended"
        record = await _moved(record, StopEventKind.LOST, desk, news=_News(note=left))
    return await _asked(record, Questions(desk=desk, fence_at=fence, until_ended=False))


def _questions(desk: Desk, sent_by: datetime, receive_window_ms: int) -> Questions:
    """Return how a stop is asked about whose request left by *sent_by*."""
    fence = retry.fence_at(sent_by, receive_window_ms=receive_window_ms)
    return Questions(desk=desk, fence_at=fence, until_ended=False)


async def _asked(record: StopRecord, questions: Questions) -> FollowedStop:
    """Ask until it is certain where a stop stands, or the questions are used up."""
    desk, looked, missing = questions.desk, 0, 0
    outlook, note = Outlook.UNANSWERED, ""
    while (wait := retry.look_up_wait_s(looked, hurried=desk.stop.is_set())) is not None:
        await pause(desk, wait if looked else 0.0, f"before looking for stop {_name(record)}")
        looked += 1
        try:
            async with asyncio.timeout(retry.ASK_WITHIN_S):
                seen = await desk.stops.look_up(record.intent, begun_at=record.begun_at)
        except (VenueError, TimeoutError) as error:
            outlook, note = Outlook.UNANSWERED, _told(error)
            continue
        if seen is None:
            missing, outlook, note = missing + 1, Outlook.UNPROVED, "the venue does not show it"
            if retry.is_set_back(questions.fence_at, at=desk.clock.now()):
                note = retry.SET_BACK
                continue
            if missing >= retry.MISSING_MIN and (end := await _absent(record, questions)):
                return end
            continue
        if fault := contradiction(record.intent, seen) or unfired(record, seen):
            rests = seen.state is SeenStop.RESTING and record.state is not StopState.FIRED
            return FollowedStop(
                record=record, outlook=Outlook.CONTRADICTED, note=fault, is_moved=rests
            )
        record = await _seen(record, seen, desk)
        if record.state.is_terminal or (record.state in _QUIET and not questions.until_ended):
            return FollowedStop(record=record, outlook=Outlook.ASKING, note="")
        outlook, note = Outlook.STILL_OPEN, f"the venue says {seen.status}"
    return FollowedStop(record=record, outlook=outlook, note=note)


async def _seen(record: StopRecord, seen: VenueStop, desk: Desk) -> StopRecord:
    """Record what the venue says of a stop, where that is news.

    One that fired rests in a list that lags; it is asked about again.
    """
    event = event_of(seen)
    is_known = event is StopEventKind.RESTS and record.state in _RESTED
    return record if is_known else await _moved(record, event, desk, news=_News(seen=seen))


async def _absent(record: StopRecord, questions: Questions) -> FollowedStop | None:
    """Conclude after the fence that a stop is nowhere; None where the evidence is not whole.

    One that was seen to rest, and that no list shows any more, rests no more. One that fired did
    not vanish.
    """
    desk = questions.desk
    if record.state is StopState.FIRED:
        return None
    left_s = (questions.fence_at - desk.clock.now()).total_seconds()
    await pause(desk, left_s, f"until stop {_name(record)} can no longer be accepted")
    try:
        async with asyncio.timeout(retry.LISTS_WITHIN_S):
            evidence = await desk.stops.evidence_of_absence(record.intent, begun_at=record.begun_at)
    except (VenueError, TimeoutError):
        return None
    is_late = min(evidence.asked_at, evidence.venue_now) >= questions.fence_at
    if not evidence.is_absent or not is_late:
        return None
    rested = record.state is StopState.RESTING
    event = StopEventKind.WITHDRAWN if rested else StopEventKind.ABSENCE_PROVED
    note = "no list shows it after the fence"
    gone = await _moved(record, event, desk, news=_News(note=note, kept=evidence))
    return FollowedStop(record=gone, outlook=Outlook.ASKING, note=note)


async def _ended(
    record: StopRecord, event: StopEventKind, error: VenueError, desk: Desk
) -> FollowedStop:
    """Record that a stop was certainly not placed."""
    ended = await _moved(record, event, desk, news=_failed(error))
    return FollowedStop(record=ended, outlook=Outlook.ASKING, note=_told(error))


@dataclass(frozen=True, slots=True, kw_only=True)
class _News:
    """What a step of a stop was concluded from."""

    seen: VenueStop | None = None
    """The venue's word; None where it gave none."""
    note: str = ""
    kept: Evidence | AbsenceEvidence | None = None


async def _moved(
    record: StopRecord, event: StopEventKind, desk: Desk, *, news: _News
) -> StopRecord:
    """Record a step of a stop, and return the stop after it."""
    state, seen = next_state(record.state, event), news.seen
    named = record.venue_stop_id if seen is None else seen.venue_stop_id
    order = None if seen is None else seen.order
    step = StopStep(
        stop_id=record.intent.stop_id,
        state=state,
        venue_stop_id=named,
        order=order,
        evidence=news.kept,
        note=news.note,
        at=desk.clock.now(),
    )
    await desk.ledger.advance_stop(step)
    after = dataclasses.replace(record, state=state, venue_stop_id=named)
    if order is not None:
        became, executed = order.venue_order_id, order.filled_lots
        after = dataclasses.replace(after, venue_order_id=became, executed_lots=executed)
    desk.progress.stop_moved(after)
    return after


def _name(record: StopRecord) -> str:
    """Return our name of a stop."""
    return record.intent.stop_id


def _told(error: VenueError | TimeoutError) -> str:
    """Return why a question has no answer."""
    return str(error) if isinstance(error, VenueError) else "no answer in time"


def _failed(error: VenueError | TimeoutError) -> _News:
    """Return what is kept of a request that failed."""
    kept = error.evidence if isinstance(error, VenueError) else None
    return _News(note=_told(error), kept=kept)
