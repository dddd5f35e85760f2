"""Planting a bug for the length of a block.

A bug is one edit or several of functions' texts, compiled in memory and swapped in, or of
constants. Each must still fit exactly once, so that a bug cannot silently wear off.
"""

from __future__ import annotations

import importlib
import inspect
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from types import CodeType, FunctionType
from typing import Any


class ShownBy(StrEnum):
    """How a seed must be run to show a bug."""

    SEED = "seed"
    DETERMINISM = "determinism"
    """In two processes with other hashes."""
    AFTER_THE_FENCE = "after_the_fence"
    """On a venue that breaks its promise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """In the function *where* (``room.module:qualified.name``) each old text becomes a new one."""

    where: str
    changes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A constant (``room.module:NAME``) with a value that breaks a promise."""

    where: str
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Bug:
    """A mistake that some seed must show."""

    name: str
    breaks: tuple[str, ...]
    """The laws of which one catches it first."""
    seen_at: int | str
    """A seed or a case of the kill matrix that shows it; when seeds have moved on, others do."""
    edits: tuple[Edit | Value, ...]
    shown_by: ShownBy


def edit(where: str, *texts: str) -> Edit:
    """Return an edit; *texts* are old, new, old, new …"""
    return Edit(where=where, changes=tuple(zip(texts[::2], texts[1::2], strict=True)))


def value(where: str, value: object) -> Value:
    """Return a constant with another value."""
    return Value(where=where, value=value)


def bug(
    name: str,
    breaks: str,
    seen_at: int | str,
    *edits: Edit | Value,
    shown_by: ShownBy = ShownBy.SEED,
) -> Bug:
    """Return a bug; *breaks* are laws with blanks between them."""
    laws = tuple(breaks.split())
    return Bug(name=name, breaks=laws, seen_at=seen_at, edits=edits, shown_by=shown_by)


@contextmanager
def planted(bug: Bug) -> Iterator[None]:
    """Plant *bug* for the length of the block."""
    with ExitStack() as stack:
        for each in bug.edits:
            room, _, name = each.where.partition(":")
            module = importlib.import_module(f"trimtab.{room}")
            if isinstance(each, Value):
                stack.enter_context(_another_value(module, name, each.value))
            else:
                stack.enter_context(_another_code(module, name, each, bug.name))
        yield


@contextmanager
def _another_value(module: Any, name: str, value: object) -> Iterator[None]:
    """Give a constant another value."""
    real = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, real)


@contextmanager
def _another_code(module: Any, name: str, edit: Edit, title: str) -> Iterator[None]:
    """Give a function another code."""
    function = _function(module, name)
    code = function.__code__
    function.__code__ = _edited(function, edit, title)
    try:
        yield
    finally:
        function.__code__ = code


def _function(module: Any, qualified: str) -> FunctionType:
    """Return a function by its qualified name, without what decorates it."""
    found: Any = module
    for part in qualified.split("."):
        found = inspect.getattr_static(found, part)
    found = found.fget if isinstance(found, property) else found
    found = inspect.unwrap(getattr(found, "__func__", found))
    assert isinstance(found, FunctionType), qualified
    return found


def _edited(function: FunctionType, edit: Edit, title: str) -> CodeType:
    """Return the code of *function* with the edit made."""
    text = inspect.getsource(function)
    for old, new in edit.changes:
        assert text.count(old) == 1, f"{title} no longer fits {edit.where}: {old!r}"
        text = text.replace(old, new)
    text = "from __future__ import annotations\n" + textwrap.dedent(text)
    found = [c for c in _codes(compile(text, edit.where, "exec")) if c.co_name == function.__name__]
    assert found[0].co_freevars == function.__code__.co_freevars, f"{title} needs a closure"
    return found[0]


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Yield the codes inside *code*, outermost first."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)
