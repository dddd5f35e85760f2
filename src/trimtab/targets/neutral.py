"""The neutral yield sleeve in the targets: an overlay of coins, and their short as a sleeve.

Pure and exact. Strategically the quote holds its weight; while a member pays, its part is coins
instead, and a sleeve is short as many. Source: strategy definitions 1.11.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from trimtab.domain.exact import ONE, ZERO, exact_arithmetic, plain, ratio
from trimtab.domain.instruments import Asset
from trimtab.domain.neutral import NEUTRAL, NeutralPolicy
from trimtab.domain.overlays import Overlay, OverlayKind
from trimtab.domain.sleeves import Direction, Sleeve, SleeveScale
from trimtab.targets.effective import Targets, overlaid


def beside_neutral(
    weights: Mapping[Asset, Decimal], neutral: NeutralPolicy | None, quote: Asset
) -> Mapping[Asset, Decimal]:
    """Return *weights* with the members at 0, and what the quote holds for them."""
    if neutral is None:
        return weights
    members = dict.fromkeys(neutral.members, ZERO)
    with exact_arithmetic():
        return {**weights, **members, quote: weights.get(quote, ZERO) + neutral.weight}


def with_neutral(targets: Targets, neutral: NeutralPolicy | None, *, quote: Asset) -> Targets:
    """Return *targets* with the members that are to be held, and the sleeve that is short.

    Raises:
        PlanningError: the quote does not hold their weight.

    """
    if neutral is None:
        return targets
    held = {a: w for a, w in neutral.weights.items() if a in neutral.entered}
    overlays = (_overlay(held, neutral, quote=quote),) if held else ()
    found = overlaid(targets, overlays)
    sleeve = _sleeve(held, neutral)
    return replace(
        found, sleeves=(*found.sleeves, sleeve), readings=found.readings + neutral.readings
    )


def _overlay(held: Mapping[Asset, Decimal], neutral: NeutralPolicy, *, quote: Asset) -> Overlay:
    """Return the shift from the quote to the coins."""
    income = "basis" if neutral.dated else "funding"
    with exact_arithmetic():
        total = sum(held.values(), ZERO)
        least = plain(neutral.exit_carry * 100)
    return Overlay(
        overlay_id=NEUTRAL,
        kind=OverlayKind.NEUTRAL,
        reason=f"{', '.join(held)} held with an equal short, for its {income}",
        until=f"{income} below {least} % a year",
        shift={**held, quote: -total},
    )


def _sleeve(held: Mapping[Asset, Decimal], neutral: NeutralPolicy) -> Sleeve:
    """Return the short of all members; those that are not held are to have none."""
    with exact_arithmetic():
        size = sum(held.values(), ZERO)
        band = size * neutral.band
    every = Decimal(len(neutral.members))
    shares = {
        a: ratio(held.get(a, ZERO), size) if size else ratio(ONE, every) for a in neutral.members
    }
    return Sleeve(
        name=NEUTRAL,
        scale=SleeveScale.NEUTRAL,
        size=size,
        direction=Direction.SHORT,
        members=shares,
        band=band,
        contracts=neutral.shorts,
    )
