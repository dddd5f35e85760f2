"""Standard output and standard error: whoever reads them may go at any time."""

from __future__ import annotations

import os
import sys
from typing import TextIO


def put(text: str) -> None:
    """Write to standard output, at once.

    Raises:
        BrokenPipeError: nobody reads on; what is still written goes nowhere.

    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        _to_nowhere(sys.stdout)
        raise


def tell(text: str) -> None:
    """Write to standard error, at once, as long as anybody reads it: no run ends by what it tells.

    A full disk, where a file takes it, is the same.
    """
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        _to_nowhere(sys.stderr)


def _to_nowhere(stream: TextIO) -> None:
    """Let a stream end where nothing fails: Python writes what is left in it when it exits."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
