"""The session that ccxt sends through: checks, sends once, and keeps the raw answer.

Not pure: this is the one place where bytes leave for a venue. Every request's host must be
on the environment's list; redirects and proxies are off; nothing is ever sent a second
time. aiohttp 3.14 repeats GET, PUT and DELETE by itself when a kept connection drops; a
guard around its sending forbids that (tests/wire/test_ccxt_transport.py counts arrivals).
What came back is kept before ccxt reads it, for whoever opened :func:`captured` around the
call, each task its own.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from types import MappingProxyType, SimpleNamespace
from typing import Final, cast

import aiohttp
from yarl import URL

from trimtab.domain.errors import ConfigError, Refused
from trimtab.ports import Clock

_SECRETS: Final = re.compile(
    r"""(?i)(signature|x-mbx-apikey|apikey|access-\w+|x-bapi-\w+|kc-api-\w+)(['"]?\s*[=:]\s*['"]?)[^\s&'"]+"""
)
_BREAKS: Final = (aiohttp.ClientError, OSError)
"""How a transport fails; a timeout is an OSError. aiohttp repeats after none but these."""
_CONNECT_S: Final = 5.0
_KEEP_S: Final = 5.0
"""Idle connections are dropped long before a venue drops them: a write on one that is just
being closed has an unknown outcome."""

_CONNECTIONS_MAX: Final = 400
"""Above the orders of one window: one that waits for a connection is signed already and ages."""


def scrubbed(text: str, *secrets: str) -> str:
    """Return *text* without signatures, keys, and the *secrets* themselves."""
    cleaned = _SECRETS.sub(r"\1\2***", text)
    for secret in filter(None, secrets):
        cleaned = cleaned.replace(secret, "***")
    return cleaned


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One request and its raw answer. No query, no request body: they carry signatures."""

    method: str
    """HTTP method, upper case."""
    host: str
    """The host that was meant, also when the socket was moved to loopback."""
    path: str
    http_status: int
    """0 when there was no answer."""
    headers: Mapping[str, str]
    """Of the answer, names in lower case."""
    body: bytes
    """Of the answer; empty when it could not be read to its end."""
    cause: str
    """Why there is no whole answer: class and text of the transport's error, or empty."""
    handed_to_socket: bool
    """Whether any byte may have left."""
    sent_at: datetime
    answered_at: datetime


_CAPTURES: ContextVar[list[Capture] | None] = ContextVar("captures", default=None)
_ADDED: ContextVar[Mapping[str, str]] = ContextVar("added", default=MappingProxyType({}))


@contextmanager
def also_told(headers: Mapping[str, str]) -> Iterator[None]:
    """Have requests inside the block carry *headers* besides: ccxt 4.5.90 takes none for a call."""
    token = _ADDED.set(headers)
    try:
        yield
    finally:
        _ADDED.reset(token)


@contextmanager
def captured() -> Iterator[list[Capture]]:
    """Collect what the calls inside the block brought back, in order of their end."""
    captures: list[Capture] = []
    token = _CAPTURES.set(captures)
    try:
        yield captures
    finally:
        _CAPTURES.reset(token)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperHeader:
    """The header with which a request to the live host is one to the sandbox."""

    name: str
    value: str
    is_meant: bool
    """Whether the sandbox is meant: then every request carries it, else none may."""

    def require(self, headers: Mapping[str, str]) -> None:
        """Refuse a request that is not for the environment that is meant.

        Raises:
            Refused: the header is missing, has another value, or is not wanted.

        """
        found = [value for name, value in headers.items() if name.lower() == self.name.lower()]
        if found != ([self.value] if self.is_meant else []):
            told = "lacks" if self.is_meant else "must not carry"
            raise Refused(f"the request {told} the header {self.name}; nothing was sent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What a request must pass, and where its socket goes."""

    hosts: frozenset[str]
    """Hosts that may be addressed."""
    paper: PaperHeader | None
    """What tells a sandbox from the live exchange on the same host; None where hosts do."""
    redirect: URL | None
    """Loopback origin that every socket is moved to; None leaves it to the address."""
    read_timeout_s: float
    """Whole time for a GET, > 0."""
    write_timeout_s: float
    """Whole time for everything else, > 0; longer than the venue's own limit."""

    def __post_init__(self) -> None:
        if self.redirect is not None and self.redirect.host not in {"127.0.0.1", "::1"}:
            raise ConfigError(
                f"venue.url: the local exchange listens on loopback, not {self.redirect.host};"
                " write http://127.0.0.1:8900"
            )

    def address(self, url: URL) -> URL:
        """Return where the request to *url* is sent.

        Raises:
            Refused: the host is not on the list, or the address is not https.

        """
        if url.host not in self.hosts or url.scheme != "https":
            raise Refused(
                f"{url.scheme}://{url.host} is not a host of this environment; nothing was sent"
            )
        if self.redirect is None:
            return url
        origin = self.redirect.origin()
        return URL(f"{origin}{url.raw_path_qs}", encoded=True)


class _Flight:
    """What is known of one request while it is under way.

    ``handed`` from the moment a connection was obtained for it: bytes may leave at any time.
    """

    def __init__(self) -> None:
        self.handed = False
        self.http_status = 0
        self.headers: Mapping[str, str] = MappingProxyType({})
        self.body = b""
        self.cause = ""


class Courier:
    """An aiohttp session as ccxt uses one: ``get``, ``post``, ``put``, ``delete``.

    *before* may hold a request back with one of our errors; *after* sees every capture. The
    *session* below, which carries the bytes, is the courier's own from then on.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        gate: Gate,
        clock: Clock,
        before: Callable[[str], None],
        after: Callable[[Capture], None],
    ) -> None:
        self.headers: dict[str, str] = {}  # ccxt 4.5.90 reads it from a session it was given.
        self._gate = gate
        self._clock = clock
        self._before = before
        self._after = after
        self._session = session

    def get(self, url: URL, **options: object) -> AbstractAsyncContextManager[Answer]:
        """Send a GET."""
        return self._send("GET", url, self._gate.read_timeout_s, **options)

    def post(self, url: URL, **options: object) -> AbstractAsyncContextManager[Answer]:
        """Send a POST."""
        return self._send("POST", url, self._gate.write_timeout_s, **options)

    def put(self, url: URL, **options: object) -> AbstractAsyncContextManager[Answer]:
        """Send a PUT."""
        return self._send("PUT", url, self._gate.write_timeout_s, **options)

    def delete(self, url: URL, **options: object) -> AbstractAsyncContextManager[Answer]:
        """Send a DELETE."""
        return self._send("DELETE", url, self._gate.write_timeout_s, **options)

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()

    @asynccontextmanager
    async def _send(
        self, method: str, url: URL, timeout_s: float, **options: object
    ) -> AsyncIterator[Answer]:
        """Check, send once, read the whole body, keep what came.

        ccxt's own timeout is replaced by ours, which is longer for writes.
        """
        if options.get("proxy") is not None:
            raise Refused("a proxy is set for ccxt; requests go straight to the venue or nowhere")
        address = self._gate.address(url)
        headers = {**_told_headers(options.get("headers")), **_ADDED.get()}
        if self._gate.paper is not None:
            self._gate.paper.require(headers)
        self._before(url.host or "")
        flight, sent_at = _Flight(), self._clock.now()
        try:
            async with self._session.request(
                method,
                address,
                data=options.get("data"),
                headers=headers,
                timeout=_timeout(timeout_s),
                allow_redirects=False,
                middlewares=(_once(),),
                trace_request_ctx=flight,
            ) as response:
                flight.http_status = response.status
                flight.headers = {k.lower(): v for k, v in response.headers.items()}
                flight.body = await response.read()
                answer = Answer(response, flight.body)
        except (*_BREAKS, asyncio.CancelledError) as error:
            flight.cause = scrubbed(f"{type(error).__name__}: {error}")
            raise
        finally:
            self._keep(method, url, flight, sent_at)
        yield answer

    def _keep(self, method: str, url: URL, flight: _Flight, sent_at: datetime) -> None:
        """Record the call for whoever listens."""
        capture = Capture(
            method=method,
            host=url.host or "",
            path=url.path,
            http_status=flight.http_status,
            headers=flight.headers,
            body=flight.body,
            cause=flight.cause,
            handed_to_socket=flight.handed,
            sent_at=sent_at,
            answered_at=self._clock.now(),
        )
        self._after(capture)
        if (captures := _CAPTURES.get()) is not None:
            captures.append(capture)


def _told_headers(given: object) -> Mapping[str, str]:
    """Return the headers that say something: ccxt 4.5.90 leaves one None without a broker."""
    headers = cast("Mapping[str, str | None]", given or {})
    return {name: value for name, value in headers.items() if value is not None}


@cache
def _timeout(total_s: float) -> aiohttp.ClientTimeout:
    """Return the limits of one request; there are two, for reads and for writes."""
    return aiohttp.ClientTimeout(total=total_s, sock_connect=_CONNECT_S)


class Answer:
    """The part of aiohttp's response that ccxt reads, with the body already here."""

    def __init__(self, response: aiohttp.ClientResponse, body: bytes) -> None:
        self.status = response.status
        self.reason = response.reason
        self.headers = response.headers
        self.content = body

    async def text(self, *, errors: str) -> str:
        """Return the body as text."""
        return self.content.decode("utf-8", errors=errors)


def http_session() -> aiohttp.ClientSession:
    """Return a session without cookies and proxies that notes when bytes may leave."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=_CONNECTIONS_MAX, keepalive_timeout=_KEEP_S),
        trace_configs=[_connection_trace()],
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
    )


def _once() -> aiohttp.ClientMiddlewareType:
    """Return a guard that lets one attempt through and answers the next with the first's end."""
    ended: list[BaseException] = []

    async def guard(
        request: aiohttp.ClientRequest,
        send: Callable[[aiohttp.ClientRequest], Awaitable[aiohttp.ClientResponse]],
    ) -> aiohttp.ClientResponse:
        """Send, unless this very request was sent before."""
        if ended:
            raise ended[0]
        try:
            return await send(request)
        except _BREAKS as error:
            ended.append(error)
            raise

    return guard


def _connection_trace() -> aiohttp.TraceConfig:
    """Return a trace that notes the moment from which bytes may leave."""

    async def handed(_: aiohttp.ClientSession, context: SimpleNamespace, __: object) -> None:
        """Note that a connection is there, new or kept."""
        context.trace_request_ctx.handed = True

    trace = aiohttp.TraceConfig()
    trace.on_connection_create_end.append(handed)
    trace.on_connection_reuseconn.append(handed)
    return trace
