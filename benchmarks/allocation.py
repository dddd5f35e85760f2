"""Lot allocation against scipy's MILP solver: how close, and at what part of the time.

Run ``python benchmarks/allocation.py`` (under a minute) or with ``--full`` (more seeds, longer
limits). The yardstick minimises
the same squared misses over the same legal lots, each parabola replaced by a line through every
two neighbouring whole lots, which is exact at whole lots. "Thinned" leaves out most lines away
from the desired value: another, easier problem whose bound is still a bound on ours. It is shown
because it is the fastest form for the solver that we know. The gap is the root of our squared
miss less the root of the best bound of the three, in basis points of equity; times are taken
side by side in one run.

Instances: 1,000 quote units per asset, lot value lognormal with median 2 within 0.01 and 100,
minimum notional 5, 10, 20 or 100 for 62, 25, 10 and 3 %, 8 % of the assets new, 5 % sold off, no
quote in the target, so that fees make cash short.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import time
from dataclasses import dataclass
from decimal import Decimal
from multiprocessing.connection import Connection
from statistics import median

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from trimtab.planning.allocation import Allocation, AllocationItem, Certificate, allocate

PER_ASSET = 1000
FEE = Decimal("0.001")
NEW, SOLD_OFF = 0.08, 0.05
ROUNDING = 1e-9
OVERRUN = 1.25
"""Times its limit that the solver may take before its process is stopped."""
RATIO_SMALL_BELOW = 100
GROWTH_FROM, GROWTH_TO, TURNS = 1000, 5000, 12
QUICK = ((10, 12, 5.0), (100, 3, 6.0), (1000, 1, 12.0))
FULL = ((10, 60, 20.0), (100, 10, 20.0), (1000, 2, 60.0))
"""Assets, seeds, and the solver's limit in seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One account to allocate."""

    items: tuple[AllocationItem, ...]
    cash: Decimal
    equity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """What the solver says."""

    lots: tuple[int, ...]
    """Unsigned; empty when it found none in time."""
    bound: float
    """On the squared miss; 0 when it proved none in time."""
    wall_s: float
    """The limit, where the limit ended it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One instance, solved by all; gaps in basis points of equity."""

    ours_s: float
    exact_s: float
    """Of the solver with a line at every lot."""
    thinned_s: float
    """Of the solver with thinned lines."""
    gap_bps: float
    """Root of our squared miss less the root of the best bound known."""
    behind_bps: float
    """Root of our squared miss less the root of the solver's best: < 0 where ours is better."""
    certificate: Certificate


def instance(assets: int, seed: int) -> Instance:
    """Return a drifted, fully invested account of *assets* assets."""
    draw = np.random.default_rng([assets, seed])
    equity = float(PER_ASSET * assets)
    lots = np.clip(np.exp(draw.normal(np.log(2.0), 1.5, assets)), 0.01, 100)
    minimums = draw.choice([5, 10, 20, 100], assets, p=[0.62, 0.25, 0.10, 0.03])
    wanted = draw.dirichlet(np.full(assets, 2.0))
    held = wanted * np.exp(draw.normal(0, 0.5, assets))
    kind = draw.random(assets)
    held[kind < NEW] = 0
    wanted[(kind >= NEW) & (kind < NEW + SOLD_OFF)] = 0
    wanted, held = wanted / wanted.sum() * equity, held / held.sum() * equity
    rows = zip(lots, minimums, wanted, held, strict=True)
    return Instance(
        items=tuple(_item(place, *map(float, row)) for place, row in enumerate(rows)),
        cash=Decimal(0),
        equity=equity,
    )


def _item(place: int, lot: float, minimum: float, wanted: float, held: float) -> AllocationItem:
    """Return one market, its floats cut to eight decimals."""
    lot_value, target, holding = (Decimal(f"{x:.8f}") for x in (lot, wanted, held))
    return AllocationItem(
        name=f"A{place:05d}",
        desired=target - holding,
        lot_value=lot_value,
        buy_cost_per_lot=lot_value * (1 + FEE),
        sell_proceeds_per_lot=lot_value * (1 - FEE),
        lots_min=1,
        notional_min=Decimal(int(minimum)),
        buy_lots_max=10**9,
        sell_lots_max=int(holding // lot_value),
    )


def lines(desired: float, lot: float, high: int, *, every: bool) -> list[int]:
    """Return the whole lots after which a line runs to the next one."""
    if every or high == 0:
        return list(range(high))
    middle = min(int(desired / lot), high - 1)
    steps = {0, *(int(1.6**power) for power in range(40))}
    near = {middle + side * step for step in steps for side in (-1, 1)}
    return sorted({0, high - 1} | {place for place in near if 0 <= place < high})


class Rows:
    """Rows of a constraint matrix, as they are added."""

    def __init__(self) -> None:
        self.entries: list[tuple[int, int, float]] = []
        self.limits: list[tuple[float, float]] = []

    def add(self, terms: list[tuple[int, float]], low: float, high: float) -> None:
        """Add ``low <= sum of factor x column <= high``."""
        self.entries += [(len(self.limits), column, factor) for column, factor in terms]
        self.limits.append((low, high))

    def constraint(self, columns: int) -> LinearConstraint:
        """Return them as scipy takes them."""
        row, column, factor = zip(*self.entries, strict=True)
        matrix = coo_array((factor, (row, column)), shape=(len(self.limits), columns)).tocsr()
        low, high = zip(*self.limits, strict=True)
        return LinearConstraint(matrix, low, high)


def solve(problem: Instance, limit_s: float, *, every: bool) -> Solved:
    """Return the solver's answer; columns are lots, busy (0 or 1) and squared miss per item."""
    began = time.perf_counter()
    count, rows, highs, cash = len(problem.items), Rows(), [], []
    for place, item in enumerate(problem.items):
        desired, lot = abs(float(item.desired)), float(item.lot_value)
        sells = item.desired < 0
        least = max(item.lots_min, int(np.ceil(float(item.notional_min) / lot - ROUNDING)))
        most = item.sell_lots_max if sells else item.buy_lots_max
        high = min(most, int(desired / lot) + least)
        high = high if high >= least else 0
        highs.append(high)
        cash.append(
            (place, -float(item.sell_proceeds_per_lot) if sells else float(item.buy_cost_per_lot))
        )
        rows.add([(place, 1.0), (count + place, -float(high))], -np.inf, 0.0)
        rows.add([(place, 1.0), (count + place, -float(least))], 0.0, np.inf)
        rows.add([(2 * count + place, 1.0)], desired**2 if high == 0 else 0.0, np.inf)
        for lots in lines(desired, lot, high, every=every):
            here = (lots * lot - desired) ** 2
            slope = ((lots + 1) * lot - desired) ** 2 - here
            rows.add([(2 * count + place, 1.0), (place, -slope)], here - slope * lots, np.inf)
    rows.add(cash, -np.inf, float(problem.cash))
    answer = milp(
        c=np.concatenate([np.zeros(2 * count), np.ones(count)]),
        integrality=np.concatenate([np.ones(2 * count), np.zeros(count)]),
        bounds=Bounds(
            np.zeros(3 * count), np.concatenate([highs, np.ones(count), np.full(count, np.inf)])
        ),
        constraints=rows.constraint(3 * count),
        options={"time_limit": limit_s},
    )
    wall_s = time.perf_counter() - began
    return Solved(
        lots=() if answer.x is None else tuple(answer.x[:count].round().astype(int).tolist()),
        bound=float(answer.mip_dual_bound or 0.0),
        wall_s=min(wall_s, limit_s),
    )


def _send(pipe: Connection, problem: Instance, limit_s: float) -> None:
    """Solve in a process of its own."""
    pipe.send(solve(problem, limit_s, every=True))


def solve_exactly(problem: Instance, limit_s: float) -> Solved:
    """Return the solver's answer with every line; it is stopped if it overruns its limit."""
    ours, theirs = multiprocessing.get_context("fork").Pipe(duplex=False)
    worker = multiprocessing.get_context("fork").Process(
        target=_send, args=(theirs, problem, limit_s)
    )
    worker.start()
    if ours.poll(limit_s * OVERRUN):
        answer: Solved = ours.recv()
    else:
        worker.kill()
        answer = Solved(lots=(), bound=0.0, wall_s=limit_s)
    worker.join()
    return answer


def check(problem: Instance, plan: Allocation) -> None:
    """Fail unless the plan is legal, in exact arithmetic, and proved."""
    used = Decimal(0)
    for item, lots in zip(problem.items, plan.lots, strict=True):
        assert lots * item.desired >= 0
        assert -item.sell_lots_max <= lots <= item.buy_lots_max
        assert lots == 0 or abs(lots) * item.lot_value >= item.notional_min
        used += lots * (item.buy_cost_per_lot if lots > 0 else item.sell_proceeds_per_lot)
    assert used <= problem.cash
    assert plan.certificate is not Certificate.BOUNDED


def miss(problem: Instance, solved: Solved) -> float:
    """Return the tracking error of the solver's lots, quote units; infinite without any."""
    if not solved.lots:
        return float("inf")
    rows = zip(problem.items, solved.lots, strict=True)
    return (
        sum((float(item.lot_value) * n - abs(float(item.desired))) ** 2 for item, n in rows) ** 0.5
    )


def timed(problem: Instance, repeats: int) -> tuple[Allocation, float]:
    """Return our plan and the median time of *repeats* runs, seconds."""
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        plan = allocate(problem.items, problem.cash)
        times.append(time.perf_counter() - began)
    check(problem, plan)
    return plan, median(times)


def compare(problem: Instance, *, limit_s: float, repeats: int) -> Outcome:
    """Return all sides of one instance."""
    plan, ours_s = timed(problem, repeats)
    exact = solve_exactly(problem, limit_s)
    thinned = solve(problem, limit_s, every=False)
    ours = float(plan.squared_miss) ** 0.5
    scale = 1e4 / problem.equity
    bound = max(float(plan.bound), exact.bound, thinned.bound) ** 0.5
    return Outcome(
        ours_s=ours_s,
        exact_s=exact.wall_s,
        thinned_s=thinned.wall_s,
        gap_bps=max(0.0, ours - bound) * scale,
        behind_bps=(ours - min(miss(problem, exact), miss(problem, thinned))) * scale,
        certificate=plan.certificate,
    )


def quantile(values: list[float], part: float) -> float:
    """Return the value below which *part* of the values lie."""
    return float(np.quantile(values, part))


def row_of(assets: int, outcomes: list[Outcome]) -> list[str]:
    """Return one line of the table."""
    gaps = [outcome.gap_bps for outcome in outcomes]
    exact = sum(outcome.certificate is Certificate.EXACT for outcome in outcomes)
    return [
        f"{assets:,}",
        str(len(outcomes)),
        f"{1e3 * median(o.ours_s for o in outcomes):.2f}",
        f"{1e3 * max(o.ours_s for o in outcomes):.2f}",
        f"{1e3 * median(o.exact_s for o in outcomes):,.0f}",
        f"{median(o.ours_s / o.exact_s for o in outcomes):.5f}",
        "0.02" if assets < RATIO_SMALL_BELOW else "0.002",
        f"{median(o.ours_s / o.thinned_s for o in outcomes):.5f}",
        " / ".join(f"{quantile(gaps, part):.4f}" for part in (0.5, 0.9, 1.0)),
        f"{max(o.behind_bps for o in outcomes):+.4f}",
        f"{exact} / {len(outcomes) - exact}",
    ]


def table() -> Table:
    """Return the empty table."""
    result = Table(title="Lot allocation, 1,000 per asset; goals: gap 0.1 / 1 / 5 bps")
    for heading in (
        "assets",
        "runs",
        "ours ms",
        "worst ms",
        "milp ms",
        "ours ÷ milp",
        "goal",
        "÷ thinned milp",
        "gap bps: median / p90 / worst",
        "behind milp, bps",
        "exact / certified",
    ):
        result.add_column(heading, justify="right")
    return result


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--quick", action="store_true", help="under a minute (default)")
    mode.add_argument("--full", action="store_true", help="more seeds and longer limits")
    full = parser.parse_args().full
    result, console = table(), Console(width=170)
    for assets, runs, limit_s in FULL if full else QUICK:
        outcomes = [
            compare(instance(assets, seed), limit_s=limit_s, repeats=5) for seed in range(runs)
        ]
        result.add_row(*row_of(assets, outcomes))
    console.print(result)
    small, large = instance(GROWTH_FROM, 0), instance(GROWTH_TO, 0)
    # In turn, so that a busy machine slows both; the least of each is the least disturbed.
    turns = [(timed(small, 1)[1], timed(large, 1)[1]) for _ in range(TURNS)]
    small_s, large_s = (min(times) for times in zip(*turns, strict=True))
    growth = large_s / small_s
    goal = GROWTH_TO * math.log(GROWTH_TO) / (GROWTH_FROM * math.log(GROWTH_FROM))
    console.print(
        f"{GROWTH_TO:,} assets: {1e3 * large_s:.1f} ms, {growth:.2f} x that of "
        f"{GROWTH_FROM:,} (n log n: {goal:.2f} x). The solver's time is cut at its limit, which "
        "only favours it; the limit for the largest is reached."
    )


if __name__ == "__main__":
    main()
