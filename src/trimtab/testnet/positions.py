"""Positions and the arithmetic of filling into them.

Pure. Quantities are signed base units, negative is short; ``cost`` is signed quote:
what the open quantity was entered at. A fill that shrinks a position releases cost in
proportion, rounded half-even to 1e-8; a fill that crosses zero closes and opens.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from trimtab.testnet.exact import ZERO, booked


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """One position of one contract."""

    quantity: Decimal = ZERO
    """Signed base units."""
    cost: Decimal = ZERO
    """Signed quote at entry; same sign as ``quantity``."""
    isolated: Decimal = ZERO
    """Wallet set apart for it in quote; 0 on cross margin."""
    updated_at: int = 0
    """Milliseconds."""

    @property
    def entry(self) -> Decimal:
        """Average entry in quote per base unit; 0 when flat."""
        return self.cost / self.quantity if self.quantity else ZERO

    def profit(self, mark: Decimal) -> Decimal:
        """Return the unrealised profit at *mark*, quote."""
        return self.quantity * mark - self.cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """The outcome of one fill."""

    position: Position
    """The position after it."""
    realized: Decimal
    """Profit it realised in quote, before commission."""


def enter(position: Position, *, quantity: Decimal, quote: Decimal, at_ms: int) -> Entered:
    """Fill signed *quantity* for *quote* (> 0 units of quote) into *position*."""
    held = position.quantity
    signed_quote = quote if quantity > 0 else -quote
    if held * quantity >= 0:
        grown = replace(
            position,
            quantity=held + quantity,
            cost=position.cost + signed_quote,
            updated_at=at_ms,
        )
        return Entered(position=grown, realized=ZERO)
    closed = min(abs(held), abs(quantity))
    whole = closed == abs(held)
    released = position.cost if whole else booked(position.cost * closed / abs(held))
    closing_quote = booked(signed_quote * closed / abs(quantity))
    flipped = quantity + held if abs(quantity) > closed else ZERO
    left = replace(
        position,
        quantity=flipped if whole else held + quantity,
        cost=signed_quote - closing_quote if whole else position.cost - released,
        updated_at=at_ms,
    )
    return Entered(position=left, realized=-closing_quote - released)
