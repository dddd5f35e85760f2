"""Weights whose shares in the portfolio's risk are equal, with a certificate.

Pure, floats. Solves x_i (Cx)_i = 1/n for the correlation matrix C by cyclical coordinate
descent (Griveau-Billion, Richard and Roncalli, "A fast algorithm for computing high-dimensional
risk parity portfolios", 2013): the objective ½x'Cx − (1/n) Σ ln x is strictly convex, each step
is the exact root of one coordinate, and it has one minimum. The answer is not believed: the
deviation of the shares is computed from the weights that are returned.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from trimtab.estimators.covariance import correlation
from trimtab.estimators.series import Floats

SWEEPS_MAX: Final = 2000
"""A few dozen are usual; the bound is on badly conditioned matrices."""
CONDITION_MIN: Final = 1e-9
"""Smallest over largest eigenvalue of correlations; below it assets cannot be told apart."""
_CLOSE: Final = 1e-13


def equal_risk(matrix: Floats) -> Floats:
    """Return weights > 0 that sum to 1, by a covariance with positive variances; see above."""
    related, count = correlation(matrix), len(matrix)
    budget = 1.0 / count
    x = np.full(count, 1.0 / math.sqrt(float(related.sum())))
    for _ in range(SWEEPS_MAX):
        for i in range(count):
            rest = float(related[i] @ x) - float(x[i])  # Its own correlation is 1.
            x[i] = (math.sqrt(rest * rest + 4.0 * budget) - rest) / 2.0
        if np.abs(x * (related @ x) - budget).max() <= _CLOSE * budget:
            break
    unscaled = x / np.sqrt(np.diag(matrix))
    weights: Floats = unscaled / unscaled.sum()
    return weights


def share_deviation(matrix: Floats, *, weights: Floats) -> float:
    """Return the largest relative deviation of a share in the risk from its mean, >= 0."""
    shares = weights * (matrix @ weights)
    return float(np.abs(shares / shares.mean() - 1.0).max())


def condition(matrix: Floats) -> float:
    """Return the smallest over the largest eigenvalue of the correlations, 0 to 1."""
    values = np.linalg.eigvalsh(correlation(matrix))
    return max(0.0, float(values[0]) / float(values[-1]))


def can_be_told_apart(matrix: Floats) -> bool:
    """Whether no asset of a covariance with positive variances moved just as others do."""
    return condition(matrix) > CONDITION_MIN
