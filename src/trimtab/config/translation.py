"""Pydantic's errors in our words: what is wrong with one key, and what to do about it.

Pure. Pydantic finds all errors of all sections in one pass; this names their keys and gives
each a fix. Values of unknown keys are never repeated: they may be misplaced secrets.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from trimtab.config.faults import Flaw, dotted
from trimtab.config.numerals import shown
from trimtab.config.positions import KeyPath
from trimtab.config.shape import enum_words, field_at, nearest_fix, range_text, unknown_key_fix
from trimtab.domain.exact import plain

UNKNOWN_KEY: Final = "is not a known key"
"""The reason given for a key that no section has."""
_BOUNDS: Final = MappingProxyType(
    {
        "greater_than": ("gt", "above"),
        "greater_than_equal": ("ge", "at least"),
        "less_than": ("lt", "below"),
        "less_than_equal": ("le", "at most"),
    }
)
"""By pydantic's name: its bound, and how we say it."""
_TABLES: Final = frozenset({"model_type", "model_attributes_type", "dict_type"})
_ECHOES: Final = frozenset({"default_factory_not_called"})
"""Errors that only follow from another one."""


def flaws_of(error: ValidationError) -> Iterator[Flaw]:
    """Yield one flaw per error."""
    for detail in error.errors(include_url=False):
        if detail["type"] not in _ECHOES:
            path = tuple(step for step in detail["loc"] if step != "[key]")
            reason, fix = _words(detail, path)
            yield Flaw(path=path, reason=reason, fix=fix)


def _words(detail: ErrorDetails, path: KeyPath) -> tuple[str, str]:
    """Return reason and fix of one error."""
    kind, was = detail["type"], detail["input"]
    context: dict[str, Any] = detail.get("ctx", {})
    match kind:
        case "flaw":
            words = context["reason"], context["fix"]
        case "missing":
            words = "is required", _missing_fix(path)
        case "extra_forbidden":
            words = UNKNOWN_KEY, unknown_key_fix(path)
        case "enum":
            known = enum_words(path)
            words = f"must be {' or '.join(known)}, was {shown(was)}", nearest_fix(was, known)
        case "tuple_type":
            words = f"must be a list, was {shown(was)}", _list_fix(path)
        case _ if kind in _BOUNDS:
            name, bound = _BOUNDS[kind]
            reason = f"must be {bound} {context[name]}, was {_number(was)}"
            words = reason, _bounds_fix(path)
        case _ if kind in _TABLES:
            words = f"must be a table, was {shown(was)}", f"write [{'.'.join(map(str, path))}]"
        case _:
            message = detail["msg"]
            words = f"{message[:1].lower()}{message[1:]}", "see docs/configuration.md"
    return words


def _number(was: object) -> str:
    """Return a number that is out of bounds, as it was written."""
    return was if isinstance(was, str) else shown(was)


def _list_fix(path: KeyPath) -> str:
    """Return a list that the key takes: two of its words, or its examples."""
    field = field_at(path)
    known = enum_words(path) or (field.examples if field is not None else None) or ()
    quoted = ", ".join(f'"{word}"' for word in known[:2])
    return f"write such as [{quoted}]"


def _missing_fix(path: KeyPath) -> str:
    """Return a line to add, with an example."""
    field = field_at(path)
    examples = (field.examples if field is not None else None) or ["..."]
    is_list = field is not None and get_origin(field.annotation) is tuple
    example = json.dumps(examples if is_list else examples[0])
    return f"add {path[-1]} = {example} under [{dotted(path[:-1])}]"


def _bounds_fix(path: KeyPath) -> str:
    """Return the range of a key and its default."""
    field = field_at(path)
    if field is None:
        return "write a fraction from 0 to 1"  # The weights are the only bounded table.
    fix = f"write a value {range_text(field)}"
    default = field.default
    if isinstance(default, Decimal):
        return f'{fix}; the default is "{plain(default)}"'
    return f"{fix}; the default is {default}" if isinstance(default, int) else fix
