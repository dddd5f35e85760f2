"""What independent prices measure together: agreement, the quote's peg, prices in the quote. Pure.

Two fresh quotations or more that lie close to each other measure something; fewer, older or
farther apart ones measure nothing. Dollars become quote by the quote's measured peg only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from trimtab.domain.exact import BPS, ONE, exact_arithmetic, ratio, trimmed
from trimtab.domain.instruments import Asset
from trimtab.domain.policy import ReferencePolicy
from trimtab.domain.references import REFERENCES_MIN, Quotation, References
from trimtab.risk.case import Case, Unmeasured

SHOWN_PLACES = 8
"""Decimals of a reference in a sentence."""
BPS_PLACES = 1
"""Decimals of a distance in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """One asset's worth, by sources that agree."""

    asset: Asset
    quotations: tuple[Quotation, ...]
    """Fresh ones, in the order of the sources; two or more."""
    value: Decimal
    """Their median, dollars per unit, > 0."""
    apart_bps: Decimal
    """Distance of the highest from the lowest, >= 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """References, the rules by which they count, and the instant at which they are looked at."""

    references: References
    rules: ReferencePolicy
    now: datetime

    def agreement(self, asset: Asset) -> Agreement:
        """Return what the fresh quotations of *asset* measure.

        Raises:
            Unmeasured: fewer than two are fresh, or they lie too far apart.

        """
        fresh = tuple(q for q in self._of(asset) if self._age(q) is None)
        if len(fresh) < REFERENCES_MIN:
            lacking = "; ".join(self._lacking(asset)) or "nobody was asked"
            raise Unmeasured(
                f"{asset} has {len(fresh)} of {REFERENCES_MIN} independent prices ({lacking});"
                " see trimtab doctor"
            )
        values = sorted(q.value for q in fresh)
        with exact_arithmetic():
            apart = ratio((values[-1] - values[0]) * BPS, values[0])
        limit = self.rules.max_disagreement_bps
        if apart > limit:
            told = ", ".join(f"{q.source.value} {shown(q.value)}" for q in fresh)
            raise Unmeasured(
                f"independent prices of {asset} are {trimmed(apart, BPS_PLACES)} bps apart, limit"
                f" {trimmed(limit, BPS_PLACES)} ({told} USD); wait until they agree"
            )
        median = _median(values)
        return Agreement(asset=asset, quotations=fresh, value=median, apart_bps=apart)

    def _of(self, asset: Asset) -> list[Quotation]:
        """Return the quotations of one asset, in the order of the sources."""
        return [q for q in self.references.quotations if q.asset == asset]

    def _age(self, quotation: Quotation) -> str | None:
        """Say why a quotation is not fresh, None when it is."""
        age, limit = self.now - quotation.quoted_at, self.rules.max_age_s
        if age < timedelta(0):
            return "is from after now"
        with exact_arithmetic():
            seconds = Decimal(age // timedelta(microseconds=1)).scaleb(-6)
        if seconds <= limit:
            return None
        return f"is {trimmed(seconds, 0)} s old, limit {trimmed(limit, BPS_PLACES)} s"

    def _lacking(self, asset: Asset) -> Iterator[str]:
        """Yield why sources gave no price of *asset*, or one that is not fresh."""
        for quotation in self._of(asset):
            if (why := self._age(quotation)) is not None:
                yield f"{quotation.source.value} {why}"
        silences = (s for s in self.references.silences if s.asset == asset)
        yield from (f"{s.source.value}: {s.why}" for s in silences)


def bench_of(case: Case) -> Bench:
    """Return the independent prices that a plan is held against."""
    return Bench(references=case.context.references, rules=case.policy.references, now=case.now)


def _median(values: Sequence[Decimal]) -> Decimal:
    """Return the middle one of sorted *values*, or half way between the middle two."""
    half = len(values) // 2
    with exact_arithmetic():
        return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


def depeg_bps(peg: Agreement) -> Decimal:
    """Return how far a stable is from its dollar, either way, >= 0."""
    with exact_arithmetic():
        return abs(peg.value - ONE) * BPS


def in_quote(quotation: Quotation, peg: Agreement) -> Decimal:
    """Return a quotation in the quote whose peg this is, per unit of its asset, > 0."""
    return ratio(quotation.value, peg.value)


def shown(value: Decimal) -> str:
    """Return a reference for a sentence."""
    return trimmed(value, SHOWN_PLACES)


def named(agreement: Agreement, *, peg: Agreement | None, unit: str) -> str:
    """Return source, value and stamp of each quotation; with a *peg* in the quote, not in dollars.

    *unit* is what the values are counted in.
    """
    told = (
        f"{q.source.value} {shown(q.value if peg is None else in_quote(q, peg))} {unit}"
        f" at {q.quoted_at:%Y-%m-%dT%H:%M:%SZ}"
        for q in agreement.quotations
    )
    return ", ".join(told)
