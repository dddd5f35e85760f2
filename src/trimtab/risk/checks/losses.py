"""Checks of what the account lost, and of the state that follows from it. Pure.

Beyond a limit on losses only reductions and paired unwinds pass, until a person has looked.
"""

from __future__ import annotations

from decimal import Decimal

from trimtab.domain.exact import shown
from trimtab.domain.policy import RiskLimits
from trimtab.risk.case import Case, Unmeasured
from trimtab.risk.checks.account import only_reductions
from trimtab.risk.checks.frame import at_most, holds
from trimtab.risk.judgement import Judgement
from trimtab.risk.record import Record, UnmarkedNav
from trimtab.risk.restrained import restrained
from trimtab.risk.review import Standing

RELEASE = "look at the account, then trimtab unhalt"
"""What a person does about a loss."""
SHOWN = 4
"""Decimals of a loss in a sentence."""


def reducing(case: Case, standing: Standing) -> tuple[Judgement, ...]:
    """While the account is reducing, let reductions and paired unwinds through, with a warning."""
    latched = case.context.record.reducing
    if latched is None:
        return (holds("account", measured="not reducing", ok=True, otherwise=""),)
    forbidden = restrained(case, standing, pairs=True)
    state = f"the account is reducing ({latched})"
    return only_reductions(state, forbidden, standing, advice=RELEASE)


def max_daily_loss(case: Case, standing: Standing) -> tuple[Judgement, ...]:
    """Hold the loss of 24 hours, flows left out, against its limit."""
    loss = _measured(case.context.record, "daily_loss")
    what = "the loss within 24 hours is {} of NAV, the limit is {}"
    return _loss(case, standing, loss, limit=case.limits.max_daily_loss, what=what)


def max_drawdown(case: Case, standing: Standing) -> tuple[Judgement, ...]:
    """Hold the loss from the highest look, flows left out, against its limit."""
    loss = _measured(case.context.record, "drawdown")
    what = "NAV is {} below its highest look, the limit is {}"
    return _loss(case, standing, loss, limit=case.limits.max_drawdown, what=what)


def max_nav_jump(case: Case) -> Judgement:
    """Hold the change of NAV since the last look, flows left out, against its limit."""
    text = (
        "NAV has jumped since the last look and nothing came in or went out; look at prices and"
        " account, then trimtab reconcile --adopt."
    )
    jump = _measured(case.context.record, "nav_jump")
    return at_most("account", jump, limit=case.limits.max_nav_jump, otherwise=text)


def _measured(record: Record, name: str) -> Decimal:
    """Return a loss or a change of *record*.

    Raises:
        Unmeasured: this look could not be measured.

    """
    try:
        measured: Decimal = getattr(record, name)
    except UnmarkedNav as fault:
        raise Unmeasured(str(fault)) from fault
    return measured


def _loss(
    case: Case, standing: Standing, loss: Decimal, *, limit: Decimal, what: str
) -> tuple[Judgement, ...]:
    """Pass a loss within its limit; beyond it refuse every leg that is no reduction."""
    if loss <= limit:
        return (at_most("account", loss, limit=limit, otherwise=""),)
    told, forbidden = what.format(shown(loss, SHOWN), limit), restrained(case, standing, pairs=True)
    judged = only_reductions(told, forbidden, standing, advice=RELEASE)
    return tuple(_in_numbers(each, loss, limit=limit) for each in judged)


def _in_numbers(judged: Judgement, loss: Decimal, *, limit: Decimal) -> Judgement:
    """Return a judgement that says in numbers what its reason says in words."""
    return Judgement(
        subject=judged.subject,
        verdict=judged.verdict,
        measured=loss,
        limit=limit,
        reason=judged.reason,
    )


def breach(record: Record, limits: RiskLimits) -> str | None:
    """Say which limit on losses is passed, for the latch; None within both, or unmeasured."""
    if record.mark is None:
        return None
    told = {
        "risk.max_daily_loss": (record.daily_loss, limits.max_daily_loss),
        "risk.max_drawdown": (record.drawdown, limits.max_drawdown),
    }
    for key, (loss, limit) in told.items():
        if loss > limit:
            return f"{key}: NAV lost {shown(loss, SHOWN)}, the limit is {limit}"
    return None
