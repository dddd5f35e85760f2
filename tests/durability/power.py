"""Lost power: at every call of a recorded run, and under runs that the venue goes on from.

``power`` plays a recorded run call by call. After each, the ledger that is put together from
what was flushed, and from any part of what was not, must open, prove sound, hold a prefix of
the run's entries with every commit that had returned and every order that had left, and take
new entries. ``outage`` stops a real run at its n-th call, takes away what was not flushed, and
has the next process close everything with the exchange as it is.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, event

from tests.builders import KEY, NOW
from tests.durability.bench import Bench, Case, Measured, Verdict
from tests.durability.calls import closed, told_in_words
from tests.durability.disk import Disk, Loss, put
from tests.durability.law import Broken, rows
from tests.durability.program import Errand
from tests.durability.shim import NAME, Act, Call, Kind, Place, Strike, calls_in
from trimtab.adapters.ledger.files import place_of
from trimtab.adapters.ledger.sql_ledger import open_ledger, verify_ledger
from trimtab.adapters.system_clock import SystemClock
from trimtab.domain.errors import LedgerError

CHECKPOINT_PAGES: Final = 40
"""So small that the log is moved into the database several times in one run."""
_NAME_SENT: Final = re.compile(rb"newClientOrderId=([0-9a-z]+)")
_ORDER_SENT: Final = re.compile(rb"POST /(?:api/v3|fapi/v1)/order[ ?]")
ENTRIES: Final = "SELECT seq, hash FROM entries ORDER BY seq"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tape:
    """A whole run as the operating system saw it."""

    calls: tuple[Call, ...]
    entries: tuple[tuple[int, str], ...]
    """What it wrote, to the end."""


@contextmanager
def recorder() -> Iterator[int]:
    """Yield a descriptor that calls are written down to."""
    with tempfile.TemporaryFile() as file:
        yield file.fileno()


def recorded(record: int) -> tuple[Call, ...]:
    """Return what was written down."""
    return tuple(calls_in(os.pread(record, os.fstat(record).st_size, 0)))


def _often_checkpointed() -> None:
    """Have the log moved into the database again and again, in this process."""
    pragma = f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}"
    event.listen(Engine, "connect", lambda made, _: made.execute(pragma).close())


def taped(bench: Bench) -> Tape:
    """Record an undisturbed run that makes its ledger, then one that finds it there."""
    bench.begin_anew(fresh=True)
    calls: tuple[Call, ...] = ()
    for errand in (Errand.WHOLE, Errand.RUN):
        with recorder() as record:
            ended = bench.children.run(errand, record=record, before=_often_checkpointed)
            assert ended.code == 0, ended
            calls += recorded(record)
    return Tape(calls=calls, entries=tuple(rows(bench.place.database, ENTRIES)))


def cases(tape: Tape, seed: int) -> list[tuple[str, Case]]:
    """Return a case for every call of the tape that reaches the disk or the venue."""
    points = [
        at
        for at, call in enumerate(tape.calls, start=1)
        if call.kind in (Kind.WRITE, Kind.SYNC, Kind.TRUNCATE, Kind.UNLINK)
        and call.place is not Place.SHM
    ]
    size = 25  # Points in a row share the disk that led to them.
    chunks = [points[at : at + size] for at in range(0, len(points), size)]
    return [
        (f"{chunk[0]}-{chunk[-1]}", partial(_played, tape=tape, points=chunk, seed=seed))
        for chunk in chunks
    ]


def _played(bench: Bench, *, tape: Tape, points: list[int], seed: int) -> Verdict:
    """Lose power at each of *points*, in every way."""
    disk, counts, wanted, sent = Disk(), Counter[str](), set(points), set[str]()
    returned = 0
    with tempfile.TemporaryDirectory(dir=quick_folder()) as folder:
        for at, call in enumerate(tape.calls[: points[-1]], start=1):
            disk.feed(call)
            returned = seq_told(call) or returned
            sent |= _names_sent(call)
            if at not in wanted:
                continue
            for loss in (Loss.ALL,) if disk.is_flushed else Loss:
                draw = random.Random(f"{seed} {at} {loss}")
                put(disk.after(loss, draw), Path(folder))
                _hold(Path(folder), tape, returned, sent, f"call {at}, {loss}")
                counts["losses"] += 1
            counts["instants"] += 1
    return Verdict(label=f"{points[0]}-{points[-1]}", counts=dict(counts))


def seq_told(call: Call) -> int:
    """Return the entry that the file beside the database names, as it is written there."""
    if call.place is not Place.HEAD or call.kind is not Kind.WRITE:
        return 0
    return int(call.content.split()[0])


def _names_sent(call: Call) -> set[str]:
    """Return the client order ids of orders in what is sent."""
    if call.kind is not Kind.SEND or not _ORDER_SENT.match(call.content):
        return set()
    return {name.decode() for name in _NAME_SENT.findall(call.content)}


def _hold(folder: Path, tape: Tape, returned: int, sent: set[str], where: str) -> None:
    """Hold one ledger that was found after a loss to the law.

    Raises:
        Broken: an invariant does not hold.

    """
    database = folder / NAME
    entries: tuple[tuple[int, str], ...] = ()
    if database.exists():
        report = asyncio.run(verify_ledger(f"sqlite:///{database}"))
        if _has_entries(database):
            entries = tuple(rows(database, ENTRIES))
        if report.faults and entries:
            raise Broken(f"{where}: verify: {report.faults[0]}")
    if entries != tape.entries[: len(entries)]:
        raise Broken(f"{where}: the entries are no prefix of what was written")
    if len(entries) < returned:
        raise Broken(f"{where}: {returned} entries were committed, {len(entries)} are left")
    known = rows(database, "SELECT client_order_id FROM orders") if entries else []
    if lost := sent - {name for (name,) in known}:
        raise Broken(f"{where}: sent and not in the ledger: {sorted(lost)}")
    if entries:
        asyncio.run(goes_on(database, is_cut=False))


async def goes_on(database: Path, *, is_cut: bool) -> None:
    """Write one more entry, and prove the ledger again; one whose end *is_cut* off refuses first.

    Raises:
        Broken: it is no longer sound, or took an entry in place of those that are missing.

    """
    url = f"sqlite:///{database}"
    async with open_ledger(url, KEY, dry_run=False, clock=SystemClock()) as ledger:
        try:
            await ledger.set_halt("the power was gone", by="a test", at=NOW)
        except LedgerError as refusal:
            if not is_cut or "cut off" not in str(refusal):
                raise
            place_of(url).anchor.unlink()  # As the error says, for whoever wants it so.
            await ledger.set_halt("the end is gone", by="a test", at=NOW)
        report = await ledger.audit.verify()
    if report.faults:
        raise Broken(f"after going on: {report.faults[0]}")


def _has_entries(database: Path) -> bool:
    """Whether there is a schema."""
    connection = sqlite3.connect(database)
    try:
        return bool(connection.execute("SELECT 1 FROM sqlite_master").fetchall())
    finally:
        connection.close()


def quick_folder() -> str | None:
    """Return a folder in memory, where there is one."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def outages(fresh: Measured, seed: int) -> list[tuple[str, Case]]:
    """Return a case for every n-th call of a run after which the power goes."""
    kinds = frozenset({Kind.WRITE, Kind.SYNC, Kind.TRUNCATE, Kind.UNLINK, Kind.SEND})
    calls = sum(fresh.seen[kind] for kind in kinds)
    strikes = [Strike(kinds=kinds, nth=n, act=Act.KILL_AFTER) for n in range(1, calls + 1)]
    return [(s.label, partial(_outage, strike=s, seed=seed)) for s in strikes]


def _outage(bench: Bench, *, strike: Strike, seed: int) -> Verdict:
    """Let the power go in the midst of a run, and the next process close everything."""
    draw = random.Random(f"{seed} {strike.nth}")
    bench.begin_anew(fresh=True)
    with recorder() as record:
        ended = bench.children.run(
            Errand.RUN, strike=strike, record=record, before=_often_checkpointed
        )
        disk = Disk()
        for call in recorded(record):
            disk.feed(call)
    counts = Counter(runs=1, outages=int(ended.is_killed), unflushed=int(not disk.is_flushed))
    if not ended.is_killed:
        told_in_words(ended)
    else:
        put(disk.after(draw.choice(list(Loss)), draw), bench.place.state)
    closed(bench, bench.children.run(Errand.CLOSE))
    counts["orders"] = len(bench.exchange.truth()["orders"])
    return Verdict(label=strike.label, counts=dict(counts))
