"""Indicators of one series of closes: EMA, RSI, recent volatility.

Pure, floats. Closes are > 0, oldest first, shape (days,). Averages begin with the plain mean of
their first period, as charts do (Wilder, "New Concepts in Technical Trading Systems", 1978).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import numpy as np

from trimtab.estimators.series import Floats, column, exact, simple_returns

YEAR_DAYS: Final = 365
"""Coins are quoted every day."""
DECAY: Final = 0.97
"""Of a day's weight; over years of many coins it tells touches better than plain windows do."""
NEUTRAL: Final = 50.0
"""The strength of what has not moved."""


def ema(closes: Floats, period: int) -> Floats:
    """Return the exponential average, factor 2/(period + 1); ``period - 1`` fewer values."""
    return _smoothed(closes, period, 2.0 / (period + 1))


def rsi(closes: Floats, period: int) -> Floats:
    """Return Wilder's relative strength index, 0 to 100; ``period`` fewer values than closes."""
    changes = np.diff(closes)
    gains = _smoothed(np.maximum(changes, 0.0), period, 1.0 / period)
    losses = _smoothed(np.maximum(-changes, 0.0), period, 1.0 / period)
    both = gains + losses
    still = both <= 0.0
    strength: Floats = np.where(still, NEUTRAL, 100.0 * gains / np.where(still, 1.0, both))
    return strength


def recent_volatility(closes: Floats) -> float:
    """Return the annualised volatility with the weight of each day falling by 3 % a day, >= 0.

    Returns count from 0, not from their mean, which so few days do not tell.
    """
    moved = simple_returns(closes)
    weights = DECAY ** np.arange(len(moved) - 1, -1, -1)
    return math.sqrt(float((weights * moved**2).sum() / weights.sum()) * YEAR_DAYS)


def strengths(closes: Sequence[Decimal], period: int) -> tuple[Decimal, ...]:
    """Return the strength index of exact closes in hundredths, ``period`` fewer than closes."""
    return tuple(exact(value, 2) for value in rsi(column(closes), period))


def _smoothed(series: Floats, period: int, factor: float) -> Floats:
    """Return an average that moves by *factor* towards each value after its first period."""
    average = float(series[:period].mean())
    found = [average]
    for value in series[period:]:
        average += factor * (float(value) - average)
        found.append(average)
    return np.array(found, dtype=np.float64)
