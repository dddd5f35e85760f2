"""The markets of OKX, their fees, and readers of one account. Not pure: it asks the venue.

Between which prices a market takes limits is told for one at a time; it is asked beside the book,
and kept from there until the markets are asked for it. Sources: OKX API v5 "Get instruments", "Get
fee rates", "Get balance", "Get order book", "Get limit price", 2026.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Final

from trimtab.adapters.frame.contract_values import ContractPrices, book_of
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desk_orders import DeskOrders
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.frame.market_list import MarketList
from trimtab.adapters.frame.raw_account import Holdings, PositionRow, ToldContract
from trimtab.adapters.frame.waiting_orders import waiting_in
from trimtab.adapters.okx.answers import row_in, taker_fee_of
from trimtab.adapters.okx.contracts import (
    brackets_of,
    closing_fees,
    leverage_of,
    linear_instrument_of,
    linear_markets,
    marks_of,
    position_mode_of,
    positions_of,
    price_in,
    settings_of,
    tiers_of,
)
from trimtab.adapters.okx.instruments import price_band_of, spot_instrument_of, spot_markets
from trimtab.adapters.okx.orders import OF_DESK
from trimtab.adapters.okx.waiting import waiting_lists
from trimtab.adapters.okx.wallet import (
    balances_of,
    futures_of,
    require_futures_mode,
    require_plain_mode,
)
from trimtab.adapters.wire.calls import Endpoint, Wire, together
from trimtab.adapters.wire.exact import text_of
from trimtab.domain.instruments import Instrument, Symbol
from trimtab.domain.snapshot import Book, OpenOrder, PositionMode, PriceBand
from trimtab.venues.profile import Desk


def _at_desks(method: str) -> Mapping[Desk, Endpoint]:
    """Return one question at both desks."""
    return {desk: Endpoint(desk=desk, method=method) for desk in (Desk.SPOT, Desk.LINEAR)}


_MARKETS: Final = _at_desks("publicGetPublicInstruments")
_BOOK: Final = _at_desks("publicGetMarketBooks")
_LIMITS: Final = _at_desks("publicGetPublicPriceLimit")
_FEE: Final = _at_desks("privateGetAccountTradeFee")
_CONFIG: Final = Endpoint(desk=Desk.SPOT, method="privateGetAccountConfig")
_WALLET: Final = Endpoint(desk=Desk.SPOT, method="privateGetAccountBalance")
_POSITIONS: Final = Endpoint(desk=Desk.LINEAR, method="privateGetAccountPositions")
_MARK: Final = Endpoint(desk=Desk.LINEAR, method="publicGetPublicMarkPrice")
_INDEX: Final = Endpoint(desk=Desk.LINEAR, method="publicGetMarketIndexTickers")
_FUNDING: Final = Endpoint(desk=Desk.LINEAR, method="publicGetPublicFundingRate")
_TIERS: Final = Endpoint(desk=Desk.LINEAR, method="publicGetPublicPositionTiers")
LEVERAGE: Final = Endpoint(desk=Desk.LINEAR, method="privateGetAccountLeverageInfo")
_DEPTH: Final = 50
_AT_ONCE: Final = 2
"""The fee of a market may be asked for five times in two seconds."""

Bands = dict[str, PriceBand]
"""What the markets told last, by the venue's name of the market."""


def okx_markets(wire: Wire, bands: Bands, *, desks: Collection[Desk]) -> DeskMarkets:
    """Return the markets of the *desks* that are used, not yet read; books fill *bands*."""

    async def fee(desk: Desk, name: str) -> Decimal:
        """Ask what a taker pays in a market: those of contracts are told by family."""
        which = {"instId": name} if desk is Desk.SPOT else {"instFamily": family_of(name)}
        return await wire.read(_FEE[desk], {**OF_DESK[desk], **which}, taker_fee_of)

    def band(row: Row) -> PriceBand | None:
        """Return what was told beside the book of a market."""
        return bands.get(text_of(row, "symbol"))

    lists = {
        Desk.SPOT: MarketList(
            wire.clock,
            ask=lambda: wire.read(_MARKETS[Desk.SPOT], OF_DESK[Desk.SPOT], spot_markets),
            instrument_of=spot_instrument_of,
            price_band_of=band,
        ),
        Desk.LINEAR: MarketList(
            wire.clock,
            ask=lambda: wire.read(_MARKETS[Desk.LINEAR], OF_DESK[Desk.LINEAR], linear_markets),
            instrument_of=linear_instrument_of,
            price_band_of=band,
        ),
    }
    return DeskMarkets({desk: lists[desk] for desk in desks}, fee=fee)


def family_of(market_id: str) -> str:
    """Return the family of a perpetual: its name without its last part."""
    return market_id.rpartition("-")[0]


class OkxAccount:
    """Readers of one account, for ``frame.raw_account.RawMarketData``."""

    at_once = _AT_ONCE

    def __init__(
        self, wire: Wire, markets: DeskMarkets, orders: DeskOrders, *, bands: Bands
    ) -> None:
        self._wire = wire
        self._markets = markets
        self._orders = orders
        self._bands = bands
        self._steps: dict[str, tuple[Row, ...]] = {}
        self._marks: dict[str, Decimal] = {}
        self._mode = PositionMode.ONE_WAY

    async def holdings(self) -> Holdings:
        """Read the mode of the account, the wallet, positions and what rests."""
        read = self._wire.read
        if Desk.LINEAR not in self._markets.desks:
            await read(_CONFIG, {}, require_plain_mode)
            balances, resting, waiting = await together(
                read(_WALLET, {}, balances_of),
                self._orders.all_resting(Desk.SPOT),
                self._waiting(),
            )
            return Holdings(balances=balances, pools={}, positions=(), resting=(*resting, *waiting))
        self._mode = await read(_CONFIG, {}, _futures_mode)
        positions, marks = await read(_POSITIONS, {}, _positions_and_marks)
        closing = closing_fees(positions, await self._held(positions), marks)
        told, spot, linear, waiting = await together(
            read(_WALLET, {}, partial(futures_of, positions=positions, closing=closing)),
            self._orders.all_resting(Desk.SPOT),
            self._orders.all_resting(Desk.LINEAR),
            self._waiting(),
        )
        return Holdings(
            balances=told.balances,
            pools=told.pools,
            positions=positions,
            resting=(*spot, *linear, *waiting),
        )

    async def _waiting(self) -> tuple[OpenOrder, ...]:
        """Return what waits for a trigger, in coins and in contracts, whatever is used here."""
        return await waiting_in(self._wire, self._markets, waiting_lists())

    async def _held(self, positions: Iterable[PositionRow]) -> Mapping[str, Instrument]:
        """Return the markets of positions with their fees, by the venue's name."""
        names = sorted({row.position.market_id for row in positions})
        symbols = {name: self._markets.symbol_of(Desk.LINEAR, name) for name in names}
        return {name: await self._markets.charged(symbol) for name, symbol in symbols.items()}

    async def contract(self, symbol: Symbol) -> ToldContract | None:
        """Read one contract."""
        name, read = self._markets.market_id(symbol), self._wire.read
        family, instrument = family_of(name), await self._markets.charged(symbol)
        of_one = {**OF_DESK[Desk.LINEAR], "instId": name}
        mark = await read(_MARK, of_one, partial(price_in, name="markPx", market_id=name))
        index = await read(
            _INDEX, {"instId": family}, partial(price_in, name="idxPx", market_id=family)
        )
        funding = await read(
            _FUNDING, {"instId": name}, partial(price_in, name="fundingRate", market_id=name)
        )
        cross = {"instId": name, "mgnMode": "cross"}
        leverage = await read(LEVERAGE, cross, partial(leverage_of, market_id=name))
        if name not in self._steps:
            asked = {**OF_DESK[Desk.LINEAR], "tdMode": "cross", "instFamily": family}
            self._steps[name] = await read(_TIERS, asked, partial(tiers_of, family=family))
        if min(mark, index) <= 0 or not self._steps[name]:
            return None
        self._marks[name] = mark
        return ToldContract(
            settings=settings_of(leverage, self._mode),
            prices=ContractPrices(mark=mark, index=index, funding_rate=funding),
            steps=brackets_of(
                self._steps[name],
                contract_size=instrument.contract_size,
                mark=mark,
                fee=instrument.taker_fee,
            ),
        )

    async def book(self, instrument: Instrument, *, read_at: datetime) -> Book | None:
        """Read one book, and keep the bounds of prices beside it; None for a one-sided one."""
        desk, name = Desk.of(instrument), self._markets.market_id(instrument.symbol)
        self._bands.pop(name, None)
        book = await self._wire.read(
            _BOOK[desk],
            {"instId": name, "sz": _DEPTH},
            lambda told: book_of(row_in(told), instrument, read_at=read_at),
        )
        if book is not None:
            price = self._marks.get(name, book.mid)
            read = partial(price_band_of, market_id=name, price=price)
            self._bands[name] = await self._wire.read(_LIMITS[desk], {"instId": name}, read)
        return book


def _futures_mode(answer: object) -> PositionMode:
    """Read that the account is in futures mode, and how positions stand there."""
    require_futures_mode(answer)
    return position_mode_of(answer)


def _positions_and_marks(
    answer: object,
) -> tuple[tuple[PositionRow, ...], Mapping[str, Decimal]]:
    """Read positions, and at what they are valued."""
    return positions_of(answer), marks_of(answer)
