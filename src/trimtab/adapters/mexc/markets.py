"""The markets of MEXC, their fees, and readers of its coins. Not pure: it asks the venue.

A desk's list of markets is one answer, good for five minutes. What a taker pays is told for one
market at a time, and for coins dearly: a fifteenth of what the venue takes in ten seconds. It is
asked before an account is looked at, so that a wait for the next minute makes no snapshot old.
"""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from functools import partial
from typing import Final

from trimtab.adapters.frame.coins_account import CoinsAccount, CoinsQuestions, unnamed_book
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.market_list import MarketList
from trimtab.adapters.frame.raw_account import RawMarketData
from trimtab.adapters.mexc.answers import balances_of, taker_fee_of
from trimtab.adapters.mexc.contracts import linear_instrument_of, linear_markets
from trimtab.adapters.mexc.contracts import taker_fee_of as contract_fee_of
from trimtab.adapters.mexc.instruments import (
    linear_price_band_of,
    spot_instrument_of,
    spot_markets,
    spot_price_band_of,
)
from trimtab.adapters.mexc.orders import MexcOrders
from trimtab.adapters.wire.calls import Endpoint, Wire, together
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.snapshot import Snapshot
from trimtab.ports import Portfolio
from trimtab.venues.profile import Desk

_MARKETS: Final = Endpoint(desk=Desk.SPOT, method="spotPublicGetExchangeInfo")
_BOOK: Final = Endpoint(desk=Desk.SPOT, method="spotPublicGetDepth")
_FEE: Final = Endpoint(desk=Desk.SPOT, method="spotPrivateGetTradeFee")
_WALLET: Final = Endpoint(desk=Desk.SPOT, method="spotPrivateGetAccount")
_CONTRACTS: Final = Endpoint(desk=Desk.LINEAR, method="contractPublicGetDetail")
_CONTRACT_FEE: Final = Endpoint(desk=Desk.LINEAR, method="contractPrivateGetAccountTieredFeeRateV2")
_DEPTH: Final = 50
_AT_ONCE: Final = 100


def mexc_markets(wire: Wire, *, desks: Collection[Desk]) -> DeskMarkets:
    """Return the markets of the *desks* that are used, not yet read."""

    async def fee(desk: Desk, name: str) -> Decimal:
        """Ask what a taker pays in a market."""
        if desk is Desk.SPOT:
            return await wire.read(_FEE, {"symbol": name}, taker_fee_of)
        read = partial(contract_fee_of, market_id=name)
        return await wire.read(_CONTRACT_FEE, {"symbol": name}, read)

    lists = {
        Desk.SPOT: MarketList(
            wire.clock,
            ask=lambda: wire.read(_MARKETS, {}, spot_markets),
            instrument_of=spot_instrument_of,
            price_band_of=spot_price_band_of,
        ),
        Desk.LINEAR: MarketList(
            wire.clock,
            ask=lambda: wire.read(_CONTRACTS, {}, linear_markets),
            instrument_of=linear_instrument_of,
            price_band_of=linear_price_band_of,
        ),
    }
    return DeskMarkets({desk: lists[desk] for desk in desks}, fee=fee)


def mexc_coins(wire: Wire, markets: DeskMarkets, orders: MexcOrders) -> CoinsAccount:
    """Return the readers of the coins of one account."""
    questions = CoinsQuestions(
        wallet=_WALLET,
        balances_of=balances_of,
        orders=orders,
        book=unnamed_book(wire, markets, _BOOK, depth=_DEPTH),
        at_once=_AT_ONCE,
    )
    return CoinsAccount(wire, questions)


class MexcMarketData:
    """Snapshots of one account, fees first; the port :class:`~trimtab.ports.MarketData`."""

    def __init__(self, markets: DeskMarkets, account: RawMarketData, *, quote: Asset) -> None:
        self._markets = markets
        self._account = account
        self._quote = quote

    async def snapshot(self, portfolio: Portfolio) -> Snapshot:
        """Read the account; see :meth:`trimtab.ports.MarketData.snapshot`."""
        quote = self._quote
        wanted = {Symbol(f"{asset}/{quote}") for asset in portfolio.assets if asset != quote}
        wanted |= {Symbol(f"{asset}/{quote}:{quote}") for asset in portfolio.with_contracts}
        listed = sorted(await self._markets.load(wanted))
        await together(*(self._markets.charged(symbol) for symbol in listed))
        return await self._account.snapshot(portfolio)
