"""Decimal arithmetic that never reads the ambient context.

ccxt's ``decimal_to_precision`` sets ROUND_HALF_UP on the ambient context and leaves it
set, so the core brings its own. Inside :func:`exact_arithmetic` every result is exact;
a result that would need rounding, or a float that strays in, raises. The one operation
that must round, division, is :func:`ratio`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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


@contextmanager
def exact_arithmetic() -> Iterator[None]:
    """Run the block under a context that traps rounding and floats."""
    traps = [DivisionByZero, FloatOperation, Inexact, InvalidOperation, Overflow]
    with localcontext(Context(prec=200, rounding=ROUND_HALF_EVEN, traps=traps)):
        yield


def ratio(dividend: Decimal, divisor: Decimal) -> Decimal:
    """Return the quotient rounded half to even at 28 significant digits."""
    traps = [DivisionByZero, FloatOperation, InvalidOperation, Overflow]
    rounding = Context(prec=RATIO_DIGITS, rounding=ROUND_HALF_EVEN, traps=traps)
    return rounding.divide(dividend, divisor)


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
    wide = Context(prec=1000, rounding=ROUND_HALF_EVEN)
    text = format(value.normalize(wide), "f")
    return "0" if text == "-0" else text


def shown(value: Decimal, places: int) -> str:
    """Return *value* with exactly *places* decimals, rounded half to even, for reading."""
    wide = Context(prec=1000, rounding=ROUND_HALF_EVEN)
    return format(value.quantize(Decimal(1).scaleb(-places, wide), context=wide), "f")


def grouped(value: Decimal, places: int) -> str:
    """Return *value* as :func:`shown`, with commas between thousands."""
    sign, digits = ("-", shown(value, places)[1:]) if value < 0 else ("", shown(value, places))
    whole, point, rest = digits.partition(".")
    return f"{sign}{int(whole):,}{point}{rest}"
