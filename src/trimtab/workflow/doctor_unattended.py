"""What the doctor says of runs that nobody watches: the calendar, and who is told. Pure.

Values in, one examination out; :mod:`trimtab.cli.commands.doctor` reads ledger and channels.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from trimtab.domain.errors import ConfigError
from trimtab.domain.notices import NoticeRecord
from trimtab.domain.slots import Slot
from trimtab.triggers.due import Dueness
from trimtab.workflow.doctor import Examination, passed, warned
from trimtab.workflow.slots import SlotView


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarSeen:
    """Where an account stands in its calendar."""

    present: SlotView
    following: Slot
    """The slot that begins where the present one ends."""
    done: Slot | None
    """The latest that was done; None where none was."""


def schedule_examination(seen: CalendarSeen | None) -> Examination:
    """Say which slot is next, which was done last, and whether one was missed."""
    if seen is None:
        return passed("schedule", found="rebalance.calendar is off")
    name, judged = seen.present.slot.name, seen.present.dueness
    last = "none done yet" if seen.done is None else f"last done {seen.done.name}"
    following = f"next {seen.following.name} at {seen.following.begins_at:%Y-%m-%d %H:%M} UTC"
    if judged is Dueness.MISSED:
        fix = f"trimtab run --if-due --slot {name}, or leave it"
        return warned("schedule", found=f"{name} was missed; {last}; {following}", fix=fix)
    if judged is not None and judged.runs:
        until = f"{seen.present.grace_until:%Y-%m-%d %H:%M} UTC"
        return passed("schedule", found=f"{name} is due until {until}; {last}; {following}")
    return passed("schedule", found=f"{last}; {following}")


def notices_examination(
    channels: Sequence[str],
    unopened: Mapping[str, ConfigError],
    records: Iterable[NoticeRecord],
    *,
    at: datetime,
) -> Examination:
    """Say who is told, which channel cannot be used, and what nobody has read or received."""
    if not channels:
        return passed("notices", found="nobody is told: notify.channels is empty")
    if unopened:
        name, fault = next(iter(unopened.items()))
        return warned("notices", found=f"{name} cannot be used: {fault}", fix=fault.next_step)
    known = tuple(records)
    unread = [record.notice.id for record in known if record.holds]
    if unread:
        found = f"{len(unread)} critical unread; runs that nobody watches wait for them"
        return warned("notices", found=found, fix=f"trimtab notify ack {unread[-1]}")
    missed = sum(record.is_missed(at=at) for record in known)
    if missed:
        found = f"{missed} did not arrive everywhere"
        return warned("notices", found=found, fix="trimtab notify list")
    return passed("notices", found=f"told over {', '.join(channels)}; none unread")
