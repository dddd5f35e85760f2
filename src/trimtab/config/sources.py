"""Where settings come from: the file, variables and options, each with its place.

Reads the file; everything else is passed in. Secrets are not settings: variables that hold
them are left alone here.
"""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from trimtab.config.faults import ConfigFault, InvalidConfig, dotted
from trimtab.config.numerals import FloatLiteral
from trimtab.config.positions import KeyPath, positions
from trimtab.config.settings import Source, SourceKind
from trimtab.config.shape import is_per_asset, overriding

PREFIX: Final = "TRIMTAB__"
"""What a variable that overrides the file begins with."""
FILE_VARIABLE: Final = "TRIMTAB_CONFIG"
"""The variable that names the file."""
NOTIFY_SECRETS: Final = (
    "webhook_secret",
    "telegram_token",
    "ntfy_token",
    "email_password",
    "apprise_urls",
    "reply_secret",
)
"""Secrets of the channels; read by :mod:`trimtab.config.notify_secrets` only."""
SECRET_VARIABLES: Final = frozenset(
    f"{PREFIX}{name}{ending}"
    for name in (
        *(
            f"{place}__{use}{part}"
            for place in ("VENUE", "HEDGE__VENUE")
            for use in ("", "READ_")
            for part in ("API_KEY", "API_SECRET", "PASSWORD")
        ),
        *(f"NOTIFY__{name.upper()}" for name in NOTIFY_SECRETS),
    )
    for ending in ("", "_FILE")
)
"""Variables that hold or name secrets; :mod:`trimtab.config.secrets` reads those of the venue."""
_BYTES_MAX: Final = 1_000_000
_PLACE: Final = re.compile(r"\(at line ([0-9]+), column ([0-9]+)\)$")
_AT_END: Final = " (at end of document)"
_KEY_PART: Final = re.compile(r"[A-Za-z0-9_-]{1,80}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """What one source sets."""

    tree: Mapping[str, Any]
    """Nested tables, as TOML would give them."""
    sources: Mapping[KeyPath, Source]
    """Place of every key that is set."""
    faults: tuple[ConfigFault, ...] = field(default=())
    """What could not be read at all."""


def find_file(path: Path | None, *, environ: Mapping[str, str], home: Path, cwd: Path) -> Path:
    """Return the configuration file: as asked for, as the variable says, or a usual place.

    Raises:
        InvalidConfig: there is none, or not where it was said to be.

    """
    named = [(path, "--config")] if path is not None else []
    if not named and environ.get(FILE_VARIABLE):
        named = [(Path(environ[FILE_VARIABLE]), FILE_VARIABLE)]
    for given, by in named:
        found = cwd / _at_home(given, home=home)
        if _is_file(found):
            return found
        reason = f"{found} is no file that can be read"
        step = _writing(found, cwd=cwd)
        raise _no_file(by, reason=reason, fix="name a configuration file", next_step=step)
    usual = (cwd / "trimtab.toml", home / ".config" / "trimtab" / "config.toml")
    for found in usual:
        if _is_file(found):
            return found
    reason = f"there is no configuration here, nor is there {usual[1]}"
    fix = f"write one with trimtab init, or name one with --config or {FILE_VARIABLE}"
    raise _no_file(str(usual[0]), reason=reason, fix=fix, next_step="trimtab init")


def _writing(file: Path, *, cwd: Path) -> str:
    """Return the command that writes *file*, or what else to do where none can."""
    try:
        can_be = file.parent.is_dir() and not file.exists()
    except OSError:
        can_be = False
    if not can_be:
        return "name a configuration file, then trimtab --config FILE config check"
    near = file.relative_to(cwd) if file.is_relative_to(cwd) else file
    return shlex.join(["trimtab", "init", str(near)])


def _is_file(path: Path) -> bool:
    """Say whether *path* is a file; one that may not be looked at is none."""
    try:
        return path.is_file()
    except OSError:
        return False


def _at_home(path: Path, *, home: Path) -> Path:
    """Return *path* with a leading ``~`` replaced; the real home is not asked for."""
    return home.joinpath(*path.parts[1:]) if path.parts[:1] == ("~",) else path


def _no_file(file: str, *, reason: str, fix: str, next_step: str) -> InvalidConfig:
    fault = ConfigFault(file=file, line=0, column=0, key="", reason=reason, fix=fix)
    return InvalidConfig([fault], next_step=next_step)


def file_layer(path: Path, *, name: str) -> Layer:
    """Return what the file sets; *name* is how faults call it.

    A file that is no TOML gives one fault, where reading stopped.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(_BYTES_MAX + 1)
    except OSError as e:
        return _unread(
            name, reason=f"cannot be read: {e.strerror}", fix="check the file's owner and mode"
        )
    if len(raw) > _BYTES_MAX:
        return _unread(name, reason="is larger than 1 MB", fix="name a configuration file")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as e:
        line = raw[: e.start].count(b"\n") + 1
        column = e.start - (raw.rfind(b"\n", 0, e.start) + 1) + 1
        return _unread(
            name, reason="is not UTF-8 text", fix="save it as UTF-8", line=line, column=column
        )
    return _text_layer(text, name=name)


def _text_layer(text: str, *, name: str) -> Layer:
    """Return what the file's text sets."""
    try:
        tree = tomllib.loads(text, parse_float=lambda literal: FloatLiteral(text=literal))
        places = positions(text)
    except RecursionError:
        return _unread(
            name, reason="is nested too deeply", fix="use the tables of the documentation"
        )
    except ValueError as e:  # A TOMLDecodeError, or a number with thousands of digits.
        return _no_toml(name, text=text, error=str(e))
    sources = {
        key: Source(kind=SourceKind.FILE, name=name, line=place.line, column=place.column)
        for key, place in places.items()
    }
    return Layer(tree=tree, sources=sources)


def _unread(name: str, *, reason: str, fix: str, line: int = 1, column: int = 1) -> Layer:
    fault = ConfigFault(file=name, line=line, column=column, key="", reason=reason, fix=fix)
    return Layer(tree={}, sources={}, faults=(fault,))


def _no_toml(name: str, *, text: str, error: str) -> Layer:
    """Return the fault that tomllib's message describes, located by the message."""
    lines = text.replace("\r\n", "\n").split("\n")
    place = _PLACE.search(error)
    last = max(1, len(text.rstrip().split("\n")))
    line, column = (int(place[1]), int(place[2])) if place else (last, len(lines[last - 1]) + 1)
    reason = _PLACE.sub("", error).removesuffix(_AT_END).strip()
    if not place and not error.endswith(_AT_END):
        reason, line, column = "holds a number with too many digits", 1, 1
    written = lines[line - 1] if line <= len(lines) else ""
    key = written.partition("=")[0].strip() if "=" in written else ""
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,80}", key):
        key = ""
    reason = f"is not TOML: {reason[:1].lower()}{reason[1:]}"
    fix = (
        "close what is still open"
        if error.endswith(_AT_END)
        else _syntax_fix(text, written=written)
    )
    fault = ConfigFault(file=name, line=line, column=column, key=key, reason=reason, fix=fix)
    return Layer(tree={}, sources={}, faults=(fault,))


def _syntax_fix(text: str, *, written: str) -> str:
    """Return the likeliest cure for a line that tomllib does not accept."""
    value = written.partition("=")[2].strip()
    if text.startswith("\ufeff"):
        return "save the file as UTF-8 without a byte order mark"
    if "\x00" in written:
        return "take the NUL out of this line, or save the file as UTF-8"
    if re.match(r"[A-Za-z./~]|[0-9.]+\s*(?:%|pp)", value):
        return "put the text in quotes"
    if written.strip() and not value and not written.lstrip().startswith("["):
        return 'write key = "value"'
    if value.count('"') % 2 or value.count("'") % 2:
        return "close the quote"
    return "correct this line, or the one before it"


def variables_layer(environ: Mapping[str, str]) -> Layer:
    """Return what ``TRIMTAB__SECTION__KEY`` variables set, in order of their names."""
    chosen = sorted(n for n in environ if n.startswith(PREFIX) and n not in SECRET_VARIABLES)
    rows = [(name, _variable_path(name), environ[name]) for name in chosen]
    return _overrides(rows, kind=SourceKind.ENVIRONMENT)


def _variable_path(name: str) -> tuple[str, ...]:
    """Return the key that a variable names; assets are capitals, all else is lower case."""
    steps = name.removeprefix(PREFIX).lower().split("__")
    return tuple(s.upper() if is_per_asset(tuple(steps[:i])) else s for i, s in enumerate(steps))


def options_layer(sets: Sequence[str]) -> Layer:
    """Return what ``--set a.b=c`` options set; of two for one key the later one counts."""
    rows = []
    faults = []
    for text in sets:
        key, equals, value = text.partition("=")
        path = tuple(step.strip() for step in key.split("."))
        if equals and all(_KEY_PART.fullmatch(step) for step in path):
            rows.append((f"--set {dotted(path)}", path, value.strip()))
            continue
        # Not the text itself: somebody may have tried to hand over a secret.
        name = "--set" if not equals else f"--set {key.strip()[:40]}"
        fix = "write --set section.key=value"
        reason = "is not an assignment"
        faults.append(
            ConfigFault(file=name, line=0, column=0, key="", reason=reason, fix=fix),
        )
    layer = _overrides(rows, kind=SourceKind.OPTION)
    return Layer(tree=layer.tree, sources=layer.sources, faults=(*faults, *layer.faults))


def _overrides(rows: Iterable[tuple[str, tuple[str, ...], str]], *, kind: SourceKind) -> Layer:
    """Return (name, path, text) rows as a layer."""
    tree: dict[str, Any] = {}
    sources: dict[KeyPath, Source] = {}
    faults = []
    for name, path, text in rows:
        source = Source(kind=kind, name=name, line=0, column=0)
        table: Any = tree
        for step in path[:-1]:
            table = table.setdefault(step, {}) if isinstance(table, dict) else table
        if not isinstance(table, dict) or isinstance(table.get(path[-1]), dict):
            reason = "sets a table and a key inside it"
            faults.append(source.fault(dotted(path), reason=reason, fix="set only the keys"))
            continue
        table[path[-1]] = overriding(path, text)
        sources[path] = source
    return Layer(tree=tree, sources=sources, faults=tuple(faults))
