"""Maintenance margin, margin ratio and liquidation distance, from the venue's own brackets.

Pure; exact, but for :func:`ratio`, inside ``exact_arithmetic()``, which callers bring. Notionals
are quote units. Maintenance of a notional N in bracket b is ``rate_b x N - deduction_b``; because
rates rise with the notional and the deductions join the steps, that is the largest over all
brackets, a convex function, and where a venue's table is not so joined the largest errs to the
safe side.
"""

from __future__ import annotations

from decimal import Decimal

from trimtab.domain.exact import ONE, ZERO, ratio
from trimtab.domain.snapshot import Bracket, MarginPool


def maintenance(notional: Decimal, brackets: tuple[Bracket, ...]) -> Decimal:
    """Return the maintenance margin of a position of that *notional*, >= 0.

    Steps above it do not count: where a step's rate holds for the whole position, and nothing is
    deducted, they would ask for more than the venue does.
    """
    steps = (
        b.maintenance_ratio * notional - b.maintenance_deduction
        for b in reachable(notional, brackets)
    )
    return max(ZERO, *steps)


def spare_margin(pool: MarginPool) -> Decimal:
    """Return what *pool* has beyond what is bound, signed; venues show nothing below 0."""
    if pool.free_margin > ZERO:
        return pool.free_margin
    return min(ZERO, pool.balance - pool.initial_margin)


def bracket_of(notional: Decimal, brackets: tuple[Bracket, ...]) -> Bracket | None:
    """Return the bracket that *notional* falls into, None above the last cap."""
    return next((b for b in brackets if notional < b.notional_cap), None)


def reachable(notional: Decimal, brackets: tuple[Bracket, ...]) -> tuple[Bracket, ...]:
    """Return the brackets that a position of up to *notional* can fall into, at least one."""
    return tuple(b for b in brackets if b.notional_floor <= notional) or brackets[:1]


def margin_ratio(*, balance: Decimal, maintenance_margin: Decimal) -> Decimal:
    """Return balance over maintenance; higher is safer, 1 is liquidation; infinite when flat."""
    if not maintenance_margin:
        return Decimal("Infinity")
    return ratio(balance, maintenance_margin)


def liquidation_price(
    *, units: Decimal, mark: Decimal, cushion: Decimal, brackets: tuple[Bracket, ...]
) -> Decimal | None:
    """Return the mark at which one position is liquidated when nothing else moves, or None.

    *units* are signed and not zero; *cushion* is the pool's balance at *mark* less the
    maintenance of its other positions. A short is liquidated at (E + N + deduction) /
    (q (1 + rate)), a long at (N - E - deduction) / (q (1 - rate)), in the bracket of the
    notional at that price; one above the present notional counts for a short only, and where it
    is reached: the mark that liquidates a long is below its own. Where all of a long's value is
    maintained it is liquidated at its mark, or nowhere. None when no positive price does it.
    """
    size, short = abs(units), units < 0
    notional = size * mark
    prices: list[Decimal] = []
    for b in brackets if short else reachable(notional, brackets):
        rate, deduction = b.maintenance_ratio, b.maintenance_deduction
        if short:
            entered = ratio(b.notional_floor, size) if b.notional_floor > notional else ZERO
            price = ratio(cushion + notional + deduction, size * (ONE + rate))
            prices.append(max(price, entered))
        elif rate < ONE:
            prices.append(ratio(notional - cushion - deduction, size * (ONE - rate)))
        else:
            prices.append(mark if notional - cushion > deduction else ZERO)
    nearest = min(prices) if short else max(prices)
    return nearest if nearest > 0 else None


def liquidation_distance(*, units: Decimal, mark: Decimal, price: Decimal | None) -> Decimal:
    """Return how far *mark* may move against the position, as a fraction of it, signed.

    Negative when the liquidation price has been passed; infinite without one.
    """
    if price is None:
        return Decimal("Infinity")
    gap = price - mark if units < 0 else mark - price
    return ratio(gap, mark)
