"""Decimal arithmetic that never reads the ambient context.

ccxt's ``decimal_to_precision`` sets ROUND_HALF_UP on the ambient context and leaves it
set, so the core brings its own. Inside :func:`exact_arithmetic` every result is exact;
a result that would need rounding, or a float that strays in, raises. The one operation
that must round, division, is :func:`ratio`.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from decimal import (
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    FloatOperation,
    Inexact,
    InvalidOperation,
    Overflow,
    localcontext,
)
from typing import Final

RATIO_DIGITS: Final = 28
"""Significant digits of a quotient; far below any lot or tick."""

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)
BPS: Final = Decimal(10_000)
"""Basis points of a whole."""

_TRAPS: Final = (DivisionByZero, FloatOperation, InvalidOperation, Overflow)
_EXACT: Final = Context(prec=200, rounding=ROUND_HALF_EVEN, traps=[*_TRAPS, Inexact])
"""Made once, since making one costs more than a sum; every block gets a copy of it."""
_RATIO: Final = Context(prec=RATIO_DIGITS, rounding=ROUND_HALF_EVEN, traps=list(_TRAPS))
_WIDE: Final = Context(prec=1000, rounding=ROUND_HALF_EVEN)
"""For text. Never the ambient context, so that only flags in it change, which nobody reads."""


def exact_arithmetic() -> AbstractContextManager[Context]:
    """Run the block under a context of its own that traps rounding and floats."""
    return localcontext(_EXACT)


def ratio(dividend: Decimal, divisor: Decimal) -> Decimal:
    """Return the quotient rounded half to even at 28 significant digits."""
    return _RATIO.divide(dividend, divisor)


def whole_times(divisor: Decimal, dividend: Decimal) -> int:
    """Return how many whole times *divisor* goes into *dividend*, truncated toward zero."""
    with exact_arithmetic():
        return int(dividend // divisor)


def floor_times(divisor: Decimal, dividend: Decimal) -> int:
    """Return the largest n with ``n * divisor <= dividend``; *divisor* must be > 0."""
    whole = whole_times(divisor, dividend)
    with exact_arithmetic():
        return whole if whole * divisor <= dividend else whole - 1


def ceil_times(divisor: Decimal, dividend: Decimal) -> int:
    """Return the smallest n with ``n * divisor >= dividend``; *divisor* must be > 0."""
    with exact_arithmetic():
        return -floor_times(divisor, -dividend)


def rounded(value: Decimal, step: Decimal, *, up: bool) -> Decimal:
    """Return the multiple of *step* next to *value*, above it when *up*, else below."""
    count = ceil_times(step, value) if up else floor_times(step, value)
    with exact_arithmetic():
        return count * step


def plain(value: Decimal) -> str:
    """Return *value* as plain digits without exponent or needless zeros, "-0" as "0"."""
    text = format(value.normalize(_WIDE), "f")
    return "0" if text == "-0" else text


def shown(value: Decimal, places: int) -> str:
    """Return *value* with exactly *places* decimals, rounded half to even, for reading."""
    return format(value.quantize(Decimal(1).scaleb(-places, _WIDE), context=_WIDE), "f")


def trimmed(value: Decimal, places: int) -> str:
    """Return *value* with *places* decimals at most and no needless zeros, for reading."""
    return plain(Decimal(shown(value, places))) if value.is_finite() else str(value)


def grouped(value: Decimal, places: int) -> str:
    """Return *value* as :func:`shown`, with commas between thousands."""
    sign, digits = ("-", shown(value, places)[1:]) if value < 0 else ("", shown(value, places))
    whole, point, rest = digits.partition(".")
    return f"{sign}{int(whole):,}{point}{rest}"
