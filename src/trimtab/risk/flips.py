"""Flip certificates: the single changes that would turn the gate's answer, each proved. Pure.

A refusal is turned by one limit of the configuration or by quote brought into a wallet, "nothing to
do" by one price or one target. Planning and gate are asked again with the change made; see
:mod:`trimtab.risk.certificate` for what is proved. Design: docs/design/0013-survival-and-flips.md.
"""

from __future__ import annotations

from trimtab.domain.exact import exact_arithmetic
from trimtab.domain.findings import GateReport, Verdict
from trimtab.risk.case import Case
from trimtab.risk.certificate import Flips, Maker, Turned
from trimtab.risk.idleness import idle_flips
from trimtab.risk.refusals import Refusal, deposit_flips, limit_flips
from trimtab.risk.registry import HARD


def flips(case: Case, report: GateReport, make: Maker) -> Flips:
    """Return what would turn the answer to *case*; *make* plans it again under a change."""
    with exact_arithmetic():
        if not case.plan.legs:
            found = tuple(idle_flips(case, make))
            why = "" if found else "no price up to ten times its own and no target does it"
            return Flips(turned=Turned.NOTHING_TO_DO, found=found, none_because=why)
        refused = tuple(f for f in report.findings if f.verdict is Verdict.REFUSE)
        if not refused:
            return Flips(turned=Turned.NONE, found=(), none_because="")
        refusal = Refusal(case=case, findings=refused, make=make)
        found = (*limit_flips(refusal), *deposit_flips(refusal))
        why = "" if found else _why_none(refusal)
        return Flips(turned=Turned.REFUSED, found=found, none_because=why)


def _why_none(refusal: Refusal) -> str:
    """Say why no single change lets a plan pass."""
    hard = [code for code in refusal.codes if code in HARD]
    if hard:
        return f"{hard[0]} is a hard check, and no change of a limit passes it"
    if len(refusal.codes) > 1:
        return f"{' and '.join(refusal.codes[:3])} refuse it, and no one change satisfies all"
    return f"no limit and no deposit satisfies {refusal.codes[0]}"
