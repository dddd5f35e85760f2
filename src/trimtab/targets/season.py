"""Season: target weights multiplied by month, or another hedge ratio for a month.

Pure and exact. w_i ∝ t_i · m_i(month) over the risky assets, stables keep their share; or over
all. Source: strategy definitions 1.7.
"""

from __future__ import annotations

from decimal import Decimal

from trimtab.domain.errors import PlanningError
from trimtab.domain.exact import ONE, ZERO, exact_arithmetic, plain
from trimtab.domain.instruments import Asset
from trimtab.domain.occasion import Occasion
from trimtab.domain.overlay_policy import MONTHS, Renormalise, SeasonPolicy
from trimtab.domain.overlays import Overlay, OverlayKind
from trimtab.domain.references import DOLLAR_STABLES
from trimtab.targets.effective import Targets
from trimtab.targets.groups import split


def month_of(occasion: Occasion) -> str:
    """Return the month of *occasion* as it is written."""
    return MONTHS[(occasion.now + occasion.ahead_of_utc).month - 1]


def season_ratio(season: SeasonPolicy | None, occasion: Occasion) -> Decimal | None:
    """Return the hedge ratio of the month, None where the usual one holds."""
    return None if season is None else season.hedge_ratios.get(month_of(occasion))


def season_overlay(
    season: SeasonPolicy, targets: Targets, occasion: Occasion, *, quote: Asset
) -> Overlay | None:
    """Return what the month does to *targets*, or None where it does nothing.

    Raises:
        PlanningError: the month leaves no risky asset a weight.

    """
    month = month_of(occasion)
    factors = season.multipliers.get(month, {})
    ratio = season.hedge_ratios.get(month)
    if not factors and ratio is None:
        return None
    told = [f"{asset} x {plain(factor)}" for asset, factor in factors.items()]
    told += [] if ratio is None else [f"hedge ratio {plain(ratio)}"]
    return Overlay(
        overlay_id="season",
        kind=OverlayKind.SEASON,
        reason=f"{month}: {', '.join(told)}",
        until=f"the end of {month}",
        shift=_shift(season, targets, month, quote=quote) if factors else {},
    )


def _shift(
    season: SeasonPolicy, targets: Targets, month: str, *, quote: Asset
) -> dict[Asset, Decimal]:
    """Return by how much each weight moves; all together by nothing."""
    factors, weights = season.multipliers[month], targets.effective
    kept = () if season.renormalise is Renormalise.ALL else (quote, *DOLLAR_STABLES)
    moved = {asset: weight for asset, weight in weights.items() if asset not in kept}
    with exact_arithmetic():
        shares = {a: weight * factors.get(a, ONE) for a, weight in moved.items()}
        whole = sum(moved.values(), ZERO)
        if whole and not any(shares.values()):
            raise PlanningError(
                f"season: {month} leaves every weight at 0; raise a multiplier",
                next_step="trimtab config show",
            )
        parts = split(whole, shares) if whole else moved
        return {a: parts[a] - moved[a] for a in moved if parts[a] != moved[a]}
