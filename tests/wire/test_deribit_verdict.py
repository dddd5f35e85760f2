"""What an answer of Deribit means for an order, which is a GET: only a listed code proves."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.conformance.line import Mishap
from tests.conformance.spoken import Told
from tests.conformance.stage import WINDOW_MS, from_the_start, staged
from tests.wire.opened import intent
from trimtab.domain.errors import NotDone, OutcomeUnknown, Refused, VenueError
from trimtab.domain.instruments import Symbol
from trimtab.domain.snapshot import OpenOrder
from trimtab.ports import FillCursor
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
        *(
            (failed(code), OutcomeUnknown)
            for code in (10001, 10003, 11031, 11094, 13008, 13028, 13888)
        ),
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


async def test_the_time_of_an_order_is_the_venues_and_its_size_no_float() -> None:
    async with staged("deribit", Market.SPOT) as stage:
        venue: Any = stage.opened.venue
        fine = dataclasses.replace(stage.instrument, lot_size=Decimal("0.000000001"))
        order = intent(fine, 123_456_789_012_345_678, "60000.1", line=1)
        at = datetime(2026, 11, 29, 12, tzinfo=UTC)
        wire = SimpleNamespace(clocks=SimpleNamespace(now=lambda _: at))
        asked = venue._words.place.func(order, "BTC_USDT", wire=wire, window_ms=5000).asked
    assert asked["amount"] == "123456789.012345678"
    assert asked["valid_until"] == int(at.timestamp()) * 1000 + 5000


async def test_a_book_is_of_its_market_and_its_bounds_are_of_its_own_time() -> None:
    async with staged("deribit", Market.SPOT) as stage:
        market: Any = stage.opened.market
        account, now = market._account, datetime.now(UTC)
        assert await account.book(stage.instrument, read_at=now) is not None
        assert "BTC_USDT" in account._told.bands
        sides = {"bids": [], "asks": [[1, 1]], "min_price": 1, "max_price": 2}
        one_sided = told({**sides, "instrument_name": "BTC_USDT"})
        stage.line.spoil(one_sided, which=lambda asked: "get_order_book" in asked.path)
        assert await account.book(stage.instrument, read_at=now) is None
        assert account._told.bands == {}
        other = told({**sides, "bids": [[1, 1]], "instrument_name": "BTC_USDC"})
        for _ in range(4):
            stage.line.spoil(other, which=lambda asked: "get_order_book" in asked.path)
        with pytest.raises(NotDone, match="another market"):
            await account.book(stage.instrument, read_at=now)


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


async def test_an_old_order_that_came_to_nothing_is_found_and_was_not_lost() -> None:
    async with staged("deribit", Market.SPOT) as stage:
        order = stage.buy("0.004", limit=stage.floor.truth().bid)
        await stage.opened.venue.submit(order)
        trading: Any = stage.floor
        trading._trading.taken[0].at_ms -= 3 * 24 * 3_600_000
        found = await stage.opened.venue.look_up(order)
        assert found is not None
        assert (found.filled_lots, found.ended) == (0, True)


async def test_an_order_is_found_on_the_last_page_of_a_long_history() -> None:
    async with staged("deribit", Market.SPOT) as stage:
        order = stage.buy("0.004")
        await stage.opened.venue.submit(order)
        trading: Any = stage.floor
        ours = trading._trading.taken[0]
        ours.at_ms -= 3 * 24 * 3_600_000
        trading._trading.taken[:0] = [
            dataclasses.replace(ours, number=number, name="another") for number in range(1, 1001)
        ]
        found = await stage.opened.venue.look_up(order)
        assert found is not None
        assert found.filled_lots == order.lots


async def test_executions_of_other_days_and_of_now_are_read_and_those_of_others_are_not_ours() -> (
    None
):
    days = timedelta(days=4)
    async with staged("deribit", Market.SPOT) as stage:
        orders = [stage.buy("0.004", line=line) for line in (1, 2, 3)]
        trading: Any = stage.floor
        for order in orders[:2]:
            await stage.opened.venue.submit(order)
        for execution in trading._trading.executions:
            if execution.name == orders[0].client_order_id:
                execution.at_ms -= int(days.total_seconds()) * 1000 - 60_000
        cursor = FillCursor(after=None, not_before=datetime.now(UTC) - days)
        fills = await stage.opened.venue.fills(stage.symbol, since=cursor)
        assert len(fills) == len(trading._trading.executions)
        assert {f.client_order_id for f in fills} == {o.client_order_id for o in orders[:2]}
        reader: Any = stage.opened.venue
        assert await reader._parts.fills.sighting(orders[1]) in {
            f"trade {f.trade_id}" for f in fills if f.client_order_id == orders[1].client_order_id
        }
        assert await reader._parts.fills.sighting(orders[2]) == "none"


async def test_an_execution_of_another_market_makes_the_list_unreadable() -> None:
    async with staged("deribit", Market.SPOT) as stage:
        row = {"instrument_name": "BTC_USDC", "trade_id": "1", "order_id": "2", "label": "x"}
        sums = {"amount": 1, "price": 1, "fee": 0, "fee_currency": "BTC", "direction": "buy"}
        other = {**row, **sums, "timestamp": 1_775_672_947_953}
        answer = told({"trades": [other], "has_more": False})
        for _ in range(4):
            stage.line.spoil(answer, which=lambda asked: "get_user_trades" in asked.path)
        with pytest.raises(NotDone, match="another market"):
            await stage.opened.venue.fills(stage.symbol, since=from_the_start())


async def test_the_name_of_an_order_is_that_of_the_order_asked_for() -> None:
    async with staged("deribit", Market.SPOT) as stage:
        order = await stage.opened.venue.submit(stage.buy("0.004"))
        reader: Any = stage.opened.venue
        names = await reader._parts.orders.client_ids(stage.symbol, [order.venue_order_id])
        assert names == {order.venue_order_id: order.client_order_id}
        (asked,) = [asked for asked in stage.line.asked if asked.path.endswith("get_order_state")]
        own = stage.floor.answer(asked)
        stage.line.spoil(own, which=lambda asked: asked.path.endswith("get_order_state"))
        assert await reader._parts.orders.client_ids(stage.symbol, ["BTC_USDT-9"]) == {}
        stage.line.spoil(failed(13020), which=lambda asked: asked.path.endswith("get_order_state"))
        with pytest.raises(Refused):
            await reader._parts.orders.client_ids(stage.symbol, [order.venue_order_id])


@pytest.mark.parametrize("currency", ["BTC", "USDT"])
async def test_a_label_is_asked_for_under_both_currencies_of_a_pair(currency: str) -> None:
    async with staged("deribit", Market.SPOT) as stage:
        floor: Any = stage.floor
        floor.counts_under = currency
        order = stage.buy("0.004")
        await stage.opened.venue.submit(order)
        stage.line.spoil(told([]), which=lambda asked: "order_history" in asked.path)
        assert await stage.opened.venue.look_up(order) is not None


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


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (failed(10009), Refused),
        (failed(11030), Refused),
        (failed(10041), NotDone),
        (failed(10028, status=429), NotDone),
        (failed(13888), OutcomeUnknown),
        (failed(424242), OutcomeUnknown),
    ],
)
async def test_an_order_of_a_contract_is_judged_like_one_of_coins(
    answer: Told, error: type[VenueError]
) -> None:
    async with staged("deribit", Market.LINEAR) as stage:
        stage.line.spoil(answer, which=stage.floor.is_order)
        with pytest.raises(error):
            await stage.opened.venue.submit(stage.buy("0.004"))
        assert stage.floor.orders() == []


@pytest.mark.parametrize("reduces", [True, False])
async def test_an_order_of_a_contract_says_whether_it_only_reduces(*, reduces: bool) -> None:
    async with staged("deribit", Market.LINEAR) as stage:
        order = dataclasses.replace(stage.buy("0.004"), reduce_only=reduces)
        await stage.opened.venue.submit(order)
        (sent,) = [asked for asked in stage.line.asked if stage.floor.is_order(asked)]
    assert parse_qs(sent.query)["reduce_only"] == ["true" if reduces else "false"]


async def test_coins_have_nothing_to_reduce_and_no_leverage_is_set_anywhere() -> None:
    async with staged("deribit", Market.LINEAR) as stage:
        coins = stage.seen.instruments[Symbol("BTC/USDT")]
        order = dataclasses.replace(intent(coins, 40, "60000.1"), reduce_only=True)
        with pytest.raises(Refused, match="nothing to reduce"):
            await stage.opened.venue.submit(order)
        with pytest.raises(Refused, match="no leverage is set here"):
            await stage.opened.venue.set_leverage(stage.symbol, leverage=3)
    assert stage.orders_sent() == 0
