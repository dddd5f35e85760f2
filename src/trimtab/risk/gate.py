"""The gate: every check over one plan, composed to the strictest. Pure; the clock is passed in.

Nothing passes by silence: a check that could not be computed has refused, and a number that is
not finite refuses every check at once, because any comparison with it would be chance. The same
holds for what rests on a ledger that could not be read: an empty past is no clean one.
"""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from datetime import datetime

from trimtab.domain.findings import Finding, GateReport, Verdict
from trimtab.domain.plan import Plan
from trimtab.domain.policy import Policy
from trimtab.domain.snapshot import Snapshot
from trimtab.risk.case import Case
from trimtab.risk.context import GateContext
from trimtab.risk.judgement import Check
from trimtab.risk.numbers import UNUSABLE, on_numbers
from trimtab.risk.registry import CHECKS
from trimtab.risk.review import Review, review_of
from trimtab.risk.sources import Source, source_of


def review(
    plan: Plan, snapshot: Snapshot, *, policy: Policy, context: GateContext, now: datetime
) -> GateReport:
    """Return every finding on *plan*, in the order of docs/checks.md, each check at least once.

    The same function serves the approval, the moment before the first leg, and each later
    stage: there *plan* holds the legs that are left, *snapshot* the account as it is, and
    *context* the bounds of the way that was approved.
    """
    case = Case(plan=plan, snapshot=snapshot, policy=policy, context=context, now=now)
    return GateReport(
        plan_digest=plan.digest,
        snapshot_id=snapshot.snapshot_id,
        findings=findings_of(case),
        reviewed_at=now,
    )


def findings_of(case: Case) -> tuple[Finding, ...]:
    """Return every finding on *case*: on its numbers first, then on what follows from them."""
    numbers, others = on_numbers(case), CHECKS[1:]
    if any(finding.verdict is Verdict.REFUSE for finding in numbers):
        return (*numbers, *(check.refusal(UNUSABLE, case) for check in others))
    measured = review_of(case)
    return (*numbers, *(found for check in others for found in _judged(check, measured)))


def refusing_of(case: Case, *, first: AbstractSet[str]) -> Iterator[str]:
    """Yield the codes of the checks that refuse *case*, each asked only when it is wanted.

    Those that :func:`findings_of` refuses: numbers before all others, then those in *first*.
    """
    if any(finding.verdict is Verdict.REFUSE for finding in on_numbers(case)):
        yield from (check.code for check in CHECKS)
        return
    measured = review_of(case)
    for check in sorted(CHECKS[1:], key=lambda check: check.code not in first):
        if any(found.verdict is Verdict.REFUSE for found in _judged(check, measured)):
            yield check.code


def _judged(check: Check, measured: Review) -> tuple[Finding, ...]:
    """Return what one check finds; where the ledger was not read, what rests on it is refused."""
    fault = measured.case.context.ledger_fault
    if fault is None or check.code == "ledger" or source_of(check.code) is not Source.LEDGER:
        return check.findings(measured)
    return (check.refusal(f"the ledger was not read ({fault})", measured.case),)
