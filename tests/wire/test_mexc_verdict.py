"""What an answer of MEXC means for an order: its codes come with 400, and 5xx proves nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conformance.mexc_floor import MexcFloor
from tests.conformance.spoken import Told
from tests.conformance.stage import Stage, from_the_start, staged
from trimtab.domain.errors import NotDone, OutcomeUnknown, Refused, VenueError
from trimtab.venues.facts import Market


def told(code: object, *, status: int = 400, **more: Any) -> Told:
    document = {"code": code, "msg": "because", "_extend": None, **more}
    return Told(status=status, body=json.dumps(document).encode())


def receipt(**changed: Any) -> Told:
    document = {
        "symbol": "BTCUSDT",
        "orderId": "C02__1",
        "orderListId": -1,
        "price": "60000.10",
        "origQty": "0.004",
        "type": "IMMEDIATE_OR_CANCEL",
        "side": "BUY",
        "transactTime": 1_666_676_533_741,
        **changed,
    }
    return Told(body=json.dumps(document).encode())


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        *((told(code), Refused) for code in (30004, 10101, 30002, 30005, 30016, 30041, 30087)),
        *((told(code), Refused) for code in (10007, -1121, 700002, 700006, 700007, 10072, 401)),
        *((told(code), NotDone) for code in (700003, 429)),
        *((told(code), OutcomeUnknown) for code in (30999, 33333, 44444, 730000, 730002, 26)),
        *((told(code), OutcomeUnknown) for code in (500, 503, 504, 20002, "0x", None, True)),
        *((told(code, status=500), OutcomeUnknown) for code in (30004, 700003)),
        (told(30004, status=408), OutcomeUnknown),
        (told(30004, status=200), OutcomeUnknown),
        (told(0, status=200), OutcomeUnknown),
        (receipt(side="SELL"), OutcomeUnknown),
        (receipt(origQty="0.04"), OutcomeUnknown),
        (receipt(symbol="ETHUSDT"), OutcomeUnknown),
        (receipt(orderId="a b"), OutcomeUnknown),
        (Told(status=403, body=b"<html></html>"), OutcomeUnknown),
        (Told(status=429, body=b""), NotDone),
        (Told(status=418, body=b""), NotDone),
    ],
)
async def test_only_a_code_that_is_listed_proves_anything_about_an_order(
    answer: Told, error: type[VenueError]
) -> None:
    async with staged("mexc", Market.SPOT) as stage:
        stage.line.spoil(answer, which=stage.floor.is_order)
        with pytest.raises(VenueError) as raised:
            await stage.opened.venue.submit(stage.buy("0.004"))
        assert type(raised.value) is error, raised.value
        assert stage.floor.orders() == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (told(10072), Refused),
        (told(700007), Refused),
        (told(700003), NotDone),
        (told(424242), NotDone),
        (told(500, status=500), NotDone),
        (told(429, status=429), NotDone),
        (Told(status=403, body=b"<html></html>"), Refused),
    ],
)
async def test_a_read_that_is_declined_is_no_empty_account(
    answer: Told, error: type[VenueError]
) -> None:
    async with staged("mexc", Market.SPOT) as stage:
        stage.unmetered()
        for _ in range(4):
            stage.line.spoil(answer, which=stage.floor.is_account)
        with pytest.raises(VenueError) as raised:
            await stage.read_again()
        assert type(raised.value) is error, raised.value


async def test_an_order_leaves_as_text_and_once() -> None:
    async with staged("mexc", Market.SPOT) as stage:
        order = stage.buy("0.000123")
        await stage.opened.venue.submit(order)
        (asked,) = [asked for asked in stage.line.asked if stage.floor.is_order(asked)]
    words = asked.query.split("&")
    assert words[:6] == [
        "symbol=BTCUSDT",
        "side=BUY",
        "type=IMMEDIATE_OR_CANCEL",
        "quantity=0.000123",
        "price=60000.10",
        f"newClientOrderId={order.client_order_id}",
    ]
    assert [word.partition("=")[0] for word in words[6:]] == [
        "timestamp",
        "recvWindow",
        "signature",
    ]
    assert asked.body == ""


def floor_of(stage: Stage) -> MexcFloor:
    assert isinstance(stage.floor, MexcFloor)
    return stage.floor


async def test_an_order_that_the_venue_lets_rest_is_taken_off() -> None:
    async with staged("mexc", Market.SPOT) as stage:
        floor_of(stage).rests = True
        order = await stage.opened.venue.submit(stage.buy("0.3", limit=stage.floor.truth().ask))
        resting = await stage.opened.venue.open_orders([stage.symbol])
    assert (order.ended, order.status, resting) == (True, "PARTIALLY_CANCELED", ())
    assert stage.instrument.units(order.filled_lots) == stage.floor.truth().ask_quantity


async def test_an_order_that_cannot_be_taken_off_is_not_ended() -> None:
    async with staged("mexc", Market.SPOT) as stage:
        floor_of(stage).rests = True
        stage.line.spoil(told(500, status=500), which=stage.floor.is_cancel)
        order = await stage.opened.venue.submit(stage.buy("0.3", limit=stage.floor.truth().ask))
        (resting,) = await stage.opened.venue.open_orders([stage.symbol])
    assert (order.ended, order.filled_lots, order.status) == (False, 0, "received")
    assert resting.client_order_id == order.client_order_id
    assert stage.instrument.units(resting.lots) == stage.instrument.units(order.lots) - (
        stage.floor.truth().ask_quantity
    )


async def test_an_order_that_ends_by_itself_is_not_cancelled() -> None:
    async with staged("mexc", Market.SPOT) as stage:
        await stage.opened.venue.submit(stage.buy("0.3", limit=stage.floor.truth().ask))
        assert not any(stage.floor.is_cancel(asked) for asked in stage.line.asked)


async def test_an_order_that_is_not_found_yet_is_received_and_found_later() -> None:
    async with staged("mexc", Market.SPOT) as stage:
        for _ in range(4):  # Three looks, and the one after it was taken off.
            stage.line.spoil(
                told(-2013), which=lambda asked: asked.path == "/api/v3/order" and is_read(asked)
            )
        order = await stage.opened.venue.submit(stage.buy("0.004"))
        assert (order.ended, order.status) == (False, "received")
        found = await stage.opened.venue.look_up(stage.buy("0.004"))
    assert found is not None
    assert found.ended


def is_read(asked: Any) -> bool:
    return asked.method == "GET"


async def test_executions_of_one_instant_that_fill_an_answer_are_not_cut_short() -> None:
    async with staged("mexc", Market.SPOT) as stage:
        stage.unmetered()
        floor = floor_of(stage)
        floor.trade_often(100)
        for execution in floor._trading.executions:
            execution.at_ms = floor._trading.executions[0].at_ms
        with pytest.raises(NotDone, match="in one instant"):
            await stage.opened.venue.fills(stage.symbol, since=from_the_start())


async def test_fees_are_asked_before_the_account_so_that_waiting_makes_nothing_old() -> None:
    async with staged("mexc", Market.SPOT) as stage:
        paths = [asked.path for asked in stage.line.asked]
    assert paths.index("/api/v3/tradeFee") < paths.index("/api/v3/account")
    assert paths.count("/api/v3/tradeFee") == 1


async def test_requests_do_not_carry_the_name_of_a_library() -> None:
    async with staged("mexc", Market.SPOT) as stage:
        await stage.opened.venue.submit(stage.buy("0.004"))
        named = {asked.headers.get("source") for asked in stage.line.asked}
    assert named == {None, "trimtab"}


@pytest.mark.parametrize("oldest_first", [True, False])
async def test_executions_are_whole_whichever_end_a_full_answer_holds(oldest_first: bool) -> None:
    async with staged("mexc", Market.SPOT) as stage:
        stage.unmetered()
        floor_of(stage).oldest_first = oldest_first
        floor_of(stage).trade_often(350)
        fills = await stage.opened.venue.fills(stage.symbol, since=from_the_start())
    assert len({fill.trade_id for fill in fills}) == len(fills) == 350
