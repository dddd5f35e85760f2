"""Resting stops of OKX: what leaves, what an answer means, and what became of one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.conformance.floors import Waiting
from tests.conformance.line import Mishap
from tests.conformance.okx_floor import OkxFloor
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

NUMBER = "431375349043380800"
ORDER = VenueOrderId("680800019749904999")
FIRED = {"state": "effective", "ordId": ORDER, "ordIdList": [ORDER], "triggerTime": "1795000000000"}
TRIGGER = Decimal(66_000)


def floor_of(stage: Stage) -> OkxFloor:
    assert isinstance(stage.floor, OkxFloor)
    return stage.floor


def told(code: object, *rows: dict[str, Any], status: int = 200) -> Told:
    document = {"code": code, "msg": "because", "data": list(rows)}
    return Told(status=status, body=json.dumps(document).encode())


def about(code: object = "0", **more: Any) -> Told:
    """Return an answer to a stop that was sent, or withdrawn."""
    row = {"algoClOrdId": "", "algoId": NUMBER, "clOrdId": "", "sCode": code, "sMsg": "because"}
    return told("0" if code == "0" else "1", row | more)


def row(stop: StopIntent, **changes: Any) -> dict[str, Any]:
    """Return a stop of ours as the service tells of it."""
    return {
        "algoId": NUMBER,
        "algoClOrdId": stop.stop_id,
        "instId": "BTC-USDT-SWAP",
        "instType": "SWAP",
        "ordType": "conditional",
        "side": "buy" if stop.lots > 0 else "sell",
        "sz": "1",
        "slTriggerPx": "66000",
        "slTriggerPxType": "mark",
        "slOrdPx": "-1",
        "tpTriggerPx": "",
        "closeFraction": "",
        "reduceOnly": "true",
        "state": "live",
        "ordId": "",
        "ordIdList": [],
        "actualSz": "0",
        "triggerTime": "",
        "cTime": "1794000000000",
    } | changes


def order(stop: StopIntent, **changes: Any) -> dict[str, Any]:
    """Return the order that a stop became."""
    return {
        "instId": "BTC-USDT-SWAP",
        "instType": "SWAP",
        "ordId": ORDER,
        "clOrdId": "",
        "algoId": NUMBER,
        "algoClOrdId": stop.stop_id,
        "side": "buy",
        "sz": "1",
        "accFillSz": "1",
        "state": "filled",
        "cTime": "1795000000000",
    } | changes


def is_one(asked: Asked) -> bool:
    return asked.method == "GET" and asked.path == "/api/v5/trade/order-algo"


def is_orders(asked: Asked) -> bool:
    return asked.path == "/api/v5/trade/order" and asked.method == "GET"


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
        *((about(code), Refused) for code in ("51000", "51008", "51121", "51302", "51304")),
        *(
            (about(code), Refused)
            for code in ("51058", "51169", "51205", "51261", "51275", "51299")
        ),
        (told("51000", status=400), Refused),
        *((told(code, status=401), Refused) for code in ("50105", "50111", "50113")),
        (told("50102", status=401), NotDone),
        (told("50011", status=429), NotDone),
        (about("50061"), NotDone),
        *((about(code), OutcomeUnknown) for code in ("51065", "51068", "51016")),
        *((about(code), OutcomeUnknown) for code in ("50004", "50026", "51054", "51149", "424242")),
        (told("50004", status=400), OutcomeUnknown),
        (told("51302", status=500), OutcomeUnknown),
        (told("0"), OutcomeUnknown),
        (about(), OutcomeUnknown),
        (about(algoClOrdId="another"), OutcomeUnknown),
        (Told(status=403, body=b"<html></html>"), OutcomeUnknown),
    ],
)
async def test_only_what_says_so_is_no_or_not_done_and_nothing_is_sent_again(
    answer: Told, error: type[VenueError]
) -> None:
    async with staged("okx", Market.LINEAR) as stage:
        stage.line.spoil(answer, which=floor_of(stage).is_stop)
        with pytest.raises(VenueError) as raised:
            await stage.opened.stops.place(stopping(stage))
        assert type(raised.value) is error, raised.value
        assert sum(map(floor_of(stage).is_stop, stage.line.asked)) == 1
        assert floor_of(stage).waiting() == []


@pytest.mark.parametrize(("code", "is_full"), [("51261", True), ("51275", False)])
async def test_where_too_many_wait_already_it_is_told_what_makes_room(
    code: str, *, is_full: bool
) -> None:
    async with staged("okx", Market.LINEAR) as stage:
        stage.line.spoil(about(code), which=floor_of(stage).is_stop)
        with pytest.raises(Refused, match=code) as refused:
            await stage.opened.stops.place(stopping(stage))
    assert ("cancel conditional orders of your own" in str(refused.value)) is is_full


@pytest.mark.parametrize("more", [{"algoId": ""}, {"algoId": "x"}, {"sCode": ""}, {"sCode": None}])
async def test_an_answer_of_our_name_without_a_number_or_a_yes_is_none(
    more: dict[str, Any],
) -> None:
    async with staged("okx", Market.LINEAR) as stage:
        stop = stopping(stage)
        answer = about(**{"algoClOrdId": stop.stop_id, **more})
        stage.line.spoil(answer, which=floor_of(stage).is_stop)
        with pytest.raises(OutcomeUnknown):
            await stage.opened.stops.place(stop)


async def test_a_stop_goes_out_in_contracts_exactly_as_it_was_planned() -> None:
    async with staged("okx", Market.LINEAR) as stage:
        stop = stopping(stage)
        placed = await stage.opened.stops.place(stop)
        (sent,) = [asked for asked in stage.line.asked if floor_of(stage).is_stop(asked)]
    assert json.loads(sent.body) == {
        "instId": "BTC-USDT-SWAP",
        "tdMode": "cross",
        "side": "buy",
        "ordType": "conditional",
        "sz": "1.0",
        "slTriggerPx": "66000.0",
        "slTriggerPxType": "mark",
        "slOrdPx": "-1",
        "reduceOnly": True,
        "algoClOrdId": stop.stop_id,
    }
    assert "exptime" not in sent.headers
    assert contradiction(stop, placed) == ""
    assert (placed.state, placed.status, placed.order) == (SeenStop.RESTING, "live", None)


async def test_a_part_of_a_contract_goes_out_to_the_last_digit() -> None:
    async with staged("okx", Market.LINEAR) as stage:
        stop = replace(stopping(stage), lots=Lots(98_765))
        placed = await stage.opened.stops.place(stop)
        (sent,) = [asked for asked in stage.line.asked if floor_of(stage).is_stop(asked)]
    assert json.loads(sent.body)["sz"] == "9876.5"
    assert (placed.lots, floor_of(stage).waiting()[0].quantity) == (98_765, Decimal("98.765"))


async def test_a_stop_of_a_long_sells_when_the_mark_falls() -> None:
    async with staged("okx", Market.LINEAR) as stage:
        stop = stopping(stage)
        stop = replace(stop, lots=Lots(-stop.lots), trigger=type(stop.trigger)(stop.trigger // 2))
        placed = await stage.opened.stops.place(stop)
    assert contradiction(stop, placed) == ""
    (waiting,) = floor_of(stage).waiting()
    assert (waiting.is_buy, waiting.trigger) == (False, Decimal(33_000))


async def test_a_trigger_that_is_reached_already_is_refused() -> None:
    async with staged("okx", Market.LINEAR) as stage:
        floor_of(stage).reach(TRIGGER)
        with pytest.raises(Refused, match="lower than the mark price"):
            await stage.opened.stops.place(stopping(stage))


@pytest.mark.parametrize(("lots", "is_taken"), [(120_000, True), (120_001, False)])
async def test_a_stop_that_the_venue_would_split_is_refused_before_it_is_sent(
    lots: int, *, is_taken: bool
) -> None:
    async with staged("okx", Market.LINEAR) as stage:
        stop = replace(stopping(stage), lots=Lots(lots))
        if is_taken:
            await stage.opened.stops.place(stop)
        else:
            with pytest.raises(Refused, match="would split it"):
                await stage.opened.stops.place(stop)
        assert sum(asked.method == "POST" for asked in stage.line.asked) == is_taken


async def test_a_stop_that_was_received_and_does_not_show_is_unknown_and_found_later() -> None:
    async with staged("okx", Market.LINEAR) as stage:
        stop, floor = stopping(stage), floor_of(stage)
        floor.stops.hides = 4
        with pytest.raises(OutcomeUnknown, match="no list shows it yet"):
            await stage.opened.stops.place(stop)
        found = await look(stage, stop)
        assert len(floor.waiting()) == sum(map(floor.is_stop, stage.line.asked)) == 1
    assert found is not None
    assert found.state is SeenStop.RESTING


async def test_another_number_under_our_name_is_not_the_stop_that_was_received() -> None:
    async with staged("okx", Market.LINEAR) as stage:
        stop = stopping(stage)
        spoil(stage, told("0", row(stop, algoId="7")), is_one)
        with pytest.raises(OutcomeUnknown):
            await stage.opened.stops.place(stop)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, SeenStop.RESTING),
        ({"state": "canceled"}, SeenStop.WITHDRAWN),
        ({"state": "order_failed", "failCode": "51008"}, SeenStop.WITHDRAWN),
        ({"state": "order_failed", "triggerTime": "1795000000000"}, SeenStop.WITHDRAWN),
    ],
)
async def test_one_that_became_no_order_rests_or_is_withdrawn(
    changes: dict[str, Any], state: SeenStop
) -> None:
    async with staged("okx", Market.LINEAR) as stage:
        stop = stopping(stage)
        spoil(stage, told("0", row(stop, **changes)), is_one)
        found = await look(stage, stop)
    assert found is not None
    assert (found.state, found.order, found.venue_stop_id) == (state, None, NUMBER)
    assert contradiction(stop, found) == ""


@pytest.mark.parametrize("of_stop", [{}, {"ordIdList": []}, {"ordId": ""}, {"state": "canceled"}])
@pytest.mark.parametrize(
    ("changes", "filled", "ended"),
    [
        ({"state": "live", "accFillSz": "0"}, 0, False),
        ({"state": "partially_filled", "accFillSz": "0.4"}, 4, False),
        ({}, 10, True),
        ({"sz": "0.4", "accFillSz": "0.4"}, 4, True),
        ({"state": "canceled", "accFillSz": "0.7"}, 7, True),
        ({"state": "canceled", "accFillSz": "0"}, 0, True),
        ({"algoClOrdId": ""}, 10, True),
    ],
)
async def test_one_that_fired_is_told_with_what_its_order_filled(
    of_stop: dict[str, Any], changes: dict[str, Any], filled: int, *, ended: bool
) -> None:
    async with staged("okx", Market.LINEAR) as stage:
        stop = stopping(stage)
        spoil(stage, told("0", row(stop, **FIRED | of_stop)), is_one)
        spoil(stage, told("0", order(stop, **changes)), is_orders)
        found = await look(stage, stop)
        (asked,) = [asked for asked in stage.line.asked if is_orders(asked)]
    assert f"ordId={ORDER}" in asked.query
    assert found is not None
    assert found.state is SeenStop.FIRED
    assert found.order == FiredOrder(venue_order_id=ORDER, filled_lots=Lots(filled), ended=ended)
    assert contradiction(stop, found) == ""


@pytest.mark.parametrize(
    "changes",
    [
        *({"state": word} for word in ("pause", "partially_effective", "partially_failed", None)),
        {"state": "effective"},
        {"state": "effective", "ordIdList": [ORDER, "2"], "ordId": "2"},
        {"state": "effective", "ordIdList": [ORDER], "ordId": "2"},
        {"state": "effective", "ordIdList": ORDER, "ordId": ORDER},
        {"state": "effective", "ordIdList": ["x"]},
        {"ordIdList": None},
        {"ordId": ORDER, "ordIdList": [ORDER]},
        {"algoClOrdId": "another"},
        {"instId": "ETH-USDT-SWAP"},
        {"side": "sell"},
        {"ordType": "oco"},
        {"slTriggerPxType": "last"},
        {"slOrdPx": "66000"},
        {"tpTriggerPx": "50000"},
        {"closeFraction": "1"},
        {"reduceOnly": "false"},
        {"reduceOnly": True},
        {"sz": "ten"},
        {"sz": "1.05"},
        {"slTriggerPx": ""},
        {"algoId": ""},
    ],
)
async def test_what_cannot_be_read_or_is_under_way_is_no_answer(changes: dict[str, Any]) -> None:
    async with staged("okx", Market.LINEAR) as stage:
        stop = stopping(stage)
        spoil(stage, told("0", row(stop, **changes)), is_one, times=20)
        spoil(stage, told("0", order(stop)), is_orders, times=20)
        with pytest.raises(NotDone):
            await look(stage, stop)


@pytest.mark.parametrize(
    "changes",
    [
        {"ordId": "2"},
        {"instId": "ETH-USDT-SWAP"},
        {"side": "sell"},
        {"algoClOrdId": "another"},
        {"state": "effective"},
        {"state": None},
        {"accFillSz": "1.1"},
        {"accFillSz": "0.05"},
        {"accFillSz": None},
    ],
)
async def test_an_order_that_does_not_fit_is_no_answer(changes: dict[str, Any]) -> None:
    async with staged("okx", Market.LINEAR) as stage:
        stop = stopping(stage)
        spoil(stage, told("0", row(stop, **FIRED)), is_one, times=20)
        spoil(stage, told("0", order(stop, **changes)), is_orders, times=20)
        with pytest.raises(NotDone):
            await look(stage, stop)


@pytest.mark.parametrize("fires", [True, False])
async def test_whatever_is_missing_or_of_another_kind_is_no_other_answer(*, fires: bool) -> None:
    async with staged("okx", Market.LINEAR) as stage:
        stage.unmetered()
        stop, floor = stopping(stage), floor_of(stage)
        await stage.opened.stops.place(stop)
        if fires:
            floor.reach(TRIGGER)
        true = await look(stage, stop)
        for which in (is_one, is_orders) if fires else (is_one,):
            asked = [asked for asked in stage.line.asked if which(asked)][-1]
            cases = list(spoilt(json.loads(floor.answer(asked).body)))
            assert len(cases) > 30
            for what, other in cases:
                stage.line.calm()
                spoil(stage, Told(body=json.dumps(other).encode()), which, times=12)
                try:
                    seen = await look(stage, stop)
                except (NotDone, Refused):
                    continue
                assert seen == true, what


@pytest.mark.parametrize("changes", [{"sz": "0.9"}, {"slTriggerPx": "66000.1"}])
async def test_one_that_rests_and_is_not_as_planned_contradicts(changes: dict[str, str]) -> None:
    async with staged("okx", Market.LINEAR) as stage:
        stop = stopping(stage)
        spoil(stage, told("0", row(stop, **changes)), is_one)
        found = await look(stage, stop)
    assert found is not None
    assert contradiction(stop, found) != ""


async def test_two_stops_under_our_name_are_no_answer() -> None:
    async with staged("okx", Market.LINEAR) as stage:
        stop = stopping(stage)
        spoil(stage, told("0", row(stop), row(stop, algoId="2")), is_one, times=20)
        with pytest.raises(NotDone):
            await look(stage, stop)


async def test_one_that_is_not_told_by_name_is_found_among_what_waits() -> None:
    async with staged("okx", Market.LINEAR) as stage:
        stop, floor = stopping(stage), floor_of(stage)
        await stage.opened.stops.place(stop)
        floor.stops.hides = 1
        found = await look(stage, stop)
    assert found is not None
    assert (found.state, contradiction(stop, found)) == (SeenStop.RESTING, "")


@pytest.mark.parametrize("fires", [True, False])
async def test_one_that_is_told_by_name_no_more_is_found_among_what_waited(*, fires: bool) -> None:
    async with staged("okx", Market.LINEAR) as stage:
        stop, floor = stopping(stage), floor_of(stage)
        await stage.opened.stops.place(stop)
        floor.stops.forgets_names = True
        if fires:
            floor.reach(TRIGGER)
        else:
            floor.stops.vanish(stop.stop_id)
        found = await look(stage, stop)
        begun_at = datetime.now(UTC)
        evidence = await stage.opened.stops.evidence_of_absence(stop, begun_at=begun_at)
    assert found is not None
    assert found.state is (SeenStop.FIRED if fires else SeenStop.WITHDRAWN)
    assert (found.order is not None) is fires
    assert not evidence.is_absent
    assert evidence.sightings["all_orders"].startswith("stop ")


async def test_what_fired_after_months_of_rest_is_found_by_the_order_that_bears_its_name() -> None:
    async with staged("okx", Market.LINEAR) as stage:
        stop, floor = stopping(stage), floor_of(stage)
        await stage.opened.stops.place(stop)
        floor.reach(TRIGGER)
        floor.stops.forgets_names = True
        floor.stops.grow_old(placed=timedelta(days=200), ended=timedelta(days=30))
        found = await look(stage, stop, days=200)
        begun_at = datetime.now(UTC) - timedelta(days=200)
        evidence = await stage.opened.stops.evidence_of_absence(stop, begun_at=begun_at)
        (fired,) = floor.stops.taken
    assert found is not None
    assert found.order is not None
    assert (found.order.filled_lots, found.order.ended) == (stop.lots, True)
    assert found.venue_stop_id == fired.algo_id
    assert contradiction(stop, found) == ""
    assert not evidence.is_absent
    assert evidence.sightings["all_orders"].startswith("order ")


async def test_two_orders_that_bear_one_name_are_no_answer() -> None:
    async with staged("okx", Market.LINEAR) as stage:
        stop, floor = stopping(stage), floor_of(stage)
        floor.stops.splits_at = Decimal("0.006")
        await stage.opened.stops.place(stop)
        floor.reach(TRIGGER)
        with pytest.raises(NotDone, match="split"):
            await look(stage, stop)
        floor.stops.forgets_names = True
        floor.stops.grow_old(placed=timedelta(days=200), ended=timedelta(days=30))
        with pytest.raises(NotDone, match="two orders"):
            await look(stage, stop, days=200)


async def test_one_that_was_taken_off_long_ago_is_in_no_list() -> None:
    async with staged("okx", Market.LINEAR) as stage:
        stop, floor = stopping(stage), floor_of(stage)
        await stage.opened.stops.place(stop)
        floor.stops.vanish(stop.stop_id)
        floor.stops.forgets_names = True
        floor.stops.grow_old(placed=timedelta(days=200), ended=timedelta(days=100))
        assert await look(stage, stop, days=200) is None
        begun_at = datetime.now(UTC) - timedelta(days=200)
        evidence = await stage.opened.stops.evidence_of_absence(stop, begun_at=begun_at)
    assert evidence.is_absent
    assert set(evidence.sightings) == {"by_client_id", "open_orders", "all_orders"}


@pytest.mark.parametrize(
    ("ago", "filled"),
    [({"minutes": 179}, None), ({"minutes": 181}, 0), ({"days": 84}, 0), ({"days": 86}, None)],
)
async def test_an_order_that_shows_no_more_filled_nothing_when_that_is_why(
    ago: dict[str, float], filled: int | None
) -> None:
    async with staged("okx", Market.LINEAR) as stage:
        stop = stopping(stage)
        at = datetime.now(UTC) - timedelta(**ago)
        fired = row(stop, **FIRED | {"triggerTime": str(int(at.timestamp() * 1000))})
        spoil(stage, told("0", fired), is_one, times=20)
        if filled is None:
            with pytest.raises(NotDone, match="does not show"):
                await look(stage, stop)
            return
        found = await look(stage, stop)
    assert found is not None
    assert found.order == FiredOrder(venue_order_id=ORDER, filled_lots=Lots(0), ended=True)


@pytest.mark.parametrize(("hours", "is_late"), [(20 * 24, False), (4, True)])
async def test_an_order_that_shows_no_more_filled_what_was_executed_of_it(
    hours: int, *, is_late: bool
) -> None:
    async with staged("okx", Market.LINEAR) as stage:
        stop, floor = stopping(stage), floor_of(stage)
        floor.lists_late = is_late
        await stage.opened.stops.place(stop)
        floor.reach(TRIGGER)
        floor.stops.grow_old(placed=timedelta(days=30), ended=timedelta(hours=hours))
        spoil(stage, told("51603"), is_orders, times=20)
        found = await look(stage, stop, days=30)
    assert found is not None
    assert found.order is not None
    assert (found.order.filled_lots, found.order.ended) == (stop.lots, True)


@pytest.mark.parametrize("code", ["51001", "50111", "424242"])
async def test_only_one_code_says_that_no_stop_bears_a_name(code: str) -> None:
    async with staged("okx", Market.LINEAR) as stage:
        stop = stopping(stage)
        spoil(stage, told(code), is_one, times=20)
        with pytest.raises((NotDone, Refused)):
            await look(stage, stop)
        with pytest.raises((NotDone, Refused)):
            await stage.opened.stops.evidence_of_absence(stop, begun_at=datetime.now(UTC))


@pytest.mark.parametrize(
    "path",
    [
        *("order-algo", "orders-algo-pending", "orders-algo-history"),
        *("orders-pending", "orders-history", "orders-history-archive"),
    ],
)
@pytest.mark.parametrize("rows", [[{"algoClOrdId": 1, "algoId": "1", "ordId": "1"}], [{}], None])
async def test_a_list_that_cannot_be_read_proves_no_absence(
    path: str, rows: list[dict[str, Any]] | None
) -> None:
    async with staged("okx", Market.LINEAR) as stage:
        stop = stopping(stage)
        answer = Told(body=json.dumps({"code": "0", "msg": "", "data": rows}).encode())
        spoil(stage, answer, lambda asked: asked.path.endswith(f"/{path}"), times=20)
        with pytest.raises(NotDone):
            await stage.opened.stops.evidence_of_absence(stop, begun_at=datetime.now(UTC))


async def test_a_stop_that_finds_nothing_to_close_is_told_as_withdrawn() -> None:
    async with staged("okx", Market.LINEAR) as stage:
        stop, floor = stopping(stage), floor_of(stage)
        await stage.opened.stops.place(stop)
        floor._trading.units = Decimal(0)
        floor.reach(TRIGGER)
        found = await look(stage, stop)
    assert found is not None
    assert (found.state, found.status) == (SeenStop.WITHDRAWN, "order_failed")


async def test_a_stop_that_is_cut_to_what_is_held_is_told_with_what_it_filled() -> None:
    async with staged("okx", Market.LINEAR) as stage:
        stop, floor = stopping(stage), floor_of(stage)
        await stage.opened.stops.place(stop)
        floor._trading.units += Decimal("0.006")
        floor.reach(TRIGGER)
        found = await look(stage, stop)
    assert found is not None
    assert found.order is not None
    assert (found.order.filled_lots, found.order.ended) == (4, True)
    assert contradiction(stop, found) == ""


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (None, None),
        *((about(code), None) for code in ("51400", "51401", "51402", "51603")),
        (about("51000"), Refused),
        (told("50111", status=401), Refused),
        (told("50102", status=401), NotDone),
        (about("50061"), NotDone),
        *((about(code), OutcomeUnknown) for code in ("50004", "424242")),
        (told("0"), OutcomeUnknown),
        (about(algoClOrdId="another"), OutcomeUnknown),
        (about(algoId=""), OutcomeUnknown),
        (Mishap.LOST, OutcomeUnknown),
        (Mishap.NEVER, OutcomeUnknown),
    ],
)
async def test_a_withdrawal_is_by_name_sent_once_and_done_when_it_is_gone_already(
    answer: Told | Mishap | None, error: type[VenueError] | None
) -> None:
    async with staged("okx", Market.LINEAR) as stage:
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
        (left,) = floor.stops.taken
    assert json.loads(sent.body) == [{"instId": "BTC-USDT-SWAP", "algoClOrdId": stop.stop_id}]
    assert left.state == ("canceled" if answer in (None, Mishap.LOST) else "live")


async def test_whatever_waits_in_a_contract_is_listed_whoever_placed_it() -> None:
    by_hand = Waiting(
        name="",
        is_buy=False,
        quantity=Decimal("0.02"),
        trigger=Decimal(57_000),
        reduces=False,
        by_mark=False,
    )
    async with staged("okx", Market.LINEAR) as stage:
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


async def test_what_waits_in_another_contract_is_not_listed() -> None:
    async with staged("okx", Market.LINEAR) as stage:
        stop, floor = stopping(stage), floor_of(stage)
        floor.algos.append(row(stop, instId="ETH-USDT-SWAP"))
        assert await stage.opened.stops.resting([stage.symbol]) == ()
        assert await look(stage, stop) is None


async def test_an_account_of_coins_alone_takes_no_stop() -> None:
    async with staged("okx", Market.LINEAR) as stage:
        stop = stopping(stage)
    async with staged("okx", Market.SPOT) as stage:
        with pytest.raises(Refused, match="no stop can rest"):
            await stage.opened.stops.place(stop)
        assert [asked for asked in stage.line.asked if asked.method == "POST"] == []
