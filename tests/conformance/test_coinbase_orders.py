"""Orders of Coinbase: looked for in its lists, given to a person, booked when they add up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.coinbase_floor import CoinbaseFloor, fill_row, order_row, totals
from tests.conformance.line import Mishap
from tests.conformance.spoken import Asked, Told
from tests.conformance.stage import Stage, from_the_start, staged
from tests.conformance.test_hostile_venues import _spoil, spoilt
from tests.conformance.test_whole_run import differences, opened
from tests.conformance.trading import Execution, now_ms
from trimtab.domain.errors import NotDone, OutcomeUnknown, Refused
from trimtab.domain.orders import OrderIntent, OrderState
from trimtab.execution.retry import LISTS_WITHIN_S
from trimtab.ports import FillCursor, PlanStatus
from trimtab.venues.facts import Market
from trimtab.workflow.recover import recover
from trimtab.workflow.run import Consent, run

SIZE = "0.004"
FILLS = "/api/v3/brokerage/orders/historical/fills"
ORDER = "/api/v3/brokerage/orders/historical/813a53c5-3e39-47bb-863d-000000000001"
BATCH = "/api/v3/brokerage/orders/historical/batch"


def floor_of(stage: Stage) -> CoinbaseFloor:
    assert isinstance(stage.floor, CoinbaseFloor)
    return stage.floor


async def lost(stage: Stage) -> OrderIntent:
    """Send an order whose answer is lost."""
    order = stage.buy(SIZE)
    stage.line.spoil(Mishap.LOST, which=stage.floor.is_order)
    with pytest.raises(OutcomeUnknown):
        await stage.opened.venue.submit(order)
    return order


def asked_since(stage: Stage, before: int, path: str) -> list[Asked]:
    return [asked for asked in stage.line.asked[before:] if asked.path == path]


# Looking for an order


async def test_an_order_that_was_answered_is_asked_for_by_its_id_and_not_in_lists() -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        before = len(stage.line.asked)
        order = stage.buy(SIZE)
        answer = await stage.opened.venue.submit(order)
        assert (answer.ended, answer.filled_lots, answer.status) == (True, order.lots, "FILLED")
        assert asked_since(stage, before, BATCH) == []
        assert asked_since(stage, before, ORDER)


async def test_an_order_whose_answer_is_lost_is_looked_for_under_every_status() -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        order = await lost(stage)
        before = len(stage.line.asked)
        found = await stage.opened.venue.look_up(order)
        assert found is not None
        assert (found.venue_order_id, found.lots) == (ORDER.rsplit("/", 1)[1], order.lots)
        asked = [a.query for a in asked_since(stage, before, BATCH)]
        told = [dict(pair.split("=") for pair in query.split("&")) for query in asked]
        statuses = [each["order_status"] for each in told]
        assert statuses[:5] == ["QUEUED", "PENDING", "OPEN", "EDIT_QUEUED", "CANCEL_QUEUED"]
        assert set(statuses[5:]) == {"FILLED", "CANCELLED", "EXPIRED", "FAILED"}
        assert all("start_date" in each for each in told)
        before = len(stage.line.asked)
        assert await stage.opened.venue.look_up(order) == found
        assert asked_since(stage, before, BATCH) == [], "it is known by its id now"


async def test_an_order_on_a_later_page_is_found() -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        stage.unmetered()
        order = await lost(stage)
        at = "2100-01-01T00:00:00Z"
        others = [
            order_row(order_id=f"0000-{n:06d}", status="FILLED", created_time=at)
            for n in range(250)
        ]
        floor_of(stage).newest = others
        assert await stage.opened.venue.look_up(order) is not None


async def test_an_order_that_goes_on_while_it_is_looked_for_is_found_once() -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        order = await lost(stage)
        floor = floor_of(stage)
        (row,) = (r for r in floor._all() if r["client_order_id"] == order.client_order_id)
        floor.newest = [{**row, "status": "PENDING", "filled_size": "0"}]
        found = await stage.opened.venue.look_up(order)
        assert found is not None
        assert (found.status, found.ended) == ("FILLED", True)


async def test_two_orders_under_one_name_are_no_answer() -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        order = await lost(stage)
        name = order.client_order_id
        floor_of(stage).past.append(order_row(client_order_id=name, status="EXPIRED"))
        with pytest.raises(NotDone, match="two orders bear this name"):
            await stage.opened.venue.look_up(order)


@pytest.mark.parametrize(
    "changed",
    [
        {"product_id": "BTC-USD"},
        {"side": "SELL"},
        {"order_configuration": {"limit_limit_gtc": {"base_size": "1", "limit_price": "9"}}},
        {"order_configuration": {"sor_limit_ioc": {"quote_size": "1", "limit_price": "9"}}},
        {"filled_size": ""},
        {"filled_size": "", "number_of_fills": "0"},
        {"filled_size": "0", "number_of_fills": "1", "filled_value": "0"},
        {"filled_size": "0", "number_of_fills": "0", "filled_value": "240.0004"},
        {"filled_size": "0", "number_of_fills": "0", "filled_value": "0"},
        {"filled_size": "0", "number_of_fills": "x"},
        {"filled_size": "", "number_of_fills": "1", "status": "FAILED"},
        {"filled_size": None, "number_of_fills": "1", "status": "FAILED"},
        {"status": None},
    ],
)
async def test_an_order_under_our_name_that_is_not_ours_is_no_answer(changed: Any) -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        stage.unmetered()
        order = await lost(stage)
        (row,) = (r for r in floor_of(stage)._all() if r["side"] == "BUY")
        for _ in range(4):
            body = {"orders": [{**row, **changed}], "has_next": False, "cursor": ""}
            stage.line.spoil(
                Told(body=json.dumps(body).encode()),
                which=lambda asked: "order_status=FILLED" in asked.query,
            )
        with pytest.raises(NotDone):
            await stage.opened.venue.look_up(order)


@pytest.mark.parametrize("count", ["", "0"])
@pytest.mark.parametrize(("told", "lots"), [("", 0), (None, 0), ("0", 0), ("0.001", 100_000)])
async def test_an_order_that_failed_filled_what_it_says_and_nothing_where_it_says_nothing(
    told: str | None, lots: int, count: str
) -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        order = await lost(stage)
        (row,) = (r for r in floor_of(stage)._all() if r["side"] == "BUY")
        failed = {**row, "filled_size": told, "number_of_fills": count, "status": "FAILED"}
        failed["filled_value"] = count
        floor_of(stage)._trading.taken.clear()
        floor_of(stage).past.append(failed)
        found = await stage.opened.venue.look_up(order)
        assert found is not None
        assert (found.ended, found.filled_lots, found.status) == (True, lots, "FAILED")


async def test_an_order_that_is_no_longer_told_under_its_id_is_not_visible() -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        order = stage.buy(SIZE)
        await stage.opened.venue.submit(order)
        body = b'{"error": "NOT_FOUND", "message": "no such order"}'
        stage.line.spoil(Told(status=404, body=body), which=lambda asked: asked.path == ORDER)
        assert await stage.opened.venue.look_up(order) is None


async def test_the_answer_of_another_order_is_none() -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        stage.unmetered()
        order = stage.buy(SIZE)
        await stage.opened.venue.submit(order)
        body = json.dumps({"order": order_row()}).encode()
        for _ in range(4):
            stage.line.spoil(Told(body=body), which=lambda asked: asked.path == ORDER)
        with pytest.raises(NotDone, match="of another order"):
            await stage.opened.venue.look_up(order)


async def left_for_days(stage: Stage) -> OrderIntent:
    """Send an order whose answer is lost, and let five days pass."""
    order = await lost(stage)
    floor_of(stage)._trading.taken[0].at_ms -= 5 * 86_400_000
    return order


async def test_an_order_of_days_ago_is_found_by_who_looks_for_it_first() -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        order = await left_for_days(stage)
        found = await stage.opened.venue.look_up(order)
        assert found is not None
        assert (found.ended, found.filled_lots) == (True, order.lots)


async def test_an_order_of_days_ago_is_seen_in_the_whole_list_and_found_from_then_on() -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        order = await left_for_days(stage)
        floor, venue = floor_of(stage), stage.opened.venue
        floor.hides = True
        assert await venue.look_up(order) is None
        floor.hides = False
        evidence = await venue.evidence_of_absence(order)
        assert evidence.sightings["by_client_id"] == "none"
        assert evidence.sightings["all_orders"] == f"order {ORDER.rsplit('/', 1)[1]}"
        assert not evidence.is_absent
        found = await venue.look_up(order)
        assert found is not None
        assert found.filled_lots == order.lots


async def after_a_lost_answer(
    folder: Path, mishap: Mishap, meanwhile: Callable[[CoinbaseFloor], object]
) -> tuple[OrderState, OrderState, int]:
    """Return what an order is after its run, and after the word of a person that it is not there.

    And how often one was sent.
    """
    async with opened("coinbase", folder) as (runner, shell, line):
        floor, desk = line.floor, runner.desk
        assert isinstance(floor, CoinbaseFloor)
        line.spoil(mishap, which=floor.is_order)
        floor.hides = True
        result = await run(runner, consent=Consent.ASK, slot_due=True)
        (first,) = await desk.ledger.orders(plan_digest=None)
        assert result.status is PlanStatus.UNKNOWN
        await desk.clock.sleep(600)
        meanwhile(floor)
        window_ms = shell.config.policy.execution.receive_window_ms
        assert window_ms == 120_000
        async with desk.ledger.holding_account(owner="recover"):
            await recover(desk, receive_window_ms=window_ms)
            said = {first.intent.client_order_id: "a person"}
            await recover(desk, receive_window_ms=window_ms, said=said)
        (last,) = await desk.ledger.orders(plan_digest=None)
    return first.state, last.state, sum(floor.is_order(asked) for asked in line.asked)


async def test_an_order_that_shows_only_behind_the_last_look_is_adopted_by_its_run(
    tmp_path: Path,
) -> None:
    async with opened("coinbase", tmp_path) as (runner, _, line):
        floor = line.floor
        assert isinstance(floor, CoinbaseFloor)
        floor.hides = True

        def shows_late(asked: Asked) -> bool:
            """Have lists tell of the order a hundred seconds after it was sent."""
            if floor.is_order(asked):
                asyncio.get_running_loop().call_later(100, setattr, floor, "hides", False)
            return floor.is_order(asked)

        line.spoil(Mishap.LOST, which=shows_late)
        result = await run(runner, consent=Consent.ASK, slot_due=True)
        (record,) = await runner.desk.ledger.orders(plan_digest=None)
        assert (result.status, record.state) == (PlanStatus.EXECUTED, OrderState.FILLED)
        assert sum(floor.is_order(asked) for asked in line.asked) == 1


async def test_lists_are_looked_through_in_time_where_answers_are_slow(tmp_path: Path) -> None:
    async with opened("coinbase", tmp_path) as (runner, _, line):

        def slows(asked: Asked) -> bool:
            """Have every answer take its time from the order on."""
            line.slow_s = 0.6 if line.floor.is_order(asked) else line.slow_s
            return line.floor.is_order(asked)

        line.spoil(Mishap.LOST, which=slows)
        result = await run(runner, consent=Consent.ASK, slot_due=True)
        (record,) = await runner.desk.ledger.orders(plan_digest=None)
        assert (result.status, record.state) == (PlanStatus.EXECUTED, OrderState.FILLED)


async def test_an_order_that_never_came_is_unknown_until_a_person_says_so(tmp_path: Path) -> None:
    told = await after_a_lost_answer(tmp_path, Mishap.NEVER, lambda _: None)
    assert told == (OrderState.UNKNOWN, OrderState.ABSENT, 1)


async def test_an_order_that_shows_late_is_adopted_whatever_was_said(tmp_path: Path) -> None:
    def show(floor: CoinbaseFloor) -> None:
        floor.hides = False

    told = await after_a_lost_answer(tmp_path, Mishap.LOST, show)
    assert told == (OrderState.UNKNOWN, OrderState.FILLED, 1)


# Sending


async def test_an_order_says_what_was_planned_in_the_venues_own_words() -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        order = stage.buy(SIZE)
        await stage.opened.venue.submit(order)
        (asked,) = [asked for asked in stage.line.asked if stage.floor.is_order(asked)]
    assert json.loads(asked.body) == {
        "client_order_id": order.client_order_id,
        "product_id": "BTC-USDT",
        "side": "BUY",
        "order_configuration": {
            "sor_limit_ioc": {"base_size": "0.00400000", "limit_price": "60000.10"}
        },
    }


async def test_a_second_order_under_a_name_is_the_first() -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        order = stage.buy(SIZE)
        first = await stage.opened.venue.submit(order)
        again = await stage.opened.venue.submit(order)
        assert again == first
        assert len(stage.floor.orders()) == 1


async def test_a_token_is_dated_by_the_venues_clock_and_orders_wait_for_ours() -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        floor_of(stage).ahead_ms = 600_000
        venue: Any = stage.opened.venue
        venue._wire.clocks._anchors.clear()
        assert (await stage.read_again()).balances == stage.seen.balances
        with pytest.raises(NotDone, match=r"\+(5999|6000)\d\d ms from this machine's"):
            await stage.opened.venue.submit(stage.buy(SIZE))
        assert stage.orders_sent() == 0


async def test_a_resting_order_is_cancelled_by_its_id() -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        floor_of(stage).open.append(order_row())
        (resting,) = await stage.opened.venue.open_orders([stage.symbol])
        await stage.opened.venue.cancel(resting)
        assert floor_of(stage).open == []
        assert await stage.opened.venue.open_orders([stage.symbol]) == ()


# Executions


def by_hand(number: int, *, at_ms: int | None = None, size: str = "0.01") -> Execution:
    """Return an execution of an order by hand."""
    return Execution(
        number=number,
        order=70,
        name="by-hand",
        is_buy=False,
        quantity=Decimal(size),
        price=Decimal(60_000),
        fee=Decimal("7.2"),
        fee_coin="USDT",
        profit=Decimal(0),
        at_ms=now_ms() if at_ms is None else at_ms,
    )


def placed(floor: CoinbaseFloor, executions: list[Execution], **changed: Any) -> None:
    """Have executions of an order by hand in the lists, and the order that they are of."""
    floor._trading.executions += executions
    told = order_row(order_id=fill_row(executions[0])["order_id"], status="FILLED")
    floor.past.append(told | totals(executions, is_buy=False) | changed)


async def test_what_was_traded_by_hand_is_told_with_its_own_name() -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        placed(floor_of(stage), [by_hand(0), by_hand(1)])
        fills = await stage.opened.venue.fills(stage.symbol, since=from_the_start())
    assert [(f.quantity, f.fee, f.fee_asset) for f in fills] == [
        (Decimal("0.01"), Decimal("7.2"), "USDT")
    ] * 2
    assert {fill.client_order_id for fill in fills} == {"by-hand"}


async def test_reading_goes_on_behind_the_last_that_was_told() -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        floor, at = floor_of(stage), now_ms() - 60_000
        placed(floor, [by_hand(n, at_ms=at + n // 2) for n in range(8)])
        venue = stage.opened.venue
        whole = await venue.fills(stage.symbol, since=from_the_start())
        assert len(whole) == 8
        for count, fill in enumerate(whole, start=1):
            rest = FillCursor(after=fill.trade_id, not_before=from_the_start().not_before)
            assert await venue.fills(stage.symbol, since=rest) == whole[count:]


async def test_one_that_is_posted_long_after_it_was_made_is_told_when_it_is_posted() -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        floor, venue, at = floor_of(stage), stage.opened.venue, now_ms()
        placed(floor, [by_hand(0, at_ms=at - 2_000)])
        (first,) = await venue.fills(stage.symbol, since=from_the_start())
        late = by_hand(1, at_ms=at - 50 * 60_000)
        late.order = 71
        floor.later_ms[1] = 50 * 60_000
        placed(floor, [late])
        cursor = FillCursor(after=first.trade_id, not_before=from_the_start().not_before)
        (told,) = await venue.fills(stage.symbol, since=cursor)
        assert told.venue_order_id != first.venue_order_id


async def test_evidence_is_whole_in_time_where_much_was_traded_by_hand() -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        stage.unmetered()
        floor = floor_of(stage)
        for number in range(40):
            one = by_hand(number)
            one.order = 100 + number
            placed(floor, [one])
        stage.line.slow_s = 0.4
        loop = asyncio.get_running_loop()
        began = loop.time()
        evidence = await stage.opened.venue.evidence_of_absence(stage.buy(SIZE))
        assert evidence.shows_nothing
        assert loop.time() - began < LISTS_WITHIN_S
        assert len(await stage.opened.venue.fills(stage.symbol, since=from_the_start())) == 40


DO_NOT_ADD_UP: dict[str, Callable[[CoinbaseFloor], object]] = {
    "number_of_fills": lambda floor: floor.past[0].update(number_of_fills="3"),
    "filled_size": lambda floor: floor.past[0].update(filled_size="0.02000001"),
    "filled_value": lambda floor: floor.past[0].update(filled_value="1200.0000001"),
    "total_fees": lambda floor: floor.past[0].update(total_fees="14.3999999"),
    "total_value_after_fees": lambda floor: floor.past[0].update(total_value_after_fees="1200"),
    "another market": lambda floor: floor.changed.update(product_id="BTC-USD"),
    "market or order": lambda floor: floor.changed.update(side="BUY"),
    r"adjusted \(REVERSAL\)": lambda floor: floor.changed.update(trade_type="REVERSAL"),
    "two contents": lambda floor: floor.twice.append(1),
}


@pytest.mark.parametrize("why", DO_NOT_ADD_UP)
async def test_executions_that_do_not_add_up_are_not_booked_and_named(why: str) -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        stage.unmetered()
        floor = floor_of(stage)
        placed(floor, [by_hand(0), by_hand(1)])
        assert len(await stage.opened.venue.fills(stage.symbol, since=from_the_start())) == 2
        DO_NOT_ADD_UP[why](floor)
        with pytest.raises(NotDone, match=f"order .*-000000000047 are not booked: .*{why}") as told:
            await stage.opened.venue.fills(stage.symbol, since=from_the_start())
        assert told.value.next_step.startswith("trimtab recover")


async def test_an_order_is_booked_whole_though_its_first_executions_are_long_past() -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        day = 86_400_000
        old, new = by_hand(0, at_ms=now_ms() - 3 * day), by_hand(1)
        placed(floor_of(stage), [old, new])
        fills = await stage.opened.venue.fills(stage.symbol, since=from_the_start())
        assert [fill.fee for fill in fills] == [new.fee]


async def test_executions_of_an_order_that_the_venue_does_not_know_are_not_booked() -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        placed(floor_of(stage), [by_hand(0)])
        floor_of(stage).past.clear()
        with pytest.raises(NotDone, match="knows no such order"):
            await stage.opened.venue.fills(stage.symbol, since=from_the_start())


async def test_an_order_by_value_is_booked_in_coins_as_the_venue_rounds_them() -> None:
    """An order that was really made and its last execution: ccxt 4.5.90, coinbase.fetch_orders.

    The other execution is what is left of it.
    """
    async with staged("coinbase", Market.SPOT) as stage:
        floor = floor_of(stage)
        rows = [
            {"size": "6.317384528", "commission": "0.037904307168"},
            {"size": "0.0046830664333996", "commission": "0.0000280983986004"},
        ]
        told = {"price": "21220.64", "size_in_quote": True, "side": "BUY"}
        floor.written = [fill_row(by_hand(n), **row, **told) for n, row in enumerate(rows)]
        floor.past.append(
            order_row(
                order_id=floor.written[0]["order_id"],
                side="BUY",
                status="FILLED",
                size_in_quote=True,
                number_of_fills="2",
                filled_size="0.000297920684505",
                filled_value="6.3220675944333996",
                total_fees="0.0379324055666004",
                total_value_after_fees="6.36",
            )
        )
        fills = await stage.opened.venue.fills(stage.symbol, since=from_the_start())
    assert sum(fill.quantity for fill in fills) == Decimal("0.000297920684505")
    assert {fill.quantity for fill in fills} == {Decimal("0.0002977"), Decimal("2.20684505E-7")}
    assert sum(fill.fee for fill in fills) == Decimal("0.0379324055666004")


async def test_a_run_does_not_close_an_order_whose_executions_do_not_add_up(
    tmp_path: Path,
) -> None:
    async with opened("coinbase", tmp_path) as (runner, _, line):
        floor = line.floor
        assert isinstance(floor, CoinbaseFloor)
        floor.understated = True
        result = await run(runner, consent=Consent.ASK, slot_due=True)
        assert result.status is PlanStatus.UNKNOWN
        (record,) = await runner.desk.ledger.orders(plan_digest=None)
        assert record.state is OrderState.SETTLING
        assert await runner.desk.ledger.fills() == ()
        floor.understated = False
        async with runner.desk.ledger.holding_account(owner="recover"):
            await recover(runner.desk, receive_window_ms=120_000)
        (record,) = await runner.desk.ledger.orders(plan_digest=None)
        assert record.state is OrderState.FILLED
        assert await differences(runner) == []


@pytest.mark.parametrize("path", [FILLS, ORDER])
async def test_an_answer_of_another_kind_is_never_another_execution(path: str) -> None:
    async with staged("coinbase", Market.SPOT) as stage:
        stage.unmetered()
        venue = stage.opened.venue
        await venue.submit(stage.buy(SIZE))
        whole = await venue.fills(stage.symbol, since=from_the_start())
        asked = next(a for a in stage.line.asked if a.path == path)
        for what, other in spoilt(json.loads(stage.floor.answer(asked).body)):
            _spoil(stage, path, other)
            try:
                fills = await venue.fills(stage.symbol, since=from_the_start())
            except (NotDone, Refused):
                continue
            named = {fill.client_order_id for fill in fills}
            assert named <= {None, whole[0].client_order_id}, what
            assert [replace(f, client_order_id=None) for f in fills] == [
                replace(f, client_order_id=None) for f in whole
            ], what
