"""The first check: whether every number can be computed with. Pure.

It stands apart from the others, so that what computes from an account without asking the gate can
ask this much.
"""

from __future__ import annotations

from typing import Final

from trimtab.domain.findings import Finding, Tag
from trimtab.risk.case import Case, Unmeasured
from trimtab.risk.checks import orders
from trimtab.risk.checks.frame import once
from trimtab.risk.judgement import Check
from trimtab.risk.review import Review

UNUSABLE: Final = "a number is not usable; read the account again"

FINITE: Final = Check(
    code="finite",
    guards="Every number of plan, account and limits is finite and has its sign.",
    limit="none",
    unit="",
    tag=Tag.INTEGRITY,
    hard=True,
    judge=once(orders.finite),
)
"""Any comparison with a number that is not finite would be chance."""


def on_numbers(case: Case) -> tuple[Finding, ...]:
    """Return what is found on the numbers of *case*, before anything is computed from them."""
    return FINITE.findings(Review(case=case, found=Unmeasured(UNUSABLE)))
