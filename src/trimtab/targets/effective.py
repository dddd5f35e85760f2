"""Targets: where the portfolio should be, strategically and with overlays applied.

Pure. A target weight is a fraction of the policy's basis. Source: strategy definitions 0
(effective target) and 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from trimtab.domain.errors import PlanningError
from trimtab.domain.exact import ZERO, exact_arithmetic, plain
from trimtab.domain.instruments import Asset
from trimtab.domain.overlays import Overlay, OverlayKind
from trimtab.domain.policy import AssetGroup
from trimtab.domain.readings import Reading
from trimtab.domain.sleeves import Sleeve


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """The weight that each asset should have, and what is left out of account."""

    strategic: Mapping[Asset, Decimal]
    """By asset in file order, then untargeted ones that are to be sold, at 0; the quote last
    when it is the residual. Without overlays."""
    effective: Mapping[Asset, Decimal]
    """The same assets with overlays applied: what is measured against. Sums to what the
    strategic ones do."""
    overlays: tuple[Overlay, ...]
    """What lies between the two, in the order applied."""
    strays: frozenset[Asset]
    """Those of ``strategic`` that no target names and that are to be sold."""
    ignored: frozenset[Asset]
    """Held but outside weights and NAV."""
    groups: tuple[AssetGroup, ...]
    """Those that have one band for all members, in file order."""
    readings: tuple[Reading, ...] = ()
    """What of the past they rest on."""
    sleeves: tuple[Sleeve, ...] = ()
    """What is kept in contracts beside them, in file order."""


def overlaid(targets: Targets, overlays: Iterable[Overlay]) -> Targets:
    """Return *targets* with *overlays* applied in the order of their kinds.

    Raises:
        PlanningError: an overlay moves an asset without target, or a target below 0.

    """
    ranks = list(OverlayKind)
    ordered = sorted(overlays, key=lambda overlay: ranks.index(overlay.kind))
    effective = dict(targets.effective)
    for overlay in ordered:
        for asset, shift in overlay.shift.items():
            effective[asset] = _shifted(effective, asset, shift, overlay=overlay)
    return replace(targets, effective=effective, overlays=targets.overlays + tuple(ordered))


def _shifted(
    effective: Mapping[Asset, Decimal], asset: Asset, shift: Decimal, *, overlay: Overlay
) -> Decimal:
    """Return the target of *asset* after *overlay*, which must have one and keep it >= 0."""
    if asset not in effective:
        raise PlanningError(
            f"{overlay.overlay_id}: moves {asset}, which has no target",
            next_step="trimtab config check",
        )
    with exact_arithmetic():
        weight = effective[asset] + shift
    if weight < ZERO:
        raise PlanningError(
            f"{overlay.overlay_id}: leaves {asset} a target of {plain(weight)}, below 0",
            next_step="trimtab config show",
        )
    return weight
