"""One ccxt exchange, with every call judged by its raw answer.

Not pure: it talks to the venue. ccxt signs, routes and formats; what an answer means is
decided here from the captured bytes. Reads are repeated a few times; writes never are.
Calls into ccxt run in a decimal context of their own, because ccxt 4.5.90 changes the
rounding of whatever context it finds and leaves it changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Coroutine,
    Iterator,
    Mapping,
)
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, DivisionByZero, InvalidOperation, localcontext
from functools import partial
from typing import Any, Final, TypeVar

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)

from trimtab.adapters.wire.budget import Budget
from trimtab.adapters.wire.exact import (
    Unreadable,
    Unserved,
    field,
    instant,
    integer_of,
    mapping_of,
    milliseconds,
)
from trimtab.adapters.wire.transport import scrubbed
from trimtab.adapters.wire.turns import Turns
from trimtab.adapters.wire.venue_clock import VenueClocks, worst
from trimtab.adapters.wire.verdict import Judgement, Verdict, judge_read, judge_write
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.errors import NotDone, Refused, VenueError
from trimtab.domain.snapshot import ClockReading
from trimtab.venues.profile import Desk, VenueProfile

T = TypeVar("T")

_ATTEMPTS: Final = 4
_PATIENCE_MS: Final = 2_000
"""Longest silence that a read waits out by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A read of the venue, by the name ccxt gives the raw call."""

    desk: Desk
    method: str
    rank: Rank = Rank.READ
    """What it comes before when the weight of a minute is short."""


_DESK: ContextVar[Desk] = ContextVar("desk", default=Desk.SPOT)
"""Whose clock a request of this task is stamped by."""


class Wire:
    """A ccxt exchange whose session is our courier."""

    def __init__(
        self,
        exchange: Any,  # noqa: ANN401 -- ccxt has no types that describe it.
        *,
        budget: Budget,
        clocks: VenueClocks,
        profile: VenueProfile,
        ccxt_error: type[Exception],
    ) -> None:
        self.exchange = exchange
        self.budget = budget
        self.profile = profile
        self.clocks = clocks
        self.clock = clocks.clock
        self.ccxt_error = ccxt_error
        self._turns = Turns(numbers_rise=profile.numbers_rise)
        _stamp_by(clocks, exchange)

    async def read(
        self, endpoint: Endpoint, params: Mapping[str, Any], of: Callable[[Any], T]
    ) -> T:
        """Ask, and return the answer as *of* reads it.

        Raises:
            NotDone: no usable answer after a few attempts.
            Refused: the venue declines; ``evidence.code`` says why.

        """
        once = partial(self._read_once, endpoint, params, of)
        return await _repeated(once, sleep=self.clock.sleep)

    async def _read_once(
        self, endpoint: Endpoint, params: Mapping[str, Any], of: Callable[[Any], T]
    ) -> T:
        """Ask once."""
        if is_private := _is_private(endpoint.method):
            await self.synchronised(endpoint.desk)
        weight = self.profile.weights[endpoint.method].of(params)
        weighed = self.budget.weighed(endpoint.desk, weight, rank=endpoint.rank)
        turn = self._turns.one(is_private=is_private)
        async with weighed as captures, turn, _prepared(endpoint.desk):
            try:
                await getattr(self.exchange, endpoint.method)(dict(params))
            except VenueError:
                raise
            except reading_failures(self.ccxt_error) as error:
                # Judged below, from what came and not from what ccxt made of it.
                if not captures:
                    told = scrubbed(f"{type(error).__name__}: {error}")
                    raise Refused(f"{endpoint.method}: ccxt did not send it, {told}") from error
        if not captures:
            raise Refused(f"{endpoint.method}: ccxt did not send it")
        codes = self.profile.codes[endpoint.desk]
        return self._told(judge_read(captures[-1], codes), endpoint, of)

    def _told(self, judgement: Judgement[Any], endpoint: Endpoint, of: Callable[[Any], T]) -> T:
        """Return what an accepted read says, raise what any other means."""
        if judgement.verdict is not Verdict.ACCEPTED:
            _doubt(self, endpoint.desk, judgement.evidence.code)
            raise judgement.error(endpoint.method)
        try:
            return of(judgement.accepted)
        except Unserved as error:
            raise NotDone(
                f"the account is not served: {error}",
                next_step=error.next_step,
                evidence=judgement.evidence,
            ) from error
        except Unreadable as error:
            raise NotDone(
                f"{endpoint.method}: unreadable answer, {error}", evidence=judgement.evidence
            ) from error

    async def write(
        self,
        desk: Desk,
        call: Callable[[], Awaitable[object]],
        *,
        read: Callable[[Any], T | None],
        rank: Rank,
    ) -> Judgement[T]:
        """Send once, whatever happens, and judge the raw answer; *read* acknowledges it.

        Raises:
            NotDone: held back before a byte was sent.
            Refused: the request may not be sent at all.

        """
        await self.synchronised(desk)
        cause: Exception | None = None
        weighed = self.budget.weighed(desk, self.profile.write_weight, rank=rank)
        async with weighed as captures, self._turns.one(), _prepared(desk):
            try:
                await call()
            except Exception as error:
                # The boundary of a write: what is not known is judged below, and the default
                # is unknown. A cancelled task is no Exception and passes.
                if isinstance(error, VenueError) and not captures:
                    raise
                cause = error
        codes = self.profile.codes[desk]
        judgement = judge_write(captures, codes, read=read, now=self.clock.now(), cause=cause)
        _doubt(self, desk, judgement.evidence.code)
        return _with_an_end(judgement, self.budget)

    async def synchronised(self, desk: Desk) -> None:
        """Measure the clock of *desk* unless that was done lately; requests are stamped by it.

        Raises:
            NotDone: the venue does not answer.

        """
        await self.clocks.good(desk, lambda: self.venue_now(desk))

    async def read_clocks(self, desks: Collection[Desk]) -> ClockReading:
        """Measure the clocks of *desks* and return how far the farthest is from ours.

        Raises:
            NotDone: the venue does not answer.

        """
        measured = (self.clocks.measured(d, partial(self.venue_now, d)) for d in desks)
        return worst(await together(*measured))

    async def clocks_now(self, desks: Collection[Desk]) -> ClockReading:
        """Return how far the farthest of *desks* is from ours by now, measured anew if it moved.

        Raises:
            NotDone: the venue does not answer.

        """
        for desk in desks:
            await self.synchronised(desk)
        return worst(self.clocks.apart(desk) for desk in desks)

    async def venue_now(self, desk: Desk) -> datetime:
        """Return the present instant by the venue's clock.

        Raises:
            NotDone: the venue does not answer.

        """
        place = self.profile.time_fields.get(desk, self.profile.time_field)
        endpoint = Endpoint(desk=desk, method=self.profile.time_calls[desk], rank=Rank.LOOK_UP)
        of = partial(_instant_at, place=place, unit_ms=self.profile.time_unit_ms)
        return await self.read(endpoint, self.profile.time_params[desk], of)


def _stamp_by(clocks: VenueClocks, exchange: Any) -> None:  # noqa: ANN401 -- ccxt is untyped.
    """Have ccxt date what it sends by the venue's clock, in milliseconds and in seconds."""
    exchange.options["timeDifference"] = 0  # What it stamps with is the venue's time already.
    exchange.milliseconds = lambda: milliseconds(clocks.now(_DESK.get()))
    exchange.seconds = lambda: exchange.milliseconds() // 1000


def _is_private(method: str) -> bool:
    """Say whether a call of that name is about an account."""
    return "rivate" in method or method.startswith("sapi")


def _instant_at(answer: object, *, place: str, unit_ms: int) -> datetime:
    """Return the instant at a place of an answer; a point leads into an object or a list.

    It counts units of so many milliseconds.

    Raises:
        Unreadable: there is none.

    """
    *outer, name = place.split(".")
    for part in outer:
        if isinstance(answer, list):
            answer = dict(enumerate(answer)).get(int(part))
        else:
            answer = field(mapping_of(answer), part)
    return instant(integer_of(mapping_of(answer), name) * unit_ms)


async def _repeated(
    once: Callable[[], Awaitable[T]], *, sleep: Callable[[float], Awaitable[None]]
) -> T:
    """Ask until there is an answer, a refusal, or no more point.

    Only who has to repeat pays for tenacity, which every read of a run would otherwise do.
    """
    try:
        return await once()
    except NotDone as error:
        first = [error]

    async def attempt() -> T:
        """Fail as the first attempt did, then ask."""
        if first:
            raise first.pop()
        return await once()

    retrying = AsyncRetrying(
        stop=stop_after_attempt(_ATTEMPTS),
        wait=_wait_s,
        retry=retry_if_exception(_is_worth_repeating),
        sleep=sleep,
        reraise=True,
    )
    return await retrying(attempt)


def _doubt(wire: Wire, desk: Desk, code: str) -> None:
    """Have the clock of *desk* measured anew when *code* disputes what we believe of it."""
    if code in wire.profile.codes[desk].wrong_time:
        wire.clocks.forget(desk)


def _with_an_end(judgement: Judgement[T], budget: Budget) -> Judgement[T]:
    """Return a judgement with an end of the silence that is wanted: the venue's, or ours."""
    if judgement.verdict is not Verdict.THROTTLED or judgement.retry_after_ms:
        return judgement
    return replace(judgement, retry_after_ms=budget.silent_ms())


def reading_failures(ccxt_error: type[Exception]) -> tuple[type[Exception], ...]:
    """Return what ccxt raises over an answer: its own errors, and stumbles over odd JSON."""
    odd = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
    return (ccxt_error, OSError, *odd)


@asynccontextmanager
async def _prepared(desk: Desk) -> AsyncIterator[None]:
    """Have ccxt calculate in a context of its own, and stamp by the clock of *desk*."""
    token = _DESK.set(desk)
    try:
        with ccxt_arithmetic():
            yield
    finally:
        _DESK.reset(token)


@contextmanager
def ccxt_arithmetic() -> Iterator[None]:
    """Give ccxt a decimal context of its own: it reads the ambient one, and changes it."""
    traps = [DivisionByZero, InvalidOperation]
    with localcontext(Context(prec=50, rounding=ROUND_HALF_EVEN, traps=traps)):
        yield


async def together(*calls: Coroutine[Any, Any, Any]) -> tuple[Any, ...]:
    """Await all side by side; when one fails, end the others and raise its error."""
    tasks = [asyncio.create_task(call) for call in calls]
    try:
        return tuple(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


_JITTER: Final = wait_random_exponential(multiplier=0.2, max=2)


def _wait_s(state: RetryCallState) -> float:
    """Wait with jitter, but not less than the venue asked for: within it nothing is sent."""
    error = state.outcome.exception() if state.outcome else None
    silence_ms = error.retry_after_ms if isinstance(error, NotDone) else 0
    return max(_JITTER(state), silence_ms / 1000)


def _is_worth_repeating(error: BaseException) -> bool:
    """Say whether a read may do better in a moment."""
    if isinstance(error, Refused) or not isinstance(error, NotDone):
        return False
    if isinstance(error.__cause__, Unserved):
        return False  # A person has to set something first.
    return error.retry_after_ms <= _PATIENCE_MS
