"""What left the program, what reached the exchange, and a digest of all of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from types import MappingProxyType


class Broken(AssertionError):
    """An invariant does not hold."""


@dataclass(slots=True, kw_only=True)
class Tape:
    """The trace of a seed."""

    lines: list[str] = field(default_factory=list)
    departures: int = 0
    writes_by_dry_runs: int = 0

    def say(self, now_s: float, *words: object) -> None:
        """Add a line."""
        self.lines.append(f"{now_s:.6f} " + " ".join(map(str, words)))

    @property
    def digest(self) -> str:
        """SHA-256 of every line."""
        return hashlib.sha256("\n".join(self.lines).encode()).hexdigest()


MARKETS = MappingProxyType({"api": "spot", "fapi": "usdm"})
