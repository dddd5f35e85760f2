"""What every command shares: options, configuration, output, and the event loop.

Standard output carries the result alone; prompts, progress and errors go to standard error.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from trimtab.cli.documents import Document, error_document
from trimtab.cli.exits import Exit, exit_of_error
from trimtab.cli.folding import to_stderr
from trimtab.cli.following import in_document, in_text
from trimtab.cli.logs import log_at
from trimtab.cli.options import OPTIONS
from trimtab.cli.streams import put, put_document, tell
from trimtab.config import Config, InvalidConfig, load
from trimtab.domain.errors import ConfigError, TrimtabError

WIDTH_PIPED: Final = 120
"""Columns of a table when standard output is no terminal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a command came to."""

    document: Any
    """For ``--json``: a document, or a list of them where the result is rows."""
    view: Any
    """For a person: anything that rich prints."""
    code: Exit
    beside: str = ""
    """Where the document is printed, for whom a question was shown at standard error: what next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What a command's coroutine may need of the process."""

    stop: asyncio.Event
    """Set by the first SIGINT or SIGTERM."""


Afterwards = Callable[[asyncio.Event], Coroutine[Any, Any, None]]
"""What is done once a command's result is printed, until its event is set; changes no code."""


def configuration() -> Config:
    """Load the configuration that the options ask for.

    Raises:
        InvalidConfig: with every fault at once.
        ConfigError: the folder that the command was called in is gone.

    """
    options = OPTIONS.get()
    return load(
        options.config,
        environ=os.environ,
        sets=options.sets,
        home=Path.home(),
        cwd=here(),
    )


def here() -> Path:
    """Return the folder that the command was called in.

    Raises:
        ConfigError: it is gone.

    """
    try:
        return Path.cwd()
    except FileNotFoundError as gone:
        told = "the folder that this was called in is there no more"
        raise ConfigError(told, next_step="cd to one that is, then the same command") from gone


def conduct(
    command: Callable[[Work], Coroutine[Any, Any, Result | Exit]],
    *,
    afterwards: Afterwards | None = None,
) -> Exit:
    """Run a command in an event loop and print its result; one that has printed gives its code."""
    options = OPTIONS.get()
    log_at(options.log_level, as_json=options.log_format == "json")

    async def work() -> Exit:
        """Turn the first signal into a wish to stop, the second into a cancellation."""
        stop, loop, task = asyncio.Event(), asyncio.get_running_loop(), asyncio.current_task()

        def stopped() -> None:
            """Ask to stop; who asks twice is obeyed at once."""
            if stop.is_set() and task is not None:
                task.cancel()
            stop.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopped)
        given = Work(stop=stop)
        if afterwards is None:
            return _printed(await command(given))
        return await _and_afterwards(command(given), afterwards, stop)

    try:
        return asyncio.run(work())
    except (KeyboardInterrupt, asyncio.CancelledError):
        note("interrupted; what was sent is recorded; next: trimtab recover")
        return Exit.INTERRUPTED


def _printed(ended: Result | Exit) -> Exit:
    """Print what a command came to, unless it has printed; return its code."""
    return ended if isinstance(ended, Exit) else emit(ended)


async def _and_afterwards(
    command: Coroutine[Any, Any, Result | Exit], afterwards: Afterwards, stop: asyncio.Event
) -> Exit:
    """Run a command to its printed end, then what is done afterwards; return the command's code."""
    try:
        code = _printed(await command)
    except TrimtabError as fault:
        code = fail(fault)
    try:
        await afterwards(stop)
    except asyncio.CancelledError:
        note("notices were not sent to their end; next: trimtab notify list")
    return code


def emit(result: Result) -> Exit:
    """Print a result on standard output, as JSON or for a person; return its code.

    The code is the result's, however much of it was read.
    """
    with contextlib.suppress(BrokenPipeError):
        if OPTIONS.get().as_json:
            if result.beside:
                note(result.beside)
            put_document(in_document(result.document, OPTIONS.get()))
        else:
            show(result.view)
    return result.code


def show(view: Any, *, error: bool = False) -> None:  # noqa: ANN401 -- whatever rich can print.
    """Print something for a person.

    Raises:
        BrokenPipeError: nobody reads standard output on.

    """
    from rich.console import Console  # noqa: PLC0415 -- help and JSON must not pay for it.

    stream = sys.stderr if error else sys.stdout
    width = None if stream.isatty() else _piped_width()
    printed = io.StringIO()  # rich itself ends the process with 1 at a closed pipe, and at a full
    console = Console(  # disk where nothing is buffered, even while it captures.
        file=printed, width=width, highlight=False, force_terminal=stream.isatty() or None
    )
    console.print(view, crop=False)
    (tell if error else put)(in_text(printed.getvalue(), OPTIONS.get()))


def _piped_width() -> int:
    """Return the columns of a table in a pipe: what COLUMNS says, where that is a width."""
    told = os.environ.get("COLUMNS", "")
    return int(told) if told.isdecimal() and int(told) > 0 else WIDTH_PIPED


def note(text: str) -> None:
    """Write one line for a person on standard error."""
    to_stderr(in_text(text, OPTIONS.get()) + "\n")


def fail(error: TrimtabError) -> Exit:
    """Report why a command could not do its work, and what to do next; return its code."""
    code = exit_of_error(error)
    if OPTIONS.get().as_json:
        document = error_document(
            code=_code_name(error),
            message=str(error),
            true_now=error.true_now,
            next_step=error.next_step,
        )
        if isinstance(error, InvalidConfig):
            document["error"]["faults"] = [fault_document(f) for f in error.faults]
        with contextlib.suppress(BrokenPipeError):
            put_document(in_document(document, OPTIONS.get()))
    else:
        note(f"error: {error}\n{error.true_now}\nnext: {error.next_step}")
    return code


def fault_document(fault: Any) -> Document:  # noqa: ANN401 -- a ConfigFault, shown by its fields.
    """Return one fault of the configuration."""
    names = ("file", "line", "column", "key", "reason", "fix")
    return {name: getattr(fault, name) for name in names}


def _code_name(error: TrimtabError) -> str:
    """Return the error's name in lower_snake_case."""
    name = type(error).__name__
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
