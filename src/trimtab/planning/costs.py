"""Cost and limit of a leg, from the book that was read.

Pure and exact. Costs are quote units, >= 0; prices quote per base unit. The limit is the
worst price a leg may be worked at: the mid moved against us by the allowed slippage,
rounded to a tick on our side.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.exact import BPS, ZERO, ceil_times, exact_arithmetic, floor_times, ratio
from trimtab.domain.instruments import Instrument, Ticks
from trimtab.domain.snapshot import Book


def limit_ticks(
    instrument: Instrument, book: Book, *, buys: bool, max_slippage_bps: Decimal
) -> Ticks:
    """Return the worst price allowed, in ticks, never past the allowed slippage; at least 1."""
    with exact_arithmetic():
        room = book.mid * max_slippage_bps / BPS
        if buys:
            return Ticks(max(1, floor_times(instrument.tick_size, book.mid + room)))
        return Ticks(max(1, ceil_times(instrument.tick_size, book.mid - room)))


def least_reduction(instrument: Instrument, *, price: Decimal) -> int:
    """Return the fewest lots of a reduce-only order that the venue takes, valued at *price*, > 0.

    It counts the value at the mark or at the limit, whichever is less.
    """
    with exact_arithmetic():
        value = instrument.lot_size * price
    return max(instrument.lots_min, ceil_times(value, instrument.notional_min_reduce_only))


@dataclass(frozen=True, slots=True, kw_only=True)
class CostParts:
    """What taking a quantity from a book costs, quote units, each >= 0."""

    fee: Decimal
    """Of a taker, on what is paid."""
    half_spread: Decimal
    """From the mid to the best level."""
    impact: Decimal
    """Beyond the best level."""

    @property
    def total(self) -> Decimal:
        """All of it."""
        with exact_arithmetic():
            return self.fee + self.half_spread + self.impact


def cost_parts(instrument: Instrument, book: Book, *, quantity: Decimal, buys: bool) -> CostParts:
    """Return fee, half spread and impact of taking *quantity* from the book as it was read.

    What the book does not hold is reckoned at its last level: the slippage check, not the
    cost estimate, decides whether that is acceptable.
    """
    side = book.asks if buys else book.bids
    with exact_arithmetic():
        left, paid = quantity, ZERO
        for level in side:
            taken = min(left, level.quantity)
            paid += taken * level.price
            left -= taken
        paid += left * side[-1].price
        to_best = quantity * abs(side[0].price - book.mid)
        slip = abs(paid - quantity * book.mid)
        return CostParts(
            fee=paid * instrument.taker_fee, half_spread=to_best, impact=slip - to_best
        )


def expected_cost(instrument: Instrument, book: Book, *, quantity: Decimal, buys: bool) -> Decimal:
    """Return fee, half spread and impact of taking *quantity*, quote units."""
    return cost_parts(instrument, book, quantity=quantity, buys=buys).total


def cost_share(instrument: Instrument, book: Book) -> Decimal:
    """Return fee and half spread of a small order as a fraction of its value."""
    with exact_arithmetic():
        half_spread = ratio(book.asks[0].price - book.mid, book.mid)
        return half_spread + instrument.taker_fee
