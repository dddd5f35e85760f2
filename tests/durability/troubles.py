"""A ledger that is locked, full, read-only, moved or deleted under a run, at each of its writes.

The trouble comes just before a named call of the ledger and stays. The run must end with one
clear error of the ledger and exit code 8, the venue must have seen nothing that was not
committed, and once the trouble is over the next process closes everything.
"""

from __future__ import annotations

import dataclasses
import errno
import resource
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from tests.durability import law
from tests.durability.bench import Bench, Case, Verdict
from tests.durability.calls import closed, told_in_words
from tests.durability.law import Broken
from tests.durability.program import Errand
from tests.durability.shim import Kind, Strike
from trimtab.adapters.ledger import engine
from trimtab.bootstrap import Shell

WRITES: Final = (
    "save_plan",
    "save_approval",
    "holding_account",
    "save_statement",
    "set_plan_status",
    "begin",
    "advance",
    "book_fills",
)
"""Every call of a run that writes, in the order in which it first does."""
_HOLDER: Final = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""
BUSY_MS: Final = 200
"""How long a statement waits in a sample; the whole matrix waits as long as the program does."""


class _Troubled:
    """The ledger, with a trouble just before the first call of a name."""

    def __init__(self, ledger: Any, call: str, trouble: Callable[[], None]) -> None:
        self._ledger, self._call, self._trouble = ledger, call, trouble

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._ledger, name)
        if name != self._call:
            return found

        def called(*args: Any, **kwargs: Any) -> Any:
            trouble, self._trouble = self._trouble, lambda: None
            trouble()
            return found(*args, **kwargs)

        return called


def _lock(bench: Bench) -> None:
    """Have another process hold a write transaction until this one has ended."""
    command = [sys.executable, "-S", "-c", _HOLDER, str(bench.place.database)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    holder = subprocess.Popen(command, **pipes)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"locked\n"


def _fill(bench: Bench) -> None:
    """Let no file grow beyond what the log has now."""
    size = bench.place.database.with_name("ledger.db-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def _remount(bench: Bench) -> None:
    """Fail every write and every opening, as a file system that was remounted read-only does."""
    assert bench.children.shim is not None
    kinds = frozenset({Kind.WRITE, Kind.OPEN, Kind.TRUNCATE, Kind.SYNC})
    bench.children.shim.arm(Strike(kinds=kinds, nth=1, error=errno.EROFS, onwards=True))


def _take_away(bench: Bench, *, suffixes: tuple[str, ...]) -> None:
    """Move files of the ledger out of its folder; what has them open keeps them."""
    for suffix in suffixes:
        there = bench.place.database.with_name(f"ledger.db{suffix}")
        there.rename(_kept(bench) / there.name)


def _kept(bench: Bench) -> Path:
    """Return where what was taken away is kept."""
    kept = bench.place.folder / "kept"
    kept.mkdir(exist_ok=True)
    return kept


Trouble = Callable[[Bench], None]
TROUBLES: Final[dict[str, tuple[Trouble, str]]] = {
    "locked": (_lock, "another process has it locked"),
    "full": (_fill, "the disk does not read or write"),
    "read-only": (_remount, ""),
    "deleted": (partial(_take_away, suffixes=("", "-wal", "-shm")), "was deleted, moved"),
    "moved": (partial(_take_away, suffixes=("",)), "was deleted, moved"),
    "log deleted": (partial(_take_away, suffixes=("-wal",)), "was deleted, moved"),
}
"""What happens, and what the error must say of it."""


def cases(*, busy_ms: int) -> list[tuple[str, Case]]:
    """Return a case for every trouble at every write."""
    return [
        (f"{name} at {call}", partial(_tried, name=name, call=call, busy_ms=busy_ms))
        for call in WRITES
        for name in TROUBLES
    ]


def _tried(bench: Bench, *, name: str, call: str, busy_ms: int) -> Verdict:
    """Run into a trouble, look, end it, and have the next process close everything."""
    trouble, wanted = TROUBLES[name]
    bench.begin_anew(fresh=False)
    shutil.rmtree(_kept(bench))

    def wrap(shell: Shell) -> Shell:
        troubled: Any = _Troubled(shell.ledger, call, lambda: trouble(bench))
        return dataclasses.replace(shell, ledger=troubled)

    ended = bench.children.run(Errand.RUN, before=partial(_patience, busy_ms), wrap=wrap)
    message = ended.told.get("message", "")
    told_in_words(ended)
    if ended.code != 8 or wanted not in message:
        raise Broken(f"ends with {ended.code}: {ended.told}")
    sent = len(bench.exchange.truth()["orders"])
    if WRITES.index(call) <= WRITES.index("begin") and sent:
        raise Broken(f"I16: {sent} orders left")
    _put_back(bench, message)
    law.check(bench.place.database, bench.exchange, whole=False)
    closed(bench, bench.children.run(Errand.CLOSE))
    told = f"{message} -> {ended.told['next']}"
    return Verdict(label=f"{name} at {call}", told=told, counts=dict(Counter(runs=1, orders=sent)))


def _patience(busy_ms: int) -> None:
    """Have statements wait this long for others, in this process."""
    engine.BUSY_TIMEOUT_MS = busy_ms  # type: ignore[misc]  # Final, but for a sample.


def _put_back(bench: Bench, message: str) -> None:
    """End the trouble of files that are gone; what a next run says until then is clear, too.

    Raises:
        Broken: a next run began a second ledger.

    """
    kept = _kept(bench)
    if (kept / "ledger.db").exists():
        ended = bench.children.run(Errand.RUN)
        if ended.code != 8 or "is gone or empty" not in ended.told["message"]:
            raise Broken(f"the next run, after {message!r}: {ended.code} {ended.told}")
    for file in kept.iterdir():
        file.replace(bench.place.state / file.name)
