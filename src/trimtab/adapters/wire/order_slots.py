"""How many orders a venue takes from an account in a window, and the queue for them.

Not pure: it waits. asyncio-throttle keeps a sliding window of our own orders. It polls, and
with a hundred waiters that is a hundred tasks awake; so one order at a time asks it, at the
moment when it can say yes, and the others queue behind.

The venue counts arrivals in windows of its clock; we count departures in sliding ones. An
order arrives no later than it is answered, so a window that is longer than the venue's by the
longest round trip of late never lets more arrive in one of the venue's than it takes. What
the venue says it has counted holds as well: another program may trade on the account.
"""

from __future__ import annotations

import asyncio
import math
from bisect import bisect_left
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

from asyncio_throttle.throttler import Throttler

from trimtab.domain.errors import NotDone
from trimtab.venues.profile import OrderLimit

_GUARD_MIN_S: Final = 0.05
_GUARD_MAX_S: Final = 5.0
"""A request that is longer under way is past its receive window: the venue takes it no more."""
_TRIPS: Final = 400
"""So many of the last round trips tell how long one takes."""
_EDGE_S: Final = 0.1
"""A new window is believed in so much later: our knowledge of the venue's clock is not exact."""
_POLL_S: Final = 0.05
"""How often the one who asks looks whether the venue has said something new."""
_PATIENCE_S: Final = 40.0
"""Longest wait: with the order's own timeout it stays below what a run gives an order."""


class _Lane:
    """One limit: a throttler, and what the venue has counted."""

    def __init__(self, limit: OrderLimit, *, venue_s: Callable[[], float]) -> None:
        self.limit = limit
        self._venue_s = venue_s
        self._throttler = Throttler(
            rate_limit=limit.count, period=limit.seconds + _GUARD_MIN_S, retry_interval=_POLL_S
        )
        self._sent: deque[float] = deque()
        """When orders were let go, on the loop's clock, in order: those the throttler counts."""
        self._guard_s = _GUARD_MIN_S
        self._window = -1
        """The venue's window that the following were said of."""
        self._counted = 0
        self._others = (0, 0)
        """Orders that are not ours, in the window before and in this one."""

    def restate(self, limit: OrderLimit) -> None:
        """Take over another count for the same window; what was sent stays counted."""
        self.limit = limit

    @property
    def told_used(self) -> int | None:
        """What the venue says it has counted in this window; None when it has not said."""
        return self._counted if self._window_at(self._venue_s()) == self._window else None

    def wait_s(self, *, guard_s: float, under_way: int) -> float:
        """Return how long no further order may leave, 0 when one may."""
        self._guard_s = guard_s
        self._throttler.period = self.limit.seconds + guard_s
        self._throttler.rate_limit = max(1, self.limit.count - max(self._others))
        now = asyncio.get_running_loop().time()
        while self._sent and now - self._sent[0] > self._throttler.period:
            self._sent.popleft()
        over = len(self._sent) - self._throttler.rate_limit
        ours = self._sent[over] + self._throttler.period - now if over >= 0 else 0.0
        return max(ours, self._venue_wait_s(under_way))

    async def take(self) -> None:
        """Count one order; the throttler has the last word."""
        await self._throttler.acquire()
        self._sent.append(asyncio.get_running_loop().time())

    def told(self, counted: int, *, trip_s: float) -> None:
        """Take over what an answer says was counted; not when the window changed on its way.

        What is more than ours belongs to another program, which is expected to go on so.
        """
        venue_s = self._venue_s()
        window = self._window_at(venue_s)
        if self._window_at(venue_s - trip_s) != window:
            return
        if window != self._window:
            follows = window == self._window + 1
            self._window, self._counted = window, 0
            self._others = (self._others[1] if follows else 0, 0)
        self._counted = max(self._counted, counted)
        began = asyncio.get_running_loop().time() - venue_s % self.limit.seconds - self._guard_s
        ours = len(self._sent) - bisect_left(self._sent, began)
        self._others = (self._others[0], max(self._others[1], counted - ours))

    def _venue_wait_s(self, under_way: int) -> float:
        """Return the time to the venue's next window if it has counted this one full."""
        venue_s = self._venue_s()
        if self._window_at(venue_s) != self._window:
            return 0.0
        if self._counted + under_way < self.limit.count:
            return 0.0
        return self.limit.seconds - venue_s % self.limit.seconds + _EDGE_S

    def _window_at(self, venue_s: float) -> int:
        """Return the number of the venue's window at an instant."""
        return int(venue_s // self.limit.seconds)


class OrderSlots:
    """The order limits of one desk. *venue_s* tells the venue's time, seconds."""

    def __init__(
        self,
        limits: Sequence[OrderLimit],
        *,
        venue_s: Callable[[], float],
        headers: Mapping[int, str],
    ) -> None:
        self._venue_s = venue_s
        self._headers = headers
        self._lanes: dict[int, _Lane] = {}
        self._turn = asyncio.Lock()
        self._under_way = 0
        self._trips: deque[float] = deque(maxlen=_TRIPS)
        self.restate(limits)

    def restate(self, limits: Sequence[OrderLimit]) -> None:
        """Take over the limits that the venue states; what was sent stays counted."""
        for limit in limits:
            if limit.seconds in self._lanes:
                self._lanes[limit.seconds].restate(limit)
            else:
                self._lanes[limit.seconds] = _Lane(limit, venue_s=self._venue_s)

    def usage(self) -> tuple[tuple[str, int | None, int], ...]:
        """Return what each limit counts, what of it the venue says is used, and the limit."""
        return tuple(
            (f"orders in {seconds} s", lane.told_used, lane.limit.count)
            for seconds, lane in sorted(self._lanes.items())
        )

    def told(self, headers: Mapping[str, str], *, trip_s: float) -> None:
        """Read the counts of an answer's *headers*; *trip_s* ago its request left."""
        for seconds, lane in self._lanes.items():
            count = headers.get(self._headers.get(seconds, ""), "")
            if count.isascii() and count.isdigit():
                lane.told(int(count[:9]), trip_s=trip_s)

    @asynccontextmanager
    async def one(self, refuse: Callable[[], None]) -> AsyncIterator[None]:
        """Wait for room, and hold it while the order is under way. First come, first served.

        *refuse* raises when there is no more point in waiting. The turn passes on a round of the
        loop later: an order is written to its socket before the next one is worked out, not after
        all the others, which a loop that runs every task up to its first wait would do.

        Raises:
            NotDone: there is no room soon enough.

        """
        loop = asyncio.get_running_loop()
        until = loop.time() + _PATIENCE_S
        await self._turn.acquire()
        try:
            await self._room(refuse, until=until)
            self._under_way += 1
        finally:
            loop.call_soon(self._turn.release)
        left_at = loop.time()
        try:
            yield
        finally:
            self._under_way -= 1
            self._trips.append(loop.time() - left_at)

    async def _room(self, refuse: Callable[[], None], *, until: float) -> None:
        """Wait until every limit has room, and take it."""
        loop = asyncio.get_running_loop()
        refuse()
        while (wait_s := self._wait_s()) > 0:
            if loop.time() + wait_s > until:
                raise NotDone(
                    f"the venue takes no further order for {wait_s:.0f} s; nothing was sent",
                    retry_after_ms=math.ceil(wait_s * 1000),
                )
            await asyncio.sleep(min(wait_s, _POLL_S))
            refuse()
        for lane in self._lanes.values():
            await lane.take()

    def _wait_s(self) -> float:
        """Return how long no further order may leave, 0 when one may."""
        longest_s = max(self._trips, default=0.0)
        guard_s = min(max(longest_s, _GUARD_MIN_S), _GUARD_MAX_S)
        return max(
            (
                lane.wait_s(guard_s=guard_s, under_way=self._under_way)
                for lane in self._lanes.values()
            ),
            default=0.0,
        )
