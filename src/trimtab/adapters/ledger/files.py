"""Where a ledger lives: the database, and beside it the lock and the head.

Files are 0600 in a directory that is made 0700. Not pure: it makes files and reads them.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from trimtab.adapters.ledger.chain import Head
from trimtab.domain.errors import ConfigError, LedgerError

_SQLITE: Final = "sqlite:///"
_HASH_DIGITS: Final = 64
_SEQ_DIGITS: Final = 20
_LOG: Final = "-wal"
"""SQLite's write-ahead log; it is there for as long as somebody has the database open."""
_OURS: Final = "entries"
"""The table that every ledger has."""


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
    """Make the directory, an empty database that only the user can read, and its first anchor.

    The anchor is there, and flushed, before the first entry is: one that is missing later was
    taken away. A database that is gone while its anchor names entries is not made anew.

    Raises:
        LedgerError: the ledger that the anchor belongs to is gone, or the file is another's.
        OSError: it cannot be made.
        sqlite3.Error: what is there is no database.

    """
    place.database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not place.database.exists() or place.database.stat().st_size == 0:
        _begin_anchor(place)
    refuse_others(place)
    descriptor = os.open(place.database, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if os.fstat(descriptor).st_mode & 0o077:
            os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


def refuse_others(place: Place) -> None:
    """Refuse a file of something else, named by mistake, before anything of it is changed.

    One that has an anchor beside it is a ledger, sound or not.

    Raises:
        LedgerError: it has tables, and none of ours.
        sqlite3.Error: it is no database, or cannot be read.

    """
    if place.anchor.exists() or not place.database.exists():
        return
    address = f"{place.database.as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    tables = sorted(name for (name,) in rows)
    if tables and _OURS not in tables:
        raise LedgerError(
            f"ledger {place.database}: is a database of something else, with a table {tables[0]};"
            " nothing in it was changed",
            next_step="check ledger.url in the configuration",
        )


class Anchored(Protocol):
    """Wherever a ledger lives, its head stands a second time in a file of this machine."""

    @property
    def anchor(self) -> Path:
        """The head of the chain, a second time."""
        ...


def _begin_anchor(place: Place) -> None:
    """Make the anchor of a ledger without entries, and flush it with its name."""
    anchor = read_anchor(place) if place.anchor.exists() else None
    if anchor is not None and anchor.seq > 0:
        raise LedgerError(
            f"ledger {place.database}: is gone or empty, and {place.anchor.name} beside it names "
            f"entry {anchor.seq}; nothing was sent",
            next_step="trimtab ledger restore FILE with the last backup, or remove "
            f"{place.anchor.name} to begin a new ledger",
        )
    write_anchor(place.anchor, Head(seq=0, hash="0" * _HASH_DIGITS))
    for path, flags in ((place.anchor, os.O_RDWR), (place.anchor.parent, os.O_RDONLY)):
        descriptor = os.open(path, flags | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def identity(place: Place) -> tuple[tuple[int, int], ...]:
    """Return which files the names of database and log stand for; missing ones are left out.

    A name that stands for another file while the first is open means that it was deleted,
    moved or replaced: what is committed from then on reaches a file that nobody will find.
    """
    found = []
    name = str(place.database)
    for path in (name, name + _LOG):
        try:
            status = os.stat(path)  # noqa: PTH116  with every commit; a Path costs more than the call
        except FileNotFoundError:
            continue
        found.append((status.st_dev, status.st_ino))
    return tuple(found)


def replaced(place: Place) -> LedgerError:
    """Return the error of a ledger whose files are not those that were opened."""
    return LedgerError(
        f"ledger {place.database}: writing: was deleted, moved or replaced while it was open; "
        "nothing was written, and nothing more is sent",
        next_step="put the file back from where it went, or a backup, then trimtab recover",
    )


def write_anchor(anchor: Path, head: Head) -> None:
    """Write the head over the one before it, in place and in one write of fixed length.

    It follows the commit and is not flushed: after a crash it may lag behind the database,
    never run ahead of it. It is shorter than a sector, so that no crash leaves half of it.

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
