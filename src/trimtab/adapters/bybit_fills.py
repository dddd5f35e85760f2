"""Executions of one Bybit spot account, read in windows of time until there are no more.

Not pure: it asks the venue. Limits: a question may span seven days, a page holds 100 rows,
newest first, and a cursor leads to the next. Rows are merged as sets: one that comes twice
counts once, and one that comes with two contents makes the answer unreadable.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from trimtab.adapters.bybit_answers import fill_of, page_of, stamp_of
from trimtab.adapters.bybit_markets import SPOT, BybitMarkets
from trimtab.adapters.ccxt_answers import Unreadable, instant, milliseconds
from trimtab.adapters.ccxt_wire import Endpoint, Wire
from trimtab.adapters.weights import Rank
from trimtab.domain.errors import NotDone
from trimtab.domain.exact import ZERO
from trimtab.domain.instruments import Instrument, Symbol
from trimtab.domain.orders import Fill, OrderIntent, TradeId
from trimtab.ports import FillCursor
from trimtab.venues.profile import Desk

_EXECUTIONS: Final = Endpoint(desk=Desk.SPOT, method="privateGetV5ExecutionList", rank=Rank.LOOK_UP)
_WINDOW: Final = timedelta(days=7)
_PAGE: Final = 100
_PAGES_MAX: Final = 1000
_TRADE: Final = "Trade"

Rows = dict[TradeId, Fill]


class BybitFills:
    """Reads executions of single markets."""

    def __init__(self, wire: Wire, markets: BybitMarkets) -> None:
        self._wire = wire
        self._markets = markets

    async def since(self, symbol: Symbol, cursor: FillCursor) -> tuple[Fill, ...]:
        """Return all executions after *cursor*, oldest first.

        Raises:
            NotDone: the venue does not answer, or not readably, or there is no end.
            Refused: the venue denies the read, or does not list the market.

        """
        await self._markets.require(symbol)
        after = cursor.after
        start = cursor.not_before if after is None else instant(stamp_of(after))
        now = await self._wire.venue_now(Desk.SPOT)
        found: Rows = {}
        while start <= now:
            await self._window(symbol, start, found)
            start += _WINDOW
        fills = sorted(found.values(), key=lambda fill: int(fill.trade_id))
        return tuple(f for f in fills if after is None or int(f.trade_id) > int(after))

    async def _window(self, symbol: Symbol, start: datetime, found: Rows) -> None:
        """Add the executions of one window to *found*."""
        asked: dict[str, object] = {
            **SPOT,
            "symbol": self._markets.market_id(symbol),
            "startTime": milliseconds(start),
            "endTime": milliseconds(start + _WINDOW) - 1,
            "limit": _PAGE,
        }
        for _ in range(_PAGES_MAX):
            page, cursor = await self._page(symbol, asked)
            for trade, fill in page.items():
                if found.setdefault(trade, fill) != fill:
                    raise NotDone(f"{symbol}: trade {trade} comes with two contents")
            if not cursor or not page:
                return
            asked["cursor"] = cursor
        raise NotDone(f"{symbol}: the list of executions has no end")

    async def _page(self, symbol: Symbol, asked: Mapping[str, Any]) -> tuple[Rows, str]:
        """Return one page of executions by their names, and where the next begins."""
        instrument = self._markets.instrument(symbol, taker_fee=ZERO)

        def read(answer: object) -> tuple[Rows, str]:
            """Read every row."""
            rows, cursor = page_of(answer)
            return _fills(rows, instrument, str(asked["symbol"])), cursor

        return await self._wire.read(_EXECUTIONS, asked, read)

    async def sighting(self, intent: OrderIntent) -> str:
        """Return what the list of executions shows of the order of *intent*.

        Raises:
            NotDone: the venue does not answer, or not readably.
            Refused: the venue denies the read.

        """
        symbol = intent.instrument.symbol
        asked = {
            **SPOT,
            "symbol": await self._markets.require(symbol),
            "orderLinkId": intent.client_order_id,
            "limit": _PAGE,
        }
        page, _ = await self._page(symbol, asked)
        return f"trade {next(iter(page))}" if page else "none"


def _fills(rows: tuple[Mapping[str, Any], ...], instrument: Instrument, market_id: str) -> Rows:
    """Read rows as a set.

    Raises:
        Unreadable: one is of another market, or of a kind that changes coins in another way.

    """
    found: Rows = {}
    for row in rows:
        if row.get("symbol") != market_id or row.get("execType") != _TRADE:
            raise Unreadable("an execution of another market, or no trade")
        fill = fill_of(row, instrument)
        if found.setdefault(fill.trade_id, fill) != fill:
            raise Unreadable(f"trade {fill.trade_id} comes with two contents")
    return found
