"""Unit of drift: what has one band, an asset by itself or a group whose members follow.

Pure and exact. Values are quote units, positive buys. Source: strategy definitions 1.2 and 2.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.exact import ONE, ZERO, exact_arithmetic, ratio
from trimtab.domain.instruments import Asset
from trimtab.domain.plan import UntradedReason
from trimtab.targets.groups import split
from trimtab.triggers.bands import Band


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One asset's distance from its target, in values."""

    asset: Asset
    value: Decimal
    """What the basis counts: net exposure, or holding value; accepted rest taken off."""
    wanted: Decimal
    """Target weight times the whole."""
    edges: Band
    """Its band; in a group that has one, its part of that, pro rata to targets."""
    breached: bool
    """Whether it, or the group that it follows, is outside the band."""
    accepted: Decimal
    """Overweight that is left on purpose, >= 0; <= 0 for the quote."""
    accepted_as: UntradedReason
    """Why it is."""
    by_spot: Decimal
    """Share of a correction that goes by spot after offsets, 0 to 1."""

    @property
    def correction(self) -> Decimal:
        """Value to move to arrive at the target; positive buys."""
        with exact_arithmetic():
            return self.wanted - self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """What is inside its band or outside it as one."""

    name: str
    """The asset, or the group."""
    members: tuple[Measure, ...]
    """In file order; one for an asset by itself."""
    edges: Band
    breached: bool

    @property
    def value(self) -> Decimal:
        """What the basis counts of all members, accepted rests taken off."""
        with exact_arithmetic():
            return sum((m.value for m in self.members), ZERO)

    @property
    def wanted(self) -> Decimal:
        """Target weight times the whole."""
        with exact_arithmetic():
            return sum((m.wanted for m in self.members), ZERO)

    @property
    def accepted(self) -> Decimal:
        """Overweight of all members that is left on purpose."""
        with exact_arithmetic():
            return sum((m.accepted for m in self.members), ZERO)

    @property
    def correction(self) -> Decimal:
        """Value to move to arrive at the target; positive buys."""
        with exact_arithmetic():
            return self.wanted - self.value

    def divided(self, move: Decimal) -> Iterator[tuple[Measure, Decimal]]:
        """Yield each member's part of *move*, which sum to it but for the last rounded digit.

        On the way to the target each goes the same part of its own way; beyond it, or away from
        it, pro rata to targets, or to values where all targets are 0.
        """
        way = self.correction
        inward = way and (move > 0) == (way > 0) and abs(move) <= abs(way)
        if len(self.members) == 1:
            yield self.members[0], move
        elif inward:
            for m in self.members:
                with exact_arithmetic():
                    part = m.correction if move == way else ratio(m.correction * move, way)
                yield m, part
        else:
            aims = {m.asset: m.wanted for m in self.members}
            if not any(aims.values()):
                aims = {m.asset: abs(m.value) or ONE for m in self.members}
            parts = split(move, aims)
            for m in self.members:
                yield m, parts[m.asset]
