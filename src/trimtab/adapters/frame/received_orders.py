"""Orders of venues that answer before they match: received is not ended. Not pure: it waits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from trimtab.domain.errors import NotDone, Refused
from trimtab.domain.instruments import Lots
from trimtab.domain.orders import OrderIntent, VenueOrder, VenueOrderId
from trimtab.ports import Clock

LOOKS_S: Final = (0.1, 0.4, 1.0)
"""Seconds between looks at an order, or a stop, that was received."""

LookUp = Callable[[OrderIntent], Awaitable[VenueOrder | None]]


def received(intent: OrderIntent, venue_order_id: VenueOrderId) -> VenueOrder:
    """Return the order of *intent* as it is known when it was only received."""
    return VenueOrder(
        client_order_id=intent.client_order_id,
        venue_order_id=venue_order_id,
        symbol=intent.instrument.symbol,
        lots=intent.lots,
        filled_lots=Lots(0),
        ended=False,
        status="received",
    )


async def followed(
    intent: OrderIntent, order: VenueOrder, *, look_up: LookUp, clock: Clock
) -> VenueOrder:
    """Return what became of an order that was received, as far as it shows within moments."""
    for pause_s in LOOKS_S:
        try:
            seen = await look_up(intent)
        except (NotDone, Refused):
            return order  # It was received; who asks later looks again.
        if seen is not None and seen.ended:
            return seen
        await clock.sleep(pause_s)
    return order
