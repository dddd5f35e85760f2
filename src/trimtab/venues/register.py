"""What may be promised of each venue that is known. Data only.

Not imported where only a profile is wanted: it holds the facts of all venues.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Final

from trimtab.domain.instruments import MarketKind
from trimtab.venues.facts import Market
from trimtab.venues.known import KNOWN
from trimtab.venues.promise import Promise, promises, weakest
from trimtab.venues.shown import SHOWN

PROMISES: Final[Mapping[str, Mapping[Market, Promise]]] = MappingProxyType(
    {venue_id: MappingProxyType(promises(venue, SHOWN)) for venue_id, venue in KNOWN.items()}
)
"""What may be promised, by venue and market."""


def promised(venue_id: str, kinds: Collection[MarketKind]) -> Promise:
    """Return the least of what is promised of the markets that an account uses, at least one.

    Contracts are those that settle in their quote; no others are traded.
    """
    by_market = PROMISES[venue_id]
    used = {Market.SPOT if kind is MarketKind.SPOT else Market.LINEAR for kind in kinds}
    return weakest(by_market[market] for market in sorted(used) if market in by_market)


def least_promised(
    parts: Iterable[tuple[str, Collection[MarketKind]]],
) -> tuple[str, Promise]:
    """Return the venue of *parts*, at least one, of which least is promised, and what that is."""
    found = [(venue_id, promised(venue_id, kinds)) for venue_id, kinds in parts]
    least = weakest(promise for _, promise in found)
    return next(each for each in found if each[1] == least)
