"""Executions of venues whose numbers are not said to rise, read in windows of time.

Not pure: it asks. Such an execution is named by its instant and then by the venue's number, so
that names rise and the last that was booked is a mark to read on behind. Rows are merged as
sets: one that comes twice counts once, and one that comes with two contents is unreadable.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, Protocol

from trimtab.adapters.ccxt_answers import Unreadable, instant
from trimtab.domain.errors import NotDone
from trimtab.domain.orders import Fill, TradeId
from trimtab.ports import FillCursor

_NUMBER: Final = re.compile(r"[0-9]{1,20}")
_STAMP: Final = re.compile(r"[0-9]{13}")
_NUMBER_DIGITS: Final = 20


class AsksWindow(Protocol):
    """What reads the executions of a stretch of time."""

    async def __call__(self, *, start: datetime, end: datetime) -> Iterable[Fill]:
        """Return the executions from *start* to *end*, both inclusive."""
        ...


def risen_trade_id(stamp_ms: int, number: str) -> TradeId:
    """Return a name of an execution that rises with time.

    Raises:
        Unreadable: the venue's *number* is none, or *stamp_ms* no instant in milliseconds.

    """
    stamp = str(stamp_ms)
    if not _NUMBER.fullmatch(number) or not _STAMP.fullmatch(stamp):
        raise Unreadable("the number or the instant of an execution is none")
    return TradeId(stamp + number.zfill(_NUMBER_DIGITS))


def stamp_of(trade: TradeId) -> int:
    """Return the instant in the name of an execution, milliseconds."""
    return int(trade[:-_NUMBER_DIGITS])


def as_set(fills: Iterable[Fill]) -> dict[TradeId, Fill]:
    """Return executions by their names.

    Raises:
        Unreadable: one comes with two contents.

    """
    found: dict[TradeId, Fill] = {}
    for fill in fills:
        if found.setdefault(fill.trade_id, fill) != fill:
            raise Unreadable(f"trade {fill.trade_id} comes with two contents")
    return found


async def fills_since(
    cursor: FillCursor, *, now: datetime, window: timedelta, ask: AsksWindow
) -> tuple[Fill, ...]:
    """Return all executions after *cursor*, oldest first; *now* is the venue's clock.

    Raises:
        NotDone: the venue does not answer, or not readably.
        Refused: the venue denies the read.

    """
    after = cursor.after
    start = cursor.not_before if after is None else instant(stamp_of(after))
    listed: list[Fill] = []
    while start <= now:
        listed += await ask(start=start, end=start + window - timedelta(milliseconds=1))
        start += window
    try:
        found = as_set(listed)
    except Unreadable as error:
        raise NotDone(f"the list of executions is unreadable: {error}") from error
    fills = sorted(found.values(), key=lambda fill: int(fill.trade_id))
    return tuple(f for f in fills if after is None or int(f.trade_id) > int(after))
