"""Executions of one Kraken spot account, read in windows of time. Not pure: it asks the venue.

The list is of all markets, comes fifty at a time, the newest first, and does not carry our name.
Its times are whole seconds: the one at the beginning is not in it. Executions on margin move no
coins and are passed over. Source: Kraken "Get Trades History", 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.offset_pages import read_whole
from trimtab.adapters.frame.timed_fills import MarketFills
from trimtab.adapters.kraken.answers import Pairs, fill_of, result_of
from trimtab.adapters.kraken.orders import KrakenOrders
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import (
    decimal_of,
    field,
    integer_of,
    mapping_of,
    milliseconds,
    text_of,
)
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import Fill
from trimtab.venues.profile import Desk

_FILLS: Final = Endpoint(desk=Desk.SPOT, method="privatePostTradesHistory", rank=Rank.LOOK_UP)
_WINDOW: Final = timedelta(days=365)
_PAGES_MAX: Final = 400
_LATER_S: Final = 2
"""So much later than the end is asked for: the venue's clock is told in whole seconds."""


def kraken_fills(
    wire: Wire, markets: DeskMarkets, orders: KrakenOrders, pairs: Pairs
) -> MarketFills:
    """Return what reads executions of single markets."""
    ask = KrakenWindows(wire, markets, orders, pairs).between
    return MarketFills(wire, markets, ask, window=_WINDOW, names=orders.client_ids)


class KrakenWindows:
    """Reads executions of one market in a stretch of time."""

    def __init__(
        self, wire: Wire, markets: DeskMarkets, orders: KrakenOrders, pairs: Pairs
    ) -> None:
        self._wire = wire
        self._markets = markets
        self._orders = orders
        self._pairs = pairs

    async def between(self, symbol: Symbol, *, start: datetime, end: datetime) -> list[Fill]:
        """Return the executions of a market from *start* to *end*, both inclusive, or later ones.

        Raises:
            NotDone: the venue does not answer, not readably, or the list has no end.
            Refused: the venue denies the read.

        """
        span = {
            "start": milliseconds(start) // 1000 - 1,
            "end": milliseconds(end) // 1000 + _LATER_S,
            "consolidate_taker": "false",
        }

        async def page(begins_at: int) -> tuple[Mapping[str, Fill | None], int]:
            """Read one page, whatever market its rows are of."""
            asked = {**span, "ofs": begins_at}
            return await self._wire.read(_FILLS, asked, lambda told: self._page(told, symbol))

        found = await read_whole(page, what="executions", pages_max=_PAGES_MAX)
        return [f for f in found.values() if f is not None and f.filled_at >= start]

    def _page(self, answer: object, symbol: Symbol) -> tuple[Mapping[str, Fill | None], int]:
        """Read a page by the venue's numbers, None for what is of no matter, and how many are."""
        told = mapping_of(result_of(answer))
        instrument, name = self._markets.instrument(symbol), self._markets.market_id(symbol)
        rows: dict[str, Fill | None] = {}
        for trade, row_told in mapping_of(field(told, "trades")).items():
            row = mapping_of(row_told)
            is_ours = self._pairs.get(text_of(row, "pair")) == name
            is_borrowed = bool(decimal_of(row, "margin"))
            is_read = is_ours and not is_borrowed
            rows[trade] = fill_of(trade, row, instrument, self._orders.known()) if is_read else None
        return rows, integer_of(told, "count")
