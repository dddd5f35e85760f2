"""Which planted bug is caught by how many seeds, and by which laws.

``python -m tests.simulation --bugs --seeds 200`` prints the whole table: for each bug its own case
of the kill matrix, if it has one, and the seeds. With ``--catches N`` each bug is tried only until
N show it, what is likely first: its own case or seed, the matrix's cases of its kind (the same
trouble in the same scene, the nearest first, then in every scene), its own under other draws, the
cases at which other bugs show, those of bugs in the same module before all others,
then the seeds. A case under other draws counts, and is counted apart. It says of every bug
whether it is caught often, and costs much only for those that are not; ``--first`` is
``--catches 1``.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

from tests.simulation.chance import UNDER
from tests.simulation.determinism import differing
from tests.simulation.kill_matrix import Case, cases, judged
from tests.simulation.planted import BUGS
from tests.simulation.planting import Bug, ShownBy, planted
from tests.simulation.seed import simulate
from tests.simulation.shrink import law_of

CHUNK = 20
PROMISE_BROKEN = 0.5
"""Share of the orders that a venue accepts after their fence, for bugs that need it."""
KIN_MAX = 40
"""Most cases of a bug's own kind that are tried before what is known of others."""
DRAWS_MAX = 100
"""Under how many other draws a bug's own case or seed is tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caught:
    """What some seeds made of one bug."""

    seeds: tuple[int | str, ...]
    """Those that caught it."""
    tried: int
    """How many were asked."""
    laws: Counter[str]
    """How often each law did."""

    def __add__(self, other: Caught) -> Caught:
        return Caught(
            seeds=self.seeds + other.seeds,
            tried=self.tried + other.tried,
            laws=self.laws + other.laws,
        )


_NO_DIGITS = str.maketrans("", "", "0123456789")
NONE = Caught(seeds=(), tried=0, laws=Counter())


def caught(name: str, seeds: Sequence[int | str], *, enough: int) -> Caught:
    """Plant the bug of that *name* and run *seeds*, until *enough* catch it; 0 runs all.

    A text is a case of the kill matrix, or a seed under other draws.
    """
    bug = next(b for b in BUGS if b.name == name)
    found = NONE
    with planted(bug):
        for seed in seeds:
            law = _law(bug, seed)
            kept = (seed,) if law else ()
            found += Caught(seeds=kept, tried=1, laws=Counter([law] if law else []))
            if enough and len(found.seeds) >= enough:
                break
    return found


def _law(bug: Bug, seed: int | str) -> str:
    """Return the law that *seed* breaks with the bug planted; nothing when it breaks none."""
    if bug.shown_by is ShownBy.DETERMINISM:
        return "I24" if differing(int(seed), 1, plant=bug.name) else ""
    share = PROMISE_BROKEN if bug.shown_by is ShownBy.AFTER_THE_FENCE else 0.0
    return broken_law(seed, after_the_fence=share)


def broken_law(seed: int | str, *, after_the_fence: float = 0.0) -> str:
    """Return the law that a seed or a case breaks, under other draws or its own; or nothing."""
    if ":" in str(seed):
        return law_of(judged(Case.of(str(seed))).broken)
    number, _, under = str(seed).partition(UNDER)
    verdict = simulate(int(number), after_the_fence=after_the_fence, under=int(under or 0))
    return law_of(verdict.broken)


def table(seeds: range, *, jobs: int, enough: int, only: str) -> int:
    """Print a line for each bug; 1 when one is not caught, or by another law than it breaks.

    Where *enough* catches are asked for, 1 also when a bug has fewer.
    """
    bugs = [b for b in BUGS if only in {"", b.name}]
    missed = rare = 0
    with ProcessPoolExecutor(max_workers=jobs) as pool:
        asked = {
            bug.name: [
                pool.submit(caught, bug.name, items, enough=enough)
                for items in _shares(bug, seeds, enough=enough)
            ]
            for bug in bugs
        }
        for bug in bugs:
            found = sum((f.result() for f in asked[bug.name]), NONE)
            missed += not _is_expected(bug, found)
            rare += len(found.seeds) < enough
            sys.stdout.write(_line(bug, found) + "\n")
            sys.stdout.flush()
    count = len(bugs)
    sys.stdout.write(f"{count - missed} of {count} planted bugs caught by the laws they break\n")
    if enough:
        sys.stdout.write(f"{count - rare} of {count} caught {enough} times or more\n")
    return 1 if missed or rare else 0


def _shares(bug: Bug, seeds: range, *, enough: int) -> list[list[int | str]]:
    """Return the bug's own case and its kin, and the seeds, in shares; one where it may stop."""
    items: list[int | str] = [bug.seen_at] if enough or isinstance(bug.seen_at, str) else []
    if enough > 1 and isinstance(bug.seen_at, str):
        items += _kin(Case.of(bug.seen_at))[:KIN_MAX]
    if enough > 1 and bug.shown_by is not ShownBy.DETERMINISM:
        items += [f"{bug.seen_at}{UNDER}{under}" for under in range(1, DRAWS_MAX + 1)]
    if enough > 1 and bug.shown_by is ShownBy.SEED:
        items += _known(bug)
    items = list(dict.fromkeys([*items, *seeds]))
    size = len(items) if enough else CHUNK
    return [items[at : at + size] for at in range(0, len(items), size)]


def _kin(own: Case) -> list[str]:
    """Return the cases that differ from *own* in when it happens, then those also in the scene."""
    alike = [c for c in cases() if _trouble(c) == _trouble(own) and c != own]
    here = [c for c in alike if c.scene == own.scene]
    here.sort(key=lambda c: (c.point != own.point, abs(_when(c) - _when(own))))
    elsewhere = [c for c in alike if c.scene != own.scene and c.point == own.point]
    return [str(case) for case in here + elsewhere]


def _known(bug: Bug) -> list[int | str]:
    """Return where other bugs show, those first that are planted in the same module."""
    sites = _sites(bug)
    others = sorted((b for b in BUGS if b is not bug), key=lambda b: sites.isdisjoint(_sites(b)))
    return [b.seen_at for b in others if b.shown_by is ShownBy.SEED]


def _sites(bug: Bug) -> frozenset[str]:
    """Return the modules in which a bug is planted."""
    return frozenset(each.where.partition(":")[0] for each in bug.edits)


def _trouble(case: Case) -> str:
    """Return what happens in a case, whenever that is."""
    return case.fault.translate(_NO_DIGITS)


def _when(case: Case) -> int:
    """Return at which request or change something happens beside; 0 where it does not go by it."""
    return int("".join(filter(str.isdigit, case.fault)) or 0)


def _is_expected(bug: Bug, found: Caught) -> bool:
    """Say whether a bug is caught, and by no law that it is not known to break."""
    return bool(found.seeds) and found.laws.keys() <= set(bug.breaks)


def _line(bug: Bug, found: Caught) -> str:
    """Return one row: name, how many seeds, which laws, the first seed."""
    laws = ", ".join(f"{law} {times}" for law, times in found.laws.most_common())
    first = f"first {found.seeds[0]}" if found.seeds else "NOT CAUGHT"
    varied = sum(UNDER in str(seed) for seed in found.seeds)
    first += f", {varied} under other draws" if varied else ""
    mark = "" if _is_expected(bug, found) else f"  (expected {' '.join(bug.breaks)})"
    return f"{bug.name:34} {len(found.seeds):4} of {found.tried}  {first:10} {laws}{mark}"
