"""The spot markets of Bybit, their fees, and one account's readers. Not pure: it asks.

The list of spot markets is one answer, read for the names that are wanted and good for five
minutes. An account that borrows, or whose coins back contracts, is not read at all: what is
there could not be planned with as coins.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
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
from trimtab.adapters.desk_markets import DeskMarkets
from trimtab.adapters.market_list import MarketList
from trimtab.adapters.raw_account import Holdings, ToldContract
from trimtab.domain.instruments import Instrument, Symbol
from trimtab.domain.snapshot import Book
from trimtab.venues.profile import Desk

Row = Mapping[str, Any]

_MARKETS: Final = Endpoint(desk=Desk.SPOT, method="publicGetV5MarketInstrumentsInfo")
_BOOK: Final = Endpoint(desk=Desk.SPOT, method="publicGetV5MarketOrderbook")
_FEE: Final = Endpoint(desk=Desk.SPOT, method="privateGetV5AccountFeeRate")
_WALLET: Final = Endpoint(desk=Desk.SPOT, method="privateGetV5AccountWalletBalance")
_DEPTH: Final = 50


def bybit_markets(wire: Wire) -> DeskMarkets:
    """Return the list of spot markets, not yet read."""

    async def fee(desk: Desk, name: str) -> Decimal:  # noqa: ARG001 -- there is one desk.
        """Ask what a taker pays in a market."""
        read = partial(taker_fee_of, market_id=name)
        return await wire.read(_FEE, {**SPOT, "symbol": name}, read)

    listed = MarketList(
        wire.clock,
        ask=lambda: wire.read(_MARKETS, SPOT, _markets),
        instrument_of=instrument_of,
        price_band_of=price_band_of,
    )
    return DeskMarkets({Desk.SPOT: listed}, fee=fee)


def _markets(answer: object) -> dict[Symbol, Row]:
    """Return the markets of the list by symbol."""
    return {
        Symbol(f"{text_of(row, 'baseCoin')}/{text_of(row, 'quoteCoin')}"): row
        for row in rows_in(answer)
        if text_of(row, "symbol")
    }


class BybitAccount:
    """Readers of one account of coins, for :class:`~trimtab.adapters.raw_account.RawMarketData`."""

    at_once = 100

    def __init__(self, wire: Wire, markets: DeskMarkets, orders: BybitOrders) -> None:
        self._wire = wire
        self._markets = markets
        self._orders = orders

    async def holdings(self) -> Holdings:
        """Read the wallet and what rests."""
        balances, resting = await together(
            self._wire.read(_WALLET, {"accountType": "UNIFIED"}, balances_of),
            self._orders.all_resting(),
        )
        return Holdings(balances=balances, pools={}, positions=(), resting=resting)

    async def contract(self, symbol: Symbol) -> ToldContract | None:  # noqa: ARG002 -- see there.
        """Return nothing: there are none here."""
        return None

    async def book(self, instrument: Instrument, *, read_at: datetime) -> Book | None:
        """Read one book; None for a one-sided one."""
        name = self._markets.market_id(instrument.symbol)

        def read(answer: object) -> Book | None:
            """Read both sides, which must be of this market."""
            row = result_of(answer)
            if text_of(row, "s") != name:
                raise Unreadable("the book is of another market")
            sides = {"bids": field(row, "b"), "asks": field(row, "a")}
            return book_of(sides, instrument, read_at=read_at)

        asked = {**SPOT, "symbol": name, "limit": _DEPTH}
        return await self._wire.read(_BOOK, asked, read)
