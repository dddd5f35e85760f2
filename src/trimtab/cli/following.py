"""Next commands, with the options that this command was given: typed as shown, they mean the same.

A plan that was made with ``--set`` is another one without it, and a file that was named is not the
one that would be found. Pure.
"""

from __future__ import annotations

import re
import shlex
from typing import Any, Final

from trimtab.cli.options import Options

_NEXT: Final = re.compile(r"(?:^|(?<=; ))next: .*?(?=\n\s*\n|\Z)", re.MULTILINE | re.DOTALL)
"""What follows "next:", to the end of its paragraph: a narrow terminal breaks it over lines."""
_COMMAND: Final = re.compile(r"\btrimtab (?=[a-z])(?!(?:init|venues|testnet|demo)\b)")
"""A command that reads a configuration."""


def in_text(text: str, options: Options) -> str:
    """Return *text* whose next commands have the configuration and the overrides of *options*."""
    given = _given(options)
    return _NEXT.sub(lambda found: _with(found[0], given=given), text) if given else text


def in_document(document: Any, options: Options) -> Any:  # noqa: ANN401 -- whatever JSON can say.
    """Return *document* whose ``next`` fields, at any depth, have the same."""
    given = _given(options)
    return _walked(document, given=given) if given else document


def _walked(value: Any, *, given: str, is_next: bool = False) -> Any:  # noqa: ANN401 -- as above.
    """Return a value of a document; *is_next* says that it is what follows."""
    if isinstance(value, dict):
        return {
            key: _walked(part, given=given, is_next=key == "next") for key, part in value.items()
        }
    if isinstance(value, list):
        return [_walked(part, given=given, is_next=is_next) for part in value]
    return _with(value, given=given) if is_next and isinstance(value, str) else value


def _with(step: str, *, given: str) -> str:
    """Return a step with *given* in each of its commands; one that names its file stays."""
    return step if "--config" in step else _COMMAND.sub(f"trimtab {given} ", step)


def _given(options: Options) -> str:
    """Return the options that decide what a command is about, as a shell takes them."""
    words = [] if options.config is None else ["--config", str(options.config)]
    for override in options.sets:
        words += ["--set", override]
    return shlex.join(words)
