"""The check of the key's rights. Pure.

In live, rights that the venue does not tell are refused, unless it has no question for them and
the operator vouches for the key: then they are a warning, in every plan. Elsewhere only an
endpoint that the host does not have is let through, and said to be not checked.
"""

from __future__ import annotations

from trimtab.domain.findings import Verdict
from trimtab.domain.rights import KeyRights, KeyTrust, UntoldRights
from trimtab.domain.snapshot import Environment
from trimtab.risk.case import Case, Unmeasured
from trimtab.risk.judgement import Judgement
from trimtab.risk.key_powers import KeyFaults, KeyNeeds, key_faults

NOT_CHECKED = "not checked"
"""What is measured where the host does not tell."""
VOUCHED = "vouched for"
"""What is measured where the operator answers for the key."""


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
    """Let through what a sandbox may leave open, and what the operator answers for.

    Raises:
        Unmeasured: the environment is live and nobody vouches for the key, or asking failed.

    """
    is_live = case.snapshot.key.environment is Environment.LIVE
    is_vouched = case.policy.key_trust is KeyTrust.VOUCHED
    if not known.is_absent or (is_live and not is_vouched):
        raise Unmeasured(f"the rights of the key ({known.why}); see trimtab doctor")
    if is_live:
        return Judgement(
            subject="account",
            verdict=Verdict.WARN,
            measured=VOUCHED,
            limit=None,
            reason=f"{known.why}; that it cannot carry funds away is your word, not the venue's.",
        )
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
