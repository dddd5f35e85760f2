"""What every teller of the past promises, held by the real one and by the fake."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.fakes.told_history import ToldHistory, history_of
from tests.wire.opened import NoWaiting, opened
from trimtab.adapters.history_shelf import HistoryShelf
from trimtab.adapters.price_history import KeptHistory
from trimtab.domain.errors import HistoryGap, NoHistory, ShortHistory
from trimtab.domain.history import NOTHING_NEEDED, HistoryNeed
from trimtab.domain.instruments import Asset
from trimtab.ports import PriceHistory
from trimtab.testnet import Scenario, serve

BTC, ETH, NOPE = Asset("BTC"), Asset("ETH"), Asset("NOPE")
BTC_CLOSES = [str(50_000 + 100 * day) for day in range(40)]
ETH_CLOSES = [str(2500 + day) if day != 35 else None for day in range(40)]
RATES = ["0.0001"] * 89 + ["-0.0003"]
UNITS = [str(9000 + day) for day in range(20)]

pytestmark = pytest.mark.parametrize("kind", ["venue", "told"])


@asynccontextmanager
async def teller(kind: str) -> AsyncIterator[PriceHistory]:
    """BTC has forty days and a perpetual's past, ETH lacks the fifth day from the end."""
    if kind == "told":
        yesterday = datetime.now(UTC).date() - timedelta(days=1)
        told = history_of(
            {"BTC": BTC_CLOSES, "ETH": ETH_CLOSES},
            until=yesterday,
            funding={"BTC": RATES},
            open_interest={"BTC": UNITS},
        )
        yield ToldHistory(told)
        return
    scenario = Scenario.from_json(
        {
            "prices": {"BTC": "58000", "ETH": "2500"},
            "past": {
                "closes": {"BTC": BTC_CLOSES, "ETH": ETH_CLOSES},
                "funding": {"BTCUSDT": RATES},
                "open_interest": {"BTCUSDT": UNITS},
            },
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        async with serve(scenario) as exchange, opened(exchange.url, clock=NoWaiting()) as venue:
            yield KeptHistory(venue.history, HistoryShelf(Path(folder) / "history.db"))


async def test_closes_are_of_the_days_that_were_asked_for_and_end_yesterday(kind: str) -> None:
    async with teller(kind) as history:
        read = await history.read(HistoryNeed(assets=(BTC,), days=10))
    assert read.until == datetime.now(UTC).date() - timedelta(days=1)
    window = read.window([BTC], days=10)
    assert window.closes[BTC] == tuple(map(Decimal, BTC_CLOSES[-10:]))


async def test_who_needs_nothing_is_told_nothing(kind: str) -> None:
    async with teller(kind) as history:
        read = await history.read(NOTHING_NEEDED)
    assert not read.closes
    assert not read.funding


async def test_an_asset_without_a_market_is_left_out_and_an_error_for_who_needs_it(
    kind: str,
) -> None:
    async with teller(kind) as history:
        read = await history.read(HistoryNeed(assets=(BTC, NOPE), days=5))
    assert set(read.closes) == {BTC}
    with pytest.raises(NoHistory, match="NOPE"):
        read.window([BTC, NOPE], days=5)


async def test_a_missing_day_is_missing_and_named_when_it_is_needed(kind: str) -> None:
    async with teller(kind) as history:
        read = await history.read(HistoryNeed(assets=(ETH,), days=10))
    day = read.until - timedelta(days=4)
    with pytest.raises(HistoryGap, match=str(day)):
        read.window([ETH], days=10)
    assert len(read.window([ETH], days=4).closes[ETH]) == 4


async def test_a_coin_that_is_younger_than_the_look_back_is_too_short(kind: str) -> None:
    async with teller(kind) as history:
        read = await history.read(HistoryNeed(assets=(BTC,), days=41))
    assert len(read.closes[BTC]) == 40
    with pytest.raises(ShortHistory, match="41 daily closes are needed and there are 40"):
        read.window([BTC], days=41)


async def test_settlements_and_open_interest_come_oldest_first(kind: str) -> None:
    need = HistoryNeed(assets=(BTC,), days=20, perpetuals=(BTC, NOPE))
    async with teller(kind) as history:
        read = await history.read(need)
    rates = [row.rate for row in read.funding[BTC]]
    instants = [row.settled_at for row in read.funding[BTC]]
    assert 50 <= len(rates) <= 60
    assert set(rates[:-3]) == {Decimal("0.0001")}
    assert instants == sorted(set(instants))
    assert [row.units for row in read.open_interest[BTC]] == list(map(Decimal, UNITS))
    assert set(read.funding) == set(read.open_interest) == {BTC}


async def test_what_was_read_once_is_told_the_same_again(kind: str) -> None:
    need = HistoryNeed(assets=(BTC, ETH), days=30, perpetuals=(BTC,))
    async with teller(kind) as history:
        first, second = await history.read(need), await history.read(need)
    assert first == second
