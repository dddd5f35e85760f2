"""One account at one instant, of a venue that is spoken to by raw calls: a snapshot.

The port :class:`~trimtab.ports.MarketData`. Not pure: it asks the venue. A venue gives the
readers of its wallets, of one contract and of one book (:class:`ReadsAccount`). Coins lie in one
wallet and margin in another; whoever mixes them is not read by its own readers. Questions about
single markets go out a few at a time, as the venue takes them in a second.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Protocol, TypeVar

from trimtab.adapters.frame.contract_values import (
    ContractPrices,
    ContractSettings,
    OpenPosition,
    contract_state,
    position_of,
)
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.wire.calls import Wire, together
from trimtab.adapters.wire.exact import Unreadable, Unserved
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Asset, Instrument, Lots, Symbol
from trimtab.domain.snapshot import (
    AccountKey,
    Balance,
    Book,
    Bracket,
    ContractState,
    MarginMode,
    MarginPool,
    OpenOrder,
    Position,
    PositionMode,
    Snapshot,
)
from trimtab.ports import Portfolio
from trimtab.venues.profile import Desk

Key = TypeVar("Key")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionRow:
    """A position, and what the venue says of it besides."""

    position: OpenPosition
    margin_mode: MarginMode
    mode: PositionMode
    maintenance: Decimal
    """What it has to maintain at mark, settlement units, >= 0."""
    profit: Decimal
    """Unrealised, settlement units, signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is set for one contract, and for all of the account."""

    contract: ContractSettings
    mode: PositionMode


class AsksMarket(Protocol):
    """What asks for orders that wait in one market of coins."""

    async def __call__(self, symbol: Symbol) -> tuple[OpenOrder, ...]:
        """Return them; raises NotDone and Refused."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """Everything that does not depend on which markets matter."""

    balances: Mapping[Asset, Balance]
    pools: Mapping[Asset, MarginPool]
    positions: tuple[PositionRow, ...]
    resting: tuple[OpenOrder, ...]
    """By desk and age. One that only reduces and has no size closes all of its position."""
    waiting_in: AsksMarket | None = None
    """Where orders that wait for a trigger are told of one market of coins at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldContract:
    """What the venue says of one contract."""

    settings: Settings
    prices: ContractPrices
    steps: tuple[Bracket, ...]
    """Its maintenance table, at least one step."""


class ReadsAccount(Protocol):
    """A venue's own readers. All raise NotDone and Refused as the port says, and Unreadable."""

    at_once: int
    """Questions of one kind that the venue takes in a second, >= 1."""

    async def holdings(self) -> Holdings:
        """Read wallets, positions and what rests; the lists of markets are loaded."""
        ...

    async def contract(self, symbol: Symbol) -> ToldContract | None:
        """Read one contract; None for one without a price or a table."""
        ...

    async def book(self, instrument: Instrument, *, read_at: datetime) -> Book | None:
        """Read one book; None when a side is empty."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What was read of one contract, and when it was asked for."""

    told: ToldContract
    read_at: datetime


class RawMarketData:
    """Snapshots of one account. Opened and closed by ``open_venue.open_venue``."""

    def __init__(
        self,
        wire: Wire,
        markets: DeskMarkets,
        account: ReadsAccount,
        *,
        key: AccountKey,
        quote: Asset,
    ) -> None:
        self._wire = wire
        self._markets = markets
        self._account = account
        self._key = key
        self._quote = quote

    async def snapshot(self, portfolio: Portfolio) -> Snapshot:
        """Read the account; see :meth:`trimtab.ports.MarketData.snapshot`."""
        try:
            return await self._snapshot(portfolio)
        except Unserved as error:
            told = f"the account is not served: {error}"
            raise NotDone(told, next_step=error.next_step) from error
        except Unreadable as error:
            raise NotDone(f"the account is unreadable: {error}") from error

    async def _snapshot(self, portfolio: Portfolio) -> Snapshot:
        """Read round by round: the account, the markets it needs, and what is in them."""
        await self._wire.read_clocks(self._markets.desks)
        taken_at = self._wire.clock.now()
        await self._markets.load(())
        held = await self._account.holdings()
        listed = await self._listed(portfolio, held)
        contracts = await self._contracts(s for s in listed if desk_of(s) is Desk.LINEAR)
        kept = [s for s in listed if desk_of(s) is Desk.SPOT or s in contracts]
        instruments = dict(zip(kept, await self._paced(self._markets.charged, kept), strict=True))
        books = await self._paced(self._book, list(instruments.values()))
        positions = self._positions(held.positions, instruments)
        resting = (*held.resting, *await self._waiting(held.waiting_in, kept))
        return Snapshot(
            snapshot_id=uuid.uuid4().hex,
            key=self._key,
            taken_at=taken_at,
            quote=self._quote,
            instruments=instruments,
            balances=held.balances,
            pools=held.pools,
            positions=positions,
            books={s: book for s, book in zip(kept, books, strict=True) if book is not None},
            contracts={symbol: _state(read) for symbol, read in contracts.items()},
            price_bands=self._markets.price_bands(kept),
            open_orders=tuple(_sized(order, positions) for order in resting),
            clock=await self._wire.clocks_now(self._markets.desks),  # One may have moved meanwhile.
            position_mode=_mode(held.positions, contracts.values()),
        )

    async def _listed(self, portfolio: Portfolio, held: Holdings) -> list[Symbol]:
        """Return the markets that the snapshot covers, those that the venue lists."""
        quote = self._quote
        used = {
            self._markets.symbol_of(Desk.LINEAR, row.position.market_id) for row in held.positions
        }
        used |= {order.symbol for order in held.resting}
        assets = {*portfolio.assets, *held.balances, *held.pools}
        assets |= {Asset(symbol.partition("/")[0]) for symbol in used}
        wanted = {Symbol(f"{asset}/{quote}") for asset in assets - {quote}}
        wanted |= {Symbol(f"{asset}/{quote}:{quote}") for asset in portfolio.with_contracts}
        return sorted(await self._markets.load(wanted | used | set(portfolio.markets)))

    async def _waiting(
        self, ask: AsksMarket | None, symbols: Iterable[Symbol]
    ) -> tuple[OpenOrder, ...]:
        """Return what waits in markets of coins, where each is asked for by itself."""
        if ask is None:
            return ()
        found = await self._paced(ask, [s for s in symbols if desk_of(s) is Desk.SPOT])
        return tuple(order for orders in found for order in orders)

    async def _contracts(self, symbols: Iterable[Symbol]) -> Mapping[Symbol, _Read]:
        """Read what is set and what is paid for each contract; one without a price is left out."""
        listed = list(symbols)
        found = await self._paced(self._contract, listed)
        return {s: read for s, read in zip(listed, found, strict=True) if read is not None}

    async def _contract(self, symbol: Symbol) -> _Read | None:
        """Read one contract; its age counts from before it was asked for."""
        asked_at = self._wire.clock.now()
        told = await self._account.contract(symbol)
        return None if told is None else _Read(told=told, read_at=asked_at)

    def _positions(
        self, rows: Iterable[PositionRow], instruments: Mapping[Symbol, Instrument]
    ) -> Mapping[Symbol, Position]:
        """Return positions by symbol.

        Raises:
            Unreadable: a position is off the grid, or nothing is known of its contract.

        """
        by_symbol: dict[Symbol, list[PositionRow]] = {}
        for row in rows:
            symbol = self._markets.symbol_of(Desk.LINEAR, row.position.market_id)
            by_symbol.setdefault(symbol, []).append(row)
        found: dict[Symbol, Position] = {}
        for symbol, parts in sorted(by_symbol.items()):
            if symbol not in instruments:
                raise Unreadable(f"{symbol}: a position in a contract without a price or a table")
            legs = [part.position for part in parts]
            position = position_of(legs, instruments[symbol], parts[0].margin_mode)
            if position is not None:
                found[symbol] = position
        return found

    async def _book(self, instrument: Instrument) -> Book | None:
        """Read one book in the quote; its age counts from before it was asked for."""
        if instrument.quote != self._quote:
            return None
        return await self._account.book(instrument, read_at=self._wire.clock.now())

    async def _paced(self, ask: Callable[[Key], Awaitable[T]], keys: list[Key]) -> list[T]:
        """Ask for each of *keys*, a few at once, so that no limit of a second is passed."""
        found: list[T] = []
        step = self._account.at_once
        for start in range(0, len(keys), step):
            if start:
                await self._wire.clock.sleep(1)
            found += await together(*(_one(ask, key) for key in keys[start : start + step]))
        return found


async def _one(ask: Callable[[Key], Awaitable[T]], key: Key) -> T:
    """Ask for one."""
    return await ask(key)


def _state(read: _Read) -> ContractState:
    """Put together what was read of one contract."""
    told = read.told
    return contract_state(told.prices, told.settings.contract, told.steps, read_at=read.read_at)


def _sized(order: OpenOrder, positions: Mapping[Symbol, Position]) -> OpenOrder:
    """Give an order that closes whatever is held the size of that."""
    held = positions.get(order.symbol)
    if order.lots or not order.reduce_only or held is None:
        return order
    return replace(order, lots=Lots(-held.lots))


def _mode(positions: Iterable[PositionRow], contracts: Iterable[_Read]) -> PositionMode:
    """Return the account's position mode: side by side as soon as anything says so."""
    told = {row.mode for row in positions} | {each.told.settings.mode for each in contracts}
    return PositionMode.HEDGE if PositionMode.HEDGE in told else PositionMode.ONE_WAY
