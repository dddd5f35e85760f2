"""Contracts of MEXC through real ccxt: what an answer means, and what goes out."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.conformance.mexc_floor import MexcFloor
from tests.conformance.spoken import Asked, Told
from tests.conformance.stage import Stage, from_the_start, staged
from tests.contract.test_wallets import moving
from tests.wire.opened import NoWaiting
from trimtab.domain.errors import NotDone, OutcomeUnknown, Refused, VenueError
from trimtab.domain.history import HistoryNeed
from trimtab.domain.instruments import Asset, Lots, Symbol
from trimtab.domain.orders import OrderIntent, VenueOrderId
from trimtab.domain.payments import PaymentKind
from trimtab.domain.snapshot import MarginMode, PositionMode
from trimtab.ports import FillCursor
from trimtab.venues.facts import Market

V1 = "/api/v1/private"


def told(code: object, *, status: int = 200, **more: Any) -> Told:
    document = {"success": False, "code": code, "message": "because", **more}
    return Told(status=status, body=json.dumps(document).encode())


def success(data: object) -> Told:
    return Told(body=json.dumps({"success": True, "code": 0, "data": data}).encode())


def floor_of(stage: Stage) -> MexcFloor:
    assert isinstance(stage.floor, MexcFloor)
    return stage.floor


def is_at(path: str) -> Any:
    return lambda asked: asked.path == f"{V1}{path}"


def body_of(asked: Asked) -> Any:
    return json.loads(asked.body, parse_float=Decimal)


def shrinking(stage: Stage, lots: int) -> OrderIntent:
    """Return an order that buys back a part of the short."""
    return replace(stage.buy("0.0001"), lots=Lots(lots), reduce_only=True)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        *((told(code), Refused) for code in (2005, 2003, 2008, 2009, 2015, 2028, 2031, 2036)),
        *((told(code), Refused) for code in (1001, 602, 401, 402, 406, 511, 702, 704, 6001)),
        (told(2005, status=400), Refused),
        *((told(code), NotDone) for code in (513, 510, 429)),
        *((told(code), OutcomeUnknown) for code in (2042, 603, 600, 601, 500, 501, 2037, 604, 801)),
        *((told(code), OutcomeUnknown) for code in (424242, "0x", None, True, 0)),
        *((told(code, status=500), OutcomeUnknown) for code in (2005, 513)),
        (told(2005, status=408), OutcomeUnknown),
        (success(739113577038255616), OutcomeUnknown),
        (success("739113577038255616"), OutcomeUnknown),
        (success(None), OutcomeUnknown),
        (success({"orderId": "a b", "ts": 1}), OutcomeUnknown),
        (Told(body=b'{"success":true,"code":0}'), OutcomeUnknown),
        (Told(body=b'{"success":false,"code":2005}'), OutcomeUnknown),
        (Told(status=403, body=b"<html></html>"), OutcomeUnknown),
        (Told(status=429, body=b""), NotDone),
    ],
)
async def test_only_a_code_that_is_listed_proves_anything_about_an_order(
    answer: Told, error: type[VenueError]
) -> None:
    async with staged("mexc", Market.LINEAR) as stage:
        stage.line.spoil(answer, which=stage.floor.is_order)
        with pytest.raises(VenueError) as raised:
            await stage.opened.venue.submit(stage.buy("0.004"))
        assert type(raised.value) is error, raised.value
        assert stage.floor.orders() == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (told(602), Refused),
        (told(703), Refused),
        (told(513), NotDone),
        (told(424242), NotDone),
        (told(500, status=500), NotDone),
        (Told(status=403, body=b"<html></html>"), Refused),
    ],
)
async def test_a_read_that_is_declined_is_no_empty_account(
    answer: Told, error: type[VenueError]
) -> None:
    async with staged("mexc", Market.LINEAR) as stage:
        stage.unmetered()
        for _ in range(4):
            stage.line.spoil(answer, which=stage.floor.is_account)
        with pytest.raises(VenueError) as raised:
            await stage.read_again()
        assert type(raised.value) is error, raised.value


async def test_what_opens_names_its_leverage_and_goes_out_once_to_the_last_digit() -> None:
    async with staged("mexc", Market.LINEAR) as stage:
        order = stage.buy("0.0123")
        await stage.opened.venue.submit(order)
        (asked,) = [asked for asked in stage.line.asked if stage.floor.is_order(asked)]
    assert body_of(asked) == {
        "symbol": "BTC_USDT",
        "price": Decimal("60000.1"),
        "vol": 123,
        "side": 1,
        "type": 3,
        "openType": 2,
        "positionMode": 2,
        "externalOid": order.client_order_id,
        "leverage": 20,
    }
    assert asked.headers["source"] == "trimtab"


async def test_what_reduces_says_so_by_its_side_and_by_its_flag() -> None:
    async with staged("mexc", Market.LINEAR) as stage:
        ended = await stage.opened.venue.submit(shrinking(stage, 40))
        (asked,) = [asked for asked in stage.line.asked if stage.floor.is_order(asked)]
        assert (ended.ended, ended.filled_lots) == (True, 40)
        body = body_of(asked)
        assert (body["side"], body["reduceOnly"], "leverage" in body) == (2, True, False)
        # More than is held is not turned into a position of the other side.
        with pytest.raises(Refused, match="2008"):
            await stage.opened.venue.submit(replace(shrinking(stage, 100), line=2))
        assert stage.floor.truth().position == Decimal("-0.006")


async def test_a_sale_that_opens_is_a_short() -> None:
    async with staged("mexc", Market.LINEAR) as stage:
        sale = replace(stage.buy("0.004", limit=stage.floor.truth().bid), lots=Lots(-40))
        await stage.opened.venue.submit(sale)
        (asked,) = [asked for asked in stage.line.asked if stage.floor.is_order(asked)]
        assert body_of(asked)["side"] == 3
        assert stage.floor.truth().position == Decimal("-0.014")


async def test_an_order_that_the_venue_lets_rest_is_taken_off_by_its_number() -> None:
    async with staged("mexc", Market.LINEAR) as stage:
        floor_of(stage).linear.rests = True
        order = await stage.opened.venue.submit(stage.buy("0.3", limit=stage.floor.truth().ask))
        resting = await stage.opened.venue.open_orders([stage.symbol])
        (cancel,) = [asked for asked in stage.line.asked if stage.floor.is_cancel(asked)]
    assert (order.ended, order.status, resting) == (True, "4", ())
    assert json.loads(cancel.body) == [int(order.venue_order_id)]
    assert stage.instrument.units(order.filled_lots) == stage.floor.truth().ask_quantity


async def test_an_order_that_cannot_be_taken_off_is_not_ended_and_is_seen_to_rest() -> None:
    async with staged("mexc", Market.LINEAR) as stage:
        floor_of(stage).linear.rests = True
        stage.line.spoil(told(500), which=stage.floor.is_cancel)
        order = await stage.opened.venue.submit(stage.buy("0.3", limit=stage.floor.truth().ask))
        (resting,) = await stage.opened.venue.open_orders([stage.symbol, Symbol("BTC/USDT")])
        again = await stage.read_again()
    assert (order.ended, order.status) == (False, "received")
    assert again.open_orders == (resting,)
    assert stage.instrument.units(resting.lots) == Decimal("0.05")


async def test_a_name_that_is_answered_by_the_code_of_a_cancel_is_absent_now() -> None:
    async with staged("mexc", Market.LINEAR) as stage:
        order = stage.buy("0.004")
        path = f"/order/external/BTC_USDT/{order.client_order_id}"
        stage.line.spoil(told(2040), which=is_at(path))
        assert await stage.opened.venue.look_up(order) is None
        for answer in (told(2011), told(424242), success([]), success({})):
            for _ in range(4):
                stage.line.spoil(answer, which=is_at(path))
            with pytest.raises((NotDone, Refused)):
                await stage.opened.venue.look_up(order)
            stage.line.calm()


async def test_an_order_of_another_name_is_not_taken_for_ours() -> None:
    async with staged("mexc", Market.LINEAR) as stage:
        order, other = stage.buy("0.004"), stage.buy("0.005", line=2)
        await stage.opened.venue.submit(other)
        row = floor_of(stage).linear._by_name(other.client_order_id)
        path = f"/order/external/BTC_USDT/{order.client_order_id}"
        for _ in range(4):
            stage.line.spoil(success(row), which=is_at(path))
        with pytest.raises(NotDone, match="another order"):
            await stage.opened.venue.look_up(order)


async def test_whose_executions_are_is_asked_for_by_the_number_of_the_order() -> None:
    async with staged("mexc", Market.LINEAR) as stage:
        placed = await stage.opened.venue.submit(stage.buy("0.004"))
        unknown = VenueOrderId("1")
        asked = {placed.venue_order_id, unknown}
        names = await stage.opened.venue.client_ids(stage.symbol, asked)
    assert names == {placed.venue_order_id: placed.client_order_id}


@pytest.mark.parametrize("oldest_first", [True, False])
async def test_executions_are_whole_whichever_end_a_full_answer_holds(oldest_first: bool) -> None:
    async with staged("mexc", Market.LINEAR) as stage:
        stage.unmetered()
        floor_of(stage).linear.oldest_first = oldest_first
        floor_of(stage).trade_often(350)
        fills = await stage.opened.venue.fills(stage.symbol, since=from_the_start())
    assert len({fill.trade_id for fill in fills}) == len(fills) == 350


async def read_long_ago(stage: Stage) -> int:
    """Read executions of a year, week by week."""
    since = FillCursor(after=None, not_before=datetime.now(UTC) - timedelta(days=365))
    await stage.opened.venue.fills(stage.symbol, since=since)
    return 53


async def read_names(stage: Stage) -> int:
    """Ask for thirty orders, one by one."""
    numbers = [VenueOrderId(str(10**17 + number)) for number in range(30)]
    await stage.opened.venue.client_ids(stage.symbol, numbers)
    return 30


async def read_moves(stage: Stage) -> int:
    """Read thirty pages of moves between wallets."""
    for _ in range(2950):
        floor_of(stage).linear.trading.come(Decimal("0.01"))
    await stage.opened.venue.payments(from_the_start().not_before)
    return 30


@pytest.mark.parametrize("read", [read_long_ago, read_names, read_moves])
async def test_a_question_that_is_asked_many_times_in_a_row_waits_its_turn(
    read: Callable[[Stage], Awaitable[int]],
) -> None:
    async with staged("mexc", Market.LINEAR) as stage:
        stage.unmetered()
        venue: Any = stage.opened.venue
        clock: NoWaiting = venue._wire.clock
        clock.left_out.clear()
        asked = await read(stage)
    assert len(clock.left_out) >= asked - 9


def trade_in_one_second(stage: Stage, count: int) -> int:
    """Have *count* executions of which the venue tells one whole second; return it."""
    floor_of(stage).trade_often(count)
    trading = floor_of(stage).linear.trading
    second = trading.executions[0].at_ms // 1000 * 1000
    trading.executions = [replace(row, at_ms=second) for row in trading.executions]
    return second


@pytest.mark.parametrize("oldest_first", [True, False])
@pytest.mark.parametrize("count", [99, 100, 101, 200, 350])
async def test_executions_of_one_second_are_whole_however_many(
    count: int, oldest_first: bool
) -> None:
    async with staged("mexc", Market.LINEAR) as stage:
        stage.unmetered()
        floor_of(stage).linear.oldest_first = oldest_first
        trade_in_one_second(stage, count)
        fills = await stage.opened.venue.fills(stage.symbol, since=from_the_start())
    assert len({fill.trade_id for fill in fills}) == len(fills) == count


async def test_pages_of_one_second_in_which_a_row_comes_twice_prove_nothing() -> None:
    async with staged("mexc", Market.LINEAR) as stage:
        stage.unmetered()
        trade_in_one_second(stage, 150)
        span = {"symbol": "BTC_USDT", "start_time": 0, "end_time": 9**15}
        rows = floor_of(stage).linear.deals({**span, "page_num": 1, "page_size": 1000})
        moved = success(rows[99:149])
        stage.line.spoil(moved, which=lambda asked: "page_num=2" in asked.query)
        with pytest.raises(NotDone, match="moved while it was read"):
            await stage.opened.venue.fills(stage.symbol, since=from_the_start())


async def test_pages_of_one_second_that_do_not_end_are_not_read_for_ever() -> None:
    async with staged("mexc", Market.LINEAR) as stage:
        stage.unmetered()
        trade_in_one_second(stage, 5000)
        with pytest.raises(NotDone, match="no end"):
            await stage.opened.venue.fills(stage.symbol, since=from_the_start())


async def test_lists_of_orders_are_read_to_their_end() -> None:
    async with staged("mexc", Market.LINEAR) as stage:
        stage.unmetered()
        for number in range(101):
            floor_of(stage).linear.trading.place(
                name=f"n{number}", is_buy=True, quantity=Decimal("0.0001"), limit=Decimal(60001)
            )
        order = stage.buy("0.004", line=7)
        floor_of(stage).linear.trading.taken[0].name = order.client_order_id
        assert stage.floor.orders()[0].name == order.client_order_id
        seen = (await stage.opened.venue.evidence_of_absence(order)).sightings
        assert seen["all_orders"].startswith("order 739")


# The account


async def test_hedge_mode_is_read_and_a_mode_that_is_not_told_is_no_account() -> None:
    async with staged("mexc", Market.LINEAR) as stage:
        stage.unmetered()
        floor_of(stage).linear.mode = {"positionMode": 1}
        assert (await stage.read_again()).position_mode is PositionMode.HEDGE
        floor_of(stage).linear.mode = floor_of(stage).linear.leverage({"symbol": "BTC_USDT"})
        with pytest.raises(NotDone, match="position mode is not told"):
            await stage.read_again()


@pytest.mark.parametrize(
    ("coin", "changed", "why"),
    [
        ("USDT", {"bonus": 10}, "has a bonus of USDT"),
        ("MX", {"bonus": 1}, "has a bonus of MX"),
        ("USDT", {"debtAmount": 1}, "USDT is owed"),
        ("MX", {"contributeMarginAmount": 1}, "several coins back contracts"),
    ],
)
async def test_a_wallet_that_could_not_be_counted_is_not_served_and_not_asked_again(
    coin: str, changed: dict[str, Any], why: str
) -> None:
    async with staged("mexc", Market.LINEAR) as stage:
        floor_of(stage).linear.more[coin] = changed
        before = len(stage.line.asked)
        with pytest.raises(NotDone, match=why) as raised:
            await stage.read_again()
        assert raised.value.next_step.endswith("trimtab doctor")
        assert sum(stage.floor.is_account(asked) for asked in stage.line.asked[before:]) == 1


@pytest.mark.parametrize(
    ("listed", "row", "is_refused"),
    [
        ("plan", {"state": 1}, True),
        ("plan", {"state": 3}, False),
        ("stop", {"state": 1, "isFinished": 0}, True),
        ("stop", {"state": 3, "isFinished": 1}, False),
        ("stop", {"state": 2}, False),
        # One half may have fired while the other still waits.
        ("stop", {"state": 3, "isFinished": 0}, True),
        ("stop", {"state": 0, "isFinished": 0}, True),
        ("stop", {"state": 6, "isFinished": 1}, True),
        ("track", {"state": 0}, True),
        ("track", {"state": 1}, True),
        ("track", {"state": 4}, False),
    ],
)
async def test_an_account_in_which_an_order_waits_for_a_trigger_is_not_served(
    listed: str, row: dict[str, Any], is_refused: bool
) -> None:
    async with staged("mexc", Market.LINEAR) as stage:
        floor_of(stage).linear.waiting[listed].append({"id": "1", "symbol": "BTC_USDT", **row})
        if not is_refused:
            assert (await stage.read_again()).open_orders == ()
            return
        with pytest.raises(NotDone, match="BTC_USDT: an order waits for a trigger"):
            await stage.read_again()


@pytest.mark.parametrize("listed", ["planorder/list/orders", "trackorder/list/orders"])
async def test_an_order_of_no_known_state_is_taken_for_one_that_waits(listed: str) -> None:
    async with staged("mexc", Market.LINEAR) as stage:
        row = {"id": "1", "symbol": "BTC_USDT", "state": 9}
        stage.line.spoil(success([row]), which=is_at(f"/{listed}"))
        with pytest.raises(NotDone, match="BTC_USDT: an order waits for a trigger"):
            await stage.read_again()


async def test_as_many_ended_orders_as_a_page_has_do_not_prove_that_none_waits() -> None:
    async with staged("mexc", Market.LINEAR) as stage:
        ended = [{"id": str(n), "symbol": "BTC_USDT", "state": 3} for n in range(100)]
        floor_of(stage).linear.waiting["stop"] += ended
        with pytest.raises(NotDone, match="more orders that wait"):
            await stage.read_again()


async def test_a_side_that_is_otherwise_is_set_and_one_that_is_held_by_its_position() -> None:
    async with staged("mexc", Market.LINEAR) as stage:
        contract = stage.seen.contracts[stage.symbol]
        assert (contract.leverage, contract.margin_mode) == (20, MarginMode.ISOLATED)
        await stage.opened.venue.set_leverage(stage.symbol, leverage=3)
        await stage.opened.venue.set_leverage(stage.symbol, leverage=3)
        sent = [body_of(a) for a in stage.line.asked if a.path.endswith("/change_leverage")]
        again = (await stage.read_again()).contracts[stage.symbol]
        assert (again.leverage, again.margin_mode) == (3, MarginMode.CROSS)
        await stage.opened.venue.submit(stage.buy("0.004"))
    assert sent == [
        {"openType": 2, "symbol": "BTC_USDT", "positionType": 1, "leverage": 3},
        {"positionId": 1_109_973_831, "leverage": 3},
    ]


async def test_a_setting_that_is_declined_is_told_and_nothing_more_is_set() -> None:
    async with staged("mexc", Market.LINEAR) as stage:
        stage.line.spoil(told(2019), which=is_at("/position/change_leverage"))
        with pytest.raises(Refused, match="2019"):
            await stage.opened.venue.set_leverage(stage.symbol, leverage=3)
        sent = [a for a in stage.line.asked if a.path.endswith("/change_leverage")]
    assert len(sent) == 1


async def test_nothing_is_moved_between_the_wallets() -> None:
    async with staged("mexc", Market.LINEAR) as stage:
        sent = len(stage.line.asked)
        move = moving("5")
        with pytest.raises(Refused, match="move it at the venue"):
            await stage.opened.wallets.transfer(move)
        with pytest.raises(Refused):
            await stage.opened.wallets.transfers(move, since=datetime.now(UTC))
        assert len(stage.line.asked) == sent


async def test_a_key_that_reads_coins_alone_does_not_read_an_account_with_contracts() -> None:
    row = floor_of_rights("SPOT_ACCOUNT_READ,SPOT_DEAL_WRITE,CONTRACT_DEAL_WRITE")
    for market, reads in ((Market.SPOT, True), (Market.LINEAR, False)):
        async with staged("mexc", market) as stage:
            stage.line.spoil(row, which=lambda asked: asked.path == "/api/v3/apiKeyInfo")
            rights = await stage.opened.preflight.key_rights()
        assert rights is not None
        assert getattr(rights, "reads", None) is reads


def floor_of_rights(words: str) -> Told:
    row = {"accessKey": "local-key", "permissions": words, "ipWhiteList": "", "status": "VALID"}
    return Told(body=json.dumps(row).encode())


# Payments and the past


async def test_funding_moves_and_executions_are_all_that_moved_the_wallet() -> None:
    async with staged("mexc", Market.LINEAR) as stage:
        at = floor_of(stage).linear.trading
        before = at.wallet
        at.come(Decimal("12.5"))
        at.come(Decimal("-2.5"))
        stage.floor.pay_funding()
        await stage.opened.venue.submit(shrinking(stage, 40))
        paid = await stage.opened.venue.payments(from_the_start().not_before)
    assert sum(payment.units for payment in paid) == at.wallet - before
    assert {payment.kind for payment in paid} == {
        PaymentKind.TRANSFER,
        PaymentKind.FUNDING,
        PaymentKind.COMMISSION,
        PaymentKind.REALISED_PROFIT,
    }
    assert [p.paid_at for p in paid] == sorted(p.paid_at for p in paid)


async def test_a_payment_that_comes_with_two_contents_is_not_read() -> None:
    async with staged("mexc", Market.LINEAR) as stage:
        row = {"id": 7, "symbol": "BTC_USDT", "settleTime": int(now_s() * 1000)}
        rows = [{**row, "funding": 1}, {**row, "funding": 2}]
        stage.line.spoil(success({"resultList": rows}), which=is_at("/position/funding_records"))
        with pytest.raises(NotDone, match="two contents"):
            await stage.opened.venue.payments(from_the_start().not_before)


@pytest.mark.parametrize("name", ["BTC_USD", "BTC_USDC"])
async def test_what_moved_the_wallet_of_another_coin_hides_nothing_of_this_one(name: str) -> None:
    async with staged("mexc", Market.LINEAR) as stage:
        await stage.opened.venue.submit(shrinking(stage, 40))
        known = await stage.opened.venue.payments(from_the_start().not_before)
        settled = {"id": 7, "symbol": name, "settleTime": int(now_s() * 1000), "funding": 1}
        stage.line.spoil(
            success({"resultList": [settled]}), which=is_at("/position/funding_records")
        )
        (mine,) = floor_of(stage).linear.past({"page_num": "1", "page_size": "100"})
        stage.line.spoil(
            success([{**mine, "symbol": name, "orderId": "77"}, mine]),
            which=is_at("/order/list/history_orders"),
        )
        assert await stage.opened.venue.payments(from_the_start().not_before) == known
    assert known


def now_s() -> float:
    return datetime.now(UTC).timestamp()


async def test_the_past_of_a_contract_is_read_in_days_and_settlements() -> None:
    async with staged("mexc", Market.LINEAR) as stage:
        stage.unmetered()
        past = stage.opened.history
        need = HistoryNeed(assets=(), days=5, perpetuals=(Asset("BTC"),))
        assert (await past.markets(need)).perpetuals == {Asset("BTC"): stage.symbol}
        last = await past.ended_day()
        closes = await past.closes(stage.symbol, first=last - timedelta(days=4), last=last)
        now = datetime.now(UTC)
        since = now - timedelta(days=40)
        settled = await past.funding(stage.symbol, since=since, until=now)
    assert [close.day for close in closes] == [last - timedelta(days=n) for n in (4, 3, 2, 1, 0)]
    assert len(settled) == 120
    assert all(since <= each.settled_at <= now for each in settled)


@pytest.mark.parametrize(
    "columns",
    [
        {"time": [0], "open": [1], "high": [1], "low": [1], "close": []},
        {"time": [0], "open": [1], "high": [1], "low": [1], "close": [1]},
        {"time": 0, "open": 1, "high": 1, "low": 1, "close": 1},
        {},
    ],
)
async def test_candles_of_other_days_or_of_unlike_columns_are_not_read(
    columns: dict[str, Any],
) -> None:
    async with staged("mexc", Market.LINEAR) as stage:
        stage.unmetered()
        last = await stage.opened.history.ended_day()
        for _ in range(4):
            stage.line.spoil(
                success(columns), which=lambda asked: asked.path.endswith("/kline/BTC_USDT")
            )
        with pytest.raises(NotDone):
            await stage.opened.history.closes(stage.symbol, first=last, last=last)


async def test_settlements_of_another_contract_are_not_read() -> None:
    async with staged("mexc", Market.LINEAR) as stage:
        rows = [{"symbol": "ETH_USDT", "fundingRate": 0, "settleTime": 10**12}]
        for _ in range(4):
            stage.line.spoil(
                success(rows), which=lambda asked: asked.path.endswith("/funding_rate/history")
            )
        now = datetime.now(UTC)
        with pytest.raises(NotDone, match="another contract"):
            await stage.opened.history.funding(
                stage.symbol, since=now - timedelta(days=1), until=now
            )
