"""What would give a plan something to do: one price that moves, or one target. Pure.

Bands say near which price a weight leaves its band; planning again says at which it is worth an
order. Prices move in steps of :data:`trimtab.risk.crossings.STEP`, all else standing still. Callers
bring ``exact_arithmetic()``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Final

from trimtab.domain.errors import PlanningError
from trimtab.domain.exact import ONE, ZERO, ratio
from trimtab.domain.exposure import exposure
from trimtab.domain.instruments import Asset
from trimtab.domain.plan import Drift
from trimtab.domain.policy import Policy
from trimtab.domain.snapshot import Snapshot
from trimtab.risk.case import Case
from trimtab.risk.certificate import Flip, Lever, Maker, turning_point
from trimtab.risk.crossings import FALL_STEPS, RISE_STEPS, STEP
from trimtab.risk.levers import with_target
from trimtab.risk.moved import moved_snapshot

TARGET_STEP: Final = Decimal("0.0001")
"""One step of a target weight: a basis point of the whole."""
_FARTHEST: Final[Mapping[int, int]] = {1: RISE_STEPS, -1: -FALL_STEPS - 1}
"""By sign; a price stays above zero."""


def idle_flips(case: Case, make: Maker) -> Iterator[Flip]:
    """Yield the nearest fall of a price, the nearest rise, and the nearest target that act."""
    for sign in (-1, 1):
        flip = _price_flip(case, make, sign=sign)
        if flip is not None:
            yield flip
    flip = _target_flip(case, make)
    if flip is not None:
        yield flip


def _acts(make: Maker, snapshot: Snapshot, policy: Policy) -> bool:
    """Whether planning again gives legs."""
    try:
        return bool(make(snapshot, policy).legs)
    except PlanningError:
        return False


# Prices


def _price_flip(case: Case, make: Maker, *, sign: int) -> Flip | None:
    """Return the smallest move towards *sign* of one price that acts, as a fraction of it."""
    guesses = [
        (guess, d.asset)
        for d in case.plan.drift
        if d.asset != case.plan.quote
        and (guess := _steps_to_an_edge(d, case.plan.drift, sign=sign)) is not None
    ]
    best: tuple[int, Asset] | None = None
    for guess, asset in sorted(guesses):
        farthest = _FARTHEST[sign] if best is None else best[0] - 1
        if guess > farthest:
            break
        count = turning_point(
            _on_price(case, make, asset, sign=sign), guess=guess, farthest=farthest
        )
        if count is not None:
            best = (count, asset)
    if best is None:
        return None
    count, asset = best
    mid = exposure(case.snapshot).mid(asset)
    step = mid * STEP
    return Flip(
        lever=Lever.MID, name=asset, present=mid, value=mid + sign * count * step, step=step
    )


def _on_price(case: Case, make: Maker, asset: Asset, *, sign: int) -> Callable[[int], bool]:
    """Return whether a plan acts when the price of *asset* moves by a count of steps."""

    def turns(count: int) -> bool:
        factors = {asset: ONE + sign * count * STEP}
        return _acts(make, moved_snapshot(case.snapshot, factors), case.policy)

    return turns


def _steps_to_an_edge(drift: Drift, every: tuple[Drift, ...], *, sign: int) -> int | None:
    """Return after how many steps of its price an asset takes some weight past an edge.

    At k times the price, with w its weight, the whole is 1 + (k - 1) w times itself: its own weight
    meets an edge e at k = e (1 - w) / (w (1 - e)), another weight v at 1 + (v / e - 1) / w.
    """
    own = drift.drift + drift.target
    if not 0 < own < 1:
        return None
    moves: list[Decimal] = []
    for other in every:
        weight = other.drift + other.target
        for edge in (other.band_low, other.band_high):
            if other is drift and 0 < edge < 1:
                moves.append(ratio(edge * (1 - own), own * (1 - edge)) - 1)
            elif other is not drift and edge > 0:
                moves.append(ratio(ratio(weight, edge) - 1, own))
    steps = [int(move * sign // STEP) + 1 for move in moves if move * sign > 0]
    return min(steps, default=None)


# Targets


def _target_flip(case: Case, make: Maker) -> Flip | None:
    """Return the smallest change of the target that is nearest to its band's edge, if it acts."""
    quote = case.plan.quote
    named = {t.asset for t in case.policy.rebalance.targets} - {quote}
    rooms = [(*_room(d), d) for d in case.plan.drift if d.asset in named]
    if not rooms:
        return None
    room, sign, drift = min(rooms, key=lambda each: (each[0], each[2].asset))
    present = drift.strategic_target

    def turns(count: int) -> bool:
        weight = present + sign * count * TARGET_STEP
        policy = with_target(case.policy, drift.asset, weight, quote=quote)
        return policy is not None and _acts(make, case.snapshot, policy)

    end = present if sign < 0 else ONE - present
    count = turning_point(
        turns, guess=int(room // TARGET_STEP) + 1, farthest=int(end // TARGET_STEP)
    )
    if count is None:
        return None
    return Flip(
        lever=Lever.TARGET,
        name=drift.asset,
        present=present,
        value=present + sign * count * TARGET_STEP,
        step=TARGET_STEP,
    )


def _room(drift: Drift) -> tuple[Decimal, int]:
    """Return how far a weight is inside its band, >= 0, and which way its target must go."""
    weight = drift.drift + drift.target
    above, below = drift.band_high - weight, weight - drift.band_low
    return (max(ZERO, above), -1) if above <= below else (max(ZERO, below), 1)
