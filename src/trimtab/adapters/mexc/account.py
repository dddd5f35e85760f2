"""Readers of a MEXC account with coins and contracts. Not pure: it asks the venue.

Coins lie in the spot wallet and margin in that of contracts. A position is measured by the prices
and the table of its contract, for its own row has neither its value nor what it has to maintain.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Final

from trimtab.adapters.frame.coins_account import CoinsAccount
from trimtab.adapters.frame.contract_values import ContractPrices, ContractSettings, book_of
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desk_orders import DeskOrders
from trimtab.adapters.frame.raw_account import Holdings, PositionRow, Settings, ToldContract
from trimtab.adapters.mexc.contracts import brackets_of, prices_of
from trimtab.adapters.mexc.margin import (
    HeldPosition,
    SideSetting,
    book_sides,
    maintained,
    pools_of,
    position_mode_of,
    positions_of,
    settings_of,
    tightest,
)
from trimtab.adapters.mexc.waiting import require_nothing_waits
from trimtab.adapters.wire.calls import Endpoint, Wire, together
from trimtab.adapters.wire.exact import Unreadable
from trimtab.domain.instruments import Instrument, Symbol
from trimtab.domain.snapshot import Book, Bracket, PositionMode
from trimtab.venues.profile import Desk


def _linear(method: str) -> Endpoint:
    """Return a question about contracts."""
    return Endpoint(desk=Desk.LINEAR, method=method)


_MODE: Final = _linear("contractPrivateGetPositionPositionMode")
_POSITIONS: Final = _linear("contractPrivateGetPositionOpenPositions")
_POOLS: Final = _linear("contractPrivateGetAccountAssets")
_PRICES: Final = _linear("contractPublicGetTicker")
_BOOK: Final = _linear("contractPublicGetDepthSymbol")
LEVERAGE: Final = _linear("contractPrivateGetPositionLeverage")
_DEPTH: Final = 50

Leverages = dict[str, int]
"""What was set last as far as it was read, by the venue's name of a contract."""


class MexcAccount:
    """What is asked of an account with contracts."""

    at_once = 5

    def __init__(
        self,
        wire: Wire,
        markets: DeskMarkets,
        coins: CoinsAccount,
        orders: DeskOrders,
        *,
        leverages: Leverages,
    ) -> None:
        """Take *coins*, which reads the spot wallet; leverage that is read goes to *leverages*."""
        self._wire = wire
        self._markets = markets
        self._coins = coins
        self._orders = orders
        self._leverages = leverages
        self._mode = PositionMode.HEDGE  # Until it is read, with the wallets of every snapshot.

    async def holdings(self) -> Holdings:
        """Read the wallets, positions and what rests."""
        read = self._wire.read
        self._mode = await read(_MODE, {}, position_mode_of)
        await require_nothing_waits(self._wire)
        coins, held, more = await together(
            self._coins.holdings(),
            read(_POSITIONS, {}, positions_of),
            self._orders.all_resting(Desk.LINEAR),
        )
        positions = await self._maintained(held)
        pools = await read(_POOLS, {}, partial(pools_of, positions=positions))
        return Holdings(
            balances=coins.balances,
            pools=pools,
            positions=positions,
            resting=(*coins.resting, *more),
        )

    async def _maintained(self, held: Iterable[HeldPosition]) -> tuple[PositionRow, ...]:
        """Return positions with what each has to maintain."""
        rows = []
        for each in held:
            name = each.position.market_id
            symbol = self._markets.symbol_of(Desk.LINEAR, name)
            prices = await self._prices(name)
            if prices is None:
                raise Unreadable(f"{name}: a position in a contract without a price")
            setting = tightest(await self._settings(name))
            rows.append(
                maintained(
                    each,
                    self._table(symbol, prices, setting),
                    mode=self._mode,
                    mark=prices.mark,
                    contract_size=self._markets.instrument(symbol).contract_size,
                )
            )
        return tuple(rows)

    async def _prices(self, name: str) -> ContractPrices | None:
        """Read prices and funding of a contract."""
        return await self._wire.read(_PRICES, {"symbol": name}, partial(prices_of, market_id=name))

    async def _settings(self, name: str) -> dict[int, SideSetting]:
        """Read what is set for both sides of a contract, and keep the leverage."""
        sides = await self._wire.read(LEVERAGE, {"symbol": name}, settings_of)
        self._leverages[name] = tightest(sides).leverage
        return dict(sides)

    def _table(
        self, symbol: Symbol, prices: ContractPrices, setting: SideSetting
    ) -> tuple[Bracket, ...]:
        """Return the maintenance table of a contract at its present price."""
        row = self._markets.row(symbol)
        return brackets_of(row, mark=prices.mark, told_rate=setting.rate)

    async def contract(self, symbol: Symbol) -> ToldContract | None:
        """Read one contract; None for one without a price."""
        name = self._markets.market_id(symbol)
        prices = await self._prices(name)
        setting = tightest(await self._settings(name))
        if prices is None:
            return None
        contract = ContractSettings(leverage=setting.leverage, margin_mode=setting.margin_mode)
        return ToldContract(
            settings=Settings(contract=contract, mode=self._mode),
            prices=prices,
            steps=self._table(symbol, prices, setting),
        )

    async def book(self, instrument: Instrument, *, read_at: datetime) -> Book | None:
        """Read one book; None for a one-sided one."""
        if Desk.of(instrument) is Desk.SPOT:
            return await self._coins.book(instrument, read_at=read_at)
        asked = {"symbol": self._markets.market_id(instrument.symbol), "limit": _DEPTH}
        return await self._wire.read(
            _BOOK, asked, lambda told: book_of(book_sides(told), instrument, read_at=read_at)
        )
