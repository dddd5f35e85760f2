"""Nothing is sent while the venue wants silence: hammered at from all sides, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

import pytest

from tests.contract.venue_cases import BTC, PERP, PORTFOLIO, from_the_start, scenario
from tests.wire.opened import NoWaiting, intent, opened
from trimtab.adapters.open_venue import OpenedVenue
from trimtab.domain.errors import NotDone, VenueError
from trimtab.domain.orders import VenueOrderId
from trimtab.domain.snapshot import OpenOrder, Snapshot
from trimtab.testnet import Fault, Kind, LimitTable, LocalExchange, serve

HAMMERS = 8


def acts(at: OpenedVenue, seen: Snapshot) -> list[Callable[[], Awaitable[Any]]]:
    """Return everything that can be asked of a venue."""
    spot = intent(seen.instruments[BTC], 200, "61000")
    contract = intent(seen.instruments[PERP], 4, "61000")
    resting = OpenOrder(
        symbol=BTC,
        client_order_id=spot.client_order_id,
        venue_order_id=VenueOrderId("1"),
        lots=spot.lots,
        limit_price=spot.limit_price,
        reduce_only=False,
    )
    return [
        lambda: at.venue.submit(spot),
        lambda: at.venue.submit(contract),
        lambda: at.venue.look_up(spot),
        lambda: at.venue.cancel(resting),
        lambda: at.venue.open_orders([BTC, PERP]),
        lambda: at.venue.fills(BTC, since=from_the_start()),
        lambda: at.venue.evidence_of_absence(contract),
        lambda: at.venue.set_leverage(PERP, leverage=3),
        lambda: at.market.snapshot(PORTFOLIO),
    ]


async def hammer(at: OpenedVenue, seen: Snapshot, stop: asyncio.Event) -> int:
    """Ask for everything again and again; return how often that was held back."""
    held = 0
    while not stop.is_set():
        for act in acts(at, seen):
            try:
                await act()
            except NotDone:
                held += 1
            except VenueError:
                pass
            await asyncio.sleep(0.001)
    return held


def ours(exchange: LocalExchange) -> list[Any]:
    return list(exchange.truth()["requests"])


def served() -> AbstractAsyncContextManager[LocalExchange]:
    """Serve an exchange whose weight alone stops nobody."""
    roomy = LimitTable(spot_weight_1m=10**8, usdm_weight_1m=10**8, spot_orders_10s=10**6)
    return serve(replace(scenario(), limits=roomy))


async def until(so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    while not so():  # noqa: ASYNC110 -- the exchange tells nobody.
        await asyncio.sleep(0.01)


def banned(exchange: LocalExchange, for_ms: int) -> int:
    """Ban this address, as for what another program on it did; return until when, ms."""
    until = exchange.exchange.state.now_ms + for_ms
    exchange.exchange._budgets["api"]._banned_until = until
    return until


async def test_a_ban_that_another_program_earned_silences_every_task_to_its_end() -> None:
    async with served() as exchange, opened(exchange.url, clock=NoWaiting()) as at:
        seen = await at.market.snapshot(PORTFOLIO)
        banned_until = banned(exchange, 3_000)
        before = len(ours(exchange))
        with pytest.raises(NotDone, match="418"):
            await at.venue.look_up(intent(seen.instruments[BTC], 200, "61000"))
        assert len(ours(exchange)) == before + 1  # How we learn of it; nothing repeats it.
        stop = asyncio.Event()
        tasks = [asyncio.ensure_future(hammer(at, seen, stop)) for _ in range(HAMMERS)]
        await until(lambda: len(ours(exchange)) > before + 1)
        stop.set()
        held = sum(await asyncio.gather(*tasks))
        first = ours(exchange)[before + 1]
    assert held > 100
    assert first["arrived_at"] >= banned_until


@pytest.mark.parametrize("symbol", [BTC, PERP])
@pytest.mark.parametrize("status", [418, 429])
async def test_an_order_that_is_told_to_be_silent_silences_all_tasks_and_desks(
    status: int, symbol: str
) -> None:
    wish = Fault(
        kind=Kind.STATUS,
        status=status,
        method="POST",
        path="/*/order",
        body='{"code":-1003,"msg":"Way too much request weight used."}',
        headers={"Retry-After": "2"},
    )
    async with served() as exchange, opened(exchange.url, clock=NoWaiting()) as at:
        seen = await at.market.snapshot(PORTFOLIO)
        exchange.inject(wish)
        order = intent(seen.instruments[symbol], 200 if symbol == BTC else 4, "61000")
        with pytest.raises(NotDone, match=str(status)):
            await at.venue.submit(order)
        before = len(ours(exchange))
        stop = asyncio.Event()
        tasks = [asyncio.ensure_future(hammer(at, seen, stop)) for _ in range(HAMMERS)]
        await until(lambda: len(ours(exchange)) > before)
        stop.set()
        held = sum(await asyncio.gather(*tasks))
        told, first = ours(exchange)[before - 1], ours(exchange)[before]
    assert told["status"] == status
    assert held > 100
    assert first["arrived_at"] - told["arrived_at"] >= 2_000
