"""Finds out from the ledger what people are to be told, writes it down, and has it carried.

Whatever happened is in the ledger already, so nothing here stands on the path of an order, and
an event that a crash left untold is told by the next command. What may have been told is not
told again: a notice is marked before it is sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from tenacity import AsyncRetrying, retry_if_result, stop_after_attempt, wait_exponential

from trimtab import notices, reply_notices
from trimtab.accounting.tally import tally
from trimtab.domain.errors import LedgerError, PlanningError
from trimtab.domain.firings import slot_of
from trimtab.domain.notices import TRIES, Notice, NoticeKind, NoticeRecord, Step, notice_id
from trimtab.domain.plan import Plan
from trimtab.domain.policy import ApprovalPolicy
from trimtab.domain.slots import Slot, SlotState
from trimtab.domain.snapshot import AccountKey
from trimtab.domain.stops import StopId, StopState
from trimtab.notices import Telling
from trimtab.ports import Clock, Ledger, Notifier, PlanHead, PlanStatus, Receipt, SavedPlan
from trimtab.triggers.calendar import slot_after, slot_at
from trimtab.triggers.due import Dueness, lately
from trimtab.workflow.bare_hedges import left_bare
from trimtab.workflow.slots import Schedule, activation, present_slot

LOOKED_BACK: Final = timedelta(days=7)
"""How old a plan may be and still be told of."""
WAIT_S: Final = 0.5
"""Before the second try; doubled before the third."""
_TOLD: Final = frozenset(
    {
        PlanStatus.PROPOSED,
        PlanStatus.REFUSED,
        PlanStatus.EXECUTED,
        PlanStatus.PARTIAL,
    }
)
"""Where a plan stands when there is something to tell of it; UNKNOWN is told by what it is of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """What is told with: the ledger, who carries, and who wants to hear what."""

    ledger: Ledger
    clock: Clock
    key: AccountKey
    carriers: Mapping[str, Notifier]
    """By channel; those that could not be opened are left out."""
    channels: tuple[str, ...]
    """Everybody a notice is meant for."""
    kinds: Collection[NoticeKind]
    """What is told of; the rest is only written down where it is critical."""
    schedule: Schedule | None
    """When slots begin; None where the calendar is off."""
    replies: ApprovalPolicy | None
    """What a yes must keep to where replies are read; None where they are not."""
    within_s: float
    """For all channels together, > 0; what is not sent by then is left to the next command."""
    began_at: datetime
    """When this command began; before the very first, nothing is told."""
    about: str = ""
    """What begins the digest of the saved plan that this command was given; empty without one."""

    def since(self, began_at: datetime, *, about: str = "") -> Office:
        """Return the office of a command that began earlier, and was given the plan *about*."""
        return replace(self, began_at=began_at, about=about.lower())

    def wants(self, plan: Plan) -> bool:
        """Whether *plan* is this command's: at others somebody may only have looked.

        A clock that was set back since then does not tell them apart: a yes is asked for.
        """
        named = bool(self.about) and plan.digest.startswith(self.about)
        return named or plan.made_at >= self.began_at or self.clock.now() < self.began_at

    @property
    def telling(self) -> Telling:
        """Whose notices are written now."""
        return Telling(key=self.key, at=self.clock.now())

    async def post(self, notice: Notice) -> None:
        """Write a notice down, for those who want to hear of its kind."""
        wanted = notice.kind in self.kinds
        if wanted or notice.kind.is_critical:
            await self.ledger.post(notice, self.channels if wanted else ())


async def tell(office: Office, *, is_asked: bool) -> None:
    """Write down what the ledger has that nobody was told of, and have it carried.

    *is_asked*: this command wants a yes to its pending plan.

    Raises:
        LedgerError: it could not be read or written.

    """
    await write_down(office, is_asked=is_asked)
    await carry(office)


async def write_down(office: Office, *, is_asked: bool) -> None:
    """Write down every event of the ledger that has no notice yet."""
    known = await office.ledger.notices()
    beginning = await _beginning(office, known)
    ids = {record.notice.id for record in known}
    await _latches(office)
    await _unresolved(office)
    await _stops(office, beginning, ids)
    await _slots(office, beginning)
    since = max(beginning, office.clock.now() - LOOKED_BACK)
    heads = await office.ledger.plan_heads(since=since)
    for head in heads:
        if head.status in _TOLD and not _is_told(head, office.key, ids):
            await _of_plan(office, await _read(office, head), is_asked=is_asked)
        if head.status is PlanStatus.UNKNOWN and not _is_told(head, office.key, ids):
            await _doubted(office, await _read(office, head))
    await _unanswered(office, heads, known)
    await _replies(office, since, ids)
    if heads:
        await _of_account(office, await _read(office, heads[-1]), ids)


async def _read(office: Office, head: PlanHead) -> SavedPlan | None:
    """Return a plan; None for one that cannot be read, so that it leaves nothing else untold.

    An earlier version may have saved it. Whether it was changed, ``ledger verify`` says, and
    whoever would execute it.
    """
    try:
        return await office.ledger.plan(head.digest)
    except LedgerError:
        return None


async def _beginning(office: Office, known: Sequence[NoticeRecord]) -> datetime:
    """Return from when on events are told; the first command that tells makes it now."""
    for record in known:
        if record.notice.kind is NoticeKind.BEGUN:
            return record.notice.at
    telling = Telling(key=office.key, at=office.began_at)
    await office.ledger.post(notices.begun(telling), ())
    return office.began_at


def _is_told(head: PlanHead, key: AccountKey, ids: Collection[str]) -> bool:
    """Whether somebody was told already of where a plan stands."""
    kind = {
        PlanStatus.PROPOSED: NoticeKind.APPROVAL_NEEDED,
        PlanStatus.REFUSED: NoticeKind.REFUSED,
        PlanStatus.EXECUTED: NoticeKind.EXECUTED,
        PlanStatus.PARTIAL: NoticeKind.PARTIAL,
        PlanStatus.UNKNOWN: NoticeKind.UNRESOLVED,
    }[head.status]
    return notice_id(key, kind, event=head.digest) in ids


async def _latches(office: Office) -> None:
    """Tell of what is latched."""
    restraint = await office.ledger.restraint()
    since = "" if restraint.released_at is None else restraint.released_at.isoformat()
    if restraint.halted is not None:
        await office.post(notices.halted(office.telling, restraint.halted, since=since))
    if restraint.reducing is not None:
        await office.post(notices.reducing(office.telling, restraint.reducing, since=since))


async def _unresolved(office: Office) -> None:
    """Tell of real orders and transfers whose end is not known while nobody works on them."""
    if await office.ledger.holder() is not None:
        return
    orders = await office.ledger.unresolved()
    transfers = await office.ledger.unresolved_transfers()
    plans = [order.intent.plan_digest for order in orders]
    plans += [transfer.intent.plan_digest for transfer in transfers]
    for digest in dict.fromkeys(plans):
        mine = [o for o in orders if o.intent.plan_digest == digest]
        moved = [t for t in transfers if t.intent.plan_digest == digest]
        await office.post(notices.unresolved(office.telling, digest, mine, moved))


async def _doubted(office: Office, saved: SavedPlan | None) -> None:
    """Tell of a plan whose stops may be what is not known; where it is its orders, they are told.

    Both are one event.
    """
    if saved is not None and saved.plan.stops and await office.ledger.holder() is None:
        await office.post(notices.stop_doubted(office.telling, saved.plan))


async def _stops(office: Office, beginning: datetime, ids: Collection[str]) -> None:
    """Tell of stops that fired since notices begin."""
    stops = await office.ledger.stops()
    fired = {s.intent.stop_id: s for s in stops if s.state is StopState.DONE}
    kind = NoticeKind.STOP_FIRED
    new = {n: s for n, s in fired.items() if notice_id(office.key, kind, event=n) not in ids}
    if not new:
        return
    late = (f for f in await office.ledger.fills() if f.filled_at >= beginning)
    names = dict.fromkeys(StopId(f.client_order_id) for f in late if f.client_order_id is not None)
    for name in names:
        if name in new:
            await office.post(notices.stop_fired(office.telling, new[name]))


async def _slots(office: Office, beginning: datetime) -> None:
    """Tell of slots that were missed since notices begin."""
    schedule, ledger, now = office.schedule, office.ledger, office.clock.now()
    if schedule is None:
        return
    try:
        present = await present_slot(ledger, schedule, now=now)
    except PlanningError:
        return  # The calendar never begins one: the commands that use it say so.
    behind = [present.slot] if present.dueness is Dueness.MISSED else []
    since = await activation(ledger, schedule)
    for slot in (*behind, *lately(schedule.calendar, present.slot, since=since)):
        written = await ledger.slot(slot.name)
        is_done = written is not None and written.state is SlotState.DONE
        if slot.ends_at > beginning and not is_done:
            await office.post(notices.slot_missed(office.telling, slot))


async def _of_plan(office: Office, saved: SavedPlan | None, *, is_asked: bool) -> None:
    """Tell of where a plan stands."""
    if saved is None:
        return
    plan, report, telling = saved.plan, saved.report, office.telling
    match saved.status:
        case PlanStatus.PROPOSED if telling.at < plan.expires_at:
            rules = office.replies
            how = () if rules is None else reply_notices.how_to_reply(plan, report, rules)
            asked = is_asked and office.wants(plan)
            await office.post(
                notices.pending(telling, plan, report, is_asked=asked, how_to_reply=how)
            )
        case PlanStatus.REFUSED:
            bare = await left_bare(plan, office.ledger)
            await office.post(notices.refused(telling, plan, report, bare=bare))
        case PlanStatus.EXECUTED | PlanStatus.PARTIAL:
            orders = await office.ledger.orders(plan_digest=plan.digest)
            fills = await office.ledger.fills_since(plan.made_at - timedelta(minutes=1))
            bare = await left_bare(plan, office.ledger)
            came = tally(plan, orders, fills, bare=bare)
            following = _following(office, plan)
            await office.post(notices.executed(telling, plan, came, following=following))
        case _:
            pass  # It moved on since its head was read; what it is now is told next.


async def _unanswered(
    office: Office, heads: Sequence[PlanHead], known: Sequence[NoticeRecord]
) -> None:
    """Tell of plans that a yes was asked for in vain, and of those that none began in time."""
    asked = {r.notice.id for r in known if r.notice.kind is NoticeKind.APPROVAL_NEEDED}
    told = {r.notice.id for r in known if r.notice.kind is NoticeKind.EXPIRED}
    for head in heads:
        is_approved = head.status is PlanStatus.APPROVED
        if not is_approved and head.status not in (PlanStatus.PROPOSED, PlanStatus.EXPIRED):
            continue
        was_asked = notice_id(office.key, NoticeKind.APPROVAL_NEEDED, event=head.digest) in asked
        is_told = notice_id(office.key, NoticeKind.EXPIRED, event=head.digest) in told
        if is_told or not (was_asked or is_approved):
            continue
        saved = await _read(office, head)
        if saved is None or saved.status is not head.status:
            continue  # It moved on since its head was read.
        yes = saved.approval if is_approved else None
        over_at = saved.plan.expires_at
        if office.telling.at >= (over_at if yes is None else min(yes.expires_at, over_at)):
            await office.post(notices.expired(office.telling, saved.plan, yes))


async def _replies(office: Office, since: datetime, ids: Collection[str]) -> None:
    """Tell what became of replies."""
    for record in await office.ledger.replies():
        notice = reply_notices.replied(office.telling, record)
        if record.at >= since and notice.id not in ids:
            await office.post(notice)


def _following(office: Office, plan: Plan) -> Slot | None:
    """Return the slot after the present one, where *plan* was for a slot."""
    if office.schedule is None or not slot_of(plan.firings):
        return None
    calendar = office.schedule.calendar
    return slot_after(calendar, slot_at(calendar, office.clock.now()))


async def _of_account(office: Office, newest: SavedPlan | None, ids: Collection[str]) -> None:
    """Tell of the account as the newest plan saw it: margin, bands, and each month the whole."""
    if newest is None:
        return
    plan = newest.plan
    telling = Telling(key=office.key, at=plan.made_at)  # The day that it was seen.
    if found := notices.margin_findings(newest.report):
        await office.post(notices.margin_warning(telling, found))
    for drift in plan.drift:
        if drift.breached:
            await office.post(notices.price_crossed(telling, drift))
    telling = office.telling
    if notice_id(office.key, NoticeKind.MONTHLY_REVIEW, event=f"{telling.at:%Y-%m}") in ids:
        return
    this = telling.at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    before = (this - timedelta(days=1)).replace(day=1)
    heads = [h for h in await office.ledger.plan_heads(since=before) if h.made_at < this]
    if heads:
        done = sum(h.status in (PlanStatus.EXECUTED, PlanStatus.PARTIAL) for h in heads)
        await office.post(notices.monthly_review(telling, plan, executed_plans=done))


async def carry(office: Office) -> None:
    """Send what is due over every channel, side by side, within a bounded time.

    What a channel that is cut off was sending stays marked as being sent: it may have arrived.

    Raises:
        LedgerError: a step could not be recorded.

    """
    known = await office.ledger.notices()
    ways = (_carry_over(office, carrier, known) for carrier in office.carriers.values())
    try:
        async with asyncio.timeout(office.within_s):
            await asyncio.gather(*ways)
    except TimeoutError:
        return


async def _carry_over(office: Office, carrier: Notifier, known: Sequence[NoticeRecord]) -> None:
    """Send what is due over one channel, oldest first; one that takes nothing is left alone."""
    for record in known:
        if not record.is_due(carrier.channel, at=office.clock.now()):
            continue
        step = await send(office, carrier, record.notice)
        if step is Step.NOT_SENT:
            return


async def send(office: Office, carrier: Notifier, notice: Notice) -> Step | None:
    """Try one notice on one channel a few times; None when another command is at it."""

    async def once() -> Step | None:
        return await send_once(office, carrier, notice, again=False)

    retrying = AsyncRetrying(
        stop=stop_after_attempt(TRIES),
        wait=wait_exponential(multiplier=WAIT_S),
        retry=retry_if_result(lambda step: step is Step.NOT_SENT),
        retry_error_callback=lambda _: Step.NOT_SENT,
        sleep=office.clock.sleep,
    )
    return await retrying(once)


async def send_once(
    office: Office, carrier: Notifier, notice: Notice, *, again: bool
) -> Step | None:
    """Mark, send, record; None when it must not be sent, since it may have arrived."""
    ledger, channel, now = office.ledger, carrier.channel, office.clock.now
    if not await ledger.claim(notice.id, channel=channel, at=now(), again=again):
        return None
    receipt: Receipt = await carrier.deliver(notice)
    await ledger.settle(notice.id, receipt, channel=channel, at=now())
    return receipt.step
