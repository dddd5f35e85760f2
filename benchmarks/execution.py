"""How long the orders of a plan take, beside the least time that the venue's limits allow.

K orders go out in two phases, sells and then buys, to the local exchange in a process of its own,
which answers after 80 ms with jitter and holds to Binance's order limits: spot 100 in 10 s, USD-M
300 in 10 s. The driver works an approved plan with the ledger on disk, ccxt and the budgets in
between; looks at the account between the phases are answered from memory and the gate says yes, so
that one phase follows the other and the limits are felt.

The bound contains what nobody can do without: an order leaves when the one before it has left, when
the one a whole limit before it left a window ago, and, if it buys, when the sells are answered; the
phase ends with its last answer:

    s(n) = max(ready, s(n - 1), s(n - R) + W),  span = max(s(n) + L(n)) - ready

L(n) is what the exchange took for that very order. A phase is ready when the driver begins to
commit its intents, so the commit counts as ours, and so does every millisecond of CPU: the bound
has none.
The ratio is the sum of our spans over the sum of the bounds, at most 1.05, and no order may be
refused for its limits. It wants a machine with nothing else to do.

The yardsticks send the same orders by ccxt alone, without a record: one after the other; all of a
phase at once through its own default limiter; and all at once with no limiter at all, which shows
what ccxt's CPU and this machine make of the bound, and which the venue refuses where limits bind.
The last one is no client: bytes that were signed before, written to a connection for each order.
It shows what the machine and the exchange's own CPU make of the bound with nothing in between.

What a run does besides, it does for the promises: look afresh before each phase, have the gate
look, and read the executions after it. The last rows are whole runs on spot with all of that over
the wire, from the yes to the end, under Binance's request weight too; they are held to no limit but
that they end whole.

Run:  python -m benchmarks.execution [--rounds N] [--orders K ...] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import hmac
import json
import math
import multiprocessing
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import ccxt.async_support as ccxt
from aiohttp import web
from rich.console import Console
from rich.table import Table

from benchmarks.order_cpu import Quiet
from tests.builders import leg as leg_of
from tests.builders import plan as plan_of
from tests.builders import policy as policy_of
from tests.builders import report_on
from tests.testnet.redirect import RedirectSession, binance
from trimtab.adapters.ledger.sql_ledger import open_ledger
from trimtab.adapters.open_venue import ApiKey, VenueSettings, open_venue
from trimtab.adapters.system_clock import SystemClock
from trimtab.approval import approve, grant
from trimtab.bootstrap import open_shell
from trimtab.bootstrap.execution import planner_of, runner_of
from trimtab.config import load
from trimtab.domain.approved import ApprovalKind
from trimtab.domain.findings import GateReport, Verdict
from trimtab.domain.instruments import Asset, MarketKind, Symbol
from trimtab.domain.orders import OrderIntent, VenueOrder
from trimtab.domain.plan import Plan
from trimtab.domain.rights import KeyUse
from trimtab.domain.snapshot import AccountKey, Environment, Snapshot
from trimtab.ports import PlanStatus, Portfolio
from trimtab.testnet import Scenario
from trimtab.testnet.server import LOOPBACK, LocalExchange, wall_ms
from trimtab.workflow.execute import execute
from trimtab.workflow.inquiry import Desk
from trimtab.workflow.preflight import Wiring
from trimtab.workflow.propose import propose
from trimtab.workflow.run import Consent, run_saved

RATIO_MAX: Final = 1.05
LATENCY_S: Final = 0.08
JITTER: Final = 0.2
"""Sigma of the latency's logarithm; LATENCY_S is its median."""
SPOT, LINEAR = "spot", "USD-M"
LIMIT: Final[Mapping[str, int]] = {SPOT: 100, LINEAR: 300}
WINDOW_S: Final = 10.0
TOO_MANY: Final = 429
SUFFIX: Final[Mapping[str, str]] = {SPOT: "", LINEAR: ":USDT"}
OURS: Final = "ours"
SEQUENTIAL: Final = "ccxt, one by one"
LIMITED: Final = "ccxt, its limiter"
WHOLE_RUN: Final = "a whole run"
UNLIMITED: Final = "ccxt, no limiter"
BYTES: Final = "bytes signed before"
PATHS: Final[Mapping[str, str]] = {SPOT: "/api/v3/order", LINEAR: "/fapi/v1/order"}
PRICE: Final = 100
NAV: Final = 1_000_000
CEILING, FLOOR = "101", "99"


class FarExchange(LocalExchange):
    """The local exchange, some way off: half the latency before it acts, half after."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        super().__init__(scenario, now_ms=wall_ms)
        self._draw = random.Random(seed)
        self.latencies: dict[str, float] = {}

    async def _answer(self, incoming: web.Request) -> web.StreamResponse:
        began = time.monotonic()
        latency = self._draw.lognormvariate(math.log(LATENCY_S), JITTER)
        await asyncio.sleep(latency / 2)
        response = await super()._answer(incoming)
        await asyncio.sleep(latency / 2)
        if incoming.method == "POST" and incoming.path in PATHS.values():
            name = parse_qs(await incoming.text())["newClientOrderId"][0]
            self.latencies[name] = time.monotonic() - began
        return response

    def seen(self) -> dict[str, Any]:
        """Return what happened here."""
        requests = self.truth()["requests"]
        orders = [r for r in requests if r["method"] == "POST" and r["path"] in PATHS.values()]
        return {
            "latencies": self.latencies,
            "rejects": sum(r["status"] == TOO_MANY for r in orders),
            "orders": len(orders),
            "requests": Counter(f"{r['method']} {r['path']}" for r in requests),
        }


def exchange_process(pipe: Connection, given: dict[str, Any], seed: int) -> None:
    """Serve until told to stop; say where, and at the end what happened."""

    async def serving() -> None:
        exchange = FarExchange(Scenario.from_json(given), seed)
        await exchange.start(host=LOOPBACK, port=0)
        pipe.send(exchange.url)
        await asyncio.to_thread(pipe.recv)
        pipe.send(exchange.seen())
        await exchange.stop()

    asyncio.run(serving())


@dataclass
class Served:
    """An exchange in a process of its own; ``seen`` is filled at its end."""

    url: str
    seen: dict[str, Any] = field(default_factory=dict)


@contextmanager
def served(
    market: str, names: Sequence[str], seed: int, *, is_weighed: bool = False
) -> Iterator[Served]:
    """Serve an account that holds the first half of *names* twice as heavy as the second."""
    heavy = len(names) // 2
    units = {
        n: str(Decimal(weight(len(names), is_heavy=i < heavy)) * NAV / PRICE)
        for i, n in enumerate(names)
    }
    roomy = {} if is_weighed else {"spot_weight_1m": 10**9, "usdm_weight_1m": 10**9}
    given = {
        "prices": dict.fromkeys(names, str(PRICE)),
        "spot": units | {"USDT": str(NAV * 4 // 10)},
        "futures": {"wallet": "0" if market == SPOT else str(NAV), "leverage": {"*": 1}},
        "rules": {"*": {"level_notional": "10000000", "replenish": True}},
        "limits": roomy,
    }
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=exchange_process, args=(theirs, given, seed))
    process.start()
    exchange = Served(ours.recv())
    try:
        yield exchange
    finally:
        ours.send(None)
        exchange.seen |= ours.recv()
        process.join(10)


def weight(orders: int, *, is_heavy: bool) -> str:
    """Return a target weight; all of them together are 0.6."""
    return f"{(0.8 if is_heavy else 0.4) / orders:.6f}"


def names_of(orders: int) -> tuple[str, ...]:
    """Return as many assets as orders."""
    return tuple(f"C{i:03d}" for i in range(orders))


@dataclass
class Phase:
    """Orders that were sent side by side. Instants are seconds of the monotonic clock."""

    ready_at: float
    sent: list[tuple[float, str]] = field(default_factory=list)
    """When each was handed to the venue, and its client order id."""
    answered_at: float = 0.0
    cpu_from_s: float = 0.0
    cpu_s: float = 0.0
    """What this process computed between the two, seconds."""


class Stopwatch:
    """Notes when phases begin and end; passes everything on."""

    def __init__(self) -> None:
        self.phases: list[Phase] = []

    def on_ledger(self, ledger: Any) -> Any:  # noqa: ANN401  any ledger
        """Return *ledger* with a look at every commit of intents."""
        return _TimedLedger(ledger, self)

    def on_venue(self, venue: Any) -> Any:  # noqa: ANN401  any venue
        """Return *venue* with a look at every order."""
        return _TimedVenue(venue, self)


class _TimedLedger:
    def __init__(self, ledger: Any, watch: Stopwatch) -> None:  # noqa: ANN401  as above
        self._ledger, self._watch = ledger, watch

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  as above
        return getattr(self._ledger, name)

    async def begin(self, intents: Sequence[OrderIntent], **rest: Any) -> None:  # noqa: ANN401  as above
        self._watch.phases.append(Phase(time.monotonic(), cpu_from_s=time.process_time()))
        await self._ledger.begin(intents, **rest)


class _TimedVenue:
    def __init__(self, venue: Any, watch: Stopwatch) -> None:  # noqa: ANN401  as above
        self._venue, self._watch = venue, watch

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  as above
        return getattr(self._venue, name)

    async def submit(self, intent: OrderIntent) -> VenueOrder:
        phase = self._watch.phases[-1]
        phase.sent.append((time.monotonic(), intent.client_order_id))
        try:
            order: VenueOrder = await self._venue.submit(intent)
        finally:
            phase.answered_at = time.monotonic()
            phase.cpu_s = time.process_time() - phase.cpu_from_s
        return order


def bound_s(phases: Sequence[Phase], latencies: Mapping[str, float], limit: int) -> list[float]:
    """Return the least span of each phase, given when it was ready."""
    left: list[float] = []
    bounds = []
    for phase in phases:
        ends = []
        for _, name in phase.sent:
            before = left[-limit] + WINDOW_S if len(left) >= limit else -math.inf
            left.append(max(phase.ready_at, before))
            ends.append(left[-1] + latencies.get(name, 0.0))  # A client may give up before.
        bounds.append(max(ends) - phase.ready_at)
    return bounds


@dataclass(frozen=True)
class Result:
    """One way of sending K orders."""

    way: str
    market: str
    orders: int
    span_s: float
    bound_s: float
    rejects: int
    whole_s: float
    requests: int

    @property
    def ratio(self) -> float:
        """Return how many times the bound it took."""
        return self.span_s / self.bound_s


def result_of(way: str, market: str, watch: Stopwatch, exchange: Served, whole_s: float) -> Result:
    """Return what a stopwatch and an exchange have seen."""
    bounds = bound_s(watch.phases, exchange.seen["latencies"], LIMIT[market])
    return Result(
        way=way,
        market=market,
        orders=sum(len(phase.sent) for phase in watch.phases),
        span_s=sum(phase.answered_at - phase.ready_at for phase in watch.phases),
        bound_s=sum(bounds),
        rejects=exchange.seen["rejects"],
        whole_s=whole_s,
        requests=sum(exchange.seen["requests"].values()),
    )


def config_text(url: str, folder: Path, names: Sequence[str]) -> str:
    """Return a configuration that wants the second half heavy."""
    half = len(names) // 2
    targets = "\n".join(
        f'{name} = "{weight(len(names), is_heavy=i >= half)}"' for i, name in enumerate(names)
    )
    rest = 1 - sum(Decimal(weight(len(names), is_heavy=i >= half)) for i in range(len(names)))
    return f"""\
[account]
quote = "USDT"

[venue]
id = "binance"
environment = "local"
url = "{url}"
markets = ["spot"]

[portfolio.targets]
{targets}
USDT = "{rest}"

[rebalance]
threshold = "0.01pp"

[risk]
max_orders = 1000
max_order_notional = "100000"
max_asset_notional = "1000000"
max_run_notional = "10000000"
max_day_notional = "100000000"
max_unhedged_notional = "1000000"
max_minute_orders = 1000
max_day_orders = 1000
max_depth_share = "1"

[ledger]
url = "sqlite:///{folder}/ledger.db"
"""


async def whole_run(
    url: str, folder: Path, names: Sequence[str], watch: Stopwatch
) -> tuple[float, str]:
    """Propose, approve and execute on spot; return the seconds from the yes on, and how it ended.

    Where the request weight makes the run wait, what it rests on grows too old and the gate stops
    it between the phases, as it should: such a run ends partial.
    """
    path = folder / "trimtab.toml"
    path.write_text(config_text(url, folder, names), encoding="utf-8")
    config = load(path, environ={}, sets=(), home=folder, cwd=folder)
    async with open_shell(config, {}, dry_run=False, use=KeyUse.SEND) as shell:
        proposal = await propose(planner_of(shell, wish=None), slot_due=False)
        saved = await shell.ledger.plan(proposal.plan.digest)
        assert len(saved.plan.legs) == len(names), (saved.status, len(saved.plan.legs))
        refused = [f for f in saved.report.findings if f.verdict is Verdict.REFUSE]
        assert not refused, refused
        timed = replace(
            shell, ledger=watch.on_ledger(shell.ledger), venue=watch.on_venue(shell.venue)
        )
        runner = runner_of(
            timed, approver=Quiet(), progress=Quiet(), stop=asyncio.Event(), wish=None
        )
        began = time.monotonic()
        result = await run_saved(runner, saved, consent=Consent.FLAG)
        took = time.monotonic() - began
    assert result.execution is not None, result.status
    return took, str(result.execution.outcome)


class Remembered:
    """An account as it was read once."""

    def __init__(self, seen: Snapshot) -> None:
        self._seen = seen

    async def snapshot(self, portfolio: Portfolio) -> Snapshot:  # noqa: ARG002  the port's signature
        """Remember, with a look at the clock: orders go by what was read just now."""
        return replace(self._seen, taken_at=datetime.now(UTC))


def plan_in(market: str, seen: Snapshot, names: Sequence[str]) -> Plan:
    """Return a plan that sells one unit of each of the first half, and buys of the second."""
    half, suffix = len(names) // 2, SUFFIX[market]
    legs = []
    for line, name in enumerate(names, start=1):
        instrument = seen.instruments[Symbol(f"{name}/USDT{suffix}")]
        is_sale = line <= half
        units = int(Decimal(1) / instrument.lot_size)
        limit = Decimal(FLOOR if is_sale else CEILING)
        legs.append(
            leg_of(
                seen,
                instrument,
                -units if is_sale else units,
                line=line,
                stage=1 if is_sale else 2,
                limit_price=limit,
            )
        )
    now = datetime.now(UTC)
    return plan_of(seen, *legs, made_at=now, expires_at=now + timedelta(minutes=10))


async def driven(
    market: str, url: str, folder: Path, names: Sequence[str], watch: Stopwatch
) -> float:
    """Work a plan; return the seconds that the driver took."""
    policy = policy_of(f"{names[0]} 0.5, USDT 0.5", hedge={"leverage": 1})
    key = AccountKey(venue="binance", account="main", environment=Environment.LOCAL)
    clock = SystemClock()
    settings = VenueSettings(
        account=key,
        url=url,
        api_key=ApiKey(key="local-key", secret="local-secret"),
        quote=Asset("USDT"),
        markets=frozenset(
            {MarketKind.SPOT} if market == SPOT else {MarketKind.SPOT, MarketKind.SWAP}
        ),
        execution=policy.execution,
        max_clock_offset_ms=policy.limits.max_clock_offset_ms,
        clock=clock,
        key_use=KeyUse.SEND,
    )
    assets = tuple(map(Asset, names))
    portfolio = Portfolio(
        assets=(*assets, Asset("USDT")), with_contracts=() if market == SPOT else assets
    )
    database = f"sqlite:///{folder / 'ledger.db'}"
    async with (
        open_ledger(database, key, dry_run=False, clock=clock) as ledger,
        open_venue(settings) as opened,
    ):
        seen = await opened.market.snapshot(portfolio)
        plan = plan_in(market, seen, names)
        report = report_on(plan)
        await ledger.save_plan(plan, report, PlanStatus.PROPOSED)
        now = clock.now()
        approval = grant(report, kind=ApprovalKind.FLAG, by="benchmark", at=now, ttl_s=600)
        await ledger.save_approval(approval)

        async def passing(rest: Plan, _: Snapshot) -> GateReport:
            return report_on(rest)

        desk = Desk(
            venue=watch.on_venue(opened.venue),
            wallets=opened.wallets,
            stops=opened.stops,
            ledger=watch.on_ledger(ledger),
            clock=clock,
            progress=Quiet(),
            stop=asyncio.Event(),
        )
        wiring = Wiring(
            desk=desk,
            market=Remembered(seen),
            portfolio=portfolio,
            policy=policy,
            regate=passing,
            rests_on=None,
        )
        approved = approve(plan, report, approval, now=now)
        async with ledger.holding_account(owner="benchmark"):
            began = time.monotonic()
            outcome = await execute(approved, wiring)
            took = time.monotonic() - began
    assert outcome.outcome == "executed", outcome.outcome
    return took


def ours(market: str, orders: int, seed: int) -> Result:
    """Send by our driver."""
    watch, names = Stopwatch(), names_of(orders)
    with served(market, names, seed) as exchange, tempfile.TemporaryDirectory() as folder:
        whole_s = asyncio.run(driven(market, exchange.url, Path(folder), names, watch))
    return result_of(OURS, market, watch, exchange, whole_s)


def run_of(orders: int, seed: int) -> Result:
    """Do everything that a run does."""
    watch, names = Stopwatch(), names_of(orders)
    with (
        served(SPOT, names, seed, is_weighed=True) as exchange,
        tempfile.TemporaryDirectory() as folder,
    ):
        whole_s, outcome = asyncio.run(whole_run(exchange.url, Path(folder), names, watch))
    return result_of(f"{WHOLE_RUN}, {outcome}", SPOT, watch, exchange, whole_s)


@asynccontextmanager
async def bare(url: str, *, is_limited: bool) -> AsyncIterator[ccxt.binance]:
    """Open ccxt alone, its markets read."""
    session = RedirectSession(url)
    exchange = binance(session)
    await exchange.load_markets()
    exchange.enableRateLimit = is_limited
    try:
        yield exchange
    finally:
        await exchange.close()
        await session.close()


async def by_ccxt(
    exchange: ccxt.binance, market: str, names: Sequence[str], watch: Stopwatch, *, at_once: bool
) -> None:
    """Send sells, then buys, by ccxt alone."""
    half = len(names) // 2
    suffix = SUFFIX[market]

    async def send(line: int, phase: Phase) -> None:
        side, limit = ("sell", FLOOR) if line < half else ("buy", CEILING)
        name = f"bare{line:024d}"
        phase.sent.append((time.monotonic(), name))
        params = {"timeInForce": "IOC", "clientOrderId": name}
        with suppress(ccxt.BaseError):  # The exchange counts what it refuses.
            await exchange.create_order(
                f"{names[line]}/USDT{suffix}", "limit", side, "1", limit, params
            )
        phase.answered_at = time.monotonic()

    for lines in (range(half), range(half, len(names))):
        phase = Phase(time.monotonic())
        watch.phases.append(phase)
        if at_once:
            await asyncio.gather(*(send(line, phase) for line in lines))
        else:
            for line in lines:
                await send(line, phase)


Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def signed(market: str, host: str, name: str, line: int, *, is_sale: bool) -> bytes:
    """Return one order as it goes over the wire."""
    side, limit = ("SELL", FLOOR) if is_sale else ("BUY", CEILING)
    fields = {
        "symbol": f"{name}USDT",
        "side": side,
        "type": "LIMIT",
        "timeInForce": "IOC",
        "quantity": "1",
        "price": limit,
        "newClientOrderId": f"bytes{line:023d}",
        "recvWindow": 60_000,
        "timestamp": wall_ms(),
    }
    body = urlencode(fields)
    body += "&signature=" + hmac.new(b"local-secret", body.encode(), "sha256").hexdigest()
    head = (
        f"POST {PATHS[market]} HTTP/1.1\r\nHost: {host}\r\nX-MBX-APIKEY: local-key\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode()


async def by_bytes(url: str, market: str, names: Sequence[str], watch: Stopwatch) -> None:
    """Send sells, then buys, each over a connection of its own that the buys use again."""
    half, where = len(names) // 2, urlsplit(url)
    kept: list[Stream] = []

    async def answered(reader: asyncio.StreamReader, phase: Phase) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        (told,) = (row for row in head.split("\r\n") if row.startswith("content-length:"))
        await reader.readexactly(int(told.partition(":")[2]))
        phase.answered_at = time.monotonic()

    for lines in (range(half), range(half, len(names))):
        ready = [
            signed(market, where.netloc, names[line], line, is_sale=line < half) for line in lines
        ]
        phase = Phase(time.monotonic())
        watch.phases.append(phase)
        lacking = range(len(ready) - len(kept))
        kept += await asyncio.gather(
            *(asyncio.open_connection(where.hostname, where.port) for _ in lacking)
        )
        for line, request, (_, writer) in zip(lines, ready, kept, strict=False):
            phase.sent.append((time.monotonic(), f"bytes{line:023d}"))
            writer.write(request)
        used = kept[: len(ready)]
        await asyncio.gather(*(answered(reader, phase) for reader, _ in used))
    for _, writer in kept:
        writer.close()


def theirs(way: str, market: str, orders: int, seed: int) -> Result:
    """Send by ccxt alone, or by bytes alone."""
    watch, names = Stopwatch(), names_of(orders)

    async def work(url: str) -> None:
        if way == BYTES:
            await by_bytes(url, market, names, watch)
            return
        async with bare(url, is_limited=way == LIMITED) as exchange:
            await by_ccxt(exchange, market, names, watch, at_once=way != SEQUENTIAL)

    with served(market, names, seed) as exchange:
        began = time.monotonic()
        gc.disable()  # As ours does: it is not what the two are compared for.
        try:
            asyncio.run(work(exchange.url))
        finally:
            gc.enable()
        whole_s = time.monotonic() - began
    return result_of(way, market, watch, exchange, whole_s)


def middle(results: Sequence[Result]) -> Result:
    """Return the result whose ratio is the median, with the most rejects of all."""
    rejects = max(result.rejects for result in results)
    typical = sorted(results, key=lambda result: result.ratio)[len(results) // 2]
    return replace(typical, rejects=rejects)


def measured(counts: Sequence[int], rounds: int, told: Callable[[str], None]) -> list[Result]:
    """Send every way, in turns."""
    found = []
    for market in (SPOT, LINEAR):
        for orders in counts:
            mine, bare_ones, plain = [], [], []
            for turn in range(rounds):
                told(f"{market}, {orders} orders, turn {turn + 1}")
                mine.append(ours(market, orders, turn))
                bare_ones.append(theirs(UNLIMITED, market, orders, turn))
                plain.append(theirs(BYTES, market, orders, turn))
            found += [middle(mine), middle(bare_ones), middle(plain)]
            found += [theirs(way, market, orders, 0) for way in (SEQUENTIAL, LIMITED)]
    for orders in counts:
        told(f"a whole run, {orders} orders")
        found.append(run_of(orders, 0))
    return found


def broken(results: Sequence[Result]) -> list[str]:
    """Return which of our results keep no limit, and which whole runs did not end whole."""
    mine = [result for result in results if result.way == OURS]
    late = [f"{r.market} {r.orders}: ratio {r.ratio:.3f}" for r in mine if r.ratio > RATIO_MAX]
    refused = [f"{r.market} {r.orders}: {r.rejects} refused" for r in mine if r.rejects]
    unfinished = [
        f"{r.market} {r.orders}: {r.way}"
        for r in results
        if r.way.startswith(WHOLE_RUN) and r.way != f"{WHOLE_RUN}, executed"
    ]
    return late + refused + unfinished


def shown(results: Sequence[Result]) -> Table:
    """Return the table of all results."""
    table = Table(title="Sending the orders of a plan, 80 ms away", box=None)
    for column in ("market", "orders", "way"):
        table.add_column(column)
    for column in ("seconds", "bound", "ratio", "refused", "in all, s", "requests"):
        table.add_column(column, justify="right")
    for r in results:
        whole, requests = (
            (f"{r.whole_s:.2f}", str(r.requests))
            if r.way.startswith((OURS, WHOLE_RUN))
            else ("", "")
        )
        table.add_row(
            r.market,
            str(r.orders),
            r.way,
            f"{r.span_s:.3f}",
            f"{r.bound_s:.3f}",
            f"{r.ratio:.3f}",
            str(r.rejects),
            whole,
            requests,
        )
    return table


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--orders", type=int, nargs="+", default=[10, 50, 200])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measured(options.orders, options.rounds, lambda text: print(text, file=sys.stderr))
    if options.json:
        rows = [asdict(result) | {"ratio": result.ratio} for result in found]
        print(json.dumps({"ratio_max": RATIO_MAX, "results": rows}, indent=2))
    else:
        Console().print(shown(found))
        print(f"ratio of ours at most {RATIO_MAX}, none refused")
    for line in (failed := broken(found)):
        print(line, file=sys.stderr)
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
