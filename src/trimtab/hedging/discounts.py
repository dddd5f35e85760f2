"""How far contracts trade below their indices, and in which no hedge is opened for it. Pure, exact.

Bps of the index, as ``risk.max_basis_bps`` has it. A hedge is bought back from ``basis_bps`` on.
Until the contract has come back by the hysteresis none is opened in it again, so that a discount
that hovers at the threshold opens and closes nothing. Source: strategy definitions 2.4;
docs/design/0048-premium-basis-and-whole-lives.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.exact import BPS, exact_arithmetic, ratio
from trimtab.domain.hedges import HedgeBook, HedgeCause
from trimtab.domain.instruments import Symbol
from trimtab.domain.snapshot import ContractState
from trimtab.domain.urgency import BasisAction, UrgencyPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """How far a contract is below its index, where no hedge is opened for that."""

    symbol: Symbol
    bps: Decimal
    release: Decimal
    """From where down hedges are opened in it again, bps, >= 0."""


def below_index(state: ContractState) -> Decimal:
    """Return how far the mark is below the index, bps of the index, signed."""
    with exact_arithmetic():
        return ratio((state.index - state.mark) * BPS, state.index)


def shutting(
    symbol: Symbol, state: ContractState, *, rules: UrgencyPolicy, book: HedgeBook
) -> Discount | None:
    """Return the discount for which no hedge is opened in a contract, or None where one may be.

    It would be bought back at once, or was bought back, and the contract has not come back since.
    What the discount was between two plans is not remembered: it is released where it is seen.
    """
    if rules.basis is not BasisAction.CLOSE:
        return None
    below, release = below_index(state), rules.basis_release_bps
    is_shut = below >= rules.basis_bps or (below > release and _was_left(symbol, book))
    return Discount(symbol=symbol, bps=below, release=release) if is_shut else None


def _was_left(symbol: Symbol, book: HedgeBook) -> bool:
    """Whether hedges in a contract were bought back for its discount, and none was opened since."""
    there = [h for h in book.hedges if h.symbol == symbol]
    ends = [h.closed_at for h in there if h.closed_by is HedgeCause.BASIS and h.closed_at]
    return bool(ends) and all(h.opened_at <= max(ends) for h in there)
