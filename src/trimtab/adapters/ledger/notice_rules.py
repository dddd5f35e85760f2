"""What a ledger refuses and concludes of notices, as functions of values. Pure.

Every ledger (on disk or in memory) applies these, so that they cannot differ.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from trimtab.domain.errors import LedgerError
from trimtab.domain.notices import NOT_TRIED, Delivery, NoticeRecord, Step, may_be_tried

_NEXT = "trimtab notify list"


def delivery_of(steps: Iterable[tuple[Step, str, datetime]]) -> Delivery:
    """Return how far a notice got on a channel, by its steps, notes and instants in order."""
    found = NOT_TRIED
    for step, note, at in steps:
        attempts = found.attempts + (step is Step.SENDING)
        found = Delivery(step=step, attempts=attempts, note=note, stepped_at=at)
    return found


def there(record: NoticeRecord | None, notice_id: str) -> NoticeRecord:
    """Return the notice.

    Raises:
        LedgerError: there is none.

    """
    if record is None:
        raise LedgerError(f"notice {notice_id}: is not in the ledger", next_step=_NEXT)
    return record


def may_claim(record: NoticeRecord, channel: str, *, again: bool) -> bool:
    """Whether a notice may be sent over a channel now.

    Raises:
        LedgerError: it is not meant for the channel.

    """
    delivery = record.deliveries.get(channel)
    if delivery is None:
        name = record.notice.id
        raise LedgerError(f"notice {name}: is not meant for {channel}", next_step=_NEXT)
    return may_be_tried(delivery) or (again and delivery.step is not Step.DELIVERED)


def refuse_read(record: NoticeRecord) -> None:
    """Refuse to acknowledge what was acknowledged.

    Raises:
        LedgerError: somebody has read it already.

    """
    if record.read is not None:
        raise LedgerError(
            f"notice {record.notice.id}: was read already, by {record.read.by}", next_step=_NEXT
        )
