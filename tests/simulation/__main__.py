"""``python -m tests.simulation --seeds N --from M [--jobs J]``: many seeds, one closing line.

A seed that fails is shrunk and prints the command that replays it. ``--trace`` prints the
trace of each seed, ``--without`` leaves happenings out, ``--plant`` plants a bug by its name,
``--twice`` runs every seed twice and compares the traces, ``--determinism N`` does so in two
processes each, ``--bugs`` counts which seeds and laws catch which planted bug (``--catches N``:
until N do), ``--under N`` draws all anew but each seed's setting, and ``--after-the-fence SHARE``
has the venue accept that share of the orders when it had promised that it no longer would.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from itertools import islice

from rich.console import Console

from tests.simulation.bug_table import table
from tests.simulation.determinism import compare
from tests.simulation.planted import BUGS
from tests.simulation.planting import planted
from tests.simulation.progress import progress_bar
from tests.simulation.seed import Verdict, simulate
from tests.simulation.shrink import command, shrunk

CHUNK = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is asked for, as it travels to the workers."""

    without: frozenset[str]
    plant: str
    twice: bool
    trace: bool
    after_the_fence: float
    under: int

    def run(self, seed: int) -> Verdict:
        """Run one seed as ordered; without its trace unless that is wanted."""
        bug = next((b for b in BUGS if b.name == self.plant), None)
        with planted(bug) if bug else nullcontext():
            verdict = self._simulated(seed)
            if self.twice and self._simulated(seed).trace != verdict.trace:
                verdict = verdict.but(broken="I24: the same seed gave two traces")
        return verdict.but(lines=verdict.lines if self.trace else (), processes=())

    def _simulated(self, seed: int) -> Verdict:
        return simulate(
            seed, without=self.without, after_the_fence=self.after_the_fence, under=self.under
        )

    def run_all(self, seeds: range) -> list[Verdict]:
        """Run some seeds one after the other."""
        return [self.run(seed) for seed in seeds]


def main(arguments: list[str]) -> int:
    """Run what *arguments* ask for; 1 when a seed fails."""
    asked = _parsed(arguments)
    if asked.determinism:
        return compare(asked.first, asked.determinism, jobs=asked.jobs)
    if asked.bugs:
        seeds = range(asked.first, asked.first + asked.seeds)
        return table(seeds, jobs=asked.jobs, enough=asked.catches, only=asked.plant)
    order = Order(
        without=frozenset(filter(None, asked.without.split(","))),
        plant=asked.plant,
        twice=asked.twice,
        trace=asked.trace,
        after_the_fence=asked.after_the_fence,
        under=asked.under,
    )
    console = Console(stderr=True)
    started, orders, requests, happened = time.monotonic(), 0, 0, 0
    failed: list[Verdict] = []
    with progress_bar(console) as bar:
        task = bar.add_task("seeds", total=asked.seeds)
        for verdict in _verdicts(order, asked):
            bar.advance(task)
            orders, requests = orders + verdict.orders, requests + verdict.requests
            happened += len(verdict.happened)
            sys.stdout.writelines(line + "\n" for line in verdict.lines)
            if verdict.broken:
                failed.append(verdict)
                _tell(verdict, order, console)
    spent = time.monotonic() - started
    sys.stdout.write(
        f"{asked.seeds} seeds from {asked.first}: {len(failed)} failed; {orders} orders, "
        f"{requests} requests, {happened} faults, kills and happenings; {spent:.0f} s, "
        f"{asked.seeds / spent * 60:.0f} seeds a minute\n"
    )
    return 1 if failed else 0


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--without", default="")
    parser.add_argument("--plant", default="", choices=["", *(b.name for b in BUGS)])
    parser.add_argument("--twice", action="store_true")
    parser.add_argument("--trace", action="store_true")
    parser.add_argument("--after-the-fence", type=float, default=0.0, metavar="SHARE")
    parser.add_argument("--under", type=int, default=0, metavar="DRAWS")
    parser.add_argument("--determinism", type=int, default=0, metavar="SEEDS")
    parser.add_argument("--bugs", action="store_true")
    parser.add_argument("--catches", type=int, default=0, metavar="N")
    parser.add_argument("--first", dest="catches", action="store_const", const=1)
    return parser.parse_args(arguments)


def _verdicts(order: Order, asked: argparse.Namespace) -> Iterator[Verdict]:
    """Yield the verdicts, in the order of the seeds."""
    seeds = range(asked.first, asked.first + asked.seeds)
    if asked.jobs == 1:
        yield from map(order.run, seeds)
        return
    chunks = [seeds[at : at + CHUNK] for at in range(0, len(seeds), CHUNK)]
    with ProcessPoolExecutor(max_workers=asked.jobs) as pool:
        for found in pool.map(order.run_all, chunks):
            yield from found


def _tell(verdict: Verdict, order: Order, console: Console) -> None:
    """Shrink a failing seed and print how to replay it."""

    def again(without: frozenset[str]) -> Verdict:
        left = replace(order, without=order.without | without, twice=False, trace=False)
        return left.run(verdict.seed)

    without, smallest = (frozenset[str](), verdict)
    if not verdict.broken.startswith("I24"):
        without, smallest = shrunk(verdict, run=again)
    plant = f" --plant {order.plant}" if order.plant else ""
    plant += f" --under {order.under}" if order.under else ""
    plant += f" --after-the-fence {order.after_the_fence}" if order.after_the_fence else ""
    console.print(f"seed {verdict.seed}: {verdict.broken}", markup=False, soft_wrap=True)
    needs = ", ".join(islice(smallest.happened, 12)) or "nothing"
    console.print(f"  needs {needs}: {smallest.broken}", markup=False, soft_wrap=True)
    console.print(
        f"  {command(verdict.seed, order.without | without)}{plant}", markup=False, soft_wrap=True
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
