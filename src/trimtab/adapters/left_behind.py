"""Looks for contracts where nothing reads them: at the venue of the coins, of two venues.

Not pure: it asks the venue. Whoever moves hedges to another venue may have some left where they
were. They are no part of the account: no plan closes them, no limit counts them.
"""

from __future__ import annotations

import dataclasses

from trimtab.adapters.open_venue import VenueSettings, open_venue
from trimtab.domain.exact import plain
from trimtab.domain.instruments import MarketKind
from trimtab.ports import Beside, Portfolio
from trimtab.venues.catalogue import PROFILES


async def left_behind(coins: VenueSettings) -> tuple[Beside, ...]:
    """Return contracts that are held at the venue of the *coins*, opened apart for this look.

    Raises:
        NotDone: it does not answer.
        Refused: it denies the read, as to a key without contracts.

    """
    kinds = PROFILES[coins.account.venue].kinds
    if kinds <= {MarketKind.SPOT}:
        return ()
    async with open_venue(dataclasses.replace(coins, markets=kinds)) as opened:
        seen = await opened.market.snapshot(Portfolio(assets=(), with_contracts=()))
    return tuple(
        Beside(place=symbol, held=plain(seen.instruments[symbol].units(position.lots)))
        for symbol, position in sorted(seen.positions.items())
    )
