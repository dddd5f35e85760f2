"""Markets of Gate v4. Pure.

Grids are told as counts of decimals. A bound that there is not is null, or left out; a market that
states neither a least size nor a least value is not read. Source: Gate API v4
"Query all supported currency pairs", 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from trimtab.adapters.frame.listed_pages import Row
from trimtab.adapters.wire.exact import (
    Unreadable,
    decimal_of,
    integer_of,
    rows_of,
    text_of,
)
from trimtab.domain.exact import ONE, ZERO, ceil_times, exact_arithmetic, floor_times
from trimtab.domain.instruments import Asset, Instrument, MarketKind, Symbol
from trimtab.domain.snapshot import PriceBand

_TRADABLE: Final = "tradable"
_NORMAL: Final = "normal"
_DECIMALS_MAX: Final = 30
_LOTS_UNSTATED: Final = 10**15
_REACH: Final = Decimal("0.05")
"""How far from its price a market is taken to accept limits: a twentieth, or less where it says."""


def spot_markets(answer: object) -> Mapping[Symbol, Row]:
    """Return the markets of the list by symbol, each with its name under ``symbol``.

    Raises:
        Unreadable: a row has no name.

    """
    return {_pair(row): {**row, "symbol": text_of(row, "id")} for row in rows_of(answer)}


def _pair(row: Row) -> Symbol:
    """Return base and quote of a market."""
    return Symbol(f"{text_of(row, 'base')}/{text_of(row, 'quote')}")


def spot_instrument_of(row: Row, *, taker_fee: Decimal) -> Instrument:
    """Read a market of coins.

    Raises:
        Unreadable: a field is missing or wrong.

    """
    lot_size, tick_size = (_grid(row, name) for name in ("amount_precision", "precision"))
    base, quote = Asset(text_of(row, "base")), Asset(text_of(row, "quote"))
    least, most = _bound(row, "min_base_amount"), _bound(row, "max_base_amount")
    least_value = _bound(row, "min_quote_amount")
    if not least and not least_value:
        raise Unreadable("neither a least size nor a least value is told")
    return Instrument(
        symbol=_pair(row),
        kind=MarketKind.SPOT,
        base=base,
        quote=quote,
        settle=quote,
        lot_size=lot_size,
        tick_size=tick_size,
        lots_min=max(1, ceil_times(lot_size, least)),
        lots_max=floor_times(lot_size, most) if most else _LOTS_UNSTATED,
        notional_min=least_value,
        notional_min_reduce_only=ZERO,
        contract_size=ONE,
        taker_fee=taker_fee,
        tradable=text_of(row, "trade_status") == _TRADABLE and row.get("type", _NORMAL) == _NORMAL,
        expires_at=None,
    )


def _grid(row: Row, name: str) -> Decimal:
    """Return the step of a count of decimals; raises Unreadable."""
    decimals = integer_of(row, name)
    if not 0 <= decimals <= _DECIMALS_MAX:
        raise Unreadable(f"{name} is no count of decimals")
    return Decimal(1).scaleb(-decimals)


def _bound(row: Row, name: str) -> Decimal:
    """Return a bound, 0 where there is none; raises Unreadable."""
    if row.get(name) is None:
        return ZERO
    bound = decimal_of(row, name)
    if bound < 0:
        raise Unreadable(f"{name} is negative")
    return bound


def price_band_of(row: Row) -> PriceBand:
    """Read between which multiples of its price a market takes limits.

    Raises:
        Unreadable: what it says is no number.

    """
    up, down = (_reach(row, name) for name in ("up_rate", "down_rate"))
    with exact_arithmetic():
        high, low = ONE + up, ONE - down
    return PriceBand(buy_low=low, buy_high=high, sell_low=low, sell_high=high)


def _reach(row: Row, name: str) -> Decimal:
    """Return how far limits go one way, fraction of the price; raises Unreadable."""
    told = _bound(row, name)
    return min(told, _REACH) if told else _REACH
