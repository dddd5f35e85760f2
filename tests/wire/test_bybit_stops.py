"""Resting stops of Bybit: what leaves, what an answer means, and what became of one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.conformance.bybit_floor import BybitFloor
from tests.conformance.floors import Waiting
from tests.conformance.line import Mishap
from tests.conformance.resting import stopping
from tests.conformance.spoken import Asked, Told
from tests.conformance.stage import Stage, staged
from tests.conformance.test_hostile_venues import spoilt
from trimtab.domain.errors import NotDone, OutcomeUnknown, Refused, VenueError
from trimtab.domain.instruments import Lots
from trimtab.domain.orders import VenueOrderId
from trimtab.domain.stops import FiredOrder, SeenStop, StopIntent, VenueStop
from trimtab.execution.stop_life import contradiction
from trimtab.venues.facts import Market

NUMBER = VenueOrderId("0a711b1d-1fe0-43c5-a19f-899a4985c3cf")


def floor_of(stage: Stage) -> BybitFloor:
    assert isinstance(stage.floor, BybitFloor)
    return stage.floor


def told(code: object, *, status: int = 200, **more: Any) -> Told:
    document = {"retCode": code, "retMsg": "because", "result": {}, "time": 1, **more}
    return Told(status=status, body=json.dumps(document).encode())


def listed(*rows: dict[str, Any]) -> Told:
    return told(0, result={"list": list(rows), "nextPageCursor": "", "category": "linear"})


def row(stop: StopIntent, **changes: Any) -> dict[str, Any]:
    """Return a stop of ours as a list of orders tells of it."""
    return {
        "orderId": NUMBER,
        "orderLinkId": stop.stop_id,
        "symbol": "BTCUSDT",
        "side": "Buy" if stop.lots > 0 else "Sell",
        "price": "0",
        "qty": "0.010",
        "cumExecQty": "0",
        "orderStatus": "Untriggered",
        "orderType": "Market",
        "stopOrderType": "Stop",
        "triggerPrice": "66000.0",
        "triggerBy": "MarkPrice",
        "reduceOnly": True,
        "closeOnTrigger": True,
        "createdTime": "1795000000000",
    } | changes


def is_realtime(asked: Asked) -> bool:
    return asked.path == "/v5/order/realtime"


def is_history(asked: Asked) -> bool:
    return asked.path == "/v5/order/history"


def is_lists(asked: Asked) -> bool:
    return is_realtime(asked) or is_history(asked)


def spoil(stage: Stage, answer: Told, which: Callable[[Asked], bool], *, times: int = 4) -> None:
    """Have the next answers of a question be *answer*, as often as a read is repeated."""
    for _ in range(times):
        stage.line.spoil(answer, which=which)


async def look(stage: Stage, stop: StopIntent, **ago: float) -> VenueStop | None:
    begun_at = datetime.now(UTC) - timedelta(**ago)
    return await stage.opened.stops.look_up(stop, begun_at=begun_at)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        *((told(code), Refused) for code in (10001, 10003, 10005, 110009, 110017, 110092, 110093)),
        *((told(code), NotDone) for code in (10002, 10006, 10018)),
        *((told(code), OutcomeUnknown) for code in (110072, 170141, 10000, 10016, 110079, 424242)),
        (told(110092, status=500), OutcomeUnknown),
        (told(0), OutcomeUnknown),
        (told(0, result={"orderId": NUMBER}), OutcomeUnknown),
        (told(0, result={"orderId": NUMBER, "orderLinkId": "another"}), OutcomeUnknown),
        (told(0, result={"orderId": "", "orderLinkId": "s"}), OutcomeUnknown),
        (Told(status=403, body=b"<html></html>"), OutcomeUnknown),
        (Told(status=429, body=b""), NotDone),
    ],
)
async def test_only_what_says_so_is_no_or_not_done_and_nothing_is_sent_again(
    answer: Told, error: type[VenueError]
) -> None:
    async with staged("bybit", Market.LINEAR) as stage:
        stage.line.spoil(answer, which=floor_of(stage).is_stop)
        with pytest.raises(VenueError) as raised:
            await stage.opened.stops.place(stopping(stage))
        assert type(raised.value) is error, raised.value
        assert sum(map(floor_of(stage).is_stop, stage.line.asked)) == 1
        assert floor_of(stage).waiting() == []


async def test_a_stop_goes_out_exactly_as_it_was_planned_within_the_fence() -> None:
    async with staged("bybit", Market.LINEAR) as stage:
        stop = stopping(stage)
        placed = await stage.opened.stops.place(stop)
        (sent,) = [asked for asked in stage.line.asked if floor_of(stage).is_stop(asked)]
    assert json.loads(sent.body) == {
        "category": "linear",
        "symbol": "BTCUSDT",
        "side": "Buy",
        "orderType": "Market",
        "qty": "0.010",
        "triggerPrice": "66000.00",
        "triggerDirection": 1,
        "triggerBy": "MarkPrice",
        "reduceOnly": True,
        "closeOnTrigger": True,
        "positionIdx": 0,
        "orderLinkId": stop.stop_id,
    }
    assert sent.headers["x-bapi-recv-window"] == "3000"
    assert contradiction(stop, placed) == ""
    assert (placed.state, placed.status, placed.order) == (SeenStop.RESTING, "Untriggered", None)


@pytest.mark.parametrize(("code", "is_full"), [(110009, True), (110017, False)])
async def test_where_too_many_wait_already_it_is_told_what_makes_room(
    code: int, *, is_full: bool
) -> None:
    async with staged("bybit", Market.LINEAR) as stage:
        stage.line.spoil(told(code), which=floor_of(stage).is_stop)
        with pytest.raises(Refused, match=str(code)) as refused:
            await stage.opened.stops.place(stopping(stage))
    assert ("cancel conditional orders of your own" in str(refused.value)) is is_full


async def test_a_stop_of_a_long_sells_when_the_mark_falls() -> None:
    async with staged("bybit", Market.LINEAR) as stage:
        stop = stopping(stage)
        stop = replace(stop, lots=Lots(-stop.lots), trigger=type(stop.trigger)(stop.trigger // 2))
        placed = await stage.opened.stops.place(stop)
        (sent,) = [asked for asked in stage.line.asked if floor_of(stage).is_stop(asked)]
    asked = json.loads(sent.body)
    assert (asked["side"], asked["triggerDirection"]) == ("Sell", 2)
    assert contradiction(stop, placed) == ""


async def test_a_trigger_that_is_reached_already_is_refused() -> None:
    async with staged("bybit", Market.LINEAR) as stage:
        floor_of(stage).reach(Decimal(66_000))
        with pytest.raises(Refused, match="expect Rising"):
            await stage.opened.stops.place(stopping(stage))


async def test_a_stop_that_the_venue_would_split_is_refused_before_it_is_sent() -> None:
    async with staged("bybit", Market.LINEAR) as stage:
        stop = stopping(stage)
        with pytest.raises(Refused, match="would split it"):
            await stage.opened.stops.place(replace(stop, lots=Lots(119_001)))
        assert [asked for asked in stage.line.asked if asked.method == "POST"] == []


async def test_a_stop_that_was_received_and_does_not_show_is_unknown_and_found_later() -> None:
    async with staged("bybit", Market.LINEAR) as stage:
        stop, floor = stopping(stage), floor_of(stage)
        floor.conditionals.hides = 8  # Four looks, of two questions each.
        with pytest.raises(OutcomeUnknown, match="no list shows it yet"):
            await stage.opened.stops.place(stop)
        found = await look(stage, stop)
        assert len(floor.waiting()) == sum(map(floor.is_stop, stage.line.asked)) == 1
    assert found is not None
    assert found.state is SeenStop.RESTING


async def test_another_number_under_our_name_is_not_the_stop_that_was_received() -> None:
    async with staged("bybit", Market.LINEAR) as stage:
        stop = stopping(stage)
        spoil(stage, listed(row(stop)), is_realtime, times=4)
        with pytest.raises(OutcomeUnknown):
            await stage.opened.stops.place(stop)


async def test_one_that_was_received_and_turned_down_is_told_as_withdrawn() -> None:
    async with staged("bybit", Market.LINEAR) as stage:
        stop = stopping(stage)
        number = "0a711b1d-1fe0-43c5-a19f-000000000001"
        rejected = row(stop, orderId=number, orderStatus="Rejected")
        spoil(stage, listed(rejected), is_realtime, times=1)
        placed = await stage.opened.stops.place(stop)
    assert (placed.state, placed.status) == (SeenStop.WITHDRAWN, "Rejected")


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, SeenStop.RESTING),
        ({"orderStatus": "Deactivated"}, SeenStop.WITHDRAWN),
        ({"orderStatus": "Rejected"}, SeenStop.WITHDRAWN),
        ({"orderStatus": "Deactivated", "triggerBy": "", "stopOrderType": ""}, SeenStop.WITHDRAWN),
    ],
)
async def test_one_that_became_no_order_rests_or_is_withdrawn(
    changes: dict[str, Any], state: SeenStop
) -> None:
    async with staged("bybit", Market.LINEAR) as stage:
        stop = stopping(stage)
        spoil(stage, listed(row(stop, **changes)), is_realtime)
        found = await look(stage, stop)
    assert found is not None
    assert (found.state, found.order, found.venue_stop_id) == (state, None, NUMBER)
    assert contradiction(stop, found) == ""


@pytest.mark.parametrize(
    ("changes", "filled", "ended"),
    [
        ({"orderStatus": "New"}, 0, False),
        ({"orderStatus": "PartiallyFilled", "cumExecQty": "0.004"}, 4, False),
        ({"orderStatus": "Filled", "cumExecQty": "0.010"}, 10, True),
        ({"orderStatus": "Filled", "cumExecQty": "0.004", "qty": "0.004"}, 4, True),
        ({"orderStatus": "Cancelled", "cumExecQty": "0.007"}, 7, True),
        ({"orderStatus": "Cancelled"}, 0, True),
        ({"orderStatus": "Filled", "cumExecQty": "0.010", "triggerPrice": "0.00"}, 10, True),
    ],
)
async def test_one_that_fired_is_told_with_what_it_filled_under_the_number_that_it_keeps(
    changes: dict[str, Any], filled: int, ended: bool
) -> None:
    async with staged("bybit", Market.LINEAR) as stage:
        stop = stopping(stage)
        spoil(stage, listed(row(stop, **changes)), is_realtime)
        found = await look(stage, stop)
    assert found is not None
    assert found.state is SeenStop.FIRED
    assert found.order == FiredOrder(venue_order_id=NUMBER, filled_lots=Lots(filled), ended=ended)
    assert contradiction(stop, found) == ""


@pytest.mark.parametrize(
    "changes",
    [
        {"orderStatus": "Triggered"},
        {"orderStatus": "Paused"},
        {"orderStatus": None},
        {"orderStatus": "Filled", "cumExecQty": "0.009"},
        {"orderStatus": "Filled", "cumExecQty": "0"},
        {"orderStatus": "Cancelled", "cumExecQty": "0.011"},
        {"orderStatus": "Cancelled", "cumExecQty": "0.0001"},
        {"orderStatus": "Deactivated", "cumExecQty": "0.001"},
        {"orderStatus": "Rejected", "cumExecQty": "0.001"},
        {"cumExecQty": "0.001"},
        {"cumExecQty": None},
        {"orderLinkId": "another"},
        {"symbol": "ETHUSDT"},
        {"side": "Sell"},
        {"orderType": "Limit"},
        {"stopOrderType": "StopLoss"},
        {"triggerBy": "LastPrice"},
        {"reduceOnly": False},
        {"reduceOnly": "true"},
        {"qty": "ten"},
        {"qty": "0.0105"},
        {"orderId": ""},
    ],
)
async def test_what_cannot_be_read_or_is_under_way_is_no_answer(changes: dict[str, Any]) -> None:
    async with staged("bybit", Market.LINEAR) as stage:
        stop = stopping(stage)
        spoil(stage, listed(row(stop, **changes)), is_lists, times=20)
        with pytest.raises(NotDone):
            await look(stage, stop)


@pytest.mark.parametrize("fires", [True, False])
async def test_whatever_is_missing_or_of_another_kind_is_no_other_answer(*, fires: bool) -> None:
    async with staged("bybit", Market.LINEAR) as stage:
        stage.unmetered()
        stop, floor = stopping(stage), floor_of(stage)
        await stage.opened.stops.place(stop)
        if fires:
            floor.reach(Decimal(66_000))
        true = await look(stage, stop)
        asked = [asked for asked in stage.line.asked if is_realtime(asked)][-1]
        cases = list(spoilt(json.loads(floor.answer(asked).body)))
        assert len(cases) > 100
        for what, other in cases:
            stage.line.calm()
            spoil(stage, Told(body=json.dumps(other).encode()), is_lists, times=12)
            try:
                seen = await look(stage, stop)
            except (NotDone, Refused):
                continue
            assert seen == true, what


async def test_two_orders_under_our_name_are_no_answer() -> None:
    async with staged("bybit", Market.LINEAR) as stage:
        stop = stopping(stage)
        other = row(stop, orderId="0a711b1d-1fe0-43c5-a19f-000000000002")
        spoil(stage, listed(row(stop), other), is_lists, times=20)
        with pytest.raises(NotDone):
            await look(stage, stop)


@pytest.mark.parametrize("changes", [{"qty": "0.009"}, {"triggerPrice": "66000.1"}])
async def test_one_that_rests_and_is_not_as_planned_contradicts(changes: dict[str, str]) -> None:
    async with staged("bybit", Market.LINEAR) as stage:
        stop = stopping(stage)
        spoil(stage, listed(row(stop, **changes)), is_realtime)
        found = await look(stage, stop)
    assert found is not None
    assert contradiction(stop, found) != ""


async def test_what_fired_longer_ago_than_orders_are_told_of_is_found_by_its_executions() -> None:
    async with staged("bybit", Market.LINEAR) as stage:
        stop, floor = stopping(stage), floor_of(stage)
        await stage.opened.stops.place(stop)
        floor.reach(Decimal(66_000))
        floor.conditionals.restart()
        floor.conditionals.grow_old(created=timedelta(days=40), ended=timedelta(days=20))
        found = await look(stage, stop, days=40)
        begun_at = datetime.now(UTC) - timedelta(days=40)
        evidence = await stage.opened.stops.evidence_of_absence(stop, begun_at=begun_at)
        (fired,) = floor.conditionals.taken
    assert found is not None
    assert found.order == FiredOrder(
        venue_order_id=VenueOrderId(fired.order_id), filled_lots=stop.lots, ended=True
    )
    assert contradiction(stop, found) == ""
    assert not evidence.is_absent
    assert evidence.sightings["fills"].startswith("trade ")


async def test_one_that_was_taken_off_longer_ago_than_that_is_in_no_list() -> None:
    async with staged("bybit", Market.LINEAR) as stage:
        stop, floor = stopping(stage), floor_of(stage)
        await stage.opened.stops.place(stop)
        floor.conditionals.vanish(stop.stop_id)
        gone = await look(stage, stop)
        floor.conditionals.restart()
        floor.conditionals.grow_old(created=timedelta(days=40), ended=timedelta(days=20))
        assert await look(stage, stop, days=40) is None
        begun_at = datetime.now(UTC) - timedelta(days=40)
        evidence = await stage.opened.stops.evidence_of_absence(stop, begun_at=begun_at)
    assert gone is not None
    assert gone.state is SeenStop.WITHDRAWN
    assert evidence.is_absent
    assert set(evidence.sightings) == {"by_client_id", "open_orders", "all_orders", "fills"}


@pytest.mark.parametrize("path", ["realtime", "history", "execution"])
async def test_a_list_that_cannot_be_read_proves_no_absence(path: str) -> None:
    async with staged("bybit", Market.LINEAR) as stage:
        stop = stopping(stage)
        spoil(stage, listed({"orderLinkId": 1}), lambda asked: path in asked.path, times=20)
        with pytest.raises(NotDone):
            await stage.opened.stops.evidence_of_absence(stop, begun_at=datetime.now(UTC))


async def test_a_stop_that_finds_nothing_to_close_ended_without_a_fill() -> None:
    async with staged("bybit", Market.LINEAR) as stage:
        stop, floor = stopping(stage), floor_of(stage)
        await stage.opened.stops.place(stop)
        floor.linear.grow(-floor.truth().position)
        floor.reach(Decimal(66_000))
        found = await look(stage, stop)
    assert found is not None
    assert found.order is not None
    assert (found.order.filled_lots, found.order.ended) == (0, True)


async def test_a_stop_that_is_cut_to_what_is_held_is_told_with_what_it_filled() -> None:
    async with staged("bybit", Market.LINEAR) as stage:
        stop, floor = stopping(stage), floor_of(stage)
        await stage.opened.stops.place(stop)
        floor.linear.grow(Decimal("0.006"))
        floor.reach(Decimal(66_000))
        found = await look(stage, stop)
    assert found is not None
    assert found.order is not None
    assert (found.order.filled_lots, found.order.ended) == (4, True)
    assert contradiction(stop, found) == ""


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (None, None),
        *((told(code), None) for code in (110001, 110008, 110010)),
        *((told(code), Refused) for code in (10001, 10005)),
        *((told(code), NotDone) for code in (10002, 10006)),
        *((told(code), OutcomeUnknown) for code in (110079, 10000, 424242)),
        (told(0), OutcomeUnknown),
        (told(0, result={"orderId": NUMBER, "orderLinkId": "another"}), OutcomeUnknown),
        (Mishap.LOST, OutcomeUnknown),
        (Mishap.NEVER, OutcomeUnknown),
    ],
)
async def test_a_withdrawal_is_by_name_sent_once_and_done_when_it_is_gone_already(
    answer: Told | Mishap | None, error: type[VenueError] | None
) -> None:
    async with staged("bybit", Market.LINEAR) as stage:
        stop, floor = stopping(stage), floor_of(stage)
        await stage.opened.stops.place(stop)
        if answer is not None:
            stage.line.spoil(answer, which=floor.is_cancel)
        if error is None:
            await stage.opened.stops.withdraw(stop)
        else:
            with pytest.raises(VenueError) as raised:
                await stage.opened.stops.withdraw(stop)
            assert type(raised.value) is error
        (sent,) = [asked for asked in stage.line.asked if floor.is_cancel(asked)]
        (left,) = floor.conditionals.taken
    assert json.loads(sent.body) == {
        "category": "linear",
        "symbol": "BTCUSDT",
        "orderLinkId": stop.stop_id,
    }
    assert left.status == ("Deactivated" if answer in (None, Mishap.LOST) else "Untriggered")


async def test_whatever_waits_in_a_contract_is_listed_whoever_placed_it() -> None:
    by_hand = Waiting(
        name="",
        is_buy=False,
        quantity=Decimal("0.02"),
        trigger=Decimal(57_000),
        reduces=False,
        by_mark=False,
    )
    async with staged("bybit", Market.LINEAR) as stage:
        stop = stopping(stage)
        await stage.opened.stops.place(stop)
        stage.floor.let_wait(by_hand)
        found = await stage.opened.stops.resting([stage.symbol])
        seen = await stage.read_again()
    assert {(s.stop_id, s.lots, s.trigger_price, s.reduce_only) for s in found} == {
        (stop.stop_id, stop.lots, stop.trigger_price, True),
        ("", -20, Decimal(57_000), False),
    }
    assert {(o.client_order_id, o.lots, o.reduce_only) for o in seen.open_orders} == {
        (stop.stop_id, stop.lots, True),
        ("", -20, False),
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"qty": "0.0005"},
        {"qty": None},
        {"triggerPrice": "0"},
        {"side": "Hold"},
        {"orderLinkId": None},
        {"orderId": ""},
        {"reduceOnly": ""},
        {"closeOnTrigger": None},
        {"orderStatus": None},
    ],
)
async def test_a_row_that_cannot_be_read_makes_no_list_shorter(changes: dict[str, Any]) -> None:
    async with staged("bybit", Market.LINEAR) as stage:
        stop = stopping(stage)
        spoil(stage, listed(row(stop), row(stop, orderId="2") | changes), is_realtime)
        with pytest.raises(NotDone):
            await stage.opened.stops.resting([stage.symbol])


async def test_an_order_that_waits_for_nothing_is_no_stop() -> None:
    async with staged("bybit", Market.LINEAR) as stage:
        stop = stopping(stage)
        spoil(stage, listed(row(stop, orderStatus="New", triggerPrice="0")), is_realtime)
        assert await stage.opened.stops.resting([stage.symbol]) == ()


async def test_an_account_of_coins_alone_takes_no_stop() -> None:
    async with staged("bybit", Market.LINEAR) as stage:
        stop = stopping(stage)
    async with staged("bybit", Market.SPOT) as stage:
        with pytest.raises(Refused, match="no stop can rest"):
            await stage.opened.stops.place(stop)
        assert [asked for asked in stage.line.asked if asked.method == "POST"] == []
