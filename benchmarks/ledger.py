"""Durable commits of the ledger against bare SQLite commits of the same rows.

Every order is four writes, as in a run: begun, ended on the venue, one fill booked, closed.
The statements that the ledger sends are recorded and replayed by ``sqlite3`` alone, one commit
per write, with the same settings, so that the ratio is the cost of everything above SQLite. Run
it with ``uv run python -m benchmarks.ledger``.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import event

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
from trimtab.adapters.sql_ledger import SqlLedger, open_ledger
from trimtab.domain.orders import OrderState
from trimtab.ports import PlanStatus

ORDERS = 400
WRITES_PER_ORDER = 4
ROUNDS = 3


@dataclass
class Recording:
    """The writing statements of the ledger, by transaction."""

    transactions: list[list[tuple[str, Any]]] = field(default_factory=list)

    def listen(self, ledger: SqlLedger) -> None:
        engine = ledger._writer._writing.engine  # noqa: SLF001  what is measured is inside
        event.listen(engine, "begin", lambda _: self.transactions.append([]))
        event.listen(engine, "before_cursor_execute", self._record)

    def _record(self, *call: Any) -> None:
        _, _, statement, parameters, *_ = call
        if statement.startswith(("INSERT", "UPDATE")):
            self.transactions[-1].append((statement, parameters))


@dataclass(frozen=True)
class Cost:
    """What one write cost, in microseconds."""

    wall: float
    cpu: float


def _measured(work: Callable[[], object]) -> Cost:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    writes = ORDERS * WRITES_PER_ORDER
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Cost(wall=wall / writes * 1e6, cpu=cpu / writes * 1e6)


async def _live(ledger: SqlLedger, attempt: int) -> None:
    """Take one order through its life."""
    order = intent(attempt=attempt)
    name = f"v{attempt}"
    told = venue_order(order, -100, name=name)
    await ledger.begin([order], at=NOW)
    await ledger.advance([step(order, OrderState.SETTLING, told)])
    await ledger.book_fills(BTC, [fill(attempt, "0.01", venue_order_id=name)])
    await ledger.advance([step(order, OrderState.FILLED, told)])


async def _orders(folder: Path, *, side_by_side: int, recording: Recording | None) -> Cost:
    url = f"sqlite:///{folder / 'ledger.db'}"
    async with (
        open_ledger(url, KEY, dry_run=False, clock=StandingClock()) as ledger,
        ledger.holding_account(owner="benchmark"),
    ):
        await ledger.save_plan(SELL, report_on(SELL), PlanStatus.PROPOSED)
        if recording is not None:
            recording.listen(ledger)

        async def worker(first: int) -> None:
            for attempt in range(first, ORDERS + 1, side_by_side):
                await _live(ledger, attempt)

        async def everybody() -> None:
            await asyncio.gather(*(worker(n) for n in range(1, side_by_side + 1)))

        wall, cpu = time.perf_counter(), time.process_time()
        await everybody()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    writes = ORDERS * WRITES_PER_ORDER
    return Cost(wall=wall / writes * 1e6, cpu=cpu / writes * 1e6)


async def _prepared(folder: Path) -> None:
    """Make the ledger that the recorded statements continue."""
    url = f"sqlite:///{folder / 'ledger.db'}"
    async with (
        open_ledger(url, KEY, dry_run=False, clock=StandingClock()) as ledger,
        ledger.holding_account(owner="benchmark"),
    ):
        await ledger.save_plan(SELL, report_on(SELL), PlanStatus.PROPOSED)


def _bare(folder: Path, recording: Recording) -> Cost:
    """Replay the recorded transactions with sqlite3 alone."""
    asyncio.run(_prepared(folder))
    connection = sqlite3.connect(folder / "ledger.db", isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    # The last entry of the preparation gave the lease back; the recording has it still held.
    connection.execute("DROP TRIGGER entries_no_delete")
    connection.execute("PRAGMA foreign_keys=OFF")
    connection.execute("DELETE FROM entries WHERE kind = 'lease_released'")
    connection.execute("UPDATE leases SET held = 1")
    connection.execute("PRAGMA foreign_keys=ON")
    written = [t for t in recording.transactions if t]

    def replay() -> None:
        for transaction in written[: ORDERS * WRITES_PER_ORDER]:
            connection.execute("BEGIN IMMEDIATE")
            for statement, parameters in transaction:
                connection.execute(statement, parameters)
            connection.execute("COMMIT")

    cost = _measured(replay)
    connection.close()
    return cost


def _row(name: str, cost: Cost, bare: Cost) -> None:
    print(
        f"{name:<34}{cost.wall:>10.0f}{1e6 / cost.wall:>10.0f}{cost.cpu:>10.0f}"
        f"{bare.wall / cost.wall:>10.2f}"
    )


def main() -> None:
    costs: dict[str, list[Cost]] = {}
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as name:
            folders = [Path(name, str(n)) for n in range(4)]
            recording = Recording()
            asyncio.run(_orders(folders[0], side_by_side=1, recording=recording))
            costs.setdefault("bare sqlite3", []).append(_bare(folders[1], recording))
            for width, folder in ((1, folders[2]), (10, folders[3]), (50, Path(name, "w50"))):
                cost = asyncio.run(_orders(folder, side_by_side=width, recording=None))
                costs.setdefault(f"ledger, {width} orders side by side", []).append(cost)
    print(f"{ORDERS} orders x {WRITES_PER_ORDER} durable writes, median of {ROUNDS}; per write:")
    print(f"{'':<34}{'wall us':>10}{'writes/s':>10}{'CPU us':>10}{'x bare':>10}")
    middle = {
        name: Cost(wall=median(c.wall for c in many), cpu=median(c.cpu for c in many))
        for name, many in costs.items()
    }
    for name, cost in middle.items():
        _row(name, cost, middle["bare sqlite3"])


if __name__ == "__main__":
    main()
