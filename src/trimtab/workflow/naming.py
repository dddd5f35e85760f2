"""Finds out whose executions are, before they are booked.

The venue's list of executions names its own order ids only. One that no order of ours is known
by may still be ours: an answer was lost, or an order turned up after its absence was proved.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import Fill
from trimtab.ports import Ledger, Venue


async def named(
    symbol: Symbol, fills: Sequence[Fill], *, venue: Venue, ledger: Ledger
) -> tuple[Fill, ...]:
    """Return *fills* with the client order ids that the venue tells of orders we do not know.

    Raises:
        VenueError: the venue did not tell; nothing is known of the orders' owners.
        LedgerError: the ledger could not be read.

    """
    nameless = {f.venue_order_id for f in fills if f.client_order_id is None}
    strangers = await ledger.unknown_orders(symbol, nameless) if nameless else frozenset()
    names = await venue.client_ids(symbol, strangers) if strangers else {}
    return tuple(
        dataclasses.replace(f, client_order_id=names.get(f.venue_order_id, f.client_order_id))
        for f in fills
    )
