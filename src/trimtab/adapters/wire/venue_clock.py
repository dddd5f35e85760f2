"""What time it is at the venue. Not pure: it asks and waits.

Of several round trips the shortest says most: its midpoint is nearest to the moment at which
the venue read its clock, and half of it bounds the error. What is kept is the venue's time at
one instant of our *monotonic* clock, because the wall clock may be stepped at any moment:
the venue's time goes on with the monotonic one, and what differs now is the wall clock's
offset now, not at the time of measuring. A computer that slept shows as a step, too.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from trimtab.domain.errors import NotDone
from trimtab.domain.snapshot import ClockReading
from trimtab.ports import Clock
from trimtab.venues.profile import Desk

_SAMPLES: Final = 4
_RESOLUTION_MS: Final = 1.0
"""The venue tells whole milliseconds, cut off."""
_GOOD_FOR_S: Final = 300.0
_STEP_MS: Final = 50.0
"""A wall clock that moved by more against the monotonic one was set, not slewed."""
_DRIFT: Final = 100e-6
"""Most that an ordinary quartz gains or loses, as a ratio."""
_MS: Final = timedelta(milliseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """The venue's time at one instant of our monotonic clock."""

    venue_at: datetime
    monotonic_s: float
    """That instant, on the event loop's clock."""
    uncertainty_ms: float
    """Half of the round trip and the venue's resolution, >= 0."""
    offset_ms: float
    """How far the venue was ahead of our wall clock then."""

    def age_s(self) -> float:
        """Return the time since that instant."""
        return asyncio.get_running_loop().time() - self.monotonic_s

    def now(self) -> datetime:
        """Return the venue's time now."""
        return self.venue_at + timedelta(seconds=self.age_s())


async def measure(clock: Clock, ask: Callable[[], Awaitable[datetime]]) -> Anchor:
    """Tie the clock that *ask* reads to our monotonic one, by the shortest of four round trips.

    The first also opens the connection, so it seldom is the shortest.

    Raises:
        NotDone: the venue does not answer.

    """
    taken = [await _sample(clock, ask) for _ in range(_SAMPLES)]
    return min(taken, key=lambda anchor: anchor.uncertainty_ms)


async def _sample(clock: Clock, ask: Callable[[], Awaitable[datetime]]) -> Anchor:
    """Ask once."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    told = await ask()
    ended = loop.time()
    half_s = (ended - started) / 2
    venue_at = told + timedelta(seconds=half_s)
    return Anchor(
        venue_at=venue_at,
        monotonic_s=ended,
        uncertainty_ms=half_s * 1000 + _RESOLUTION_MS,
        offset_ms=(venue_at - clock.now()) / _MS,
    )


async def measure_by_steps(
    clock: Clock, ask: Callable[[], Awaitable[datetime]], *, unit_ms: int
) -> Anchor:
    """Tie a clock that tells units of *unit_ms* to our monotonic one.

    Each question falls where a unit ends if the middle of what is possible is true: the answer
    tells which half is, so that four of them leave a sixteenth, and half of a round trip.

    Raises:
        NotDone: the venue does not answer.

    """
    loop, unit_s = asyncio.get_running_loop(), unit_ms / 1000
    least, most = -math.inf, math.inf
    ended, half_trip_s = loop.time(), 0.0
    for _ in range(_SAMPLES + 1):
        if math.isfinite(least + most):
            arrives_at = loop.time() + half_trip_s + (least + most) / 2
            await clock.sleep(-arrives_at % unit_s)
        started = loop.time()
        told = (await ask()).timestamp()
        ended = loop.time()
        half_trip_s = (ended - started) / 2
        first, last = told - ended, told + unit_s - started
        if max(least, first) <= min(most, last):
            least, most = max(least, first), min(most, last)
        else:
            least, most = first, last  # One of the two clocks was set meanwhile.
    venue_at = _EPOCH + timedelta(seconds=ended + (least + most) / 2)
    return Anchor(
        venue_at=venue_at,
        monotonic_s=ended,
        uncertainty_ms=(most - least) / 2 * 1000 + _RESOLUTION_MS,
        offset_ms=(venue_at - clock.now()) / _MS,
    )


class VenueClocks:
    """The clocks of a venue's desks, each a host of its own, and the limit for ours."""

    def __init__(self, clock: Clock, *, max_offset_ms: int, unit_ms: int = 1) -> None:
        """Take the limit for ours, and the unit in which the venue tells its time."""
        self.clock = clock
        self._max_offset_ms = max_offset_ms
        self._unit_ms = unit_ms
        self._anchors: dict[Desk, Anchor] = {}
        self._measuring = {desk: asyncio.Lock() for desk in Desk}

    def now(self, desk: Desk) -> datetime:
        """Return the venue's time; ours as long as it was not measured."""
        anchor = self._anchors.get(desk)
        return self.clock.now() if anchor is None else anchor.now()

    def forget(self, desk: Desk) -> None:
        """Have the clock measured anew before it is used again: the venue disputes it."""
        self._anchors.pop(desk, None)

    async def measured(self, desk: Desk, ask: Callable[[], Awaitable[datetime]]) -> ClockReading:
        """Measure now, and return how far the clocks are apart.

        Raises:
            NotDone: the venue does not answer.

        """
        if self._unit_ms == 1:
            anchor = await measure(self.clock, ask)
        else:
            anchor = await measure_by_steps(self.clock, ask, unit_ms=self._unit_ms)
        self._anchors[desk] = anchor
        return self._apart(anchor)

    async def good(self, desk: Desk, ask: Callable[[], Awaitable[datetime]]) -> None:
        """Measure unless the last measuring still holds; whoever comes meanwhile waits for it.

        Raises:
            NotDone: the venue does not answer.

        """
        if self._holds(desk):
            return
        async with self._measuring[desk]:
            if not self._holds(desk):
                await self.measured(desk, ask)

    def require_close(self, desk: Desk) -> None:
        """Hold an order back, at the moment of sending, when the clocks are too far apart.

        Raises:
            NotDone: they are, or it is not known.

        """
        apart = self.apart(desk)
        if abs(apart.offset_ms) + apart.uncertainty_ms > self._max_offset_ms:
            raise NotDone(
                f"the venue's clock is {apart.offset_ms:+d} ms from this machine's, sure to"
                f" {apart.uncertainty_ms} ms; risk.max_clock_offset_ms allows"
                f" {self._max_offset_ms}; no order was sent",
                next_step="set this machine's clock by NTP, then run the same command again",
            )

    def apart(self, desk: Desk) -> ClockReading:
        """Return how far the wall clock is from the clock of *desk* now.

        Raises:
            NotDone: it is not measured.

        """
        anchor = self._anchors.get(desk)
        if anchor is None:
            raise NotDone("the venue's clock is not measured; no order was sent")
        return self._apart(anchor)

    def _apart(self, anchor: Anchor) -> ClockReading:
        """Return how far the wall clock is from the venue's now."""
        drift_ms = anchor.age_s() * _DRIFT * 1000
        return ClockReading(
            offset_ms=round((anchor.now() - self.clock.now()) / _MS),
            uncertainty_ms=math.ceil(anchor.uncertainty_ms + drift_ms),
        )

    def _holds(self, desk: Desk) -> bool:
        """Say whether a measuring is young and the wall clock was not set since."""
        anchor = self._anchors.get(desk)
        if anchor is None or anchor.age_s() > _GOOD_FOR_S:
            return False
        moved_ms = (anchor.now() - self.clock.now()) / _MS - anchor.offset_ms
        return abs(moved_ms) <= _STEP_MS


def worst(readings: Iterable[ClockReading]) -> ClockReading:
    """Return the reading that may be the farthest off."""
    return max(readings, key=lambda each: abs(each.offset_ms) + each.uncertainty_ms)
