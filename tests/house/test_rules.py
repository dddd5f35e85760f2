"""The rules of the house hold, and every rule is awake."""

from __future__ import annotations

from typing import Final

import pytest

from tests.house import (
    rules_boundaries,
    rules_names,
    rules_prose,
    rules_size,
    rules_tests,
    rules_values,
)
from tests.house.exceptions import EXCUSES, Excuse
from tests.house.source import Rule, Violation, project_modules

RULES: Final = (
    *rules_size.RULES,
    *rules_names.RULES,
    *rules_values.RULES,
    *rules_boundaries.RULES,
    *rules_prose.RULES,
    *rules_tests.RULES,
)

BROAD_CATCHES_MAX: Final = 2
"""The CLI's last one, and the boundary of a write."""


def _is_excused(rule: Rule, violation: Violation) -> bool:
    where, what = violation.path.as_posix(), violation.subject
    return any(excuse.covers(rule.name, path=where, subject=what) for excuse in EXCUSES)


def _name(row: Rule | Excuse) -> str:
    return row.name if isinstance(row, Rule) else f"{row.rule}-{row.path}"


@pytest.mark.parametrize("rule", RULES, ids=_name)
def test_the_project_keeps_the_rule(rule: Rule) -> None:
    broken = [v for v in rule.violations(project_modules()) if not _is_excused(rule, v)]
    assert not broken, f"{rule.name}\n" + "\n".join(map(str, broken))


@pytest.mark.parametrize(
    ("rule", "example"),
    [(r, e) for r in RULES for e in r.bad],
    ids=lambda v: getattr(v, "name", ""),
)
def test_the_rule_catches_its_bad_example(rule: Rule, example: str) -> None:
    assert rule.violations_in(example), example


@pytest.mark.parametrize(
    ("rule", "example"),
    [(r, e) for r in RULES for e in r.good],
    ids=lambda v: getattr(v, "name", ""),
)
def test_the_rule_lets_its_good_example_pass(rule: Rule, example: str) -> None:
    assert rule.violations_in(example) == [], example


def test_every_rule_can_fail_and_has_one_name() -> None:
    assert all(rule.bad for rule in RULES)
    assert len({rule.name for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("excuse", EXCUSES, ids=_name)
def test_every_exception_is_still_needed(excuse: Excuse) -> None:
    rule = next(rule for rule in RULES if rule.name == excuse.rule)
    used = {
        violation.subject
        for violation in rule.violations(project_modules())
        if excuse.covers(rule.name, path=violation.path.as_posix(), subject=violation.subject)
    }
    assert used, "it excuses nothing any more: delete the row"
    assert excuse.subjects <= used, f"no longer needed: {sorted(excuse.subjects - used)}"
    assert excuse.reason.endswith(".")


def test_at_most_two_places_catch_everything() -> None:
    rule = rules_boundaries.only_two_places_catch_everything
    found = rule.violations(project_modules())
    assert len(found) <= BROAD_CATCHES_MAX, "\n".join(map(str, found))
