"""What the ledger keeps of calendar slots: where each stands, and since when they run.

See :mod:`trimtab.ports`, which has all of it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from trimtab.domain.slots import SlotMove


class SlotLedger(Protocol):
    """Slots of the account. Nothing of them is ever changed, only added to."""

    async def slot(self, name: str) -> SlotMove | None:
        """Return where a slot stands, or None when nothing was written of it."""
        ...

    async def first_order_at(self) -> datetime | None:
        """Return when the account's first real order was begun, or None before it."""
        ...

    async def note_slot(self, move: SlotMove) -> bool:
        """Record what became of a slot's plan before any order; a dry run leaves no note.

        Return False, with nothing written, when the slot is done.

        Raises:
            LedgerError: ``partial`` or ``done``, which only the holder of the account writes.

        """
        ...

    async def settle_slot(self, move: SlotMove) -> bool:
        """Record that a slot is taken (``partial``), or how it ended, as holder of the account.

        Return False, with nothing written, when the slot is done: of all who hold the account
        one after the other, none takes it again.

        Raises:
            AccountHeld: the account is not held by this run.

        """
        ...
