"""What lists of OKX leave out: bounds of a time, what is late, and orders of other kinds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.conformance.okx_floor import OkxFloor
from tests.conformance.okx_linear import NAME
from tests.conformance.stage import Stage, from_the_start, staged
from trimtab.domain.errors import NotDone
from trimtab.domain.payments import PaymentKind
from trimtab.ports import FillCursor
from trimtab.venues.facts import Market


def okx(stage: Stage) -> OkxFloor:
    assert isinstance(stage.floor, OkxFloor)
    return stage.floor


def resting(**changed: Any) -> dict[str, Any]:
    return {
        "instType": "SPOT",
        "instId": "BTC-USDT",
        "ordId": "680800019749904384",
        "clOrdId": "by-hand",
        "side": "sell",
        "px": "66000",
        "sz": "0.01",
        "accFillSz": "0",
        "state": "live",
        "reduceOnly": "false",
        **changed,
    }


@pytest.mark.parametrize("market", [Market.SPOT, Market.LINEAR])
async def test_an_execution_of_the_same_millisecond_as_the_last_one_booked_is_told(
    market: Market,
) -> None:
    async with staged("okx", market) as stage:
        await stage.opened.venue.submit(stage.buy("0.004"))
        first, second = okx(stage)._trading.executions
        second.at_ms = first.at_ms
        okx(stage).leaves_bounds_out = True
        whole = await stage.opened.venue.fills(stage.symbol, since=from_the_start())
        booked = FillCursor(after=whole[0].trade_id, not_before=from_the_start().not_before)
        assert len(whole) == 2
        assert await stage.opened.venue.fills(stage.symbol, since=booked) == whole[1:]


async def test_a_payment_at_the_instant_that_is_asked_from_is_told_and_none_before() -> None:
    async with staged("okx", Market.LINEAR) as stage:
        okx(stage).pay_funding()
        okx(stage).leaves_bounds_out = True
        (paid,) = await stage.opened.venue.payments(from_the_start().not_before)
        assert paid.kind is PaymentKind.FUNDING
        assert await stage.opened.venue.payments(paid.paid_at) == (paid,)
        assert await stage.opened.venue.payments(paid.paid_at + timedelta(milliseconds=1)) == ()


async def test_payments_of_today_are_told_while_the_long_list_does_not_know_them() -> None:
    async with staged("okx", Market.LINEAR) as stage:
        okx(stage).pay_funding()
        okx(stage).lists_late = True
        long_ago = from_the_start().not_before - timedelta(days=30)
        assert len(await stage.opened.venue.payments(long_ago)) == 1
        okx(stage).lists_late = False
        assert len(await stage.opened.venue.payments(long_ago)) == 1


async def test_orders_of_both_desks_rest_each_once() -> None:
    async with staged("okx", Market.LINEAR) as stage:
        swap = resting(instType="SWAP", instId=NAME, ordId="7", sz="1", reduceOnly="true")
        okx(stage).pending = [resting(), swap]
        seen = (await stage.read_again()).open_orders
        told = [(order.symbol, order.venue_order_id, order.reduce_only) for order in seen]
        assert told == [
            ("BTC/USDT", "680800019749904384", False),
            ("BTC/USDT:USDT", "7", True),
        ]
        only = await stage.opened.venue.open_orders([stage.symbol])
        assert [order.venue_order_id for order in only] == ["7"]


@pytest.mark.parametrize(
    ("market", "changed", "why"),
    [
        (Market.SPOT, {"instType": "SWAP", "instId": NAME}, "only coins are used"),
        (Market.SPOT, {"instType": "MARGIN"}, r"BTC-USDT \(MARGIN\) is open"),
        (Market.LINEAR, {"instType": "FUTURES", "instId": "BTC-USDT-261225"}, "FUTURES"),
        (Market.LINEAR, {"instType": "OPTION", "instId": "BTC-USD-261225-9-C"}, "OPTION"),
    ],
)
async def test_an_order_of_a_kind_that_is_not_counted_is_named_and_the_account_unread(
    market: Market, changed: dict[str, Any], why: str
) -> None:
    async with staged("okx", market) as stage:
        okx(stage).pending = [resting(**changed)]
        with pytest.raises(NotDone, match=why) as raised:
            await stage.read_again()
        assert raised.value.next_step == "cancel it, then trimtab doctor"
