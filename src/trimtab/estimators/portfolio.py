"""What a whole portfolio did: the volatility of fixed weights over a window of closes.

Exact closes and weights in, one rounded figure out. Source: strategy definitions 1.6.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np

from trimtab.domain.history import Window
from trimtab.domain.instruments import Asset
from trimtab.estimators.covariance import (
    beta_of,
    correlation,
    effective_bets,
    portfolio_variance,
    shrunk_covariance,
)
from trimtab.estimators.indicators import YEAR_DAYS
from trimtab.estimators.series import Floats, column, columns, exact, simple_returns

PLACES: Final = 6
"""Of a volatility: a ten-thousandth of a per cent."""
_FEW_PLACES: Final = 4
_COVARIANCE_PLACES: Final = 12
"""A variance per day is about a thousandth."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Togetherness:
    """How the assets of a window moved together, by a covariance with shrunk correlations."""

    correlations: Mapping[Asset, Mapping[Asset, Decimal]]
    """By pairs in the window's order, -1 to 1."""
    volatilities: Mapping[Asset, Decimal]
    """Annual, >= 0."""
    shrinkage: Decimal
    """How much of the correlations was taken for chance, 0 to 1."""
    matrix: Floats
    """The covariance per day, in the window's order."""

    def bets(self, weights: Mapping[Asset, Decimal]) -> Decimal:
        """Return the effective number of bets of signed weights in the window's order."""
        held = column(tuple(weights.values()))
        return exact(effective_bets(self.matrix, weights=held), _FEW_PLACES)

    def volatility(self, weights: Mapping[Asset, Decimal]) -> Decimal:
        """Return the annual volatility of signed weights in the window's order."""
        held = column(tuple(weights.values()))
        return annual_volatility(portfolio_variance(self.matrix, weights=held))


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """How an asset follows another."""

    beta: Decimal
    """Its return for a return of the other, signed."""
    r_squared: Decimal
    """Share of its variance that the other explains, 0 to 1."""


def following(window: Window, asset: Asset, *, leader: Asset) -> Following:
    """Return how *asset* follows *leader*, both of the window."""
    moved = simple_returns(columns([window.closes[asset], window.closes[leader]]))
    found = beta_of(moved[:, 0], other=moved[:, 1])
    return Following(
        beta=exact(found.beta, _FEW_PLACES), r_squared=exact(found.r_squared, _FEW_PLACES)
    )


def covariances(window: Window) -> Mapping[Asset, Mapping[Asset, Decimal]]:
    """Return the covariance per day of the window's assets, correlations shrunk, by pairs.

    An asset that stood still moves with nothing.
    """
    nothing = exact(0.0, _COVARIANCE_PLACES)
    found = {a: dict.fromkeys(window.closes, nothing) for a in window.closes}
    moving = [a for a, closes in window.closes.items() if len(set(closes)) > 1]
    if moving:
        returns = simple_returns(columns([window.closes[a] for a in moving]))
        rows = shrunk_covariance(returns).matrix.tolist()
        for i, a in enumerate(moving):
            for b, estimate in zip(moving[: i + 1], rows[i], strict=False):
                found[a][b] = found[b][a] = exact(estimate, _COVARIANCE_PLACES)
    return found


def togetherness(window: Window) -> Togetherness:
    """Return how the window's assets moved together; each must have moved."""
    estimate = shrunk_covariance(simple_returns(columns(tuple(window.closes.values()))))
    related, assets = correlation(estimate.matrix), tuple(window.closes)
    return Togetherness(
        correlations={
            a: {b: exact(related[i, j], _FEW_PLACES) for j, b in enumerate(assets)}
            for i, a in enumerate(assets)
        },
        volatilities={a: annual_volatility(estimate.matrix[i, i]) for i, a in enumerate(assets)},
        shrinkage=exact(estimate.intensity, PLACES),
        matrix=estimate.matrix,
    )
