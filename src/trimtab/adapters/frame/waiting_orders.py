"""Orders that wait for a trigger in lists of their own, read as if they rested. Not pure: it asks.

Where a venue keeps such orders apart, its list of resting orders is not all that rests. A venue
says which lists there are and what reads their rows (:class:`WaitingList`). Of the prices that an
order names the one that costs the account most counts as its limit. One that closes a position and
says no size has none here: ``frame.raw_account`` gives it that of the position.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.listed_pages import Page, Row, whole_list
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import Unreadable
from trimtab.domain.instruments import Instrument
from trimtab.domain.snapshot import OpenOrder
from trimtab.venues.profile import Desk

_PAGES_MAX: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingList:
    """One list of a venue. Readers raise Unreadable."""

    endpoint: Endpoint
    asked: Mapping[str, object]
    page: Callable[[object], Page]
    """Rows of an answer, and what leads to the older ones."""
    lead: str
    """The parameter that takes what leads on."""
    of: Callable[[Row], tuple[Desk, str]]
    """Where a row's market is, and the venue's name of it."""
    read: Callable[[Row, Instrument], OpenOrder]


async def waiting_in(
    wire: Wire, markets: DeskMarkets, lists: Iterable[WaitingList]
) -> tuple[OpenOrder, ...]:
    """Return what waits in *lists*, one list after another; the markets must be loaded.

    Raises:
        NotDone: the venue does not answer, not readably, or names a market that is not used.
        Refused: the venue denies the read.

    """
    found: list[OpenOrder] = []
    for each in lists:
        found += await _whole(wire, markets, each)
    return tuple(found)


async def _whole(wire: Wire, markets: DeskMarkets, listed: WaitingList) -> Sequence[OpenOrder]:
    """Return what waits in one list, each order once, in the order in which they came."""
    found: dict[str, OpenOrder] = {}

    def page(answer: object) -> Page:
        """Read every row, so that one that cannot be read makes the answer unreadable."""
        rows, onward = listed.page(answer)
        for row in rows:
            order = _read(markets, listed, row)
            found[order.venue_order_id] = order
        return rows, onward

    await whole_list(
        lambda further: wire.read(listed.endpoint, {**listed.asked, **further}, page),
        lead=listed.lead,
        what="orders that wait for a trigger",
        pages_max=_PAGES_MAX,
    )
    return tuple(found.values())


def _read(markets: DeskMarkets, listed: WaitingList, row: Row) -> OpenOrder:
    """Read one row.

    Raises:
        Unreadable: it cannot be read, or is of a contract where only coins are used.
        NotDone: it is of a market that the venue does not list.

    """
    desk, name = listed.of(row)
    if desk not in markets.desks:
        raise Unreadable(f"{name}: an order waits for a trigger, and only coins are used")
    return listed.read(row, markets.instrument(markets.symbol_of(desk, name)))
