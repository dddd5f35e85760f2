"""Readers of one Bitget account, for ``frame.raw_account.RawMarketData``.

Not pure: it asks the venue. Coins lie in the spot wallet and margin in the wallet of contracts
that settle in USDT; a unified account, or one in which several coins back contracts together, is
not read at all. The venue takes ten questions of each kind in a second.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

from trimtab.adapters.bitget.answers import row_in
from trimtab.adapters.bitget.markets import MARGIN, PRODUCT
from trimtab.adapters.bitget.waiting import COIN_PLANS, COIN_STOPS, waiting_of_contracts
from trimtab.adapters.bitget.wallets import (
    balances_of,
    brackets_of,
    pools_of,
    positions_of,
    prices_of,
    settings_of,
)
from trimtab.adapters.frame.contract_values import book_of
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desk_orders import DeskOrders
from trimtab.adapters.frame.raw_account import AsksMarket, Holdings, ToldContract
from trimtab.adapters.frame.waiting_orders import waiting_in
from trimtab.adapters.wire.calls import Endpoint, Wire, together
from trimtab.domain.errors import Refused
from trimtab.domain.instruments import Instrument, Symbol
from trimtab.domain.snapshot import Book, Bracket, OpenOrder
from trimtab.venues.profile import Desk

_COINS: Final = Endpoint(desk=Desk.SPOT, method="privateSpotGetV2SpotAccountAssets")
_POOLS: Final = Endpoint(desk=Desk.LINEAR, method="privateMixGetV2MixAccountAccounts")
_POSITIONS: Final = Endpoint(desk=Desk.LINEAR, method="privateMixGetV2MixPositionAllPosition")
_SETTINGS: Final = Endpoint(desk=Desk.LINEAR, method="privateMixGetV2MixAccountAccount")
_PRICES: Final = Endpoint(desk=Desk.LINEAR, method="publicMixGetV2MixMarketTicker")
_TIERS: Final = Endpoint(desk=Desk.LINEAR, method="publicMixGetV2MixMarketQueryPositionLever")
_BOOKS: Final[Mapping[Desk, tuple[Endpoint, Mapping[str, object]]]] = {
    Desk.SPOT: (
        Endpoint(desk=Desk.SPOT, method="publicSpotGetV2SpotMarketOrderbook"),
        {"type": "step0", "limit": 50},
    ),
    Desk.LINEAR: (
        Endpoint(desk=Desk.LINEAR, method="publicMixGetV2MixMarketMergeDepth"),
        {**PRODUCT, "precision": "scale0", "limit": 50},
    ),
}

_LACKS_SYMBOL: Final = frozenset({"40017", "40019", "40020", "400172"})
"""A parameter is missing or wrong."""


class BitgetAccount:
    """What is asked of an account."""

    at_once = 8

    def __init__(self, wire: Wire, markets: DeskMarkets, orders: DeskOrders) -> None:
        self._wire = wire
        self._markets = markets
        self._orders = orders
        self._steps: dict[Symbol, tuple[Bracket, ...]] = {}

    async def holdings(self) -> Holdings:
        """Read both wallets, positions and what rests."""
        read = self._wire.read
        spot, resting, (waiting, of_market) = await together(
            read(_COINS, {"assetType": "hold_only"}, balances_of),
            self._orders.all_resting(Desk.SPOT),
            self._coins_waiting(),
        )
        resting = (*resting, *waiting)
        if Desk.LINEAR not in self._markets.desks:
            return Holdings(
                balances=spot, pools={}, positions=(), resting=resting, waiting_in=of_market
            )
        positions, more, waiting = await together(
            read(_POSITIONS, MARGIN, positions_of),
            self._orders.all_resting(Desk.LINEAR),
            waiting_in(self._wire, self._markets, waiting_of_contracts()),
        )
        pools = await read(_POOLS, PRODUCT, partial(pools_of, positions=positions))
        return Holdings(
            balances=spot,
            pools=pools,
            positions=positions,
            resting=(*resting, *more, *waiting),
            waiting_in=of_market,
        )

    async def _coins_waiting(self) -> tuple[tuple[OpenOrder, ...], AsksMarket | None]:
        """Return what waits in markets of coins, and what asks for the rest of one market.

        Whether trigger orders are told of all markets at once is documented in two ways; where
        the venue wants to know of which, each market that matters is asked for by itself.
        """
        wire, markets = self._wire, self._markets
        stops = await waiting_in(wire, markets, (COIN_STOPS,))
        try:
            return (*stops, *await waiting_in(wire, markets, (COIN_PLANS,))), None
        except Refused as refusal:
            if refusal.evidence is None or refusal.evidence.code not in _LACKS_SYMBOL:
                raise

        async def of_market(symbol: Symbol) -> tuple[OpenOrder, ...]:
            """Ask for those of one market."""
            named = {**COIN_PLANS.asked, "symbol": markets.market_id(symbol)}
            return await waiting_in(wire, markets, (replace(COIN_PLANS, asked=named),))

        return stops, of_market

    async def contract(self, symbol: Symbol) -> ToldContract | None:
        """Read one contract; its maintenance table is asked for once while the venue is open."""
        name = self._markets.market_id(symbol)
        of_one = {**PRODUCT, "symbol": name}
        prices = await self._wire.read(_PRICES, of_one, partial(prices_of, market_id=name))
        settings = await self._wire.read(_SETTINGS, {**MARGIN, "symbol": name}, settings_of)
        if symbol not in self._steps:
            read = partial(brackets_of, market_id=name)
            self._steps[symbol] = await self._wire.read(_TIERS, of_one, read)
        steps = self._steps[symbol]
        if prices is None or not steps:
            return None
        return ToldContract(settings=settings, prices=prices, steps=steps)

    async def book(self, instrument: Instrument, *, read_at: datetime) -> Book | None:
        """Read one book; None for a one-sided one."""
        endpoint, how = _BOOKS[Desk.of(instrument)]
        asked = {**how, "symbol": self._markets.market_id(instrument.symbol)}
        return await self._wire.read(
            endpoint, asked, lambda told: book_of(row_in(told), instrument, read_at=read_at)
        )
