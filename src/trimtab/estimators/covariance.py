"""How assets move together: shrunk covariance, correlations, bets, beta.

Pure, floats. Returns are simple and daily, shape (days, assets), days >= 2; variances are per
day. Correlations are shrunk towards none, after Ledoit and Wolf, "A well-conditioned estimator
for large-dimensional covariance matrices" (2004), on returns brought to unit variance: each
asset keeps the variance that it had, and a matrix of fewer days than assets still has an inverse.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trimtab.estimators.series import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Covariance:
    """An estimate, and how much of it is shrinkage."""

    matrix: Floats
    """Per day, shape (assets, assets)."""
    intensity: float
    """Weight of no correlation at all, 0 to 1; the sample has the rest."""


def shrunk_covariance(returns: Floats) -> Covariance:
    """Return the covariance with shrunk correlations; every asset must have moved."""
    days, assets = returns.shape
    apart = returns - returns.mean(axis=0)
    deviations = apart.std(axis=0)
    unit = apart / deviations
    sample = unit.T @ unit / days
    squares = float((sample**2).sum())
    distance = squares - assets  # Of the sample from the identity, squared.
    lengths = (unit**2).sum(axis=1)
    noise = (float((lengths**2).sum()) - days * squares) / days**2
    intensity = 1.0 if distance <= 0.0 else min(1.0, max(0.0, noise / distance))
    shrunk = (1.0 - intensity) * sample + intensity * np.eye(assets)
    return Covariance(matrix=shrunk * np.outer(deviations, deviations), intensity=intensity)


def sample_covariance(returns: Floats) -> Floats:
    """Return the covariance as it was, shape (assets, assets); with few days it has no inverse."""
    apart = returns - returns.mean(axis=0)
    matrix: Floats = apart.T @ apart / len(returns)
    return matrix


def correlation(matrix: Floats) -> Floats:
    """Return the correlations of a covariance with positive variances, same shape."""
    deviations = np.sqrt(np.diag(matrix))
    related: Floats = np.clip(matrix / np.outer(deviations, deviations), -1.0, 1.0)
    return related


def effective_bets(matrix: Floats, *, weights: Floats) -> float:
    """Return the effective number of bets of signed *weights*, 1 to the number of assets.

    The exponential of the entropy of how the variance is spread over principal components;
    Meucci, "Managing Diversification" (2009). 0 when the portfolio has no variance.
    """
    values, vectors = np.linalg.eigh(matrix)
    shares = np.maximum(values, 0.0) * (vectors.T @ weights) ** 2
    if not shares.sum() > 0.0:
        return 0.0
    shares = shares / shares.sum()
    shares = shares[shares > 0.0]
    return float(np.exp(-(shares * np.log(shares)).sum()))


def portfolio_variance(matrix: Floats, *, weights: Floats) -> float:
    """Return w'Σw per day, >= 0."""
    return max(0.0, float(weights @ matrix @ weights))


@dataclass(frozen=True, slots=True, kw_only=True)
class Beta:
    """How an asset moves with another."""

    beta: float
    """Return per return of the other, signed."""
    r_squared: float
    """Share of the asset's variance that the other explains, 0 to 1."""


def beta_of(asset: Floats, *, other: Floats) -> Beta:
    """Return cov(asset, other) over var(other) of equal days; 0 where either stands still."""
    apart, against = asset - asset.mean(), other - other.mean()
    shared, own = float(apart @ against), float(apart @ apart)
    base = float(against @ against)
    if not own > 0.0 or not base > 0.0:
        return Beta(beta=0.0, r_squared=0.0)
    return Beta(beta=shared / base, r_squared=min(1.0, shared**2 / (own * base)))
