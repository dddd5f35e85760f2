"""Finds out about transfers that the ledger has not closed, one after the other.

Nothing is sent but questions. One that is neither found nor proved absent stays as it is, with
the reason. Running it twice, or killing it anywhere, changes nothing but the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from trimtab.domain.instruments import Asset
from trimtab.domain.transfers import TransferId, TransferRecord, TransferState
from trimtab.execution import retry
from trimtab.execution.tracking import Outlook
from trimtab.execution.transfers import LISTED_BEFORE, TrackedTransfer, heard, is_step, resumed
from trimtab.workflow.inquiry import Desk
from trimtab.workflow.transfers import TransferNews, record_of, sought, step_of


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveredTransfer:
    """What recovery found out about one transfer."""

    transfer_id: TransferId
    plan_digest: str
    line: int
    """Line of the plan, >= 1."""
    asset: Asset
    units: Decimal
    """Into the futures wallet, signed, never zero."""
    before: TransferState
    after: TransferState
    outlook: Outlook
    """``ASKING`` for a transfer that is closed now, else why it is not."""
    note: str
    """The last word on it; may be empty."""

    @property
    def is_resolved(self) -> bool:
        """Whether its end is known."""
        return self.after.is_terminal


async def resolved_transfers(
    records: Sequence[TransferRecord], desk: Desk, receive_window_ms: int
) -> tuple[RecoveredTransfer, ...]:
    """Ask about each of *records* until it is closed or given up.

    Raises:
        LedgerError: a finding could not be recorded; run it again.

    """
    return tuple([await _resolved(record, desk, receive_window_ms) for record in records])


async def _resolved(
    record: TransferRecord, desk: Desk, receive_window_ms: int
) -> RecoveredTransfer:
    """Ask until the transfer is closed or given up, recording each step before the next."""
    before = _left_behind(record, desk, receive_window_ms)
    transfer, asks = resumed(before)
    await _recorded(transfer, record, desk, before=before, news=None)
    while asks:
        news = await sought(asks[0], desk)
        before = transfer
        transfer, asks = heard(transfer, news.event, hurried=desk.stop.is_set())
        await _recorded(transfer, record, desk, before=before, news=news)
    intent = record.intent
    return RecoveredTransfer(
        transfer_id=intent.transfer_id,
        plan_digest=intent.plan_digest,
        line=intent.line,
        asset=intent.asset,
        units=intent.units,
        before=record.state,
        after=transfer.state,
        outlook=transfer.outlook,
        note=transfer.note,
    )


def _left_behind(record: TransferRecord, desk: Desk, receive_window_ms: int) -> TrackedTransfer:
    """Return a transfer as the ledger knows it, ready to be asked about."""
    fence = retry.recovery_fence_at(
        record.begun_at, recovered_at=desk.clock.now(), receive_window_ms=receive_window_ms
    )
    return TrackedTransfer(
        intent=record.intent,
        state=record.state,
        venue_transfer_id=record.venue_transfer_id,
        since=record.begun_at - LISTED_BEFORE,
        fence_at=fence,
        receive_window_ms=receive_window_ms,
        may_have_left=True,
        outlook=Outlook.ASKING,
        note="left behind by a run that ended",
        looked=0,
        missing=0,
    )


async def _recorded(
    transfer: TrackedTransfer,
    record: TransferRecord,
    desk: Desk,
    *,
    before: TrackedTransfer,
    news: TransferNews | None,
) -> None:
    """Record a step, if it is one, and tell whoever watches."""
    if not is_step(transfer, before=before):
        return
    await desk.ledger.advance_transfer(step_of(transfer, news, desk.clock.now()))
    desk.progress.transfer_moved(record_of(transfer, begun_at=record.begun_at))
