"""Durable commits of the ledger against bare SQLite commits of the same rows.

Every order is four writes, as in a run: begun, ended on the venue, one fill booked, closed.
The statements that the ledger sends are recorded and replayed by ``sqlite3`` alone, one commit
per write, with the same settings, so that the ratio is the cost of everything above SQLite. At
least half of its writes per second are wanted, one order at a time; orders side by side share
flushes and beat it.

Run:  python -m benchmarks.ledger [--rounds N] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

from sqlalchemy import ClauseElement, Connection

from tests.builders import KEY, NOW
from tests.contract.ledger_cases import (
    BTC,
    SELL,
    StandingClock,
    fill,
    intent,
    report_on,
    step,
    venue_order,
)
from trimtab.adapters.ledger import statements
from trimtab.adapters.ledger.sql_ledger import SqlLedger, open_ledger
from trimtab.domain.orders import OrderState
from trimtab.ports import PlanStatus

ORDERS = 150
WRITES_PER_ORDER = 4
RATIO_MIN = 0.5
WIDTHS = (1, 10, 50)
BARE = "bare sqlite3"


Transaction = list[tuple[str, tuple[Any, ...]]]
"""The changing statements of one commit, with what they bind."""


@contextmanager
def recording() -> Iterator[list[Transaction]]:
    """Listen to what the ledger hands to the driver; each write begins with its entry."""
    transactions: list[Transaction] = []
    execute = statements._execute  # noqa: SLF001  what is measured is inside

    def recorded(connection: Connection, statement: ClauseElement, bound: Mapping[str, Any]) -> Any:  # noqa: ANN401  the driver's cursor
        compiled = statements._compiled(statement, type(connection.dialect))  # noqa: SLF001  as above
        if compiled.text.startswith("INSERT INTO entries"):
            transactions.append([])
        if compiled.text.startswith(("INSERT", "UPDATE")):
            transactions[-1].append((compiled.text, tuple(bound[n] for n in compiled.names)))
        return execute(connection, statement, bound)

    with patch.object(statements, "_execute", recorded):
        yield transactions


@dataclass(frozen=True)
class Cost:
    """What one write cost, in microseconds."""

    wall: float
    cpu: float


class Meter:
    """Wall clock and CPU since it was made."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def per_write(self) -> Cost:
        """Return the cost of one write of the job."""
        writes = ORDERS * WRITES_PER_ORDER
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        return Cost(wall=wall / writes * 1e6, cpu=cpu / writes * 1e6)


@asynccontextmanager
async def _ready(folder: Path) -> AsyncIterator[SqlLedger]:
    """Open a ledger that holds the account and has the plan."""
    url = f"sqlite:///{folder / 'ledger.db'}"
    async with (
        open_ledger(url, KEY, dry_run=False, clock=StandingClock()) as ledger,
        ledger.holding_account(owner="benchmark"),
    ):
        await ledger.save_plan(SELL, report_on(SELL), PlanStatus.PROPOSED)
        yield ledger


async def _live(ledger: SqlLedger, attempt: int) -> None:
    """Take one order through its life."""
    order = intent(attempt=attempt)
    name = f"v{attempt}"
    told = venue_order(order, -100, name=name)
    await ledger.begin([order], at=NOW, halt_seen=None)
    await ledger.advance([step(order, OrderState.SETTLING, told)])
    await ledger.book_fills(BTC, [fill(attempt, "0.01", venue_order_id=name)])
    await ledger.advance([step(order, OrderState.FILLED, told)])


async def _orders(ledger: SqlLedger, *, side_by_side: int) -> Cost:
    """Take all orders through their lives, so many at a time."""

    async def worker(first: int) -> None:
        for attempt in range(first, ORDERS + 1, side_by_side):
            await _live(ledger, attempt)

    meter = Meter()
    await asyncio.gather(*(worker(n) for n in range(1, side_by_side + 1)))
    return meter.per_write()


async def _measured(folder: Path, *, side_by_side: int) -> Cost:
    async with _ready(folder) as ledger:
        return await _orders(ledger, side_by_side=side_by_side)


async def _bare(folder: Path) -> Cost:
    """Record what the ledger commits, and replay it with sqlite3 alone on the same beginning."""
    async with _ready(folder / "recorded") as ledger:
        with recording() as transactions:
            await _orders(ledger, side_by_side=1)
    async with _ready(folder / "replayed"):
        connection = sqlite3.connect(folder / "replayed" / "ledger.db", isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        assert len(transactions) == ORDERS * WRITES_PER_ORDER
        meter = Meter()
        for transaction in transactions:
            connection.execute("BEGIN IMMEDIATE")
            for statement, bound in transaction:
                connection.execute(statement, bound)
            connection.execute("COMMIT")
        cost = meter.per_write()
        connection.close()
    return cost


@dataclass(frozen=True)
class Comparison:
    """One way of writing beside bare SQLite, per write."""

    name: str
    wall_us: float
    cpu_us: float
    ratio: float
    """Writes per second, as a share of those of bare SQLite."""
    limit: float
    """Least ratio; 0 for what is shown without one."""

    @property
    def is_kept(self) -> bool:
        """Whether the ratio is not below its limit."""
        return self.ratio >= self.limit


def measure(rounds: int) -> list[Comparison]:
    """Run bare SQLite and the ledger in turn; return the medians."""
    costs: dict[str, list[Cost]] = {}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(prefix="trimtab-ledger-") as name:
            costs.setdefault(BARE, []).append(asyncio.run(_bare(Path(name))))
            for width in WIDTHS:
                cost = asyncio.run(_measured(Path(name, str(width)), side_by_side=width))
                costs.setdefault(f"ledger, {width} orders side by side", []).append(cost)
    bare = median(cost.wall for cost in costs[BARE])
    return [
        Comparison(
            name=name,
            wall_us=median(cost.wall for cost in many),
            cpu_us=median(cost.cpu for cost in many),
            ratio=bare / median(cost.wall for cost in many),
            limit=0 if name == BARE else RATIO_MIN,
        )
        for name, many in costs.items()
    ]


def table(comparisons: Sequence[Comparison]) -> str:
    """Return the comparisons for reading."""
    lines = [
        f"{'per durable write':<32}{'wall us':>10}{'CPU us':>10}{'x bare':>10}{'at least':>10}"
    ]
    lines += [
        f"{row.name:<32}{row.wall_us:>10.0f}{row.cpu_us:>10.0f}{row.ratio:>10.2f}"
        f"{row.limit or '':>10}{'' if row.is_kept else '  BROKEN'}"
        for row in comparisons
    ]
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print, and say with the exit code whether the limits are kept."""
    parser = argparse.ArgumentParser(description="Durable commits against bare SQLite.")
    parser.add_argument("--rounds", type=int, default=5, help="rounds to take the median of")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(argv)
    comparisons = measure(options.rounds)
    if options.json:
        rows = [{**asdict(row), "is_kept": row.is_kept} for row in comparisons]
        print(json.dumps({"rounds": options.rounds, "comparisons": rows}, indent=2))
    else:
        print(table(comparisons))
    return 0 if all(row.is_kept for row in comparisons) else 1


if __name__ == "__main__":
    sys.exit(main())
