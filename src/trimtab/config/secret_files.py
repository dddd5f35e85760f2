"""Secrets in files: read only where nobody else can read, write or replace them. Not pure.

A file must be the operator's own, mode 0600 or less, and no symbolic link. Its folder must be
the operator's or root's and writable by nobody else: who may write there could put another
file in its place.
"""

from __future__ import annotations

import os
import stat
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from trimtab.domain.errors import ConfigError

_BYTES_MAX: Final = 4096
_ROOT: Final = 0
_MAKING: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
"""Not waiting: a pipe without a writer must not stop us."""


def text_in(path: str, *, named_by: str, home: str) -> str:
    """Return the secret in the file *path*, without its last line ends.

    *named_by* is the variable that names it; a leading ``~/`` stands for *home*.

    Raises:
        ConfigError: it may not be read as it lies, or holds no secret.

    """
    place = place_of(path, home=home)
    with ExitStack() as closing:
        try:
            # The folder is held open, so that the one that is judged is the one that is read.
            folder = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            closing.callback(os.close, folder)
            descriptor = os.open(place.name, _FLAGS, dir_fd=folder)
            closing.callback(os.close, descriptor)
        except OSError as e:
            reason = f"cannot be opened without following links: {e.strerror}"
            raise _unsafe(named_by, path=path, reason=reason) from None
        status, around = os.fstat(descriptor), os.fstat(folder)
        if reason := _unsafety(status) or _exposure(around, place.parent):
            raise _unsafe(named_by, path=path, reason=reason)
        raw = os.read(descriptor, _BYTES_MAX + 1)
    try:
        text = raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise _unsafe(named_by, path=path, reason="is not UTF-8 text") from None
    if not text or len(raw) > _BYTES_MAX:
        raise _unsafe(named_by, path=path, reason="is empty or larger than 4096 bytes")
    return text


def place_of(path: str, *, home: str) -> Path:
    """Return where a file lies; a leading ``~/`` stands for *home*."""
    return Path(f"{home}{path[1:]}" if home and path.startswith("~/") else path)


def refuse_taken(place: Path, *, named_by: str) -> None:
    """Refuse a place where something lies already.

    Raises:
        ConfigError: something does.

    """
    if os.path.lexists(place):
        raise _unsafe(named_by, path=str(place), reason="is there already")


def write_text(place: Path, text: str, *, named_by: str) -> Path:
    """Make a file, mode 0600, with a secret in it; return where it lies. Never overwrites.

    Raises:
        ConfigError: it is there already, or would not lie safely.

    """
    with ExitStack() as closing:
        try:
            folder = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            closing.callback(os.close, folder)
            if reason := _exposure(os.fstat(folder), place.parent):
                raise _unsafe(named_by, path=str(place), reason=reason)
            descriptor = os.open(place.name, _MAKING, 0o600, dir_fd=folder)
            closing.callback(os.close, descriptor)
            os.write(descriptor, f"{text}\n".encode())
            os.fsync(descriptor)
        except OSError as e:
            reason = f"cannot be made: {e.strerror}"
            raise _unsafe(named_by, path=str(place), reason=reason) from None
    return place.absolute()


def _unsafety(status: os.stat_result) -> str:
    """Return why a file cannot be trusted with a secret; nothing when it can."""
    if not stat.S_ISREG(status.st_mode):
        return "is no regular file"
    if status.st_uid != os.geteuid():
        return "belongs to another user"
    if status.st_mode & 0o077:
        mode = stat.S_IMODE(status.st_mode)
        return f"has mode {mode:04o}, others may read it; chmod 600 it"
    return ""


def _exposure(status: os.stat_result, folder: Path) -> str:
    """Return why a folder cannot be trusted to keep its files; nothing when it can."""
    if status.st_uid not in {os.geteuid(), _ROOT}:
        return f"lies in {folder}, which belongs to another user"
    if status.st_mode & 0o022:
        mode = stat.S_IMODE(status.st_mode)
        return f"lies in {folder} of mode {mode:04o}, where others may replace it; chmod 700 that"
    return ""


def _unsafe(name: str, *, path: str, reason: str) -> ConfigError:
    return ConfigError(f"{name}: {path}: {reason}", next_step="mend the file, then trimtab doctor")
