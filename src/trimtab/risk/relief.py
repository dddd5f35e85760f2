"""What a margin rescue is relieved of, and whether a futures wallet is in danger. Pure, exact.

A rescue is a plan that a person asked for by that name. It may take off positions though net
exposure returns by it, and bring money into a futures wallet though the account only reduces. It
may do nothing else: no opening, no coin, no money out, and nothing by which the wallet has less
over what it needs, at any fill and shock. Design: docs/design/0040-margin-rescue.md.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from trimtab.domain.exact import ZERO
from trimtab.domain.firings import TriggerKind
from trimtab.domain.plan import Plan
from trimtab.domain.policy import RiskLimits
from trimtab.planning.rescue import threatened
from trimtab.risk.case import Case
from trimtab.risk.convex import Fills, MoveIndex
from trimtab.risk.pool_rules import min_liquidation_distance, min_margin_ratio, shock
from trimtab.risk.reductions import Raising
from trimtab.risk.state import AccountState


def is_rescue(plan: Plan) -> bool:
    """Whether a person asked for *plan* as a margin rescue."""
    return plan.trigger == TriggerKind.MARGIN_RESCUE


def relieved(plan: Plan, state: AccountState, raised: Raising) -> frozenset[MoveIndex]:
    """Return the legs of a rescue that only take a position off; none of any other plan."""
    if not is_rescue(plan):
        return frozenset()
    cuts = (m for m in state.moves if m.is_leg and m.instrument.is_contract and m.reduce_only)
    return frozenset(m.index for m in cuts) - raised.notional


def in_danger(case: Case, state: AccountState) -> bool:
    """Say whether a futures wallet is beyond a threshold before anything is done."""
    limits = threatened(case.policy.limits, case.policy.urgency)
    return missing(case, state, limits=limits) > ZERO


def missing(case: Case, state: AccountState, *, limits: RiskLimits) -> Decimal:
    """Return what the worst futures wallet lacks to *limits* as it stands, negative for spare.

    Settlement units; orders that are out count at their worst.
    """
    asked = replace(case, policy=replace(case.policy, limits=limits))
    now = present_of(state)
    rules = (min_margin_ratio, shock, min_liquidation_distance)
    peaks = (rule.peak(now, {}) for each in rules for rule in each(state, asked))
    return max(peaks, default=ZERO)


def present_of(state: AccountState) -> Fills:
    """Return what may be filled before the plan: orders that are out, by any share."""
    out = frozenset(m.index for m in state.moves if not m.is_leg)
    return Fills(moving=out, settled=frozenset())
