"""Trigger prices: how far one price may go, all others fixed, until any asset leaves its band.

Pure and exact but for one division per price. While one price moves by x, every counted value and
the whole are v + s·x, so a breach is where two affine inequalities hold at once, and the nearest
one on each side has a closed form. Source: strategy definitions 2.2 (a breach is strictly outside
and worth at least the dust value) and 2.6.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.exact import ZERO, exact_arithmetic, ratio
from trimtab.triggers.bands import Band

_FAR, _BEFORE = Decimal("Infinity"), Decimal("-Infinity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moving:
    """A value that changes while one price moves."""

    now: Decimal
    """Quote units, signed."""
    slope: Decimal
    """Change per quote unit of the price, base units, signed."""

    def less(self, other: Moving, share: Decimal) -> Moving:
        """Return this less *share* of *other*."""
        return Moving(now=self.now - share * other.now, slope=self.slope - share * other.slope)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """An asset whose band may be left."""

    value: Moving
    target: Decimal
    """Weight in the middle, fraction."""
    edges: Band


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerPrices:
    """The nearest prices at which any asset leaves its band."""

    low: Decimal | None
    """Largest one at or below the present price; None if there is none above 0."""
    high: Decimal | None
    """Smallest one at or above it; None if there is none."""


def trigger_prices(
    watched: Iterable[Watched], whole: Moving, *, at: Decimal, dust: Decimal
) -> TriggerPrices:
    """Return the trigger prices of an asset that stands *at* a price now; no band is left yet."""
    with exact_arithmetic():
        left = [span for each in watched for span in _breaches(each, whole, dust=dust)]
        above = min((max(low, ZERO) for low, high in left if max(low, ZERO) < high), default=_FAR)
        below = max(
            (min(high, ZERO) for low, high in left if low < min(high, ZERO)), default=_BEFORE
        )
        return TriggerPrices(
            low=at + below if below > -at else None, high=at + above if above < _FAR else None
        )


def _breaches(each: Watched, whole: Moving, *, dust: Decimal) -> Iterable[tuple[Decimal, Decimal]]:
    """Yield from which to which move of the price the band is left, above it and below it."""
    over, under = each.value.less(whole, each.edges.high), each.value.less(whole, each.edges.low)
    off = each.value.less(whole, each.target)
    yield _both(_positive(over, ZERO), _positive(off, dust))
    yield _both(_positive(_turned(under), ZERO), _positive(_turned(off), dust))


def _turned(value: Moving) -> Moving:
    """Return the negative of a value."""
    return Moving(now=-value.now, slope=-value.slope)


def _positive(value: Moving, beyond: Decimal) -> tuple[Decimal, Decimal]:
    """Return from which to which move a value is beyond a figure; an empty span otherwise."""
    if not value.slope:
        return (_BEFORE, _FAR) if value.now > beyond else (_FAR, _BEFORE)
    meets = ratio(beyond - value.now, value.slope)
    return (meets, _FAR) if value.slope > 0 else (_BEFORE, meets)


def _both(*spans: tuple[Decimal, Decimal]) -> tuple[Decimal, Decimal]:
    """Return where all spans overlap."""
    return max(low for low, _ in spans), min(high for _, high in spans)
