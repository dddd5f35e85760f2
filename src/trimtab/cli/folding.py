"""Words on standard error, as wide as the terminal: no word is broken by its edge."""

from __future__ import annotations

import os
import sys
import textwrap

from trimtab.cli.streams import tell


def to_stderr(text: str) -> None:
    """Write at once, so that a prompt is seen before the answer is waited for."""
    if sys.stderr.isatty():
        text = folded(text, os.get_terminal_size(sys.stderr.fileno()).columns)
    tell(text)


def folded(text: str, width: int) -> str:
    """Return *text* with each line that is wider broken between words, and nothing else changed."""
    return "\n".join(_folded(line, width) for line in text.split("\n"))


def _folded(line: str, width: int) -> str:
    """Return one line as one or more."""
    if len(line) <= width or width <= 0:
        return line
    lines = textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines) + " " * (len(line) - len(line.rstrip()))
