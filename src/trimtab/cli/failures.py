"""How a command that failed is told: one error with its next step, and the exit code.

Imported when something has failed, so that help pays neither for errors nor for commands.
"""

from __future__ import annotations

import traceback

from cyclopts import CycloptsError, MissingArgumentError, UnusedCliTokensError

from trimtab.cli import session
from trimtab.cli.exits import Exit
from trimtab.cli.options import OPTIONS
from trimtab.domain.errors import ConfigError, TrimtabError


def told(fault: Exception) -> Exit:
    """Report what ended a command, whatever it is, and return its code."""
    match fault:
        case TrimtabError():
            return session.fail(fault)
        case CycloptsError():
            return session.fail(ConfigError(_usage(fault), next_step=_help(fault)))
        case BrokenPipeError():
            return Exit.INTERRUPTED
        case _:
            return _bug(fault)


def _usage(error: CycloptsError) -> str:
    """Return what is wrong with the arguments, in one line."""
    match error:
        case MissingArgumentError(argument=argument) if argument is not None:
            if argument.index is None:
                return f"{argument.name} needs a value"
            return f"{_command(error)} needs {argument.name.removeprefix('--').upper()}"
        case UnusedCliTokensError(unused_tokens=[*words]):
            return f"{_command(error)} does not take: {' '.join(words)}"
        case _:
            return " ".join(str(error).split())


def _help(error: CycloptsError) -> str:
    """Return the command that tells what may be said where *error* was made."""
    return " ".join(("trimtab", *(error.command_chain or ()), "--help"))


def _command(error: CycloptsError) -> str:
    """Return the words of the command whose arguments are wrong."""
    return " ".join(error.command_chain or ("trimtab",))


def _bug(bug: Exception) -> Exit:
    """Report a fault of the program itself, with its place but without values."""
    place = bug.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else "nowhere"
    report = TrimtabError(
        f"a bug in Trimtab: {type(bug).__name__} at {where}",
        next_step="trimtab recover; then report it with the output of --log-level debug",
    )
    report.true_now = "What was sent is in the ledger."
    session.fail(report)
    if OPTIONS.get().log_level == "debug":
        session.note("".join(traceback.format_exception(bug)))
    return Exit.BUG
