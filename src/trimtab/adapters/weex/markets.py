"""The markets of WEEX, and readers of one account's coins. Not pure: it asks.

Sources: WEEX API v3 "Exchange information", "Get Account Information", "Get Order Book Depth",
2026-03; "Contract" v3 "Get Exchange Information", "Get API Trading Symbols", "Get Commission Rate",
2026-07. What the account says of its own fees was seen to be nothing while fees were paid; the
rate that the market tells is counted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from functools import partial
from typing import Final

from trimtab.adapters.frame.coins_account import CoinsAccount, CoinsQuestions, unnamed_book
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.market_list import MarketList, Row
from trimtab.adapters.weex.answers import balances_of, instrument_of, markets_of, price_band_of
from trimtab.adapters.weex.contracts import (
    FOR_KEYS,
    linear_instrument_of,
    linear_markets,
    taker_fee_of,
    traded_by_keys,
)
from trimtab.adapters.weex.orders import WeexOrders
from trimtab.adapters.wire.calls import Endpoint, Wire, together
from trimtab.domain.exact import ZERO
from trimtab.domain.instruments import Symbol
from trimtab.venues.profile import Desk

_MARKETS: Final = Endpoint(desk=Desk.SPOT, method="publicGetApiV3ExchangeInfo")
_BOOK: Final = Endpoint(desk=Desk.SPOT, method="publicGetApiV3MarketDepth")
_WALLET: Final = Endpoint(desk=Desk.SPOT, method="privateGetApiV3Account")
_DEPTH: Final = 200
_AT_ONCE: Final = 20
_CONTRACTS: Final = Endpoint(desk=Desk.LINEAR, method="contractGetCapiV3MarketExchangeInfo")
_FOR_KEYS: Final = Endpoint(desk=Desk.LINEAR, method="contractGetCapiV3MarketApiTradingSymbols")
_FEE: Final = Endpoint(desk=Desk.LINEAR, method="contractPrivateGetCapiV3AccountCommissionRate")


def weex_markets(wire: Wire, *, desks: Collection[Desk]) -> DeskMarkets:
    """Return the markets of the *desks* that are used, not yet read."""

    async def fee(desk: Desk, name: str) -> Decimal:
        """Ask what the account pays in a contract; that of coins stands with the market."""
        if desk is Desk.SPOT:
            return ZERO
        return await wire.read(_FEE, {"symbol": name}, partial(taker_fee_of, market_id=name))

    async def contracts() -> Mapping[Symbol, Row]:
        """Read the list of contracts, and which of them keys may trade."""
        listed, open_to_keys = await together(
            wire.read(_CONTRACTS, {}, linear_markets),
            wire.read(_FOR_KEYS, {}, traded_by_keys),
        )
        return {s: {**row, FOR_KEYS: row["symbol"] in open_to_keys} for s, row in listed.items()}

    lists = {
        Desk.SPOT: MarketList(
            wire.clock,
            ask=lambda: wire.read(_MARKETS, {}, markets_of),
            instrument_of=instrument_of,
            price_band_of=price_band_of,
        ),
        Desk.LINEAR: MarketList(
            wire.clock,
            ask=contracts,
            instrument_of=linear_instrument_of,
            price_band_of=price_band_of,
        ),
    }
    return DeskMarkets({desk: lists[desk] for desk in desks}, fee=fee)


def weex_coins(wire: Wire, markets: DeskMarkets, orders: WeexOrders) -> CoinsAccount:
    """Return the readers of one account of coins."""
    questions = CoinsQuestions(
        wallet=_WALLET,
        balances_of=balances_of,
        orders=orders,
        book=unnamed_book(wire, markets, _BOOK, depth=_DEPTH),
        at_once=_AT_ONCE,
    )
    return CoinsAccount(wire, questions)
