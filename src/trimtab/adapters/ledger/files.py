"""Where a ledger lives: the database, and beside it the lock and the head.

Files are 0600 in a directory that is made 0700. Not pure: it makes files and reads them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from trimtab.adapters.ledger.chain import Head
from trimtab.domain.errors import ConfigError

_SQLITE: Final = "sqlite:///"
_HASH_DIGITS: Final = 64
_SEQ_DIGITS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The files of one ledger."""

    database: Path

    @property
    def name(self) -> str:
        """How messages call it."""
        return str(self.database)

    @property
    def lock(self) -> Path:
        """Locked by the operating system for as long as a run holds the account."""
        return self.database.with_name(self.database.name + ".lock")

    @property
    def anchor(self) -> Path:
        """The head of the chain, a second time."""
        return self.database.with_name(self.database.name + ".head")


def place_of(url: str) -> Place:
    """Return the files that *url* (``sqlite:///path``, ``~`` allowed) names.

    Raises:
        ConfigError: it names no file.

    """
    path = url.removeprefix(_SQLITE)
    if path == url or path in ("", ":memory:") or "?" in path:
        raise ConfigError(
            f"ledger.url: {url.partition('://')[0]}: must be sqlite:///PATH, a file of its own"
        )
    return Place(database=Path(path).expanduser().absolute())


def prepare(place: Place) -> None:
    """Make the directory and an empty database that only the user can read.

    Raises:
        OSError: it cannot be made.

    """
    place.database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(place.database, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if os.fstat(descriptor).st_mode & 0o077:
            os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


class Anchored(Protocol):
    """Wherever a ledger lives, its head stands a second time in a file of this machine."""

    @property
    def anchor(self) -> Path:
        """The head of the chain, a second time."""
        ...


def write_anchor(anchor: Path, head: Head) -> None:
    """Write the head over the one before it, in place and in one write of fixed length.

    It follows the commit and is not flushed: after a crash it may lag behind the database,
    never run ahead of it.

    Raises:
        OSError: it cannot be written.

    """
    line = f"{head.seq:0{_SEQ_DIGITS}d} {head.hash}\n".encode("ascii")
    descriptor = os.open(anchor, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.pwrite(descriptor, line, 0)
    finally:
        os.close(descriptor)


def read_anchor(place: Anchored) -> Head | None:
    """Return the head that the anchor names, or None when its text is not of that form.

    Raises:
        OSError: it cannot be read.

    """
    seq, _, rest = place.anchor.read_text(encoding="ascii", errors="replace").partition(" ")
    hashed = rest.removesuffix("\n")
    if not (seq.isdecimal() and len(seq) == _SEQ_DIGITS and len(hashed) == _HASH_DIGITS):
        return None
    return Head(seq=int(seq), hash=hashed)
