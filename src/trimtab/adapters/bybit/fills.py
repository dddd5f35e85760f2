"""Executions of one Bybit account, read in windows of time until there are no more.

Not pure: it asks the venue. Limits: a question may span seven days, a page holds 100 rows,
newest first, and a cursor leads to the next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from trimtab.adapters.bybit.answers import fill_of, page_of
from trimtab.adapters.bybit.orders import OF_DESK, at_desks
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.frame.listed_pages import Page, Row, whole_list
from trimtab.adapters.frame.timed_fills import as_set, fills_since
from trimtab.adapters.wire.calls import Wire, together
from trimtab.adapters.wire.exact import Unreadable, milliseconds, text_of
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Instrument, Symbol
from trimtab.domain.orders import Fill, OrderIntent
from trimtab.ports import FillCursor
from trimtab.venues.profile import Desk

_EXECUTIONS: Final = at_desks("privateGetV5ExecutionList", Rank.LOOK_UP)
_WINDOW: Final = timedelta(days=7)
_TOLD: Final = timedelta(days=730)
"""Executions of before are told no more."""
_PAGE: Final = 100
_PAGES_MAX: Final = 1000
_TRADES: Final[Mapping[Desk, frozenset[str]]] = {
    Desk.SPOT: frozenset({"Trade"}),
    Desk.LINEAR: frozenset({"Trade", "AdlTrade", "BustTrade"}),
}
"""Executions that change coins or a position; a contract may also be taken over by the venue."""
_FUNDING: Final = "Funding"
"""Listed among the executions of contracts, and no execution."""


class BybitFills:
    """Reads executions of single markets."""

    def __init__(self, wire: Wire, markets: DeskMarkets) -> None:
        self._wire = wire
        self._markets = markets

    async def since(self, symbol: Symbol, cursor: FillCursor) -> tuple[Fill, ...]:
        """Return all executions after *cursor*, oldest first.

        Raises:
            NotDone: the venue does not answer, or not readably, or there is no end.
            Refused: the venue denies the read, or does not list the market.

        """
        name, desk = await self._markets.require(symbol), desk_of(symbol)
        now = await self._wire.venue_now(desk)

        async def ask(*, start: datetime, end: datetime) -> tuple[Fill, ...]:
            """Read one window."""
            read = self._page_of(symbol)
            rows = await self.rows(desk, {"symbol": name}, start=start, end=end, read=read)
            return _fills(rows, self._instrument(symbol), name)

        return await fills_since(cursor, now=now, window=_WINDOW, ask=ask)

    async def from_time(self, symbol: Symbol, start: datetime) -> tuple[Fill, ...]:
        """Return all executions since *start* that the venue still tells, oldest first.

        However long ago that is, as many windows are asked side by side.

        Raises:
            NotDone: the venue does not answer, or not readably, or there is no end.
            Refused: the venue denies the read, or does not list the market.

        """
        name, desk = await self._markets.require(symbol), desk_of(symbol)
        now = await self._wire.venue_now(desk)
        first, read = min(max(start, now - _TOLD), now), self._page_of(symbol)
        starts = [first + number * _WINDOW for number in range((now - first) // _WINDOW + 1)]
        pages = await together(
            *(
                self.rows(
                    desk,
                    {"symbol": name},
                    start=each,
                    end=each + _WINDOW - timedelta(milliseconds=1),
                    read=read,
                )
                for each in starts
            )
        )
        listed = [row for page in pages for row in page]
        try:
            found = as_set(_fills(listed, self._instrument(symbol), name))
        except Unreadable as error:
            raise NotDone(f"the list of executions is unreadable: {error}") from error
        return tuple(sorted(found.values(), key=lambda fill: int(fill.trade_id)))

    async def rows(
        self,
        desk: Desk,
        which: Mapping[str, str],
        *,
        start: datetime,
        end: datetime,
        read: Callable[[object], Page] = page_of,
    ) -> tuple[Row, ...]:
        """Return the rows of a window of at most seven days, both ends inclusive.

        Raises:
            NotDone: the venue does not answer, or not readably, or there is no end.
            Refused: the venue denies the read.

        """
        asked = {
            **OF_DESK[desk],
            **which,
            "startTime": milliseconds(start),
            "endTime": milliseconds(end),
            "limit": _PAGE,
        }
        return await whole_list(
            lambda further: self._wire.read(_EXECUTIONS[desk], {**asked, **further}, read),
            lead="cursor",
            what=f"executions of {which}",
            pages_max=_PAGES_MAX,
        )

    def _instrument(self, symbol: Symbol) -> Instrument:
        """Return a market, which must be known."""
        return self._markets.instrument(symbol)

    def _page_of(self, symbol: Symbol) -> Callable[[object], Page]:
        """Return what reads a page of executions, every row of it."""
        instrument, name = self._instrument(symbol), self._markets.market_id(symbol)

        def read(answer: object) -> Page:
            """Read every row, so that one that cannot be read makes the answer unreadable."""
            page = page_of(answer)
            as_set(_fills(page[0], instrument, name))
            return page

        return read

    async def sighting(self, intent: OrderIntent) -> str:
        """Return what the list of executions shows of the order of *intent*.

        Raises:
            NotDone: the venue does not answer, or not readably.
            Refused: the venue denies the read.

        """
        symbol, desk = intent.instrument.symbol, Desk.of(intent.instrument)
        asked = {
            **OF_DESK[desk],
            "symbol": await self._markets.require(symbol),
            "orderLinkId": intent.client_order_id,
            "limit": _PAGE,
        }
        rows, _ = await self._wire.read(_EXECUTIONS[desk], asked, self._page_of(symbol))
        fills = _fills(rows, self._instrument(symbol), str(asked["symbol"]))
        return f"trade {fills[0].trade_id}" if fills else "none"


def _fills(rows: Iterable[Row], instrument: Instrument, market_id: str) -> tuple[Fill, ...]:
    """Read rows.

    Raises:
        Unreadable: one is of another market, or of a kind that changes units in another way.

    """
    found, trades = [], _TRADES[Desk.of(instrument)]
    for row in rows:
        word = text_of(row, "execType")
        if row.get("symbol") != market_id:
            raise Unreadable("an execution of another market")
        if instrument.is_contract and word == _FUNDING:
            continue
        if word not in trades:
            raise Unreadable(f"{word} is no trade")
        found.append(fill_of(row, instrument))
    return tuple(found)
