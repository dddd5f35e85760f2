"""What the shell needs to tell people: a ledger of notices, and whoever carries them.

As in :mod:`trimtab.ports`; a module of its own, so that neither grows beyond a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from trimtab.domain.notices import Notice, NoticeRecord, Step
from trimtab.ports.records import PlanStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What came of sending a notice once."""

    step: Step
    """DELIVERED, NOT_SENT, REFUSED or UNKNOWN; when in doubt the last."""
    note: str
    """Why, in a few words without addresses and secrets; may be empty."""


class Notifier(Protocol):
    """Carries notices over one channel."""

    @property
    def channel(self) -> str:
        """Its name, as configured."""
        ...

    async def deliver(self, notice: Notice) -> Receipt:
        """Send a notice once, within a time that it keeps itself. Never raises."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanHead:
    """Where a real plan stands, without the plan."""

    digest: str
    status: PlanStatus
    made_at: datetime


class NoticeLedger(Protocol):
    """Notices, their way, and who has read them. A dry run leaves none."""

    async def post(self, notice: Notice, channels: Sequence[str]) -> bool:
        """Record a notice that is meant for *channels*; False when its event was told already."""
        ...

    async def claim(self, notice_id: str, *, channel: str, at: datetime, again: bool) -> bool:
        """Mark a notice as being sent, before it is; False when it must not be.

        It is not where it may have arrived, or is on its way: there only a person sends it
        *again*.

        Raises:
            LedgerError: there is no such notice, or it is not meant for the channel.

        """
        ...

    async def settle(self, notice_id: str, receipt: Receipt, *, channel: str, at: datetime) -> None:
        """Record what came of sending a notice that was claimed."""
        ...

    async def notices(self) -> tuple[NoticeRecord, ...]:
        """Return all notices, oldest first."""
        ...

    async def acknowledge(self, notice_id: str, *, by: str, at: datetime) -> None:
        """Record that somebody has read a notice.

        Raises:
            LedgerError: there is no such notice, or it was read already.

        """
        ...

    async def plan_heads(self, *, since: datetime) -> tuple[PlanHead, ...]:
        """Return where real plans stand that were made since an instant, oldest first."""
        ...
