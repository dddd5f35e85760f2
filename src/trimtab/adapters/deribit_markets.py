"""The spot markets of Deribit, and one account's readers. Not pure: it asks.

Sources: docs.deribit.com "public/get_instruments", "public/get_order_book",
"private/get_account_summaries", 2026. Between which prices a market takes limits is told with its
book, and kept from there until the markets are asked for it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Final

from trimtab.adapters.ccxt_account import book_of
from trimtab.adapters.ccxt_answers import Unreadable, mapping_of, text_of
from trimtab.adapters.ccxt_wire import Endpoint, Wire
from trimtab.adapters.coins_account import CoinsAccount, CoinsQuestions
from trimtab.adapters.deribit_answers import (
    balances_of,
    instrument_of,
    markets_of,
    price_band_of,
    result_of,
)
from trimtab.adapters.deribit_orders import DeribitOrders
from trimtab.adapters.desk_markets import DeskMarkets
from trimtab.adapters.listed_pages import Row
from trimtab.adapters.market_list import MarketList
from trimtab.domain.exact import ZERO
from trimtab.domain.instruments import Instrument
from trimtab.domain.snapshot import Book, PriceBand
from trimtab.venues.profile import Desk

_MARKETS: Final = Endpoint(desk=Desk.SPOT, method="publicGetGetInstruments")
_BOOK: Final = Endpoint(desk=Desk.SPOT, method="publicGetGetOrderBook")
_WALLET: Final = Endpoint(desk=Desk.SPOT, method="privateGetGetAccountSummaries")
_DEPTH: Final = 50
_AT_ONCE: Final = 10

Bands = dict[str, PriceBand]
"""What the books told last, by the venue's name of the market."""


def deribit_markets(wire: Wire, bands: Bands) -> DeskMarkets:
    """Return the list of spot markets, not yet read; *bands* are filled with the books."""

    async def fee(desk: Desk, name: str) -> Decimal:  # noqa: ARG001 -- the frame's shape.
        """Return nothing: what a taker pays stands with the market."""
        return ZERO

    def band(row: Row) -> PriceBand | None:
        """Return what the book of a market told."""
        return bands.get(text_of(row, "symbol"))

    listed = MarketList(
        wire.clock,
        ask=lambda: wire.read(_MARKETS, {"currency": "any", "kind": "spot"}, markets_of),
        instrument_of=instrument_of,
        price_band_of=band,
    )
    return DeskMarkets({Desk.SPOT: listed}, fee=fee)


def deribit_account(
    wire: Wire, markets: DeskMarkets, orders: DeribitOrders, *, bands: Bands
) -> CoinsAccount:
    """Return the readers of one account of coins; bounds of prices are kept in *bands*."""

    async def book(instrument: Instrument, *, read_at: datetime) -> Book | None:
        """Read one book, and keep the bounds of prices beside it; None for a one-sided one."""
        name = markets.market_id(instrument.symbol)
        bands.pop(name, None)
        read = _reader(instrument, name, read_at, bands)
        return await wire.read(_BOOK, {"instrument_name": name, "depth": _DEPTH}, read)

    questions = CoinsQuestions(
        wallet=_WALLET, balances_of=balances_of, orders=orders, book=book, at_once=_AT_ONCE
    )
    return CoinsAccount(wire, questions)


def _reader(
    instrument: Instrument, name: str, read_at: datetime, bands: Bands
) -> Callable[[object], Book | None]:
    """Return what reads both sides, which must be of this market, and the bounds."""

    def read(answer: object) -> Book | None:
        """Read an answer."""
        told = mapping_of(result_of(answer))
        if text_of(told, "instrument_name") != name:
            raise Unreadable("the book is of another market")
        book = book_of(told, instrument, read_at=read_at)
        if book is not None:
            bands[name] = price_band_of(answer, book.mid)
        return book

    return read
