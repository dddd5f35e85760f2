"""Slots follow one another without gap or overlap, in order, each under a name of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trimtab.triggers.calendar import (
    Calendar,
    slot_after,
    slot_at,
    slot_named,
    slots_before,
)

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC", "Asia/Amman")
"""Amman turned its clocks at midnight: on 2016-04-01 there was no 00:00."""
DAILY_AT_TURNS = ("30 2 * * *", "15 2 * * *", "0,30 1-3 * * *", "*/20 * * * *")
RULES = ("monthly", "quarterly", "semiannual", *DAILY_AT_TURNS, "0 9 * * MON#1", "59 23 L * *")
instants = st.datetimes(
    min_value=datetime(2016, 1, 1),  # noqa: DTZ001  hypothesis adds the zone
    max_value=datetime(2026, 12, 31),  # noqa: DTZ001  as above
    timezones=st.just(UTC),
)
calendars = st.builds(
    Calendar, rule=st.sampled_from(RULES), zone=st.sampled_from([ZoneInfo(z) for z in ZONES])
)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("rule", ["monthly", "quarterly", "semiannual"])
def test_ten_years_of_slots_are_contiguous_ordered_and_uniquely_named(rule: str, zone: str) -> None:
    calendar = Calendar(rule=rule, zone=ZoneInfo(zone))
    first = slot = slot_at(calendar, datetime(2016, 1, 15, tzinfo=UTC))
    seen = [first]
    while slot.begins_at < datetime(2026, 1, 15, tzinfo=UTC):
        after = slot_after(calendar, slot)
        assert after.begins_at == slot.ends_at > slot.begins_at
        seen.append(after)
        slot = after
    per_year = {"monthly": 12, "quarterly": 4, "semiannual": 2}[rule]
    assert len(seen) == len({s.name for s in seen}) == 10 * per_year + 2
    back = slots_before(calendar, seen[-1])
    assert [next(back) for _ in seen[:-1]] == seen[-2::-1]


@given(calendars, instants)
@example(Calendar(rule="quarterly", zone=ZoneInfo("Asia/Amman")), datetime(2016, 4, 2, tzinfo=UTC))
@example(
    Calendar(rule="30 2 * * *", zone=ZoneInfo("Europe/Berlin")),
    datetime(2026, 10, 25, 1, 20, tzinfo=UTC),
)
def test_every_instant_lies_in_the_slot_that_is_found_by_its_name(
    calendar: Calendar, at: datetime
) -> None:
    slot = slot_at(calendar, at)
    assert slot.begins_at <= at < slot.ends_at
    assert slot_named(calendar, slot.name) == slot
    before = next(slots_before(calendar, slot))
    assert before.ends_at == slot.begins_at > before.begins_at
    assert len({before.name, slot.name, slot_after(calendar, slot).name}) == 3


@given(calendars, instants)
def test_the_slot_of_each_of_its_instants_is_the_same(calendar: Calendar, at: datetime) -> None:
    slot = slot_at(calendar, at)
    for inside in (slot.begins_at, slot.ends_at - timedelta(microseconds=1)):
        assert slot_at(calendar, inside) == slot
