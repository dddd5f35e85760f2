"""Stops that rest on the venue: what buys back one hedge with nobody there.

A resting stop is one reduce-only market order that waits for the mark of its contract. It is no
order of a plan's lines: the venue fills it whenever its trigger is reached, and the order that it
becomes then has a number of its own. Lots are signed like an order's, positive buys back a short.
Pure values. See docs/design/0053-resting-stops.md.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, NewType

from trimtab.domain.hedges import HedgeId, HedgeLine
from trimtab.domain.instruments import Instrument, Lots, Symbol, Ticks
from trimtab.domain.orders import ClientOrderId, OrderIntent, VenueOrder, VenueOrderId
from trimtab.domain.snapshot import OpenOrder

StopId = NewType("StopId", str)
"""Our own name of a stop, sent with it; 28 characters of ``[a-z0-9]``, the first an ``s``."""
VenueStopId = NewType("VenueStopId", str)
"""The venue's number of a stop; the order that it becomes has another one."""

STOP_ID_LENGTH: Final = 28
_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz234567")
FIRST_STOP_LINE: Final = 1001
"""Stops are counted from here on, so that another order of a plan's legs renames none."""


def stop_id(*, plan_digest: str, line: int) -> StopId:
    """Return the one name that the stop of a plan's line can have."""
    seed = f"{plan_digest}:{line}:stop".encode("ascii")
    text = base64.b32encode(hashlib.sha256(seed).digest()).decode("ascii").lower()
    return StopId("s" + text[: STOP_ID_LENGTH - 1])


def is_stop_name(name: str) -> bool:
    """Whether *name* is of the kind that our stops bear; whose it is, the ledger says."""
    return len(name) == STOP_ID_LENGTH and name[0] == "s" and _LETTERS.issuperset(name)


class StopAct(StrEnum):
    """What a plan does about the stop of a hedge. Stored with the plan; never renamed."""

    PUT = "put"
    """One is placed where none rests."""
    CHANGE = "change"
    """The one that rests is withdrawn first, and another one is placed at the end."""
    WITHDRAW = "withdraw"
    """The one that rests is withdrawn first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopLine:
    """One line of a plan about the stop of one hedge."""

    hedge: HedgeLine
    """Its line, the hedge, and that a stop is the cause; the line is >= FIRST_STOP_LINE."""
    instrument: Instrument
    act: StopAct
    lots: Lots
    """What rests afterwards when every leg fills, >= 0. What does rest is what was filled."""
    trigger: Ticks
    """Where it is expected to rest, ticks, >= 0; it follows the average entry. 0 without lots."""
    withdraws: StopId
    """The one that rests now; empty for none."""

    @property
    def line(self) -> int:
        """Line of the plan."""
        return self.hedge.line

    @property
    def place(self) -> tuple[HedgeId, Symbol]:
        """The hedge and the contract whose stop it is about."""
        return self.hedge.hedge_id, self.hedge.symbol

    @property
    def quantity(self) -> Decimal:
        """What rests afterwards, base units, >= 0."""
        return self.instrument.units(self.lots)

    @property
    def trigger_price(self) -> Decimal:
        """Where it is expected to rest, quote per base unit, >= 0."""
        return self.instrument.limit_price(self.trigger)


@dataclass(frozen=True, slots=True, kw_only=True)
class StopIntent:
    """One stop, ready to be placed once. It is reduce-only and, once triggered, has no limit.

    A limit could leave it unfilled behind the market, where it protects nothing.
    """

    stop_id: StopId
    plan_digest: str
    line: int
    """Line of the plan, >= FIRST_STOP_LINE."""
    hedge_id: HedgeId
    """What it buys back."""
    instrument: Instrument
    """A contract."""
    lots: Lots
    """Signed, never zero: positive buys back a short."""
    trigger: Ticks
    """Mark at which it fires, ticks, > 0; a buy fires at or above it, a sell at or below."""

    def __post_init__(self) -> None:
        if not self.lots or self.trigger <= 0 or not self.instrument.is_contract:
            raise ValueError(f"{self.stop_id}: lots must not be 0, trigger > 0, on a contract")

    @property
    def place(self) -> tuple[HedgeId, Symbol]:
        """The hedge and the contract that it buys back in: of each, one stop may fill at most."""
        return self.hedge_id, self.instrument.symbol

    @property
    def quantity(self) -> Decimal:
        """Unsigned size in base units."""
        return self.instrument.units(self.lots).copy_abs()

    @property
    def trigger_price(self) -> Decimal:
        """The trigger in quote units per base unit."""
        return self.instrument.limit_price(self.trigger)


class SeenStop(StrEnum):
    """What the venue says of a stop."""

    RESTING = "resting"
    FIRED = "fired"
    """Its trigger was reached, and it became an order."""
    WITHDRAWN = "withdrawn"
    """It rests no more and became no order: cancelled by whomever, expired, or turned down when
    it was triggered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FiredOrder:
    """The order that a stop became."""

    venue_order_id: VenueOrderId
    """Under which its executions are listed."""
    filled_lots: Lots
    """Executed so far, signed like the stop's lots."""
    ended: bool
    """Whether the venue will not fill it any further."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueStop:
    """What the venue says of one stop of ours now."""

    stop_id: StopId
    """As the venue echoes it."""
    venue_stop_id: VenueStopId
    symbol: Symbol
    lots: Lots
    """Signed."""
    trigger_price: Decimal
    """Quote per base unit, > 0."""
    state: SeenStop
    order: FiredOrder | None
    """What it became; None unless it fired."""
    status: str
    """The venue's own word; for the record, never decided on."""

    def __post_init__(self) -> None:
        if (self.order is None) is (self.state is SeenStop.FIRED):
            raise ValueError(f"{self.stop_id}: a stop that fired has an order, and no other has")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedStop:
    """A conditional order that rests on the venue, whoever placed it."""

    symbol: Symbol
    stop_id: StopId
    """The name that it was placed under; empty where its owner gave none."""
    venue_stop_id: VenueStopId
    lots: Lots
    """Signed; 0 where it closes whatever position there is."""
    trigger_price: Decimal
    """Quote per base unit, > 0."""
    reduce_only: bool


class StopState(StrEnum):
    """Where a stop is in its life; the transitions are in execution.stop_life. Stored."""

    SENDING = "sending"
    """Committed to the ledger; bytes may or may not have left."""
    UNKNOWN = "unknown"
    """The venue may have it. It is looked up, never sent again."""
    RESTING = "resting"
    FIRED = "fired"
    """It became an order that the venue may still fill."""
    DONE = "done"
    """It became an order that has ended; what it filled is booked like that of any order."""
    WITHDRAWN = "withdrawn"
    """It rests no more and became no order."""
    REFUSED = "refused"
    """The venue said no to placing it."""
    ABSENT = "absent"
    """Certainly never placed: nothing left, or its absence was proved."""

    @property
    def is_terminal(self) -> bool:
        """Whether nothing more can happen to it."""
        return self in _TERMINAL

    @property
    def may_fill(self) -> bool:
        """Whether the venue may still fill it at any time."""
        return self in (
            StopState.SENDING,
            StopState.UNKNOWN,
            StopState.RESTING,
            StopState.FIRED,
        )


_TERMINAL: Final = frozenset(
    {StopState.DONE, StopState.WITHDRAWN, StopState.REFUSED, StopState.ABSENT}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRecord:
    """One stop as the ledger knows it. Dry runs place none."""

    intent: StopIntent
    state: StopState
    venue_stop_id: VenueStopId | None
    """None unless the venue has named it."""
    venue_order_id: VenueOrderId | None
    """The order that it became; None unless it fired."""
    executed_lots: Lots
    """What the venue reports as executed of that order, signed."""
    begun_at: datetime
    """When the intent was committed, our clock."""


def names_of(records: Iterable[StopRecord]) -> frozenset[ClientOrderId]:
    """Return the names under which stops show among the open orders of a snapshot."""
    return frozenset(ClientOrderId(record.intent.stop_id) for record in records)


def unseen(
    records: Iterable[StopRecord], open_orders: Iterable[OpenOrder]
) -> tuple[StopRecord, ...]:
    """Return the *records* that rest by the ledger and are not among *open_orders*, in order.

    Each has fired or was withdrawn, and nothing that came of it is booked; or it is listed late.
    """
    shown = {order.client_order_id for order in open_orders}
    return tuple(
        record
        for record in records
        if record.state is StopState.RESTING and ClientOrderId(record.intent.stop_id) not in shown
    )


def moved(
    records: Iterable[StopRecord], open_orders: Iterable[OpenOrder]
) -> tuple[tuple[StopRecord, OpenOrder], ...]:
    """Return the *records* that rest elsewhere than they were put, with how they show, in order.

    Somebody moved each on the venue.
    """
    shown = {order.client_order_id: order for order in open_orders}
    found = ((record, shown.get(ClientOrderId(record.intent.stop_id))) for record in records)
    return tuple(
        (record, order)
        for record, order in found
        if order is not None
        and record.state is StopState.RESTING
        and (order.lots, order.limit_price) != (record.intent.lots, record.intent.trigger_price)
    )


def order_of(intent: StopIntent) -> OrderIntent:
    """Return the order that a stop becomes, under the stop's own name and line.

    It has no limit on the venue; the trigger stands for it.
    """
    return OrderIntent(
        client_order_id=ClientOrderId(intent.stop_id),
        plan_digest=intent.plan_digest,
        line=intent.line,
        attempt=1,
        instrument=intent.instrument,
        lots=intent.lots,
        limit=intent.trigger,
        reduce_only=True,
    )


def venue_order_of(intent: StopIntent, fired: FiredOrder) -> VenueOrder:
    """Return what the venue says of the order that a stop became, under our name of it."""
    return VenueOrder(
        client_order_id=ClientOrderId(intent.stop_id),
        venue_order_id=fired.venue_order_id,
        symbol=intent.instrument.symbol,
        lots=intent.lots,
        filled_lots=fired.filled_lots,
        ended=fired.ended,
        status="fired stop",
    )
