"""A sample of the simulation: no seed breaks a law, one seed gives one trace, planted bugs show."""

from __future__ import annotations

import os
from typing import Final

import pytest

from tests.simulation.planted import BUGS, Bug, Wrong, planted
from tests.simulation.seed import Verdict, simulate
from tests.simulation.shrink import command, shrunk

SEEDS: Final = int(os.environ.get("TRIMTAB_SEEDS", "30"))
"""How many seeds the sample has; more by the variable."""
SAMPLE: Final = 5
"""Seeds in one case."""
TWICE: Final = (3, 18, 48)
BUG_SEEDS_MAX: Final = 250
"""Within how many seeds a planted bug must show."""


@pytest.mark.parametrize("first", range(0, SEEDS, SAMPLE))
def test_no_seed_of_the_sample_breaks_a_law(first: int) -> None:
    found = [simulate(seed) for seed in range(first, first + SAMPLE)]
    assert {v.seed: v.broken for v in found if v.broken} == {}


def test_the_sample_sends_orders_and_has_faults() -> None:
    found = [simulate(seed) for seed in range(SAMPLE, 2 * SAMPLE)]
    assert sum(v.orders for v in found) > SAMPLE
    assert sum(len(v.happened) for v in found) > SAMPLE


@pytest.mark.parametrize("seed", TWICE)
def test_the_same_seed_gives_the_same_trace(seed: int) -> None:
    assert simulate(seed).trace == simulate(seed).trace


def test_another_seed_gives_another_trace() -> None:
    assert simulate(3).trace != simulate(4).trace


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_breaks_a_law(bug: Bug | Wrong) -> None:
    seeds = (bug.seen_at, *range(BUG_SEEDS_MAX))
    with planted(bug):
        found = next((v for v in map(simulate, seeds) if v.broken), None)
    assert found is not None, f"no seed below {BUG_SEEDS_MAX} shows it"
    assert found.broken.startswith(bug.breaks), found.broken
    assert simulate(found.seed).broken == ""


def test_a_failing_seed_is_shrunk_to_what_it_needs() -> None:
    def run(without: frozenset[str]) -> Verdict:
        happened = tuple(name for name in ("a", "b", "c", "d") if name not in without)
        broken = "I1: twice" if "c" in happened else ""
        return verdict.but(broken=broken, happened=happened)

    verdict = simulate(3).but(broken="I1: twice", happened=("a", "b", "c", "d"))
    without, smallest = shrunk(verdict, run=run)
    assert (without, smallest.happened) == (frozenset("abd"), ("c",))
    assert "--from 3 --without a,b,d" in command(3, without)
