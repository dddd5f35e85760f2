"""The markets of Deribit's two desks, and one account's readers. Not pure: it asks.

Sources: docs.deribit.com "public/get_instruments", "public/get_order_book", "public/ticker",
"private/get_account_summaries", "private/get_positions", 2026. Between which prices a market takes
limits is told with its book, and kept from there until the markets are asked for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Final

from trimtab.adapters.deribit.answers import (
    balances_of,
    instrument_of,
    markets_of,
    price_band_of,
    result_of,
)
from trimtab.adapters.deribit.contracts import (
    leverages_in,
    linear_instrument_of,
    linear_markets,
    positions_of,
    prices_of,
    settings_of,
    steps_of,
    terms_at,
)
from trimtab.adapters.deribit.orders import DeribitOrders
from trimtab.adapters.deribit.wallet import held_in
from trimtab.adapters.frame.contract_values import book_of
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.market_list import MarketList
from trimtab.adapters.frame.raw_account import Holdings, ToldContract
from trimtab.adapters.wire.calls import Endpoint, Wire, together
from trimtab.adapters.wire.exact import Unreadable, mapping_of, text_of
from trimtab.domain.exact import ZERO
from trimtab.domain.instruments import Asset, Instrument, Symbol
from trimtab.domain.snapshot import Book, PriceBand
from trimtab.venues.deribit_margins import MARGINS
from trimtab.venues.profile import Desk

_MARKETS: Final = Endpoint(desk=Desk.SPOT, method="publicGetGetInstruments")
_BOOK: Final = Endpoint(desk=Desk.SPOT, method="publicGetGetOrderBook")
_WALLET: Final = Endpoint(desk=Desk.SPOT, method="privateGetGetAccountSummaries")
_POSITIONS: Final = Endpoint(desk=Desk.LINEAR, method="privateGetGetPositions")
_PRICES: Final = Endpoint(desk=Desk.LINEAR, method="publicGetTicker")
_DEPTH: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one answer told that is asked for elsewhere, by the venue's name of the market."""

    bands: dict[str, PriceBand] = dataclass_field(default_factory=dict)
    """Between which prices limits are taken, from the last book."""
    leverages: dict[str, int] = dataclass_field(default_factory=dict)
    """The highest that a contract allows, from the list of contracts."""


def deribit_markets(wire: Wire, told: Told, *, settle: Asset | None) -> DeskMarkets:
    """Return the list of coins, and of perpetuals that settle in *settle*, not yet read.

    None for coins alone.
    """

    async def fee(desk: Desk, name: str) -> Decimal:  # noqa: ARG001 -- the frame's shape.
        """Return nothing: what a taker pays stands with the market."""
        return ZERO

    def band(row: Row) -> PriceBand | None:
        """Return what the book of a market told."""
        return told.bands.get(text_of(row, "symbol"))

    coins = MarketList(
        wire.clock,
        ask=lambda: wire.read(_MARKETS, {"currency": "any", "kind": "spot"}, markets_of),
        instrument_of=instrument_of,
        price_band_of=band,
    )
    if settle is None:
        return DeskMarkets({Desk.SPOT: coins}, fee=fee)
    listed = partial(linear_markets, quote=settle)

    async def perpetuals() -> Mapping[Symbol, Row]:
        """Read the list of contracts, and which leverage each allows."""
        rows = await wire.read(_MARKETS, {"currency": "any", "kind": "future"}, listed)
        told.leverages.update(leverages_in(rows.values()))
        return rows

    contracts = MarketList(
        wire.clock,
        ask=perpetuals,
        instrument_of=linear_instrument_of,
        price_band_of=band,
    )
    return DeskMarkets({Desk.SPOT: coins, Desk.LINEAR: contracts}, fee=fee)


class DeribitAccount:
    """Readers of an account, for ``frame.raw_account.RawMarketData``."""

    at_once = 10

    def __init__(
        self,
        wire: Wire,
        markets: DeskMarkets,
        orders: DeribitOrders,
        *,
        told: Told,
        settle: Asset | None,
    ) -> None:
        """Take what contracts settle in; None for an account of coins alone."""
        self._wire = wire
        self._markets = markets
        self._orders = orders
        self._told = told
        self._settle = settle
        self._held: frozenset[str] = frozenset()

    async def holdings(self) -> Holdings:
        """Read the wallet, positions where contracts are used, and what rests."""
        read = self._wire.read
        if self._settle is None:
            balances, resting = await together(
                read(_WALLET, {}, balances_of), self._orders.all_resting()
            )
            return Holdings(balances=balances, pools={}, positions=(), resting=resting)
        whole = partial(positions_of, listed=tuple(self._told.leverages))
        positions = await read(_POSITIONS, {"currency": self._settle}, whole)
        self._held = frozenset(row.position.market_id for row in positions)
        profits = [row.profit for row in positions]
        wallet = partial(held_in, settle=self._settle, profits=profits)
        held, resting = await together(read(_WALLET, {}, wallet), self._orders.all_resting())
        return Holdings(
            balances=held.balances, pools=held.pools, positions=positions, resting=resting
        )

    async def contract(self, symbol: Symbol) -> ToldContract | None:
        """Read one contract.

        Where the venue allows another leverage than its page makes, the page is out of date. What a
        position has to maintain is then held against the venue's own figure, in every plan; where
        there is none to hold it against, nothing is known, and nothing is opened.

        The venue tells the rate to open, as the highest leverage, and that to maintain of a
        position alone. Until there is one the rate to open, which is never below it, stands for
        both.
        """
        name = self._markets.market_id(symbol)
        terms = terms_at(MARGINS[name], self._told.leverages[name])
        if name not in self._held:
            if terms != MARGINS[name]:
                return None
            terms = replace(terms, maintenance=terms.initial)
        asked = {"instrument_name": name}
        prices = await self._wire.read(_PRICES, asked, partial(prices_of, market_id=name))
        if prices is None:
            return None
        return ToldContract(
            settings=settings_of(terms), prices=prices, steps=steps_of(terms, prices)
        )

    async def book(self, instrument: Instrument, *, read_at: datetime) -> Book | None:
        """Read one book, and keep the bounds of prices beside it; None for a one-sided one."""
        name = self._markets.market_id(instrument.symbol)
        self._told.bands.pop(name, None)
        asked = {"instrument_name": name, "depth": _DEPTH}
        return await self._wire.read(_BOOK, asked, self._reader(instrument, name, read_at))

    def _reader(
        self, instrument: Instrument, name: str, read_at: datetime
    ) -> Callable[[object], Book | None]:
        """Return what reads both sides, which must be of this market, and the bounds."""

        def read(answer: object) -> Book | None:
            """Read an answer."""
            told = mapping_of(result_of(answer))
            if text_of(told, "instrument_name") != name:
                raise Unreadable("the book is of another market")
            book = book_of(told, instrument, read_at=read_at)
            if book is not None:
                self._told.bands[name] = price_band_of(answer, book.mid)
            return book

        return read
