"""Which slot it is, by a calendar in a named time zone.

Pure: the instant and the zone are given. A slot begins at a wall time of its zone. A wall time
that the zone skips moves to the end of the gap; one that it has twice counts the first time.
Named calendars begin on the first day of their months, 00:00; cron text is read by cronsim, on
wall times without a zone, so that this is the only rule for both. Source: strategy definitions 2.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from types import MappingProxyType
from typing import Final

from trimtab.domain.errors import PlanningError
from trimtab.domain.slots import Slot

_MONTHS: Final[Mapping[str, int]] = MappingProxyType(
    {"monthly": 1, "quarterly": 3, "semiannual": 6}
)
"""How many months a slot of each named calendar has."""
_MARGIN: Final = timedelta(days=2)
"""Wall times may run back; no zone ever turned its clocks by more than a day."""
_YEARS: Final = range(1970, 3000)
"""Years in which a slot can be asked for by name; at the ends of the calendar days run out."""
_NAMED: Final = re.compile(r"([0-9]{4})(?:-([01][0-9])|Q([1-4])|H([12]))")
_WALL: Final = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When slots begin."""

    rule: str
    """``monthly``, ``quarterly``, ``semiannual``, or five cron fields."""
    zone: tzinfo


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    """Where a slot begins."""

    name: str
    begins_at: datetime


def slot_at(calendar: Calendar, at: datetime) -> Slot:
    """Return the slot that an instant lies in: the last one that has begun.

    Raises:
        PlanningError: the calendar never begins one.

    """
    return _slot(calendar, _first(_begun_by(calendar, at)))


def slot_after(calendar: Calendar, slot: Slot) -> Slot:
    """Return the slot that begins where *slot* ends."""
    return slot_at(calendar, slot.ends_at)


def slots_before(calendar: Calendar, slot: Slot) -> Iterator[Slot]:
    """Yield the slots that began before *slot*, latest first, without an end."""
    ends_at = slot.begins_at
    for start in _begun_by(calendar, slot.begins_at - timedelta(microseconds=1)):
        yield Slot(name=start.name, begins_at=start.begins_at, ends_at=ends_at)
        ends_at = start.begins_at


def slot_named(calendar: Calendar, name: str) -> Slot | None:
    """Return the slot of that name, or None when the calendar has none."""
    wall = _wall_named(name)
    if wall is None or wall.year not in _YEARS:
        return None
    found = slot_at(calendar, _instant(wall, calendar.zone))
    return found if found.name == name else None


def _slot(calendar: Calendar, start: _Start) -> Slot:
    """Return the slot that begins there."""
    after = _first(_beginning_after(calendar, start.begins_at))
    return Slot(name=start.name, begins_at=start.begins_at, ends_at=after.begins_at)


def _first(starts: Iterator[_Start]) -> _Start:
    """Return the first of them.

    Raises:
        PlanningError: there is none.

    """
    found = next(starts, None)
    if found is None:
        raise PlanningError("rebalance.calendar never begins a slot")
    return found


def _begun_by(calendar: Calendar, at: datetime) -> Iterator[_Start]:
    """Yield where slots began up to an instant, latest first."""
    last: datetime | None = None
    for wall in _walls(calendar.rule, _wall(at, calendar.zone) + _MARGIN, back=True):
        start = _start(calendar, wall)
        if start.begins_at <= at and start.begins_at != last:
            yield start
            last = start.begins_at


def _beginning_after(calendar: Calendar, at: datetime) -> Iterator[_Start]:
    """Return where slots begin after an instant, earliest first."""
    walls = _walls(calendar.rule, _wall(at, calendar.zone) - _MARGIN, back=False)
    return filter(lambda start: start.begins_at > at, map(partial(_start, calendar), walls))


def _start(calendar: Calendar, wall: datetime) -> _Start:
    """Name a beginning: after its months, or after the wall time that it really has."""
    begins_at = _instant(wall, calendar.zone)
    match calendar.rule:
        case "monthly":
            name = f"{wall:%Y-%m}"
        case "quarterly":
            name = f"{wall:%Y}Q{(wall.month + 2) // 3}"
        case "semiannual":
            name = f"{wall:%Y}H{(wall.month + 5) // 6}"
        case _:
            name = f"{_wall(begins_at, calendar.zone):{_WALL}}"
    return _Start(name=name, begins_at=begins_at)


def _wall_named(name: str) -> datetime | None:
    """Read the wall time that a slot's name stands for, or None when it is no name."""
    try:
        if named := _NAMED.fullmatch(name):
            year, month, quarter, half = (int(part or 0) for part in named.groups())
            first = 3 * quarter - 2 if quarter else 6 * half - 5
            return datetime(year, first if half or quarter else month, 1)  # noqa: DTZ001  a wall time
        return datetime.strptime(name, _WALL)  # noqa: DTZ007  a wall time
    except ValueError:
        return None


def _walls(rule: str, edge: datetime, *, back: bool) -> Iterator[datetime]:
    """Yield wall times of a rule from *edge* on, or back from it."""
    if rule not in _MONTHS:
        yield from _cron_walls(rule, edge, back=back)
        return
    step = _MONTHS[rule]
    count = (edge.year * 12 + edge.month - 1) // step + (0 if back else 1)
    while True:
        year, month = divmod(count * step, 12)
        yield datetime(year, month + 1, 1)  # noqa: DTZ001  a wall time
        count += -1 if back else 1


def _cron_walls(rule: str, edge: datetime, *, back: bool) -> Iterator[datetime]:
    """Yield wall times of cron text beyond *edge*; none where no day is ever met."""
    from cronsim import CronSim, CronSimError  # noqa: PLC0415  only cron text pays for it

    try:
        yield from CronSim(rule, edge, reverse=back)
    except CronSimError:
        return


def _wall(at: datetime, zone: tzinfo) -> datetime:
    """Return what clocks on the wall show at an instant."""
    return at.astimezone(zone).replace(tzinfo=None)


def _instant(wall: datetime, zone: tzinfo) -> datetime:
    """Return when a wall time is: the first of two, or the end of the gap that skips it."""
    early = wall.replace(tzinfo=zone).astimezone(UTC)
    if _wall(early, zone) == wall:
        return early
    low, high = wall.replace(tzinfo=zone, fold=1).astimezone(UTC), early
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):  # The clocks are turned between the two.
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high
