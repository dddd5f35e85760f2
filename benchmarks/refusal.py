"""A refused plan with what would turn it, beside the passing plan of the same size.

Twenty coins, each off its target, all corrected by futures. One account has margin for it and its
plan passes. The other lacks margin, and the transfer that may be made does not reach: its plan is
refused, and what limit and what deposit would let it pass is looked for by planning and asking the
gate again. Both are made in turn, in one process, and the medians are compared. Only what is
computed counts.

Run:  python -m benchmarks.refusal [--rounds N] [--assets K] [--json]
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import time
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from statistics import median
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.execution import names_of
from tests.builders import LIMITS, NOW, account, occasion, policy
from tests.unit.risk.cases import KEY_IN_ORDER, context
from trimtab.domain.plan import Plan
from trimtab.domain.policy import Policy, Route, Threshold
from trimtab.domain.snapshot import Snapshot
from trimtab.planning.compose import make_plan, make_plan_moving
from trimtab.risk.case import Case
from trimtab.risk.certificate import Turned
from trimtab.risk.flips import flips
from trimtab.risk.funding import funded
from trimtab.risk.gate import review

RATIO_MAX: Final = 30.0
"""A search that begins at one step, whatever is lacking, plans ten times as often as this takes."""
MID: Final = 100
UNITS: Final = 10
TOPUP: Final = Decimal(50)


@dataclass(frozen=True)
class Result:
    """Medians of one run."""

    assets: int
    passing_s: float
    refused_s: float
    asked: int
    """How often planning was asked again to certify what would turn the refusal."""

    @property
    def ratio(self) -> float:
        """Return how many passing plans one refused plan takes."""
        return self.refused_s / self.passing_s


def scene(assets: int, *, wallet: int) -> tuple[Snapshot, Policy]:
    """Return an account that is off all its targets, with so much in its futures wallet."""
    names = names_of(assets)
    held = ", ".join(f"{n} {UNITS + i % 5} @ {MID}" for i, n in enumerate(names))
    snapshot = account(f"USDT {assets * MID * UNITS}, wallet {wallet}, {held}")
    each = (Decimal("0.4") / assets).quantize(Decimal("0.0001"))
    weights = ", ".join(f"{n} {each}" for n in names)
    roomy = {f"max_{name}_notional": Decimal(10**9) for name in ("asset", "run", "day")}
    return snapshot, policy(
        f"{weights}, USDT {1 - each * assets}",
        limits=dataclasses.replace(LIMITS, **roomy),
        threshold=Threshold(width=Decimal("0.0001"), relative=False),
        route=Route.FUTURES,
        hedge={"max_topup": TOPUP},
    )


def answered(snapshot: Snapshot, rules: Policy, *, turned: Turned) -> tuple[float, int]:
    """Plan, ask the gate and what would turn it; return what that took and how often it planned."""
    on, asked = occasion(), 0
    key = replace(KEY_IN_ORDER, transfers_within=True)

    def make(seen: Snapshot, under: Policy) -> Plan:
        nonlocal asked
        asked += 1
        bare = make_plan(seen, under, on)
        case = Case(plan=bare, snapshot=seen, policy=under, context=context(key=key), now=NOW)
        return funded(case, lambda units: make_plan_moving(units, seen, under, on))

    began = time.process_time()
    plan, known = make(snapshot, rules), context(key=key)
    report = review(plan, snapshot, policy=rules, context=known, now=NOW)
    case = Case(plan=plan, snapshot=snapshot, policy=rules, context=known, now=NOW)
    told = flips(case, report, make)
    took = time.process_time() - began
    assert told.turned is turned, report.findings
    assert bool(told.found) is (turned is Turned.REFUSED), "A refusal is turned by some change."
    return took, asked - 1


def measured(assets: int, rounds: int) -> Result:
    """Answer for both accounts in turn."""
    rich, poor = scene(assets, wallet=assets * MID * UNITS), scene(assets, wallet=assets)
    pairs = [
        (answered(*rich, turned=Turned.NONE), answered(*poor, turned=Turned.REFUSED))
        for _ in range(rounds + 1)
    ][1:]
    return Result(
        assets=assets,
        passing_s=median(one for (one, _), _ in pairs),
        refused_s=median(two for _, (two, _) in pairs),
        asked=pairs[0][1][1],
    )


def shown(found: Result) -> Table:
    """Return the result for a person."""
    table = Table(box=None)
    for column in ("what", "ms", "of a passing plan", "limit"):
        table.add_column(column, justify="left" if column == "what" else "right")
    table.add_row(f"a plan that passes, {found.assets} coins", f"{found.passing_s * 1000:.1f}", "1")
    table.add_row(
        f"a refused one with its certificate, planned {found.asked} times again",
        f"{found.refused_s * 1000:.1f}",
        f"{found.ratio:.2f}",
        f"{RATIO_MAX:.0f}",
    )
    return table


def main() -> int:
    """Measure, print, and return 1 when the limit is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--assets", type=int, default=20)
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
