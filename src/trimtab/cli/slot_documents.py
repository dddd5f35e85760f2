"""Calendar slots as documents and as lines for a person. Prints nothing.

Instants are told twice: in UTC, and on the wall of ``rebalance.timezone``.
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Final

from trimtab.cli.documents import Document
from trimtab.domain.canonical import to_document
from trimtab.domain.slots import SlotState
from trimtab.triggers.calendar import slot_after
from trimtab.triggers.due import Dueness
from trimtab.workflow.slots import Schedule, SlotView

SHOW: Final = "trimtab schedule show"
"""The command that shows all of it."""


def slot_document(view: SlotView, schedule: Schedule) -> Document:
    """Return one slot; ``state`` is null before anything is written of it."""
    slot, zone = view.slot, schedule.calendar.zone
    judged = view.dueness
    return {
        "name": slot.name,
        "state": None if view.state is None else view.state.value,
        "due": judged is not None and judged.runs,
        "reason": "not_begun" if judged is None else judged.value,
        "begins_at": to_document(slot.begins_at),
        "begins_local": slot.begins_at.astimezone(zone).isoformat(),
        "grace_until": to_document(view.grace_until),
    }


def present_document(view: SlotView, schedule: Schedule) -> Document:
    """Return a slot with the one that comes after it."""
    after = slot_after(schedule.calendar, view.slot)
    return slot_document(view, schedule) | {
        "next": {
            "name": after.name,
            "begins_at": to_document(after.begins_at),
            "begins_local": after.begins_at.astimezone(schedule.calendar.zone).isoformat(),
        }
    }


def slot_line(view: SlotView, schedule: Schedule) -> str:
    """Return which slot it is, how it stands, and which one is next."""
    after, zone = slot_after(schedule.calendar, view.slot), schedule.calendar.zone
    return (
        f"Slot {view.slot.name}, begun {wall(view.slot.begins_at, zone)}: {_standing(view)}\n"
        f"Next slot: {after.name}, begins {wall(after.begins_at, zone)}."
    )


def next_step(view: SlotView) -> str:
    """Return the command that gets further."""
    if view.dueness in (Dueness.MISSED, Dueness.BEFORE_ACTIVATION):
        return f"trimtab run --if-due --slot {view.slot.name}"
    if view.dueness is None or view.dueness is Dueness.DONE:
        return SHOW
    return "trimtab run --if-due --execute"


def _standing(view: SlotView) -> str:
    """Say whether a slot is due, and why."""
    until = f"{view.grace_until:%Y-%m-%d %H:%M} UTC"
    match view.dueness:
        case Dueness.DONE:
            return "done; a slot is done at most once."
        case Dueness.MISSED:
            return f"missed, its grace ended {until}; only the explicit command runs it."
        case Dueness.BEFORE_ACTIVATION:
            return "not due, it began before this account was activated."
        case Dueness.LATE:
            return f"due late, its grace ended {until} (schedule.catch_up)."
        case Dueness.ASKED_FOR:
            return "asked for by name, which activation and grace do not hold up."
        case _:
            written = "" if view.state in (None, SlotState.PLANNED) else f", {words_of(view.state)}"
            return f"due{written}, until {until}."


def words_of(state: SlotState | None) -> str:
    """Return a state in words."""
    return "nothing yet" if state is None else state.value.replace("_", " ")


def wall(at: datetime, zone: tzinfo) -> str:
    """Return an instant on the wall of a zone, and in UTC where that differs."""
    local = at.astimezone(zone)
    utc = "" if not local.utcoffset() else f" ({at:%Y-%m-%d %H:%M} UTC)"
    return f"{local:%Y-%m-%d %H:%M} {local.tzname()}{utc}"
