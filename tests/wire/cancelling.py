"""One cancel whose answer is put in the place of the venue's."""

from __future__ import annotations

from tests.conformance.spoken import Told
from tests.conformance.stage import staged
from trimtab.domain.errors import VenueError
from trimtab.domain.snapshot import OpenOrder
from trimtab.venues.facts import Market


async def cancel_ends(venue_id: str, answer: Told) -> type[VenueError] | None:
    """Return how the cancel of an order of coins ends that is told *answer*; None for done."""
    async with staged(venue_id, Market.SPOT) as stage:
        order = stage.buy("0.004")
        resting = OpenOrder(
            symbol=stage.symbol,
            client_order_id=order.client_order_id,
            venue_order_id=(await stage.opened.venue.submit(order)).venue_order_id,
            lots=order.lots,
            limit_price=order.limit_price,
            reduce_only=False,
        )
        stage.line.spoil(answer, which=stage.floor.is_cancel)
        try:
            await stage.opened.venue.cancel(resting)
        except VenueError as error:
            return type(error)
    return None
