"""A plan in an order that the gate passes, where the usual one is refused. Pure.

The judge of the search is made of the gate's own rules over the gate's own prefixes, so that no
second rule can disagree with it, and what is found is asked of the whole gate once more. Only
where prefixes alone refuse a plan is anything looked for. Design:
docs/design/0033-order-of-legs.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.findings import Finding, GateReport, Tag, Verdict
from trimtab.domain.plan import Plan
from trimtab.planning.order import TRIES_MAX, Judge, Lines, Order, Step, safe_order
from trimtab.risk.case import Case
from trimtab.risk.convex import Fills, MoveIndex, Peaks
from trimtab.risk.gate import findings_of
from trimtab.risk.prefixes import fills_of
from trimtab.risk.registry import CHECKS, PREFIX_CODES
from trimtab.risk.review import Standing, review_of
from trimtab.risk.rule import Rule, Settled
from trimtab.risk.state import AccountState

_NONE = frozenset[MoveIndex]()


def ordered(case: Case, report: GateReport) -> tuple[Plan, GateReport]:
    """Return the plan of *case* and its *report*, or the same amounts in an order that passes.

    Where every other order is unsafe too, the report says so.
    """
    refused = {f.check for f in report.findings if f.verdict is Verdict.REFUSE}
    if not refused or not refused <= PREFIX_CODES:
        return case.plan, report
    limits = case.limits
    order = safe_order(
        case.plan,
        judge_of(case),
        slice_max=min(limits.max_unhedged_notional, limits.max_order_notional),
    )
    if order is None:
        return case.plan, report
    if order.plan is not None:
        findings = findings_of(replace(case, plan=order.plan))
        again = replace(report, plan_digest=order.plan.digest, findings=findings)
        if again.verdict is not Verdict.REFUSE:
            return order.plan, again
    return case.plan, replace(report, findings=tuple(_told(f, order) for f in report.findings))


def in_order(case: Case) -> Plan:
    """Return the plan of *case*, in another order if only that passes."""
    report = GateReport(
        plan_digest=case.plan.digest,
        snapshot_id=case.snapshot.snapshot_id,
        findings=findings_of(case),
        reviewed_at=case.now,
    )
    return ordered(case, report)[0]


def _told(finding: Finding, order: Order) -> Finding:
    """Return a finding that tells of a search without a result."""
    if finding.verdict is not Verdict.REFUSE or finding.reason is None:
        return finding
    if order.plan is not None:
        told = "only slices would be safe, and the gate refuses those as orders of their own"
    elif order.tried_all:
        told = "no order of the lines is safe, slices of pairs included"
    else:
        told = f"none of the orders is safe that {TRIES_MAX} steps look at"
    return replace(finding, reason=f"{told}; in this one {finding.reason}")


def judge_of(case: Case) -> Judge:
    """Return what judges steps of a plan for the account of *case*, by the gate's rules."""

    def judge(plan: Plan) -> Step | None:
        """Return the judge of one plan's steps."""
        found = review_of(replace(case, plan=plan)).found
        if not isinstance(found, Standing):
            return None
        with exact_arithmetic():
            bounds = tuple(_bounds(replace(case, plan=plan), found))
        if any(b.allowed and b.rule.guarded & found.raising.any for b in bounds):
            return None  # Broken already: until it is mended only reductions run, in any order.
        course = _Course(state=found.state, bounds=bounds, places=_places(plan, found.state))
        return course.may_go if course.ends_well else None

    return judge


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bound:
    """A rule, and the excess that it may not pass."""

    rule: Rule
    allowed: Decimal
    concerned: frozenset[MoveIndex]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Course:
    """The lines of one plan, and what holds on any way through them."""

    state: AccountState
    bounds: tuple[_Bound, ...]
    places: dict[int, MoveIndex]
    """Moves and transfers by line."""

    @property
    def ends_well(self) -> bool:
        """Whether all that does not depend on the order holds."""
        whole = frozenset(self.places.values())
        return self._holds(earlier=whole, here=_NONE, bounds=self.bounds)

    def may_go(self, *, gone: Lines, here: Lines) -> bool:
        """Say whether lines may be in flight together after others."""
        earlier = frozenset(self.places[line] for line in gone)
        moving = frozenset(self.places[line] for line in here)
        depend = bool(self.state.transits)
        bounds = (
            b
            for b in self.bounds
            if b.concerned & moving and (depend or b.rule.settled is Settled.AS_PLANNED)
        )
        return self._holds(earlier=earlier, here=moving, bounds=bounds)

    def _holds(
        self,
        *,
        earlier: frozenset[MoveIndex],
        here: frozenset[MoveIndex],
        bounds: Iterable[_Bound],
    ) -> bool:
        """Say whether no rule is broken while *here* is in flight after *earlier*."""
        with exact_arithmetic():
            fills: dict[Settled, Fills] = fills_of(self.state, earlier=earlier, here=here)
            known: dict[Settled, Peaks] = {settled: {} for settled in fills}
            return all(
                b.rule.peak(fills[b.rule.settled], known[b.rule.settled]) <= b.allowed
                for b in bounds
            )


def _bounds(case: Case, found: Standing) -> Iterator[_Bound]:
    """Yield every rule that a prefix can break; a plan of pure reductions breaks no cap."""
    resting = fills_of(found.state, earlier=_NONE, here=_NONE)
    for check in CHECKS:
        if check.rules is None or (check.tag is Tag.EXPOSURE and not found.raising.any):
            continue
        for rule in check.rules(found.state, case):
            before = rule.peak(resting[rule.settled], {})
            yield _Bound(rule=rule, allowed=max(ZERO, before), concerned=rule.concerned)


def _places(plan: Plan, state: AccountState) -> dict[int, MoveIndex]:
    """Return where the gate has each line: legs first, transfers behind all orders."""
    places = {leg.line: place for place, leg in enumerate(plan.legs)}
    moved = zip(plan.transfers, state.transits, strict=False)  # Unknown ones stand behind them.
    return places | {transfer.line: transit.index for transfer, transit in moved}
