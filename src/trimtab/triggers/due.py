"""Whether a slot is due: by its beginning, the account's activation, its grace, and what was done.

Pure: the instant and what the ledger says are given. Source: strategy definitions 2.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from trimtab.domain.slots import CatchUp, Slot, SlotState, SlotTerms
from trimtab.triggers.calendar import Calendar, slots_before

LOOKED_BACK: Final = 12
"""How many slots before the present one are looked at for having been missed, the latest."""


class Dueness(StrEnum):
    """Whether a slot is to be run now, and why. Shown in JSON; never renamed."""

    DUE = "due"
    LATE = "late"
    """Its grace is over, and ``schedule.catch_up`` runs it all the same."""
    ASKED_FOR = "asked_for"
    """Named by the explicit command: activation and grace do not apply."""
    DONE = "done"
    MISSED = "missed"
    """Its grace is over: it needs the explicit command."""
    BEFORE_ACTIVATION = "before_activation"

    @property
    def runs(self) -> bool:
        """Whether the slot is run now."""
        return self in (Dueness.DUE, Dueness.LATE, Dueness.ASKED_FOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """Since when slots run by themselves; nothing does before."""

    at: datetime | None
    """None: the account was never activated."""

    def covers(self, slot: Slot) -> bool:
        """Whether a slot began since then."""
        return self.at is not None and slot.begins_at >= self.at


def dueness(
    slot: Slot, state: SlotState | None, terms: SlotTerms, *, since: Activation, now: datetime
) -> Dueness:
    """Return whether *slot*, which has begun, is to be run now; *state* is what the ledger says."""
    if state is SlotState.DONE:
        return Dueness.DONE
    if not since.covers(slot):
        return Dueness.BEFORE_ACTIVATION
    if now <= slot.begins_at + terms.grace:
        return Dueness.DUE
    return Dueness.LATE if terms.catch_up is CatchUp.RUN else Dueness.MISSED


def lately(calendar: Calendar, slot: Slot, *, since: Activation) -> Iterator[Slot]:
    """Yield slots since the activation that ended with or before *slot*'s beginning, latest first.

    None of them runs any more by itself: where one was not done, it was missed.
    """
    for count, before in enumerate(slots_before(calendar, slot)):
        if count == LOOKED_BACK or not since.covers(before):
            return
        yield before
