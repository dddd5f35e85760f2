"""Convex excesses over the fills of moves, and their exact worst case.

Pure, and exact inside ``exact_arithmetic()``, which callers bring.

An excess is a sum of terms; a term is the largest of some affine functions of the fills of
*its own* moves, each fill in [0, 1]. No move stands in two terms. The largest value over all
fills is therefore the sum of the terms' own peaks, and the peak of a term is the largest,
over its branches, of the constant plus the positive slopes: a corner, found in O(moves)
instead of O(2^moves). Proof and property tests: docs/design/0005-prefix-safety.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.exact import ZERO

MoveIndex = int
"""Place of a move in ``AccountState.moves``, from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Affine:
    """Constant plus slope times fill, summed over moves."""

    constant: Decimal
    """Value when nothing is filled, signed."""
    slopes: Mapping[MoveIndex, Decimal]
    """Change at fill 1, signed; moves without effect are left out."""

    def at(self, filled: AbstractSet[MoveIndex]) -> Decimal:
        """Value when the *filled* moves are filled whole and the others not at all."""
        return self.constant + sum((s for j, s in self.slopes.items() if j in filled), ZERO)

    def scaled(self, factor: Decimal) -> Affine:
        """Return this times *factor*."""
        slopes = {j: factor * s for j, s in self.slopes.items()}
        return Affine(constant=factor * self.constant, slopes=slopes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fills:
    """Which fills are possible: anything in [0, 1] for *moving*, exactly 1 for *settled*."""

    moving: frozenset[MoveIndex]
    settled: frozenset[MoveIndex]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Term:
    """The largest of its branches. Compared by identity, so that scenarios can share it."""

    branches: tuple[Affine, ...]
    """At least one."""
    ceiling: Decimal | None = None
    """What no reachable fills exceed, though fills of the box may; None where nothing is known."""

    def peak(self, fills: Fills) -> Decimal:
        """Return the largest value over all possible *fills*."""
        return self._bounded(max(_branch_peak(branch, fills) for branch in self.branches))

    def corner(self, fills: Fills) -> frozenset[MoveIndex]:
        """Return which moves are filled whole where the peak is reached; the others are empty."""
        branch = max(self.branches, key=lambda b: _branch_peak(b, fills))
        rising = {j for j, slope in branch.slopes.items() if slope > 0 and j in fills.moving}
        return frozenset(rising | (branch.slopes.keys() & fills.settled))

    def at(self, filled: AbstractSet[MoveIndex]) -> Decimal:
        """Value at one corner."""
        return self._bounded(max(branch.at(filled) for branch in self.branches))

    def _bounded(self, value: Decimal) -> Decimal:
        """Return *value*, or what is reachable of it."""
        return value if self.ceiling is None else min(value, self.ceiling)


def _branch_peak(branch: Affine, fills: Fills) -> Decimal:
    """Return the largest value of one affine function over the *fills*."""
    total = branch.constant
    for j, slope in branch.slopes.items():
        if j in fills.settled or (slope > 0 and j in fills.moving):
            total += slope
    return total


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Excess:
    """A sum of terms over disjoint moves; above zero a rule is broken. Compared by identity."""

    terms: tuple[Term, ...]

    def peak(self, fills: Fills, known: Peaks) -> Decimal:
        """Return the largest value over *fills*; *known* keeps what others share."""
        if self not in known:
            known[self] = sum((_peak(term, fills, known) for term in self.terms), ZERO)
        return known[self]

    def corner(self, fills: Fills) -> frozenset[MoveIndex]:
        """Return the moves filled whole in the worst case."""
        return frozenset().union(*(term.corner(fills) for term in self.terms))

    def at(self, filled: AbstractSet[MoveIndex]) -> Decimal:
        """Value at one corner."""
        return sum((term.at(filled) for term in self.terms), ZERO)

    def plus(self, linear: Affine) -> Excess:
        """Return this plus *linear*, each slope put into the term that owns the move."""
        left = dict(linear.slopes)
        terms: list[Term] = []
        for term in self.terms:
            own = {j for branch in term.branches for j in branch.slopes} & left.keys()
            terms.append(_tilted(term, {j: left.pop(j) for j in own}) if own else term)
        rest = Term(branches=(Affine(constant=linear.constant, slopes=left),))
        return Excess(terms=(*terms, rest))


@dataclass(frozen=True, slots=True, kw_only=True)
class Swapped:
    """An excess with some terms in the place of others.

    Scenarios differ in few terms: each costs what it changes, and not the whole sum again.
    """

    base: Excess
    swaps: Mapping[Term, Term]
    """By a term of ``base`` the one in its place; both have the same moves."""

    @property
    def terms(self) -> tuple[Term, ...]:
        """What it is the sum of."""
        return tuple(self.swaps.get(term, term) for term in self.base.terms)

    def peak(self, fills: Fills, known: Peaks) -> Decimal:
        """Return the largest value over *fills*; *known* keeps what others share."""
        total = self.base.peak(fills, known)
        for gone, here in self.swaps.items():
            total += _peak(here, fills, known) - _peak(gone, fills, known)
        return total

    def corner(self, fills: Fills) -> frozenset[MoveIndex]:
        """Return the moves filled whole in the worst case."""
        return Excess(terms=self.terms).corner(fills)


Convex = Excess | Swapped
Peaks = dict[Term | Excess, Decimal]
"""The largest values found so far, of terms and of excesses that others are made from."""


def _peak(term: Term, fills: Fills, known: Peaks) -> Decimal:
    """Return the largest value of *term*, computed once."""
    found = known.get(term)
    if found is None:
        found = known[term] = term.peak(fills)
    return found


def _tilted(term: Term, slopes: Mapping[MoveIndex, Decimal]) -> Term:
    """Return *term* with *slopes* added to every branch."""
    assert term.ceiling is None, "Invariant: what is reachable is not known of the sum."
    return Term(
        branches=tuple(
            Affine(
                constant=branch.constant,
                slopes={
                    j: branch.slopes.get(j, ZERO) + slopes.get(j, ZERO)
                    for j in branch.slopes.keys() | slopes.keys()
                },
            )
            for branch in term.branches
        )
    )


def magnitude(linear: Affine) -> Term:
    """Return the absolute value of *linear*."""
    return Term(branches=(linear, linear.scaled(Decimal(-1))))


def positive_part(linear: Affine) -> Term:
    """Return *linear* where it is above zero, else zero."""
    return Term(branches=(linear, Affine(constant=ZERO, slopes={})))
