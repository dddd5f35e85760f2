"""The spot markets of KuCoin, and the readers of one trade account. Not pure: it asks.

Sources: KuCoin API "Get All Symbols", "Get Account List - Spot", "Get Part OrderBook", "Get Actual
Fee - Spot/Margin", 2025-11.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Final

from trimtab.adapters.frame.contract_values import book_of
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.market_list import MarketList
from trimtab.adapters.frame.raw_account import Holdings, ToldContract
from trimtab.adapters.kucoin.answers import TRADE, balances_of, data_in
from trimtab.adapters.kucoin.instruments import (
    instrument_of,
    markets_of,
    price_band_of,
    taker_fee_of,
)
from trimtab.adapters.kucoin.orders import RestingOrders
from trimtab.adapters.wire.calls import Endpoint, Wire, together
from trimtab.domain.instruments import Instrument, Symbol
from trimtab.domain.snapshot import Book
from trimtab.venues.profile import Desk

ACCOUNTS: Final = Endpoint(desk=Desk.SPOT, method="privateGetAccounts")
_MARKETS: Final = Endpoint(desk=Desk.SPOT, method="publicGetSymbols")
_BOOK: Final = Endpoint(desk=Desk.SPOT, method="publicGetMarketOrderbookLevel2100")
_FEES: Final = Endpoint(desk=Desk.SPOT, method="privateGetTradeFees")


def kucoin_markets(wire: Wire) -> DeskMarkets:
    """Return the list of spot markets, not yet read."""

    async def fee(desk: Desk, name: str) -> Decimal:  # noqa: ARG001 -- the frame's shape.
        """Ask what a taker pays in a market."""
        return await wire.read(_FEES, {"symbols": name}, partial(taker_fee_of, market_id=name))

    listed = MarketList(
        wire.clock,
        ask=lambda: wire.read(_MARKETS, {}, markets_of),
        instrument_of=instrument_of,
        price_band_of=price_band_of,
    )
    return DeskMarkets({Desk.SPOT: listed}, fee=fee)


class KucoinAccount:
    """Readers of one trade account."""

    at_once = 20

    def __init__(self, wire: Wire, markets: DeskMarkets, resting: RestingOrders) -> None:
        self._wire = wire
        self._markets = markets
        self._resting = resting

    async def holdings(self) -> Holdings:
        """Read the wallet, what rests, and what waits for a trigger."""
        balances, resting = await together(
            self._wire.read(ACCOUNTS, {"type": TRADE}, balances_of), self._resting.all_resting()
        )
        return Holdings(balances=balances, pools={}, positions=(), resting=resting)

    async def contract(self, symbol: Symbol) -> ToldContract | None:  # noqa: ARG002 -- see there.
        """Return nothing: there are none here."""
        return None

    async def book(self, instrument: Instrument, *, read_at: datetime) -> Book | None:
        """Read one book; None for a one-sided one. It does not say of which market it is."""
        return await self._wire.read(
            _BOOK,
            {"symbol": self._markets.market_id(instrument.symbol)},
            lambda told: book_of(data_in(told), instrument, read_at=read_at),
        )
