"""``init`` and ``config``: write a configuration to begin with, show it, check it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter
from rich.console import Group
from rich.text import Text

from trimtab.adapters.system_clock import SystemClock
from trimtab.cli import session
from trimtab.cli.documents import error_document
from trimtab.cli.exits import Exit
from trimtab.cli.rows import Rows
from trimtab.cli.session import Result
from trimtab.cli.streams import put_document
from trimtab.config import InvalidConfig, Setting, SourceKind, starter_text
from trimtab.config import schema as file_schema
from trimtab.config.profiles import USUAL_PROFILE
from trimtab.domain.canonical import instant_text
from trimtab.domain.errors import ConfigError
from trimtab.domain.snapshot import Environment

USUAL_FILE: Final = Path("trimtab.toml")
"""Where every command looks first when it is not told otherwise."""


def init(
    file: Annotated[Path, Parameter(allow_leading_hyphen=False)] = USUAL_FILE,
    *,
    profile: str = USUAL_PROFILE,
    venue: str = "binance",
    environment: Environment = Environment.LOCAL,
) -> Exit:
    """Write a commented configuration to begin with; never over a file that is there.

    Parameters
    ----------
    file
        Where to write it.
    profile
        conservative, moderate or aggressive.
    venue
        A venue that an adapter opens, such as binance.
    environment
        Which exchange host is talked to.

    """
    if _is_there(file):
        raise _taken(file)
    named = "" if file == USUAL_FILE else str(file)
    text = starter_text(profile, venue=venue, environment=environment, file=named) + _activated()
    write_new(file, text)
    steps = _first_steps(file, environment)
    document = {
        "status": "written",
        "file": str(file),
        "profile": profile,
        "venue": venue,
        "environment": environment.value,
        "next": steps,
    }
    view = Text(f"Wrote {file}: profile {profile}, {venue}, {environment.value}.\n")
    view.append("\n".join(f"next: {step}" for step in steps))
    return session.emit(Result(document=document, view=view, code=Exit.DONE))


def _activated() -> str:
    """Return the lines that say since when slots run by themselves: from now on."""
    return (
        "\n[schedule]                   # trimtab run --if-due: once a slot of the calendar\n"
        "grace_days = 7               # later than that, a slot needs the explicit command\n"
        f'activated_at = "{instant_text(SystemClock().now())}"  # no slot before it is due\n'
    )


def write_new(file: Path, text: str) -> None:
    """Write a file that must not be there yet.

    Raises:
        ConfigError: it is there, or cannot be written.

    """
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError:
        raise _taken(file) from None
    except OSError as fault:
        raise ConfigError(
            f"{file} cannot be written: {fault.strerror}", next_step="choose another place"
        ) from None


def _is_there(file: Path) -> bool:
    """Say whether a file is there; of one that may not be looked at its writing says why."""
    try:
        return file.exists()
    except OSError:
        return False


def _taken(file: Path) -> ConfigError:
    """Return that a file is there."""
    return ConfigError(
        f"{file} is there already and is not overwritten",
        next_step=f"choose another name, or remove {file}",
    )


def _first_steps(file: Path, environment: Environment) -> list[str]:
    """Return the commands that come after a new configuration."""
    named = "" if file == USUAL_FILE else f" --config {shlex.quote(str(file))}"
    doctor = f"trimtab{named} doctor"
    if environment is Environment.LOCAL:
        return ["trimtab testnet", f"{doctor}  (in another terminal)"]
    return [f"set the key as {file} says", doctor]


def show() -> Exit:
    """Print the effective configuration, secrets masked."""
    config = session.configuration()
    table = Rows(("key", "from", "~value"), [_row(s) for s in config.settings])
    changed = sum(s.source.kind is not SourceKind.DEFAULT for s in config.settings)
    head = Text.assemble(
        (str(config.file), "bold"),
        f"\n{changed} of {len(config.settings)} values are set, the others are defaults. "
        f"Policy {config.policy_digest[:12]}.\n",
    )
    view = Group(head, table)
    return session.emit(Result(document=config.document(), view=view, code=Exit.DONE))


def _row(setting: Setting) -> tuple[Text, Text, Text]:
    """Return one key with its source and value; defaults are dim."""
    value = setting.value
    if isinstance(value, list):
        value = ", ".join(_item(item) for item in value)
    elif isinstance(value, bool):
        value = str(value).lower()  # As it is written in the file.
    style = "dim" if setting.source.kind is SourceKind.DEFAULT else ""
    shown = (setting.key, setting.source.where, "" if value is None else str(value))
    key, where, text = (Text(part, style) for part in shown)
    return key, where, text


def _item(item: object) -> str:
    """Return an item of a list: text, or what a table in it says."""
    if not isinstance(item, dict):
        return str(item)
    return " ".join(f"{name} {value}" for name, value in item.items())


def check() -> Exit:
    """Print every fault of the configuration at once."""
    try:
        config = session.configuration()
    except InvalidConfig as invalid:
        return session.emit(_faulty(invalid))
    document = {"status": "ok", "file": str(config.file), "faults": []}
    view = Text.assemble(("ok", "green"), f"  {config.file}: no fault in it.\nnext: trimtab doctor")
    return session.emit(Result(document=document, view=view, code=Exit.DONE))


def _faulty(invalid: InvalidConfig) -> Result:
    """Return all faults, one to a line that an editor can follow."""
    count = len(invalid.faults)
    told = "1 fault" if count == 1 else f"{count} faults"
    is_there = invalid.next_step == InvalidConfig.next_step
    again = "mend it, then trimtab config check" if is_there else invalid.next_step
    document = error_document(
        code="invalid_config",
        message=str(invalid),
        true_now=invalid.true_now,
        next_step=again,
    )
    document["error"]["faults"] = [session.fault_document(f) for f in invalid.faults]
    lines = [Text(f.message, no_wrap=True, overflow="ignore") for f in invalid.faults]
    view = Group(*lines, Text(f"{told}; nothing was read from a venue.\nnext: {again}"))
    return Result(document=document, view=view, code=Exit.WRONG_INPUT)


def schema() -> Exit:
    """Print the JSON Schema of the configuration; it is JSON with or without ``--json``."""
    put_document(file_schema())
    return Exit.DONE
