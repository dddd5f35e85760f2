"""What an answer of KuCoin means for an order: one code stands for much, and its text tells."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.conformance.floors import Trouble, Waiting
from tests.conformance.kucoin_floor import KucoinFloor, order_row, stop_row, told_no
from tests.conformance.spoken import Told
from tests.conformance.stage import Stage, from_the_start, staged
from tests.wire.cancelling import cancel_ends
from trimtab.domain.errors import NotDone, OutcomeUnknown, Refused, VenueError
from trimtab.domain.instruments import Asset
from trimtab.domain.rights import KeyRights, UntoldRights
from trimtab.ports.preflight import Beside
from trimtab.venues.facts import Market

BY_HAND = Waiting(
    name="by-hand",
    is_buy=True,
    quantity=Decimal("0.02"),
    trigger=Decimal(66_000),
    reduces=False,
    by_mark=False,
)


def kucoin(stage: Stage) -> KucoinFloor:
    assert isinstance(stage.floor, KucoinFloor)
    return stage.floor


def done(data: Any) -> Told:
    return Told(body=json.dumps({"code": "200000", "data": data}).encode())


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        *((told_no(code, "because"), Refused) for code in ("200004", "200001", "400200", "600203")),
        *((told_no(code, "because", status=400), Refused) for code in ("400600", "411100")),
        *((told_no(code, "because", status=401), Refused) for code in ("400003", "400004")),
        (told_no("400007", "Access denied", status=403), Refused),
        (told_no("400100", "account.available.amount"), Refused),
        (told_no("400002", "Invalid KC-API-TIMESTAMP", status=400), NotDone),
        (told_no("429000", "Too many requests", status=429), NotDone),
        (told_no("429000", "Too many requests"), NotDone),
        (Told(status=429, body=b"<html></html>"), NotDone),
        (told_no("400100", "validation.createOrder.clientOidDuplicated"), OutcomeUnknown),
        (told_no("400100", "clientOid exists"), OutcomeUnknown),
        (told_no("400100", "Order size increment invalid.", status=400), OutcomeUnknown),
        *((told_no(code, "because"), OutcomeUnknown) for code in ("500000", "408000", "424242")),
        (told_no("200004", "because", status=500), OutcomeUnknown),
        (told_no("200004", "because", status=408), OutcomeUnknown),
        (told_no("200000", "success"), OutcomeUnknown),
        (done(None), OutcomeUnknown),
        (done({}), OutcomeUnknown),
        (done({"orderId": "670fd33bf9406e0007ab3945"}), OutcomeUnknown),
        (done({"orderId": "670fd33bf9406e0007ab3945", "clientOid": "another"}), OutcomeUnknown),
        (done({"orderId": None, "clientOid": "another"}), OutcomeUnknown),
        (Told(body=b""), OutcomeUnknown),
        (Told(body=b"<html></html>"), OutcomeUnknown),
        (Told(body=b'{"code":"200000","data":{"orderId":"67'), OutcomeUnknown),
        *((Told(status=status, body=b""), OutcomeUnknown) for status in (413, 502, 503, 520, 523)),
        (Told(status=403, body=b"<html>1015</html>"), OutcomeUnknown),
    ],
)
async def test_an_order_is_refused_not_done_or_unknown(
    answer: Told, error: type[VenueError]
) -> None:
    async with staged("kucoin", Market.SPOT) as stage:
        stage.line.spoil(answer, which=stage.floor.is_order)
        with pytest.raises(VenueError) as raised:
            await stage.opened.venue.submit(stage.buy("0.004"))
        assert type(raised.value) is error, raised.value
        assert stage.floor.orders() == []


async def test_the_header_says_for_how_long_silence_is_wanted() -> None:
    async with staged("kucoin", Market.SPOT) as stage:
        stage.line.spoil(stage.floor.trouble(Trouble.TOO_FAST), which=stage.floor.is_order)
        with pytest.raises(NotDone) as raised:
            await stage.opened.venue.submit(stage.buy("0.004"))
        assert raised.value.retry_after_ms == 12_000


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (told_no("400007", "Access denied", status=403), Refused),
        (told_no("400003", "KC-API-KEY not exists", status=401), Refused),
        (told_no("400002", "Invalid KC-API-TIMESTAMP", status=400), NotDone),
        (told_no("400100", "type is invalid", status=400), NotDone),
        (told_no("500000", "Internal Server Error"), NotDone),
        (done(None), NotDone),
        (Told(body=b'{"code":"200000"}'), NotDone),
    ],
)
async def test_a_read_that_is_declined_is_no_empty_account(
    answer: Told, error: type[VenueError]
) -> None:
    async with staged("kucoin", Market.SPOT) as stage:
        for _ in range(4):
            stage.line.spoil(answer, which=stage.floor.is_account)
        with pytest.raises(VenueError) as raised:
            await stage.read_again()
        assert type(raised.value) is error, raised.value


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (told_no("400100", "order_not_exist_or_not_allow_to_cancel"), None),
        (told_no("400100", "The order does not exist.", status=400), None),
        (told_no("order_not_exist", "order_not_exist"), None),
        (told_no("400100", "orderId is invalid"), OutcomeUnknown),
        (done({"orderId": "670fd33bf9406e0007ab9999"}), OutcomeUnknown),
        (done({"cancelledOrderIds": []}), OutcomeUnknown),
        (told_no("400007", "Access denied", status=403), Refused),
    ],
)
async def test_a_cancel_is_done_when_the_venue_says_that_this_order_rests_no_more(
    answer: Told, error: type[VenueError] | None
) -> None:
    assert await cancel_ends("kucoin", answer) is error


def asks_for_name(stage: Stage) -> Any:
    return lambda asked: (
        "/hf/orders/client-order/" in asked.path and not stage.floor.is_order(asked)
    )


@pytest.mark.parametrize(
    ("answer", "is_absent"),
    [
        (done(None), True),
        (told_no("400100", "order_not_exist"), True),
        (told_no("400100", "symbol is invalid"), False),
        (told_no("404000", "Url Not Found", status=404), False),
        (Told(status=404, body=b"<html></html>"), False),
        (done({}), False),
    ],
)
async def test_only_what_says_that_there_is_no_order_says_so(
    answer: Told, *, is_absent: bool
) -> None:
    async with staged("kucoin", Market.SPOT) as stage:
        for _ in range(4):
            stage.line.spoil(answer, which=asks_for_name(stage))
        if is_absent:
            assert await stage.opened.venue.look_up(stage.buy("0.004")) is None
            return
        with pytest.raises((NotDone, Refused)):
            await stage.opened.venue.look_up(stage.buy("0.004"))


async def test_what_rests_is_read_market_by_market_each_with_its_rest() -> None:
    async with staged("kucoin", Market.SPOT) as stage:
        partly = {"dealSize": "0.0005", "id": "670fd33bf9406e00ffffffff"}
        kucoin(stage).pending = [order_row(), order_row(**partly)]
        seen = (await stage.read_again()).open_orders
        assert [stage.instrument.units(o.lots) for o in seen] == [
            Decimal("-0.002"),
            Decimal("-0.0015"),
        ]
        assert await stage.opened.venue.open_orders([stage.symbol]) == seen


@pytest.mark.parametrize(
    "changed", [{"tradeType": "MARGIN_TRADE"}, {"active": None}, {"clientOid": 7}, {"price": None}]
)
async def test_an_order_that_rests_and_cannot_be_read_leaves_the_account_unread(
    changed: dict[str, Any],
) -> None:
    async with staged("kucoin", Market.SPOT) as stage:
        kucoin(stage).pending = [order_row(**changed)]
        with pytest.raises(NotDone):
            await stage.read_again()


async def test_an_order_in_a_market_that_is_not_listed_leaves_the_account_unread() -> None:
    async with staged("kucoin", Market.SPOT) as stage:
        kucoin(stage).pending = [order_row(symbol="ETH-USDT")]
        with pytest.raises(NotDone):
            await stage.read_again()


async def test_what_waits_is_read_over_pages() -> None:
    async with staged("kucoin", Market.SPOT) as stage:
        rows = [stop_row(BY_HAND, number) for number in range(501)]
        kucoin(stage).stops = rows
        assert len((await stage.read_again()).open_orders) == 501


async def test_a_buy_that_waits_and_says_what_it_spends_is_counted_by_its_value() -> None:
    async with staged("kucoin", Market.SPOT) as stage:
        kucoin(stage).stops = [stop_row(BY_HAND, 0) | {"size": None, "funds": "660"}]
        (order,) = (await stage.read_again()).open_orders
        assert stage.instrument.units(order.lots) == Decimal("0.01")


@pytest.mark.parametrize(
    "changed", [{"tradeType": "MARGIN_TRADE"}, {"size": None}, {"stopPrice": None}, {"side": "?"}]
)
async def test_what_waits_and_cannot_be_read_leaves_the_account_unread(
    changed: dict[str, Any],
) -> None:
    async with staged("kucoin", Market.SPOT) as stage:
        kucoin(stage).stops = [stop_row(BY_HAND, 0) | changed]
        with pytest.raises(NotDone):
            await stage.read_again()


@pytest.mark.parametrize(
    ("status", "is_read"), [("NEW", False), ("TRIGGERED", False), ("?", False), ("DONE", True)]
)
async def test_an_account_with_a_pair_that_has_not_ended_is_not_read(
    status: str, *, is_read: bool
) -> None:
    async with staged("kucoin", Market.SPOT) as stage:
        kucoin(stage).pairs = [{"orderId": "1", "symbol": "BTC-USDT", "status": status}]
        if is_read:
            assert (await stage.read_again()).open_orders == ()
            return
        with pytest.raises(NotDone, match="OCO") as raised:
            await stage.read_again()
        assert "cancel it" in str(raised.value.next_step)


async def test_coins_of_the_main_account_are_told_and_not_counted() -> None:
    async with staged("kucoin", Market.SPOT) as stage:
        told = await stage.opened.preflight.beside()
        assert told == (Beside(place="main account", held="12.5 USDT"),)
        held = stage.seen.balances[Asset("USDT")]
        assert held.free == stage.floor.truth().coins["USDT"]


async def test_fills_of_a_page_that_leads_elsewhere_are_not_read() -> None:
    async with staged("kucoin", Market.SPOT) as stage:
        stage.floor.trade_often(250)
        assert len(await stage.opened.venue.fills(stage.symbol, since=from_the_start())) == 250
        floor, whole = kucoin(stage), kucoin(stage)._fills

        def led_astray(given: dict[str, Any]) -> dict[str, Any]:
            page = whole(given)
            return page | {"lastId": page["lastId"] - 50}

        floor._routes["GET", "/api/v1/hf/fills"] = led_astray
        with pytest.raises(NotDone, match="another number"):
            await stage.opened.venue.fills(stage.symbol, since=from_the_start())


@pytest.mark.parametrize(
    ("permission", "rights"),
    [
        ("General,Spot", ()),
        ("General, Spot, Margin", ("borrows",)),
        ("General,Spot,Futures", ("trades_futures",)),
        ("General,Spot,InnerTransfer", ("transfers_out", "transfers_within")),
        ("General,Spot,Transfer", ("withdraws", "transfers_out", "transfers_within")),
        ("General,Spot,Earn", ("transfers_within",)),
    ],
)
async def test_every_right_of_a_key_is_told(permission: str, rights: tuple[str, ...]) -> None:
    async with staged("kucoin", Market.SPOT) as stage:
        kucoin(stage).permission = permission
        told = await stage.opened.preflight.key_rights()
        assert isinstance(told, KeyRights)
        powers = ("withdraws", "transfers_out", "transfers_within", "borrows", "trades_futures")
        assert tuple(name for name in powers if getattr(told, name)) == rights
        assert (told.reads, told.trades_spot, told.is_bound_to_ip) == (True, True, True)
        assert told.wallet == "kucoin 165111215"


async def test_a_right_that_nobody_knows_leaves_the_key_untold() -> None:
    async with staged("kucoin", Market.SPOT) as stage:
        kucoin(stage).permission = "General,Spot,Anything"
        told = await stage.opened.preflight.key_rights()
        assert isinstance(told, UntoldRights)
        assert "strange" in told.why


async def test_an_order_goes_out_to_the_endpoint_for_new_orders_without_a_partner() -> None:
    async with staged("kucoin", Market.SPOT) as stage:
        order = stage.buy("0.00412345")
        await stage.opened.venue.submit(order)
        (asked,) = (each for each in stage.line.asked if stage.floor.is_order(each))
        assert json.loads(asked.body) == {
            "clientOid": order.client_order_id,
            "symbol": "BTC-USDT",
            "side": "buy",
            "type": "limit",
            "timeInForce": "IOC",
            "size": "0.00412345",
            "price": "60000.1",
        }
        assert "kc-api-partner" not in asked.headers


async def test_an_order_that_is_active_has_not_ended_whatever_it_filled() -> None:
    async with staged("kucoin", Market.SPOT) as stage:
        order = stage.buy("0.004")
        mine = {"clientOid": order.client_order_id, "side": "buy", "size": "0.004"}
        answer = done(order_row(**mine, dealSize="0.001", price="60000.1"))
        stage.line.spoil(answer, which=asks_for_name(stage))
        seen = await stage.opened.venue.look_up(order)
        assert seen is not None
        assert (seen.ended, stage.instrument.units(seen.filled_lots)) == (False, Decimal("0.001"))


async def test_an_execution_of_an_order_that_nobody_remembers_is_seen_as_ours() -> None:
    async with staged("kucoin", Market.SPOT) as stage:
        order = stage.buy("0.004")
        await stage.opened.venue.submit(order)
        venue: Any = stage.opened.venue
        venue._orders.names.clear()
        for _ in range(4):
            stage.line.spoil(done(None), which=asks_for_name(stage))
        seen = await stage.opened.venue.evidence_of_absence(order)
        assert seen.sightings["fills"].startswith("trade ")
        assert seen.sightings["all_orders"].startswith("order ")


async def test_success_that_says_a_word_besides_is_success() -> None:
    async with staged("kucoin", Market.SPOT) as stage:
        rows = kucoin(stage)._accounts({"type": "trade"})
        document = {"code": "200000", "msg": "success", "data": rows}
        for _ in range(4):
            stage.line.spoil(Told(body=json.dumps(document).encode()), which=stage.floor.is_account)
        assert (await stage.read_again()).balances == stage.seen.balances
