"""Exact decimal arithmetic of the local exchange, in its own words.

Pure. The ambient decimal context is never read: ccxt changes it and leaves it
changed, and in-process callers share it. Every entry point of the exchange is
wrapped by :func:`exactly`; inside, eighty digits are carried and rounding
happens only where it is written down.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    FloatOperation,
    InvalidOperation,
    Overflow,
    localcontext,
)
from functools import cache, wraps
from typing import ParamSpec, TypeVar

_OWN = Context(
    prec=80,
    rounding=ROUND_HALF_EVEN,
    traps=[DivisionByZero, FloatOperation, InvalidOperation, Overflow],
)
P = ParamSpec("P")
R = TypeVar("R")
ZERO = Decimal(0)
ONE = Decimal(1)
BPS = Decimal("0.0001")
"""One basis point as a ratio."""
UNIT = Decimal("0.00000001")
"""The smallest amount of any asset that an account can hold."""


def exactly(function: Callable[P, R]) -> Callable[P, R]:
    """Run *function* under the exchange's own decimal context."""

    @wraps(function)
    def inside(*args: P.args, **kwargs: P.kwargs) -> R:
        with localcontext(_OWN):
            return function(*args, **kwargs)

    return inside


def floor_to(value: Decimal, step: Decimal) -> Decimal:
    """Return the largest whole multiple of *step* that is not above *value*."""
    return (value / step).to_integral_value(ROUND_FLOOR) * step


def ceil_to(value: Decimal, step: Decimal) -> Decimal:
    """Return the smallest whole multiple of *step* that is not below *value*."""
    return (value / step).to_integral_value(ROUND_CEILING) * step


def round_to(value: Decimal, step: Decimal) -> Decimal:
    """Return the whole multiple of *step* nearest to *value*, ties to even."""
    return (value / step).to_integral_value(ROUND_HALF_EVEN) * step


def is_multiple(value: Decimal, step: Decimal) -> bool:
    """Say whether *value* is a whole number of *step*."""
    return value % step == 0


def booked(value: Decimal) -> Decimal:
    """Round an amount half-even to :data:`UNIT`, as every booked amount is."""
    return value.quantize(UNIT, ROUND_HALF_EVEN)


def charged(value: Decimal) -> Decimal:
    """Truncate a commission to :data:`UNIT`: the exchange never takes more than its rate."""
    return value.quantize(UNIT, ROUND_DOWN)


def reserved(value: Decimal) -> Decimal:
    """Round an amount up to :data:`UNIT`, as what an open order reserves is."""
    return value.quantize(UNIT, ROUND_CEILING)


def places(step: Decimal) -> int:
    """Return how many decimal places a price or quantity on the grid *step* needs."""
    exponent = step.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


@cache
def _quantum(decimals: int) -> Decimal:
    """Return one unit of the last of *decimals* places."""
    return Decimal(1).scaleb(-decimals)


def text(value: Decimal, decimals: int) -> str:
    """Write *value* in plain notation with at least *decimals* places, never losing a digit."""
    short = value.quantize(_quantum(decimals))
    if short != value:
        short = value.quantize(_quantum(max(decimals, places(value))))
    return format(short, "f")


def text8(value: Decimal) -> str:
    """Write *value* with eight places, as spot amounts are written."""
    return text(value, 8)


def plain(value: Decimal) -> str:
    """Write *value* in plain notation without trailing zeros."""
    shortest = format(value.normalize(), "f")
    return "0" if shortest == "-0" else shortest
