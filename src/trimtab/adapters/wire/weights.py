"""How much a venue lets one address ask in a window, and who goes first when it is spent.

Not pure: it waits. A request is counted before it is sent, and what the venue says in its
answers is counted on top: it also hears what other programs on this address ask. Windows are
the venue's own minutes, or the shorter ones that its profile names, by the venue's clock.

Each rank may fill the window up to a share of its own, so that reads leave room for orders.
Among those who wait the higher rank goes first; one that waits long goes first, too, and
nobody is kept from passing by one who needs more than is left.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from trimtab.domain.errors import NotDone

GUARD_S: Final = 0.1
"""A new window is believed in so much later: our knowledge of the venue's clock is not exact."""
_AGED_S: Final = 20.0
"""After it a request waits in the first rank, behind those who came there before it."""


class Rank(IntEnum):
    """Who goes first."""

    ORDER = 0
    CANCEL = 1
    LOOK_UP = 2
    """An order's fate hangs on the answer."""
    READ = 3


_SHARE: Final[Mapping[Rank, float]] = {
    Rank.ORDER: 1.0,
    Rank.CANCEL: 1.0,
    Rank.LOOK_UP: 0.97,
    Rank.READ: 0.9,
}
"""Share of the window up to which a rank may fill it."""
_PATIENCE_S: Final[Mapping[Rank, float]] = {
    Rank.ORDER: 4.0,
    Rank.CANCEL: 4.0,
    Rank.LOOK_UP: 65.0,
    Rank.READ: 65.0,
}
"""Longest wait. An order that waits grows stale: its run looks afresh instead."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Waiting:
    """One request that waits."""

    rank: Rank
    weight: int
    since: float
    """When it came, on the event loop's clock."""
    passed: asyncio.Future[None]

    def place(self, now: float) -> tuple[int, float]:
        """Return its place in the queue, the smallest first."""
        return (0 if now - self.since >= _AGED_S else self.rank, self.since)


class Weights:
    """The weight of one desk, window by window. *venue_s* tells the venue's time, seconds."""

    def __init__(self, limit: int, *, window_s: int, venue_s: Callable[[], float]) -> None:
        self.limit = limit
        self._window_s = window_s
        self._venue_s = venue_s
        self._window = -1
        self._used = 0
        """In this window, as far as answers tell."""
        self._under_way = 0
        self._is_told = False
        self._queue: list[_Waiting] = []
        self._timer: asyncio.TimerHandle | None = None

    @property
    def told_used(self) -> int | None:
        """What the last answers say is used of this window; None when none told."""
        return self._used_now() if self._is_told else None

    async def take(self, weight: int, *, rank: Rank) -> None:
        """Wait until *weight* fits, and count it as under way; give it back with ``settle``.

        Raises:
            NotDone: it does not fit soon enough for its rank.

        """
        loop = asyncio.get_running_loop()
        waiting = _Waiting(rank=rank, weight=weight, since=loop.time(), passed=loop.create_future())
        self._queue.append(waiting)
        self._serve()
        if waiting.passed.done():
            return
        try:
            async with asyncio.timeout(_PATIENCE_S[rank]):
                await waiting.passed
        except TimeoutError as error:
            if not waiting.passed.cancelled():
                return  # It passed in the same instant.
            left_s = self._window_left_s()
            raise NotDone(
                f"the request weight of {self._window_s} s is spent ({self._used} of {self.limit});"
                f" the next begins in {left_s:.0f} s; nothing was sent",
                retry_after_ms=math.ceil(left_s * 1000),
            ) from error
        except asyncio.CancelledError:
            if waiting.passed.done() and not waiting.passed.cancelled():
                self.settle(weight, is_counted=True)  # It passed and was ended before it knew.
            raise
        finally:
            if waiting in self._queue:
                self._queue.remove(waiting)
                self._serve()

    def settle(self, weight: int, *, is_counted: bool) -> None:
        """End a request; one that left and that no answer *is_counted* in counts by itself."""
        self._under_way -= weight
        if not is_counted:
            self._used = self._used_now() + weight
        self._serve()

    def told(self, used: int, *, trip_s: float) -> None:
        """Take over what an answer says was used; *trip_s* ago its request left.

        When the window has changed on the way it is not known which of the two is meant.
        """
        now_used = self._used_now()
        self._is_told = True
        if self._window_at(self._venue_s() - trip_s) == self._window:
            self._used = max(now_used, used)

    def _serve(self) -> None:
        """Let pass who may, in order of rank; come back when the window ends."""
        now = asyncio.get_running_loop().time()
        self._queue = [each for each in self._queue if not each.passed.done()]
        for waiting in sorted(self._queue, key=lambda each: each.place(now)):
            if self._fits(waiting):
                self._under_way += waiting.weight
                waiting.passed.set_result(None)
                self._queue.remove(waiting)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._queue:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._window_left_s(), self._serve)

    def _fits(self, waiting: _Waiting) -> bool:
        """Say whether a request may leave; the first of a window may, whatever it weighs."""
        spoken_for = self._used_now() + self._under_way
        room = self.limit * _SHARE[waiting.rank]
        return spoken_for + waiting.weight <= room or not spoken_for

    def _used_now(self) -> int:
        """Return what is used of the present window, beginning it if it is new."""
        window = self._window_at(self._venue_s())
        if window != self._window:
            self._window, self._used = window, 0
        return self._used

    def _window_left_s(self) -> float:
        """Return the time until the next window, > 0."""
        return self._window_s - (self._venue_s() - GUARD_S) % self._window_s

    def _window_at(self, venue_s: float) -> int:
        """Return the number of the window at an instant."""
        return int((venue_s - GUARD_S) // self._window_s)
