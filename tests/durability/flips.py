"""Flipped bytes: each is found by ``ledger verify`` and located, or changes nothing that is read.

A realistic ledger, closed; for each flip a copy with one byte changed by a random mask. What the
copy reads is compared with the sound ledger, row by row and with the meaning of its schema. A
flip that changes it must be named: the first changed entry by its number, or else a changed row
by table and key, or, where the file's structure is hurt, the database. A flip that verification
passes must read all the same.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from tests.durability.bench import Bench, Case, Verdict
from tests.durability.law import Broken
from tests.durability.power import quick_folder
from tests.durability.shim import NAME
from trimtab.adapters.ledger.rows import Fault, VerifyReport
from trimtab.adapters.ledger.sql_ledger import verify_ledger

PER_CASE: Final = 50
_STRUCTURE: Final = ("table_xinfo", "foreign_key_list", "index_list")
Reading = Mapping[str, Mapping[str, Any]]
"""Rows by table and primary key, and what the schema says, as the driver reads them."""


def cases(sound: bytes, anchor: bytes, flips: int, seed: int) -> list[tuple[str, Case]]:
    """Return cases of some flips each, at places drawn from *seed*."""
    draw = random.Random(seed)
    places = [(draw.randrange(len(sound)), draw.randint(1, 255)) for _ in range(flips)]
    chunks = [places[at : at + PER_CASE] for at in range(0, flips, PER_CASE)]
    return [
        (f"{n}", partial(_flipped, label=f"{n}", files=(sound, anchor), places=chunk))
        for n, chunk in enumerate(chunks)
    ]


def _flipped(
    _: Bench, *, label: str, files: tuple[bytes, bytes], places: list[tuple[int, int]]
) -> Verdict:
    """Flip a byte at each of *places*, one at a time."""
    sound, anchor = files
    counts = Counter[str]()
    with tempfile.TemporaryDirectory(dir=quick_folder()) as name:
        folder = Path(name)
        database = folder / NAME
        _put(folder, sound, anchor)
        wanted = read(database)
        for at, mask in places:
            flipped = bytearray(sound)
            flipped[at] ^= mask
            _put(folder, bytes(flipped), anchor)
            found = _reading(database)
            report = asyncio.run(verify_ledger(f"sqlite:///{database}"))
            counts[_judged(wanted, found, report, f"byte {at} by {mask:#04x}")] += 1
            counts["flips"] += 1
    return Verdict(label=label, counts=dict(counts))


def _put(folder: Path, database: bytes, anchor: bytes) -> None:
    """Make *folder* hold this ledger and nothing else."""
    for old in folder.iterdir():
        shutil.rmtree(old) if old.is_dir() else old.unlink()
    (folder / NAME).write_bytes(database)
    (folder / f"{NAME}.head").write_bytes(anchor)


def _reading(database: Path) -> Reading | None:
    """Return what can be read of a copy; None when the driver refuses."""
    copy = database.with_name("read.db")
    shutil.copyfile(database, copy)
    try:
        return read(copy)
    except (sqlite3.Error, UnicodeDecodeError, OverflowError):
        return None
    finally:
        for left in database.parent.glob("read.db*"):
            left.unlink()


def read(database: Path) -> Reading:
    """Read every row of every table by key, and the meaning of the schema."""
    connection = sqlite3.connect(database)
    try:
        master = connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
        found: dict[str, Mapping[str, Any]] = {"schema": _schema(connection, master)}
        for kind, table, _ in master:
            if kind == "table":
                found[table] = _rows(connection, table)
        return found
    finally:
        connection.close()


def _schema(connection: sqlite3.Connection, master: list[Any]) -> dict[str, Any]:
    """Return columns, keys and indexes of every table, and every trigger's text."""
    found: dict[str, Any] = {}
    for kind, name, sql in master:
        if kind == "table":
            for pragma in _STRUCTURE:
                rows = connection.execute(f'PRAGMA {pragma}("{name}")').fetchall()
                found[f"{name} {pragma}"] = [[_folded(v) for v in row] for row in rows]
        elif kind == "index":
            found[name] = connection.execute(f'PRAGMA index_xinfo("{name}")').fetchall()
        else:
            # A flip of the kind leaves an index of a key here, which has no text.
            found[name] = _folded(" ".join(str(sql).split()))
    return found


def _folded(value: Any) -> Any:
    """Return text as SQL reads it, where case means nothing."""
    return value.lower() if isinstance(value, str) else value


def _rows(connection: sqlite3.Connection, table: str) -> dict[str, Any]:
    """Return the rows of a table by their key as verification writes it."""
    columns = connection.execute(f'PRAGMA table_info("{table}")').fetchall()
    keys = [c[1] for c in sorted(columns, key=lambda c: c[5]) if c[5]]
    cursor = connection.execute(f'SELECT * FROM "{table}"')
    names = [column[0] for column in cursor.description]
    found: dict[str, Any] = {}
    for row in cursor:
        line = dict(zip(names, row, strict=True))
        found[" ".join(str(line[k]) for k in keys)] = {n: (type(v), v) for n, v in line.items()}
    return found


def _judged(wanted: Reading, found: Reading | None, report: VerifyReport, where: str) -> str:
    """Say what became of a flip.

    Raises:
        Broken: it changed what is read and was not found, or was found elsewhere.

    """
    if found is None:
        if report.is_sound:
            raise Broken(f"{where}: cannot be read, and verification passes")
        return "structure"
    changed = {
        (table, key)
        for table in {*wanted, *found}
        for key in {*wanted.get(table, {}), *found.get(table, {})}
        if wanted.get(table, {}).get(key) != found.get(table, {}).get(key)
    }
    if report.is_sound:
        if changed:
            raise Broken(f"{where}: changes {sorted(changed)[:3]}, and verification passes")
        return "harmless"
    if not changed:
        return "found though all rows read the same"
    if not _is_located(changed, report.faults):
        raise Broken(f"{where}: changes {sorted(changed)[:3]}, told is {report.faults}")
    return "located"


def _is_located(changed: set[tuple[str, str]], faults: tuple[Fault, ...]) -> bool:
    """Whether a fault names what changed."""
    told = {(f.table, f.row) for f in faults}
    if any(table == "database" for table, _ in told):
        return True
    entries = sorted(int(key) for table, key in changed if table == "entries" and key.isdecimal())
    if entries:
        return ("entries", f"seq {entries[0]}") in told
    tables = {table for table, _ in told}
    return any(t == "schema" for t in tables) or bool({(t, k) for t, k in changed} & told)
