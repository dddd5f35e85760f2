"""Proposed lots and a proposed price of cash, by Lagrangian relaxation on arrays.

Pure, floats. Nothing here is trusted: the caller checks the cash limit and certifies the price in
exact arithmetic. All arrays have one shape, (items,); values are in any one unit, cash in any one
unit. Sizes are unsigned lots, the sign of ``use`` says whether an item buys or sells.

The work is a fixed number of passes over the items, whatever the prices: O(n) each.

Source: docs/design/0002-lot-allocation.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

GROWTH: Final = 4.0
"""How much higher each guess is."""
FEW: Final = 3
"""So few changing items make use a staircase, on which only crossings help."""
MARGIN: Final = 1e-9
"""Part by which the highest price is raised against rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much is tried; less makes worse proposals, never illegal ones."""

    pricings: int
    """Most prices tried to bracket the cash limit once, >= 0."""
    guesses: int
    """Most prices guessed from the slope of use before the highest one is taken, >= 0."""
    fills: int
    """Most times that the cash left over is offered to items whose next step it pays for."""


USUAL_EFFORT: Final = Effort(pricings=40, guesses=4, fills=16)
"""Far more than the half dozen of each that are usual."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LotArrays:
    """Items that compete for cash: ``low..high`` lots each, or none where it may idle."""

    desired: Floats
    """Unsigned value to move, > 0."""
    lot: Floats
    """Value of one lot, > 0."""
    use: Floats
    """Cash that one lot uses; < 0 for sells, never 0."""
    low: Floats
    """Fewest lots of a leg, >= 1."""
    high: Floats
    """Most lots, >= low."""
    idle: Mask
    """Whether zero lots are allowed."""

    def only(self, keep: Mask) -> LotArrays:
        """Return the items where *keep* is true."""
        return LotArrays(
            desired=self.desired[keep],
            lot=self.lot[keep],
            use=self.use[keep],
            low=self.low[keep],
            high=self.high[keep],
            idle=self.idle[keep],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LotProposal:
    """Lots near the best ones, and the price of cash that they come from."""

    lots: tuple[int, ...]
    price: tuple[int, int]
    """Numerator and denominator of the squared value units that a unit of cash is worth, >= 0."""


def lot_arrays(
    *,
    desired: Sequence[int],
    lot: Sequence[int],
    use: Sequence[int],
    legal: tuple[Sequence[int], Sequence[int], Sequence[bool]],
) -> LotArrays:
    """Return rows of whole numbers as arrays; *legal* holds low, high and idle."""
    low, high, idle = legal
    return LotArrays(
        desired=np.array(desired, dtype=np.float64),
        lot=np.array(lot, dtype=np.float64),
        use=np.array(use, dtype=np.float64),
        low=np.array(low, dtype=np.float64),
        high=np.array(high, dtype=np.float64),
        idle=np.array(idle, dtype=np.bool_),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Point:
    """The best lots at one price."""

    price: float
    lots: Floats
    excess: float
    """Use less cash; > 0 breaks the limit."""
    cost: float
    """Squared miss less that of doing nothing."""


def propose_lots(items: LotArrays, cash: int, effort: Effort) -> LotProposal:
    """Return lots that keep the cash limit up to rounding, and the price they come from.

    What a price leaves of the cash is offered again to the items whose next step it pays for,
    the others held, until no step fits. The least cash that the items can use must be below
    *cash*, and their best lots alone must use more.
    """
    fits = _cheapest_fit(items, float(cash), ceiling=_highest_price(items), effort=effort)
    price, lots, rest = fits.price, fits.lots, -fits.excess
    for _ in range(effort.fills):
        keep = _next_step(items, lots) <= rest
        if not keep.any():
            break
        part = items.only(keep)
        inner = _cheapest_fit(
            part, float(part.use @ lots[keep]) + rest, ceiling=fits.price, effort=effort
        )
        lots[keep] = inner.lots
        fits, rest = inner, -inner.excess
    whole = tuple(int(count) for count in lots.tolist())
    return LotProposal(lots=whole, price=price.as_integer_ratio())


def _at(items: LotArrays, *, cash: float, price: float) -> _Point:
    """Return the best lots of each item when cash costs *price*."""
    vertex = items.desired - items.use / items.lot * (price / 2)
    lots = np.clip(np.rint(vertex / items.lot), items.low, items.high)
    value = lots * items.lot
    lots[items.idle & (value >= 2 * vertex)] = 0
    value = lots * items.lot
    return _Point(
        price=price,
        lots=lots,
        excess=float(items.use @ lots) - cash,
        cost=float(value @ (value - 2 * items.desired)),
    )


def _cheapest_fit(items: LotArrays, cash: float, *, ceiling: float, effort: Effort) -> _Point:
    """Return the lots at the lowest price that keeps the limit; *ceiling* is known to keep it."""
    over = _at(items, cash=cash, price=0.0)
    if over.excess <= 0:
        return over
    fits = _above(items, cash, over, ceiling=ceiling, guesses=effort.guesses)
    for attempt in range(effort.pricings):
        # Where rounding swallows the difference any price will do: the caller checks the lots.
        width = (over.excess - fits.excess) or 1.0
        crossing = (fits.cost - over.cost) / width
        few = np.count_nonzero(over.lots != fits.lots) <= FEW
        linear = over.price + (fits.price - over.price) * over.excess / width
        price = crossing if few or attempt % 2 else linear
        if not over.price < price < fits.price:
            break
        point = _at(items, cash=cash, price=price)
        settled = price == crossing and point.excess in (over.excess, fits.excess)
        if point.excess > 0:
            over = point
        else:
            fits = point
        if settled:
            break
    return fits


def _above(items: LotArrays, cash: float, over: _Point, *, ceiling: float, guesses: int) -> _Point:
    """Return a point that keeps the limit, at a price guessed from the slope of use."""
    slope = float(np.sum((items.use / items.lot) ** 2)) / 2
    price = over.excess / slope
    for _ in range(guesses):
        if price >= ceiling:
            break
        point = _at(items, cash=cash, price=price)
        if point.excess <= 0:
            return point
        price *= GROWTH
    return _at(items, cash=cash, price=ceiling)


def _highest_price(items: LotArrays) -> float:
    """Return a price at which every item uses as little cash as its range lets it."""
    buys = 2 * items.desired * items.lot
    sells = 2 * items.lot * (items.lot * (items.high + 1) - items.desired)
    return float(np.max(np.where(items.use > 0, buys, sells) / np.abs(items.use))) * (1 + MARGIN)


def _next_step(items: LotArrays, lots: Floats) -> Floats:
    """Return the cash that each item's next step toward its desired value would use."""
    entry = np.where(items.use > 0, lots == 0, items.idle & (lots == items.low))
    step = np.where(entry, items.low, 1) * np.abs(items.use)
    ended = np.where(items.use > 0, lots >= items.high, lots <= np.where(items.idle, 0, items.low))
    step[ended] = np.inf
    return np.asarray(step, dtype=np.float64)
