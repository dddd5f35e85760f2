"""Orders under faults on the local exchange: sent once, and found again."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from tests.contract.venue_cases import BTC, PERP, PORTFOLIO, at_venue, from_the_start, scenario
from tests.wire.opened import intent, opened
from trimtab.domain.errors import NotDone, OutcomeUnknown
from trimtab.testnet import Fault, Kind, LimitTable, LocalExchange, serve

ORDERS = {BTC: "/api/v3/order", PERP: "/fapi/v1/order"}
FENCE = timedelta(seconds=3 + 10)  # Receive window and processing limit.
AFTER = [Kind.RESET_AFTER, Kind.TRUNCATE_JSON, Kind.EMPTY, Kind.HTML, Kind.CUT_BODY]


def sent(exchange: LocalExchange, method: str, path: str) -> int:
    requests = exchange.truth()["requests"]
    return sum(r["method"] == method and r["path"] == path for r in requests)


@pytest.mark.parametrize("symbol", [BTC, PERP])
@pytest.mark.parametrize("kind", AFTER)
async def test_an_order_whose_answer_is_lost_is_unknown_and_found_by_its_id(
    symbol: str, kind: Kind
) -> None:
    async with at_venue("ccxt") as at:
        at.exchange.inject(Fault(kind=kind, method="POST", path=ORDERS[symbol]))
        order = intent(at.seen.instruments[symbol], 200 if symbol == BTC else 4, "61000")
        with pytest.raises(OutcomeUnknown):
            await at.venue.submit(order)
        found = await at.venue.look_up(order)
        evidence = await at.venue.evidence_of_absence(order)
        fills = await at.venue.fills(symbol, since=from_the_start())
        assert sent(at.exchange, "POST", ORDERS[symbol]) == 1
        assert at.exchange.audit() == ()
    assert found is not None
    assert found.filled_lots == order.lots
    assert not evidence.is_absent
    assert sum(f.quantity for f in fills) == order.quantity
    assert {f.client_order_id for f in fills} == {order.client_order_id}


@pytest.mark.parametrize("symbol", [BTC, PERP])
async def test_an_order_that_never_arrived_is_unknown_too_and_nowhere(symbol: str) -> None:
    async with at_venue("ccxt") as at:
        at.exchange.inject(Fault(kind=Kind.RESET_BEFORE, method="POST", path=ORDERS[symbol]))
        order = intent(at.seen.instruments[symbol], 200 if symbol == BTC else 4, "61000")
        with pytest.raises(OutcomeUnknown):
            await at.venue.submit(order)
        assert await at.venue.look_up(order) is None
        assert (await at.venue.evidence_of_absence(order)).is_absent
        assert sent(at.exchange, "POST", ORDERS[symbol]) == 1


async def test_an_order_that_arrives_late_is_absent_first_and_there_afterwards() -> None:
    late = Fault(kind=Kind.LATE, method="POST", path=ORDERS[BTC], seconds="0.3")
    async with at_venue("ccxt") as at:
        at.exchange.inject(late)
        order = intent(at.seen.instruments[BTC], 200, "61000")
        with pytest.raises(OutcomeUnknown) as raised:
            await at.venue.submit(order)
        absent = await at.venue.evidence_of_absence(order)
        await asyncio.sleep(0.5)
        found = await at.venue.look_up(order)
    assert absent.is_absent  # Which is why absence counts only behind the fence:
    assert raised.value.evidence is not None
    assert absent.venue_now < raised.value.evidence.sent_at.replace(microsecond=0) + FENCE
    assert found is not None


async def test_an_order_that_is_still_hidden_from_lookups_shows_in_another_list() -> None:
    hidden = {"order": 5000, "open_orders": 5000, "all_orders": 5000, "trades": 0}
    fault = Fault(kind=Kind.INVISIBLE, method="POST", path=ORDERS[BTC], hide_ms=hidden)
    async with at_venue("ccxt") as at:
        at.exchange.inject(fault)
        order = intent(at.seen.instruments[BTC], 200, "61000")
        await at.venue.submit(order)
        assert await at.venue.look_up(order) is None
        evidence = await at.venue.evidence_of_absence(order)
    assert evidence.sightings["fills"] != "none"
    assert not evidence.is_absent


async def test_an_answer_after_our_patience_is_unknown() -> None:
    slow = Fault(kind=Kind.TIMEOUT_AFTER, method="POST", path=ORDERS[BTC], seconds="1")
    async with serve(scenario()) as exchange:
        exchange.inject(slow)
        async with opened(exchange.url, order_timeout_s="0.3") as at:
            seen = await at.market.snapshot(PORTFOLIO)
            order = intent(seen.instruments[BTC], 200, "61000")
            with pytest.raises(OutcomeUnknown):
                await at.venue.submit(order)
            assert await at.venue.look_up(order) is not None


@pytest.mark.parametrize("kind", [Kind.RESET_AFTER, Kind.RESET_BEFORE, Kind.EMPTY])
async def test_a_setting_whose_answer_is_lost_is_unknown_and_sent_once(kind: Kind) -> None:
    async with at_venue("ccxt") as at:
        at.exchange.inject(Fault(kind=kind, method="POST", path="/fapi/v1/leverage"))
        with pytest.raises(OutcomeUnknown):
            await at.venue.set_leverage(PERP, leverage=3)
        assert sent(at.exchange, "POST", "/fapi/v1/leverage") == 1


async def test_what_rests_is_listed_and_can_be_cancelled() -> None:
    async with at_venue("ccxt") as at:
        exchange = at.venue._wire.exchange
        for symbol in (BTC, PERP):
            placed = {"clientOrderId": f"by-hand-{len(symbol)}"}
            await exchange.create_order(symbol, "limit", "buy", "0.01", "50000", placed)
        resting = await at.venue.open_orders([BTC, PERP])
        seen = await at.market.snapshot(PORTFOLIO)
        for order in resting:
            await at.venue.cancel(order)
        assert await at.venue.open_orders([BTC, PERP]) == ()
    assert [(o.symbol, o.lots, o.limit_price) for o in resting] == [
        (BTC, 1000, Decimal(50_000)),
        (PERP, 10, Decimal(50_000)),
    ]
    assert set(seen.open_orders) == set(resting)
    assert seen.balances["USDT"].locked == 500


@pytest.mark.parametrize("kind", [Kind.DUPLICATE_TRADES, Kind.REORDER_TRADES])
async def test_rows_that_come_twice_or_in_disorder_are_the_same_fills(kind: Kind) -> None:
    async with at_venue("ccxt") as at:
        for line, lots in enumerate((200, -200, 300, -300), start=1):
            limit = "61000" if lots > 0 else "59000"
            await at.venue.submit(intent(at.seen.instruments[BTC], lots, limit, line=line))
        start = from_the_start()
        plainly = await at.venue.fills(BTC, since=start)
        at.exchange.inject(Fault(kind=kind, path="/api/v3/myTrades", count=0))
        assert await at.venue.fills(BTC, since=start) == plainly
    assert len(plainly) >= 4
    assert [int(f.trade_id) for f in plainly] == sorted(int(f.trade_id) for f in plainly)


async def test_orders_stay_inside_the_budget_of_the_venue() -> None:
    tight = replace(scenario(), limits=LimitTable(spot_orders_10s=5))
    async with at_venue("ccxt", tight) as at:
        orders = [intent(at.seen.instruments[BTC], 100, "61000", line=n) for n in range(1, 7)]
        sending = [asyncio.create_task(at.venue.submit(order)) for order in orders]
        done, waiting = await asyncio.wait(sending, timeout=1)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert sent(at.exchange, "POST", ORDERS[BTC]) == 5
    assert (len(done), len(waiting)) == (5, 1)
    assert all(task.exception() is None for task in done)


async def test_a_venue_that_is_out_of_patience_is_left_alone() -> None:
    busy = Fault(
        kind=Kind.STATUS,
        status=429,
        body='{"code":-1003,"msg":"Too much request weight used."}',
        headers={"Retry-After": "30"},
        path="/api/v3/depth",
    )
    async with at_venue("ccxt") as at:
        at.exchange.inject(busy)
        with pytest.raises(NotDone) as raised:
            await at.market.snapshot(PORTFOLIO)
        before = len(at.exchange.truth()["requests"])
        with pytest.raises(NotDone):
            await at.market.snapshot(PORTFOLIO)
        assert len(at.exchange.truth()["requests"]) == before
    assert raised.value.retry_after_ms > 25_000
