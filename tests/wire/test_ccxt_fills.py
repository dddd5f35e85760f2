"""Executions over many pages and days."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.fakes.scripted_venue import Arrival, Script, ScriptedVenue, scripted_venue, told
from tests.wire.opened import NoWaiting, opened, perpetual_btc, spot_btc
from trimtab.adapters.open_venue import OpenedVenue
from trimtab.domain.errors import NotDone, Refused
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import TradeId
from trimtab.ports import FillCursor

SPOT, LINEAR = "/api/v3/myTrades", "/fapi/v1/userTrades"
DAY_MS = 86_400_000
NOW_MS = time.time_ns() // 1_000_000
NOW = datetime.fromtimestamp(NOW_MS / 1000, UTC)


def trade(number: int, *, days_ago: float = 0.0, **changed: Any) -> dict[str, Any]:
    row = {
        "symbol": "BTCUSDT",
        "id": number,
        "orderId": 1000 + number,
        "price": "60000.10",
        "qty": "0.00100000",
        "commission": "0.00000100",
        "commissionAsset": "BTC",
        "time": NOW_MS - int(days_ago * DAY_MS) - 1000,
        "isBuyer": True,
        "buyer": True,
        **changed,
    }
    return {name: value for name, value in row.items() if value is not None}


def listed(rows: list[dict[str, Any]], *, span_ms: int, newest_first: bool = False) -> Any:
    """The trade list of a venue, with its rules."""

    def answer(arrival: Arrival) -> Script:
        asked = arrival.params
        limit = int(asked["limit"])
        if "fromId" in asked:
            assert "startTime" not in asked
            found = [r for r in rows if r["id"] >= int(asked["fromId"])][:limit]
        elif "startTime" in asked:
            start, end = int(asked["startTime"]), int(asked["endTime"])
            if end - start > span_ms:
                return told({"code": -1127, "msg": "More than 24 hours between."}, 400)
            found = [r for r in rows if start <= r["time"] <= end]
            found = found[-limit:] if newest_first else found[:limit]
        else:
            found = rows[-limit:]
        return told(found)

    return answer


@asynccontextmanager
async def venue_with(
    rows: list[dict[str, Any]], **how: Any
) -> AsyncIterator[tuple[ScriptedVenue, OpenedVenue]]:
    async with scripted_venue() as venue, opened(venue.url, clock=NoWaiting()) as at:
        venue.script["GET", SPOT] = listed(rows, span_ms=DAY_MS, **how)
        venue.script["GET", LINEAR] = listed(rows, span_ms=7 * DAY_MS, **how)
        yield venue, at


def days_ago(days: float) -> FillCursor:
    return FillCursor(after=None, not_before=NOW - timedelta(days=days))


@pytest.mark.parametrize("instrument", [spot_btc(), perpetual_btc()], ids=["spot", "linear"])
@pytest.mark.parametrize("count", [0, 1, 999, 1000, 1001, 2500])
async def test_every_page_is_read(instrument: Any, count: int) -> None:
    async with venue_with([trade(n) for n in range(1, count + 1)]) as (_, at):
        fills = await at.venue.fills(instrument.symbol, since=days_ago(0.01))
    assert [int(f.trade_id) for f in fills] == list(range(1, count + 1))


@pytest.mark.parametrize("instrument", [spot_btc(), perpetual_btc()], ids=["spot", "linear"])
async def test_days_without_trades_are_passed_over(instrument: Any) -> None:
    rows = [trade(5, days_ago=11), trade(6, days_ago=3), trade(7)]
    async with venue_with(rows) as (_, at):
        fills = await at.venue.fills(instrument.symbol, since=days_ago(30))
    assert [f.trade_id for f in fills] == ["5", "6", "7"]


@pytest.mark.parametrize("newest_first", [False, True])
async def test_a_window_that_is_full_is_cut_until_its_beginning_is_sure(newest_first: bool) -> None:
    rows = [trade(n, days_ago=1 - n / 5000) for n in range(1, 4001)]
    async with venue_with(rows, newest_first=newest_first) as (_, at):
        fills = await at.venue.fills(spot_btc().symbol, since=days_ago(1.5))
    assert [int(f.trade_id) for f in fills] == list(range(1, 4001))


async def test_a_long_history_without_trades_costs_one_question_on_spot() -> None:
    async with venue_with([trade(1, days_ago=900)]) as (venue, at):
        assert await at.venue.fills(spot_btc().symbol, since=days_ago(800)) == ()
    assert venue.count("GET", SPOT) == 1


async def test_what_is_booked_is_not_read_again() -> None:
    cursor = FillCursor(after=TradeId("7"), not_before=datetime.now(UTC))
    async with venue_with([trade(n) for n in range(1, 10)]) as (venue, at):
        fills = await at.venue.fills(spot_btc().symbol, since=cursor)
    assert [f.trade_id for f in fills] == ["8", "9"]
    assert venue.arrivals[-1].params["fromId"] == "8"


async def test_one_trade_with_two_contents_is_unreadable() -> None:
    rows = [trade(1), trade(1, qty="0.002")]
    async with venue_with(rows) as (_, at):
        with pytest.raises(NotDone):
            await at.venue.fills(spot_btc().symbol, since=days_ago(0.01))


@pytest.mark.parametrize(
    "spoiled",
    [
        {"qty": None},
        {"qty": "NaN"},
        {"qty": True},
        {"qty": "1e999999999"},
        {"price": "sixty"},
        {"commission": None},
        {"commissionAsset": ""},
        {"time": "yesterday"},
        {"time": 10**18},
        {"isBuyer": None},
        {"isBuyer": "true"},
        {"orderId": 0},
        {"id": "1.5"},
        {"id": None},
    ],
    ids=str,
)
async def test_a_row_that_cannot_be_read_is_never_left_out(spoiled: dict[str, Any]) -> None:
    answer = told([trade(2), trade(3, **spoiled)])
    cursor = FillCursor(after=TradeId("1"), not_before=datetime.now(UTC))
    async with venue_with([]) as (venue, at):
        venue.script["GET", SPOT] = answer
        with pytest.raises(NotDone):
            await at.venue.fills(spot_btc().symbol, since=cursor)


OVER = Symbol("BTC/USDT:USDT-240628")
"""A contract that was delivered long ago, and is listed no more."""
CURSOR = FillCursor(after=TradeId("1"), not_before=NOW)


@asynccontextmanager
async def delisted(answer: Any) -> AsyncIterator[OpenedVenue]:
    """A venue that lists no contract, and answers so about executions."""
    async with scripted_venue() as venue:
        venue.script["GET", LINEAR] = answer
        async with opened(venue.url, clock=NoWaiting()) as at:
            yield at


async def test_what_happened_in_a_delivered_contract_is_read_by_its_name() -> None:
    rows = [trade(n, symbol="BTCUSDT_240628") for n in (1, 2, 3)]
    async with delisted(listed(rows, span_ms=7 * DAY_MS)) as at:
        fills = await at.venue.fills(OVER, since=CURSOR)
    assert [(fill.symbol, fill.trade_id, fill.quantity) for fill in fills] == [
        (OVER, "2", Decimal("0.001")),
        (OVER, "3", Decimal("0.001")),
    ]


async def test_a_venue_that_forgot_a_delivered_contract_has_nothing_to_tell() -> None:
    async with delisted(lambda _: told({"code": -1121, "msg": "Invalid symbol."}, 400)) as at:
        assert await at.venue.fills(OVER, since=CURSOR) == ()


async def test_another_no_about_a_delivered_contract_is_one() -> None:
    async with delisted(lambda _: told({"code": -2015, "msg": "No rights."}, 401)) as at:
        with pytest.raises(Refused):
            await at.venue.fills(OVER, since=CURSOR)


@pytest.mark.parametrize("name", ["BTC/USDT:USDT-991231", "XYZ/USDT:USDT", "XYZ/USDT"])
async def test_what_is_not_listed_and_was_never_delivered_is_refused(name: str) -> None:
    async with delisted(lambda _: told([])) as at:
        with pytest.raises(Refused, match="does not list"):
            await at.venue.fills(Symbol(name), since=CURSOR)
