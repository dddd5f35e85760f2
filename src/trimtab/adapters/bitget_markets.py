"""Where Bitget's two desks are asked, and their lists of markets. Not pure: it asks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Final

from trimtab.adapters.bitget_answers import taker_fee_of
from trimtab.adapters.bitget_instruments import (
    linear_instrument_of,
    linear_markets,
    price_band_of,
    spot_instrument_of,
    spot_markets,
)
from trimtab.adapters.ccxt_instruments import desk_of
from trimtab.adapters.ccxt_wire import Endpoint, Wire
from trimtab.adapters.market_list import MarketList
from trimtab.domain.exact import ZERO
from trimtab.domain.instruments import Instrument, Symbol
from trimtab.domain.snapshot import PriceBand
from trimtab.venues.profile import Desk

PRODUCT: Final[Mapping[str, str]] = {"productType": "USDT-FUTURES"}
OF_DESK: Final[Mapping[Desk, Mapping[str, str]]] = {Desk.SPOT: {}, Desk.LINEAR: PRODUCT}
"""What every question of a desk says."""
MARGIN: Final[Mapping[str, str]] = {**PRODUCT, "marginCoin": "USDT"}
_SPOT: Final = Endpoint(desk=Desk.SPOT, method="publicSpotGetV2SpotPublicSymbols")
_LINEAR: Final = Endpoint(desk=Desk.LINEAR, method="publicMixGetV2MixMarketContracts")
_FEES: Final[Mapping[Desk, tuple[Endpoint, str]]] = {
    desk: (Endpoint(desk=desk, method="privateCommonGetV2CommonTradeRate"), word)
    for desk, word in ((Desk.SPOT, "spot"), (Desk.LINEAR, "mix"))
}


class BitgetMarkets:
    """The markets of both desks, by unified symbol."""

    def __init__(self, wire: Wire, *, desks: Collection[Desk]) -> None:
        self._wire = wire
        self.desks = desks
        clock, read = wire.clock, wire.read
        self._lists: Final[Mapping[Desk, MarketList]] = {
            Desk.SPOT: MarketList(
                clock,
                ask=lambda: read(_SPOT, {}, spot_markets),
                instrument_of=spot_instrument_of,
                price_band_of=price_band_of,
            ),
            Desk.LINEAR: MarketList(
                clock,
                ask=lambda: read(_LINEAR, PRODUCT, linear_markets),
                instrument_of=linear_instrument_of,
                price_band_of=price_band_of,
            ),
        }
        self._fees: dict[Symbol, Instrument] = {}

    async def load(self, symbols: Iterable[Symbol]) -> frozenset[Symbol]:
        """Read the lists of all desks unless they are fresh; return those that they have.

        Raises:
            NotDone: the venue does not answer.
            Refused: the venue denies the read.

        """
        wanted = frozenset(symbols)
        found: frozenset[Symbol] = frozenset()
        for desk in self.desks:
            found |= await self._lists[desk].load(s for s in wanted if desk_of(s) is desk)
        return found

    async def require(self, symbol: Symbol) -> str:
        """Return the venue's name of *symbol*; see :meth:`MarketList.require`."""
        return await self._lists[desk_of(symbol)].require(symbol)

    def market_id(self, symbol: Symbol) -> str:
        """Return the venue's name of a market that was read."""
        return self._lists[desk_of(symbol)].market_id(symbol)

    def symbol_of(self, desk: Desk, market_id: str) -> Symbol:
        """Return the unified symbol of a name; see :meth:`MarketList.symbol_of`."""
        return self._lists[desk].symbol_of(market_id.upper())

    def instrument(self, symbol: Symbol) -> Instrument:
        """Return a market that was read, without what a taker pays there.

        Raises:
            NotDone: the venue's description of it is unreadable.

        """
        return self._lists[desk_of(symbol)].instrument(symbol, taker_fee=ZERO)

    async def charged(self, symbol: Symbol) -> Instrument:
        """Return a market that was read, with its fee, asked for once while the venue is open.

        Raises:
            NotDone: the venue does not answer, or describes the market unreadably.
            Refused: the venue denies the read.

        """
        desk, name = desk_of(symbol), self.market_id(symbol)
        known = self._fees.get(symbol)
        if known is None:
            endpoint, word = _FEES[desk]
            asked = {"symbol": name, "businessType": word}
            fee = await self._wire.read(endpoint, asked, taker_fee_of)
        else:
            fee = known.taker_fee
        self._fees[symbol] = self._lists[desk].instrument(symbol, taker_fee=fee)
        return self._fees[symbol]

    def price_bands(self, symbols: Collection[Symbol]) -> Mapping[Symbol, PriceBand]:
        """Return the price bands of markets; see :meth:`MarketList.price_bands`."""
        of_desk = partial(_of_desk, symbols)
        return {s: b for d in self.desks for s, b in self._lists[d].price_bands(of_desk(d)).items()}


def _of_desk(symbols: Collection[Symbol], desk: Desk) -> list[Symbol]:
    """Return those of *symbols* that trade at a desk."""
    return [symbol for symbol in symbols if desk_of(symbol) is desk]
