"""The project's files as the house rules see them, and what a rule is.

A rule is a function from one module to its violations, bound to the roots that it reads and
to small examples: ``bad`` must be caught, ``good`` must pass, so no rule can sleep.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path, PurePosixPath
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
"""The repository."""

EVERYWHERE: Final = ("src", "tests", "benchmarks")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One place that breaks a rule, and what to do about it."""

    path: PurePosixPath
    """Relative to the repository."""
    line: int
    subject: str
    """What breaks the rule: a qualified name, or the text itself. Exceptions name it."""
    advice: str
    """What was seen and what to write instead."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.subject}: {self.advice}"


@dataclass(frozen=True, kw_only=True)
class Module:
    """One parsed Python file. No slots: what is worked out of it is kept in it."""

    path: PurePosixPath
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """Return the syntax tree."""
        return ast.parse(self.text)

    @cached_property
    def comments(self) -> tuple[tuple[int, str], ...]:
        """Return (line, comment) in order of appearance."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return tuple((t.start[0], t.string) for t in tokens if t.type == tokenize.COMMENT)

    @cached_property
    def prose(self) -> tuple[tuple[int, str], ...]:
        """Return the lines of comments and docstrings with their numbers."""
        found = list(self.comments)
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                text = node.value.value
                lines = text.splitlines() if isinstance(text, str) else []
                found.extend((node.lineno + i, line) for i, line in enumerate(lines))
        return tuple(found)

    @cached_property
    def definitions(self) -> tuple[tuple[str, Function | ast.ClassDef], ...]:
        """Return every function and class with its qualified name, outermost first."""
        return tuple(_definitions(self.tree, ""))

    @property
    def functions(self) -> Iterator[tuple[str, Function]]:
        """Yield every function with its qualified name."""
        return ((n, d) for n, d in self.definitions if not isinstance(d, ast.ClassDef))

    @property
    def classes(self) -> Iterator[tuple[str, ast.ClassDef]]:
        """Yield every class with its qualified name."""
        return ((n, d) for n, d in self.definitions if isinstance(d, ast.ClassDef))

    @property
    def room(self) -> str:
        """Return the top-level part of the package that the module lies in, or ""."""
        parts = self.path.with_suffix("").parts
        inside = parts[:2] == ("src", "trimtab") and len(parts) > 2
        return parts[2] if inside else ""

    def violation(self, line: int, subject: str, advice: str) -> Violation:
        """Return a violation in this module."""
        return Violation(path=self.path, line=line, subject=subject, advice=advice)


def _definitions(node: ast.AST, prefix: str) -> Iterator[tuple[str, Function | ast.ClassDef]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function | ast.ClassDef):
            yield prefix + child.name, child
            yield from _definitions(child, f"{prefix}{child.name}.")
        else:
            yield from _definitions(child, prefix)


Finder = Callable[[Module], Iterator[Violation]]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule of the house."""

    find: Finder
    roots: tuple[str, ...]
    """Top-level folders whose modules must keep it."""
    bad: tuple[str, ...]
    """Each must be caught."""
    good: tuple[str, ...]
    """Each must pass."""
    example_path: str
    """Where the examples pretend to lie."""

    @property
    def name(self) -> str:
        """Return the rule's name, as the table of exceptions uses it."""
        return self.find.__name__

    def violations(self, modules: tuple[Module, ...]) -> list[Violation]:
        """Return what breaks the rule among the modules of its roots."""
        mine = (module for module in modules if module.path.parts[0] in self.roots)
        return [violation for module in mine for violation in self.find(module)]

    def violations_in(self, example: str) -> list[Violation]:
        """Return what breaks the rule in an example."""
        return list(self.find(Module(path=PurePosixPath(self.example_path), text=example)))


def rule(
    *roots: str,
    bad: tuple[str, ...],
    good: tuple[str, ...] = (),
    example_path: str = "src/trimtab/planning/example.py",
) -> Callable[[Finder], Rule]:
    """Make a rule of the decorated finder."""

    def bind(find: Finder) -> Rule:
        return Rule(find=find, roots=roots, bad=bad, good=good, example_path=example_path)

    return bind


@cache
def project_modules() -> tuple[Module, ...]:
    """Return every Python module of the project, by path."""
    return tuple(
        Module(
            path=PurePosixPath(path.relative_to(ROOT).as_posix()),
            text=path.read_text(encoding="utf-8"),
        )
        for top in EVERYWHERE
        for path in sorted((ROOT / top).rglob("*.py"))
    )


@cache
def documents() -> tuple[Path, ...]:
    """Return every Markdown page of the project, by path."""
    skipped = {".venv", ".git", ".hypothesis", ".pytest_cache", "node_modules"}
    return tuple(
        sorted(
            path for path in ROOT.rglob("*.md") if skipped.isdisjoint(path.relative_to(ROOT).parts)
        )
    )
