"""The check of the key's rights. Pure.

In live, rights that the venue does not tell are refused; elsewhere only an endpoint that the
host does not have is let through, and said to be not checked.
"""

from __future__ import annotations

from trimtab.domain.findings import Verdict
from trimtab.domain.rights import KeyRights, UntoldRights
from trimtab.domain.snapshot import Environment
from trimtab.risk.case import Case, Unmeasured
from trimtab.risk.judgement import Judgement
from trimtab.risk.key_powers import KeyFaults, KeyNeeds, key_faults

NOT_CHECKED = "not checked"
"""What is measured where the host does not tell."""


def key_rights(case: Case) -> Judgement:
    """Refuse a key that may carry funds away, or that may not do what the plan needs."""
    known = case.context.key
    if isinstance(known, UntoldRights):
        return _untold(known, case)
    needs = KeyNeeds(
        spot=any(not leg.instrument.is_contract for leg in case.plan.legs),
        futures=any(leg.instrument.is_contract for leg in case.plan.legs),
        topups=case.policy.hedge.max_topup > 0,
        transfers=bool(case.plan.transfers),
    )
    return _judged(known, key_faults(known, needs))


def _untold(known: UntoldRights, case: Case) -> Judgement:
    """Let through only what a sandbox may leave open.

    Raises:
        Unmeasured: the environment is live, or asking failed.

    """
    if case.snapshot.key.environment is Environment.LIVE or not known.is_absent:
        raise Unmeasured(f"the rights of the key ({known.why}); see trimtab doctor")
    return Judgement(
        subject="account", verdict=Verdict.PASS, measured=NOT_CHECKED, limit=None, reason=None
    )


def _judged(rights: KeyRights, faults: KeyFaults) -> Judgement:
    """Return the strictest that the faults mean."""
    reasons = []
    if faults.dangerous:
        reasons.append(f"the key may {' and '.join(faults.dangerous)}; take that right from it")
    if faults.missing:
        reasons.append(f"the key may not {' and may not '.join(faults.missing)}; grant it")
    verdict = Verdict.REFUSE if reasons else Verdict.WARN if faults.careless else Verdict.PASS
    reasons.extend(f"{what}; restrict it at the venue" for what in faults.careless)
    return Judgement(
        subject="account",
        verdict=verdict,
        measured=f"a key to {rights.use.value}: {len(reasons)} faults" if reasons else "in order",
        limit=None,
        reason=f"{'; '.join(reasons)}." if reasons else None,
    )
