"""CPU of one executed order, everything counted, beside bare ccxt ``create_order``.

An order of ours is sized, gated, committed as an intent, sent through ccxt, read back from the
trade list, booked and closed; each durable commit on the way is listed. The yardstick is ccxt's
``create_order`` alone, same exchange, no record. At most 8. The exchange is the local one in a
process of its own, so that its CPU is not counted. The fresh looks at account and books that a
run takes before each stage do not grow with its orders: they are answered from memory in the
first figure and read over the wire in the second.

Run:  python -m benchmarks.order_cpu [--rounds N] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from decimal import Decimal
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any, Final

import ccxt.async_support as ccxt
from rich.console import Console
from rich.table import Table

from tests.testnet.redirect import RedirectSession, binance
from trimtab.bootstrap import Shell, open_shell
from trimtab.bootstrap.execution import planner_of, runner_of
from trimtab.config import load
from trimtab.domain.findings import GateReport
from trimtab.domain.plan import Plan
from trimtab.domain.rights import KeyUse
from trimtab.domain.snapshot import Snapshot
from trimtab.ports import Answer, MarketData, Portfolio
from trimtab.testnet import LimitTable, Scenario, serve
from trimtab.workflow.propose import propose
from trimtab.workflow.run import Consent, run_saved

RATIO_MAX: Final = 8.0
ASSETS: Final = tuple(f"COIN{chr(65 + i)}" for i in range(26))
HEAVY: Final = "0.03"
LIGHT: Final = "0.02"
REST: Final = "0.35"


def exchange_process(pipe: Connection) -> None:
    """Serve until told to stop; say where."""
    roomy = LimitTable(spot_weight_1m=10**9, spot_orders_10s=10**6, usdm_weight_1m=10**9)
    scenario = Scenario.from_json(
        {"prices": dict.fromkeys(ASSETS, "100"), "spot": {"USDT": "100000", "BTC": "1"}}
    )

    async def serving() -> None:
        async with serve(replace(scenario, limits=roomy), port=0) as exchange:
            pipe.send(exchange.url)
            await asyncio.to_thread(pipe.recv)

    asyncio.run(serving())


@contextmanager
def served() -> Iterator[str]:
    """Yield the address of an exchange in a process of its own."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=exchange_process, args=(theirs,))
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send(None)
        process.join(10)


def config_text(url: str, folder: Path, *, first_half_heavy: bool) -> str:
    """Return a configuration whose targets swing between the two halves of the assets."""
    half = len(ASSETS) // 2
    weights = {
        asset: HEAVY if (i < half) == first_half_heavy else LIGHT for i, asset in enumerate(ASSETS)
    }
    targets = "\n".join(f'{asset} = "{weight}"' for asset, weight in weights.items())
    return f"""\
[account]
quote = "USDT"

[venue]
id = "binance"
environment = "local"
url = "{url}"

[portfolio.targets]
{targets}
USDT = "{REST}"

[rebalance]
threshold = "0.5pp"

[risk]
max_orders = 1000
max_order_notional = "50000"
max_asset_notional = "100000"
max_run_notional = "1000000"
max_day_notional = "100000000"
max_unhedged_notional = "50000"
max_minute_orders = 1000
max_day_orders = 1000
max_depth_share = "1"
duplicate_window_s = 0
max_turnover = "10"
max_target_move = "1"

[ledger]
url = "sqlite:///{folder}/ledger.db"
"""


@asynccontextmanager
async def shell_at(url: str, folder: Path, heavy: int) -> AsyncIterator[Shell]:
    """Open ledger and venue with the targets of one half or the other."""
    path = folder / f"trimtab-{heavy}.toml"
    path.write_text(config_text(url, folder, first_half_heavy=heavy == 0), encoding="utf-8")
    config = load(path, environ={}, sets=(), home=folder, cwd=folder)
    async with open_shell(config, {}, dry_run=False, use=KeyUse.SEND) as shell:
        yield shell


class Remembered:
    """Account and books as they were read once."""

    def __init__(self, market: MarketData) -> None:
        self._market = market
        self._seen: Snapshot | None = None

    async def snapshot(self, portfolio: Portfolio) -> Snapshot:
        """Read once, then remember."""
        if self._seen is None:
            self._seen = await self._market.snapshot(portfolio)
        return self._seen


class Quiet:
    """Watches nothing and answers nobody."""

    async def ask(self, plan: Plan, report: GateReport) -> Answer:  # noqa: ARG002 -- the port's signature.
        """Answer nothing."""
        return Answer.NOBODY

    def __getattr__(self, name: str) -> Callable[..., None]:
        """Watch nothing."""
        return lambda *_, **__: None


async def ours(shell: Shell, *, remembered: bool) -> tuple[int, float, float]:
    """Execute one plan; return how many orders it sent, its CPU seconds and its wall seconds."""
    if remembered:
        shell = replace(shell, market=Remembered(shell.market))
    runner = runner_of(shell, approver=Quiet(), progress=Quiet(), stop=asyncio.Event(), wish=None)
    proposal = await propose(planner_of(shell, wish=None), slot_due=False)
    saved = await shell.ledger.plan(proposal.plan.digest)
    start, began = time.process_time(), time.perf_counter()
    result = await run_saved(runner, saved, consent=Consent.FLAG)
    spent, took = time.process_time() - start, time.perf_counter() - began
    assert result.execution is not None, result.status
    assert result.execution.outcome == "executed", result.execution
    return len(result.execution.orders), spent, took


async def bare(exchange: ccxt.binance, orders: int) -> float:
    """Send as many marketable limit orders with ccxt alone; return the CPU seconds."""
    start = time.process_time()
    for i in range(orders):
        side, price = ("buy", "65000") if i % 2 else ("sell", "55000")
        await exchange.create_order(
            "BTC/USDT", "limit", side, "0.001", price, {"timeInForce": "IOC"}
        )
    return time.process_time() - start


async def measured(url: str, rounds: int) -> dict[str, Any]:
    """Take turns, and return the medians."""
    session = RedirectSession(url)
    exchange = binance(session)
    await exchange.load_markets()
    mine, whole, theirs, commits = list[float](), list[float](), list[float](), Counter[str]()
    walls = list[float]()
    executed = 0
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        shells = [await stack.enter_async_context(shell_at(url, folder, heavy)) for heavy in (0, 1)]
        for turn in range(2 * rounds + 2):
            shell = shells[turn % 2]
            seen = len(await shell.ledger.audit.events())
            orders, spent, took = await ours(shell, remembered=turn % 4 <= 1)
            events = (await shell.ledger.audit.events())[seen:]
            alone = await bare(exchange, orders)
            if turn <= 1:
                continue  # The first rounds pay for imports and empty caches.
            executed += orders
            (mine if turn % 4 <= 1 else whole).append(spent / orders)
            if turn % 4 <= 1:
                walls.append(took / orders)
            theirs.append(alone / orders)
            commits.update(str(event.kind) for event in events)
    await exchange.close()
    await session.close()
    return {
        "orders": executed,
        "ours_ms": 1000 * median(mine),
        "bare_ms": 1000 * median(theirs),
        "whole_ms": 1000 * median(whole),
        "wall_ms": 1000 * median(walls),
        "ratio": median(mine) / median(theirs),
        "ratio_max": RATIO_MAX,
        "entries_per_order": {kind: round(n / executed, 2) for kind, n in sorted(commits.items())},
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    # More would meet the weight limit of a minute, and wait it out as a run does.
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with served() as url:
        found = asyncio.run(measured(url, options.rounds))
    if options.json:
        print(json.dumps(found, indent=2))
        return
    table = Table(title=f"CPU of one executed order, {found['orders']} orders", box=None)
    for column in ("", "ms per order"):
        table.add_column(column, justify="right" if column else "left")
    table.add_row("sized, gated, committed, sent, read back, booked", f"{found['ours_ms']:.2f}")
    table.add_row("the same with fresh looks over the wire", f"{found['whole_ms']:.2f}")
    table.add_row("bare ccxt create_order", f"{found['bare_ms']:.2f}")
    table.add_row("wall of the first, the venue answering at once", f"{found['wall_ms']:.2f}")
    table.add_row(f"ratio (at most {RATIO_MAX:g})", f"{found['ratio']:.2f}")
    for kind, count in found["entries_per_order"].items():
        table.add_row(f"  durable entries per order: {kind}", f"{count}")
    Console().print(table)
    raise SystemExit(0 if Decimal(str(found["ratio"])) <= Decimal(str(RATIO_MAX)) else 1)


if __name__ == "__main__":
    main()
