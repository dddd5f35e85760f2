"""What an answer of Deribit means for an order, which is a GET: only a listed code proves."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.conformance.line import Mishap
from tests.conformance.spoken import Told
from tests.conformance.stage import WINDOW_MS, staged
from trimtab.domain.errors import NotDone, OutcomeUnknown, Refused, VenueError
from trimtab.domain.snapshot import OpenOrder
from trimtab.venues.facts import Market


def failed(code: object, *, status: int = 400) -> Told:
    document = {"jsonrpc": "2.0", "error": {"code": code, "message": "because"}, "usDiff": 1}
    return Told(status=status, body=json.dumps(document).encode())


def told(result: Any, *, status: int = 200) -> Told:
    return Told(status=status, body=json.dumps({"jsonrpc": "2.0", "result": result}).encode())


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        *((failed(code), Refused) for code in (9999, 10000, 10009, 10012, 10019, 10021, 10043)),
        *((failed(code), Refused) for code in (11030, 11060, 13004, 13020, 13021, -32602)),
        *((failed(code, status=200), Refused) for code in (10009, 10021)),
        *((failed(code), NotDone) for code in (10040, 10041, 11051, 13009)),
        *((failed(code), NotDone) for code in (10028, 10047, 10066)),
        (failed(10028, status=429), NotDone),
        (Told(status=429, body=b""), NotDone),
        *((failed(code), OutcomeUnknown) for code in (10001, 11031, 11094, 13008, 13028, 13888)),
        *((failed(code), OutcomeUnknown) for code in (424242, 0, None, True, "", {})),
        (failed(10009, status=500), OutcomeUnknown),
        (failed(10009, status=408), OutcomeUnknown),
        (told({}), OutcomeUnknown),
        (told({"order": {}, "trades": []}), OutcomeUnknown),
        (told({"order": {"label": "another", "order_id": "1"}}), OutcomeUnknown),
        (Told(status=403, body=b"<html></html>"), OutcomeUnknown),
    ],
)
async def test_an_order_is_refused_not_done_or_unknown(
    answer: Told, error: type[VenueError]
) -> None:
    async with staged("deribit", Market.SPOT) as stage:
        stage.line.spoil(answer, which=stage.floor.is_order)
        with pytest.raises(VenueError) as raised:
            await stage.opened.venue.submit(stage.buy("0.004"))
        assert type(raised.value) is error, raised.value
        assert stage.floor.orders() == []


async def test_an_order_that_is_a_get_is_sent_once_even_when_its_answer_is_lost() -> None:
    async with staged("deribit", Market.SPOT) as stage:
        stage.line.spoil(Mishap.LOST, which=stage.floor.is_order)
        with pytest.raises(OutcomeUnknown):
            await stage.opened.venue.submit(stage.buy("0.004"))
        assert stage.orders_sent() == len(stage.floor.orders()) == 1


async def test_an_order_goes_out_by_its_digits_and_names_the_end_of_its_time() -> None:
    async with staged("deribit", Market.SPOT) as stage:
        before = stage.opened.venue._wire.clock.now().timestamp() * 1000
        await stage.opened.venue.submit(stage.buy("0.0041"))
        (asked,) = [asked for asked in stage.line.asked if stage.floor.is_order(asked)]
    said = {name: value for name, (value,) in parse_qs(asked.query).items()}
    assert (said["amount"], said["price"]) == ("0.0041", "60000.1")
    assert -2 <= int(said["valid_until"]) - before - WINDOW_MS < 2000
    assert set(said) == {
        *("instrument_name", "amount", "type", "price", "time_in_force", "label", "valid_until"),
    }


async def test_an_order_that_comes_after_its_time_is_unknown_and_then_absent() -> None:
    async with staged("deribit", Market.SPOT) as stage:
        order = stage.buy("0.004")
        stage.line.spoil(failed(13888), which=stage.floor.is_order)
        with pytest.raises(OutcomeUnknown, match="13888"):
            await stage.opened.venue.submit(order)
        assert (await stage.opened.venue.evidence_of_absence(order)).is_absent


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (failed(13021), Refused),
        (failed(13004), Refused),
        (failed(13009), NotDone),
        (failed(13028), NotDone),
        (failed(424242), NotDone),
        (told(None), NotDone),
        (Told(status=403, body=b"<html></html>"), Refused),
    ],
)
async def test_a_read_that_is_declined_is_no_empty_account(
    answer: Told, error: type[VenueError]
) -> None:
    async with staged("deribit", Market.SPOT) as stage:
        for _ in range(4):
            stage.line.spoil(answer, which=stage.floor.is_account)
        with pytest.raises(VenueError) as raised:
            await stage.read_again()
        assert type(raised.value) is error, raised.value


async def test_two_orders_under_one_label_are_never_read_as_one() -> None:
    async with staged("deribit", Market.SPOT) as stage:
        order = stage.buy("0.004")
        await stage.opened.venue.submit(order)
        await stage.opened.venue.submit(order)
        with pytest.raises(NotDone, match="two orders under one label"):
            await stage.opened.venue.look_up(order)


async def test_an_order_is_found_in_the_history_when_it_is_not_recent_any_more() -> None:
    async with staged("deribit", Market.SPOT) as stage:
        order = stage.buy("0.004")
        await stage.opened.venue.submit(order)
        trading: Any = stage.floor
        trading._trading.taken[0].at_ms -= 3 * 24 * 3_600_000
        found = await stage.opened.venue.look_up(order)
        assert found is not None
        assert (found.filled_lots, found.ended) == (order.lots, True)


@pytest.mark.parametrize("code", [10004, 10010, 11008, 11044])
async def test_a_cancel_of_what_has_ended_is_no_error(code: int) -> None:
    async with staged("deribit", Market.SPOT) as stage:
        order = stage.buy("0.004")
        ended = OpenOrder(
            symbol=stage.symbol,
            client_order_id=order.client_order_id,
            venue_order_id=(await stage.opened.venue.submit(order)).venue_order_id,
            lots=order.lots,
            limit_price=order.limit_price,
            reduce_only=False,
        )
        stage.line.spoil(failed(code), which=stage.floor.is_cancel)
        await stage.opened.venue.cancel(ended)
        row = {"order_id": ended.venue_order_id, "order_state": "cancelled", "label": ""}
        market = {"instrument_name": "BTC_USDT", "direction": "buy"}
        stage.line.spoil(told({**row, **market}), which=stage.floor.is_cancel)
        await stage.opened.venue.cancel(ended)
        row["order_state"] = "open"
        stage.line.spoil(told({**row, **market}), which=stage.floor.is_cancel)
        with pytest.raises(OutcomeUnknown):
            await stage.opened.venue.cancel(ended)
