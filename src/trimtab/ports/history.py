"""The past of prices. See :mod:`trimtab.ports`, which has all of it."""

from __future__ import annotations

from typing import Protocol

from trimtab.domain.history import History, HistoryNeed


class PriceHistory(Protocol):
    """Whoever tells what prices, funding and open interest did."""

    async def read(self, need: HistoryNeed) -> History:
        """Return what *need* names, as far as it is listed; an empty need asks nobody.

        Closes are of days that have ended by the venue's clock, of the market in the account's
        quote: the coin's, or the perpetual's where there is no coin. An asset that has neither
        is left out, and so is what the venue does not tell; days that are missing are missing.

        Raises:
            NotDone: unreachable or unreadable after bounded retries.
            Refused: the venue denies the read.

        """
        ...
