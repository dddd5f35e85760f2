"""Readers of a WEEX account with coins and contracts. Not pure: it asks the venue.

Coins lie in the spot wallet and margin in that of contracts. What a position has to maintain the
venue does not tell: a person declares it. A contract without declared tiers is not covered, and a
position in one is not read. See docs/design/0073-weex-contracts-declared.md.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Final

from trimtab.adapters.frame.coins_account import CoinsAccount, unnamed_book
from trimtab.adapters.frame.contract_values import ContractPrices
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desk_orders import DeskOrders
from trimtab.adapters.frame.raw_account import Holdings, Settings, ToldContract
from trimtab.adapters.weex.contract_orders import WeexContractQuestions, waiting_order_of
from trimtab.adapters.weex.contracts import (
    leverage_most,
    prices_of,
    require_both_sides,
    settings_of,
)
from trimtab.adapters.weex.margin import (
    HeldPosition,
    Measured,
    brackets_of,
    hold_against,
    maintained,
    pools_of,
    positions_of,
)
from trimtab.adapters.wire.calls import Endpoint, Wire, together
from trimtab.adapters.wire.exact import Unreadable, Unserved, text_of
from trimtab.domain.declared import DeclaredTiers
from trimtab.domain.instruments import Instrument, Symbol
from trimtab.domain.snapshot import Book, OpenOrder, PositionMode
from trimtab.venues.profile import Desk


def _linear(method: str) -> Endpoint:
    """Return a question about contracts."""
    return Endpoint(desk=Desk.LINEAR, method=method)


_SIDES: Final = _linear("contractPrivateGetCapiV3AccountAccountConfig")
_POSITIONS: Final = _linear("contractPrivateGetCapiV3AccountPositionAllPosition")
_POOLS: Final = _linear("contractPrivateGetCapiV3AccountBalance")
_PRICES: Final = _linear("contractGetCapiV3MarketPremiumIndex")
_BOOK: Final = _linear("contractGetCapiV3MarketDepth")
SETTINGS: Final = _linear("contractPrivateGetCapiV3AccountSymbolConfig")
_DEPTH: Final = 200


class WeexAccount:
    """What is asked of an account with contracts."""

    at_once = 10

    def __init__(
        self,
        wire: Wire,
        markets: DeskMarkets,
        coins: CoinsAccount,
        orders: tuple[DeskOrders, WeexContractQuestions],
        *,
        tiers: DeclaredTiers,
    ) -> None:
        """Take *coins*, which reads the spot wallet, and what reads *orders* of contracts."""
        self._wire = wire
        self._markets = markets
        self._coins = coins
        self._orders, self._asks = orders
        self._tiers = tiers
        self._book = unnamed_book(wire, markets, _BOOK, depth=_DEPTH)

    async def holdings(self) -> Holdings:
        """Read the wallets, positions, what rests and what waits for a trigger."""
        read = self._wire.read
        await read(_SIDES, {}, require_both_sides)
        coins, held, more, waiting = await together(
            self._coins.holdings(),
            read(_POSITIONS, {}, positions_of),
            self._orders.all_resting(Desk.LINEAR),
            self._waiting(),
        )
        measured = [await self._measured(each) for each in held]
        rows = tuple(each.row for each in measured)
        pools = await read(_POOLS, {}, partial(pools_of, positions=rows))
        for pool in pools.values():
            if pool.maintenance_margin:
                hold_against(measured, pool)
        return Holdings(
            balances=coins.balances,
            pools=pools,
            positions=rows,
            resting=(*coins.resting, *more, *waiting),
        )

    async def _waiting(self) -> tuple[OpenOrder, ...]:
        """Return what waits for a trigger, by age."""
        found = {}
        for row in await self._asks.waiting():
            symbol = self._markets.symbol_of(Desk.LINEAR, text_of(row, "symbol"))
            order = waiting_order_of(row, self._markets.instrument(symbol))
            found[int(order.venue_order_id)] = order
        return tuple(found[number] for number in sorted(found))

    async def _measured(self, held: HeldPosition) -> Measured:
        """Return a position with what it has to maintain.

        Raises:
            Unreadable: its contract has no price.
            Unserved: nobody declares what it has to maintain.

        """
        name = held.position.market_id
        symbol, prices = self._markets.symbol_of(Desk.LINEAR, name), await self._prices(name)
        if prices is None:
            raise Unreadable(f"{name}: a position in a contract without a price")
        coin = self._markets.instrument(symbol).base
        if coin not in self._tiers:
            raise Unserved(
                f"{name}: a position, and nobody declares what it has to maintain",
                mend=f"write the tiers of {coin} in maintenance, as the venue's app shows them",
            )
        tiers, most = self._tiers[coin], leverage_most(self._markets.row(symbol))
        row = maintained(held, tiers, mark=prices.mark, most=most)
        return Measured(row=row, tiers=tiers, mark=prices.mark)

    async def _prices(self, name: str) -> ContractPrices | None:
        """Read prices and funding of a contract."""
        return await self._wire.read(_PRICES, {"symbol": name}, partial(prices_of, market_id=name))

    async def contract(self, symbol: Symbol) -> ToldContract | None:
        """Read one contract; None for one without a price or declared tiers."""
        name, coin = self._markets.market_id(symbol), self._markets.instrument(symbol).base
        prices = await self._prices(name)
        read = partial(settings_of, market_id=name)
        contract = await self._wire.read(SETTINGS, {"symbol": name}, read)
        if prices is None or coin not in self._tiers:
            return None
        most = leverage_most(self._markets.row(symbol))
        return ToldContract(
            settings=Settings(contract=contract, mode=PositionMode.ONE_WAY),
            prices=prices,
            steps=brackets_of(self._tiers[coin], most=most),
        )

    async def book(self, instrument: Instrument, *, read_at: datetime) -> Book | None:
        """Read one book; None for a one-sided one."""
        if Desk.of(instrument) is Desk.SPOT:
            return await self._coins.book(instrument, read_at=read_at)
        return await self._book(instrument, read_at=read_at)
