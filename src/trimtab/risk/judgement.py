"""How a check answers: a judgement per subject, and the frame that turns it into findings.

Pure. What cannot be measured is refused: a check raises :class:`Unmeasured`, the frame turns
it into a refusal of exactly that subject. A check never returns nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.exact import exact_arithmetic, trimmed
from trimtab.domain.findings import Finding, Tag, Verdict
from trimtab.risk.case import Case, Unmeasured
from trimtab.risk.review import Review
from trimtab.risk.rule import Rule
from trimtab.risk.sources import read_at, source_of
from trimtab.risk.state import AccountState

QUOTE = "quote"
"""Unit of values; findings name the account's own quote instead."""
SHOWN_PLACES = 6
"""Decimals of a measured value in a finding; the verdict is taken before rounding."""


RuleMaker = Callable[[AccountState, Case], tuple[Rule, ...]]
"""States the rules of one check for an account and the moves that are possible from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The answer of one check for one subject."""

    subject: str
    """``plan``, ``account``, ``leg 2``, ``prefix 1: all up or all down``."""
    verdict: Verdict
    measured: Decimal | str | None
    """In the check's unit; text where it is no number; None when it could not be measured."""
    limit: Decimal | str | None
    """What it was held against, in the same unit; None when the check has no number."""
    reason: str | None
    """Ends in what to do; None on a plain pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One entry of the catalogue: what is guarded, and the function that guards it."""

    code: str
    """Stable; the configuration's key where the limit has one."""
    guards: str
    """One sentence for docs/checks.md: what is measured against what."""
    limit: str
    """Where the limit comes from: ``risk.max_leverage``, ``the venue``, ``none``."""
    unit: str
    tag: Tag
    hard: bool
    """Whether no approval may ever override it."""
    judge: Callable[[Review], tuple[Judgement, ...]]
    """Never empty. May raise :class:`Unmeasured` for the plan as a whole."""
    rules: RuleMaker | None = None
    """What holds at every prefix of a plan; None where a check does not look at prefixes."""

    def findings(self, review: Review) -> tuple[Finding, ...]:
        """Judge *review*; what could not be measured or computed is refused."""
        try:
            with exact_arithmetic():
                judgements = self.judge(review)
        except (Unmeasured, ArithmeticError) as fault:
            judgements = (unmeasured("plan", fault),)
        quote = review.case.plan.quote
        unit = quote if self.unit == QUOTE else self.unit
        return tuple(self._finding(each, unit, review.case) for each in judgements)

    def refusal(self, why: str, case: Case) -> Finding:
        """Refuse without looking, because of *why*."""
        return self._finding(unmeasured("plan", Unmeasured(why)), self.unit, case)

    def _finding(self, judgement: Judgement, unit: str, case: Case) -> Finding:
        source = source_of(self.code)
        return Finding(
            check=self.code,
            verdict=judgement.verdict,
            subject=judgement.subject,
            measured=as_text(judgement.measured),
            limit=as_text(judgement.limit),
            unit=unit,
            reason=judgement.reason,
            tag=self.tag,
            source=source.value,
            at=read_at(source, judgement.subject, case),
        )


def unmeasured(subject: str, fault: Exception) -> Judgement:
    """Refuse *subject*, because *fault* kept it from being measured."""
    why = str(fault) if isinstance(fault, Unmeasured) else "a number is out of range; read again"
    return Judgement(
        subject=subject,
        verdict=Verdict.REFUSE,
        measured=None,
        limit=None,
        reason=f"unmeasured: {why}.",
    )


def as_text(value: Decimal | str | None) -> str | None:
    """Return *value* for reading: at most SHOWN_PLACES decimals, no needless zeros."""
    if not isinstance(value, Decimal):
        return value
    return trimmed(value, SHOWN_PLACES)
