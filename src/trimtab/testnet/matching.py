"""Matching: which levels an incoming order takes.

Pure. Quantities are base units, budgets quote. What is taken comes back as levels,
best first; what cannot be taken is the caller's to rest or expire.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from trimtab.testnet.books import Level
from trimtab.testnet.exact import ZERO, floor_to
from trimtab.testnet.orders import Order
from trimtab.testnet.tickets import Ticket


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


def in_the_way(
    resting: Iterable[Order], ticket: Ticket, taken: Sequence[Level]
) -> tuple[Order, ...]:
    """Return the account's own *resting* orders that *ticket* would meet on its way."""
    if not taken and (not ticket.limit_price or ticket.time_in_force == "FOK"):
        return ()
    # Filled entirely, it goes no further than its last fill, whatever its limit.
    filled = quantity_of(taken) >= ticket.quantity
    reach = taken[-1].limit_price if filled else ticket.limit_price or taken[-1].limit_price
    buys = ticket.side == "BUY"
    return tuple(
        order
        for order in resting
        if order.side != ticket.side
        and (order.limit_price <= reach if buys else order.limit_price >= reach)
    )


def quantity_of(levels: Sequence[Level]) -> Decimal:
    """Return the base units in *levels*."""
    return sum((level.quantity for level in levels), ZERO)


def value_of(levels: Sequence[Level]) -> Decimal:
    """Return the quote value of *levels*."""
    return sum((level.quantity * level.limit_price for level in levels), ZERO)
