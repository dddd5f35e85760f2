"""What left the program, what reached the exchange, and a digest of all of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field


class Broken(AssertionError):
    """An invariant does not hold."""


@dataclass(slots=True, kw_only=True)
class Tape:
    """The trace of a seed. Words in *left_out* differ from run to run and mean nothing."""

    left_out: tuple[str, ...] = ()
    lines: list[str] = field(default_factory=list)

    def say(self, now_s: float, *words: object) -> None:
        """Add a line."""
        line = f"{now_s:.6f} " + " ".join(map(str, words))
        for word in self.left_out:
            line = line.replace(word, "…")
        self.lines.append(line)

    @property
    def digest(self) -> str:
        """SHA-256 of every line."""
        return hashlib.sha256("\n".join(self.lines).encode()).hexdigest()
