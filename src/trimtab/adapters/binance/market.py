"""Binance as the port :class:`~trimtab.ports.MarketData`: one account at one instant.

Not pure: it asks the venue. Three rounds, each side by side: the account, then the markets
it turns out to need, then their books. Balances, positions and prices are read from the raw
answers as text, because ccxt's unified forms lose digits (books), signs of life (an
unreadable account becomes an empty one) or fields (leverage, margin mode). Any part that
cannot be read fails the whole snapshot.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from trimtab.adapters.binance.account import (
    SpotAccount,
    brackets,
    contract_prices,
    contract_settings,
    margin_pools,
    open_positions,
    position_mode,
    spot_account,
    taker_fee,
)
from trimtab.adapters.binance.coin_margined import read_coin_wallets
from trimtab.adapters.binance.instruments import Catalogue
from trimtab.adapters.binance.orders import open_order_of
from trimtab.adapters.binance.stop_rows import open_stop_in
from trimtab.adapters.frame.contract_values import (
    ContractPrices,
    ContractSettings,
    OpenPosition,
    book_of,
    contract_state,
    position_of,
)
from trimtab.adapters.frame.desks import contract_symbol_of, desk_of
from trimtab.adapters.frame.opened_venue import VenueSettings
from trimtab.adapters.wire.calls import Endpoint, Wire, together
from trimtab.adapters.wire.exact import Unreadable, rows_of, text_of
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Asset, Instrument, Lots, MarketKind, Symbol
from trimtab.domain.snapshot import (
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

Row = Mapping[str, Any]
ById = Mapping[tuple[Desk, str], Instrument]
"""Instruments by desk and the venue's name."""


def _spot(method: str) -> Endpoint:
    """Return a read of the spot desk."""
    return Endpoint(desk=Desk.SPOT, method=method)


def _linear(method: str) -> Endpoint:
    """Return a read of the futures desk."""
    return Endpoint(desk=Desk.LINEAR, method=method)


_SPOT_ACCOUNT: Final = _spot("privateGetAccount")
_SPOT_OPEN: Final = _spot("privateGetOpenOrders")
_LINEAR_ACCOUNT: Final = _linear("fapiPrivateV3GetAccount")
_LINEAR_OPEN: Final = _linear("fapiPrivateGetOpenOrders")
_WAITING: Final = _linear("fapiPrivateGetOpenAlgoOrders")
_POSITIONS: Final = _linear("fapiPrivateV3GetPositionRisk")
_MODES: Final = _linear("fapiPrivateGetAccountConfig")
_SETTINGS: Final = _linear("fapiPrivateGetSymbolConfig")
_BRACKETS: Final = _linear("fapiPrivateGetLeverageBracket")
_PRICES: Final = _linear("fapiPublicGetPremiumIndex")
_FEE: Final = _linear("fapiPrivateGetCommissionRate")
_BOOK: Final[Mapping[Desk, Endpoint]] = {
    Desk.SPOT: _spot("publicGetDepth"),
    Desk.LINEAR: _linear("fapiPublicGetDepth"),
}
_DEPTH: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Futures:
    """What the futures desk says of the account; of no contract when it has none."""

    pools: Mapping[Asset, MarginPool]
    positions: tuple[OpenPosition, ...]
    mode: PositionMode
    settings: Mapping[str, ContractSettings]
    steps: Mapping[str, tuple[Bracket, ...]]
    prices: Mapping[str, ContractPrices]
    prices_at: datetime
    resting: tuple[Row, ...]
    """Open orders, not yet read: their markets are not known before."""
    waiting: tuple[Row, ...]
    """Conditional orders, likewise: whoever placed them."""

    def in_use(self) -> frozenset[str]:
        """Return the contracts with an order or a position, by the venue's names."""
        orders = (_id_of(row) for row in (*self.resting, *self.waiting))
        return frozenset((*orders, *(part.market_id for part in self.positions)))


_NO_FUTURES: Final = _Futures(
    pools={},
    positions=(),
    mode=PositionMode.ONE_WAY,
    settings={},
    steps={},
    prices={},
    prices_at=datetime.min.replace(tzinfo=UTC),
    resting=(),
    waiting=(),
)


class BinanceMarketData:
    """Snapshots of one account. Opened and closed by ``open_venue.open_venue``."""

    def __init__(
        self,
        wire: Wire,
        catalogue: Catalogue,
        settings: VenueSettings,
    ) -> None:
        self._wire = wire
        self._catalogue = catalogue
        self._key = settings.account
        self._quote = settings.quote
        self._has_futures = bool(settings.markets - {MarketKind.SPOT})
        self._counts_coins = settings.coin_margined
        self._desks = (Desk.SPOT, Desk.LINEAR) if self._has_futures else (Desk.SPOT,)
        self._fees: dict[Symbol, Decimal] = {}

    async def snapshot(self, portfolio: Portfolio) -> Snapshot:
        """Read the account; see :meth:`trimtab.ports.MarketData.snapshot`."""
        try:
            return await self._snapshot(portfolio)
        except Unreadable as error:
            raise NotDone(f"the account is unreadable: {error}") from error

    async def _snapshot(self, portfolio: Portfolio) -> Snapshot:
        """Read round by round."""
        await self._wire.read_clocks(self._desks)
        taken_at = self._wire.clock.now()
        coins = await read_coin_wallets(self._wire, counted=self._counts_coins)
        spot, resting, futures = await self._account()
        valued = replace(portfolio, assets=(*portfolio.assets, *coins))
        instruments = await self._instruments(valued, spot, resting, futures)
        books: Mapping[Symbol, Book] = await self._books(instruments.values())
        by_id = {(desk_of(s), self._catalogue.market_id(s)): i for s, i in instruments.items()}
        positions = _positions(futures, by_id)
        return Snapshot(
            snapshot_id=uuid.uuid4().hex,
            key=self._key,
            taken_at=taken_at,
            quote=self._quote,
            instruments=instruments,
            balances=spot.balances,
            pools=futures.pools,
            positions=positions,
            books=books,
            contracts=_contracts(futures, by_id),
            price_bands=self._catalogue.price_bands(instruments),
            open_orders=(
                *(open_order_of(row, by_id[Desk.SPOT, _id_of(row)]) for row in resting),
                *_resting(futures, by_id, positions),
            ),
            clock=await self._wire.clocks_now(self._desks),  # One may have moved meanwhile.
            position_mode=futures.mode,
            coin_wallets=coins,
        )

    async def _account(self) -> tuple[SpotAccount, tuple[Row, ...], _Futures]:
        """Read everything that does not depend on which markets matter."""
        spot, resting, futures = await together(
            self._wire.read(_SPOT_ACCOUNT, {"omitZeroBalances": "true"}, spot_account),
            self._wire.read(_SPOT_OPEN, {}, rows_of),
            self._futures(),
        )
        return spot, resting, futures

    async def _futures(self) -> _Futures:
        """Read the futures desk, if the account may use it."""
        if not self._has_futures:
            return _NO_FUTURES
        read, quote, asked_at = self._wire.read, self._quote, self._wire.clock.now()
        pools, positions, mode, settings, steps, prices, resting, waiting = await together(
            read(_LINEAR_ACCOUNT, {}, lambda answer: margin_pools(answer, quote)),
            read(_POSITIONS, {}, open_positions),
            read(_MODES, {}, position_mode),
            read(_SETTINGS, {}, contract_settings),
            read(_BRACKETS, {}, brackets),
            read(_PRICES, {}, contract_prices),
            read(_LINEAR_OPEN, {}, rows_of),
            read(_WAITING, {}, rows_of),
        )
        return _Futures(
            pools=pools,
            positions=positions,
            mode=mode,
            settings=settings,
            steps=steps,
            prices=prices,
            prices_at=asked_at,
            resting=resting,
            waiting=waiting,
        )

    async def _instruments(
        self,
        portfolio: Portfolio,
        spot: SpotAccount,
        resting: Iterable[Row],
        futures: _Futures,
    ) -> Mapping[Symbol, Instrument]:
        """Return the markets that the snapshot covers, those that the venue lists."""
        quote, has_futures = self._quote, self._has_futures
        used, crossed = (
            await self._catalogue.symbols_by_id(Desk.LINEAR, futures.in_use()),
            await self._catalogue.symbols_by_id(Desk.SPOT, {_id_of(row) for row in resting}),
        )
        assets = {*portfolio.assets, *spot.balances, *futures.pools}
        assets |= {Asset(symbol.partition("/")[0]) for symbol in used.values()}
        wanted = {Symbol(f"{asset}/{quote}") for asset in assets - {quote}}
        if has_futures:
            wanted |= {Symbol(f"{a}/{quote}:{quote}") for a in portfolio.with_contracts}
        wanted |= set(_dated_of(futures.prices, portfolio.with_dated, quote))
        wanted |= {s for s in portfolio.markets if has_futures or desk_of(s) is Desk.SPOT}
        listed = await self._catalogue.load(wanted | {*used.values(), *crossed.values()})
        kept = sorted(s for s in listed if s in used.values() or self._is_usable(s, futures))
        fees = await self._taker_fees(kept, spot)
        return {s: self._catalogue.instrument(s, taker_fee=fees[s]) for s in kept}

    def _is_usable(self, symbol: Symbol, futures: _Futures) -> bool:
        """Say whether everything is known that an instrument needs to be planned with."""
        name = self._catalogue.market_id(symbol)
        told = (futures.prices, futures.settings, futures.steps)
        return desk_of(symbol) is Desk.SPOT or all(name in part for part in told)

    async def _taker_fees(
        self, symbols: Iterable[Symbol], spot: SpotAccount
    ) -> Mapping[Symbol, Decimal]:
        """Return fees, asking for each contract once while the venue is open."""
        linear = [s for s in symbols if desk_of(s) is Desk.LINEAR]
        missing = [s for s in linear if s not in self._fees]
        names = [{"symbol": self._catalogue.market_id(s)} for s in missing]
        told = await together(*(self._wire.read(_FEE, name, taker_fee) for name in names))
        self._fees.update(zip(missing, told, strict=True))
        return {s: self._fees.get(s, spot.taker_fee) for s in symbols}

    async def _books(self, instruments: Iterable[Instrument]) -> Mapping[Symbol, Book]:
        """Read the books of all markets in the quote; one-sided ones are left out."""
        needed = [i for i in instruments if i.quote == self._quote]
        books = await together(*(self._book(instrument) for instrument in needed))
        return {i.symbol: book for i, book in zip(needed, books, strict=True) if book is not None}

    async def _book(self, instrument: Instrument) -> Book | None:
        """Read one book; its age counts from before it was asked for."""
        asked_at = self._wire.clock.now()
        name = self._catalogue.market_id(instrument.symbol)
        return await self._wire.read(
            _BOOK[desk_of(instrument.symbol)],
            {"symbol": name, "limit": _DEPTH},
            lambda answer: book_of(answer, instrument, read_at=asked_at),
        )


def _dated_of(names: Iterable[str], assets: Collection[Asset], quote: Asset) -> Iterator[Symbol]:
    """Yield the dated contracts among the venue's *names* that are on *assets*, in *quote*."""
    for name in names:
        symbol = contract_symbol_of(name)
        pair, _, settle = symbol.partition(":")
        base, _, priced_in = pair.partition("/")
        if "-" in settle and priced_in == quote and base in assets:
            yield symbol


def _id_of(row: Row) -> str:
    """Return the venue's name of the market that a row is about."""
    return text_of(row, "symbol")


def _positions(futures: _Futures, by_id: ById) -> Mapping[Symbol, Position]:
    """Return positions by symbol.

    Raises:
        Unreadable: a position is off the grid, or its settings are missing.

    """
    found = {}
    for name in sorted({part.market_id for part in futures.positions}):
        if name not in futures.settings:
            raise Unreadable(f"{name}: a position without leverage and margin mode")
        parts = [part for part in futures.positions if part.market_id == name]
        instrument = by_id[Desk.LINEAR, name]
        position = position_of(parts, instrument, futures.settings[name].margin_mode)
        if position is not None:
            found[instrument.symbol] = position
    return found


def _resting(
    futures: _Futures, by_id: ById, positions: Mapping[Symbol, Position]
) -> Iterator[OpenOrder]:
    """Yield open orders in contracts, then what waits for its trigger, as if it rested there.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    for row in futures.resting:
        yield open_order_of(row, by_id[Desk.LINEAR, _id_of(row)])
    for row in futures.waiting:
        instrument = by_id[Desk.LINEAR, _id_of(row)]
        held = positions.get(instrument.symbol)
        yield open_stop_in(row, instrument, held=Lots(0) if held is None else held.lots)


def _contracts(futures: _Futures, by_id: ById) -> Mapping[Symbol, ContractState]:
    """Return the state of every contract that the snapshot covers.

    Raises:
        Unreadable: a part of it is missing.

    """
    states = {}
    for (desk, name), instrument in by_id.items():
        if desk is not Desk.LINEAR:
            continue
        told = (futures.prices, futures.settings, futures.steps)
        if not all(name in part for part in told):
            raise Unreadable(f"{name}: no price, settings or brackets")
        states[instrument.symbol] = contract_state(
            futures.prices[name],
            futures.settings[name],
            futures.steps[name],
            read_at=futures.prices_at,
        )
    return states
