"""An approved plan on its way: what its rest is held against, and what of it counts as sent."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.orders import OrderRecord
from trimtab.domain.plan import Plan
from trimtab.domain.policy import Policy
from trimtab.domain.snapshot import Snapshot
from trimtab.risk.case import Unmeasured
from trimtab.risk.context import GateContext, net_bounds
from trimtab.risk.review import review_of
from trimtab.risk.unplanned import Out, unplanned
from trimtab.workflow.past import Paid, notional_of

_NOTHING_OUT = Out(orders=(), transfers=(), stops=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """An approved plan on its way: what its rest is held against."""

    plan_digest: str
    """The plan that was approved, and that its orders are booked under."""
    net_bounds: Mapping[Asset, Decimal]
    """Largest |net units| before and at the end of the whole plan, base units, >= 0."""
    paid: Paid
    """What had moved the futures wallets before the first order."""
    reductions: frozenset[int]
    """Lines of the plan that provably reduce: no cap counts them before they are sent, nor after.

    Else a plan that its caps let through would be held up by them once its sells have filled.
    """


def passage_of(
    plan: Plan, opening: Snapshot, policy: Policy, *, paid: Paid, now: datetime
) -> Passage:
    """Return the way of *plan* from *opening*, the account before its first order."""
    return Passage(
        plan_digest=plan.digest,
        net_bounds=net_bounds(plan, opening),
        paid=paid,
        reductions=_reductions(plan, opening, policy, now),
    )


def _reductions(plan: Plan, opening: Snapshot, policy: Policy, now: datetime) -> frozenset[int]:
    """Return the lines of *plan* that provably reduce; none where that cannot be measured."""
    case = unplanned(opening, policy, out=_NOTHING_OUT, now=now)
    standing = review_of(dataclasses.replace(case, plan=plan)).found
    if isinstance(standing, Unmeasured):
        return frozenset()
    raised = standing.raising.any
    return frozenset(leg.line for index, leg in enumerate(plan.legs) if index not in raised)


def with_sent(context: GateContext, passage: Passage, sent: Sequence[OrderRecord]) -> GateContext:
    """Return *context* with what the plan under way has *sent*, its reductions left out."""
    reduced = [r for r in sent if r.intent.line in passage.reductions]
    counted = [r for r in sent if r.intent.line not in passage.reductions]
    real = [r for r in reduced if not r.simulated]  # The day counts no other.
    return dataclasses.replace(
        context,
        run_notional=notional_of(counted),
        run_orders=len(sent),
        day_notional=_less(context.day_notional, off=notional_of(real)),
        net_bounds=passage.net_bounds,
    )


def _less(
    used: Mapping[Symbol, Decimal], *, off: Mapping[Symbol, Decimal]
) -> Mapping[Symbol, Decimal]:
    """Return *used* without what is *off*, quote units by symbol, never below zero."""
    with exact_arithmetic():
        return {symbol: max(ZERO, n - off.get(symbol, ZERO)) for symbol, n in used.items()}
