"""Every point of death, in small fixed scenes, with every kind of fault on the order, twice deep.

``python -m tests.simulation.kill_matrix [--jobs 2]`` runs all of it: a run is killed at each
numbered point, at its first and its second passing, with each kind of fault on its first and its
second order; and the recovery that follows is killed at each point that it passes. The laws are
those of the seeds. ``--every 40`` runs a sample, ``--from 7835 --count 200`` a part of it, and
``--case spot:ORDER:reset_after:1`` one case. ``--under 3`` runs it under other draws: other times
that requests travel, and another clock of the venue.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice

from rich.console import Console

from tests.simulation import scenes
from tests.simulation.chance import UNDER, Chance
from tests.simulation.faults import DRAWN, Kind
from tests.simulation.points import NUMBERED, Point
from tests.simulation.process import Process
from tests.simulation.program import Errand
from tests.simulation.progress import progress_bar
from tests.simulation.seed import Scene, Verdict, born, calm, played, together
from tests.simulation.world import World
from trimtab.testnet.interventions import set_prices

CHUNK = 8
ALIVE = "ALIVE"
"""Stands where a point would, in a case without a kill."""
NUMBER = {point: number for number, points in NUMBERED.items() for point in points}
UNDONE, ALWAYS, HIDDEN = "_undone", "_always", "_hidden"
FAULTS = ("none", *DRAWN, f"{Kind.UNSURE_STATUS}{UNDONE}", f"{Kind.RESET_AFTER}{HIDDEN}")
"""Kinds of fault; what a status leaves unsaid is both: executed and not."""
SAVED = "saved"
"""Names the wish to execute a plan again that could not be sent at all."""
AT, TWIN = "at", "twin"
"""Begins the name of what happens beside, at the n-th request; a second run beside the first."""
ACTS = ("person", "clock", "halt", "stop", "deposit")
ON_STOPS = ("spike", "withdraw")
"""What happens to a stop that rests, where there is one."""
CALLS_MAX = 80
"""More requests than most runs of a scene make."""
DISK = "disk"
"""Begins the name of a fault of the ledger: its n-th change, or commit, finds no room."""
DISKS_MAX = 60
"""More changes and commits than a run of a scene has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One kill, or two."""

    scene: str
    point: Point | None
    """None when the run lives: the fault alone."""
    fault: str
    order: int
    """Which order is struck, and at which passing of the point the run dies."""
    nested: Point | None = None
    """Where the recovery dies."""
    under: int = 0
    """Which draws it is played under: 0 has equal short ways and a clock as good as ours."""

    def __str__(self) -> str:
        point = self.point.name if self.point else ALIVE
        words = [self.scene, point, self.fault, str(self.order)]
        text = ":".join(words + ([self.nested.name] if self.nested else []))
        return f"{text}{UNDER}{self.under}" if self.under else text

    @classmethod
    def of(cls, text: str) -> Case:
        """Read a case as it is printed."""
        place, _, under = text.partition(UNDER)
        scene, point, fault, order, *nested = place.split(":")
        return cls(
            scene=scene,
            point=None if point == ALIVE else Point[point],
            fault=fault,
            order=int(order),
            nested=Point[nested[0]] if nested else None,
            under=int(under or 0),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a case came to."""

    case: Case
    reached: bool
    """Whether the point was passed so often that the run died there."""
    recovery: tuple[Point, ...]
    """The numbered points that the recovery passed."""
    broken: str
    lines: tuple[str, ...]


def cases() -> Iterator[Case]:
    """Yield every case without a second kill."""
    for scene in scenes.SCENES:
        for point in (None, *NUMBER):
            for fault in FAULTS:
                for order in (1, 2):
                    yield Case(scene=scene, point=point, fault=fault, order=order)
        alone = [f"{kind}{ALWAYS}" for kind in DRAWN]
        acts = (*ACTS, *ON_STOPS) if scenes.SCENES[scene].has_stop else ACTS
        alone += [f"{DISK}{change}" for change in range(1, DISKS_MAX + 1)]
        alone += [f"{AT}{call}_{act}" for act in acts for call in range(1, CALLS_MAX + 1)]
        for fault in (*alone, TWIN, SAVED, Kind.AFTER_THE_FENCE):
            yield Case(scene=scene, point=None, fault=fault, order=1)


def judged(case: Case) -> Judged:
    """Play a case."""
    scene = scenes.SCENES[case.scene]
    chance = Chance(case.order, without=frozenset(), under=case.under)
    is_kind = case.fault not in {"none", TWIN} and not case.fault.startswith((DISK, AT))
    name = case.fault.removesuffix(UNDONE).removesuffix(ALWAYS).removesuffix(HIDDEN)
    name = Kind.REFUSED_CONNECTION if case.fault == SAVED else name
    weather = scenes.Script(
        chance,
        Kind(name) if is_kind else None,
        order=case.order,
        executes=not case.fault.endswith(UNDONE),
        hides=case.fault.endswith(HIDDEN),
        always=case.fault.endswith((ALWAYS, SAVED)),
    )
    lived: list[Process] = []
    verdict = played(
        Scene(
            chance=chance,
            setting=scenes.setting_of(scene, under=chance.draws("under") if case.under else None),
            weather=scenes.Prelude(weather) if scene.has_unknown else weather,
            migrated=case.point is not Point.MIGRATING,
            life=lambda world: _life(world, case, lived),
        )
    )
    return _judged(case, verdict, lived)


def _judged(case: Case, verdict: Verdict, lived: Sequence[Process]) -> Judged:
    """Return what a case came to."""
    passed = lived[1].passes if len(lived) > 1 else {}
    return Judged(
        case=case,
        reached=case.point is None or (bool(lived) and lived[0].died_of == case.point),
        recovery=tuple(point for point in NUMBER if point in passed),
        broken=verdict.broken,
        lines=verdict.lines,
    )


async def _life(world: World, case: Case, lived: list[Process]) -> None:
    """Kill a run, kill its recovery, and see that everything comes right."""
    world.full_disk_at = 0
    if scenes.SCENES[case.scene].has_unknown:
        before = born(world, Errand.RUN, dies_at=1, dies_of=Point.UNKNOWN_KEPT)
        await together(world, [(before, Errand.RUN)])
    if scenes.SCENES[case.scene].has_stop:
        await _with_a_stop(world)
    if case.fault.startswith(DISK):
        world.full_disk_at = world.changes + int(case.fault.removeprefix(DISK))
    if case.fault.startswith(AT):
        call, _, act = case.fault.removeprefix(AT).partition("_")
        planned = {world.calls + int(call): act}
        if act in ON_STOPS:
            world.planned_for_stops = planned
        else:
            world.planned = planned
    dies_at = case.order if case.point else 0
    dying = born(world, Errand.RUN, dies_at=dies_at, dies_of=case.point)
    lived.append(dying)
    pair = [(dying, Errand.RUN)]
    if case.fault == TWIN:
        pair.append((born(world, Errand.RUN), Errand.RUN))
    await together(world, pair)
    if case.point and dying.died_of != case.point and case.fault != Kind.LATE_THEN_KILL:
        return  # It never came to the point; what the fault does alone is another case.
    if case.fault == SAVED:
        await together(world, [(born(world, Errand.SAVED), Errand.SAVED)])
    await asyncio.sleep(0.5)
    recovery = born(
        world, Errand.RECOVER, dies_at=int(case.nested is not None), dies_of=case.nested
    )
    lived.append(recovery)
    await together(world, [(recovery, Errand.RECOVER)])
    await calm(world)


async def _with_a_stop(world: World) -> None:
    """Have a run open a hedge and put its stop, with nothing against it; then prices rise."""
    world.weather.is_over = True
    await together(world, [(born(world, Errand.RUN), Errand.RUN)])
    world.weather.is_over = False
    set_prices(world.exchange.state, mid={"BTC": scenes.RAISED}, mark={}, index={})


def all_of(case: Case) -> list[Judged]:
    """Play a case, and again with each kill that its recovery can die of."""
    first = judged(case)
    found = [replace(first, lines=())]
    if first.reached and not first.broken and case.nested is None:
        found += [
            replace(judged(replace(case, nested=point)), lines=()) for point in first.recovery
        ]
    return found


def _all_of_some(some: Sequence[Case]) -> list[Judged]:
    """Play some cases one after the other."""
    return [found for case in some for found in all_of(case)]


def main(arguments: list[str]) -> int:
    """Play what *arguments* ask for; 1 when a law does not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.kill_matrix")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--every", type=int, default=1, help="each n-th case")
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--count", type=int, default=None, help="so many of them; all without it")
    parser.add_argument("--case", default="", help="one case, as a failure names it")
    parser.add_argument("--under", type=int, default=0, help="which draws; 0 are the plain ones")
    asked = parser.parse_args(arguments)
    if asked.case:
        found = judged(Case.of(asked.case))
        sys.stdout.writelines(line + "\n" for line in found.lines)
        sys.stdout.write(f"{found.case}: {found.broken or 'holds'}\n")
        return 1 if found.broken else 0
    some = islice(islice(cases(), asked.first, None, asked.every), asked.count)
    wanted = [replace(case, under=asked.under) for case in some]
    return _report(wanted, jobs=asked.jobs)


def _report(wanted: Sequence[Case], *, jobs: int) -> int:
    """Play cases side by side and say what they came to."""
    started, reached, failed = time.monotonic(), Counter[str](), list[Judged]()
    played_cases = nested = 0
    chunks = [wanted[at : at + CHUNK] for at in range(0, len(wanted), CHUNK)]
    console = Console(stderr=True)
    with ProcessPoolExecutor(max_workers=jobs) as pool, progress_bar(console) as bar:
        task = bar.add_task("cases", total=len(wanted))
        for some in pool.map(_all_of_some, chunks):
            bar.advance(task, sum(each.case.nested is None for each in some))
            for each in some:
                played_cases += each.case.nested is None
                nested += each.case.nested is not None
                if each.reached and each.case.point and each.case.nested is None:
                    reached[NUMBER[each.case.point]] += 1
                if each.broken:
                    failed.append(each)
                    sys.stdout.write(f"{each.case}: {each.broken}\n")
                    sys.stdout.write(
                        f"  python -m tests.simulation.kill_matrix --case {each.case}\n"
                    )
                    sys.stdout.flush()
    told = ", ".join(f"{number} {reached[number]}" for number in NUMBERED)
    spent = time.monotonic() - started
    sys.stdout.write(
        f"kills by point: {told}\n{played_cases} cases, {reached.total()} kills of a run, {nested}"
        f" kills of the recovery after it: {len(failed)} failed; {spent:.0f} s\n"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
