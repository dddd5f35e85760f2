"""Review: where the portfolio stands and how its assets move, without any trade.

Pure. What the monthly look at an account is made of: drift, correlations, how many independent
bets it is, volatilities, and whether a fallen coin would be bought. Source: strategy definitions
2.1 and 4.6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from trimtab.domain.errors import HistoryError, NoHistory, PlanningError
from trimtab.domain.exact import ZERO, ratio
from trimtab.domain.exposure import Exposure
from trimtab.domain.history import History, HistoryNeed, Window, read_history
from trimtab.domain.history_policy import risky_of
from trimtab.domain.instruments import Asset
from trimtab.domain.occasion import Occasion
from trimtab.domain.plan import Drift, GroupDrift
from trimtab.domain.policy import Policy
from trimtab.domain.readings import Reading
from trimtab.domain.redeploy import DipRule
from trimtab.estimators.indicators import strengths
from trimtab.estimators.portfolio import Following, Togetherness, following, togetherness
from trimtab.planning.parted import Parted
from trimtab.planning.stance import stance_of
from trimtab.targets.by_hand import Aim
from trimtab.triggers.dip import Dip, dip

STRENGTH_DAYS: Final = 14
"""Period of the strength index, at most."""
DIP: Final = DipRule(
    every=False,
    ema_days=50,
    high_days=90,
    fall_low=Decimal("0.15"),
    fall_high=Decimal("0.20"),
    support_within=ZERO,
    supports=MappingProxyType({}),
)
"""The usual signs of a dip, each shown by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetReview:
    """One asset's own figures."""

    asset: Asset
    volatility: Decimal
    """Annual, a ratio, >= 0."""
    strength: Decimal
    """Wilder's index, 0 to 100."""
    following: Following
    """How it follows the first coin of the review."""
    dip: Dip | None
    """Whether it has fallen to where it may be bought; None where its past is too short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """What the assets' risks come to under some weights."""

    volatility: Decimal
    """Annual, a ratio, >= 0."""
    bets: Decimal
    """Effective number of independent bets, >= 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One account, looked at over some days."""

    quote: Asset
    nav: Decimal
    """Quote units, signed."""
    until: date
    """The last closed day."""
    days: int
    """Closes that were looked at."""
    drifts: tuple[Drift, ...]
    """In target order; empty when they could not be measured."""
    groups: tuple[GroupDrift, ...]
    readings: tuple[Reading, ...]
    unmeasured: str
    """Why there are no drifts; empty when there are."""
    assets: tuple[AssetReview, ...]
    """Coins with a whole past, in target order, then by name."""
    correlations: Mapping[Asset, Mapping[Asset, Decimal]]
    """By pairs of them, -1 to 1."""
    shrinkage: Decimal
    """How much of the correlations was taken for chance, 0 to 1."""
    now: Risk
    """With what is held, hedges counted."""
    at_target: Risk | None
    """With the effective targets; None when they could not be told."""
    left_out: Mapping[Asset, str]
    """Coins that could not be looked at, and why."""


def review_need(policy: Policy, exposed: Exposure) -> HistoryNeed:
    """Return what has to be read for a review."""
    assets = _risky(policy, exposed)
    days = max(policy.history.review_days, DIP.days)
    return policy.past_needed.joined(HistoryNeed(assets=assets, days=days))


def review_of(
    policy: Policy,
    account: Parted,
    occasion: Occasion,
    aims: Sequence[Aim],
) -> Review:
    """Return the review of an account, whose targets see it by itself.

    Raises:
        NoHistory: not one coin has a past to look at.

    """
    history, days = read_history(occasion.history, for_what="a review"), policy.history.review_days
    whole, left_out = _whole(_risky(policy, account.exposed), history, days=days)
    if not whole:
        told = "; ".join(left_out.values()) or "there are no coins"
        raise NoHistory(f"nothing can be reviewed: {told}", next_step="trimtab status")
    window, exposed = history.window(whole, days=days), account.exposed
    found = togetherness(window)
    nav = exposed.nav(exposed.unpriced)
    held = {a: ratio(exposed.net(a), nav) if nav > ZERO else ZERO for a in whole}
    try:
        stance = stance_of(policy, account.own_snapshot, account.own, occasion, aims)
    except PlanningError as fault:
        stance, unmeasured = None, str(fault)
    else:
        unmeasured = ""
    aimed = {} if stance is None else stance.targets.effective
    return Review(
        quote=exposed.quote,
        nav=nav,
        until=history.until,
        days=days,
        drifts=() if stance is None else stance.found.drifts,
        groups=() if stance is None else stance.found.groups,
        readings=() if stance is None else stance.readings,
        unmeasured=unmeasured,
        assets=tuple(_asset(a, window, found, history=history) for a in whole),
        correlations=found.correlations,
        shrinkage=found.shrinkage,
        now=_risk(found, held),
        at_target=_risk(found, {a: aimed.get(a, ZERO) for a in whole}) if aimed else None,
        left_out=left_out,
    )


def _risky(policy: Policy, exposed: Exposure) -> tuple[Asset, ...]:
    """Return the coins of an account: those with a target, then others that are held, by name."""
    held = [a for a in exposed.assets if a in exposed.mids and exposed.net(a)]
    named = dict.fromkeys([*policy.rebalance.assets, *held])
    return tuple(a for a in risky_of(tuple(named)) if a != exposed.quote)


def _whole(
    assets: Sequence[Asset], history: History, *, days: int
) -> tuple[tuple[Asset, ...], Mapping[Asset, str]]:
    """Return those with a whole past in which they moved, and why the others are left out."""
    whole, left_out = [], {}
    for asset in assets:
        try:
            closes = history.window([asset], days=days).closes[asset]
        except HistoryError as fault:
            left_out[asset] = str(fault)
            continue
        if len(set(closes)) > 1:
            whole.append(asset)
        else:
            left_out[asset] = f"{asset}: did not move in {days} days"
    return tuple(whole), left_out


def _asset(asset: Asset, window: Window, found: Togetherness, *, history: History) -> AssetReview:
    """Return one asset's own figures."""
    period = min(STRENGTH_DAYS, window.days - 1)
    try:
        fallen = dip(asset, history, DIP)
    except HistoryError:
        fallen = None  # It is younger than the rule looks back.
    return AssetReview(
        asset=asset,
        volatility=found.volatilities[asset],
        strength=strengths(window.closes[asset], period)[-1],
        following=following(window, asset, leader=next(iter(window.closes))),
        dip=fallen,
    )


def _risk(found: Togetherness, weights: Mapping[Asset, Decimal]) -> Risk:
    """Return what the risks come to under *weights*."""
    return Risk(volatility=found.volatility(weights), bets=found.bets(weights))
