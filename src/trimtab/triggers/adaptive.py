"""Bands that follow the volatility: wide while prices move much, narrow while they do not.

Pure. Every width is multiplied by clamp(realised / reference, ½, 2); how far a correction goes
depends on the regime. Source: strategy definitions 1.6.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from enum import StrEnum
from typing import Final

from trimtab.domain.exact import ONE, exact_arithmetic, plain, ratio, rounded
from trimtab.domain.history import History, read_history
from trimtab.domain.history_policy import AdaptivePolicy
from trimtab.domain.instruments import Asset
from trimtab.domain.policy import RebalancePolicy, Threshold
from trimtab.domain.readings import Reading

RULE: Final = "rebalance.adaptive"
NARROWEST, WIDEST = Decimal("0.5"), Decimal(2)
CALM_BELOW, WILD_ABOVE = Decimal("0.8"), Decimal("1.25")
_STEP: Final = Decimal("0.000001")


class Regime(StrEnum):
    """How much prices move, against the reference."""

    CALM = "calm"
    USUAL = "usual"
    WILD = "wild"


def adapted(
    rebalance: RebalancePolicy,
    policy: AdaptivePolicy,
    history: History | None,
    risky: Mapping[Asset, Decimal],
) -> tuple[RebalancePolicy, tuple[Reading, ...]]:
    """Return bands and destination as the volatility of *risky* targets has them, and figures.

    Raises:
        HistoryError: the closes are not there, or not to be decided from.

    """
    from trimtab.estimators.portfolio import realised_volatility  # noqa: PLC0415 -- only who asks for it pays for numpy.

    if not risky:
        return rebalance, ()
    told = read_history(history, for_what=RULE)
    realised = realised_volatility(told.window(risky, days=policy.look_back_days), risky)
    times = rounded(ratio(realised, policy.reference), _STEP, up=False)
    factor = min(WIDEST, max(NARROWEST, times))
    regime = _regime(times)
    step = _step(policy, regime)
    with exact_arithmetic():
        fraction = rebalance.destination.fraction * step
    changed = replace(
        rebalance,
        threshold=_times(rebalance.threshold, factor),
        thresholds={a: _times(t, factor) for a, t in rebalance.thresholds.items()},
        destination=replace(
            rebalance.destination, fraction=ONE if rebalance.destination.to_band else fraction
        ),
    )
    text = f"a year, over {policy.look_back_days} days: {regime.value}"
    return changed, (
        _reading("volatility", realised, limit=policy.reference, text=text),
        _reading("band_factor", factor, limit=None, text=f"bands × {plain(factor)}"),
        _reading("step", step, limit=None, text="of the way to the target at a drift"),
    )


def _regime(times: Decimal) -> Regime:
    """Return the regime at so many times the reference."""
    if times < CALM_BELOW:
        return Regime.CALM
    return Regime.WILD if times > WILD_ABOVE else Regime.USUAL


def _step(policy: AdaptivePolicy, regime: Regime) -> Decimal:
    """Return the share of the way in a regime."""
    steps = {
        Regime.CALM: policy.calm_step,
        Regime.USUAL: policy.usual_step,
        Regime.WILD: policy.wild_step,
    }
    return steps[regime]


def _times(threshold: Threshold, factor: Decimal) -> Threshold:
    """Return a threshold with its width times *factor*."""
    with exact_arithmetic():
        return replace(threshold, width=threshold.width * factor)


def _reading(name: str, measured: Decimal, *, limit: Decimal | None, text: str) -> Reading:
    """Return one figure of the whole portfolio."""
    return Reading(
        rule=RULE,
        subject="portfolio",
        name=name,
        measured=measured,
        limit=limit,
        holds=True,
        text=text,
    )
