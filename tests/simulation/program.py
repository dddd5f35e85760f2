"""What one process of the program does from start to end, as its commands do."""

from __future__ import annotations

import asyncio
import contextvars
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tests.fakes.told_history import NOTHING_TOLD
from tests.simulation.process import PROCESS, Process
from tests.simulation.tape import Broken
from tests.simulation.transport import Line
from trimtab.adapters.ledger.sql_ledger import SqlLedger, open_ledger
from trimtab.adapters.open_venue import ApiKey, VenueSettings, open_venue
from trimtab.adapters.paper.venue import PaperVenue
from trimtab.adapters.paper.wallets import PaperWallets
from trimtab.adapters.references.unread import UnreadReferences
from trimtab.domain.errors import AccountHeld, LedgerError, TrimtabError
from trimtab.domain.findings import GateReport
from trimtab.domain.instruments import Asset, MarketKind, Symbol
from trimtab.domain.orders import OrderIntent, OrderRecord
from trimtab.domain.plan import Plan
from trimtab.domain.rights import KeyUse
from trimtab.domain.snapshot import AccountKey, Environment
from trimtab.domain.stops import StopRecord
from trimtab.domain.transfers import TransferIntent, TransferRecord
from trimtab.ports import Answer
from trimtab.workflow.inquiry import Desk
from trimtab.workflow.propose import Planner
from trimtab.workflow.reconcile import reconcile
from trimtab.workflow.run import Consent, Runner, RunResult, resolved_first, run, run_saved
from trimtab.workflow.statements import Books

if TYPE_CHECKING:
    from tests.simulation.world import World

T = TypeVar("T")
KEY = AccountKey(venue="binance", account="main", environment=Environment.LOCAL)
PROCESS_S_MAX = 3_600.0
"""Most virtual time that one process may take."""


class Errand(StrEnum):
    """Which command a process is."""

    RUN = "run"
    """``run --execute``: recover, propose, ask, execute."""
    DRY_RUN = "dry_run"
    RECOVER = "recover"
    RECONCILE = "reconcile"
    """``reconcile --adopt``."""
    SAVED = "saved"
    """``run --plan``: recover, then execute the last plan that was proposed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a process ended by itself."""

    word: str
    """A status, an exit code, or the class of our error."""
    unresolved: int
    """Orders that recovery left open."""
    differences: tuple[str, ...]
    """What reconciliation found and could not adopt."""
    plan: str = ""
    """Digest of the plan that a run ended with; empty for every other errand."""


@dataclass(frozen=True, slots=True)
class Watcher:
    """Keeps every plan that is proposed, for the law."""

    world: World

    def proposed(self, plan: Plan, report: GateReport) -> None:
        self.world.law.plans[plan.digest] = plan
        said = sorted({f"{f.check}:{f.verdict}" for f in report.findings if f.verdict != "pass"})
        self.world.tape.say(self.world.now_s, "proposed", len(plan.legs), report.verdict, said)

    def leverage_set(self, symbol: Symbol, *, leverage: int) -> None:
        pass

    def order_sent(self, intent: OrderIntent) -> None:
        pass

    def order_moved(self, record: OrderRecord) -> None:
        name = f"{record.intent.line}.{record.intent.attempt}"
        self.world.tape.say(self.world.now_s, name, record.state, record.filled_lots)

    def transfer_sent(self, intent: TransferIntent) -> None:
        pass

    def transfer_moved(self, record: TransferRecord) -> None:
        self.world.tape.say(self.world.now_s, record.intent.line, record.state)

    def stop_moved(self, record: StopRecord) -> None:
        told = (record.intent.line, record.state, record.executed_lots)
        self.world.tape.say(self.world.now_s, "stop", *told)

    def waiting(self, reason: str, *, seconds: float) -> None:
        pass

    def noted(self, text: str) -> None:
        self.world.tape.say(self.world.now_s, "noted", text)


@dataclass(frozen=True, slots=True)
class Person:
    """Says yes after a while."""

    after_s: float

    async def ask(self, plan: Plan, report: GateReport) -> Answer:
        await asyncio.sleep(self.after_s)
        return Answer.YES


async def lived(world: World, process: Process, errand: Errand) -> Ended | None:
    """Run one process to its end; None when it was killed."""
    work = world.loop.create_task(_errand(world, process, errand), context=_context(process))
    await asyncio.wait({work}, timeout=PROCESS_S_MAX)
    if process.is_dead:
        await process.unwound()
        world.tape.say(world.now_s, f"p{process.number}", "killed", process.died_of)
        return None
    if not work.done():
        raise Broken(f"L4: {errand} does not end within {PROCESS_S_MAX:.0f} s")
    ended = _without_crash(work)
    world.tape.say(world.now_s, f"p{process.number}", errand, ended)
    return ended


def _without_crash(work: asyncio.Task[Ended]) -> Ended:
    """Return how a process ended; what is no error of ours is a bug.

    Raises:
        Broken: it crashed.

    """
    error = work.exception()
    if error is None:
        return work.result()
    frames = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames[-6:]))
    raise Broken(f"I29: {type(error).__name__}: {error} at {where}") from error


def _context(process: Process) -> contextvars.Context:
    """Return a context in which code belongs to *process*."""
    context = contextvars.copy_context()
    context.run(PROCESS.set, process)
    return context


async def _errand(world: World, process: Process, errand: Errand) -> Ended:
    """Open everything, do the errand, close everything."""
    try:
        async with _opened(world, process) as runner:
            return await _done(world, runner, errand)
    except TrimtabError as error:
        world.tape.say(world.now_s, f"p{process.number}", type(error).__name__, error)
        healthy = "full-disk" not in world.chance.happened
        healthy = healthy and not world.law.witness.beyond
        if isinstance(error, LedgerError) and not isinstance(error, AccountHeld) and healthy:
            world.breach(Broken(f"I25: a sound ledger refuses: {error}"))
        return Ended(word=type(error).__name__, unresolved=-1, differences=())


async def _done(world: World, runner: Runner, errand: Errand) -> Ended:
    """Do what the command does."""
    if errand is Errand.RECONCILE:
        return await _reconciled(runner)
    unresolved = 0
    if errand is not Errand.DRY_RUN:
        report = await resolved_first(runner)
        if report:
            unresolved = len(report.unresolved) + len(report.unresolved_stops)
        if errand is Errand.RECOVER or unresolved:
            word = f"recovered {report.exit_code if report else 0}"
            return Ended(word=word, unresolved=unresolved, differences=())
    if errand is Errand.SAVED:
        return await _ran_saved(runner)
    asked = world.chance.draws("consent", len(world.processes)).random() < 0.3
    consent = Consent.ASK if asked else Consent.FLAG
    if errand is Errand.DRY_RUN:
        consent = Consent.DRY_RUN
    result = await run(runner, consent=consent, slot_due=True)
    return _ran(result)


def _ran(result: RunResult) -> Ended:
    """Return how a run ended."""
    digest = result.plan.digest
    return Ended(word=str(result.status), unresolved=0, differences=(), plan=digest)


async def _ran_saved(runner: Runner) -> Ended:
    """Execute the last plan of the ledger, if there is any."""
    plans = await runner.desk.ledger.plans()
    if not plans:
        return Ended(word="no plan", unresolved=0, differences=())
    return _ran(await run_saved(runner, plans[-1], consent=Consent.FLAG))


async def _reconciled(runner: Runner) -> Ended:
    """Book what the ledger does not have, and say what still differs."""
    planner, desk = runner.planner, runner.desk
    books = Books(
        venue=desk.venue, market=planner.market, ledger=desk.ledger, portfolio=planner.portfolio
    )
    async with desk.ledger.holding_account(owner=planner.owner):
        found = await reconcile(books, planner.clock, adopt=True)
    told = tuple(str(each) for each in found.differences)
    return Ended(word=f"adopted {len(found.adopted)}", unresolved=0, differences=told)


@asynccontextmanager
async def _opened(world: World, process: Process) -> AsyncIterator[Runner]:
    """Open ledger and venue, as the composition root does, on the world's clock."""
    async with (
        open_ledger(world.url, KEY, dry_run=process.dry_run, clock=world.clock) as ledger,
        open_venue(_settings(world), session=lambda: Line(world)) as opened,  # type: ignore[arg-type, return-value]  # A session's likeness.
    ):
        venue: Any = opened.venue
        wallets: Any = opened.wallets
        market: Any = opened.market
        if process.dry_run:
            venue = market = PaperVenue(opened.market, clock=world.clock)
            wallets = PaperWallets(venue.funds, clock=world.clock)
        planner = Planner(
            market=market,
            payments=opened.venue,
            references=UnreadReferences(),
            history=NOTHING_TOLD,
            ledger=ledger,
            keys=opened.preflight,
            clock=world.clock,
            policy=world.setting.policy,
            owner=f"process {process.number}",
            wish=None,
        )
        desk = Desk(
            venue=venue,
            wallets=wallets,
            stops=opened.stops,
            ledger=ledger,
            clock=world.clock,
            progress=Watcher(world),
            stop=world.stop,
        )
        waits = world.chance.draws("person", process.number).choice((0.0, 5.0, 60.0))
        yield Runner(planner=planner, desk=desk, approver=Person(waits))


def _settings(world: World) -> VenueSettings:
    return VenueSettings(
        account=KEY,
        url="http://127.0.0.1:1",
        api_key=ApiKey(key="local-key", secret="local-secret"),
        key_use=KeyUse.SEND,
        quote=Asset("USDT"),
        markets=frozenset({MarketKind.SPOT, MarketKind.SWAP}),
        execution=world.setting.policy.execution,
        max_clock_offset_ms=world.setting.policy.limits.max_clock_offset_ms,
        clock=world.clock,
    )


async def elsewhere(world: World, act: Callable[[SqlLedger], Awaitable[T]]) -> T:
    """Open the ledger in a process of its own, as another terminal does, and act on it."""

    async def opened() -> T:
        async with open_ledger(world.url, KEY, dry_run=False, clock=world.clock) as ledger:
            return await act(ledger)

    terminal = Process(0)
    terminal.on_closing = world.law.file.let_go
    return await world.loop.create_task(opened(), context=_context(terminal))


async def halted(world: World, reason: str | None) -> None:
    """Latch the kill switch from another terminal, or release it with None."""
    await elsewhere(
        world, lambda ledger: ledger.set_halt(reason, by="an operator", at=world.clock.now())
    )
    world.tape.say(world.now_s, "operator", "halts" if reason else "releases")
    told = world.law.rows("SELECT reason FROM halts ORDER BY seq DESC LIMIT 1")
    if told != [(reason,)]:
        world.breach(Broken(f"I14: the kill switch was set to {reason!r}, the ledger has {told}"))


async def _halt_if_it_can(world: World) -> None:
    """Latch the kill switch; an operator whose disk is full is told so, and it stays released."""
    try:
        await halted(world, "an operator says so")
    except LedgerError as error:
        if "the disk is full" not in str(error):
            raise
        world.tape.say(world.now_s, "operator", "cannot halt", str(error))


def halt_soon(world: World) -> None:
    """Have an operator latch the kill switch now, whatever else goes on."""
    outside = contextvars.Context()
    task = outside.run(world.loop.create_task, _halt_if_it_can(world))
    world.operators.append(task)
