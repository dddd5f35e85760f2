"""The markets of one desk that come as one list, good for five minutes. Not pure: it asks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Protocol

from trimtab.adapters.wire.exact import Unreadable
from trimtab.domain.errors import NotDone, Refused
from trimtab.domain.instruments import Instrument, Symbol
from trimtab.domain.snapshot import PriceBand
from trimtab.ports import Clock

Row = Mapping[str, Any]
_GOOD_FOR: Final = timedelta(minutes=5)


class ReadsInstrument(Protocol):
    """What reads a market of the list."""

    def __call__(self, row: Row, *, taker_fee: Decimal) -> Instrument:
        """Return the market in *row* as an instrument."""
        ...


class MarketList:
    """Markets read so far, by unified symbol. Rows have the venue's name under ``symbol``."""

    def __init__(
        self,
        clock: Clock,
        *,
        ask: Callable[[], Awaitable[Mapping[Symbol, Row]]],
        instrument_of: ReadsInstrument,
        price_band_of: Callable[[Row], PriceBand | None],
    ) -> None:
        self._clock = clock
        self._ask = ask
        self._instrument_of = instrument_of
        self._price_band_of = price_band_of
        self._rows: Mapping[Symbol, Row] = {}
        self._read_at: datetime | None = None
        self._loading = asyncio.Lock()

    async def load(self, symbols: Iterable[Symbol]) -> frozenset[Symbol]:
        """Read the list unless it is known freshly; return those of *symbols* that it has.

        Raises:
            NotDone: the venue does not answer.
            Refused: the venue denies the read.

        """
        wanted = frozenset(symbols)
        async with self._loading:  # One reads, the others find it read.
            now = self._clock.now()
            if self._read_at is None or now - self._read_at >= _GOOD_FOR:
                self._rows = await self._ask()
                self._read_at = now
        return wanted & self._rows.keys()

    async def require(self, symbol: Symbol) -> str:
        """Return the venue's name of *symbol*; of one that is known already, whatever its age.

        Raises:
            NotDone: the venue does not answer.
            Refused: the venue does not list it.

        """
        if symbol not in self._rows and not await self.load([symbol]):
            raise Refused(f"{symbol}: the venue does not list this market")
        return self.market_id(symbol)

    def market_id(self, symbol: Symbol) -> str:
        """Return the venue's name of a market that was read."""
        return str(self._rows[symbol]["symbol"])

    def row(self, symbol: Symbol) -> Row:
        """Return what the list says of a market that was read."""
        return self._rows[symbol]

    def symbol_of(self, market_id: str) -> Symbol:
        """Return the unified symbol of a market that was read.

        Raises:
            NotDone: the venue names a market that it does not list.

        """
        for symbol, row in self._rows.items():
            if row["symbol"] == market_id:
                return symbol
        raise NotDone(f"the venue names a market that it does not list: {market_id}")

    def instrument(self, symbol: Symbol, *, taker_fee: Decimal) -> Instrument:
        """Return a market that was read as an instrument.

        Raises:
            NotDone: the venue's description of it is unreadable.

        """
        try:
            return self._instrument_of(self._rows[symbol], taker_fee=taker_fee)
        except ValueError as error:
            raise NotDone(f"{symbol}: unreadable description of the market, {error}") from error

    def price_bands(self, symbols: Iterable[Symbol]) -> Mapping[Symbol, PriceBand]:
        """Return between which multiples of its price each market takes limits, where stated.

        Raises:
            NotDone: what a market states is unreadable.

        """
        try:
            bands = ((symbol, self._price_band_of(self._rows[symbol])) for symbol in symbols)
            return {symbol: band for symbol, band in bands if band is not None}
        except Unreadable as error:
            raise NotDone(f"unreadable price limits, {error}") from error
