"""A bare signing client over real sockets, without ccxt in between."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import aiohttp

from tests.testnet.client import rich
from trimtab.testnet.server import LocalExchange, serve, wall_ms
from trimtab.testnet.signing import signature_of


class Wired:
    """Talks to one served exchange."""

    def __init__(self, exchange: LocalExchange, session: aiohttp.ClientSession) -> None:
        self.exchange = exchange
        self._session = session

    async def send(self, method: str, path: str, params: Mapping[str, str]) -> tuple[int, str]:
        """Send a signed request; return status and body."""
        raw = urlencode({"timestamp": str(wall_ms()), **params})
        raw += f"&signature={signature_of('local-secret', query=raw, body='')}"
        headers = {"X-MBX-APIKEY": "local-key"}
        in_query = method in {"GET", "DELETE"}
        url = f"{self.exchange.url}{path}" + (f"?{raw}" if in_query else "")
        body = None if in_query else raw
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        async with self._session.request(method, url, data=body, headers=headers) as answer:
            return answer.status, await answer.text()

    async def rows(self, method: str, path: str, params: Mapping[str, str]) -> Any:
        """Send a signed request that must succeed; return its payload."""
        status, text = await self.send(method, path, params)
        assert status == 200, text
        return json.loads(text)

    async def admin(self, method: str, name: str, body: Mapping[str, Any] | None = None) -> Any:
        """Send an admin request; return its payload."""
        url = f"{self.exchange.url}/admin/{name}"
        async with self._session.request(method, url, json=body) as answer:
            return await answer.json()


@asynccontextmanager
async def wired() -> AsyncIterator[Wired]:
    """Serve a rich account and talk to it."""
    async with serve(rich()) as exchange, aiohttp.ClientSession() as session:
        yield Wired(exchange, session)
