"""Which slot is to be rehearsed: days before it begins, once. Reads the ledger.

A rehearsal is a dry run of the slot's plan that people are told of, so that what would refuse it is
found while there is time.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from trimtab.domain.notices import NoticeKind, notice_id
from trimtab.domain.slots import Slot
from trimtab.domain.snapshot import AccountKey
from trimtab.ports import Ledger
from trimtab.triggers.calendar import slot_after, slot_at
from trimtab.workflow.slots import Schedule, activation


async def unrehearsed(
    ledger: Ledger, schedule: Schedule, key: AccountKey, *, ahead: timedelta, now: datetime
) -> Slot | None:
    """Return the next slot when it begins within *ahead*, runs by itself and was not rehearsed.

    Raises:
        PlanningError: the calendar never begins one.
        LedgerError: the ledger cannot be read.

    """
    following = slot_after(schedule.calendar, slot_at(schedule.calendar, now))
    since = await activation(ledger, schedule)
    if following.begins_at - now > ahead or not since.covers(following):
        return None
    told = notice_id(key, NoticeKind.REHEARSAL, event=following.name)
    known = {record.notice.id for record in await ledger.notices()}
    return None if told in known else following
