"""How a check is stated for a plan, for each leg, or for every prefix. Pure."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from trimtab.domain.findings import Tag, Verdict
from trimtab.domain.plan import Leg
from trimtab.risk.case import Case, Unmeasured
from trimtab.risk.judgement import Judgement, unmeasured
from trimtab.risk.prefixes import Walk, nothing_to_guard, prefixes_of
from trimtab.risk.relief import relieved
from trimtab.risk.review import Review, Standing
from trimtab.risk.rule import Rule
from trimtab.risk.state import AccountState

Judge = Callable[[Review], tuple[Judgement, ...]]


def once(judge: Callable[[Case], Judgement]) -> Judge:
    """Return a check of the plan or the account as a whole."""
    return lambda review: (judge(review.case),)


def standing(judge: Callable[[Case, Standing], tuple[Judgement, ...]]) -> Judge:
    """Return a check that reads where the account stands and which legs reduce."""
    return lambda review: judge(review.case, review.standing)


def per_leg(judge: Callable[[Leg, Case], Judgement]) -> Judge:
    """Return a check of each leg: every leg that does not pass, else the tightest that does."""

    def judge_all(review: Review) -> tuple[Judgement, ...]:
        case = review.case
        every = [_judge_leg(judge, leg, case) for leg in case.plan.legs]
        bad = tuple(j for j in every if j.verdict is not Verdict.PASS)
        return bad or (max(every, key=_closeness),) if every else (nothing_to_guard(),)

    return judge_all


def _judge_leg(judge: Callable[[Leg, Case], Judgement], leg: Leg, case: Case) -> Judgement:
    try:
        return judge(leg, case)
    except (Unmeasured, ArithmeticError) as fault:
        return unmeasured(subject_of(leg), fault)


def _closeness(judgement: Judgement) -> Decimal:
    """Return how near the measured value is to its limit, the nearest the largest."""
    measured, limit = judgement.measured, judgement.limit
    if isinstance(measured, Decimal) and isinstance(limit, Decimal):
        return -abs(measured - limit)
    return Decimal("-Infinity")


def on_prefixes(rules: Callable[[AccountState, Case], tuple[Rule, ...]], tag: Tag) -> Judge:
    """Return a check of every prefix of the plan against *rules*."""

    def judge_prefixes(review: Review) -> tuple[Judgement, ...]:
        found = review.standing
        relief = relieved(review.case.plan, found.state, found.raising)
        walk = Walk(
            state=found.state,
            raising=found.raising,
            barred=found.raising.any - relief,
            tag=tag,
            prefixes=prefixes_of(found.state),
        )
        return walk.judge(rules(found.state, review.case))

    return judge_prefixes


def subject_of(leg: Leg) -> str:
    """Return how findings name *leg*."""
    return f"leg {leg.line}"


def at_most(subject: str, measured: Decimal, *, limit: Decimal, otherwise: str) -> Judgement:
    """Pass when *measured* <= *limit*, else refuse with the reason *otherwise*."""
    passed = measured <= limit
    return Judgement(
        subject=subject,
        verdict=Verdict.PASS if passed else Verdict.REFUSE,
        measured=measured,
        limit=limit,
        reason=None if passed else otherwise,
    )


def holds(subject: str, *, measured: str, ok: bool, otherwise: str) -> Judgement:
    """Pass when *ok*, else refuse with the reason *otherwise*; *measured* is what was seen."""
    return Judgement(
        subject=subject,
        verdict=Verdict.PASS if ok else Verdict.REFUSE,
        measured=measured,
        limit=None,
        reason=None if ok else otherwise,
    )
