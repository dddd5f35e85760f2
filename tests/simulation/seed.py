"""One seed from beginning to end: processes run, die and come back; then calm, then judgement."""

from __future__ import annotations

import asyncio
import functools
import gc
import logging
import random
import ssl
import tempfile
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncio_throttle.throttler

from tests.simulation import program
from tests.simulation.books_law import check_books, check_files
from tests.simulation.ccxt_shared import shared
from tests.simulation.chance import Chance
from tests.simulation.ends_law import check_end
from tests.simulation.faults import Weather
from tests.simulation.loop import NoEnd, VirtualLoop
from tests.simulation.points import DRAWN, Point
from tests.simulation.process import Process, adopting
from tests.simulation.program import Ended, Errand, elsewhere, halted, lived
from tests.simulation.rest_law import check_orders, check_rest
from tests.simulation.setting import Setting, setting_of, stopped
from tests.simulation.stop_chance import at_rest
from tests.simulation.tape import Broken
from tests.simulation.threads import ledgers_in_the_loop
from tests.simulation.world import World
from trimtab.adapters import open_venue
from trimtab.adapters.ledger.driver import WRITES
from trimtab.adapters.ledger.engine import engine_at
from trimtab.adapters.ledger.files import Place, prepare
from trimtab.adapters.ledger.migrate import migrate

THRESHOLDS = (50_000, 20, 100)
"""Garbage is collected seldom: a seed makes little that refers to itself."""
TURNS_MAX = 400_000
ENDS_AT_S = 60_000.0
RECOVERIES_MAX = 3
"""Recoveries in calm weather that must be enough to resolve everything."""
QUIET_TRIES_MAX = 4
"""Tries in calm weather, a minute apart: the venue's own limits still hold."""
MIGRATED = 0.9
"""Share of the seeds whose ledger has its tables; the others make them, and may die at it."""
_FAILED = (
    "SELECT line, state FROM orders AS o WHERE dry_run = 0 AND plan_digest = ?"
    " AND state IN ('refused', 'absent') AND NOT EXISTS (SELECT 1 FROM orders AS later"
    " WHERE later.plan_digest = o.plan_digest AND later.line = o.line"
    " AND later.attempt > o.attempt AND later.state = 'filled')"
)
"""Lines that did not come through: an order held back while the clock was unsure is sent anew."""
SCALES = (12, 60, 300, 1_200)
"""Scales of the point at which a process dies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a seed came to."""

    seed: int
    broken: str
    """Which invariant does not hold; empty when all do."""
    trace: str
    """Digest of everything that happened."""
    happened: tuple[str, ...]
    """Faults, kills and happenings, by name."""
    processes: tuple[Process, ...]
    """Every process, as it ended."""
    requests: int
    orders: int
    virtual_s: float
    lines: tuple[str, ...]
    """The trace."""

    def but(self, **changes: Any) -> Verdict:
        """Return the verdict with some fields changed."""
        return replace(self, **changes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is played: a world, and what happens in it until everything is still."""

    chance: Chance
    setting: Setting
    weather: Weather
    migrated: bool
    """Whether the ledger has its tables already."""
    life: Callable[[World], Awaitable[None]]


def simulate(
    seed: int,
    *,
    without: frozenset[str] = frozenset(),
    after_the_fence: float = 0.0,
    under: int = 0,
) -> Verdict:
    """Run one seed, leaving out the happenings named in *without*, *under* other draws or its own.

    *after_the_fence* is the share of orders that the venue accepts when it had promised that it
    no longer would.
    """
    chance = Chance(seed, without=without, under=under)
    scene = Scene(
        chance=chance,
        setting=stopped(setting_of(chance.draws("setting")), chance.draws("stops")),
        weather=Weather(chance, after_the_fence=after_the_fence),
        migrated=chance.draws("migration").random() < MIGRATED,
        life=_life,
    )
    return played(scene)


def played(scene: Scene) -> Verdict:
    """Play *scene* to its end and judge it."""
    chance, broken = scene.chance, ""
    loop = VirtualLoop(turns_max=TURNS_MAX, ends_at=ENDS_AT_S)
    with tempfile.TemporaryDirectory(dir=_fast_folder()) as folder, _one_thread(loop, chance):
        world = World(
            chance=chance,
            setting=scene.setting,
            weather=scene.weather,
            loop=loop,
            folder=Path(folder),
        )
        world.on_halt = lambda: program.halt_soon(world)
        if scene.migrated:
            (world.folder / "ledger.db").write_bytes(_empty_ledger())
        with ledgers_in_the_loop(world.full_disk):
            try:
                loop.run_until_complete(scene.life(world))
            except (Broken, NoEnd) as found:
                broken = str(world.broken or _named(found))
            finally:
                _close(loop, world)
    return Verdict(
        seed=chance.seed,
        broken=broken,
        trace=world.tape.digest,
        happened=tuple(chance.happened),
        processes=tuple(world.processes),
        requests=world.calls,
        orders=world.law.orders_sent,
        virtual_s=loop.time(),
        lines=tuple(world.tape.lines),
    )


def _named(found: Broken | NoEnd) -> str:
    """Return what does not hold, by its law."""
    return f"L4: {found}" if isinstance(found, NoEnd) else str(found)


async def _life(world: World) -> None:
    """Stormy processes one after the other, some side by side; then the calm."""
    draw = world.chance.draws("life")
    processes = draw.choice((1, 2, 2, 3, 4)) + 2 * world.setting.has_stops
    for number in range(1, processes + 1):
        pair = [_process(world, number, "first")]
        if draw.random() < 0.15:
            pair.append(_process(world, number, "second"))
        await together(world, pair)
        await asyncio.sleep(draw.choice((0.1, 5.0, 20.0, 400.0)))
    await calm(world)


def _process(world: World, number: int, place: str) -> tuple[Process, Errand]:
    """Draw a process: what it is for, and whether and where it dies."""
    draw = world.chance.draws("process", number, place)
    weights = (0, 1, 3, 2, 1) if number == 1 and place == "second" else (8, 1, 2, 1, 1)
    errand = draw.choices(tuple(Errand), weights=weights)[0]
    dies_at, dies_of = 0, None
    if draw.random() < 0.6:
        dies_at = draw.randint(1, draw.choice(SCALES))
        if draw.random() < 0.5:
            dies_at, dies_of = draw.choice((1, 1, 2, 3, 5)), draw.choice(DRAWN)
        dies_at = dies_at if world.chance.happens(f"kill-{number}-{place}") else 0
    return born(world, errand, dies_at=dies_at, dies_of=dies_of), errand


def born(
    world: World, errand: Errand, *, dies_at: int = 0, dies_of: Point | None = None
) -> Process:
    """Return a new process of *world* that has yet to live."""
    process = Process(
        len(world.processes) + 1,
        dies_at=dies_at,
        dies_of=dies_of,
        dry_run=errand is Errand.DRY_RUN,
    )
    process.on_closing = world.law.file.let_go
    world.processes.append(process)
    return process


async def together(world: World, pair: list[tuple[Process, Errand]]) -> None:
    """Let processes live side by side, hear about what none of them could, and judge."""
    lives = [asyncio.ensure_future(lived(world, *each)) for each in pair]
    try:
        ended = await asyncio.gather(*lives)
        await asyncio.gather(*world.operators)
    finally:
        if world.broken is not None:
            raise world.broken
    world.operators.clear()
    world.hear()
    check_orders(world)
    if len(pair) == 1 and ended[0] is not None:
        check_end(world, pair[0][1], ended[0])


async def calm(world: World) -> None:
    """Faults cease: everything must be resolved, booked and equal; then a run must go through."""
    await asyncio.sleep(150)
    world.weather.is_over = True
    world.clock.ahead_s = 0.0
    for _ in range(RECOVERIES_MAX):
        ended = await _quietly(world, Errand.RECOVER)
        if ended.unresolved == 0:
            break
    check_rest(world)
    await _settle(world)
    await halted(world, None)
    unknown = "SELECT count(*) FROM order_events WHERE state = 'unknown'"
    before = world.law.rows(unknown)
    ended = await _quietly(world, Errand.RUN)
    world.tape.say(world.now_s, "calm run", ended.word)
    lost = ended.word in {"unknown", "executing"} or world.law.rows(unknown) != before
    failed = world.law.rows(_FAILED, ended.plan)
    if (lost or failed) and not world.setting.is_tight and not world.law.witness.beyond:
        raise Broken(f"L6: in calm weather a run ends {ended.word}, {failed or 'orders got lost'}")
    if lost:
        await asyncio.sleep(61)
        await _quietly(world, Errand.RECOVER)
    if world.setting.has_stops:
        at_rest(world)
        await _quietly(world, Errand.RECOVER)
    check_rest(world)
    await _settle(world)
    await _verified(world)


async def _settle(world: World) -> None:
    """Reconcile, and hold the books against the exchange."""
    ended = await _quietly(world, Errand.RECONCILE)
    beyond = world.law.witness.beyond
    if (ended.differences and not beyond) or not ended.word.startswith("adopted"):
        raise Broken(f"I5: reconciliation ends {ended.word} with {ended.differences}")
    check_books(world)


async def _quietly(world: World, errand: Errand) -> Ended:
    """Run one process that does not die; again when the venue's budget was used up."""
    for _ in range(QUIET_TRIES_MAX):
        ended = await lived(world, born(world, errand), errand)
        if world.broken is not None:
            raise world.broken
        assert ended is not None
        check_end(world, errand, ended)
        if ended.word == "AccountHeld":
            raise Broken(f"I19: {errand} finds the account held by nobody alive")
        if ended.word not in {"NotDone", "recovered 7"}:
            break
        await asyncio.sleep(61)
    return ended


async def _verified(world: World) -> None:
    """Have the ledger prove itself, and put its entries into the trace."""
    report = await elsewhere(world, lambda ledger: ledger.audit.verify())
    if report.faults:
        raise Broken(f"I20: {report.faults}")
    check_files(world)
    query = "SELECT kind, body FROM entries WHERE kind NOT LIKE 'lease%' ORDER BY seq"
    for kind, body in world.law.rows(query):
        world.tape.say(world.now_s, kind, body)


def _fast_folder() -> str | None:
    """Return a folder in memory where there is one: flushing costs nothing there."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


@contextmanager
def _one_thread(loop: VirtualLoop, chance: Chance) -> Iterator[None]:
    """Take time and chance of the libraries from the loop and from the seed."""
    throttler: Any = asyncio_throttle.throttler
    ids = chance.draws("names")
    real_context, context = ssl.create_default_context, _tls()
    real_time, real_uuid, dice = throttler.time, uuid.uuid4, random.getstate()
    real_class, real_thresholds = open_venue.exchange_class, gc.get_threshold()
    real_tls = open_venue.SSLContext
    open_venue.SSLContext = lambda _: context  # type: ignore[assignment,misc]  # As above.
    open_venue.exchange_class = lambda name: shared(real_class(name))
    gc.set_threshold(*THRESHOLDS)
    throttler.time = _LoopTime(loop)
    ssl.create_default_context = lambda **_: context  # ccxt reads certificates for each exchange.
    uuid.uuid4 = lambda: uuid.UUID(int=ids.getrandbits(128), version=4)
    random.seed(chance.seed)
    logging.disable(logging.CRITICAL)  # What a killed process leaves behind is complained about.
    loop.set_task_factory(adopting)  # type: ignore[arg-type]  # Typed for the running loop.
    asyncio.set_event_loop(loop)
    try:
        yield
    finally:
        throttler.time, uuid.uuid4 = real_time, real_uuid
        ssl.create_default_context = real_context
        open_venue.exchange_class, open_venue.SSLContext = real_class, real_tls
        gc.set_threshold(*real_thresholds)
        random.setstate(dice)
        logging.disable(logging.NOTSET)
        asyncio.set_event_loop(None)


@functools.cache
def _tls() -> ssl.SSLContext:
    """Return a context that nothing is ever sent through."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@functools.cache
def _empty_ledger() -> bytes:
    """Return a ledger's file after its migrations, before its first entry."""
    with tempfile.TemporaryDirectory(dir=_fast_folder()) as folder:
        place = Place(database=Path(folder) / "ledger.db")
        prepare(place)
        engine = engine_at(place)
        with (
            engine.connect().execution_options(**{WRITES: True}) as connection,
            connection.begin(),
        ):
            migrate(connection)
        return place.database.read_bytes()


class _LoopTime:
    """Stands for the module ``time`` where a library reads its monotonic clock."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.monotonic = loop.time


def _close(loop: VirtualLoop, world: World) -> None:
    """Take everything away that a broken seed has left."""
    loop.set_exception_handler(lambda _loop, _context: None)
    world.law.file.let_go()
    loop.turns = 0
    for process in world.processes:
        process.kill("the seed is over")
    for task in asyncio.all_tasks(loop):
        task.cancel()
    for _ in range(50):
        if not asyncio.all_tasks(loop):
            break
        loop.call_soon(loop.stop)
        loop.run_forever()
    loop.close()
    gc.collect(0)
