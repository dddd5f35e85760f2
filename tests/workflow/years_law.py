"""What must hold of ten years of slots: pure functions from what the ledger says to faults."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Collection, Iterator, Sequence

from trimtab.domain.firings import slot_of
from trimtab.domain.notices import Notice, NoticeKind, NoticeRecord, Step, notice_id
from trimtab.domain.orders import OrderRecord
from trimtab.ports import PlanStatus, SavedPlan

TOLD_OF = {
    PlanStatus.REFUSED: {NoticeKind.REFUSED},
    PlanStatus.EXECUTED: {NoticeKind.EXECUTED, NoticeKind.PARTIAL},
    PlanStatus.PARTIAL: {NoticeKind.PARTIAL, NoticeKind.EXECUTED},
    PlanStatus.DECLINED: {NoticeKind.APPROVAL_NEEDED},
}
"""What must have been told of a plan that ended so; a plan that was declined had been told of."""


def slot_faults(
    slot: str,
    states: Sequence[str],
    plans: Sequence[SavedPlan],
    orders: Sequence[OrderRecord],
    *,
    is_missed: bool,
) -> list[str]:
    """Return what is amiss with a slot: done once and for good, or missed and nothing sent."""
    its = {p.plan.digest: p.status for p in plans if slot_of(p.plan.firings) == slot}
    sent = [o for o in orders if o.intent.plan_digest in its]
    if is_missed:
        told = [] if set(states) == {"missed"} else [f"missed, and is {states}"]
        return told + (["missed, and sent orders"] if sent else [])
    found = []
    if states.count("done") != 1 or states[-1] != "done":
        found.append(f"done {states.count('done')} times: {states}")
    whole = sum(status is PlanStatus.EXECUTED for status in its.values())
    begun = sum(status in (PlanStatus.EXECUTED, PlanStatus.PARTIAL) for status in its.values())
    if whole > 1 and states.count("partial") < begun:
        found.append(f"{whole} executions, {begun} begun")
    if any(not order.state.is_terminal for order in sent):
        found.append("an order has no end")
    return found


def lost_notices(
    records: Sequence[NoticeRecord],
    got: Sequence[Notice],
    plans: Sequence[SavedPlan],
    missed: Sequence[str],
) -> Iterator[str]:
    """Yield what was not told, or told twice, or is waiting although it could have been sent."""
    text = {record.notice.id: record.notice for record in records}
    for came, count in Tally(notice.id for notice in got).items():
        if count > 1:
            yield f"notice {came}: came {count} times"
        if came not in text:
            yield f"notice {came}: is not in the ledger"
    for record in records:
        for delivery in record.deliveries.values():
            if delivery.step not in (Step.DELIVERED, Step.SENDING):  # Dead while it sent: shown.
                yield f"notice {record.notice.id} ({record.notice.kind}): is {delivery.step}"
    for saved in plans:
        if (kinds := TOLD_OF.get(saved.status)) and not _told(saved, records, kinds):
            yield f"plan {saved.plan.digest[:12]} ({saved.status}): nobody was told"
    told = [n.subject.split()[-3] for n in text.values() if n.kind is NoticeKind.SLOT_MISSED]
    if sorted(told) != sorted(missed):
        yield f"missed slots {sorted(missed)}, told {sorted(told)}"


def _told(saved: SavedPlan, records: Sequence[NoticeRecord], kinds: Collection[NoticeKind]) -> bool:
    """Whether a notice of one of these kinds is of that plan."""
    ids = {notice_id(saved.plan.key, kind, event=saved.plan.digest) for kind in kinds}
    return any(record.notice.id in ids for record in records)
