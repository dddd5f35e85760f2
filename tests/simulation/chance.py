"""Chance from one seed, by name: leaving one draw out does not move any other."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final, TypeVar

UNDER: Final = "~"
"""Comes before the number of the draws that a seed or a case is played under."""
T = TypeVar("T")


SETTINGS: Final = frozenset({"setting", "stops", "migration", "life"})
"""What stays as it is under other draws: whose account it is, and how many processes live."""


class Chance:
    """Draws of one seed. ``without`` names the happenings that are left out.

    Under another number than 0 all is drawn anew but the setting: what is wanted stays, what
    happens to it does not.
    """

    def __init__(self, seed: int, *, without: frozenset[str], under: int = 0) -> None:
        self.seed = seed
        self._under = f"{seed}{UNDER}{under}" if under else str(seed)
        self._without = without
        self.happened: list[str] = []
        """Names of what was drawn and took place, in order; what a shrinker may leave out."""

    def draws(self, *name: object) -> random.Random:
        """Return the source of the draws that *name* has."""
        seed = str(self.seed) if name[0] in SETTINGS else self._under
        return random.Random(":".join((seed, *map(str, name))))

    def happens(self, name: str) -> bool:
        """Say whether a drawn happening takes place, and note that it does."""
        if name in self._without:
            return False
        self.happened.append(name)
        return True


def subset(draw: random.Random, of: Sequence[T]) -> tuple[T, ...]:
    """Return a random part of *of*, in its order: often little, sometimes all."""
    share = draw.random()
    return tuple(each for each in of if draw.random() < share)
