"""The whole gate on a plan of 100 legs, beside the round trip of one order.

Before each stage the gate is asked about every leg that is left, so its time stands in the way of
orders. The plan touches 100 coins, every other by its contract, from an account that holds all of
them and a position in each: all 100 underlyings are shocked, alone and together. The plan passes.
The yardstick is one order by ccxt alone to the local exchange in a process of its own, which
answers after 80 ms with jitter. Gates and orders are run in turn and the medians are compared; the
gate must take less than the order. It only computes, so its time is what it computes.

The survival line of the same plan, which `trimtab plan` asks besides, is held to no limit.

Run:  python -m benchmarks.gate [--rounds N] [--legs K] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from decimal import Decimal
from statistics import median
from typing import Final

import ccxt.async_support as ccxt
from rich.console import Console
from rich.table import Table

from benchmarks.execution import CEILING, LATENCY_S, SPOT, bare, names_of, served
from tests.builders import LIMITS, NOW, account, plan, policy
from tests.unit.risk.cases import context
from trimtab.domain.findings import Verdict
from trimtab.risk.case import Case
from trimtab.risk.gate import review
from trimtab.risk.survival import survival

RATIO_MAX: Final = 1.0
MID: Final = 100
UNITS: Final = 10
SIZE: Final = 2


@dataclass(frozen=True)
class Result:
    """Medians of one run."""

    legs: int
    order_s: float
    gate_s: float
    survival_s: float

    @property
    def ratio(self) -> float:
        """Return what part of an order's round trip the gate takes."""
        return self.gate_s / self.order_s


def case_of(legs: int) -> Case:
    """Return an account and a plan that sells the first half and then buys the second."""
    names, half = names_of(legs), legs // 2
    held = (
        f"{n} {UNITS} @ {MID}, perp {n} {-SIZE if i % 2 else SIZE}" for i, n in enumerate(names)
    )
    snapshot = account(f"USDT {legs * MID * UNITS}, wallet {legs * MID * UNITS}, {', '.join(held)}")
    texts = [
        f"{'then ' if i == half else ''}{'sell' if i < half else 'buy'} {SIZE}"
        f" {'perp ' if i % 2 else ''}{n}"
        for i, n in enumerate(names)
    ]
    roomy = dataclasses.replace(
        LIMITS,
        max_run_notional=Decimal(10**9),
        max_day_notional=Decimal(10**9),
        max_asset_notional=Decimal(10**9),
        max_orders=legs,
    )
    return Case(
        plan=plan(snapshot, *texts),
        snapshot=snapshot,
        policy=policy(limits=roomy),
        context=context(),
        now=NOW,
    )


def gate(case: Case) -> None:
    """Ask the gate, which must let the plan pass."""
    report = review(
        case.plan, case.snapshot, policy=case.policy, context=case.context, now=case.now
    )
    broken = [f for f in report.findings if f.verdict is Verdict.REFUSE]
    assert not broken, broken


def seconds(work: Callable[[], object]) -> float:
    """Return how long *work* computes."""
    began = time.process_time()
    work()
    return time.process_time() - began


async def order(exchange: ccxt.binance, name: str, line: int) -> float:
    """Buy one unit, and return how long it takes until the answer is understood."""
    began = time.perf_counter()
    params = {"timeInForce": "IOC", "clientOrderId": f"bare{line:024d}"}
    await exchange.create_order(f"{name}/USDT", "limit", "buy", "1", CEILING, params)
    return time.perf_counter() - began


async def measured(legs: int, rounds: int, url: str) -> Result:
    """Run orders and gates in turn."""
    case, (name, _) = case_of(legs), names_of(2)
    gate(case)
    orders, gates = [], []
    async with bare(url, is_limited=False) as exchange:
        await order(exchange, name, rounds)  # The first one opens the connection.
        for line in range(rounds):
            orders.append(await order(exchange, name, line))
            gates.append(seconds(lambda: gate(case)))
    lines = [seconds(lambda: survival(case)) for _ in range(3)]
    return Result(
        legs=len(case.plan.legs),
        order_s=median(orders),
        gate_s=median(gates),
        survival_s=median(lines),
    )


def shown(found: Result) -> Table:
    """Return the result for a person."""
    table = Table(box=None)
    for column in ("what", "ms", "of an order", "limit"):
        table.add_column(column, justify="left" if column == "what" else "right")
    table.add_row(f"one order, {LATENCY_S * 1000:.0f} ms away", f"{found.order_s * 1000:.1f}", "1")
    table.add_row(
        f"the gate, {found.legs} legs",
        f"{found.gate_s * 1000:.1f}",
        f"{found.ratio:.2f}",
        str(RATIO_MAX),
    )
    table.add_row(
        f"survival line, {found.legs} legs",
        f"{found.survival_s * 1000:.1f}",
        f"{found.survival_s / found.order_s:.2f}",
    )
    return table


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=31)
    parser.add_argument("--legs", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with served(SPOT, names_of(2), 0) as exchange:
        found = asyncio.run(measured(options.legs, options.rounds, exchange.url))
    if options.json:
        print(json.dumps({"ratio_max": RATIO_MAX, "ratio": found.ratio} | asdict(found), indent=2))
    else:
        Console().print(shown(found))
    raise SystemExit(0 if found.ratio < RATIO_MAX else 1)


if __name__ == "__main__":
    main()
