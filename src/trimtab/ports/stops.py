"""What the shell needs to let stops rest on a venue, and to keep their lives.

As in :mod:`trimtab.ports`; a module of its own, so that none grows beyond a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from trimtab.domain.instruments import Symbol
from trimtab.domain.stops import ListedStop, StopIntent, VenueStop
from trimtab.ports.venue import AbsenceEvidence


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

    async def look_up(self, intent: StopIntent) -> VenueStop | None:
        """Return the stop with the intent's name, or None when none is visible now.

        Of one that fired, the order that it became is read too.

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

    async def evidence_of_absence(self, intent: StopIntent) -> AbsenceEvidence:
        """Ask every list that would show the stop had it ever been taken.

        By name, what rests, what rested, executions where they tell. Raises like :meth:`look_up`.
        """
        ...
