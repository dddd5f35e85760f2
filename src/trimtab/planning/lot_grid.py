"""Items of a lot allocation, and the same as integers on common grids.

Pure. Decimals become integers in steps that divide all of them, so nothing is rounded and no
decimal context is read: values in one step, cash in another. On the grid sizes are unsigned; the
sign of ``use`` says which side.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import lcm

from trimtab.planning.lot_problem import LotProblem, LotRange, lot_problem


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocationItem:
    """One market in which value is to be moved."""

    name: str
    """Unique; the last tie goes by it, so that the order of items never matters."""
    desired: Decimal
    """Value to move, quote units; positive buys. No leg goes against its sign."""
    lot_value: Decimal
    """Value of one lot at the planned price, quote units, > 0."""
    buy_cost_per_lot: Decimal
    """Cash that one bought lot takes, limit and fee included, quote units, >= 0; 0 for futures."""
    sell_proceeds_per_lot: Decimal
    """Cash that one sold lot surely brings, fee taken off, quote units, >= 0; 0 for futures."""
    lots_min: int
    """Smallest order, lots, >= 1."""
    notional_min: Decimal
    """Least value of an order at the planned price, quote units, >= 0."""
    buy_lots_max: int
    """Most lots that may be bought, >= 0."""
    sell_lots_max: int
    """Most lots that may be sold: free units and the venue's maximum, >= 0."""

    def __post_init__(self) -> None:
        if self.lot_value <= 0 or self.lots_min < 1:
            raise ValueError(f"{self.name}: need lot_value > 0 and lots_min >= 1")
        if min(self.buy_cost_per_lot, self.sell_proceeds_per_lot, self.notional_min) < 0:
            raise ValueError(f"{self.name}: costs, proceeds and the least notional are >= 0")
        if min(self.buy_lots_max, self.sell_lots_max) < 0:
            raise ValueError(f"{self.name}: the most lots are >= 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class LotGrid:
    """Items as integers, sorted by name."""

    order: tuple[int, ...]
    """Place of each row among the items."""
    desired: tuple[int, ...]
    """Unsigned value to move, value grid."""
    lot: tuple[int, ...]
    """Value of one lot, value grid, > 0."""
    use: tuple[int, ...]
    """Cash that one lot uses, cash grid; < 0 sells, 0 does not compete for cash."""
    sells: tuple[bool, ...]
    """Whether the item is to be sold."""
    free: tuple[int, ...]
    """Most lots that may be traded on the item's side."""
    least: tuple[int, ...]
    """Smallest order, lots, >= 1."""
    alone: tuple[int, ...]
    """Best lots if cash were free."""
    most: tuple[int, ...]
    """Most lots: what may be traded, at most one smallest order above the desired value."""
    cash: int
    """Cash grid."""
    value_parts: int
    """Steps of the value grid in one quote unit."""
    cash_parts: int
    """Steps of the cash grid in one quote unit."""

    @property
    def thrifty(self) -> tuple[int, ...]:
        """The lots that use least cash: no buys, largest sells; best alone where cash is unused."""
        rows = zip(self.use, self.least, self.alone, self.most, strict=True)
        return tuple(
            alone if use == 0 else 0 if use > 0 or most < least else most
            for use, least, alone, most in rows
        )

    def used(self, lots: Iterable[int]) -> int:
        """Return the cash that unsigned *lots* use, cash grid."""
        return sum(use * count for use, count in zip(self.use, lots, strict=True))

    def squared_miss(self, lots: Iterable[int]) -> int:
        """Return Σ (lots × lot value − desired)² of unsigned *lots*, value grid squared."""
        rows = zip(self.desired, self.lot, lots, strict=True)
        return sum((lot * count - desired) ** 2 for desired, lot, count in rows)


def on_grid(items: Sequence[AllocationItem], cash: Decimal) -> LotGrid:
    """Return *items* and *cash* as integers, rows in the order of names."""
    order = sorted(range(len(items)), key=lambda place: items[place].name)
    named = [items[place] for place in order]
    count = len(named)
    value_parts, values = _whole(
        [
            *(item.desired for item in named),
            *(item.lot_value for item in named),
            *(item.notional_min for item in named),
        ]
    )
    cash_parts, flows = _whole([*map(_use, named), cash])
    desired, lot = [abs(value) for value in values[:count]], values[count : 2 * count]
    least = [
        max(item.lots_min, -(-value // size))
        for item, value, size in zip(named, values[2 * count :], lot, strict=True)
    ]
    free = [item.sell_lots_max if item.desired < 0 else item.buy_lots_max for item in named]
    sizes = list(zip(desired, lot, least, free, strict=True))
    alone = (
        _alone(desired=desired, lot=lot, least=least, free=free)
        for desired, lot, least, free in sizes
    )
    return LotGrid(
        order=tuple(order),
        desired=tuple(desired),
        lot=tuple(lot),
        use=tuple(flows[:count]),
        sells=tuple(value < 0 for value in values[:count]),
        free=tuple(free),
        least=tuple(least),
        alone=tuple(alone),
        most=tuple(min(free, desired // lot + least) for desired, lot, least, free in sizes),
        cash=flows[count],
        value_parts=value_parts,
        cash_parts=cash_parts,
    )


def _use(item: AllocationItem) -> Decimal:
    """Return the cash that one lot on the item's side uses, < 0 for sells."""
    if item.desired < 0:
        # A copied sign is exact under any context, which a minus sign is not.
        return item.sell_proceeds_per_lot.copy_negate()
    return item.buy_cost_per_lot if item.desired else Decimal(0)


def _whole(values: Sequence[Decimal]) -> tuple[int, list[int]]:
    """Return the fewest parts of one in which every value is whole, and the values in them."""
    ratios = [value.as_integer_ratio() for value in values]
    parts = lcm(*{below for _, below in ratios})
    return parts, [above * (parts // below) for above, below in ratios]


def _alone(*, desired: int, lot: int, least: int, free: int) -> int:
    """Return the lots nearest to *desired*; of equally near ones fewer."""
    whole, rest = divmod(desired, lot)
    nearest = min(max(whole + (2 * rest > lot), least), free)
    return nearest if nearest >= least and nearest * lot < 2 * desired else 0


def competition(grid: LotGrid, rows: Sequence[int], *, settled: Sequence[int]) -> LotProblem:
    """Return what is left to choose for *rows* when the others have their *settled* lots.

    Cash being short, buying more and selling less than is best alone helps nobody: it costs
    both miss and cash. *settled* is zero on *rows*.
    """
    low, high, idle = list[int](), list[int](), list[bool]()
    for row in rows:
        buys, alone = grid.use[row] > 0, grid.alone[row]
        low.append(grid.least[row] if buys or alone == 0 else alone)
        high.append(alone if buys else grid.most[row])
        idle.append(buys or alone == 0)
    return lot_problem(
        sizes=[(grid.desired[row], grid.lot[row]) for row in rows],
        use=[grid.use[row] for row in rows],
        alone=[grid.alone[row] for row in rows],
        legal=LotRange(low=tuple(low), high=tuple(high), idle=tuple(idle)),
        cash=grid.cash - grid.used(settled),
    )
