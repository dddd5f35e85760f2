"""Planning with every route weighed and positions to look after, beside plain planning by spot.

One hundred coins, each off its target. The plain plan trades them by spot. The full one weighs an
auto route for every second coin and splits a mixed one for the others, with a position in each that
margin, liquidation and leverage are measured for. Both are made in turn, in one process, and the
medians are compared. Planning only computes, so its time is what it computes.

Run:  python -m benchmarks.planning [--rounds N] [--assets K] [--json]
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from dataclasses import asdict, dataclass
from decimal import Decimal
from statistics import median
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.execution import names_of
from tests.builders import AUTO, LIMITS, account, occasion, policy
from trimtab.domain.instruments import Asset
from trimtab.domain.policy import Policy, Route, Threshold
from trimtab.domain.snapshot import Snapshot
from trimtab.planning.compose import make_plan

RATIO_MAX: Final = 5.0
MID: Final = 100
UNITS: Final = 10


@dataclass(frozen=True)
class Result:
    """Medians of one run."""

    assets: int
    plain_s: float
    full_s: float

    @property
    def ratio(self) -> float:
        """Return how many plain plans one full plan takes."""
        return self.full_s / self.plain_s


def scene(assets: int) -> tuple[Snapshot, Policy, Policy]:
    """Return an account that is off all its targets, with the plain rules and the full ones."""
    names = names_of(assets)
    held = (f"{n} {UNITS + i % 5} @ {MID}, perp {n} 1" for i, n in enumerate(names))
    wallet = assets * MID * UNITS
    snapshot = account(f"USDT {wallet}, wallet {wallet}, {', '.join(held)}")
    each = (Decimal("0.5") / assets).quantize(Decimal("0.0001"))
    weights = ", ".join(f"{n} {each}" for n in names)
    targets = f"{weights}, USDT {1 - each * assets}"
    band = Threshold(width=Decimal("0.0001"), relative=False)
    routes = {Asset(n): Route.AUTO if i % 2 else Route.MIXED for i, n in enumerate(names)}
    limits = dataclasses.replace(LIMITS, max_order_notional=Decimal(10**9))
    plain = policy(targets, limits=limits, threshold=band)
    return snapshot, plain, policy(targets, limits=limits, threshold=band, routes=routes, auto=AUTO)


def seconds(snapshot: Snapshot, rules: Policy) -> float:
    """Return how long one plan takes to compute."""
    began = time.process_time()
    made = make_plan(snapshot, rules, occasion())
    took = time.process_time() - began
    assert made.legs, "A plan that has nothing to do measures nothing."
    return took


def measured(assets: int, rounds: int) -> Result:
    """Make both plans in turn."""
    snapshot, plain, full = scene(assets)
    pairs = [(seconds(snapshot, plain), seconds(snapshot, full)) for _ in range(rounds + 1)][1:]
    return Result(
        assets=assets,
        plain_s=median(one for one, _ in pairs),
        full_s=median(two for _, two in pairs),
    )


def shown(found: Result) -> Table:
    """Return the result for a person."""
    table = Table(box=None)
    for column in ("what", "ms", "of a plain plan", "limit"):
        table.add_column(column, justify="left" if column == "what" else "right")
    table.add_row(f"by spot, {found.assets} coins", f"{found.plain_s * 1000:.1f}", "1")
    table.add_row(
        "every route weighed, a position in each",
        f"{found.full_s * 1000:.1f}",
        f"{found.ratio:.2f}",
        f"{RATIO_MAX:.0f}",
    )
    return table


def main() -> int:
    """Measure, print, and return 1 when the limit is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--assets", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = measured(given.assets, given.rounds)
    if given.json:
        print(json.dumps(asdict(found) | {"ratio": found.ratio, "limit": RATIO_MAX}))
    else:
        Console().print(shown(found))
    return 0 if found.ratio < RATIO_MAX else 1


if __name__ == "__main__":
    raise SystemExit(main())
