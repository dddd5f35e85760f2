"""What an answer of BingX means for an order: its codes come with status 200."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conformance.spoken import Asked, Told
from tests.conformance.stage import staged
from trimtab.domain.errors import NotDone, OutcomeUnknown, Refused, VenueError
from trimtab.venues.facts import Market

MARKETS = pytest.mark.parametrize("market", [Market.SPOT, Market.LINEAR])


def told(code: object, *, status: int = 200, text: str = "because", **more: Any) -> Told:
    document = {"code": code, "msg": text, "data": {}, **more}
    return Told(status=status, body=json.dumps(document).encode())


def of_orders(asked: Asked) -> bool:
    """Say whether a request looks an order up by our name."""
    return asked.method == "GET" and "clientorderid=" in asked.query.lower()


@MARKETS
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        *((told(code), Refused) for code in (100001, 100004, 100412, 100413, 100419, 100414)),
        *((told(code), NotDone) for code in (100421, 100410, 109429)),
        *((told(code), OutcomeUnknown) for code in (101481, 109201)),
        *((told(code), OutcomeUnknown) for code in (100400, 101400, 100500, 100503, 109500)),
        *((told(code), OutcomeUnknown) for code in (101215, 102201, 101412, 110500, 109701)),
        *((told(code), OutcomeUnknown) for code in (424242, "0x", None, True, "")),
        (told(100413, status=401), Refused),
        (told(100413, status=500), OutcomeUnknown),
        (told(100413, status=408), OutcomeUnknown),
        (told(0), OutcomeUnknown),
        (told(0, data={"orderId": 1, "clientOrderID": "another"}), OutcomeUnknown),
        (told(0, data={"order": {"orderId": 1, "clientOrderID": "another"}}), OutcomeUnknown),
        (Told(status=504, body=b"<html></html>"), OutcomeUnknown),
        (Told(status=403, body=b"<html></html>"), OutcomeUnknown),
        (Told(status=429, body=b""), NotDone),
        (Told(status=418, body=b""), NotDone),
    ],
)
async def test_only_a_code_that_is_listed_proves_anything_about_an_order(
    answer: Told, error: type[VenueError], market: Market
) -> None:
    async with staged("bingx", market) as stage:
        stage.line.spoil(answer, which=stage.floor.is_order)
        with pytest.raises(VenueError) as raised:
            await stage.opened.venue.submit(stage.buy("0.004"))
        assert type(raised.value) is error, raised.value
        assert stage.floor.orders() == []


@pytest.mark.parametrize("code", [100202, 100440, 100490, 101402, 100404])
async def test_an_order_of_coins_that_the_venue_declines_is_refused(code: int) -> None:
    async with staged("bingx", Market.SPOT) as stage:
        stage.line.spoil(told(code), which=stage.floor.is_order)
        with pytest.raises(Refused, match=str(code)):
            await stage.opened.venue.submit(stage.buy("0.004"))


@pytest.mark.parametrize("code", [101204, 101253, 101290, 101414, 101485, 109400, 110425, 80012])
async def test_a_contract_s_order_that_the_venue_declines_is_refused(code: int) -> None:
    async with staged("bingx", Market.LINEAR) as stage:
        stage.line.spoil(told(code), which=stage.floor.is_order)
        with pytest.raises(Refused, match=str(code)):
            await stage.opened.venue.submit(stage.buy("0.004"))


@MARKETS
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (told(100413), Refused),
        (told(100419), Refused),
        (told(100410), NotDone),
        (told(100421), NotDone),
        (told(100500), NotDone),
        (told(424242), NotDone),
        (told(0, data=[]), NotDone),
        (Told(status=403, body=b"<html></html>"), Refused),
    ],
)
async def test_a_read_that_is_declined_is_no_empty_account(
    answer: Told, error: type[VenueError], market: Market
) -> None:
    async with staged("bingx", market) as stage:
        for _ in range(4):
            stage.line.spoil(answer, which=stage.floor.is_account)
        with pytest.raises(VenueError) as raised:
            await stage.read_again()
        assert type(raised.value) is error, raised.value


@pytest.mark.parametrize(
    "words",
    ["and will be unblocked after {}", "can retry after time: {}", "banned until {}"],
)
async def test_silence_lasts_until_the_instant_that_the_text_names(words: str) -> None:
    async with staged("bingx", Market.SPOT) as stage:
        ends_ms = round(stage.opened.venue._wire.clock.now().timestamp() * 1000) + 5000
        slow = told(100410, text=words.format(ends_ms))
        stage.line.spoil(slow, which=stage.floor.is_order)
        with pytest.raises(NotDone) as raised:
            await stage.opened.venue.submit(stage.buy("0.004"))
    assert 4000 < raised.value.retry_after_ms <= 5500


async def test_silence_without_an_end_lasts_a_while() -> None:
    async with staged("bingx", Market.SPOT) as stage:
        stage.line.spoil(told(100410, text="rate limited"), which=stage.floor.is_order)
        with pytest.raises(NotDone) as raised:
            await stage.opened.venue.submit(stage.buy("0.004"))
    assert 4000 < raised.value.retry_after_ms <= 5000


@MARKETS
async def test_an_order_that_is_received_and_not_shown_yet_is_not_ended(market: Market) -> None:
    absent = {Market.SPOT: 100404, Market.LINEAR: 109421}[market]
    async with staged("bingx", market) as stage:
        for _ in range(3):
            stage.line.spoil(told(absent), which=of_orders)
        order = await stage.opened.venue.submit(stage.buy("0.004"))
        assert (order.ended, order.filled_lots, order.status) == (False, 0, "received")
        found = await stage.opened.venue.look_up(stage.buy("0.004"))
    assert found is not None
    assert found.ended


@MARKETS
@pytest.mark.parametrize("code", [100400, 100413])
async def test_a_look_up_that_is_declined_is_no_absence(code: int, market: Market) -> None:
    async with staged("bingx", market) as stage:
        for _ in range(4):
            stage.line.spoil(told(code), which=of_orders)
        with pytest.raises(VenueError, match=str(code)):
            await stage.opened.venue.look_up(stage.buy("0.004"))
