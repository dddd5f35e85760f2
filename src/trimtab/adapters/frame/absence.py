"""Asks every list of a venue for one order or stop, to prove its absence. Not pure.

See docs/design/0003-never-twice.md for what follows from the answers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.domain.errors import Refused
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import OrderIntent, VenueOrder
from trimtab.domain.snapshot import OpenOrder
from trimtab.ports import AbsenceEvidence
from trimtab.venues.profile import Desk

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLists:
    """Where an order of a venue may show."""

    named: Callable[[OrderIntent], Awaitable[VenueOrder | None]]
    """The order by our name, None when there is none now."""
    resting: Callable[[Sequence[Symbol]], Awaitable[tuple[OpenOrder, ...]]]
    """What rests in markets."""
    others: Callable[[OrderIntent], Awaitable[Mapping[str, str]]]
    """What the lists ``all_orders`` and ``fills`` show of an order, ``none`` for nothing."""
    inconclusive: str = ""
    """Why the silence of all of them proves nothing; empty where it proves."""


async def asked_everywhere(wire: Wire, lists: OrderLists, intent: OrderIntent) -> AbsenceEvidence:
    """Return what every list shows of the order of *intent*; raises like :func:`evidence_of`."""

    async def sightings() -> Mapping[str, str]:
        """Ask every list."""
        order = await lists.named(intent)
        resting = await lists.resting([intent.instrument.symbol])
        seen = [o for o in resting if o.client_order_id == intent.client_order_id]
        others = await lists.others(intent)
        return {
            "by_client_id": "none" if order is None else f"{order.status}",
            "open_orders": f"order {seen[0].venue_order_id}" if seen else "none",
            **others,
        }

    shown = await evidence_of(wire, Desk.of(intent.instrument), sightings)
    return replace(shown, inconclusive=lists.inconclusive)


async def evidence_of(
    wire: Wire, desk: Desk, sightings: Callable[[], Awaitable[Mapping[str, str]]]
) -> AbsenceEvidence:
    """Return what *sightings* asks every list, with when it was asked.

    The venue's clock is read first, so that every list is at least as young as it says.

    Raises:
        NotDone: a question was not answered.
        Refused: the venue denies a read.

    """
    asked_at = wire.clock.now()
    venue_now = await wire.venue_now(desk)
    return AbsenceEvidence(asked_at=asked_at, venue_now=venue_now, sightings=await sightings())


async def one_or_none(
    wire: Wire, endpoint: Endpoint, asked: Mapping[str, object], read: Callable[[Any], T]
) -> T | None:
    """Ask for one order; None where the venue says, by a code, that it knows none now.

    Raises:
        NotDone: the question was not answered.
        Refused: the venue denies the read.

    """
    try:
        return await wire.read(endpoint, asked, read)
    except Refused as error:
        code = "" if error.evidence is None else error.evidence.code
        if code in wire.profile.codes[endpoint.desk].absent:
            return None
        raise
