"""Hedges by hand as overlays: what a person wants short moves the targets, until it ends by hand.

Pure and exact. The asset's effective target falls by the value of its hedge and the quote's rises
by the same, so that no drift run undoes it. Units are base units, >= 0, shifts fractions of NAV.
Source: strategy definitions 0 and 4.1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.exact import ZERO, exact_arithmetic, plain, ratio
from trimtab.domain.exposure import Exposure
from trimtab.domain.hedges import HedgeBook, HedgeId, HedgeOrigin
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.overlays import Overlay, OverlayKind
from trimtab.domain.policy import Basis, Policy
from trimtab.targets.effective import Targets, overlaid


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What is to be short by hand in one contract."""

    hedge_id: HedgeId
    asset: Asset
    symbol: Symbol
    units: Decimal
    """Base units, >= 0."""


def aims_of(book: HedgeBook, exposed: Exposure) -> tuple[Aim, ...]:
    """Return every open hedge by hand as it is, at most what is really short.

    What a liquidation took moves no target: else a drift run would sell coins in its stead.
    """
    left = {asset: max(ZERO, -units) for asset, units in exposed.futures.items()}
    aims = []
    for hedge in book.open:
        if hedge.origin is not HedgeOrigin.BY_HAND:
            continue
        units = min(hedge.units, left.get(hedge.asset, ZERO))
        with exact_arithmetic():
            left[hedge.asset] = left.get(hedge.asset, ZERO) - units
        aims.append(
            Aim(hedge_id=hedge.hedge_id, asset=hedge.asset, symbol=hedge.symbol, units=units)
        )
    return tuple(aim for aim in aims if aim.units)


def hedged_targets(
    targets: Targets, aims: Sequence[Aim], exposed: Exposure, *, policy: Policy
) -> Targets:
    """Return *targets* with what is short by hand laid over them.

    Weights of holdings (``basis = "spot"``) do not move with a hedge, and an asset without a
    target has none to move.
    """
    if policy.rebalance.basis is Basis.SPOT:
        return targets
    whole = exposed.nav(targets.ignored)
    left = dict(targets.effective)
    overlays = []
    for aim in aims:
        if aim.asset not in left or whole <= 0:
            continue
        with exact_arithmetic():
            shift = min(left[aim.asset], ratio(aim.units * exposed.mid(aim.asset), whole))
            left[aim.asset] -= shift
        overlays.append(_overlay(aim, shift, quote=exposed.quote))
    return overlaid(targets, overlays)


def _overlay(aim: Aim, shift: Decimal, *, quote: Asset) -> Overlay:
    """Return the overlay of one hedge."""
    return Overlay(
        overlay_id=aim.hedge_id,
        kind=OverlayKind.HEDGE,
        reason=f"{plain(aim.units)} {aim.asset} short by hand",
        until="by hand",
        shift={aim.asset: -shift, quote: shift},
    )


def shifts_by_hand(targets: Targets) -> Mapping[Asset, Decimal]:
    """Return by how much hedges by hand move each target, fractions, signed."""
    by_hand = (o for o in targets.overlays if o.kind is OverlayKind.HEDGE)
    shifts = [each for overlay in by_hand for each in overlay.shift.items()]
    moved: dict[Asset, Decimal] = {}
    with exact_arithmetic():
        for asset, shift in shifts:
            moved[asset] = moved.get(asset, ZERO) + shift
    return moved


def values_of(aims: Sequence[Aim], exposed: Exposure) -> Mapping[Asset, Decimal]:
    """Return the value of what is short by hand, by asset, quote units, >= 0."""
    values: dict[Asset, Decimal] = {}
    with exact_arithmetic():
        for aim in aims:
            value = aim.units * exposed.mid(aim.asset)
            values[aim.asset] = values.get(aim.asset, ZERO) + value
    return values


def beyond_targets(
    aims: Sequence[Aim], targets: Targets, exposed: Exposure
) -> Mapping[Asset, Decimal]:
    """Return what is short by hand beyond the target that it moved to 0, fractions of NAV, > 0.

    It covers overweight, which is then neither accepted nor hedged once more.
    """
    shifts, whole = shifts_by_hand(targets), exposed.nav(targets.ignored)
    beyond: dict[Asset, Decimal] = {}
    for asset, value in values_of(aims, exposed).items():
        with exact_arithmetic():
            beyond[asset] = ratio(value, whole) + shifts.get(asset, ZERO)
    return {asset: part for asset, part in beyond.items() if asset in shifts and part > 0}
