"""Rotation: other weights for a time, reached by futures and left by closing them.

Pure and exact. When the box has ended the overlay is gone, and the next plan offsets the
futures first. Source: strategy definitions 1.8.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.exposure import Exposure
from trimtab.domain.instruments import Asset
from trimtab.domain.occasion import Occasion
from trimtab.domain.overlay_policy import RotationPolicy
from trimtab.domain.overlays import Overlay, OverlayKind
from trimtab.domain.policy import RebalancePolicy
from trimtab.targets.effective import Targets
from trimtab.targets.groups import shares_of, split


def rotation_overlay(
    rotation: RotationPolicy,
    targets: Targets,
    occasion: Occasion,
    *,
    rules: RebalancePolicy,
    exposed: Exposure,
) -> Overlay | None:
    """Return what the rotation does to *targets*, or None outside its box."""
    if not rotation.is_on(occasion.now):
        return None
    wanted, quote = _wanted(rotation, targets, rules, exposed), exposed.quote
    with exact_arithmetic():
        shift = {a: w - targets.effective[a] for a, w in wanted.items() if a != quote}
        # Written weights may miss 1 by a billionth; the quote takes what the others give.
        shift[quote] = -sum(shift.values(), ZERO)
    ends = rotation.ends_at
    return Overlay(
        overlay_id="rotation",
        kind=OverlayKind.ROTATION,
        reason="rotated by futures",
        until="by hand" if ends is None else f"{ends:%Y-%m-%d %H:%M} UTC",
        shift={asset: by for asset, by in shift.items() if by},
    )


def _wanted(
    rotation: RotationPolicy, targets: Targets, rules: RebalancePolicy, exposed: Exposure
) -> Mapping[Asset, Decimal]:
    """Return the weight of every targeted asset in the box.

    Inside a group as its own targets are split; a group without weight has none to go by.
    """
    if not rotation.groups:
        return rotation.targets
    wanted: dict[Asset, Decimal] = {}
    for group in rules.groups:
        present = {asset: targets.strategic[asset] for asset in group.assets}
        shares = present if any(present.values()) else shares_of(group, exposed, rules.basis)
        wanted |= split(rotation.groups[group.name], shares)
    return wanted
