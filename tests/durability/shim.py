"""The shim before the operating system: built by the C compiler, told what to do through memory.

See shim.c. A process that was started with the shim in LD_PRELOAD hands over a :class:`Plan`;
children that it forks share the plan's memory, so that whoever waits for them can read what
was counted. Not pure: it compiles, and calls into the shim.
"""

from __future__ import annotations

import atexit
import ctypes
import errno
import mmap
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).with_name("shim.c")
COMPILER: Final = shutil.which("cc")
NAME: Final = "ledger.db"
"""What the names of the ledger's files have in common."""
_LINE: Final = struct.Struct("=IIqq")


class Kind(IntEnum):
    """What is asked of the operating system; the numbers are those of shim.c."""

    WRITE = 0
    SYNC = 1
    OPEN = 2
    LOCK = 3
    TRUNCATE = 4
    READ = 5
    UNLINK = 6
    SEND = 7
    RECEIVE = 8


class Place(IntEnum):
    """What it is asked of."""

    DATABASE = 1
    WAL = 2
    SHM = 3
    LOCKFILE = 4
    HEAD = 5
    JOURNAL = 6
    FOLDER = 7
    SOCKET = 8


class Act(IntEnum):
    """What happens to the call that is struck."""

    FAIL = 0
    HALF = 1
    """A write does half of its work, then fails."""
    DONE_AND_FAIL = 2
    """It is done, and fails all the same."""
    KILL_BEFORE = 3
    KILL_AFTER = 4


class _Plan(ctypes.Structure):
    _fields_ = (
        ("armed", ctypes.c_uint32),
        ("kinds", ctypes.c_uint32),
        ("nth", ctypes.c_uint32),
        ("onwards", ctypes.c_uint32),
        ("act", ctypes.c_uint32),
        ("error", ctypes.c_int32),
        ("record", ctypes.c_int32),
        ("counted", ctypes.c_uint32),
        ("struck", ctypes.c_uint32),
        ("seen", ctypes.c_uint32 * len(Kind)),
        ("name", ctypes.c_char * 64),
        ("folder", ctypes.c_char * 256),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """Which call is struck, and how."""

    kinds: frozenset[Kind]
    nth: int
    """From 1, among all calls of these kinds; 0 only counts."""
    act: Act = Act.FAIL
    error: int = errno.EIO
    onwards: bool = False
    """Whether every call that follows is struck as well."""

    @property
    def label(self) -> str:
        """The strike in a few words."""
        named = "+".join(sorted(kind.name.lower() for kind in self.kinds))
        how = self.act.name.lower()
        if self.act <= Act.DONE_AND_FAIL:
            how += f" {errno.errorcode[self.error]}"
        return f"{named} {self.nth} {how}{' and on' if self.onwards else ''}"


class Shim:
    """The shim of this process and of the children that it forks."""

    def __init__(self, folder: Path) -> None:
        """Watch the ledger in *folder*."""
        self._memory = mmap.mmap(-1, mmap.PAGESIZE)
        self._plan = _Plan.from_buffer(self._memory)
        self._plan.name = NAME.encode()
        self._plan.folder = str(folder).encode()
        self._plan.record = -1
        library = ctypes.CDLL(None)
        library.shim_follow.argtypes = (ctypes.c_void_p,)
        library.shim_follow(ctypes.addressof(self._plan))
        atexit.register(self.leave)  # Before the memory goes: files are closed until the very end.

    def arm(self, strike: Strike | None, *, record: int = -1) -> None:
        """Strike from now on, in this process; *record* is where calls are written down."""
        plan = self._plan
        plan.kinds = sum(1 << kind for kind in strike.kinds) if strike else 0
        plan.nth = strike.nth if strike else 0
        plan.onwards = bool(strike and strike.onwards)
        plan.act = strike.act if strike else 0
        plan.error = strike.error if strike else 0
        plan.record = record
        plan.counted = plan.struck = 0
        plan.seen = (ctypes.c_uint32 * len(Kind))()
        plan.armed = 1

    def disarm(self) -> None:
        """Strike no more."""
        self._plan.armed = 0

    def leave(self) -> None:
        """Have nothing to do with this process any more."""
        ctypes.CDLL(None).shim_follow(None)

    @property
    def seen(self) -> dict[Kind, int]:
        """Calls since the shim was armed, by kind, struck or not."""
        return {kind: int(self._plan.seen[kind]) for kind in Kind}

    @property
    def struck(self) -> int:
        """Calls that were struck since then."""
        return int(self._plan.struck)


def is_loaded() -> bool:
    """Whether this process was started with the shim."""
    return hasattr(ctypes.CDLL(None), "shim_follow")


def built(folder: Path) -> Path:
    """Compile the shim into *folder*."""
    assert COMPILER is not None
    library = folder / "shim.so"
    flags = ("-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC")
    subprocess.run([COMPILER, *flags, "-o", str(library), str(SOURCE), "-lpthread"], check=True)
    return library


def restarted(folder: Path, arguments: list[str]) -> int:
    """Run ``python -m tests.durability ARGUMENTS`` with the shim loaded; return its code."""
    preloaded = [str(built(folder)), *filter(None, [os.environ.get("LD_PRELOAD")])]
    environ = {**os.environ, "LD_PRELOAD": " ".join(preloaded)}
    command = [sys.executable, "-m", "tests.durability", *arguments]
    return subprocess.run(command, check=False, env=environ).returncode


@dataclass(frozen=True, slots=True)
class Call:
    """One call as the shim wrote it down."""

    kind: Kind
    place: Place
    offset: int
    length: int
    content: bytes
    """What was written or sent; empty for other kinds."""


def calls_in(record: bytes) -> Iterator[Call]:
    """Yield what a record says, in order."""
    at = 0
    while at < len(record):
        kind, place, offset, length = _LINE.unpack_from(record, at)
        at += _LINE.size
        content = b""
        if kind in (Kind.WRITE, Kind.SEND):
            content = record[at : at + length]
            at += length
        yield Call(Kind(kind), Place(place), offset, length, content)
