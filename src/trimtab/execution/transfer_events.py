"""What becomes known of a transfer, and what is asked about it. Values only, pure.

Events carry the instant they became known (aware UTC); a question says after how long.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from trimtab.domain.transfers import ListedTransfer, TransferId, TransferIntent, VenueTransferId


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferMade:
    """The venue acknowledged the sending."""

    transfer_id: TransferId
    venue_transfer_id: VenueTransferId
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRefused:
    """The venue said no to the sending."""

    transfer_id: TransferId
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferNotSent:
    """Certainly nothing moved: nothing left, or the venue did not act."""

    transfer_id: TransferId
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferLost:
    """The outcome of the sending is unknown."""

    transfer_id: TransferId
    reason: str
    at: datetime
    """Not before the last instant at which a byte may have left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferSought:
    """The lists were read."""

    transfer_id: TransferId
    listed: tuple[ListedTransfer, ...]
    """Transfers that could be it: same asset, same units, not before it was sent."""
    elsewhere: str
    """What the list of payments shows of it; empty for nothing."""
    at: datetime
    """The earlier of our clock and the venue's, when the lists were asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferUnread:
    """The lists could not be read."""

    transfer_id: TransferId
    reason: str
    at: datetime


TransferEvent = (
    TransferMade
    | TransferRefused
    | TransferNotSent
    | TransferLost
    | TransferSought
    | TransferUnread
)
"""News of one transfer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeekTransfer:
    """Read the venue's lists for a transfer."""

    intent: TransferIntent
    after_s: float
    since: datetime
    """Listed before it, it is another one."""
