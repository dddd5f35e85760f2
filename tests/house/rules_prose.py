"""Prose: docstrings, comments, and what a line must not carry."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from tests.house.source import EVERYWHERE, Module, Rule, Violation, rule

UNFINISHED: Final = re.compile(r"\b(TODO|FIXME|XXX|HACK|TBD|[Pp]laceholder)\b|\b[Ff]or now\b")
BANNER: Final = re.compile(r"^#+\s*([-=*#~_]{3,}.*|.*[-=*#~_]{5,})$")
SUPPRESSION: Final = re.compile(
    r"(?P<mark>noqa(?::\s*[A-Z]+\d+(?:\s*,\s*[A-Z]+\d+)*)?"
    r"|type:\s*ignore(?:\[[\w, -]+\])?|pyright:\s*ignore(?:\[[\w, ]+\])?"
    r"|pragma:\s*no (?:cover|branch))"
    r"(?P<rest>[^\n]*)"
)
REASON_WORDS_MIN: Final = 2
UNITS: Final = re.compile(
    r"(^|_)(s|ms|bps|ratio|weights?|leverage|count|lots|orders|places|notional)$"
)
"""Names that carry their unit."""
NUMBERS: Final = frozenset({"int", "float", "Decimal"})
MACHINE_PATH: Final = re.compile(
    r"(?<![\w.~}])/(?:home|root|Users|mnt|srv|work|workspace|builds|private|var/folders)/[\w.-]+"
)


@rule(
    "src",
    bad=(
        "x = 1",
        "'''Doc.'''\nclass C: ...",
        "'''Doc.'''\ndef f(): ...",
        "'''Doc.'''\nclass C:\n    '''Doc.'''\n    def f(self): ...",
    ),
    good=(
        "'''Doc.'''\ndef f():\n    '''Do it.'''\n    def g(): ...",
        "'''Doc.'''\nclass _C:\n    def f(self): ...",
        "'''Doc.'''\nclass C:\n    '''Doc.'''\n    @override\n    def f(self): ...",
    ),
)
def everything_public_says_what_it_is(module: Module) -> Iterator[Violation]:
    """Find public modules, classes and functions without a docstring."""
    if not ast.get_docstring(module.tree):
        yield module.violation(1, module.path.stem, "say what it is, whether pure, units, source")
    functions = {name for name, _ in module.functions}
    for name, definition in module.definitions:
        is_inner = any(name.startswith(f"{outer}.") for outer in functions)
        is_private = any(part.startswith("_") for part in name.split("."))
        is_override = any("override" in ast.unparse(d) for d in definition.decorator_list)
        if not (is_inner or is_private or is_override or ast.get_docstring(definition)):
            yield module.violation(definition.lineno, name, "one imperative line; what it means")


@rule(
    "src",
    bad=(
        "@dataclass\nclass C:\n    wait: int",
        "class C(Protocol):\n    wait: int\n    '''Doc.'''\n    age: int\n    def f(self): ...",
    ),
    good=(
        "@dataclass\nclass C:\n    wait: int\n    '''Seconds.'''",
        "class C:\n    wait_s: int\n    ratio: Decimal",
        "def f():\n    x: int = 1",
        "class _C:\n    wait: int",
    ),
)
def measured_fields_say_their_unit(module: Module) -> Iterator[Violation]:
    """Find fields whose number needs a unit, sign or bound, without the line that gives it.

    A field of a type of our own explains itself, and so does a name that ends in its unit.
    """
    for name, klass in module.classes:
        if klass.name.startswith("_"):
            continue
        for field in _untold_numbers(klass):
            subject = f"{name}.{ast.unparse(field.target)}"
            yield module.violation(field.lineno, subject, "a string under it: unit, sign, bound")


def _untold_numbers(klass: ast.ClassDef) -> Iterator[ast.AnnAssign]:
    follows = [*klass.body[1:], None]
    for statement, after in zip(klass.body, follows, strict=True):
        if not isinstance(statement, ast.AnnAssign):
            continue
        is_number = NUMBERS & set(re.findall(r"\w+", ast.unparse(statement.annotation)))
        has_unit = UNITS.search(ast.unparse(statement.target))
        is_told = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
        if is_number and not is_told and not has_unit:
            yield statement


@rule(
    *EVERYWHERE,
    bad=("x = 1  # TODO: later", "'''A placeholder.'''", "x = 1  # good enough for now"),
    good=("x = 1  # Held for nowhere else.", "x = 'TODO'"),
)
def nothing_is_left_unfinished(module: Module) -> Iterator[Violation]:
    """Find promises in comments and docstrings."""
    for line, text in module.prose:
        if found := UNFINISHED.search(text):
            yield module.violation(line, found.group(), "finish it, or open an issue")


@rule("src", bad=("def f():\n    raise NotImplementedError",), good=("def f(): ...",))
def nothing_is_not_implemented(module: Module) -> Iterator[Violation]:
    """Find code that only says that it is missing."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Name) and node.id == "NotImplementedError":
            yield module.violation(node.lineno, node.id, "write it, or leave it out")


@rule(
    *EVERYWHERE,
    bad=("# -----", "# ==== Orders ====", "####"),
    good=("# Why: a - b", "#!/usr/bin/env python"),
)
def no_comment_is_a_banner(module: Module) -> Iterator[Violation]:
    """Find decoration; a section that needs a heading is a module."""
    for line, text in module.comments:
        if BANNER.match(text):
            yield module.violation(line, text, "delete it, or split the module")


@rule(
    *EVERYWHERE,
    bad=(
        "x = 1  # noqa: BLE001",
        "x = 1  # noqa",
        "x = 1  # type: ignore[misc]",
        "x = 1  # pragma: no cover",
    ),
    good=(
        "x = 1  # noqa: BLE001  # The last one: what it hides, it prints.",
        "x = 1  # noqa: BLE001, S110 - the boundary of a write",
        "x = 1  # type: ignore[misc]  # The library ships no types.",
    ),
)
def every_suppression_has_its_reason(module: Module) -> Iterator[Violation]:
    """Find a silenced check that does not say why."""
    for line, text in module.comments:
        if found := SUPPRESSION.search(text):
            reason = SUPPRESSION.sub("", found["rest"]) if found["rest"] else ""
            if len(re.findall(r"[A-Za-z]{2,}", reason)) < REASON_WORDS_MIN:
                yield module.violation(line, found["mark"], "give the reason in the same line")


@rule(
    *EVERYWHERE,
    bad=("x = '/ho" + "me/ann/x'", "# See /ro" + "ot/notes."),
    good=("x = '~/.config'", "x = '/api/v3/order'", "x = f'{here}/root/x'"),
)
def no_path_is_of_one_machine(module: Module) -> Iterator[Violation]:
    """Find absolute paths that exist on one machine only."""
    for number, line in enumerate(module.text.splitlines(), 1):
        if found := MACHINE_PATH.search(line):
            yield module.violation(number, found.group(), "make it relative, or a parameter")


RULES: Final[tuple[Rule, ...]] = (
    everything_public_says_what_it_is,
    measured_fields_say_their_unit,
    nothing_is_left_unfinished,
    nothing_is_not_implemented,
    no_comment_is_a_banner,
    every_suppression_has_its_reason,
    no_path_is_of_one_machine,
)
