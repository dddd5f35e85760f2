"""What is wrong with a configuration, and where: one value per fault, one error for all.

Pure. Lines and columns count from 1; both are 0 for a fault of a variable or an option.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from trimtab.domain.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFault:
    """One thing to mend. Never contains a secret."""

    file: str
    """The file; or the variable or option that set the value (``--set risk.shock``)."""
    line: int
    """Line in the file, from 1; 0 when the value is from elsewhere."""
    column: int
    """Character in the line, from 1; 0 when the value is from elsewhere."""
    key: str
    """Dotted key, such as ``risk.shock``; empty when the fault is the file as a whole."""
    reason: str
    """What is wrong, without a full stop."""
    fix: str
    """What to do about it, without a full stop."""

    @property
    def where(self) -> str:
        """The place as people and editors read it: ``file:line``, variable or option."""
        return f"{self.file}:{self.line}" if self.line else self.file

    @property
    def message(self) -> str:
        """The fault as one line: place, key, reason; fix."""
        parts = (self.where, self.key, self.reason) if self.key else (self.where, self.reason)
        return f"{': '.join(parts)}; {self.fix}"


class InvalidConfig(ConfigError):
    """The configuration has faults. Nothing was read from or sent to a venue."""

    def __init__(self, faults: Iterable[ConfigFault], *, next_step: str = "") -> None:
        self.faults = tuple(faults)
        """Every fault, in file order, then variables and options."""
        super().__init__("\n".join(fault.message for fault in self.faults), next_step=next_step)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """A fault of one key that is not yet located."""

    path: tuple[str | int, ...]
    """Keys and list indices from the top."""
    reason: str
    """What is wrong, without a full stop."""
    fix: str
    """What to do about it, without a full stop."""

    @property
    def key(self) -> str:
        """The path as a dotted key, such as ``venue.markets[1]``."""
        return dotted(self.path)


def dotted(path: tuple[str | int, ...]) -> str:
    """Return a path as it is written in a file: keys joined by dots, indices in brackets."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")
