"""Moves of one asset between the account's own spot wallet and its futures wallet.

A transfer is no order: it has no market, no lots, no limit and no fill in part. Units are those
of the asset, signed: positive goes into the futures wallet, negative comes out of it. Venues take
no id of ours with a transfer, so that only its exact units tell it from others: see
docs/design/0021-transfers.md.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, NewType

from trimtab.domain.instruments import Asset
from trimtab.domain.orders import Side

TransferId = NewType("TransferId", str)
"""Our own name of a transfer; the venue never hears it."""
VenueTransferId = NewType("VenueTransferId", str)
"""The venue's number of a transfer that it made."""

UNIT: Final = Decimal("0.00000001")
"""The grid of transferred units: what venues keep of a stable."""
TRANSFER_ID_LENGTH: Final = 28


class TransferReason(StrEnum):
    """Why a plan moves money. Stored in the ledger; never renamed."""

    TOPS_UP_MARGIN = "tops_up_margin"
    """Openings need more margin than is free."""
    RESCUES_MARGIN = "rescues_margin"
    """A futures wallet is in danger with the positions that it has."""
    FUNDS_BUYS = "funds_buys"
    """Buys need more quote than is free, and margin is idle."""


def transfer_id(*, plan_digest: str, line: int) -> TransferId:
    """Return the one name that the transfer of a plan's line can have."""
    seed = f"{plan_digest}:{line}:transfer".encode("ascii")
    text = base64.b32encode(hashlib.sha256(seed).digest()).decode("ascii").lower()
    return TransferId("m" + text[: TRANSFER_ID_LENGTH - 1])


def side_of(units: Decimal) -> Side:
    """Return the direction as the contract words it: a buy goes into futures."""
    return Side.BUY if units > 0 else Side.SELL


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferLeg:
    """One line of a plan that moves money, whole or not at all."""

    line: int
    """1 and up, counted together with the orders' lines."""
    stage: int
    """1 and up; no order shares it."""
    asset: Asset
    units: Decimal
    """Signed, never zero, a whole number of :data:`UNIT`."""
    reason: TransferReason


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferIntent:
    """One transfer, ready to be sent once."""

    transfer_id: TransferId
    plan_digest: str
    line: int
    """Line of the plan, >= 1."""
    asset: Asset
    units: Decimal
    """Signed, never zero."""

    def __post_init__(self) -> None:
        if not self.units.is_finite() or not self.units:
            raise ValueError(f"{self.transfer_id}: units must be finite and not 0")


class TransferState(StrEnum):
    """Where a transfer is in its life; the transitions are in execution.transfers."""

    SENDING = "sending"
    """Committed to the ledger; bytes may or may not have left."""
    UNKNOWN = "unknown"
    """The venue may have made it. It is looked for, never sent again."""
    DONE = "done"
    """The venue made it."""
    REFUSED = "refused"
    """The venue said no. Nothing moved."""
    ABSENT = "absent"
    """Certainly not made: nothing left, or its absence was proved. Nothing moved."""

    @property
    def is_terminal(self) -> bool:
        """Whether nothing more can happen to it."""
        return self not in (TransferState.SENDING, TransferState.UNKNOWN)


class ListedState(StrEnum):
    """What the venue's list says of a transfer."""

    MADE = "made"
    PENDING = "pending"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTransfer:
    """One row of the venue's list."""

    venue_transfer_id: VenueTransferId
    asset: Asset
    units: Decimal
    """Signed, never zero."""
    state: ListedState
    moved_at: datetime
    """The venue's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRecord:
    """One transfer as the ledger knows it."""

    intent: TransferIntent
    state: TransferState
    venue_transfer_id: VenueTransferId | None
    """None unless the venue has named it."""
    begun_at: datetime
    """When the intent was committed, our clock."""
    simulated: bool
    """Whether it was simulated."""
