"""A sample of the simulation: no seed breaks a law, one seed gives one trace, planted bugs show."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

import pytest

from tests.simulation.bug_table import broken_law, caught
from tests.simulation.chance import UNDER, Chance
from tests.simulation.kill_matrix import Case, all_of, cases, judged
from tests.simulation.planted import BUGS
from tests.simulation.planting import Bug, ShownBy
from tests.simulation.points import NUMBERED
from tests.simulation.scenes import SCENES
from tests.simulation.seed import Verdict, simulate
from tests.simulation.shrink import command, shrunk

SEEDS: Final = int(os.environ.get("TRIMTAB_SEEDS", "10"))
"""How many seeds the sample has; more by the variable."""
SAMPLE: Final = 5
"""Seeds in one case."""
TWICE: Final = (3, 18)
SEEN_AT: Final = tuple(dict.fromkeys(b.seen_at for b in BUGS if b.shown_by is ShownBy.SEED))
"""Seeds and cases at which planted bugs show."""
BUG_SEEDS_MAX: Final = 250
"""Within how many seeds a planted bug must show."""


@pytest.mark.parametrize("first", range(0, SEEDS, SAMPLE))
def test_no_seed_of_the_sample_breaks_a_law(first: int) -> None:
    found = [simulate(seed) for seed in range(first, first + SAMPLE)]
    assert {v.seed: v.broken for v in found if v.broken} == {}
    assert sum(v.orders for v in found) > SAMPLE
    assert sum(len(v.happened) for v in found) > SAMPLE


@pytest.mark.parametrize("seed", TWICE)
def test_the_same_seed_gives_the_same_trace_and_another_another(seed: int) -> None:
    assert simulate(seed).trace == simulate(seed).trace != simulate(seed + 1).trace


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_breaks_a_law(bug: Bug) -> None:
    found = caught(bug.name, [bug.seen_at, *range(BUG_SEEDS_MAX)], enough=1)
    assert found.seeds, f"no seed below {BUG_SEEDS_MAX} shows it"
    assert found.laws.keys() <= set(bug.breaks), found


@pytest.mark.parametrize("seen_at", SEEN_AT)
def test_what_shows_a_bug_holds_without_it_under_other_draws(seen_at: int | str) -> None:
    assert broken_law(f"{seen_at}{UNDER}1") == ""


def test_other_draws_change_what_happens_and_leave_what_is_wanted() -> None:
    plain, other, again = simulate(3), simulate(3, under=1), simulate(3, under=1)
    assert other.trace == again.trace != plain.trace
    own, changed = (Chance(3, without=frozenset(), under=under) for under in (0, 1))
    assert own.draws("setting").random() == changed.draws("setting").random()
    assert own.draws("call", 1).random() != changed.draws("call", 1).random()


@pytest.mark.parametrize("text", ["spot:ORDER:reset_after:2:FILLS_KEPT~7", "stops:ALIVE:none:1"])
def test_a_case_is_read_as_it_is_printed(text: str) -> None:
    assert str(Case.of(text)) == text


@pytest.mark.parametrize("scene", SCENES)
def test_an_order_that_is_accepted_after_its_fence_is_not_lost(scene: str) -> None:
    found = judged(Case.of(f"{scene}:ALIVE:after_the_fence:1"))
    assert any("accepted after the fence" in line for line in found.lines)
    assert found.broken == ""


@pytest.mark.parametrize("scene", SCENES)
def test_a_run_dies_at_a_point_and_its_recovery_at_every_point_that_it_passes(scene: str) -> None:
    found = all_of(Case.of(f"{scene}:ORDER:reset_after:1"))
    assert [each.broken for each in found if each.broken] == []
    assert found[0].reached
    assert len(found) > SAMPLE


@pytest.mark.parametrize("number", NUMBERED)
def test_every_numbered_point_is_come_to(number: str) -> None:
    assert any(_reached(case) for case in _plain(number))


def _plain(number: str) -> Sequence[Case]:
    """Return the cases of a number without a fault, from the scene that comes to most."""
    return [
        case
        for case in cases()
        if case.fault == "none" and case.order == 1 and case.point in NUMBERED[number]
        if case.scene == "futures"
    ]


def _reached(case: Case) -> bool:
    found = judged(case)
    assert found.broken == ""
    return found.reached


def test_a_failing_seed_is_shrunk_to_what_it_needs() -> None:
    def run(without: frozenset[str]) -> Verdict:
        happened = tuple(name for name in ("a", "b", "c", "d") if name not in without)
        broken = "I1: twice" if "c" in happened else ""
        return verdict.but(broken=broken, happened=happened)

    verdict = simulate(3).but(broken="I1: twice", happened=("a", "b", "c", "d"))
    without, smallest = shrunk(verdict, run=run)
    assert (without, smallest.happened) == (frozenset("abd"), ("c",))
    assert "--from 3 --without a,b,d" in command(3, without)
