"""The markets of a venue's desks and what a taker pays there. Not pure: it asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from decimal import Decimal
from functools import partial

from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.frame.market_list import MarketList, Row
from trimtab.domain.exact import ZERO
from trimtab.domain.instruments import Instrument, Symbol
from trimtab.domain.snapshot import PriceBand
from trimtab.venues.profile import Desk


class DeskMarkets:
    """The markets of all desks that are used, by unified symbol."""

    def __init__(
        self,
        lists: Mapping[Desk, MarketList],
        *,
        fee: Callable[[Desk, str], Awaitable[Decimal]],
    ) -> None:
        """Take a list for each desk, and *fee*, which asks for that of a market by its name."""
        self._lists = lists
        self._ask_fee = fee
        self._fees: dict[Symbol, Decimal] = {}

    @property
    def desks(self) -> Collection[Desk]:
        """The desks that are used."""
        return self._lists.keys()

    async def load(self, symbols: Iterable[Symbol]) -> frozenset[Symbol]:
        """Read the lists of all desks unless they are fresh; return those that they have.

        Raises:
            NotDone: the venue does not answer.
            Refused: the venue denies the read.

        """
        wanted = frozenset(symbols)
        found: frozenset[Symbol] = frozenset()
        for desk, listed in self._lists.items():
            found |= await listed.load(s for s in wanted if desk_of(s) is desk)
        return found

    async def require(self, symbol: Symbol) -> str:
        """Return the venue's name of *symbol*; see :meth:`MarketList.require`."""
        return await self._lists[desk_of(symbol)].require(symbol)

    def market_id(self, symbol: Symbol) -> str:
        """Return the venue's name of a market that was read."""
        return self._lists[desk_of(symbol)].market_id(symbol)

    def symbol_of(self, desk: Desk, market_id: str) -> Symbol:
        """Return the unified symbol of a name; see :meth:`MarketList.symbol_of`."""
        return self._lists[desk].symbol_of(market_id)

    def instrument(self, symbol: Symbol) -> Instrument:
        """Return a market that was read, without what a taker pays there.

        Raises:
            NotDone: the venue's description of it is unreadable.

        """
        return self._lists[desk_of(symbol)].instrument(symbol, taker_fee=ZERO)

    def row(self, symbol: Symbol) -> Row:
        """Return what the venue's list says of a market that was read."""
        return self._lists[desk_of(symbol)].row(symbol)

    async def charged(self, symbol: Symbol) -> Instrument:
        """Return a market that was read, with its fee, asked for once while the venue is open.

        Raises:
            NotDone: the venue does not answer, or describes the market unreadably.
            Refused: the venue denies the read.

        """
        desk = desk_of(symbol)
        if symbol not in self._fees:
            self._fees[symbol] = await self._ask_fee(desk, self.market_id(symbol))
        return self._lists[desk].instrument(symbol, taker_fee=self._fees[symbol])

    def price_bands(self, symbols: Collection[Symbol]) -> Mapping[Symbol, PriceBand]:
        """Return the price bands of markets; see :meth:`MarketList.price_bands`."""
        of_desk = partial(_of_desk, symbols)
        return {
            s: b for d, each in self._lists.items() for s, b in each.price_bands(of_desk(d)).items()
        }


def _of_desk(symbols: Collection[Symbol], desk: Desk) -> list[Symbol]:
    """Return those of *symbols* that trade at a desk."""
    return [symbol for symbol in symbols if desk_of(symbol) is desk]
