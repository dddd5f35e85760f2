"""Matching: which levels an incoming order takes.

Pure. Quantities are base units, budgets quote. What is taken comes back as levels,
best first; what cannot be taken is the caller's to rest or expire.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from trimtab.testnet.books import Level
from trimtab.testnet.exact import ZERO, floor_to


def take(levels: Iterable[Level], quantity: Decimal) -> tuple[Level, ...]:
    """Return what *quantity* takes of *levels*, best first."""
    taken: list[Level] = []
    left = quantity
    for level in levels:
        if left <= 0:
            break
        eaten = min(left, level.quantity)
        taken.append(Level(limit_price=level.limit_price, quantity=eaten))
        left -= eaten
    return tuple(taken)


def take_for(levels: Iterable[Level], *, budget: Decimal, lot_size: Decimal) -> tuple[Level, ...]:
    """Return the whole lots that *budget* quote units buy or sell of *levels*, best first."""
    taken: list[Level] = []
    left = budget
    for level in levels:
        eaten = min(level.quantity, floor_to(left / level.limit_price, lot_size))
        if eaten <= 0:
            break
        taken.append(Level(limit_price=level.limit_price, quantity=eaten))
        left -= eaten * level.limit_price
    return tuple(taken)


def quantity_of(levels: Sequence[Level]) -> Decimal:
    """Return the base units in *levels*."""
    return sum((level.quantity for level in levels), ZERO)


def value_of(levels: Sequence[Level]) -> Decimal:
    """Return the quote value of *levels*."""
    return sum((level.quantity * level.limit_price for level in levels), ZERO)
