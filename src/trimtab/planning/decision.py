"""Decide: which drifts are corrected now, and by how much.

Pure and exact. Values are quote units, positive buys. Source: strategy definitions 2.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from trimtab.domain.exact import ONE, ZERO, exact_arithmetic, ratio
from trimtab.domain.firings import ACCOUNT, Firing, TriggerKind, by_urgency
from trimtab.domain.instruments import Asset
from trimtab.domain.occasion import Occasion
from trimtab.domain.plan import LegReason, Untraded, UntradedReason
from trimtab.domain.policy import DriftSide, RebalancePolicy, Scope
from trimtab.planning.drift import Measurement
from trimtab.planning.units import Measure, Unit
from trimtab.triggers.bands import Band


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """The value by which one asset's exposure is to move."""

    asset: Asset
    value: Decimal
    """Quote units, positive buys, never zero."""
    slack: Decimal
    """How much further it may go in the same direction and still serve, quote units, >= 0."""
    reason: LegReason
    by_spot: Decimal
    """Share of what no offset takes up that goes by spot, 0 to 1; the rest by futures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Why the plan acts, and on what."""

    firings: tuple[Firing, ...]
    """Most urgent first; empty when nothing triggers."""
    corrections: tuple[Correction, ...]
    """In target order, the quote left out; empty when nothing triggers."""
    untraded: tuple[Untraded, ...]
    """What a flag forbids to buy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Friction:
    """What trading will do to the whole besides moving it; quote units, each >= 0."""

    cost: Decimal
    """Taken out of the whole; it moves the edges that a correction to the band aims at."""
    rounding: Decimal
    """By how much whole lots may carry the quote, the residual of all moves, past its aim."""


FRICTIONLESS: Final = Friction(cost=ZERO, rounding=ZERO)


def decide(
    found: Measurement,
    policy: RebalancePolicy,
    *,
    calls: tuple[Firing, ...],
    friction: Friction,
    beside: tuple[Firing, ...] = (),
) -> Decision:
    """Return what is to be corrected: nothing inside the bands unless something *calls*.

    *calls* is what asks for a plan whatever the drift: a slot, a step that is due. What stands
    *beside* the assets and is outside its band makes them act as one of them does.
    """
    firings = by_urgency((*calls, *_firings(found, is_called=bool(calls)), *beside))
    if not firings:
        return Decision(firings=(), corrections=(), untraded=tuple(_waiting(found, policy)))
    movable = [u for u in found.units if u.name != found.quote]
    trims = [] if calls else [u for u in movable if _is_to_trim(u, found)]
    others = [u for u in movable if u not in trims]
    acts = bool(calls) or bool(beside) or any(u.breached for u in found.units)
    everyone = bool(calls) or policy.scope is not Scope.BREACHED
    chosen = [u for u in others if acts and (everyone or u.breached)]
    if policy.destination.to_band and not calls:
        corrections = _to_band(chosen, found, policy, friction=friction)
    else:
        corrections = _to_target(chosen, part=ONE if calls else policy.destination.fraction)
    corrections += _to_target(trims, part=ONE)
    sells_only, quote = policy.side is DriftSide.OVERWEIGHT, found.quote
    kept = [
        c for c in corrections if c.value and c.asset != quote and not (sells_only and c.value > 0)
    ]
    return _flagged(firings, kept, found, policy)


def _flagged(
    firings: tuple[Firing, ...],
    corrections: list[Correction],
    found: Measurement,
    policy: RebalancePolicy,
) -> Decision:
    """Return the decision without buys of flagged assets, but for what brings a short back to 0."""
    values = {m.asset: m.value for m in found.measures}
    kept, left = list[Correction](), list[Untraded]()
    for each in corrections:
        if each.asset not in policy.flags or each.value <= 0:
            kept.append(each)
            continue
        allowed = min(each.value, max(ZERO, values[each.asset].copy_negate()))
        if allowed:
            kept.append(replace(each, value=allowed, slack=ZERO))
        with exact_arithmetic():
            rest = each.value - allowed
        if rest:
            note, reason = policy.flags[each.asset], UntradedReason.FLAGGED
            left.append(Untraded(asset=each.asset, reason=reason, value=rest, note=note))
    named = {each.asset for each in corrections}
    left += [each for each in _waiting(found, policy) if each.asset not in named]
    return Decision(firings=firings, corrections=tuple(kept), untraded=tuple(left))


def _waiting(found: Measurement, policy: RebalancePolicy) -> Iterator[Untraded]:
    """Yield every flagged asset that is below its band, which by itself makes no plan act."""
    for m in found.measures:
        with exact_arithmetic():
            lacks = m.correction >= policy.dust_value and m.value < m.edges.low * found.whole
        if lacks and m.asset in policy.flags:
            note, reason = policy.flags[m.asset], UntradedReason.FLAGGED
            yield Untraded(asset=m.asset, reason=reason, value=m.correction, note=note)


def slot_call(occasion: Occasion) -> tuple[Firing, ...]:
    """Return what a calendar slot says; nothing unless it is due."""
    due = Firing(
        kind=TriggerKind.CALENDAR,
        subject=occasion.slot or ACCOUNT,
        measured=None,
        limit=None,
        reason=f"slot {occasion.slot} is due" if occasion.slot else "a slot is due",
    )
    return (due,) if occasion.slot_due else ()


def _is_to_trim(unit: Unit, found: Measurement) -> bool:
    """Whether half or more of a momentum trim is undone.

    A trim is sold once; what its weight gains afterwards is drift, as ever.
    """
    with exact_arithmetic():
        trim = sum((found.trims.get(m.asset, ZERO) for m in unit.members), ZERO) * found.whole
        return trim > ZERO and -unit.correction * 2 >= trim


def _firings(found: Measurement, *, is_called: bool) -> Iterator[Firing]:
    """Yield every asset and every group outside its band, and what is to be trimmed inside it."""
    for unit in found.units:
        with exact_arithmetic():
            weight = ratio(unit.value + unit.accepted, found.whole)
        if not is_called and _is_to_trim(unit, found):
            yield Firing(
                kind=TriggerKind.MOMENTUM,
                subject=unit.name,
                measured=weight,
                limit=ratio(unit.wanted, found.whole),
                reason="is to be trimmed: enough signs of momentum agreed",
            )
        if not unit.breached:
            continue
        above = weight > unit.edges.high
        yield Firing(
            kind=TriggerKind.DRIFT,
            subject=unit.name,
            measured=weight,
            limit=unit.edges.high if above else unit.edges.low,
            reason=f"is {'above' if above else 'below'} its band",
        )


def _to_target(chosen: list[Unit], *, part: Decimal) -> list[Correction]:
    """Return the corrections that go *part* of the way to the target."""
    reason = LegReason.TO_TARGET if part == ONE else LegReason.PART_OF_THE_WAY
    with exact_arithmetic():
        return [
            Correction(
                asset=m.asset,
                value=m.correction * part,
                slack=ZERO,
                reason=reason,
                by_spot=m.by_spot,
            )
            for unit in chosen
            for m in unit.members
        ]


def _to_band(
    chosen: list[Unit], found: Measurement, policy: RebalancePolicy, *, friction: Friction
) -> list[Correction]:
    """Return the smallest turnover that puts every chosen unit inside its band.

    Each goes to the nearer edge; when that leaves the quote outside its own band and all
    may move, the missing value is taken pro rata from the room the others still have.
    Whole lots may carry a correction on to its target, or to the far edge when it leaves it.
    """
    with exact_arithmetic():
        whole = found.whole - friction.cost
        moves: Mapping[str, Decimal] = {
            u.name: _to_edge(u.value, u.edges, whole=whole) for u in chosen
        }
        if policy.scope is Scope.ALL:
            moves = _with_quote(moves, chosen, found, friction=friction)
        return [
            Correction(
                asset=m.asset,
                value=part,
                slack=_slack(m, part, whole=whole),
                reason=LegReason.TO_BAND,
                by_spot=m.by_spot,
            )
            for unit in chosen
            for m, part in unit.divided(moves[unit.name])
        ]


def _slack(m: Measure, move: Decimal, *, whole: Decimal) -> Decimal:
    """Return how far whole lots may carry *move* on: to the target, or away from it to the edge."""
    inward = (move > 0) == (m.correction > 0) and abs(move) <= abs(m.correction)
    return abs(m.correction - move) if inward else _room(m, move, whole=whole, sell=move < 0)


def _with_quote(
    moves: Mapping[str, Decimal],
    chosen: list[Unit],
    found: Measurement,
    *,
    friction: Friction,
) -> Mapping[str, Decimal]:
    """Return *moves* with what brings the quote, too, inside its band, whole lots and all."""
    [quote] = [m for m in found.measures if m.asset == found.quote]
    whole = found.whole - friction.cost
    cash = quote.value - friction.cost - sum(moves.values(), ZERO)
    lacking = _to_edge(cash, quote.edges, whole=whole, inset=friction.rounding)
    able = (u for u in chosen if not u.accepted)  # What is overweight on purpose gets no more.
    room = {u.name: _room(u, moves[u.name], whole=whole, sell=lacking > 0) for u in able}
    all_room = sum(room.values(), ZERO)
    if not lacking or not all_room:
        return moves
    part = min(ONE, ratio(abs(lacking), all_room)) * (-1 if lacking > 0 else 1)
    return {name: move + part * room.get(name, ZERO) for name, move in moves.items()}


def _to_edge(value: Decimal, edges: Band, *, whole: Decimal, inset: Decimal = ZERO) -> Decimal:
    """Return the move to the nearer edge of the band, positive buys; zero inside.

    The edges are drawn in by *inset*, or to the middle of a band that is narrower.
    """
    low, high = edges.low * whole, edges.high * whole
    inset = min(inset, (high - low) / 2)
    low, high = low + inset, high - inset
    return max(ZERO, low - value) - max(ZERO, value - high)


def _room(m: Measure | Unit, move: Decimal, *, whole: Decimal, sell: bool) -> Decimal:
    """Return how far it could go on inside its band after *move*, >= 0."""
    at = m.value + move
    edge = (m.edges.low if sell else m.edges.high) * whole
    return max(ZERO, at - edge if sell else edge - at)
