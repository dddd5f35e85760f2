"""The options that every command takes, before or after its name.

They are taken out of the argument list before the command's own arguments are read, so
``trimtab --json plan`` and ``trimtab plan --json`` are the same. Help imports this module, and
therefore nothing of the program's other rooms.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HELP = """Every command also takes, before or after its name:

 • --config FILE: the configuration; else TRIMTAB_CONFIG, ./trimtab.toml,
   ~/.config/trimtab/config.toml.
 • --set a.b=c: override one value of it (repeatable).
 • --json: one JSON document on standard output, all else on standard error.
 • --log-level LEVEL: debug, info, warning (default) or error.
 • --log-format FORMAT: console (default) or json, on standard error.
"""

LOG_LEVELS = ("debug", "info", "warning", "error")
LOG_FORMATS = ("console", "json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What holds for the whole process."""

    config: Path | None
    """The file asked for; None looks in the usual places."""
    sets: tuple[str, ...]
    """Overrides as ``a.b=c``, in the order given."""
    as_json: bool
    log_level: str
    log_format: str


OPTIONS: Final[ContextVar[Options]] = ContextVar("options")
"""The options of this process; set once, before a command runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLine:
    """The arguments, split into what every command takes and the rest."""

    options: Options
    rest: tuple[str, ...]


def split(arguments: Sequence[str]) -> CommandLine:
    """Take the common options out of *arguments*; everything behind ``--`` is left alone.

    Raises:
        ConfigError: an option lacks its value, or has one that it does not know.

    """
    valued: dict[str, list[str]] = {
        "--config": [],
        "--set": [],
        "--log-level": [],
        "--log-format": [],
    }
    rest, as_json, waiting = list[str](), False, list(arguments)
    while waiting:
        word = waiting.pop(0)
        name, equals, value = word.partition("=")
        if word == "--":
            rest += [word, *waiting]
            break
        if word == "--json":
            as_json = True
        elif name in valued:
            valued[name].append(value if equals else _next(name, waiting))
        else:
            rest.append(word)
    options = Options(
        config=Path(valued["--config"][-1]) if valued["--config"] else None,
        sets=tuple(valued["--set"]),
        as_json=as_json,
        log_level=_one_of(LOG_LEVELS, valued["--log-level"], option="--log-level", usual="warning"),
        log_format=_one_of(
            LOG_FORMATS, valued["--log-format"], option="--log-format", usual="console"
        ),
    )
    return CommandLine(options=options, rest=tuple(rest))


def _next(name: str, waiting: list[str]) -> str:
    """Take the value of an option off the waiting words."""
    if not waiting:
        from trimtab.domain.errors import ConfigError  # noqa: PLC0415 -- help must not pay for it.

        raise ConfigError(f"{name} needs a value", next_step="trimtab --help")
    return waiting.pop(0)


def _one_of(known: Sequence[str], given: list[str], *, option: str, usual: str) -> str:
    """Return the word that was given last for an option, the usual one when none was."""
    word = given[-1] if given else usual
    if word not in known:
        from trimtab.domain.errors import ConfigError  # noqa: PLC0415 -- help must not pay for it.

        told = f"{option} must be one of {', '.join(known)}, was {word}"
        raise ConfigError(told, next_step="trimtab --help")
    return word
