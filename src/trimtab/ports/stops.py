"""What the shell needs to let stops rest on a venue, and to keep their lives.

As in :mod:`trimtab.ports`; a module of its own, so that none grows beyond a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import Evidence
from trimtab.domain.stops import (
    FiredOrder,
    ListedStop,
    StopId,
    StopIntent,
    StopRecord,
    StopState,
    VenueStop,
    VenueStopId,
)
from trimtab.ports.venue import AbsenceEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class StopStep:
    """One step in the life of a stop, with what it was concluded from."""

    stop_id: StopId
    state: StopState
    """The state that it enters."""
    venue_stop_id: VenueStopId | None
    """None unless the venue has named it."""
    order: FiredOrder | None
    """What it became; None unless it fired."""
    evidence: Evidence | AbsenceEvidence | None
    note: str
    """One sentence for the operator; may be empty."""
    at: datetime


class Stops(Protocol):
    """Where stops rest: the venue that trades the contracts."""

    async def place(self, intent: StopIntent) -> VenueStop:
        """Send *intent* once; the answer echoes our name of it.

        One whose trigger is reached already may be refused or fire at once.

        Raises:
            NotDone: certainly none exists.
            Refused: the venue said no.
            OutcomeUnknown: one may exist; look it up.

        """
        ...

    async def withdraw(self, intent: StopIntent) -> None:
        """Cancel a stop by our name; one that is gone already is no error: look what it became.

        Raises:
            NotDone: certainly not withdrawn.
            Refused: the venue said no.
            OutcomeUnknown: it may be withdrawn; look it up.

        """
        ...

    async def look_up(self, intent: StopIntent, *, begun_at: datetime) -> VenueStop | None:
        """Return the stop with the intent's name, or None when none is visible now.

        Of one that fired, the order that it became is read too. Nothing of it is older than
        *begun_at*, when the intent was committed, our clock: a stop may rest for longer than a
        venue tells what became of an order by its name alone.

        Raises:
            NotDone: the question was not answered.
            Refused: the venue denies the read.

        """
        ...

    async def resting(self, symbols: Sequence[Symbol]) -> tuple[ListedStop, ...]:
        """Return the conditional orders that rest in *symbols*, whoever placed them, all pages.

        Raises like :meth:`look_up`.
        """
        ...

    async def evidence_of_absence(
        self, intent: StopIntent, *, begun_at: datetime
    ) -> AbsenceEvidence:
        """Ask every list that would show the stop had it ever been taken.

        By name, what rests, what rested, executions since *begun_at* where they tell. Raises like
        :meth:`look_up`.
        """
        ...


class StopLedger(Protocol):
    """The life of every resting stop. A hedge has one that may fill at a time."""

    async def begin_stop(
        self, intent: StopIntent, *, at: datetime, halt_seen: str | None, puts_back: bool
    ) -> None:
        """Commit the intent as SENDING, before a byte is sent.

        *halt_seen* is the kill switch as the gate saw it that passed its plan. Where the plan has
        taken a stop of the hedge away, *puts_back* has it back: neither a halt since then nor a
        standing approval that is over is to leave the hedge without one.

        Raises:
            LedgerError: it is there already, another one of its hedge may fill, or a dry run asks.
            AccountHeld: the lease is no longer ours.
            Halted: the kill switch was latched since, or the plan rests on a standing approval
                that is over.

        """
        ...

    async def advance_stop(self, step: StopStep) -> None:
        """Record a step, refusing any that the life of a stop does not know.

        With the step to DONE the order that it became is there, ended, its fills to be booked; it
        is as old as the stop, since it may have filled at any time.
        """
        ...

    async def stops(self) -> tuple[StopRecord, ...]:
        """Return all stops, oldest first."""
        ...

    async def open_stops(self) -> tuple[StopRecord, ...]:
        """Return stops that are not terminal, oldest first, in a dry run too."""
        ...
