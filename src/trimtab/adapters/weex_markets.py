"""The spot markets of WEEX, and one account's readers. Not pure: it asks.

Sources: WEEX API v3 "Exchange information", "Get Account Information", "Get Order Book Depth",
2026-03. What the account says of its own fees was seen to be nothing while fees were paid; the
rate that the market tells is counted.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final

from trimtab.adapters.ccxt_account import book_of
from trimtab.adapters.ccxt_wire import Endpoint, Wire, together
from trimtab.adapters.desk_markets import DeskMarkets
from trimtab.adapters.market_list import MarketList
from trimtab.adapters.raw_account import Holdings, ToldContract
from trimtab.adapters.weex_answers import balances_of, instrument_of, markets_of, price_band_of
from trimtab.adapters.weex_orders import WeexOrders
from trimtab.domain.exact import ZERO
from trimtab.domain.instruments import Instrument, Symbol
from trimtab.domain.snapshot import Book
from trimtab.venues.profile import Desk

_MARKETS: Final = Endpoint(desk=Desk.SPOT, method="publicGetApiV3ExchangeInfo")
_BOOK: Final = Endpoint(desk=Desk.SPOT, method="publicGetApiV3MarketDepth")
_WALLET: Final = Endpoint(desk=Desk.SPOT, method="privateGetApiV3Account")
_DEPTH: Final = 200


def weex_markets(wire: Wire) -> DeskMarkets:
    """Return the list of spot markets, not yet read."""

    async def fee(desk: Desk, name: str) -> Decimal:  # noqa: ARG001 -- the frame's shape.
        """Return nothing: what a taker pays stands with the market."""
        return ZERO

    listed = MarketList(
        wire.clock,
        ask=lambda: wire.read(_MARKETS, {}, markets_of),
        instrument_of=instrument_of,
        price_band_of=price_band_of,
    )
    return DeskMarkets({Desk.SPOT: listed}, fee=fee)


class WeexAccount:
    """Readers of one account of coins, for :class:`~trimtab.adapters.raw_account.RawMarketData`."""

    at_once = 20

    def __init__(self, wire: Wire, markets: DeskMarkets, orders: WeexOrders) -> None:
        self._wire = wire
        self._markets = markets
        self._orders = orders

    async def holdings(self) -> Holdings:
        """Read the wallet and what rests."""
        balances, resting = await together(
            self._wire.read(_WALLET, {}, balances_of), self._orders.all_resting()
        )
        return Holdings(balances=balances, pools={}, positions=(), resting=resting)

    async def contract(self, symbol: Symbol) -> ToldContract | None:  # noqa: ARG002 -- see there.
        """Return nothing: there are none here."""
        return None

    async def book(self, instrument: Instrument, *, read_at: datetime) -> Book | None:
        """Read one book; None for a one-sided one. It does not say of which market it is."""
        asked = {"symbol": self._markets.market_id(instrument.symbol), "limit": _DEPTH}
        return await self._wire.read(
            _BOOK, asked, lambda told: book_of(told, instrument, read_at=read_at)
        )
