"""The bytes between ccxt and the exchange: stands for aiohttp's session under the courier.

A request is handed over, travels, is executed by the exchange in process, and its answer
travels back. What has left goes on even when its process dies. Faults strike on the way.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson
from multidict import CIMultiDict
from yarl import URL

from tests.simulation.faults import (
    LATE,
    ORDERS,
    PROCESSING_S,
    SHAPING,
    STOPS,
    TRADES,
    Kind,
    Strike,
)
from tests.simulation.points import Point
from tests.simulation.process import PROCESS, Process
from trimtab.testnet import Answer, Fault, Request
from trimtab.testnet import Kind as Testnet

if TYPE_CHECKING:
    from tests.simulation.world import World

_PAGE = "<html><body><h1>502 Bad Gateway</h1></body></html>"
_DROPS = frozenset({Kind.RESET_BEFORE, Kind.RESET_AFTER, *LATE})
_ALMOST_S = 0.002
_LAG_S = 45.0
"""How long a list at most does not show what the others show."""
MARGIN_S = 2.0
"""How far the program's fence lies behind the venue's promise, for the clocks."""
_LISTS = frozenset(
    {"/api/v3/allOrders", "/fapi/v1/allOrders", "/api/v3/openOrders", "/fapi/v1/openOrders"}
    | {"/fapi/v1/openAlgoOrders", "/fapi/v1/allAlgoOrders"}
)
_OPEN_STOPS = "/fapi/v1/openAlgoOrders"
"""Nothing goes wrong with it where no stop can be in it: those seeds keep what they mean."""
_ORDER = (Point.BEFORE_ORDER, Point.ORDER, Point.ORDER_ANSWER)
_SETTING = (Point.BEFORE_REQUEST, Point.SETTING, Point.SETTING_ANSWER)
_LOOKING = (Point.BEFORE_REQUEST, Point.LOOKING, Point.ANSWER)
_OTHER = (Point.BEFORE_REQUEST, Point.REQUEST, Point.ANSWER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wired:
    """What came back: status, headers and whole body."""

    status: int
    headers: CIMultiDict[str]
    body: bytes
    cut: bool

    reason = ""

    async def read(self) -> bytes:
        """Return the body.

        Raises:
            ClientPayloadError: it ended before its announced length.

        """
        if self.cut:
            raise aiohttp.ClientPayloadError("Response payload is not completed")
        return self.body


class Line:
    """A session whose other end is the exchange in process."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._process = PROCESS.get()

    @asynccontextmanager
    async def request(self, method: str, url: URL, **options: Any) -> AsyncIterator[Wired]:
        """Carry one request there and its answer back, or fail as a transport does."""
        process, world = self._process, self._world
        request = _request(method, url, options)
        if request.path == _OPEN_STOPS and not world.setting.has_stops:
            options["trace_request_ctx"].handed = True
            yield _written(world.exchange.respond(request))
            return
        before, under_way, here = _points(request)
        process.reached(before)
        call = world.begin_call(process, request)
        strikes = world.weather.strikes(call, path=request.path, is_write=method != "GET")
        world.tape.say(world.now_s, f"p{process.number}", f"c{call}", _shown(request), *strikes)
        if any(s.kind is Kind.REFUSED_CONNECTION for s in strikes):
            raise aiohttp.ClientConnectionError("Cannot connect to host")
        options["trace_request_ctx"].handed = True
        world.law.departs(process, request, strikes)
        coming = world.loop.create_future()
        flight = _Flight(world, process, request, coming, strikes)
        flight.call = call
        flight.depart()
        process.reached(under_way)
        try:
            async with asyncio.timeout(options["timeout"].total):
                answer = await coming
        finally:
            flight.heard = False
        process.reached(here)
        _obey(process, answer, world.now_s)
        yield answer

    async def close(self) -> None:
        """Close nothing: there is no connection."""


class _Flight:
    """One request under way; lives on when its sender does not."""

    call: int

    def __init__(
        self,
        world: World,
        process: Process,
        request: Request,
        coming: asyncio.Future[Wired],
        strikes: tuple[Strike, ...],
    ) -> None:
        self.heard = True
        self._world, self._process, self._request = world, process, request
        self._coming = coming
        self._breaking = next((s for s in strikes if s.kind not in SHAPING), None)
        self._shaping = [s for s in strikes if s.kind in SHAPING]

    def depart(self) -> None:
        """Start the way."""
        self._there_s, self._back_s = self._world.latency(self.call)
        fault, later = self._breaking, self._world.loop.call_later
        arrives = self._there_s
        if fault is not None and fault.kind is Kind.SLOW:
            arrives += fault.seconds
        elif fault is not None and fault.kind in LATE:
            self._come_late(fault)
        later(arrives, self._arrive)

    def _come_late(self, fault: Strike) -> None:
        """Reach the exchange when the connection has long been lost."""
        later, late_s = self._world.loop.call_later, self._there_s + fault.seconds
        match fault.kind:
            case Kind.LATE_AT_THE_FENCE:
                later(self._until_the_fence_s(), self._execute_beyond_the_window)
            case Kind.AFTER_THE_FENCE:
                until_s = self._until_the_fence_s() + MARGIN_S + fault.seconds
                later(until_s, self._execute_beyond_the_window)
            case Kind.LATE_THEN_KILL:
                later(self._there_s + fault.seconds / 2, self._process.kill, Point.APART)
                later(late_s, self._execute)
            case _:
                later(late_s, self._execute)

    def _arrive(self) -> None:
        """Reach the exchange."""
        fault = self._breaking
        if fault is None:
            self._land(_written(self._execute()))
            return
        answer = self._execute() if fault.executes else Answer()
        if fault.kind in _DROPS:
            self._drop()
        elif fault.kind is Kind.SILENT_AFTER:
            self._land(_written(answer), later_s=fault.seconds)
        elif fault.kind is not Kind.SILENT_BEFORE:
            self._land(_spoiled(answer, fault))

    def _execute(self) -> Answer:
        """Let the exchange act, and change what it shows as faults will have it."""
        answer = self._world.execute(self._process, self.call, self._request)
        if answer.order_id:
            self._process.passed(Point.TAKEN)
        for shape in self._shaping:
            if shape.kind is Kind.INVISIBLE:
                if answer.order_id:
                    self._world.hide(answer.order_id, self._request.path, self._hidden(shape))
            elif shape.kind is Kind.STALE:
                answer = _before_its_execution(answer)
            elif isinstance(answer.payload, list):
                answer = replace(answer, payload=_reshaped(answer.payload, shape))
        return answer

    def _hidden(self, strike: Strike) -> Fault:
        """Return what hides an order, in each list for another while.

        No longer than it may be accepted late; but one list may lag far behind the others.
        """
        draw = self._world.chance.draws("hidden", self.call)
        places = ("order", "open_orders", "all_orders", "trades")
        longest = min(strike.seconds, self._until_the_fence_s())
        hidden = {place: round(1000 * longest * draw.random()) for place in places}
        if draw.random() < 0.3:
            hidden[draw.choice(places)] = round(1000 * draw.uniform(15.0, _LAG_S))
        return Fault(kind=Testnet.INVISIBLE, hide_ms=hidden)

    def _execute_beyond_the_window(self) -> None:
        """Execute outside the window: it was checked, the matching came late."""
        self._request = replace(self._request, ignore_window=True)
        asked = self._request.params()
        fault, name = self._breaking, asked.get("newClientOrderId", self._request.path)
        if fault is None or fault.kind is not Kind.AFTER_THE_FENCE:
            self._execute()
            return
        self._world.law.witness.beyond.add(name)
        if self._execute().order_id:
            self._world.tape.say(self._world.now_s, "accepted after the fence", name)
        else:
            self._world.law.witness.beyond.discard(name)

    def _until_the_fence_s(self) -> float:
        """Return the time until the venue can no longer accept the request."""
        asked = self._request.params()
        until_ms = int(asked.get("timestamp", 0)) + int(asked.get("recvWindow", 0))
        left_s = (until_ms - self._world.exchange.state.now_ms) / 1000 + PROCESSING_S
        return max(_ALMOST_S, left_s - _ALMOST_S)

    def _drop(self) -> None:
        """Break the connection."""
        if self.heard and not self._coming.done():
            self._coming.set_exception(aiohttp.ServerDisconnectedError())

    def _land(self, answer: Wired, *, later_s: float = 0.0) -> None:
        """Send the answer on its way back."""

        def landed() -> None:
            if self.heard and not self._coming.done():
                self._world.tape.say(self._world.now_s, f"c{self.call}", "told", answer.status)
                self._coming.set_result(answer)

        self._world.loop.call_later(self._back_s + later_s, landed)


def _points(request: Request) -> tuple[Point, Point, Point]:
    """Return the points before a request, while it is under way, and at its answer."""
    if is_order(request):
        return _ORDER
    if request.method != "GET":
        return _SETTING
    return _LOOKING if request.path in ORDERS | TRADES | STOPS | _LISTS else _OTHER


def _request(method: str, url: URL, options: Mapping[str, Any]) -> Request:
    """Return the request as the exchange takes it."""
    body = options.get("data") or b""
    headers = {str(k).lower(): str(v) for k, v in (options.get("headers") or {}).items()}
    return Request(
        method=method,
        path=url.raw_path,
        query=url.raw_query_string,
        body=body.decode() if isinstance(body, bytes) else str(body),
        headers=headers,
    )


def _shown(request: Request) -> str:
    """Return a request for the trace, without its signature."""
    told = sorted((k, v) for k, v in request.params().items() if k != "signature")
    return f"{request.method} {request.path} {told}"


def _written(answer: Answer) -> Wired:
    """Write an answer as bytes."""
    is_page = isinstance(answer.payload, str)
    body = answer.payload.encode() if is_page else orjson.dumps(answer.payload)
    return _wired(answer.status, body, answer.headers)


def _wired(status: int, body: bytes, headers: Mapping[str, str]) -> Wired:
    """Return bytes with headers as the wire has them."""
    kind = "text/html" if body.startswith(b"<") else "application/json"
    return Wired(
        status=status,
        headers=CIMultiDict({"Content-Type": kind} | dict(headers)),
        body=body,
        cut=False,
    )


def _spoiled(answer: Answer, fault: Strike) -> Wired:
    """Return what a client sees of an answer behind a fault."""
    match fault.kind:
        case Kind.UNSURE_STATUS | Kind.DECLINED_STATUS:
            return _wired(fault.status, fault.body.encode(), {})
        case Kind.THROTTLED | Kind.BANNED:
            wait = {"Retry-After": str(int(fault.seconds))}
            return _wired(fault.status, fault.body.encode(), wait)
        case Kind.HTML:
            return _wired(200, _PAGE.encode(), {})
        case _:
            return _damaged(_written(answer), fault.kind)


def _damaged(whole: Wired, kind: Kind) -> Wired:
    """Return what a fault leaves of an answer."""
    match kind:
        case Kind.TRUNCATED:
            return replace(whole, body=whole.body[: len(whole.body) // 2])
        case Kind.EMPTY:
            return replace(whole, body=b"")
        case Kind.BARE:
            return replace(whole, body=b"{}")
        case Kind.CUT_BODY:
            return replace(whole, cut=True)
        case _:
            return whole


def _before_its_execution(answer: Answer) -> Answer:
    """Return an order as a picture shows it that was taken before it was matched."""
    told = answer.payload
    if not isinstance(told, dict) or "executedQty" not in told:
        return answer
    nothing = {"status": "PENDING_NEW", "executedQty": "0", "fills": []}
    return replace(answer, payload=told | nothing)


def _reshaped(rows: list[Any], strike: Strike) -> list[Any]:
    """Return the rows of a list as a fault shows them."""
    kind = strike.kind
    if kind is Kind.DOUBLED_ROWS:
        return [row for row in rows for _ in range(2)]
    if kind is Kind.REVERSED_ROWS:
        return rows[::-1]
    if kind is Kind.MISSING_PAGE or not rows:
        return []
    left_out = int(strike.seconds * 1000) % len(rows)
    return rows[:left_out] + rows[left_out + 1 :]


def _obey(process: Process, answer: Wired, now_s: float) -> None:
    """Note for how long this answer asks the process for silence."""
    if answer.status in {418, 429} and (wait := answer.headers.get("Retry-After")):
        process.silent_until = max(process.silent_until, now_s + int(wait))


def is_order(request: Request) -> bool:
    """Say whether a request asks for a new order, or a stop."""
    return request.method == "POST" and request.path in ORDERS | STOPS
