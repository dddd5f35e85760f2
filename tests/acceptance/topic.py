"""An ntfy server on loopback: keeps what is published, and gives a topic's messages away."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.acceptance.conftest import Account
from trimtab.adapters.system_clock import SystemClock
from trimtab.domain.one_time import code_of, secret_bytes, step_of


@dataclass
class Topics:
    """Messages by topic, and when they came."""

    url: str = ""
    kept: list[dict[str, Any]] = field(default_factory=list)
    polled: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def publish(self, topic: str, text: str) -> None:
        """Keep a message as a person's app would send it."""
        number = len(self.kept) + 1
        event = {"id": f"m{number}", "time": int(time.time()), "event": "message"}
        self.kept.append(event | {"topic": topic, "message": text})
        self.news.set()

    def told(self, words: str) -> list[str]:
        """Return what was published whose text has some words."""
        return [str(each["message"]) for each in self.kept if words in each["message"]]

    async def came(self, words: str) -> str:
        """Return the text of the first message with some words, once it is there."""
        async with asyncio.timeout(40):
            while not self.told(words):
                await self.news.wait()
                self.news.clear()
        return self.told(words)[0]

    async def take(self, request: web.Request) -> web.Response:
        """Keep a message that was published as JSON."""
        told = json.loads(await request.read())
        self.publish(told["topic"], told["message"])
        return web.json_response({})

    async def give(self, request: web.Request) -> web.Response:
        """Give the messages of a topic since an instant, one in each line."""
        self.polled += 1
        topic, since = request.match_info["topic"], int(request.query["since"])
        found = [m for m in self.kept if m["topic"] == topic and m["time"] >= since]
        lines = [json.dumps(m) for m in ({"event": "open", "time": since}, *found)]
        return web.Response(text="\n".join(lines) + "\n")


@asynccontextmanager
async def serving_topics() -> AsyncIterator[Topics]:
    """Serve topics on loopback."""
    topics = Topics()
    app = web.Application()
    app.router.add_post("/", topics.take)
    app.router.add_get("/{topic}/json", topics.give)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    topics.url = f"http://{host}:{port}"
    try:
        yield topics
    finally:
        await runner.cleanup()


def code_now(secret: str, *, beside: int = 0) -> str:
    """Return what an authenticator app shows now, or some steps from now."""
    known = secret_bytes(secret)
    assert known is not None
    return code_of(known, step_of(SystemClock().now()) + beside)


def spelt(notice: str, word: str) -> str:
    """Return the words of a reply as a notice spells them out, without CODE."""
    (line,) = [each for each in notice.splitlines() if f": {word} " in each]
    return line.partition(": ")[2].removesuffix(" CODE")


async def plan_status(account: Account, digest: str) -> str:
    """Return where a plan stands."""
    plans = (await account.trimtab("ledger", "plans", "--json")).document
    (status,) = [str(p["status"]) for p in plans if p["digest"].startswith(digest)]
    return status
