"""What a failing seed needs to fail: happenings are left out while it still breaks the same law."""

from __future__ import annotations

from collections.abc import Callable

from tests.simulation.seed import Verdict, simulate

TRIES_MAX = 60


def law_of(broken: str) -> str:
    """Return the name of a law that does not hold, without its particulars; may be empty."""
    return broken.partition(":")[0]


def shrunk(
    failed: Verdict, *, run: Callable[[frozenset[str]], Verdict] | None = None
) -> tuple[frozenset[str], Verdict]:
    """Return what can be left out of a failing seed, and how it fails then.

    Halves first, then single happenings; what one leaves out may make others happen.
    """
    again = run or (lambda left_out: simulate(failed.seed, without=left_out))
    without: frozenset[str] = frozenset()
    size, tries = max(1, len(failed.happened) // 2), 0
    while size and tries < TRIES_MAX:
        smaller = False
        for at in range(0, len(failed.happened), size):
            candidate = without | frozenset(failed.happened[at : at + size])
            tries += 1
            verdict = again(candidate)
            if law_of(verdict.broken) == law_of(failed.broken):
                without, failed, smaller = candidate, verdict, True
                break
            if tries >= TRIES_MAX:
                break
        if not smaller:
            size //= 2
    return without, failed


def command(seed: int, without: frozenset[str]) -> str:
    """Return the one command that replays a seed."""
    left_out = f" --without {','.join(sorted(without))}" if without else ""
    return f"python -m tests.simulation --seeds 1 --from {seed}{left_out} --trace"
