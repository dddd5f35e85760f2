"""Executions of one Deribit account, read in stretches of time that come whole.

Not pure: it asks the venue. Those of the last day stand in one list and those before in another,
which comes to know an execution after a short while; both are asked, and merged as sets. Sources:
docs.deribit.com "private/get_user_trades_by_instrument_and_time", "Accessing Historical Trades and
Orders Using API", 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from trimtab.adapters.deribit.answers import fill_of, trades_in
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.halved_windows import whole_stretch
from trimtab.adapters.frame.timed_fills import MarketFills, as_set, number_of
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.exact import Unreadable, milliseconds, text_of
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import Fill, TradeId
from trimtab.venues.profile import Desk

_TRADES: Final = Endpoint(
    desk=Desk.SPOT, method="privateGetGetUserTradesByInstrumentAndTime", rank=Rank.LOOK_UP
)
_PAGE: Final = 1000
_WINDOW: Final = timedelta(days=90)


def deribit_fills(wire: Wire, markets: DeskMarkets) -> MarketFills:
    """Return what reads executions of single markets; they carry our label."""
    ask = DeribitWindows(wire, markets).between
    return MarketFills(wire, markets, ask, window=_WINDOW, names=None)


class DeribitWindows:
    """Reads executions of one market in a stretch of time."""

    def __init__(self, wire: Wire, markets: DeskMarkets) -> None:
        self._wire = wire
        self._markets = markets

    async def named(
        self, symbol: Symbol, *, start: datetime, end: datetime
    ) -> Mapping[int, TradeId]:
        """Return the names of the executions of a stretch, by the venue's own numbers.

        Raises:
            NotDone: the venue does not answer, or not readably, or there is no end.
            Refused: the venue denies the read, or does not list the market.

        """
        await self._markets.require(symbol)
        fills = await self.between(symbol, start=start, end=end)
        return {number_of(fill.trade_id): fill.trade_id for fill in fills}

    async def between(self, symbol: Symbol, *, start: datetime, end: datetime) -> tuple[Fill, ...]:
        """Return the executions of a stretch from both lists; many stand in each."""
        old = await self._listed(symbol, "true", start=start, end=end)
        return (*old, *await self._listed(symbol, "false", start=start, end=end))

    async def _listed(
        self, symbol: Symbol, historical: str, *, start: datetime, end: datetime
    ) -> tuple[Fill, ...]:
        """Return the executions of a stretch from one list."""
        name, instrument = self._markets.market_id(symbol), self._markets.instrument(symbol)

        def read(answer: object) -> tuple[Fill, ...] | None:
            """Read every row, so that one that cannot be read makes the answer unreadable."""
            rows, has_more = trades_in(answer)
            if any(text_of(row, "instrument_name") != name for row in rows):
                raise Unreadable("an execution of another market")
            fills = tuple(fill_of(row, instrument) for row in rows)
            as_set(fills)
            return None if has_more else fills

        async def ask(*, start: datetime, end: datetime) -> tuple[Fill, ...] | None:
            """Read one stretch."""
            asked = {
                "instrument_name": name,
                "start_timestamp": milliseconds(start),
                "end_timestamp": milliseconds(end),
                "count": _PAGE,
                "sorting": "asc",
                "historical": historical,
            }
            return await self._wire.read(_TRADES, asked, read)

        return await whole_stretch(ask, start=start, end=end, what=f"executions of {symbol}")
