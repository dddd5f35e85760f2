"""Runs that are killed for real, recovered by processes that are killed too, and held to the law.

A seed draws where each process dies: at a random instant, or just before or after the n-th
call of a kind (a write or flush of the ledger, a lock, bytes sent to or read from the venue).
It also draws what the venue does wrong meanwhile. The exchange lives on in its own process.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from tests.durability import law
from tests.durability.bench import Bench, Case, Measured, Verdict
from tests.durability.calls import closed
from tests.durability.law import Broken
from tests.durability.program import Ended, Errand
from tests.durability.shim import Act, Kind, Strike

_HOOKS: Final = (
    frozenset({Kind.WRITE}),
    frozenset({Kind.SYNC}),
    frozenset({Kind.SEND}),
    frozenset({Kind.RECEIVE}),
    frozenset({Kind.LOCK}),
    frozenset({Kind.WRITE, Kind.SYNC, Kind.SEND, Kind.RECEIVE}),
)
_FAULTS: Final[tuple[dict[str, Any], ...]] = (
    {"kind": "reset_before"},
    {"kind": "reset_after"},
    {"kind": "late", "seconds": "0.05"},
    {"kind": "status", "status": 503, "body": "<html>", "executes": True},
    {"kind": "cut_body"},
    {"kind": "slow", "seconds": "0.05"},
    {"kind": "invisible"},
    {"kind": "drop_trades_page", "method": "GET", "path": "*Trades"},
)
RECOVERIES_MAX: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """How a process is to die; whichever is given."""

    strike: Strike | None = None
    after_s: float | None = None


def cases(seeds: range, fresh: Measured, stamped: Measured) -> list[tuple[str, Case]]:
    """Return a case for each seed."""
    measured = {True: fresh, False: stamped}
    return [(str(seed), partial(_tried, seed=seed, measured=measured)) for seed in seeds]


def _tried(bench: Bench, *, seed: int, measured: dict[bool, Measured]) -> Verdict:
    """Kill a run, and its recoveries at times; then recover it and hold it to the law."""
    draw = random.Random(seed)
    is_fresh = draw.random() < 0.15
    needs = measured[is_fresh]
    bench.begin_anew(fresh=is_fresh)
    if draw.random() < 0.35:
        fault = draw.choice(_FAULTS)
        bench.exchange.inject(**{"method": "POST", "nth": draw.randint(1, 4)} | fault)
    counts = Counter[str](runs=1)
    errands = [Errand.RUN, *draw.choices((Errand.RECOVER, Errand.FINISH), k=RECOVERIES_MAX)]
    for depth, errand in enumerate(errands):
        if depth and draw.random() < 0.5:
            break
        ended = _killed(bench, errand, _death(draw, needs))
        _note(counts, ended, depth)
        law.check(bench.place.database, bench.exchange, whole=False)
    bench.exchange.asked("DELETE", "faults")
    closed(bench, bench.children.run(draw.choices((Errand.CLOSE, Errand.FINISH), (3, 1))[0]))
    counts["orders"] += len(bench.exchange.truth()["orders"])
    return Verdict(label=str(seed), counts=dict(counts))


def _death(draw: random.Random, needs: Measured) -> Death:
    """Draw where a process dies."""
    if not needs.seen or draw.random() < 0.4:
        return Death(after_s=draw.uniform(0.0, 1.1 * needs.spent_s))
    kinds = draw.choice(_HOOKS)
    nth = draw.randint(1, max(1, sum(needs.seen[kind] for kind in kinds)))
    act = draw.choice((Act.KILL_BEFORE, Act.KILL_AFTER))
    return Death(strike=Strike(kinds=kinds, nth=nth, act=act))


def _killed(bench: Bench, errand: Errand, death: Death) -> Ended:
    """Run a process that dies, if it is not quicker."""
    return bench.children.run(errand, strike=death.strike, kill_after_s=death.after_s)


def _note(counts: Counter[str], ended: Ended, depth: int) -> None:
    """Count a death, and refuse an end that is none of the commands' own."""
    if ended.is_killed:
        counts["kills"] += 1
        counts["kills of recoveries"] += depth > 0
    elif ended.code == 70:
        raise Broken(f"crash: {ended.told}")
