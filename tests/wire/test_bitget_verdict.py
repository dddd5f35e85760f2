"""What an answer of Bitget means for an order: only a code that is listed proves anything."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conformance.spoken import Told
from tests.conformance.stage import staged
from trimtab.domain.errors import NotDone, OutcomeUnknown, Refused, VenueError
from trimtab.venues.facts import Market

MARKETS = pytest.mark.parametrize("market", [Market.SPOT, Market.LINEAR])


def told(code: object, *, status: int = 400, **more: Any) -> Told:
    document = {"code": code, "msg": "because", "requestTime": 1, "data": None, **more}
    return Told(status=status, body=json.dumps(document).encode())


@MARKETS
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        *((told(code), Refused) for code in ("40012", "40014", "40018", "40085", "40099", "40102")),
        *((told(code), Refused) for code in ("40762", "43012", "45110", "40774", "45119", "40815")),
        *((told(code, status=200), Refused) for code in ("43012", "40774")),
        *((told(code), NotDone) for code in ("40005", "40008", "40078", "40200")),
        *((told("429", status=status), NotDone) for status in (429, 400, 200)),
        (Told(status=429, body=b"<html></html>"), NotDone),
        *((told(code), OutcomeUnknown) for code in ("40786", "43118", "45034", "50060")),
        *((told(code), OutcomeUnknown) for code in ("40010", "40015", "40725", "40808", "40910")),
        *((told(code), OutcomeUnknown) for code in ("45001", "43002", "43059", "40908", "50031")),
        *((told(code), OutcomeUnknown) for code in ("424242", 0, None, True, "")),
        (told("43012", status=500), OutcomeUnknown),
        (told("43012", status=408), OutcomeUnknown),
        (told("40786", status=409), OutcomeUnknown),
        (told("00000", status=200), OutcomeUnknown),
        (told("00000", status=200, data={"orderId": "1", "clientOid": "another"}), OutcomeUnknown),
        (told("00000", status=200, data={"orderId": "", "clientOid": "another"}), OutcomeUnknown),
        (Told(status=403, body=b"<html></html>"), OutcomeUnknown),
    ],
)
async def test_an_order_is_refused_not_done_or_unknown(
    answer: Told, error: type[VenueError], market: Market
) -> None:
    async with staged("bitget", market) as stage:
        stage.line.spoil(answer, which=stage.floor.is_order)
        with pytest.raises(VenueError) as raised:
            await stage.opened.venue.submit(stage.buy("0.004"))
        assert type(raised.value) is error, raised.value
        assert stage.floor.orders() == []


@MARKETS
@pytest.mark.parametrize(
    ("answer", "error", "why"),
    [
        (told("40085"), Refused, "40085 because"),
        (told("40099"), Refused, "40099"),
        (told("429", status=429), NotDone, "wants silence"),
        (told("40015"), NotDone, "40015"),
        (told("424242"), NotDone, "424242"),
        (told("00000", status=200), NotDone, "unreadable"),
        (told("00000", status=200, data={}), NotDone, "unreadable"),
        (Told(status=403, body=b"<html></html>"), Refused, "403"),
    ],
)
async def test_a_read_that_is_declined_is_no_empty_account(
    answer: Told, error: type[VenueError], why: str, market: Market
) -> None:
    async with staged("bitget", market) as stage:
        for _ in range(4):
            stage.line.spoil(answer, which=stage.floor.is_account)
        with pytest.raises(VenueError, match=why) as raised:
            await stage.read_again()
        assert type(raised.value) is error, raised.value


@MARKETS
@pytest.mark.parametrize("code", ["40109", "43001", "40768"])
async def test_an_order_that_the_venue_does_not_know_is_absent_now_and_no_failure(
    code: str, market: Market
) -> None:
    async with staged("bitget", market) as stage:
        stage.line.spoil(told(code), which=lambda asked: "order" in asked.path)
        assert await stage.opened.venue.look_up(stage.buy("0.004")) is None


@MARKETS
async def test_an_order_that_is_received_and_not_shown_yet_is_not_ended(market: Market) -> None:
    async with staged("bitget", market) as stage:
        for _ in range(3):
            stage.line.spoil(
                told("40109"),
                which=lambda asked: asked.method == "GET" and "clientOid" in asked.query,
            )
        order = await stage.opened.venue.submit(stage.buy("0.004"))
        assert (order.ended, order.filled_lots, order.status) == (False, 0, "received")
        found = await stage.opened.venue.look_up(stage.buy("0.004"))
    assert found is not None
    assert found.ended


async def test_silence_without_an_end_lasts_as_long_as_ours_and_is_told() -> None:
    async with staged("bitget", Market.SPOT) as stage:
        stage.line.spoil(told("429", status=429), which=stage.floor.is_order)
        with pytest.raises(NotDone) as raised:
            await stage.opened.venue.submit(stage.buy("0.004"))
    assert 50_000 < raised.value.retry_after_ms <= 60_000


@pytest.mark.parametrize("code", ["40814", "45054"])
async def test_a_leverage_that_was_meanwhile_set_as_asked_is_no_failure(code: str) -> None:
    async with staged("bitget", Market.LINEAR) as stage:
        stage.line.spoil(told(code), which=lambda asked: asked.path.endswith("set-leverage"))
        await stage.opened.venue.set_leverage(stage.symbol, leverage=7)
        writes = [asked.path for asked in stage.line.asked if asked.method == "POST"]
    assert writes == ["/api/v2/mix/account/set-leverage"]


async def test_a_margin_mode_is_not_asked_for_when_it_is_set() -> None:
    async with staged("bitget", Market.LINEAR) as stage:
        await stage.opened.venue.set_leverage(stage.symbol, leverage=3)
        paths = [asked.path for asked in stage.line.asked if asked.method == "POST"]
    assert paths == ["/api/v2/mix/account/set-leverage"]


@pytest.mark.parametrize("code", ["40081", "40105", "40110"])
async def test_rights_that_demo_trading_does_not_tell_are_not_told(code: str) -> None:
    async with staged("bitget", Market.SPOT) as stage:
        stage.line.spoil(told(code), which=lambda asked: asked.path.endswith("account/info"))
        standing = await stage.opened.preflight.key_rights()
        assert getattr(standing, "is_absent", None) is True
        stage.line.spoil(told("40014"), which=lambda asked: asked.path.endswith("account/info"))
        standing = await stage.opened.preflight.key_rights()
    assert getattr(standing, "is_absent", None) is False
