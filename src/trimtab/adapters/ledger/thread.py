"""A thread of one's own: it does what it is given, one thing after the other.

Not ``ThreadPoolExecutor(max_workers=1)``: locks, semaphore and futures that nobody here waits for
cost 6 to 12 % of the CPU of a durable write (docs/design/0004-ledger.md).
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from queue import SimpleQueue

Work = Callable[[], object]
"""One thing to do; it tells its outcome itself and raises nothing."""


class OneThread:
    """Does what is submitted, in that order, and all of it before the process ends."""

    def __init__(self, name: str) -> None:
        self._given: SimpleQueue[Work | None] = SimpleQueue()
        # A daemon, because one that nobody shut down would keep the process from its end.
        thread = threading.Thread(target=_work, args=(self._given,), name=name, daemon=True)
        thread.start()
        self._finish = weakref.finalize(self, _finish, self._given, thread)

    def submit(self, work: Work) -> None:
        """Have *work* done after all that was submitted before it."""
        self._given.put(work)

    def shutdown(self) -> None:
        """Wait until everything is done; nothing may be submitted after this."""
        self._finish()


def _work(given: SimpleQueue[Work | None]) -> None:
    """Do what comes, until None comes."""
    while (work := given.get()) is not None:
        work()
        del work  # What it holds must not live on until the next one comes.


def _finish(given: SimpleQueue[Work | None], thread: threading.Thread) -> None:
    """Let the thread come to its end; at the end of the process too, if nobody did before."""
    given.put(None)
    if thread is not threading.current_thread():
        thread.join()
