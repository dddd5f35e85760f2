"""The next slot is rehearsed once, some days before it begins, when it runs by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.builders import KEY
from tests.fakes.memory_ledger import MemoryLedger, MemoryStore
from trimtab.domain.notices import NoticeKind
from trimtab.domain.slots import CatchUp, SlotTerms
from trimtab.notices import Telling
from trimtab.triggers.calendar import Calendar
from trimtab.workflow.rehearsal import unrehearsed
from trimtab.workflow.slots import Schedule

BEGINS = datetime(2027, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=3)


def schedule_since(activated_at: datetime | None) -> Schedule:
    """Return quarters that run by themselves since then."""
    terms = SlotTerms(activated_at=activated_at, grace=timedelta(days=7), catch_up=CatchUp.ASK)
    return Schedule(calendar=Calendar(rule="quarterly", zone=UTC), terms=terms)


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger(MemoryStore(key=KEY, began_at=BEGINS - timedelta(days=90)))


@pytest.mark.parametrize(
    ("before", "activated_at", "name"),
    [
        (AHEAD, BEGINS, "2027Q1"),
        (timedelta(seconds=1), BEGINS, "2027Q1"),
        (AHEAD + timedelta(seconds=1), BEGINS, None),
        (AHEAD, BEGINS + timedelta(seconds=1), None),
        (AHEAD, None, None),
        (timedelta(0), BEGINS, None),
    ],
)
async def test_a_slot_is_rehearsed_within_the_days_before_it(
    ledger: MemoryLedger, before: timedelta, activated_at: datetime | None, name: str | None
) -> None:
    schedule = schedule_since(activated_at)
    found = await unrehearsed(ledger, schedule, KEY, ahead=AHEAD, now=BEGINS - before)
    assert (None if found is None else found.name) == name


async def test_a_slot_that_was_rehearsed_is_left_alone(ledger: MemoryLedger) -> None:
    now, schedule = BEGINS - AHEAD, schedule_since(BEGINS)
    told = Telling(key=KEY, at=now).notice(
        NoticeKind.REHEARSAL, event="2027Q1", lines=("rehearsed",), next_step="trimtab plan"
    )
    await ledger.post(told, ("webhook",))
    later = now + timedelta(hours=1)
    assert await unrehearsed(ledger, schedule, KEY, ahead=AHEAD, now=later) is None
