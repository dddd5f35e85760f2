"""What the adapters of resting stops have in common. Not pure: it orders."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.frame.order_sending import RawCall, raw
from trimtab.adapters.frame.received_orders import LOOKS_S
from trimtab.adapters.wire.calls import Wire
from trimtab.adapters.wire.verdict import Judgement, Verdict
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.errors import NotDone, OutcomeUnknown, Refused
from trimtab.domain.stops import ListedStop, StopIntent, VenueStop, VenueStopId

T = TypeVar("T")


async def shown_once_received(
    wire: Wire,
    intent: StopIntent,
    number: VenueStopId,
    *,
    look: Callable[[StopIntent], Awaitable[VenueStop | None]],
) -> VenueStop:
    """Return a stop that was received as *number*, as *look* shows it within moments.

    Raises:
        OutcomeUnknown: it does not; the stop may rest all the same.

    """
    for pause_s in (*LOOKS_S, 0.0):
        try:
            seen = await look(intent)
        except (NotDone, Refused):
            seen = None
        if seen is not None and seen.venue_stop_id == number:
            return seen
        await wire.clock.sleep(pause_s)
    name = f"stop {intent.stop_id} {intent.instrument.symbol}"
    raise OutcomeUnknown(f"{name}: received as {number}, and no list shows it yet")


def placement_told(wire: Wire, intent: StopIntent, judgement: Judgement[T]) -> T:
    """Return what a venue said of a stop that it took.

    Raises:
        VenueError: it was not accepted; where too many wait there already, with what makes room.

    """
    symbol = intent.instrument.symbol
    name, code = f"stop {intent.stop_id} {symbol}", judgement.evidence.code
    if (
        judgement.verdict is Verdict.REFUSED
        and code in wire.profile.codes[desk_of(symbol)].no_more_stops
    ):
        raise Refused(
            f"{judgement.error(name)}; cancel conditional orders of your own in {symbol} by hand,"
            " or close a hedge, and the next plan puts it",
            evidence=judgement.evidence,
        )
    return judgement.told(name)


async def withdrawal_sent(
    wire: Wire, intent: StopIntent, call: RawCall, *, read: Callable[[Any], bool | None]
) -> None:
    """Have *call* cancel a stop; one that is gone already is done: what it became is looked up.

    Raises:
        VenueError: it was not acknowledged.

    """
    symbol = intent.instrument.symbol
    desk = desk_of(symbol)
    judgement = await wire.write(desk, raw(wire, call), read=read, rank=Rank.CANCEL)
    if judgement.evidence.code not in wire.profile.codes[desk].gone:
        judgement.told(f"withdrawal of stop {intent.stop_id} {symbol}")


def shown_among(resting: Iterable[ListedStop], intent: StopIntent) -> str:
    """Return what a list of resting stops shows of the stop of *intent*, ``none`` for nothing."""
    ours = [stop for stop in resting if stop.stop_id == intent.stop_id]
    return f"stop {ours[0].venue_stop_id}" if ours else "none"
