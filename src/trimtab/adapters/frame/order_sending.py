"""Sends one order, in its turn and while the clocks are close. Not pure: it orders, and sets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.wire.calls import Wire
from trimtab.adapters.wire.transport import also_told
from trimtab.adapters.wire.verdict import Judgement
from trimtab.adapters.wire.weights import Rank
from trimtab.domain.errors import Refused
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import OrderIntent
from trimtab.venues.profile import Desk

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RawCall:
    """A call of ccxt that goes out as it is written, not yet made."""

    method: str
    """ccxt's name of the raw call."""
    asked: Mapping[str, object]
    headers: Callable[[], Mapping[str, str]] = dict
    """What the request says in its headers besides, made when it is sent."""
    made: Callable[[], Mapping[str, object]] | None = None
    """What makes the request when it is sent, where it is signed with its time; nothing of
    ``asked`` goes out then."""
    listed: tuple[object, ...] = ()
    """What goes out in the place of ``asked`` where a call takes a list."""


def require_coins(intent: OrderIntent) -> None:
    """Keep an order of contracts from going out where only coins are traded.

    Raises:
        Refused: it is no order of coins.

    """
    if intent.instrument.is_contract or intent.reduce_only:
        raise Refused(f"{intent.client_order_id}: only coins are traded here")


def raw(wire: Wire, call: RawCall) -> Callable[[], Awaitable[object]]:
    """Return what makes a raw call."""

    async def send() -> object:
        """Have ccxt send it."""
        with also_told(call.headers()):
            asked = call.asked if call.made is None else call.made()
            said = list(call.listed) if call.listed else dict(asked)
            return await getattr(wire.exchange, call.method)(said)

    return send


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


async def setting_made(
    wire: Wire,
    symbol: Symbol,
    call: Callable[[], Awaitable[object]],
    *,
    read: Callable[[Any], bool | None],
) -> None:
    """Have *call* change a setting of a contract, unless it is as asked already.

    Raises:
        VenueError: it was not acknowledged.

    """
    desk = desk_of(symbol)
    judgement = await wire.write(desk, call, read=read, rank=Rank.ORDER)
    if judgement.evidence.code not in wire.profile.codes[desk].as_asked:
        judgement.told(f"setting of {symbol}")
