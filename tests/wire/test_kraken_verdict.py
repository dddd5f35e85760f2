"""What an answer of Kraken means for an order: only a sentence that is listed proves anything."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from typing import Any

import pytest

from tests.conformance.floors import Waiting
from tests.conformance.kraken_floor import KrakenFloor, told, trade_row
from tests.conformance.line import Mishap
from tests.conformance.spoken import Asked, Told
from tests.conformance.stage import Stage, from_the_start, staged
from tests.wire.cancelling import cancel_ends
from trimtab.domain.errors import NotDone, OutcomeUnknown, Refused, VenueError
from trimtab.domain.instruments import Asset
from trimtab.venues.facts import Market


def floor_of(stage: Stage) -> KrakenFloor:
    assert isinstance(stage.floor, KrakenFloor)
    return stage.floor


def row(**fields: Any) -> Told:
    return Told(body=json.dumps({"error": [], "result": fields}).encode())


def placed(side: str = "buy", size: str = "0.00400000", **more: Any) -> Told:
    order = f"{side} {size} XBTUSDT @ limit 60000.1"
    return row(**({"descr": {"order": order}, "txid": ["OUF4EM-FRGI2-MQMWZD"]} | more))


def of_order(asked: Asked) -> bool:
    return asked.path == "/0/private/AddOrder"


REFUSED = (
    "EOrder:Insufficient funds",
    "EOrder:Order minimum not met",
    "EOrder:Cost minimum not met",
    "EOrder:Tick size check failed",
    "EOrder:Invalid price:XBTUSDT price can only be specified up to 1 decimals.",
    "EGeneral:Invalid arguments:volume",
    "EGeneral:Permission denied",
    "EAPI:Invalid key",
    "EAPI:Invalid signature",
    "EQuery:Unknown asset pair",
    "EService:Market in cancel_only mode",
)
THROTTLED = (
    "EAPI:Rate limit exceeded",
    "EOrder:Rate limit exceeded",
    "EOrder:Domain rate limit exceeded",
    "EGeneral:Temporary lockout",
    "EService: Throttled: 1770000000",
)
UNKNOWN = (
    "EAPI:Invalid nonce",
    "EService:Unavailable",
    "EService:Busy",
    "EService:Timeout",
    "EService:Deadline elapsed",
    "EGeneral:Internal error",
    "EGeneral:Internal error:7",
    "EGeneral:Invalid arguments:cl_ord_id",
    "EDatabase:Internal error",
    "ETrade:Invalid request",
    "EOrder:Something new",
    "Insufficient funds",
    "",
)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        *((told(sentence), Refused) for sentence in REFUSED),
        *((told(sentence), NotDone) for sentence in THROTTLED),
        *((told(sentence), OutcomeUnknown) for sentence in UNKNOWN),
        (told("EService:Unavailable", "EOrder:Insufficient funds"), OutcomeUnknown),
        (Told(status=429, body=b"<html></html>"), NotDone),
        (Told(status=500, body=told(REFUSED[0]).body), OutcomeUnknown),
        (Told(status=413, body=b""), OutcomeUnknown),
        (Told(status=403, body=b"<html></html>"), OutcomeUnknown),
        *((Told(status=n, body=b"error code"), OutcomeUnknown) for n in (502, 520, 522, 524, 525)),
        (Told(body=b'{"error":[],"result":{"descr":{"order":"buy 0.00'), OutcomeUnknown),
        (Told(body=b'{"error":[]}'), OutcomeUnknown),
        (Told(body=b'{"error":"EOrder:Insufficient funds"}'), OutcomeUnknown),
        (Told(body=b'{"error":null,"result":{"txid":["OUF4EM-FRGI2-MQMWZD"]}}'), OutcomeUnknown),
        (placed(side="sell"), OutcomeUnknown),
        (placed(size="0.00400001"), OutcomeUnknown),
        (placed(txid=[]), OutcomeUnknown),
        (placed(txid=["OUF4EM-FRGI2-MQMWZD", "OUF4EM-FRGI2-MQMWZE"]), OutcomeUnknown),
        (placed(txid=["<script>"]), OutcomeUnknown),
        (row(descr={"order": "buy 0.00400000 XBTUSDT @ limit 60000.1"}), OutcomeUnknown),
    ],
)
async def test_an_order_is_refused_not_done_or_unknown(
    answer: Told, error: type[VenueError]
) -> None:
    async with staged("kraken", Market.SPOT) as stage:
        stage.line.spoil(answer, which=of_order)
        with pytest.raises(VenueError) as raised:
            await stage.opened.venue.submit(stage.buy("0.004"))
        assert type(raised.value) is error, raised.value
        assert stage.floor.orders() == []


@pytest.mark.parametrize("sentence", [*REFUSED[:1], *THROTTLED, *UNKNOWN, "WGeneral:Odd"])
async def test_a_read_that_tells_an_error_is_no_empty_account(sentence: str) -> None:
    async with staged("kraken", Market.SPOT) as stage:
        stage.unmetered()
        answer = json.loads(told(sentence).body) | {"result": {}}
        for _ in range(4):
            spoilt = Told(body=json.dumps(answer).encode())
            stage.line.spoil(spoilt, which=stage.floor.is_account)
        with pytest.raises((NotDone, Refused)):
            await stage.read_again()


async def test_a_number_that_was_used_has_the_clock_measured_anew() -> None:
    async with staged("kraken", Market.SPOT) as stage:
        stage.line.spoil(told("EAPI:Invalid nonce"), which=of_order)
        with pytest.raises(OutcomeUnknown):
            await stage.opened.venue.submit(stage.buy("0.004"))
        before = len(stage.line.asked)
        await stage.opened.venue.submit(stage.buy("0.004", line=2))
        assert any(stage.floor.is_time(asked) for asked in stage.line.asked[before:])


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (row(count=1), None),
        (told("EOrder:Unknown order"), None),
        (row(count=0), OutcomeUnknown),
        (row(count=2), OutcomeUnknown),
        (row(count=1, pending=True), OutcomeUnknown),
        (row(), OutcomeUnknown),
        (told("EService:Unavailable"), OutcomeUnknown),
        (told("EGeneral:Permission denied"), Refused),
    ],
)
async def test_a_cancel_is_done_when_the_venue_says_that_one_order_rests_no_more(
    answer: Told, error: type[VenueError] | None
) -> None:
    assert await cancel_ends("kraken", answer) is error


# Numbers that rise


async def test_requests_of_a_key_go_out_one_by_one_and_none_is_refused_for_its_number() -> None:
    async with staged("kraken", Market.SPOT) as stage:
        under_way, most = 0, 0

        class Slow:
            """Answers a moment later: whoever does not wait has two under way."""

            async def __call__(self) -> None:
                nonlocal under_way, most
                under_way += 1
                most = max(most, under_way)
                await asyncio.sleep(0.01)
                under_way -= 1

        slow, request = Slow(), stage.line.request

        def delayed(method: str, url: Any, **options: Any) -> Any:
            return _Delayed(request(method, url, **options), slow, is_private="private" in str(url))

        line: Any = stage.line
        line.request = delayed
        venue = stage.opened.venue
        await asyncio.gather(
            *(venue.submit(stage.buy("0.004", line=line)) for line in range(1, 4)),
            *(venue.open_orders([stage.symbol]) for _ in range(3)),
        )
        assert most == 1
        assert len(stage.floor.orders()) == 3


class _Delayed:
    """A request that is held back for a moment while it is under way."""

    def __init__(self, inner: Any, slow: Any, *, is_private: bool) -> None:
        self._inner, self._slow, self._is_private = inner, slow, is_private

    async def __aenter__(self) -> Any:
        if self._is_private:
            await self._slow()
        return await self._inner.__aenter__()

    async def __aexit__(self, *error: object) -> Any:
        return await self._inner.__aexit__(*error)


# Orders by our name


async def test_an_order_that_still_rests_is_found_and_so_is_one_that_closes_meanwhile() -> None:
    async with staged("kraken", Market.SPOT) as stage:
        stage.unmetered()
        order = stage.buy("0.004")
        floor_of(stage).rests = True
        await stage.opened.venue.submit(order)
        found = await stage.opened.venue.look_up(order)
        assert found is not None
        assert not found.ended
        empty = Told(body=b'{"error":[],"result":{"closed":{},"count":0}}')
        floor_of(stage).rests = False  # It closes between the first question and the second.
        stage.line.spoil(empty, which=lambda asked: asked.path == "/0/private/ClosedOrders")
        found = await stage.opened.venue.look_up(order)
        assert found is not None
        assert found.ended


async def test_a_list_that_does_not_keep_to_our_name_proves_nothing() -> None:
    async with staged("kraken", Market.SPOT) as stage:
        stage.unmetered()
        first, second = stage.buy("0.004"), stage.buy("0.004", line=2)
        await stage.opened.venue.submit(first)
        row_told = floor_of(stage).shown(floor_of(stage).trading.taken[0])
        closed = {"closed": {"OUF4EM-FRGI2-MQMWZD": row_told}, "count": 1}
        body = {"error": [], "result": closed}
        spoilt = Told(body=json.dumps(body).encode())
        for _ in range(4):
            stage.line.spoil(spoilt, which=lambda asked: asked.path == "/0/private/ClosedOrders")
        with pytest.raises(NotDone, match="another order"):
            await stage.opened.venue.look_up(second)


async def test_two_orders_of_one_name_are_a_persons_matter() -> None:
    async with staged("kraken", Market.SPOT) as stage:
        stage.unmetered()
        order = stage.buy("0.004")
        await stage.opened.venue.submit(order)
        await stage.opened.venue.submit(order)  # The venue takes the name again once it is free.
        with pytest.raises(NotDone, match="two orders"):
            await stage.opened.venue.look_up(order)


async def test_whose_an_execution_is_is_asked_for_where_it_was_not_seen() -> None:
    async with staged("kraken", Market.SPOT) as stage:
        stage.unmetered()
        order = stage.buy("0.004")
        answer = await stage.opened.venue.submit(order)
        venue: Any = stage.opened.venue
        venue._orders._names.clear()
        fills = await stage.opened.venue.fills(stage.symbol, since=from_the_start())
        assert {fill.client_order_id for fill in fills} == {None}
        named = await stage.opened.venue.client_ids(stage.symbol, {answer.venue_order_id})
        assert named == {answer.venue_order_id: order.client_order_id}


async def test_fees_are_the_quotes_and_what_is_borrowed_is_no_coin() -> None:
    async with staged("kraken", Market.SPOT) as stage:
        stage.unmetered()
        await stage.opened.venue.submit(stage.buy("0.004"))
        fills = await stage.opened.venue.fills(stage.symbol, since=from_the_start())
        assert {fill.fee_asset for fill in fills} == {Asset("USDT")}
        assert sum(fill.fee for fill in fills) == Decimal("0.004") * Decimal("0.004") * Decimal(
            "60000.1"
        )
        asked = next(a for a in stage.line.asked[::-1] if a.path == "/0/private/TradesHistory")
        assert "consolidate_taker=false" in asked.body
        rows = {f"T{n}": trade_row(e) for n, e in enumerate(floor_of(stage).trading.executions)}
        rows["T0"]["margin"] = "48.00008"
        body = {"error": [], "result": {"trades": rows, "count": len(rows)}}
        spoilt = Told(body=json.dumps(body).encode())
        stage.line.spoil(spoilt, which=lambda asked: asked.path == "/0/private/TradesHistory")
        fewer = await stage.opened.venue.fills(stage.symbol, since=from_the_start())
        assert len(fewer) == len(fills) - 1


async def test_a_list_that_lost_a_row_while_it_was_read_is_unread() -> None:
    async with staged("kraken", Market.SPOT) as stage:
        stage.unmetered()
        stage.floor.trade_often(60)
        first = {"error": [], "result": {"trades": {}, "count": 60}}
        stage.line.spoil(
            Told(body=json.dumps(first).encode()),
            which=lambda asked: asked.path == "/0/private/TradesHistory" and "ofs=50" in asked.body,
        )
        with pytest.raises(NotDone, match="breaks off"):
            await stage.opened.venue.fills(stage.symbol, since=from_the_start())


async def test_the_deadline_is_within_a_minute_however_long_the_window() -> None:
    async with staged("kraken", Market.SPOT, window_ms=60_000) as stage:
        await stage.opened.venue.submit(stage.buy("0.004"))
        assert len(stage.floor.orders()) == 1


# The account


@pytest.mark.parametrize(
    ("code", "row_told", "why"),
    [
        ("XBT.F", {"balance": "0.5", "hold_trade": "0"}, "earns by itself"),
        ("KFEE", {"balance": "12", "hold_trade": "0"}, "fee credits"),
        ("XETH", {"balance": "-1", "hold_trade": "0"}, "is owed"),
        ("ZUSD", {"balance": "1", "hold_trade": "0", "credit": "5"}, "line of credit"),
        ("ZUSD", {"balance": "1", "hold_trade": "0", "credit_used": "5"}, "line of credit"),
    ],
)
async def test_what_could_not_be_counted_makes_the_account_unread_by_name(
    code: str, row_told: dict[str, str], why: str
) -> None:
    async with staged("kraken", Market.SPOT) as stage:
        floor_of(stage).more[code] = row_told
        with pytest.raises(NotDone, match=why) as raised:
            await stage.read_again()
        assert "trimtab doctor" in str(raised.value.next_step)


async def test_a_position_on_margin_makes_the_account_unread() -> None:
    async with staged("kraken", Market.SPOT) as stage:
        floor_of(stage).positions["TF4RHX-FZPAS-ABCDEF"] = {"pair": "XXBTZUSD"}
        with pytest.raises(NotDone, match="1 positions on margin"):
            await stage.read_again()


async def test_what_is_staked_is_told_beside_the_account_and_counted_nowhere() -> None:
    async with staged("kraken", Market.SPOT) as stage:
        beside = await stage.opened.preflight.beside()
        assert beside is not None
        assert {each.place: each.held for each in beside} == {"BABY.B": "3", "DOT.S": "12.5"}
        assert set(stage.seen.balances) == {Asset("BTC"), Asset("USDT")}


BY_HAND = Waiting(
    name="by-hand",
    is_buy=True,
    quantity=Decimal("0.01"),
    trigger=Decimal(66_000),
    reduces=False,
    by_mark=False,
)


@pytest.mark.parametrize(
    ("about", "more", "why"),
    [
        ({"leverage": "2:1"}, {}, "borrows"),
        ({}, {"margin": True}, "borrows"),
        ({}, {"oflags": "fciq,viqc"}, "in the quote"),
        ({"close": "close position @ limit 70000"}, {}, "places another"),
        ({"pair": "AAPLxUSD"}, {}, "no such market"),
        ({"price": "+5.0%"}, {}, "no price"),
    ],
)
async def test_an_open_order_that_could_not_be_counted_makes_the_account_unread(
    about: dict[str, Any], more: dict[str, Any], why: str
) -> None:
    async with staged("kraken", Market.SPOT) as stage:
        number, row_told = floor_of(stage).waits(0, BY_HAND)
        row_told |= {"descr": row_told["descr"] | about} | more
        body = {"error": [], "result": {"open": {number: row_told}}}
        for _ in range(4):
            spoilt = Told(body=json.dumps(body).encode())
            stage.line.spoil(spoilt, which=lambda asked: asked.path == "/0/private/OpenOrders")
        with pytest.raises(NotDone, match=why):
            await stage.read_again()


@pytest.mark.parametrize(
    ("about", "more", "limit"),
    [
        ({"ordertype": "stop-loss-limit", "price": "66000", "price2": "66500"}, {}, "66500"),
        ({"ordertype": "trailing-stop", "price": "+5.0%"}, {"stopprice": "67000.5"}, "67000.5"),
        ({"ordertype": "limit", "price": "59000.0"}, {}, "59000"),
    ],
)
async def test_an_order_that_waits_counts_at_the_dearest_price_that_it_names(
    about: dict[str, Any], more: dict[str, Any], limit: str
) -> None:
    async with staged("kraken", Market.SPOT) as stage:
        number, row_told = floor_of(stage).waits(0, BY_HAND)
        row_told |= {"descr": row_told["descr"] | about} | more
        body = {"error": [], "result": {"open": {number: row_told}}}
        stage.line.spoil(
            Told(body=json.dumps(body).encode()),
            which=lambda asked: asked.path == "/0/private/OpenOrders",
        )
        (order,) = (await stage.read_again()).open_orders
        assert order.limit_price == Decimal(limit)


async def test_a_lost_request_holds_nobody_up_for_good() -> None:
    async with staged("kraken", Market.SPOT) as stage:
        stage.line.spoil(Mishap.NEVER, which=of_order)
        with pytest.raises(OutcomeUnknown):
            await stage.opened.venue.submit(stage.buy("0.004"))
        await stage.opened.venue.submit(stage.buy("0.004", line=2))
        assert len(stage.floor.orders()) == 1
