"""Decide: which drifts are corrected now, and by how much.

Pure and exact. Values are quote units, positive buys. Source: strategy definitions 2.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from trimtab.domain.exact import ONE, ZERO, exact_arithmetic, ratio
from trimtab.domain.firings import Firing, TriggerKind, by_urgency
from trimtab.domain.instruments import Asset
from trimtab.domain.plan import LegReason
from trimtab.domain.policy import DriftSide, RebalancePolicy, Scope
from trimtab.planning.drift import Measure, Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """The value by which one asset's exposure is to move."""

    asset: Asset
    value: Decimal
    """Quote units, positive buys, never zero."""
    slack: Decimal
    """How much further it may go in the same direction and still serve, quote units, >= 0."""
    reason: LegReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Why the plan acts, and on what."""

    firings: tuple[Firing, ...]
    """Most urgent first; empty when nothing triggers."""
    corrections: tuple[Correction, ...]
    """In target order, the quote left out; empty when nothing triggers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Friction:
    """What trading will do to the whole besides moving it; quote units, each >= 0."""

    cost: Decimal
    """Taken out of the whole; it moves the edges that a correction to the band aims at."""
    rounding: Decimal
    """By how much whole lots may carry the quote, the residual of all moves, past its aim."""


FRICTIONLESS: Final = Friction(cost=ZERO, rounding=ZERO)


def decide(
    found: Measurement, policy: RebalancePolicy, *, slot_due: bool, friction: Friction
) -> Decision:
    """Return what is to be corrected: nothing inside the bands unless a slot is due."""
    firings = by_urgency(_firings(found, slot_due=slot_due))
    if not firings:
        return Decision(firings=(), corrections=())
    chosen = [m for m in found.measures if m.asset != found.quote]
    if policy.scope is Scope.BREACHED and not slot_due:
        chosen = [m for m in chosen if m.breached]
    if policy.destination.to_band and not slot_due:
        corrections = _to_band(chosen, found, policy, friction=friction)
    else:
        corrections = _to_target(chosen, part=ONE if slot_due else policy.destination.fraction)
    sells_only = policy.side is DriftSide.OVERWEIGHT
    kept = (c for c in corrections if c.value and not (sells_only and c.value > 0))
    return Decision(firings=firings, corrections=tuple(kept))


def _firings(found: Measurement, *, slot_due: bool) -> Iterator[Firing]:
    """Yield what makes the plan act: a due slot, and every asset outside its band."""
    if slot_due:
        yield Firing(
            kind=TriggerKind.CALENDAR,
            subject="account",
            measured=None,
            limit=None,
            reason="a slot is due",
        )
    for drift in found.drifts:
        if not drift.breached:
            continue
        with exact_arithmetic():
            weight = drift.target + drift.drift
        above = weight > drift.band_high
        yield Firing(
            kind=TriggerKind.DRIFT,
            subject=drift.asset,
            measured=weight,
            limit=drift.band_high if above else drift.band_low,
            reason=f"is {'above' if above else 'below'} its band",
        )


def _to_target(chosen: list[Measure], *, part: Decimal) -> list[Correction]:
    """Return the corrections that go *part* of the way to the target."""
    reason = LegReason.TO_TARGET if part == ONE else LegReason.PART_OF_THE_WAY
    with exact_arithmetic():
        return [
            Correction(asset=m.asset, value=m.correction * part, slack=ZERO, reason=reason)
            for m in chosen
        ]


def _to_band(
    chosen: list[Measure], found: Measurement, policy: RebalancePolicy, *, friction: Friction
) -> list[Correction]:
    """Return the smallest turnover that puts every chosen asset inside its band.

    Each goes to the nearer edge; when that leaves the quote outside its own band and all
    may move, the missing value is taken pro rata from the room the others still have.
    Whole lots may carry a correction on to its target, or to the far edge when it leaves it.
    """
    with exact_arithmetic():
        whole = found.whole - friction.cost
        moves: Mapping[Asset, Decimal] = {m.asset: _to_edge(m, whole) for m in chosen}
        if policy.scope is Scope.ALL:
            moves = _with_quote(moves, chosen, found, friction=friction)
        corrections = []
        for m in chosen:
            move = moves[m.asset]
            inward = (move > 0) == (m.correction > 0) and abs(move) <= abs(m.correction)
            slack = (
                abs(m.correction - move) if inward else _room(m, move, whole=whole, sell=move < 0)
            )
            corrections.append(
                Correction(asset=m.asset, value=move, slack=slack, reason=LegReason.TO_BAND)
            )
        return corrections


def _with_quote(
    moves: Mapping[Asset, Decimal],
    chosen: list[Measure],
    found: Measurement,
    *,
    friction: Friction,
) -> Mapping[Asset, Decimal]:
    """Return *moves* with what brings the quote, too, inside its band, whole lots and all."""
    [quote] = [m for m in found.measures if m.asset == found.quote]
    whole = found.whole - friction.cost
    cash = quote.value - friction.cost - sum(moves.values(), ZERO)
    lacking = _to_edge(replace(quote, value=cash), whole, inset=friction.rounding)
    able = (m for m in chosen if not m.accepted)  # What is overweight on purpose gets no more.
    room = {m.asset: _room(m, moves[m.asset], whole=whole, sell=lacking > 0) for m in able}
    all_room = sum(room.values(), ZERO)
    if not lacking or not all_room:
        return moves
    part = min(ONE, ratio(abs(lacking), all_room)) * (-1 if lacking > 0 else 1)
    return {asset: move + part * room.get(asset, ZERO) for asset, move in moves.items()}


def _to_edge(m: Measure, whole: Decimal, *, inset: Decimal = ZERO) -> Decimal:
    """Return the move to the nearer edge of the band, positive buys; zero inside.

    The edges are drawn in by *inset*, or to the middle of a band that is narrower.
    """
    low, high = m.edges.low * whole, m.edges.high * whole
    inset = min(inset, (high - low) / 2)
    low, high = low + inset, high - inset
    return max(ZERO, low - m.value) - max(ZERO, m.value - high)


def _room(m: Measure, move: Decimal, *, whole: Decimal, sell: bool) -> Decimal:
    """Return how far an asset could go on inside its band after *move*, >= 0."""
    at = m.value + move
    edge = (m.edges.low if sell else m.edges.high) * whole
    return max(ZERO, at - edge if sell else edge - at)
