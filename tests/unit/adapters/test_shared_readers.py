"""What the adapters of several venues share: pages, windows, candles, names that rise, rights."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.wire.opened import NoWaiting, intent, spot_btc
from trimtab.adapters.frame.daily_candles import candles_of, closes_between
from trimtab.adapters.frame.kept_rights import KeptRights
from trimtab.adapters.frame.listed_pages import Page, whole_list
from trimtab.adapters.frame.received_orders import followed, received
from trimtab.adapters.frame.timed_fills import as_set, fills_since, risen_trade_id, stamp_of
from trimtab.adapters.wire.exact import Unreadable, instant
from trimtab.domain.errors import NotDone, Refused
from trimtab.domain.history import Close
from trimtab.domain.instruments import Asset
from trimtab.domain.orders import Fill, OrderIntent, Side, VenueOrder, VenueOrderId
from trimtab.domain.rights import KeyRights, KeyStanding, KeyUse, UntoldRights
from trimtab.ports import FillCursor

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
DAY_MS = 86_400_000
ORDER = intent(spot_btc(), 200, "60000")


def fill(at: datetime, number: int, quantity: str = "1") -> Fill:
    return Fill(
        symbol=spot_btc().symbol,
        trade_id=risen_trade_id(round(at.timestamp() * 1000), str(number)),
        venue_order_id=VenueOrderId("1"),
        client_order_id=None,
        side=Side.BUY,
        quantity=Decimal(quantity),
        fill_price=Decimal(1),
        fee=Decimal(0),
        fee_asset=Asset("USDT"),
        filled_at=at,
    )


@pytest.mark.parametrize(
    ("stamp", "number"),
    [(0, "1"), (17_000_000_000, "1"), (1_700_000_000_000, ""), (1_700_000_000_000, "1" * 21)],
)
def test_an_execution_without_an_instant_or_a_number_has_no_name(stamp: int, number: str) -> None:
    with pytest.raises(Unreadable):
        risen_trade_id(stamp, number)


def test_names_rise_with_time_before_they_rise_with_the_number() -> None:
    early, late = (
        risen_trade_id(1_700_000_000_000, "9" * 20),
        risen_trade_id(1_700_000_000_001, "1"),
    )
    assert int(early) < int(late)
    assert stamp_of(late) == 1_700_000_000_001


def test_an_execution_that_comes_with_two_contents_is_unreadable() -> None:
    assert len(as_set([fill(BEGAN, 1), fill(BEGAN, 1)])) == 1
    with pytest.raises(Unreadable, match="two contents"):
        as_set([fill(BEGAN, 1), fill(BEGAN, 1, quantity="2")])


async def test_windows_leave_no_gap_and_what_is_behind_the_mark_is_left_out() -> None:
    asked: list[tuple[datetime, datetime]] = []
    mark = fill(BEGAN, 5)
    rows = [fill(BEGAN, 4), mark, fill(BEGAN, 6), fill(BEGAN + timedelta(days=8), 1)]

    async def ask(*, start: datetime, end: datetime) -> Iterable[Fill]:
        asked.append((start, end))
        return [row for row in rows if start <= row.filled_at <= end]

    now, week = BEGAN + timedelta(days=15), timedelta(days=7)
    cursor = FillCursor(after=mark.trade_id, not_before=BEGAN - timedelta(days=900))
    found = await fills_since(cursor, now=now, window=week, ask=ask)
    assert [f.trade_id for f in found] == [rows[2].trade_id, rows[3].trade_id]
    assert asked[0][0] == instant(stamp_of(mark.trade_id))
    assert all(a[1] + timedelta(milliseconds=1) == b[0] for a, b in itertools.pairwise(asked))
    assert asked[-1][0] <= now < asked[-1][1]


async def test_an_execution_that_differs_between_windows_is_no_list() -> None:
    async def ask(*, start: datetime, end: datetime) -> Iterable[Fill]:
        assert start < end
        return [fill(BEGAN, 1, quantity=str(start.day))]

    cursor = FillCursor(after=None, not_before=BEGAN)
    with pytest.raises(NotDone, match="two contents"):
        await fills_since(cursor, now=BEGAN + timedelta(days=8), window=timedelta(days=7), ask=ask)


def paging(*pages: Page) -> Any:
    """Return what answers one page after another, and what it was asked with."""
    asked: list[Mapping[str, object]] = []

    async def ask(further: Mapping[str, object]) -> Page:
        asked.append(dict(further))
        return pages[min(len(asked), len(pages)) - 1]

    return ask, asked


async def test_pages_are_read_until_nothing_leads_further() -> None:
    ask, asked = paging((({"a": 1},), "7"), (({"a": 2},), ""))
    assert await whole_list(ask, lead="cursor", what="rows", pages_max=9) == ({"a": 1}, {"a": 2})
    assert asked == [{}, {"cursor": "7"}]


@pytest.mark.parametrize("pages_max", [9, 2])
async def test_a_list_that_leads_back_to_where_it_was_has_no_end(pages_max: int) -> None:
    ask, asked = paging((({"a": 1},), "7"))
    with pytest.raises(NotDone, match="rows: the list has no end"):
        await whole_list(ask, lead="cursor", what="rows", pages_max=pages_max)
    assert len(asked) == 2


@pytest.mark.parametrize(
    "rows",
    [
        None,
        {},
        [[0, 1, 2, 3]],
        [{}],
        [[1, "1", "1", "1", "1"]],
        [["0", "1", "1", "1", "1"], ["0", "1", "1", "1", "1"]],
        [["0", "1", "1", "1", "NaN"]],
    ],
)
def test_candles_are_of_one_utc_day_each_or_none(rows: Any) -> None:
    with pytest.raises(Unreadable):
        candles_of(rows)


async def test_days_are_asked_for_in_stretches_and_not_without_end() -> None:
    asked: list[tuple[date, date]] = []

    async def ask(*, since: date, until: date) -> Mapping[date, Close]:
        asked.append((since, until))
        days = [since + timedelta(days=n) for n in range((until - since).days + 1)]
        return {day: Close(day=day, close=Decimal(1)) for day in days}

    first = date(2026, 1, 1)
    found = await closes_between(first=first, last=date(2026, 1, 5), days=2, ask=ask)
    assert [close.day.day for close in found] == [1, 2, 3, 4, 5]
    assert [(a.day, b.day) for a, b in asked] == [(1, 2), (3, 4), (5, 5)]
    with pytest.raises(NotDone, match="ever asked for"):
        await closes_between(first=first, last=first + timedelta(days=201), days=1, ask=ask)
    assert candles_of([[str(DAY_MS), "1", "1", "1", "2"]]).keys() == {date(1970, 1, 2)}


@pytest.mark.parametrize("failure", [NotDone("no answer"), Refused("denied")])
async def test_an_order_that_was_received_is_so_whatever_the_question_after_it_comes_to(
    failure: Exception,
) -> None:
    async def look_up(_: OrderIntent) -> VenueOrder | None:
        raise failure

    order = received(ORDER, VenueOrderId("7"))
    assert await followed(ORDER, order, look_up=look_up, clock=NoWaiting()) == order
    assert (order.ended, order.filled_lots, order.venue_order_id) == (False, 0, "7")


async def test_an_order_is_looked_at_three_times_and_no_more() -> None:
    looked: list[OrderIntent] = []
    order = received(ORDER, VenueOrderId("7"))

    async def look_up(asked: OrderIntent) -> VenueOrder | None:
        looked.append(asked)
        return None if len(looked) == 1 else replace(order, status="live")

    assert await followed(ORDER, order, look_up=look_up, clock=NoWaiting()) == order
    assert len(looked) == 3


async def test_rights_are_asked_for_once_in_a_minute_and_failures_are_not_kept() -> None:
    told = KeyRights(
        use=KeyUse.READ,
        reads=True,
        trades_spot=False,
        trades_futures=False,
        withdraws=False,
        transfers_out=False,
        transfers_within=False,
        borrows=False,
        trades_options=False,
        is_bound_to_ip=False,
    )
    answers: list[KeyStanding | Exception] = [
        NotDone("no answer"),
        UntoldRights(why="demo", is_absent=True),
        told,
    ]
    asked: list[int] = []

    async def ask() -> KeyStanding:
        answer = answers[len(asked)]
        asked.append(1)
        if isinstance(answer, Exception):
            raise answer
        return answer

    rights = KeptRights(NoWaiting())
    first = await rights.told(ask)
    assert isinstance(first, UntoldRights)
    assert not first.is_absent
    assert await rights.told(ask) == answers[1]
    assert await rights.told(ask) == told
    assert await rights.told(ask) == told
    assert len(asked) == 3
