"""What an answer of WEEX means for an order: only a code that is listed proves anything."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conformance.spoken import Told
from tests.conformance.stage import staged
from trimtab.domain.errors import NotDone, OutcomeUnknown, Refused, VenueError
from trimtab.domain.snapshot import OpenOrder
from trimtab.venues.facts import Market


def told(code: object, *, status: int = 400, text: str = "because") -> Told:
    return Told(status=status, body=json.dumps({"code": code, "msg": text}).encode())


def row(**fields: Any) -> Told:
    return Told(body=json.dumps(fields).encode())


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        *((told(code), Refused) for code in (-1040, -1044, -1047, -1049, -1052, -1056, -1058)),
        *((told(code), Refused) for code in (-1115, -1121, -1140, -1160, -1180, -2007, -2200)),
        *((told(code, status=200), Refused) for code in (-1052, -1160, "-1160")),
        *((told(code), NotDone) for code in (-1046, -1043)),
        (Told(status=429, body=b""), NotDone),
        (Told(status=429, body=b"<html></html>"), NotDone),
        (told(429, status=200), NotDone),
        *((told(code), OutcomeUnknown) for code in (-1000, -1054, 424242, 0, None, True, "")),
        (told(-1054, text="FAILED_PRECONDITION: amount not enough"), OutcomeUnknown),
        (told(-1052, status=500), OutcomeUnknown),
        (told(-1052, status=408), OutcomeUnknown),
        (told(200, status=200, text="success"), OutcomeUnknown),
        (row(orderId=1, clientOrderId="another", symbol="BTCUSDT"), OutcomeUnknown),
        (row(orderId=None, clientOrderId="another"), OutcomeUnknown),
        (Told(status=403, body=b"<html></html>"), OutcomeUnknown),
    ],
)
async def test_an_order_is_refused_not_done_or_unknown(
    answer: Told, error: type[VenueError]
) -> None:
    async with staged("weex", Market.SPOT) as stage:
        stage.line.spoil(answer, which=stage.floor.is_order)
        with pytest.raises(VenueError) as raised:
            await stage.opened.venue.submit(stage.buy("0.004"))
        assert type(raised.value) is error, raised.value
        assert stage.floor.orders() == []


async def test_an_order_that_costs_more_than_is_free_is_unknown_and_looked_up() -> None:
    async with staged("weex", Market.SPOT) as stage:
        order = stage.buy("2")
        with pytest.raises(OutcomeUnknown, match="amount not enough"):
            await stage.opened.venue.submit(order)
        assert (await stage.opened.venue.evidence_of_absence(order)).is_absent


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (told(-1052), Refused),
        (told(-1049, status=401), Refused),
        (told(-1046), NotDone),
        (told(-1054), NotDone),
        (told(424242), NotDone),
        (told(200, status=200, text="success"), NotDone),
        (Told(status=403, body=b"<html></html>"), Refused),
    ],
)
async def test_a_read_that_is_declined_is_no_empty_account(
    answer: Told, error: type[VenueError]
) -> None:
    async with staged("weex", Market.SPOT) as stage:
        for _ in range(4):
            stage.line.spoil(answer, which=stage.floor.is_account)
        with pytest.raises(VenueError) as raised:
            await stage.read_again()
        assert type(raised.value) is error, raised.value


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (row(orderId=7, status="CANCELED"), None),
        (row(orderId=7, status="FAILED", errorMsg="FAILED_ORDER_NOT_FOUND"), None),
        (told(-2200), None),
        (row(orderId=8, status="CANCELED"), OutcomeUnknown),
        (row(orderId=7, status="FAILED", errorMsg="SOMETHING_ELSE"), OutcomeUnknown),
        (row(orderId=7, status="NEW"), OutcomeUnknown),
        (row(status="CANCELED"), OutcomeUnknown),
        (told(-1052), Refused),
    ],
)
async def test_a_cancel_is_done_when_the_venue_says_that_this_order_rests_no_more(
    answer: Told, error: type[VenueError] | None
) -> None:
    async with staged("weex", Market.SPOT) as stage:
        order = stage.buy("0.004")
        resting = OpenOrder(
            symbol=stage.symbol,
            client_order_id=order.client_order_id,
            venue_order_id=(await stage.opened.venue.submit(order)).venue_order_id,
            lots=order.lots,
            limit_price=order.limit_price,
            reduce_only=False,
        )
        number = json.loads(answer.body).get("orderId")
        if number == 7:
            text = answer.body.replace(b"7", str(resting.venue_order_id).encode())
            answer = Told(status=answer.status, body=text)
        stage.line.spoil(answer, which=stage.floor.is_cancel)
        if error is None:
            await stage.opened.venue.cancel(resting)
            return
        with pytest.raises(VenueError) as raised:
            await stage.opened.venue.cancel(resting)
        assert type(raised.value) is error
