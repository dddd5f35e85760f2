"""Contracts of a venue and base units, lots and sides. Pure.

A venue counts contracts, we count base units: :func:`contracts` and :func:`base_units` are the only
places where one becomes the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from trimtab.adapters.wire.exact import Unreadable, text_of
from trimtab.domain.exact import exact_arithmetic, ratio, whole_times
from trimtab.domain.instruments import Instrument, Lots
from trimtab.domain.orders import Side


def contracts(quantity: Decimal, instrument: Instrument) -> Decimal:
    """Return base units as contracts of the venue.

    Raises:
        Unreadable: they are not expressible exactly.

    """
    count = ratio(quantity, instrument.contract_size)
    if base_units(count, instrument) != quantity:
        raise Unreadable(f"{quantity} is no exact number of contracts of {instrument.symbol}")
    return count


def base_units(count: Decimal, instrument: Instrument) -> Decimal:
    """Return contracts of the venue as base units."""
    with exact_arithmetic():
        return count * instrument.contract_size


def lots_of(count: Decimal, instrument: Instrument) -> int:
    """Return the venue's count (contracts, or base units on spot) as whole lots.

    Raises:
        Unreadable: it is off the grid of the instrument.

    """
    quantity = base_units(count, instrument)
    lots = whole_times(instrument.lot_size, quantity)
    if instrument.units(lots) != quantity:
        raise Unreadable(f"{quantity} is off the grid of {instrument.symbol}")
    return lots


def side_of(row: Mapping[str, Any]) -> Side:
    """Return the side of an order.

    Raises:
        Unreadable: it is neither.

    """
    try:
        return Side(text_of(row, "side").lower())
    except ValueError as error:
        raise Unreadable("side is neither BUY nor SELL") from error


def signed(lots: int, side: Side) -> Lots:
    """Return *lots* with the sign of *side*."""
    return Lots(lots if side is Side.BUY else -lots)
