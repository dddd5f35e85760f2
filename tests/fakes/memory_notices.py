"""Notices of the ledger in memory; a part of :mod:`tests.fakes.memory_ledger`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from trimtab.adapters.ledger import notice_rules, reply_rules
from trimtab.domain.errors import LedgerError
from trimtab.domain.notices import NOT_TRIED, Acknowledgement, Notice, NoticeRecord, Step
from trimtab.domain.policy import Policy
from trimtab.domain.replies import Heard, ReplyOutcome, ReplyRecord
from trimtab.ports import PlanHead, PlanStatus, Receipt


@dataclass
class NoticeStore:
    """What every process of one account shares of its notices."""

    records: dict[str, NoticeRecord] = field(default_factory=dict)
    replies: list[ReplyRecord] = field(default_factory=list)
    heads: dict[str, tuple[datetime, bool]] = field(default_factory=dict)
    """Of each plan when it was made, and whether by a dry run."""


class MemoryNotices:
    """The role; expects ``store`` and ``_dry_run`` of the ledger that it is a part of."""

    def _kept(self) -> dict[str, NoticeRecord]:
        if self._dry_run:
            raise LedgerError("a dry run tells nobody")
        return self.store.told.records

    async def post(self, notice: Notice, channels: Sequence[str]) -> bool:
        kept = self._kept()
        if notice.id in kept:
            return False
        deliveries = dict.fromkeys(channels, NOT_TRIED)
        kept[notice.id] = NoticeRecord(notice=notice, deliveries=deliveries, read=None)
        return True

    async def claim(self, notice_id: str, *, channel: str, at: datetime, again: bool) -> bool:
        record = notice_rules.there(self._kept().get(notice_id), notice_id)
        if not notice_rules.may_claim(record, channel, again=again):
            return False
        self._step(notice_id, Receipt(step=Step.SENDING, note=""), channel=channel, at=at)
        return True

    async def settle(self, notice_id: str, receipt: Receipt, *, channel: str, at: datetime) -> None:
        self._kept()
        self._step(notice_id, receipt, channel=channel, at=at)

    def _step(self, notice_id: str, receipt: Receipt, *, channel: str, at: datetime) -> None:
        kept = self.store.told.records
        before = kept[notice_id].deliveries[channel]
        is_try = receipt.step is Step.SENDING
        after = replace(
            before,
            step=receipt.step,
            note=receipt.note,
            attempts=before.attempts + is_try,
            stepped_at=at,
        )
        deliveries = {**kept[notice_id].deliveries, channel: after}
        kept[notice_id] = replace(kept[notice_id], deliveries=deliveries)

    async def notices(self) -> tuple[NoticeRecord, ...]:
        return tuple(self.store.told.records.values())

    async def acknowledge(self, notice_id: str, *, by: str, at: datetime) -> None:
        kept = self._kept()
        record = notice_rules.there(kept.get(notice_id), notice_id)
        notice_rules.refuse_read(record)
        kept[notice_id] = replace(record, read=Acknowledgement(by=by, at=at))

    async def plan_heads(self, *, since: datetime) -> tuple[PlanHead, ...]:
        heads = [(digest, *made) for digest, made in self.store.told.heads.items()]
        return tuple(
            PlanHead(digest=digest, status=PlanStatus(self.store.plans[digest].status), made_at=at)
            for digest, at, dry in heads
            if at >= since and not dry
        )

    async def take_reply(self, heard: Heard, *, policy: Policy, at: datetime) -> ReplyRecord | None:
        if self._dry_run:
            raise LedgerError("a dry run takes no reply")
        past = self.store.told.replies
        if reply_rules.is_taken(heard, past):
            return None
        saved = await self.plan(heard.plan_digest)
        heads = await self.plan_heads(since=at - reply_rules.DAY)
        standing = reply_rules.standing_of(saved, past, heads, policy=policy, at=at)
        record = reply_rules.record_of(heard, saved, standing, at=at)
        if record.outcome is ReplyOutcome.APPROVED:
            yes = reply_rules.yes_of(heard, saved, ttl_s=policy.approval.ttl_s, at=at)
            await self.save_approval(yes)
        elif record.outcome is ReplyOutcome.REJECTED:
            await self.set_plan_status(saved.plan.digest, PlanStatus.DECLINED)
        past.append(record)
        return record

    async def replies(self) -> tuple[ReplyRecord, ...]:
        return tuple(self.store.told.replies)
