"""Lists by time that have no pages: a stretch whose answer may be cut is asked in halves.

Not pure: it asks the venue. It does not matter in what order a venue lists, nor which rows it
leaves out of an answer that is full: only what came whole is taken.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Protocol, TypeVar

from trimtab.domain.errors import NotDone

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_TICK: Final = timedelta(milliseconds=1)
_ASKED_MAX: Final = 10_000


class AsksStretch(Protocol[T_co]):
    """What reads a stretch of time."""

    async def __call__(self, *, start: datetime, end: datetime) -> tuple[T_co, ...] | None:
        """Return the rows from *start* to *end*, both inclusive; None when some may be left out."""
        ...


async def whole_stretch(
    ask: AsksStretch[T], *, start: datetime, end: datetime, what: str
) -> tuple[T, ...]:
    """Return the rows from *start* to *end*, both inclusive, in the order of time by stretch.

    Instants are of whole milliseconds; *what* names the list.

    Raises:
        NotDone: a single millisecond holds more than the venue tells, or there is no end.
        Refused: the venue denies the read.

    """
    found: list[T] = []
    left = [(start, end)]
    for _ in range(_ASKED_MAX):
        if not left:
            return tuple(found)
        first, last = left.pop()
        rows = await ask(start=first, end=last)
        if rows is not None:
            found += rows
            continue
        if first >= last:
            raise NotDone(f"{what}: more at {first} than the venue tells at once")
        middle = first + (last - first) // _TICK // 2 * _TICK
        left += [(middle + _TICK, last), (first, middle)]
    raise NotDone(f"{what}: the list has no end")
