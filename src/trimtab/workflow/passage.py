"""An approved plan on its way: what its rest is held against, and what of it counts as sent."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.orders import OrderIntent, OrderRecord
from trimtab.domain.plan import Plan
from trimtab.domain.policy import Policy
from trimtab.domain.snapshot import Snapshot
from trimtab.risk.asset_rules import paired_assets
from trimtab.risk.case import Unmeasured
from trimtab.risk.context import Beginning, GateContext, net_bounds
from trimtab.risk.review import Review, review_of
from trimtab.risk.unplanned import Out, unplanned
from trimtab.workflow.past import Paid

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
    marks: Mapping[int, Decimal]
    """Quote per base unit by line, at which the caps let the plan through: what is sent counts
    at them too. Its limits lie beyond them, so that each order would count for more once sent."""
    begun: Beginning | None
    """What the plan began from; None where that could not be measured."""

    def mark_of(self, intent: OrderIntent) -> Decimal:
        """Return the mark that the line of an order was approved at."""
        return self.marks[intent.line]


def passage_of(
    plan: Plan, opening: Snapshot, policy: Policy, *, paid: Paid, now: datetime
) -> Passage:
    """Return the way of *plan* from *opening*, the account before its first order."""
    case = unplanned(opening, policy, out=_NOTHING_OUT, now=now)
    review = review_of(dataclasses.replace(case, plan=plan))
    return Passage(
        plan_digest=plan.digest,
        net_bounds=net_bounds(plan, opening),
        paid=paid,
        reductions=_reductions(review),
        marks={leg.line: leg.mark for leg in plan.legs},
        begun=_beginning(review),
    )


def _reductions(review: Review) -> frozenset[int]:
    """Return the lines that provably reduce; none where that cannot be measured."""
    standing = review.found
    if isinstance(standing, Unmeasured):
        return frozenset()
    raised, legs = standing.raising.any, review.case.plan.legs
    return frozenset(leg.line for index, leg in enumerate(legs) if index not in raised)


def _beginning(review: Review) -> Beginning | None:
    """Return what the plan begins from, as the gate measures it."""
    standing = review.found
    if isinstance(standing, Unmeasured):
        return None
    state = standing.state
    return Beginning(
        nav=state.nav,
        free_quote=state.free.get(state.quote, ZERO),
        pairs=paired_assets(state),
    )


def with_sent(
    context: GateContext, passage: Passage, sent: Sequence[OrderRecord], *, rest: Plan
) -> GateContext:
    """Return *context* with what the plan under way has *sent*, its reductions left out.

    *rest* is what is left of it. A hedge that is bought back is reduce-only and raises exposure: it
    counts as it did when it was planned. The day that is told has no reduce-only order yet.
    """
    left = {leg.line for leg in rest.legs}
    counted = [r for r in sent if r.intent.line not in passage.reductions]
    day = [r for r in sent if not r.simulated]  # The day counts no other.
    return dataclasses.replace(
        context,
        run_notional=_notional(counted, at=passage.mark_of),
        run_orders=len({r.intent.line for r in sent} - left),
        day_notional=_exchanged(
            context.day_notional,
            off=_notional((r for r in day if not r.intent.reduce_only), at=_limit_of),
            on=_notional((r for r in counted if not r.simulated), at=passage.mark_of),
        ),
        net_bounds=passage.net_bounds,
        begun=passage.begun,
    )


def _limit_of(intent: OrderIntent) -> Decimal:
    """Return what an order counts at in the day: its limit."""
    return intent.limit_price


def _exchanged(
    used: Mapping[Symbol, Decimal],
    *,
    off: Mapping[Symbol, Decimal],
    on: Mapping[Symbol, Decimal],
) -> Mapping[Symbol, Decimal]:
    """Return *used* with *on* in the place of what is *off*, quote units by symbol, >= 0."""
    with exact_arithmetic():
        return {
            symbol: max(ZERO, used.get(symbol, ZERO) - off.get(symbol, ZERO)) + on.get(symbol, ZERO)
            for symbol in {**used, **on}
        }


def _notional(
    sent: Iterable[OrderRecord], *, at: Callable[[OrderIntent], Decimal]
) -> Mapping[Symbol, Decimal]:
    """Return the value that a run's orders have used up.

    *at* is the price that an order counts at, quote per base unit.
    """
    used: dict[Symbol, Decimal] = {}
    with exact_arithmetic():
        for record in sent:
            intent = record.intent
            value = intent.instrument.units(record.counted_lots).copy_abs() * at(intent)
            used[intent.instrument.symbol] = used.get(intent.instrument.symbol, ZERO) + value
    return used
