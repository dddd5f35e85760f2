"""Overlays: what moves the effective targets away from the strategic ones, and until when.

Pure values. Shifts are fractions of the basis and sum to 0, the quote among them. Each overlay
has a name, a reason and an end, so that the next drift run does not undo what it did. Source:
strategy definitions 0, effective target.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.instruments import Asset


class OverlayKind(StrEnum):
    """What an overlay is for, in the order in which overlays apply. Never renamed."""

    SEASON = "season"
    VOLATILITY = "volatility"
    ROTATION = "rotation"
    MOMENTUM = "momentum"
    PHASE = "phase"
    NEUTRAL = "neutral"
    """Coins that are held with an equal short, while that pays."""
    HEDGE = "hedge"
    """A hedge that a person asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """One shift of the targets."""

    overlay_id: str
    """Its name in the configuration or the ledger, such as ``rotation`` or a hedge's id."""
    kind: OverlayKind
    reason: str
    """One line for the operator, with the figures it rests on."""
    until: str
    """What ends it: a date, a level, or ``by hand``."""
    shift: Mapping[Asset, Decimal]
    """Change of each target that it moves, fractions, signed; they sum to 0."""

    def __post_init__(self) -> None:
        with exact_arithmetic():
            if sum(self.shift.values(), ZERO) != ZERO:
                raise ValueError(f"{self.overlay_id}: shifts must sum to 0")
