"""What an answer of Bybit means for an order: its codes come with status 200."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.conformance.spoken import Told
from tests.conformance.stage import staged
from trimtab.domain.errors import NotDone, OutcomeUnknown, Refused, VenueError
from trimtab.ports import Beside
from trimtab.venues.facts import Market


def told(code: object, *, status: int = 200, **more: Any) -> Told:
    document = {"retCode": code, "retMsg": "because", "result": {}, "time": 1, **more}
    return Told(status=status, body=json.dumps(document).encode())


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        *((told(code), Refused) for code in (10001, 10003, 10005, 170121, 170131, 170140, 170193)),
        *((told(code), NotDone) for code in (10002, 10006, 10018, 170005)),
        *((told(code), OutcomeUnknown) for code in (170141, 12141, 110072)),
        *((told(code), OutcomeUnknown) for code in (10000, 10016, 170001, 170007, 170146, 170149)),
        *((told(code), OutcomeUnknown) for code in (424242, "0x", None, True)),
        (told(170131, status=500), OutcomeUnknown),
        (told(170131, status=408), OutcomeUnknown),
        (told(0), OutcomeUnknown),
        (told(0, result={"orderId": "1", "orderLinkId": "another"}), OutcomeUnknown),
        (Told(status=403, body=b"<html></html>"), OutcomeUnknown),
        (Told(status=429, body=b""), NotDone),
    ],
)
async def test_only_a_code_that_is_listed_proves_anything_about_an_order(
    answer: Told, error: type[VenueError]
) -> None:
    async with staged("bybit", Market.SPOT) as stage:
        stage.line.spoil(answer, which=stage.floor.is_order)
        with pytest.raises(VenueError) as raised:
            await stage.opened.venue.submit(stage.buy("0.004"))
        assert type(raised.value) is error, raised.value
        assert stage.floor.orders() == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        *((told(code), Refused) for code in (10001, 10005, 110003, 110007, 110017, 110094)),
        *((told(code), NotDone) for code in (10002, 10006, 10018)),
        *((told(code), OutcomeUnknown) for code in (110072, 170141, 12141)),
        *((told(code), OutcomeUnknown) for code in (10000, 10016, 110030, 110043, 110073, 424242)),
        (told(110007, status=500), OutcomeUnknown),
        (told(0, result={"orderId": "1", "orderLinkId": "another"}), OutcomeUnknown),
        (Told(status=403, body=b"<html></html>"), OutcomeUnknown),
    ],
)
async def test_a_code_proves_of_a_contract_only_what_is_listed(
    answer: Told, error: type[VenueError]
) -> None:
    async with staged("bybit", Market.LINEAR) as stage:
        stage.line.spoil(answer, which=stage.floor.is_order)
        with pytest.raises(VenueError) as raised:
            await stage.opened.venue.submit(stage.buy("0.004"))
        assert type(raised.value) is error, raised.value
        assert stage.floor.orders() == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (told(10005), Refused),
        (told(10003), Refused),
        (told(10006), NotDone),
        (told(10016), NotDone),
        (told(424242), NotDone),
        (Told(status=403, body=b"<html></html>"), Refused),
    ],
)
async def test_a_read_that_is_declined_is_no_empty_account(
    answer: Told, error: type[VenueError]
) -> None:
    async with staged("bybit", Market.SPOT) as stage:
        for _ in range(4):
            stage.line.spoil(answer, which=stage.floor.is_account)
        with pytest.raises(VenueError) as raised:
            await stage.read_again()
        assert type(raised.value) is error, raised.value


async def test_silence_lasts_until_the_instant_that_the_venue_names() -> None:
    async with staged("bybit", Market.SPOT) as stage:
        ends_ms = round(stage.opened.venue._wire.clock.now().timestamp() * 1000) + 5000
        until = {"X-Bapi-Limit-Reset-Timestamp": str(ends_ms)}
        slow = Told(body=told(10006).body, headers=until)
        stage.line.spoil(slow, which=stage.floor.is_order)
        with pytest.raises(NotDone) as raised:
            await stage.opened.venue.submit(stage.buy("0.004"))
    assert 4000 < raised.value.retry_after_ms <= 5500


async def test_an_order_that_is_received_and_not_shown_yet_is_not_ended() -> None:
    async with staged("bybit", Market.SPOT) as stage:
        nothing = {"list": [], "nextPageCursor": "", "category": "spot"}
        for _ in range(9):  # Three lists, looked at three times.
            empty = told(0, result=nothing)
            stage.line.spoil(
                empty, which=lambda asked: "/v5/order/" in asked.path and asked.method == "GET"
            )
        order = await stage.opened.venue.submit(stage.buy("0.004"))
        assert (order.ended, order.filled_lots, order.status) == (False, 0, "received")
        found = await stage.opened.venue.look_up(stage.buy("0.004"))
    assert found is not None
    assert found.ended


@pytest.mark.parametrize("market", [Market.SPOT, Market.LINEAR])
async def test_contracts_that_nothing_reads_are_told(market: Market) -> None:
    async with staged("bybit", market) as stage:
        linear = stage.floor.linear
        linear._trading.units = Decimal(0)
        assert await stage.opened.preflight.beside() == ()
        sold = {"symbol": "BTCUSD", "side": "Sell", "size": "100"}
        bought = {"symbol": "BTC-29DEC26-90000-C-USDT", "side": "Buy", "size": "0.3"}
        linear.others = {"inverse": [sold, sold | {"size": "0"}], "option": [bought]}
        linear._trading.units = Decimal("0.01")
        found = await stage.opened.preflight.beside()
    coins = (Beside(place="USDT-margined BTCUSDT", held="0.01"),) * (market is Market.SPOT)
    assert found == (
        Beside(place="inverse BTCUSD", held="-100"),
        Beside(place="option BTC-29DEC26-90000-C-USDT", held="0.3"),
        *coins,
    )
