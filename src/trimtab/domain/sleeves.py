"""Sleeves: contracts that a plan keeps at a size of their own, beside the coins and their hedges.

Pure values. A sleeve is as large as the sum of its |notional| along its direction. Its positions
are explained by it alone: they hedge no drift, correct no target and are in no weight of a coin.
They are in net exposure, leverage, margin and every rule of the gate. Source: strategy
definitions 1.4 and 2.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.instruments import Asset, Symbol


class Direction(StrEnum):
    """Which way a sleeve is exposed. Stored with the plan; never renamed."""

    LONG = "long"
    SHORT = "short"

    @property
    def sign(self) -> int:
        """1 for long, -1 for short."""
        return 1 if self is Direction.LONG else -1


class SleeveScale(StrEnum):
    """What the size of a sleeve is a share of. Stored with the plan; never renamed."""

    WEIGHT = "weight"
    """NAV; the quote holds as much beside its own target, so that weights sum to 1."""
    MULTIPLE = "multiple"
    """The value outside futures wallets; the quote holds nothing for it."""
    EXTRA = "extra"
    """NAV; what risk parity holds above 1 times. The quote holds nothing for it."""
    NEUTRAL = "neutral"
    """NAV; as many coins are held, and the short is as large as they are, whatever its size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sleeve:
    """Perpetuals of one direction that have one size and one band together."""

    name: str
    scale: SleeveScale
    size: Decimal
    """Fraction or multiple of what the scale says, >= 0."""
    direction: Direction
    members: Mapping[Asset, Decimal]
    """Shares of the size by underlying, in file order, never empty; they sum to 1."""
    band: Decimal
    """How far the size may stray either way, in its own unit, >= 0."""
    contracts: Mapping[Asset, Symbol] = field(default_factory=dict)
    """In which dated contract a member stands; without one, in its perpetual."""

    @property
    def low(self) -> Decimal:
        """Lowest size inside the band, >= 0."""
        with exact_arithmetic():
            return max(ZERO, self.size - self.band)

    @property
    def high(self) -> Decimal:
        """Highest size inside the band."""
        with exact_arithmetic():
            return self.size + self.band


@dataclass(frozen=True, slots=True, kw_only=True)
class SleeveMember:
    """One contract of a sleeve as it is found."""

    asset: Asset
    notional: Decimal
    """At mark, quote units, signed: negative is short."""
    wanted: Decimal
    """Its part of the sleeve's size, quote units, signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SleeveDrift:
    """How far one sleeve is from its size."""

    sleeve: str
    scale: SleeveScale
    direction: Direction
    members: tuple[SleeveMember, ...]
    """In file order."""
    measured: Decimal
    """Its size in the unit of the scale; below 0 when it is exposed the other way."""
    target: Decimal
    """Where it should be, likewise, >= 0."""
    band_low: Decimal
    """Lowest size inside the band, likewise, >= 0."""
    band_high: Decimal
    """Highest size inside the band, likewise."""
    breached: bool
    """Strictly outside the band."""
    after: Decimal
    """Its size when every leg fills at its mark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetOfSleeves:
    """What an asset's sleeves do to its exposure; fractions of NAV, signed."""

    asset: Asset
    own: Decimal
    """Holding and futures that no sleeve explains."""
    in_sleeves: Decimal
    """What sleeves add to it."""
    own_after: Decimal
    """The same when every leg has filled."""
    in_sleeves_after: Decimal
    """Likewise."""

    @property
    def net(self) -> Decimal:
        """Net exposure over NAV."""
        with exact_arithmetic():
            return self.own + self.in_sleeves

    @property
    def net_after(self) -> Decimal:
        """The same when every leg has filled."""
        with exact_arithmetic():
            return self.own_after + self.in_sleeves_after


def reach_of(size: Decimal, *, width: Decimal, relative: bool) -> Decimal:
    """Return how far *size* may stray either way, in its own unit, by a threshold of *width*."""
    with exact_arithmetic():
        return size * width if relative else width


def funded_by_quote(sleeves: Iterable[Sleeve]) -> Decimal:
    """Return the weight that the quote holds for *sleeves*, beside its own target, 0 to 1."""
    with exact_arithmetic():
        return sum((s.size for s in sleeves if s.scale is SleeveScale.WEIGHT), ZERO)


def short_of(sleeves: Iterable[Sleeve], asset: Asset, *, nav: Decimal, outside: Decimal) -> Decimal:
    """Return how much of *asset* sleeves may be short inside their bands, quote units, >= 0."""
    total = ZERO
    with exact_arithmetic():
        for sleeve in sleeves:
            share = sleeve.members.get(asset)
            if share is None or sleeve.direction is Direction.LONG:
                continue
            whole = outside if sleeve.scale is SleeveScale.MULTIPLE else nav
            total += max(ZERO, sleeve.high * share * whole)
    return total


def assets_of(sleeves: Iterable[Sleeve]) -> tuple[Asset, ...]:
    """Return every underlying that a sleeve names, in file order."""
    return tuple(dict.fromkeys(asset for sleeve in sleeves for asset in sleeve.members))
