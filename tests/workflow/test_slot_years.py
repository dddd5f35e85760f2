"""Ten years of slots with crashes, double starts, declines and outages: done once, and told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest

from tests.workflow import years
from tests.workflow.years import CALENDARS, TROUBLES, live
from trimtab.domain.notices import NOT_TRIED, NoticeRecord
from trimtab.workflow.slot_book import SlotBook

TURNED = tuple(CALENDARS.index((zone, rule)) for zone, rule in CALENDARS if rule != "quarterly")
"""The seeds whose slots begin in the hour that clocks are turned in."""


@pytest.mark.parametrize("seed", TURNED)
@pytest.mark.timeout(600)
def test_each_slot_of_ten_years_is_done_once_or_missed_and_all_of_it_is_told(seed: int) -> None:
    came = live(seed)
    assert came.faults == ()
    assert came.counts["slots"] >= 40
    assert came.counts["executed"] + came.counts["missed"] == came.counts["slots"]
    assert all(came.counts[trouble] > 0 for trouble in set(TROUBLES))
    assert came.counts["notices"] > came.counts["slots"]


@contextmanager
def planted(owner: Any, name: str, bug: Any) -> Iterator[None]:
    """Plant a bug for a while."""
    real = getattr(owner, name)
    setattr(owner, name, bug)
    try:
        yield
    finally:
        setattr(owner, name, real)


async def _nothing(*_: Any, **__: Any) -> bool:
    return True


def _once(record: NoticeRecord, channel: str, *, at: datetime) -> bool:
    """Whether a notice was never tried."""
    return at >= record.notice.at and record.deliveries.get(channel) == NOT_TRIED


@pytest.mark.parametrize(
    ("owner", "name", "bug", "told"),
    [
        (SlotBook, "settle", _nothing, "done 0 times"),
        (NoticeRecord, "is_due", _once, "is not_sent"),
        (years, "mark_missed", _nothing, "missed, and is []"),
    ],
    ids=["nothing takes the slot", "what was not taken is given up", "nothing is marked as missed"],
)
@pytest.mark.timeout(600)
def test_a_planted_bug_breaks_a_law(owner: Any, name: str, bug: Any, told: str) -> None:
    with planted(owner, name, bug):
        faults = live(5, years=2).faults
    assert any(told in fault for fault in faults), faults


def test_the_same_seed_is_the_same_history() -> None:
    first, second = live(3, years=1), live(3, years=1)
    assert first == second
    assert first.counts["starts"] > 10
