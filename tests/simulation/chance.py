"""Chance from one seed, by name: leaving one draw out does not move any other."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """Draws of one seed. ``without`` names the happenings that are left out."""

    def __init__(self, seed: int, *, without: frozenset[str]) -> None:
        self.seed = seed
        self._without = without
        self.happened: list[str] = []
        """Names of what was drawn and took place, in order; what a shrinker may leave out."""

    def draws(self, *name: object) -> random.Random:
        """Return the source of the draws that *name* has."""
        return random.Random(":".join(map(str, (self.seed, *name))))

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
