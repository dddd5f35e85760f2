"""The spot markets of WEEX, and one account's readers. Not pure: it asks.

Sources: WEEX API v3 "Exchange information", "Get Account Information", "Get Order Book Depth",
2026-03. What the account says of its own fees was seen to be nothing while fees were paid; the
rate that the market tells is counted.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from trimtab.adapters.frame.coins_account import CoinsAccount, CoinsQuestions, unnamed_book
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.market_list import MarketList
from trimtab.adapters.weex.answers import balances_of, instrument_of, markets_of, price_band_of
from trimtab.adapters.weex.orders import WeexOrders
from trimtab.adapters.wire.calls import Endpoint, Wire
from trimtab.domain.exact import ZERO
from trimtab.venues.profile import Desk

_MARKETS: Final = Endpoint(desk=Desk.SPOT, method="publicGetApiV3ExchangeInfo")
_BOOK: Final = Endpoint(desk=Desk.SPOT, method="publicGetApiV3MarketDepth")
_WALLET: Final = Endpoint(desk=Desk.SPOT, method="privateGetApiV3Account")
_DEPTH: Final = 200
_AT_ONCE: Final = 20


def weex_markets(wire: Wire) -> DeskMarkets:
    """Return the list of spot markets, not yet read."""

    async def fee(desk: Desk, name: str) -> Decimal:  # noqa: ARG001 -- the frame's shape.
        """Return nothing: what a taker pays stands with the market."""
        return ZERO

    listed = MarketList(
        wire.clock,
        ask=lambda: wire.read(_MARKETS, {}, markets_of),
        instrument_of=instrument_of,
        price_band_of=price_band_of,
    )
    return DeskMarkets({Desk.SPOT: listed}, fee=fee)


def weex_account(wire: Wire, markets: DeskMarkets, orders: WeexOrders) -> CoinsAccount:
    """Return the readers of one account of coins."""
    questions = CoinsQuestions(
        wallet=_WALLET,
        balances_of=balances_of,
        orders=orders,
        book=unnamed_book(wire, markets, _BOOK, depth=_DEPTH),
        at_once=_AT_ONCE,
    )
    return CoinsAccount(wire, questions)
