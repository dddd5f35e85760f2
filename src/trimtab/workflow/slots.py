"""Calendar slots: which one it is, whether it is due, and what was missed. Reads the ledger.

Nothing here makes a plan; what is written of a slot on a run's way is in
:mod:`trimtab.workflow.slot_book`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from trimtab.domain.errors import ConfigError
from trimtab.domain.slots import Slot, SlotMove, SlotState, SlotTerms
from trimtab.ports import Ledger
from trimtab.triggers.calendar import Calendar, slot_after, slot_at, slot_named
from trimtab.triggers.due import Activation, Dueness, dueness, lately


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When slots begin, and which of them run by themselves."""

    calendar: Calendar
    terms: SlotTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotView:
    """One slot as it stands now."""

    slot: Slot
    state: SlotState | None
    """What the ledger says of it; None when nothing is written."""
    dueness: Dueness | None
    """Whether it is to be run now; None before it begins."""
    grace_until: datetime
    """Until when it runs by itself."""


async def present_slot(ledger: Ledger, schedule: Schedule, *, now: datetime) -> SlotView:
    """Return the slot that *now* lies in, and whether it is due.

    Raises:
        PlanningError: the calendar never begins one.
        LedgerError: the ledger cannot be read.

    """
    return await _viewed(ledger, schedule, slot_at(schedule.calendar, now), now=now)


async def slot_asked_for(
    ledger: Ledger, schedule: Schedule, name: str, *, now: datetime
) -> SlotView:
    """Return the slot of that name, to be run whatever activation and grace say, if not done.

    Raises:
        ConfigError: the calendar has no such slot, or it has not begun.
        LedgerError: the ledger cannot be read.

    """
    slot = slot_named(schedule.calendar, name)
    if slot is None:
        known = slot_at(schedule.calendar, now).name
        raise ConfigError(
            f"--slot {name}: the calendar has no such slot, the present one is {known}",
            next_step="trimtab schedule show",
        )
    if slot.begins_at > now:
        raise ConfigError(
            f"--slot {name}: begins at {slot.begins_at:%Y-%m-%d %H:%M} UTC, which is not yet",
            next_step="trimtab schedule show",
        )
    written = await ledger.slot(slot.name)
    state = None if written is None else written.state
    is_done = state is SlotState.DONE
    return SlotView(
        slot=slot,
        state=state,
        dueness=Dueness.DONE if is_done else Dueness.ASKED_FOR,
        grace_until=slot.begins_at + schedule.terms.grace,
    )


async def next_slots(
    ledger: Ledger, schedule: Schedule, *, now: datetime, count: int
) -> tuple[SlotView, ...]:
    """Return the present slot and those that begin after it, *count* in all."""
    slot, found = slot_at(schedule.calendar, now), list[SlotView]()
    for _ in range(count):
        found.append(await _viewed(ledger, schedule, slot, now=now))
        slot = slot_after(schedule.calendar, slot)
    return tuple(found)


async def mark_missed(ledger: Ledger, schedule: Schedule, *, by: str, now: datetime) -> None:
    """Record what was missed: the present slot behind its grace, and earlier ones not done."""
    view = await present_slot(ledger, schedule, now=now)
    since = await activation(ledger, schedule)
    behind = [view.slot] if view.dueness in (Dueness.MISSED, Dueness.LATE) else []
    for slot in (*behind, *lately(schedule.calendar, view.slot, since=since)):
        written = await ledger.slot(slot.name)
        if written is None or written.state not in (SlotState.DONE, SlotState.MISSED):
            state = SlotState.MISSED
            await ledger.note_slot(
                SlotMove(slot=slot.name, state=state, plan_digest="", by=by, at=now)
            )


async def last_done(ledger: Ledger, schedule: Schedule, *, now: datetime) -> Slot | None:
    """Return the latest slot that was done, of the present one and those before it; None if none.

    Raises:
        PlanningError: the calendar never begins one.
        LedgerError: the ledger cannot be read.

    """
    present = slot_at(schedule.calendar, now)
    since = await activation(ledger, schedule)
    for slot in (present, *lately(schedule.calendar, present, since=since)):
        written = await ledger.slot(slot.name)
        if written is not None and written.state is SlotState.DONE:
            return slot
    return None


async def activation(ledger: Ledger, schedule: Schedule) -> Activation:
    """Return since when slots run by themselves: as configured, else since the first order."""
    return Activation(at=schedule.terms.activated_at or await ledger.first_order_at())


async def _viewed(ledger: Ledger, schedule: Schedule, slot: Slot, *, now: datetime) -> SlotView:
    """Return one slot as it stands now."""
    written, since = await ledger.slot(slot.name), await activation(ledger, schedule)
    state, terms = None if written is None else written.state, schedule.terms
    judged = dueness(slot, state, terms, since=since, now=now) if slot.begins_at <= now else None
    return SlotView(
        slot=slot, state=state, dueness=judged, grace_until=slot.begins_at + terms.grace
    )
