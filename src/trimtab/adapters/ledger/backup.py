"""A ledger's file copied while it is in use, and such a copy put back. SQLite alone.

A copy is made by SQLite's own backup, in one step and so of one instant, whatever is written
meanwhile. It is proved like any ledger before it gets its name, and again before it is put back;
what it replaces is kept beside it. Nothing here deletes a ledger. Not pure: it makes, reads and
renames files.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, NullPool, create_engine

from trimtab.adapters.ledger import lease, reads
from trimtab.adapters.ledger.chain import Head
from trimtab.adapters.ledger.faults import located
from trimtab.adapters.ledger.files import Place, read_anchor, refuse_others, write_anchor
from trimtab.adapters.ledger.migrate import needs_migration
from trimtab.adapters.ledger.server import Server
from trimtab.adapters.ledger.site import site_of
from trimtab.adapters.ledger.verification import contradiction, verify
from trimtab.domain.errors import ConfigError, LedgerError
from trimtab.domain.snapshot import AccountKey

_PART: Final = ".part"
"""Ends the name of a copy that is not proved yet."""
_BESIDE: Final = ("", "-wal", "-shm", ".head")
"""Ends of the names of a ledger's files; the lock stays where it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PutBack:
    """How a copy is to take a ledger's place."""

    key: AccountKey
    """Whose ledger it must be."""
    over_newer: bool
    """Whether entries that the copy lacks may be left behind."""
    owner: str
    """Who does it, as told to a run that wants the account meanwhile."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """A copy that is proved."""

    file: Path
    entries: int
    """How many it has, from the first on."""
    head: str
    """Hash of the last of them."""
    replaced: Path | None
    """Where the ledger is kept that it took the place of; None where there was none."""


def back_up(url: str, file: Path) -> Copied:
    """Copy the ledger at *url* to a file that is not there yet, and prove the copy.

    Raises:
        ConfigError: the file is there or cannot be written, or the ledger is on a server.
        LedgerError: the ledger is not there, cannot be read, or its copy is not sound.

    """
    source, copy = _file_ledger(url), Place(database=file.absolute())
    _must_be_there(source)
    _refuse_existing(copy)
    with _proved_copy(source, part=_part_of(copy)) as (part, head):
        for end in ("", ".head"):
            _rename(_beside(part, end), to=_beside(copy, end))
    return Copied(file=copy.database, entries=head.seq, head=head.hash, replaced=None)


def put_back(url: str, file: Path, wish: PutBack) -> Copied:
    """Put the copy in *file* in the place of the ledger at *url*, which is kept beside it.

    Raises:
        AccountHeld: a run holds the account.
        ConfigError: the copy is another account's or not there, or the ledger is on a server.
        LedgerError: the copy is none, or not sound, or the ledger has entries that it lacks and
            *wish* does not say that they may be left behind.

    """
    target, copy = _file_ledger(url), Place(database=file.absolute())
    _must_be_a_ledger(copy)
    target.database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(lease.locked(target, wish.owner))
        part, head = stack.enter_context(_proved_copy(copy, part=_part_of(target)))
        _refuse_foreign(part, wish.key)
        if not wish.over_newer:
            _refuse_newer(target, part=part)
        replaced = _set_aside(target, wish.at)
        for end in ("", ".head"):
            _rename(_beside(part, end), to=_beside(target, end))
    return Copied(file=target.database, entries=head.seq, head=head.hash, replaced=replaced)


def _file_ledger(url: str) -> Place:
    """Return the files of the ledger at *url*.

    Raises:
        ConfigError: it is on a server, which has tools of its own.

    """
    site = site_of(url)
    if isinstance(site, Server):
        raise ConfigError(
            f"ledger {site.name}: is on a PostgreSQL server, which is backed up by its own tools; "
            "trimtab ledger verify proves what was put back",
            next_step="pg_dump --format=custom --schema=SCHEMA DATABASE, back with pg_restore",
        )
    return site


def _must_be_there(place: Place) -> None:
    """Refuse to copy what is not there.

    Raises:
        LedgerError: it is not, or is empty.

    """
    if not place.database.is_file() or place.database.stat().st_size == 0:
        raise LedgerError(f"ledger {place.database}: is not there", next_step="trimtab config show")


def _must_be_a_ledger(copy: Place) -> None:
    """Refuse to put back what no ledger was copied to.

    Raises:
        ConfigError: there is no such file.
        LedgerError: it is empty, or a file of something else.

    """
    if not copy.database.is_file():
        raise ConfigError(
            f"{copy.database}: there is no such file; nothing was put back",
            next_step="trimtab ledger restore FILE, with one that trimtab ledger backup made",
        )
    _must_be_there(copy)
    try:
        with located(copy, "opening it"):
            refuse_others(copy)
    except LedgerError as e:
        raise LedgerError(
            f"{e}; nothing was put back",
            next_step="trimtab ledger restore FILE, with one that trimtab ledger backup made",
        ) from e


def _refuse_existing(copy: Place) -> None:
    """Refuse to write over anything.

    Raises:
        ConfigError: the file is there.

    """
    for end in _BESIDE:
        path = _beside(copy, end)
        if path.exists():
            raise ConfigError(
                f"{path} is there already and is not overwritten", next_step="choose another name"
            )


def _part_of(place: Place) -> Place:
    """Return where a copy stands until it is proved."""
    return Place(database=_beside(place, _PART))


def _beside(place: Place, end: str) -> Path:
    """Return a file whose name is that of the database with an end."""
    return place.database.with_name(place.database.name + end)


@contextmanager
def _proved_copy(source: Place, *, part: Place) -> Iterator[tuple[Place, Head]]:
    """Copy a ledger, prove the copy, and run the block with it; what is left of it is removed.

    Raises:
        ConfigError: the copy cannot be written.
        LedgerError: the source cannot be read, or the copy is not sound.

    """
    try:
        try:
            _copy(source, part=part)
        except OSError as e:
            raise ConfigError(
                f"{part.database} cannot be written: {e.strerror}", next_step="choose another place"
            ) from e
        yield part, _proved(source, part=part)
    finally:
        _remove(part)


def _copy(source: Place, *, part: Place) -> None:
    """Copy the database in one step into a file that only the user can read, and its head.

    Raises:
        LedgerError: the source cannot be read.
        OSError: the copy cannot be written.

    """
    _remove(part)
    os.close(os.open(part.database, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    address = f"{source.database.as_uri()}?mode=ro"
    with located(source, "copying"), closing(sqlite3.connect(part.database)) as into:
        with closing(sqlite3.connect(address, uri=True)) as out:
            out.backup(into, pages=-1)
        into.execute("PRAGMA journal_mode=DELETE").close()  # One file, with nothing beside it.
    with _reading(part) as connection:
        write_anchor(part.anchor, reads.head(connection))


def _proved(source: Place, *, part: Place) -> Head:
    """Prove a copy, and that the head beside its source does not contradict it; flush it.

    Raises:
        LedgerError: it is not sound.

    """
    with _reading(part) as connection:
        report = verify(connection, part)
        told = [" ".join(filter(None, (f.table, f.row, f.what))) for f in report.faults]
        anchor = read_anchor(source) if source.anchor.exists() else None
        against = None if anchor is None or told else contradiction(connection, anchor)
    if against is not None:
        told.append(f"{source.anchor.name} {against}")
    if told:
        raise LedgerError(
            f"ledger {source.database}: is not sound, no copy was made: {told[0]}",
            next_step="trimtab ledger verify",
        )
    for path in (part.database, part.anchor):
        _flush(path)
    return Head(seq=report.entries, hash=report.head)


def _refuse_foreign(part: Place, key: AccountKey) -> None:
    """Refuse a copy of another account, or of a newer program.

    Raises:
        ConfigError: it is of another account.
        LedgerError: its schema is one that this program does not know.

    """
    with _reading(part) as connection:
        needs_migration(connection)
        stamp = reads.stamp(connection)
    if stamp != key:
        told = "the copy is the ledger of another account"
        raise ConfigError(told, next_step="trimtab config show")


def _refuse_newer(target: Place, *, part: Place) -> None:
    """Refuse to leave entries behind that the copy lacks.

    Raises:
        LedgerError: the ledger, or the head beside it, names such entries.

    """
    known = _present_head(target)
    if known is None:
        return
    with _reading(part) as connection:
        is_covered = contradiction(connection, known) is None
    if not is_covered:
        raise LedgerError(
            f"ledger {target.database}: has entries that the copy lacks, up to number {known.seq}; "
            "orders may stand in them that nothing else knows",
            next_step="trimtab ledger verify; if it is lost, restore with --over-newer",
        )


def _present_head(target: Place) -> Head | None:
    """Return the last entry of the ledger, as it says itself, else as the head beside it does."""
    if target.database.exists() and target.database.stat().st_size:
        with suppress(LedgerError), _reading(target) as connection:
            return reads.head(connection)
    anchor = read_anchor(target) if target.anchor.exists() else None
    return None if anchor is None or anchor.seq == 0 else anchor


def _set_aside(target: Place, at: datetime) -> Path | None:
    """Rename the ledger's files, so that nothing of it is lost; return its new name."""
    aside = Place(database=_beside(target, f".replaced-{at:%Y%m%dT%H%M%SZ}"))
    for end in _BESIDE:
        if _beside(target, end).exists():
            _rename(_beside(target, end), to=_beside(aside, end))
    return aside.database if aside.database.exists() else None


def _rename(path: Path, *, to: Path) -> None:
    """Give a file another name, for good."""
    path.rename(to)
    _flush(to.parent)


def _flush(path: Path) -> None:
    """Have the disk keep a file, or the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(part: Place) -> None:
    """Remove what is left of a copy that has no name yet."""
    for end in _BESIDE:
        _beside(part, end).unlink(missing_ok=True)


@contextmanager
def _reading(place: Place) -> Iterator[Connection]:
    """Read a ledger's file as it is: nothing is changed in how it keeps its log.

    Raises:
        LedgerError: it cannot be read.

    """
    engine = create_engine("sqlite://", poolclass=NullPool, creator=partial(_opened, place))
    with located(place, "reading"), engine.connect() as connection:
        yield connection


def _opened(place: Place) -> sqlite3.Connection:
    """Open a file for reading."""
    return sqlite3.connect(f"{place.database.as_uri()}?mode=ro", uri=True)
