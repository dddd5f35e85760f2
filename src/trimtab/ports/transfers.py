"""What the shell needs to move money between the account's own wallets, and to keep that.

As in :mod:`trimtab.ports`; a module of its own, so that none grows beyond a page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from trimtab.domain.orders import Evidence
from trimtab.domain.transfers import (
    ListedTransfer,
    TransferId,
    TransferIntent,
    TransferRecord,
    TransferState,
    VenueTransferId,
)
from trimtab.ports.venue import AbsenceEvidence


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferList:
    """What the venue lists of one asset in one direction, as it was asked."""

    asked_at: datetime
    """Our clock, before the list was asked for."""
    venue_now: datetime
    """The venue's clock, read before the list: the list is at least as young."""
    listed: tuple[ListedTransfer, ...]
    """Oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferStep:
    """One step in the life of a transfer, with what it was concluded from."""

    transfer_id: TransferId
    state: TransferState
    """The state that it enters."""
    venue_transfer_id: VenueTransferId | None
    """None unless the venue has named it."""
    evidence: Evidence | AbsenceEvidence | None
    note: str
    """One sentence for the operator; may be empty."""
    at: datetime


class Wallets(Protocol):
    """The account's own wallets on the venue, or those of a dry run."""

    async def transfer(self, intent: TransferIntent) -> VenueTransferId:
        """Send *intent* once, and return the venue's number of it.

        Raises:
            NotDone: certainly nothing moved.
            Refused: the venue said no.
            OutcomeUnknown: it may have moved; look for it by its exact units.

        """
        ...

    async def transfers(self, intent: TransferIntent, *, since: datetime) -> TransferList:
        """Return what the venue lists of the asset and direction of *intent*, all pages.

        *since* is the venue's clock.

        Raises:
            NotDone: the venue does not answer.
            Refused: the venue denies the read.

        """
        ...


class TransferLedger(Protocol):
    """The life of every transfer. One is unresolved at a time."""

    async def begin_transfer(
        self, intent: TransferIntent, *, at: datetime, halt_seen: str | None
    ) -> None:
        """Commit the intent as SENDING, before a byte is sent.

        *halt_seen* is the kill switch as the gate saw it that passed it.

        Raises:
            LedgerError: it is there already, or another one is unresolved.
            AccountHeld: the lease is no longer ours.
            Halted: the kill switch was latched since, or the plan rests on a standing approval.

        """
        ...

    async def advance_transfer(self, step: TransferStep) -> None:
        """Record a step, refusing any that the life of a transfer does not know."""
        ...

    async def transfers(self, *, plan_digest: str | None) -> tuple[TransferRecord, ...]:
        """Return transfers of this view, oldest first; of one plan, or all."""
        ...

    async def unresolved_transfers(self) -> tuple[TransferRecord, ...]:
        """Return real transfers that are not terminal, oldest first, in a dry run too."""
        ...

    async def transfers_after_statement(self) -> tuple[TransferRecord, ...]:
        """Return real transfers begun since the last statement was saved, oldest first."""
        ...
