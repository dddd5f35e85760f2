"""Notices: how they are read and written, and the ledger's role for them.

A notice is read from its entry of the chain. Not pure: it reads and writes tables.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection, bindparam, select
from typing_extensions import override

from trimtab.adapters.ledger import notice_rules, reads
from trimtab.adapters.ledger.account_role import View
from trimtab.adapters.ledger.pen import Pen
from trimtab.adapters.ledger.projection import EntryKind
from trimtab.adapters.ledger.schema import entries, plans
from trimtab.adapters.ledger.schema_notices import notice_reads, notice_steps
from trimtab.adapters.ledger.schema_notices import notices as table
from trimtab.adapters.ledger.statements import StoredRow, row_or_none, rows
from trimtab.domain.canonical import from_document, instant_text, to_document
from trimtab.domain.errors import LedgerError
from trimtab.domain.notices import Acknowledgement, Notice, NoticeRecord, Step
from trimtab.ports import NoticeLedger, PlanHead, PlanStatus, Receipt

_WITH_ENTRY: Final = select(table.c.id, entries).join(entries, entries.c.seq == table.c.seq)
_NOTICES: Final = _WITH_ENTRY.order_by(table.c.seq)
_NOTICE: Final = _WITH_ENTRY.where(table.c.id == bindparam("notice"))
_STEPS: Final = select(notice_steps).order_by(notice_steps.c.seq)
_STEPS_OF: Final = _STEPS.where(notice_steps.c.notice == bindparam("notice"))
_READS: Final = select(notice_reads)
_READ_OF: Final = _READS.where(notice_reads.c.notice == bindparam("notice"))
_PLAN_HEADS: Final = (
    select(plans.c.digest, plans.c.status, plans.c.made_at)
    .where(plans.c.dry_run == bindparam("real"), plans.c.made_at >= bindparam("since"))
    .order_by(plans.c.seq)
)


def notices(connection: Connection) -> tuple[NoticeRecord, ...]:
    """Return all notices, oldest first."""
    steps: dict[str, list[StoredRow]] = {}
    for row in rows(connection, _STEPS, {}):
        steps.setdefault(row["notice"], []).append(row)
    read = {row["notice"]: row for row in rows(connection, _READS, {})}
    found = rows(connection, _NOTICES, {})
    return tuple(_record(row, steps.get(row["id"], []), read.get(row["id"])) for row in found)


def notice(connection: Connection, notice_id: str) -> NoticeRecord:
    """Return one notice.

    Raises:
        LedgerError: there is none of that id.

    """
    bound = {"notice": notice_id}
    row = row_or_none(connection, _NOTICE, bound)
    if row is None:
        return notice_rules.there(None, notice_id)
    steps = rows(connection, _STEPS_OF, bound)
    return _record(row, steps, row_or_none(connection, _READ_OF, bound))


def _record(row: StoredRow, steps: Sequence[StoredRow], read: StoredRow | None) -> NoticeRecord:
    """Read one notice from its entry, and how far it got.

    Raises:
        LedgerError: it is not as it was written, or cannot be read.

    """
    what = f"notice {row['id']}"
    try:
        body = json.loads(reads.proved(row, what))
        by = [(s["channel"], (Step(s["step"]), s["note"], reads.instant(s["at"]))) for s in steps]
        return NoticeRecord(
            notice=from_document(Notice, body["given"]),
            deliveries={
                channel: notice_rules.delivery_of(step for c, step in by if c == channel)
                for channel in body["channels"]
            },
            read=None if read is None else _acknowledgement(read),
        )
    except (KeyError, TypeError, ValueError) as e:
        raise LedgerError(f"ledger: {what} in entry {row['seq']}: {e}") from e


def _acknowledgement(row: StoredRow) -> Acknowledgement:
    """Read who has read a notice."""
    return Acknowledgement(by=row["by"], at=reads.instant(row["at"]))


def post(pen: Pen, told: Notice, channels: Sequence[str]) -> bool:
    """Append a notice, unless its event was told already."""
    if row_or_none(pen.connection, _NOTICE, {"notice": told.id}) is not None:
        return False
    body = {"notice": told.id, "given": told, "channels": tuple(channels)}
    pen.append(EntryKind.NOTICE_POSTED, to_document(body))
    return True


def claim(pen: Pen, notice_id: str, *, channel: str, at: datetime, again: bool) -> bool:
    """Append that a notice is being sent, if it may be."""
    record = notice(pen.connection, notice_id)
    if not notice_rules.may_claim(record, channel, again=again):
        return False
    _step(pen, notice_id, Receipt(step=Step.SENDING, note=""), channel=channel, at=at)
    return True


def _step(pen: Pen, notice_id: str, receipt: Receipt, *, channel: str, at: datetime) -> None:
    """Append one step of a notice's way."""
    way = {"notice": notice_id, "channel": channel, "at": instant_text(at)}
    told = {"step": receipt.step.value, "note": receipt.note}
    pen.append(EntryKind.NOTICE_STEP, way | told)


def acknowledge(pen: Pen, notice_id: str, *, by: str, at: datetime) -> None:
    """Append that somebody has read a notice."""
    notice_rules.refuse_read(notice(pen.connection, notice_id))
    pen.append(EntryKind.NOTICE_READ, {"notice": notice_id, "by": by, "at": instant_text(at)})


def plan_heads(connection: Connection, *, since: datetime) -> tuple[PlanHead, ...]:
    """Return where real plans stand that were made since an instant, oldest first."""
    bound = {"real": 0, "since": instant_text(since)}
    return tuple(
        PlanHead(
            digest=row["digest"],
            status=PlanStatus(row["status"]),
            made_at=reads.instant(row["made_at"]),
        )
        for row in rows(connection, _PLAN_HEADS, bound)
    )


class SqlNotices(NoticeLedger, View):
    """Notices; a dry run leaves none."""

    @override
    async def post(self, notice: Notice, channels: Sequence[str]) -> bool:
        """Append a notice, unless its event was told already."""
        self._refuse_dry()
        return await self._writer.write(lambda pen: post(pen, notice, channels))

    @override
    async def claim(self, notice_id: str, *, channel: str, at: datetime, again: bool) -> bool:
        """Append that a notice is being sent, if it may be."""
        self._refuse_dry()
        return await self._writer.write(
            lambda pen: claim(pen, notice_id, channel=channel, at=at, again=again)
        )

    @override
    async def settle(self, notice_id: str, receipt: Receipt, *, channel: str, at: datetime) -> None:
        """Append what came of sending a notice."""
        self._refuse_dry()
        await self._writer.write(lambda pen: _step(pen, notice_id, receipt, channel=channel, at=at))

    @override
    async def notices(self) -> tuple[NoticeRecord, ...]:
        """Return all notices, oldest first."""
        return await self._writer.read(notices)

    @override
    async def acknowledge(self, notice_id: str, *, by: str, at: datetime) -> None:
        """Append that somebody has read a notice."""
        self._refuse_dry()
        await self._writer.write(lambda pen: acknowledge(pen, notice_id, by=by, at=at))

    @override
    async def plan_heads(self, *, since: datetime) -> tuple[PlanHead, ...]:
        """Return where real plans stand that were made since an instant, oldest first."""
        return await self._writer.read(partial(plan_heads, since=since))

    def _refuse_dry(self) -> None:
        """Refuse to write notices of what did not happen.

        Raises:
            LedgerError: it is a dry run.

        """
        if self._hand.dry_run != 0:
            raise LedgerError("a dry run tells nobody")
