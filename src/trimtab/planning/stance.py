"""Where an account stands to its targets: for planning, and for whoever only looks.

Pure. Puts targets, bands and distances together on one occasion, so that nobody measures by other
bands than the plan does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from trimtab.domain.exact import ratio
from trimtab.domain.exposure import Exposure
from trimtab.domain.history import History
from trimtab.domain.history_policy import risky_of
from trimtab.domain.instruments import Asset
from trimtab.domain.occasion import Occasion
from trimtab.domain.plan import Chance, Drift
from trimtab.domain.policy import Policy
from trimtab.domain.readings import Reading
from trimtab.domain.snapshot import Snapshot
from trimtab.hedging.closing import resting
from trimtab.hedging.discounts import Discount
from trimtab.planning.accepted import Hedging
from trimtab.planning.basis import shut_of, shut_readings
from trimtab.planning.betas import Betas, betas_of
from trimtab.planning.contracts import Contracts
from trimtab.planning.drift import Measurement, measure
from trimtab.targets.by_hand import Aim, beyond_targets, hedged_targets
from trimtab.targets.effective import Targets
from trimtab.targets.portfolio import rules_of, targets_of
from trimtab.triggers.adaptive import adapted

CHANCE_DAYS: Final = (7, 30)
"""Within which trigger prices are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stance:
    """Targets, the rules as they hold on the occasion, and the distances."""

    targets: Targets
    rules: Policy
    """As they hold on the occasion: routes of a rotation, bands and steps by the volatility."""
    found: Measurement
    readings: tuple[Reading, ...]
    """What of the past it rests on, by rule."""
    betas: Betas
    """At which beta assets are hedged by the contracts of others."""
    shut: Mapping[Asset, Discount]
    """Assets on which no hedge is opened for the discount of its contract, and none rests."""


def stance_of(
    policy: Policy, snapshot: Snapshot, exposed: Exposure, occasion: Occasion, aims: Sequence[Aim]
) -> Stance:
    """Return how *exposed*, of *snapshot*, stands to the policy's targets, with *aims* by hand.

    Raises:
        PlanningError: it cannot be told; says what to mend.

    """
    own = targets_of(policy, exposed, occasion, aims)
    rules = rules_of(policy, own, occasion)
    targets = hedged_targets(own, aims, exposed, policy=rules)
    rebalance = rules.rebalance
    seen: tuple[Reading, ...] = ()
    if policy.history.adaptive is not None:
        weighed = [a for a, w in targets.strategic.items() if w and a != exposed.quote]
        risky = {a: targets.strategic[a] for a in risky_of(weighed)}
        rebalance, seen = adapted(rebalance, policy.history.adaptive, occasion.history, risky)
    betas = betas_of(rules.hedge.cross, occasion.history, exposed)
    rest = resting(occasion.hedges, rules.hedge, now=occasion.now)
    contracts = Contracts(snapshot=snapshot, exposed=exposed, policy=rules, occasion=occasion)
    shut = {a: d for a, d in shut_of(contracts).items() if a not in rest}
    found = measure(
        exposed,
        targets,
        policy=rebalance,
        hedging=Hedging(
            policy=rules.hedge,
            beyond=beyond_targets(aims, targets, exposed),
            resting=rest.union(betas.refused, shut),
        ),
    )
    if policy.history.chance_days and occasion.history is not None:
        days = policy.history.chance_days
        drifts = (_with_chances(d, exposed, occasion.history, days=days) for d in found.drifts)
        found = replace(found, drifts=tuple(drifts))
    return Stance(
        targets=targets,
        rules=replace(rules, rebalance=rebalance),
        found=found,
        readings=targets.readings + seen + betas.readings + shut_readings(shut, contracts),
        betas=betas,
        shut=shut,
    )


def _with_chances(drift: Drift, exposed: Exposure, history: History, *, days: int) -> Drift:
    """Return a drift with how likely its trigger prices are touched.

    Raises:
        HistoryError: the closes are not to be decided from.

    """
    if drift.trigger_low is None and drift.trigger_high is None:
        return drift
    if drift.asset not in history.closes:
        return drift  # A stable coin, or one whose past nobody lists.
    closes = history.window([drift.asset], days=days).closes[drift.asset]
    at = exposed.mid(drift.asset)
    return replace(
        drift,
        chances_low=_chances(closes, drift.trigger_low, at=at),
        chances_high=_chances(closes, drift.trigger_high, at=at),
    )


def _chances(
    closes: Sequence[Decimal], level: Decimal | None, *, at: Decimal
) -> tuple[Chance, ...]:
    """Return how likely a level is touched; nothing of none."""
    from trimtab.estimators.chances import touch_chance_of  # noqa: PLC0415 -- only who asks for it pays for numpy.

    if level is None:
        return ()
    away = ratio(level, at)
    return tuple(
        Chance(days=days, chance=touch_chance_of(closes, level_ratio=away, days=days))
        for days in CHANCE_DAYS
    )
