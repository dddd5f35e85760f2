"""Sends one order, in its turn and while the clocks are close. Not pure: it orders."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from trimtab.adapters.ccxt_verdict import Judgement
from trimtab.adapters.ccxt_wire import Wire
from trimtab.adapters.weights import Rank
from trimtab.venues.profile import Desk

T = TypeVar("T")


async def order_sent(
    wire: Wire,
    desk: Desk,
    call: Callable[[], Awaitable[object]],
    *,
    read: Callable[[Any], T | None],
) -> Judgement[T]:
    """Have *call* send an order once, when the venue takes one more, and judge the answer.

    Raises:
        NotDone: held back before a byte was sent.
        Refused: the request may not be sent at all.

    """
    await wire.synchronised(desk)
    async with wire.budget.order(desk):
        return await wire.write(desk, while_close(wire, desk, call), read=read, rank=Rank.ORDER)


def while_close(
    wire: Wire, desk: Desk, call: Callable[[], Awaitable[object]]
) -> Callable[[], Awaitable[object]]:
    """Return *call*, but not when the clocks have come too far apart while it waited."""

    def send() -> Awaitable[object]:
        """Have ccxt send, or refuse."""
        wire.clocks.require_close(desk)
        return call()

    return send
