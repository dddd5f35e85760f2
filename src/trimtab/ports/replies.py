"""What the shell needs to hear replies: a channel that is read, and a ledger that takes them once.

As in :mod:`trimtab.ports`; a module of its own, so that neither grows beyond a page.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from trimtab.domain.policy import Policy
from trimtab.domain.replies import Heard, Reply, ReplyRecord


class ReplyChannel(Protocol):
    """Reads messages of the one person who may decide; others are left out. Opens no port."""

    @property
    def channel(self) -> str:
        """Its name, as configured."""
        ...

    async def read(self, *, since: datetime) -> Sequence[Reply]:
        """Return messages that came since an instant, oldest first; some may come again.

        Raises:
            ChannelError: it could not be read.

        """
        ...


class ReplyLedger(Protocol):
    """Replies, and what became of each. Nothing of them is ever changed, only added to."""

    async def take_reply(self, heard: Heard, *, policy: Policy, at: datetime) -> ReplyRecord | None:
        """Record what becomes of a reply under *policy*, with the yes or no that it says.

        Whether it decides its plan is asked in the transaction that records it. None, with nothing
        written, when the message was taken already, or its plan has had too many.

        Raises:
            LedgerError: the plan is not in the ledger, or it is a dry run.

        """
        ...

    async def replies(self) -> tuple[ReplyRecord, ...]:
        """Return all replies that were taken, oldest first."""
        ...
