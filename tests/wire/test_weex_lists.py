"""What is found in the lists of WEEX: all of it, and nobody else's for ours."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.conformance.spoken import Asked, Told
from tests.conformance.stage import from_the_start, staged
from tests.wire.opened import intent
from trimtab.domain.errors import NotDone, Refused
from trimtab.ports import FillCursor
from trimtab.venues.facts import Market

TOO_LONG = Told(status=400, body=json.dumps({"code": -1170, "msg": "interval"}).encode())


def is_trades(asked: Asked) -> bool:
    return asked.path == "/api/v3/myTrades"


async def test_a_stretch_that_the_venue_finds_too_long_is_asked_for_in_halves() -> None:
    async with staged("weex", Market.SPOT) as stage:
        await stage.opened.venue.submit(stage.buy("0.004"))
        cursor = FillCursor(after=None, not_before=datetime.now(UTC) - timedelta(days=5))
        whole = await stage.opened.venue.fills(stage.symbol, since=cursor)
        asked = sum(map(is_trades, stage.line.asked))
        stage.line.spoil(TOO_LONG, which=is_trades)
        assert await stage.opened.venue.fills(stage.symbol, since=cursor) == whole != ()
        assert sum(map(is_trades, stage.line.asked)) > 2 * asked


async def test_a_short_stretch_that_is_found_too_long_is_refused() -> None:
    async with staged("weex", Market.SPOT) as stage:
        for _ in range(9):
            stage.line.spoil(TOO_LONG, which=is_trades)
        with pytest.raises(Refused, match="1170"):
            await stage.opened.venue.fills(stage.symbol, since=from_the_start())
        assert sum(map(is_trades, stage.line.asked)) < 9


async def test_orders_and_executions_of_others_are_not_ours() -> None:
    async with staged("weex", Market.SPOT) as stage:
        theirs, ours = stage.buy("0.004", line=1), stage.buy("0.004", line=2)
        await stage.opened.venue.submit(theirs)
        reader: Any = stage.opened.venue
        assert await reader._orders.sighting(ours) == "none"
        assert await reader._parts.fills.sighting(ours) == "none"
        assert (await reader._orders.sighting(theirs)).startswith("order ")
        assert (await reader._parts.fills.sighting(theirs)).startswith("trade ")


async def test_an_execution_whose_order_has_no_name_may_be_ours() -> None:
    async with staged("weex", Market.SPOT) as stage:
        floor: Any = stage.floor
        floor.trade_often(1)
        floor._orders.clear()
        reader: Any = stage.opened.venue
        found = await reader._parts.fills.sighting(stage.buy("0.004"))
        assert found.startswith("trade ")


async def test_the_name_of_an_order_is_that_of_the_order_asked_for() -> None:
    async with staged("weex", Market.SPOT) as stage:
        order = await stage.opened.venue.submit(stage.buy("0.004"))
        orders: Any = stage.opened.venue
        orders = orders._orders
        names = await orders.client_ids(stage.symbol, [order.venue_order_id])
        assert names == {order.venue_order_id: order.client_order_id}
        last = stage.line.asked[-1]
        stage.line.spoil(stage.floor.answer(last), which=lambda asked: asked.path == last.path)
        assert await orders.client_ids(stage.symbol, ["9"]) == {}


async def test_what_rests_is_asked_for_by_market() -> None:
    async with staged("weex", Market.SPOT) as stage:
        reader: Any = stage.opened.venue
        await reader._orders.resting([stage.symbol])
        assert "symbol=BTCUSDT" in stage.line.asked[-1].query


async def test_an_execution_of_another_market_makes_the_list_unreadable() -> None:
    async with staged("weex", Market.SPOT) as stage:
        await stage.opened.venue.submit(stage.buy("0.004"))
        floor: Any = stage.floor
        floor._trades[0]["symbol"] = "BTCUSDC"
        with pytest.raises(NotDone, match="another market"):
            await stage.opened.venue.fills(stage.symbol, since=from_the_start())


async def test_the_size_of_an_order_is_no_float() -> None:
    async with staged("weex", Market.SPOT) as stage:
        venue: Any = stage.opened.venue
        fine = dataclasses.replace(stage.instrument, lot_size=Decimal("0.000000001"))
        order = intent(fine, 123_456_789_012_345_678, "60000.1", line=1)
        asked = venue._words.place(order, "BTCUSDT").asked
    assert asked["quantity"] == "123456789.012345678"


# Contracts


async def test_executions_of_contracts_are_asked_for_in_weeks_and_in_halves_of_what_is_full() -> (
    None
):
    async with staged("weex", Market.LINEAR) as stage:
        stage.unmetered()
        stage.floor.trade_often(250)
        cursor = FillCursor(after=None, not_before=datetime.now(UTC) - timedelta(days=20))
        fills = await stage.opened.venue.fills(stage.symbol, since=cursor)
        assert len(fills) == len({fill.trade_id for fill in fills}) == 250
        spans = [
            int(asked.query.partition("endTime=")[2].partition("&")[0])
            - int(asked.query.partition("startTime=")[2].partition("&")[0])
            for asked in stage.line.asked
            if asked.path == "/capi/v3/userTrades"
        ]
        assert max(spans) < 7 * 86_400_000


async def test_an_execution_of_a_contract_has_its_size_in_coins() -> None:
    async with staged("weex", Market.LINEAR) as stage:
        await stage.opened.venue.submit(stage.buy("0.004"))
        floor: Any = stage.floor
        spoilt = [{**each, "qty": str(Decimal(each["qty"]) * 40)} for each in _trades(floor)]
        told = Told(body=json.dumps(spoilt).encode())
        for _ in range(4):
            stage.line.spoil(told, which=lambda a: a.path == "/capi/v3/userTrades")
        with pytest.raises(NotDone, match="do not make its value"):
            await stage.opened.venue.fills(stage.symbol, since=from_the_start())


def _trades(floor: Any) -> list[dict[str, Any]]:
    now = int(datetime.now(UTC).timestamp() * 1000)
    week = {"startTime": str(now - 6 * 86_400_000), "endTime": str(now + 60_000)}
    return list(floor.linear.trades(week))
