"""A list by time without pages is read whole: what may be cut is asked in halves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimtab.adapters.frame.halved_windows import whole_stretch
from trimtab.domain.errors import NotDone

START = datetime(2026, 11, 1, tzinfo=UTC)
MS = timedelta(milliseconds=1)


class Listing:
    """Rows at instants, of which an answer holds a few: which ones is not to be relied on."""

    def __init__(self, instants: list[int], *, most: int) -> None:
        self.rows = [(at, number) for number, at in enumerate(instants)]
        self.most = most
        self.asked: list[tuple[int, int]] = []

    async def ask(self, *, start: datetime, end: datetime) -> tuple[tuple[int, int], ...] | None:
        first, last = (start - START) // MS, (end - START) // MS
        assert first <= last
        self.asked.append((first, last))
        found = [row for row in self.rows if first <= row[0] <= last]
        return None if len(found) >= self.most else tuple(found)


@given(
    st.lists(st.integers(min_value=0, max_value=60), max_size=40),
    st.integers(min_value=0, max_value=60),
)
async def test_every_row_of_the_stretch_is_found_once(instants: list[int], length: int) -> None:
    listing = Listing(instants, most=41)
    listing.most = max(instants.count(at) for at in instants) + 1 if instants else 1
    found = await whole_stretch(
        listing.ask, start=START, end=START + length * MS, what="executions"
    )
    assert sorted(found) == sorted(row for row in listing.rows if row[0] <= length)
    assert len(listing.asked) <= 2 * (length + 1)


async def test_more_in_a_millisecond_than_is_told_at_once_is_never_read_as_all() -> None:
    listing = Listing([5, 5, 5, 9], most=3)
    with pytest.raises(NotDone, match=r"executions: more at 2026-11-01 00:00:00.005"):
        await whole_stretch(listing.ask, start=START, end=START + 20 * MS, what="executions")


async def test_a_venue_that_is_never_whole_is_not_asked_for_ever() -> None:
    async def never(*, start: datetime, end: datetime) -> None:
        return None

    with pytest.raises(NotDone):
        await whole_stretch(never, start=START, end=START + timedelta(days=900), what="orders")
