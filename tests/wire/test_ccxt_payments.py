"""Payments over many pages and weeks, exactly as the venue writes them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.fakes.scripted_venue import (
    Arrival,
    Script,
    ScriptedVenue,
    now_ms,
    scripted_venue,
    told,
)
from tests.wire.opened import NoWaiting, opened
from trimtab.adapters.binance.instruments import market_id_of
from trimtab.adapters.frame.desks import contract_symbol_of
from trimtab.adapters.open_venue import OpenedVenue
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Asset, Symbol
from trimtab.domain.orders import TradeId
from trimtab.domain.payments import PaymentKind

INCOME = "/fapi/v1/income"
DAY_MS = 86_400_000
NOW_MS = now_ms()


def row(number: int, *, days_ago: float = 0.0, **changed: Any) -> dict[str, Any]:
    return {
        "symbol": "BTCUSDT",
        "incomeType": "FUNDING_FEE",
        "income": "-0.37500000",
        "asset": "USDT",
        "info": "FUNDING_FEE",
        "time": NOW_MS - int(days_ago * DAY_MS) - 1000,
        "tranId": number,
        "tradeId": "",
    } | changed


def listed(rows: Sequence[dict[str, Any]], *, newest_first: bool = False) -> Any:
    """The list of payments of a venue, with its bounds; *newest_first* keeps a page's end."""

    def answer(arrival: Arrival) -> Script:
        asked = arrival.params
        start, end, limit = (int(asked[name]) for name in ("startTime", "endTime", "limit"))
        found = [r for r in rows if start <= r["time"] <= end]
        return told(found[-limit:][::-1] if newest_first else found[:limit])

    return answer


@asynccontextmanager
async def venue_with(
    rows: Sequence[dict[str, Any]], *, contracts: bool = True, **how: bool
) -> AsyncIterator[tuple[ScriptedVenue, OpenedVenue]]:
    async with (
        scripted_venue() as venue,
        opened(venue.url, clock=NoWaiting(), contracts=contracts) as at,
    ):
        venue.script["GET", INCOME] = listed(rows, **how)
        yield venue, at


def days_ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


WORDS = {
    "FUNDING_FEE": PaymentKind.FUNDING,
    "REALIZED_PNL": PaymentKind.REALISED_PROFIT,
    "COMMISSION": PaymentKind.COMMISSION,
    "TRANSFER": PaymentKind.TRANSFER,
    "INSURANCE_CLEAR": PaymentKind.LIQUIDATION_CLEARANCE,
    "WELCOME_BONUS": PaymentKind.OTHER,
    "DELIVERED_SETTELMENT": PaymentKind.OTHER,
}


@pytest.mark.parametrize("word", WORDS)
async def test_a_row_is_read_exactly(word: str) -> None:
    income = "-0.123456789012345678901234567890"
    given = row(9689322392, incomeType=word, income=income, tradeId="2059192", asset="BNB")
    async with venue_with([given]) as (_, at):
        (payment,) = await at.venue.payments(days_ago(1))
    assert (payment.kind, payment.word) == (WORDS[word], word)
    assert str(payment.units) == income
    assert (payment.symbol, payment.asset) == (Symbol("BTC/USDT:USDT"), Asset("BNB"))
    assert payment.trade_id == TradeId("2059192")
    assert payment.paid_at == datetime.fromtimestamp(given["time"] / 1000, UTC)


async def test_a_row_about_no_market_and_no_execution_says_so() -> None:
    async with venue_with([row(1, incomeType="TRANSFER", symbol="")]) as (_, at):
        (payment,) = await at.venue.payments(days_ago(1))
    assert (payment.symbol, payment.trade_id) == (None, None)


async def test_rows_that_share_a_number_are_told_apart() -> None:
    rows = [
        row(7, incomeType="COMMISSION", tradeId="1"),
        row(7, incomeType="COMMISSION", tradeId="2"),
        row(7, incomeType="COMMISSION", tradeId="1", symbol="ETHUSDT"),
        row(7, incomeType="REALIZED_PNL", tradeId="1"),
        row(7, incomeType="API_REBATE"),
        row(7, incomeType="CONTEST_REWARD"),
    ]
    async with venue_with(rows) as (_, at):
        payments = await at.venue.payments(days_ago(1))
    assert len({payment.key for payment in payments}) == len(rows)


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("count", [0, 1, 999, 1000, 1001, 3500])
async def test_every_page_is_read_whichever_rows_a_full_one_shows(
    count: int, newest_first: bool
) -> None:
    rows = [row(n, days_ago=6 - n / 1000) for n in range(1, count + 1)]
    async with venue_with(rows, newest_first=newest_first) as (_, at):
        payments = await at.venue.payments(days_ago(20))
    assert [p.payment_id for p in payments] == [f"{n}-BTCUSDT" for n in range(1, count + 1)]


async def test_weeks_without_payments_are_passed_over() -> None:
    rows = [row(1, days_ago=61), row(2, days_ago=30.5), row(3)]
    async with venue_with(rows) as (_, at):
        payments = await at.venue.payments(days_ago(70))
    assert [p.payment_id for p in payments] == ["1-BTCUSDT", "2-BTCUSDT", "3-BTCUSDT"]


async def test_what_the_venue_keeps_no_more_is_not_asked_for() -> None:
    async with venue_with([row(1)]) as (venue, at):
        assert len(await at.venue.payments(days_ago(3_000))) == 1
    asked = [a for a in venue.arrivals if a.path == INCOME]
    assert len(asked) == 15
    assert min(int(a.params["startTime"]) for a in asked) >= NOW_MS - 101 * DAY_MS


async def test_windows_neither_overlap_nor_leave_a_gap() -> None:
    rows = [row(n, days_ago=6 - n / 1000) for n in range(1, 2_501)]
    async with venue_with(rows) as (venue, at):
        await at.venue.payments(days_ago(20))
    taken, last = 0, None
    for arrival in (a for a in venue.arrivals if a.path == INCOME):
        start, end = int(arrival.params["startTime"]), int(arrival.params["endTime"])
        assert start <= end
        if sum(start <= r["time"] <= end for r in rows) < 1000:
            assert last in (None, start - 1)
            taken, last = taken + 1, end
    assert taken >= 3
    assert last is not None
    assert last > NOW_MS


async def test_more_than_a_page_in_one_millisecond_is_no_answer() -> None:
    rows = [row(n, days_ago=1) for n in range(1, 1_002)]
    async with venue_with(rows) as (_, at):
        with pytest.raises(NotDone, match="more than a page"):
            await at.venue.payments(days_ago(2))


async def test_a_venue_that_disregards_the_bounds_makes_no_row_appear_twice() -> None:
    rows = [row(1, days_ago=12), row(2, days_ago=1)]
    async with venue_with(rows) as (venue, at):
        venue.script["GET", INCOME] = lambda _: told(rows)
        payments = await at.venue.payments(days_ago(20))
    assert [p.payment_id for p in payments] == ["1-BTCUSDT", "2-BTCUSDT"]


async def test_a_row_that_comes_with_two_contents_is_no_answer() -> None:
    rows = [row(1), row(1, income="-0.37500001")]
    async with venue_with(rows) as (_, at):
        with pytest.raises(NotDone, match="two contents"):
            await at.venue.payments(days_ago(1))


@pytest.mark.parametrize(
    "broken",
    [
        {"income": "NaN"},
        {"income": None},
        {"asset": ""},
        {"symbol": None},
        {"incomeType": 7},
        {"tranId": "x"},
        {"tradeId": 5},
        {"time": "soon"},
    ],
    ids=str,
)
async def test_a_row_that_cannot_be_read_makes_the_answer_unreadable(
    broken: dict[str, Any],
) -> None:
    async with venue_with([row(1), row(2) | broken]) as (venue, at):
        venue.script["GET", INCOME] = lambda _: told([row(1), row(2) | broken])
        with pytest.raises(NotDone, match="unreadable"):
            await at.venue.payments(days_ago(1))


async def test_an_account_without_futures_is_not_asked() -> None:
    async with venue_with([row(1)], contracts=False) as (venue, at):
        assert await at.venue.payments(days_ago(1)) == ()
    assert venue.count("GET", INCOME) == 0


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("BTCUSDT", "BTC/USDT:USDT"),
        ("1000PEPEUSDC", "1000PEPE/USDC:USDC"),
        ("FDUSDUSDT", "FDUSD/USDT:USDT"),
        ("ETHBTC", "ETH/BTC:BTC"),
        ("BTCUSDT_261225", "BTC/USDT:USDT-261225"),
        ("USDT", "USDT"),
        ("WHATEVER", "WHATEVER"),
    ],
)
def test_a_market_is_named_from_its_name_alone(name: str, symbol: str) -> None:
    assert contract_symbol_of(name) == symbol
    assert market_id_of(Symbol(symbol)) == name
