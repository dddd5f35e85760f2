"""What a venue's adapter does not speak: kinds of market, environments. Pure.

Reads the raw tree, as :mod:`trimtab.config.checks` does, for what no single key can tell.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from trimtab.config.faults import Flaw
from trimtab.config.positions import KeyPath
from trimtab.domain.contracts import Contract
from trimtab.domain.instruments import MarketKind
from trimtab.domain.snapshot import Environment
from trimtab.venues.catalogue import PROFILES

_USUAL: Final = (MarketKind.SPOT.value, MarketKind.SWAP.value)
"""What ``venue.markets`` is when it is not written."""


def dated_flaws(venue: Mapping[str, Any], *, hedge: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield what the section *hedge* asks of dated contracts that ``venue.markets`` leaves out."""
    markets, named = venue.get("markets", _USUAL), hedge.get("contracts")
    if not isinstance(markets, (list, tuple)) or MarketKind.FUTURE.value in markets:
        return
    wanted: list[tuple[KeyPath, object]] = [(("hedge", "contract"), hedge.get("contract"))]
    if isinstance(named, dict):
        wanted += [(("hedge", "contracts", str(a)), each) for a, each in named.items()]
    for path, contract in wanted:
        if contract in (Contract.DATED.value, Contract.AUTO.value):
            fix = 'add "future" to venue.markets, or write "perpetual"'
            yield Flaw(path=path, reason="needs dated contracts; venue.markets has none", fix=fix)


def venue_flaws(venue: Mapping[str, Any]) -> Iterator[Flaw]:
    """Yield what the section *venue* asks of an adapter that it has not."""
    venue_id = venue.get("id")
    profile = PROFILES.get(venue_id) if isinstance(venue_id, str) else None
    if profile is None:
        return
    markets = venue.get("markets", _USUAL)
    spoken = [kind.value for kind in MarketKind if kind in profile.kinds]
    if isinstance(markets, (list, tuple)) and any(
        kind in list(MarketKind) and kind not in spoken for kind in markets
    ):
        place = ("venue", "markets" if "markets" in venue else "id")
        reason = f"{venue_id} is opened for {', '.join(spoken)} only"
        yield Flaw(path=place, reason=reason, fix=f"write markets = {json.dumps(spoken)}")
    environment = venue.get("environment")
    if environment in list(Environment) and not profile.hosts[Environment(environment)]:
        reason = f"the local exchange does not speak {venue_id}"
        path = ("venue", "environment")
        yield Flaw(path=path, reason=reason, fix='write environment = "testnet"')
