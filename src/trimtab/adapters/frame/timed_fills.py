"""Executions of venues whose numbers are not said to rise, read in windows of time.

Not pure: it asks. Such an execution is named by its instant and then by the venue's number, so
that names rise and the last that was booked is a mark to read on behind. Rows are merged as
sets: one that comes twice counts once, and one that comes with two contents is unreadable.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Protocol

from trimtab.adapters.frame.desk_markets import DeskMarkets
from trimtab.adapters.frame.desks import desk_of
from trimtab.adapters.wire.calls import Wire
from trimtab.adapters.wire.exact import Unreadable, instant
from trimtab.domain.errors import NotDone
from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import (
    ClientOrderId,
    Fill,
    OrderIntent,
    TradeId,
    VenueOrderId,
)
from trimtab.ports import FillCursor

_NUMBER: Final = re.compile(r"[0-9]{1,20}")
_STAMP: Final = re.compile(r"[0-9]{13}")
_NUMBER_DIGITS: Final = 20
RECENT: Final = timedelta(days=2)
"""Longer than an order that was not found is searched for again."""


class AsksWindow(Protocol):
    """What reads the executions of a stretch of time."""

    async def __call__(self, *, start: datetime, end: datetime) -> Iterable[Fill]:
        """Return the executions from *start* to *end*, both inclusive."""
        ...


def risen_trade_id(stamp_ms: int, number: str) -> TradeId:
    """Return a name of an execution that rises with time.

    Raises:
        Unreadable: the venue's *number* is none, or *stamp_ms* no instant in milliseconds.

    """
    stamp = str(stamp_ms)
    if not _NUMBER.fullmatch(number) or not _STAMP.fullmatch(stamp):
        raise Unreadable("the number or the instant of an execution is none")
    return TradeId(stamp + number.zfill(_NUMBER_DIGITS))


def stamp_of(trade: TradeId) -> int:
    """Return the instant in the name of an execution, milliseconds."""
    return int(trade[:-_NUMBER_DIGITS])


def number_of(trade: TradeId) -> int:
    """Return the venue's own number in the name of an execution."""
    return int(trade[-_NUMBER_DIGITS:])


def as_set(fills: Iterable[Fill]) -> dict[TradeId, Fill]:
    """Return executions by their names.

    Raises:
        Unreadable: one comes with two contents.

    """
    found: dict[TradeId, Fill] = {}
    for fill in fills:
        if found.setdefault(fill.trade_id, fill) != fill:
            raise Unreadable(f"trade {fill.trade_id} comes with two contents")
    return found


async def fills_since(
    cursor: FillCursor, *, now: datetime, window: timedelta, ask: AsksWindow
) -> tuple[Fill, ...]:
    """Return all executions after *cursor*, oldest first; *now* is the venue's clock.

    Raises:
        NotDone: the venue does not answer, or not readably.
        Refused: the venue denies the read.

    """
    after = cursor.after
    start = cursor.not_before if after is None else instant(stamp_of(after))
    listed: list[Fill] = []
    while start <= now:
        listed += await ask(start=start, end=start + window - timedelta(milliseconds=1))
        start += window
    try:
        found = as_set(listed)
    except Unreadable as error:
        raise NotDone(f"the list of executions is unreadable: {error}") from error
    fills = sorted(found.values(), key=lambda fill: int(fill.trade_id))
    return tuple(f for f in fills if after is None or int(f.trade_id) > int(after))


class AsksMarket(Protocol):
    """What reads the executions of one market in a stretch of time."""

    async def __call__(self, symbol: Symbol, *, start: datetime, end: datetime) -> Iterable[Fill]:
        """Return the executions from *start* to *end*, both inclusive; the market is read."""
        ...


class NamesOrders(Protocol):
    """What tells our names of orders whose executions do not carry them."""

    async def __call__(
        self, symbol: Symbol, orders: Collection[VenueOrderId]
    ) -> Mapping[VenueOrderId, ClientOrderId]:
        """Return who *orders* are by client order id; those without one are left out."""
        ...


class MarketFills:
    """Reads executions of single markets, window by window; see ``frame.raw_venue.ListsFills``."""

    def __init__(
        self,
        wire: Wire,
        markets: DeskMarkets,
        ask: AsksMarket,
        *,
        window: timedelta,
        names: NamesOrders | None,
    ) -> None:
        """Take *ask*, which reads a stretch no longer than *window*, or than two days.

        *names* tells whose an execution is that does not say so itself; None where each says.
        """
        self._wire = wire
        self._markets = markets
        self._ask = ask
        self._window = window
        self._names = names

    async def since(self, symbol: Symbol, cursor: FillCursor) -> tuple[Fill, ...]:
        """Return all executions after *cursor* that the venue still tells, oldest first.

        Raises:
            NotDone: the venue does not answer, or not readably, or there is no end.
            Refused: the venue denies the read, or does not list the market.

        """
        await self._markets.require(symbol)
        now = await self._wire.venue_now(desk_of(symbol))
        ask = partial(self._ask, symbol)
        return await fills_since(cursor, now=now, window=self._window, ask=ask)

    async def sighting(self, intent: OrderIntent) -> str:
        """Return what the executions of two days show of the order of *intent*.

        Where executions do not say whose they are, one whose order has no name that can be found
        counts too: it may be ours.

        Raises:
            NotDone: the venue does not answer, or not readably, or there is no end.
            Refused: the venue denies the read.

        """
        symbol = intent.instrument.symbol
        await self._markets.require(symbol)
        now = await self._wire.venue_now(desk_of(symbol))
        fills = list(await self._ask(symbol, start=now - RECENT, end=now))
        if self._names is None:
            ours = (f for f in fills if f.client_order_id == intent.client_order_id)
        else:
            strange = {fill.venue_order_id for fill in fills if fill.client_order_id is None}
            named = await self._names(symbol, strange)
            whose = (f.client_order_id or named.get(f.venue_order_id) for f in fills)
            mine = (None, intent.client_order_id)
            ours = (f for f, name in zip(fills, whose, strict=True) if name in mine)
        found = next(ours, None)
        return "none" if found is None else f"trade {found.trade_id}"
