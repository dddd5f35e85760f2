"""Markets of BingX as instruments. Pure.

Sources: BingX API spot "Query Symbols", USDT-M "USDT-M Perp Futures symbols", 2026. The least and
the greatest quantity of coins are said to be no longer used; the least value counts, and the
greatest quantity is kept to.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from trimtab.adapters.bingx.answers import rows_under, told_of
from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.wire.exact import (
    Unreadable,
    decimal_of,
    field,
    instant_of,
    integer_of,
    rows_of,
    text_of,
)
from trimtab.domain.exact import ONE, ceil_times, exact_arithmetic, floor_times
from trimtab.domain.instruments import Asset, Instrument, MarketKind, Symbol
from trimtab.domain.snapshot import PriceBand

_SETTLED_IN: Final = "USDT"
_LOTS_MAX: Final = 10**15
"""The venue tells no greatest size of a contract's order, and refuses one that is too large."""
_PLACES_MAX: Final = 30
_NEAR: Final = Decimal("0.05")
_ONLINE: Final = 1


def spot_markets(answer: object) -> Mapping[Symbol, Row]:
    """Return the coins of the list by symbol.

    Raises:
        Unreadable: a row has no name.

    """
    return {_pair(row): row for row in rows_under("symbols", answer)}


def _pair(row: Row) -> Symbol:
    """Return the unified symbol of a market of coins.

    Raises:
        Unreadable: its name is no pair.

    """
    base, dash, quote = text_of(row, "symbol").partition("-")
    if not base or not dash or not quote:
        raise Unreadable("a market that is no pair")
    return Symbol(f"{base}/{quote}")


def spot_instrument_of(row: Row, *, taker_fee: Decimal) -> Instrument:
    """Read a market of coins.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    symbol = _pair(row)
    base, _, quote = symbol.partition("/")
    lot_size, least_value = decimal_of(row, "stepSize"), decimal_of(row, "minNotional")
    if lot_size <= 0:
        raise Unreadable("stepSize is not positive")
    is_open = integer_of(row, "status") == _ONLINE
    return Instrument(
        symbol=symbol,
        kind=MarketKind.SPOT,
        base=Asset(base),
        quote=Asset(quote),
        settle=Asset(quote),
        lot_size=lot_size,
        tick_size=decimal_of(row, "tickSize"),
        lots_min=1,
        lots_max=floor_times(lot_size, decimal_of(row, "maxQty")),
        notional_min=least_value,
        notional_min_reduce_only=least_value,
        contract_size=ONE,
        taker_fee=taker_fee,
        tradable=is_open and _is_on(row, "apiStateBuy") and _is_on(row, "apiStateSell"),
        expires_at=None,
    )


def linear_markets(answer: object) -> Mapping[Symbol, Row]:
    """Return the perpetuals that settle in USDT by symbol.

    Raises:
        Unreadable: a row has no name.

    """
    return {
        Symbol(f"{_pair(row)}:{_SETTLED_IN}"): row
        for row in rows_of(told_of(answer))
        if text_of(row, "currency") == _SETTLED_IN
    }


def linear_instrument_of(row: Row, *, taker_fee: Decimal) -> Instrument:
    """Read a perpetual; its sizes are base units.

    Raises:
        Unreadable: a field is missing or wrong, or it settles in something else.

    """
    base, _, quote = _pair(row).partition("/")
    if text_of(row, "currency") != _SETTLED_IN or quote != _SETTLED_IN:
        raise Unreadable(f"a contract that does not settle in {_SETTLED_IN}")
    lot_size, least_value = _places(row, "quantityPrecision"), decimal_of(row, "tradeMinUSDT")
    is_open = integer_of(row, "status") == _ONLINE
    return Instrument(
        symbol=Symbol(f"{base}/{quote}:{quote}"),
        kind=MarketKind.SWAP,
        base=Asset(base),
        quote=Asset(quote),
        settle=Asset(quote),
        lot_size=lot_size,
        tick_size=_places(row, "pricePrecision"),
        lots_min=max(1, ceil_times(lot_size, decimal_of(row, "tradeMinQuantity"))),
        lots_max=_LOTS_MAX,
        notional_min=least_value,
        # It is not said that what only reduces may be smaller.
        notional_min_reduce_only=least_value,
        contract_size=ONE,
        taker_fee=taker_fee,
        tradable=is_open and _says(row, "apiStateOpen") and _says(row, "apiStateClose"),
        expires_at=_taken_off_at(row),
    )


def _taken_off_at(row: Row) -> datetime | None:
    """Return when a perpetual is taken off the list; None while no day is set."""
    return instant_of(row, "offTime") if row.get("offTime") else None


def _places(row: Row, name: str) -> Decimal:
    """Return the unit of a number of decimal places.

    Raises:
        Unreadable: it is none.

    """
    places = integer_of(row, name)
    if not 0 <= places <= _PLACES_MAX:
        raise Unreadable(f"{name} is no number of decimal places")
    return Decimal(1).scaleb(-places)


def _says(row: Row, name: str) -> bool:
    """Return a switch of a contract, which is written as text.

    Raises:
        Unreadable: it is missing or neither word.

    """
    value = text_of(row, name)
    if value not in {"true", "false"}:
        raise Unreadable(f"{name} is neither true nor false")
    return value == "true"


def _is_on(row: Row, name: str) -> bool:
    """Return a switch of a market.

    Raises:
        Unreadable: it is missing or no truth value.

    """
    value = field(row, name)
    if not isinstance(value, bool):
        raise Unreadable(f"{name} is not a truth value")
    return value


def price_band_of(row: Row) -> PriceBand:
    """Return between which multiples of its price limits are kept.

    The venue refuses a limit that is far off (100440, 101211), and does not say of coins how far;
    ours are kept within a twentieth.

    Raises:
        Unreadable: the market has no name.

    """
    _pair(row)
    with exact_arithmetic():
        low, high = ONE - _NEAR, ONE + _NEAR
    return PriceBand(buy_low=low, buy_high=high, sell_low=low, sell_high=high)
