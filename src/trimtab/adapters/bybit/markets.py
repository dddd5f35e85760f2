"""The markets of Bybit's two desks and what a taker pays there. Not pure: it asks.

The list of coins is one answer; that of contracts comes in pages. Both are read for the names that
are wanted and good for five minutes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, Final

from trimtab.adapters.bybit.answers import (
    instrument_of,
    page_of,
    price_band_of,
    rows_in,
    taker_fee_of,
)
from trimtab.adapters.bybit.contracts import linear_instrument_of, linear_markets
from trimtab.adapters.bybit.orders import LINEAR, OF_DESK, SPOT, at_desks
from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.listed_pages import Page, whole_list
from trimtab.adapters.frame.market_list import MarketList
from trimtab.adapters.wire.calls import Wire
from trimtab.adapters.wire.exact import text_of
from trimtab.domain.instruments import Symbol
from trimtab.venues.profile import Desk

Row = Mapping[str, Any]

_MARKETS: Final = at_desks("publicGetV5MarketInstrumentsInfo")
_FEES: Final = at_desks("privateGetV5AccountFeeRate")
_PAGE: Final = 1000
_PAGES_MAX: Final = 20


def bybit_markets(wire: Wire, *, desks: Collection[Desk]) -> DeskMarkets:
    """Return the markets of the *desks* that are used, not yet read."""

    async def fee(desk: Desk, name: str) -> Decimal:
        """Ask what a taker pays in a market."""
        read = partial(taker_fee_of, market_id=name)
        return await wire.read(_FEES[desk], {**OF_DESK[desk], "symbol": name}, read)

    async def contracts() -> Mapping[Symbol, Row]:
        """Read the list of contracts, page by page."""
        rows = await whole_list(
            lambda further: wire.read(
                _MARKETS[Desk.LINEAR], {**LINEAR, "limit": _PAGE, **further}, _contracts
            ),
            lead="cursor",
            what="contracts",
            pages_max=_PAGES_MAX,
        )
        return linear_markets(rows)

    lists = {
        Desk.SPOT: MarketList(
            wire.clock,
            ask=lambda: wire.read(_MARKETS[Desk.SPOT], SPOT, _coins),
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


def _coins(answer: object) -> dict[Symbol, Row]:
    """Return the markets of coins by symbol."""
    return {
        Symbol(f"{text_of(row, 'baseCoin')}/{text_of(row, 'quoteCoin')}"): row
        for row in rows_in(answer)
        if text_of(row, "symbol")
    }


def _contracts(answer: object) -> Page:
    """Read a page of contracts, every row of it."""
    page = page_of(answer)
    linear_markets(page[0])
    return page
