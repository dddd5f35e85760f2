"""Readers of one BingX account, for ``frame.raw_account.RawMarketData``.

Not pure: it asks the venue. Coins lie in the spot wallet and margin in the wallet of contracts
that settle in USDT. The venue takes five questions about single markets in a second, and only two
for the margin mode.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

from trimtab.adapters.bingx.answers import told_of
from trimtab.adapters.bingx.margin import (
    HeldPosition,
    brackets_of,
    leverage_of,
    maintained,
    margin_mode_of,
    pools_of,
    position_mode_of,
    positions_of,
    prices_of,
    require_single,
    sides_in_coins,
)
from trimtab.adapters.bingx.wallets import balances_of
from trimtab.adapters.frame.contract_values import ContractSettings, book_of
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desk_orders import DeskOrders
from trimtab.adapters.frame.raw_account import Holdings, PositionRow, Settings, ToldContract
from trimtab.adapters.wire.calls import Endpoint, Wire, together
from trimtab.adapters.wire.pace import Pace
from trimtab.domain.instruments import Instrument, Symbol
from trimtab.domain.snapshot import Book, Bracket, MarginMode, PositionMode
from trimtab.venues.profile import Desk


def _linear(method: str) -> Endpoint:
    """Return a question about contracts."""
    return Endpoint(desk=Desk.LINEAR, method=method)


_COINS: Final = Endpoint(desk=Desk.SPOT, method="spotV1PrivateGetAccountBalance")
_POOLS: Final = _linear("swapV3PrivateGetUserBalance")
_POSITIONS: Final = _linear("swapV2PrivateGetUserPositions")
_TOGETHER: Final = _linear("swapV1PrivateGetTradeAssetMode")
_SIDES: Final = _linear("swapV1PrivateGetPositionSideDual")
_TIERS: Final = _linear("swapV1PrivateGetMaintMarginRatio")
_PRICES: Final = _linear("swapV2PublicGetQuotePremiumIndex")
_MARGIN_MODE: Final = _linear("swapV2PrivateGetTradeMarginType")
LEVERAGE: Final = _linear("swapV2PrivateGetTradeLeverage")
_BOOKS: Final[Mapping[Desk, Endpoint]] = {
    Desk.SPOT: Endpoint(desk=Desk.SPOT, method="spotV1PublicGetMarketDepth"),
    Desk.LINEAR: _linear("swapV2PublicGetQuoteDepth"),
}
_DEPTH: Final = 50


class MarginModes:
    """Reads how margin of contracts is shared, no faster than the venue takes it."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._pace = Pace(wire.clock, per_second=2)

    async def of(self, name: str) -> MarginMode:
        """Return that of the contract of that name.

        Raises:
            NotDone: the venue does not answer, or not readably.
            Refused: the venue denies the read.

        """
        await self._pace.turn()
        return await self._wire.read(_MARGIN_MODE, {"symbol": name}, margin_mode_of)


class BingxAccount:
    """What is asked of an account."""

    at_once = 5

    def __init__(
        self, wire: Wire, markets: DeskMarkets, orders: DeskOrders, modes: MarginModes
    ) -> None:
        self._wire = wire
        self._markets = markets
        self._orders = orders
        self._modes = modes
        self._steps: dict[str, tuple[Bracket, ...]] = {}
        self._mode = PositionMode.HEDGE  # Until it is read, with the wallets of every snapshot.

    async def holdings(self) -> Holdings:
        """Read the wallets, positions and what rests."""
        read = self._wire.read
        coins, resting = await together(
            read(_COINS, {}, balances_of), self._orders.all_resting(Desk.SPOT)
        )
        if Desk.LINEAR not in self._markets.desks:
            return Holdings(balances=coins, pools={}, positions=(), resting=resting)
        await read(_TOGETHER, {}, require_single)
        self._mode = await read(_SIDES, {}, position_mode_of)
        held, more = await together(
            read(_POSITIONS, {}, positions_of), self._orders.all_resting(Desk.LINEAR)
        )
        positions = await self._maintained(held)
        pools = await read(_POOLS, {}, partial(pools_of, positions=positions))
        return Holdings(balances=coins, pools=pools, positions=positions, resting=(*resting, *more))

    async def _maintained(self, held: Iterable[HeldPosition]) -> tuple[PositionRow, ...]:
        """Return positions with what each has to maintain."""
        rows = []
        for each in held:
            steps = await self._table(each.position.market_id)
            rows.append(maintained(each, steps, self._mode))
        return tuple(rows)

    async def _table(self, name: str) -> tuple[Bracket, ...]:
        """Return the maintenance table of a contract, asked for once while the venue is open."""
        if name not in self._steps:
            read = partial(brackets_of, market_id=name)
            self._steps[name] = await self._wire.read(_TIERS, {"symbol": name}, read)
        return self._steps[name]

    async def contract(self, symbol: Symbol) -> ToldContract | None:
        """Read one contract; None for one without a price or a table."""
        name, read = self._markets.market_id(symbol), self._wire.read
        of_one = {"symbol": name}
        prices = await read(_PRICES, of_one, partial(prices_of, market_id=name))
        margin_mode = await self._modes.of(name)
        leverage = await read(LEVERAGE, of_one, leverage_of)
        steps = await self._table(name)
        if prices is None or not steps:
            return None
        contract = ContractSettings(leverage=leverage.current, margin_mode=margin_mode)
        return ToldContract(
            settings=Settings(contract=contract, mode=self._mode),
            prices=prices,
            steps=tuple(
                replace(step, leverage_max=min(step.leverage_max, leverage.most)) for step in steps
            ),
        )

    async def book(self, instrument: Instrument, *, read_at: datetime) -> Book | None:
        """Read one book; None for a one-sided one."""
        desk = Desk.of(instrument)
        sides = told_of if desk is Desk.SPOT else sides_in_coins
        asked = {"symbol": self._markets.market_id(instrument.symbol), "limit": _DEPTH}
        return await self._wire.read(
            _BOOKS[desk], asked, lambda told: book_of(sides(told), instrument, read_at=read_at)
        )
