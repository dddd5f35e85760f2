"""The best lots of one problem, and a floor that certifies how good they are.

Pure and exact: branch and bound over ranges of lots. A price on cash gives a floor for a range
(weak duality) and lots that keep the limit. Where the two do not meet, the item that decides
whether the limit holds is split and both halves are priced again. The upper half of a buy is the
funded upgrade: the other items give up what the lumpy one needs. The search ends when the floor
meets the best lots within the asked gap, or after a bounded number of steps; the floor is valid
either way.

Source: docs/design/0002-lot-allocation.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Final

from trimtab.planning.lot_problem import LotProblem, LotRange, Relaxed, relaxed

PRICINGS_MAX: Final = 24
"""Most prices tried for one range; half a dozen are usual."""
GUESSES_MAX: Final = 3
"""Prices tried from the slope of use before the highest one is taken."""
FILLS_MAX: Final = 4
"""Most items that are moved to spend the cash that a range's lots leave."""
SLOPE_BITS: Final = 256
"""Binary places of the slope of use against price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incumbent:
    """The best lots seen; they keep the cash limit."""

    lots: tuple[int, ...]
    cost: int
    """Of the lots, in the problem's cost units; negative where they beat doing nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search ends with."""

    best: Incumbent
    floor: int
    """No legal lots cost less; equal to the best cost when that is proved least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What a search knows about prices before it starts."""

    first: int
    """Where to start, >= 0."""
    highest: int
    """At and above it every item uses as little cash as its range lets it."""
    slope: int
    """How much one more price unit lowers use at most, cash grid, in 2**-SLOPE_BITS, >= 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """A range of lots, priced."""

    bound: int
    """Best floor seen for the range."""
    over: Relaxed | None
    """At the highest price seen to break the limit; None where no price seen breaks it."""
    fits: Relaxed | None
    """At the lowest price seen to keep the limit; None where the floor sufficed before."""
    pricings: int
    """Prices tried, >= 1."""


def search(
    problem: LotProblem,
    *,
    first: Incumbent,
    price: int,
    enough: Callable[[int], int],
    steps_max: int,
) -> Found:
    """Return the best lots found and the floor under all.

    *first* keeps the limit; *price* is where to start, *enough* gives the floor that suffices for
    a cost, *steps_max* bounds the prices times items that are tried before the search gives up.
    """
    start = relaxed(problem, problem.legal, price)
    if start.bound >= enough(first.cost):
        return Found(best=first, floor=min(start.bound, first.cost))
    best, floor, steps, serial = first, first.cost, 0, 0
    prices = _prices(problem, first=price)
    lowest = -sum(problem.weight * desired * desired for desired in problem.desired)
    waiting: list[tuple[int, int, LotRange]] = [(lowest, 0, problem.legal)]
    while waiting:
        bound, _, within = heappop(waiting)
        if bound >= enough(best.cost) or steps >= steps_max:
            floor = min(floor, bound)
            break
        bracket = _priced(problem, within, prices=prices, enough=enough(best.cost))
        steps += bracket.pricings * len(problem.lot)
        bound = max(bound, bracket.bound)
        if bracket.fits is not None:
            best = min(best, filled(problem, bracket.fits.lots), key=lambda seen: seen.cost)
        if bound >= enough(best.cost) or bracket.over is None or bracket.fits is None:
            floor = min(floor, bound)
            continue
        prices = Prices(first=bracket.fits.price, highest=prices.highest, slope=prices.slope)
        item, lots = _split_at(problem, over=bracket.over.lots, fits=bracket.fits.lots)
        for half in within.split(item, lots=lots):
            serial += 1
            if _least_use(problem, half) <= problem.cash:
                heappush(waiting, (bound, serial, half))
    return Found(best=best, floor=min(floor, best.cost))


def _prices(problem: LotProblem, *, first: int) -> Prices:
    """Return the starting price with the highest that can matter and the slope of use."""
    slope, highest = 1, 0
    rows = zip(problem.square, problem.pull, problem.use, problem.legal.high, strict=True)
    for square, pull, use, high in rows:
        slope += (use * use << SLOPE_BITS) // (2 * square)
        rise = pull if use > 0 else 2 * square * high - pull
        highest = max(highest, rise // abs(use) + 1)
    return Prices(first=min(first, highest), highest=highest, slope=slope)


def _priced(problem: LotProblem, within: LotRange, *, prices: Prices, enough: int) -> Bracket:
    """Return the tightest bracket of prices around the cash limit; stop early at *enough*."""
    over: Relaxed | None = None
    fits: Relaxed | None = None
    price: int | None = prices.first
    bound, pricings = 0, 0
    while price is not None and pricings < PRICINGS_MAX:
        point = relaxed(problem, within, price)
        bound = point.bound if pricings == 0 else max(bound, point.bound)
        pricings += 1
        if point.excess > 0:
            over = point
        else:
            fits = point
        if bound >= enough or point.excess == 0 or (price == 0 and point is fits):
            break
        price = _next_price(over=over, fits=fits, prices=prices, pricings=pricings)
    return Bracket(bound=bound, over=over, fits=fits, pricings=pricings)


def _next_price(
    *, over: Relaxed | None, fits: Relaxed | None, prices: Prices, pricings: int
) -> int | None:
    """Return the next price to try, None when the bound can rise no more."""
    if over is None or fits is None:
        return _outward(over=over, fits=fits, prices=prices, pricings=pricings)
    width = over.excess - fits.excess
    # The two floors are tangents of the dual; where they cross nothing higher can be hidden.
    crossing = (fits.cost - over.cost) // width
    if crossing in (over.price, fits.price) or fits.price - over.price <= 1:
        return None
    if pricings % 2:
        return min(max(crossing, over.price + 1), fits.price - 1)
    # Use is close to linear in the price as long as many small steps make it up.
    linear = over.price + (fits.price - over.price) * over.excess // width
    return min(max(linear, over.price + 1), fits.price - 1)


def _outward(*, over: Relaxed | None, fits: Relaxed | None, prices: Prices, pricings: int) -> int:
    """Return a price on the side that has not been seen."""
    if over is not None:
        rise = ((over.excess << SLOPE_BITS) // prices.slope + 1) << pricings
        guess = over.price + rise if pricings <= GUESSES_MAX else prices.highest
        return min(guess, prices.highest)
    assert fits is not None, "Invariant: one side has been seen."
    fall = ((-fits.excess << SLOPE_BITS) // prices.slope + 1) << pricings
    return max(0, fits.price - fall) if pricings <= GUESSES_MAX else 0


def _split_at(
    problem: LotProblem, *, over: tuple[int, ...], fits: tuple[int, ...]
) -> tuple[int, int]:
    """Return the item whose change moves most cash, and the lots after which to split it."""
    moves = [
        abs(use * (upper - lower))
        for use, upper, lower in zip(problem.use, over, fits, strict=True)
    ]
    item = moves.index(max(moves))
    return item, (over[item] + fits[item]) // 2


def _least_use(problem: LotProblem, within: LotRange) -> int:
    """Return the least cash that lots in the range can use, cash grid."""
    rows = zip(problem.use, within.low, within.high, within.idle, strict=True)
    return sum(
        use * high if use < 0 else 0 if idle or high == 0 else use * low
        for use, low, high, idle in rows
    )


def filled(problem: LotProblem, lots: tuple[int, ...]) -> Incumbent:
    """Return *lots* after spending the rest of the cash where it saves most, greedily."""
    chosen = list(lots)
    rest = problem.cash - problem.use_of(lots)
    for _ in range(FILLS_MAX):
        gain, item, count = max(
            (
                (_saving(problem, item=item, before=chosen[item], after=count), item, count)
                for item, count in enumerate(_affordable(problem, chosen, rest))
                if count != chosen[item]
            ),
            default=(0, 0, 0),
        )
        if gain <= 0:
            break
        rest -= problem.use[item] * (count - chosen[item])
        chosen[item] = count
    return Incumbent(lots=tuple(chosen), cost=problem.cost_of(chosen))


def _affordable(problem: LotProblem, lots: list[int], rest: int) -> list[int]:
    """Return for each item the legal lots nearest to its best alone that *rest* pays for."""
    legal, near = problem.legal, list[int]()
    rows = zip(problem.use, lots, problem.alone, legal.low, strict=True)
    for use, count, alone, low in rows:
        if use > 0:
            reach = min(alone, count + rest // use)
            near.append(reach if reach >= low else count)
        else:
            reach = max(alone, count - rest // -use)
            near.append(reach if reach == 0 or reach >= low else min(count, low))
    return near


def _saving(problem: LotProblem, *, item: int, before: int, after: int) -> int:
    """Return how much cost *item* saves by going from *before* to *after* lots."""
    square, pull = problem.square[item], problem.pull[item]
    legs = (before != 0) - (after != 0)
    return before * (square * before - pull) - after * (square * after - pull) + problem.leg * legs


def rounded_down(problem: LotProblem) -> Incumbent:
    """Return lots that need no search: sells best alone, buys cut pro rata and rounded down.

    Where those sells do not bring the cash, they are the largest and nothing is bought.
    """
    legal, alone = problem.legal, problem.alone
    sells = [best if use < 0 else 0 for use, best in zip(problem.use, alone, strict=True)]
    left = problem.cash - problem.use_of(sells)
    if left < 0:
        sells = [high if use < 0 else 0 for use, high in zip(problem.use, legal.high, strict=True)]
        return filled(problem, tuple(sells))
    asked = problem.use_of(alone) - problem.use_of(sells)
    buys = (
        best * left // asked if use > 0 else 0 for use, best in zip(problem.use, alone, strict=True)
    )
    return filled(
        problem,
        tuple(
            sell + (buy if buy >= low else 0)
            for sell, buy, low in zip(sells, buys, legal.low, strict=True)
        ),
    )
