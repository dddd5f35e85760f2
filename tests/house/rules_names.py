"""Names: a noun that was not found, and words that mean two things."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from tests.house.source import Module, Rule, Violation, rule

LAST_WORDS: Final = frozenset(
    [
        "util",
        "utils",
        "helper",
        "helpers",
        "common",
        "manager",
        "handler",
        "processor",
        "service",
        "data",
        "info",
        "temp",
        "tmp",
    ]
)
"""A name that ends in one of these says what kind of thing it is not."""

TERMS: Final = (("market", "data"),)
"""Endings that are the field's own terms, as a whole."""

FIRST_WORDS: Final = frozenset({"do", "process"})
"""A verb that says only that something happens."""

TWO_MEANINGS: Final = {
    "amount": "lots, quantity or value",
    "trade": "order, fill or leg",
    "price": "mark, limit_price or fill_price",
}
"""Field and function names that leave the reader guessing, and what to say."""

VENUE_ROOMS: Final = frozenset({"testnet", "adapters", "venues"})
"""Where a venue's own words are quoted."""


def words(name: str) -> list[str]:
    """Return the words of a snake_case or CamelCase name in lower case."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return [word.lower() for word in spaced.split("_") if word]


def _assigned(node: ast.stmt) -> Iterator[ast.Name]:
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign):
        targets = [node.target]
    for target in targets:
        yield from (n for n in ast.walk(target) if isinstance(n, ast.Name))


def _named(module: Module) -> Iterator[tuple[int, str]]:
    """Yield the names of the module, its definitions, and its module and class variables."""
    package_part = module.path.parent.name if module.path.stem == "__init__" else module.path.stem
    yield 1, package_part
    bodies: list[list[ast.stmt]] = [module.tree.body]
    for _, definition in module.definitions:
        yield definition.lineno, definition.name
        if isinstance(definition, ast.ClassDef):
            bodies.append(definition.body)
    for body in bodies:
        for statement in body:
            yield from ((name.lineno, name.id) for name in _assigned(statement))


@rule(
    "src",
    bad=(
        "class OrderManager: ...",
        "def do_plan(): ...",
        "ORDER_DATA = 1",
        "class C:\n    leg_info: int",
        "def process_fill(): ...",
        "async def parse_helpers(): ...",
    ),
    good=(
        "class Ledger: ...",
        "class BinanceMarketData: ...",
        "def plan(): ...",
        "data_age = 1",
        "def due(): ...",
        "def f():\n    data = 1",
    ),
)
def names_say_what_a_thing_is(module: Module) -> Iterator[Violation]:
    """Find names whose noun or verb has not been found."""
    for line, name in _named(module):
        spoken = words(name)
        ends_vague = not LAST_WORDS.isdisjoint(spoken[-1:]) and tuple(spoken[-2:]) not in TERMS
        is_vague = ends_vague or (len(spoken) > 1 and spoken[0] in FIRST_WORDS)
        if is_vague:
            yield module.violation(line, name, "says nothing: find the field's noun (GLOSSARY.md)")


@rule("src", bad=("x = 1",), good=(), example_path="src/trimtab/planning/utils.py")
def modules_are_named_for_nouns(module: Module) -> Iterator[Violation]:
    """Find modules and packages with a vague name."""
    for part in module.path.with_suffix("").parts[1:]:
        if words(part) and words(part)[-1] in LAST_WORDS:
            yield module.violation(1, part, "a module is named for the noun it holds")


@rule(
    "src",
    bad=("class C:\n    price: int", "def amount(): ...", "class Trade: ..."),
    good=("class C:\n    limit_price: int", "def traded(): ...", "def f(price): ..."),
)
def money_words_mean_one_thing(module: Module) -> Iterator[Violation]:
    """Find definitions and fields that use a word with two meanings alone."""
    if module.room in VENUE_ROOMS:
        return
    for line, name in _named(module):
        spoken = words(name)
        if len(spoken) == 1 and spoken[0] in TWO_MEANINGS:
            yield module.violation(line, name, f"say {TWO_MEANINGS[spoken[0]]}")


RULES: Final[tuple[Rule, ...]] = (
    names_say_what_a_thing_is,
    modules_are_named_for_nouns,
    money_words_mean_one_thing,
)
