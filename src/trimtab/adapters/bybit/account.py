"""Readers of one Bybit account, for ``frame.raw_account.RawMarketData``.

Not pure: it asks the venue. A unified account has one wallet. Where only coins are used, one that
borrows, or whose coins back contracts, is not read at all. Where contracts are used, USDT is cash
and margin at once, and nothing else may back a position: coins that are collateral, spot hedging,
portfolio margin and isolated margin are not read. See docs/design/0052-one-wallet.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Final

from trimtab.adapters.bybit.answers import balances_of, result_of
from trimtab.adapters.bybit.contracts import (
    brackets_of,
    position_row,
    positions_page,
    prices_of,
    require_plain_margin,
    settings_of,
    with_fee,
)
from trimtab.adapters.bybit.orders import LINEAR, OF_DESK, SETTLED_IN, BybitOrders, at_desks
from trimtab.adapters.bybit.wallet import unified_of
from trimtab.adapters.frame.contract_values import book_of
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.listed_pages import Row, whole_list
from trimtab.adapters.frame.raw_account import Holdings, PositionRow, ToldContract
from trimtab.adapters.wire.calls import Endpoint, Wire, together
from trimtab.adapters.wire.exact import Unreadable, decimal_of, field, text_of
from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.instruments import Instrument, Symbol
from trimtab.domain.shared_wallet import losses_of
from trimtab.domain.snapshot import Book, Bracket
from trimtab.venues.profile import Desk

_BOOKS: Final = at_desks("publicGetV5MarketOrderbook")
_WALLET: Final = Endpoint(desk=Desk.SPOT, method="privateGetV5AccountWalletBalance")
_MODE: Final = Endpoint(desk=Desk.LINEAR, method="privateGetV5AccountInfo")
POSITIONS: Final = Endpoint(desk=Desk.LINEAR, method="privateGetV5PositionList")
_PRICES: Final = Endpoint(desk=Desk.LINEAR, method="publicGetV5MarketTickers")
_TIERS: Final = Endpoint(desk=Desk.LINEAR, method="publicGetV5MarketRiskLimit")
_UNIFIED: Final[Mapping[str, object]] = {"accountType": "UNIFIED"}
_DEPTH: Final = 50
_AT_ONCE: Final = 8
_AT_ONCE_OF_COINS: Final = 100
_PAGE: Final = 200
_PAGES_MAX: Final = 20


class BybitAccount:
    """What is asked of an account."""

    def __init__(self, wire: Wire, markets: DeskMarkets, orders: BybitOrders) -> None:
        self._wire = wire
        self._markets = markets
        self._orders = orders
        self._steps: dict[Symbol, tuple[Bracket, ...]] = {}
        self.at_once = _AT_ONCE if Desk.LINEAR in markets.desks else _AT_ONCE_OF_COINS

    async def holdings(self) -> Holdings:
        """Read the wallet, positions and what rests."""
        read = self._wire.read
        if Desk.LINEAR not in self._markets.desks:
            balances, resting = await together(
                read(_WALLET, _UNIFIED, balances_of), self._orders.all_resting(Desk.SPOT)
            )
            return Holdings(balances=balances, pools={}, positions=(), resting=resting)
        await read(_MODE, {}, require_plain_margin)
        rows = await self._position_rows()
        positions = tuple(p for row in rows if (p := position_row(row)) is not None)
        maintained = await self._maintained(rows, positions)
        losses = losses_of(row.profit for row in positions)
        unified, spot, linear = await together(
            read(_WALLET, _UNIFIED, partial(unified_of, maintained=maintained, losses=losses)),
            self._orders.all_resting(Desk.SPOT),
            self._orders.all_resting(Desk.LINEAR),
        )
        return Holdings(
            balances=unified.balances,
            pools=unified.pools,
            positions=positions,
            resting=(*spot, *linear),
        )

    async def _position_rows(self) -> tuple[Row, ...]:
        """Return every position that settles in USDT."""
        asked = {**LINEAR, "settleCoin": SETTLED_IN, "limit": _PAGE}
        return await whole_list(
            lambda further: self._wire.read(POSITIONS, {**asked, **further}, positions_page),
            lead="cursor",
            what="positions",
            pages_max=_PAGES_MAX,
        )

    async def _maintained(self, rows: Iterable[Row], positions: tuple[PositionRow, ...]) -> Decimal:
        """Return what all positions have to maintain, their fees to close in it."""
        marks = {text_of(row, "symbol"): decimal_of(row, "markPrice") for row in rows}
        total = ZERO
        for row in positions:
            name = row.position.market_id
            symbol = self._markets.symbol_of(Desk.LINEAR, name)
            await self._markets.load([symbol])
            steps = await self._table(symbol)
            fee = (await self._markets.charged(symbol)).taker_fee
            with exact_arithmetic():
                total += with_fee(row, mark=marks[name], steps=steps, fee=fee)
        return total

    async def _table(self, symbol: Symbol) -> tuple[Bracket, ...]:
        """Return the maintenance table of a contract, asked for once while the venue is open."""
        if symbol not in self._steps:
            name = self._markets.market_id(symbol)
            fee = (await self._markets.charged(symbol)).taker_fee
            read = partial(brackets_of, market_id=name, fee=fee)
            self._steps[symbol] = await self._wire.read(_TIERS, {**LINEAR, "symbol": name}, read)
        return self._steps[symbol]

    async def contract(self, symbol: Symbol) -> ToldContract | None:
        """Read one contract."""
        name = self._markets.market_id(symbol)
        of_one = {**LINEAR, "symbol": name}
        prices = await self._wire.read(_PRICES, of_one, partial(prices_of, market_id=name))
        settings = await self._wire.read(POSITIONS, of_one, partial(settings_of, market_id=name))
        steps = await self._table(symbol)
        if prices is None or not steps:
            return None
        return ToldContract(settings=settings, prices=prices, steps=steps)

    async def book(self, instrument: Instrument, *, read_at: datetime) -> Book | None:
        """Read one book; None for a one-sided one."""
        desk, name = Desk.of(instrument), self._markets.market_id(instrument.symbol)

        def read(answer: object) -> Book | None:
            """Read both sides, which must be of this market."""
            row = result_of(answer)
            if text_of(row, "s") != name:
                raise Unreadable("the book is of another market")
            sides = {"bids": field(row, "b"), "asks": field(row, "a")}
            return book_of(sides, instrument, read_at=read_at)

        asked = {**OF_DESK[desk], "symbol": name, "limit": _DEPTH}
        return await self._wire.read(_BOOKS[desk], asked, read)
