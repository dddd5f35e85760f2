"""Basket: members of a group that have a contract hedge for those that have none.

Pure and exact. What a member without a contract should move goes pro rata to those with one, and
so does what one at rest should be short, since no hedge is opened or grown there. A short is capped
by what its own holding may be hedged to. What none can carry is reported. Source: strategy
definitions 3.5.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.exposure import Exposure
from trimtab.domain.hedge_policy import HedgePolicy
from trimtab.domain.instruments import Asset
from trimtab.domain.plan import Untraded, UntradedReason
from trimtab.domain.policy import AssetGroup
from trimtab.planning.decision import Correction
from trimtab.targets.groups import split

UNBOUNDED: Final = Decimal("Infinity")
"""Room of a buy: contracts bought are bounded by the gate, not by a holding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """Corrections after every basket has been shared out."""

    corrections: tuple[Correction, ...]
    """In their order; members that carry nothing have none."""
    untraded: tuple[Untraded, ...]
    """What no member could carry, by the member that it was for."""


def carried(
    corrections: tuple[Correction, ...],
    groups: tuple[AssetGroup, ...],
    *,
    exposed: Exposure,
    hedge: HedgePolicy,
    resting: AbstractSet[Asset],
) -> Carried:
    """Return *corrections* with those of baskets given to members that have a contract.

    On those *resting* no hedge is opened or grown.
    """
    found = {c.asset: c for c in corrections}
    left = list[Untraded]()
    for group in groups:
        mine = {asset: found[asset] for asset in group.assets if asset in found}
        opened = {a for a, c in mine.items() if c.value > 0 or a not in resting}
        carriers = opened & exposed.contracted
        if group.basket and mine.keys() - carriers:
            rest = _carry(mine, found, carriers, exposed=exposed, hedge=hedge)
            left += _reported(mine, rest, carriers)
    kept = (found[c.asset] for c in corrections if c.asset in found)
    return Carried(corrections=tuple(c for c in kept if c.value), untraded=tuple(left))


def _carry(
    mine: Mapping[Asset, Correction],
    found: dict[Asset, Correction],
    carriers: AbstractSet[Asset],
    *,
    exposed: Exposure,
    hedge: HedgePolicy,
) -> Decimal:
    """Share out one basket in *found*; return the value, signed, that nobody could carry."""
    with exact_arithmetic():
        bare = [asset for asset in mine if asset not in carriers]
        rest = sum((mine[asset].value for asset in bare), ZERO)
        sign = 1 if rest > 0 else -1
        for asset in bare:
            del found[asset]
        room = {
            asset: _room(asset, own.value, exposed=exposed, hedge=hedge)
            for asset, own in mine.items()
            if asset in carriers and own.value * sign > 0
        }
        able = {asset: abs(mine[asset].value) for asset, left in room.items() if left > 0}
        while rest and able:
            parts = split(abs(rest), able)
            for asset, part in parts.items():
                taken = min(part, room[asset])
                room[asset] -= taken
                rest -= sign * taken
                moved = found[asset].value + sign * taken
                found[asset] = replace(found[asset], value=moved)
            able = {asset: share for asset, share in able.items() if room[asset] > 0}
        return rest


def _room(asset: Asset, value: Decimal, *, exposed: Exposure, hedge: HedgePolicy) -> Decimal:
    """Return how much more of the same direction a member's contract may carry, quote units."""
    if value > 0:
        return UNBOUNDED
    short = max(ZERO, -exposed.futures.get(asset, ZERO)) * exposed.mid(asset)
    return max(ZERO, hedge.max_ratio * exposed.value(asset) - short + value)


def _reported(
    mine: Mapping[Asset, Correction], rest: Decimal, carriers: AbstractSet[Asset]
) -> Iterator[Untraded]:
    """Yield what stays, spread over the members that it was for."""
    bare = {a: abs(c.value) for a, c in mine.items() if a not in carriers}
    if not rest:
        return
    reason = UntradedReason.MAX_RATIO if carriers else UntradedReason.NO_CONTRACT
    for asset, part in split(abs(rest), bare).items():
        yield Untraded(asset=asset, reason=reason, value=part)
