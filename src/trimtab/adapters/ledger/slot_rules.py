"""What a ledger refuses of calendar slots. Pure.

Every ledger (on disk or in memory) applies these, so that they cannot differ.
"""

from __future__ import annotations

from typing import Final

from trimtab.domain.errors import LedgerError
from trimtab.domain.slots import SlotMove, SlotState

HELD: Final = frozenset({SlotState.PARTIAL, SlotState.DONE})
"""States that only the holder of the account may write."""


def refuse_unheld(move: SlotMove) -> None:
    """Refuse to say without holding the account that a slot's orders began, or that it is done.

    Raises:
        LedgerError: the state says so.

    """
    if move.state in HELD:
        raise LedgerError(f"slot {move.slot}: {move.state} is for the holder of the account")


def is_open(before: SlotMove | None) -> bool:
    """Whether a slot may still move: done is final."""
    return before is None or before.state is not SlotState.DONE
