"""A venue on which no stop can rest. Pure but for its shape."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from trimtab.domain.errors import Refused
from trimtab.domain.instruments import Symbol
from trimtab.domain.stops import ListedStop, StopIntent, VenueStop
from trimtab.ports import AbsenceEvidence


class NoStops:
    """Refuses every stop: the adapter of the venue cannot place any, and lists none."""

    async def place(self, intent: StopIntent) -> VenueStop:
        """Refuse; see :meth:`trimtab.ports.Stops.place`."""
        raise _no(intent)

    async def withdraw(self, intent: StopIntent) -> None:
        """Refuse; see :meth:`trimtab.ports.Stops.withdraw`."""
        raise _no(intent)

    async def look_up(self, intent: StopIntent, *, begun_at: datetime) -> VenueStop | None:
        """Refuse; see :meth:`trimtab.ports.Stops.look_up`."""
        del begun_at
        raise _no(intent)

    async def resting(self, symbols: Sequence[Symbol]) -> tuple[ListedStop, ...]:
        """Return none; see :meth:`trimtab.ports.Stops.resting`."""
        del symbols
        return ()

    async def evidence_of_absence(
        self, intent: StopIntent, *, begun_at: datetime
    ) -> AbsenceEvidence:
        """Refuse; see :meth:`trimtab.ports.Stops.evidence_of_absence`."""
        del begun_at
        raise _no(intent)


def _no(intent: StopIntent) -> Refused:
    """Return that the venue takes none."""
    return Refused(f"no stop can rest on {intent.instrument.symbol} at this venue")
