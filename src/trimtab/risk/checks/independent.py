"""Checks that rest on independent prices: what a collar is held against, and the peg. Pure.

Where they are required, what they do not measure is refused. Elsewhere a coin without two
that agree answers to the venue alone, and the finding says so.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.exact import trimmed
from trimtab.domain.findings import Verdict
from trimtab.domain.instruments import Asset, MarketKind
from trimtab.domain.plan import Leg
from trimtab.domain.references import DOLLAR_STABLES
from trimtab.risk.case import Case, Unmeasured
from trimtab.risk.checks.frame import at_most, holds, subject_of
from trimtab.risk.judgement import Judgement
from trimtab.risk.references import (
    BPS_PLACES,
    Agreement,
    bench_of,
    depeg_bps,
    in_quote,
    named,
    shown,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Independent:
    """What independent sources say of one leg's asset."""

    in_quote: Mapping[str, Decimal]
    """Quote per unit, > 0, by source; empty where nothing counts."""
    sentence: str
    """Source, value and time of each, or why there is none; empty when nobody was asked."""


def independent(leg: Leg, case: Case) -> Independent:
    """Return the independent prices that *leg* answers to; none for a dated contract's basis.

    Raises:
        Unmeasured: they are required, and they measure nothing.

    """
    instrument = leg.instrument
    if not (case.needs_references or case.policy.references.sources):
        return Independent(in_quote={}, sentence="")
    try:
        bench = bench_of(case)
        peg, worth = bench.agreement(instrument.quote), bench.agreement(instrument.base)
    except Unmeasured as why:
        if case.needs_references:
            raise
        return Independent(in_quote={}, sentence=f"Held against the venue alone: {why}.")
    prices = {q.source.value: in_quote(q, peg) for q in worth.quotations}
    told = named(worth, peg=peg, unit=instrument.quote)
    return Independent(
        in_quote={} if instrument.kind is MarketKind.FUTURE else prices,
        sentence=f"References: {told}; 1 {instrument.quote} is {shown(peg.value)} USD.",
    )


def stable_depeg(leg: Leg, case: Case) -> Judgement:
    """Stop what would bring in a stable that has left its dollar; what gives it away may go."""
    if not (case.needs_references or case.policy.references.sources):
        return holds(subject_of(leg), measured="nobody was asked", ok=True, otherwise="")
    bench, taken = bench_of(case), _taken(leg)
    try:
        pegs = {s: bench.agreement(s) for s in sorted({leg.instrument.quote, *taken})}
    except Unmeasured as why:
        if case.needs_references:
            raise
        return _not_needed(leg, case, why)
    judged = taken or {leg.instrument.quote}
    stable = max(sorted(judged), key=lambda s: depeg_bps(pegs[s]))
    return _judged(leg, pegs[stable], case, is_taken=bool(taken))


def _taken(leg: Leg) -> frozenset[Asset]:
    """Return the stables of which *leg* leaves the account with more.

    A coin sold and a short opened bring in the quote, a stable bought brings in itself. What
    only reduces a position moves none.
    """
    instrument = leg.instrument
    if leg.lots < 0:
        return frozenset[Asset]() if leg.reduce_only else frozenset({instrument.quote})
    is_stable = not instrument.is_contract and instrument.base in DOLLAR_STABLES
    return frozenset({instrument.base}) if is_stable else frozenset[Asset]()


def _judged(leg: Leg, peg: Agreement, case: Case, *, is_taken: bool) -> Judgement:
    """Hold a peg against the limit, as far as the leg brings the stable in."""
    off, limit, asset = depeg_bps(peg), case.limits.max_depeg_bps, peg.asset
    told = f"References: {named(peg, peg=None, unit='USD')}."
    if off > limit and not is_taken:
        way = f"{asset} is {trimmed(off, BPS_PLACES)} bps off its dollar; this leg brings none in."
        return Judgement(
            subject=subject_of(leg),
            verdict=Verdict.PASS,
            measured=off,
            limit=limit,
            reason=f"{way} {told}",
        )
    text = f"{leg.symbol}: {asset} is off its dollar; bring none of it in until it is back."
    judged = at_most(subject_of(leg), off, limit=limit, otherwise=text)
    said = " ".join(part for part in (judged.reason, told) if part)
    return dataclasses.replace(judged, reason=said)


def _not_needed(leg: Leg, case: Case, why: Unmeasured) -> Judgement:
    """Warn that nothing was measured where nothing is required."""
    environment = case.snapshot.key.environment.value
    return Judgement(
        subject=subject_of(leg),
        verdict=Verdict.WARN,
        measured=None,
        limit=None,
        reason=f"unmeasured: {why}; {environment} does not need it.",
    )
