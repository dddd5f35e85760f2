"""A webhook receiver on loopback: takes notices, answers as it is told, or never."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class Receiver:
    """What came in."""

    url: str = ""
    status: int = 200
    hangs: bool = False
    got: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def kinds(self) -> list[str]:
        """What was told of, in the order it came."""
        return [each["kind"] for each in self.got]

    async def came(self, kind: str) -> None:
        """Return once a notice of a kind came."""
        async with asyncio.timeout(30):
            while kind not in self.kinds:
                await self.news.wait()
                self.news.clear()

    async def take(self, request: web.Request) -> web.Response:
        """Keep what came, then answer."""
        body = await request.read()
        self.bodies.append(body)
        self.headers.append({k.lower(): v for k, v in request.headers.items()})
        self.got.append(json.loads(body))
        self.news.set()
        if self.hangs:
            await asyncio.sleep(30)
        return web.Response(status=self.status)


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Serve a receiver."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    receiver.url = f"http://{host}:{port}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()
