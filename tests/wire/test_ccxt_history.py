"""The past over many pages, exactly as the venue writes it, and what is kept of it."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.scripted_venue import Arrival, Script, ScriptedVenue, scripted_venue, told
from tests.wire.opened import NoWaiting, opened
from trimtab.adapters.history_shelf import HistoryShelf, shelf_of
from trimtab.adapters.price_history import KeptHistory
from trimtab.domain.errors import NotDone
from trimtab.domain.history import HistoryNeed
from trimtab.domain.instruments import Asset

KLINES = "/api/v3/klines"
FUNDING = "/fapi/v1/fundingRate"
INTEREST = "/futures/data/openInterestHist"
DAY_MS = 86_400_000
EPOCH = date(1970, 1, 1)
BTC = Asset("BTC")


def today() -> date:
    return datetime.now(UTC).date()


def candle(day: date, close: str = "60000.10", **changed: Any) -> list[Any]:
    opens = (day - EPOCH).days * DAY_MS
    row = {
        "opens": opens,
        "close": close,
        "closes": opens + DAY_MS - 1,
    } | changed
    middle = [row["close"], "1.5", row["closes"], "90000", 10, "1", "60000", "0"]
    return [row["opens"], "1", "2", "0.5", *middle]


def candles(count: int, *, without: Callable[[date], bool] = lambda _: False) -> list[list[Any]]:
    days = [today() - timedelta(days=back) for back in range(count, -1, -1)]  # Today's is open.
    return [candle(d, f"{30_000 + (d - EPOCH).days}") for d in days if not without(d)]


def listed(rows: list[list[Any]]) -> Any:
    def answer(arrival: Arrival) -> Script:
        start, end, limit = (int(arrival.params[k]) for k in ("startTime", "endTime", "limit"))
        return told([r for r in rows if start <= r[0] <= end][:limit])

    return answer


@asynccontextmanager
async def reading(
    rows: list[list[Any]], folder: Path
) -> AsyncIterator[tuple[ScriptedVenue, KeptHistory]]:
    async with scripted_venue() as venue, opened(venue.url, clock=NoWaiting()) as at:
        venue.script["GET", KLINES] = listed(rows)
        yield venue, KeptHistory(at.history, HistoryShelf(folder / "main-history.db"))


def need(days: int) -> HistoryNeed:
    return HistoryNeed(assets=(BTC,), days=days)


async def test_more_days_than_a_page_are_read_page_by_page(tmp_path: Path) -> None:
    async with reading(candles(2500), tmp_path) as (venue, history):
        read = await history.read(need(2500))
        assert venue.count("GET", KLINES) == 3
    window = read.window([BTC], days=2500)
    assert window.closes[BTC][-1] == 30_000 + (today() - EPOCH).days - 1
    assert window.closes[BTC][0] == 30_000 + (today() - EPOCH).days - 2500


async def test_a_day_that_has_not_ended_is_neither_told_nor_kept(tmp_path: Path) -> None:
    async with reading(candles(5), tmp_path) as (_, history):
        read = await history.read(need(3))
    assert read.closes[BTC][-1].day == today() - timedelta(days=1)
    with sqlite3.connect(tmp_path / "main-history.db") as kept:
        (newest,) = kept.execute("SELECT max(day) FROM closes").fetchone()
    assert newest == str(today() - timedelta(days=1))


async def test_closes_keep_every_digit(tmp_path: Path) -> None:
    day = today() - timedelta(days=1)
    async with reading([candle(day, "0.00001234567890123456")], tmp_path) as (_, history):
        first = await history.read(need(1))
        second = await history.read(need(1))
    assert first.closes[BTC][0].close == Decimal("0.00001234567890123456")
    assert second == first


async def test_what_is_kept_is_not_asked_for_again(tmp_path: Path) -> None:
    async with reading(candles(40), tmp_path) as (venue, history):
        whole = await history.read(need(30))
        asked = venue.count("GET", KLINES)
        assert await history.read(need(30)) == whole
        assert venue.count("GET", KLINES) == asked == 1


async def test_only_the_days_since_the_last_kept_one_are_asked_for(tmp_path: Path) -> None:
    async with reading(candles(40), tmp_path) as (venue, history):
        whole = await history.read(need(30))
        with sqlite3.connect(tmp_path / "main-history.db") as kept:
            kept.execute("DELETE FROM closes WHERE day > ?", (str(today() - timedelta(days=4)),))
        assert await history.read(need(30)) == whole
        newest = [a for a in venue.arrivals if a.path == KLINES][-1]
    assert int(newest.params["startTime"]) == (today() - timedelta(days=3) - EPOCH).days * DAY_MS


async def test_a_day_that_is_missing_among_the_kept_ones_is_asked_for_again(
    tmp_path: Path,
) -> None:
    async with reading(candles(40), tmp_path) as (_, history):
        whole = await history.read(need(30))
        with sqlite3.connect(tmp_path / "main-history.db") as kept:
            kept.execute("DELETE FROM closes WHERE day = ?", (str(today() - timedelta(days=9)),))
        assert await history.read(need(30)) == whole


def _garbage(path: Path) -> None:
    path.write_bytes(b"this is no database, whatever its name says" * 100)


def _another_table(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE closes (something TEXT)")


def _a_bad_number(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE closes (market TEXT, day TEXT, close TEXT)")
        day = str(today() - timedelta(days=1))
        other.execute("INSERT INTO closes VALUES ('BTC/USDT', ?, 'NaN')", (day,))


def _a_folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("break_it", [_garbage, _another_table, _a_bad_number, _a_folder])
async def test_a_file_that_cannot_be_used_is_read_past_and_told(
    break_it: Callable[[Path], None], tmp_path: Path
) -> None:
    path = tmp_path / "main-history.db"
    break_it(path)
    async with reading(candles(40), tmp_path) as (_, history):
        read = await history.read(need(30))
    assert len(read.window([BTC], days=30).closes[BTC]) == 30
    (remark,) = read.remarks
    assert str(path) in remark
    assert "may be deleted" in remark


async def test_a_file_that_another_process_holds_is_read_past(tmp_path: Path) -> None:
    path = tmp_path / "main-history.db"
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("CREATE TABLE other (x)")
    holder.execute("BEGIN EXCLUSIVE")
    try:
        async with reading(candles(10), tmp_path) as (_, history):
            read = await history.read(need(5))
    finally:
        holder.close()
    assert len(read.closes[BTC]) == 5
    assert "locked" in read.remarks[0]


async def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    async with reading(candles(5), tmp_path) as (_, history):
        await history.read(need(3))
    assert (tmp_path / "main-history.db").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "broken",
    [
        {"close": "NaN"},
        {"close": None},
        {"opens": "soon"},
        {"opens": (today() - EPOCH).days * DAY_MS - 3 * DAY_MS + 5},
        {"closes": (today() - EPOCH).days * DAY_MS},
    ],
    ids=str,
)
async def test_a_candle_that_cannot_be_read_makes_the_answer_unreadable(
    broken: dict[str, Any], tmp_path: Path
) -> None:
    day = today() - timedelta(days=2)
    async with reading([], tmp_path) as (venue, history):
        venue.script["GET", KLINES] = told([candle(day, **broken)])
        with pytest.raises(NotDone, match="unreadable"):
            await history.read(need(3))


@pytest.mark.parametrize("answer", [{}, [7], [[1, 2, 3]]], ids=repr)
async def test_what_is_no_list_of_candles_is_unreadable(answer: object, tmp_path: Path) -> None:
    async with reading([], tmp_path) as (venue, history):
        venue.script["GET", KLINES] = told(answer)
        with pytest.raises(NotDone, match="unreadable"):
            await history.read(need(3))


async def test_a_day_that_comes_with_two_closes_is_no_answer(tmp_path: Path) -> None:
    day = today() - timedelta(days=2)
    async with reading([], tmp_path) as (venue, history):
        venue.script["GET", KLINES] = told([candle(day, "1"), candle(day, "2")])
        with pytest.raises(NotDone, match="two closes"):
            await history.read(need(3))


async def test_a_venue_that_lists_no_day_is_an_asset_without_closes(tmp_path: Path) -> None:
    async with reading([], tmp_path) as (_, history):
        read = await history.read(need(3))
    assert read.closes == {}


async def test_a_coin_without_a_spot_market_has_the_closes_of_its_perpetual(
    tmp_path: Path,
) -> None:
    async with reading([], tmp_path) as (venue, history):
        venue.script["GET", "/api/v3/exchangeInfo"] = told({"symbols": [], "rateLimits": []})
        venue.script["GET", "/fapi/v1/klines"] = listed(candles(10))
        read = await history.read(need(5))
    assert len(read.window([BTC], days=5).closes[BTC]) == 5
    assert venue.count("GET", KLINES) == 0


def settled(hours_ago: int, rate: str = "0.0001") -> dict[str, Any]:
    at = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=hours_ago)
    stamp = int(at.timestamp() * 1000)
    return {"symbol": "BTCUSDT", "fundingTime": stamp, "fundingRate": rate, "markPrice": "60000"}


def settlements(rows: list[dict[str, Any]]) -> Any:
    def answer(arrival: Arrival) -> Script:
        start, end, limit = (int(arrival.params[k]) for k in ("startTime", "endTime", "limit"))
        return told([r for r in rows if start <= r["fundingTime"] <= end][:limit])

    return answer


async def test_settlements_are_read_page_by_page_and_kept(tmp_path: Path) -> None:
    rows = [settled(h) for h in range(24 * 60, 0, -1)]
    wanted = HistoryNeed(assets=(), days=50, perpetuals=(BTC,))
    async with reading([], tmp_path) as (venue, history):
        venue.script["GET", FUNDING] = settlements(rows)
        venue.script["GET", INTEREST] = told([])
        first = await history.read(wanted)
        pages = venue.count("GET", FUNDING)
        assert await history.read(wanted) == first
        again = [a for a in venue.arrivals if a.path == FUNDING][pages:]
    assert pages == 2
    assert len(first.funding[BTC]) == 50 * 24
    assert len(again) == 1
    assert int(again[0].params["startTime"]) > rows[-30]["fundingTime"]


async def test_a_settlement_that_is_missing_among_the_kept_ones_is_asked_for_again(
    tmp_path: Path,
) -> None:
    rows = [settled(h) for h in range(24 * 20, 0, -8)]
    wanted = HistoryNeed(assets=(), days=15, perpetuals=(BTC,))
    async with reading([], tmp_path) as (venue, history):
        venue.script["GET", FUNDING] = settlements(rows)
        venue.script["GET", INTEREST] = told([])
        whole = await history.read(wanted)
        with sqlite3.connect(tmp_path / "main-history.db") as kept:
            middle = whole.funding[BTC][20].settled_at.isoformat(timespec="milliseconds")
            kept.execute("DELETE FROM funding WHERE settled_at = ?", (middle,))
        assert await history.read(wanted) == whole


async def test_a_venue_without_statistics_of_open_interest_tells_none(tmp_path: Path) -> None:
    wanted = HistoryNeed(assets=(), days=5, perpetuals=(BTC,))
    async with reading([], tmp_path) as (venue, history):
        venue.script["GET", FUNDING] = settlements([settled(30)])
        venue.script["GET", INTEREST] = told({"code": -1130, "msg": "no"}, 400)
        read = await history.read(wanted)
    assert read.open_interest == {}
    assert read.funding


@pytest.mark.parametrize("units", ["-1", "NaN", None])
async def test_open_interest_that_cannot_be_is_unreadable(
    units: str | None, tmp_path: Path
) -> None:
    row = {"symbol": "BTCUSDT", "sumOpenInterest": units, "timestamp": 1_700_000_000_000}
    wanted = HistoryNeed(assets=(), days=5, perpetuals=(BTC,))
    async with reading([], tmp_path) as (venue, history):
        venue.script["GET", FUNDING] = settlements([])
        venue.script["GET", INTEREST] = told([row])
        with pytest.raises(NotDone, match="unreadable"):
            await history.read(wanted)


async def test_a_list_that_never_ends_is_given_up(tmp_path: Path) -> None:
    def endless(arrival: Arrival) -> Script:
        start = int(arrival.params["startTime"])
        rows = [settled(0) | {"fundingTime": start + i} for i in range(1000)]
        return told(rows)

    wanted = HistoryNeed(assets=(), days=5, perpetuals=(BTC,))
    async with reading([], tmp_path) as (venue, history):
        venue.script["GET", FUNDING] = endless
        venue.script["GET", INTEREST] = told([])
        with pytest.raises(NotDone, match="no end"):
            await history.read(wanted)


@pytest.mark.parametrize(
    ("ledger", "name"),
    [
        ("sqlite:///state/main-live.db", "main-live-history.db"),
        ("sqlite:///state/book", "book-history.db"),
    ],
)
def test_the_file_stands_beside_the_ledger(ledger: str, name: str) -> None:
    assert shelf_of(ledger).name == name
    assert shelf_of(ledger).parent.name == "state"


def test_the_file_of_a_servers_ledger_is_on_this_machine() -> None:
    at = shelf_of("postgresql+psycopg://me@db.example/trimtab")
    assert at.name.startswith("postgresql-")
    assert at.name.endswith("-history.db")
