"""Daily closes out of candles, whichever venue draws them. Not pure: it asks.

A candle is a list: 0 its start in milliseconds, 4 its close.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Final, Protocol

from trimtab.adapters.wire.exact import Unreadable, instant, number
from trimtab.domain.errors import NotDone
from trimtab.domain.history import DAY, Close

_WINDOWS_MAX: Final = 200
_START, _CLOSE = 0, 4


class AsksDays(Protocol):
    """What reads the closes of some days."""

    async def __call__(self, *, since: date, until: date) -> Mapping[date, Close]:
        """Return the closes by day, from *since* to *until*, both inclusive."""
        ...


def midnight(day: date) -> datetime:
    """Return when a UTC day begins."""
    return datetime.combine(day, time(), tzinfo=UTC)


def candles_of(rows: object) -> Mapping[date, Close]:
    """Read candles of one day each.

    Raises:
        Unreadable: a row is short, no day of UTC, or its day is told twice.

    """
    if not isinstance(rows, list):
        raise Unreadable("candles are no list")
    found: dict[date, Close] = {}
    for row in rows:
        if not isinstance(row, list) or len(row) <= _CLOSE:
            raise Unreadable("a candle is no list of its parts")
        opens = instant(int(number(row[_START], "an instant")))
        day = opens.date()
        if opens != midnight(day) or day in found:
            raise Unreadable(f"the candle of {opens} is not one of the days asked for")
        found[day] = Close(day=day, close=number(row[_CLOSE], "a close"))
    return found


def candles_within(rows: object, *, since: date, until: date) -> Mapping[date, Close]:
    """Read candles of the days asked for, from *since* to *until*, both inclusive.

    Raises:
        Unreadable: as :func:`candles_of`, or one is of another day.

    """
    found = candles_of(rows)
    if strange := [day for day in found if not since <= day <= until]:
        raise Unreadable(f"the candle of {strange[0]} is not one of the days asked for")
    return found


async def closes_between(*, first: date, last: date, days: int, ask: AsksDays) -> tuple[Close, ...]:
    """Return the closes from *first* to *last*, both inclusive, by rising day; *days* at once.

    Raises:
        NotDone: no usable answer, or more days than are ever asked for.
        Refused: the venue denies the read.

    """
    found: dict[date, Close] = {}
    day = first
    for _ in range(_WINDOWS_MAX):
        if day > last:
            return tuple(found[each] for each in sorted(found))
        until = min(last, day + (days - 1) * DAY)
        found |= await ask(since=day, until=until)
        day = until + DAY
    raise NotDone(f"closes since {first} are more than are ever asked for")
