"""What an answer of Gate means for an order: made with 201, refused by a label beside a status."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.conformance.gate_floor import GateFloor, refused, resting_row, waiting_row
from tests.conformance.spoken import Asked, Told
from tests.conformance.stage import Stage, from_the_start, staged
from trimtab.domain.errors import NotDone, OutcomeUnknown, Refused, VenueError
from trimtab.domain.instruments import Asset
from trimtab.domain.rights import KeyRights
from trimtab.ports import Beside, FillCursor
from trimtab.venues.facts import Market


def told(document: Any, *, status: int = 200) -> Told:
    return Told(status=status, body=json.dumps(document).encode())


def floor_of(stage: Stage) -> GateFloor:
    assert isinstance(stage.floor, GateFloor)
    return stage.floor


def is_read(path: str) -> Any:
    return lambda asked: asked.method == "GET" and asked.path == f"/api/v4{path}"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        *(
            (refused(label, "because"), Refused)
            for label in ("BALANCE_NOT_ENOUGH", "INVALID_PARAM_VALUE", "AMOUNT_TOO_LITTLE")
        ),
        *((refused(label, "because", status=401), Refused) for label in ("INVALID_KEY",)),
        *((refused(label, "because", status=403), Refused) for label in ("FORBIDDEN", "READ_ONLY")),
        (refused("REQUEST_EXPIRED", "because", status=403), NotDone),
        (refused("TOO_MANY_REQUESTS", "because", status=429), NotDone),
        (refused("TOO_MANY_REQUESTS", "because"), NotDone),
        (Told(status=429, body=b""), NotDone),
        (Told(status=418, body=b"banned"), NotDone),
        *(
            (refused(label, "because", status=status), OutcomeUnknown)
            for label in ("REPEATED_CREATION", "BAD_REQUEST", "NOT_FOUND", "NEVER_SEEN", "TOO_BUSY")
            for status in (400, 404)
        ),
        *(
            (refused("BALANCE_NOT_ENOUGH", "because", status=status), OutcomeUnknown)
            for status in (200, 201, 202, 408, 409, 500, 502, 503)
        ),
        (refused("SERVER_ERROR", "because", status=500), OutcomeUnknown),
        (told({"label": "BALANCE_NOT_ENOUGH"}, status=400), OutcomeUnknown),
        *(
            (Told(status=status, body=body), OutcomeUnknown)
            for status in (200, 201, 202, 204, 403, 413, 520, 523)
            for body in (b"", b"<html></html>", b'{"id":', b"[]", b"{}")
        ),
        (told({"id": "1", "text": "t-another"}, status=201), OutcomeUnknown),
        (told({"text": "t-another"}, status=201), OutcomeUnknown),
    ],
)
async def test_only_a_label_that_is_listed_proves_anything_about_an_order(
    answer: Told, error: type[VenueError]
) -> None:
    async with staged("gate", Market.SPOT) as stage:
        stage.line.spoil(answer, which=stage.floor.is_order)
        with pytest.raises(VenueError) as raised:
            await stage.opened.venue.submit(stage.buy("0.004"))
        assert type(raised.value) is error, raised.value
        assert stage.floor.orders() == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refused("INVALID_KEY", "because", status=401), Refused),
        (refused("FORBIDDEN", "because", status=403), Refused),
        (refused("TOO_MANY_REQUESTS", "because", status=429), NotDone),
        (refused("SERVER_ERROR", "because", status=500), NotDone),
        (refused("NEVER_SEEN", "because"), NotDone),
        (told([], status=201), NotDone),
    ],
)
async def test_a_read_that_is_declined_is_no_empty_account(
    answer: Told, error: type[VenueError]
) -> None:
    async with staged("gate", Market.SPOT) as stage:
        for _ in range(4):
            stage.line.spoil(answer, which=stage.floor.is_account)
        with pytest.raises(VenueError) as raised:
            await stage.read_again()
        assert type(raised.value) is error, raised.value


async def test_an_answer_with_201_says_what_was_executed_and_nothing_more_is_asked() -> None:
    async with staged("gate", Market.SPOT) as stage:
        before = len(stage.line.asked)
        order = await stage.opened.venue.submit(stage.buy("0.004"))
        assert [asked.method for asked in stage.line.asked[before:]] == ["POST"]
    assert (order.ended, order.filled_lots, order.status) == (True, 400, "closed")


async def test_an_order_that_is_only_received_is_looked_up_though_its_name_is_not_found() -> None:
    async with staged("gate", Market.SPOT) as stage:
        floor_of(stage).says_little = True
        order = await stage.opened.venue.submit(stage.buy("0.004"))
        asked = [
            a.path.removeprefix("/api/v4/spot/")
            for a in stage.line.asked
            if not stage.floor.is_time(a)
        ]
    paths = asked[asked.index("orders") + 1 :]
    assert (order.ended, order.filled_lots) == (True, 400)
    assert paths[0].startswith("orders/t-")
    assert paths[-1] == f"orders/{order.venue_order_id}"


async def test_an_order_that_has_ended_is_found_at_once_where_its_name_is() -> None:
    async with staged("gate", Market.SPOT) as stage:
        floor_of(stage).finds_ended = True
        await stage.opened.venue.submit(stage.buy("0.004"))
        before = len(stage.line.asked)
        found = await stage.opened.venue.look_up(stage.buy("0.004"))
        assert len(stage.line.asked) == before + 1
    assert found is not None
    assert found.ended


async def test_an_order_of_which_only_an_execution_shows_is_not_absent() -> None:
    async with staged("gate", Market.SPOT) as stage:
        order = stage.buy("0.004")
        await stage.opened.venue.submit(order)
        for _ in range(2):  # By name and beside the others.
            stage.line.spoil(
                told([]), which=lambda a: is_read("/spot/orders")(a) and "finished" in a.query
            )
        evidence = await stage.opened.venue.evidence_of_absence(order)
    assert evidence.sightings["by_client_id"] == evidence.sightings["all_orders"] == "none"
    assert evidence.sightings["fills"].startswith("trade ")
    assert not evidence.is_absent


async def test_an_order_goes_out_as_text_of_the_spot_account_with_its_deadline() -> None:
    async with staged("gate", Market.SPOT, window_ms=2500) as stage:
        order = stage.buy("0.004")
        await stage.opened.venue.submit(order)
        now_ms = round(stage.opened.venue._wire.clock.now().timestamp() * 1000)
        (asked,) = [a for a in stage.line.asked if stage.floor.is_order(a)]
        others = [a for a in stage.line.asked if not stage.floor.is_order(a)]
    assert json.loads(asked.body) == {
        "text": f"t-{order.client_order_id}",
        "currency_pair": "BTC_USDT",
        "type": "limit",
        "account": "spot",
        "side": "buy",
        "amount": "0.00400",
        "price": "60000.1",
        "time_in_force": "ioc",
    }
    assert 0 < int(asked.headers["x-gate-exptime"]) - (now_ms - 60_000) < 63_000
    assert int(asked.headers["x-gate-exptime"]) <= now_ms + 2500
    assert not any("x-gate-exptime" in other.headers for other in others)
    assert not any("channel" in name for other in stage.line.asked for name in other.headers)


async def test_an_order_that_comes_after_its_deadline_is_not_taken() -> None:
    async with staged("gate", Market.SPOT, window_ms=-1000) as stage:
        with pytest.raises(OutcomeUnknown):
            await stage.opened.venue.submit(stage.buy("0.004"))
        assert stage.floor.orders() == []


async def test_orders_of_coins_that_only_reduce_are_not_sent() -> None:
    async with staged("gate", Market.SPOT) as stage:
        with pytest.raises(Refused, match="only coins"):
            await stage.opened.venue.submit(replace(stage.buy("0.004"), reduce_only=True))
        assert stage.orders_sent() == 0


@pytest.mark.parametrize("mode", ["multi_currency", "portfolio", "single_currency", "newest"])
async def test_a_unified_account_is_not_read_and_the_reason_is_told(mode: str) -> None:
    async with staged("gate", Market.SPOT) as stage:
        floor_of(stage).mode = mode
        with pytest.raises(NotDone, match=f"unified account in mode {mode}") as raised:
            await stage.read_again()
    assert raised.value.next_step.startswith("use an account in classic mode")


async def test_an_account_whose_mode_is_not_told_to_the_key_is_not_read() -> None:
    async with staged("gate", Market.SPOT) as stage:
        answer = refused("FORBIDDEN", "no permission", status=403)
        stage.line.spoil(answer, which=is_read("/unified/unified_mode"))
        with pytest.raises(NotDone, match="its mode is not told") as raised:
            await stage.read_again()
    assert raised.value.next_step.startswith("let the key read the unified account")


@pytest.mark.parametrize("account", ["margin", "cross_margin", "unified"])
async def test_an_order_of_another_account_makes_the_account_unread(account: str) -> None:
    async with staged("gate", Market.SPOT) as stage:
        stage.unmetered()
        floor_of(stage).pending = [resting_row(7, account=account)]
        with pytest.raises(NotDone, match=f"open in the account {account}") as raised:
            await stage.read_again()
        assert raised.value.next_step.startswith("cancel it")
        floor_of(stage).pending = []
        floor_of(stage).waits = [waiting_row(1, account=account)]
        with pytest.raises(NotDone, match=f"open in the account {account}"):
            await stage.read_again()


async def test_what_rests_is_read_over_pages_that_are_shorter_than_was_asked_for() -> None:
    async with staged("gate", Market.SPOT) as stage:
        stage.unmetered()
        floor_of(stage).pending = [resting_row(number) for number in range(1, 251)]
        seen = await stage.read_again()
        listed = await stage.opened.venue.open_orders([stage.symbol])
    assert seen.open_orders == listed
    assert [int(order.venue_order_id) for order in listed] == list(range(1, 251))
    assert {(order.client_order_id, order.lots) for order in listed} == {("web", -200)}


async def test_what_waits_is_read_over_pages() -> None:
    async with staged("gate", Market.SPOT) as stage:
        stage.unmetered()
        floor_of(stage).waits = [waiting_row(number) for number in range(250)]
        seen = await stage.read_again()
    assert len(seen.open_orders) == 250
    assert {order.limit_price for order in seen.open_orders} == {Decimal(66_000)}


async def test_a_list_that_never_ends_is_not_read() -> None:
    class Endless(GateFloor):
        def _open(self, given: Any) -> Any:
            row = resting_row(int(given["page"]))
            return [{"currency_pair": "BTC_USDT", "total": 1, "orders": [row]}]

    async with staged("gate", Market.SPOT) as stage:
        stage.unmetered()
        stage.line.floor = Endless(Market.SPOT)
        with pytest.raises(NotDone, match="has no end"):
            await stage.read_again()


@pytest.mark.parametrize(
    ("change", "fee", "coin"),
    [
        ({}, Decimal("0.000004"), "BTC"),
        ({"fee": "0", "fee_currency": "", "gt_fee": "0.02"}, Decimal("0.04"), "GT"),
        ({"fee": "0", "point_fee": "0.03"}, Decimal("0.06"), "POINT"),
        ({"fee": "0"}, Decimal(0), "USDT"),
    ],
)
async def test_a_fee_is_in_the_coin_that_paid_it(
    change: dict[str, str], fee: Decimal, coin: str
) -> None:
    async with staged("gate", Market.SPOT) as stage:
        floor_of(stage).of_trade = change
        await stage.opened.venue.submit(stage.buy("0.004"))
        fills = await stage.opened.venue.fills(stage.symbol, since=from_the_start())
    assert sum(fill.fee for fill in fills) == fee
    assert {fill.fee_asset for fill in fills} == {Asset(coin)}


@pytest.mark.parametrize(
    "change", [{"gt_fee": "0.02"}, {"currency_pair": "ETH_USDT"}, {"text": None}, {"id": "x"}]
)
async def test_an_execution_that_is_not_understood_makes_the_list_unread(
    change: dict[str, Any],
) -> None:
    async with staged("gate", Market.SPOT) as stage:
        stage.unmetered()
        floor_of(stage).of_trade = change
        await stage.opened.venue.submit(stage.buy("0.004"))
        with pytest.raises(NotDone, match="unreadable"):
            await stage.opened.venue.fills(stage.symbol, since=from_the_start())


async def test_an_execution_without_a_name_has_that_of_its_order() -> None:
    async with staged("gate", Market.SPOT) as stage:
        stage.unmetered()
        floor_of(stage).of_trade = {"text": ""}
        order = stage.buy("0.004")
        await stage.opened.venue.submit(order)
        (number,) = {
            fill.venue_order_id
            for fill in await stage.opened.venue.fills(stage.symbol, since=from_the_start())
            if fill.client_order_id is None
        }
        named = await stage.opened.venue.client_ids(stage.symbol, [number])
        evidence = await stage.opened.venue.evidence_of_absence(order)
    assert named == {number: order.client_order_id}
    assert evidence.sightings["fills"].startswith("trade ")


async def test_long_times_are_asked_for_in_parts_that_the_venue_takes() -> None:
    async with staged("gate", Market.SPOT) as stage:
        stage.unmetered()
        await stage.opened.venue.submit(stage.buy("0.004"))
        start = stage.opened.venue._wire.clock.now() - timedelta(days=50)
        cursor = FillCursor(after=None, not_before=start)
        fills = await stage.opened.venue.fills(stage.symbol, since=cursor)
        asked = [a for a in stage.line.asked if is_read("/spot/my_trades")(a)]
    assert sum(fill.quantity for fill in fills) == Decimal("0.004")
    spans = [_span_s(each) for each in asked]
    assert max(spans) <= 30 * 86_400
    assert len({each.query.partition("&page")[0] for each in asked}) >= 3


def _span_s(asked: Asked) -> int:
    given = dict(part.split("=") for part in asked.query.split("&"))
    return int(given["to"]) - int(given["from"])


async def test_the_rights_of_the_key_in_use_are_told_and_of_no_other() -> None:
    async with staged("gate", Market.SPOT) as stage:
        rights = await stage.opened.preflight.key_rights()
    assert isinstance(rights, KeyRights)
    assert (rights.trades_spot, rights.withdraws, rights.transfers_out) == (True, False, False)
    assert (rights.borrows, rights.trades_futures, rights.trades_options) == (False, False, False)


async def test_other_accounts_and_what_is_owed_there_are_told() -> None:
    async with staged("gate", Market.SPOT) as stage:
        assert await stage.opened.preflight.beside() == ()
        floor_of(stage).totals |= {
            "futures": {"amount": "120.5", "currency": "USDT", "unrealised_pnl": "-3.5"},
            "margin": {"amount": "0", "currency": "USDT", "borrowed": "40"},
            "finance": {"amount": "0", "currency": "USDT"},
        }
        found = await stage.opened.preflight.beside()
    assert [(each.place, each.held) for each in found] == [
        ("futures", "120.5 USDT"),
        ("futures unrealised", "-3.5 USDT"),
        ("margin borrowed", "40 USDT"),
    ]
    assert all(isinstance(each, Beside) and not each.counted_by for each in found)


@pytest.mark.parametrize(
    "totals", [None, {"margin": {"amount": "1", "currency": "BTC"}}, {"margin": {"amount": "x"}}]
)
async def test_other_accounts_that_are_not_understood_are_not_told_as_none(totals: Any) -> None:
    async with staged("gate", Market.SPOT) as stage:
        floor_of(stage).totals = totals
        with pytest.raises(NotDone, match="unreadable"):
            await stage.opened.preflight.beside()


@pytest.mark.parametrize("status", [202, 204])
async def test_another_status_of_success_proves_nothing_though_it_tells_the_order(
    status: int,
) -> None:
    async with staged("gate", Market.SPOT) as stage:
        order = stage.buy("0.004")
        named = {"id": "1", "text": f"t-{order.client_order_id}"}
        stage.line.spoil(told(named, status=status), which=stage.floor.is_order)
        with pytest.raises(OutcomeUnknown):
            await stage.opened.venue.submit(order)


async def test_executions_are_read_on_behind_a_mark_within_its_second() -> None:
    async with staged("gate", Market.SPOT) as stage:
        stage.unmetered()
        stage.floor.trade_often(600)
        whole = await stage.opened.venue.fills(stage.symbol, since=from_the_start())
        for place in (0, 200, 598):
            cursor = FillCursor(after=whole[place].trade_id, not_before=from_the_start().not_before)
            rest = await stage.opened.venue.fills(stage.symbol, since=cursor)
            assert rest == whole[place + 1 :]
