"""A rule over every prefix of a plan: a convex excess that must not grow above zero.

Pure. Safe means, for every reachable state x: L(x) <= max(0, L(x0)). Where several excesses
bound the same thing (a scenario and its mirror; a bound and the same bound with what cash
allows), the rule says how they combine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from trimtab.domain.exact import ratio
from trimtab.risk.convex import Affine, Convex, Excess, Fills, MoveIndex, Peaks

Gauge = Callable[[Decimal, frozenset[MoveIndex]], Decimal]
"""Turns the excess at a corner, told by the moves filled whole, into the measured value."""


class Settled(StrEnum):
    """What is known of the legs of earlier stages while a later one is in flight."""

    ANY_FILL = "any_fill"
    """Nothing: each may have ended at any fill in [0, 1]. The ordinary case."""
    TRANSFERRED = "transferred"
    """The same, and what the plan moves into margin is there from the start, before the first
    order too: where a transfer is no cause, and what follows it is held against what it left."""
    AS_PLANNED = "as_planned"
    """They were filled whole. Only where execution sizes later legs to what the earlier ones
    really brought (money, coins, margin, the other half of a pair), so that any lesser fill
    makes the later legs smaller too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One excess in one scenario for one thing that it guards."""

    code: str
    """The check it belongs to."""
    what: str
    """What is measured, as the start of a sentence: ``margin balance of the USDT wallet``."""
    scenario: str
    """``prices as read``, ``all up or all down``, ``BTC up or down``."""
    worst_of: tuple[Convex, ...]
    """Alternatives that may all come true: the largest counts."""
    capped_by: tuple[Convex, ...]
    """Upper bounds that hold as well, because cash is finite: the smallest counts. May be empty."""
    settled: Settled
    limit: Decimal
    """In the check's unit."""
    gauge: Gauge
    """Turns the excess at a corner into the measured value, in the check's unit."""
    guarded: frozenset[MoveIndex]
    """Moves that may not raise anything while the rule is broken already."""
    advice: str
    """What to do, the end of a sentence: ``reduce futures first``."""

    @property
    def concerned(self) -> frozenset[MoveIndex]:
        """The moves that change what is measured."""
        branches = (b for excess in self.worst_of for term in excess.terms for b in term.branches)
        return frozenset(j for branch in branches for j, slope in branch.slopes.items() if slope)

    def peak(self, fills: Fills, known: Peaks) -> Decimal:
        """Return the largest excess over *fills*."""
        worst = max(excess.peak(fills, known) for excess in self.worst_of)
        return min((worst, *(excess.peak(fills, known) for excess in self.capped_by)))

    def corner(self, fills: Fills, known: Peaks) -> frozenset[MoveIndex]:
        """Return the moves filled whole where the largest excess is reached."""
        return max(self.worst_of, key=lambda e: e.peak(fills, known)).corner(fills)


def above(limit: Decimal) -> Gauge:
    """Return the gauge of a value that must not pass *limit*."""
    return lambda excess, _: limit + excess


def below(limit: Decimal) -> Gauge:
    """Return the gauge of a value that must not fall under *limit*."""
    return lambda excess, _: limit - excess


def above_ratio(limit: Decimal, divisor: Affine) -> Gauge:
    """Return the gauge of dividend / divisor <= limit, its excess being dividend - limit x divisor.

    Infinite where the divisor is not positive and the excess is: nothing covers the dividend.
    """

    def gauge(excess: Decimal, filled: frozenset[MoveIndex]) -> Decimal:
        value = divisor.at(filled)
        if value > 0:
            return limit + ratio(excess, value)
        return Decimal("Infinity") if excess > 0 else limit

    return gauge


def below_ratio(limit: Decimal, divisor: Excess) -> Gauge:
    """Return the gauge of dividend / divisor >= limit; infinite where the divisor is zero."""

    def gauge(excess: Decimal, filled: frozenset[MoveIndex]) -> Decimal:
        value = divisor.at(filled)
        return limit - ratio(excess, value) if value > 0 else Decimal("Infinity")

    return gauge
