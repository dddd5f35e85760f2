"""The one thread that touches the database, and the transactions it makes of what is asked.

Writes that are pending when the thread comes to them share one transaction, each under a
savepoint of its own: one flush for all, and what one of them is refused does not undo the
others. Reads that are pending together share a transaction too; a read sees every write that
was asked for before it. A write is done when it returns: it was committed. The event loop never
commits.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, TypeVar, cast

from sqlalchemy import Connection

from trimtab.adapters.ledger import reads
from trimtab.adapters.ledger.chain import Head
from trimtab.adapters.ledger.commit import SETTLE_S, committing
from trimtab.adapters.ledger.driver import WRITES, execute
from trimtab.adapters.ledger.engine import engine_at
from trimtab.adapters.ledger.faults import located
from trimtab.adapters.ledger.files import Place, identity, replaced, write_anchor
from trimtab.adapters.ledger.migrate import migrate, needs_migration
from trimtab.adapters.ledger.pen import Pen
from trimtab.adapters.ledger.site import Site, prepare
from trimtab.adapters.ledger.thread import OneThread
from trimtab.adapters.ledger.verification import confirm
from trimtab.domain.canonical import instant_text
from trimtab.domain.errors import ApprovalError, LedgerError
from trimtab.ports import Clock

DoneT = TypeVar("DoneT")
Job = Callable[[Pen], Any]
"""One write: checks and appends through the pen, and returns its answer."""
BATCH_MAX: Final = 64
"""Most writes that share a transaction, so that none waits long for the others."""


class _Batch:
    """Writes, or reads, that will share a transaction; grows until the thread comes to it.

    The thread finds the answers inside ``with batch:``. However that block ends, the callers are
    told: what it raised, whatever it is, is raised where they wait and not on the thread.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.jobs: list[Callable[[Any], Any]] = []
        self.callers: list[asyncio.Future[Any]] = []
        """Who waits for each job; a caller may have gone meanwhile."""
        self.answers: list[Any] = []
        """One for each job; a LedgerError stands for a refusal."""
        self._fault: BaseException | None = None

    def join(self, job: Callable[[Any], Any]) -> asyncio.Future[Any]:
        """Add a job; return what will bring its answer."""
        caller: asyncio.Future[Any] = self._loop.create_future()
        self.jobs.append(job)
        self.callers.append(caller)
        return caller

    def __enter__(self) -> None:
        """Begin to answer, on the thread."""

    def __exit__(self, _kind: object, fault: BaseException | None, _trace: object) -> bool:
        """Hand the answers, or one fault for all, to the event loop."""
        self._fault = fault
        with suppress(RuntimeError):  # The loop is closed: nobody waits any more.
            self._loop.call_soon_threadsafe(self._deliver)
        return True

    def _deliver(self) -> None:
        """Give every caller its answer, on the event loop."""
        answers = self.answers if self._fault is None else [self._fault] * len(self.jobs)
        for caller, answer in zip(self.callers, answers, strict=True):
            if caller.done():  # It was cancelled; what it asked for is done all the same.
                continue
            if isinstance(answer, BaseException):
                caller.set_exception(answer)
            else:
                caller.set_result(answer)


class Writer:
    """Runs jobs on the thread that owns the connections."""

    def __init__(self, place: Site, clock: Clock) -> None:
        self.place = place
        self._anchor = place.anchor
        self._clock = clock
        self._thread = OneThread("ledger")
        self._growing: _Batch | None = None
        """Writes that the thread has not come to."""
        self._asking: _Batch | None = None
        """Reads that it has not come to, and that no write was asked for after."""
        self._mutex = threading.Lock()
        self._is_confirmed = False
        """Whether the head beside the database was found on its chain, before the first write."""

    async def write(self, job: Callable[[Pen], DoneT]) -> DoneT:
        """Run *job* in a transaction; return its answer once it is committed.

        A caller that is cancelled does not take its write back.

        Raises:
            LedgerError: the job refused, or nothing could be committed.

        """
        with self._mutex:
            batch = self._growing
            if batch is None or len(batch.jobs) >= BATCH_MAX:
                batch = self._growing = self._started(self._commit)
            self._asking = None  # Whoever reads from here on sees what this writes.
            caller = batch.join(job)
        return cast("DoneT", await caller)

    async def read(self, query: Callable[[Connection], DoneT]) -> DoneT:
        """Run *query* in a read transaction: one consistent view, after all earlier writes.

        Raises:
            LedgerError: the ledger cannot be read.

        """
        with self._mutex:
            batch = self._asking
            if batch is None or len(batch.jobs) >= BATCH_MAX:
                batch = self._asking = self._started(self._answer)
            caller = batch.join(query)
        return cast("DoneT", await caller)

    async def call(self, work: Callable[[], DoneT]) -> DoneT:
        """Run *work* on the thread after all that was asked for; a caller may go meanwhile."""
        return cast("DoneT", await asyncio.shield(self._outside(work)))

    def _outside(self, work: Callable[[], object]) -> asyncio.Future[Any]:
        """Have *work* done on the thread, outside a transaction; return what brings its answer."""
        batch = _Batch()
        answered = batch.join(lambda _: work())  # Before the thread can come to the batch.
        self._thread.submit(lambda: _done(batch))
        return answered

    def _started(self, work: Callable[[_Batch], None]) -> _Batch:
        """Return a batch that the thread will come to."""
        batch = _Batch()
        self._thread.submit(lambda: work(batch))
        return batch

    async def open(self) -> None:
        """Make the files, bring the schema up, and keep two connections.

        Raises:
            LedgerError: the ledger cannot be opened.

        """
        await self._outside(self._open)

    async def close(self) -> None:
        """Finish what is pending and close the connections."""
        await asyncio.shield(self._outside(self._close))
        self._thread.shutdown()

    def _open(self) -> None:
        """Open, on the thread."""
        with located(self.place, "opening it"):
            prepare(self.place)
            engine = engine_at(self.place)
            self._reading = engine.connect()
            self._writing = engine.connect().execution_options(**{WRITES: True})
            with self._reading.begin():
                old = needs_migration(self._reading)
            if old:
                with self._writing.begin():
                    migrate(self._writing)
            self._files = self._identity()

    def _identity(self) -> tuple[tuple[int, int], ...]:
        """Return which files are written; a server has none here."""
        return identity(self.place) if isinstance(self.place, Place) else ()

    def _refuse_replaced(self) -> None:
        """Refuse to commit into a file that nobody will find again.

        Raises:
            LedgerError: the names stand for other files than those that were opened.

        """
        if isinstance(self.place, Place) and self._identity() != self._files:
            raise replaced(self.place)

    def _close(self) -> None:
        """Close, on the thread."""
        for name in ("_writing", "_reading"):
            connection: Connection | None = getattr(self, name, None)
            if connection is not None:
                connection.close()

    def _answer(self, batch: _Batch) -> None:
        """Read for a batch in one transaction, on the thread."""
        with self._mutex:
            if self._asking is batch:
                self._asking = None
        with batch, located(self.place, "reading"), self._reading.begin():
            for query in batch.jobs:
                try:
                    batch.answers.append(query(self._reading))
                except LedgerError as fault:
                    batch.answers.append(fault)

    def _commit(self, batch: _Batch) -> None:
        """Run a batch in one transaction, on the thread; then name the new head outside."""
        with self._mutex:
            if self._growing is batch:
                self._growing = None
        with batch:
            transaction = committing(self._writing, settle_s=SETTLE_S)
            with located(self.place, "writing"), transaction as ending:
                before = reads.head(self._writing)
                if not self._is_confirmed:
                    confirm(self._writing, self.place)
                    self._is_confirmed = True
                at = instant_text(self._clock.now())
                batch.answers, head = _ran(self._writing, batch.jobs, before, at=at)
                self._refuse_replaced()
                ending.head = head
            if head != before:
                with suppress(OSError):  # It is committed; the next write mends the anchor.
                    write_anchor(self._anchor, head)


def _ran(connection: Connection, jobs: list[Job], head: Head, *, at: str) -> tuple[list[Any], Head]:
    """Run jobs one after the other; one alone needs no savepoint, its refusal undoes all."""
    if len(jobs) == 1:
        pen = Pen(connection, head, at=at)
        return [jobs[0](pen)], pen.head
    answers: list[Any] = []
    for job in jobs:
        pen = Pen(connection, head, at=at)
        execute(connection, "SAVEPOINT job")
        try:
            answers.append(job(pen))
        except (ApprovalError, LedgerError) as refusal:  # Anything else undoes all jobs.
            execute(connection, "ROLLBACK TO job")
            answers.append(refusal)
        else:
            head = pen.head
        execute(connection, "RELEASE job")
    return answers, head


def _done(batch: _Batch) -> None:
    """Do a batch outside a transaction, on the thread."""
    with batch:
        batch.answers = [job(None) for job in batch.jobs]


@asynccontextmanager
async def open_writer(place: Site, clock: Clock) -> AsyncIterator[Writer]:
    """Open the database at *place* for as long as the block runs.

    Raises:
        LedgerError: it cannot be opened.

    """
    writer = Writer(place, clock)
    try:
        await writer.open()
        yield writer
    finally:
        await writer.close()
