"""A torn log: cut at every frame and inside frames, with nothing, zeroes or noise behind the cut.

Taken from a recorded run, before its log is moved into the database. However it is torn,
what opens is exactly the transactions whose last frame is whole before the tear, never a part of
one. A head beside it that names a later entry is told as an end that was cut off, which is what
it is: a commit that returned was flushed, so only a disk that lied, or a hand, takes it away.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from tests.durability.bench import Bench, Case, Verdict
from tests.durability.disk import Disk, Loss, put
from tests.durability.law import Broken, rows
from tests.durability.power import ENTRIES, goes_on, quick_folder, recorded, recorder, seq_told
from tests.durability.program import Errand
from tests.durability.shim import NAME, Kind, Place
from trimtab.adapters.ledger.files import place_of
from trimtab.adapters.ledger.sql_ledger import verify_ledger

HEADER: Final = 32
FRAME_HEADER: Final = 24
OFFSETS: Final = (1, 4, 8, 16, 23, 24, 25, 536, 2048, 4095, 4119)
"""Where a frame is cut, bytes from its beginning: in its header, at its page, in its page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Torn:
    """A ledger as it lay there, its log not yet moved into the database."""

    found: dict[Place, bytes]
    entries: tuple[tuple[int, str], ...]
    committed: tuple[tuple[int, int], ...]
    """Where in the log a transaction ended, and the entry that it ended with, as the run told."""
    frame: int
    """Bytes of a frame, header and page."""

    @property
    def log(self) -> bytes:
        """The log in its full length."""
        return self.found[Place.WAL]

    def entries_before(self, at: int) -> int:
        """Return how many entries were committed in the log before byte *at*."""
        return max((seq for end, seq in self.committed if end <= at), default=0)


def torn(bench: Bench) -> Torn:
    """Record a run, and put its files together as they were before the log was moved."""
    bench.begin_anew(fresh=True)
    with recorder() as record:
        ended = bench.children.run(Errand.WHOLE, record=record)
        assert ended.code == 0, ended
        calls = recorded(record)
    disk, end, committed = Disk(), 0, list[tuple[int, int]]()
    for call in calls:
        if end and call.place is Place.DATABASE and call.kind is Kind.WRITE:
            break
        disk.feed(call)
        if call.place is Place.WAL and call.kind is Kind.WRITE:
            end = max(end, call.offset + call.length)
        if seq := seq_told(call):
            committed.append((end, seq))
    found = disk.after(Loss.NOTHING, random.Random(0))
    page = int.from_bytes(found[Place.WAL][8:12], "big")
    return Torn(
        found=found,
        entries=tuple(rows(bench.place.database, ENTRIES))[: committed[-1][1]],
        committed=tuple(committed),
        frame=FRAME_HEADER + page,
    )


def cases(whole: Torn, seed: int) -> list[tuple[str, Case]]:
    """Return a case for every frame of the log."""
    frames = range(HEADER, len(whole.log), whole.frame)
    return [
        (f"frame {n}", partial(_cut, whole=whole, number=n, seed=seed)) for n in range(len(frames))
    ]


def _cut(_: Bench, *, whole: Torn, number: int, seed: int) -> Verdict:
    """Cut one frame at its beginning and inside, with everything that may lie behind."""
    draw = random.Random(f"{seed} {number}")
    start, counts = HEADER + number * whole.frame, Counter[str](frames=1)
    with tempfile.TemporaryDirectory(dir=quick_folder()) as name:
        folder = Path(name)
        wanted = whole.entries_before(start)
        for offset in (0, *OFFSETS, draw.randrange(whole.frame)):
            for tail in _tails(draw, len(whole.log) - start - offset):
                log = whole.log[: start + offset] + tail
                where = f"frame {number}, byte {offset}, {len(tail)} behind"
                _hold(whole, folder, log, wanted, where)
                counts["cuts"] += 1
        if wanted:
            asyncio.run(goes_on(folder / NAME, is_cut=True))
    return Verdict(label=f"frame {number}", counts=dict(counts))


def _tails(draw: random.Random, length: int) -> Iterator[bytes]:
    """Yield what may lie behind a cut."""
    yield b""
    yield bytes(length)
    yield draw.randbytes(length)


def _put(whole: Torn, folder: Path, log: bytes) -> None:
    """Make *folder* hold the ledger with this log."""
    put(whole.found | {Place.WAL: log}, folder)


def _hold(whole: Torn, folder: Path, log: bytes, wanted: int, where: str) -> None:
    """Hold one torn ledger to the law.

    Raises:
        Broken: it shows another number of entries, or verification tells something else.

    """
    _put(whole, folder, log)
    url = f"sqlite:///{folder / NAME}"
    report = asyncio.run(verify_ledger(url))
    found = tuple(rows(folder / NAME, ENTRIES))
    if found != whole.entries[:wanted]:
        raise Broken(f"{where}: {len(found)} entries, {wanted} were committed before the tear")
    named = int(place_of(url).anchor.read_text().split()[0])
    told = [(f.table, "the end was cut off" in f.what) for f in report.faults]
    if found and told != ([("anchor", True)] if named > wanted else []):
        raise Broken(f"{where}: {wanted} entries, the head names {named}, told is {report.faults}")
