"""Where every key of a TOML document stands: key paths to line, column and written value.

Pure. Neither tomllib nor pydantic says where a value was read from, so this walks the text
a second time and notes places only; what a value means stays tomllib's word. It expects text
that tomllib has accepted (TOML 1.0, https://toml.io/en/v1.0.0). Lines and columns count
characters from 1.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

KeyPath = tuple[str | int, ...]
"""Keys and list indices from the top of the document: ``("risk", "shock")``."""

_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE: Final = re.compile(r"[ \t]*")
_KEY: Final = re.compile(r"""[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*'""")
# A closing delimiter may follow up to two quotes that belong to the text.
_STRING: Final = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR: Final = re.compile(r"[^,\]}#\n]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where a key, or an element of a list, begins."""

    line: int
    """From 1."""
    column: int
    """Characters from 1."""
    written: str
    """The value as it stands in the file, quotes included; empty for a table."""


def positions(text: str) -> Mapping[KeyPath, Position]:
    """Return the first place of every table, key and list element, in file order."""
    text = text.replace("\r\n", "\n")  # As tomllib reads it.
    walk = _Walk(text)
    walk.document()
    starts = [0, *(i + 1 for i, character in enumerate(text) if character == "\n")]
    found: dict[KeyPath, Position] = {}
    for path, (offset, written) in walk.found.items():
        line = bisect_right(starts, offset)
        found[path] = Position(line=line, column=offset - starts[line - 1] + 1, written=written)
    return MappingProxyType(found)


class _Walk:
    """One pass over the text; ``at`` only ever grows."""

    __slots__ = ("_at", "_last_index", "_text", "found")

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._last_index: dict[KeyPath, int] = {}
        """Index of the newest element of every array of tables."""
        self.found: dict[KeyPath, tuple[int, str]] = {}
        """Offset of the key and text of the value, by path."""

    def document(self) -> None:
        """Walk all headers and assignments."""
        table: KeyPath = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            table = self._header() if self._next("[") else self._assignment(table)
            self._skip(_BLANK)

    def _header(self) -> KeyPath:
        """Walk ``[a.b]`` or ``[[a.b]]``; return the table that it opens."""
        is_array = self._next("[[")
        self._at += 2 if is_array else 1
        keys = self._keys()
        self._at += 2 if is_array else 1
        path = self._enter((), keys[:-1])
        name, offset = keys[-1]
        path = (*path, name)
        self.found.setdefault(path, (offset, ""))
        if is_array:
            self._last_index[path] = self._last_index.get(path, -1) + 1
            path = (*path, self._last_index[path])
            self.found[path] = (offset, "")
        return path

    def _assignment(self, table: KeyPath) -> KeyPath:
        """Walk ``a.b = value``; return the table it stands in."""
        keys = self._keys()
        name, offset = keys[-1]
        path = (*self._enter(table, keys[:-1]), name)
        self.found[path] = (offset, "")  # Before its parts, so that paths are in file order.
        self._at += 1  # The equals sign.
        self.found[path] = (offset, self._value(path))
        return table

    def _enter(self, path: KeyPath, keys: list[tuple[str, int]]) -> KeyPath:
        """Descend from *path*, into the newest element wherever an array of tables is met."""
        for name, offset in keys:
            path = (*path, name)
            self.found.setdefault(path, (offset, ""))
            if path in self._last_index:
                path = (*path, self._last_index[path])
        return path

    def _keys(self) -> list[tuple[str, int]]:
        """Walk a dotted key; return each part with its offset."""
        keys: list[tuple[str, int]] = []
        while not keys or self._next("."):
            self._at += 1 if keys else 0
            self._skip(_SPACE)
            offset = self._at
            written = self._take(_KEY)
            keys.append((_unquoted(written), offset))
            self._skip(_SPACE)
        return keys

    def _value(self, path: KeyPath) -> str:
        """Walk a value, noting the parts of lists and inline tables; return its text."""
        self._skip(_SPACE)
        begin = self._at
        if self._next("["):
            self._list(path)
        elif self._next("{"):
            self._inline_table(path)
        elif self._next('"') or self._next("'"):
            self._take(_STRING)
        else:
            return self._take(_SCALAR).rstrip()
        return self._text[begin : self._at]

    def _list(self, path: KeyPath) -> None:
        """Walk ``[a, b]`` to behind its bracket."""
        self._at += 1
        index = 0
        self._skip(_BLANK)
        while not self._next("]"):
            offset = self._at
            self.found[*path, index] = (offset, "")
            self.found[*path, index] = (offset, self._value((*path, index)))
            index += 1
            self._separator()
        self._at += 1

    def _inline_table(self, path: KeyPath) -> None:
        """Walk ``{a = 1}`` to behind its brace."""
        self._at += 1
        self._skip(_BLANK)
        while not self._next("}"):
            self._assignment(path)
            self._separator()
        self._at += 1

    def _separator(self) -> None:
        """Walk blanks and at most one comma."""
        self._skip(_BLANK)
        if self._next(","):
            self._at += 1
            self._skip(_BLANK)

    def _next(self, expected: str) -> bool:
        return self._text.startswith(expected, self._at)

    def _skip(self, pattern: re.Pattern[str]) -> None:
        self._take(pattern)

    def _take(self, pattern: re.Pattern[str]) -> str:
        """Walk what *pattern* matches here; tomllib has promised that it does."""
        match = pattern.match(self._text, self._at)
        assert match is not None, f"tomllib accepts only what {pattern.pattern!r} matches here"
        self._at = match.end()
        return match.group()


def _unquoted(key: str) -> str:
    """Return the name that a written key stands for; tomllib knows the escapes."""
    if key[0] not in "\"'":
        return key
    (name,) = tomllib.loads(f"{key} = 0")
    return name
