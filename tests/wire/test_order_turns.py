"""Orders that are sent side by side leave one by one, none held up by the work for all others."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import aiohttp

from tests.contract.venue_cases import BTC, PORTFOLIO, scenario
from tests.wire.opened import intent, settings
from trimtab.adapters.open_venue import open_venue
from trimtab.adapters.wire.transport import http_session
from trimtab.domain.orders import ClientOrderId, OrderIntent
from trimtab.testnet import serve

ORDERS = 12


def burst(one: OrderIntent, name: str) -> list[OrderIntent]:
    return [replace(one, client_order_id=ClientOrderId(f"{name}{n:024d}")) for n in range(ORDERS)]


def watched(seen: list[str]) -> aiohttp.ClientSession:
    """Return a session that notes when an order is begun and when its bytes have been written."""

    async def begun(_: aiohttp.ClientSession, __: SimpleNamespace, told: Any) -> None:
        seen.extend(["begun"] if told.method == "POST" else [])

    async def written(_: aiohttp.ClientSession, __: SimpleNamespace, told: Any) -> None:
        seen.extend(["written"] if told.method == "POST" and told.chunk else [])

    trace = aiohttp.TraceConfig()
    trace.on_request_start.append(begun)
    trace.on_request_chunk_sent.append(written)
    trace.freeze()
    session = http_session()
    session.trace_configs.append(trace)
    return session


async def test_each_order_is_written_before_the_one_after_the_next_is_begun() -> None:
    seen: list[str] = []
    async with (
        serve(scenario(), port=0) as exchange,
        open_venue(settings(exchange.url), session=lambda: watched(seen)) as venue,
    ):
        account = await venue.market.snapshot(PORTFOLIO)
        one = intent(account.instruments[BTC], 200, "61000")
        for name in ("warm", "test"):  # The first burst opens the connections.
            seen.clear()
            await asyncio.gather(*(venue.venue.submit(each) for each in burst(one, name)))
    assert seen.count("begun") == seen.count("written") == ORDERS
    ahead = [seen[:n].count("begun") - seen[:n].count("written") for n in range(len(seen) + 1)]
    assert max(ahead) <= 2  # All at once, and the first would wait for the last.
