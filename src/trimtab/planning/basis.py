"""Basis: which hedges stand in a contract that trades far below its index. Pure and exact.

A short gains what its contract falls below the coin; bought back there, that is kept. How far is in
bps of the index, as ``risk.max_basis_bps`` has it. Source: strategy definitions 2.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.exact import BPS, exact_arithmetic, ratio
from trimtab.domain.firings import Firing, TriggerKind
from trimtab.domain.instruments import Symbol
from trimtab.domain.readings import Reading
from trimtab.domain.urgency import BasisAction
from trimtab.planning.contracts import Contracts

RULE = "triggers.on_basis"


@dataclass(frozen=True, slots=True, kw_only=True)
class Discounts:
    """How far contracts with hedges trade below their indices."""

    closing: Mapping[Symbol, Decimal]
    """Those that are to be bought back, bps."""
    told: tuple[Firing, ...]
    """Of those that are far below and are only told, by contract."""
    readings: tuple[Reading, ...]
    """Of every contract with a hedge, by first hedge; empty where nobody looks."""


NO_DISCOUNT = Discounts(closing={}, told=(), readings=())
"""Nobody looks."""


def discounts_of(contracts: Contracts) -> Discounts:
    """Return how far the contracts of open hedges trade below their indices."""
    rules = contracts.policy.urgency
    if rules.basis is BasisAction.OFF:
        return NO_DISCOUNT
    states = contracts.snapshot.contracts
    below: dict[Symbol, Decimal] = {}
    for symbol in dict.fromkeys(h.symbol for h in contracts.book.open if h.symbol in states):
        state = states[symbol]
        with exact_arithmetic():
            below[symbol] = ratio((state.index - state.mark) * BPS, state.index)
    far = {s: bps for s, bps in below.items() if bps >= rules.basis_bps}
    rests = TriggerKind.BASIS in contracts.occasion.cooling
    closes = rules.basis is BasisAction.CLOSE and not rests
    return Discounts(
        closing=far if closes else {},
        told=() if closes else tuple(_told(s, b, limit=rules.basis_bps) for s, b in far.items()),
        readings=tuple(
            _reading(s, b, limit=rules.basis_bps, holds=s in far) for s, b in below.items()
        ),
    )


def _told(symbol: Symbol, below: Decimal, *, limit: Decimal) -> Firing:
    """Return that a contract trades far below its index."""
    return Firing(
        kind=TriggerKind.BASIS,
        subject=symbol,
        measured=below,
        limit=limit,
        reason="trades so many bps below its index, and a hedge is short in it",
    )


def _reading(symbol: Symbol, below: Decimal, *, limit: Decimal, holds: bool) -> Reading:
    """Return the figure of one contract."""
    return Reading(
        rule=RULE,
        subject=symbol,
        name="discount_bps",
        measured=below,
        limit=limit,
        holds=holds,
        text="bps below its index; a hedge that is bought back there keeps them",
    )
