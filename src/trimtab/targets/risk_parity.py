"""Risk parity: weights whose shares in the portfolio's risk are equal.

Pure. Weights are exact and sum to 1; the covariance and the search for them are estimates. What
is returned is certified: with the rounded weights no share differs from the mean by more than
1e-8 of it. Source: strategy definitions 1.5.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from trimtab.domain.errors import ShortHistory, SingularCovariance
from trimtab.domain.exact import ONE, ZERO, exact_arithmetic, plain, ratio, rounded
from trimtab.domain.history import History, Window, read_history
from trimtab.domain.history_policy import RiskParityPolicy, parity_of
from trimtab.domain.instruments import Asset
from trimtab.domain.policy import AssetGroup, Inner
from trimtab.domain.readings import Reading
from trimtab.estimators.covariance import portfolio_variance, sample_covariance, shrunk_covariance
from trimtab.estimators.parity import can_be_told_apart, equal_risk, share_deviation
from trimtab.estimators.portfolio import annual_volatility
from trimtab.estimators.series import column, columns, exact, simple_returns
from trimtab.targets.above_one import RULE, ParityTargets

DEVIATION_MAX: Final = Decimal("1e-8")
"""Relative deviation of a share in the risk at which weights are still called equal."""
WEIGHT_PLACES: Final = 15
_SCALE_STEP: Final = Decimal("0.000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskParity:
    """Weights, and what they rest on."""

    weights: Mapping[Asset, Decimal]
    """In the window's order, > 0; they sum to exactly 1."""
    deviation: Decimal
    """Largest relative deviation of a share in the risk, 0 to 1e-8."""
    shrinkage: Decimal
    """How much of the correlations was taken for chance, 0 to 1."""
    volatility: Decimal
    """Of the weights, annual, by the same covariance, > 0."""


def risk_parity(window: Window) -> RiskParity:
    """Return the weights of the window's assets whose shares in the risk are equal.

    Raises:
        SingularCovariance: an asset did not move, or some moved as one.
        ShortHistory: there are more assets than days to tell them apart.

    """
    for asset, closes in window.closes.items():
        if len(set(closes)) == 1:
            raise SingularCovariance(
                f"{asset}: did not move in {window.days} days, so it has no risk to share"
            )
    returns = simple_returns(columns(tuple(window.closes.values())))
    if len(returns) <= len(window.closes):
        raise ShortHistory(
            f"{window.days} days say too little of {len(window.closes)} assets;"
            f" at least {len(window.closes) + 2} are needed"
        )
    # As they moved, before anything is shrunk: shrinkage gives every matrix an inverse.
    if not can_be_told_apart(sample_covariance(returns)):
        names = ", ".join(window.closes)
        raise SingularCovariance(
            f"{names}: moved as one for {window.days} days, so their risks cannot be told apart"
        )
    estimate = shrunk_covariance(returns)
    found = equal_risk(estimate.matrix)
    weights = _exact_weights(window, tuple(exact(w, WEIGHT_PLACES) for w in found))
    held = column(tuple(weights.values()))
    deviation = exact(share_deviation(estimate.matrix, weights=held), WEIGHT_PLACES)
    if deviation > DEVIATION_MAX:
        raise SingularCovariance(
            f"shares in the risk differ by {plain(deviation)} of their mean, and may by "
            f"{plain(DEVIATION_MAX)}: the covariance of {window.days} days is too lopsided"
        )
    variance = portfolio_variance(estimate.matrix, weights=held)
    return RiskParity(
        weights=weights,
        deviation=deviation,
        shrinkage=exact(estimate.intensity, 6),
        volatility=annual_volatility(variance),
    )


def _exact_weights(window: Window, found: tuple[Decimal, ...]) -> Mapping[Asset, Decimal]:
    """Return weights that sum to exactly 1; the largest takes what rounding left."""
    weights = dict(zip(window.closes, found, strict=True))
    largest = max(weights, key=lambda asset: weights[asset])
    with exact_arithmetic():
        weights[largest] += ONE - sum(found, ZERO)
    return weights


def parity_targets(
    policy: RiskParityPolicy, history: History | None, *, quote: Asset
) -> ParityTargets:
    """Return the targets of coins that share their risk.

    Raises:
        HistoryError: the closes are not there, or not to be decided from.

    """
    told = read_history(history, for_what=RULE)
    found = risk_parity(told.window(policy.assets, days=policy.look_back_days))
    scale = _scale(policy, found)
    with exact_arithmetic():
        whole = ONE - policy.stable
        share = whole * min(scale, ONE)
        weights = {a: w * share for a, w in found.weights.items()}
        rest = ONE - sum(weights.values(), ZERO)
        extra = whole * max(ZERO, scale - ONE)
    return ParityTargets(
        weights={**weights, quote: rest},
        shares=found.weights,
        extra=extra,
        readings=_readings(policy, found, scale),
    )


def group_risks(
    groups: Iterable[AssetGroup], history: History | None, *, quote: Asset
) -> tuple[Mapping[str, Mapping[Asset, Decimal]], tuple[Reading, ...]]:
    """Return the shares of the members of groups that share their risk, and what they rest on.

    Raises:
        HistoryError: the closes are not there, or not to be decided from.

    """
    shares: dict[str, Mapping[Asset, Decimal]] = {}
    readings = list[Reading]()
    for group in groups:
        if group.inner is Inner.RISK_PARITY:
            policy = parity_of(group.assets, look_back_days=group.look_back_days)
            found = parity_targets(policy, history, quote=quote)
            shares[group.name] = {asset: found.weights[asset] for asset in group.assets}
            rule = f"portfolio.groups.{group.name}"
            readings += [replace(each, rule=rule, subject=group.name) for each in found.readings]
    return shares, tuple(readings)


def _scale(policy: RiskParityPolicy, found: RiskParity) -> Decimal:
    """Return what the risky part is multiplied by, > 0, at most what the policy allows."""
    if not policy.volatility:
        return ONE
    wanted = rounded(ratio(policy.volatility, found.volatility), _SCALE_STEP, up=False)
    return min(wanted, policy.max_scale)


def _readings(policy: RiskParityPolicy, found: RiskParity, scale: Decimal) -> tuple[Reading, ...]:
    """Return what the weights rest on."""
    days = policy.look_back_days
    with exact_arithmetic():
        by_futures = f", {plain(scale - ONE)} of it by futures" if scale > ONE else ""
    return (
        Reading(
            rule=RULE,
            subject="portfolio",
            name="volatility",
            measured=found.volatility,
            limit=policy.volatility or None,
            holds=scale != ONE,
            text=f"a year, over {days} days; risky assets × {plain(scale)}{by_futures}",
        ),
        Reading(
            rule=RULE,
            subject="portfolio",
            name="share_deviation",
            measured=found.deviation,
            limit=DEVIATION_MAX,
            holds=True,
            text="of the largest share in the risk from the mean; weights are certified",
        ),
        Reading(
            rule=RULE,
            subject="portfolio",
            name="shrinkage",
            measured=found.shrinkage,
            limit=None,
            holds=True,
            text=f"of the correlations of {days} days, taken for chance",
        ),
    )
