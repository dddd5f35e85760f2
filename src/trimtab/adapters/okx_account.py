"""The markets of OKX, their fees, and readers of one account. Not pure: it asks the venue.

Between which prices a market takes limits is told for one at a time; it is asked beside the book,
and kept from there until the markets are asked for it. Sources: OKX API v5 "Get instruments", "Get
fee rates", "Get balance", "Get order book", "Get limit price", 2026.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Final

from trimtab.adapters.ccxt_account import book_of
from trimtab.adapters.ccxt_answers import text_of
from trimtab.adapters.ccxt_wire import Endpoint, Wire, together
from trimtab.adapters.desk_markets import DeskMarkets
from trimtab.adapters.desk_orders import DeskOrders
from trimtab.adapters.listed_pages import Row
from trimtab.adapters.market_list import MarketList
from trimtab.adapters.okx_answers import row_in, taker_fee_of
from trimtab.adapters.okx_instruments import price_band_of, spot_instrument_of, spot_markets
from trimtab.adapters.okx_orders import OF_DESK
from trimtab.adapters.okx_wallet import balances_of, require_plain_mode
from trimtab.adapters.raw_account import Holdings, ToldContract
from trimtab.domain.instruments import Instrument, Symbol
from trimtab.domain.snapshot import Book, PriceBand
from trimtab.venues.profile import Desk

_MARKETS: Final = Endpoint(desk=Desk.SPOT, method="publicGetPublicInstruments")
_BOOK: Final = Endpoint(desk=Desk.SPOT, method="publicGetMarketBooks")
_LIMITS: Final = Endpoint(desk=Desk.SPOT, method="publicGetPublicPriceLimit")
_FEE: Final = Endpoint(desk=Desk.SPOT, method="privateGetAccountTradeFee")
_CONFIG: Final = Endpoint(desk=Desk.SPOT, method="privateGetAccountConfig")
_WALLET: Final = Endpoint(desk=Desk.SPOT, method="privateGetAccountBalance")
_DEPTH: Final = 50
_AT_ONCE: Final = 2
"""The fee of a market may be asked for five times in two seconds."""

Bands = dict[str, PriceBand]
"""What the markets told last, by the venue's name of the market."""


def okx_markets(wire: Wire, bands: Bands) -> DeskMarkets:
    """Return the list of spot markets, not yet read; *bands* are filled with the books."""

    async def fee(desk: Desk, name: str) -> Decimal:
        """Ask what a taker pays in a market."""
        return await wire.read(_FEE, {**OF_DESK[desk], "instId": name}, taker_fee_of)

    def band(row: Row) -> PriceBand | None:
        """Return what was told beside the book of a market."""
        return bands.get(text_of(row, "symbol"))

    listed = MarketList(
        wire.clock,
        ask=lambda: wire.read(_MARKETS, OF_DESK[Desk.SPOT], spot_markets),
        instrument_of=spot_instrument_of,
        price_band_of=band,
    )
    return DeskMarkets({Desk.SPOT: listed}, fee=fee)


class OkxAccount:
    """Readers of one account, for :class:`~trimtab.adapters.raw_account.RawMarketData`."""

    at_once = _AT_ONCE

    def __init__(
        self, wire: Wire, markets: DeskMarkets, orders: DeskOrders, *, bands: Bands
    ) -> None:
        self._wire = wire
        self._markets = markets
        self._orders = orders
        self._bands = bands

    async def holdings(self) -> Holdings:
        """Read the mode of the account, the wallet and what rests."""
        await self._wire.read(_CONFIG, {}, require_plain_mode)
        balances, resting = await together(
            self._wire.read(_WALLET, {}, balances_of), self._orders.all_resting(Desk.SPOT)
        )
        return Holdings(balances=balances, pools={}, positions=(), resting=resting)

    async def contract(self, symbol: Symbol) -> ToldContract | None:  # noqa: ARG002 -- see there.
        """Return nothing: there are none here."""
        return None

    async def book(self, instrument: Instrument, *, read_at: datetime) -> Book | None:
        """Read one book, and keep the bounds of prices beside it; None for a one-sided one."""
        name = self._markets.market_id(instrument.symbol)
        self._bands.pop(name, None)
        book = await self._wire.read(
            _BOOK,
            {"instId": name, "sz": _DEPTH},
            lambda told: book_of(row_in(told), instrument, read_at=read_at),
        )
        if book is not None:
            read = partial(price_band_of, market_id=name, price=book.mid)
            self._bands[name] = await self._wire.read(_LIMITS, {"instId": name}, read)
        return book
