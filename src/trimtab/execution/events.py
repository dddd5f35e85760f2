"""What the run machine is told, and what it asks for. Values only, pure.

Events carry the instant they became known (aware UTC). A command never says when: it says
after how long, and the driver decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from trimtab.domain.instruments import Symbol
from trimtab.domain.orders import ClientOrderId, Fill, OrderIntent, VenueOrder
from trimtab.domain.plan import Leg
from trimtab.domain.snapshot import Snapshot
from trimtab.domain.transfers import TransferIntent, TransferLeg
from trimtab.execution.rests import RestReason
from trimtab.execution.transfer_events import SeekTransfer, TransferEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The venue showed the order: the answer to its sending, or to a look-up."""

    client_order_id: ClientOrderId
    order: VenueOrder
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WasRefused:
    """The venue said no to the order."""

    client_order_id: ClientOrderId
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WasNotSent:
    """Certainly no order exists: nothing left, or the venue did not act."""

    client_order_id: ClientOrderId
    reason: str
    retry_after_ms: int
    """Milliseconds during which the venue wants silence, >= 0."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WasLost:
    """The outcome of sending is unknown."""

    client_order_id: ClientOrderId
    reason: str
    at: datetime
    """Not before the last instant at which a byte may have left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotVisible:
    """A look-up was answered, and the venue sees no such order now."""

    client_order_id: ClientOrderId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer:
    """A look-up was not answered, or not readably."""

    client_order_id: ClientOrderId
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceShown:
    """After the fence, by both clocks, no list of the venue shows the order."""

    client_order_id: ClientOrderId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceDoubted:
    """The evidence is not whole: a list shows something, or did not answer, or it is early."""

    client_order_id: ClientOrderId
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceUnprovable:
    """After the fence no list shows the order, at a venue where that proves nothing."""

    client_order_id: ClientOrderId
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AbsenceSaid:
    """The same, and a person has looked at the venue and says that there is no such order."""

    client_order_id: ClientOrderId
    by: str
    at: datetime


Absence = AbsenceShown | AbsenceUnprovable | AbsenceSaid
"""No list shows the order after its fence, and what follows from that."""
AbsenceNews = Absence | AbsenceDoubted
"""What the whole evidence came to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FillsBooked:
    """Executions of a symbol are in the ledger."""

    client_order_id: ClientOrderId
    """The order for whose sake they were read."""
    symbol: Symbol
    fills: tuple[Fill, ...]
    """The new ones, whosever they are; may repeat known ones."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FillsUnread:
    """Executions could not be read."""

    client_order_id: ClientOrderId
    reason: str
    at: datetime


OrderEvent = (
    Shown
    | WasRefused
    | WasNotSent
    | WasLost
    | NotVisible
    | NoAnswer
    | AbsenceNews
    | FillsBooked
    | FillsUnread
)
"""News of one order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed:
    """Account and prices were read afresh."""

    snapshot: Snapshot
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsurveyed:
    """Account and prices could not be read."""

    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """The gate looked at what is left."""

    refusal: str
    """Why not, in one sentence; empty when it passed."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """No new orders from now on; what is in flight is still found out."""

    reason: RestReason
    """``INTERRUPTED``, ``HALTED``."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NotBegun:
    """What the round was to send could not begin, for a reason that came between. Nothing left."""

    reason: RestReason
    """``HALTED``, ``INTERRUPTED``, ``MARKET_UNREAD``, ``TRANSFER_AMBIGUOUS``."""
    at: datetime


RunEvent = OrderEvent | TransferEvent | Surveyed | Unsurveyed | Reviewed | Stopped | NotBegun
"""Everything that the machine can be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUp:
    """Ask the venue for the order by its client order id."""

    intent: OrderIntent
    after_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ProveAbsence:
    """Ask every list of the venue, not before the fence."""

    intent: OrderIntent
    fence_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFills:
    """Read the executions of the order's symbol and book them."""

    intent: OrderIntent
    after_s: float
    from_start: bool
    """Whether to read from before the order was sent instead of from the cursor: a list that
    showed its executions out of order may hold an older one back."""


OrderCommand = LookUp | ProveAbsence | ReadFills
"""A question about one order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit:
    """Commit the intents, then send them side by side, each once."""

    intents: tuple[OrderIntent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitTransfer:
    """Commit the intent, then send it once; nothing else is under way."""

    intent: TransferIntent


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Read account and prices afresh."""

    after_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Have the gate look at the legs that are left, as sized now."""

    legs: tuple[Leg, ...]
    """By line."""
    transfers: tuple[TransferLeg, ...]
    """Those that are left, by line."""
    snapshot: Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """Nothing more is to be done."""


RunCommand = OrderCommand | SeekTransfer | Submit | SubmitTransfer | Survey | Review | Finish
"""Everything that the machine can ask for."""
