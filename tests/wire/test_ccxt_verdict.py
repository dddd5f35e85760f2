"""The fault catalogue: what every answer means, through real ccxt on a real socket."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.scripted_venue import Arrival, Script, ScriptedVenue, html, scripted_venue, told
from tests.wire.opened import intent, opened, perpetual_btc, spot_btc
from trimtab.adapters.open_venue import OpenedVenue
from trimtab.adapters.wire.calls import reading_failures
from trimtab.domain.errors import NotDone, OutcomeUnknown, Refused, VenueError
from trimtab.domain.orders import OrderIntent

PINNED = Path(__file__).with_name("ccxt_4_5_90.json")
SPOT, LINEAR = "/api/v3/order", "/fapi/v1/order"
UNKNOWN, REFUSED, NOT_DONE = OutcomeUnknown, Refused, NotDone


def order_answer(arrival: Arrival, **changed: Any) -> dict[str, Any]:
    """What the venue says of an order that it took and filled."""
    row = {
        "symbol": arrival.params["symbol"],
        "orderId": 4711,
        "clientOrderId": arrival.params["newClientOrderId"],
        "price": arrival.params["price"],
        "origQty": arrival.params["quantity"],
        "executedQty": arrival.params["quantity"],
        "status": "FILLED",
        "timeInForce": "IOC",
        "type": "LIMIT",
        "side": arrival.params["side"],
        **changed,
    }
    return {name: value for name, value in row.items() if value is not None}


@dataclass(frozen=True)
class Row:
    name: str
    answer: Script | Callable[[Arrival], Script]
    spot: type[VenueError]
    linear: type[VenueError]


def coded(code: int, text: str, status: int = 400, **headers: str) -> Script:
    return told({"code": code, "msg": text}, status, **headers)


def both(name: str, answer: Script | Callable[[Arrival], Script], verdict: type[VenueError]) -> Row:
    return Row(name, answer, verdict, verdict)


def bodied(change: Callable[[bytes], bytes], how: str = "whole") -> Callable[[Arrival], Script]:
    """A 200 whose true body was spoiled on the way."""

    def spoiled(arrival: Arrival) -> Script:
        body = change(json.dumps(order_answer(arrival)).encode())
        return Script(body=body, headers={"Content-Type": "application/json"}, how=how)

    return spoiled


def answered(**changed: Any) -> Callable[[Arrival], Script]:
    return lambda arrival: told(order_answer(arrival, **changed))


SERVER = [
    both("-1000", coded(-1000, "An unknown error occurred while processing the request."), UNKNOWN),
    both("-1001", coded(-1001, "Internal error; unable to process your request.", 503), UNKNOWN),
    both("-1004", coded(-1004, "Server is busy, please wait and try again"), UNKNOWN),
    both(
        "-1006",
        coded(-1006, "An unexpected response was received. Execution status unknown."),
        UNKNOWN,
    ),
    both(
        "-1007 408", coded(-1007, "Timeout waiting for response from backend server.", 408), UNKNOWN
    ),
    both(
        "-1007 504", coded(-1007, "Timeout waiting for response from backend server.", 504), UNKNOWN
    ),
    both(
        "503 A",
        coded(-1000, "Unknown error, please check your request or try again later.", 503),
        UNKNOWN,
    ),
    Row("503 B", told({"code": -1001, "msg": "Service Unavailable."}, 503), UNKNOWN, NOT_DONE),
    Row("503 B text", Script(503, b"Service Unavailable."), UNKNOWN, NOT_DONE),
    Row(
        "503 C",
        coded(-1008, "Request throttled by system-level protection. Please try again.", 503),
        UNKNOWN,
        NOT_DONE,
    ),
    both("-1016", coded(-1016, "This service is no longer available."), REFUSED),
    both("maintenance", coded(-1000, "System is under maintenance.", 503), UNKNOWN),
    *[both(f"html {n}", html(n), UNKNOWN) for n in (400, 401, 403, 404, 408, 409, 413, 451)],
    *[both(f"html {n}", html(n), UNKNOWN) for n in (500, 501, 502, 503, 504, 520, 521, 522)],
    *[both(f"html {n}", html(n), UNKNOWN) for n in (523, 524, 525, 526, 529, 530, 301)],
    both("409 with a code", coded(-2010, "Account has insufficient balance.", 409), UNKNOWN),
    both("code with a 5xx", coded(-1121, "Invalid symbol.", 500), UNKNOWN),
    both("code never seen", coded(-9999, "Something new."), UNKNOWN),
]
BODIES = [
    both("200 truncated", bodied(lambda body: body[: len(body) // 2]), UNKNOWN),
    both("200 empty", bodied(lambda _: b""), UNKNOWN),
    both("200 html", html(200), UNKNOWN),
    both("200 {}", bodied(lambda _: b"{}"), UNKNOWN),
    both("200 []", bodied(lambda _: b"[]"), UNKNOWN),
    both("200 null", bodied(lambda _: b"null"), UNKNOWN),
    both("200 text", bodied(lambda _: b'"ok"'), UNKNOWN),
    both("200 bad gzip", bodied(lambda body: body, "gzip"), UNKNOWN),
    both("200 cut short", bodied(lambda body: body, "cut"), UNKNOWN),
    both("200 with a code", told({"code": -2010, "msg": "no"}), UNKNOWN),
    both("no http", Script(how="noise"), UNKNOWN),
    both("dropped", Script(how="drop"), UNKNOWN),
    both("another client id", answered(clientOrderId="someone-else"), UNKNOWN),
    both("no client id", answered(clientOrderId=None), UNKNOWN),
    both("another symbol", answered(symbol="ETHUSDT"), UNKNOWN),
    both("another side", answered(side="SELL"), UNKNOWN),
    both("no order id", answered(orderId=None), UNKNOWN),
    both("order id 0", answered(orderId=0), UNKNOWN),
    both("no executed quantity", answered(executedQty=None), UNKNOWN),
    both("executed NaN", answered(executedQty="NaN"), UNKNOWN),
    both("executed off the grid", answered(executedQty="0.000000001"), UNKNOWN),
]
LIMITS = [
    both("429", coded(-1003, "Too much request weight used.", 429, Retry_After="7"), NOT_DONE),
    both("418", coded(-1003, "IP banned until 1999999999999.", 418, Retry_After="120"), NOT_DONE),
    both("-1015", coded(-1015, "Too many new orders.", 429), NOT_DONE),
    both("queue", coded(-1003, "Too many requests queued."), NOT_DONE),
    both("429 html", html(429), NOT_DONE),
    both(
        "-1021", coded(-1021, "Timestamp for this request is outside of the recvWindow."), NOT_DONE
    ),
    Row("-5028", coded(-5028, "outside of the ME recvWindow."), UNKNOWN, NOT_DONE),
    both("-1022", coded(-1022, "Signature for this request is not valid."), REFUSED),
]
REJECTIONS = [
    *[
        both(f"-1013 {name}", coded(-1013, f"Filter failure: {name}"), REFUSED)
        for name in ("LOT_SIZE", "PRICE_FILTER", "NOTIONAL", "PERCENT_PRICE", "MAX_NUM_ORDERS")
    ],
    both("-1100", coded(-1100, "Illegal characters found in parameter."), REFUSED),
    both("-1111", coded(-1111, "Parameter 'quantity' has too much precision."), REFUSED),
    both("-1121", coded(-1121, "Invalid symbol."), REFUSED),
    both(
        "-2010 balance",
        coded(-2010, "Account has insufficient balance for requested action."),
        REFUSED,
    ),
    both("-2010 closed", coded(-2010, "Market is closed."), REFUSED),
    both("-2010 disabled", coded(-2010, "This action is disabled on this account."), REFUSED),
    Row("-2010 duplicate", coded(-2010, "Duplicate order sent."), UNKNOWN, REFUSED),
    Row("-4116", coded(-4116, "ClientOrderId is duplicated."), UNKNOWN, UNKNOWN),
    *[both(f"{n}", coded(n, "key", 401), REFUSED) for n in (-1002, -2014, -2015, -2017)],
    Row("-2021", coded(-2021, "Order would immediately trigger."), UNKNOWN, REFUSED),
    Row("-2022", coded(-2022, "ReduceOnly Order is rejected."), UNKNOWN, REFUSED),
    *[
        Row(f"{n}", coded(n, "declined"), UNKNOWN, REFUSED)
        for n in (
            *(-2018, -2019, -2020, -2023, -2024, -2025, -2027, -2028, -4003, -4004, -4005),
            *(-4014, -4015, -4016, -4023, -4024, -4061, -4087, -4118, -4120, -4131, -4164),
            *(-4192, -4400, -4401, -5021, -5022),
        )
    ],
]
TABLE = [*SERVER, *BODIES, *LIMITS, *REJECTIONS]


async def send(venue: ScriptedVenue, order: OrderIntent, path: str) -> VenueError:
    async with opened(venue.url) as at:
        with pytest.raises(VenueError) as raised:
            await at.venue.submit(order)
    assert venue.count("POST", path) == 1
    return raised.value


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
async def test_a_spot_order_gets_the_verdict_of_the_raw_answer(row: Row) -> None:
    async with scripted_venue() as venue:
        venue.script["POST", SPOT] = row.answer
        error = await send(venue, intent(spot_btc(), 100, "60000"), SPOT)
    assert type(error) is row.spot
    assert error.evidence is not None
    assert error.evidence.handed_to_socket


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
async def test_a_futures_order_gets_the_verdict_of_the_raw_answer(row: Row) -> None:
    async with scripted_venue() as venue:
        venue.script["POST", LINEAR] = row.answer
        error = await send(venue, intent(perpetual_btc(), 5, "60000"), LINEAR)
    assert type(error) is row.linear


async def what_ccxt_makes_of_it(at: OpenedVenue, order: OrderIntent) -> str:
    """The class that ccxt raises, or the id of the order that it returns."""
    symbol, params = order.instrument.symbol, {"clientOrderId": order.client_order_id}
    at.venue._wire.budget._silent_until = 0.0
    try:
        told = await at.venue._wire.exchange.create_order(
            symbol, "limit", "buy", str(order.quantity), str(order.limit_price), params
        )
    except reading_failures(at.venue._wire.ccxt_error) as error:
        return type(error).__name__
    return f"an order, id {told['id']}"


async def test_ccxt_itself_sees_the_catalogue_as_it_did_when_it_was_pinned() -> None:
    """Where this fails, ccxt has changed: read the change, then run
    ``REPIN=1 pytest -n0 tests/wire/test_ccxt_verdict.py -k pinned``."""
    seen = {}
    async with scripted_venue() as venue, opened(venue.url) as at:
        for instrument, path in ((spot_btc(), SPOT), (perpetual_btc(), LINEAR)):
            await at.venue._catalogue.require(instrument.symbol)
            order = intent(instrument, 100, "60000")
            for row in TABLE:
                venue.script["POST", path] = row.answer
                seen[f"{path} {row.name}"] = await what_ccxt_makes_of_it(at, order)
    if "REPIN" in os.environ:
        PINNED.write_text(json.dumps(seen, indent=1) + "\n", encoding="utf-8")
    assert seen == json.loads(PINNED.read_text(encoding="utf-8"))


async def test_the_silence_that_the_venue_asks_for_is_in_the_error() -> None:
    async with scripted_venue() as venue:
        venue.script["POST", SPOT] = coded(-1003, "Too much.", 429, Retry_After="7")
        error = await send(venue, intent(spot_btc(), 100, "60000"), SPOT)
    assert isinstance(error, NotDone)
    assert error.retry_after_ms == 7000


async def test_an_answer_that_never_comes_is_unknown() -> None:
    async with scripted_venue() as venue:
        venue.script["POST", SPOT] = Script(how="hang")
        async with opened(venue.url, order_timeout_s="0.3") as at:
            with pytest.raises(OutcomeUnknown) as raised:
                await at.venue.submit(intent(spot_btc(), 100, "60000"))
    assert raised.value.evidence is not None
    assert raised.value.evidence.http_status == 0
    assert "Timeout" in raised.value.evidence.message


async def test_a_venue_that_nobody_runs_any_more_has_not_done_it() -> None:
    order = intent(spot_btc(), 100, "60000")
    async with AsyncExitStack() as closing:
        running = AsyncExitStack()
        venue = await running.enter_async_context(scripted_venue())
        at = await closing.enter_async_context(opened(venue.url))
        venue.script["GET", SPOT] = coded(-2013, "Order does not exist.")
        assert await at.venue.look_up(order) is None
        await running.aclose()
        await asyncio.sleep(0.05)  # The kept connection hears that it was closed.
        with pytest.raises(NotDone) as raised:
            await at.venue.submit(order)
    assert raised.value.evidence is not None
    assert not raised.value.evidence.handed_to_socket


async def test_an_accepted_order_is_read_from_the_raw_answer() -> None:
    async with scripted_venue() as venue:
        venue.script["POST", SPOT] = answered(executedQty="0.0004", status="EXPIRED")
        async with opened(venue.url) as at:
            order = await at.venue.submit(intent(spot_btc(), 100, "60000"))
    assert (order.lots, order.filled_lots, order.ended) == (100, 40, True)
    assert order.venue_order_id == "4711"


async def test_an_order_in_a_status_never_seen_may_still_fill() -> None:
    async with scripted_venue() as venue:
        venue.script["POST", SPOT] = answered(executedQty="0", status="PENDING_NEW")
        async with opened(venue.url) as at:
            order = await at.venue.submit(intent(spot_btc(), 100, "60000"))
    assert not order.ended
