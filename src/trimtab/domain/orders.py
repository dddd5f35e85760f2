"""Orders, their identity, and what the venue said of them.

A client order id is a function of plan digest, line and attempt, so that a restarted run
recognises its own orders. It is *not* an idempotency key on the venue: see
docs/design/0003-never-twice.md.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NewType

from trimtab.domain.instruments import Asset, Instrument, Lots, Symbol, Ticks

ClientOrderId = NewType("ClientOrderId", str)
VenueOrderId = NewType("VenueOrderId", str)
TradeId = NewType("TradeId", str)
"""Unique per (venue, account, symbol)."""

CLIENT_ORDER_ID_LENGTH = 28
HASHED_LENGTH = 25
"""Characters of a name that are free, 125 bits: a venue that takes 128 bits can hold them all."""


class Side(StrEnum):
    """Direction on the wire. Sizes inside are signed."""

    BUY = "buy"
    SELL = "sell"

    @classmethod
    def of(cls, lots: int) -> Side:
        """Return the direction of signed *lots*."""
        return cls.BUY if lots > 0 else cls.SELL


def client_order_id(*, plan_digest: str, line: int, attempt: int) -> ClientOrderId:
    """Return 28 characters of ``[a-z0-9]`` that do not start with ``t``.

    Valid wherever a venue takes free text; the leading ``b`` also keeps Gate from reading
    its own ``t-`` prefix into it.
    """
    seed = f"{plan_digest}:{line}:{attempt}".encode("ascii")
    return order_name(_base32(seed)[:HASHED_LENGTH])


def order_name(hashed: str) -> ClientOrderId:
    """Return the name whose free part is *hashed*; what follows it is drawn from it."""
    return ClientOrderId(
        "b" + (hashed + _base32(hashed.encode("ascii")))[: CLIENT_ORDER_ID_LENGTH - 1]
    )


def _base32(seed: bytes) -> str:
    """Return the hash of *seed* in small letters and digits."""
    return base64.b32encode(hashlib.sha256(seed).digest()).decode("ascii").lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderIntent:
    """One order, ready to be sent once: an IOC limit order on the grid of its instrument."""

    client_order_id: ClientOrderId
    plan_digest: str
    line: int
    """Line of the plan, >= 1."""
    attempt: int
    """Count of deliberately new orders for one line, >= 1."""
    instrument: Instrument
    lots: Lots
    """Signed, never zero."""
    limit: Ticks
    """Worst price that may be paid or taken, ticks, > 0."""
    reduce_only: bool

    def __post_init__(self) -> None:
        if self.lots == 0 or self.limit <= 0:
            raise ValueError(f"{self.client_order_id}: lots must not be 0 and limit must be > 0")

    @property
    def side(self) -> Side:
        """Direction, from the sign of the lots."""
        return Side.of(self.lots)

    @property
    def quantity(self) -> Decimal:
        """Unsigned size in base units."""
        return self.instrument.units(self.lots).copy_abs()

    @property
    def limit_price(self) -> Decimal:
        """The limit in quote units per base unit."""
        return self.instrument.limit_price(self.limit)


class OrderState(StrEnum):
    """Where an order is in its life; the transitions are in execution.lifecycle."""

    SUBMITTING = "submitting"
    """Committed to the ledger; bytes may or may not have left."""
    OPEN = "open"
    """The venue has it and may still fill it."""
    UNKNOWN = "unknown"
    """The venue may have it. It is looked up, never sent again."""
    SETTLING = "settling"
    """Ended on the venue, but not all of its fills are in the ledger yet."""
    FILLED = "filled"
    """Ended, filled whole, all fills booked."""
    EXPIRED = "expired"
    """Ended with a rest (IOC) or cancelled, all fills booked, perhaps none."""
    REFUSED = "refused"
    """The venue said no. Nothing was filled."""
    ABSENT = "absent"
    """Never reached the venue's books: proved, or by a person's word where no proof is to be had.
    Nothing was filled."""

    @property
    def is_terminal(self) -> bool:
        """Whether nothing more can happen to the order."""
        return self in _TERMINAL


_TERMINAL = frozenset(
    {OrderState.FILLED, OrderState.EXPIRED, OrderState.REFUSED, OrderState.ABSENT}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueOrder:
    """What the venue says of one order now."""

    client_order_id: ClientOrderId
    venue_order_id: VenueOrderId
    symbol: Symbol
    lots: Lots
    """Ordered, signed."""
    filled_lots: Lots
    """Executed so far, signed like ``lots``."""
    ended: bool
    """Whether the venue will not fill it any further."""
    status: str
    """The venue's own word, such as ``EXPIRED``; for the record, never decided on."""
    contradiction: str = ""
    """How it is otherwise than it was sent, by what the venue says besides; empty where it is not.
    A person looks at such an order, and its executions are collected all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One execution, as the venue's trade list tells it (never an order's summary)."""

    symbol: Symbol
    trade_id: TradeId
    venue_order_id: VenueOrderId
    client_order_id: ClientOrderId | None
    """Ours, or None when the venue's trade list does not tell and no order of ours matches."""
    side: Side
    quantity: Decimal
    """Base units, > 0."""
    fill_price: Decimal
    """Quote per base unit, > 0."""
    fee: Decimal
    """Units of ``fee_asset``; positive is paid, negative is a rebate."""
    fee_asset: Asset
    filled_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The raw answer to one request, captured before any library reads it. No secrets."""

    sent_at: datetime
    """When the request was handed over, our clock."""
    answered_at: datetime
    http_status: int
    """0 when there was no answer."""
    code: str
    """The venue's own error code, or empty."""
    message: str
    """The venue's text or the transport's cause, cut to 500 characters."""
    handed_to_socket: bool
    """Whether any byte may have left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRecord:
    """One order as the ledger knows it."""

    intent: OrderIntent
    state: OrderState
    venue_order_id: VenueOrderId | None
    """None until the venue has named it."""
    filled_lots: Lots
    """Sum of booked fills, signed."""
    executed_lots: Lots
    """What the venue reports as executed, signed."""
    submitted_at: datetime
    """When the intent was committed, our clock."""
    simulated: bool
    """Whether it was simulated against a book that was read."""

    @property
    def counted_lots(self) -> Lots:
        """What counts against a cap, signed: all of it until it has ended, then what was filled."""
        ended = self.state.is_terminal or self.state is OrderState.SETTLING
        return self.executed_lots if ended else self.intent.lots
