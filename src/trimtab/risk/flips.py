"""Flip certificates: the single changes that would turn the gate's answer, each proved. Pure.

A refusal is turned by one limit of the configuration, the one on transfers among them, or by quote
brought into a wallet, "nothing to
do" by one price or one target. Planning and gate are asked again with the change made; see
:mod:`trimtab.risk.certificate` for what is proved. Design: docs/design/0017-flip-certificates.md.
"""

from __future__ import annotations

from trimtab.domain.exact import exact_arithmetic
from trimtab.domain.findings import GateReport, Verdict
from trimtab.risk.case import Case
from trimtab.risk.certificate import Flips, Maker, Turned
from trimtab.risk.idleness import idle_flips
from trimtab.risk.refusals import (
    Refusal,
    deposit_flips,
    keys_of,
    limit_flips,
    topup_flips,
)

OUT_OF_RANGE = "a number is out of range; read again"


def flips(case: Case, report: GateReport, make: Maker) -> Flips:
    """Return what would turn the answer to *case*; *make* plans it again under a change."""
    refused = tuple(f for f in report.findings if f.verdict is Verdict.REFUSE)
    if not case.plan.legs:
        turned = Turned.NOTHING_TO_DO
    elif refused:
        turned = Turned.REFUSED
    else:
        return Flips(turned=Turned.NONE, found=(), none_because="")
    try:
        with exact_arithmetic():
            if turned is Turned.NOTHING_TO_DO:
                return _idle(case, make)
            return _refused(Refusal(case=case, findings=refused, make=make))
    except ArithmeticError:
        return Flips(turned=turned, found=(), none_because=OUT_OF_RANGE)


def _idle(case: Case, make: Maker) -> Flips:
    """Return what would give work to a plan that has none."""
    found = tuple(idle_flips(case, make))
    why = "" if found else "no price up to ten times its own and no target does it"
    return Flips(turned=Turned.NOTHING_TO_DO, found=found, none_because=why)


def _refused(refusal: Refusal) -> Flips:
    """Return what would let a refused plan pass."""
    found = (*limit_flips(refusal), *topup_flips(refusal), *deposit_flips(refusal))
    why = "" if found else _why_none(refusal)
    return Flips(turned=Turned.REFUSED, found=found, none_because=why)


def _why_none(refusal: Refusal) -> str:
    """Say why no single change lets a plan pass."""
    first, *others = refusal.codes
    fixed = next((code for code in refusal.codes if not keys_of(code)), None)
    if fixed is not None:
        return f"{fixed} has no limit that could be set"
    if others:
        return f"{first} and {others[0]} refuse it, and no one change satisfies both"
    return f"no limit and no deposit satisfies {first}"
