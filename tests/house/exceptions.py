"""The one table of exceptions to the rules of the house, each with its reason.

A row that no longer excuses anything fails the build: an exception is taken back the day
it is not needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Excuse:
    """One place that may break one rule."""

    rule: str
    """The rule's function name."""
    path: str
    """Relative to the repository; a trailing slash excuses a folder."""
    subjects: frozenset[str]
    """Which names in that place; empty: all of them."""
    reason: str

    def covers(self, rule: str, *, path: str, subject: str) -> bool:
        """Say whether the violation is excused."""
        is_there = path.startswith(self.path) if self.path.endswith("/") else path == self.path
        return rule == self.rule and is_there and (not self.subjects or subject in self.subjects)


def _excuse(rule: str, path: str, *subjects: str, reason: str) -> Excuse:
    return Excuse(rule=rule, path=path, subjects=frozenset(subjects), reason=reason)


EXCUSES: Final = (
    _excuse(
        "names_say_what_a_thing_is",
        "src/trimtab/ports.py",
        "MarketData",
        reason="Market data is the field's own term for what is read.",
    ),
    _excuse(
        "parameters_of_one_type_are_named",
        "src/trimtab/domain/exact.py",
        "ratio",
        "whole_times",
        "floor_times",
        "ceil_times",
        "rounded",
        reason="Arithmetic: two operands, as in the operator each of them stands for.",
    ),
    _excuse(
        "parameters_of_one_type_are_named",
        "src/trimtab/testnet/exact.py",
        "floor_to",
        "ceil_to",
        "round_to",
        "is_multiple",
        reason="Arithmetic: a value and its grid, as in the operator each of them stands for.",
    ),
    _excuse(
        "parameters_of_one_type_are_named",
        "src/trimtab/adapters/ledger/rules.py",
        "is_same_fill",
        reason="Symmetric: swapping the two changes nothing.",
    ),
)
