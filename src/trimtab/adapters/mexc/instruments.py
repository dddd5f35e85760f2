"""Markets of MEXC as instruments. Pure.

Source: MEXC "Spot V3" Exchange Information, 2026. A grid is told as a number of decimal places;
what is called a precision of sizes and of amounts is the least of them that is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.wire.exact import (
    Unreadable,
    decimal_of,
    field,
    integer_of,
    mapping_of,
    rows_of,
    text_of,
)
from trimtab.domain.exact import ONE, ceil_times, exact_arithmetic
from trimtab.domain.instruments import Asset, Instrument, MarketKind, Symbol
from trimtab.domain.snapshot import PriceBand

_PLACES_MAX: Final = 30
_LOTS_UNSTATED: Final = 10**18
"""The venue names no largest size, only a largest value, far above what a policy lets through."""
_ONLINE: Final = "1"
_BOTH_SIDES: Final = "1"
_BAND: Final = "PERCENT_PRICE_BY_SIDE"
_BOUND_MAX: Final = Decimal("0.99")
"""A limit is never said to be taken at nothing, however far a market reaches."""


def spot_markets(answer: object) -> Mapping[Symbol, Row]:
    """Return the coins of the list by symbol.

    Raises:
        Unreadable: a row has no name, or two have the same.

    """
    found: dict[Symbol, Row] = {}
    for row in rows_of(field(mapping_of(answer), "symbols")):
        symbol = Symbol(f"{text_of(row, 'baseAsset')}/{text_of(row, 'quoteAsset')}")
        if text_of(row, "symbol") and symbol in found:
            raise Unreadable(f"{symbol} is listed twice")
        found[symbol] = row
    return found


def spot_instrument_of(row: Row, *, taker_fee: Decimal) -> Instrument:
    """Read a market of coins.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    base, quote = Asset(text_of(row, "baseAsset")), Asset(text_of(row, "quoteAsset"))
    lot_size, least_value = (
        _places(row, "baseAssetPrecision"),
        decimal_of(row, "quoteAmountPrecision"),
    )
    return Instrument(
        symbol=Symbol(f"{base}/{quote}"),
        kind=MarketKind.SPOT,
        base=base,
        quote=quote,
        settle=quote,
        lot_size=lot_size,
        tick_size=_places(row, "quoteAssetPrecision"),
        lots_min=max(1, ceil_times(lot_size, decimal_of(row, "baseSizePrecision"))),
        lots_max=_LOTS_UNSTATED,
        notional_min=least_value,
        notional_min_reduce_only=least_value,
        contract_size=ONE,
        taker_fee=taker_fee,
        tradable=_is_open(row),
        expires_at=None,
    )


def _is_open(row: Row) -> bool:
    """Say whether keys may trade a market of coins, on both sides.

    Raises:
        Unreadable: it does not say.

    """
    for_keys = field(row, "isSpotTradingAllowed")
    if not isinstance(for_keys, bool):
        raise Unreadable("isSpotTradingAllowed is neither true nor false")
    told = (text_of(row, "status"), text_of(row, "tradeSideType"))
    return for_keys and told == (_ONLINE, _BOTH_SIDES)


def _places(row: Row, name: str) -> Decimal:
    """Return the unit of a number of decimal places.

    Raises:
        Unreadable: it is none.

    """
    places = integer_of(row, name)
    if not 0 <= places <= _PLACES_MAX:
        raise Unreadable(f"{name} is no number of decimal places")
    return Decimal(1).scaleb(-places)


def spot_price_band_of(row: Row) -> PriceBand | None:
    """Read between which multiples of its price a market takes limits; None: it is silent.

    Buys are bounded from above and sells from below, each by a share of the price; the other two
    bounds are taken along, which errs to the safe side.

    Raises:
        Unreadable: what it says is no ratio.

    """
    told = [each for each in rows_of(field(row, "filters")) if text_of(each, "filterType") == _BAND]
    if not told:
        return None
    buys, sells = (decimal_of(told[0], name) for name in ("bidMultiplierUp", "askMultiplierDown"))
    return band_of(buys=buys, sells=sells)


def linear_price_band_of(row: Row) -> PriceBand:
    """Read between which multiples of its price a contract takes limits.

    Raises:
        Unreadable: what it says is no ratio.

    """
    return band_of(
        buys=decimal_of(row, "bidLimitPriceRate"), sells=decimal_of(row, "askLimitPriceRate")
    )


def band_of(*, buys: Decimal, sells: Decimal) -> PriceBand:
    """Return a band of which each side is told as a share of the price, > 0.

    Raises:
        Unreadable: one is not positive.

    """
    if min(buys, sells) <= 0:
        raise Unreadable("a ratio that limits prices is not positive")
    buys, sells = min(buys, _BOUND_MAX), min(sells, _BOUND_MAX)
    with exact_arithmetic():
        return PriceBand(
            buy_low=ONE - buys, buy_high=ONE + buys, sell_low=ONE - sells, sell_high=ONE + sells
        )
