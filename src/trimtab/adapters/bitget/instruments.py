"""Markets of Bitget v2 as instruments. Pure.

Sources: Bitget API v2 "Get Symbol Info", "Get Contract Config", 2025-12. Contracts are counted
in base units, so that one contract is one unit of its base.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from trimtab.adapters.bitget.answers import rows_in
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.wire.exact import (
    Unreadable,
    decimal_of,
    field,
    instant_of,
    integer_of,
    text_of,
    words_of,
)
from trimtab.domain.exact import ONE, ceil_times, exact_arithmetic, floor_times, ratio
from trimtab.domain.instruments import Asset, Instrument, MarketKind, Symbol
from trimtab.domain.snapshot import PriceBand

_SETTLED_IN: Final = "USDT"
_PLACES_MAX: Final = 30
_BOUND_MAX: Final = Decimal("0.99")
"""A limit is never said to be taken at nothing, however far a market reaches."""
_NEVER: Final = ("", "-1")


def spot_markets(answer: object) -> Mapping[Symbol, Row]:
    """Return the coins of the list by symbol.

    Raises:
        Unreadable: a row has no name.

    """
    return {_pair(row): row for row in rows_in(answer) if text_of(row, "symbol")}


def linear_markets(answer: object) -> Mapping[Symbol, Row]:
    """Return the perpetuals of the list by symbol; what has a delivery is not traded here.

    Raises:
        Unreadable: a row has no name.

    """
    return {
        Symbol(f"{_pair(row)}:{_SETTLED_IN}"): row
        for row in rows_in(answer)
        if text_of(row, "symbol") and text_of(row, "symbolType") == "perpetual"
    }


def _pair(row: Row) -> Symbol:
    """Return base and quote of a market."""
    return Symbol(f"{text_of(row, 'baseCoin')}/{text_of(row, 'quoteCoin')}")


def spot_instrument_of(row: Row, *, taker_fee: Decimal) -> Instrument:
    """Read a market of coins.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    lot_size, least_value = _places(row, "quantityPrecision"), decimal_of(row, "minTradeUSDT")
    quote = Asset(text_of(row, "quoteCoin"))
    return Instrument(
        symbol=_pair(row),
        kind=MarketKind.SPOT,
        base=Asset(text_of(row, "baseCoin")),
        quote=quote,
        settle=quote,
        lot_size=lot_size,
        tick_size=_places(row, "pricePrecision"),
        lots_min=max(1, ceil_times(lot_size, decimal_of(row, "minTradeAmount"))),
        lots_max=floor_times(lot_size, decimal_of(row, "maxTradeAmount")),
        notional_min=least_value,
        notional_min_reduce_only=least_value,
        contract_size=ONE,
        taker_fee=taker_fee,
        tradable=text_of(row, "status") == "online",
        expires_at=None,
    )


def linear_instrument_of(row: Row, *, taker_fee: Decimal) -> Instrument:
    """Read a perpetual.

    Raises:
        Unreadable: a field is missing or wrong, or it settles in something else.

    """
    if _SETTLED_IN not in words_of(field(row, "supportMarginCoins"), "supportMarginCoins"):
        raise Unreadable(f"a contract that does not settle in {_SETTLED_IN}")
    lot_size, least_value = _lot_size(row), decimal_of(row, "minTradeUSDT")
    with exact_arithmetic():
        tick_size = decimal_of(row, "priceEndStep") * _places(row, "pricePlace")
    return Instrument(
        symbol=Symbol(f"{_pair(row)}:{_SETTLED_IN}"),
        kind=MarketKind.SWAP,
        base=Asset(text_of(row, "baseCoin")),
        quote=Asset(text_of(row, "quoteCoin")),
        settle=Asset(_SETTLED_IN),
        lot_size=lot_size,
        tick_size=tick_size,
        lots_min=max(1, ceil_times(lot_size, decimal_of(row, "minTradeNum"))),
        lots_max=floor_times(lot_size, decimal_of(row, "maxOrderQty")),
        notional_min=least_value,
        # It is not said that what only reduces may be smaller.
        notional_min_reduce_only=least_value,
        contract_size=ONE,
        taker_fee=taker_fee,
        tradable=text_of(row, "symbolStatus") == "normal",
        expires_at=_delisted_at(row),
    )


def _delisted_at(row: Row) -> datetime | None:
    """Return when a perpetual is taken off the list; None while no day is set."""
    return None if field(row, "offTime") in _NEVER else instant_of(row, "offTime")


def _lot_size(row: Row) -> Decimal:
    """Return the grid of sizes: a multiple of the multiplier with no more than so many places."""
    step, place = decimal_of(row, "sizeMultiplier"), _places(row, "volumePlace")
    if step <= 0:
        raise Unreadable("sizeMultiplier is not positive")
    coarse, fine = max(step, place), min(step, place)
    if ratio(coarse, fine) % 1:
        raise Unreadable("sizeMultiplier and volumePlace have no common grid")
    return coarse


def _places(row: Row, name: str) -> Decimal:
    """Return the unit of a number of decimal places.

    Raises:
        Unreadable: it is none.

    """
    places = integer_of(row, name)
    if not 0 <= places <= _PLACES_MAX:
        raise Unreadable(f"{name} is no number of decimal places")
    return Decimal(1).scaleb(-places)


def price_band_of(row: Row) -> PriceBand:
    """Read between which multiples of its price a market takes limits.

    Buys are bounded from above and sells from below; the other two bounds are taken along,
    which errs to the safe side.

    Raises:
        Unreadable: what it says is no ratio.

    """
    buys, sells = (decimal_of(row, f"{side}LimitPriceRatio") for side in ("buy", "sell"))
    if min(buys, sells) <= 0:
        raise Unreadable("a ratio that limits prices is not positive")
    buys, sells = min(buys, _BOUND_MAX), min(sells, _BOUND_MAX)
    with exact_arithmetic():
        return PriceBand(
            buy_low=ONE - buys, buy_high=ONE + buys, sell_low=ONE - sells, sell_high=ONE + sells
        )
