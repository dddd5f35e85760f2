"""Cron text: whether five fields say a calendar, and what is wrong when they do not.

Pure. Minute, hour, day of month, month, day of week; lists, ranges, steps and English names;
``L`` for the last day of a month and ``MON#1`` for the first Monday, since "day and weekday"
means "either" in cron and the first Monday could not be written without it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

_ITEM: Final = re.compile(r"(\*|[0-9a-z]{1,3}(?:-[0-9a-z]{1,3})?)(?:/([0-9]{1,2}))?")
_NTH: Final = re.compile(r"([0-9a-z]{1,3})#([1-5])")
_MONTHS: Final = (
    *("jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
)
_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """What one of the five fields may hold."""

    name: str
    low: int
    high: int
    names: tuple[str, ...]
    """Words for ``low``, ``low + 1`` and so on."""

    def number(self, word: str) -> int | None:
        """Return what *word* stands for, or None when it is nothing of this field."""
        if word in self.names:
            return self.low + self.names.index(word)
        if word.isdigit() and self.low <= int(word) <= self.high:
            return int(word)
        return None


_FIELDS: Final = (
    _Field(name="minute", low=0, high=59, names=()),
    _Field(name="hour", low=0, high=23, names=()),
    _Field(name="day of month", low=1, high=31, names=()),
    _Field(name="month", low=1, high=12, names=_MONTHS),
    _Field(name="day of week", low=0, high=7, names=_DAYS),
)


def cron_error(text: str) -> str:
    """Return what is wrong with cron text, or nothing when it is right."""
    written = text.lower().split()
    if len(written) != len(_FIELDS):
        return f"needs {len(_FIELDS)} fields, has {len(written)}"
    for field, items in zip(_FIELDS, written, strict=True):
        for item in items.split(","):
            if not _is_item(field, item):
                return f'"{item[:20]}" is no {field.name} ({field.low} to {field.high})'
    return ""


def never_error(text: str) -> str:
    """Return what is wrong with cron text that has a meaning but no day, such as 31 April."""
    from cronsim import CronSim, CronSimError  # noqa: PLC0415  only cron text pays for it

    try:
        found = next(CronSim(text, datetime(2000, 1, 1)), None)  # noqa: DTZ001  a wall time
    except CronSimError:
        found = None
    return "" if found else "there is no such day in any month that it names"


def _is_item(field: _Field, item: str) -> bool:
    """Say whether one element of a field's list has a meaning."""
    if field.name == "day of month" and item == "l":
        return True
    nth = _NTH.fullmatch(item)
    if nth is not None:
        return field.name == "day of week" and field.number(nth.group(1)) is not None
    match = _ITEM.fullmatch(item)
    if match is None or match.group(2) in ("0", "00"):
        return False
    if match.group(1) == "*":
        return True
    bounds = [field.number(word) for word in match.group(1).split("-")]
    low, high = bounds[0], bounds[-1]
    return low is not None and high is not None and low <= high
