"""The local exchange over HTTP: aiohttp on loopback, and the faults of the transport.

Binds 127.0.0.1 only. The raw query and body are handed to the exchange as they came.
A dropped connection is closed without an answer.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from aiohttp import web

from trimtab.testnet.admin import PREFIX, respond_admin
from trimtab.testnet.exchange import Exchange
from trimtab.testnet.faults import SHAPING, Fault, Kind
from trimtab.testnet.interventions import set_prices
from trimtab.testnet.scenario import Scenario
from trimtab.testnet.wire import Answer, Request

LOOPBACK = "127.0.0.1"
"""The only address that is served."""
ALWAYS_SERVED = frozenset({"fee_burn", "wallet_balance"})
"""Account endpoints that a venue's own sandbox lacks and this one has, whatever the scenario."""
_STOP_WITHIN_S = 0.2
_UNSENT_BYTES = 64
_PAGE = "<html><body><h1>502 Bad Gateway</h1></body></html>"
_DROPPING = frozenset({Kind.RESET_BEFORE, Kind.RESET_AFTER, Kind.TIMEOUT_BEFORE, Kind.LATE})
_IDLE = frozenset({Kind.RESET_BEFORE, Kind.TIMEOUT_BEFORE, Kind.LATE})
_NONE: Mapping[str, str] = MappingProxyType({})


def wall_ms() -> int:
    """Return the system clock in milliseconds."""
    return time.time_ns() // 1_000_000


class LocalExchange:
    """An exchange on loopback. :attr:`exchange` is the part without the socket."""

    def __init__(self, scenario: Scenario, *, now_ms: Callable[[], int]) -> None:
        self.exchange = Exchange(scenario, now_ms=now_ms)
        self._runner: web.AppRunner | None = None
        self._late: set[asyncio.Task[None]] = set()
        self._port = 0

    @property
    def url(self) -> str:
        """Where it listens, such as ``http://127.0.0.1:8900``."""
        return f"http://{LOOPBACK}:{self._port}"

    async def start(self, *, host: str, port: int) -> None:
        """Listen on *port*; 0 picks a free one.

        Raises:
            ValueError: *host* is not 127.0.0.1.
            OSError: the port is taken.

        """
        if host != LOOPBACK:
            raise ValueError(f"the local exchange binds {LOOPBACK} only, not {host}")
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        app.on_response_prepare.append(self._name_itself)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_STOP_WITHIN_S)
        await runner.setup()
        site = web.TCPSite(runner, host, port)
        await site.start()
        self._runner = runner
        self._port = int(runner.addresses[0][1])

    async def stop(self) -> None:
        """Stop listening; late requests that are still under way are never executed."""
        for task in self._late:
            task.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()

    def truth(self) -> dict[str, Any]:
        """Return what really happened; see :mod:`trimtab.testnet.truth`."""
        return self.exchange.truth()

    def audit(self) -> tuple[str, ...]:
        """Return the differences between accounts and tape; nothing when they agree."""
        return self.exchange.audit()

    def inject(self, fault: Fault) -> int:
        """Put *fault* in force and return its number."""
        return self.exchange.faults.add(fault)

    def clear_faults(self) -> None:
        """Take every fault out of force."""
        self.exchange.faults.clear()

    def set_prices(
        self,
        *,
        mid: Mapping[str, str] = _NONE,
        mark: Mapping[str, str] = _NONE,
        index: Mapping[str, str] = _NONE,
    ) -> None:
        """Move prices; see :func:`trimtab.testnet.interventions.set_prices`."""
        set_prices(self.exchange.state, mid=mid, mark=mark, index=index)

    async def _name_itself(self, _: web.Request, response: web.StreamResponse) -> None:
        """Say in every answer that this is no real exchange, and what it has beyond the usual."""
        serves = {*ALWAYS_SERVED, *self.exchange.state.scenario.serves}
        response.headers["X-Trimtab-Exchange"] = "local"
        response.headers["X-Trimtab-Serves"] = ",".join(sorted(serves))

    async def _answer(self, incoming: web.Request) -> web.StreamResponse:
        """Answer one HTTP request, as its faults will have it."""
        path, _, query = incoming.raw_path.partition("?")
        request = Request(
            method=incoming.method,
            path=path,
            query=query,
            body=await incoming.text(),
            headers={name.lower(): value for name, value in incoming.headers.items()},
        )
        if path.startswith(PREFIX):
            return _written(respond_admin(self.exchange, request))
        struck = self.exchange.faults.strike(
            method=request.method, path=path, params=request.params()
        )
        number = self.exchange.log.arrive(
            request,
            fault=",".join(f.kind.value for f in struck),
            now_ms=self.exchange.state.now_ms,
        )
        call = _Call(self.exchange, request, number, [f for f in struck if f.kind in SHAPING])
        breaking = [f for f in struck if f.kind not in SHAPING]
        if not breaking:
            return call.sent(_written(call.execute()))
        return await self._broken(incoming, call, breaking[0])

    async def _broken(self, incoming: web.Request, call: _Call, fault: Fault) -> web.StreamResponse:
        """Answer a call that a transport fault has struck."""
        wait_s = float(fault.seconds)
        if fault.kind is Kind.LATE:
            task = asyncio.create_task(_execute_late(call, fault))
            self._late.add(task)
            task.add_done_callback(self._late.discard)
        if fault.kind in {Kind.TIMEOUT_BEFORE, Kind.SLOW}:
            await asyncio.sleep(wait_s)
        answer = call.execute() if _executes(fault) else Answer()
        if fault.kind is Kind.TIMEOUT_AFTER:
            await asyncio.sleep(wait_s)
        if fault.kind in _DROPPING:
            return _dropped(incoming)
        if fault.kind is Kind.CUT_BODY:
            return await _cut(incoming, _written(answer))
        return call.sent(_response(answer, fault))


class _Call:
    """One request on its way through the exchange, with the faults that shape its answer."""

    def __init__(
        self, exchange: Exchange, request: Request, number: int, shaping: Sequence[Fault]
    ) -> None:
        self._exchange = exchange
        self._number = number
        self._shaping = shaping
        self.request = request

    def execute(self) -> Answer:
        """Let the exchange act on the request, and shape what it shows."""
        answer = self._exchange.respond(self.request)
        self._exchange.log.note(self._number, executed=True)
        for fault in self._shaping:
            if fault.kind is Kind.INVISIBLE and answer.order_id:
                self._exchange.hide(answer.order_id, self.request.path, fault)
            elif isinstance(answer.payload, list):
                answer = replace(answer, payload=_reshaped(answer.payload, fault.kind))
        return answer

    def sent(self, response: web.Response) -> web.Response:
        """Note what goes out."""
        self._exchange.log.note(self._number, status=response.status)
        return response


async def _execute_late(call: _Call, fault: Fault) -> None:
    """Execute a request whose client has long been cut off."""
    await asyncio.sleep(float(fault.seconds))
    call.request = replace(call.request, ignore_window=fault.ignore_window)
    call.execute()


def _reshaped(rows: list[Any], kind: Kind) -> list[Any]:
    """Return the rows of an answer as a shaping fault shows them."""
    if kind is Kind.DUPLICATE_TRADES:
        return [row for row in rows for _ in range(2)]
    if kind is Kind.REORDER_TRADES:
        return rows[::-1]
    return [] if kind is Kind.DROP_TRADES_PAGE else rows


def _written(answer: Answer) -> web.Response:
    """Write an answer as HTTP."""
    if isinstance(answer.payload, str):
        return web.Response(status=answer.status, text=answer.payload, content_type="text/html")
    return web.Response(
        status=answer.status,
        text=json.dumps(answer.payload, separators=(",", ":")),
        content_type="application/json",
        headers=answer.headers,
    )


def _status(fault: Fault) -> web.Response:
    """Write the answer of a ``status`` fault."""
    kind = "application/json" if fault.body.startswith(("{", "[")) else "text/html"
    return web.Response(
        status=fault.status, text=fault.body, content_type=kind, headers=fault.headers
    )


def _response(answer: Answer, fault: Fault) -> web.Response:
    """Write what a client sees of *answer* behind *fault*."""
    whole = json.dumps(answer.payload)
    spoiled = {Kind.TRUNCATE_JSON: whole[: len(whole) // 2], Kind.EMPTY: "", Kind.HTML: _PAGE}
    if fault.kind is Kind.STATUS:
        return _status(fault)
    if fault.kind not in spoiled:
        return _written(answer)
    shape = "text/html" if fault.kind is Kind.HTML else "application/json"
    return web.Response(text=spoiled[fault.kind], content_type=shape, headers=answer.headers)


def _executes(fault: Fault) -> bool:
    """Say whether the exchange acts on the request before the client hears anything."""
    return fault.executes if fault.kind is Kind.STATUS else fault.kind not in _IDLE


def _dropped(incoming: web.Request) -> web.Response:
    """Close the connection; what is returned can no longer be written."""
    if incoming.transport is not None:
        incoming.transport.abort()
    return web.Response(status=500)


async def _cut(incoming: web.Request, whole: web.Response) -> web.StreamResponse:
    """Send less than the Content-Length promises, then close."""
    body = whole.body if isinstance(whole.body, bytes) else b""
    promised = {"Content-Length": str(len(body) + _UNSENT_BYTES)}
    response = web.StreamResponse(headers=promised)
    response.content_type = "application/json"
    await response.prepare(incoming)
    await response.write(body)
    if incoming.transport is not None:
        incoming.transport.close()
    return response


@asynccontextmanager
async def serve(
    scenario: Scenario, *, port: int = 0, now_ms: Callable[[], int] = wall_ms
) -> AsyncIterator[LocalExchange]:
    """Serve *scenario* on loopback for the length of the block; port 0 picks a free one."""
    exchange = LocalExchange(scenario, now_ms=now_ms)
    await exchange.start(host=LOOPBACK, port=port)
    try:
        yield exchange
    finally:
        await exchange.stop()
