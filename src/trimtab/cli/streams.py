"""Standard output and standard error: whoever reads them may go at any time."""

from __future__ import annotations

import io
import json
import os
import sys
from typing import Any, Final, TextIO

STANDARD: Final = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))
"""The three streams by their descriptors, and how each is opened."""


def open_what_is_closed() -> None:
    """Let a stream that was closed before the start read or lead nowhere.

    A service may start a command so, and a shell with ``2>&-``. What is opened next would take
    the free number, a ledger or a socket of orders too, and be written to by whoever tells.
    """
    for descriptor, (name, mode) in enumerate(STANDARD):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != descriptor:
                os.dup2(nowhere, descriptor)
                os.close(nowhere)
            setattr(sys, name, os.fdopen(descriptor, mode, encoding="utf-8", closefd=False))


def put(text: str) -> None:
    """Write to standard output, at once.

    Raises:
        BrokenPipeError: nobody reads on, or nothing more can be written there, as on a full disk;
            what is still written goes nowhere.

    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        _to_nowhere(sys.stdout)
        raise
    except OSError as fault:
        _to_nowhere(sys.stdout)
        tell(f"standard output takes nothing more: {fault.strerror}\n")
        raise BrokenPipeError(fault.errno, fault.strerror) from fault


def put_document(document: Any) -> None:  # noqa: ANN401 -- whatever JSON can say.
    """Write one JSON document to standard output, in letters that its encoding has.

    Raises:
        BrokenPipeError: as :func:`put`.

    """
    put(json.dumps(document, indent=2, ensure_ascii=not _has_all_letters()) + "\n")


def tell(text: str) -> None:
    """Write to standard error, at once, as long as anybody reads it: no run ends by what it tells.

    A full disk, where a file takes it, is the same.
    """
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        _to_nowhere(sys.stderr)


def spell_in_any_encoding() -> None:
    """Let standard output show a question mark for a letter that its encoding lacks.

    A terminal or a pipe that is not UTF-8 has no bars and no arrows, and no run ends by that.
    """
    if isinstance(sys.stdout, io.TextIOWrapper) and not _has_all_letters():
        sys.stdout.reconfigure(errors="replace")


def _has_all_letters() -> bool:
    """Say whether standard output can show whatever a command writes."""
    return sys.stdout.encoding.lower().startswith("utf")


def _to_nowhere(stream: TextIO) -> None:
    """Let a stream end where nothing fails: Python writes what is left in it when it exits."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
