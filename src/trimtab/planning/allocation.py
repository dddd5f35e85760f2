"""Lot allocation: the whole lots that come closest to the desired moves with the cash there is.

Pure. Values and cash are quote units, lots are signed (positive buys). The sum of squared misses
at planned prices is least over whole lots, minimum orders, free units and free cash; of equal
sums the one with fewer legs, then with less turnover. Feasibility and the bound are exact integer
arithmetic; floats only propose where to look (``estimators.lot_prices``).

Source: docs/design/0002-lot-allocation.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from math import isqrt
from typing import Final

from trimtab.domain.exact import exact_arithmetic
from trimtab.planning.lot_grid import AllocationItem, LotGrid, competition, on_grid
from trimtab.planning.lot_problem import LotProblem
from trimtab.planning.lot_search import Incumbent, rounded_down, search

__all__ = [
    "Allocation",
    "AllocationItem",
    "Certificate",
    "LotReason",
    "allocate",
    "allocate_within",
]

GAP_PARTS: Final = 100_000
"""A plan is certified when its tracking error is proved within this part of Σ|desired|."""
AIM_PARTS: Final = 1_000_000
"""The search goes on until it has proved so small a part, or has tried enough."""
FINE_BITS: Final = 32
"""Binary places of a tracking error below the value grid, which may be coarse."""
EXACT_ITEMS_MAX: Final = 8
"""Up to so many competing items the search goes on until the best lots are proved."""
PROPOSE_ITEMS_MIN: Final = 24
"""From so many competing items on, arrays propose prices and lots."""
STEPS_MAX: Final = 150_000
"""Most prices times items that one search tries; about a tenth of a second."""


class Certificate(StrEnum):
    """What is proved about an allocation. Stored with the plan; never renamed."""

    EXACT = "exact"
    """No legal allocation has a smaller squared miss."""
    CERTIFIED = "certified"
    """None has a tracking error that is smaller by more than Σ|desired| / 100,000."""
    BOUNDED = "bounded"
    """The search gave up; the bound says how much smaller one could be."""


class LotReason(StrEnum):
    """Why an item has the lots it has. Stored with the plan; never renamed."""

    ON_TARGET = "on_target"
    TO_TARGET = "to_target"
    """As near as whole lots and the minimum order allow."""
    CUT_TO_CASH = "cut_to_cash"
    """A smaller buy than that, because cash is short."""
    FUNDS_ANOTHER = "funds_another"
    """A larger sell than that, by a minimum order at most, because cash is short."""
    AT_MAXIMUM = "at_maximum"
    """As much as may be bought or sold."""
    NO_FREE_CASH = "no_free_cash"
    BELOW_ONE_LOT = "below_one_lot"
    """Doing nothing is nearer than one lot."""
    BELOW_MIN_NOTIONAL = "below_min_notional"
    """Doing nothing is nearer than the smallest order, or that is more than may be traded."""
    NOTHING_FREE = "nothing_free"
    """Nothing may be bought, or nothing sold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """Lots and reasons, in the order of the items, and what is proved about them."""

    lots: tuple[int, ...]
    """Signed; positive buys."""
    reasons: tuple[LotReason, ...]
    squared_miss: Decimal
    """Σ (lots × lot value − desired)², quote units squared."""
    bound: Decimal
    """No legal allocation has a squared miss below this."""
    certificate: Certificate
    cash_used: Decimal
    """Cash taken by buys less cash brought by sells, quote units."""


def allocate(items: Sequence[AllocationItem], cash: Decimal) -> Allocation:
    """Return the best lots of *items* that use at most *cash*, all in the order of the items.

    Where cash is so negative that no sale covers it, what can be sold is and nothing is bought.
    """
    return allocate_within(items, cash, steps_max=STEPS_MAX)


def allocate_within(
    items: Sequence[AllocationItem], cash: Decimal, *, steps_max: int
) -> Allocation:
    """Return the best lots found before *steps_max* prices times items have been tried."""
    grid = on_grid(items, cash)
    thrifty = grid.thrifty
    if grid.used(grid.alone) <= grid.cash:
        lots, floor = grid.alone, grid.squared_miss(grid.alone)
    elif grid.used(thrifty) >= grid.cash:
        lots, floor = thrifty, grid.squared_miss(thrifty)
    else:
        lots, floor = _competed(grid, thrifty, steps_max=steps_max)
    assert grid.used(lots) <= max(grid.cash, grid.used(thrifty)), "Invariant: cash suffices."
    return _allocation(grid, lots, floor)


def _competed(
    grid: LotGrid, thrifty: tuple[int, ...], *, steps_max: int
) -> tuple[tuple[int, ...], int]:
    """Return the best lots where cash is short, and the floor under the squared miss."""
    pairs = zip(grid.alone, thrifty, strict=True)
    settled = [alone if alone == least_use else 0 for alone, least_use in pairs]
    rows = [row for row, lots in enumerate(thrifty) if lots != grid.alone[row]]
    problem = competition(grid, rows, settled=settled)
    idle_miss = grid.squared_miss(settled)
    gap = 0 if len(rows) <= EXACT_ITEMS_MAX else (sum(grid.desired) << FINE_BITS) // AIM_PARTS
    first, price = _first(problem)
    found = search(
        problem,
        first=first,
        price=price,
        enough=_enough(problem, idle_miss=idle_miss, gap=gap),
        steps_max=steps_max,
    )
    for row, lots in zip(rows, found.best.lots, strict=True):
        settled[row] = lots
    return tuple(settled), max(0, idle_miss + found.floor // problem.weight)


def _enough(problem: LotProblem, *, idle_miss: int, gap: int) -> Callable[[int], int]:
    """Return the function from a cost to the floor whose tracking error is within *gap* of it.

    *idle_miss* is the squared miss of doing nothing; *gap* counts the fine steps of a root.
    """

    def enough(cost: int) -> int:
        if gap == 0:
            return cost
        # The root and the square are rounded up, so the floor asked for is never too low.
        root = _root(idle_miss + cost // problem.weight) + 1
        square = problem.weight * max(0, root - gap) ** 2
        return -(-square >> 2 * FINE_BITS) - problem.weight * idle_miss

    return enough


def _first(problem: LotProblem) -> tuple[Incumbent, int]:
    """Return lots that keep the limit and a price of cash to start from."""
    if len(problem.lot) < PROPOSE_ITEMS_MIN:
        return rounded_down(problem), 0
    from trimtab.estimators.lot_prices import (  # noqa: PLC0415 -- few items must not pay for numpy.
        USUAL_EFFORT,
        lot_arrays,
        propose_lots,
    )

    legal = problem.legal
    arrays = lot_arrays(
        desired=problem.desired,
        lot=problem.lot,
        use=problem.use,
        legal=(legal.low, legal.high, legal.idle),
    )
    proposal = propose_lots(arrays, problem.cash, USUAL_EFFORT)
    numerator, denominator = proposal.price
    price = problem.weight * numerator // denominator
    # Floats may overspend by their rounding; such lots are not repaired but dropped.
    if problem.use_of(proposal.lots) > problem.cash:
        return rounded_down(problem), price
    return Incumbent(lots=proposal.lots, cost=problem.cost_of(proposal.lots)), price


def _allocation(grid: LotGrid, lots: Sequence[int], floor: int) -> Allocation:
    """Return unsigned *lots* of the grid's rows in the order and the units of the items."""
    signed, reasons = [0] * len(lots), [LotReason.ON_TARGET] * len(lots)
    for row, place in enumerate(grid.order):
        signed[place] = -lots[row] if grid.sells[row] else lots[row]
        reasons[place] = _reason(grid, row=row, lots=lots[row])
    missed = grid.squared_miss(lots)
    if floor == missed:
        certificate = Certificate.EXACT
    else:
        gap = (sum(grid.desired) << FINE_BITS) // GAP_PARTS
        near = _root(missed) + 1 - _root(floor) <= gap
        certificate = Certificate.CERTIFIED if near else Certificate.BOUNDED
    return Allocation(
        lots=tuple(signed),
        reasons=tuple(reasons),
        squared_miss=_decimal(missed, parts=grid.value_parts**2),
        bound=_decimal(floor, parts=grid.value_parts**2),
        certificate=certificate,
        cash_used=_decimal(grid.used(lots), parts=grid.cash_parts),
    )


def _root(square: int) -> int:
    """Return the root of *square*, rounded down, in 2**-FINE_BITS of the grid."""
    return isqrt(square << 2 * FINE_BITS)


def _decimal(whole: int, *, parts: int) -> Decimal:
    """Return *whole* steps of the grid with *parts* steps in one, exactly."""
    with exact_arithmetic():
        return Decimal(whole) / parts


def _reason(grid: LotGrid, *, row: int, lots: int) -> LotReason:
    """Return why *row* has its unsigned *lots*."""
    alone, free = grid.alone[row], grid.free[row]
    if lots < alone:
        return LotReason.CUT_TO_CASH if lots else LotReason.NO_FREE_CASH
    if lots > alone:
        return LotReason.FUNDS_ANOTHER
    if lots:
        wants_more = 2 * (grid.desired[row] - lots * grid.lot[row]) > grid.lot[row]
        return LotReason.AT_MAXIMUM if lots == free and wants_more else LotReason.TO_TARGET
    if grid.desired[row] == 0:
        return LotReason.ON_TARGET
    if free == 0:
        return LotReason.NOTHING_FREE
    return LotReason.BELOW_ONE_LOT if grid.least[row] == 1 else LotReason.BELOW_MIN_NOTIONAL
