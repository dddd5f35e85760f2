"""The bytes between ccxt and a venue in process: stands for aiohttp's session under the courier.

Every request is written down before it goes on. What happens to the next one of a kind can
be ordered: that its answer is lost, that it never arrives, or what is told instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from enum import Enum
from typing import Any, cast

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from tests.conformance.floors import ConformingFloor
from tests.conformance.spoken import Asked, Told


class Mishap(Enum):
    """What happens to a request."""

    LOST = "lost"
    """It is executed, and the answer is lost."""
    NEVER = "never"
    """It is lost itself."""


class Line:
    """A session whose other end is a floor."""

    def __init__(self, floor: ConformingFloor) -> None:
        self.asked: list[Asked] = []
        self.floor = floor
        self.slow_s = 0.0
        """How long each answer takes."""
        self._mishaps: list[tuple[Callable[[Asked], bool], Mishap | Told]] = []

    def spoil(self, mishap: Mishap | Told, *, which: Callable[[Asked], bool]) -> None:
        """Order what happens to the next request that *which* chooses."""
        self._mishaps.append((which, mishap))

    def calm(self) -> None:
        """Forget what was ordered and has not happened."""
        self._mishaps.clear()

    def session(self) -> aiohttp.ClientSession:
        """Return this line as what the courier takes; it uses two of a session's methods."""
        return cast("aiohttp.ClientSession", self)

    @asynccontextmanager
    async def request(self, method: str, url: URL, **options: Any) -> AsyncIterator[Any]:
        """Carry one request there and its answer back."""
        asked = _asked(method, url, options)
        self.asked.append(asked)
        options["trace_request_ctx"].handed = True
        if self.slow_s:
            await asyncio.sleep(self.slow_s)
        mishap = self._next(asked)
        told = mishap if isinstance(mishap, Told) else None
        if told is None and mishap is not Mishap.NEVER:
            told = self.floor.answer(asked)
        if told is None or mishap is Mishap.LOST:
            raise aiohttp.ServerDisconnectedError
        yield _Wired(told)

    async def close(self) -> None:
        """Close nothing: there is no connection."""

    def _next(self, asked: Asked) -> Mishap | Told | None:
        for place, (which, mishap) in enumerate(self._mishaps):
            if which(asked):
                del self._mishaps[place]
                return mishap
        return None


class _Wired:
    """An answer as the courier reads one."""

    reason = ""

    def __init__(self, told: Told) -> None:
        self.status = told.status
        self.headers = CIMultiDict({"Content-Type": "application/json"} | dict(told.headers))
        self._body = told.body

    async def read(self) -> bytes:
        return self._body


def _asked(method: str, url: URL, options: Mapping[str, Any]) -> Asked:
    body = options.get("data") or b""
    headers = {str(k).lower(): str(v) for k, v in (options.get("headers") or {}).items()}
    return Asked(
        method=method,
        host=url.host or "",
        path=url.raw_path,
        query=url.raw_query_string,
        body=body.decode() if isinstance(body, bytes) else str(body),
        headers=headers,
    )
