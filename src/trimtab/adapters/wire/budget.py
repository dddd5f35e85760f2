"""How much a venue lets us ask and order, and when it wants silence.

Not pure: it waits. One for a venue, shared by everything that talks to it: request weight by
desk in :mod:`trimtab.adapters.wire.weights`, orders by desk in
:mod:`trimtab.adapters.wire.order_slots`. A 429 or 418 silences every task of every desk, since the
venue counts per address, and nothing is sent before the silence ends. Durations are seconds
on the event loop's clock. Whoever may not wait is told NotDone.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Final

from trimtab.adapters.wire.order_slots import OrderSlots
from trimtab.adapters.wire.transport import Capture, captured
from trimtab.adapters.wire.venue_clock import VenueClocks
from trimtab.adapters.wire.verdict import retry_after_ms, wants_silence
from trimtab.adapters.wire.weights import Rank, Weights
from trimtab.domain.errors import NotDone
from trimtab.ports import BudgetUse
from trimtab.venues.profile import Desk, OrderLimit, VenueProfile

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNSAID_S: Final[Mapping[int, float]] = {418: 120.0, 429: 60.0}
"""Silence when the venue names none: the shortest ban, and one window of weight. Doubled each
time the venue is still not content after it."""
_UNSAID_USUAL_S: Final = 5.0
"""The same where a code asks for silence with another status."""
_UNSAID_MAX_S: Final = 259_200.0
"""The longest ban that the venue documents: three days."""


class Budget:
    """The limits of one venue for this process."""

    def __init__(self, profile: VenueProfile, clocks: VenueClocks) -> None:
        self._profile = profile
        self._clocks = clocks
        self._weights = {
            desk: Weights(
                limit, window_s=profile.weight_window_s, venue_s=partial(self._venue_s, desk)
            )
            for desk, limit in profile.weight_limits.items()
        }
        self._slots = {
            desk: OrderSlots(
                limits,
                venue_s=partial(self._venue_s, desk),
                headers=profile.order_count_headers,
            )
            for desk, limits in profile.order_limits.items()
        }
        self._silent_until = -math.inf
        self._silences = 0
        """Times in a row that the venue wanted silence, >= 0."""

    def learn(self, desk: Desk, *, orders: Sequence[OrderLimit], weight: int | None) -> None:
        """Take over the limits that the venue states; what was sent stays counted."""
        self._slots[desk].restate(orders)
        if weight is not None:
            self._weights[desk].limit = weight

    def usage(self) -> tuple[BudgetUse, ...]:
        """Return every limit and what of it is used, by desk: weight first, then orders.

        A desk that only some accounts have is told of once it was asked.
        """
        return tuple(
            BudgetUse(desk=desk.value, counts=counts, used=used, limit=limit)
            for desk in self._weights
            if desk is not Desk.INVERSE or self._weights[desk].told_used is not None
            for counts, used, limit in (
                (
                    f"weight in {self._profile.weight_window_s} s",
                    self._weights[desk].told_used,
                    self._weights[desk].limit,
                ),
                *self._slots[desk].usage(),
            )
        )

    def order(self, desk: Desk) -> AbstractAsyncContextManager[None]:
        """Wait until one more order may be sent, and count it until it is answered.

        Raises:
            NotDone: the venue wants silence, or takes no order soon enough.

        """
        return self._slots[desk].one(self._refuse_while_silent)

    @asynccontextmanager
    async def weighed(self, desk: Desk, weight: int, *, rank: Rank) -> AsyncIterator[list[Capture]]:
        """Wait until a request may be sent, count it, and collect what it brings back.

        Raises:
            NotDone: the venue wants silence, or the minute is spent.

        """
        self._refuse_while_silent()
        weights = self._weights[desk]
        await weights.take(weight, rank=rank)
        is_counted = True
        try:
            self._refuse_while_silent()
            with captured() as captures:
                try:
                    yield captures
                finally:
                    left = [c for c in captures if c.handed_to_socket]
                    is_counted = all(self._profile.weight_header in c.headers for c in left)
        finally:
            weights.settle(weight, is_counted=is_counted)

    def before(self, host: str) -> None:  # noqa: ARG002 -- a ban is on our address, not on a host.
        """Hold a request back at the last moment before the socket.

        Raises:
            NotDone: the venue wants silence.

        """
        self._refuse_while_silent()

    def after(self, capture: Capture) -> None:
        """Learn from an answer: what was used, and silence that is asked for."""
        status = capture.http_status
        desk = self._profile.desk_of_host.get(capture.host, Desk.SPOT)
        # A desk that has no host of its own answers from that of another, in its own words.
        elsewhere = self._profile.codes.keys() - set(self._profile.desk_of_host.values())
        wish = [d for d in (desk, *elsewhere) if wants_silence(capture, self._profile.codes[d])]
        if wish:
            self._be_silent(wish[0], capture)
        elif status and self._silent_until <= _now():
            self._silences = 0
        trip_s = max(0.0, (capture.answered_at - capture.sent_at).total_seconds())
        self._slots[desk].told(capture.headers, trip_s=trip_s)
        used = capture.headers.get(self._profile.weight_header, "")
        if used.isascii() and used.isdigit():
            self._weights[desk].told(int(used[:9]), trip_s=trip_s)

    def _be_silent(self, desk: Desk, capture: Capture) -> None:
        """Note for how long; answers to what was under way already are one and the same wish."""
        if self._silent_until <= _now():
            self._silences += 1
        codes = self._profile.codes[desk]
        said_ms = retry_after_ms(capture, codes, venue_now=self._clocks.now(desk))
        usual_s = _UNSAID_S.get(capture.http_status, _UNSAID_USUAL_S)
        unsaid_s = usual_s * 2.0 ** min(self._silences - 1, 20)
        wanted_s = said_ms / 1000 or min(unsaid_s, _UNSAID_MAX_S)
        self._silent_until = max(self._silent_until, _now() + wanted_s)

    def silent_ms(self) -> int:
        """Return for how long nothing is sent because the venue wants silence, 0 when it is not."""
        return math.ceil(max(0.0, self._silent_until - _now()) * 1000)

    def _refuse_while_silent(self) -> None:
        """Raise while the venue wants silence."""
        if left_ms := self.silent_ms():
            raise NotDone(
                f"the venue wants silence for {left_ms / 1000:.1f} s; nothing was sent",
                retry_after_ms=left_ms,
            )

    def _venue_s(self, desk: Desk) -> float:
        """Return the venue's time, seconds since 1970."""
        return (self._clocks.now(desk) - _EPOCH).total_seconds()


def _now() -> float:
    """Return the event loop's time, seconds."""
    return asyncio.get_running_loop().time()
