"""The open part of a lot allocation as integers on one grid, and its Lagrangian relaxation.

Pure and exact: no Decimal, no float. Sizes are unsigned lots; the sign of ``use`` says whether an
item buys (uses cash) or sells (brings it). One integer orders allocations by squared miss first,
then legs, then turnover: ``weight * squared miss + leg * legs + turnover``, where ``weight``
outgrows all that the two later terms can reach. Less what doing nothing costs, it is called cost.

Source: docs/design/0002-lot-allocation.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LotRange:
    """What each item may do: ``low..high`` lots, or nothing where it may idle."""

    low: tuple[int, ...]
    """Fewest lots of a leg, >= 1."""
    high: tuple[int, ...]
    """Most lots, >= low, or 0 for an item that must idle."""
    idle: tuple[bool, ...]
    """Whether zero lots are allowed."""

    def split(self, item: int, *, lots: int) -> tuple[LotRange, LotRange]:
        """Return the ranges with at most, and with more than, *lots* lots of *item*."""
        most, fewest, idle = list(self.high), list(self.low), list(self.idle)
        most[item] = lots if lots >= self.low[item] else 0
        fewest[item] = max(lots + 1, self.low[item])
        idle[item] = False
        return (
            LotRange(low=self.low, high=tuple(most), idle=self.idle),
            LotRange(low=tuple(fewest), high=self.high, idle=tuple(idle)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LotProblem:
    """Items that compete for cash: choose lots of least cost whose use is at most the cash."""

    desired: tuple[int, ...]
    """Unsigned value to move, value grid, > 0."""
    lot: tuple[int, ...]
    """Value of one lot, value grid, > 0."""
    use: tuple[int, ...]
    """Cash that one lot uses, cash grid; > 0 buys, < 0 sells, never 0."""
    alone: tuple[int, ...]
    """Best lots if cash were free; buys never go above it, sells never below."""
    legal: LotRange
    cash: int
    """Most that all lots together may use, cash grid; negative where sells must pay."""
    leg: int
    """Cost of one leg: above any turnover, so that legs are compared before turnover."""
    weight: int
    """Cost of one squared unit of the value grid: above any sum of legs and turnover."""
    square: tuple[int, ...]
    """``weight * lot**2``."""
    pull: tuple[int, ...]
    """``2 * weight * desired * lot - lot``: what the first lot saves before its square."""

    def use_of(self, lots: Sequence[int]) -> int:
        """Return the cash that *lots* use, cash grid."""
        return sum(use * count for use, count in zip(self.use, lots, strict=True))

    def cost_of(self, lots: Sequence[int]) -> int:
        """Return the cost of *lots*."""
        rows = zip(self.square, self.pull, lots, strict=True)
        worth = sum(count * (square * count - pull) for square, pull, count in rows)
        return worth + self.leg * sum(count != 0 for count in lots)


def lot_problem(  # The rows are parallel; each is a tuple of one length.
    *,
    sizes: Sequence[tuple[int, int]],
    use: Sequence[int],
    alone: Sequence[int],
    legal: LotRange,
    cash: int,
) -> LotProblem:
    """Return the problem of (desired, lot) *sizes* with the weights that order allocations."""
    turnover_max = sum(lot * most for (_, lot), most in zip(sizes, legal.high, strict=True))
    leg = turnover_max + 1
    weight = (len(sizes) + 1) * leg
    return LotProblem(
        desired=tuple(desired for desired, _ in sizes),
        lot=tuple(lot for _, lot in sizes),
        use=tuple(use),
        alone=tuple(alone),
        legal=legal,
        cash=cash,
        leg=leg,
        weight=weight,
        square=tuple(weight * lot * lot for _, lot in sizes),
        pull=tuple((2 * weight * desired - 1) * lot for desired, lot in sizes),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxed:
    """Lots of least cost when cash is not limited but bought at a price."""

    price: int
    """Cost of one unit of the cash grid, >= 0."""
    bound: int
    """No lots in the range that keep the cash limit cost less than this."""
    excess: int
    """Use less cash: > 0 breaks the limit, <= 0 keeps it."""
    lots: tuple[int, ...]

    @property
    def cost(self) -> int:
        """Cost of the lots themselves."""
        return self.bound - self.price * self.excess


def relaxed(problem: LotProblem, within: LotRange, price: int) -> Relaxed:
    """Return each item's best lots of the range at *price*; the bound holds for any price >= 0.

    Each cost is a parabola in the lots, so the best of a range is the whole number next to its
    vertex, held to the range; zero is compared apart because of the minimum order.
    """
    bound, excess, leg, chosen = -price * problem.cash, -problem.cash, problem.leg, list[int]()
    rows = zip(
        problem.square, problem.pull, problem.use, within.low, within.high, within.idle, strict=True
    )
    for square, pull, use, low, high, idle in rows:
        gain = pull - price * use
        lots = (gain + square) // (square + square)
        lots = max(lots, low)
        lots = min(lots, high)
        worth = lots * (square * lots - gain) + leg
        if lots == 0 or (idle and worth >= 0):
            chosen.append(0)
        else:
            bound += worth
            excess += use * lots
            chosen.append(lots)
    return Relaxed(price=price, bound=bound, excess=excess, lots=tuple(chosen))
