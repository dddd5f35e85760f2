"""What waits for a trigger in lists of its own, at venues that keep such lists."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.conformance.bitget_floor import BitgetFloor
from tests.conformance.floors import Waiting
from tests.conformance.okx_algos import algo_row
from tests.conformance.okx_floor import OkxFloor
from tests.conformance.okx_linear import NAME
from tests.conformance.spoken import Asked, Told
from tests.conformance.stage import Stage, staged
from tests.conformance.test_hostile_venues import BY_NAME, _answer, _spoil, spoilt
from trimtab.domain.errors import NotDone, Refused
from trimtab.domain.snapshot import OpenOrder
from trimtab.venues.facts import Market

BY_HAND = Waiting(
    name="by-hand",
    is_buy=True,
    quantity=Decimal("0.02"),
    trigger=Decimal(66_000),
    reduces=False,
    by_mark=True,
)
READS = [
    pytest.param("okx", Market.SPOT, "/api/v5/trade/orders-algo-pending?ordType=trigger", id="okx"),
    pytest.param(
        "okx", Market.LINEAR, "/api/v5/trade/orders-algo-pending?ordType=trigger", id="okx-linear"
    ),
    pytest.param("bitget", Market.SPOT, "/api/v2/spot/trade/current-plan-order", id="bitget"),
    pytest.param(
        "bitget",
        Market.LINEAR,
        "/api/v2/mix/order/orders-plan-pending?planType=normal_plan",
        id="bitget-linear",
    ),
    pytest.param("bybit", Market.LINEAR, "/v5/order/realtime?category=linear", id="bybit-linear"),
    pytest.param("kucoin", Market.SPOT, "/api/v1/stop-order", id="kucoin"),
    pytest.param("deribit", Market.SPOT, "/api/v2/private/get_open_orders", id="deribit"),
    pytest.param("deribit", Market.LINEAR, "/api/v2/private/get_open_orders", id="deribit-linear"),
    pytest.param("hyperliquid", Market.SPOT, "/info?frontendOpenOrders", id="hyperliquid"),
    pytest.param("kraken", Market.SPOT, "/0/private/OpenOrders", id="kraken"),
    pytest.param("gate", Market.SPOT, "/api/v4/spot/price_orders", id="gate"),
    pytest.param(
        "coinbase",
        Market.SPOT,
        "/api/v3/brokerage/orders/historical/batch?order_status=OPEN",
        id="coinbase",
    ),
]

ANOTHER_UNIT = "'' at ('data', 0, 'tgtCcy')"
"""A buy of coins at market that says what it spends is another order, no wrong one."""


def told(orders: tuple[OpenOrder, ...]) -> list[tuple[Any, ...]]:
    """Return what the gate counts of open orders."""
    return [(o.symbol, o.lots, o.limit_price, o.reduce_only) for o in orders]


async def units(stage: Stage) -> list[Decimal]:
    """Return the sizes of open orders, base units."""
    seen = await stage.read_again()
    return [seen.instruments[o.symbol].units(o.lots) for o in seen.open_orders]


def okx(stage: Stage) -> OkxFloor:
    assert isinstance(stage.floor, OkxFloor)
    return stage.floor


def bitget(stage: Stage) -> BitgetFloor:
    assert isinstance(stage.floor, BitgetFloor)
    return stage.floor


@pytest.mark.parametrize(("venue_id", "market", "path"), READS)
async def test_what_waits_is_counted_as_it_is_or_the_account_is_unread(
    venue_id: str, market: Market, path: str
) -> None:
    async with staged(venue_id, market) as stage:
        stage.unmetered()
        stage.floor.let_wait(BY_HAND)
        before = told((await stage.read_again()).open_orders)
        assert len(before) == 1
        _, document = await _answer(stage, path)
        cases = [
            case for case in spoilt(document, BY_NAME.get(path, ())) if case[0] != ANOTHER_UNIT
        ]
        assert len(cases) > 20
        for what, other in cases:
            _spoil(stage, path, other)
            try:
                seen = await stage.read_again()
            except (NotDone, Refused):
                continue
            assert told(seen.open_orders) == before, what


@pytest.mark.parametrize(
    "changed",
    [
        {"ordType": "conditional", "slTriggerPx": "66000", "slOrdPx": "-1"},
        {"ordType": "oco", "slTriggerPx": "66000", "tpTriggerPx": "57000"},
        {"ordType": "move_order_stop", "moveTriggerPx": "66000"},
        {"ordType": "iceberg", "pxLimit": "66000"},
        {"ordType": "twap", "pxLimit": "66000"},
    ],
)
async def test_every_kind_of_algo_order_is_asked_for(changed: dict[str, Any]) -> None:
    async with staged("okx", Market.LINEAR) as stage:
        okx(stage).algos = [algo_row(NAME, BY_HAND, 0, count="2") | changed]
        (order,) = (await stage.read_again()).open_orders
        assert (stage.instrument.units(order.lots), order.limit_price) == (BY_HAND.quantity, 66_000)


async def test_algo_orders_are_read_over_pages_each_once() -> None:
    async with staged("okx", Market.SPOT) as stage:
        for _ in range(150):
            stage.floor.let_wait(BY_HAND)
        assert await units(stage) == [BY_HAND.quantity] * 150


async def test_an_algo_order_that_closes_all_closes_what_is_held() -> None:
    async with staged("okx", Market.LINEAR) as stage:
        whole = {"closeFraction": "1", "sz": "", "reduceOnly": "true"}
        okx(stage).algos = [algo_row(NAME, BY_HAND, 0, count="") | whole]
        (order,) = (await stage.read_again()).open_orders
        assert stage.instrument.units(order.lots) == -stage.floor.truth().position
        assert order.reduce_only


@pytest.mark.parametrize("venue_id", ["bybit", "bingx"])
async def test_one_that_only_reduces_and_has_no_size_closes_what_is_held(venue_id: str) -> None:
    async with staged(venue_id, Market.LINEAR) as stage:
        stage.floor.let_wait(replace(BY_HAND, quantity=Decimal(0), reduces=True))
        assert await units(stage) == [-stage.floor.truth().position]


@pytest.mark.parametrize(
    ("market", "changed", "why"),
    [
        (Market.SPOT, {}, "only coins are used"),
        (Market.LINEAR, {"instType": "FUTURES"}, "FUTURES"),
        (Market.LINEAR, {"instType": "MARGIN", "instId": "BTC-USDT"}, "MARGIN"),
        (Market.LINEAR, {"instId": "BTC-USD-SWAP"}, "BTC-USD-SWAP"),
    ],
)
async def test_an_algo_order_in_what_is_not_traded_here_is_named_and_the_account_unread(
    market: Market, changed: dict[str, Any], why: str
) -> None:
    async with staged("okx", market) as stage:
        okx(stage).algos = [algo_row(NAME, BY_HAND, 0, count="2") | changed]
        with pytest.raises(NotDone, match=why):
            await stage.read_again()


async def test_what_protects_a_position_closes_all_of_it_whatever_its_side_is_told_as() -> None:
    async with staged("bitget", Market.LINEAR) as stage:
        row = bitget(stage)._linear._waits(replace(BY_HAND, reduces=True), 0)
        for number, kind in enumerate(("pos_loss", "profit_plan", "moving_plan")):
            more = {"planType": kind, "orderId": str(7 + number), "size": "", "side": "sell"}
            bitget(stage).rest(row | more, market=Market.LINEAR)
        assert await units(stage) == [-stage.floor.truth().position] * 3


async def test_coins_that_wait_for_a_stop_are_read_beside_trigger_orders() -> None:
    async with staged("bitget", Market.SPOT) as stage:
        row = bitget(stage)._spot._waits(BY_HAND, 7)
        bitget(stage).rest(
            row | {"tpslType": "tpsl", "priceAvg": "66000", "orderType": "limit"},
            market=Market.SPOT,
        )
        stage.floor.let_wait(replace(BY_HAND, quantity=Decimal("0.03")))
        assert await units(stage) == [Decimal("0.02"), Decimal("0.03")]


async def test_trigger_orders_of_coins_are_asked_for_by_market_where_the_venue_wants_one() -> None:
    async with staged("bitget", Market.LINEAR) as stage:
        bitget(stage).wants_symbol()
        bitget(stage)._spot.trading.waiting.append(BY_HAND)
        assert await units(stage) == [BY_HAND.quantity]


async def test_trigger_orders_of_coins_are_read_over_pages() -> None:
    async with staged("bitget", Market.SPOT) as stage:
        for _ in range(150):
            stage.floor.let_wait(BY_HAND)
        assert len(await units(stage)) == 150


async def test_a_denied_list_of_trigger_orders_makes_the_account_unread() -> None:
    async with staged("bitget", Market.SPOT) as stage:

        def is_plans(asked: Asked) -> bool:
            return asked.path.endswith("current-plan-order")

        body = json.dumps({"code": "40014", "msg": "Incorrect permissions", "data": None}).encode()
        for _ in range(4):
            stage.line.spoil(Told(status=400, body=body), which=is_plans)
        with pytest.raises(Refused, match="permissions"):
            await stage.read_again()
