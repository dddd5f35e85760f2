"""Next commands, about the file that this command was told to read: typed as shown, they work.

A file that was named is not the one that would be found, so it is named again. Overrides may bear
secrets and are never repeated: a next command that comes first in its line is told to need them.
Pure.
"""

from __future__ import annotations

import re
import shlex
from typing import Any, Final

from trimtab.cli.options import Options

_NEXT: Final = re.compile(r"(?:^|(?<=; ))next: .*?(?=\s*(?:\n\s*\n|\Z))", re.MULTILINE | re.DOTALL)
"""What follows "next:", to the end of its paragraph: a narrow terminal breaks it over lines."""
_COMMAND: Final = re.compile(r"\btrimtab (?=[a-z])(?!(?:init|venues|testnet|demo)\b)")
"""A command that reads a configuration."""
_OVERRIDDEN: Final = " (with the same --set)"


def in_text(text: str, options: Options) -> str:
    """Return *text* whose next commands name the file of *options*, and say what they lack."""

    def told(found: re.Match[str]) -> str:
        """Return one paragraph, what is to be changed first left without overrides."""
        is_alone = options.sets and _COMMAND.match(found[0], len("next: "))
        return _with(found[0], options) + (_OVERRIDDEN if is_alone else "")

    return text if options.config is None and not options.sets else _NEXT.sub(told, text)


def in_document(document: Any, options: Options) -> Any:  # noqa: ANN401 -- whatever JSON can say.
    """Return *document* whose ``next`` fields, at any depth, name the file of *options*."""
    return document if options.config is None else _walked(document, options)


def _walked(value: Any, options: Options, *, is_next: bool = False) -> Any:  # noqa: ANN401 -- as above.
    """Return a value of a document; *is_next* says that it is what follows."""
    if isinstance(value, dict):
        return {key: _walked(part, options, is_next=key == "next") for key, part in value.items()}
    if isinstance(value, list):
        return [_walked(part, options, is_next=is_next) for part in value]
    return _with(value, options) if is_next and isinstance(value, str) else value


def _with(step: str, options: Options) -> str:
    """Return a step whose commands name the file; one that names a file itself stays."""
    if options.config is None or "--config" in step:
        return step
    return _COMMAND.sub(f"trimtab --config {shlex.quote(str(options.config))} ", step)
