"""I24: one seed, one trace, whatever the order in which a process's sets and mappings hash.

``python -m tests.simulation --determinism 1000`` runs every seed in two fresh processes whose
``PYTHONHASHSEED`` differ, and compares the digests of the traces. This module by itself is such
a process: it prints seed and digest.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

from tests.simulation.planted import BUGS
from tests.simulation.planting import planted
from tests.simulation.seed import simulate

CHUNK = 25


def digests(first: int, count: int, *, hash_seed: int, plant: str = "") -> dict[int, str]:
    """Run *count* seeds in a fresh process with that hash seed; return the traces' digests.

    Raises:
        CalledProcessError: the process failed; what it complained about is told.

    """
    command = [sys.executable, "-m", __spec__.name, str(first), str(count), plant]
    done = subprocess.run(
        command,
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    pairs = (line.split() for line in done.stdout.splitlines())
    return {int(seed): digest for seed, digest in pairs}


def differing(first: int, count: int, *, plant: str = "") -> list[int]:
    """Return the seeds of *count* whose traces differ between two fresh processes."""
    one = digests(first, count, hash_seed=2 * first + 1, plant=plant)
    other = digests(first, count, hash_seed=2 * first + 2, plant=plant)
    return [seed for seed, digest in one.items() if other[seed] != digest]


def compare(first: int, count: int, *, jobs: int) -> int:
    """Compare *count* seeds and say how many differ; 1 when any does."""
    starts = range(first, first + count, CHUNK)
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        found = pool.map(lambda at: differing(at, min(CHUNK, first + count - at)), starts)
        different = [seed for some in found for seed in some]
    for seed in different:
        sys.stdout.write(f"I24: seed {seed} gave two traces in two processes\n")
    sys.stdout.write(f"{count} seeds from {first}, twice: {count - len(different)} the same\n")
    return 1 if different else 0


def main(arguments: Sequence[str]) -> None:
    """Print seed and digest of some seeds; a third word names a bug to plant."""
    first, count, plant = int(arguments[0]), int(arguments[1]), arguments[2]
    bug = next((b for b in BUGS if b.name == plant), None)
    with planted(bug) if bug else nullcontext():
        for seed in range(first, first + count):
            sys.stdout.write(f"{seed} {simulate(seed).trace}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
