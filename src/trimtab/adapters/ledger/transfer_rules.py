"""What a ledger refuses and concludes of transfers, as functions of values. Pure.

Every ledger (on disk or in memory) applies these, so that they cannot differ.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from trimtab.domain.errors import LedgerError
from trimtab.domain.transfers import TransferIntent, TransferRecord
from trimtab.execution.transfers import is_allowed
from trimtab.ports import TransferStep


def refuse_transfer(
    intent: TransferIntent, *, is_there: bool, unresolved: Sequence[TransferRecord]
) -> None:
    """Refuse to begin a transfer twice, or beside another whose outcome is not known.

    Raises:
        LedgerError: it is there, or another is unresolved.

    """
    name = intent.transfer_id
    if is_there:
        raise LedgerError(f"transfer {name}: is in the ledger already")
    if unresolved:
        other = unresolved[0].intent.transfer_id
        raise LedgerError(
            f"transfer {name}: the outcome of {other} is not known yet",
            next_step="trimtab recover",
        )


def transfer_moved(record: TransferRecord, step: TransferStep) -> TransferRecord:
    """Return the transfer after *step*.

    Raises:
        LedgerError: its life does not know the step, or the venue names another one.

    """
    name = step.transfer_id
    if not is_allowed(record.state, after=step.state):
        raise LedgerError(f"transfer {name}: is {record.state}, cannot become {step.state}")
    named = record.venue_transfer_id
    if named is not None and step.venue_transfer_id not in (None, named):
        raise LedgerError(
            f"transfer {name}: is {named} on the venue, was told {step.venue_transfer_id}"
        )
    return dataclasses.replace(
        record, state=step.state, venue_transfer_id=step.venue_transfer_id or named
    )
