"""A session whose other end is the local exchange in process, some way off in virtual time.

Stands where the courier expects an aiohttp session. Half of a round trip passes before the
exchange acts and half after it; how long each takes is the test's to say.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from multidict import CIMultiDict
from yarl import URL

from tests.fakes.virtually import now_s
from trimtab.testnet import Exchange, Request

ORDERS = frozenset({"/api/v3/order", "/fapi/v1/order"})


@dataclass(frozen=True)
class Answered:
    """What aiohttp's response is read for."""

    status: int
    headers: CIMultiDict[str]
    body: bytes
    reason: str = ""

    async def read(self) -> bytes:
        return self.body


@dataclass(frozen=True)
class Trip:
    """One request, in seconds of the loop."""

    method: str
    path: str
    status: int
    left_at: float
    answered_at: float

    @property
    def is_order(self) -> bool:
        return self.method == "POST" and self.path in ORDERS


@dataclass
class FarLine:
    """``takes_s`` tells for each request, by method and path, how long its round trip takes."""

    exchange: Exchange
    takes_s: Callable[[str, str], float]
    trips: list[Trip] = field(default_factory=list)

    @asynccontextmanager
    async def request(self, method: str, url: URL, **options: Any) -> AsyncIterator[Answered]:
        options["trace_request_ctx"].handed = True
        left_at, half_s = now_s(), self.takes_s(method, url.raw_path) / 2
        body = options.get("data") or b""
        request = Request(
            method=method,
            path=url.raw_path,
            query=url.raw_query_string,
            body=body.decode() if isinstance(body, bytes) else str(body),
            headers={k.lower(): str(v) for k, v in (options.get("headers") or {}).items()},
        )
        async with asyncio.timeout(options["timeout"].total):
            await asyncio.sleep(half_s)
            answer = self.exchange.respond(request)
            await asyncio.sleep(half_s)
        self.trips.append(Trip(method, request.path, answer.status, left_at, now_s()))
        text = answer.payload if isinstance(answer.payload, str) else json.dumps(answer.payload)
        headers = CIMultiDict({"Content-Type": "application/json"} | dict(answer.headers))
        yield Answered(answer.status, headers, text.encode())

    async def close(self) -> None:
        pass

    @property
    def orders(self) -> list[Trip]:
        """Return the orders, in the order of leaving."""
        return sorted((trip for trip in self.trips if trip.is_order), key=lambda t: t.left_at)
