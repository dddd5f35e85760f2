"""Bands around target weights: when a drift is worth acting on, and at which prices.

Pure and exact. Weights are fractions of 1, prices quote per base unit. Source: strategy
definitions 2.2 and 2.6.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.exact import ONE, ZERO, exact_arithmetic, ratio
from trimtab.domain.policy import Threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Where a weight may stray without anything being done."""

    low: Decimal
    """Inclusive, 0 to 1."""
    high: Decimal
    """Inclusive, 0 to 1, >= low."""

    @property
    def inside(self) -> tuple[Decimal, ...]:
        """Its edges that a weight can meet."""
        return tuple(edge for edge in (self.low, self.high) if ZERO < edge < ONE)

    def breached_by(self, value: Decimal, *, whole: Decimal) -> bool:
        """Whether *value* of *whole* (quote units, > 0) lies strictly outside.

        Compared by multiplying, so that no rounding decides.
        """
        with exact_arithmetic():
            return value < self.low * whole or value > self.high * whole


def band(target: Decimal, threshold: Threshold) -> Band:
    """Return the band of *threshold* around *target*, clipped to [0, 1]."""
    with exact_arithmetic():
        reach = target * threshold.width if threshold.relative else threshold.width
        return Band(low=max(ZERO, target - reach), high=min(ONE, target + reach))


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPrices:
    """The nearest prices at which a weight meets an edge of its band, all else unchanged."""

    low: Decimal | None
    """Largest one below the present price; None if there is none."""
    high: Decimal | None
    """Smallest one above the present price; None if there is none."""


def alert_prices(*, net_weight: Decimal, price: Decimal, edges: Band) -> AlertPrices:
    """Return the alert prices of an asset with *net_weight* at *price*.

    Solves w(P) = e for each edge e: P · e(1 − w) / (w(1 − e)). Outside the band they are
    the prices of return. A weight of 0 or less, or of 1 or more, meets none.
    """
    if not ZERO < net_weight < ONE:
        return AlertPrices(low=None, high=None)
    with exact_arithmetic():
        met = [
            ratio(price * edge * (ONE - net_weight), net_weight * (ONE - edge))
            for edge in (edges.low, edges.high)
            if ZERO < edge < ONE
        ]
    return _around(price, met)


def sleeved_alert_prices(
    *, weight: Decimal, net_weight: Decimal, price: Decimal, edges: Band
) -> AlertPrices:
    """Return the alert prices of an asset whose *weight* is a part of its *net_weight* only.

    Solves w(P) = e where NAV moves with the whole exposure n: P · e(1 − n) / (w − e·n), positive
    ones only; the same as :func:`alert_prices` where n = w.
    """
    with exact_arithmetic():
        ways = [(edge * (ONE - net_weight), weight - edge * net_weight) for edge in edges.inside]
        met = [ratio(price * up, down) for up, down in ways if down]
    return _around(price, [at for at in met if at > 0])


def member_alert_prices(
    *, net_weight: Decimal, of_group: Decimal, price: Decimal, edges: Band
) -> AlertPrices:
    """Return the prices of a member at which its group, at weight *of_group*, meets its band.

    Solves g(P) = e for each edge e of the group: P · (1 + (e − g) / (w(1 − e))), positive ones
    only; the same as :func:`alert_prices` for a group of one.
    """
    if not ZERO < net_weight < ONE:
        return AlertPrices(low=None, high=None)
    with exact_arithmetic():
        met = [
            price + ratio(price * (edge - of_group), net_weight * (ONE - edge))
            for edge in (edges.low, edges.high)
            if ZERO < edge < ONE
        ]
    return _around(price, [at for at in met if at > 0])


def _around(price: Decimal, met: list[Decimal]) -> AlertPrices:
    """Return the nearest of the prices *met* on either side of *price*."""
    return AlertPrices(
        low=max((p for p in met if p < price), default=None),
        high=min((p for p in met if p > price), default=None),
    )
