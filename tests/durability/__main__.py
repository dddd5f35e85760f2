"""``python -m tests.durability MATRIX [--from M] [--count N] [--seed S] [--sample K] [--jobs J]``.

Tries a matrix whole, or N cases of it from the M-th on, or K drawn ones, or a sample of ``each``,
and prints one closing line for it; 1 when a case fails. Parts that follow each other make a whole:
the closing line of one names where the next begins. A bar, or where nobody watches a line now and
then, tells how far it is. Every failure prints the command that tries it alone. Started without the
shim, it compiles the shim and starts itself again with it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.durability import shim
from tests.durability.bench import Bench, Verdict, first_bench, verdicts
from tests.durability.matrices import MATRICES, NEEDS_SHIM, SAMPLES, Wish, only, sampled

EACH: Final = "each"
"""In place of a matrix: a sample of every one."""
ENDLESS_COUNT: Final = 1_000
"""Cases of a matrix that has no end when nothing else is asked for."""
TOLD_EACH_S: Final = 20.0
"""Between two lines about how far it is, where no bar can be drawn."""


def main(arguments: list[str]) -> int:
    """Try what *arguments* ask for; 1 when a case fails."""
    asked = _parsed(arguments)
    with tempfile.TemporaryDirectory(prefix="durability-") as name:
        folder = Path(name)
        if not shim.is_loaded() and shim.COMPILER is not None:
            return shim.restarted(folder, arguments)
        if not shim.is_loaded() and asked.matrix in NEEDS_SHIM:
            sys.stderr.write(f"{asked.matrix}: needs cc, the C compiler, which is not here\n")
            return 1
        with first_bench(folder) as first:
            if asked.matrix != EACH:
                return _tried(asked, folder, first)
            names = [name for name in MATRICES if shim.is_loaded() or name not in NEEDS_SHIM]
            return max(_tried(_sample_of(name, asked), folder, first) for name in names)


def _sample_of(matrix: str, asked: argparse.Namespace) -> argparse.Namespace:
    """Return the arguments that ask for a sample of one matrix."""
    return argparse.Namespace(**{**vars(asked), "matrix": matrix, "sample": SAMPLES[matrix]})


def _tried(asked: argparse.Namespace, folder: Path, first: Bench) -> int:
    """Try the cases of a matrix, and tell what came of them."""
    wanted = asked.first + (asked.count or ENDLESS_COUNT)
    wish = Wish(seed=asked.seed, count=wanted, is_sample=asked.sample > 0)
    console = Console(stderr=True)
    cases = MATRICES[asked.matrix](first, wish)
    whole = len(cases)
    if asked.only:
        cases = only(cases, asked.only)
    if asked.sample:
        cases = sampled(cases, count=asked.sample, seed=asked.seed)
    if not (asked.only or asked.sample):
        cases = cases[asked.first : asked.first + (asked.count or whole)]
    started = time.monotonic()
    found = verdicts(cases, folder, first.template, asked.jobs)
    counts, failed = _counted(_watched(found, len(cases), console), asked, console)
    spent = time.monotonic() - started
    happened = ", ".join(f"{count} {name}" for name, count in counts.items())
    which = f"{asked.first} to {asked.first + len(cases)}"
    part = f" ({'drawn' if asked.sample or asked.only else which} of {whole})"
    told = f"{len(cases)} cases{part if 0 < len(cases) < whole else ''}, {failed} failed"
    sys.stdout.write(f"{asked.matrix}: {told}; {happened}; {spent:.0f} s\n")
    return 1 if failed or not cases else 0


def _counted(
    found: Iterable[Verdict], asked: argparse.Namespace, console: Console
) -> tuple[Counter[str], int]:
    """Add up what happened; tell each failure with the command that tries it alone."""
    counts, failed = Counter[str](), 0
    for verdict in found:
        counts.update(verdict.counts)
        if asked.tell and verdict.told:
            sys.stdout.write(f"{verdict.label}: {verdict.told}\n")
        if not verdict.broken:
            continue
        failed += 1
        reach = asked.first + (asked.count or ENDLESS_COUNT)
        alone = f"--seed {asked.seed} --count {reach} --only {verdict.label!r}"
        told = f"{verdict.label}: {verdict.broken}\n  python -m tests.durability {asked.matrix}"
        console.print(f"{told} {alone}", markup=False, soft_wrap=True)
    return counts, failed


def _watched(found: Iterable[Verdict], total: int, console: Console) -> Iterable[Verdict]:
    """Move the bar by hand: a thread that draws it would be forked half-way."""
    if not console.is_terminal:
        yield from _told_now_and_then(found, total)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    bar = Progress(*columns, TimeRemainingColumn(), console=console, auto_refresh=False)
    with bar:
        task = bar.add_task("cases", total=total)
        for verdict in found:
            bar.update(task, advance=1, refresh=True)
            yield verdict


def _told_now_and_then(found: Iterable[Verdict], total: int) -> Iterable[Verdict]:
    """Write a line every while, so that whoever stops it knows how far it came."""
    told_at, failed = time.monotonic(), 0
    for done, verdict in enumerate(found, start=1):
        failed += bool(verdict.broken)
        if time.monotonic() - told_at >= TOLD_EACH_S:
            told_at = time.monotonic()
            sys.stderr.write(f"{done} of {total} cases, {failed} failed so far\n")
            sys.stderr.flush()
        yield verdict


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.durability")
    parser.add_argument("matrix", choices=(EACH, *MATRICES))
    parser.add_argument("--from", dest="first", type=int, default=0, help="case to begin with")
    parser.add_argument(
        "--count", type=int, default=0, help=f"cases; without it all, {ENDLESS_COUNT} where endless"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sample", type=int, default=0, help="cases drawn; 0 is all")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", action="append", default=[], help="label of a case")
    parser.add_argument("--tell", action="store_true", help="print what disturbed runs say")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
