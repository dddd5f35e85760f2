"""From exact closes to arrays, and from an estimate back to digits.

Pure. The only way in and out of this room: a float that leaves is a Decimal of so many places.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_DIGITS: Final = Context(prec=40, rounding=ROUND_HALF_EVEN)


def columns(series: Sequence[Sequence[Decimal]]) -> Floats:
    """Return equally long *series* as the columns of an array, shape (length, series)."""
    return np.array([[float(value) for value in row] for row in series], dtype=np.float64).T


def column(series: Sequence[Decimal]) -> Floats:
    """Return one series as an array, shape (length,)."""
    return np.array([float(value) for value in series], dtype=np.float64)


def simple_returns(closes: Floats) -> Floats:
    """Return close over the close before, less 1, along the first axis; one row fewer."""
    changes: Floats = closes[1:] / closes[:-1] - 1.0
    return changes


def exact(estimate: float, places: int) -> Decimal:
    """Return a finite *estimate* rounded half to even at so many places after the point."""
    return Decimal(float(estimate)).quantize(_grain(places), context=_DIGITS)


@cache
def _grain(places: int) -> Decimal:
    """Return one unit of so many places after the point."""
    return Decimal(1).scaleb(-places, _DIGITS)
