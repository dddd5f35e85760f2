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
        "only_two_places_catch_everything",
        "src/trimtab/adapters/wire/calls.py",
        "Wire.write",
        reason="The boundary of a write: what it does not know it turns into OutcomeUnknown.",
    ),
    _excuse(
        "only_two_places_catch_everything",
        "src/trimtab/cli/entry.py",
        "conducted",
        reason="The last one: a bug must end as an exit code and one line that names its place.",
    ),
    _excuse(
        "dry_run_is_a_venue_and_no_branch",
        "src/trimtab/adapters/ledger/",
        reason="The ledger marks simulated rows, and no query counts them; it sends nothing.",
    ),
    _excuse(
        "dry_run_is_a_venue_and_no_branch",
        "src/trimtab/adapters/ledger/sql_ledger.py",
        "SqlLedger.holder",
        "SqlLedger.holding_account",
        "SqlLedger.set_halt",
        "open_ledger",
        reason="The same: a dry run takes no lease, leaves no statement and latches nothing.",
    ),
    _excuse(
        "names_say_what_a_thing_is",
        "src/trimtab/config/secrets.py",
        "KEYRING_SERVICE",
        reason="The keyring's own word for the name under which a key is kept.",
    ),
    _excuse(
        "money_words_mean_one_thing",
        "src/trimtab/domain/snapshot.py",
        "price",
        reason="A level of a book has one price, and it is of no other kind.",
    ),
    _excuse(
        "money_words_mean_one_thing",
        "src/trimtab/estimators/lot_prices.py",
        "price",
        reason="The dual price of cash: the field's own word for this multiplier.",
    ),
    _excuse(
        "money_words_mean_one_thing",
        "src/trimtab/planning/lot_problem.py",
        "price",
        reason="The dual price of cash: the field's own word for this multiplier.",
    ),
    _excuse(
        "dataclasses_are_frozen",
        "src/trimtab/domain/plan.py",
        "Plan",
        reason="No slots: a plan is asked for its digest with each order, and keeps it.",
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
