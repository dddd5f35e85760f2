"""One Bitget account at one instant, as the port :class:`~trimtab.ports.MarketData`.

Not pure: it asks the venue. Coins lie in the spot wallet and margin in the wallet of contracts
that settle in USDT; a unified account, or one in which several coins back contracts together, is
not read at all. Questions about single contracts go out a few at a time: the venue takes ten of
each in a second.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, TypeVar

from trimtab.adapters.bitget_answers import row_in
from trimtab.adapters.bitget_markets import MARGIN, PRODUCT, BitgetMarkets
from trimtab.adapters.bitget_orders import BitgetOrders
from trimtab.adapters.bitget_wallets import (
    PositionRow,
    Settings,
    balances_of,
    brackets_of,
    pools_of,
    positions_of,
    prices_of,
    settings_of,
)
from trimtab.adapters.ccxt_account import ContractPrices, book_of, contract_state, position_of
from trimtab.adapters.ccxt_answers import Unreadable
from trimtab.adapters.ccxt_instruments import desk_of
from trimtab.adapters.ccxt_wire import Endpoint, Wire, together
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Asset, Instrument, Symbol
from trimtab.domain.snapshot import (
    AccountKey,
    Balance,
    Book,
    Bracket,
    ContractState,
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
_AT_ONCE: Final = 8
"""Questions of one kind in a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Account:
    """Everything that does not depend on which markets matter."""

    balances: Mapping[Asset, Balance]
    pools: Mapping[Asset, MarginPool]
    positions: tuple[PositionRow, ...]
    resting: tuple[OpenOrder, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contract:
    """What the venue says of one contract."""

    settings: Settings
    prices: ContractPrices
    steps: tuple[Bracket, ...]
    read_at: datetime


class BitgetMarketData:
    """Snapshots of one account. Opened and closed by ``ccxt_open.open_venue``."""

    def __init__(
        self,
        wire: Wire,
        markets: BitgetMarkets,
        orders: BitgetOrders,
        *,
        key: AccountKey,
        quote: Asset,
    ) -> None:
        self._wire = wire
        self._markets = markets
        self._orders = orders
        self._key = key
        self._quote = quote
        self._has_futures = Desk.LINEAR in markets.desks
        self._steps: dict[Symbol, tuple[Bracket, ...]] = {}

    async def snapshot(self, portfolio: Portfolio) -> Snapshot:
        """Read the account; see :meth:`trimtab.ports.MarketData.snapshot`."""
        try:
            return await self._snapshot(portfolio)
        except Unreadable as error:
            raise NotDone(f"the account is unreadable: {error}") from error

    async def _snapshot(self, portfolio: Portfolio) -> Snapshot:
        """Read round by round: the account, the markets it needs, and what is in them."""
        await self._wire.read_clocks(self._markets.desks)
        taken_at = self._wire.clock.now()
        await self._markets.load(())
        account = await self._account()
        listed = await self._listed(portfolio, account)
        contracts = await self._contracts(s for s in listed if desk_of(s) is Desk.LINEAR)
        kept = [s for s in listed if desk_of(s) is Desk.SPOT or s in contracts]
        instruments = dict(zip(kept, await self._paced(self._markets.charged, kept), strict=True))
        books = await self._paced(self._book, list(instruments.values()))
        return Snapshot(
            snapshot_id=uuid.uuid4().hex,
            key=self._key,
            taken_at=taken_at,
            quote=self._quote,
            instruments=instruments,
            balances=account.balances,
            pools=account.pools,
            positions=self._positions(account.positions, instruments),
            books={s: book for s, book in zip(kept, books, strict=True) if book is not None},
            contracts={symbol: _state(contract) for symbol, contract in contracts.items()},
            price_bands=self._markets.price_bands(kept),
            open_orders=account.resting,
            clock=await self._wire.clocks_now(self._markets.desks),  # One may have moved meanwhile.
            position_mode=_mode(account.positions, contracts.values()),
        )

    async def _account(self) -> _Account:
        """Read both wallets, positions and what rests."""
        read = self._wire.read
        spot, resting = await together(
            read(_COINS, {"assetType": "hold_only"}, balances_of),
            self._orders.all_resting(Desk.SPOT),
        )
        if not self._has_futures:
            return _Account(balances=spot, pools={}, positions=(), resting=resting)
        positions, more = await together(
            read(_POSITIONS, MARGIN, positions_of), self._orders.all_resting(Desk.LINEAR)
        )
        pools = await read(_POOLS, PRODUCT, partial(pools_of, positions=positions))
        return _Account(balances=spot, pools=pools, positions=positions, resting=(*resting, *more))

    async def _listed(self, portfolio: Portfolio, account: _Account) -> list[Symbol]:
        """Return the markets that the snapshot covers, those that the venue lists."""
        quote = self._quote
        used = {
            self._markets.symbol_of(Desk.LINEAR, row.position.market_id)
            for row in account.positions
        }
        used |= {order.symbol for order in account.resting}
        assets = {*portfolio.assets, *account.balances, *account.pools}
        assets |= {Asset(symbol.partition("/")[0]) for symbol in used}
        wanted = {Symbol(f"{asset}/{quote}") for asset in assets - {quote}}
        wanted |= {Symbol(f"{asset}/{quote}:{quote}") for asset in portfolio.with_contracts}
        return sorted(await self._markets.load(wanted | used | set(portfolio.markets)))

    async def _contracts(self, symbols: Iterable[Symbol]) -> Mapping[Symbol, _Contract]:
        """Read what is set and what is paid for each contract; one without a price is left out."""
        listed = list(symbols)
        found = await self._paced(self._contract, listed)
        return {s: told for s, told in zip(listed, found, strict=True) if told is not None}

    async def _contract(self, symbol: Symbol) -> _Contract | None:
        """Read one contract; its maintenance table is asked for once while the venue is open."""
        asked_at, name = self._wire.clock.now(), self._markets.market_id(symbol)
        of_one = {**PRODUCT, "symbol": name}
        prices = await self._wire.read(_PRICES, of_one, partial(prices_of, market_id=name))
        settings = await self._wire.read(_SETTINGS, {**MARGIN, "symbol": name}, settings_of)
        if symbol not in self._steps:
            read = partial(brackets_of, market_id=name)
            self._steps[symbol] = await self._wire.read(_TIERS, of_one, read)
        steps = self._steps[symbol]
        if prices is None or not steps:
            return None
        return _Contract(settings=settings, prices=prices, steps=steps, read_at=asked_at)

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
        """Read one book; its age counts from before it was asked for; None for a one-sided one."""
        if instrument.quote != self._quote:
            return None
        asked_at = self._wire.clock.now()
        endpoint, how = _BOOKS[Desk.of(instrument)]
        asked = {**how, "symbol": self._markets.market_id(instrument.symbol)}
        return await self._wire.read(
            endpoint, asked, lambda told: book_of(row_in(told), instrument, read_at=asked_at)
        )

    async def _paced(self, ask: Callable[[Key], Awaitable[T]], keys: list[Key]) -> list[T]:
        """Ask for each of *keys*, a few at once, so that no limit of a second is passed."""
        found: list[T] = []
        for start in range(0, len(keys), _AT_ONCE):
            if start:
                await self._wire.clock.sleep(1)
            found += await together(*(_one(ask, key) for key in keys[start : start + _AT_ONCE]))
        return found


async def _one(ask: Callable[[Key], Awaitable[T]], key: Key) -> T:
    """Ask for one."""
    return await ask(key)


def _state(contract: _Contract) -> ContractState:
    """Put together what was read of one contract."""
    return contract_state(
        contract.prices, contract.settings.contract, contract.steps, read_at=contract.read_at
    )


def _mode(positions: Iterable[PositionRow], contracts: Iterable[_Contract]) -> PositionMode:
    """Return the account's position mode: side by side as soon as anything says so."""
    told = {row.mode for row in positions} | {each.settings.mode for each in contracts}
    return PositionMode.HEDGE if PositionMode.HEDGE in told else PositionMode.ONE_WAY
