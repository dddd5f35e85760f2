"""Where the sandbox is the live host with a header, nothing leaves without it, or with it live."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from yarl import URL

from tests.conformance.bitget_floor import BitgetFloor
from tests.conformance.line import Line
from tests.conformance.stage import staged
from trimtab.adapters.system_clock import SystemClock
from trimtab.adapters.wire.transport import Courier, Gate, PaperHeader
from trimtab.domain.errors import Refused
from trimtab.domain.snapshot import Environment
from trimtab.venues.facts import Market

ADDRESS = URL("https://api.bitget.com/api/v2/spot/public/symbols")
NAME = "PAPTRADING"
SENT: tuple[dict[str, str | None], ...] = (
    {NAME: "1"},
    {"paptrading": "1"},
    {},
    {NAME: "0"},
    {NAME: ""},
    {NAME: None},
    {"X-PAPTRADING": "1"},
    {NAME: "1", "paptrading": "0"},
)
IN_SANDBOX = frozenset({0, 1})
IN_LIVE = frozenset({2, 5, 6})


@asynccontextmanager
async def courier(*, is_meant: bool) -> AsyncIterator[tuple[Courier, Line]]:
    line = Line(BitgetFloor(Market.SPOT))
    gate = Gate(
        hosts=frozenset({"api.bitget.com"}),
        paper=PaperHeader(name=NAME, value="1", is_meant=is_meant),
        redirect=None,
        read_timeout_s=2,
        write_timeout_s=2,
    )
    sending = Courier(
        line.session(),
        gate=gate,
        clock=SystemClock(),
        before=lambda _: None,
        after=lambda _: None,
    )
    yield sending, line


@pytest.mark.parametrize("is_meant", [True, False], ids=["sandbox", "live"])
@pytest.mark.parametrize("number", range(len(SENT)))
@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
async def test_a_request_for_another_place_does_not_leave(
    method: str, number: int, *, is_meant: bool
) -> None:
    leaves = number in (IN_SANDBOX if is_meant else IN_LIVE)
    async with courier(is_meant=is_meant) as (sending, line):
        send: Any = getattr(sending, method)
        if leaves:
            async with send(ADDRESS, headers=dict(SENT[number])):
                pass
        else:
            with pytest.raises(Refused, match=f"{NAME}; nothing was sent"):
                async with send(ADDRESS, headers=dict(SENT[number])):
                    pass
    assert len(line.asked) == int(leaves)
    assert all(None not in asked.headers.values() for asked in line.asked)


async def test_a_request_without_any_headers_does_not_leave_for_the_sandbox() -> None:
    async with courier(is_meant=True) as (sending, line):
        with pytest.raises(Refused):
            async with sending.get(ADDRESS):
                pass
    assert line.asked == []


@pytest.mark.parametrize("market", [Market.SPOT, Market.LINEAR])
async def test_an_exchange_that_loses_the_header_sends_no_order(market: Market) -> None:
    async with staged("bitget", market, environment=Environment.TESTNET) as stage:
        exchange = stage.opened.market._wire.exchange
        exchange.headers.clear()
        exchange.options["sandboxMode"] = False
        sent = len(stage.line.asked)
        with pytest.raises(Refused, match="nothing was sent"):
            await stage.opened.venue.submit(stage.buy("0.004"))
        assert stage.line.asked[sent:] == []
    assert stage.floor.orders() == []


async def test_an_exchange_in_the_sandbox_by_mistake_sends_no_order_live() -> None:
    async with staged("bitget", Market.SPOT) as stage:
        stage.opened.market._wire.exchange.set_sandbox_mode(True)
        with pytest.raises(Refused, match="must not carry"):
            await stage.opened.venue.submit(stage.buy("0.004"))
    assert stage.floor.orders() == []


async def test_what_ccxt_sends_without_the_header_by_itself_carries_it_all_the_same() -> None:
    async with staged("bitget", Market.SPOT, environment=Environment.TESTNET) as stage:
        with pytest.raises(Exception, match="40404"):  # The floor has no such page.
            await stage.opened.market._wire.exchange.publicCommonGetV2PublicTime()
    assert stage.line.asked[-1].path == "/api/v2/public/time"
    assert stage.line.asked[-1].headers["paptrading"] == "1"
