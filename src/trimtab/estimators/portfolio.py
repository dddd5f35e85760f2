"""What a whole portfolio did: the volatility of fixed weights over a window of closes.

Exact closes and weights in, one rounded figure out. Source: strategy definitions 1.6.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import numpy as np

from trimtab.domain.history import Window
from trimtab.domain.instruments import Asset
from trimtab.estimators.indicators import YEAR_DAYS
from trimtab.estimators.series import column, columns, exact, simple_returns

PLACES: Final = 6
"""Of a volatility: a ten-thousandth of a per cent."""


def realised_volatility(window: Window, weights: Mapping[Asset, Decimal]) -> Decimal:
    """Return the annual volatility of *weights* held over the window's days, a ratio, >= 0.

    Weights are of assets in the window, signed; what is missing to 1 does not move.
    """
    returns = simple_returns(columns([window.closes[asset] for asset in weights]))
    moved = returns @ column(tuple(weights.values()))
    return annual_volatility(float(np.var(moved, ddof=1)))


def annual_volatility(variance: float) -> Decimal:
    """Return a variance per day as a volatility per year."""
    return exact(math.sqrt(variance * YEAR_DAYS), PLACES)
