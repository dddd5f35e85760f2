"""Which slot it is, where clocks are turned, and whether it is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from trimtab.domain.errors import PlanningError
from trimtab.domain.slots import CatchUp, Slot, SlotState, SlotTerms
from trimtab.triggers.calendar import Calendar, slot_after, slot_at, slot_named
from trimtab.triggers.due import LOOKED_BACK, Activation, Dueness, dueness, lately

BERLIN = ZoneInfo("Europe/Berlin")
QUARTERS = Calendar(rule="quarterly", zone=BERLIN)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


@pytest.mark.parametrize(
    ("rule", "zone", "instant", "name", "begins_at"),
    [
        ("quarterly", "UTC", "2026-11-29T12:00", "2026Q4", "2026-10-01T00:00"),
        ("quarterly", "Europe/Berlin", "2026-09-30T22:00", "2026Q4", "2026-09-30T22:00"),
        ("quarterly", "Europe/Berlin", "2026-09-30T21:59", "2026Q3", "2026-06-30T22:00"),
        ("monthly", "America/New_York", "2026-11-01T03:59", "2026-10", "2026-10-01T04:00"),
        ("semiannual", "UTC", "2026-06-30T23:59", "2026H1", "2026-01-01T00:00"),
        ("semiannual", "UTC", "2026-07-01T00:00", "2026H2", "2026-07-01T00:00"),
        # No midnight there that day: the clocks went from 23:59 to 01:00.
        ("quarterly", "Asia/Amman", "2016-04-01T12:00", "2016Q2", "2016-03-31T22:00"),
        # Lord Howe turns by half an hour: 02:15 is skipped and becomes 02:30.
        ("15 2 * * *", "Australia/Lord_Howe", "2026-10-04T00:00", "2026-10-04T02:30", None),
        ("0 9 * * MON#1", "UTC", "2026-11-29T12:00", "2026-11-02T09:00", "2026-11-02T09:00"),
        ("0 9 L * *", "UTC", "2026-11-29T12:00", "2026-10-31T09:00", "2026-10-31T09:00"),
    ],
)
def test_an_instant_lies_in_the_last_slot_that_began(
    rule: str, zone: str, instant: str, name: str, begins_at: str | None
) -> None:
    slot = slot_at(Calendar(rule=rule, zone=ZoneInfo(zone)), at(instant))
    assert slot.name == name
    assert begins_at is None or slot.begins_at == at(begins_at)


def test_a_time_that_the_zone_skips_moves_to_the_end_of_the_gap() -> None:
    slot = slot_at(Calendar(rule="30 2 * * *", zone=BERLIN), at("2026-03-29T12:00"))
    assert (slot.name, slot.begins_at) == ("2026-03-29T03:00", at("2026-03-29T01:00"))


def test_times_that_are_skipped_together_are_one_slot() -> None:
    calendar = Calendar(rule="0,20,40 2,3 * * *", zone=BERLIN)
    slot = slot_at(calendar, at("2026-03-29T01:00"))
    assert slot.name == "2026-03-29T03:00"
    assert slot_after(calendar, slot).name == "2026-03-29T03:20"
    assert slot_at(calendar, slot.begins_at - timedelta(seconds=1)).name == "2026-03-28T03:40"


def test_a_time_that_the_zone_has_twice_happens_once() -> None:
    calendar = Calendar(rule="*/30 2 * * *", zone=BERLIN)
    first = slot_at(calendar, at("2026-10-25T00:00"))
    slots = [first]
    for _ in range(3):
        slots.append(slot_after(calendar, slots[-1]))
    assert [s.name for s in slots] == [
        "2026-10-25T02:00",
        "2026-10-25T02:30",
        "2026-10-26T02:00",
        "2026-10-26T02:30",
    ]
    assert slots[1].begins_at == at("2026-10-25T00:30")
    assert all(a.ends_at == b.begins_at for a, b in pairwise(slots))


@pytest.mark.parametrize(
    "name",
    ["2026Q5", "2026Q0", "2026H3", "2026-13", "2026-00", "0000Q1", "2026-11", "Q4", "", "now"],
)
def test_what_is_no_quarter_names_no_slot(name: str) -> None:
    assert slot_named(QUARTERS, name) is None


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        ("monthly", "0001-01"),
        ("monthly", "9999-12"),
        ("quarterly", "0001Q1"),
        ("quarterly", "9999Q4"),
        ("0 0 * * *", "0001-01-01T00:00"),
        ("0 0 * * *", "9999-12-31T00:00"),
    ],
)
def test_at_the_ends_of_the_calendar_no_slot_has_a_name(rule: str, name: str) -> None:
    for zone in (UTC, BERLIN):
        assert slot_named(Calendar(rule=rule, zone=zone), name) is None


def test_a_slot_is_found_by_its_name() -> None:
    assert slot_named(QUARTERS, "2026Q4") == slot_at(QUARTERS, at("2026-11-29T12:00"))
    daily = Calendar(rule="0 9 * * *", zone=BERLIN)
    assert slot_named(daily, "2026-11-29T09:00") is not None
    assert slot_named(daily, "2026-11-29T10:00") is None


def test_a_calendar_that_never_begins_is_an_error() -> None:
    never = Calendar(rule="0 0 31 4 *", zone=BERLIN)
    with pytest.raises(PlanningError, match="never begins"):
        slot_at(never, at("2026-11-29T12:00"))
    ever = Activation(at=datetime(1990, 1, 1, tzinfo=UTC))
    assert list(lately(never, SLOT, since=ever)) == []


SLOT = Slot(name="2026Q4", begins_at=at("2026-10-01T00:00"), ends_at=at("2027-01-01T00:00"))
SINCE = Activation(at=at("2026-08-01T00:00"))
WEEK = timedelta(days=7)


def judged(
    state: SlotState | None = None,
    *,
    since: Activation = SINCE,
    now: str = "2026-10-03T00:00",
    catch_up: CatchUp = CatchUp.ASK,
) -> Dueness:
    terms = SlotTerms(activated_at=None, grace=WEEK, catch_up=catch_up)
    return dueness(SLOT, state, terms, since=since, now=at(now))


@pytest.mark.parametrize("state", [None, *(s for s in SlotState if s is not SlotState.DONE)])
def test_whatever_is_not_done_is_due_within_its_grace(state: SlotState | None) -> None:
    assert judged(state) is Dueness.DUE
    assert judged(state, now="2026-10-08T00:00") is Dueness.DUE
    assert judged(state, now="2026-10-08T00:00:01") is Dueness.MISSED
    assert judged(state, now="2026-10-08T00:00:01", catch_up=CatchUp.RUN) is Dueness.LATE


def test_what_is_done_is_never_due_again() -> None:
    for now in ("2026-10-03T00:00", "2026-12-31T00:00"):
        for catch_up in CatchUp:
            assert judged(SlotState.DONE, now=now, catch_up=catch_up) is Dueness.DONE


def test_nothing_is_due_before_activation() -> None:
    later = Activation(at=at("2026-10-01T00:00:01"))
    for since in (later, Activation(at=None)):
        assert judged(since=since) is Dueness.BEFORE_ACTIVATION
        assert judged(since=since, catch_up=CatchUp.RUN) is Dueness.BEFORE_ACTIVATION
    assert judged(since=Activation(at=SLOT.begins_at)) is Dueness.DUE


def test_only_what_is_due_late_or_asked_for_runs() -> None:
    runs = {Dueness.DUE, Dueness.LATE, Dueness.ASKED_FOR}
    assert {d for d in Dueness if d.runs} == runs


def test_earlier_slots_are_looked_at_back_to_the_activation_and_no_further() -> None:
    slot = slot_at(QUARTERS, at("2026-11-29T12:00"))
    since = Activation(at=at("2026-01-15T00:00"))
    assert [s.name for s in lately(QUARTERS, slot, since=since)] == ["2026Q3", "2026Q2"]
    assert list(lately(QUARTERS, slot, since=Activation(at=None))) == []
    ever = Activation(at=datetime(1990, 1, 1, tzinfo=UTC))
    assert len(list(lately(QUARTERS, slot, since=ever))) == LOOKED_BACK
