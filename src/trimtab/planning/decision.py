"""Decide: which drifts are corrected now, and by how much.

Pure and exact. Values are quote units, positive buys. Source: strategy definitions 2.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from trimtab.domain.exact import ONE, ZERO, exact_arithmetic, ratio
from trimtab.domain.instruments import Asset
from trimtab.domain.plan import LegReason
from trimtab.domain.policy import DriftSide, RebalancePolicy, Scope
from trimtab.planning.drift import Measure, Measurement


class Trigger(StrEnum):
    """What made the plan act."""

    NONE = "none"
    DRIFT = "drift"
    CALENDAR = "calendar"
    """A slot is due: trades to target inside the band too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """The value by which one asset's exposure is to move."""

    asset: Asset
    value: Decimal
    """Quote units, positive buys, never zero."""
    reason: LegReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Why the plan acts, and on what."""

    trigger: Trigger
    corrections: tuple[Correction, ...]
    """In target order, the quote left out; empty when nothing triggers."""


def decide(
    found: Measurement, policy: RebalancePolicy, *, slot_due: bool, cost: Decimal
) -> Decision:
    """Return what is to be corrected: nothing inside the bands unless a slot is due.

    *cost* is what trading will take out of the whole, quote units, >= 0; it moves the edges
    that a correction to the band aims at.
    """
    if slot_due:
        trigger = Trigger.CALENDAR
    elif any(m.breached for m in found.measures):
        trigger = Trigger.DRIFT
    else:
        return Decision(trigger=Trigger.NONE, corrections=())
    chosen = [m for m in found.measures if m.asset != found.quote]
    if policy.scope is Scope.BREACHED and not slot_due:
        chosen = [m for m in chosen if m.breached]
    if policy.destination.to_band and not slot_due:
        values, reason = _to_band(chosen, found, policy, cost=cost), LegReason.TO_BAND
    else:
        part = ONE if slot_due else policy.destination.fraction
        with exact_arithmetic():
            values = {m.asset: m.correction * part for m in chosen}
        reason = LegReason.TO_TARGET if part == ONE else LegReason.PART_OF_THE_WAY
    sells_only = policy.side is DriftSide.OVERWEIGHT
    kept = tuple(
        Correction(asset=a, value=v, reason=reason)
        for a, v in values.items()
        if v and not (sells_only and v > 0)
    )
    return Decision(trigger=trigger, corrections=kept)


def _to_band(
    chosen: list[Measure], found: Measurement, policy: RebalancePolicy, *, cost: Decimal
) -> Mapping[Asset, Decimal]:
    """Return the smallest turnover that puts every chosen asset inside its band.

    Each goes to the nearer edge; when that leaves the quote outside its own band and all
    may move, the missing value is taken pro rata from the room the others still have.
    """
    with exact_arithmetic():
        whole = found.whole - cost
        moves = {m.asset: _to_edge(m, whole) for m in chosen}
        if policy.scope is Scope.BREACHED:
            return moves
        [quote] = [m for m in found.measures if m.asset == found.quote]
        cash = quote.value - cost - sum(moves.values(), ZERO)
        lacking = _to_edge(replace(quote, value=cash), whole)
        room = {m.asset: _room(m, moves[m.asset], whole, sell=lacking > 0) for m in chosen}
        all_room = sum(room.values(), ZERO)
        if not lacking or not all_room:
            return moves
        part = min(ONE, ratio(abs(lacking), all_room)) * (-1 if lacking > 0 else 1)
        return {asset: move + part * room[asset] for asset, move in moves.items()}


def _to_edge(m: Measure, whole: Decimal) -> Decimal:
    """Return the move to the nearer edge of the band, positive buys; zero inside."""
    low, high = m.edges.low * whole, m.edges.high * whole
    return max(ZERO, low - m.value) - max(ZERO, m.value - high)


def _room(m: Measure, move: Decimal, whole: Decimal, *, sell: bool) -> Decimal:
    """Return how far an asset could go on inside its band after *move*, >= 0."""
    at = m.value + move
    edge = (m.edges.low if sell else m.edges.high) * whole
    return max(ZERO, at - edge if sell else edge - at)
