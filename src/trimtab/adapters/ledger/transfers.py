"""Transfers between the account's own wallets: how they are read and written, and the role.

A transfer is begun like an order: only under the lease, and only while no other one is
unresolved. Not pure: it reads and writes tables.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import partial

from sqlalchemy import Connection
from typing_extensions import override

from trimtab.adapters.ledger import (
    account,
    reads,
    statements,
    transfer_rules,
)
from trimtab.adapters.ledger.account_role import View
from trimtab.adapters.ledger.beginning import refuse_begun
from trimtab.adapters.ledger.pen import Hand, Pen
from trimtab.adapters.ledger.projection import EntryKind
from trimtab.adapters.ledger.statements import StoredRow, row_or_none, rows
from trimtab.adapters.ledger.writes import must_hold, must_know
from trimtab.domain.canonical import to_document
from trimtab.domain.errors import LedgerError
from trimtab.domain.instruments import Asset
from trimtab.domain.transfers import (
    TransferId,
    TransferIntent,
    TransferRecord,
    TransferState,
    VenueTransferId,
)
from trimtab.ports import TransferLedger, TransferStep


def begin(pen: Pen, hand: Hand, intent: TransferIntent, at: datetime) -> None:
    """Append the intent; its row is made under the lease or not at all."""
    must_know(pen, intent.plan_digest)
    there = _transfer(pen.connection, intent.transfer_id, dry_run=hand.dry_run)
    open_now = unresolved(pen.connection) if hand.dry_run == 0 else ()
    transfer_rules.refuse_transfer(intent, is_there=there is not None, unresolved=open_now)
    body = {"dry_run": hand.dry_run, "epoch": hand.epoch, "at": at, "transfer": intent}
    pen.append_fenced(to_document(body), hand, kind=EntryKind.TRANSFER_BEGUN)


def advance(pen: Pen, hand: Hand, step: TransferStep) -> None:
    """Append a step of a transfer's life."""
    must_hold(pen, hand)
    before = _transfer(pen.connection, step.transfer_id, dry_run=hand.dry_run)
    if before is None:
        raise LedgerError(f"transfer {step.transfer_id}: is not in the ledger")
    after = transfer_rules.transfer_moved(before, step)
    body = {
        "dry_run": hand.dry_run,
        "step": step,
        "after": {"state": after.state, "venue_transfer_id": after.venue_transfer_id},
    }
    pen.append(EntryKind.TRANSFER_MOVED, to_document(body))


def _transfer(connection: Connection, name: TransferId, *, dry_run: int) -> TransferRecord | None:
    """Return one transfer, or None."""
    row = row_or_none(connection, statements.TRANSFER, {"name": name, "run": dry_run})
    return None if row is None else _record(row)


def transfer_records(
    connection: Connection, *, plan_digest: str | None, dry_run: int
) -> tuple[TransferRecord, ...]:
    """Return transfers of a run, oldest first; of one plan, or all."""
    found = map(_record, rows(connection, statements.TRANSFERS, {"run": dry_run, "after": 0}))
    return tuple(r for r in found if plan_digest in (None, r.intent.plan_digest))


def unresolved(connection: Connection) -> tuple[TransferRecord, ...]:
    """Return real transfers that are not terminal, oldest first."""
    found = map(_record, rows(connection, statements.TRANSFERS, {"run": 0, "after": 0}))
    return tuple(record for record in found if not record.state.is_terminal)


def after_statement(connection: Connection) -> tuple[TransferRecord, ...]:
    """Return real transfers begun since the last statement was saved, oldest first."""
    bound = {"run": 0, "after": account.statement_seq(connection)}
    return tuple(map(_record, rows(connection, statements.TRANSFERS, bound)))


def _record(row: StoredRow) -> TransferRecord:
    """Read one transfer.

    Raises:
        LedgerError: the row describes no transfer.

    """
    try:
        named = row["venue_transfer_id"]
        return TransferRecord(
            intent=TransferIntent(
                transfer_id=TransferId(row["transfer_id"]),
                plan_digest=row["plan_digest"],
                line=row["line"],
                asset=Asset(row["asset"]),
                units=Decimal(row["units"]),
            ),
            state=TransferState(row["state"]),
            venue_transfer_id=None if named is None else VenueTransferId(named),
            begun_at=reads.instant(row["begun_at"]),
            simulated=row["dry_run"] != 0,
        )
    except (InvalidOperation, ValueError) as e:
        raise LedgerError(f"ledger: transfers {row['transfer_id']}: {e}") from e


class SqlTransfers(TransferLedger, View):
    """The life of transfers."""

    @override
    async def begin_transfer(
        self, intent: TransferIntent, *, at: datetime, halt_seen: str | None
    ) -> None:
        """Commit the intent as SENDING, under the lease and the kill switch as it was seen."""
        hand = self._hand

        def begun(pen: Pen) -> None:
            plans = [intent.plan_digest]
            refuse_begun(pen, hand, plans, at=at, halt_seen=halt_seen)
            begin(pen, hand, intent, at)

        await self._writer.write(begun)

    @override
    async def advance_transfer(self, step: TransferStep) -> None:
        """Append a step of a transfer's life."""
        hand = self._hand
        await self._writer.write(lambda pen: advance(pen, hand, step))

    @override
    async def transfers(self, *, plan_digest: str | None) -> tuple[TransferRecord, ...]:
        """Return transfers of this view, oldest first."""
        run = self._hand.dry_run
        return await self._writer.read(
            partial(transfer_records, plan_digest=plan_digest, dry_run=run)
        )

    @override
    async def unresolved_transfers(self) -> tuple[TransferRecord, ...]:
        """Return real transfers that are not terminal, in a dry run too."""
        return await self._writer.read(unresolved)

    @override
    async def transfers_after_statement(self) -> tuple[TransferRecord, ...]:
        """Return real transfers begun since the last statement, in a dry run too."""
        return await self._writer.read(after_statement)
