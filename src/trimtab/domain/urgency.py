"""What is done when the account comes near a limit, before anything else is traded.

Pure values. How early, and how far, are fractions of the gate's own limit, so that what acts
here is never behind what the gate refuses. Source: strategy definitions 2.3 and 2.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from trimtab.domain.exact import ONE, ZERO, exact_arithmetic
from trimtab.domain.firings import TriggerKind


class UrgentAction(StrEnum):
    """What a condition does when it holds."""

    REDUCE = "reduce"
    """Futures are reduced until it no longer holds; the plan does only that."""
    ALERT = "alert"
    """It is told with every plan and changes none."""
    OFF = "off"


class ExpiryAction(StrEnum):
    """What is done with a dated contract before it is delivered."""

    ROLL = "roll"
    """Its hedges move to the next contract, both sides in one plan; the plan does only that."""
    CLOSE = "close"
    """Its position is closed; the plan does only that."""
    ALERT = "alert"
    OFF = "off"


class BasisAction(StrEnum):
    """What is done when a hedge's contract trades far below its coin."""

    CLOSE = "close"
    """The hedge is bought back, and what the discount brought is kept."""
    ALERT = "alert"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tempo:
    """How soon a condition is over, and how soon it may act again."""

    hysteresis: Decimal
    """How far beyond its threshold it ends, fraction of it, in [0, 1)."""
    cooldown_s: int
    """How long after an executed plan of the same kind it only alerts, >= 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UrgencyPolicy:
    """Which conditions act, how early, and how far they go."""

    leverage: UrgentAction
    """Of the leverage ratio against ``risk.max_leverage``."""
    leverage_early: Decimal
    """How far before that limit, fraction of it, in [0, 1)."""
    margin: UrgentAction
    """Of the margin ratio against ``risk.min_margin_ratio``."""
    margin_early: Decimal
    """How far before that limit, fraction of it, 0 to 1."""
    liquidation: UrgentAction
    """Of the liquidation distance against ``risk.min_liquidation_distance``."""
    liquidation_early: Decimal
    """How far before that limit, fraction of it, 0 to 1."""
    expiry: ExpiryAction
    """Of the days that a dated contract still has."""
    expiry_days: int
    """Fewest days that a dated contract may have before that, >= 0."""
    drawdown: UrgentAction
    """Of the loss from the highest look against ``risk.max_drawdown``."""
    drawdown_early: Decimal
    """How far before that limit, fraction of it, in [0, 1)."""
    drawdown_leverage: Decimal
    """The leverage ratio that futures are then reduced to, >= 0."""
    tempos: Mapping[TriggerKind, Tempo]
    """Of every kind of condition that has one; margin ratio and liquidation share theirs."""

    basis: BasisAction = BasisAction.OFF
    """Of how far the contract of a hedge trades below its index."""
    basis_bps: Decimal = ZERO
    """From how far on, bps, > 0 where it is not off."""

    def hysteresis(self, kind: TriggerKind) -> Decimal:
        """Return how far beyond its threshold a condition of *kind* ends, fraction of it."""
        tempo = self.tempos.get(kind)
        return ZERO if tempo is None else tempo.hysteresis

    @property
    def basis_release_bps(self) -> Decimal:
        """From how far below its index down a contract that was left for it is opened again."""
        with exact_arithmetic():
            return self.basis_bps * (ONE - self.hysteresis(TriggerKind.BASIS))

    @property
    def resting_s(self) -> Mapping[TriggerKind, int]:
        """How long each kind rests after an executed plan, seconds; those that do at all."""
        return {kind: t.cooldown_s for kind, t in self.tempos.items() if t.cooldown_s}
