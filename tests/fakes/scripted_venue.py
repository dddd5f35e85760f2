"""A loopback server that answers what a test tells it to, and counts what arrives."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

SPOT_FILTERS = [
    {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01"},
    {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000", "stepSize": "0.00001"},
    {"filterType": "NOTIONAL", "minNotional": "5", "maxNotional": "9000000"},
]
LINEAR_FILTERS = [
    {"filterType": "PRICE_FILTER", "minPrice": "0.1", "maxPrice": "1000000", "tickSize": "0.10"},
    {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "1000", "stepSize": "0.001"},
    {"filterType": "MIN_NOTIONAL", "notional": "100"},
]


def spot_info() -> dict[str, Any]:
    row = {
        "symbol": "BTCUSDT",
        "status": "TRADING",
        "baseAsset": "BTC",
        "quoteAsset": "USDT",
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET"],
        "filters": SPOT_FILTERS,
    }
    limits = [
        {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": 50},
        {"rateLimitType": "ORDERS", "interval": "DAY", "intervalNum": 1, "limit": 160000},
    ]
    return {"serverTime": now_ms(), "rateLimits": limits, "symbols": [row]}


def linear_info() -> dict[str, Any]:
    row = {
        "symbol": "BTCUSDT",
        "status": "TRADING",
        "contractType": "PERPETUAL",
        "deliveryDate": 4133404800000,
        "baseAsset": "BTC",
        "quoteAsset": "USDT",
        "marginAsset": "USDT",
        "pricePrecision": 2,
        "quantityPrecision": 3,
        "orderTypes": ["LIMIT", "MARKET"],
        "filters": LINEAR_FILTERS,
    }
    return {"serverTime": now_ms(), "rateLimits": [], "symbols": [row]}


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class Arrival:
    method: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Script:
    """What one request is answered with. ``how`` breaks the transport on purpose."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    how: str = "whole"  # whole | drop | cut | hang | gzip | noise


def told(payload: object, status: int = 200, **headers: str) -> Script:
    named = {k.replace("_", "-"): v for k, v in headers.items()}
    named.setdefault("Content-Type", "application/json")
    return Script(status=status, body=json.dumps(payload).encode(), headers=named)


def html(status: int) -> Script:
    page = b"<html><body><h1>Something is wrong</h1></body></html>"
    return Script(status=status, body=page, headers={"Content-Type": "text/html"})


Answering = Callable[[Arrival], Script | Awaitable[Script]]


class ScriptedVenue:
    """``script[method, path]`` is a Script, or a function from Arrival to one."""

    def __init__(self) -> None:
        self.url = ""
        self.arrivals: list[Arrival] = []
        self.script: dict[tuple[str, str], Script | Callable[[Arrival], Script]] = {
            ("GET", "/api/v3/time"): lambda _: told({"serverTime": now_ms()}),
            ("GET", "/fapi/v1/time"): lambda _: told({"serverTime": now_ms()}),
            ("GET", "/api/v3/exchangeInfo"): lambda _: told(spot_info()),
            ("GET", "/fapi/v1/exchangeInfo"): lambda _: told(linear_info()),
        }

    def count(self, method: str, path: str) -> int:
        return sum(a.method == method and a.path == path for a in self.arrivals)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        text = await request.text()
        pairs = dict(request.query)
        pairs |= dict(piece.split("=", 1) for piece in text.split("&") if "=" in piece)
        arrival = Arrival(request.method, request.path, pairs, dict(request.headers))
        self.arrivals.append(arrival)
        script = self.script.get((arrival.method, arrival.path), html(404))
        if callable(script):
            script = script(arrival)
        return await self._play(request, script)

    async def _play(self, request: web.BaseRequest, script: Script) -> web.StreamResponse:
        if script.how == "whole":
            return web.Response(status=script.status, body=script.body, headers=script.headers)
        assert request.transport is not None
        if script.how == "hang":
            await asyncio.sleep(30)
        if script.how == "cut":
            head = f"HTTP/1.1 {script.status} X\r\nContent-Length: {len(script.body) + 9}\r\n\r\n"
            request.transport.write(head.encode() + script.body)
        if script.how == "gzip":
            head = (
                f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(script.body)}"
            )
            request.transport.write(head.encode() + b"\r\n\r\n" + script.body)
            await asyncio.sleep(0.02)
        if script.how == "noise":
            request.transport.write(b"\x00\x01 this is not http\r\n\r\n")
        request.transport.close()
        return web.Response()


@asynccontextmanager
async def scripted_venue() -> AsyncIterator[ScriptedVenue]:
    venue = ScriptedVenue()
    server = web.Server(venue.answer, access_log=None)
    runner = web.ServerRunner(server, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    venue.url = f"http://{host}:{port}"
    try:
        yield venue
    finally:
        await runner.cleanup()
