"""Ten years of slots with crashes, double starts, declines and outages: done once, and told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.workflow import years
from tests.workflow.years import CALENDARS, TROUBLES, Years, ledgers_in_the_loop, live
from trimtab.domain.notices import NOT_TRIED, NoticeRecord
from trimtab.workflow.slot_book import SlotBook

ZONES = tuple(CALENDARS.index((zone, rule)) for zone, rule in CALENDARS if rule != "quarterly")
"""The seeds whose slots begin in the hour that clocks are turned in."""


@pytest.mark.parametrize("seed", ZONES)
@pytest.mark.timeout(600)
def test_each_slot_of_ten_years_is_done_once_or_missed_and_all_of_it_is_told(seed: int) -> None:
    came = live(seed)
    assert came.faults == ()
    assert came.counts["slots"] >= 40
    assert came.counts["executed"] + came.counts["missed"] == came.counts["slots"]
    assert all(came.counts[trouble] > 0 for trouble in set(TROUBLES))
    assert came.counts["notices"] > came.counts["slots"]


async def _always(*_: Any, **__: Any) -> bool:
    return True


def _once(record: NoticeRecord, channel: str, *, at: datetime) -> bool:
    """Whether a notice was never tried."""
    return at >= record.notice.at and record.deliveries.get(channel) == NOT_TRIED


def _planted(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Plant a bug that a law is there for."""
    bugs: dict[str, Callable[[], None]] = {
        "nothing takes the slot": lambda: monkeypatch.setattr(SlotBook, "settle", _always),
        "what was not taken is given up": lambda: monkeypatch.setattr(
            NoticeRecord, "is_due", _once
        ),
        "no slot is ever marked as missed": lambda: monkeypatch.setattr(
            years, "mark_missed", _always
        ),
    }
    bugs[name]()


@pytest.mark.parametrize(
    ("bug", "told"),
    [
        ("nothing takes the slot", "done 0 times"),
        ("what was not taken is given up", "is not_sent"),
        ("no slot is ever marked as missed", "missed, and is []"),
    ],
)
@pytest.mark.timeout(600)
def test_a_planted_bug_breaks_a_law(
    bug: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(years, "YEARS", 2)
    _planted(monkeypatch, bug)
    with ledgers_in_the_loop():
        faults = asyncio.run(Years(5, tmp_path).lived()).faults
    assert any(told in fault for fault in faults), faults


def test_the_same_seed_is_the_same_history(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(years, "YEARS", 1)
    first, second = live(3), live(3)
    assert first == second
    assert first.counts["starts"] > 10
