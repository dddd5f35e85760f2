"""Moves between the spot and the futures wallet of an account, in pages of a list.

Not pure: it asks the venue. A venue asks for one page and reads its rows.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Final

from trimtab.adapters.wire.calls import Wire
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Asset
from trimtab.domain.transfers import ListedTransfer, VenueTransferId
from trimtab.ports import TransferList
from trimtab.venues.profile import Desk, TransferWays

_PAGES_MAX: Final = 50

AsksPage = Callable[[int], Awaitable[tuple[Iterable[ListedTransfer], bool]]]
"""Read a page by its number, from 1: those of the way that is meant, and whether more follow."""


def ways_of(words: TransferWays, units: Decimal) -> tuple[str, str]:
    """Return from where and to where a move of *units* goes, positive into the futures wallet."""
    spot, futures = words.out_of_futures, words.into_futures
    return (spot, futures) if units > 0 else (futures, spot)


async def listed_moves(wire: Wire, ask: AsksPage, *, asset: Asset, since: datetime) -> TransferList:
    """Return the moves of *asset* in a list that is asked for page by page, oldest first.

    The venue's clock is read first, so that the list is at least as young as it says.

    Raises:
        NotDone: the venue does not answer, or the list has no end.
        Refused: the venue denies the read.

    """
    asked_at = wire.clock.now()
    venue_now = await wire.venue_now(Desk.SPOT)
    found: dict[VenueTransferId, ListedTransfer] = {}
    for page in range(1, _PAGES_MAX + 1):
        listed, has_more = await ask(page)
        found |= {move.venue_transfer_id: move for move in listed}
        if not has_more:
            mine = (move for move in found.values() if move.asset == asset)
            ordered = sorted(mine, key=lambda move: (move.moved_at, move.venue_transfer_id))
            return TransferList(asked_at=asked_at, venue_now=venue_now, listed=tuple(ordered))
    raise NotDone(f"transfers since {since}: the list has no end")
