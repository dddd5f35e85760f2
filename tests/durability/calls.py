"""Every system call of a whole run that touches the ledger, failing: each n, once and from then on.

A run (plan, approve, execute, book, reconcile) makes a ledger and works with it, while the n-th
write, flush, open, lock, truncation, read or removal of one of the ledger's files fails. Whatever
the run makes of it, the exchange has seen nothing that was not committed before, and the next
process finds and closes everything.
"""

from __future__ import annotations

import errno
from collections import Counter
from functools import partial
from typing import Final

from tests.durability import law
from tests.durability.bench import Bench, Case, Measured, Verdict
from tests.durability.law import Broken
from tests.durability.program import Ended, Errand
from tests.durability.shim import Act, Kind, Strike

_SOME_MORE: Final = 3
"""Calls beyond the last that was counted: runs differ by a few."""
HOW: Final[tuple[tuple[Kind, Act, int, bool], ...]] = (
    (Kind.WRITE, Act.FAIL, errno.EIO, False),
    (Kind.WRITE, Act.FAIL, errno.EIO, True),
    (Kind.WRITE, Act.FAIL, errno.ENOSPC, False),
    (Kind.WRITE, Act.FAIL, errno.ENOSPC, True),
    (Kind.WRITE, Act.HALF, errno.ENOSPC, True),
    (Kind.SYNC, Act.FAIL, errno.EIO, False),
    (Kind.SYNC, Act.FAIL, errno.EIO, True),
    (Kind.SYNC, Act.DONE_AND_FAIL, errno.EIO, False),
    (Kind.OPEN, Act.FAIL, errno.EIO, False),
    (Kind.OPEN, Act.FAIL, errno.EACCES, True),
    (Kind.OPEN, Act.FAIL, errno.EMFILE, True),
    (Kind.LOCK, Act.FAIL, errno.EIO, False),
    (Kind.LOCK, Act.FAIL, errno.ENOLCK, True),
    (Kind.TRUNCATE, Act.FAIL, errno.EIO, False),
    (Kind.TRUNCATE, Act.FAIL, errno.EIO, True),
    (Kind.READ, Act.FAIL, errno.EIO, False),
    (Kind.READ, Act.FAIL, errno.EIO, True),
    (Kind.UNLINK, Act.FAIL, errno.EIO, False),
)
"""Kind of call, what happens to it, the error, and whether all that follow fail too."""


def cases(fresh: Measured) -> list[tuple[str, Case]]:
    """Return a case for every n of every kind, those of one n side by side."""
    strikes = [
        Strike(kinds=frozenset({kind}), nth=nth, act=act, error=error, onwards=onwards)
        for kind, act, error, onwards in HOW
        for nth in range(1, fresh.seen[kind] + _SOME_MORE + 1)
    ]
    strikes.sort(key=lambda strike: strike.nth)
    return [(strike.label, partial(_tried, strike=strike)) for strike in strikes]


def _tried(bench: Bench, *, strike: Strike) -> Verdict:
    """Run into the failing call, look, and have the next process close everything."""
    bench.begin_anew(fresh=True)
    ended = bench.children.run(Errand.WHOLE, strike=strike)
    assert bench.children.shim is not None
    counts = Counter(runs=1, struck=int(bench.children.shim.struck > 0))
    counts[_word(ended)] += 1
    told_in_words(ended)
    law.check(bench.place.database, bench.exchange, whole=False)
    closed(bench, bench.children.run(Errand.CLOSE))
    counts["orders"] = len(bench.exchange.truth()["orders"])
    told = f"{ended.told.get('message', '')} -> {ended.told.get('next', '')}"
    return Verdict(label=strike.label, told=told, counts=dict(counts))


def _word(ended: Ended) -> str:
    """Return how a run ended, for the closing line."""
    if ended.code:
        return "stopped by the ledger"
    return "executed all the same" if ended.told["status"] == "executed" else "ended otherwise"


def told_in_words(ended: Ended) -> None:
    """Refuse an end that is neither a result nor one clear error of the ledger.

    Raises:
        Broken: it crashed, or the error does not say what is the matter and what comes next.

    """
    if ended.code == 0:
        return
    if ended.code != 8 or not ended.told["message"].startswith("ledger ") or not ended.told["next"]:
        raise Broken(f"ends with {ended.code}: {ended.told}")


def closed(bench: Bench, ended: Ended) -> None:
    """Hold a process that nothing disturbed, and all that it leaves, to the law.

    Raises:
        Broken: an invariant does not hold.

    """
    if ended.code or ended.told.get("recovered"):
        raise Broken(f"the last recovery ends with {ended.code}: {ended.told}")
    if ended.told["differences"]:
        raise Broken(f"reconcile: {ended.told['differences']}")
    if ended.told["faults"]:
        raise Broken(f"verify: {ended.told['faults']}")
    law.check(bench.place.database, bench.exchange, whole=True)
