"""Spot markets of KuCoin, and between which prices they take limits. Pure.

Sources: KuCoin API "Get All Symbols", "Get Actual Fee - Spot/Margin", 2025-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.kucoin.answers import listed_in
from trimtab.adapters.wire.exact import (
    Unreadable,
    Unserved,
    decimal_of,
    fee_of,
    field,
    text_of,
)
from trimtab.domain.exact import ONE, ceil_times, exact_arithmetic, floor_times
from trimtab.domain.instruments import Asset, Instrument, MarketKind, Symbol
from trimtab.domain.snapshot import PriceBand

_BOUND_MAX: Final = Decimal("0.99")
"""A limit is never said to be taken at nothing, however far a market reaches."""


def markets_of(answer: object) -> Mapping[Symbol, Row]:
    """Return the markets of the list by symbol; raises Unreadable when a row has no name."""
    return {_pair(row): row for row in listed_in(answer) if text_of(row, "symbol")}


def _pair(row: Row) -> Symbol:
    """Return base and quote of a market."""
    return Symbol(f"{text_of(row, 'baseCurrency')}/{text_of(row, 'quoteCurrency')}")


def instrument_of(row: Row, *, taker_fee: Decimal) -> Instrument:
    """Read a market. One in its opening auction is not tradable: nothing fills at once there.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    lot_size, quote = decimal_of(row, "baseIncrement"), Asset(text_of(row, "quoteCurrency"))
    if lot_size <= 0:
        raise Unreadable("baseIncrement is not positive")
    least = decimal_of(row, "minFunds")
    return Instrument(
        symbol=_pair(row),
        kind=MarketKind.SPOT,
        base=Asset(text_of(row, "baseCurrency")),
        quote=quote,
        settle=quote,
        lot_size=lot_size,
        tick_size=decimal_of(row, "priceIncrement"),
        lots_min=max(1, ceil_times(lot_size, decimal_of(row, "baseMinSize"))),
        lots_max=floor_times(lot_size, decimal_of(row, "baseMaxSize")),
        notional_min=least,
        notional_min_reduce_only=least,
        contract_size=ONE,
        taker_fee=taker_fee,
        tradable=_is_on(row, "enableTrading") and not _is_on(row, "callauctionIsEnabled"),
        expires_at=None,
    )


def _is_on(row: Row, name: str) -> bool:
    """Read a switch; raises Unreadable when it is none."""
    told = field(row, name)
    if not isinstance(told, bool):
        raise Unreadable(f"{name} is not a truth value")
    return told


def price_band_of(row: Row) -> PriceBand:
    """Read between which multiples of its price a market takes limits; raises Unreadable."""
    rate = min(decimal_of(row, "priceLimitRate"), _BOUND_MAX)
    if rate <= 0:
        raise Unreadable("the rate that limits prices is not positive")
    with exact_arithmetic():
        low, high = ONE - rate, ONE + rate
    return PriceBand(buy_low=low, buy_high=high, sell_low=low, sell_high=high)


def taker_fee_of(answer: object, *, market_id: str) -> Decimal:
    """Read what a taker pays in one market, fraction of value, >= 0.

    Raises:
        Unreadable: it does not say, or of another market.
        Unserved: a tax is taken besides.

    """
    rows = listed_in(answer)
    if len(rows) != 1 or text_of(rows[0], "symbol") != market_id:
        raise Unreadable("the fee is that of another market")
    for name in ("sellTaxRate", "buyTaxRate"):
        if rows[0].get(name) not in (None, "") and decimal_of(rows[0], name):
            raise Unserved(
                f"{market_id}: trades are taxed, which cannot be counted", mend="trade by hand"
            )
    return fee_of(rows[0], "takerFeeRate")
