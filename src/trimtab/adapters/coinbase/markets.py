"""The products of Coinbase, and the readers of one portfolio. Not pure: it asks.

A key is of one portfolio, and that is the account. Sources: Coinbase Advanced Trade API "List
Products", "List Accounts", "Get Product Book", "Get Transaction Summary", "Get API Key
Permissions", 2026.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Final

from trimtab.adapters.coinbase.answers import balances_of, page_in, permissions_of
from trimtab.adapters.coinbase.instruments import (
    instrument_of,
    markets_of,
    price_band_of,
    shared_book_of,
    taker_fee_of,
)
from trimtab.adapters.coinbase.orders import CoinbaseOrders
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.listed_pages import Row, whole_list
from trimtab.adapters.frame.market_list import MarketList
from trimtab.adapters.frame.raw_account import Holdings, ToldContract
from trimtab.adapters.wire.calls import Endpoint, Wire, together
from trimtab.domain.instruments import Instrument, Symbol
from trimtab.domain.snapshot import Book
from trimtab.venues.profile import Desk

PERMISSIONS: Final = Endpoint(desk=Desk.SPOT, method="v3PrivateGetBrokerageKeyPermissions")
_ACCOUNTS: Final = Endpoint(desk=Desk.SPOT, method="v3PrivateGetBrokerageAccounts")
_PRODUCTS: Final = Endpoint(desk=Desk.SPOT, method="v3PrivateGetBrokerageProducts")
_BOOK: Final = Endpoint(desk=Desk.SPOT, method="v3PrivateGetBrokerageProductBook")
_FEES: Final = Endpoint(desk=Desk.SPOT, method="v3PrivateGetBrokerageTransactionSummary")
_ACCOUNTS_PAGE: Final = 250
_ACCOUNTS_PAGES_MAX: Final = 20
_DEPTH: Final = 100


def coinbase_markets(wire: Wire) -> DeskMarkets:
    """Return the list of products for coins, not yet read."""

    async def fee(desk: Desk, name: str) -> Decimal:  # noqa: ARG001 -- the frame's shape.
        """Ask what a taker pays: the same in every market."""
        return await wire.read(_FEES, {"product_type": "SPOT"}, taker_fee_of)

    asked = {"product_type": "SPOT", "get_tradability_status": "true"}
    listed = MarketList(
        wire.clock,
        ask=lambda: wire.read(_PRODUCTS, asked, markets_of),
        instrument_of=instrument_of,
        price_band_of=price_band_of,
    )
    return DeskMarkets({Desk.SPOT: listed}, fee=fee)


async def accounts_of(wire: Wire) -> tuple[Row, ...]:
    """Return every account of the key's portfolio, of all pages.

    Raises:
        NotDone: the venue does not answer, or the list has no end.
        Refused: the venue denies the read.

    """
    read = partial(page_in, name="accounts")
    return await whole_list(
        lambda further: wire.read(_ACCOUNTS, {"limit": _ACCOUNTS_PAGE, **further}, read),
        lead="cursor",
        what="accounts",
        pages_max=_ACCOUNTS_PAGES_MAX,
    )


class CoinbaseAccount:
    """Readers of one portfolio; see ``frame.raw_account.ReadsAccount``."""

    at_once = 10

    def __init__(self, wire: Wire, markets: DeskMarkets, orders: CoinbaseOrders) -> None:
        self._wire = wire
        self._markets = markets
        self._orders = orders

    async def holdings(self) -> Holdings:
        """Read whose the key is, its coins, and what rests or waits for a trigger."""
        told, rows, resting = await together(
            self._wire.read(PERMISSIONS, {}, permissions_of),
            accounts_of(self._wire),
            self._orders.all_resting(),
        )
        balances = balances_of(rows, told)
        return Holdings(balances=balances, pools={}, positions=(), resting=resting)

    async def contract(self, symbol: Symbol) -> ToldContract | None:  # noqa: ARG002 -- see there.
        """Return nothing: there are none here."""
        return None

    async def book(self, instrument: Instrument, *, read_at: datetime) -> Book | None:
        """Read one book; None for a one-sided one."""
        row = self._markets.row(instrument.symbol)
        asked = {"product_id": self._markets.market_id(instrument.symbol), "limit": _DEPTH}

        def read(answer: object) -> Book | None:
            """Read both sides of the product that was asked for."""
            return shared_book_of(answer, row, instrument, read_at=read_at)

        return await self._wire.read(_BOOK, asked, read)
