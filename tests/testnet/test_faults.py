"""Faults strike the calls they name, over real sockets, and the truth tells them apart."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from tests.testnet.wired import Wired, wired
from trimtab.testnet import Fault, Kind
from trimtab.testnet.exchange import Exchange
from trimtab.testnet.faults import FaultTable
from trimtab.testnet.server import LocalExchange, wall_ms

ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.001"}
PATH = "/api/v3/order"


def post(kind: Kind, **changes: Any) -> Fault:
    return Fault(kind=kind, method="POST", path=PATH, **changes)


def orders(venue: Wired) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = venue.exchange.truth()["orders"]
    return found


@pytest.mark.parametrize(
    ("kind", "executed"),
    [(Kind.RESET_BEFORE, 0), (Kind.RESET_AFTER, 1), (Kind.TIMEOUT_BEFORE, 0)],
)
async def test_a_dropped_connection_hides_whether_the_order_was_taken(
    kind: Kind, executed: int
) -> None:
    async with wired() as venue:
        venue.exchange.inject(post(kind, seconds="0.01"))
        with pytest.raises(aiohttp.ClientConnectionError):
            await venue.send("POST", PATH, ORDER)
        assert len(orders(venue)) == executed
        (entry,) = venue.exchange.truth()["requests"]
        assert (entry["status"], entry["executed"]) == (0, bool(executed))
        assert entry["fault"] == kind.value
        assert "signature" not in entry["params"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [(Kind.TRUNCATE_JSON, "{"), (Kind.EMPTY, ""), (Kind.HTML, "<html>")],
)
async def test_an_unreadable_answer_is_a_success_that_cannot_be_read(kind: Kind, body: str) -> None:
    async with wired() as venue:
        venue.exchange.inject(post(kind))
        status, text = await venue.send("POST", PATH, ORDER)
        assert status == 200
        assert text.startswith(body)
        assert not text.endswith("}")
        assert len(orders(venue)) == 1


async def test_a_cut_body_is_shorter_than_it_promised() -> None:
    async with wired() as venue:
        venue.exchange.inject(post(Kind.CUT_BODY))
        with pytest.raises(aiohttp.ClientPayloadError):
            await venue.send("POST", PATH, ORDER)
        assert len(orders(venue)) == 1


@pytest.mark.parametrize("executes", [True, False])
async def test_a_status_answers_as_told_before_or_after_executing(executes: bool) -> None:
    async with wired() as venue:
        body = '{"code":-1007,"msg":"Timeout waiting for response from backend server."}'
        fault = post(
            Kind.STATUS, status=504, body=body, headers={"Retry-After": "3"}, executes=executes
        )
        venue.exchange.inject(fault)
        assert await venue.send("POST", PATH, ORDER) == (504, body)
        assert len(orders(venue)) == int(executes)


async def test_a_late_order_is_taken_after_its_client_was_cut_off() -> None:
    async with wired() as venue:
        venue.exchange.inject(post(Kind.LATE, seconds="0.05"))
        with pytest.raises(aiohttp.ClientConnectionError):
            await venue.send("POST", PATH, ORDER)
        assert orders(venue) == []
        await asyncio.sleep(0.15)
        assert [order["status"] for order in orders(venue)] == ["FILLED"]


@pytest.mark.parametrize(("ignores", "taken"), [(False, 0), (True, 1)])
async def test_a_late_order_respects_its_window_unless_told_otherwise(
    ignores: bool, taken: int
) -> None:
    async with wired() as venue:
        venue.exchange.inject(post(Kind.LATE, seconds="0.1", ignore_window=ignores))
        with pytest.raises(aiohttp.ClientConnectionError):
            await venue.send("POST", PATH, ORDER | {"recvWindow": "50"})
        await asyncio.sleep(0.25)
        assert len(orders(venue)) == taken


async def test_a_late_order_is_never_taken_after_the_exchange_has_stopped() -> None:
    async with wired() as venue:
        venue.exchange.inject(post(Kind.LATE, seconds="0.05"))
        with pytest.raises(aiohttp.ClientConnectionError):
            await venue.send("POST", PATH, ORDER)
    await asyncio.sleep(0.1)
    assert orders(venue) == []


@pytest.mark.parametrize("kind", [Kind.SLOW, Kind.TIMEOUT_AFTER])
async def test_a_slow_answer_comes_in_the_end(kind: Kind) -> None:
    async with wired() as venue:
        venue.exchange.inject(post(kind, seconds="0.1"))
        sent = asyncio.create_task(venue.send("POST", PATH, ORDER))
        await asyncio.sleep(0.05)
        assert len(orders(venue)) == (1 if kind is Kind.TIMEOUT_AFTER else 0)
        assert (await sent)[0] == 200
        assert len(orders(venue)) == 1


async def test_an_accepted_order_can_be_hidden_place_by_place() -> None:
    async with wired() as venue:
        hide = {"order": 100, "open_orders": 10_000, "all_orders": 0, "trades": 10_000}
        venue.exchange.inject(post(Kind.INVISIBLE, hide_ms=hide))
        await venue.send("POST", PATH, ORDER | {"newClientOrderId": "hid"})
        lookup = {"symbol": "BTCUSDT", "origClientOrderId": "hid"}
        assert (await venue.send("GET", PATH, lookup))[0] == 400
        await asyncio.sleep(0.12)
        assert (await venue.send("GET", PATH, lookup))[0] == 200
        assert await venue.rows("GET", "/api/v3/myTrades", {"symbol": "BTCUSDT"}) == []
        assert len(await venue.rows("GET", "/api/v3/allOrders", {"symbol": "BTCUSDT"})) == 1


async def test_an_order_can_be_lost_and_hidden_at_once() -> None:
    async with wired() as venue:
        venue.exchange.inject(post(Kind.RESET_AFTER))
        venue.exchange.inject(post(Kind.INVISIBLE))
        with pytest.raises(aiohttp.ClientConnectionError):
            await venue.send("POST", PATH, ORDER | {"newClientOrderId": "gone"})
        lookup = {"symbol": "BTCUSDT", "origClientOrderId": "gone"}
        assert (await venue.send("GET", PATH, lookup))[0] == 400
        assert len(orders(venue)) == 1


@pytest.mark.parametrize(
    ("kind", "seen"),
    [
        (Kind.DUPLICATE_TRADES, [1, 1, 2, 2]),
        (Kind.REORDER_TRADES, [2, 1]),
        (Kind.DROP_TRADES_PAGE, []),
    ],
)
async def test_trades_come_twice_or_in_reverse_or_not_at_all(kind: Kind, seen: list[int]) -> None:
    async with wired() as venue:
        for _ in range(2):
            await venue.send("POST", PATH, ORDER)
        venue.exchange.inject(Fault(kind=kind, method="GET", path="/api/v3/myTrades"))
        asked = {"symbol": "BTCUSDT"}
        assert [r["id"] for r in await venue.rows("GET", "/api/v3/myTrades", asked)] == seen
        assert [r["id"] for r in await venue.rows("GET", "/api/v3/myTrades", asked)] == [1, 2]


async def test_faults_and_truth_are_at_hand_over_http() -> None:
    async with wired() as venue:
        fault = {"kind": "status", "path": PATH, "status": 503, "body": "Service Unavailable."}
        assert await venue.admin("POST", "faults", fault) == {"number": 1}
        assert (await venue.send("POST", PATH, ORDER))[0] == 503
        assert (await venue.admin("GET", "faults"))["faults"][0]["calls"] == 1
        await venue.admin("DELETE", "faults")
        await venue.send("POST", PATH, ORDER)
        truth = await venue.admin("GET", "truth")
        assert (len(truth["fills"]), truth["mutating_requests"]) == (1, 2)
        assert await venue.admin("GET", "audit") == {"differences": []}
        assert "error" in await venue.admin("POST", "faults", {"kind": "nonsense"})


async def test_the_world_is_moved_over_http() -> None:
    async with wired() as venue:
        await venue.admin("POST", "scenario", {"futures": {"wallet": "1000"}})
        await venue.admin("POST", "deposit", {"asset": "BTC", "units": "1"})
        await venue.admin("POST", "deposit", {"asset": "USDT", "units": "5", "wallet": "usdm"})
        await venue.admin("POST", "prices", {"mid": {"BTC": "61000"}, "mark": {"BTCUSDT": "61010"}})
        moved = await venue.admin("POST", "clock", {"offset_ms": 5000})
        sell = {"symbol": "BTCUSDT", "side": "SELL", "type": "MARKET", "quantity": "0.01"}
        late = {"timestamp": str(moved["now_ms"])}
        assert (await venue.send("POST", "/fapi/v1/order", sell | late))[0] == 200
        await venue.admin("POST", "funding", {"rates": {"BTCUSDT": "0.001"}})
        await venue.admin("POST", "adl", {"symbol": "BTCUSDT", "quantity": "0.004"})
        await venue.admin("POST", "liquidate", {"symbol": "BTCUSDT"})
        truth = await venue.admin("GET", "truth")
        assert truth["balances"]["BTC"]["free"] == "1"
        assert truth["positions"] == []
        assert [row["units"] for row in truth["funding"]] == ["0.6101"]
        assert await venue.admin("GET", "audit") == {"differences": []}


def test_a_fault_strikes_from_the_nth_matching_call_on_as_often_as_told() -> None:
    table = FaultTable()
    table.add(Fault(kind=Kind.EMPTY, path="/fapi/*", nth=2, count=2, where={"symbol": "ETHUSDT"}))
    asked = [("/api/v3/order", "ETHUSDT"), *[("/fapi/v1/order", "ETHUSDT")] * 4]
    asked.insert(2, ("/fapi/v1/order", "BTCUSDT"))
    struck = [
        bool(table.strike(method="POST", path=path, params={"symbol": symbol}))
        for path, symbol in asked
    ]
    assert struck == [False, False, False, True, True, False]


def test_at_most_one_fault_breaks_the_transport_and_any_number_shape_the_answer() -> None:
    table = FaultTable()
    for kind in (Kind.DUPLICATE_TRADES, Kind.EMPTY, Kind.HTML, Kind.REORDER_TRADES):
        table.add(Fault(kind=kind))
    struck = [fault.kind for fault in table.strike(method="GET", path="/", params={})]
    assert struck == [Kind.EMPTY, Kind.DUPLICATE_TRADES, Kind.REORDER_TRADES]


def test_a_count_of_zero_strikes_every_call_that_follows() -> None:
    table = FaultTable()
    table.add(Fault(kind=Kind.EMPTY, count=0))
    assert all(table.strike(method="GET", path="/", params={}) for _ in range(5))


@pytest.mark.parametrize("host", ["0.0.0.0", "localhost", "::1", "192.168.0.1"])
async def test_nothing_but_loopback_is_ever_bound(host: str) -> None:
    async with wired() as venue:
        scenario = venue.exchange.exchange.state.scenario
        with pytest.raises(ValueError, match=r"binds 127\.0\.0\.1 only"):
            await LocalExchange(scenario, now_ms=wall_ms).start(host=host, port=0)


async def test_the_log_keeps_what_came_and_forgets_no_count() -> None:
    async with wired() as venue:
        exchange: Exchange = venue.exchange.exchange
        await venue.send("GET", "/api/v3/account", {})
        await venue.send("POST", "/api/v3/order/test", ORDER)
        await venue.send("DELETE", "/api/v3/openOrders", {"symbol": "BTCUSDT"})
        entries = exchange.log.entries()
        assert [(e.method, e.status, e.mutating) for e in entries] == [
            ("GET", 200, False),
            ("POST", 200, False),
            ("DELETE", 400, True),
        ]
        assert exchange.log.mutating == 1
