"""A disk as it was when the power went: what was flushed is there, of the rest anything may be.

Fed with the calls that the shim wrote down. Writes that no flush has followed may be lost, kept,
torn at any byte, or kept in part, sector by sector and in no order. A file that was made or
removed may be found or not until its folder was flushed. Pure.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from tests.durability.shim import NAME, Call, Kind, Place

SECTOR: Final = 512
KEPT: Final = {
    Place.DATABASE: NAME,
    Place.WAL: f"{NAME}-wal",
    Place.JOURNAL: f"{NAME}-journal",
    Place.HEAD: f"{NAME}.head",
}
"""The files that outlive a loss of power, and their names; the others are made anew."""


class Loss(StrEnum):
    """What becomes of writes that were not flushed."""

    ALL = "all lost"
    NOTHING = "nothing lost"
    TORN = "torn"
    SECTORS = "sectors lost"


@dataclass(slots=True)
class _File:
    """What a file holds: for certain, and on its way to the disk."""

    flushed: bytes = b""
    pending: list[Call] = field(default_factory=list)


@dataclass(slots=True)
class Disk:
    """The ledger's folder, call by call."""

    names: dict[Place, _File] = field(default_factory=dict)
    """What is there by name."""
    flushed_names: dict[Place, _File] = field(default_factory=dict)
    """What was there when the folder was flushed last."""

    def feed(self, call: Call) -> None:
        """Let one call happen."""
        if call.place is Place.FOLDER and call.kind is Kind.SYNC:
            self.flushed_names = dict(self.names)
        if call.place not in KEPT:
            return
        if call.kind is Kind.UNLINK:
            del self.names[call.place]
            return
        file = self.names.setdefault(call.place, _File())
        if call.kind is Kind.SYNC:
            file.flushed = _applied(file.flushed, file.pending)
            file.pending.clear()
        elif call.kind is not Kind.OPEN:
            file.pending.append(call)

    @property
    def is_flushed(self) -> bool:
        """Whether nothing can be lost."""
        return self.names == self.flushed_names and not any(
            file.pending for file in self.names.values()
        )

    def after(self, loss: Loss, draw: random.Random) -> dict[Place, bytes]:
        """Return what is found, by name, when the power comes back."""
        found = {}
        for place in KEPT:
            names = {Loss.ALL: self.flushed_names, Loss.NOTHING: self.names}.get(
                loss, draw.choice((self.names, self.flushed_names))
            )
            if place in names:
                found[place] = _content(names[place], loss, draw)
        return found


def put(found: dict[Place, bytes], folder: Path) -> None:
    """Make *folder* hold exactly these files."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for place, content in found.items():
        (folder / KEPT[place]).write_bytes(content)


def _content(file: _File, loss: Loss, draw: random.Random) -> bytes:
    """Return what one file holds after a loss."""
    if loss is Loss.NOTHING:
        return _applied(file.flushed, file.pending)
    if loss is Loss.ALL:
        return file.flushed
    if loss is Loss.TORN:
        last = draw.randint(0, len(file.pending))
        torn = [_torn(call, draw) for call in file.pending[last : last + 1]]
        return _applied(file.flushed, [*file.pending[:last], *torn])
    return _applied(file.flushed, _scattered(file.pending, draw))


def _torn(call: Call, draw: random.Random) -> Call:
    """Return a write of which only the beginning arrived; behind it nothing, zeroes or noise."""
    if call.kind is not Kind.WRITE or call.place is Place.HEAD:
        return call  # The head is far shorter than a sector, and written in place.
    cut = draw.randint(0, call.length)
    rest = call.length - cut
    tail = draw.choice((b"", bytes(rest), draw.randbytes(rest)))
    content = call.content[:cut] + tail
    return Call(call.kind, call.place, call.offset, len(content), content)


def _scattered(pending: list[Call], draw: random.Random) -> list[Call]:
    """Return what is left when each sector of each write arrives or does not."""
    left = list[Call]()
    for call in pending:
        if call.kind is not Kind.WRITE:
            left += [call] if draw.random() < 0.5 else []
            continue
        for at in range(0, call.length, SECTOR):
            if draw.random() < 0.5:
                part = call.content[at : at + SECTOR]
                left.append(Call(call.kind, call.place, call.offset + at, len(part), part))
    return left


def _applied(content: bytes, calls: list[Call]) -> bytes:
    """Return a file's content after some calls."""
    held = bytearray(content)
    for call in calls:
        if call.kind is Kind.TRUNCATE:
            held = held[: call.offset].ljust(call.offset, b"\0")
        else:
            held = held.ljust(call.offset, b"\0")
            held[call.offset : call.offset + call.length] = call.content
    return bytes(held)
