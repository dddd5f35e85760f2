"""How much a venue lets us ask and order, and when it wants silence.

Not pure: it waits. Orders pass asyncio-throttle, one throttler per limit of a desk; request
weight is read back from the answers; a 429 or 418 silences every task of every desk, since
the venue counts per address. All durations are seconds on the event loop's clock.

Whoever may not wait is told NotDone at once. Priorities between orders, cancels, lookups
and reads would be decided in :meth:`Budget.order` and :meth:`Budget.read`, the only doors.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from typing import Final

from asyncio_throttle.throttler import Throttler

from trimtab.adapters.ccxt_transport import Capture
from trimtab.adapters.ccxt_verdict import retry_after_ms
from trimtab.domain.errors import NotDone
from trimtab.venues.profile import Desk, OrderLimit, VenueProfile

_MARGIN: Final = 1.02
"""Windows are taken this much longer: the venue counts arrivals, we count departures."""
_POLLS_PER_WINDOW: Final = 200
_WEIGHT_RESERVE: Final = 0.9
"""Share of the weight that reads may use; the rest is for what orders depend on."""
_MINUTE_S: Final = 60.0
_UNSAID_S: Final[Mapping[int, float]] = {418: 120.0, 429: 60.0}
"""Silence when the venue names none: the shortest ban, and one window of weight."""


class Budget:
    """The limits of one venue for this process."""

    def __init__(self, profile: VenueProfile) -> None:
        self._desks = profile.desk_of_host
        self._weight_limits = profile.weight_limits
        self._limits = dict(profile.order_limits)
        self._throttlers = {desk: _throttlers(limits) for desk, limits in self._limits.items()}
        self._used: dict[Desk, tuple[int, float]] = {}
        self._silent_until = -math.inf

    def learn(self, desk: Desk, limits: Sequence[OrderLimit]) -> None:
        """Take over the order limits that the venue states; unchanged ones keep their count."""
        stated = tuple(limits)
        if stated and stated != self._limits.get(desk):
            self._limits[desk] = stated
            self._throttlers[desk] = _throttlers(stated)

    async def order(self, desk: Desk) -> None:
        """Wait until one more order may be sent.

        Raises:
            NotDone: the venue wants silence.

        """
        for throttler in self._throttlers[desk]:
            await throttler.acquire()
        self._refuse_while_silent()

    async def read(self, desk: Desk, *, urgent: bool) -> None:
        """Wait until the weight of the running minute allows one more read.

        *urgent* ones do not wait: they use the share that the others leave.

        Raises:
            NotDone: the venue wants silence.

        """
        used, seen_at = self._used.get(desk, (0, -math.inf))
        left = seen_at + _MINUTE_S - _now()
        spent = used >= self._weight_limits[desk] * _WEIGHT_RESERVE
        if spent and left > 0 and not urgent:
            await asyncio.sleep(left)
        self._refuse_while_silent()

    def before(self, host: str) -> None:  # noqa: ARG002 -- a ban is on our address, not on a host.
        """Hold a request back at the last moment before the socket.

        Raises:
            NotDone: the venue wants silence.

        """
        self._refuse_while_silent()

    def after(self, capture: Capture) -> None:
        """Learn from an answer: weight used, and silence that is asked for."""
        status = capture.http_status
        if status in _UNSAID_S:
            wanted = retry_after_ms(capture) / 1000 or _UNSAID_S[status]
            self._silent_until = max(self._silent_until, _now() + wanted)
        used = capture.headers.get("x-mbx-used-weight-1m", "")
        if used.isascii() and used.isdigit() and capture.host in self._desks:
            self._used[self._desks[capture.host]] = (int(used), _now())

    def _refuse_while_silent(self) -> None:
        """Raise while the venue wants silence."""
        left = self._silent_until - _now()
        if left > 0:
            raise NotDone(
                f"the venue wants silence for {left:.1f} s; nothing was sent",
                retry_after_ms=math.ceil(left * 1000),
            )


def _throttlers(limits: Sequence[OrderLimit]) -> tuple[Throttler, ...]:
    """Return one throttler per limit, woken rarely: polling is all it does."""
    return tuple(
        Throttler(
            rate_limit=limit.count,
            period=limit.seconds * _MARGIN,
            retry_interval=limit.seconds / _POLLS_PER_WINDOW,
        )
        for limit in limits
    )


def _now() -> float:
    """Return the event loop's time, seconds."""
    return asyncio.get_running_loop().time()
