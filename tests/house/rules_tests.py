"""Tests: sentences that can fail, on real code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from tests.house.source import Function, Module, Rule, Violation, rule

WORDS_MIN: Final = 4
DOUBLES: Final = frozenset(
    {"Mock", "MagicMock", "AsyncMock", "PropertyMock", "create_autospec", "mocker"}
)
ASSERTING: Final = re.compile(r"raises|warns|assert|check|verify|expect|run_state_machine|fail")


def _tests(module: Module) -> Iterator[tuple[str, Function]]:
    for name, function in module.functions:
        if function.name.startswith("test_"):
            yield name, function


@rule(
    "tests",
    bad=("def test_plan(): assert x", "async def test_it_works(): assert x"),
    good=("def test_a_filled_plan_leaves_nothing(): assert x", "def tested(): ..."),
    example_path="tests/unit/test_example.py",
)
def names_of_tests_are_sentences(module: Module) -> Iterator[Violation]:
    """Find test names that claim nothing."""
    for name, function in _tests(module):
        if len([word for word in function.name.split("_")[1:] if word]) < WORDS_MIN:
            advice = "a name of four words or more that is true or false"
            yield module.violation(function.lineno, name, advice)


@rule(
    "tests",
    bad=("def test_a():\n    plan()", "def test_a():\n    x = 1"),
    good=(
        "def test_a():\n    assert plan()",
        "def test_a():\n    with pytest.raises(ValueError):\n        plan()",
        "def test_a():\n    assert_same(plan())",
    ),
    example_path="tests/unit/test_example.py",
)
def every_test_can_fail(module: Module) -> Iterator[Violation]:
    """Find tests that assert nothing."""
    for name, function in _tests(module):
        can_fail = any(
            isinstance(node, ast.Assert)
            or (isinstance(node, ast.Call) and ASSERTING.search(ast.unparse(node.func)))
            for node in ast.walk(function)
        )
        if not can_fail:
            yield module.violation(function.lineno, name, "assert what it promises")


@rule(
    "tests",
    bad=(
        "from unittest.mock import Mock",
        "import unittest.mock",
        "def test_a(mocker): ...",
        "x = MagicMock()",
        "def test_a(monkeypatch): ...",
        "with mock.patch('x'):\n    pass",
    ),
    good=("await http.patch('/orders')", "def test_a(environ): ..."),
    example_path="tests/unit/test_example.py",
)
def nothing_of_ours_is_mocked(module: Module) -> Iterator[Violation]:
    """Find stand-ins for real code; a port has a fake that passes the port's own suite."""
    advice = "use the port's fake, pass the value in, or the `environ` fixture for variables"
    for node in ast.walk(module.tree):
        names: set[str] = set()
        if isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names = {alias.name for alias in node.names}
        elif isinstance(node, ast.arg):
            names = {node.arg}
        elif isinstance(node, ast.Call):
            names = {ast.unparse(node.func)}
        found = {n for n in names if _is_double(n)}
        if found:
            yield module.violation(getattr(node, "lineno", 1), min(found), advice)


def _is_double(name: str) -> bool:
    if "unittest.mock" in name or "pytest_mock" in name or name == "mock.patch":
        return True
    first, last = name.split(".", maxsplit=1)[0], name.rsplit(".", maxsplit=1)[-1]
    return last in DOUBLES or first in {"mocker", "monkeypatch"} or name == "patch"


@rule(
    "tests",
    bad=(
        "@pytest.mark.skip\ndef test_a(): ...",
        "pytest.skip('later')",
        "@pytest.mark.xfail\ndef test_a(): ...",
    ),
    good=("@pytest.mark.skipif(not DSN, reason='needs a server')\ndef test_a(): ...",),
    example_path="tests/unit/test_example.py",
)
def no_test_is_switched_off(module: Module) -> Iterator[Violation]:
    """Find tests that are kept but not run. A condition with its reason is no switch."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {
            "pytest.mark.skip",
            "pytest.skip",
            "pytest.mark.xfail",
            "pytest.xfail",
        }:
            yield module.violation(node.lineno, ast.unparse(node), "mend it or delete it")


RULES: Final[tuple[Rule, ...]] = (
    names_of_tests_are_sentences,
    every_test_can_fail,
    nothing_of_ours_is_mocked,
    no_test_is_switched_off,
)
