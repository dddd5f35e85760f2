"""The spot markets of Bybit and their fees, and accounts at one instant. Not pure: it asks.

The list of spot markets is one answer, read for the names that are wanted and good for five
minutes. An account that borrows, or whose coins back contracts, is not read at all: what is
there could not be planned with as coins.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Final

from trimtab.adapters.bybit_answers import (
    balances_of,
    instrument_of,
    open_order_of,
    page_of,
    price_band_of,
    result_of,
    rows_in,
    taker_fee_of,
)
from trimtab.adapters.ccxt_account import book_of
from trimtab.adapters.ccxt_answers import Unreadable, field, text_of
from trimtab.adapters.ccxt_wire import Endpoint, Wire, together
from trimtab.adapters.weights import Rank
from trimtab.domain.errors import NotDone, Refused
from trimtab.domain.exact import ZERO
from trimtab.domain.instruments import Asset, Instrument, Symbol
from trimtab.domain.snapshot import AccountKey, Book, OpenOrder, PositionMode, PriceBand, Snapshot
from trimtab.ports import Portfolio
from trimtab.venues.profile import Desk

Row = Mapping[str, Any]

SPOT: Final[Mapping[str, str]] = {"category": "spot"}
_MARKETS: Final = Endpoint(desk=Desk.SPOT, method="publicGetV5MarketInstrumentsInfo")
_BOOK: Final = Endpoint(desk=Desk.SPOT, method="publicGetV5MarketOrderbook")
_FEE: Final = Endpoint(desk=Desk.SPOT, method="privateGetV5AccountFeeRate")
_WALLET: Final = Endpoint(desk=Desk.SPOT, method="privateGetV5AccountWalletBalance")
_OPEN: Final = Endpoint(desk=Desk.SPOT, method="privateGetV5OrderRealtime", rank=Rank.LOOK_UP)
_GOOD_FOR: Final = timedelta(minutes=5)
_DEPTH: Final = 50
_PAGE: Final = 50
_PAGES_MAX: Final = 20


class BybitMarkets:
    """Markets read so far, by unified symbol."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._rows: dict[Symbol, Row] = {}
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
            now = self._wire.clock.now()
            if self._read_at is None or now - self._read_at >= _GOOD_FOR:
                self._rows = await self._wire.read(_MARKETS, SPOT, _markets)
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
            return instrument_of(self._rows[symbol], taker_fee=taker_fee)
        except ValueError as error:
            raise NotDone(f"{symbol}: unreadable description of the market, {error}") from error

    def price_bands(self, symbols: Iterable[Symbol]) -> Mapping[Symbol, PriceBand]:
        """Return between which multiples of its price each market takes limits, where stated.

        Raises:
            NotDone: what a market states is unreadable.

        """
        try:
            bands = ((symbol, price_band_of(self._rows[symbol])) for symbol in symbols)
            return {symbol: band for symbol, band in bands if band is not None}
        except Unreadable as error:
            raise NotDone(f"unreadable price limits, {error}") from error

    async def resting(self, market_id: str | None) -> tuple[OpenOrder, ...]:
        """Return what rests in one market, or in all, oldest first; the list must be loaded.

        Raises:
            NotDone: the venue does not answer, or the list has no end.
            Refused: the venue denies the read.

        """
        found: list[Row] = []
        asked: dict[str, object] = {**SPOT, "limit": _PAGE}
        if market_id is not None:
            asked["symbol"] = market_id
        for _ in range(_PAGES_MAX):
            rows, cursor = await self._wire.read(_OPEN, asked, page_of)
            found += rows
            if not cursor or not rows:
                return tuple(self._resting(row) for row in _oldest_first(found))
            asked["cursor"] = cursor
        raise NotDone("the list of open orders has no end")

    def _resting(self, row: Row) -> OpenOrder:
        """Read one resting order."""
        try:
            symbol = self.symbol_of(text_of(row, "symbol"))
            return open_order_of(row, self.instrument(symbol, taker_fee=ZERO))
        except Unreadable as error:
            raise NotDone(f"an open order is unreadable: {error}") from error


def _markets(answer: object) -> dict[Symbol, Row]:
    """Return the markets of the list by symbol."""
    return {
        Symbol(f"{text_of(row, 'baseCoin')}/{text_of(row, 'quoteCoin')}"): row
        for row in rows_in(answer)
        if text_of(row, "symbol")
    }


def _oldest_first(rows: Iterable[Row]) -> list[Row]:
    """Return orders by age, each once."""
    by_id = {str(row.get("orderId")): row for row in rows}
    return sorted(
        by_id.values(), key=lambda row: (str(row.get("createdTime")), str(row["orderId"]))
    )


class BybitMarketData:
    """Snapshots of one account of coins. Opened and closed by ``ccxt_open.open_venue``."""

    def __init__(self, wire: Wire, markets: BybitMarkets, *, key: AccountKey, quote: Asset) -> None:
        self._wire = wire
        self._markets = markets
        self._key = key
        self._quote = quote
        self._fees: dict[Symbol, Decimal] = {}

    async def snapshot(self, portfolio: Portfolio) -> Snapshot:
        """Read the account; see :meth:`trimtab.ports.MarketData.snapshot`."""
        await self._wire.read_clocks([Desk.SPOT])
        taken_at = self._wire.clock.now()
        await self._markets.load(())
        balances, resting = await together(
            self._wire.read(_WALLET, {"accountType": "UNIFIED"}, balances_of),
            self._markets.resting(None),
        )
        wanted = {Symbol(f"{a}/{self._quote}") for a in {*portfolio.assets, *balances}}
        wanted |= {order.symbol for order in resting} | set(portfolio.markets)
        listed = sorted(await self._markets.load(wanted))
        fees = await together(*(self._fee(symbol) for symbol in listed))
        instruments = {
            s: self._markets.instrument(s, taker_fee=fee)
            for s, fee in zip(listed, fees, strict=True)
        }
        books = await together(*(self._book(i) for i in instruments.values()))
        return Snapshot(
            snapshot_id=uuid.uuid4().hex,
            key=self._key,
            taken_at=taken_at,
            quote=self._quote,
            instruments=instruments,
            balances=balances,
            pools={},
            positions={},
            books={s: b for s, b in zip(instruments, books, strict=True) if b is not None},
            contracts={},
            price_bands=self._markets.price_bands(listed),
            open_orders=resting,
            clock=await self._wire.clocks_now([Desk.SPOT]),  # It may have moved meanwhile.
            position_mode=PositionMode.ONE_WAY,
        )

    async def _fee(self, symbol: Symbol) -> Decimal:
        """Return what a taker pays, asked for once while the venue is open."""
        if symbol not in self._fees:
            name = self._markets.market_id(symbol)
            read = partial(taker_fee_of, market_id=name)
            self._fees[symbol] = await self._wire.read(_FEE, {**SPOT, "symbol": name}, read)
        return self._fees[symbol]

    async def _book(self, instrument: Instrument) -> Book | None:
        """Read one book; its age counts from before it was asked for; None for a one-sided one."""
        asked_at = self._wire.clock.now()
        name = self._markets.market_id(instrument.symbol)

        def read(answer: object) -> Book | None:
            """Read both sides, which must be of this market."""
            row = result_of(answer)
            if text_of(row, "s") != name:
                raise Unreadable("the book is of another market")
            sides = {"bids": field(row, "b"), "asks": field(row, "a")}
            return book_of(sides, instrument, read_at=asked_at)

        asked = {**SPOT, "symbol": name, "limit": _DEPTH}
        return await self._wire.read(_BOOK, asked, read)
