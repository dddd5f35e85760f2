"""Calendar slots: how they are read and written, and the ledger's role for them.

Whether a slot is open is asked in the transaction that moves it, so that of two runs at once one
has it. Not pure: it reads and writes tables.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection
from typing_extensions import override

from trimtab.adapters.ledger import reads, slot_rules, statements
from trimtab.adapters.ledger.account_role import View
from trimtab.adapters.ledger.pen import Pen
from trimtab.adapters.ledger.projection import EntryKind
from trimtab.adapters.ledger.statements import StoredRow, row_or_none, rows
from trimtab.adapters.ledger.writes import must_hold
from trimtab.domain.canonical import to_document
from trimtab.domain.errors import LedgerError
from trimtab.domain.slots import SlotMove, SlotState
from trimtab.ports import SlotLedger


def slot(connection: Connection, name: str) -> SlotMove | None:
    """Return where a slot stands, or None.

    Raises:
        LedgerError: the row describes no state.

    """
    row = row_or_none(connection, statements.SLOT, {"named": name})
    return None if row is None else _move(row)


def slot_moves(connection: Connection) -> tuple[SlotMove, ...]:
    """Return every step of every slot, oldest first.

    Raises:
        LedgerError: a row describes no state.

    """
    return tuple(map(_move, rows(connection, statements.SLOT_MOVES, {})))


def _move(row: StoredRow) -> SlotMove:
    """Read one step of a slot.

    Raises:
        LedgerError: the row describes no state.

    """
    try:
        state = SlotState(row["state"])
    except ValueError as e:
        raise LedgerError(f"ledger: slot_moves seq {row['seq']}: {e}") from e
    return SlotMove(
        slot=row["slot"],
        state=state,
        plan_digest=row["plan_digest"] or "",
        by=row["by"],
        at=reads.instant(row["at"]),
    )


def move_slot(pen: Pen, move: SlotMove) -> bool:
    """Append where a slot stands; return False, and append nothing, when it is done."""
    if not slot_rules.is_open(slot(pen.connection, move.slot)):
        return False
    body = to_document(move) | {"plan_digest": move.plan_digest or None}
    pen.append(EntryKind.SLOT_MOVED, body)
    return True


def first_order_at(connection: Connection) -> datetime | None:
    """Return when the first real order was begun, or None."""
    row = row_or_none(connection, statements.FIRST_ORDER, {"run": 0})
    return None if row is None or row["at"] is None else reads.instant(row["at"])


class SqlSlots(SlotLedger, View):
    """Slots; a dry run moves none."""

    @override
    async def slot(self, name: str) -> SlotMove | None:
        """Return where a slot stands, in a dry run too."""
        return await self._writer.read(lambda c: slot(c, name))

    async def slot_moves(self) -> tuple[SlotMove, ...]:
        """Return every step of every slot, oldest first; for lists and exports."""
        return await self._writer.read(slot_moves)

    @override
    async def first_order_at(self) -> datetime | None:
        """Return when the first real order was begun, in a dry run too."""
        return await self._writer.read(first_order_at)

    @override
    async def note_slot(self, move: SlotMove) -> bool:
        """Append what became of a slot's plan before any order."""
        slot_rules.refuse_unheld(move)
        if self._hand.dry_run != 0:
            return True
        return await self._writer.write(lambda pen: move_slot(pen, move))

    @override
    async def settle_slot(self, move: SlotMove) -> bool:
        """Append that a slot is taken, or how it ended, under the lease."""
        hand = self._hand
        if hand.dry_run != 0:
            return True

        def settled(pen: Pen) -> bool:
            must_hold(pen, hand)
            return move_slot(pen, move)

        return await self._writer.write(settled)
