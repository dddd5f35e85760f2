"""Executions of one KuCoin trade account, read in windows of time until there are no more.

Not pure: it asks the venue. A page holds a hundred, the newest first, and its least number leads to
the older ones. Whether a time has its bounds in it is not said, so that a moment more is asked for
on either side. An execution does not carry our name. Source: KuCoin API "Get Trade History",
2025-11; an answer spans a week at most (ccxt 4.5.90, fetch_my_trades).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Final

from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desk_orders import DeskOrders
from trimtab.adapters.frame.listed_pages import Page, Row, whole_list
from trimtab.adapters.frame.timed_fills import MarketFills, as_set
from trimtab.adapters.kucoin.answers import fill_of, page_in
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import Unreadable, milliseconds, text_of
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import Fill
from trimtab.venues.profile import Desk

_FILLS: Final = Endpoint(desk=Desk.SPOT, method="privateGetHfFills", rank=Rank.LOOK_UP)
_WINDOW: Final = timedelta(days=6)
"""How much is asked for at once; with the moments on either side less than the venue takes."""
_PAGE: Final = 100
_PAGES_MAX: Final = 1000


def kucoin_fills(wire: Wire, markets: DeskMarkets, orders: DeskOrders) -> MarketFills:
    """Return what reads executions of single markets."""
    ask = KucoinFills(wire, markets, orders).between
    return MarketFills(wire, markets, ask, window=_WINDOW, names=orders.client_ids)


class KucoinFills:
    """Reads executions in windows of time."""

    def __init__(self, wire: Wire, markets: DeskMarkets, orders: DeskOrders) -> None:
        self._wire = wire
        self._markets = markets
        self._orders = orders

    async def between(self, symbol: Symbol, *, start: datetime, end: datetime) -> tuple[Fill, ...]:
        """Return the executions of one market in a window, both ends inclusive.

        Some of a moment before and after may be among them.

        Raises:
            NotDone: the venue does not answer, or not readably, or there is no end.
            Refused: the venue denies the read.

        """
        asked = {
            "symbol": self._markets.market_id(symbol),
            "startAt": milliseconds(start) - 1,
            "endAt": milliseconds(end) + 1,
            "limit": _PAGE,
        }
        read = partial(self._read, symbol)

        def page(answer: object) -> Page:
            """Read every row, so that one that cannot be read makes the answer unreadable."""
            rows, onward = page_in(answer, full=_PAGE)
            as_set(read(rows))
            return rows, onward

        rows = await whole_list(
            lambda further: self._wire.read(_FILLS, {**asked, **further}, page),
            lead="lastId",
            what=f"executions of {symbol}",
            pages_max=_PAGES_MAX,
        )
        return read(rows)

    def _read(self, symbol: Symbol, rows: tuple[Row, ...]) -> tuple[Fill, ...]:
        """Read rows of one market; raises Unreadable when one is of another."""
        name, instrument = self._markets.market_id(symbol), self._markets.instrument(symbol)
        if any(text_of(row, "symbol") != name for row in rows):
            raise Unreadable("an execution of another market")
        return tuple(fill_of(row, instrument, self._orders.names) for row in rows)
