"""The matrices by name: what each tries, whole or in a sample drawn from a seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from tests.durability import calls, flips, kills, power, shim, tears, troubles
from tests.durability.bench import Bench, Case
from tests.durability.program import Errand
from trimtab.adapters.ledger import engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How much of a matrix is asked for."""

    seed: int
    count: int
    """Runs or flips, for the matrices that have no end."""
    is_sample: bool


Cases = list[tuple[str, Case]]


def _kills(first: Bench, wish: Wish) -> Cases:
    fresh, stamped = first.measured(fresh=True), first.measured(fresh=False)
    return kills.cases(range(wish.seed, wish.seed + wish.count), fresh, stamped)


def _calls(first: Bench, wish: Wish) -> Cases:
    return calls.cases(first.measured(fresh=True))


def _power(first: Bench, wish: Wish) -> Cases:
    return power.cases(power.taped(first), wish.seed)


def _outages(first: Bench, wish: Wish) -> Cases:
    return power.outages(first.measured(fresh=True), wish.seed)


def _tears(first: Bench, wish: Wish) -> Cases:
    return tears.cases(tears.torn(first), wish.seed)


def _troubles(first: Bench, wish: Wish) -> Cases:
    waits = troubles.BUSY_MS if wish.is_sample else engine.BUSY_TIMEOUT_MS
    return troubles.cases(busy_ms=waits)


def _flips(first: Bench, wish: Wish) -> Cases:
    first.begin_anew(fresh=True)
    for _ in range(2):
        ended = first.children.run(Errand.WHOLE)
        assert ended.code == 0, ended
    database = first.place.database
    anchor = database.with_name(f"{shim.NAME}.head")
    return flips.cases(database.read_bytes(), anchor.read_bytes(), wish.count, wish.seed)


MATRICES: Final[dict[str, Callable[[Bench, Wish], Cases]]] = {
    "calls": _calls,
    "power": _power,
    "outages": _outages,
    "tears": _tears,
    "troubles": _troubles,
    "flips": _flips,
    "kills": _kills,
}
SAMPLES: Final = {
    "calls": 4,
    "power": 1,
    "outages": 2,
    "tears": 2,
    "troubles": 3,
    "flips": 2,
    "kills": 3,
}
"""Cases of each matrix in a sample of all."""
NEEDS_SHIM: Final = ("calls", "power", "outages", "tears", "troubles")
"""Matrices that cannot be tried without standing before the operating system."""


def sampled(cases: Cases, *, count: int, seed: int) -> Cases:
    """Return some cases, drawn from a seed, in their order."""
    if count >= len(cases):
        return cases
    chosen = sorted(random.Random(seed).sample(range(len(cases)), count))
    return [cases[n] for n in chosen]


def only(cases: Cases, labels: Sequence[str]) -> Cases:
    """Return the cases of these labels."""
    return [case for case in cases if case[0] in labels]
