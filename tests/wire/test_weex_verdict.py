"""What an answer of WEEX means for an order: only a code that is listed proves anything."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.conformance.spoken import Told
from tests.conformance.stage import staged
from trimtab.domain.errors import NotDone, OutcomeUnknown, Refused, VenueError
from trimtab.domain.orders import VenueOrderId
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


# Contracts


def accepted(**fields: Any) -> Told:
    told = {"orderId": "7", "clientOrderId": "OURS", "success": True}
    return row(**told | {"errorCode": "", "errorMessage": ""} | fields)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        *((told(code), Refused) for code in (-1047, -1049, -1052, -1056, -1058, -1115, -1142)),
        *((told(code), Refused) for code in (-3006, -3007, -3200, -3235, -3236, -3313, -3613)),
        *((told(code, status=200), Refused) for code in (-3007, "-3235")),
        *((told(code), NotDone) for code in (-1046, -1043)),
        (Told(status=429, body=b""), NotDone),
        (told(429, status=200), NotDone),
        *((told(code), OutcomeUnknown) for code in (-1000, -1054, 424242, -2200, 0, None, "")),
        (told(-3007, status=500), OutcomeUnknown),
        (told(200, status=200, text="success"), OutcomeUnknown),
        (accepted(success=False, errorCode="-3007", errorMessage="too much"), Refused),
        (accepted(success=False, errorCode="-1054", errorMessage="later"), OutcomeUnknown),
        (accepted(success=False, errorCode="", errorMessage=""), OutcomeUnknown),
        (accepted(success=False, errorCode="INSUFFICIENT", errorMessage="no"), OutcomeUnknown),
        (accepted(success="true"), OutcomeUnknown),
        (accepted(orderId=None, errorCode="-3007", errorMessage="too much"), OutcomeUnknown),
        (accepted(orderId=None), OutcomeUnknown),
        (accepted(clientOrderId="another"), OutcomeUnknown),
        (Told(status=403, body=b"<html></html>"), OutcomeUnknown),
    ],
)
async def test_an_order_of_a_contract_is_refused_not_done_or_unknown(
    answer: Told, error: type[VenueError]
) -> None:
    async with staged("weex", Market.LINEAR) as stage:
        one = stage.buy("0.004")
        ours = answer.body.replace(b'"OURS"', json.dumps(one.client_order_id).encode())
        stage.line.spoil(replace(answer, body=ours), which=stage.floor.is_order)
        with pytest.raises(VenueError) as raised:
            await stage.opened.venue.submit(one)
        assert type(raised.value) is error, raised.value
        assert stage.floor.orders() == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (accepted(origClientOrderId="x"), None),
        (told(-3200), None),
        (accepted(success=False, errorCode="-3200", errorMessage="gone"), None),
        (accepted(orderId="8"), OutcomeUnknown),
        (accepted(success=False), OutcomeUnknown),
        (accepted(orderId=True), OutcomeUnknown),
        (told(-2200), OutcomeUnknown),
        (told(-1052), Refused),
    ],
)
async def test_a_cancel_of_a_contract_s_order_is_done_when_the_venue_says_so_of_this_order(
    answer: Told, error: type[VenueError] | None
) -> None:
    async with staged("weex", Market.LINEAR) as stage:
        resting = OpenOrder(
            symbol=stage.symbol,
            client_order_id=stage.buy("0.004").client_order_id,
            venue_order_id=VenueOrderId("7"),
            lots=stage.buy("0.004").lots,
            limit_price=stage.buy("0.004").limit_price,
            reduce_only=False,
        )
        stage.line.spoil(answer, which=stage.floor.is_cancel)
        if error is None:
            await stage.opened.venue.cancel(resting)
            return
        with pytest.raises(VenueError) as raised:
            await stage.opened.venue.cancel(resting)
        assert type(raised.value) is error, raised.value


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (told(-1052), Refused),
        (told(-1049, status=401), Refused),
        (told(-1046), NotDone),
        (told(-1054), NotDone),
        (told(200, status=200, text="success"), NotDone),
    ],
)
async def test_a_read_of_contracts_that_is_declined_is_no_empty_account(
    answer: Told, error: type[VenueError]
) -> None:
    async with staged("weex", Market.LINEAR) as stage:
        stage.unmetered()
        for path in ("account/balance", "account/position/allPosition", "openOrders"):
            for _ in range(4):
                stage.line.spoil(answer, which=lambda a, p=path: a.path == f"/capi/v3/{p}")
            with pytest.raises(VenueError) as raised:
                await stage.read_again()
            assert type(raised.value) is error, raised.value
            stage.line.calm()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (row(code="200", msg="success", requestTime=1), None),
        (row(code="0", msg="success", requestTime=1), OutcomeUnknown),
        (told(-1054), OutcomeUnknown),
        (told(-3313), Refused),
        (Told(body=b"{}"), OutcomeUnknown),
    ],
)
async def test_a_margin_mode_is_set_when_the_venue_says_so(
    answer: Told, error: type[VenueError] | None
) -> None:
    async with staged("weex", Market.LINEAR) as stage:
        stage.line.spoil(answer, which=lambda a: a.path == "/capi/v3/account/marginType")
        if error is None:  # It says so, and the leverage of isolated margin is not taken.
            with pytest.raises(Refused, match="1128"):
                await stage.opened.venue.set_leverage(stage.symbol, leverage=3)
            return
        with pytest.raises(VenueError) as raised:
            await stage.opened.venue.set_leverage(stage.symbol, leverage=3)
        assert type(raised.value) is error, raised.value
