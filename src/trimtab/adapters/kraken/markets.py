"""The spot markets of Kraken, what a taker pays, and one account's readers. Not pure: it asks.

Public questions are counted by address and taken one in a second; those of a key draw on a counter
that is small, so that the fees of all markets are one question. Sources: Kraken "Get Tradable Asset
Pairs", "Get Trade Volume", "Get Order Book", "Spot REST Rate Limits", 2026.
"""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Final

from trimtab.adapters.frame.contract_values import book_of
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.market_list import MarketList
from trimtab.adapters.frame.raw_account import Holdings, ToldContract
from trimtab.adapters.kraken.answers import Pairs
from trimtab.adapters.kraken.instruments import (
    balances_of,
    instrument_of,
    markets_of,
    no_position,
    price_band_of,
    taker_fees_of,
    told_of,
)
from trimtab.adapters.kraken.orders import KrakenOrders
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.adapters.wire.pace import Pace
from trimtab.domain.instruments import Instrument, Symbol
from trimtab.domain.snapshot import Book
from trimtab.venues.profile import Desk

_MARKETS: Final = Endpoint(desk=Desk.SPOT, method="publicGetAssetPairs")
_BOOK: Final = Endpoint(desk=Desk.SPOT, method="publicGetDepth")
_FEES: Final = Endpoint(desk=Desk.SPOT, method="privatePostTradeVolume")
WALLET: Final = Endpoint(desk=Desk.SPOT, method="privatePostBalanceEx")
_POSITIONS: Final = Endpoint(desk=Desk.SPOT, method="privatePostOpenPositions")
_DEPTH: Final = 100
_AT_ONCE: Final = 50
"""Fees of so many markets are one question; books keep their own pace."""


class KrakenFees:
    """What a taker pays. All that is wanted in one moment is one question."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._wanted = set[str]()
        self._told: dict[str, Decimal] = {}
        self._asking = asyncio.Lock()

    async def of(self, desk: Desk, name: str) -> Decimal:  # noqa: ARG002 -- the frame's shape.
        """Return the fee of a market, fraction of value; asked for anew each time.

        Raises:
            NotDone: the venue does not answer, or not readably.
            Refused: the venue denies the read.

        """
        self._wanted.add(name)
        self._told.pop(name, None)
        await asyncio.sleep(0)  # Others that want theirs in this moment come first.
        async with self._asking:
            if name not in self._told:
                names = sorted(self._wanted)
                self._wanted.clear()
                read = partial(taker_fees_of, names=names)
                self._told |= await self._wire.read(_FEES, {"pair": ",".join(names)}, read)
            return self._told[name]


def kraken_markets(wire: Wire, pairs: MutableMapping[str, str]) -> DeskMarkets:
    """Return the list of spot markets, not yet read; *pairs* is told what each is called."""
    listed = MarketList(
        wire.clock,
        ask=lambda: wire.read(_MARKETS, {}, lambda told: markets_of(told, pairs)),
        instrument_of=instrument_of,
        price_band_of=price_band_of,
    )
    return DeskMarkets({Desk.SPOT: listed}, fee=KrakenFees(wire).of)


class KrakenAccount:
    """Readers of one account of coins; see ``frame.raw_account.ReadsAccount``."""

    at_once = _AT_ONCE

    def __init__(
        self, wire: Wire, markets: DeskMarkets, orders: KrakenOrders, pairs: Pairs
    ) -> None:
        self._wire = wire
        self._markets = markets
        self._orders = orders
        self._pairs = pairs
        self._pace = Pace(wire.clock, per_second=1)

    async def holdings(self) -> Holdings:
        """Read the wallet and what rests, where nothing is borrowed."""
        await self._wire.read(_POSITIONS, {}, no_position)
        balances = await self._wire.read(WALLET, {}, balances_of)
        resting = await self._orders.all_resting()
        return Holdings(balances=balances, pools={}, positions=(), resting=resting)

    async def contract(self, symbol: Symbol) -> ToldContract | None:  # noqa: ARG002 -- see there.
        """Return nothing: there are none here."""
        return None

    async def book(self, instrument: Instrument, *, read_at: datetime) -> Book | None:  # noqa: ARG002 -- it waits its turn, and is no older than that.
        """Read one book; None for a one-sided one."""
        name = self._markets.market_id(instrument.symbol)
        await self._pace.turn()
        asked_at = self._wire.clock.now()

        def read(answer: object) -> Book | None:
            """Read both sides of the market that was asked for."""
            told = told_of(answer, name, self._pairs)
            return book_of(told, instrument, read_at=asked_at)

        return await self._wire.read(_BOOK, {"pair": name, "count": _DEPTH}, read)
