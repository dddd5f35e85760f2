"""The spot markets of Bybit and their fees, and accounts at one instant. Not pure: it asks.

The list of spot markets is one answer, read for the names that are wanted and good for five
minutes. An account that borrows, or whose coins back contracts, is not read at all: what is
there could not be planned with as coins.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Any, Final

from trimtab.adapters.bybit_answers import (
    balances_of,
    instrument_of,
    price_band_of,
    result_of,
    rows_in,
    taker_fee_of,
)
from trimtab.adapters.bybit_orders import SPOT, BybitOrders
from trimtab.adapters.ccxt_account import book_of
from trimtab.adapters.ccxt_answers import Unreadable, field, text_of
from trimtab.adapters.ccxt_wire import Endpoint, Wire, together
from trimtab.adapters.market_list import MarketList
from trimtab.domain.instruments import Asset, Instrument, Symbol
from trimtab.domain.snapshot import AccountKey, Book, PositionMode, Snapshot
from trimtab.ports import Portfolio
from trimtab.venues.profile import Desk

Row = Mapping[str, Any]

_MARKETS: Final = Endpoint(desk=Desk.SPOT, method="publicGetV5MarketInstrumentsInfo")
_BOOK: Final = Endpoint(desk=Desk.SPOT, method="publicGetV5MarketOrderbook")
_FEE: Final = Endpoint(desk=Desk.SPOT, method="privateGetV5AccountFeeRate")
_WALLET: Final = Endpoint(desk=Desk.SPOT, method="privateGetV5AccountWalletBalance")
_DEPTH: Final = 50


def bybit_markets(wire: Wire) -> MarketList:
    """Return the list of spot markets, not yet read."""
    return MarketList(
        wire.clock,
        ask=lambda: wire.read(_MARKETS, SPOT, _markets),
        instrument_of=instrument_of,
        price_band_of=price_band_of,
    )


def _markets(answer: object) -> dict[Symbol, Row]:
    """Return the markets of the list by symbol."""
    return {
        Symbol(f"{text_of(row, 'baseCoin')}/{text_of(row, 'quoteCoin')}"): row
        for row in rows_in(answer)
        if text_of(row, "symbol")
    }


class BybitMarketData:
    """Snapshots of one account of coins. Opened and closed by ``ccxt_open.open_venue``."""

    def __init__(self, wire: Wire, markets: MarketList, *, key: AccountKey, quote: Asset) -> None:
        self._wire = wire
        self._markets = markets
        self._orders = BybitOrders(wire, markets)
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
            self._orders.resting(None),
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
