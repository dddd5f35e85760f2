"""Replies: how they are read and written, and the ledger's role for them.

What a reply decides is written in the transaction that records it, so that a code is used once
whatever dies in between. Not pure: it reads and writes tables.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select
from typing_extensions import override

from trimtab.adapters.ledger import notices, reads, reply_rules, writes
from trimtab.adapters.ledger.account_role import View
from trimtab.adapters.ledger.pen import Hand, Pen
from trimtab.adapters.ledger.projection import EntryKind
from trimtab.adapters.ledger.schema_notices import replies as table
from trimtab.adapters.ledger.statements import StoredRow, rows
from trimtab.domain.canonical import to_document
from trimtab.domain.errors import LedgerError
from trimtab.domain.policy import Policy
from trimtab.domain.replies import Heard, ReplyOutcome, ReplyRecord
from trimtab.ports import PlanStatus, ReplyLedger

_REPLIES: Final = select(table).order_by(table.c.seq)


def replies(connection: Connection) -> tuple[ReplyRecord, ...]:
    """Return all replies, oldest first.

    Raises:
        LedgerError: a row describes none.

    """
    return tuple(map(_record, rows(connection, _REPLIES, {})))


def _record(row: StoredRow) -> ReplyRecord:
    """Read one reply.

    Raises:
        LedgerError: the row describes none.

    """
    try:
        outcome = ReplyOutcome(row["outcome"])
    except ValueError as e:
        raise LedgerError(f"ledger: replies seq {row['seq']}: {e}") from e
    return ReplyRecord(
        channel=row["channel"],
        message_id=row["message_id"],
        sender=row["sender"],
        plan_digest=row["plan_digest"],
        outcome=outcome,
        code_step=row["code_step"],
        at=reads.instant(row["at"]),
    )


def take(pen: Pen, hand: Hand, heard: Heard, *, policy: Policy, at: datetime) -> ReplyRecord | None:
    """Append a reply, and what it decides; None, with nothing appended, when it was taken."""
    connection = pen.connection
    past = replies(connection)
    if reply_rules.is_taken(heard, past):
        return None
    (saved,) = reads.saved_plans(connection, prefix=heard.plan_digest, dry_run=0)
    heads = notices.plan_heads(connection, since=at - reply_rules.DAY)
    standing = reply_rules.standing_of(saved, past, heads, policy=policy, at=at)
    record = reply_rules.record_of(heard, saved, standing, at=at)
    pen.append(EntryKind.REPLY_TAKEN, to_document(record))
    if record.outcome is ReplyOutcome.APPROVED:
        yes = reply_rules.yes_of(heard, saved, ttl_s=policy.approval.ttl_s, at=at)
        writes.save_approval(pen, hand, yes, None)
    elif record.outcome is ReplyOutcome.REJECTED:
        writes.set_plan_status(pen, hand, saved.plan.digest, PlanStatus.DECLINED)
    return record


class SqlReplies(ReplyLedger, View):
    """Replies; a dry run takes none."""

    @override
    async def take_reply(self, heard: Heard, *, policy: Policy, at: datetime) -> ReplyRecord | None:
        """Append a reply and what it decides, in one transaction."""
        hand = self._hand
        if hand.dry_run != 0:
            raise LedgerError("a dry run takes no reply")
        return await self._writer.write(lambda pen: take(pen, hand, heard, policy=policy, at=at))

    @override
    async def replies(self) -> tuple[ReplyRecord, ...]:
        """Return all replies, oldest first, in a dry run too."""
        return await self._writer.read(replies)
