"""A plan in an order that the gate passes, where the usual one is refused. Pure.

The judge of the search is made of the gate's own rules over the gate's own prefixes, so that no
second rule can disagree with it, and what is found is asked of the whole gate once more. Only
where prefixes alone refuse a plan is anything looked for. Design:
docs/design/0033-order-of-legs.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from decimal import Decimal

from trimtab.domain.exact import ZERO, exact_arithmetic
from trimtab.domain.findings import Finding, GateReport, Tag, Verdict
from trimtab.domain.plan import Plan
from trimtab.planning.order import TRIES_MAX, Judge, Lines, Order, Step, safe_order
from trimtab.risk.case import Case
from trimtab.risk.convex import Fills, MoveIndex, Peaks
from trimtab.risk.gate import findings_of, refusing_of
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
    order = _order_of(case)
    if order is None:
        return case.plan, report
    if order.plan is not None:
        findings = findings_of(replace(case, plan=order.plan))
        again = replace(report, plan_digest=order.plan.digest, findings=findings)
        if again.verdict is not Verdict.REFUSE:
            return order.plan, again
    return case.plan, replace(report, findings=tuple(_told(f, order) for f in report.findings))


def passes(case: Case, *, first: AbstractSet[str]) -> bool:
    """Say whether the gate passes the plan of *case*, in its order or in another.

    The answer is that of :func:`ordered`, without its words: the checks in *first* are asked
    before the others, and none is asked whose answer cannot matter any more.
    """
    refusing = refusing_of(case, first=first)
    code = next(refusing, None)
    if code is None:
        return True
    if code not in PREFIX_CODES or not PREFIX_CODES.issuperset(refusing):
        return False
    order = _order_of(case)
    if order is None or order.plan is None:
        return False
    return next(refusing_of(replace(case, plan=order.plan), first=first), None) is None


def _order_of(case: Case) -> Order | None:
    """Look for an order of the plan of *case* in which every prefix is safe."""
    limits = case.limits
    slice_max = min(limits.max_unhedged_notional, limits.max_order_notional)
    return safe_order(case.plan, judge_of(case), slice_max=slice_max)


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
        places = _places(plan, found.state)
        whole = frozenset(places.values())
        with exact_arithmetic():
            end = _Look.at(found.state, earlier=whole, here=_NONE)
            bounds = list[_Bound]()
            for bound in _bounds(replace(case, plan=plan), found):
                if bound.allowed and bound.rule.guarded & found.raising.any:
                    return None  # Until it is mended only reductions run, in any order.
                if not end.holds(bound):
                    return None
                bounds.append(bound)
        return _Course(state=found.state, bounds=tuple(bounds), places=places).may_go

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
        with exact_arithmetic():
            look = _Look.at(self.state, earlier=earlier, here=moving)
            return all(map(look.holds, bounds))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What may be filled at one place of the way, and the peaks found so far."""

    fills: Mapping[Settled, Fills]
    known: Mapping[Settled, Peaks]
    """Peaks of the terms that rules share; grows while looking."""

    @classmethod
    def at(
        cls, state: AccountState, *, earlier: frozenset[MoveIndex], here: frozenset[MoveIndex]
    ) -> _Look:
        """Return the place where *here* is in flight after *earlier*."""
        fills = fills_of(state, earlier=earlier, here=here)
        return cls(fills=fills, known={settled: {} for settled in fills})

    def peak(self, rule: Rule) -> Decimal:
        """Return the largest excess of *rule* there."""
        return rule.peak(self.fills[rule.settled], self.known[rule.settled])

    def holds(self, bound: _Bound) -> bool:
        """Say whether the rule of *bound* is kept there."""
        return self.peak(bound.rule) <= bound.allowed


def _bounds(case: Case, found: Standing) -> Iterator[_Bound]:
    """Yield every rule that a prefix can break; a plan of pure reductions breaks no cap."""
    resting = _Look.at(found.state, earlier=_NONE, here=_NONE)
    for check in CHECKS:
        if check.rules is None or (check.tag is Tag.EXPOSURE and not found.raising.any):
            continue
        for rule in check.rules(found.state, case):
            allowed = max(ZERO, resting.peak(rule))
            yield _Bound(rule=rule, allowed=allowed, concerned=rule.concerned)


def _places(plan: Plan, state: AccountState) -> dict[int, MoveIndex]:
    """Return where the gate has each line: legs first, transfers behind all orders."""
    places = {leg.line: place for place, leg in enumerate(plan.legs)}
    moved = zip(plan.transfers, state.transits, strict=False)  # Unknown ones stand behind them.
    return places | {transfer.line: transit.index for transfer, transit in moved}
