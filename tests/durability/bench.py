"""The place where cases are tried: an account on an exchange of its own, and forked workers.

The parent imports everything and runs once, so that what it forks begins with full caches.
Each worker has its own exchange, ledger folder and clock. Cases travel by fork, verdicts by pipe.
"""

from __future__ import annotations

import asyncio
import json
import os
import selectors
import shutil
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from tests.durability import shim
from tests.durability.clock import LeapingClock
from tests.durability.exchange import ServedExchange, exchange_process
from tests.durability.law import Broken
from tests.durability.program import Children, Errand, Place
from tests.durability.shim import Kind, Shim
from trimtab.adapters.ledger.sql_ledger import open_ledger

CHUNK: Final = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one case came to."""

    label: str
    """Names the case; ``--only LABEL`` runs it alone."""
    broken: str = ""
    """The first thing that did not hold; empty when all did."""
    told: str = ""
    """What the process that was disturbed said; empty when it said nothing."""
    counts: dict[str, int] = field(default_factory=dict)
    """What happened, for the closing line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What an undisturbed run was seen to need."""

    spent_s: float
    seen: dict[Kind, int]
    """Calls by kind; empty without the shim."""


@dataclass(slots=True, kw_only=True)
class Bench:
    """One account to try things on."""

    place: Place
    exchange: ServedExchange
    children: Children
    template: Path
    """A ledger's folder with its stamp and nothing else; empty until it was made."""
    known: dict[bool, Measured] = field(default_factory=dict)
    """What was measured already."""

    def begin_anew(self, *, fresh: bool) -> None:
        """Start from the first exchange, with no ledger or with an empty one."""
        self.exchange.begin_anew()
        self.place.empty()
        if not fresh:
            shutil.copytree(self.template, self.place.state)

    def measured(self, *, fresh: bool) -> Measured:
        """Run undisturbed, once, and say what it took."""
        if fresh in self.known:
            return self.known[fresh]
        self.begin_anew(fresh=fresh)
        ended = self.children.run(Errand.WHOLE)
        assert ended.told.get("status") == "executed", ended
        shim_here = self.children.shim
        seen = shim_here.seen if shim_here else {}
        self.known[fresh] = Measured(spent_s=ended.spent_s, seen=seen)
        return self.known[fresh]


Case = Callable[[Bench], Verdict]
"""Tries one thing on a bench."""


@contextmanager
def bench(folder: Path, template: Path) -> Iterator[Bench]:
    """Open a bench in *folder*."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    clock = LeapingClock()
    here = Shim(folder / "state") if shim.is_loaded() else None
    try:
        with exchange_process(folder, clock, here) as served:
            place = Place(folder=folder, url=served.url, clock=clock)
            children = Children(place, here, place.config())
            yield Bench(place=place, exchange=served, children=children, template=template)
    finally:
        if here is not None:
            here.leave()  # Its plan lies in memory that goes with it.


@contextmanager
def first_bench(folder: Path) -> Iterator[Bench]:
    """Open the parent's bench, fill its caches, and make the template for all others."""
    with bench(folder / "first", folder / "template") as first:
        first.begin_anew(fresh=True)
        first.children.warmed()
        first.begin_anew(fresh=True)
        asyncio.run(_stamped(first.place))
        shutil.copytree(first.place.state, first.template)
        yield first


async def _stamped(place: Place) -> None:
    """Make a ledger with its stamp."""
    config = place.config()
    async with open_ledger(config.ledger_url, config.key, dry_run=False, clock=place.clock):
        pass


def verdicts(
    cases: Sequence[tuple[str, Case]], folder: Path, template: Path, jobs: int
) -> Iterator[Verdict]:
    """Try all cases in *jobs* forked workers; yield verdicts as they come."""
    with selectors.DefaultSelector() as selector:
        workers = []
        for job in range(jobs):
            ours, theirs = os.pipe()
            if (process := os.fork()) == 0:
                os.close(ours)
                _work(cases[job::jobs], folder / f"worker-{job}", template, theirs)
            os.close(theirs)
            selector.register(ours, selectors.EVENT_READ, bytearray())
            workers.append(process)
        yield from _told(selector)
    for process in workers:
        if code := os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]):
            yield Verdict(label="", broken=f"harness: a worker ended with {code}")


def _told(selector: selectors.BaseSelector) -> Iterator[Verdict]:
    """Yield the lines of all workers until the last has ended."""
    while selector.get_map():
        for key, _ in selector.select():
            buffer: bytearray = key.data
            if not (read := os.read(key.fd, CHUNK)):
                selector.unregister(key.fd)
                os.close(key.fd)
                assert not buffer, buffer
            buffer += read
            *lines, rest = bytes(buffer).split(b"\n")
            buffer[:] = rest
            yield from (Verdict(**json.loads(line)) for line in lines)


def _work(cases: Sequence[tuple[str, Case]], folder: Path, template: Path, told: int) -> None:
    """Try *cases* one after the other in this forked process, and end."""
    code = 1
    try:
        with bench(folder, template) as mine, os.fdopen(told, "w", buffering=1) as pipe:
            for label, case in cases:
                pipe.write(json.dumps(asdict(_tried(label, case, mine))) + "\n")
        code = 0
    finally:
        os._exit(code)


def _tried(label: str, case: Case, mine: Bench) -> Verdict:
    """Return what one case came to."""
    try:
        return case(mine)
    except Broken as error:
        return Verdict(label=label, broken=str(error))
    except Exception as error:  # noqa: BLE001 -- a case that fails in any other way has failed.
        told = "".join(traceback.format_exception(error)[-4:])
        return Verdict(label=label, broken=f"harness: {told}")
