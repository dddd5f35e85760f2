"""What the doctor says of the calendar and of notices."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from tests.builders import NOW
from tests.unit.test_notices import record
from trimtab.domain.errors import ConfigError
from trimtab.domain.notices import NOT_TRIED, NoticeKind
from trimtab.domain.slots import Slot, SlotState
from trimtab.triggers.due import Dueness
from trimtab.workflow.doctor import Outcome
from trimtab.workflow.doctor_unattended import (
    CalendarSeen,
    notices_examination,
    schedule_examination,
)
from trimtab.workflow.slots import SlotView

DAY = timedelta(days=1)
PRESENT = Slot(name="2026Q4", begins_at=NOW - DAY, ends_at=NOW + DAY)
NEXT = Slot(name="2027Q1", begins_at=NOW + DAY, ends_at=NOW + 2 * DAY)
DONE = CalendarSeen(
    present=SlotView(
        slot=PRESENT, state=SlotState.DONE, dueness=Dueness.DONE, grace_until=NOW + DAY
    ),
    following=NEXT,
    done=PRESENT,
)


def judged(dueness: Dueness) -> CalendarSeen:
    """Return a calendar whose present slot stands so, with none done before."""
    return dataclasses.replace(
        DONE, present=dataclasses.replace(DONE.present, dueness=dueness), done=None
    )


@pytest.mark.parametrize(
    ("seen", "outcome", "told"),
    [
        (None, Outcome.PASS, "rebalance.calendar is off"),
        (DONE, Outcome.PASS, "last done 2026Q4; next 2027Q1 at "),
        (judged(Dueness.DUE), Outcome.PASS, "2026Q4 is due until "),
        (judged(Dueness.MISSED), Outcome.WARN, "2026Q4 was missed; none done yet"),
        (judged(Dueness.BEFORE_ACTIVATION), Outcome.PASS, "none done yet; next 2027Q1"),
    ],
)
def test_the_calendar_is_told_in_a_line(
    seen: CalendarSeen | None, outcome: Outcome, told: str
) -> None:
    found = schedule_examination(seen)
    assert (found.outcome, found.found.startswith(told)) == (outcome, True), found


def test_a_missed_slot_comes_with_the_command_that_runs_it() -> None:
    assert "--slot 2026Q4" in schedule_examination(judged(Dueness.MISSED)).fix


def test_who_is_told_is_a_line_and_what_is_wrong_comes_first() -> None:
    critical, lost = record(NoticeKind.HALTED), record(NoticeKind.EXECUTED, webhook=NOT_TRIED)
    no_token = ConfigError("no token", next_step="set it")
    cases = [
        ([], {}, [critical], Outcome.PASS, "nobody is told"),
        (["telegram"], {"telegram": no_token}, [critical], Outcome.WARN, "telegram cannot be used"),
        (["webhook"], {}, [critical, lost], Outcome.WARN, "1 critical unread"),
        (["webhook"], {}, [lost], Outcome.WARN, "1 did not arrive everywhere"),
        (["webhook"], {}, [], Outcome.PASS, "told over webhook"),
    ]
    for channels, unopened, records, outcome, told in cases:
        found = notices_examination(channels, unopened, records, at=NOW)
        assert (found.outcome, found.found.startswith(told)) == (outcome, True), found
        assert (found.fix != "") is (outcome is Outcome.WARN)
